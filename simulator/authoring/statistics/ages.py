"""Exact ages: anniversaries of birth as docs/engine.md defines them, of many people at once.

An anniversary has the same time of day (UTC); who was born on 29 February has it on 1 March in
common years.
"""

from __future__ import annotations

import numpy as np

from simulator.authoring.statistics.columns import Floats, Ints
from simulator.units import MICROSECONDS

YEAR = MICROSECONDS["year"]


def anniversary(birth: Ints, years: Ints | int) -> Ints:
    """The instants of the `years`-th anniversaries of births, in microseconds; int64[n]."""
    born = birth.astype("datetime64[us]")
    month = born.astype("datetime64[M]")
    since = born - month.astype("datetime64[us]")
    later = month + (12 * np.asarray(years, np.int64)).astype("timedelta64[M]")
    return np.asarray((later.astype("datetime64[us]") + since).astype(np.int64), np.int64)


def birthday(birth: Ints, age: float) -> Ints:
    """The instants of an exact age; a part of a year is that part of the time between anniversaries."""
    whole = int(age)
    instant = anniversary(birth, whole)
    part = age - whole
    if part:
        length = anniversary(birth, whole + 1) - instant
        instant = instant + np.floor(part * length + 0.5).astype(np.int64)
    return instant


def completed_age(birth: Ints, time: Ints) -> Ints:
    """Ages at last birthday of people born at `birth` at instants `time`; int64[n]."""
    guess = np.floor((time - birth) / YEAR).astype(np.int64)
    # an anniversary is never more than two days from whole years of 365.2425 days
    ahead = anniversary(birth, guess + 1) <= time
    behind = anniversary(birth, guess) > time
    return guess + ahead - behind


def exact_age(birth: Ints, time: Ints) -> Floats:
    """Ages in years of people born at `birth` at instants `time`; float64[n]."""
    completed = completed_age(birth, time)
    last, following = anniversary(birth, completed), anniversary(birth, completed + 1)
    return np.asarray(completed + (time - last) / (following - last), np.float64)
