"""Arithmetic with units: what may be joined, what comes out, and that constants are folded."""

from __future__ import annotations

import math

import pytest

from simulator.compiler import algebra
from simulator.compiler import machine as m
from tests.compiler.lowered import codes_of, machine_of

YEAR = 365.2425 * 86_400_000_000


def text(expression: str, unit: str) -> str:
    return f"""
        attributes:
          smoker: {{draw: {{never: 60%, current: 40%}}}}
          weight: {{value: 80 kg, unit: kg}}
          x: {{value: "{expression}", unit: "{unit}"}}
        """


def value(expression: str, unit: str = "1") -> m.Term:
    drawn = machine_of(text(expression, unit)).vars[-1].initial
    assert drawn is not None
    return drawn.params[0]


@pytest.mark.parametrize(
    ("expression", "unit", "result"),
    [
        ("2 + 3 * 4", "1", 14.0),
        ("2 ** 3 ** 2", "1", 512.0),
        ("-(2 - 5)", "1", 3.0),
        ("1/3000", "1", 1 / 3000),
        ("min(3, 1, 2) + max(3, 1, 2)", "1", 4.0),
        ("exp(log(5)) + sqrt(16)", "1", 9.0),
        ("if(1 < 2, 3, 4)", "1", 3.0),
        ("40% + 20%", "1", 0.6),
        ("40%", "%", 40.0),
        ("50% * 8", "1", 4.0),
        ("max(50%, 0.2)", "1", 0.5),
        ("2 * 40 kg", "kg", 80.0),
        ("40 kg / 4", "kg", 10.0),
        ("40 kg + 500 g", "kg", 40.5),
        ("40 kg / 10 kg", "1", 4.0),
        ("2 years / 6 months", "1", 4.0),
        ("(1 year + 6 months) / 1 month", "1", 18.0),
        ("0.5 per year * 4 years", "1", 2.0),
        ("6 months * (2 per year)", "1", 1.0),
        ("(3 per year) / (1 per month)", "1", 0.25),
        ("max(1 year, 6 months) / 1 year", "1", 1.0),
        ("20 Cel", "K", 293.15),
    ],
)
def test_constants_are_folded(expression: str, unit: str, result: float) -> None:
    found = value(expression, unit)
    assert isinstance(found, m.Const)
    assert found.value == pytest.approx(result, rel=1e-13)


def test_an_age_becomes_a_number_by_division() -> None:
    years = m.Apply("div", (m.Apply("mul", (m.Age(), m.Const(YEAR))), m.Const(YEAR)))
    assert value("age / 1 year") == years
    assert value("age * (1 per year)") == years


def test_a_coefficient_carries_its_unit() -> None:
    assert value("120 + 0.5 * weight", "mm[Hg]") == m.Apply(
        "add", (m.Const(120.0), m.Apply("mul", (m.Const(0.5), m.Var(2))))
    )


def test_a_choice_by_category() -> None:
    current = m.Apply("eq", (m.Var(1), m.Const(1.0)))
    assert value("if(smoker == current, 2, 1)") == m.Apply("if", (current, m.Const(2.0), m.Const(1.0)))


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 / 0", "E605"),
        ("log(0)", "E605"),
        ("sqrt(0 - 4)", "E605"),
        ("(0 - 8) ** 0.5", "E605"),
        ("10 ** 400", "E605"),
        ("exp(1000)", "E605"),
        ("age - 40", "E601"),
        ("age * age", "E601"),
        ("2 years", "E601"),
        ("0.5 per year", "E601"),
        ("2019-10-21", "E601"),
        ("-2019-10-21", "E601"),
        ("weight + 3 mmol/L", "E602"),
        ("40 kg", "E602"),
        ("weight", "E602"),
        ("min(40 kg, 3 m)", "E602"),
        ("min(40 kg, 3 years)", "E601"),
        ("if(smoker == never, 1, 2 years)", "E601"),
        ("if(smoker == never, 1 kg, 2 m)", "E602"),
        ("if(weight, 1, 2)", "E601"),
        ("smoker + 1", "E601"),
        ("not 3", "E601"),
        ("exp(3 years)", "E601"),
        ("3 years per year", "E601"),
        ("2 * uniform(1, 2)", "E601"),
        ("date + 3", "E601"),
        ("nothing + nowhere", "E501"),
    ],
)
def test_what_cannot_be_joined_is_a_finding(expression: str, code: str) -> None:
    assert set(codes_of(text(expression, "1"))) == {code}


# --- building terms ----------------------------------------------------------------------------

ON = m.InState(3, 0b10)
OFF = m.InState(3, 0b01)
TALL = m.Apply("ge", (m.Var(1), m.Const(180.0)))


def test_neutral_elements_vanish() -> None:
    assert algebra.all_of(algebra.TRUE, TALL) == TALL
    assert algebra.any_of(algebra.FALSE, TALL, TALL) == TALL
    assert algebra.all_of(TALL, algebra.FALSE) == algebra.FALSE
    assert algebra.any_of(TALL, algebra.TRUE) == algebra.TRUE
    assert algebra.all_of() == algebra.TRUE
    assert algebra.product([m.Const(2.0), TALL, m.Const(0.5)]) == TALL
    assert algebra.product([m.Const(0.0), TALL]) == algebra.FALSE
    assert algebra.total([algebra.FALSE, TALL]) == TALL
    assert algebra.apply("sub", TALL, algebra.FALSE) == TALL
    assert algebra.apply("div", TALL, algebra.TRUE) == TALL
    assert algebra.negation(algebra.TRUE) == algebra.FALSE
    assert algebra.choose(TALL, m.Const(2.0), m.Const(2.0)) == m.Const(2.0)
    assert algebra.choose(TALL, algebra.TRUE, algebra.FALSE) == TALL
    assert algebra.choose(algebra.FALSE, m.Const(2.0), m.Const(3.0)) == m.Const(3.0)


def test_questions_about_one_process_are_one_mask() -> None:
    assert algebra.any_of(ON, OFF) == m.InState(3, 0b11)
    assert algebra.all_of(ON, OFF) == algebra.FALSE
    assert algebra.all_of(ON, m.InState(4, 0b10)) == m.Apply("and", (ON, m.InState(4, 0b10)))


def test_folding_never_makes_what_is_not_a_number() -> None:
    with pytest.raises(ArithmeticError, match="no finite result"):
        algebra.apply("mul", m.Const(1e300), m.Const(1e300))
    with pytest.raises(ValueError, match=r"math domain error|expected a"):
        algebra.apply("log", m.Const(-1.0))
    assert algebra.apply("log", m.Const(math.e)) == m.Const(1.0)
