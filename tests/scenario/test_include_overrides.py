"""Overriding what is used: appending, removing, diamonds, parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import Finding
from simulator.scenario import load_scenario
from simulator.scenario.syntax import Number, Quantity, Rate
from tests.scenario.test_include import load, write

BASE = """
attributes:
  bmi: {value: 26, unit: kg/m2, source: s}
diseases:
  cf:
    onset: {at: birth, probability: 1/3000, source: s}
    states: [mild, severe]
    course:
      - mild -> severe: {rate: 0.1 per year, source: s}
      - severe -> mild: {rate: 0.2 per year, source: s}
    events:
      cough: {rate: 1 per year, source: s}
care:
  clinic: {class: ambulatory, measures: [weight, height]}
"""


def errors(path: Path) -> list[Finding]:
    scenario, findings = load_scenario(path)
    assert scenario is None
    return list(findings.errors)


# --- appending


def test_a_plus_adds_to_an_inherited_list(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [mixin, base]\ncare: {clinic: {+measures: [fev1]}}\n",
        mixin="care: {clinic: {+measures: [hba1c]}}\n",
        base=BASE,
    )
    scenario, _ = load(main)
    assert [m.measure for m in scenario.care["clinic"].measures] == ["weight", "height", "hba1c", "fev1"]


def test_what_is_added_below_is_replaced_with_the_list(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [mixin]\ncare: {clinic: {measures: [fev1]}}\n",
        mixin="use: base\ncare: {clinic: {+measures: [hba1c]}}\n",
        base=BASE,
    )
    scenario, _ = load(main)
    assert [m.measure for m in scenario.care["clinic"].measures] == ["fev1"]


def test_one_addition_reached_twice_is_added_once(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [one, two]\n",
        one="use: mixin\n",
        two="use: mixin\n",
        mixin="use: base\ncare: {clinic: {+measures: [hba1c]}}\n",
        base=BASE,
    )
    scenario, _ = load(main)
    assert [m.measure for m in scenario.care["clinic"].measures] == ["weight", "height", "hba1c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("care: {clinic: {+measure: [x]}}", "there is no list `measure`"),
        ("care: {ward: {class: inpatient, +measures: [x]}}", "there is no list `measures`"),
        ("+care: [x]", "`care` is not a list"),
        ("care: {clinic: {+measures: {x: 1}}}", "`+measures` is not given a list"),
        ("care: {clinic: {measures: [y], +measures: [x]}}", "`+measures` stands beside `measures`"),
    ],
)
def test_what_cannot_be_added(tmp_path: Path, text: str, message: str) -> None:
    main = write(tmp_path, main=f"id: main\nuse: base\n{text}\n", base=BASE)
    (finding,) = errors(main)
    assert finding.code == "E125"
    assert message in finding.message
    assert finding.span.line == 3


# --- removing


def test_removing_what_is_inherited(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="""
id: main
use: base
remove:
  - diseases.cf.events.cough
  - diseases.cf.course[severe  ->  mild]
  - care.clinic.measures[height]
  - attributes.bmi
