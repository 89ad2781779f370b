"""What is legal but surely not meant is said once, where it is, and nothing else is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.compiler import check_file
from tests.compiler.lowered import PEOPLE, codes_of, findings_of

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml")) + sorted((ROOT / "scenarios").glob("stories/*.yaml"))

HBA1C = """
measurements:
  hba1c: {unit: "%", plausible: 3..20, value: {mean: 5.5, noise: 0.2}, source: made up}
attributes:
  smoker: {draw: {never: 60%, current: 40%, passive: 0%}, source: made up}
  bmi: {value: "normal(26, 4)", between: 14..60, unit: kg/m2, source: made up}
diseases:
  copd:
    source: made up
    onset: {rate: 0.01 per year, multiplied: [{by: 2, while: "CONDITION"}]}
    states: [mild, severe]
    course:
      - mild -> severe: {rate: 0.1 per year}
    diagnosis: [{at: clinic}]
care:
  clinic: {class: ambulatory, every: 1 year, measures: hba1c}
"""


def said_of(condition: str) -> list[str]:
    return [f.message for f in findings_of(HBA1C.replace("CONDITION", condition)).sorted()]


@pytest.mark.parametrize(
    "condition",
    [
        "age >= 40 years and age < 30 years",
        "not (age < 40 years or age >= 30 years)",
        "copd in [mild] and copd in [severe]",
        "copd in [severe] and not copd",
        "sex == male and sex == female",
        "smoker == passive",
        "date >= 2010-01-01 and year < 2009",
        "last hba1c > 65 %",
        "last hba1c < 3 % or last hba1c > 20 %",
        "last hba1c > 7 % and last hba1c <= 6 %",
        "bmi < 14 kg/m2",
        "month in [may] and not month in [may, june]",
        "count of copd.onset >= 2 and count of copd.onset < 2",
        "time since copd.onset > 1 year and time since copd.onset < 1 month",
        "ever copd.onset and not ever copd.onset",
        "age >= 400 years",
    ],
)
def test_a_condition_that_cannot_hold_is_said(condition: str) -> None:
    assert set(said_of(condition)) == {"this never holds"}


@pytest.mark.parametrize(
    "condition",
    ["sex in [male, female]", "age >= 0 years", "bmi >= 14 kg/m2", "age < 40 years or age >= 30 years"],
)
def test_a_condition_that_cannot_fail_is_said(condition: str) -> None:
    assert said_of(condition) == ["this always holds"]


@pytest.mark.parametrize(
    "condition",
    [
        "age >= 40 years and age < 50 years",
        "last hba1c >= 3 %",  # false as long as it was never measured
        "last hba1c > 7 % or not last hba1c > 7 % and age >= 40 years",
        "smoker != passive and sex == male",
        "copd in [mild] or copd in [severe]",
        "copd or bmi * 2 > 500 kg/m2",  # not understood: nothing is said
        "count of copd.onset in last 1 year >= 2 and count of copd.onset in last 5 years < 4",
        "time since copd.onset > 1 month and time since copd.onset < 1 year",
        "age >= 120 years",
    ],
)
def test_a_condition_that_may_hold_is_left_alone(condition: str) -> None:
    assert said_of(condition) == []


def test_of_a_long_condition_only_the_part_that_never_holds_is_shown() -> None:
    [found] = findings_of(
        HBA1C.replace("CONDITION", "sex == male and (bmi > 30 kg/m2 or smoker == passive)")
    ).items
    assert found.span.column - 1 == HBA1C.splitlines()[9].index("CONDITION") + len(
        "sex == male and (bmi > 30 kg/m2 or "
    )
    assert "share is 0" in found.remedy


def test_a_parameter_may_switch_a_condition_off() -> None:
    switch = "parameters: {youngest: {value: 400 years, source: made up}}\n"
    assert codes_of(switch + HBA1C.replace("CONDITION", "age >= youngest")) == []


STUCK = """
diseases:
  flu:
    source: made up
    onset: {rate: 0.1 per year}
    states: [ill]
    course: [{ill -> absent: {after: 7 days}}]
    diagnosis: [{at: clinic}]
treatments:
  oseltamivir: {source: made up, start: {when: flu diagnosed}}
  zanamivir: {source: made up, start: {when: ever on oseltamivir}}
care:
  clinic: {class: ambulatory, CLINIC}
  later: {class: ambulatory, on: clinic.visit}
"""


def test_only_the_first_of_a_chain_that_never_happens_is_said() -> None:
    found = findings_of(STUCK.replace("CLINIC", "every: 1 month, for: on zanamivir"))
    assert [(f.code, f.path) for f in found.sorted()] == [
        ("W317", "diseases.flu.diagnosis"),
        ("W317", "treatments.oseltamivir"),
        ("W317", "treatments.zanamivir"),
        ("W317", "care.clinic"),
    ]
    assert codes_of(STUCK.replace("CLINIC", "every: 1 month")) == []


def test_what_follows_from_another_warning_is_not_said_again() -> None:
    assert codes_of(STUCK.replace("CLINIC", "duration: 20 minutes")) == ["W309"]


def test_a_rare_onset_or_death_is_no_slow_rate() -> None:
    text = """
    diseases:
      cf:
        onset: {rate: 1e-6 per year}
        states: [mild]
        death: {mild: {rate: 1e-4 per year}}
        events: {bleed: {rate: 1e-5 per year}}
    """
    assert codes_of(text) == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenarios_have_no_warning(file: Path) -> None:
    assert check_file(file).sorted() == ()


# --- several mistakes at once -------------------------------------------------------------


def findings_in(path: Path, text: str) -> list[str]:
    file = path / "x.yaml"
    file.write_text(f"id: x\n{PEOPLE}{text}")
    return [f"{f.code} {f.path}" for f in check_file(file).sorted()]


def test_structure_and_meaning_are_told_in_one_go(tmp_path: Path) -> None:
    text = """
