"""The dataset on disk is a valid MEDS dataset, and reads as plain columns everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import meds
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from simulator.store.layout import SHARDED, SINGLE, shard_path
from simulator.store.tables import arrow_schema
from tests.store import clinic


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic.write(tmp_path_factory.mktemp("meds") / "clinic", signals=clinic.signals())


def test_data_metadata_and_splits_are_valid(good: Path) -> None:
    shards = sorted((good / meds.data_subdirectory).rglob("*.parquet"))
    assert len(shards) == 3
    for shard in shards:
        meds.DataSchema.validate(pq.read_table(shard))
    meds.CodeMetadataSchema.validate(pq.read_table(good / meds.code_metadata_filepath))
    meds.SubjectSplitSchema.validate(pq.read_table(good / meds.subject_splits_filepath))
    meds.DatasetMetadataSchema.validate(json.loads((good / meds.dataset_metadata_filepath).read_text()))


def test_codes_of_birth_and_death(good: Path) -> None:
    codes = pq.read_table(good / "data").column("code").to_pylist()
    assert codes.count(meds.birth_code) == clinic.PATIENTS
    assert codes.count(meds.death_code) == int((clinic.population().death_cause >= 0).sum())


def test_splits_are_those_of_the_standard(good: Path) -> None:
    split = pq.read_table(good / meds.subject_splits_filepath).column("split").unique().to_pylist()
    assert set(split) == {meds.train_split, meds.tuning_split, meds.held_out_split}


def test_extension_columns_are_declared(good: Path) -> None:
    metadata = json.loads((good / meds.dataset_metadata_filepath).read_text())
    declared = {*metadata["code_modifier_columns"], *metadata["other_extension_columns"]}
    own = {"subject_id", "time", "code", "numeric_value", "text_value"}
    assert declared == set(arrow_schema("events").names) - own


@pytest.mark.parametrize("table", [*SHARDED, *SINGLE])
def test_stored_schema_is_the_declared_one(table: str, good: Path) -> None:
    file = good / (SINGLE[table] if table in SINGLE else shard_path(table, 0))
    assert pq.read_schema(file) == arrow_schema(table)
    assert pq.read_table(file).schema == arrow_schema(table)
    assert pads.dataset(file).schema == arrow_schema(table)


def test_parquet_itself_says_string(good: Path) -> None:
    """Readers that do not know Arrow's metadata see strings too."""
    schema = pq.read_metadata(good / shard_path("events", 0)).schema
    for name in ("code", "text_value", "unit", "status", "cause"):
        column = schema.column(schema.names.index(name))
        assert (column.physical_type, column.logical_type.type) == ("BYTE_ARRAY", "STRING")


def test_pandas_reads_text(good: Path) -> None:
    frame = pd.read_parquet(good / shard_path("events", 0))
    assert frame.code.dtype == pd.Series(["a"]).dtype
    assert frame.time.dtype == "datetime64[us]"


def test_large_string_is_kept(good: Path) -> None:
    assert pq.read_schema(good / shard_path("events", 0)).field("text_value").type == pa.large_string()
