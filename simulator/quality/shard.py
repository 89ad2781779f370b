"""One shard of a dataset as numpy columns, with the look-ups that the checks share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator.quality.knowledge import Key
from simulator.quality.report import Tally
from simulator.store.chunk import NULL, Array
from simulator.store.columns import Words, floats, instants, integers, words
from simulator.store.recompute import code_index
from simulator.store.vocabulary import Code, Vocabulary

LATEST = 2**63 - 1
BIRTH = "MEDS_BIRTH"
DEATH = "MEDS_DEATH"


class Subjects:
    """The subjects table of a shard. Instants have one more entry than rows: for an unknown subject.

    That last entry (which row −1 leads to) is such that no rule is broken by it.
    """

    def __init__(self, table: pa.Table) -> None:
        self.id = integers(table, "subject_id")
        self.birth = np.append(instants(table, "birth"), NULL)
        self.death = np.append(instants(table, "death"), NULL)
        self.entry = np.append(instants(table, "entry"), NULL)
        self.exit = np.append(instants(table, "exit"), LATEST)
        self.community = np.append(integers(table, "community"), -1)
        self.sex = words(table, "sex")
        self.death_cause = words(table, "death_cause")

    def __len__(self) -> int:
        return len(self.id)

    @cached_property
    def first_mention(self) -> npt.NDArray[np.bool_]:
        """Whether a row is the first of its subject_id: false for a subject's second row."""
        return find(self.id, self.id) == np.arange(len(self.id))

    def rows_of(self, ids: Array) -> npt.NDArray[np.int64]:
        """Row of each subject_id, −1 if it is not here. `ids` in any order; fast where ids repeat."""
        starts = run_starts(ids)
        rows = find(self.id, ids[starts])
        return np.repeat(rows, np.diff(np.append(starts, len(ids))))

    @cached_property
    def end_of_life(self) -> Array:
        """Death, or the end of the period for the living."""
        return np.where(self.death == NULL, self.exit, self.death)


class Encounters:
    """The encounters table of a shard; `start` and `end` have an entry more, for no encounter."""

    def __init__(self, table: pa.Table, subjects: Subjects) -> None:
        self.id = integers(table, "encounter_id")
        self.subject = integers(table, "subject_id")
        self.start = np.append(instants(table, "start"), NULL)
        self.end = np.append(instants(table, "end"), NULL)
        self.provider = np.append(integers(table, "provider_id"), -1)
        self.class_ = words(table, "class")
        self.kind = words(table, "kind")
        self.reason = words(table, "reason")
        self.subject_row = subjects.rows_of(self.subject)

    def __len__(self) -> int:
        return len(self.id)


class Events:
    """The events of a shard."""

    def __init__(
        self, table: pa.Table, subjects: Subjects, encounters: Encounters, known: Vocabulary
    ) -> None:
        self.subject = integers(table, "subject_id")
        self.time = instants(table, "time")
        self.code = words(table, "code")
        self.value = floats(table, "numeric_value")
        self.text = words(table, "text_value")
        self.unit = words(table, "unit")
        self.status = words(table, "status")
        self.cause = words(table, "cause")
        self.end = instants(table, "end")
        self.encounter = integers(table, "encounter_id")
        self.provider = integers(table, "provider_id")
        #: index of the vocabulary's code with the row's code, text, unit and status; −2 if none
        self.known = code_index(table, known)
        self.subject_row = subjects.rows_of(self.subject)
        starts = run_starts(self.encounter)
        place = find(encounters.id, self.encounter[starts])
        #: row of the encounters table; −1 for none, −2 for one that does not exist
        self.encounter_row = np.repeat(
            np.where(self.encounter[starts] == -1, -1, np.where(place < 0, -2, place)),
            np.diff(np.append(starts, len(self.encounter))),
        )

    def __len__(self) -> int:
        return len(self.subject)

    @cached_property
    def same_subject(self) -> npt.NDArray[np.bool_]:
        """Whether the row before belongs to the same subject; false for the first row."""
        same = np.zeros(len(self), dtype=np.bool_)
        same[1:] = self.subject[1:] == self.subject[:-1]
        return same

    def is_code(self, code: str) -> npt.NDArray[np.bool_]:
        """Rows of a code."""
        return is_word(self.code, code)

    @cached_property
    def _by_code(self) -> tuple[Array, Array]:
        """Rows ordered by code, and where the rows of each of its words begin."""
        index = self.code.index
        small = index.astype(np.int16) if len(self.code.words) < 2**15 else index  # sorted by radix
        order = np.argsort(small, kind="stable")
        return order, np.searchsorted(index[order], np.arange(len(self.code.words) + 1))

    def select(self, key: Key) -> npt.NDArray[np.int64]:
        """Numbers of the rows that a key of the checks means, ascending."""
        if key.code not in self.code.words:
            return np.zeros(0, dtype=np.int64)
        order, begin = self._by_code
        number = self.code.words.index(key.code)
        rows = order[begin[number] : begin[number + 1]]
        if key.status is None:
            return rows
        if key.status not in self.status.words:
            return rows[:0]
        return rows[self.status.index[rows] == self.status.words.index(key.status)]

    def code_of(self, row: int) -> str:
        return self.code.words[self.code.index[row]] if self.code.index[row] >= 0 else "(null)"


