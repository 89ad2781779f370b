"""What docs/language.md says about putting scenarios together is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.compiler.lower import check_reading
from simulator.scenario import Scenario
from simulator.scenario.reading import Reading, read_text

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
USE, PARAMETERS, ARMS = re.findall(
    r"```yaml\n(.*?)```", TEXT.split("## Putting scenarios together")[1].split("\n## ")[0], re.DOTALL
)

CF = """
parameters: {onset_rate: {value: 1/3000, source: s}}
diseases:
  cf:
    onset: {at: birth, probability: onset_rate, source: s}
    states: [moderate, severe]
    course:
      - moderate -> severe: {rate: 0.1 per year, source: s}
      - severe -> moderate: {rate: 0.2 per year, source: s}
    events: {exacerbation: {rate: 1 per year, source: s}}
    diagnosis: [{at: [cf_clinic], probability: 90%, source: s}]
treatments:
  eti: {start: {when: cf diagnosed, uptake: 90%}, source: s}
attributes:
  bmi_trait: {value: "normal(25, 3)", unit: kg/m2, source: s}
measurements:
  bmi: {unit: kg/m2, plausible: 10..60, value: {mean: bmi_trait}, source: s}
  fev1: {unit: "%", plausible: 5..150, value: {mean: 95}, source: s}
care:
  cf_clinic: {class: ambulatory, every: 1 year, duration: 20 minutes, measures: [fev1]}
"""
TUMOUR = """
parameters: {growth: {value: 0.1 per year, source: s}}
diseases:
  tumour: {onset: {rate: growth, source: s}, states: [local]}
care:
  scan: {class: ambulatory, on: [tumour.onset]}
"""
PEOPLE = """
population:
  {from: 2000-01-01, to: 2010-01-01, age: 40 years, sex: {male: 50%, female: 50%}, history: from birth}
"""


def built(text: str) -> tuple[Scenario, Reading]:
    others = {"library/us-population": PEOPLE, "library/cystic-fibrosis": CF, "library/solid-tumour": TUMOUR}
    reading = read_text(f"id: example\n{text}", "example.yaml", {f"{k}.yaml": v for k, v in others.items()})
    findings = check_reading(reading)
    assert not findings.errors
    scenario, _ = reading.build()
    assert scenario is not None
    return scenario, reading


def test_files_that_are_used() -> None:
    scenario, _ = built(USE)
    assert list(scenario.diseases) == ["cf", "lung_tumour", "colon_tumour"]
    assert not scenario.diseases["cf"].events
    assert [(t.from_, t.to) for t in scenario.diseases["cf"].course] == [("moderate", "severe")]
    assert [m.measure for m in scenario.care["cf_clinic"].measures] == ["fev1", "bmi"]
    assert {"lung_scan", "colon_scan"} <= set(scenario.care)
    assert {"onset_rate", "lung_growth", "colon_growth"} <= set(scenario.parameters)


def test_parameters() -> None:
    scenario, _ = built(PEOPLE + PARAMETERS.replace("…", "s"))
    assert list(scenario.parameters) == ["onset_rate", "uptake", "fast"]


@pytest.mark.parametrize("arm", ["base", "no_eti", "early", "no_clinic_bmi"])
def test_arms(arm: str) -> None:
    text = "use: [library/us-population, library/cystic-fibrosis]\ncare: {cf_clinic: {+measures: [bmi]}}\n"
    text += "parameters: {uptake: 50%}\ndiseases: {cf: {onset: {probability: uptake}}}\n"
    _, reading = built(text + ARMS)
    assert arm in reading.arms
    scenario, findings = reading.build(arm=arm)
    assert scenario is not None, findings.errors
