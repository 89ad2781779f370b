"""From the numbers of a chunk to Arrow tables.

Columns of strings are built as Arrow dictionaries, straight from the kernel's indices:
no string is copied per row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator.errors import UsageError
from simulator.schema import TABLES, Column
from simulator.store.chunk import ENCOUNTER_BITS, NULL, Array, Chunk, SignalSeries
from simulator.store.providers import Staff
from simulator.store.splits import SPLITS, split_of
from simulator.store.vocabulary import SEXES, Vocabulary

_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "large_string": pa.large_string(),
    "timestamp[us]": pa.timestamp("us"),
    "list<string>": pa.list_(pa.string()),
}
_STRINGS = ("string", "large_string")
_STRING = pa.string()


def arrow_schema(table: str, *, dictionary: bool = False) -> pa.Schema:
    """The Arrow schema of a table; with `dictionary`, strings are dictionaries of strings."""
    return pa.schema([_field(column, dictionary) for column in TABLES[table]])


def string_columns(table: str) -> list[str]:
    """Names of a table's columns that hold strings."""
    return [c.name for c in TABLES[table] if c.type in _STRINGS]


def _field(column: Column, dictionary: bool) -> pa.Field:
    type_ = _TYPES[column.type]
    if dictionary and column.type in _STRINGS:
        type_ = pa.dictionary(pa.int32(), type_)
    return pa.field(column.name, type_, nullable=column.nullable)


