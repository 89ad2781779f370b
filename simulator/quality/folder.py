"""Checks of the folder: files, schemas, MEDS validity, words and splits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.provenance import scenario_hash
from simulator.quality.report import Tally
from simulator.schema import TABLES
from simulator.store.columns import integers, words
from simulator.store.layout import MEDS_DATASET, SINGLE, shard_path
from simulator.store.parquet import file_sha256
from simulator.store.recompute import read_signals
from simulator.store.splits import SPLITS, split_of
from simulator.store.tables import arrow_schema

_DAMAGE = (OSError, pa.ArrowException, ValueError)


def check_files(path: Path, manifest: dict[str, Any], tally: Tally) -> None:
    """V01–V04 and V10: files are there, unchanged, with the rows that the manifest counts."""
    files: dict[str, dict[str, Any]] = manifest["files"]
    for name, facts in files.items():
        file = path / name
        if not file.exists():
            tally.add("V01", name)
        elif file.stat().st_size != facts["bytes"] or file_sha256(file) != facts["sha256"]:
            tally.add("V03", name)
    for file in sorted(path.rglob("*.parquet")):
        name = file.relative_to(path).as_posix()
        if name not in files:
            tally.add("V02", name)
    for table in manifest["counts"]:
        expected = expected_paths(table, manifest)
        for name in [n for n in expected if n not in files]:
            tally.add("V01", f"{name} is not listed in the manifest")
        rows = {name: _row_count(path / name) for name in expected}
        for name, found in rows.items():
            listed = files.get(name, {}).get("rows")
            if found is not None and listed is not None and found != listed:
                tally.add("V04", f"{name} has {found} rows, the manifest says {listed}")
        total = sum(found or 0 for found in rows.values())
        if None not in rows.values() and total != manifest["counts"][table]:
            tally.add("V04", f"{table} has {total} rows, the manifest says {manifest['counts'][table]}")
    scenario = manifest["provenance"].get("scenario", {})
    if "files" in scenario and scenario_hash(scenario["files"]) != scenario.get("hash"):
        tally.add("V10", f"hash {scenario.get('hash')}")


def _row_count(file: Path) -> int | None:
    """Rows of a Parquet file; None if it cannot be read."""
    try:
        return int(pq.read_metadata(file).num_rows)
    except _DAMAGE:
        return None


def expected_paths(table: str, manifest: dict[str, Any]) -> list[str]:
    """Files that make up a table."""
    if table in SINGLE:
        return [SINGLE[table]]
    return [shard_path(table, shard) for shard in range(manifest["plan"]["shards"])]


def check_schema(path: Path, name: str, table: str, tally: Tally) -> bool:
    """V06–V07 for a file: readable, right columns and types. Returns whether its rows can be judged."""
    try:
        schema = pq.read_schema(path / name)
    except _DAMAGE as error:
        tally.add("V06", f"{name}: {str(error).splitlines()[0]}")
        return False
    expected = arrow_schema(table)
    right = True
    for field in expected:
        if field.name not in schema.names:
            tally.add("V07", f"{name} lacks column {field.name}")
            right = False
        elif schema.field(field.name).type != field.type:
            found = schema.field(field.name).type
            tally.add("V07", f"{name}: column {field.name} is {found}, expected {field.type}")
            right = False
    for extra in [n for n in schema.names if n not in expected.names]:
        tally.add("V07", f"{name} has a column {extra}, which is not defined")
    return right


def check_nulls(table: pa.Table, name: str, which: str, tally: Tally) -> bool:
    """V09: no nulls where a value is required. Returns whether the table can be judged further."""
    right = True
    for column in TABLES[which]:
        if column.nullable or not table.column(column.name).null_count:
            continue
        tally.add("V09", f"{name}: {table.column(column.name).null_count} nulls in {column.name}")
        right = False
    return right


def check_meds(path: Path, manifest: dict[str, Any], tally: Tally) -> str | None:
    """V08, by the `meds` package if it is installed, else by what the standard says.

    Returns: None, or why the package could not be used.
    """
    try:
        import meds
    except ImportError:
        _check_meds_by_hand(path, manifest, tally)
        return "the package `meds` is not installed (pip install meds); types and metadata were checked"
    for table, schema in (
        ("events", meds.DataSchema),
        ("codes", meds.CodeMetadataSchema),
        ("splits", meds.SubjectSplitSchema),
    ):
        for name in expected_paths(table, manifest):
            try:
                # the schema judges types and required columns: an empty table has them all
                schema.validate(pq.read_schema(path / name).empty_table())
            except OSError:
                continue  # reported as V01 or V06
            except Exception as error:  # flexible_schema raises kinds of its own
                tally.add("V08", f"{name}: {str(error).splitlines()[0]}")
    _check_meds_metadata(path, tally)
    return None


def _check_meds_by_hand(path: Path, manifest: dict[str, Any], tally: Tally) -> None:
    required = {
        "subject_id": pa.int64(),
        "time": pa.timestamp("us"),
        "code": pa.string(),
        "numeric_value": pa.float32(),
        "text_value": pa.large_string(),
    }
    for name in expected_paths("events", manifest):
        try:
            schema = pq.read_schema(path / name)
        except _DAMAGE:
            continue
        for column, type_ in required.items():
            if column not in schema.names or schema.field(column).type != type_:
                tally.add("V08", f"{name}: column {column} must be {type_}")
    _check_meds_metadata(path, tally)


def _check_meds_metadata(path: Path, tally: Tally) -> None:
    try:
        data = json.loads((path / MEDS_DATASET).read_text(encoding="utf-8"))
    except _DAMAGE as error:
        tally.add("V08", f"{MEDS_DATASET}: {error}")
        return
    for key in ("dataset_name", "dataset_version", "etl_name", "etl_version", "meds_version"):
        if not isinstance(data, dict) or not isinstance(data.get(key), str):
            tally.add("V08", f"{MEDS_DATASET}: {key} is missing or no text")


def described_codes(codes: pa.Table, tally: Tally) -> set[str]:
    """The codes of metadata/codes.parquet. V11 if one is there twice."""
    listed = words(codes, "code")
    numbers, counts = np.unique(listed.index, return_counts=True)
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        if count > 1:
            tally.add("V11", f"{listed.words[number]} is in {SINGLE['codes']} {count}×")
    return set(listed.words)


def check_splits(splits: pa.Table, patients: int, tally: Tally) -> None:
    """V61–V62: every subject once, in the split of its hash."""
    ids = integers(splits, "subject_id")
    found, counts = np.unique(ids, return_counts=True)
    tally.rows("V61", counts > 1, found, None, lambda i: f"in {counts[i]} rows of the splits")
    strange = (found < 1) | (found > patients)
    tally.rows("V61", strange, found, None, "in the splits, but not in the population")
    missing = np.setdiff1d(np.arange(1, patients + 1), found)
    tally.rows("V61", missing > 0, missing, None, "in no split")
    split = words(splits, "split").among({name: i for i, name in enumerate(SPLITS)})
    right = split_of(ids)
    tally.rows("V62", split != right, ids, None, lambda i: f"belongs to {SPLITS[right[i]]}")


def check_exchange(path: Path, manifest: dict[str, Any], tally: Tally) -> None:
    """V63: signals of a coupled run are finite and complete."""
    if "exchange" not in manifest["counts"]:
        return
    try:
        signals = read_signals(path)
    except _DAMAGE as error:
        tally.add("V63", f"{SINGLE['exchange']}: {error}")
        return
    if signals is None:
        return
    if signals.values.shape[2] != manifest["plan"]["communities"]:
        tally.add("V63", f"values of {signals.values.shape[2]} communities")
    if not np.isfinite(signals.values).all():
        tally.add("V63", f"{int((~np.isfinite(signals.values)).sum())} values are not finite")
