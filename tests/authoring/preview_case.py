"""The scenario of the preview's tests, run once, with its tables as plain rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import simulator
from simulator.authoring.preview import Preview, preview_of
from simulator.store import EventLog

SCENARIO = Path(__file__).with_name("preview.yaml")
SIZE, SEED = 300, 5
YEAR = dt.timedelta(days=365.2425)
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A run, its preview, and the rows of its tables."""

    log: EventLog
    preview: Preview
    subjects: dict[int, Row]
    truth: list[Row]
    events: list[Row]


@cache
def case() -> Case:
    """Runs it, the first time."""
    scenario, _ = simulator.compile(SCENARIO, size=SIZE)
    log = simulator.run(SCENARIO, size=SIZE, seed=SEED, workers=1)
    return Case(
        log,
        preview_of(scenario, log, simulator.check(SCENARIO).sorted()),
        {row["subject_id"]: row for row in log.subjects().to_pylist()},
        log.truth().to_pylist(),
        log.events().to_pylist(),
    )


def birthday(birth: dt.datetime, years: int) -> dt.datetime:
    """The anniversary of a birth; of 29 February, 1 March in common years."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return birth.replace(year=birth.year + years, month=3, day=1)


def lived(case: Case, process: str, states: set[str], subject: int) -> list[tuple[dt.datetime, dt.datetime]]:
    """The observed spells of a subject in some states, walked through row by row."""
    who = case.subjects[subject]
    rows = [r for r in case.truth if r["subject_id"] == subject and r["process"] == process]
    spells, state, since = [], rows[0]["from"] if rows else "absent", who["birth"]
    for row in [*rows, {"time": who["exit"], "to": ""}]:
        low, high = max(since, who["entry"]), min(row["time"], who["exit"])
        if state in states and high > low:
            spells.append((low, high))
        state, since = row["to"], row["time"]
    return spells


def overlap(spells: list[tuple[dt.datetime, dt.datetime]], low: dt.datetime, high: dt.datetime) -> float:
    """Years of the spells within a span."""
    parts = (min(b, high) - max(a, low) for a, b in spells)
    return sum(max(part, dt.timedelta()) / YEAR for part in parts)
