"""Arrow columns as numpy arrays: numbers with a stand-in for null, strings as indices and words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulator.store.chunk import NULL, Array
from simulator.store.layout import SHARDED, shard_path
from simulator.store.tables import string_columns


@dataclass(frozen=True, slots=True)
class Words:
    """A column of strings: `index` int32[n], −1 for null, into the distinct `words`."""

    index: npt.NDArray[np.int32]
    words: list[str]

    def among(self, known: dict[str, int], missing: int = -2) -> npt.NDArray[np.int32]:
        """Each string's number in `known`: −1 for null, `missing` for a string that is not in it."""
        number = np.array([*(known.get(w, missing) for w in self.words), -1], dtype=np.int32)
        return number.take(self.index)


def open_table(path: Path, table: str) -> pq.ParquetFile:
    """A file of a table, to be read with strings as dictionaries."""
    return pq.ParquetFile(path, read_dictionary=string_columns(table))


def read_groups(file: pq.ParquetFile, groups: Iterable[int]) -> pa.Table:
    """Some row groups of a file. Raises: OSError or pa.ArrowException if they are damaged."""
    return file.read_row_groups(list(groups)).unify_dictionaries()


def read_table(path: Path, table: str) -> pa.Table:
    """A file of a table, strings as dictionaries. Raises: OSError or pa.ArrowException if it is damaged."""
    with open_table(path, table) as file:
        return read_groups(file, range(file.num_row_groups))


def read_shard(root: Path, shard: int) -> dict[str, pa.Table]:
    """The four tables of a shard."""
    return {table: read_table(root / shard_path(table, shard), table) for table in SHARDED}


def integers(table: pa.Table, name: str, null: int = -1) -> Array:
    """A column of integers; `null` where there is none."""
    return _filled(table.column(name), null)


def instants(table: pa.Table, name: str) -> Array:
    """A column of instants as int64 microseconds; NULL where there is none."""
    return _filled(table.column(name).cast(pa.timestamp("us")).cast(pa.int64()), NULL)


def floats(table: pa.Table, name: str) -> Array:
    """A column of floats; NaN where there is none."""
    return table.column(name).to_numpy()


def words(table: pa.Table, name: str) -> Words:
    """A column of strings."""
    column = table.column(name)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = pa.chunked_array(column.chunks, column.type).unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of no chunks at all
        return Words(np.zeros(0, dtype=np.int32), [])
    index = array.indices.cast(pa.int32())
    return Words(_filled(pa.chunked_array([index]), -1), array.dictionary.to_pylist())


def _filled(column: pa.ChunkedArray, null: int) -> Array:
    return (pc.fill_null(column, null) if column.null_count else column).to_numpy()
