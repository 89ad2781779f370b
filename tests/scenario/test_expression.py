"""Expressions: what they parse to, what is refused and where."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import Findings
from simulator.scenario.expression import parse_text
from simulator.scenario.expression_text import format_expression
from simulator.scenario.functions import FUNCTIONS
from simulator.scenario.lexer import WORDS
from simulator.scenario.syntax import (
    Binary,
    Call,
    Count,
    Date,
    Diagnosed,
    Expr,
    In,
    Last,
    Name,
    Number,
    On,
    PlusMinus,
    Quantity,
    Range,
    Rate,
    Since,
    Unary,
)


def parse(text: str) -> Expr:
    findings = Findings()
    tree = parse_text(text, findings)
    assert tree is not None, findings.items
    return tree


CF, AGE, BMI = Name(("cf",)), Name(("age",)), Name(("bmi",))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3", Number(3)),
        ("10_000", Number(10_000)),
        ("1e-3", Number(0.001)),
        ("1/3000", Binary("/", Number(1), Number(3000))),
        ("85%", Quantity(85, "%")),
        ("6.5 %", Quantity(6.5, "%")),
        ("40 years", Quantity(40, "year")),
        ("1 day", Quantity(1, "day")),
        ("120 mm[Hg]", Quantity(120, "mm[Hg]")),
        ("1.0 10*9/L", Quantity(1, "10*9/L")),
        ("60 mL/min/{1.73_m2}", Quantity(60, "mL/min/{1.73_m2}")),
        ("16 /min", Quantity(16, "/min")),
        ("98 [degF]", Quantity(98, "[degF]")),
        ("5mg", Quantity(5, "mg")),
        ("2019-10-21", Date(dt.date(2019, 10, 21))),
        ("0.06 per year", Rate(Number(0.06), "year")),
        ("5.9 / 1000 per year", Rate(Binary("/", Number(5.9), Number(1000)), "year")),
        ("-1.92 per year", Rate(Unary("-", Number(1.92)), "year")),
        ("+2.31 per year", Rate(Number(2.31), "year")),
        ("1 per year + 2 per year", Binary("+", Rate(Number(1), "year"), Rate(Number(2), "year"))),
        ("0..2 years", Range(Quantity(0, "year"), Quantity(2, "year"))),
        ("5..150", Range(Number(5), Number(150))),
        ("-5..5 %", Range(Unary("-", Quantity(5, "%")), Quantity(5, "%"))),
        ("80..", Range(Number(80), None)),
        ("80.. years", Range(Quantity(80, "year"), None)),
        ("1..2 per year", Range(Rate(Number(1), "year"), Rate(Number(2), "year"))),
        ("3 months ± 2 weeks", PlusMinus(Quantity(3, "month"), Quantity(2, "week"))),
        ("3 months +- 2 weeks", PlusMinus(Quantity(3, "month"), Quantity(2, "week"))),
        ("cf.onset", Name(("cf", "onset"))),
        ("F508del/other", Name(("F508del/other",))),
        ("bmi / age", Binary("/", BMI, AGE)),
        ("cf in [mild, severe]", In(CF, (Name(("mild",)), Name(("severe",))))),
        ("cf not in [mild]", In(CF, (Name(("mild",)),), negated=True)),
        ("cf diagnosed", Diagnosed(CF)),
        ("on eti", On(Name(("eti",)))),
        ("ever on eti", On(Name(("eti",)), ever=True)),
        ("last hba1c", Last(Name(("hba1c",)))),
        ("time since cf.diagnosed", Since(Name(("cf", "diagnosed")))),
        ("count of cf.flare", Count(Name(("cf", "flare")))),
        ("count of cf.flare in last 12 months", Count(Name(("cf", "flare")), Quantity(12, "month"))),
        ("round(bmi, 0.5)", Call("round", (BMI, Number(0.5)))),
        ("min(1, bmi, 3)", Call("min", (Number(1), BMI, Number(3)))),
        ("normal(95, 8)", Call("normal", (Number(95), Number(8)))),
        (
            "weibull(median=14 years, shape=2.1)",
            Call("weibull", (), (("median", Quantity(14, "year")), ("shape", Number(2.1)))),
        ),
        ("if(cf, 1, 2)", Call("if", (CF, Number(1), Number(2)))),
        ("-2 ** 2", Unary("-", Binary("**", Number(2), Number(2)))),
        ("2 ** 3 ** 2", Binary("**", Number(2), Binary("**", Number(3), Number(2)))),
        ("1 - 2 - 3", Binary("-", Binary("-", Number(1), Number(2)), Number(3))),
        ("not cf and bmi > 3", Binary("and", Unary("not", CF), Binary(">", BMI, Number(3)))),
        ("not bmi > 3", Unary("not", Binary(">", BMI, Number(3)))),
        ("cf or cf and bmi", Binary("or", CF, Binary("and", CF, BMI))),
        ("(cf or cf) and bmi", Binary("and", Binary("or", CF, CF), BMI)),
        ("2 * (1 + 2) per year", Rate(Binary("*", Number(2), Binary("+", Number(1), Number(2))), "year")),
    ],
)
def test_parses_to(text: str, tree: Expr) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "code", "column", "nearest"),
    [
        ("", "E318", 1, None),
        ("   ", "E318", 1, None),
        ("cf && bmi", "E301", 4, "and"),
        ("age ≥ 3 years", "E301", 5, ">="),
        ("cf ? 1", "E301", 4, None),
        ("sex == 'female'", "E301", 8, None),
        ("sex = female", "E302", 5, "=="),
        ("age >= and cf", "E302", 8, None),
        ("last 3", "E302", 6, None),
        ("count cf.flare", "E302", 7, None),
        ("count of cf.flare in last year", "E302", 27, None),
        ("age >=", "E303", 7, None),
        ("on", "E303", 3, None),
        ("cf severe", "E304", 4, None),
        ("5 10", "E304", 3, None),
        ("(cf", "E305", 1, None),
        ("cf)", "E305", 3, None),
        ("cf in [mild", "E305", 7, None),
        ("weibul(median=3, shape=2)", "E306", 1, "weibull"),
        ("weibull(media=3, shape=2)", "E307", 1, "median"),
        ("normal(1)", "E307", 1, None),
        ("normal(1, 2, 3)", "E307", 1, None),
        ("normal(mean=1, mean=2)", "E307", 16, None),
        ("gamma(mean=1, scale=1, shape=1)", "E307", 1, None),
        ("min(1)", "E307", 1, None),
        ("1_", "E308", 1, None),
        ("3.", "E308", 1, None),
        (".5", "E308", 1, None),
        ("1e999", "E308", 1, None),
        ("date >= 2019-02-30", "E309", 9, None),
        ("1 < age < 3", "E310", 9, None),
        ("5.9 per 1000 per year", "E311", 9, None),
        ("0.1 per yaer", "E311", 9, "year"),
        ("3 yaers", "E312", 3, "years"),
        ("120 mmHg", "E312", 5, "mm[Hg]"),
        ("3 cycles", "E312", 3, None),
        ("age in 18..65 years", "E314", 8, None),
        ("cf in []", "E314", 7, None),
        ("x" * 4001, "E315", 1, None),
        ("+".join(["x"] * 200), "E315", 301, None),
        ("(" * 41 + "x" + ")" * 41, "E315", 41, None),
        ("3 months..4", "E317", 11, None),
        ("1..2..3", "E317", 5, None),
    ],
)
def test_refused(text: str, code: str, column: int, nearest: str | None) -> None:
    findings = Findings()
    assert parse_text(text, findings) is None
    (finding,) = findings.items
    assert (finding.code, finding.span.column, finding.nearest) == (code, column, nearest)
    assert finding.span.end_column > finding.span.column


def test_spans_cover_what_was_written() -> None:
    text = "count of cf.flare in last 12 months >= 3 and (on eti or bmi > 30 kg/m2)"
    tree = parse(text)

    def shown(node: Expr) -> str:
        return text[node.span.column - 1 : node.span.end_column - 1]

    assert isinstance(tree, Binary)
    assert shown(tree) == text
    assert isinstance(tree.left, Binary)
    assert shown(tree.left.left) == "count of cf.flare in last 12 months"
    assert shown(tree.right) == "(on eti or bmi > 30 kg/m2)"
    assert isinstance(tree.right, Binary)
    assert isinstance(tree.right.right, Binary)
    assert shown(tree.right.right.right) == "30 kg/m2"


def test_a_missing_argument_is_told_by_name() -> None:
    findings = Findings()
    parse_text("weibull(shape=2)", findings)
    assert findings.items[0].message == "`weibull` lacks `median` or `scale`"
    assert "median=… or scale=…" in findings.items[0].expected


# --- what is written is read back ---------------------------------------------------------

_part = st.sampled_from(["cf", "hba1c", "F508del", "x_1", "mild"])
_names = st.lists(_part, min_size=1, max_size=2).map(lambda parts: Name(tuple(parts)))
_numbers = st.floats(0, 1e12, allow_nan=False).map(Number)
_quantities = st.builds(
    Quantity, st.floats(0, 1e6, allow_nan=False), st.sampled_from(["year", "minute", "%", "mm[Hg]", "10*9/L"])
)
_durations = st.builds(Quantity, st.integers(0, 99).map(float), st.sampled_from(["year", "day"]))
_leaves = st.one_of(
    _names,
    _numbers,
    _quantities,
    st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(Date),
    st.builds(On, _names, st.booleans()),
    st.builds(Diagnosed, _names),
    st.builds(Last, _names),
    st.builds(Since, _names),
    st.builds(Count, _names, st.none() | _durations),
)


def _extend(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    operators = ["or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "**"]
    calls = [name for name in FUNCTIONS if len(FUNCTIONS[name]) == 2]
    return st.one_of(
        st.builds(Binary, st.sampled_from(operators), inner, inner),
        st.builds(Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(Rate, inner, st.sampled_from(["year", "hour"])),
        st.builds(In, inner, st.lists(inner, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(lambda f, a, b: Call(f, (a, b)), st.sampled_from(calls), inner, inner),
        st.builds(lambda a: Call("exp", (a,)), inner),
        st.builds(Range, _quantities, _quantities),
        st.builds(lambda a: Range(a, None), inner.filter(lambda a: not isinstance(a, Range))),
        st.builds(PlusMinus, _durations, _durations),
    )


@given(st.recursive(_leaves, _extend, max_leaves=12))
def test_what_is_formatted_parses_to_the_same_tree(tree: Expr) -> None:
    assert parse(format_expression(tree)) == tree


_words = st.sampled_from(
    [*sorted(WORDS), "cf", "age", "3", "0.5", "years", "mg/dL", "2019-10-21", "(", ")", "[", "]", ",", "..",
     "±", "+", "-", "*", "/", "**", "==", "<", "=", "%", "&&", "!", "'", "\\", "é", "1_", "10*9/L", "{", "}"]
)  # fmt: skip


@given(st.lists(_words, max_size=25), st.sampled_from(["", " "]))
def test_any_words_give_a_tree_or_one_finding(words: list[str], between: str) -> None:
    findings = Findings()
    tree = parse_text(between.join(words), findings)
    assert (tree is None) == (len(findings.items) == 1)
    if tree is not None:
        assert parse(format_expression(tree)) == tree


@given(st.text(max_size=60))
def test_any_text_gives_a_tree_or_one_finding(text: str) -> None:
    findings = Findings()
    assert (parse_text(text, findings) is None) == (len(findings.items) == 1)