attributes: {bmi: {draw: {low: 50%, high: 50%}, source: t}}
""",
        base=BASE,
    )
    scenario, _ = load(main)
    assert not scenario.diseases["cf"].events
    assert [(t.from_, t.to) for t in scenario.diseases["cf"].course] == [("mild", "severe")]
    assert [m.measure for m in scenario.care["clinic"].measures] == ["weight"]
    assert scenario.attributes["bmi"].value is None  # begun afresh


def test_removing_what_another_file_has_added(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main='id: main\nuse: [mixin, base]\nremove: ["care.clinic.measures[hba1c]"]\n',
        mixin="care: {clinic: {+measures: [hba1c, fev1]}}\n",
        base=BASE,
    )
    scenario, _ = load(main)
    assert [m.measure for m in scenario.care["clinic"].measures] == ["weight", "height", "fev1"]


@pytest.mark.parametrize(
    ("path", "nearest", "column"),
    [
        ("diseases.cf.event.cough", "events", 23),
        ("diseases.cf.course[mild -> sever]", "mild -> severe", 30),
        ("care.clinics", "clinic", 16),
        ("diseases.cf.course[5]", None, 30),
        ("diseases..cf", "diseases", 11),
        ("[", None, None),
    ],
)
def test_removing_what_is_not_there(
    tmp_path: Path, path: str, nearest: str | None, column: int | None
) -> None:
    main = write(tmp_path, main=f'id: main\nuse: base\nremove: ["{path}"]\n', base=BASE)
    (finding,) = errors(main)
    assert (finding.code, finding.nearest) == ("E126", nearest)
    assert column is None or finding.span.column == column


# --- diamonds

SIDES = {"base": BASE, "two": "use: base\n"}


def test_the_more_derived_file_wins(tmp_path: Path) -> None:
    for order in ("one, two", "two, one", "base, one", "one, base"):
        main = write(
            tmp_path,
            main=f"id: main\nuse: [{order}]\n",
            one="use: base\nattributes: {bmi: {value: 30}}\ncare: {clinic: {class: virtual}}\n",
            **SIDES,
        )
        scenario, findings = load(main)
        assert not findings.items
        assert scenario.attributes["bmi"].value == Number(30)
        assert scenario.care["clinic"].class_ == "virtual"


def test_what_the_more_derived_file_removes_is_gone(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [two, one]\n",
        one="use: base\nremove: [diseases.cf.events.cough, attributes.bmi]\n",
        **SIDES,
    )
    scenario, _ = load(main)
    assert not scenario.attributes
    assert not scenario.diseases["cf"].events


def test_an_override_of_an_override_wins_over_both(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [one, top]\n",
        top="use: [one, two]\nattributes: {bmi: {value: 31}}\n",
        one="use: base\nattributes: {bmi: {value: 30}}\n",
        **SIDES,
    )
    scenario, _ = load(main)
    assert scenario.attributes["bmi"].value == Number(31)


@pytest.mark.parametrize(
    ("one", "two", "path"),
    [
        ("attributes: {bmi: {value: 30}}", "attributes: {bmi: {value: 31}}", "attributes.bmi.value"),
        ("remove: [attributes.bmi]", "attributes: {bmi: {value: 31}}", "attributes.bmi"),
    ],
)
def test_two_files_that_override_differently_conflict(tmp_path: Path, one: str, two: str, path: str) -> None:
    text = {"one": f"use: base\n{one}\n", "two": f"use: base\n{two}\n", "base": BASE}
    (finding,) = errors(write(tmp_path, main="id: main\nuse: [one, two]\n", **text))
    assert (finding.code, finding.path) == ("E122", path)


# --- parameters of a used file

LIBRARY = """
parameters:
  onset_rate: {value: 0.02 per year, between: 0..0.1 per year, source: registry}
  stay: 3 days
diseases:
  tumour:
    onset: {rate: onset_rate, source: s}
    states: [local]
    course: [{local -> absent: {after: stay, source: s}}]
"""


def test_a_file_is_used_with_other_numbers(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [{file: library, with: {onset_rate: 2 * slow, stay: 5 days}}]\n"
        "parameters: {slow: {value: 0.01 per year, source: s}}\n",
        library=LIBRARY,
    )
    scenario, findings = load(main)
    assert not findings.items
    tumour = scenario.diseases["tumour"]
    assert getattr(tumour.onset.rate, "parameter", "") == "onset_rate"
    assert tumour.course[0].trigger.after == Quantity(5, "day")
    assert scenario.parameters["onset_rate"].source == "registry"


def test_this_file_may_set_the_parameter_too(tmp_path: Path) -> None:
    text = "id: main\nuse: library\nparameters: {onset_rate: 0.05 per year}\n"
    scenario, _ = load(write(tmp_path, main=text, library=LIBRARY))
    assert scenario.diseases["tumour"].onset.rate == Rate(Number(0.05), "year")
    (finding,) = errors(write(tmp_path, main=text.replace("0.05", "0.5")))
    assert (finding.code, finding.span.file) == ("E132", str(tmp_path / "main.yaml"))


def test_with_wins_over_the_file_that_is_reached_another_way(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [other, {file: library, with: {stay: 5 days}}]\n",
        other="use: library\n",
        library=LIBRARY,
    )
    scenario, _ = load(main)
    assert scenario.diseases["tumour"].course[0].trigger.after == Quantity(5, "day")


def test_with_an_unknown_parameter(tmp_path: Path) -> None:
    main = write(
        tmp_path, main="id: main\nuse: [{file: library, with: {onset: 3 per year}}]\n", library=LIBRARY
    )
    (finding,) = errors(main)
    assert (finding.code, finding.nearest, finding.span.line) == ("E128", "onset_rate", 2)


def test_a_curve_takes_the_place_of_another_kind_of_curve(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="""
id: m
use: base
diseases: {flu: {onset: {after: {kaplan_meier: {1 year: 90%, 5 years: 40%}}}}}
""",
        base="""
diseases:
  flu: {onset: {after: {empirical: {1 year: 10%, 3 years: 100%}}}, states: [ill], source: s}
""",
    )
    scenario, _ = load(main)
    after = scenario.diseases["flu"].onset.after
    assert "kaplan_meier" in repr(after)
    assert "empirical" not in repr(after)
