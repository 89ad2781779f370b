"""Constant rates against the matrix exponential of the chain's generator."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import nbinom, poisson

from simulator.compiler.machine import InState, State, Var, VarSpec
from tests.statistics import against
from tests.statistics.build import by, law, machine, process, rate, when
from tests.statistics.observe import observe

#: rates per year; zero on the diagonal
CHAIN = np.array(
    [
        [0.0, 0.8, 0.1, 0.02],
        [0.3, 0.0, 0.6, 0.05],
        [0.0, 0.4, 0.0, 0.30],
        [0.0, 0.0, 0.0, 0.00],
    ]
)


def generator(rates: np.ndarray) -> np.ndarray:
    """Off-diagonal rates with the diagonal that makes rows add up to zero."""
    return rates - np.diag(rates.sum(1))


def states(rates: np.ndarray) -> list[State]:
    return [
        State(f"s{i}", tuple(rate(float(r), f"{i}>{j}", j) for j, r in enumerate(row) if r > 0.0))
        for i, row in enumerate(rates)
    ]


def test_occupancy_of_four_states_with_return() -> None:
    """Detects 0.011 in any state's occupancy (p near 0.5, n = 100,000) and less in rarer states."""
    seen = observe(machine(process("chain", *states(CHAIN)), years=10.0))
    for year in (0.1, 1.0, 3.0, 9.5):
        expected = expm(generator(CHAIN) * year)[0]
        at = seen.state_at(0, year)
        for state in range(4):
            against.probability(at == state, expected[state], f"state {state} at year {year}")


def test_two_processes_that_drive_each_other() -> None:
    """A product chain: the rates of each process depend on the state of the other.

    Every transition of one re-aims the running clocks of the other, back and forth. Detects
    0.010 in the occupancy of any of the six joint states (n = 100,000, p at most 0.3).
    """
    first = process(
        "first",
        State("a", (rate(when(InState(1, 0b110), 1.5, 0.3), "a>b", 1),)),
        State("b", (rate(when(InState(1, 0b001), 0.9, 0.2), "b>a", 0),)),
    )
    second = process(
        "second",
        State("x", (rate(when(InState(0, 0b10), 1.2, 0.1), "x>y", 1),)),
        State("y", (rate(when(InState(0, 0b01), 0.7, 0.0), "y>z", 2), rate(0.25, "y>x", 0))),
        State("z", (rate(0.5, "z>x", 0),)),
    )
    joint = np.zeros((6, 6))  # 3·first + second
    for b in (0, 1):
        joint[3 * b, 3 * b + 1] = (0.1, 1.2)[b]
        joint[3 * b + 1, 3 * b + 2] = (0.7, 0.0)[b]
        joint[3 * b + 1, 3 * b] = 0.25
        joint[3 * b + 2, 3 * b] = 0.5
    for s in (0, 1, 2):
        joint[s, 3 + s] = 0.3 if s == 0 else 1.5
        joint[3 + s, s] = 0.9 if s == 0 else 0.2
    seen = observe(machine(first, second, years=6.0))
    for year in (0.5, 2.0, 5.5):
        expected = expm(generator(joint) * year)[0]
        at = 3 * seen.state_at(0, year) + seen.state_at(1, year)
        for state in range(6):
            against.probability(at == state, expected[state], f"joint state {state} at year {year}")


@pytest.mark.parametrize("per_year", [0.3, 4.0])
def test_recurrent_events_are_poisson(per_year: float) -> None:
    """Counts over five years. Detects 1.1 % of the mean at 1.5 events and 0.5 % at 20."""
    years = 5.0
    seen = observe(
        machine(process("recurrent", State("at", (rate(per_year, "again", 0),))), size=50_000, years=years)
    )
    counts = np.bincount(seen.truth["patient"], minlength=seen.size)
    against.mean(counts, per_year * years, (per_year * years) ** 0.5, "mean count")
    against.counts(counts, lambda k: poisson.pmf(k, per_year * years), "events in five years")


def test_recurrent_events_with_frailty_are_negative_binomial() -> None:
    """A gamma-distributed factor per patient makes Poisson counts negative binomial.

    Detects a lost or shared frailty at once: the variance is 8 instead of 2.
    """
    shape, mean = 1.0 / 1.5, 2.0
    frailty = VarSpec("frailty", initial=law("gamma", 1.0 / shape, shape))
    seen = observe(
        machine(
            process("recurrent", State("at", (rate(by(mean, Var(1)), "again", 0),))),
            size=50_000,
            years=1.0,
            variables=(frailty,),
        )
    )
    counts = np.bincount(seen.truth["patient"], minlength=seen.size)
    against.mean(counts, mean, (mean + mean**2 / shape) ** 0.5, "mean count")
    against.counts(counts, lambda k: nbinom.pmf(k, shape, shape / (shape + mean)), "events in a year")
