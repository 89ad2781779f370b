"""Age inside the kernel: `ages.py`, with the facts about birth kept in the patient's row.

A birthday is then one table look-up and an addition, and the age at one instant is worked
out once however many processes ask for it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from simulator.compiler.layout import (
    NEVER,
    R_AGE,
    R_AGE_AT,
    R_BIRTH,
    R_BLAST,
    R_BOFFSET,
    R_BYEAR,
    YEAR,
)
from simulator.engine.ages import FIRST_YEAR, JAN1, LAST_YEAR, MAR1, year_of

#: 1 January of every year, then 1 March of every year; int64[2 * _YEARS]
_DAYS = np.concatenate((JAN1, MAR1))
_YEARS = len(JAN1)


@njit(cache=True, error_model="numpy")
def set_birth(I, birth):  # type: ignore[no-untyped-def]
    """Keep in the row what `birthday` needs: where to look up, how far, and what to add."""
    year = year_of(birth) - FIRST_YEAR
    late = birth >= MAR1[year]
    I[R_BIRTH] = birth
    I[R_BYEAR] = year + _YEARS if late else year
    I[R_BLAST] = LAST_YEAR - FIRST_YEAR + (_YEARS if late else 0)
    I[R_BOFFSET] = birth - (MAR1[year] if late else JAN1[year])
    I[R_AGE_AT] = -NEVER


@njit(cache=True, error_model="numpy", forceinline=True)
def birthday(I, k):  # type: ignore[no-untyped-def]
    """Instant of the k-th birthday; see `ages.birthday`."""
    at = I[R_BYEAR] + k
    if at > I[R_BLAST]:
        return NEVER
    return _DAYS[np.uint64(at)] + I[R_BOFFSET]


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
    whole = np.floor(age)
    fraction = age - whole
    at = I[R_BYEAR] + int(whole)
    if at >= I[R_BLAST]:
        return birthday(I, int(whole)) if fraction == 0.0 else NEVER
    low, high = _DAYS[np.uint64(at)], _DAYS[np.uint64(at + 1)]
    return low + I[R_BOFFSET] + int(fraction * (high - low) + 0.5)
