"""What people write from habit, and what they are told to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator import units
from simulator.errors import Findings
from simulator.scenario import habits, load_scenario
from simulator.scenario.expression import parse_text
from simulator.scenario.habits_statistics import statistic
from simulator.scenario.statement import parse_statement
from simulator.scenario.syntax import Number, Quantity

EXPRESSIONS = {
    "1 in 57,000": "1/57_000",
    "1:57000": "1/57000",
    "5%/year": "5% per year",
    "0.01 per annum": "0.01 per year",
    "1% a year": "1% per year",
    "1% p.a.": "1% per year",
    "2 per 100,000 person-years": "2 / 100_000 per year",
    "2 per 100000 per year": "2 / 100000 per year",
    "3 per 100,000 live births": "3/100_000",
    "1 per 2 weeks": "1/2 per week",
    "0 to 90 years": "0..90 years",
    "0-90 yrs": "0..90 years",
    "6 months to 1 year": "6 months..1 year",
    "30 years (SD 12)": '"normal(30 years, 12 years)"',
    "mean 30 years SD 12 years": '"normal(30 years, 12 years)"',
    "median 30 years": '"lognormal(median=30 years, sigma=0.5)"',
    "normal(30, 12) years": '"normal(30 years, 12 years)"',
    "6 months +/- 1 month": "6 months ± 1 month",
    "30y": "30 years",
    "every 2 weeks": "1/2 per week",
    "every other week": "1/2 per week",
    "once daily": "1 per day",
    "twice a week": "2 per week",
    "pompe is diagnosed": "pompe diagnosed",
    "pompe is mild": "pompe == mild",
    "last ck between 10 U/L and 20 U/L": "last ck >= 10 U/L and last ck < 20 U/L",
    "6 months after pompe.diagnosed": "time since pompe.diagnosed >= 6 months",
    "2-fold": "2",
}


@pytest.mark.parametrize(("written", "better"), EXPRESSIONS.items())
def test_the_remedy_says_how_it_is_written_here(written: str, better: str) -> None:
    assert habits.rewritten(written) == f"Write `{better}`."
    findings = Findings()
    assert parse_text(better.strip('"'), findings) is not None, findings.items


@pytest.mark.parametrize("written", ["5%/year", "1 in 57_000", "0 to 90 years", "30y", "a AND b"])
def test_the_finding_carries_it(written: str) -> None:
    findings = Findings()
    assert parse_text(written, findings) is None
    [finding] = findings.items
    assert finding.remedy == habits.rewritten(written)
    assert (finding.nearest, finding.expected) == (None, "")


def test_only_what_stands_where_reading_stopped_is_rewritten() -> None:
    findings = Findings()
    parse_text("age > 18 years and 2d + ) ", findings)
    assert findings.items[0].remedy != "Write `2 days` in place of `2d`."
    parse_text("cf diagnosed and age > 18y", findings)
    assert findings.items[1].remedy == "Write `18 years` in place of `18y`."
    assert habits.rewritten("2d and x y", 9) == ""


@pytest.mark.parametrize("fine", ["12 months", "0.06 per year", "1/57_000", "0..90 years", "cf diagnosed"])
def test_what_is_written_well_is_left_alone(fine: str) -> None:
    assert habits.rewritten(fine) == ""


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2006", "2006-01-01"),
        ("24.05.2010", "2010-05-24"),
        ("05/24/2010", "2010-05-24"),
        ("04/05/2010", None),  # May or April, by country
        ("24 May 2010", "2010-05-24"),
        ("May 24, 2010", "2010-05-24"),
        ("2006-4-28", "2006-04-28"),
        ("2006-04", "2006-04-01"),
        ("2001-02-30", None),
        ("soon", None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    assert habits.date(text) == date


def test_a_bare_value_gets_its_block() -> None:
    assert habits.wrapped("10% per year", ["rate", "after"]) == "Write `{rate: 10% per year}`."
    assert habits.wrapped("after 5 years", ["rate", "after"]) == "Write `{after: 5 years}`."
    assert habits.wrapped("birth", ["rate", "at"]) == "Write `{at: birth}`."
    assert habits.wrapped("pompe diagnosed", ["when"]) == "Write `{when: pompe diagnosed}`."
    assert habits.wrapped("20 mg/kg every 2 weeks", ["amount", "times"]) == (
        "Write `{amount: 20 mg/kg, times: 1/2 per week}`."
    )
    assert habits.wrapped("anything else", ["rate"]) == ""


def test_keys_and_choices_by_other_names() -> None:
    assert habits.key("approved", ["start", "available"]) == "available"
    assert habits.key("approved", ["start"]) is None
    assert habits.key("Incidence", ["onset"]) == "onset"
    assert habits.choice("outpatient", ["inpatient", "ambulatory"]) == "ambulatory"
    assert habits.choice("ward", ["male"]) is None
    assert "targets" in habits.no_key("prevalence")
    assert habits.arrow("mild → severe") == habits.arrow("mild to severe") == "mild -> severe"
    assert habits.arrow("severe") is None


def test_a_number_that_a_comma_cuts() -> None:
    assert habits.split_number("0", "9") == "A decimal has a point: `0.9`."
    assert habits.split_number("1 in 57", "000 per year") == (
        "Write `1/57_000 per year`; thousands are parted by `_`."
    )
    assert habits.split_number("mild", "severe") == ""


STATISTICS = {
    "5-year survival after cf.diagnosed": "survival 5 years after cf.diagnosed",
    "survival at 5 years after cf.onset": "survival 5 years after cf.onset",
    "median survival of cf.onset": "median survival after cf.onset",
    "average of fvc": "mean of fvc",
    "mean fvc at 40 to 59 years": "mean of fvc at 40..59 years",
    "median age at cf diagnosed": "median age at cf.diagnosed",
    "age at onset of cf": "median age at cf.onset",
    "share of patients on ert": "prevalence of on ert",
    "rate of neurology visits": "rate of neurology.visit",
    "median delay from cf.onset to cf.diagnosed": "median time from cf.onset to cf.diagnosed",
    "mean of fvc in women": "mean of fvc in females",
    "mean fvc 2 years after ert.started": "mean of fvc 2 years after ert.started",
    "median of fvc at 2 years after starting ert": "median of fvc 2 years after ert.started",
    "mean change in fvc 6 months after ert.started": "mean change of fvc 6 months after ert.started",
    "mean change of fvc from ert.started to 2 years after": "mean change of fvc 2 years after ert.started",
    "mean of fvc between 40 and 59 years": "mean of fvc at 40..59 years",
}


@pytest.mark.parametrize(("written", "better"), STATISTICS.items())
def test_statistics_as_journals_word_them(written: str, better: str) -> None:
    assert statistic(written) == f"Write `{better}`."
    assert statistic(better) == ""
    findings = Findings()
    from simulator.errors import NOWHERE

    assert parse_statement(better, lambda a, b: NOWHERE, findings) is not None, findings.items
    assert parse_statement(written, lambda a, b: NOWHERE, findings) is None
    assert findings.items[-1].remedy == f"Write `{better}`."


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("µg/dL", "ug/dL"),
        ("points", "{points}"),
        ("cells/µL", "{cells}/uL"),
        ("% of predicted", "%"),
        ("G/L", "10*9/L"),
        ("meters", "m"),
        ("y", "years"),
    ],
)
def test_units(text: str, unit: str) -> None:
    assert units.nearest_unit(text) == unit
    assert units.ucum(unit) is not None or units.time_unit(unit) is not None


def test_no_unit_of_another_size_is_proposed() -> None:
    """`xg/dL` may be anything; `g/dL` is a thousand or a million times one of them."""
    for prefix in "µμmnkpf":
        near = units.nearest_unit(f"{prefix}g/dL")
        assert near is None or re.sub("u", "µ", near[0]) in (prefix, "µ"), (prefix, near)


def test_a_file_that_lies_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of `use:` is relative to the file, but is often written from where the command is run."""
    (tmp_path / "scenarios" / "library").mkdir(parents=True)
    (tmp_path / "scenarios" / "library" / "people.yaml").write_text("id: people\n")
    (tmp_path / "mine").mkdir()
    mine = tmp_path / "mine" / "study.yaml"
    monkeypatch.chdir(tmp_path)
    for written in ("scenarios/library/people", "library/people.yaml", "../library/people"):
        mine.write_text(f"id: study\nuse: [{written}]\n")
        [finding] = [f for f in load_scenario("mine/study.yaml")[1].items if f.code == "E120"]
        found = None if finding.nearest is None else (mine.parent / finding.nearest).with_suffix(".yaml")
        assert (found is not None and found.is_file()) == (not written.startswith("..")), finding


def test_a_range_with_a_dash_and_keys_of_the_wrong_block() -> None:
    twenty, forty = Number(20.0), Quantity(40.0, "year")
    assert habits.range_of(twenty, forty) == "Write `20..40 years` for a range."
    assert habits.range_of(twenty, Number(40.0)) == "Write `20..40` for a range."
    assert habits.range_of(forty, twenty) == habits.range_of(twenty, Number(2.0)) == ""
    assert "value: {mean:" in habits.no_key("mean", ["value", "plausible"])
    assert habits.no_key("mean", ["measures"]) == ""
