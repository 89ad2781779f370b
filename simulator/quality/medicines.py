"""Checks of what is dispensed and of vaccines: V65 and V67."""

from __future__ import annotations

import numpy as np

from simulator.quality.knowledge import Key, Knowledge
from simulator.quality.report import instant_text
from simulator.quality.shard import Shard
from simulator.store.chunk import NULL, Array

_YEAR = 31_556_952_000_000
_DAY = 86_400_000_000
_BLUR = 2 * _DAY  #: birthdays are within two days of whole years of 365.2425 days


def check_medicines(shard: Shard, known: Knowledge) -> None:
    """V65: dispensed only what is prescribed. V67: vaccines neither too young nor too soon."""
    for supply, prescription in known.supplies.items():
        _check_supplies(shard, supply, prescription)
    for code, limits in known.doses.items():
        _check_doses(shard, Key(code), limits)


def _check_supplies(shard: Shard, supply: Key, prescription: Key) -> None:
    """Of the rows before one that is dispensed (and those of its instant), the latest is a prescription.

    Nothing is said where there is none and it may lie, unrecorded, before the period.
    """
    events, subjects = shard.events, shard.subjects
    rows, kind = [events.select(prescription)], [2]
    for status in ("stopped", "on-hold"):
        rows.append(events.select(Key(supply.code, status)))
        kind.append(0)
    rows.append(events.select(supply))
    kind.append(-1)
    row = np.concatenate(rows)
    what = np.repeat(kind, [len(each) for each in rows])
    # at one instant: what ends it, then what begins it, then what is dispensed
    order = np.lexsort((np.where(what < 0, 3, what), events.time[row], events.subject[row]))
    row, what = row[order], what[order]
    place = np.maximum.accumulate(np.where(what < 0, -1, np.arange(len(row))))
    found = np.maximum(place, 0)
    mine = (place >= 0) & (events.subject[row[found]] == events.subject[row])
    has_past = (subjects.birth < subjects.entry)[events.subject_row[row]]
    wrong = (what < 0) & np.where(mine, what[found] == 0, ~has_past)
    shard.tally.rows("V65", row[wrong], events.subject, events.time, events.code_of)


def _check_doses(shard: Shard, vaccine: Key, limits: dict[str, float]) -> None:
    events, subjects = shard.events, shard.subjects
    rows = events.select(vaccine)
    rows = rows[(events.time[rows] != NULL) & (events.subject_row[rows] >= 0)]
    rows = rows[np.lexsort((events.time[rows], events.subject[rows]))]
    who, time = events.subject_row[rows], events.time[rows]
    birth = subjects.birth[who]
    youngest = birth + round(limits.get("age", 0.0) * _YEAR) - (_BLUR if "age" in limits else 0)
    early = (time < youngest) & (time >= birth)
    soon = np.zeros(len(rows), dtype=np.bool_)
    apart = round(limits.get("apart", 0.0) * _DAY)
    soon[1:] = (who[1:] == who[:-1]) & (time[1:] - time[:-1] < apart)
    born: dict[int, Array] = dict(zip(rows.tolist(), birth, strict=True))
    shard.tally.rows(
        "V67",
        rows[early | soon],
        events.subject,
        events.time,
        lambda i: f"{events.code_of(i)}, born {instant_text(int(born[i]))}",
    )