class TableBuilder:
    """Turns chunks into tables with the schemas of `arrow_schema(…, dictionary=True)`."""

    def __init__(self, vocabulary: Vocabulary, staff: Staff) -> None:
        self.vocabulary = vocabulary
        self.staff = staff
        codes, kinds = vocabulary.codes, vocabulary.encounters
        self._words: dict[str, pa.Array] = {}
        self._word_of: dict[str, Array] = {}
        self._learn("code", [c.code for c in codes])
        self._learn("text", [c.text for c in codes], pa.large_string())
        self._learn("unit", [c.unit for c in codes])
        self._learn("status", [c.status for c in codes])
        self._learn("cause", list(vocabulary.arrows))
        self._learn("kind", [k.name for k in kinds])
        self._learn("class", [k.class_ for k in kinds])
        self._learn("reason", [k.reason for k in kinds])
        self._learn("sex", list(SEXES))
        self._learn("process", [name for name, _ in vocabulary.processes])
        self._learn("state", [s for _, states in vocabulary.processes for s in states])
        sizes = [len(states) for _, states in vocabulary.processes]
        self._first_state = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        staff_class = {name: i for i, name in enumerate(staff.classes)}
        self._staff_class = np.array([staff_class[k.class_] for k in kinds], dtype=np.int64)

    def events(self, chunk: Chunk) -> pa.Table:
        subject = np.repeat(_subjects(chunk), chunk.event_counts)
        within = chunk.ev_encounter >= 0
        values = chunk.ev_value
        code = chunk.ev_code
        columns = [
            _numbers(subject, None, pa.int64()),
            _instants(chunk.ev_time),
            self._strings("ev_code", code, "code", required=True),
            _numbers(values, values == values, pa.float32()),
            self._strings("ev_code", code, "text"),
            self._strings("ev_code", code, "unit"),
            _instants(chunk.ev_end),
            _numbers((subject << ENCOUNTER_BITS) + chunk.ev_encounter, within, pa.int64()),
            _numbers(self._event_providers(chunk), within, pa.int32()),
            self._strings("ev_code", code, "status"),
            self._strings("ev_cause", chunk.ev_cause, "cause"),
        ]
        return pa.Table.from_arrays(columns, schema=_EVENTS)

    def subjects(self, chunk: Chunk) -> pa.Table:
        columns = [
            _numbers(_subjects(chunk), None, pa.int64()),
            _instants(chunk.birth),
            self._strings("sex", chunk.sex.astype(np.int32), "sex", required=True),
            _instants(chunk.death),
            self._strings("death_cause", chunk.death_cause, "cause"),
            _instants(chunk.entry),
            _instants(chunk.exit),
            _numbers(chunk.community, None, pa.int32()),
        ]
        return pa.Table.from_arrays(columns, schema=_SUBJECTS)

    def encounters(self, chunk: Chunk) -> pa.Table:
        subject = np.repeat(_subjects(chunk), chunk.encounter_counts)
        columns = [
            _numbers((subject << ENCOUNTER_BITS) + chunk.enc_number, None, pa.int64()),
            _numbers(subject, None, pa.int64()),
            self._strings("enc_kind", chunk.enc_kind, "class"),
            self._strings("enc_kind", chunk.enc_kind, "kind", required=True),
            _instants(chunk.enc_start),
            _instants(chunk.enc_end),
            self._strings("enc_kind", chunk.enc_kind, "reason"),
            _numbers(self._encounter_providers(chunk), None, pa.int32()),
        ]
        return pa.Table.from_arrays(columns, schema=_ENCOUNTERS)

    def truth(self, chunk: Chunk) -> pa.Table:
        subject = np.repeat(_subjects(chunk), chunk.truth_counts)
        columns = [
            _numbers(subject, None, pa.int64()),
            _instants(chunk.tr_time),
            self._strings("tr_process", chunk.tr_process, "process", required=True),
            self._strings("tr_from", self._state(chunk, "tr_from"), "state", required=True),
            self._strings("tr_to", self._state(chunk, "tr_to"), "state", required=True),
            self._strings("tr_arrow", chunk.tr_arrow, "cause", required=True),
        ]
        return pa.Table.from_arrays(columns, schema=_TRUTH)

    def _learn(self, name: str, words: list[str | None] | list[str], type_: pa.DataType = _STRING) -> None:
        """Makes the distinct words a dictionary; remembers which one each index stands for (−1: none)."""
        distinct = {word: i for i, word in enumerate(dict.fromkeys(w for w in words if w is not None))}
        self._words[name] = pa.array(list(distinct), type_)
        self._word_of[name] = np.array([-1 if w is None else distinct[w] for w in words], dtype=np.int32)

    def _strings(self, column: str, indices: Array, words: str, *, required: bool = False) -> pa.Array:
        """A column of words for indices, −1 for none. Raises: UsageError for an index without a word."""
        word_of = self._word_of[words]
        _check_range(column, indices, 0 if required else -1, len(word_of), "index")
        if not np.array_equal(word_of, np.arange(len(word_of))):
            indices = np.append(word_of, np.int32(-1)).take(indices)
        numbers = _numbers(indices, None if required else indices >= 0, pa.int32())
        return pa.DictionaryArray.from_arrays(numbers, self._words[words], safe=False)

    def _state(self, chunk: Chunk, column: str) -> Array:
        """Index among all states of a column of states within their process; −1 if it has no such state."""
        states = getattr(chunk, column)
        first = _map(self._first_state[:-1], chunk.tr_process)
        end = _map(self._first_state[1:], chunk.tr_process)
        return np.where((states >= 0) & (first + states < end), first + states, np.int32(-1))

    def _encounter_providers(self, chunk: Chunk) -> npt.NDArray[np.int32]:
        _check_range("enc_number", chunk.enc_number, 0, 1 << ENCOUNTER_BITS, "number")
        _check_range("enc_kind", chunk.enc_kind, 0, len(self._staff_class), "index")
        by_class = self.staff.provider(
            chunk.community[:, None], np.arange(len(self.staff.classes))[None, :], _subjects(chunk)[:, None]
        )
        by_kind = by_class[:, self._staff_class]
        row = np.repeat(np.arange(len(chunk)) * by_kind.shape[1], chunk.encounter_counts)
        return by_kind.reshape(-1).take(row + chunk.enc_kind)

    def _event_providers(self, chunk: Chunk) -> npt.NDArray[np.int32]:
        """Provider of each event's encounter; −1 outside any.

        Found through a dense table of encounter numbers: each patient has a place for
        "none" (number −1), then one for every number up to the highest.
        """
        counts = chunk.encounter_counts
        highest = _maxima(chunk.enc_number, counts)
        base = 1 + np.cumsum(highest + 2) - (highest + 2)
        table = np.full(int((highest + 2).sum()), -1, dtype=np.int32)
        table[np.repeat(base, counts) + chunk.enc_number] = self._encounter_providers(chunk)
        number = chunk.ev_encounter
        _check_range("ev_encounter", number, -1, 1 << ENCOUNTER_BITS, "number")
        unknown = np.flatnonzero(_maxima(number, chunk.event_counts) > highest)
        if not len(unknown):
            providers = table.take(np.repeat(base, chunk.event_counts) + number)
            lost = np.flatnonzero((providers < 0) & (number >= 0))
            if not len(lost):
                return providers
            unknown = np.repeat(np.arange(len(chunk)), chunk.event_counts)[lost[:1]]
        raise UsageError(
            f"an event of subject {chunk.first + 1 + int(unknown[0])} refers to an encounter "
            "that is not among the patient's encounters",
            remedy="hand over every encounter that an event refers to",
        )


