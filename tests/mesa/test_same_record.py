"""Stepping by hand and `simulator run` write the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import simulator as sim
from simulator import PopulationModel
from simulator.compiler.flatten import flatten
from simulator.errors import DatasetError, UsageError
from tests.mesa.conftest import SEED, Lived

Hospital = Callable[[str], Path]


def test_the_log_is_that_of_a_run(lived: Lived) -> None:
    log = lived.model.log()
    assert log.digest == lived.log.digest
    for table in ("events", "encounters", "subjects", "truth", "exchange"):
        assert log.table(table).equals(lived.log.table(table))
    assert log.digest != sim.run(lived.path, seed=SEED + 1).digest


@pytest.mark.parametrize("name", ["community-influenza", "seasonal-influenza"])
def test_the_log_of_shipped_scenarios(scenarios: Path, name: str) -> None:
    """Coupled in weekly steps with forty communities, and uncoupled with a past and monthly windows."""
    path = scenarios / f"{name}.yaml"
    model = PopulationModel(path, size=700, seed=4, workers=2).run()
    assert model.log().digest == sim.run(path, size=700, seed=4, workers=1).digest


def test_the_workers_change_nothing(hospital: Hospital) -> None:
    one, three = (PopulationModel(hospital("coupled"), seed=SEED, workers=n).run() for n in (1, 3))
    assert one.log().digest == three.log().digest
    assert np.array_equal(one.cohort.rows, three.cohort.rows)
    assert one.facility_frame().equals(three.facility_frame())


def test_size_and_step_are_honoured(hospital: Hospital) -> None:
    model = PopulationModel(hospital("coupled"), size=90, seed=5, step="2 weeks").run()
    assert model.steps == 13
    assert model.log().digest == sim.run(hospital("coupled"), size=90, seed=5, step="2 weeks").digest


def test_saving_writes_the_files_of_a_run(lived: Lived, tmp_path: Path) -> None:
    saved = lived.model.save(tmp_path / "saved")
    run = sim.run(lived.path, seed=SEED, out=tmp_path / "run")
    assert isinstance(run, sim.Dataset)
    assert saved.digest == run.digest
    names = sorted(p.relative_to(tmp_path / "run") for p in (tmp_path / "run").rglob("*") if p.is_file())
    assert len(names) > 5
    for name in names:
        assert (tmp_path / "saved" / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name
    assert sim.verify(tmp_path / "saved").ok
    with pytest.raises(DatasetError, match="already exists"):
        lived.model.save(tmp_path / "saved")
    assert lived.model.save(tmp_path / "saved", force=True).digest == run.digest


def test_a_program_in_place_of_a_file(hospital: Hospital, tmp_path: Path) -> None:
    """The same people; the record does not know the file they came from."""
    program = flatten(sim.compile(hospital("coupled"))[1])
    model = PopulationModel(program, seed=SEED).run()
    of_file = PopulationModel(hospital("coupled"), seed=SEED).run()
    assert model.log().events().equals(of_file.log().events())
    assert model.log().digest != of_file.log().digest
    assert model.save(tmp_path / "out").digest == model.log().digest
    with pytest.raises(UsageError, match="size and step of a Program are fixed"):
        PopulationModel(program, size=10)


def test_running_and_the_end(hospital: Hospital) -> None:
    model = PopulationModel(hospital("coupled"), size=30, seed=1)
    assert (model.running, model.finished, model.steps) == (True, False, 0)
    assert model.date.isoformat() == "2020-01-01T00:00:00"
    model.step()
    assert (model.date.isoformat(), model.steps) == ("2020-01-08T00:00:00", 1)
    with pytest.raises(UsageError, match=r"not finished: it has reached 2020-01-08(.|\n)*call run\(\)"):
        model.log()
    with pytest.raises(UsageError, match="not finished"):
        model.save("nowhere")
    assert model.run() is model
    assert (model.running, model.finished, model.steps) == (False, True, 26)
    assert model.date.isoformat() == "2020-07-01T00:00:00"
    with pytest.raises(UsageError, match="the period is over on 2020-07-01"):
        model.step()


@pytest.mark.parametrize(("seed", "message"), [(-1, "-1 is out of range"), (2**64, "is out of range")])
def test_seeds_that_cannot_be(hospital: Hospital, seed: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PopulationModel(hospital("coupled"), seed=seed)


def test_no_seed_is_not_taken_for_one(hospital: Hospital) -> None:
    """Mesa 3.4 and later hand over None where seeds were swept among the parameters."""
    with pytest.raises(UsageError, match=r"seed is None(.|\n)*rng=\[1, 2, 3\]"):
        PopulationModel(hospital("coupled"), seed=None)  # type: ignore[arg-type]
