"""Time zones and opening hours.

Dates of a scenario begin at local midnight (`time_zones.py`). `hours` of a care keep its visits within
them (`access.py`).
"""

from __future__ import annotations

import re

from simulator.compiler import machine as m
from simulator.compiler import time_zones
from simulator.compiler.context import Lowering
from simulator.compiler.names import nearest
from simulator.compiler.terms import Where
from simulator.scenario.model import Care

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {"weekdays": range(5), "weekends": range(5, 7), "daily": range(7)}
_HOURS = re.compile(
    r"(?P<days>[a-z ,]+?)\s+(?P<h1>\d{1,2}):(?P<m1>\d\d)\s*\.\.\s*(?P<h2>\d{1,2}):(?P<m2>\d\d)"
)


# --- the time zone ---------------------------------------------------------------------------


def zone_is_known(low: Lowering) -> bool:
    """Whether the population's time zone exists; a finding if it does not."""
    block = low.scenario.population
    if block is None or block.time_zone is None:
        return True
    known = time_zones.names()
    if block.time_zone not in known:
        low.resolver.report(
            "E723", f"there is no time zone `{block.time_zone}`", None, Where.key(block, "time_zone"),
            expected="a name of the IANA time zone database, e.g. `America/New_York`, `Europe/Berlin`",
            nearest=nearest(block.time_zone, known),
        )  # fmt: skip
        return False
    return True


# --- opening hours ---------------------------------------------------------------------------


def opening(low: Lowering, name: str) -> m.Distribution | None:
    """From now to a free appointment of a care; None if it is always open."""
    care = low.scenario.care.get(name)
    if care is None or not care.hours:
        return None
    if name not in low.schedules:
        days = _week(low, care)
        if days is None:
            return None
        block = low.scenario.population
        zone = None if block is None else block.time_zone
        last = 2000 if block is None else block.to.year
        if not zone_is_known(low):
            return None
        low.schedules[name] = m.Schedule(name, days, time_zones.offsets(zone, last))
    return m.Distribution("opening", (m.Const(float(list(low.schedules).index(name))),))


def _week(low: Lowering, care: Care) -> tuple[tuple[int, int] | None, ...] | None:
    """Opening and closing times, in minutes after midnight, Monday first."""
    week: list[tuple[int, int] | None] = [None] * 7
    for i, text in enumerate(care.hours):
        where = Where.key(care, f"hours[{i}]" if f"hours[{i}]" in care.spans else "hours")
        found = _HOURS.fullmatch(" ".join(text.split()))
        minutes = None if found is None else _minutes(found)
        if found is None or minutes is None:
            low.resolver.report(
                "E724", f"`{text}` are no opening hours", None, where,
                expected="days and times, e.g. `weekdays 8:00..17:00`, `monday, thursday 9:00..12:00`",
            )  # fmt: skip
            return None
        for word in re.split(r"[ ,]+", found["days"].strip(" ,")):
            if word not in DAYS and word not in _GROUPS:
                low.resolver.report(
                    "E724", f"`{word}` is not a day", None, where,
                    expected="`weekdays`, `weekends`, `daily`, or days from `monday` to `sunday`",
                    nearest=nearest(word, (*DAYS, *_GROUPS)),
                )  # fmt: skip
                return None
            for day in _GROUPS.get(word, (DAYS.index(word),) if word in DAYS else ()):
                if week[day] is not None:
                    low.resolver.report("E724", f"{DAYS[day]} is given twice", None, where)
                    return None
                week[day] = minutes
    return tuple(week)


def _minutes(found: re.Match[str]) -> tuple[int, int] | None:
    opens = int(found["h1"]) * 60 + int(found["m1"])
    closes = int(found["h2"]) * 60 + int(found["m2"])
    legal = int(found["m1"]) < 60 and int(found["m2"]) < 60 and opens + 5 <= closes <= 24 * 60
    return (opens, closes) if legal else None
