"""`parameters:` – named constants, checked as if they were written where they are named."""

from __future__ import annotations

import datetime as dt

import pytest

from simulator.errors import Finding, Findings
from simulator.scenario import Scenario, parse_scenario
from simulator.scenario.parameters import text_of
from simulator.scenario.syntax import Binary, Number, Quantity, Range, Rate

PARAMETERS = """
id: main
parameters:
  onset_rate: {value: 0.02 per year, between: 0.001..0.1 per year, source: registry}
  uptake: {value: 90%, source: trial}
  wait: {value: 3 months, source: trial}
  approval: {value: 2019-10-21, source: agency}
  people: {value: 500, source: design}
  digits: {value: 2, source: design}
  fast: {value: 2 * onset_rate, source: derived}
population: {size: people, from: 2000-01-01, to: approval, age: 30 years, sex: {male: 50%, female: 50%}}
diseases:
  cf:
    onset: {rate: onset_rate * 3, source: s}
    states: [mild, severe]
    course: [{mild -> severe: {after: 0..wait, source: s}}]
    death: {severe: {rate: fast, source: s}}
measurements:
  fev1: {unit: "%", plausible: 5..150, precision: digits, value: {mean: 95}, source: s}
treatments:
  eti:
    available: approval
    start: {when: count of cf.onset in last wait >= 1, uptake: uptake}
    source: s
care:
  clinic: {class: ambulatory, at: [wait], measures: [fev1]}
"""


def load(text: str, **given: object) -> tuple[Scenario, Findings]:
    scenario, findings = parse_scenario(text, **given)  # type: ignore[arg-type]
    assert scenario is not None, findings.errors
    return scenario, findings


def refused(text: str, **given: object) -> Finding:
    """The one error in a text."""
    scenario, findings = parse_scenario(text, **given)  # type: ignore[arg-type]
    assert scenario is None
    (finding,) = findings.errors
    return finding


def test_a_parameter_stands_wherever_its_value_could() -> None:
    scenario, findings = load(PARAMETERS)
    assert not findings.items
    cf, eti = scenario.diseases["cf"], scenario.treatments["eti"]
    rate = Rate(Number(0.02), "year")
    assert cf.onset.rate == Binary("*", rate, Number(3))
    assert cf.course[0].trigger.after == Range(Quantity(0, "month"), Quantity(3, "month"))
    assert cf.death["severe"].rate == Binary("*", Number(2), rate)
    assert scenario.population is not None
    assert (scenario.population.size, scenario.population.to) == (500, dt.date(2019, 10, 21))
    assert scenario.measurements["fev1"].precision == 2
    assert eti.start is not None
    assert (eti.available, eti.start.uptake) == (dt.date(2019, 10, 21), Quantity(90, "%"))
    assert isinstance(eti.start.when, Binary)
    assert getattr(eti.start.when.left, "within", None) == Quantity(3, "month")
    assert scenario.care["clinic"].at == [Quantity(3, "month")]


def test_values_from_outside_take_the_place_of_the_files() -> None:
    given = {"onset_rate": "0.05/year", "uptake": 0.5, "approval": dt.date(2012, 1, 31), "people": 7}
    scenario, findings = load(PARAMETERS, settings=given)
    assert not findings.items
    assert scenario.diseases["cf"].death["severe"].rate == Binary("*", Number(2), Rate(Number(0.05), "year"))
    eti = scenario.treatments["eti"]
    assert eti.start is not None
    assert eti.start.uptake == Number(0.5)
    assert eti.available == dt.date(2012, 1, 31)
    assert scenario.population is not None
    assert scenario.population.size == 7


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.03/year", "0.03 per year"),
        ("5 / 1000 / years", "5 / 1000 per year"),
        ("50%", "50%"),
        (1e-7, "1e-07"),
        (dt.datetime(2020, 1, 2, 3), "2020-01-02"),
    ],
)
def test_values_as_they_are_typed(value: str | float | dt.date, text: str) -> None:
    assert text_of(value) == text


def test_a_finding_says_where_the_name_is_and_where_the_value_is() -> None:
    text = PARAMETERS.replace("available: approval", "available: uptake")
    finding = refused(text)
    assert (finding.code, finding.path, finding.span.line) == ("E207", "treatments.eti.available", 22)
    assert "`uptake` is a parameter; its value is given at <scenario>:5:19" in finding.remedy


def one(value: str, more: str = "") -> str:
    return (
        f"id: x\nparameters:\n  a: {{value: {value}, source: s}}\n{more}mortality: {{rate: a, source: s}}\n"
    )


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        (one("age"), "E130", 14),
        (one("b", "  b: {value: c, source: s}\n  c: {value: b, source: s}\n"), "E131", None),
        (one("1 year + 3"), "E130", 14),
        (one("1 / 0"), "E130", 14),
        (one("log(0)"), "E130", 14),
        (one('"uniform(1, 2)"'), "E130", 15),
        (one("2 per year, between: 0..1 per year"), "E132", 14),
        (one("2 per year, between: 0..1"), "E133", 14),
        (one("2 per year, between: 3 per year"), "E133", 35),
        (one("40%, between: 0..30%"), "E132", 14),
    ],
)
def test_values_that_cannot_be(text: str, code: str, column: int | None) -> None:
    _, findings = parse_scenario(text)
    found = [f for f in findings.errors if f.code == code]
    assert found, findings.errors
    assert column is None or found[0].span.column == column


def test_bounds_compare_values_in_other_units() -> None:
    load(one("0.5 per month, between: 5..7 per year"))
    assert refused(one("0.5 per month, between: 7..8 per year")).code == "E132"


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ("attributes: {a: {value: 1, source: s}}", "one of the attributes"),
        ("attributes: {x: {draw: {a: 1}, source: s}}", "a category of `x`"),
        ("diseases: {d: {onset: {rate: a}, states: [a], source: s}}", "a state of `d`"),
    ],
)
def test_a_name_is_one_thing(other: str, what: str) -> None:
    finding = refused(one("0.1 per year") + other)
    assert finding.code == "E129"
    assert what in finding.message


def test_a_parameter_that_nothing_uses_is_doubtful() -> None:
    _, findings = load(one("0.1 per year", "  b: {value: 3, source: s}\n"))
    assert [(f.code, f.path) for f in findings.items] == [("W202", "parameters.b")]


def test_an_unknown_parameter_is_told_its_nearest() -> None:
    finding = refused(one("0.1 per year"), settings={"aa": 3})
    assert (finding.code, finding.nearest, finding.span.file) == ("E128", "a", "--set aa")


def test_a_number_without_a_source_is_still_one_under_a_name() -> None:
    sourced = "id: x\nparameters: {a: {value: 0.1 per year, source: s}}\nmortality: {rate: a}\n"
    _, findings = load(sourced)
    assert not findings.items
    _, findings = load(sourced.replace(", source: s", ""))
    assert [f.code for f in findings.items] == ["W201"]


def test_values_that_double_one_another_do_not_explode() -> None:
    chain = "".join(f"  p{i}: p{i + 1} + p{i + 1}\n" for i in range(15))
    _, findings = parse_scenario(f"id: x\nparameters:\n{chain}  p15: 1\nmortality: {{rate: p0 per year}}\n")
    assert {f.code for f in findings.errors} == {"E130"}


def test_a_long_chain_of_parameters_is_refused() -> None:
    chain = "".join(f"  p{i}: p{i + 1}\n" for i in range(3000))
    _, findings = parse_scenario(f"id: x\nparameters:\n{chain}  p3000: 1\n")
    assert "E131" in {f.code for f in findings.errors}
