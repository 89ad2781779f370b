"""Waiting times drawn from named distributions against their distribution functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simulator.compiler.machine import AfterDuration, Arrow, Const, Distribution, State
from tests.statistics import against
from tests.statistics.build import YEAR, duration, machine, process
from tests.statistics.observe import Observed, observe

Array = NDArray[Any]
Cdf = Callable[[Array], Array]

QUANTILES = ((0.2, 1.0, 1.5, 4.0), (0.1, 0.4, 0.9, 1.0))


def _empirical(t: Array) -> Array:
    values, cumulative = QUANTILES
    return np.where(t < values[0], 0.0, np.interp(t, values, cumulative))


#: name → (distribution in years, its distribution function, how far it is looked at)
LAWS: dict[str, tuple[Distribution, Cdf, float]] = {
    "exponential": (duration("exponential", 2.0), stats.expon(scale=2.0).cdf, 9.0),
    "weibull, rising hazard": (duration("weibull", 3.0, 2.1), stats.weibull_min(2.1, scale=3.0).cdf, 9.0),
    "weibull, falling hazard": (duration("weibull", 1.0, 0.7), stats.weibull_min(0.7, scale=1.0).cdf, 9.0),
    "gamma, shape above 1": (duration("gamma", 0.8, 2.5), stats.gamma(2.5, scale=0.8).cdf, 9.0),
    "gamma, shape below 1": (duration("gamma", 3.0, 0.4), stats.gamma(0.4, scale=3.0).cdf, 9.0),
    "lognormal": (duration("lognormal", 1.3, 0.9), stats.lognorm(0.9, scale=1.3).cdf, 9.0),
    "uniform": (duration("uniform", 1.0, 6.0, scaled=2), stats.uniform(1.0, 5.0).cdf, 7.0),
    "normal": (duration("normal", 4.0, 1.0, scaled=2), stats.norm(4.0, 1.0).cdf, 9.0),
    "empirical": (
        Distribution(
            "empirical", tuple(Const(v * YEAR) for v in QUANTILES[0]) + tuple(map(Const, QUANTILES[1]))
        ),
        _empirical,
        5.0,
    ),
}


@pytest.fixture(scope="module")
def seen() -> Observed:
    """Everybody waits for each of the laws at once, in a process of its own."""
    waits = [
        process(name, State("waiting", (Arrow(f"{name} passed", 1, AfterDuration(law)),)), State("over"))
        for name, (law, _, _) in LAWS.items()
    ]
    return observe(machine(*waits, years=10.0))


@pytest.mark.parametrize("name", LAWS)
def test_durations_follow_their_law(seen: Observed, name: str) -> None:
    """n = 100,000. Detects a gap of 0.0174 between the distribution functions anywhere, and 0.005
    of probability missing from or too many in a twentieth of the range."""
    _, cdf, until = LAWS[name]
    against.distribution(seen.first(list(LAWS).index(name), 1), cdf, until, name)


def test_durations_of_different_processes_are_independent(seen: Observed) -> None:
    """Rank correlations of all pairs. Detects a correlation of 7/√n = 0.022."""
    waits = np.array([stats.rankdata(seen.first(i, 1)) for i in range(len(LAWS))])
    correlations = np.corrcoef(waits)[np.triu_indices(len(LAWS), 1)]
    assert np.abs(correlations).max() * np.sqrt(seen.size) < against.STANDARD_ERRORS


def test_a_fixed_duration_passes_to_the_microsecond() -> None:
    """Exact: 1.5 years of 365.2425 days, for everyone."""
    arrow = Arrow("passed", 1, AfterDuration(duration("fixed", 1.5)))
    seen = observe(machine(process("wait", State("waiting", (arrow,)), State("over")), size=100))
    assert (seen.truth["time"] == seen.machine.population.start + 3 * YEAR // 2).all()
    assert len(seen.truth["time"]) == 100


def test_the_first_of_competing_durations_wins() -> None:
    """A Weibull and a lognormal wait in one state: only the earlier fires, and leaves no trace of
    the other. Detects 0.011 in who wins and a gap of 0.0174 in when (n = 100,000)."""
    one, two = stats.weibull_min(2.1, scale=3.0), stats.lognorm(0.9, scale=2.0)
    seen = observe(
        machine(
            process(
                "race",
                State(
                    "waiting",
                    (
                        Arrow("one", 1, AfterDuration(duration("weibull", 3.0, 2.1))),
                        Arrow("two", 2, AfterDuration(duration("lognormal", 2.0, 0.9))),
                    ),
                ),
                State("one"),
                State("two"),
            )
        )
    )
    t = np.linspace(0.0, 10.0, 20_001)
    flow = one.pdf(t) * two.sf(t)
    expected = np.concatenate([[0.0], np.cumsum((flow[1:] + flow[:-1]) / 2.0 * np.diff(t))])
    against.distribution(seen.first(0, 1), lambda x: np.interp(x, t, expected), 9.0, "the Weibull wins")
    either = np.minimum(seen.first(0, 1), seen.first(0, 2))
    against.distribution(either, lambda x: 1.0 - one.sf(x) * two.sf(x), 9.0, "the race is over")
