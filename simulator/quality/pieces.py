"""Parts of a shard that can be read and judged alone, so that memory stays bounded.

Our files have row groups that end with a block of patients, at the same patients in every
table. Where a file was rewritten so that they do not, the whole shard is one piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.store.columns import open_table, read_groups
from simulator.store.layout import BLOCK, SHARDED, shard_path

#: events of a piece: as few row groups as have at least this many
PIECE_ROWS = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows of patients `first` … `stop` − 1 (patient numbers from 0)."""

    first: int
    stop: int
    tables: dict[str, pa.Table]


def pieces_of(path: Path, plan: dict[str, Any], shard: int) -> Iterator[Piece]:
    """A shard, piece by piece. Raises: OSError or pa.ArrowException if a file is damaged."""
    first = shard * plan["shard_size"]
    stop = min(first + plan["shard_size"], plan["patients"])
    with ExitStack() as stack:
        files = {
            table: stack.enter_context(open_table(path / shard_path(table, shard), table))
            for table in SHARDED
        }
        begin = first
        done = dict.fromkeys(SHARDED, 0)
        for cut in [*_cuts(files, first), None]:
            until = {t: files[t].num_row_groups if cut is None else cut.groups[t] for t in SHARDED}
            end = stop if cut is None else cut.patient
            if end > begin or cut is None:
                tables = {t: read_groups(files[t], range(done[t], until[t])) for t in SHARDED}
                yield Piece(begin, end, tables)
            begin, done = end, until


@dataclass(frozen=True, slots=True)
class _Cut:
    """A place between patients: rows of those before `patient` are in the groups before `groups`."""

    patient: int
    groups: dict[str, int]


def _cuts(files: dict[str, pq.ParquetFile], first: int) -> list[_Cut]:
    """Where a shard may be cut, at least PIECE_ROWS events apart; nowhere if the groups do not allow it."""
    ends: dict[str, list[tuple[int, int]]] = {}
    for table, file in files.items():
        known = _group_ends(file)
        if known is None:
            return []
        ends[table] = known
    cuts: list[_Cut] = []
    rows = 0
    for group, (_, patient) in enumerate(ends["events"][:-1]):
        rows += files["events"].metadata.row_group(group).num_rows
        groups = {table: _groups_before(e, patient) for table, e in ends.items()}
        aligned = patient > first and (patient - first) % BLOCK == 0
        if rows >= PIECE_ROWS and aligned and None not in groups.values():
            cuts.append(_Cut(patient, {t: g for t, g in groups.items() if g is not None}))
            rows = 0
    return cuts


def _group_ends(file: pq.ParquetFile) -> list[tuple[int, int]] | None:
    """Smallest and largest subject_id of each row group; None if the file does not say so."""
    column = file.schema_arrow.names.index("subject_id")
    ends: list[tuple[int, int]] = []
    for group in range(file.metadata.num_row_groups):
        part = file.metadata.row_group(group)
        statistics = part.column(column).statistics
        if part.num_rows == 0:  # belongs to what is before it
            ends.append((ends[-1][1], ends[-1][1]) if ends else (0, 0))
        elif statistics is None or not statistics.has_min_max:
            return None
        else:
            ends.append((statistics.min, statistics.max))
    return ends


def _groups_before(ends: list[tuple[int, int]], subject: int) -> int | None:
    """How many groups hold subjects up to `subject` only, if all the others hold later ones only."""
    before = sum(1 for _, high in ends if high <= subject)
    clean = [high <= subject for _, high in ends[:before]] + [low > subject for low, _ in ends[before:]]
    return before if all(clean) else None
