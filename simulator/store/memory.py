"""A log in memory: what `run` gives when it is not told to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from simulator.errors import UsageError
from simulator.store.chunk import Chunk, SignalSeries, concatenate
from simulator.store.digest import BlockDigester, dataset_digest
from simulator.store.layout import BLOCK, FORMAT, KIND
from simulator.store.log import EventLog
from simulator.store.providers import Staff
from simulator.store.tables import (
    TableBuilder,
    arrow_schema,
    code_table,
    exchange_table,
    provider_table,
    split_table,
)
from simulator.store.vocabulary import Vocabulary
from simulator.store.writer import DatasetWriter

#: patients of a shard of a saved log
SHARD_SIZE = 10_000


class MemoryLog(EventLog):
    """The log of a population that was kept in memory; same interface as `Dataset`.

    Args:
        chunks: all patients from number 0, in order. Their arrays are kept, not copied.
        vocabulary: what the chunks' indices stand for.
        provenance: from :func:`simulator.provenance.provenance`.
        communities: number of communities.
        signals: what communities passed on, if the run was coupled.
        summary: what the engine has to say.

    Raises: UsageError if the chunks do not begin at patient 0, have gaps, or are none.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        vocabulary: Vocabulary,
        provenance: dict[str, Any],
        *,
        communities: int = 1,
        signals: SignalSeries | None = None,
        summary: dict[str, Any] | None = None,
    ) -> None:
        if not chunks or chunks[0].first != 0:
            raise UsageError("a log begins with patient 0", remedy="hand over all chunks, in order")
        self._chunk = concatenate([chunk.normalized() for chunk in chunks])
        self._vocabulary = vocabulary
        self._signals = signals
        self._staff = Staff.of(vocabulary, communities)
        self._built: dict[str, pa.Table] = {}
        patients = len(self._chunk)
        self.manifest = {
            "kind": KIND,
            "format": FORMAT,
            "counts": {
                "events": int(self._chunk.event_counts.sum()),
                "subjects": patients,
                "encounters": int(self._chunk.encounter_counts.sum()),
                "truth": int(self._chunk.truth_counts.sum()),
            },
            "plan": {
                "patients": patients,
                "shard_size": SHARD_SIZE,
                "shards": 1,
                "communities": communities,
                "block": BLOCK,
            },
            "provenance": provenance,
            "summary": summary or {},
            "vocabulary": vocabulary.to_json(),
        }

    def save(self, out: Path | str, *, force: bool = False) -> Path:
        """Writes the log as a dataset. Raises: DatasetError as `DatasetWriter` does."""
        patients = len(self)
        with DatasetWriter(
            out,
            self._vocabulary,
            self.manifest["provenance"],
            patients=patients,
            shard_size=SHARD_SIZE,
            communities=self.manifest["plan"]["communities"],
            force=force,
        ) as writer:
            for index in range(writer.shards):
                first = index * SHARD_SIZE
                with writer.shard(index) as shard:
                    shard.write(self._chunk.slice(first, min(first + SHARD_SIZE, patients)))
            return writer.finish(self.manifest["summary"], self._signals)

    @cached_property
    def digest(self) -> str:
        """The content digest; equal to that of the same run on disk."""
        digester = BlockDigester(self._vocabulary)
        blocks = [
            digester.digest(self._chunk.slice(first, min(first + BLOCK, len(self))))
            for first in range(0, len(self), BLOCK)
        ]
        scenario = self.manifest["provenance"].get("scenario", {})
        return dataset_digest(self._vocabulary, str(scenario.get("hash", "")), blocks, self._signals)

    def _table(self, name: str, columns: list[str] | None, subjects: list[int] | None) -> pa.Table:
        if name not in self._built:
            self._built[name] = self._build(name)
        table = self._built[name]
        if subjects is not None:
            table = table.filter(pc.field("subject_id").isin(subjects))
        return table if columns is None else table.select(columns)

    def _build(self, name: str) -> pa.Table:
        builder = TableBuilder(self._vocabulary, self._staff)
        schema = arrow_schema(name, dictionary=True)
        builders: dict[str, Callable[[], pa.Table]] = {
            "events": lambda: builder.events(self._chunk),
            "subjects": lambda: builder.subjects(self._chunk),
            "encounters": lambda: builder.encounters(self._chunk),
            "truth": lambda: builder.truth(self._chunk),
            "providers": lambda: provider_table(self._staff),
            "codes": lambda: code_table(self._vocabulary),
            "splits": lambda: split_table(len(self)),
            "exchange": lambda: (
                schema.empty_table() if self._signals is None else exchange_table(self._signals)
            ),
        }
        return builders[name]().cast(schema)

    def __repr__(self) -> str:
        return self._describe("in memory")
