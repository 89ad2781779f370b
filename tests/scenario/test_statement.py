"""Statements and bounds: what they say, and what is said when they say nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.compiler import lower
from simulator.compiler.targets import amount_in, claims
from simulator.errors import Findings, Span
from simulator.scenario import parse_scenario
from simulator.scenario.statement import (
    CHANGES,
    FORMS,
    VALUES,
    Amount,
    Bounds,
    Statement,
    parse_amount,
    parse_bounds,
    parse_statement,
)
from simulator.scenario.syntax import Diagnosed, Name, On
from tests.authoring.counted_log import TEXT


def place(start: int, end: int) -> Span:
    return Span("<text>", 1, start + 1, 1, end + 1)


def read(text: str) -> Statement:
    findings = Findings()
    found = parse_statement(text, place, findings)
    assert found is not None, findings.items
    return found


def wrong(text: str) -> tuple[str, int]:
    """Code and column of the one finding."""
    findings = Findings()
    assert parse_statement(text, place, findings) is None
    [finding] = findings.items
    return finding.code, finding.span.column


@pytest.mark.parametrize(("kind", "form"), [(kind, form) for kind, form, _ in FORMS])
def test_every_form_is_read_as_it_is_shown(kind: str, form: str) -> None:
    written = form.replace("CONDITION", "cf diagnosed").replace("EVENT", "cf.onset")
    found = read(written.replace("MEASUREMENT", "hba1c"))
    assert found.kind == kind


def test_clauses_in_any_order() -> None:
    found = read("prevalence of on eti among cf diagnosed in 2015..2019 in females at 6..11 months")
    assert found.subject == On(Name(("eti",)))
    assert found.among == Diagnosed(Name(("cf",)))
    assert (found.years, found.ages, found.sex) == ((2015, 2019), (0.5, 1.0), "female")
    again = read("prevalence of on eti at 6..11 months in females  in 2015..2019\n among cf diagnosed")
    assert (again.among, again.ages, again.sex, again.years) == (
        found.among, found.ages, found.sex, found.years,
    )  # fmt: skip
    assert again.text == "prevalence of on eti at 6..11 months in females in 2015..2019 among cf diagnosed"


@pytest.mark.parametrize(
    ("clause", "attribute", "value"),
    [
        ("at 60..69 years", "ages", (60.0, 70.0)), ("at 60 years", "ages", (60.0, 61.0)),
        ("at 80.. years", "ages", (80.0, None)), ("at 0..5 months", "ages", (0.0, 0.5)),
        ("in 2015", "years", (2015, 2015)), ("in 2015..", "years", (2015, None)),
        ("in males", "sex", "male"), ("on 2018-01-31", "day", dt.date(2018, 1, 31)),
    ],
)  # fmt: skip
def test_clauses(clause: str, attribute: str, value: object) -> None:
    assert getattr(read(f"prevalence of cf in [mild, severe] {clause}"), attribute) == value


@pytest.mark.parametrize(
    ("text", "within", "window"),
    [
        ("mean of hba1c 2 years after drug.started", 2.0, None),
        ("median of hba1c 2 years ± 6 months after drug.started", 2.0, 0.5),
        ("mean change of hba1c 6 months +- 1 month after drug.started", 0.5, 1 / 12),
        ("median change of hba1c 1 year+/-6months after drug.started in males at 6..11 years", 1.0, 0.5),
    ],
)
def test_values_at_a_time_after_an_event(text: str, within: float, window: float | None) -> None:
    found = read(text)
    assert found.kind in (*VALUES[2:4], *CHANGES)
    assert (found.subject, found.origin) == (Name(("hba1c",)), Name(("drug", "started")))
    assert [found.within, found.window] == [pytest.approx(within), pytest.approx(window)]


def test_words_inside_brackets_are_no_clauses() -> None:
    found = read("prevalence of (cf diagnosed and smoker in [never, former]) among not (age < 2 years)")
    assert found.ages is None
    assert found.years is None


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("prevalense of cf", "E350", 1), ("the number of cases", "E350", 1), ("median survival", "E350", 1),
        ("survival 10 apples after cf.onset", "E350", 10), ("survival 0 years after cf.onset", "E350", 10),
        ("survival 1.2.3 years after cf.onset", "E350", 10), ("incidence of 5", "E350", 1),
        ("mean of hba1c 2 apples after cf", "E350", 15), ("mean of hba1c 2 years after", "E350", 1),
        ("mean of hba1c 1 year ± 1 year after cf", "E350", 24), ("mean change of hba1c", "E350", 1),
        ("mean of hba1c 1 year ± 0 days after cf", "E350", 24),
        ("mean of hba1c at 2 years after cf", "E351", 26),
        ("prevalence of cf at 60..69", "E351", 21), ("prevalence of cf at 69..60 years", "E351", 21),
        ("prevalence of cf at 60 years of", "E351", 30), ("prevalence of cf in 2019..2015", "E351", 21),
        ("prevalence of cf in 2019-01-01", "E351", 21), ("prevalence of cf in 2019 x", "E351", 26),
        ("prevalence of cf in women", "E351", 18), ("prevalence of cf in females x", "E351", 29),
        ("prevalence of cf at 6 years at 7 years", "E351", 29), ("incidence of cf on 2018-01-01", "E351", 17),
        ("prevalence of cf in 2018 on 2018-01-01", "E351", 26),
        ("prevalence of cf on 2018-02-30", "E309", 21),
        ("prevalence of cf on 2018-01-01 x", "E351", 32), ("prevalence of cf and", "E303", 21),
        ("prevalence of cf among on", "E303", 26), ("rate of cf.", "E301", 11),
    ],
)  # fmt: skip
def test_what_is_no_statement(text: str, code: str, column: int) -> None:
    assert wrong(text) == (code, column)


def amounts(text: str) -> tuple[Amount | None, Amount | None]:
    findings = Findings()
    found = parse_bounds(text, place, findings)
    assert isinstance(found, Bounds), findings.items
    return found.low, found.high


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("18%..24%", "share", 0.18, 0.24), ("0.1..0.2", "share", 0.1, 0.2), ("18..24%", "share", 0.18, 0.24),
        ("4.2..5.1 per 100_000", "share", 4.2e-5, 5.1e-5), ("1/4000..1/2000", "share", 1 / 4000, 1 / 2000),
        ("8..14 per 1000 per year", "/year", 0.008, 0.014), ("2%..3% per month", "/year", 0.24, 0.36),
        ("3..5 per year", "/year", 3.0, 5.0), ("0..6 months", "year", 0.0, 0.5),
        ("6 months..1 year", "year", 0.5, 1.0), ("6.8 %..7.6 %", "%", 6.8, 7.6),
        ("-2.5..1 mmol/L", "mmol/L", -2.5, 1.0), ("1..2 g/L", "mg/dL", 100.0, 200.0),
        ("at least 90%", "share", 0.9, None), ("at most 1 year", "year", None, 1.0),
        ("at most 3 per 1000 per year", "/year", None, 0.003),
    ],
)  # fmt: skip
def test_bounds(text: str, unit: str, low: float | None, high: float | None) -> None:
    found = [None if end is None else amount_in(end, unit) for end in amounts(text)]
    assert found == [pytest.approx(low), pytest.approx(high)]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("6 months", "share"), ("18%", "year"), ("3", "/year"), ("3 per year", "share"), ("7 mg/dL", "%"),
        ("6 months", "/year"), ("3 per year", "year"),
    ],
)  # fmt: skip
def test_amounts_of_another_kind(text: str, unit: str) -> None:
    amount = parse_amount(text, place, Findings())
    assert amount is not None
    assert amount_in(amount, unit) is None


@pytest.mark.parametrize(
    "text",
    ["18%", "18%..", "from 3 to 5", "at least", "at leats 3", "3..4 per cow", "3..4 per year per year",
     "3..4 per year per 5", "18%..24",
     "3..4 years old", "1/0..2", "..4", "3 .. per year", "per year", "3..4 per 0"],
)  # fmt: skip
def test_what_are_no_bounds(text: str) -> None:
    findings = Findings()
    assert parse_bounds(text, place, findings) is None
    assert [f.code[:2] for f in findings.items] == ["E3"]
    assert 1 <= findings.items[0].span.column <= len(text)


@given(st.text(alphabet="prevalnc of at in 20159..-%dg[](<>=.,_ among survivlft\n", max_size=60))
def test_whatever_comes_in_is_a_statement_or_findings(text: str) -> None:
    for begin in ("", "prevalence of ", "survival 3 years after ", "share of a.b "):
        findings = Findings()
        found = parse_statement(begin + text, place, findings)
        assert (found is None) == bool(findings.errors)
    for read_amounts in (parse_bounds, parse_amount):
        findings = Findings()
        amount = read_amounts(text, place, findings)
        assert (amount is None) == bool(findings.errors)


def findings_of(text: str) -> list[tuple[str, str]]:
    """Codes and paths of everything that is wrong."""
    scenario, findings = parse_scenario(TEXT + text)
    if scenario is not None:
        lower(scenario, findings)
    return [(f.code, f.path) for f in findings.sorted()]


@pytest.mark.parametrize(
    ("statement", "within", "code"),
    [
        ("prevalence of cff", "1%..2%", "E501"), ("prevalence of cf in [wild]", "1%..2%", "E503"),
        ("prevalence of drug", "1%..2%", "E502"), ("incidence of cf.diagnozed", "1..2 per year", "E505"),
        ("mean of cf", "1..2", "E502"), ("mean of hba1", "1..2", "E501"),
        ("mean of hba1x 1 year after cf.onset", "1 %..2 %", "E501"),
        ("mean of hba1c 1 year after cf.onzet", "1 %..2 %", "E505"),
        ("mean change of cf 1 year after cf.onset", "1 %..2 %", "E502"),
        ("median change of hba1c 1 year after smoker.changed", "1 %..2 %", "E762"),
        ("median change of hba1c 1 year after cf.onset", "1 year..2 years", "E761"),
        ("prevalence of cf among hba1c > 7 %", "1%..2%", "E762"),
        ("prevalence of count of cf.onset >= 2", "1%..2%", "E762"),
        ("prevalence of date > 2003-01-01", "1%..2%", "E762"),
        ("prevalence of last hba1c < age / 1 year", "1%..2%", "E762"),
        ("prevalence of last hba1c == last hba1c", "1%..2%", "E762"),
        ("rate of smoker.changed", "1..2 per year", "E762"),
        ("prevalence of cf in 2011..2012", "1%..2%", "E763"),
        ("prevalence of cf on 1999-12-31", "1%..2%", "E763"),
        ("prevalence of cf", "1..2 per year", "E761"), ("rate of cf.onset", "1%..2%", "E761"),
        ("median age at cf.onset", "1..2", "E761"), ("mean of hba1c", "1..2 mg/dL", "E761"),
        ("prevalence of cf", "20%..10%", "E611"), ("prevalence of cf", "20%..130%", "E603"),
    ],
)  # fmt: skip
def test_names_units_and_bounds_are_checked(statement: str, within: str, code: str) -> None:
    assert findings_of(f"expect:\n  {statement}: {within}\n") == [
        (code, f"expect.{statement}" if code in ("E501", "E502", "E503", "E505", "E762", "E763")
         else f"expect.{statement}.within")
    ]  # fmt: skip


def test_targets_are_checked() -> None:
    text = """targets:
  a: {statistic: prevalence of cf, value: 3 years, ci95: 3%..2%, source: made up}
  b: {statistic: prevalence of cf, value: 3%, source: made up}
  c: {statistic: prevalence of cf, value: 3%, tolerance: 10%, accept: 2%..4%, source: made up}
  d: {statistic: prevalence of cf, value: 3%, ci95: 2%..4%}
