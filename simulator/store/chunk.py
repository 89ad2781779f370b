"""What the engine hands over: the columns of a contiguous block of patients, as numbers.

A :class:`Chunk` holds no strings. Codes, kinds of encounter, states and causes are indices
into a :class:`~simulator.store.vocabulary.Vocabulary`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.errors import UsageError
from simulator.store.vocabulary import Vocabulary

__all__ = ["ENCOUNTER_BITS", "NULL", "Chunk", "SignalSeries", "Vocabulary", "concatenate"]

NULL = -(2**63)  #: an instant that is not there (alive, static, open)
ENCOUNTER_BITS = 20  #: encounter_id = subject_id · 2^20 + number within the patient

PATIENT_COLUMNS: dict[str, str] = {
    "birth": "int64",
    "death": "int64",
    "entry": "int64",
    "exit": "int64",
    "sex": "int8",
    "death_cause": "int32",
    "community": "int32",
    "event_counts": "int64",
    "encounter_counts": "int64",
    "truth_counts": "int64",
}
EVENT_COLUMNS: dict[str, str] = {
    "ev_time": "int64",
    "ev_code": "int32",
    "ev_value": "float32",
    "ev_encounter": "int32",
    "ev_end": "int64",
    "ev_cause": "int32",
}
ENCOUNTER_COLUMNS: dict[str, str] = {
    "enc_number": "int32",
    "enc_kind": "int32",
    "enc_start": "int64",
    "enc_end": "int64",
}
TRUTH_COLUMNS: dict[str, str] = {
    "tr_time": "int64",
    "tr_process": "int32",
    "tr_from": "int32",
    "tr_to": "int32",
    "tr_arrow": "int32",
}
#: rows of each flattened table belong to patients by these counts
FLAT: dict[str, dict[str, str]] = {
    "event_counts": EVENT_COLUMNS,
    "encounter_counts": ENCOUNTER_COLUMNS,
    "truth_counts": TRUTH_COLUMNS,
}

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Everything recorded of patients `first` … `first` + n − 1 (patient numbers from 0).

    Instants are int64 microseconds since 1970-01-01T00:00Z; :data:`NULL` where absent.
    Rows of the flattened tables stand in patient order, within a patient in time order
    (static rows first); the ``…_counts`` arrays say how many rows each patient has.

    Attributes:
        first: number of the first patient.
        birth, death, entry, exit: int64[n]; death NULL if alive; entry is the first recorded instant.
        sex: int8[n], 0 male, 1 female.
        death_cause: int32[n], arrow index, −1 none.
        community: int32[n], from 0.
        event_counts, encounter_counts, truth_counts: int64[n].
        ev_time: int64[e], NULL for static rows.
        ev_code: int32[e], index into the vocabulary's codes.
        ev_value: float32[e] (float64 is accepted), NaN for none.
        ev_encounter: int32[e], number within the patient, −1 none.
        ev_end: int64[e], NULL for none.
        ev_cause: int32[e], arrow index, −1 none.
        enc_number, enc_kind: int32[c]; enc_start, enc_end: int64[c], end NULL if still open.
        tr_time: int64[t]; tr_process, tr_from, tr_to, tr_arrow: int32[t]; states count
            within their process.
    """

    first: int
    birth: Array
    death: Array
    entry: Array
    exit: Array
    sex: Array
    death_cause: Array
    community: Array
    event_counts: Array
    ev_time: Array
    ev_code: Array
    ev_value: Array
    ev_encounter: Array
    ev_end: Array
    ev_cause: Array
    encounter_counts: Array
    enc_number: Array
    enc_kind: Array
    enc_start: Array
    enc_end: Array
    truth_counts: Array
    tr_time: Array
    tr_process: Array
    tr_from: Array
    tr_to: Array
    tr_arrow: Array

    def __len__(self) -> int:
        return len(self.birth)

    def normalized(self) -> Chunk:
        """The same chunk with every column in its declared dtype, contiguous, shapes checked.

        Columns that already fit are not copied.

        Raises: UsageError if a column is not one-dimensional or has the wrong length.
        """
        n = len(self.birth)
        columns: dict[str, Any] = {"first": int(self.first)}
        for name, dtype in PATIENT_COLUMNS.items():
            columns[name] = _column(name, getattr(self, name), dtype, n)
        for counts, table in FLAT.items():
            rows = int(columns[counts].sum())
            for name, dtype in table.items():
                columns[name] = _column(name, getattr(self, name), dtype, rows)
        return Chunk(**columns)

    def slice(self, start: int, stop: int) -> Chunk:
        """Patients `start` … `stop` − 1, counted within the chunk, as views."""
        columns: dict[str, Any] = {"first": self.first + start}
        for name in PATIENT_COLUMNS:
            columns[name] = getattr(self, name)[start:stop]
        for counts, table in FLAT.items():
            per_patient = getattr(self, counts)
            low = int(per_patient[:start].sum())
            high = low + int(per_patient[start:stop].sum())
            for name in table:
                columns[name] = getattr(self, name)[low:high]
        return Chunk(**columns)

    def copy(self) -> Chunk:
        """The same chunk with arrays of its own."""
        names = [f.name for f in fields(self) if f.name != "first"]
        return Chunk(first=self.first, **{name: getattr(self, name).copy() for name in names})


def concatenate(chunks: Sequence[Chunk]) -> Chunk:
    """Adjoining chunks as one. A single chunk is returned as it is.

    Raises: UsageError if a chunk does not begin where the one before it ends.
    """
    if len(chunks) == 1:
        return chunks[0]
    expected = chunks[0].first
    for chunk in chunks:
        if chunk.first != expected:
            raise UsageError(
                f"a chunk begins at patient {chunk.first}, but the one before it ends at {expected}",
                remedy="hand chunks over in patient order, without gaps",
            )
        expected += len(chunk)
    names = [f.name for f in fields(Chunk) if f.name != "first"]
    columns = {name: np.concatenate([getattr(c, name) for c in chunks]) for name in names}
    return Chunk(first=chunks[0].first, **columns)


def _column(name: str, values: Array, dtype: str, length: int) -> Array:
    array = np.ascontiguousarray(values, dtype=dtype)
    if array.shape != (length,):
        raise UsageError(
            f"chunk column {name} has shape {np.shape(values)}, expected ({length},)",
            remedy="event_counts, encounter_counts and truth_counts must add up to the rows handed over",
        )
    return array


@dataclass(frozen=True, slots=True)
class SignalSeries:
    """What communities passed on, step by step, in a coupled run.

    Attributes:
        starts: int64[s], begin of each step.
        names: the signals, k of them.
        values: float64[s, k, c], value of each signal in each of c communities.
    """

    starts: Array
    names: tuple[str, ...]
    values: Array
