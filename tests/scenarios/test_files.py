"""Every shipped scenario is free of findings, runs, and writes a dataset that breaks no rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

import simulator
from simulator.compiler.machine import ByRate

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "scenarios").glob("*.yaml"))
LIBRARY = sorted((ROOT / "scenarios" / "library").glob("*.yaml"))


def test_every_announced_scenario_is_there() -> None:
    assert {f.stem for f in FILES} >= {
        "us-population", "type-2-diabetes", "hypertension", "seasonal-influenza", "cystic-fibrosis",
        "community-influenza", "demo", "lifetimes", "neutral-w1", "pregnancy",
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_check_finds_nothing(file: Path) -> None:
    findings = simulator.check(file)
    assert [f"{f.span}: {f.code} {f.message}" for f in findings.sorted()] == []


@pytest.mark.parametrize("file", LIBRARY, ids=lambda f: f.stem)
def test_every_clinical_block_of_the_library_names_its_source(file: Path) -> None:
    parts = yaml.safe_load(file.read_text(encoding="utf-8"))
    kinds = ("attributes", "diseases", "treatments", "care")
    blocks = {f"{kind}.{name}": block for kind in kinds for name, block in parts.get(kind, {}).items()}
    measured = {n: b for n, b in parts.get("measurements", {}).items() if "title" in b}  # not mere additions
    blocks |= {f"measurements.{name}": block for name, block in measured.items()}
    assert [name for name, block in blocks.items() if "source" not in block] == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_small_run_breaks_no_rule(file: Path, tmp_path: Path) -> None:
    size = 400 if file.stem in ("neutral-w1", "community-influenza") else 60
    log = simulator.run(file, out=tmp_path / "data", size=size, seed=11)
    report = simulator.verify(tmp_path / "data")
    assert [f"{v.code} {v.title}: {v.count}" for v in report.violations] == []
    assert log.counts["subjects"] == size
    assert log.counts["events"] > size  # more than births


def test_lifetimes_are_long_enough_to_measure_speed_with(scenarios: Path) -> None:
    _, machine = simulator.compile(scenarios / "lifetimes.yaml")
    log = simulator.run(scenarios / "lifetimes.yaml", size=200, seed=5)
    assert len(machine.processes) >= 12
    assert log.counts["events"] / len(log) >= 300
    subjects = log.to_pandas("subjects")
    assert subjects.death.notna().all()  # nobody outlives the scenario
    assert (subjects.birth == np.datetime64("1980-01-01")).all()


def test_w1_is_the_workload_of_the_benchmarks(scenarios: Path) -> None:
    _, machine = simulator.compile(scenarios / "neutral-w1.yaml")
    laws = {
        arrow.name: arrow.trigger.base.rates[0]
        for process in machine.processes
        for state in process.states
        for arrow in state.arrows
        if isinstance(arrow.trigger, ByRate)
    }
    assert laws == {
        "chronic: onset": (0.010, 50.0, 0.040),
        "chronic: mild -> moderate": (0.08, 50.0, 0.015),
        "chronic: moderate -> severe": (0.12, 50.0, 0.015),
        "chronic: severe -> death": (0.20, 50.0, 0.020),
        "mortality: death": (6e-5, 0.0, 0.09),
    }
    assert (machine.population.size, machine.population.step) == (1_000_000, 0)  # 0: calendar months
