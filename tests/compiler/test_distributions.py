"""Distributions and rates come out in microseconds and per year, with the parameters of the engine."""

from __future__ import annotations

import math

import pytest

from simulator.compiler import machine as m
from simulator.compiler.distributions import mean_of
from tests.compiler.lowered import arrow, codes_of, machine_of

DAY = 86_400_000_000.0
YEAR = 365.2425 * DAY
MONTH = YEAR / 12


def duration(text: str) -> m.Distribution:
    machine = machine_of(
        f"""
        diseases:
          flu:
            onset: {{rate: 0.1 per year}}
            states: [ill]
            course:
              - ill -> absent: {{after: "{text}"}}
        """
    )
    trigger = arrow(machine, "flu: ill -> absent").trigger
    assert isinstance(trigger, m.AfterDuration)
    return trigger.duration


def values(distribution: m.Distribution) -> list[float]:
    return [p.value for p in distribution.params if isinstance(p, m.Const)]


@pytest.mark.parametrize(
    ("text", "kind", "params"),
    [
        ("3 months", "fixed", [3 * MONTH]),
        ("0..2 years", "uniform", [0, 2 * YEAR]),
        ("1 week..3 weeks", "uniform", [7 * DAY, 21 * DAY]),
        ("3 months ± 2 weeks", "uniform", [3 * MONTH - 14 * DAY, 3 * MONTH + 14 * DAY]),
        ("uniform(1 day, 3 days)", "uniform", [DAY, 3 * DAY]),
        ("normal(10 days, 2 days)", "normal", [10 * DAY, 2 * DAY]),
        ("exponential(5 years)", "exponential", [5 * YEAR]),
        ("weibull(scale=10 years, shape=2)", "weibull", [10 * YEAR, 2]),
        ("weibull(median=14 years, shape=2.1)", "weibull", [14 * YEAR / math.log(2) ** (1 / 2.1), 2.1]),
        ("gamma(scale=2 years, shape=3)", "gamma", [2 * YEAR, 3]),
        ("gamma(mean=6 years, shape=3)", "gamma", [2 * YEAR, 3]),
        ("lognormal(median=6 months, sigma=1.2)", "lognormal", [6 * MONTH, 1.2]),
        ("lognormal(6 months, 1.2)", "lognormal", [6 * MONTH, 1.2]),
        ("2 * 3 months + 1 day", "fixed", [6 * MONTH + DAY]),
    ],
)
def test_a_duration_is_drawn_from(text: str, kind: str, params: list[float]) -> None:
    found = duration(text)
    assert found.kind == kind
    assert values(found) == pytest.approx(params, rel=1e-14)


def test_parameters_may_depend_on_the_patient() -> None:
    found = duration("exponential(if(sex == male, 2 years, 3 years))")
    assert found.kind == "exponential"
    assert isinstance(found.params[0], m.Apply)
    assert found.params[0].op == "if"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3", "E601"),
        ("3 kg", "E601"),
        ("0.1 per year", "E601"),
        ("2019-10-21", "E601"),
        ("normal(10, 2)", "E601"),
        ("normal(10 days, 2)", "E601"),
        ("lognormal(6 months, 1 month)", "E601"),
        ("beta(2, 3)", "E605"),
        ("2 days..1 day", "E605"),
        ("2.. days", "E605"),
        ("normal(10 days, -2 days)", "E605"),
        ("exponential(0 days)", "E605"),
        ("weibull(median=1 day, shape=0)", "E605"),
        ("lognormal(median=1 day, sigma=-1)", "E605"),
        ("weibull(1 day, 2)", "E605"),
        ("-3 days", "E606"),
        ("1 day ± 2 days", "E606"),
        ("normal(-10 days, 2 days)", "E606"),
        ("2 * normal(3 days, 1 day)", "E601"),
    ],
)
def test_an_impossible_duration_is_a_finding(text: str, code: str) -> None:
    found = codes_of(
        f"""
        diseases:
          flu:
            onset: {{rate: 0.1 per year}}
            states: [ill]
            course:
              - ill -> absent: {{after: "{text}"}}
        """
    )
    assert set(found) == {code}


@pytest.mark.parametrize(
    ("kind", "params", "mean"),
    [
        ("fixed", (4.0,), 4.0),
        ("uniform", (2.0, 6.0), 4.0),
        ("normal", (4.0, 1.0), 4.0),
        ("exponential", (4.0,), 4.0),
        ("weibull", (4.0, 1.0), 4.0),
        ("gamma", (2.0, 2.0), 4.0),
        ("lognormal", (1.0, 1.0), math.exp(0.5)),
        ("beta", (1.0, 3.0), 0.25),
    ],
)
def test_mean(kind: str, params: tuple[float, ...], mean: float) -> None:
    found = mean_of(m.Distribution(kind, tuple(m.Const(p) for p in params)))
    assert found == pytest.approx(mean)


def test_a_mean_that_depends_on_the_patient_is_not_known() -> None:
    assert mean_of(m.Distribution("fixed", (m.Var(0),))) is None
