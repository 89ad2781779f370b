"""Checks of what is recorded: words, values and treatments."""

from __future__ import annotations

from functools import partial

import numpy as np

from simulator.quality.knowledge import Key, Knowledge
from simulator.quality.report import instant_text
from simulator.quality.shard import LATEST, Shard, word
from simulator.store.chunk import NULL, Array
from simulator.store.columns import Words


def check_words(shard: Shard, described: set[str]) -> None:
    """V11–V14: codes are described, statuses and combinations legal, causes known."""
    events, tally = shard.events, shard.tally
    undescribed = events.code.among(dict.fromkeys(described, 0)) == -2
    tally.rows("V11", undescribed, events.subject, events.time, events.code_of)
    codes = shard.vocabulary.codes
    legal = {(c.code, c.status) for c in codes}
    statuses = len(events.status.words) + 1
    allowed = np.array(
        [[(code, status) in legal for status in (*events.status.words, None)] for code in events.code.words],
        dtype=np.bool_,
    ).reshape(-1, statuses)
    known_code = np.isin(events.code.words, [c.code for c in codes])
    coded = events.code.index
    if len(coded):
        wrong_status = known_code[coded] & ~allowed[coded, events.status.index]
        tally.rows(
            "V12",
            wrong_status,
            events.subject,
            events.time,
            lambda i: f"{events.code_of(i)} with status {word(events.status, i)}",
        )
        tally.rows(
            "V13",
            (events.known == -2) & known_code[coded] & ~wrong_status,
            events.subject,
            events.time,
            lambda i: (
                f"{events.code_of(i)} with text {word(events.text, i)!r}, unit {word(events.unit, i)!r}"
            ),
        )
    arrows = dict.fromkeys(shard.vocabulary.arrows, 0)
    for table, cause in ((events, events.cause), (shard.truth, shard.truth.cause)):
        unknown = cause.among(arrows) == -2
        tally.rows("V14", unknown, table.subject, table.time, partial(_shown, cause))


def _shown(column: Words, row: int) -> str:
    return str(word(column, row))


def check_values(shard: Shard, known: Knowledge) -> None:
    """V52–V55: bounds, unit, decimals, presence of values."""
    events, tally = shard.events, shard.tally

    def shown(row: int) -> str:
        return f"{events.code_of(row)} {events.value[row]!s} {word(events.unit, row) or ''}".rstrip()

    for key, (low, high) in known.bounds.items():
        rows = events.select(key)
        value = events.value[rows]
        wrong = rows[(value < np.float32(low)) | (value > np.float32(high))]
        suffix = f", plausible {low:g} to {high:g}"
        tally.rows("V52", wrong, events.subject, events.time, shown, suffix)
    for key, unit in known.units.items():
        rows = events.select(key)
        right = events.unit.words.index(unit) if unit in events.unit.words else -2
        wrong = rows[~np.isnan(events.value[rows]) & (events.unit.index[rows] != right)]
        tally.rows("V53", wrong, events.subject, events.time, shown, f", expected {unit}")
    for key, decimals in known.precision.items():
        rows = events.select(key)
        rows = rows[np.isfinite(events.value[rows])]
        wrong = rows[~_rounded(events.value[rows], decimals, known.bounds.get(key))]
        tally.rows("V54", wrong, events.subject, events.time, shown, f", should have {decimals} decimals")
    empty = shard.of_kind("measurement") & ~np.isfinite(events.value)
    tally.rows("V55", empty, events.subject, events.time, events.code_of)


def _rounded(value: Array, decimals: int, bounds: tuple[float, float] | None) -> Array:
    """Whether each float32 is the nearest to a number of so many decimals (or a bound itself)."""
    scale = 10.0**decimals
    nearest = (np.floor(value.astype(np.float64) * scale + 0.5) / scale).astype(np.float32)
    right = nearest == value
    for bound in bounds or ():
        right |= value == np.float32(bound)
    return right


