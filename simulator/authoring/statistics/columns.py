"""Columns of a log's tables as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: instants beyond all that happens
ALWAYS_BEFORE, ALWAYS_AFTER = -(2**61), 2**61


@dataclass(frozen=True, slots=True)
class Words:
    """A column of strings: the place of each row's word in `words`, -1 where there is none."""

    places: npt.NDArray[np.int32]
    words: tuple[str, ...]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Words:
        """From a column of strings, dictionary-encoded or not."""
        if not len(column):
            return cls(np.zeros(0, np.int32), ())
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        # a dictionary may differ from chunk to chunk: unified, a place means the same everywhere
        whole = column.unify_dictionaries().combine_chunks()
        whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
        places = whole.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
        return cls(places, tuple(whole.dictionary.to_pylist()))

    def match(self, test: Callable[[str], bool]) -> Bools:
        """The rows whose word passes a test; bool, one per row."""
        good = np.array([*map(test, self.words), False], np.bool_)  # the last one is for -1
        return np.asarray(good[self.places], np.bool_)

    def equal(self, word: str) -> Bools:
        """The rows of one word; bool, one per row."""
        return self.match(lambda each: each == word)

    def among(self, names: tuple[str, ...]) -> Ints:
        """The place of each row's word in `names`, -1 where it is none of them; int64, one per row."""
        places = [names.index(word) if word in names else -1 for word in self.words]
        return np.array([*places, -1], np.int64)[self.places]

    def where(self, rows: Bools | Ints | slice) -> Words:
        """Some of the rows."""
        return Words(self.places[rows], self.words)


def persons(table: pa.Table) -> Ints:
    """Numbers of the people of a table's rows, from 0."""
    return np.asarray(table["subject_id"].to_numpy(), np.int64) - 1


def instants(column: pa.ChunkedArray, absent: int = 0) -> Ints:
    """A column of instants as int64 microseconds since 1970 (UTC), `absent` where there is none."""
    return np.asarray(column.cast(pa.int64()).fill_null(absent).to_numpy(), np.int64)
