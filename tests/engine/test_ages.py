"""The calendar against the standard library's, and ages against dates worked out by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from simulator.engine import ages
from simulator.engine.ages import DAY, LAST_YEAR, NEVER

EPOCH = dt.datetime(1970, 1, 1)
MICROSECOND = dt.timedelta(microseconds=1)


def at(*parts: int) -> int:
    """The instant of a date: at(2000, 2, 29) or at(2000, 2, 29, 12, 30)."""
    return (dt.datetime(*parts) - EPOCH) // MICROSECOND


def date_of(instant: int) -> dt.datetime:
    return EPOCH + instant * MICROSECOND


births = st.datetimes(dt.datetime(1850, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda date: (date - EPOCH) // MICROSECOND
)
instants = st.datetimes(dt.datetime(1600, 1, 1), dt.datetime(2399, 12, 31, 23, 59, 59, 999_999)).map(
    lambda date: (date - EPOCH) // MICROSECOND
)


@njit
def map_calendar(t, years, months, starts):
    for i in range(t.size):
        years[i] = ages.year_of(t[i])
        months[i] = ages.month_of(t[i])
        starts[i] = ages.month_start(months[i])


def test_every_day_of_eight_centuries():
    days = np.arange("1600-01-01", "2400-01-01", dtype="datetime64[D]")
    for offset in (0, DAY - 1):  # first and last microsecond of the day
        t = days.astype("datetime64[us]").astype(np.int64) + offset
        years, months, starts = (np.empty(t.size, dtype=np.int64) for _ in range(3))
        map_calendar(t, years, months, starts)
        assert np.array_equal(years, days.astype("datetime64[Y]").astype(np.int64) + 1970)
        assert np.array_equal(months, days.astype("datetime64[M]").astype(np.int64))
        first = days.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
        assert np.array_equal(starts, first)


@given(instants)
def test_year_and_month_of_an_instant(t):
    date = date_of(t)
    assert ages.year_of(t) == date.year
    assert ages.month_of(t) == (date.year - 1970) * 12 + date.month - 1
    assert ages.month_start(ages.month_of(t)) == at(date.year, date.month, 1)


def anniversary(birth: dt.datetime, k: int) -> dt.datetime:
    try:
        return birth.replace(year=birth.year + k)
    except ValueError:
        return birth.replace(year=birth.year + k, month=3, day=1)


@given(births, st.integers(0, 120))
def test_birthdays_are_anniversaries(birth, k):
    assert date_of(ages.birthday(birth, k)) == anniversary(date_of(birth), k)


@given(births, st.integers(1, 120))
def test_anniversaries_before(birth, k):
    assert date_of(ages.birthday(birth, -k)) == anniversary(date_of(birth), -k)


@given(births, st.integers(0, 120 * 365 * DAY))
def test_age_lies_between_birthdays(birth, lived):
    t = birth + lived
    k = ages.completed_years(t, birth)
    assert anniversary(date_of(birth), k) <= date_of(t) < anniversary(date_of(birth), k + 1)
    assert k <= ages.age_at(t, birth) <= k + 1  # the last microseconds may round up


@given(births, st.integers(0, 120 * 365 * DAY))
def test_the_instant_of_an_age_is_where_that_age_is_reached(birth, lived):
    t = birth + lived
    # an age is a double: near 100 years it resolves 0.5 microseconds
    assert abs(ages.instant_of_age(ages.age_at(t, birth), birth) - t) <= 1


@given(births, st.integers(0, 120))
def test_whole_ages_are_exact(birth, k):
    birthday = ages.birthday(birth, k)
    assert ages.instant_of_age(float(k), birth) == birthday
    assert ages.age_at(birthday, birth) == k
    if k > 0:
        assert ages.completed_years(birthday - 1, birth) == k - 1


def test_born_on_29_february():
    birth = at(2000, 2, 29, 6, 30)
    assert ages.birthday(birth, 1) == at(2001, 3, 1, 6, 30)
    assert ages.birthday(birth, 4) == at(2004, 2, 29, 6, 30)
    assert ages.birthday(birth, 100) == at(2100, 3, 1, 6, 30)
    assert ages.completed_years(at(2001, 3, 1, 6, 29), birth) == 0


def test_born_on_1_march_and_28_february():
    assert ages.birthday(at(2001, 3, 1), 3) == at(2004, 3, 1)
    assert ages.birthday(at(2001, 2, 28), 3) == at(2004, 2, 28)
    assert ages.birthday(at(2000, 3, 1), 1) == at(2001, 3, 1)


def test_half_a_year_is_half_the_time_between_birthdays():
    birth = at(2001, 7, 1)
    assert ages.instant_of_age(0.5, birth) == at(2001, 12, 30, 12)  # 182.5 of 365 days
    assert ages.age_at(at(2001, 12, 30, 12), birth) == 0.5
    assert ages.instant_of_age(40.25, at(1980, 1, 1)) == at(2020, 4, 1, 12)  # 91.5 of 366 days


@pytest.mark.parametrize("age", [500.0, 1e300, float("inf"), float("nan"), 399.5])
def test_ages_beyond_the_calendar_are_never_reached(age):
    assert ages.instant_of_age(age, at(2000, 6, 1)) == NEVER


def test_the_calendar_ends():
    assert ages.birthday(at(2000, 6, 1), 399) == at(2399, 6, 1)
    assert ages.birthday(at(2000, 6, 1), 400) == NEVER
    assert ages.month_start((LAST_YEAR + 1 - 1970) * 12) == NEVER


@pytest.mark.parametrize("name", ["year_of", "month_of", "birthday", "age_at", "instant_of_age"])
def test_compiled_equals_plain_python(name):
    function = getattr(ages, name)
    for birth in (at(1900, 3, 1), at(2000, 2, 29, 23), at(1999, 12, 31), at(1903, 1, 1)):
        for k in range(0, 90, 7):
            argument = {
                "year_of": (birth + k * 10**14,),
                "month_of": (birth + k * 10**14,),
                "birthday": (birth, k),
                "age_at": (birth + k * 3 * 10**13, birth),
                "instant_of_age": (k * 1.37, birth),
            }[name]
            assert function(*argument) == function.py_func(*argument)