class Truth:
    """The truth table of a shard."""

    def __init__(self, table: pa.Table, subjects: Subjects) -> None:
        self.subject = integers(table, "subject_id")
        self.time = instants(table, "time")
        self.process = words(table, "process")
        self.from_ = words(table, "from")
        self.to = words(table, "to")
        self.cause = words(table, "cause")
        self.subject_row = subjects.rows_of(self.subject)

    def __len__(self) -> int:
        return len(self.subject)


class Shard:
    """The four tables of a shard; every check takes one of these and a tally."""

    def __init__(self, tables: dict[str, pa.Table], vocabulary: Vocabulary, tally: Tally) -> None:
        self.vocabulary = vocabulary
        self.tally = tally
        self.subjects = Subjects(tables["subjects"])
        self.encounters = Encounters(tables["encounters"], self.subjects)
        self.events = Events(tables["events"], self.subjects, self.encounters, vocabulary)
        self.truth = Truth(tables["truth"], self.subjects)

    @cached_property
    def lasting(self) -> npt.NDArray[np.bool_]:
        """Events of the problem list, which are kept even before the period."""
        return self._having({c.code for c in self.vocabulary.codes if c.lasting}, lambda c: c.lasting)

    @cached_property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Encounters that may begin before the period: they hold a row of the problem list or of the period.

        One entry more than rows, false.
        """
        events = self.events
        kept = np.zeros(len(self.encounters) + 1, dtype=np.bool_)
        reason = self.lasting | (events.time >= self.subjects.entry[events.subject_row])
        kept[events.encounter_row[reason & (events.encounter_row >= 0)]] = True
        return kept

    def of_kind(self, kind: str) -> npt.NDArray[np.bool_]:
        """Events whose code is of a kind: encounter, measurement, …"""
        return self._having(
            {c.code for c in self.vocabulary.codes if c.kind == kind}, lambda c: c.kind == kind
        )

    def _having(self, names: set[str], fact: Callable[[Code], bool]) -> npt.NDArray[np.bool_]:
        """Events whose code has a fact; where the combination of columns is unknown, by its name alone."""
        codes = self.vocabulary.codes
        alike: dict[tuple[str | None, ...], bool] = {}
        for c in codes:
            key = (c.code, c.text, c.unit, c.status)
            alike[key] = alike.get(key, False) or fact(c)
        known = np.array([alike[c.code, c.text, c.unit, c.status] for c in codes], dtype=np.bool_)
        named = self.events.code.among(dict.fromkeys(names, 0)) == 0
        return np.where(self.events.known >= 0, known.take(self.events.known, mode="wrap"), named)


def is_word(column: Words, word: str) -> npt.NDArray[np.bool_]:
    """Rows of a column that hold this string."""
    if word not in column.words:
        return np.zeros(len(column.index), dtype=np.bool_)
    return column.index == column.words.index(word)


def word(column: Words, row: int) -> str | None:
    """The string in a row."""
    index = int(column.index[row])
    return column.words[index] if index >= 0 else None


def run_starts(values: Array) -> npt.NDArray[np.int64]:
    """First row of each run of equal values."""
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])


def find(keys: Array, wanted: Array) -> npt.NDArray[np.int64]:
    """Row of the first key equal to each wanted value, −1 if there is none. Keys in any order."""
    if len(keys) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    place = np.minimum(np.searchsorted(ordered, wanted), len(keys) - 1)
    return np.where(ordered[place] == wanted, order[place], -1)
