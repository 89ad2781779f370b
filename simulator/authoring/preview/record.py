"""The events table as arrays: what was recorded, of whom, when, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulator.authoring.preview.people import Bools, Floats, Ints
from simulator.store import EventLog

COLUMNS = ["subject_id", "time", "code", "numeric_value", "status", "cause"]


@dataclass(frozen=True, slots=True)
class Record:
    """Rows of the events table that have a time, by subject and time.

    Attributes:
        who: int64[e], index of the person.
        time: int64[e], microseconds.
        value: float64[e], NaN for none.
        code, status, cause: indices into `codes`, `statuses`, `causes`; −1 for none.
    """

    who: Ints
    time: Ints
    value: Floats
    code: npt.NDArray[np.int32]
    status: npt.NDArray[np.int32]
    cause: npt.NDArray[np.int32]
    codes: tuple[str, ...]
    statuses: tuple[str, ...]
    causes: tuple[str, ...]

    @classmethod
    def of(cls, log: EventLog) -> Record:
        """Reads the events table."""
        table = log.events(COLUMNS)
        table = table.filter(pc.is_valid(table["time"])).unify_dictionaries().combine_chunks()
        code, codes = _indices(table["code"])
        status, statuses = _indices(table["status"])
        cause, causes = _indices(table["cause"])
        return cls(
            who=table["subject_id"].to_numpy() - 1,
            time=table["time"].cast(pa.int64()).to_numpy(),
            value=table["numeric_value"].to_numpy().astype(np.float64),
            code=code, status=status, cause=cause,
            codes=codes, statuses=statuses, causes=causes,
        )  # fmt: skip

    def with_code(self, code: str) -> Bools:
        """Rows of a code; bool[e]."""
        return np.asarray(self.code == (self.codes.index(code) if code in self.codes else -2))

    def with_status(self, status: str) -> Bools:
        """Rows of a status; bool[e]."""
        return np.asarray(self.status == (self.statuses.index(status) if status in self.statuses else -2))

    def caused_by(self, prefix: str) -> Bools:
        """Rows that arose in a transition whose name begins so; bool[e]."""
        wanted = [i for i, cause in enumerate(self.causes) if cause.startswith(prefix)]
        return np.isin(self.cause, wanted)

    def diagnoses(self, disease: str) -> Bools:
        """Rows in which a disease is recorded, at first or after a wrong diagnosis; bool[e]."""
        return self.caused_by(f"{disease}: diagnosed") | self.caused_by(f"{disease}: recognised")


def _indices(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if column.num_chunks == 0:
        return np.empty(0, dtype=np.int32), ()
    words = tuple(column.chunk(0).dictionary.to_pylist())
    parts = [chunk.indices.fill_null(-1).to_numpy() for chunk in column.chunks]
    return np.concatenate(parts).astype(np.int32), words