def provider_table(staff: Staff) -> pa.Table:
    return pa.table(staff.rows(), schema=arrow_schema("providers"))


def code_table(vocabulary: Vocabulary) -> pa.Table:
    """MEDS code metadata: one row per code that may occur."""
    rows: dict[str, dict[str, Any]] = {}
    for c in vocabulary.codes:
        others = [o for o in (f"{system.upper()}//{value}" for system, value in c.codes) if o != c.code]
        row = rows.setdefault(
            c.code,
            {
                "code": c.code,
                "description": c.title or None,
                "parent_codes": others or None,
                "kind": c.kind,
                "unit": c.unit,
            },
        )
        row["unit"] = row["unit"] or c.unit
    return pa.Table.from_pylist(list(rows.values()), schema=arrow_schema("codes"))


def split_table(patients: int) -> pa.Table:
    """MEDS subject splits of subjects 1 … `patients`."""
    subject = np.arange(1, patients + 1, dtype=np.int64)
    words = pa.DictionaryArray.from_arrays(pa.array(split_of(subject)), pa.array(SPLITS))
    return pa.table([subject, words.cast(pa.string())], schema=arrow_schema("splits"))


def exchange_table(series: SignalSeries) -> pa.Table:
    """Signals in long form, sorted by step, signal, community."""
    steps, signals, communities = series.values.shape
    return pa.table(
        [
            pa.array(np.repeat(series.starts, signals * communities), pa.timestamp("us")),
            np.tile(np.arange(communities, dtype=np.int32), steps * signals),
            pa.array(np.tile(np.repeat(np.array(series.names, dtype=object), communities), steps)),
            series.values.reshape(-1).astype(np.float64),
        ],
        schema=arrow_schema("exchange"),
    )


_EVENTS = arrow_schema("events", dictionary=True)
_SUBJECTS = arrow_schema("subjects", dictionary=True)
_ENCOUNTERS = arrow_schema("encounters", dictionary=True)
_TRUTH = arrow_schema("truth", dictionary=True)


def _subjects(chunk: Chunk) -> npt.NDArray[np.int64]:
    return np.arange(chunk.first + 1, chunk.first + 1 + len(chunk), dtype=np.int64)


def _map(table: Array, indices: Array) -> Array:
    """table[indices]; an index out of range is caught where the indices themselves are written."""
    return table.take(indices, mode="clip") if len(table) else np.zeros(len(indices), dtype=table.dtype)


def _maxima(values: Array, counts: Array) -> npt.NDArray[np.int64]:
    """Largest value of each patient's rows; −1 for a patient without rows."""
    maxima = np.full(len(counts), -1, dtype=np.int64)
    some = np.flatnonzero(counts)
    if len(some):
        maxima[some] = np.maximum.reduceat(values, (np.cumsum(counts) - counts)[some])
    return maxima


def _check_range(column: str, values: Array, low: int, end: int, what: str) -> None:
    """Raises: UsageError unless low <= values < end."""
    if len(values) == 0:
        return
    smallest, largest = int(values.min()), int(values.max())
    if smallest < low or largest >= end:
        bad = smallest if smallest < low else largest
        raise UsageError(
            f"chunk column {column} holds {what} {bad}, expected {low} to {end - 1}",
            remedy="the chunk and the vocabulary must come from the same machine",
        )


def _instants(values: Array) -> pa.Array:
    return _numbers(values, values != NULL, pa.timestamp("us"))


def _numbers(values: Array, valid: npt.NDArray[np.bool_] | None, type_: pa.DataType) -> pa.Array:
    """An Arrow array on top of `values`, without copying them; null where not `valid`."""
    data = pa.py_buffer(np.ascontiguousarray(values))
    nulls = 0 if valid is None else len(values) - int(np.count_nonzero(valid))
    bits = pa.py_buffer(np.packbits(valid, bitorder="little")) if valid is not None and nulls else None
    return pa.Array.from_buffers(type_, len(values), [bits, data], nulls)