def check_treatments(shard: Shard, known: Knowledge) -> None:
    """V48–V51: approval, diagnosis before treatment, start before stop, end after time."""
    events, tally = shard.events, shard.tally
    for key, approved in known.available.items():
        rows = events.select(key)
        early = rows[(events.time[rows] != NULL) & (events.time[rows] < approved)]
        suffix = f", available from {instant_text(approved)}"
        tally.rows("V48", early, events.subject, events.time, events.code_of, suffix)
    for key, diagnoses in known.any_diagnosis.items():
        first = np.minimum.reduce([_first_time(shard, d) for d in diagnoses])
        excused = np.logical_or.reduce([_unrecorded_past(shard, d) for d in diagnoses])
        _check_diagnosed(shard, key, first, excused, " or ".join(d.code for d in diagnoses))
    for key, diagnoses in known.all_diagnoses.items():
        for diagnosis in diagnoses:
            _check_diagnosed(
                shard, key, _first_time(shard, diagnosis), _unrecorded_past(shard, diagnosis), diagnosis.code
            )
    for start in dict.fromkeys(known.stops.values()):
        _check_stops(shard, start, [stop for stop, of in known.stops.items() if of == start])
    short = (events.end != NULL) & (events.end <= events.time)
    tally.rows(
        "V51",
        short,
        events.subject,
        events.time,
        lambda i: f"{events.code_of(i)} ends {instant_text(events.end[i])}",
    )


def _first_time(shard: Shard, key: Key) -> Array:
    """Per subject (and one more for none): first instant of these rows, LATEST if there are none."""
    events = shard.events
    first = np.full(len(shard.subjects) + 1, LATEST, dtype=np.int64)
    rows = events.select(key)
    np.minimum.at(first, events.subject_row[rows], events.time[rows])
    return first


def _unrecorded_past(shard: Shard, key: Key) -> Array:
    """Per subject (and one more): whether such a row may have been left out, lying before the period.

    Only the problem list is recorded of the time before entry.
    """
    subjects = shard.subjects
    past = subjects.birth < subjects.entry
    lasting = any(
        c.lasting
        for c in shard.vocabulary.codes
        if c.code == key.code and (key.status is None or c.status == key.status)
    )
    return np.zeros(len(past), dtype=np.bool_) if lasting else past


def _check_diagnosed(shard: Shard, key: Key, first: Array, excused: Array, what: str) -> None:
    events = shard.events
    rows = events.select(key)
    row = events.subject_row
    who = row[rows]
    wrong = rows[(who >= 0) & (events.time[rows] < first[who]) & ~excused[who]]
    shard.tally.rows(
        "V49",
        wrong,
        events.subject,
        events.time,
        lambda i: (
            f"{events.code_of(i)}, but {what} is recorded "
            + ("never" if first[row[i]] == LATEST else f"only {instant_text(first[row[i]])}")
        ),
    )


def _check_stops(shard: Shard, start: Key, stops: list[Key]) -> None:
    """V50: what is stopped has been started and not stopped since; what is paused, not paused either.

    A treatment may have begun before the period, unrecorded: then the first of its rows needs none.
    """
    events, subjects = shard.events, shard.subjects
    ends = [(events.select(stop), 2 if stop.status == "on-hold" else 1) for stop in stops]
    rows = np.concatenate([events.select(start), *(found for found, _ in ends)])
    kind = np.concatenate(
        [np.zeros(len(events.select(start)), np.int8)] + [np.full(len(r), k) for r, k in ends]
    )
    order = np.lexsort((rows, events.time[rows], events.subject[rows]))
    rows, kind = rows[order], kind[order]
    subject, row = events.subject[rows], events.subject_row[rows]
    first = np.append(True, subject[1:] != subject[:-1])[: len(rows)]
    before = np.append(0, kind[:-1])[: len(rows)]
    has_past = subjects.birth[row] < subjects.entry[row]
    idle = np.where(first, ~has_past, (before == 1) | ((before == 2) & (kind == 2)))
    wrong = rows[(kind > 0) & idle]
    shard.tally.rows("V50", wrong, events.subject, events.time, events.code_of)
