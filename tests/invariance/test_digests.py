"""The same bytes, whatever the workers, shards, chunks and processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simulator as sim
from simulator.compiler import compile_file
from simulator.compiler.flatten import flatten
from simulator.engine.windows import exchange
from simulator.store import Dataset
from tests.invariance.runs import files, patient, written

#: scenario and number of patients: several blocks of the digest each, one with an exchange of signals
POPULATIONS = {"neutral-w1": 8_000, "demo": 2_000, "community-influenza": 2_000}
CUTS: dict[str, dict[str, Any]] = {
    "two workers": {"workers": 2, "shard_size": 1_000},
    "four workers": {"workers": 4, "shard_size": 1_000},
    "small chunks": {"workers": 2, "shard_size": 1_000, "chunk_size": 137},
    "one shard in small chunks": {"chunk_size": 613},
}
SEED = 20


@pytest.fixture(scope="module", params=POPULATIONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def scenario(name: str, scenarios: Path) -> Path:
    return scenarios / f"{name}.yaml"


@pytest.fixture(scope="module")
def plain(name: str, scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """One worker, one shard, large chunks."""
    out = tmp_path_factory.mktemp("plain") / name
    return written(scenario, out, size=POPULATIONS[name], seed=SEED)


@pytest.fixture(scope="module")
def sharded(name: str, scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """One worker, a shard per thousand patients."""
    out = tmp_path_factory.mktemp("sharded") / name
    return written(scenario, out, size=POPULATIONS[name], seed=SEED, shard_size=1_000)


def test_one_shard_or_many(name: str, plain: Dataset, sharded: Dataset) -> None:
    assert plain.manifest["plan"]["shards"] == 1
    assert sharded.manifest["plan"]["shards"] == POPULATIONS[name] // 1_000
    assert plain.counts["events"] > POPULATIONS[name]
    assert plain.digest == sharded.digest
    assert plain.manifest["blocks"] == sharded.manifest["blocks"]


@pytest.mark.parametrize("cut", CUTS)
def test_workers_and_chunks(
    cut: str, name: str, scenario: Path, plain: Dataset, sharded: Dataset, tmp_path: Path
) -> None:
    other = written(scenario, tmp_path / "other", size=POPULATIONS[name], seed=SEED, **CUTS[cut])
    assert other.digest == plain.digest
    twin = plain if other.manifest["plan"]["shards"] == 1 else sharded
    assert files(other.path) == files(twin.path)


def test_another_seed_is_another_digest(name: str, scenario: Path, plain: Dataset, tmp_path: Path) -> None:
    other = written(scenario, tmp_path / "other", size=POPULATIONS[name], seed=SEED + 1)
    assert other.digest != plain.digest
    assert not set(other.manifest["blocks"]) & set(plain.manifest["blocks"])


@pytest.mark.parametrize("name", ["demo", "community-influenza"])
def test_two_processes(name: str, scenarios: Path, tmp_path: Path) -> None:
    """Also with another hash seed, by which Python orders sets."""
    path, size = scenarios / f"{name}.yaml", 300
    digests = {sim.run(path, size=size, seed=SEED, workers=1).digest}
    for hash_seed in ("1", "2"):
        command = [
            *(sys.executable, "-m", "simulator", "run", str(path), "--out", str(tmp_path / hash_seed)),
            *("--size", str(size), "--seed", str(SEED), "--workers", hash_seed, "--json"),
        ]
        env = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        digests.add(json.loads(done.stdout)["digest"])
    assert len(digests) == 1
    assert files(tmp_path / "1") == files(tmp_path / "2")


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_signals_do_not_depend_on_workers(workers: int, scenarios: Path) -> None:
    program = flatten(compile_file(scenarios / "community-influenza.yaml", size=600)[1])
    alone = exchange(program, SEED, workers=1)
    assert alone.any()
    assert np.array_equal(exchange(program, SEED, workers=workers), alone)


def test_a_patient_regenerated_alone(name: str, scenario: Path, plain: Dataset) -> None:
    size = POPULATIONS[name]
    for subject in (1, 1_000, 1_001, size):
        alone = sim.regenerate(scenario, subject, size=size, seed=SEED, workers=2)
        assert patient(alone) == patient(plain.patient(subject))
        assert len(alone.events) > 0
