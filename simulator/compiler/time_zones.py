"""Local time: when days, months and years begin in a time zone, and how that lies to UTC.

The rules are those of the IANA time zone database as the package `tzdata` ships it, so that they are the
same on every machine; its version is in the manifest of a run. A day begins when the clocks first show its
date: usually at midnight; later, where midnight is skipped as the clocks are put forward; at the first of
two midnights, where they are put back over it. A date that a zone left out (Samoa, 30 December 2011) has
no length.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING

from simulator.units import DAY_US

if TYPE_CHECKING:
    import zoneinfo

#: years of the calendar; a month beyond it is never reached
FIRST_YEAR, LAST_YEAR = 1600, 2399
NEVER = 1 << 62
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_BEFORE_STANDARD_TIME = 1840  # until then every place had the mean time of its own sun, always the same
_APART = 3 * 86_400  # seconds; nowhere were the clocks changed twice within three days


@lru_cache(maxsize=32)
def rules(zone: str) -> zoneinfo.ZoneInfo:
    """The rules of a time zone. Raises: ValueError if there is none of that name."""
    import zoneinfo
    from importlib import resources

    if zone not in names():
        raise ValueError(f"there is no time zone {zone!r}")
    with resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, zone)


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """All time zones."""
    from importlib import resources

    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@lru_cache(maxsize=32)
def offsets(zone: str | None, last_year: int) -> tuple[tuple[int, int], ...]:
    """(instant, offset from then on) of a time zone up to the end of a year, microseconds, ascending.

    Before the first instant the first offset holds; ((0, 0),) for UTC.
    """
    if zone is None:
        return ((0, 0),)
    local = rules(zone)
    begin, end = (_days(dt.date(year, 1, 1)) * 86_400 for year in (_BEFORE_STANDARD_TIME, last_year + 1))
    known = [(begin, _offset(local, begin))]
    for low in range(begin, max(begin, end), _APART):
        ahead = _offset(local, low + _APART)
        if ahead != known[-1][1]:
            known.append((_change(local, low, low + _APART), ahead))
    return tuple((second * 1_000_000, ahead * 1_000_000) for second, ahead in known)


@lru_cache(maxsize=4096)
def midnight(day: dt.date, zone: str | None = None) -> int:
    """Microseconds from 1970-01-01T00:00Z to the beginning of a day in a time zone (None: UTC)."""
    return _days(day) * DAY_US if zone is None else _begin(day, rules(zone))


def next_midnight(instant: int, zone: str | None = None) -> int:
    """When the day after the one that begins at `instant` begins."""
    if zone is None:
        return instant + DAY_US
    return midnight(local_time(instant, zone).date() + dt.timedelta(days=1), zone)


@lru_cache(maxsize=32)
def month_starts(zone: str | None) -> tuple[int, ...]:
    """When the months begin in a time zone, from January 1600 to January 2400, and `NEVER` at the end.

    int64 microseconds since 1970-01-01T00:00Z, 9,602 of them; none for UTC, whose months the engine knows.
    """
    if zone is None:
        return ()
    local = rules(zone)
    days = (dt.date(year, month, 1) for year in range(FIRST_YEAR, LAST_YEAR + 1) for month in range(1, 13))
    return (*(_begin(day, local) for day in days), _begin(dt.date(LAST_YEAR + 1, 1, 1), local), NEVER)


def year_start(year: int, months: tuple[int, ...]) -> int:
    """When a calendar year begins, by `month_starts` (none: UTC); NEVER beyond the calendar."""
    if year > LAST_YEAR:
        return NEVER
    year = max(year, FIRST_YEAR)
    return months[(year - FIRST_YEAR) * 12] if months else _days(dt.date(year, 1, 1)) * DAY_US


def local_time(instant: int, zone: str | None = None) -> dt.datetime:
    """What the clocks of a time zone show at an instant, in microseconds since 1970-01-01T00:00Z."""
    utc = _EPOCH + dt.timedelta(microseconds=instant)
    return (utc if zone is None else utc.astimezone(rules(zone))).replace(tzinfo=None, fold=0)


def shown(utc: dt.datetime, zone: str | None) -> dt.datetime:
    """What the clocks of a time zone show at an instant of UTC, both without a zone."""
    return local_time((utc.replace(tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1), zone)


def zone_words(zone: str | None) -> str:
    """Whose times are shown: ``times are those of Europe/Berlin``."""
    return f"times are those of {zone or 'UTC'}"


def _days(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days


def _offset(local: zoneinfo.ZoneInfo, second: int) -> int:
    """What local time is ahead of UTC at a second since 1970, in seconds."""
    found = (_EPOCH + dt.timedelta(seconds=second)).astimezone(local).utcoffset()
    assert found is not None
    return round(found.total_seconds())


def _change(local: zoneinfo.ZoneInfo, low: int, high: int) -> int:
    """The first second after `low` at which the offset is another; it is, at `high`."""
    before = _offset(local, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(local, middle) == before else (low, middle)
    return high


def _begin(day: dt.date, local: zoneinfo.ZoneInfo) -> int:
    """When a day begins, in microseconds since 1970-01-01T00:00Z."""
    midnight = dt.datetime.combine(day, dt.time(), local)
    first, second = (midnight.replace(fold=fold).utcoffset() for fold in (0, 1))
    assert first is not None
    assert second is not None
    utc = _days(day) * 86_400
    before, after = (utc - round(ahead.total_seconds()) for ahead in (first, second))
    # of a midnight that is skipped, `fold` gives the offsets on both sides of the gap
    return (before if first >= second else _change(local, after, before)) * 1_000_000
