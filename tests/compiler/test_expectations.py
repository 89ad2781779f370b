"""What the independent checker is told of a scenario."""

from __future__ import annotations

import pytest

from simulator.compiler import lower
from simulator.compiler.expectations import expectations, needed_diagnoses
from simulator.errors import Findings
from simulator.scenario import parse_scenario
from simulator.scenario.expression import parse_text

SCENARIO = """\
id: x
population: {size: 10, from: 2000-01-01, to: 2010-01-01, age: 40 years, sex: {male: 1, female: 0}, HISTORY}
diseases:
  cf:
    codes: {icd10cm: E84.9}
    onset: {rate: 0.1 per year}
    states: [mild, severe]
    course: [mild -> severe: {rate: 0.1 per year}]
    diagnosis: [{on: cf.onset, after: 1 month, visit: clinic}]
  cold:
    codes: {icd10cm: J00}
    onset: {rate: 1 per year}
    states: [ill]
    course: [ill -> absent: {after: 5 days}]
    diagnosis: [{on: cold.onset, after: 1 day, visit: clinic}]
measurements:
  fev1: {codes: {loinc: 20150-9}, unit: "%", plausible: 5..150, precision: 0, value: {mean: 95}}
treatments:
  eti: {codes: {rxnorm: "2256950"}, available: 2005-10-21, start: {when: cf diagnosed and age >= 2 years}}
  spray:
    codes: {rxnorm: "1"}
    start: {when: cold diagnosed or cf diagnosed}
    stop: [{after: 5 days}]
    again: 1 day
care:
  clinic: {class: ambulatory, measures: [fev1]}
"""


def told(history: str) -> dict[str, object]:
    findings = Findings()
    scenario, loaded = parse_scenario(SCENARIO.replace("HISTORY", history))
    assert scenario is not None, loaded.items
    machine = lower(scenario, findings)
    assert machine is not None, findings.items
    return expectations(scenario, machine)


def test_bounds_units_and_approval() -> None:
    found = told("history: from birth")
    assert found["code_bounds"] == {"LOINC//20150-9": [5.0, 150.0]}
    assert found["precision"] == {"LOINC//20150-9": 0}
    assert found["units"] == {"LOINC//20150-9": "%"}
    approval = 1_129_852_800_000_000  # 2005-10-21T00:00Z
    assert found["available"] == {"RxNorm//2256950|active": approval, "RxNorm//2256950|stopped": approval}


def test_an_indication_that_may_lie_before_the_record_is_not_demanded() -> None:
    """A cold passes: its diagnosis is not on the problem list, and may be from before `from`."""
    found = told("history: from birth")
    assert found["requires_diagnosis"] == {"RxNorm//2256950|active": {"all": ["ICD10CM//E84.9"]}}


def test_a_stop_needs_its_start_only_if_starts_are_all_recorded() -> None:
    everything = {
        "RxNorm//2256950|stopped": "RxNorm//2256950|active",
        "RxNorm//1|stopped": "RxNorm//1|active",
    }
    assert told("history: none")["stops"] == everything
    del everything["RxNorm//1|stopped"]
    assert told("history: from birth")["stops"] == everything


def test_states_that_nothing_leaves() -> None:
    assert told("history: none")["absorbing"] == {"cf": ["severe"]}


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("a diagnosed", ["a"]),
        ("a diagnosed and age >= 2 years", ["a"]),
        ("a diagnosed or b diagnosed", ["ab"]),
        ("a diagnosed and (b diagnosed or c diagnosed)", ["a", "bc"]),
        ("(a diagnosed and b diagnosed) or c diagnosed", ["ac", "bc"]),
        ("a diagnosed or age >= 60 years", []),
        ("not a diagnosed", []),
        ("age >= 2 years", []),
    ],
)
def test_needed_diagnoses(text: str, groups: list[str]) -> None:
    findings = Findings()
    tree = parse_text(text, findings, "<test>")
    assert tree is not None, findings.items
    assert sorted("".join(sorted(group)) for group in needed_diagnoses(tree)) == groups


RECORDS = """\
id: x
population: {size: 10, from: 2000-01-01, to: 2010-01-01, age: 40 years, HISTORY}
attributes:
  smoker: {draw: {never: 60%, current: 40%}, codes: {loinc: 72166-2}}
  secret: {draw: {a: 50%, b: 50%}}
diseases:
  appendicitis:
    codes: {icd10cm: K35.80}
    onset: {rate: 0.1 per year}
    states: [acute]
    course: [acute -> absent: {after: 9 days}]
    diagnosis:
      - on: appendicitis.onset
        visit: gp
        mistaken_for: [{title: gastroenteritis, codes: {icd10cm: A09}, probability: 40%, lasts: 1 day}]
  diabetes:
    codes: {icd10cm: E11.9}
    onset: {rate: 0.1 per year}
    states: [present]
    diagnosis: [{at: [gp], false_positive: 4%, refuted: 30 days}, {at: [gp]}]
immunisations:
  mmr: {codes: {cvx: "03"}, schedule: [12..15 months, 4..6 years], at: [gp]}
  influenza: {codes: {cvx: "150"}, every: 1 year, from: 65 years, months: [october], at: [gp]}
treatments:
  metformin: {codes: {rxnorm: "6809"}, start: {when: diabetes diagnosed}, supply: 30 days}
  saline: {codes: {rxnorm: "9863"}, start: {when: diabetes diagnosed}, supply: 30 days}
pathways:
  infusion: {start: {on: [appendicitis.onset]}, steps: [{give: [saline]}]}
care:
  gp: {class: ambulatory, every: 6 months}
"""


def test_what_a_record_must_agree_with() -> None:
    findings = Findings()
    scenario, loaded = parse_scenario(RECORDS.replace("HISTORY", "history: from birth"))
    assert scenario is not None, loaded.items
    machine = lower(scenario, findings)
    assert machine is not None, findings.items
    found = expectations(scenario, machine)
    # who is diagnosed by a test that may be wrong need not have it
    assert found["truly"] == {"ICD10CM//K35.80|active": "appendicitis"}
    # what is given in a pathway bears the status of what is dispensed
    assert found["supplies"] == {"RxNorm//6809|completed": "RxNorm//6809|active"}
    assert found["doses"] == {"CVX//03": {"age": 1.0, "apart": 28.0}, "CVX//150": {"age": 65.0}}
    assert found["facts"] == [
        ["SEX//male", "SEX//female"],
        ["LOINC//72166-2//never", "LOINC//72166-2//current"],
    ]
    # a wrong diagnosis of what passes may lie before the period, unrecorded
    refuted = {key: value for key, value in found["stops"].items() if key.endswith("refuted")}
    assert refuted == {"ICD10CM//E11.9|refuted": "ICD10CM//E11.9|active"}
