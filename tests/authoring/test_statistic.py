"""One statistic asked of a finished run from Python: what `expect:` counts, or one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulator as sim
from simulator.errors import UsageError
from tests.authoring.counted_log import CountedLog

STATEMENT = "prevalence of ill at 40..59 years"
TEXT = """
format: 1
id: asked
parameters: {onset_rate: {value: 0.05 per year, source: made up}}
population: {size: 100, from: 2000-01-01, to: 2010-01-01, age: 40 years, sex: {male: 50%, female: 50%}}
diseases:
  ill: {source: made up, onset: {rate: onset_rate}, states: [there]}
measurements:
  score: {unit: kg, plausible: 0..200, source: made up, value: {mean: 100, noise: 10}}
care:
  yearly: {class: ambulatory, rate: 1 per year, measures: [score]}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("asked") / "asked.yaml"
    path.write_text(f"{TEXT}expect:\n  {STATEMENT}: 1%..99%\n")
    return path


@pytest.fixture(scope="module")
def log(file: Path) -> sim.EventLog:
    return sim.run(file, seed=3)


def test_it_is_what_a_test_of_the_file_counts(file: Path, log: sim.EventLog) -> None:
    [judged] = sim.test(file, seed=3)
    found = sim.statistic(log, STATEMENT)
    assert found == sim.Statistic(STATEMENT, judged.value, judged.low, judged.high, 100, "share")
    assert found.value is not None
    assert 0.1 < found.value < 0.35  # 1 - (1 - e^(-at))/(at) = 0.213


def test_a_dataset_and_its_folder_give_the_same(file: Path, log: sim.EventLog, tmp_path: Path) -> None:
    log.save(tmp_path / "out")  # type: ignore[attr-defined]
    asked = "mean of score in 2005.. in females"
    here = sim.statistic(log, asked)
    assert here.unit == "kg"
    assert sim.statistic(sim.open(tmp_path / "out"), asked) == here == sim.statistic(tmp_path / "out", asked)


def test_what_was_set_for_the_run_counts(file: Path) -> None:
    log = sim.run(file, size=20, seed=3, set={"onset_rate": "50 per year"})
    found = sim.statistic(log, "prevalence  of ill in 2005..")
    assert (found.statement, found.value, found.n) == ("prevalence of ill in 2005..", 1.0, 20)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("prevalence of il", r"`prevalence of il`: there is no `il`\n  Did you mean `ill`\?"),
        ("rate of ill.onsett", r"there is no event `ill.onsett`\n  Did you mean `ill.onset`\?"),
        ("prevalence of ill at 60..69", r"`60..69` is not a range of ages\n  Expected ages at last birthday"),
        ("5-year survival after ill", r"not a statistic\n  Write `survival 5 years after ill`."),
        ("the number of cases", r"this is not a statistic\n  docs/targets.md says"),
        ("prevalence of score > 3 kg", r"the true value of score cannot be counted .*\n  use `last score`"),
        ("prevalence of ill in 1999", r"nothing is recorded then\n  Expected a time between 2000-01-01 and"),
        ("", r"this is not a statistic"),
    ],
)
def test_what_cannot_be_asked_is_one_error(log: sim.EventLog, statement: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sim.statistic(log, statement)


def test_a_log_must_hold_its_scenario() -> None:
    with pytest.raises(sim.SimulatorError, match="does not hold the scenario it was made from"):
        sim.statistic(CountedLog(), STATEMENT)


def test_a_log_of_a_scenario_that_cannot_be_read_any_more(log: sim.EventLog) -> None:
    other = CountedLog()
    made = log.manifest["provenance"]
    texts = {"asked.yaml": made["scenario"]["files"]["asked.yaml"].replace("onset:", "outset:")}
    other.manifest |= {"provenance": {"scenario": {"files": texts, "main": "asked.yaml"}}}
    with pytest.raises(sim.SimulatorError, match=r"is not one of this version: asked\.yaml:7"):
        sim.statistic(other, STATEMENT)
