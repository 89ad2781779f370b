"""The Python face: the same verbs as the command line, typed and lazy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import simulator as sim
from simulator.errors import UsageError
from simulator.provenance import scenario_hash


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("numba", "numpy", "pandas", "pyarrow", "mesa", "yaml", "rich")
    code = f"import sys, simulator; print(sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_exists() -> None:
    for name in sim.__all__:
        assert getattr(sim, name) is not None
    assert dir(sim) == sorted(sim.__all__)
    with pytest.raises(AttributeError, match="module 'simulator' has no attribute 'rum'"):
        _ = sim.rum


def test_a_log_in_memory_equals_the_same_on_disk(scenarios: Path, tmp_path: Path) -> None:
    path = scenarios / "hypertension.yaml"
    told: list[sim.Progress] = []
    memory = sim.run(path, size=2_500, seed=5, workers=2, progress=told.append)
    disk = sim.run(path, size=2_500, seed=5, workers=1, out=tmp_path / "out")
    assert isinstance(memory, sim.MemoryLog)
    assert isinstance(disk, sim.Dataset)
    assert memory.digest == disk.digest
    frame = memory.to_pandas("events")
    assert len(frame) == disk.counts["events"]
    assert frame["subject_id"].nunique() == 2_500
    assert frame.equals(disk.to_pandas("events"))
    assert [state.done for state in told] == sorted(state.done for state in told)
    assert (told[-1].done, told[-1].total, told[-1].events) == (2_500, 2_500, len(frame))


def test_the_manifest_says_how_to_do_it_again(scenarios: Path, tmp_path: Path) -> None:
    path = scenarios / "hypertension.yaml"
    first = sim.run(path, size=30, seed=5, out=tmp_path / "first")
    assert isinstance(first, sim.Dataset)
    made = first.manifest["provenance"]
    assert (made["seed"], made["size"], made["scenario"]["main"]) == (5, 30, "hypertension.yaml")
    assert made["scenario"]["files"]["hypertension.yaml"] == path.read_text()
    assert made["scenario"]["hash"] == scenario_hash(made["scenario"]["files"])
    # the kept text alone is enough to write the same bytes
    for name, text in made["scenario"]["files"].items():
        copy = tmp_path / "kept" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
    again = sim.run(
        tmp_path / "kept" / made["scenario"]["main"],
        size=made["size"],
        seed=made["seed"],
        out=tmp_path / "again",
    )
    assert again.digest == first.digest
    assert (tmp_path / "again/manifest.json").read_bytes() == (tmp_path / "first/manifest.json").read_bytes()


def test_a_coupled_patient_regenerated_alone_is_the_same(scenarios: Path) -> None:
    path = scenarios / "community-influenza.yaml"
    log = sim.run(path, size=300, seed=2)
    assert log.counts["events"] > 0
    assert len(log.table("exchange")) > 0
    for patient in (1, 150, 300):
        alone, together = sim.regenerate(path, patient, size=300, seed=2), log.patient(patient)
        assert alone.subject == together.subject
        assert alone.events.to_pylist() == together.events.to_pylist()
        assert alone.truth.to_pylist() == together.truth.to_pylist()


def test_the_step_of_a_coupled_run_matters_and_is_kept(scenarios: Path) -> None:
    path = scenarios / "community-influenza.yaml"
    week = sim.run(path, size=300, seed=2, step="1 week")
    month = sim.run(path, size=300, seed=2, step="1 month")
    assert len(week.table("exchange")) > 3 * len(month.table("exchange"))
    assert week.manifest["provenance"]["options"] == {"step": "1 week"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": 0}, "0 is not a number of patients"),
        ({"seed": -1}, "seed -1 is out of range"),
        ({"step": "often"}, "`often` is not a length of time"),
    ],
)
def test_arguments_that_cannot_be(given: dict[str, object], said: str, scenarios: Path) -> None:
    with pytest.raises(UsageError, match=said):
        sim.run(scenarios / "hypertension.yaml", **({"size": 10} | given))  # type: ignore[arg-type]


def test_check_and_compile(scenarios: Path) -> None:
    path = scenarios / "hypertension.yaml"
    assert sim.check(path).errors == ()
    scenario, machine = sim.compile(path, size=77)
    assert scenario.id == machine.id
    assert machine.population.size == 77
