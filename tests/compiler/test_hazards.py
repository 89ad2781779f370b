"""Hazards: rates, tables on every axis, Gompertz laws, factors, effects."""

from __future__ import annotations

import math

import pytest

from simulator.compiler import machine as m
from tests.compiler.lowered import arrow, codes_of, machine_of

SMOKER = """
attributes:
  smoker: {draw: {never: 60%, current: 40%}}
"""


def flu(rate: str) -> str:
    return f"""
diseases:
  flu:
    onset:
      rate: {rate}
    states: [ill]
    course:
      - ill -> absent: {{after: 7 days}}
"""


def rate_of(rate: str) -> m.ByRate:
    trigger = arrow(machine_of(SMOKER + flu(rate)), "flu: onset").trigger
    assert isinstance(trigger, m.ByRate)
    return trigger


@pytest.mark.parametrize(
    ("text", "per_year"),
    [
        ("0.06 per year", 0.06),
        ("1/30 per month", 0.4),
        ("2 per week", 2 * 365.2425 / 7),
        ("5.9 / 1000 per year", 0.0059),
        ("3% per year", 0.03),
        ("0.1 per year + 0.1 per month", 1.3),
        ("2 * 0.1 per year", 0.2),
        ("1 / 4 years", 0.25),
    ],
)
def test_a_rate_is_per_year(text: str, per_year: float) -> None:
    found = rate_of(text)
    assert found.base == m.Base("constant")
    assert isinstance(found.multiplier, m.Const)
    assert found.multiplier.value == pytest.approx(per_year, rel=1e-14)


def test_a_table_over_age_is_a_step_function_of_exact_age() -> None:
    found = rate_of("{per: year, by: age, table: {0..4 years: 0.5, 5..64 years: 0.1, 65.. years: 0.3}}")
    assert found.base == m.Base("age", (0.0, 5.0, 65.0), ((0.5, 0.1, 0.3),))
    assert found.stratum is None
    assert found.multiplier is None


def test_other_axes_pick_the_stratum() -> None:
    table = "{0..4 years: {male: 1, female: 2}, 5.. years: {male: 3, female: 4}}"
    found = rate_of(f"{{per: year, by: [age, sex], table: {table}}}")
    assert found.base == m.Base("age", (0.0, 5.0), ((1.0, 3.0), (2.0, 4.0)))
    assert found.stratum == m.Var(0)


def test_the_order_of_axes_does_not_matter() -> None:
    by_sex_first = "{male: {0..4 years: 1, 5.. years: 3}, female: {0..4 years: 2, 5.. years: 4}}"
    found = rate_of(f"{{per: year, by: [sex, age], table: {by_sex_first}}}")
    assert found.base == m.Base("age", (0.0, 5.0), ((1.0, 3.0), (2.0, 4.0)))


def test_calendar_years_are_strata_that_change_with_time() -> None:
    table = "{0..4 years: {1990..1999: 1, 2000..: 2}, 5.. years: {1990..1999: 3, 2000..: 4}}"
    found = rate_of(f"{{per: year, by: [age, year], table: {table}}}")
    assert found.base.rates == ((1.0, 3.0), (2.0, 4.0))
    assert found.stratum == m.Lookup((m.Axis("year", 2, (1990.0, 2000.0)),), (0.0, 1.0))


def test_two_other_axes_pick_the_stratum_together() -> None:
    cells = "{male: {never: 1, current: 2}, female: {never: 3, current: 4}}"
    found = rate_of(f"{{per: year, by: [age, sex, smoker], table: {{0.. years: {cells}}}}}")
    assert found.base.rates == ((1.0,), (2.0,), (3.0,), (4.0,))
    axes = (m.Axis("var", 2, index=0), m.Axis("var", 2, index=1))
    assert found.stratum == m.Lookup(axes, (0.0, 1.0, 2.0, 3.0))


def test_months_make_a_calendar() -> None:
    months = "january february march april may june july august september october november december"
    cells = ", ".join(f"{month}: {i}" for i, month in enumerate(months.split(), start=1))
    found = rate_of(f"{{per: year, by: month, table: {{{cells}}}}}")
    assert found.base == m.Base("calendar", (), (tuple(float(i) for i in range(1, 13)),))


def test_a_table_without_age_or_month_is_looked_up() -> None:
    found = rate_of("{per: month, by: smoker, table: {never: 1, current: 2}}")
    assert found.base == m.Base("constant")
    assert isinstance(found.multiplier, m.Lookup)
    assert found.multiplier.values == pytest.approx((12.0, 24.0))


def test_a_probability_is_what_its_hazard_yields() -> None:
    found = rate_of("{probability_per: year, by: age, table: {0..99 years: 0.3, 100.. years: 1}}")
    assert 1 - math.exp(-found.base.rates[0][0]) == pytest.approx(0.3, rel=1e-14)
    assert found.base.rates[0][1] == pytest.approx(-math.log(1e-6))


def test_gompertz() -> None:
    found = rate_of("{gompertz: {rate: 0.010 per year, at: 50 years, growth: 0.040 per year}}")
    assert found.base == m.Base("gompertz", (), ((0.010, 50.0, 0.040),))


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        ("0.1", "E601"),
        ("3 months", "E601"),
        ("-0.1 per year", "E606"),
        ("{per: year, by: sex, table: {male: -1, female: 1}}", "E606"),
        ("{probability_per: year, by: sex, table: {male: 2, female: 1}}", "E603"),
        ("{per: year, by: smoker, table: {never: 1}}", "E609"),
        ("{per: year, by: smoker, table: {never: 1, curent: 1}}", "E504"),
        ("{per: year, by: smokr, table: {never: 1, current: 1}}", "E609"),
        ("{per: year, by: sex, table: {male: 0.1 per year, female: 1}}", "E601"),
        ("{gompertz: {rate: -1 per year, at: 50 years, growth: 0.04 per year}}", "E606"),
        ("{gompertz: {rate: 1 per year, at: 50, growth: 0.04 per year}}", "E601"),
        ("{gompertz: {rate: 'if(sex == male, 1, 2) per year', at: 5 years, growth: 0 per year}}", "E607"),
    ],
)
def test_an_impossible_hazard_is_a_finding(rate: str, code: str) -> None:
    assert set(codes_of(SMOKER + flu(rate))) == {code}


def test_factors_multiply_while_they_hold() -> None:
    text = flu("0.5 per year") + "      \n"
    text = text.replace(
        "    states:",
        "      multiplied:\n        - {by: 3}\n        - {by: 2, while: age >= 65 years}\n    states:",
    )
    trigger = arrow(machine_of(text), "flu: onset").trigger
    assert isinstance(trigger, m.ByRate)
    doubled = m.Apply("if", (m.AgeAtLeast(65.0), m.Const(2.0), m.Const(1.0)))
    assert trigger.multiplier == m.Apply("mul", (m.Const(1.5), doubled))


def test_a_true_zero_rate_is_allowed_at_onset() -> None:
    assert codes_of(flu("0 per year")) == []


def test_a_factor_cannot_be_negative() -> None:
    text = flu("0.5 per year").replace("    states:", "      multiplied: [{by: -1}]\n    states:")
    assert codes_of(text) == ["E606"]
