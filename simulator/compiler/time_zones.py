"""Local time: when a day begins in a time zone, and how that lies to UTC over the years.

Zones are those of the IANA time zone database (`zoneinfo`).
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from simulator.units import DAY_US

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@lru_cache(maxsize=8)
def offsets(zone: str | None, first_year: int, last_year: int) -> tuple[tuple[int, int], ...]:
    """(instant, offset from then on) of a time zone, microseconds, ascending; ((0, 0),) for UTC."""
    if zone is None:
        return ((0, 0),)
    import zoneinfo

    local = zoneinfo.ZoneInfo(zone)

    def offset(quarter: int) -> int:
        found = (_EPOCH + dt.timedelta(minutes=15 * quarter)).astimezone(local).utcoffset()
        assert found is not None
        return round(found.total_seconds()) * 1_000_000

    begin = _quarters_to(first_year)
    known = [(begin, offset(begin))]
    for week in range(begin, _quarters_to(last_year + 1), 7 * 96):
        low, high = week, week + 7 * 96
        if offset(high) == known[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == known[-1][1] else (low, middle)
        known.append((high, offset(high)))
    return tuple((quarter * 900_000_000, us) for quarter, us in known)


def _quarters_to(year: int) -> int:
    """Quarters of an hour from 1970 to the beginning of a year, UTC."""
    return (dt.date(year, 1, 1) - dt.date(1970, 1, 1)).days * 96


@lru_cache(maxsize=4096)
def midnight(day: dt.date, zone: str | None = None) -> int:
    """Microseconds from 1970-01-01T00:00Z to the beginning of a day in a time zone (None: UTC)."""
    utc = (day - dt.date(1970, 1, 1)).days * DAY_US
    if zone is None:
        return utc
    import zoneinfo

    local = dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(zone))
    found = local.utcoffset()
    assert found is not None
    return utc - round(found.total_seconds()) * 1_000_000


def next_midnight(instant: int, zone: str | None = None) -> int:
    """When the day after the one that begins at `instant` begins."""
    if zone is None:
        return instant + DAY_US
    import zoneinfo

    begins = (_EPOCH + dt.timedelta(microseconds=instant)).astimezone(zoneinfo.ZoneInfo(zone))
    return midnight(begins.date() + dt.timedelta(days=1), zone)
