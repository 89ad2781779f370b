"""Hazards that depend on age, sex, calendar and circumstances, against closed-form survival."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.compiler.machine import (
    AgeAtLeast,
    Apply,
    Arrow,
    Axis,
    Base,
    ByRate,
    Const,
    Die,
    InState,
    Lookup,
    State,
    TimeAtLeast,
    Var,
)
from tests.statistics import against
from tests.statistics.build import by, instant, law, machine, process, rate, when
from tests.statistics.observe import observe

Array = NDArray[Any]


def one_way(name: str, *arrows: Arrow) -> Any:
    """A process that waits in state 0 for any of the arrows."""
    targets = max(a.target for a in arrows)
    return process(name, State("waiting", arrows), *(State(f"after{i}") for i in range(targets)))


def test_competing_risks() -> None:
    """Three constant risks: cause-specific incidence h_i/h·(1 − e^{−ht}).

    Detects 0.011 in who wins and a gap of 0.0174 in when (n = 100,000).
    """
    hazards = (0.05, 0.2, 0.4)
    total = sum(hazards)
    seen = observe(
        machine(one_way("risks", *(rate(h, f"risk{i}", i + 1) for i, h in enumerate(hazards))), years=8.0)
    )
    for i, h in enumerate(hazards):
        against.distribution(
            seen.first(0, i + 1), lambda t, h=h: h / total * (1.0 - np.exp(-total * t)), 7.9, f"risk {i}"
        )


@pytest.mark.parametrize(("growth", "at"), [(0.09, 0.0), (0.04, 50.0), (-0.5, 40.0)])
def test_gompertz(growth: float, at: float) -> None:
    """Survival exp(−∫h) from age 40, rising and falling hazards; a falling one spares some for ever.

    Detects a relative difference of the hazard of 2.2 % (n = 100,000).
    """
    start = 0.03 if growth > 0 else 0.6
    level = start * math.exp(-growth * (40.0 - at))
    base = Base("gompertz", rates=((level, at, growth),))
    seen = observe(machine(one_way("g", rate(1.0, "fires", 1, base=base)), years=40.0))
    against.distribution(
        seen.first(0, 1),
        lambda t: -np.expm1(-start / growth * np.expm1(growth * t)),
        39.9,
        f"growth {growth}",
    )


def test_table_by_age_and_sex() -> None:
    """A step function of age, one stratum per sex, with a band where nothing happens.

    Detects a relative difference of the hazard of 3 % in either sex (n = 50,000 each).
    """
    knots = (0.0, 41.0, 42.5, 45.0)
    rates = ((0.3, 0.1, 0.0, 0.5), (0.05, 0.4, 0.2, 0.0))
    base = Base("age", knots, rates)
    seen = observe(machine(one_way("t", rate(1.0, "fires", 1, base=base, stratum=Var(0))), years=10.0))
    times = seen.first(0, 1)
    for sex in (0, 1):
        against.distribution(
            times[seen.sex == sex],
            lambda t, sex=sex: -np.expm1(-_cumulative(knots, rates[sex], t + 40.0, 40.0)),
            9.9,
            f"sex {sex}",
        )


def _cumulative(knots: tuple[float, ...], rates: tuple[float, ...], x: Array, origin: float) -> Array:
    """Integral of a step function from `origin` to each x."""
    edges = [*knots, math.inf]
    total = np.zeros_like(np.asarray(x, dtype=float))
    for low, high, r in zip(edges, edges[1:], rates, strict=False):
        total += r * np.clip(np.minimum(x, high) - max(low, origin), 0.0, None)
    return total


def test_calendar_months() -> None:
    """A hazard by month of the year, from March 2001: winters kill, summers spare.

    Detects 7·√(p(1−p)/n) of probability in each month of the two years.
    """
    rates = (0.9, 0.8, 0.4, 0.1, 0.0, 0.0, 0.0, 0.05, 0.1, 0.2, 0.5, 0.8)
    start = instant(2001, 3)
    base = Base("calendar", rates=(rates,))
    seen = observe(machine(one_way("c", rate(1.0, "fires", 1, base=base)), years=2.0, start=start))
    fired = np.full(seen.size, 2**62)
    moves = seen.moves(0, 1)
    fired[moves["patient"]] = moves["time"]
    survival = 1.0
    for k in range(23):
        low = instant(2001 + (k + 2) // 12, (k + 2) % 12 + 1)
        high = instant(2001 + (k + 3) // 12, (k + 3) % 12 + 1)
        after = survival * math.exp(-rates[(k + 2) % 12] * (high - low) / 31_556_952e6)
        if survival == after:
            assert not ((fired >= low) & (fired < high)).any()
        else:
            against.probability((fired >= low) & (fired < high), survival - after, f"month {k}")
        survival = after


@pytest.mark.parametrize("cause", ["age", "date", "both"])
def test_a_multiplier_that_switches_midway(cause: str) -> None:
    """A Gompertz hazard is tripled at a birthday, or halved to a tenth on a date, or both: the
    running clock keeps what it has spent. Detects a gap of 0.0174 (n = 100,000) and 0.003 in any
    bin, as a wrong remainder would leave beside the switch."""
    start, growth = 0.15, 0.05
    base = Base("gompertz", rates=((start, 40.0, growth),))
    on_age = when(AgeAtLeast(42.0), 3.0, 1.0)
    on_date = when(TimeAtLeast(instant(2004)), 0.1, 1.0)
    multiplier = {"age": on_age, "date": on_date, "both": by(on_age, on_date)}[cause]
    seen = observe(
        machine(
            process("p", State("waiting", (rate(multiplier, "fires", 1, base=base),)), State("after")),
            years=8.0,
        )
    )
    switches = {
        "age": ((2.0, 3.0),),
        "date": ((4.0, 0.1),),
        "both": ((2.0, 3.0), (4.0, 0.1)),
    }[cause]

    def cumulative(t: Array) -> Array:
        plain = lambda x: start / growth * np.expm1(growth * x)  # noqa: E731
        total, factor = np.zeros_like(t), 1.0
        edges = [0.0, *(at for at, _ in switches), math.inf]
        factors = [1.0]
        for _, f in switches:
            factor *= f
            factors.append(factor)
        for low, high, f in zip(edges, edges[1:], factors, strict=False):
            total += f * np.clip(plain(np.minimum(t, high)) - plain(low), 0.0, None)
        return total

    against.distribution(seen.first(0, 1), lambda t: -np.expm1(-cumulative(t)), 7.9, cause)


def test_a_multiplier_that_switches_at_a_random_time() -> None:
    """Another process, itself random, doubles the rate: a chain with a known solution.

    Without the switch an event has rate a; with it (after an exponential wait of rate s) b. Then
    S(t) = e^{−(a+s)t} + s/(a+s−b)·(e^{−bt} − e^{−(a+s)t}). Detects a gap of 0.0174 (n = 100,000).
    """
    a, b, s = 0.2, 1.1, 0.5
    seen = observe(
        machine(
            one_way("event", rate(when(InState(1, 0b10), b, a), "event", 1)),
            one_way("switch", rate(s, "switch", 1)),
            years=8.0,
        )
    )

    def cdf(t: Array) -> Array:
        both = np.exp(-(a + s) * t)
        return 1.0 - both - s / (a + s - b) * (np.exp(-b * t) - both)

    against.distribution(seen.first(0, 1), cdf, 7.9, "event")


def test_a_multiplier_read_from_a_table_over_age_and_month() -> None:
    """A lookup re-aims the clock at each edge of its cells. Detects a gap of 0.0174 (n = 100,000)."""
    months = tuple(0.1 + 0.15 * m for m in range(12))
    factors = tuple(m * f for f in (1.0, 0.4) for m in months)
    table = Lookup((Axis("age", 2, (0.0, 41.0)), Axis("month", 12)), factors)
    seen = observe(
        machine(
            process("p", State("waiting", (rate(by(table, 1.2), "fires", 1),)), State("after")), years=3.0
        )
    )
    start = seen.machine.population.start
    edges = [(instant(2000 + k // 12, k % 12 + 1) - start) / 31_556_952e6 for k in range(37)]
    edges = sorted({*edges, (instant(2001) - start) / 31_556_952e6})
    rates = [1.2 * months[k % 12] * (1.0 if k < 12 else 0.4) for k in range(36)]

    def cdf(t: Array) -> Array:
        return -np.expm1(-_cumulative(tuple(edges[:-1]), tuple(rates), t, 0.0))

    against.distribution(seen.first(0, 1), cdf, 2.9, "fires")


def test_a_rate_of_zero_never_fires_and_can_wake_up() -> None:
    """Zero until a date, then 2 a year: nobody before, exponential after. Gap of 0.0174 (n = 100,000)."""
    multiplier = Apply("if", (TimeAtLeast(instant(2002)), Const(2.0), Const(0.0)))
    seen = observe(
        machine(one_way("p", Arrow("fires", 1, ByRate(Base("constant"), None, multiplier))), years=5.0)
    )
    times = seen.first(0, 1)
    wait = (instant(2002) - instant(2000)) / 31_556_952e6
    assert times.min() >= wait
    against.distribution(
        times - wait, lambda t: -np.expm1(-2.0 * np.clip(t, 0.0, None)), 2.9, "after the date"
    )


LIFE_TABLE = Path(__file__).resolve().parents[2] / "scenarios" / "library" / "data" / "us_life_table_2022.csv"
PUBLISHED_EXPECTANCY = (74.88, 80.28)  # at birth, male and female: Human Mortality Database, USA 2022


def test_life_table() -> None:
    """Life expectancy at birth, survival to 65 and to 90, by sex, with the 2022 US life table.

    Expected from the table's own probabilities: within a year of age the hazard −ln(1 − q) is
    constant, so that survivors to each birthday are exactly the table's, and those who die in
    year x live (1/h − (1−q)/q) of it on average; the last, open-ended year has its hazard for ever.
    Detects 0.6 years of life expectancy and 0.010 of survival (n = 50,000 each); the published
    expectancies (74.88 and 80.28, which use their own share of the first year) must lie within 0.1.
    """
    rows = list(csv.DictReader(LIFE_TABLE.read_text().splitlines()))
    hazards = {
        sex: tuple(-math.log1p(-min(float(row[f"qx_{name}"]), 1.0 - 1e-9)) for row in rows)
        for sex, name in enumerate(("male", "female"))
    }
    base = Base("age", tuple(float(row["age"]) for row in rows), (hazards[0], hazards[1]))
    death = Arrow("death", 1, ByRate(base, Var(0), None), (Die(),))
    seen = observe(
        machine(
            process("mortality", State("alive", (death,)), State("dead")),
            age=law("fixed", 0.0),
            start=instant(1900),
            years=260.0,
        )
    )
    assert (seen.death > 0).sum() + (seen.death < 0).sum() == seen.size
    age_at_death = (seen.death - seen.birth) / 31_556_952e6
    for sex, name in enumerate(("male", "female")):
        mine = age_at_death[seen.sex == sex]
        expected, variance = _expectancy(hazards[sex])
        against.mean(mine, expected, math.sqrt(variance), f"life expectancy, {name}")
        assert abs(expected - PUBLISHED_EXPECTANCY[sex]) < 0.1
        for age in (1, 65, 90):
            survival = math.exp(-sum(hazards[sex][:age]))
            against.probability(mine >= age, survival, f"alive at {age}, {name}")


def _expectancy(hazards: tuple[float, ...]) -> tuple[float, float]:
    """Mean and variance of life with a hazard per year of age, the last one open-ended."""
    mean = square = 0.0
    survival = 1.0
    for age, h in enumerate(hazards):
        width = math.inf if age == len(hazards) - 1 else 1.0
        end = 0.0 if math.isinf(width) else math.exp(-h)
        # ∫ S and ∫ 2·t·S over the year
        mean += survival * (1.0 - end) / h
        first = (1.0 - end * (1.0 + (0.0 if math.isinf(width) else h))) / h**2
        square += 2.0 * survival * (age * (1.0 - end) / h + first)
        survival *= end
    return mean, square - mean**2
