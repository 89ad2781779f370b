"""Checks what the author says must never be, from what is recorded: V64.

Each constraint is a list of parts that must not hold at once. A part gives stretches of each subject's time:
a treatment from its start to its stop or pause, a diagnosis from its first row on, a range of ages, a sex.
Where the stretches of all parts of a constraint overlap, it is broken. Ages are reckoned in years of 365.2425
days, so an overlap of less than two days is no proof.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from simulator.quality.knowledge import Key, Knowledge
from simulator.quality.shard import LATEST, Shard, word
from simulator.store.chunk import NULL

_YEAR = 31_556_952_000_000
_DAY = 86_400_000_000
_BLUR = 2 * _DAY

Stretch = tuple[int, int]
Part = dict[str, Any]


def check_constraints(shard: Shard, known: Knowledge) -> None:
    """V64: nobody is in a condition that a constraint forbids."""
    for number, parts in enumerate(known.never, start=1):
        taken = [_treated(shard, part["on"]) for part in parts if "on" in part]
        others = [part for part in parts if "on" not in part]
        blur = _BLUR if any("age" in part for part in others) else 0
        if not taken:
            continue
        for row in set.intersection(*(set(each) for each in taken)):
            stretches = taken[0][row]
            for each in taken[1:]:
                stretches = _both(stretches, each[row])
            for part in others:
                stretches = _both(stretches, _part(shard, part, row))
            broken = [start for start, end in stretches if end - start > blur]
            if broken:
                codes = " with ".join(part["on"] for part in parts if "on" in part)
                subject = int(shard.subjects.id[row])
                shard.tally.add("V64", f"constraint {number} on {codes}", subject=subject, time=broken[0])


def _treated(shard: Shard, code: str) -> dict[int, list[Stretch]]:
    """By row of the subjects table: from each start to the next stop or pause, or the end of life."""
    events = shard.events
    marks: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for status, begins in (("active", True), ("stopped", False), ("on-hold", False)):
        for row in events.select(Key(code, status)):
            subject = int(events.subject_row[row])
            if subject >= 0:
                marks[subject].append((int(events.time[row]), begins))
    found: dict[int, list[Stretch]] = {}
    for subject, changes in marks.items():
        stretches: list[Stretch] = []
        since: int | None = None
        for time, begins in sorted(changes):
            if begins and since is None:
                since = time
            elif not begins and since is not None:
                stretches.append((since, time))
                since = None
        if since is not None:
            stretches.append((since, int(shard.subjects.end_of_life[subject])))
        found[subject] = stretches
    return found


def _part(shard: Shard, part: Part, row: int) -> list[Stretch]:
    """When a part other than a treatment holds for a subject."""
    subjects = shard.subjects
    if "sex" in part:
        return [(NULL, LATEST)] if word(subjects.sex, row) == part["sex"] else []
    if "age" in part:
        low, high = part["age"]
        birth = int(subjects.birth[row])
        start = NULL if low is None else birth + round(low * _YEAR)
        return [(start, LATEST if high is None else birth + round(high * _YEAR))]
    events = shard.events
    rows = events.select(Key(part["diagnosed"], "active"))
    mine = rows[events.subject_row[rows] == row]
    return [(int(events.time[mine].min()), LATEST)] if len(mine) else []


def _both(some: list[Stretch], others: list[Stretch]) -> list[Stretch]:
    """Where stretches of both lists overlap."""
    shared = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [(start, end) for start, end in shared if start < end]
