"""Calendar and age, exact to the microsecond: the proleptic Gregorian calendar, in UTC or a time zone.

Instants are int64 microseconds since 1970-01-01T00:00Z. The calendar covers the years
1600..2399; an age or a month that lies beyond it is `NEVER` reached.

A birthday is the anniversary of birth at the time of day of birth; who is born on 29 February
has it on 1 March in common years. `docs/engine.md`, *Time*, is the definition.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numba import njit

FIRST_YEAR = 1600
LAST_YEAR = 2399
NEVER = 1 << 62
NULL = -(1 << 63)
DAY = 86_400_000_000
YEAR = 31_556_952_000_000  # 365.2425 days
MONTH = YEAR // 12
MONTHS_TO_1970 = (1970 - FIRST_YEAR) * 12

_YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 2)
#: microsecond at which year FIRST_YEAR + i begins, one more than there are years; int64[801]
JAN1 = np.array([f"{y}-01-01" for y in _YEARS], dtype="datetime64[us]").astype(np.int64)
#: microsecond of 1 March of year FIRST_YEAR + i; int64[801]
MAR1 = np.array([f"{y}-03-01" for y in _YEARS], dtype="datetime64[us]").astype(np.int64)
#: microseconds from 1 January to the first of each month, common and leap years; int64[2, 13]
MONTH_OFFSET = np.array(
    [np.cumsum([0, 31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) for leap in (0, 1)],
    dtype=np.int64,
) * DAY  # fmt: skip
_COMMON_YEAR = 365 * DAY
_CYCLE = 146_097 * DAY  # 400 years


@njit(cache=True, error_model="numpy", forceinline=True)
def year_of(t: int) -> int:
    """Calendar year in which instant `t` lies (clipped to the calendar)."""
    if t < JAN1[0]:
        return FIRST_YEAR
    if t >= JAN1[-1]:
        return LAST_YEAR
    # never above the true year, and at most one below it
    i = ((t - JAN1[0]) // DAY * 400 - 400) // 146_097
    i = max(i, 0)
    while JAN1[i + 1] <= t:
        i += 1
    return FIRST_YEAR + i


@njit(cache=True, error_model="numpy", forceinline=True)
def month_of(t: int) -> int:
    """Month of the calendar in which instant `t` lies, counted from January 1970 = 0."""
    year = year_of(t)
    i = year - FIRST_YEAR
    since = t - JAN1[i]
    leap = 1 if JAN1[i + 1] - JAN1[i] > _COMMON_YEAR else 0
    month = min(max(since // (31 * DAY), 0), 11)  # at most one too low: no month is over 31 days
    while month < 11 and MONTH_OFFSET[leap, month + 1] <= since:
        month += 1
    return (year - 1970) * 12 + month


@njit(cache=True, error_model="numpy", forceinline=True)
def month_start(month: int) -> int:
    """Instant at which a month (January 1970 = 0) begins; NEVER beyond the calendar."""
    year = 1970 + month // 12
    if year > LAST_YEAR:
        return NEVER
    i = year - FIRST_YEAR
    leap = 1 if JAN1[i + 1] - JAN1[i] > _COMMON_YEAR else 0
    return JAN1[i] + MONTH_OFFSET[leap, month % 12]


@njit(cache=True, error_model="numpy", forceinline=True)
def birthday(birth: int, k: int) -> int:
    """Instant of the k-th anniversary of `birth` (before it, if k < 0); NEVER beyond the calendar.

    Up to 29 February a date lies equally far from 1 January in every year (29 February becomes
    1 March in common years), after it equally far from 1 March.
    """
    i = year_of(birth) - FIRST_YEAR
    if i + k > LAST_YEAR - FIRST_YEAR:
        return NEVER
    if birth < MAR1[i]:
        return JAN1[i + k] + (birth - JAN1[i])
    return MAR1[i + k] + (birth - MAR1[i])


@njit(cache=True, error_model="numpy", forceinline=True)
def completed_years(t: int, birth: int) -> int:
    """Age at last birthday at instant `t` >= birth."""
    k = year_of(t) - year_of(birth)
    return k if birthday(birth, k) <= t else k - 1


@njit(cache=True, error_model="numpy", forceinline=True)
def age_at(t: int, birth: int) -> float:
    """Exact age in years at instant `t` >= birth: completed years and the share of the running one."""
    k = completed_years(t, birth)
    begin = birthday(birth, k)
    return k + (t - begin) / (birthday(birth, k + 1) - begin)


@njit(cache=True, error_model="numpy", forceinline=True)
def instant_of_age(age: float, birth: int) -> int:
    """Instant at which the exact age (years, >= 0) is reached; NEVER beyond the calendar."""
    if not age < LAST_YEAR - FIRST_YEAR:
        return NEVER
    k = math.floor(age)
    begin = birthday(birth, k)
    fraction = age - k
    if fraction == 0.0 or begin == NEVER:
        return begin
    end = birthday(birth, k + 1)
    if end == NEVER:
        return NEVER
    return begin + math.floor(fraction * (end - begin) + 0.5)


def calendar_month(t: int, months: Sequence[int]) -> tuple[int, int]:
    """The month in which instant `t` lies (January 1970 = 0), and the instant at which the next one begins.

    Args:
        t: microseconds since 1970-01-01T00:00Z.
        months: beginnings of the months of a time zone, as in `machine.PopulationSpec`; none: UTC.
    """
    if not months:
        month = int(month_of(t))
        return month, int(month_start(month + 1))
    i = bisect_right(months, t)
    return i - 1 - MONTHS_TO_1970, months[i]
