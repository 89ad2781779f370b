"""Writes a dataset, shard by shard, into a folder that appears whole or not at all.

Everything is written to a hidden sibling folder, ``.NAME.partial-PID``, which is renamed to
its place as the very last step. A run that fails or is told to stop removes its folder; one
that is killed leaves it behind, but nothing opens it.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from simulator.errors import DatasetError, UsageError
from simulator.store.chunk import SignalSeries
from simulator.store.digest import BlockDigester, dataset_digest
from simulator.store.layout import (
    BLOCK,
    FORMAT,
    KIND,
    MANIFEST,
    MEDS_DATASET,
    SHARDED,
    SINGLE,
    is_partial,
    partial_name,
    shard_count,
)
from simulator.store.manifest import is_dataset
from simulator.store.parquet import write_table
from simulator.store.providers import Staff
from simulator.store.shard import ShardResult, ShardWriter, file_facts
from simulator.store.tables import TableBuilder, code_table, exchange_table, provider_table, split_table
from simulator.store.vocabulary import Vocabulary


class DatasetWriter:
    """Writes the dataset `out`.

    Shard i holds patients ``i·shard_size`` … ``(i+1)·shard_size − 1``. Different shards may be
    written from different threads at the same time; conversion and compression release
    the GIL. Use it as a context manager: leaving it by an exception aborts.

    Args:
        out: the folder to make.
        vocabulary: what the chunks' indices stand for.
        provenance: from :func:`simulator.provenance.provenance`.
        patients: number of patients.
        shard_size: patients of a shard, a multiple of 1,000 unless one shard holds all.
        communities: number of communities.
        force: replace `out` if it is a dataset of ours. It is moved away at the final rename only.

    Raises:
        DatasetError: `out` exists and is not an empty folder (or, with `force`, not a dataset).
        UsageError: a number that cannot be.
    """

    def __init__(
        self,
        out: Path | str,
        vocabulary: Vocabulary,
        provenance: dict[str, Any],
        *,
        patients: int,
        shard_size: int,
        communities: int = 1,
        force: bool = False,
    ) -> None:
        self.out = Path(out)
        self.vocabulary = vocabulary
        self.provenance = provenance
        self.patients = patients
        self.shard_size = shard_size
        self.communities = communities
        self.force = force
        self._check_arguments()
        self._check_out()
        self.staff = Staff.of(vocabulary, communities)
        self._builder = TableBuilder(vocabulary, self.staff)
        self._digester = BlockDigester(vocabulary)
        self._lock = threading.Lock()
        self._open: dict[int, ShardWriter] = {}
        self._closed: dict[int, ShardResult] = {}
        self.partial = self._make_partial()

    @property
    def shards(self) -> int:
        """Number of shards."""
        return shard_count(self.patients, self.shard_size)

    def shard(self, index: int) -> ShardWriter:
        """The writer of a shard, to be used from one thread. Raises: UsageError if it was handed out."""
        if not 0 <= index < self.shards:
            raise UsageError(f"there is no shard {index}", remedy=f"shards are 0 to {self.shards - 1}")
        with self._lock:
            if index in self._open or index in self._closed:
                raise UsageError(f"shard {index} is written twice", remedy="ask once for every shard")
            first = index * self.shard_size
            patients = range(first, min(first + self.shard_size, self.patients))
            writer = ShardWriter(
                self.partial, index, patients, self._builder, self._digester, self._shard_closed
            )
            self._open[index] = writer
        return writer

    def finish(self, summary: dict[str, Any] | None = None, signals: SignalSeries | None = None) -> Path:
        """Writes metadata and manifest and puts the folder in its place.

        Args:
            summary: what the engine has to say, JSON-like; kept in the manifest, not in the digest.
            signals: what communities passed on, if the run was coupled.

        Returns: the dataset's folder.

        Raises: UsageError if a shard is missing; DatasetError if `out` has appeared meanwhile.
        """
        missing = [i for i in range(self.shards) if i not in self._closed]
        if missing:
            raise UsageError(
                f"{len(missing)} of {self.shards} shards are not closed, the first is {missing[0]}",
                remedy="write and close every shard before finish()",
            )
        results = [self._closed[i] for i in range(self.shards)]
        blocks = [digest for result in results for digest in result.blocks]
        scenario = self.provenance.get("scenario", {})
        digest = dataset_digest(self.vocabulary, str(scenario.get("hash", "")), blocks, signals)
        files = {path: facts for result in results for path, facts in result.files.items()}
        counts = {table: sum(result.rows[table] for result in results) for table in SHARDED}
        for table, rows in self._single_tables(signals).items():
            write_table(self.partial / SINGLE[table], table, rows)
            files[SINGLE[table]] = file_facts(self.partial / SINGLE[table], len(rows))
            counts[table] = len(rows)
        _write_json(self.partial / MEDS_DATASET, self._meds_metadata(digest))
        files[MEDS_DATASET] = file_facts(self.partial / MEDS_DATASET, None)
        manifest = {
            "kind": KIND,
            "format": FORMAT,
            "digest": digest,
            "counts": counts,
            "plan": {
                "patients": self.patients,
                "shard_size": self.shard_size,
                "shards": self.shards,
                "communities": self.communities,
                "block": BLOCK,
            },
            "provenance": self.provenance,
            "summary": summary or {},
            "vocabulary": self.vocabulary.to_json(),
            "blocks": [block.hex() for block in blocks],
            "files": dict(sorted(files.items())),
        }
        _write_json(self.partial / MANIFEST, manifest)
        self._put_in_place()
        return self.out

    def abort(self) -> None:
        """Gives up: removes what was written. Does nothing after :meth:`finish`."""
        with self._lock:
            writers = list(self._open.values())
            self._open.clear()
        for writer in writers:
            writer.abandon()
        shutil.rmtree(self.partial, ignore_errors=True)

    def __enter__(self) -> DatasetWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _check_arguments(self) -> None:
        if self.patients < 1 or self.communities < 1 or self.shard_size < 1:
            raise UsageError(
                f"patients={self.patients}, shard_size={self.shard_size}, communities={self.communities}",
                remedy="all three must be at least 1",
            )
        if self.shard_size % BLOCK and self.shard_size < self.patients:
            raise UsageError(
                f"shard_size {self.shard_size} is not a multiple of {BLOCK}",
                remedy=f"choose a multiple of {BLOCK}, which is a block of the content digest",
            )

    def _check_out(self) -> None:
        if is_partial(self.out.name):
            raise DatasetError(
                f"{self.out} has the name of an unfinished dataset", remedy="choose another name"
            )
        if not self.out.exists() or (self.out.is_dir() and not any(self.out.iterdir())):
            return
        if not self.force:
            raise DatasetError(
                f"{self.out} already exists", remedy="choose another folder, or say --force to replace it"
            )
        if not is_dataset(self.out):
            raise DatasetError(
                f"{self.out} is not a dataset of this program, so it is not replaced",
                remedy="choose another folder, or remove it yourself",
            )

    def _make_partial(self) -> Path:
        parent = self.out.parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            for attempt in range(1_000):
                path = parent / partial_name(self.out.name, os.getpid(), attempt)
                try:
                    path.mkdir()
                except FileExistsError:
                    continue
                return path
        except OSError as error:
            raise DatasetError(
                f"cannot write beside {self.out}: {error.strerror or error}",
                remedy="choose a folder that can be written to",
            ) from error
        raise DatasetError(f"{parent} is full of unfinished datasets", remedy="remove .*.partial-* there")

    def _single_tables(self, signals: SignalSeries | None) -> dict[str, pa.Table]:
        tables = {
            "providers": provider_table(self.staff),
            "codes": code_table(self.vocabulary),
            "splits": split_table(self.patients),
        }
        return tables if signals is None else tables | {"exchange": exchange_table(signals)}

    def _meds_metadata(self, digest: str) -> dict[str, Any]:
        """MEDS metadata. `created_at` is left out: the same run writes the same bytes."""
        return {
            "dataset_name": str(self.provenance.get("scenario", {}).get("id", "synthetic")),
            "dataset_version": digest[:16],
            "etl_name": "simulator",
            "etl_version": str(self.provenance.get("versions", {}).get("simulator", "unknown")),
            "meds_version": "0.4.1",
            "code_modifier_columns": ["unit", "status"],
            "other_extension_columns": ["end", "encounter_id", "provider_id", "cause"],
        }

    def _put_in_place(self) -> None:
        self._check_out()
        replaced: Path | None = None
        if self.out.exists() and any(self.out.iterdir()):
            replaced = self.partial.with_name(self.partial.name.replace(".partial-", ".replaced-"))
            os.rename(self.out, replaced)
        try:
            os.rename(self.partial, self.out)
        except OSError as error:
            if replaced is not None:
                os.rename(replaced, self.out)
            raise DatasetError(
                f"cannot move the finished dataset to {self.out}: {error.strerror or error}",
                remedy="choose a folder that can be written to",
            ) from error
        if replaced is not None:
            shutil.rmtree(replaced, ignore_errors=True)

    def _shard_closed(self, index: int, result: ShardResult) -> None:
        with self._lock:
            self._open.pop(index, None)
            self._closed[index] = result


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
