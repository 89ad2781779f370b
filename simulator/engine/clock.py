"""Age inside the kernel: `ages.py`, with the facts about birth kept in the patient's row.

A birthday is then one table look-up and an addition, and the age at one instant is worked
out once however many processes ask for it.
"""

from __future__ import annotations

import math

from numba import njit

from simulator.compiler.layout import (
    NEVER,
    R_AGE,
    R_AGE_AT,
    R_BIRTH,
    R_BLATE,
    R_BOFFSET,
    R_BYEAR,
    YEAR,
)
from simulator.engine.ages import FIRST_YEAR, JAN1, LAST_YEAR, MAR1, year_of


@njit(cache=True, error_model="numpy")
def set_birth(I, birth):  # type: ignore[no-untyped-def]
    """Keep in the row what `birthday` needs: index of the year, and how far into it."""
    year = year_of(birth) - FIRST_YEAR
    late = birth >= MAR1[year]
    I[R_BIRTH] = birth
    I[R_BYEAR] = year
    I[R_BLATE] = 1 if late else 0
    I[R_BOFFSET] = birth - (MAR1[year] if late else JAN1[year])
    I[R_AGE_AT] = -NEVER


@njit(cache=True, error_model="numpy", forceinline=True)
def birthday(I, k):  # type: ignore[no-untyped-def]
    """Instant of the k-th birthday; see `ages.birthday`."""
    year = I[R_BYEAR] + k
    if year > LAST_YEAR - FIRST_YEAR:
        return NEVER
    if I[R_BLATE]:
        return MAR1[year] + I[R_BOFFSET]
    return JAN1[year] + I[R_BOFFSET]


@njit(cache=True, error_model="numpy")
def age_at(I, F, now):  # type: ignore[no-untyped-def]
    """Exact age in years at `now`: birthdays passed, plus the share of the current year of life."""
    if I[R_AGE_AT] == now:
        return F[R_AGE]
    k = int((now - I[R_BIRTH]) * (1.0 / YEAR))
    low = birthday(I, k)
    if low > now:
        k -= 1
        low = birthday(I, k)
    high = birthday(I, k + 1)
    if high <= now:
        k += 1
        low = high
        high = birthday(I, k + 1)
    age = k + (now - low) / (high - low)
    I[R_AGE_AT] = now
    F[R_AGE] = age
    return age


@njit(cache=True, error_model="numpy")
def instant_of_age(I, age):  # type: ignore[no-untyped-def]
    """Instant at which the patient is `age` years old; NEVER beyond the calendar."""
    if not age < LAST_YEAR - FIRST_YEAR:
        return NEVER
    k = int(math.floor(age))
    low = birthday(I, k)
    fraction = age - k
    if fraction == 0.0 or low == NEVER:
        return low
    high = birthday(I, k + 1)
    if high == NEVER:
        return NEVER
    return low + int(math.floor(fraction * (high - low) + 0.5))
