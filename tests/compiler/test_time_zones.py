"""Days, months and offsets of time zones, against `zoneinfo` asked instant by instant."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from bisect import bisect_right
from functools import cache
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.compiler import time_zones
from simulator.compiler.time_zones import midnight, month_starts, names, next_midnight, offsets

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: an odd offset, a skipped day, changes at one minute past midnight, double summer time, midnight skipped
#: and repeated, changes at odd seconds, two zones at the ends of the earth, southern summer
ODD = (
    "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Europe/London", "America/Sao_Paulo", "Asia/Beirut",
    "America/Toronto", "Africa/Monrovia", "Africa/Freetown", "Europe/Amsterdam", "Pacific/Kiritimati",
    "Pacific/Niue", "Australia/Lord_Howe", "America/New_York", "Asia/Gaza", "Antarctica/Casey",
)  # fmt: skip
zones = st.sampled_from(ODD)
seconds = st.integers(
    int((dt.datetime(1800, 1, 1, tzinfo=dt.UTC) - EPOCH).total_seconds()),
    int((dt.datetime(2350, 1, 1, tzinfo=dt.UTC) - EPOCH).total_seconds()),
)


@cache
def witness(zone: str) -> zoneinfo.ZoneInfo:
    with resources.files("tzdata.zoneinfo").joinpath(zone).open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file)


def clock(instant: int, zone: str) -> dt.datetime:
    return (EPOCH + dt.timedelta(microseconds=instant)).astimezone(witness(zone))


def instant(*when: int) -> int:
    return (dt.datetime(*when, tzinfo=dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)


def ahead(clock: dt.datetime) -> int:
    return clock.utcoffset() // dt.timedelta(microseconds=1)


# --- what local time is ahead of UTC ----------------------------------------------------------


@given(zone=zones, second=seconds)
def test_offsets(zone: str, second: int) -> None:
    known = offsets(zone, 2350)
    i = bisect_right(known, second * SECOND, key=lambda pair: pair[0])
    assert known[max(i - 1, 0)][1] == ahead(clock(second * SECOND, zone))


@pytest.mark.parametrize("zone", ODD)
def test_offsets_change_in_the_very_second(zone: str) -> None:
    known = offsets(zone, 2060)
    assert len(known) > 1
    for (_, before), (change, after) in pairwise(known):
        assert ahead(clock(change - SECOND, zone)) == before
        assert ahead(clock(change, zone)) == after


def test_no_zone_changed_before_the_first_instant_or_twice_within_days() -> None:
    for zone in names():
        first = clock(instant(time_zones._BEFORE_STANDARD_TIME, 1, 1), zone)
        assert clock(instant(1600, 1, 1), zone).utcoffset() == first.utcoffset()
    for zone in ODD:
        assert min(b - a for (a, _), (b, _) in pairwise(offsets(zone, 2100))) > 3 * DAY


def test_double_summer_time() -> None:
    known = dict(offsets("Europe/London", 1950))
    assert {known[at] // HOUR for at in known if instant(1941, 1, 1) <= at < instant(1946, 1, 1)} == {0, 1, 2}
    assert known[instant(1941, 5, 4, 1)] == 2 * HOUR


# --- days -------------------------------------------------------------------------------------


@given(zone=zones, second=seconds)
def test_a_day_begins_when_the_clocks_first_show_its_date(zone: str, second: int) -> None:
    day = clock(second * SECOND, zone).date()
    begin = midnight(day, zone)
    assert clock(begin, zone).date() == day
    assert clock(begin - SECOND, zone).date() < day
    assert begin <= second * SECOND
    assert second * SECOND < next_midnight(begin, zone) + HOUR  # an hour more: the clocks were put back


@pytest.mark.parametrize(
    ("zone", "day", "begin"),
    [
        ("Asia/Kathmandu", (1985, 6, 1), (1985, 5, 31, 18, 30)),  # 5 h 30 min
        ("Asia/Kathmandu", (1986, 6, 1), (1986, 5, 31, 18, 15)),  # 5 h 45 min
        ("America/St_Johns", (2011, 7, 1), (2011, 7, 1, 2, 30)),
        ("America/Sao_Paulo", (2018, 11, 4), (2018, 11, 4, 3)),  # midnight is skipped: the day begins at 1:00
        ("America/Toronto", (1919, 3, 31), (1919, 3, 31, 4, 30)),  # 23:30 to 0:30
        ("America/St_Johns", (2009, 11, 1), (2009, 11, 1, 2, 30)),  # the first of two midnights
        ("Pacific/Apia", (2011, 12, 29), (2011, 12, 29, 10)),
        ("Pacific/Apia", (2011, 12, 30), (2011, 12, 30, 10)),  # left out
        ("Pacific/Apia", (2011, 12, 31), (2011, 12, 30, 10)),
        ("Europe/Berlin", (2350, 7, 1), (2350, 6, 30, 22)),  # by the rules of today
    ],
)
def test_remarkable_days(zone: str, day: tuple[int, int, int], begin: tuple[int, ...]) -> None:
    assert midnight(dt.date(*day), zone) == instant(*begin)


def test_in_utc_all_days_are_alike() -> None:
    assert midnight(dt.date(2020, 2, 29)) == midnight(dt.date(2020, 2, 29), "UTC") == instant(2020, 2, 29)
    assert next_midnight(instant(2020, 2, 29)) == instant(2020, 3, 1)
    assert offsets(None, 2010) == ((0, 0),)


# --- months -----------------------------------------------------------------------------------


@given(zone=zones, second=seconds)
def test_months_begin_with_their_first_day(zone: str, second: int) -> None:
    months = month_starts(zone)
    shown = clock(second * SECOND, zone)
    i = bisect_right(months, second * SECOND) - 1
    if (zone, shown.date()) != ("America/St_Johns", dt.date(2009, 10, 31)):  # an hour of it comes again
        assert (1600 + i // 12, i % 12 + 1) == (shown.year, shown.month)
    assert months[i] == midnight(dt.date(1600 + i // 12, i % 12 + 1, 1), zone)


def test_the_hour_that_comes_again_counts_to_the_new_month() -> None:
    begin = instant(2009, 11, 1, 2, 30)  # 0:00 in Newfoundland; at 0:01 the clocks go back to 23:01
    assert begin in month_starts("America/St_Johns")
    assert clock(begin + 2 * 60 * SECOND, "America/St_Johns").date() == dt.date(2009, 10, 31)


def test_months_fill_the_calendar() -> None:
    months = month_starts("Pacific/Apia")
    assert len(months) == 800 * 12 + 2
    assert all(27 * DAY < b - a < 33 * DAY for a, b in pairwise(months[:-1]))
    assert months[-1] == 1 << 62
    assert month_starts(None) == ()


def test_years_begin_with_january() -> None:
    for zone in (None, "Asia/Kathmandu"):
        months = month_starts(zone)
        assert time_zones.year_start(1985, months) == midnight(dt.date(1985, 1, 1), zone)
        assert time_zones.year_start(1066, months) == midnight(dt.date(1600, 1, 1), zone)
        assert time_zones.year_start(2400, months) == 1 << 62


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "Europe", "Europe/Berln", "../Europe/Berlin", "europe/berlin"])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        time_zones.rules(name)
