"""The content digest depends on what is in a dataset, and on nothing else."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.store import shard as shard_module
from simulator.store.chunk import EVENT_COLUMNS, FLAT, NULL, PATIENT_COLUMNS, Chunk
from simulator.store.columns import read_shard
from simulator.store.dataset import Dataset
from simulator.store.digest import BlockDigester, dataset_digest
from simulator.store.layout import MANIFEST, SHARDED, shard_path
from simulator.store.memory import MemoryLog
from simulator.store.recompute import decode, recompute_digest
from simulator.store.vocabulary import Code, Vocabulary
from simulator.store.writer import DatasetWriter
from tests.store import clinic
from tests.store.test_chunk import COLUMNS, same


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic.write(tmp_path_factory.mktemp("digest") / "clinic", signals=clinic.signals())


@pytest.mark.parametrize(("shard_size", "chunk_size"), [(1_000, 1_000), (2_000, 137), (3_000, 2_500)])
def test_shards_and_chunks_do_not_matter(
    shard_size: int, chunk_size: int, good: Path, tmp_path: Path
) -> None:
    other = clinic.write(
        tmp_path / "other", shard_size=shard_size, chunk_size=chunk_size, signals=clinic.signals()
    )
    assert Dataset(other).digest == Dataset(good).digest == recompute_digest(other)


def test_memory_and_disk_agree(good: Path) -> None:
    log = MemoryLog(
        [clinic.population()],
        clinic.VOCABULARY,
        clinic.PROVENANCE,
        communities=clinic.COMMUNITIES,
        signals=clinic.signals(),
    )
    assert log.digest == Dataset(good).digest


@settings(max_examples=10)
@given(cuts=st.sets(st.integers(1, 119), max_size=8), group=st.sampled_from([1, 400, 10**9]))
def test_files_do_not_depend_on_chunks(
    cuts: set[int], group: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cuts")
    everyone = clinic.population().slice(0, 120)
    old_block, old_group = shard_module.BLOCK, shard_module.GROUP_ROWS
    shard_module.BLOCK, shard_module.GROUP_ROWS = 20, group  # type: ignore[misc]
    try:
        written = [_write(folder / "whole", everyone, []), _write(folder / "cut", everyone, sorted(cuts))]
    finally:
        shard_module.BLOCK, shard_module.GROUP_ROWS = old_block, old_group  # type: ignore[misc]
    for table in SHARDED:
        whole, cut = ((path / shard_path(table, 0)).read_bytes() for path in written)
        assert whole == cut
    manifests = [json.loads((path / MANIFEST).read_text()) for path in written]
    assert manifests[0] == manifests[1]
    assert len(manifests[0]["blocks"]) == 6


def _write(out: Path, chunk: Chunk, cuts: list[int]) -> Path:
    with DatasetWriter(
        out, clinic.VOCABULARY, clinic.PROVENANCE, patients=len(chunk), shard_size=len(chunk), communities=2
    ) as dataset:
        with dataset.shard(0) as shard:
            for a, b in zip([0, *cuts], [*cuts, len(chunk)], strict=True):
                shard.write(chunk.slice(a, b))
        return dataset.finish()


def test_disk_gives_the_chunk_back(good: Path) -> None:
    read = decode(read_shard(good, 2), clinic.VOCABULARY, 2_000, 500)
    assert read is not None
    assert same(read, clinic.population().slice(2_000, 2_500))


@pytest.mark.parametrize("column", [c for c in COLUMNS if not c.endswith("_counts")])
def test_every_column_counts(column: str) -> None:
    part = clinic.population().slice(0, 50)
    values = getattr(part, column).copy()
    values[-1] = 3 if values[-1] != 3 else 4
    digester = BlockDigester(clinic.VOCABULARY)
    assert digester.digest(replace(part, **{column: values})) != digester.digest(part)


@pytest.mark.parametrize("column", sorted(FLAT))
def test_whose_rows_they_are_counts(column: str) -> None:
    part = clinic.population().slice(0, 50)
    counts = getattr(part, column).copy()
    counts[0] -= 1
    counts[1] += 1
    digester = BlockDigester(clinic.VOCABULARY)
    assert digester.digest(replace(part, **{column: counts})) != digester.digest(part)
    assert column in PATIENT_COLUMNS


def test_one_nan_is_as_good_as_another() -> None:
    part = clinic.population().slice(0, 50)
    values = part.ev_value.copy()
    other = np.array([0xFFC12345], dtype=np.uint32).view(np.float32)[0]
    values[np.isnan(values)] = other
    digester = BlockDigester(clinic.VOCABULARY)
    assert digester.digest(replace(part, ev_value=values)) == digester.digest(part)
    assert values.tobytes() != part.ev_value.tobytes()


def test_codes_that_read_the_same_are_the_same(tmp_path: Path) -> None:
    twin = Vocabulary(
        (*clinic.VOCABULARY.codes, Code("MEDS_BIRTH", "Birth once more")),
        clinic.VOCABULARY.encounters,
        clinic.VOCABULARY.processes,
        clinic.VOCABULARY.arrows,
    )
    part = clinic.population().slice(0, 50)
    other = replace(part, ev_code=np.where(part.ev_code == clinic.BIRTH, len(twin.codes) - 1, part.ev_code))
    log = MemoryLog([other.normalized()], twin, clinic.PROVENANCE, communities=clinic.COMMUNITIES)
    assert log.digest == MemoryLog([part], twin, clinic.PROVENANCE, communities=clinic.COMMUNITIES).digest
    assert recompute_digest(log.save(tmp_path / "twin")) == log.digest


def test_scenario_vocabulary_and_signals_count() -> None:
    signals = clinic.signals()
    louder = replace(signals, values=signals.values + 0.5)
    fewer = Vocabulary(clinic.VOCABULARY.codes, (), (), ())
    digests = {
        dataset_digest(clinic.VOCABULARY, "a", [b"1"]),
        dataset_digest(clinic.VOCABULARY, "b", [b"1"]),
        dataset_digest(clinic.VOCABULARY, "a", [b"2"]),
        dataset_digest(fewer, "a", [b"1"]),
        dataset_digest(clinic.VOCABULARY, "a", [b"1"], signals),
        dataset_digest(clinic.VOCABULARY, "a", [b"1"], louder),
    }
    assert len(digests) == 6


def test_known_digest() -> None:
    """The published definition, byte by byte: a digest may change only with a new format."""
    empty = clinic.population().slice(0, 0)
    one = replace(
        empty,
        **{name: np.array([NULL]) for name in ("birth", "death", "entry", "exit")},
        **{name: np.array([1]) for name in ("sex", "death_cause", "community", "event_counts")},
        **{name: np.array([0]) for name in ("encounter_counts", "truth_counts")},
        **{name: np.array([5]) for name in EVENT_COLUMNS},
    )
    patient = struct.pack("<2q 4q b2i 3q", 0, 1, NULL, NULL, NULL, NULL, 1, 1, 1, 1, 0, 0)
    event = struct.pack("<qifiqi", 5, 5, 5.0, 5, 5, 5)
    block = hashlib.sha256(patient + event).digest()
    assert BlockDigester(clinic.VOCABULARY).digest(one.normalized()) == block
    head = {"format": 1, "vocabulary": clinic.VOCABULARY.to_json(), "scenario": "abc"}
    line = json.dumps(head, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert dataset_digest(clinic.VOCABULARY, "abc", [block]) == hashlib.sha256(line + block).hexdigest()


def test_two_states_of_one_name_are_one() -> None:
    """Files hold names of states: a state that decides by chance and the one to stay in read the same."""
    chunk = clinic.population()
    process, states = next((i, s) for i, (_, s) in enumerate(clinic.VOCABULARY.processes) if len(s) > 1)
    last = len(states) - 1
    doubled = list(clinic.VOCABULARY.processes)
    doubled[process] = (doubled[process][0], (*states, states[last]))
    digester = BlockDigester(replace(clinic.VOCABULARY, processes=tuple(doubled)))
    moved = chunk.tr_to.copy()
    moved[(chunk.tr_process == process) & (chunk.tr_to == last)] = last + 1
    assert (moved != chunk.tr_to).any()
    assert digester.digest(replace(chunk, tr_to=moved)) == digester.digest(chunk)
