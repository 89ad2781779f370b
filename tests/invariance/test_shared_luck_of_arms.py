"""Arms have the same patients, who share all their luck up to what is different."""

from __future__ import annotations

import pandas as pd
import pytest

import simulator as sim
from simulator.store import EventLog
from tests.invariance.runs import frame, same

PEOPLE = 400

SCENARIO = """
format: 1
id: trial
parameters:
  onset_rate: {value: 0.03 per year, source: made up}
population:
  from: 2000-01-01
  to: 2015-01-01
  age: "uniform(30 years, 70 years)"
  sex: {male: 50%, female: 50%}
mortality: {rate: 0.01 per year, source: made up}
diseases:
  stroke:
    codes: {icd10cm: I63.9}
    source: made up
    onset: {rate: onset_rate}
    states: [acute, chronic]
    course:
      - acute -> chronic: {after: "weibull(median=30 days, shape=2)"}
    death: {chronic: {rate: 0.05 per year}}
    diagnosis: [{at: [ward], probability: 90%}]
treatments:
  aspirin:
    codes: {rxnorm: "1191"}
    source: made up
    start: {when: stroke diagnosed, uptake: 60%}
    stop: [{rate: 0.1 per year}]
    effects: [{hazard: stroke.death, by: 0.2}]
care:
  ward: {class: inpatient, on: [stroke.onset], duration: 3 days}
  checkup: {class: ambulatory, every: 1 year}
arms:
  base: {title: usual care}
  untreated: {title: nobody is treated, change: {treatments: {aspirin: {start: {uptake: 0%}}}}}
  without: {remove: [treatments.aspirin]}
  rarer: {set: {onset_rate: 0.01 per year}}
"""


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EventLog]:
    path = tmp_path_factory.mktemp("arms") / "trial.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    names = ("base", "untreated", "without", "rarer")
    return {name: sim.run(path, size=PEOPLE, seed=5, arm=name) for name in names}


def before(log: EventLog, table: str, since: pd.Series) -> pd.DataFrame:
    """What is dated before an instant of each patient; all that is known of those who have none."""
    found = frame(log, table)
    return found[found["time"].isna() | ~(found["time"] >= found["subject_id"].map(since))]


def first(log: EventLog, process: str) -> pd.Series:
    """When a process first moved, by patient."""
    truth = frame(log, "truth")
    return truth[truth["process"] == process].groupby("subject_id")["time"].min()


@pytest.mark.parametrize("arm", ["untreated", "without"])
def test_nothing_differs_before_the_treatment_and_in_those_who_never_get_it(
    arms: dict[str, EventLog], arm: str
) -> None:
    base, other = arms["base"], arms[arm]
    events = frame(base, "events")
    begun = events[events["code"] == "RxNorm//1191"].groupby("subject_id")["time"].min()
    assert 20 < len(begun) < PEOPLE / 2
    truth = [before(log, "truth", begun) for log in (base, other)]
    if arm == "without":  # who would not take it is a process of its own
        truth[0] = truth[0][truth[0]["process"] != "aspirin"]
        truth[1] = truth[1][truth[1]["process"] != "aspirin"]
    assert same(*truth)
    assert same(before(base, "events", begun), before(other, "events", begun))
    untouched = frame(base, "subjects")[~frame(base, "subjects")["subject_id"].isin(begun.index)]
    counterpart = frame(other, "subjects")
    assert same(untouched, counterpart[counterpart["subject_id"].isin(untouched["subject_id"])])
    assert not same(frame(base, "subjects"), counterpart), "aspirin saves lives"


def test_a_rarer_disease_comes_later_in_everybody_and_to_nobody_else(arms: dict[str, EventLog]) -> None:
    usual, rarer = first(arms["base"], "stroke"), first(arms["rarer"], "stroke")
    assert 20 < len(rarer) < len(usual)
    assert set(rarer.index) <= set(usual.index)
    assert (rarer > usual[rarer.index]).all()
    assert same(before(arms["base"], "truth", usual), before(arms["rarer"], "truth", usual))


def test_the_base_is_the_scenario_and_an_arm_says_that_it_is_one(arms: dict[str, EventLog]) -> None:
    made = {name: log.manifest["provenance"] for name, log in arms.items()}
    assert made["base"]["options"] == {}
    assert made["untreated"]["options"] == {"arm": "untreated"}
    assert made["untreated"]["scenario"]["title"] == "trial: nobody is treated"
    assert made["untreated"]["command"].endswith("--arm untreated")
    assert len({log.digest for log in arms.values()}) == 4