"""
    assert findings_of(text) == [("E210", "targets.b"), ("E210", "targets.c"), ("E202", "targets.d")]
    first = "\n".join(text.splitlines()[:2]) + "\n"
    assert findings_of(first) == [("E761", "targets.a.value"), ("E611", "targets.a.ci95")]
    zero = "targets:\n  a: {statistic: prevalence of cf, value: 3%, tolerance: 0%, source: made up}\n"
    assert findings_of(zero) == [("E611", "targets.a.tolerance")]


@pytest.mark.parametrize(
    ("keys", "low", "high"),
    [
        ("ci95: 19%..23%", 0.19, 0.23), ("tolerance: 10%", 0.189, 0.231), ("tolerance: 0.02", 0.19, 0.23),
        ("ci95: 19%..23%, tolerance: 10%", 0.189, 0.231), ("accept: 10%..30%", 0.1, 0.3),
        ("accept: 10%..30%, ci95: 19%..23%", 0.1, 0.3),
    ],
)  # fmt: skip
def test_where_a_model_must_lie_to_agree_with_a_target(keys: str, low: float, high: float) -> None:
    text = f"targets:\n  a: {{statistic: prevalence of cf, value: 21%, {keys}, source: made up}}\n"
    scenario, _ = parse_scenario(TEXT + text)
    assert scenario is not None
    [claim] = claims(scenario)
    assert (claim.low, claim.high, claim.published) == pytest.approx((low, high, 0.21))


def test_a_difference_of_temperatures_is_not_a_temperature() -> None:
    nine = Amount(value=9.0, unit="[degF]")
    assert amount_in(nine, "Cel", difference=True) == pytest.approx(5.0)
    assert amount_in(replace(nine, value=50.0), "Cel") == pytest.approx(10.0)
    text = TEXT.replace('unit: "%"', "unit: Cel").replace("3..20", "3..50")
    text += (
        "expect:\n  mean change of hba1c 1 year after drug.started: -9 [degF]..18 [degF]\n"
        "targets:\n  a: {statistic: mean of hba1c, value: 10 Cel, tolerance: '9 [degF]', source: made up}\n"
    )
    scenario, findings = parse_scenario(text)
    assert scenario is not None, findings.items
    change, plain = claims(scenario)
    assert (change.low, change.high) == pytest.approx((-5.0, 10.0))
    assert (plain.low, plain.high) == pytest.approx((5.0, 15.0))


def test_expectations_do_not_change_the_machine() -> None:
    """Not even those that ask when something happened last."""
    plain, findings = parse_scenario(TEXT)
    asked, _ = parse_scenario(TEXT + "expect:\n  prevalence of ever on drug: 1%..2%\n")
    assert plain is not None
    assert asked is not None
    assert lower(plain, findings) == lower(asked, findings)
