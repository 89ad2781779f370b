"""Which patients live differently in two logs of the same people, and what is the first thing that differs.

Patients whose rows are the same are told by hashes; the others are compared row by row. What truly happened
comes before what was recorded of it. Names of transitions and providers do not count: a history differs if
something else happened, or at another time, or was recorded otherwise. Instants less than a second apart are
one: a hazard that was reached by other sums may strike a rounding error earlier.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from simulator.store.log import EventLog

#: what makes a row another one
_COMPARED = {
    "subjects": ("birth", "sex", "community"),
    "truth": ("time", "process", "from", "to"),
    "events": ("time", "code", "numeric_value", "text_value", "unit", "end", "status"),
}
#: read beside it
_READ = {"subjects": (), "truth": ("cause",), "events": ("cause",)}
_TABLES = ("truth", "events")
#: patients whose rows are taken into memory at once
_AT_ONCE = 1_000

_SECOND = pd.Timedelta(seconds=1)
#: the instant of what is of the person, not of a moment
_BEGINNING = pd.Timestamp(1, 1, 1).as_unit("us")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Divergence:
    """A patient whose history differs.

    Attributes:
        patient: subject_id.
        where: table of the first difference: ``truth``, ``events``, or ``subjects`` (other people).
        time: its instant; None if it is of the person, not of a moment.
        one, two: the rows that stand there; None if the history goes on without it there.
        truth: whether what truly happened differs anywhere.
        rows_one, rows_two: rows from there on that the other history does not have.
        made: names of the processes that have left a row in either history by then.
        at_once: names of those whose rows differ at that very instant.
    """

    patient: int
    where: Literal["subjects", "truth", "events"]
    time: dt.datetime | None
    one: Row | None
    two: Row | None
    truth: bool
    rows_one: tuple[Row, ...]
    rows_two: tuple[Row, ...]
    made: frozenset[str]
    at_once: frozenset[str]


def divergences(one: EventLog, two: EventLog) -> Iterator[Divergence]:
    """Patients of both logs whose histories differ, by number."""
    common = range(1, min(len(one), len(two)) + 1)
    for first in range(0, len(common), _AT_ONCE):
        ids = list(common[first : first + _AT_ONCE])
        frames = {name: (_frame(one, name, ids), _frame(two, name, ids)) for name in _COMPARED}
        other: set[int] = set()
        for name, (a, b) in frames.items():
            other |= _unequal(a, b, _COMPARED[name])
        rows = {name: tuple(_rows(frame, name, other) for frame in pair) for name, pair in frames.items()}
        for patient in sorted(other):
            own = {name: tuple(side.get(patient, []) for side in sides) for name, sides in rows.items()}
            found = _divergence(patient, own)
            if found is not None:
                yield found


def _frame(log: EventLog, name: str, ids: Sequence[int]) -> pd.DataFrame:
    return log.to_pandas(name, ["subject_id", *_COMPARED[name], *_READ[name]], ids)


def _unequal(a: pd.DataFrame, b: pd.DataFrame, columns: Sequence[str]) -> set[int]:
    """Subjects whose rows differ, or are in another order."""
    one, two = _digests(a, columns), _digests(b, columns)
    both = pd.concat([one, two], axis=1, keys=["one", "two"])
    return {int(i) for i in both.index[both.isna().any(axis=1) | (both.one != both.two)]}


def _digests(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series[Any]:
    """For each subject a number that depends on all its rows and their order."""
    plain = frame[list(columns)].copy()
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.CategoricalDtype):
            plain[name] = plain[name].astype(object)
    hashes = pd.util.hash_pandas_object(plain, index=False).to_numpy(dtype=np.uint64)
    place = frame.groupby("subject_id", sort=False).cumcount().to_numpy(dtype=np.uint64)
    with np.errstate(over="ignore"):
        mixed = hashes * (2 * place + np.uint64(1))
    return pd.Series(mixed).groupby(frame.subject_id.to_numpy()).sum()


def _rows(frame: pd.DataFrame, name: str, subjects: set[int]) -> dict[int, list[Row]]:
    """Rows by subject, in order; what is absent is None."""
    columns = [*_COMPARED[name], *_READ[name]]
    kept = frame[frame.subject_id.isin(subjects)]
    plain = [kept[column].astype(object) for column in columns]
    lists = [values.where(values.notna(), None).tolist() for values in plain]
    found: dict[int, list[Row]] = {}
    for subject, *values in zip(kept.subject_id.tolist(), *lists, strict=True):
        found.setdefault(subject, []).append(dict(zip(columns, values, strict=True)))
    return found


def _divergence(patient: int, rows: dict[str, tuple[list[Row], ...]]) -> Divergence | None:
    only: dict[str, tuple[list[Row], list[Row]]] = {}
    found: list[tuple[pd.Timestamp, int, str, Row | None, Row | None]] = []
    for rank, name in enumerate(("subjects", *_TABLES)):
        a, b = rows[name]
        at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if not _same(x, y, name)), None)
        if at is None and len(a) == len(b):
            continue
        at = min(len(a), len(b)) if at is None else at
        x, y = (side[at] if at < len(side) else None for side in (a, b))
        time = min(_instant(row) for row in (x, y) if row is not None)
        # of two rows at different times, only the earlier one stands at the first difference
        x, y = (row if row is not None and _instant(row) - time < _SECOND else None for row in (x, y))
        found.append((time, rank, name, x, y))
        only[name] = _without(a, b, name), _without(b, a, name)
    if not found:
        return None
    time, _, where, one, two = min(found, key=lambda each: each[:2])
    later = [
        tuple(sorted((row for name in _TABLES if name in only for row in only[name][side]), key=_instant))
        for side in (0, 1)
    ]
    made = _makers((row for name in _TABLES for side in rows[name] for row in side), time)
    at_once = _makers((*later[0], *later[1]), time + _SECOND)
    return Divergence(
        patient,
        where,  # type: ignore[arg-type]  # one of the tables
        None if time == _BEGINNING else time.to_pydatetime(),
        one, two, "truth" in only, later[0], later[1], made, at_once,
    )  # fmt: skip


def _makers(rows: Iterable[Row], until: pd.Timestamp) -> frozenset[str]:
    """Names of the processes that made rows up to an instant."""
    early = [row["cause"] for row in rows if row["cause"] is not None and _instant(row) <= until]
    return frozenset(str(cause).partition(":")[0] for cause in early)


def _same(one: Row, two: Row, name: str) -> bool:
    rest = all(one[column] == two[column] for column in _COMPARED[name] if column != "time")
    return rest and abs(_instant(one) - _instant(two)) < _SECOND


def _without(rows: list[Row], others: list[Row], name: str) -> list[Row]:
    """The rows that are not among the others."""
    known = {_key(other, name, shift) for other in others for shift in (-1, 0, 1)}
    return [row for row in rows if _key(row, name) not in known]


def _key(row: Row, name: str, shift: int = 0) -> tuple[Any, ...]:
    """A row to look up, its instant to the second."""
    second = int(_instant(row).timestamp()) + shift
    return (second, *(row[column] for column in _COMPARED[name] if column != "time"))


def _instant(row: Row) -> pd.Timestamp:
    time = row.get("time")
    return _BEGINNING if time is None else time
