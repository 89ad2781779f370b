"""`as:` – a file used under another name."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.scenario import load_scenario
from simulator.scenario.expression_text import format_expression as words
from simulator.scenario.syntax import Number, Rate
from tests.scenario.test_include import load, write

TUMOUR = """
use: common
parameters: {onset_rate: {value: 0.02 per year, source: s}}
attributes:
  gene: {draw: {carrier: 10%, other: 90%}, source: s}
  burden: {value: "normal(3, 1)", source: s}
diseases:
  tumour:
    title: a tumour of the gene
    codes: {icd10cm: C80.1}
    onset:
      rate: onset_rate
      multiplied:
        - {by: burden * 2, while: gene == carrier and age >= 40 years and common_cold}
        - {by: {by: [gene, sex], table: {carrier: {male: 2, female: 3}, other: 1}}}
      source: s
      to: early
    states: [early, late]
    course:
      - early -> late: {on: tumour.growth, if: "tumour in [early, tumour]", source: s}
    death: {late: {rate: 0.1 per year, source: s}}
    events: {growth: {rate: 1 per year, source: s}}
    diagnosis: [{at: [scan], if: last marker > 3 mg/dL, probability: 90%, source: s}]
measurements:
  marker:
    unit: mg/dL
    plausible: 0..9
    value: {mean: 5 - burden}
    source: s
treatments:
  drug:
    start: {when: tumour diagnosed and not on drug and count of tumour.growth in last 12 months >= 1}
    effects:
      - {hazard: tumour.early -> late, by: 0.5, source: s}
      - {hazard: "tumour.death", by: 0.5, source: s}
      - {measurement: marker, shift: -1, source: s}
    never_with: [drug, aspirin]
    source: s
care:
  scan:
    class: ambulatory
    on: [tumour.growth]
    measures: [{measure: marker, if: time since drug.started > 3 days}]
"""

COMMON = "diseases: {common_cold: {onset: {rate: 1 per year, source: s}, states: [ill]}}\n"


def test_every_name_of_the_file_gets_the_prefix_and_no_other(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [tumour, {file: tumour, as: lung, with: {onset_rate: 0.5 per year}}]\n",
        tumour=TUMOUR,
        common=COMMON,
    )
    scenario, findings = load(main)
    assert not findings.errors
    assert list(scenario.diseases) == ["common_cold", "tumour", "lung_tumour"]
    one, other = scenario.diseases["tumour"], scenario.diseases["lung_tumour"]
    assert (one.onset.rate, other.onset.rate) == (Rate(Number(0.02), "year"), Rate(Number(0.5), "year"))
    assert (other.title, other.states, other.onset.to) == ("a tumour of the gene", ["early", "late"], "early")
    first, second = other.onset.multiplied
    assert words(first.by) == "lung_burden * 2"  # type: ignore[arg-type]
    assert first.while_ is not None
    assert words(first.while_) == "lung_gene == carrier and age >= 40 years and common_cold"
    assert second.by.axes == ("lung_gene", "sex")  # type: ignore[union-attr]
    (arrow,) = other.course
    assert (arrow.from_, arrow.to) == ("early", "late")
    assert arrow.trigger.on is not None
    assert arrow.trigger.if_ is not None
    assert (words(arrow.trigger.on), words(arrow.trigger.if_)) == (
        "lung_tumour.growth",
        "lung_tumour in [early, tumour]",
    )
    (route,) = other.diagnosis
    assert route.at == ["lung_scan"]
    assert route.if_ is not None
    assert words(route.if_) == "last lung_marker > 3 mg/dL"
    drug = scenario.treatments["lung_drug"]
    assert drug.start is not None
    assert words(drug.start.when) == (
        "lung_tumour diagnosed and not on lung_drug and count of lung_tumour.growth in last 12 months >= 1"
    )
    assert [e.hazard or e.measurement for e in drug.effects] == [
        "lung_tumour.early -> late",
        "lung_tumour.death",
        "lung_marker",
    ]
    assert drug.never_with == ["lung_drug", "aspirin"]
    scan = scenario.care["lung_scan"]
    assert words(scan.on[0]) == "lung_tumour.growth"
    assert scan.measures[0].measure == "lung_marker"
    assert list(scenario.parameters) == ["onset_rate", "lung_onset_rate"]


def test_places_stay_those_of_the_file(tmp_path: Path) -> None:
    line = "  clinic: {class: ambulatory, for: cf diagnosed and age > 3 years, every: 'cf + cf   * / 3'}"
    text = "diseases:\n  cf: {onset: {rate: 1 per year, source: s}, states: [ill]}\ncare:\n" + line + "\n"
    main = write(tmp_path, main="id: main\nuse: [{file: tumour, as: lung}]\n", tumour=text)
    _, findings = load_scenario(main)
    (finding,) = findings.errors
    assert (finding.code, finding.span.line) == ("E302", 4)
    assert finding.span.column == line.index("/ 3") + 1
    assert finding.path == "care.lung_clinic.every"


def test_an_instance_is_overridden_by_its_new_names(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [{file: tumour, as: lung}]\nremove: [diseases.lung_tumour.death]\n"
        "diseases: {lung_tumour: {title: of the lung}}\nparameters: {lung_onset_rate: 3 per year}\n",
        tumour=TUMOUR,
        common=COMMON,
    )
    scenario, _ = load(main)
    assert (scenario.diseases["lung_tumour"].title, scenario.diseases["lung_tumour"].death) == (
        "of the lung",
        {},
    )
    assert scenario.diseases["lung_tumour"].onset.rate == Rate(Number(3), "year")


@pytest.mark.parametrize(
    ("use", "code"),
    [
        ("[{file: cold, as: a}, {file: cold, as: a}]", "E220"),
        ("[{file: cold, with: {}}, cold]", "E220"),
        ("[{file: cold, as: Lung}]", "E208"),
        ("[{file: cold, as: no}]", "E208"),
        ("[{file: cold, as: [a]}]", "E203"),
        ("[{file: cold, az: a}]", "E201"),
        ("[{as: a}]", "E202"),
        ("[{file: cold, with: 3}]", "E203"),
        ("[{file: cold, as: common}, common]", "E127"),
        ("[{file: cold, as: common}, {file: common, as: x}]", None),
        ("[nested]", "E201"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, use: str, code: str | None) -> None:
    cold = "diseases: {cold: {onset: {rate: 1 per year, source: s}, states: [ill]}}\n"
    main = write(
        tmp_path,
        main=f"id: main\nuse: {use}\n",
        cold=cold,
        common=COMMON,
        nested="use: [{file: cold, az: 1}]\n",
    )
    _, findings = load_scenario(main)
    assert {f.code for f in findings.errors} == ({code} if code else set())


def test_a_parameter_in_short_form_can_be_set_under_another_name(tmp_path: Path) -> None:
    gout = """
parameters: {flares: 0.5 per year}
diseases:
  gout:
    onset: {rate: 0.01 per year}
    states: [ill]
    events: {flare: {rate: flares}}
    source: s
"""
    main = write(
        tmp_path, main="id: m\nuse: [{file: gout, as: our, with: {flares: 0.7 per year}}]\n", gout=gout
    )
    scenario, _ = load(main)
    flare = scenario.diseases["our_gout"].events["flare"].rate
    assert flare == Rate(Number(0.7), "year")
