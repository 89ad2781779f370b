"""Writes one shard of a dataset: chunks in, row groups and block digests out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from simulator.errors import DatasetError, UsageError
from simulator.store.chunk import Chunk, concatenate
from simulator.store.digest import BlockDigester
from simulator.store.layout import BLOCK, SHARDED, shard_path
from simulator.store.parquet import TableFile, file_sha256
from simulator.store.tables import TableBuilder

#: events of a row group: the fewest whole blocks of patients with at least this many
GROUP_ROWS = 1 << 18


class ShardResult:
    """What a shard adds to the manifest: digests of its blocks, rows per table, facts per file."""

    def __init__(self, blocks: list[bytes], rows: dict[str, int], files: dict[str, dict[str, Any]]) -> None:
        self.blocks = blocks
        self.rows = rows
        self.files = files


class ShardWriter:
    """Writes one shard; chunks come in patient order and may be cut anywhere.

    The bytes of the files depend on the patients alone, not on how they were cut.
    """

    def __init__(
        self,
        root: Path,
        index: int,
        patients: range,
        builder: TableBuilder,
        digester: BlockDigester,
        closed: Callable[[int, ShardResult], None],
    ) -> None:
        self.index = index
        self.first = patients.start
        self.stop = patients.stop
        self._builder = builder
        self._digester = digester
        self._closed = closed
        self._next = self.first
        self._pending: list[Chunk] = []
        self._blocks: list[bytes] = []
        self._paths = {table: shard_path(table, index) for table in SHARDED}
        self._files = {table: TableFile(root / path, table) for table, path in self._paths.items()}

    def write(self, chunk: Chunk) -> None:
        """Takes the next patients. The chunk's arrays may be reused afterwards.

        Raises: UsageError if it does not begin where the last one ended, or leaves the shard.
        """
        chunk = chunk.normalized()
        if chunk.first != self._next or chunk.first + len(chunk) > self.stop:
            raise UsageError(
                f"shard {self.index} was handed patients {chunk.first} to {chunk.first + len(chunk) - 1}, "
                f"but patient {self._next} is next and {self.stop - 1} is the shard's last",
                remedy="hand chunks over in patient order, each to its own shard",
            )
        self._next += len(chunk)
        self._pending.append(chunk)
        if self._complete_rows() < GROUP_ROWS:
            self._pending[-1] = chunk.copy()
            return
        merged = concatenate(self._pending)
        rest = self._write_groups(merged)
        self._pending = [merged.slice(rest, len(merged)).copy()] if rest < len(merged) else []

    def close(self) -> None:
        """Writes what is left and completes the shard. Raises: UsageError if patients are missing."""
        if self._next != self.stop:
            raise UsageError(
                f"shard {self.index} ends at patient {self._next - 1}, expected {self.stop - 1}",
                remedy="hand over every patient of the shard before closing it",
            )
        if self._pending:
            merged = concatenate(self._pending)
            rest = self._write_groups(merged)
            if rest < len(merged):
                self._write_group(merged.slice(rest, len(merged)))
            self._pending = []
        for file in self._files.values():
            file.close()
        facts = {self._paths[table]: file_facts(file.path, file.rows) for table, file in self._files.items()}
        rows = {table: file.rows for table, file in self._files.items()}
        self._closed(self.index, ShardResult(self._blocks, rows, facts))

    def abandon(self) -> None:
        """Closes the files; they are about to be removed."""
        for file in self._files.values():
            with suppress(DatasetError):
                file.close()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    def _complete_rows(self) -> int:
        """Pending events of patients in complete blocks."""
        rows = 0
        boundary = self._next - self._next % BLOCK
        for chunk in self._pending:
            inside = min(max(boundary - chunk.first, 0), len(chunk))
            rows += int(chunk.event_counts[:inside].sum())
        return rows

    def _write_groups(self, chunk: Chunk) -> int:
        """Writes as many full row groups as there are; returns the patients written."""
        start = 0
        rows = 0
        for stop in range(BLOCK, len(chunk) + 1, BLOCK):
            rows += int(chunk.event_counts[stop - BLOCK : stop].sum())
            if rows >= GROUP_ROWS:
                self._write_group(chunk.slice(start, stop))
                start, rows = stop, 0
        return start

    def _write_group(self, chunk: Chunk) -> None:
        for start in range(0, len(chunk), BLOCK):
            block = chunk.slice(start, min(start + BLOCK, len(chunk)))
            self._blocks.append(self._digester.digest(block))
        builder = self._builder
        self._files["events"].append(builder.events(chunk))
        self._files["subjects"].append(builder.subjects(chunk))
        self._files["encounters"].append(builder.encounters(chunk))
        self._files["truth"].append(builder.truth(chunk))


def file_facts(path: Path, rows: int | None) -> dict[str, Any]:
    """What the manifest says of a file: rows (of a table), bytes, SHA-256."""
    facts: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    return facts if rows is None else {"rows": rows} | facts