diseases:
  cf:
    source: made up
    onset: {rate: 0.1 per year}
    stats: [mild]
    diagnosis: [{at: clinic}]
  flu:
    source: made up
    onset: {rate: 0.1 per year, multiplied: [{by: 2, while: cf or asthma}]}
    states: [ill]
    course: [{ill -> absnt: {after: 7 days}}]
treatments:
  eti: {source: made up, start: {when: cf diagnosed}, effects: [{hazard: cf.death, by: 0.5}]}
care:
  clinic: {class: ambulatory, on: [cf.mild]}
  pharmacy_visit: {class: ambulatory, on: [eti.begun]}
"""
    assert findings_in(tmp_path, text) == [
        "E201 diseases.cf.stats",
        "E501 diseases.flu.onset.multiplied[0].while",
        "E503 diseases.flu.course[0]",
        "E507 treatments.eti.effects[0].hazard",
        "E505 care.pharmacy_visit.on",
    ]


def test_a_section_that_cannot_be_read_hides_only_itself(tmp_path: Path) -> None:
    text = """
measurements: [fev1]
diseases:
  flu: {source: made up, onset: {rate: 0.1 per yeer}, states: [ill]}
  cold: {source: made up, onset: {rate: 0.1 per year, multiplied: [{by: 2, while: fluu}]}, states: [ill]}
care:
  clinic: {class: ambulatory, for: last fev1 > 3 L, every: 1 year, measures: [fev1]}
"""
    found = findings_in(tmp_path, text)
    assert found[:2] == ["E203 measurements", "E311 diseases.flu.onset.rate"]
    assert "E501 diseases.cold.onset.multiplied[0].while" in found


def test_all_mistakes_of_one_expression_are_told() -> None:
    condition = "age > 3 and cf and last fev1 > 1 and copd in [bad, worse]"
    found = codes_of(HBA1C.replace("CONDITION", condition))
    assert found == ["E601", "E501", "E501", "E503", "E503"]


def test_an_attribute_that_has_errors_is_not_asked_for_its_categories() -> None:
    text = """
    attributes:
      extent: {draw: {local: 50%, distant: 50%}}
      stage: {draw: {by: [extent, stage], table: {local: {early: 100%}}}}
    diseases:
      flu: {onset: {rate: 0.1 per year, multiplied: [{by: 2, while: stage == early}]}, states: [ill]}
    care:
      clinic:
        class: ambulatory
        every: 1 year
        orders: {scan: {result: {by: [stage, result], table: {early: {clear: 100%}}}}}
    """
    assert codes_of(text) == ["E609"]


def test_one_name_for_two_things_is_one_finding() -> None:
    text = """
    diseases:
      cf: {onset: {rate: 0.1 per year}, states: [mild], events: {attack: {rate: 1 per year}}}
    treatments:
      cf: {start: {when: cf diagnosed}, effects: [{hazard: cf.attack, by: 0.5}]}
    """
    assert codes_of(text) == ["E506"]


# --- time ---------------------------------------------------------------------------------


def large(diseases: int) -> str:
    """Diseases that depend on one another, each with a treatment: 15 lines for each."""
    lines = ["diseases:"]
    for i in range(diseases):
        before = f"d{i - 1}" if i else "sex == male"
        lines.append(f"""\
  d{i}:
    source: made up
    codes: {{icd10cm: E11.9}}
    onset: {{rate: 0.01 per year, multiplied: [{{by: 2, while: age >= 40 years and {before}}}]}}
    states: [mild, severe]
    course:
      - mild -> severe: {{rate: 0.1 per year}}
      - severe -> mild: {{after: "weibull(median=2 years, shape=1.5)"}}
    death:
      severe: {{rate: 0.02 per year}}
    events:
      attack: {{rate: 1 per year, while: "d{i} in [severe]"}}
    diagnosis:
      - {{on: d{i}.onset, after: 1..6 months, visit: clinic}}""")
    lines.append("treatments:")
    for i in range(diseases):
        lines.append(f"""\
  t{i}:
    source: made up
    start: {{when: d{i} diagnosed and age >= 18 years}}
    effects: [{{hazard: d{i}.attack, by: 0.5}}]""")
    return "\n".join(
        [f"id: large\n{PEOPLE}", *lines, "care:\n  clinic: {class: ambulatory, on: d0.attack}\n"]
    )


MEASURE = """
import sys, time
from simulator.compiler import check_file
from simulator.errors import Findings
begin = time.process_time()
found = check_file(sys.argv[1])
print(len(found.items), time.process_time() - begin, "numba" in sys.modules, "pandas" in sys.modules)
"""


@pytest.mark.skipif(importlib.util.find_spec("yaml._yaml") is None, reason="YAML is read in Python")
def test_a_large_scenario_is_checked_at_once(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text(large(300))
    assert file.read_text().count("\n") > 5_000
    command = [sys.executable, "-c", MEASURE, str(file)]
    found, seconds, *loaded = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout.split()
    assert found == "0"
    assert loaded == ["False", "False"]
    # less than one when nothing else runs; a machine of 2 processors with 8 at work takes thrice as long
    assert float(seconds) < 4.0
