"""Damage done to a copy of a good dataset, and the manifest made to fit the damage.

With the manifest repaired, only the rule that the damage breaks can find it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.provenance import scenario_hash
from simulator.store.columns import read_shard
from simulator.store.digest import dataset_digest
from simulator.store.layout import MANIFEST, SINGLE, shard_path
from simulator.store.parquet import file_sha256, write_table
from simulator.store.recompute import DAMAGED, block_digests, read_signals
from simulator.store.tables import arrow_schema
from simulator.store.vocabulary import Vocabulary

NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}


class Copy:
    """A copy of a dataset that may be damaged."""

    def __init__(self, good: Path, path: Path) -> None:
        shutil.copytree(good, path)
        self.path = path

    def file(self, table: str, shard: int = 0) -> Path:
        return self.path / (SINGLE[table] if table in SINGLE else shard_path(table, shard))

    def read(self, table: str, shard: int = 0) -> pd.DataFrame:
        return pq.read_table(self.file(table, shard)).to_pandas(types_mapper=NULLABLE.get)

    def write(self, table: str, rows: pd.DataFrame, shard: int = 0) -> None:
        new = pa.Table.from_pandas(rows, schema=arrow_schema(table), preserve_index=False)
        write_table(self.file(table, shard), table, new)

    def change(self, table: str, edit: Callable[[pd.DataFrame], pd.DataFrame | None], shard: int = 0) -> None:
        """Rewrites a file with what `edit` makes of its rows (in place, or a new frame)."""
        rows = self.read(table, shard)
        edited = edit(rows)
        self.write(table, rows if edited is None else edited, shard)

    def rewrite(self, table: str, edit: Callable[[pa.Table], pa.Table], shard: int = 0) -> None:
        """Rewrites a file as pyarrow likes it, with another schema perhaps."""
        pq.write_table(edit(pq.read_table(self.file(table, shard))), self.file(table, shard))

    def manifest(self, edit: Callable[[dict[str, Any]], None]) -> None:
        file = self.path / MANIFEST
        data = json.loads(file.read_text())
        edit(data)
        file.write_text(json.dumps(data))

    def repair(self) -> None:
        """Makes hashes, counts and content digest of the manifest fit the files."""
        self.manifest(self._fit)

    def _fit(self, manifest: dict[str, Any]) -> None:
        for name, facts in manifest["files"].items():
            file = self.path / name
            if not file.exists():
                continue
            facts["bytes"] = file.stat().st_size
            facts["sha256"] = file_sha256(file)
            if "rows" in facts:
                facts["rows"] = pq.read_metadata(file).num_rows
        for table in manifest["counts"]:
            names = (
                [SINGLE[table]]
                if table in SINGLE
                else [shard_path(table, i) for i in range(manifest["plan"]["shards"])]
            )
            manifest["counts"][table] = sum(manifest["files"][n]["rows"] for n in names)
        scenario = manifest["provenance"]["scenario"]
        scenario["hash"] = scenario_hash(scenario["files"])
        vocabulary = Vocabulary.from_json(manifest["vocabulary"])
        blocks: list[bytes] = []
        plan = manifest["plan"]
        for index in range(plan["shards"]):
            first = index * plan["shard_size"]
            stop = min(first + plan["shard_size"], plan["patients"])
            try:
                blocks += block_digests(read_shard(self.path, index), vocabulary, first, stop)
            except (OSError, KeyError, pa.ArrowException):
                blocks += [DAMAGED] * len(range(first, stop, plan["block"]))
        manifest["blocks"] = [block.hex() for block in blocks]
        manifest["digest"] = dataset_digest(vocabulary, scenario["hash"], blocks, read_signals(self.path))


def pick(rows: pd.DataFrame, wanted: Any, nth: int = 0) -> int:
    """Number of the nth row that fulfils a condition."""
    return int(np.flatnonzero(pd.Series(wanted).astype("boolean").fillna(False).to_numpy(dtype=bool))[nth])
