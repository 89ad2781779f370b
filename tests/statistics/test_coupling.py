"""Patients coupled by what their community passes on, against the mean field."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from simulator.compiler.machine import Arrow, ByChance, Const, InState, Process, Signal, SignalSpec, State
from tests.statistics.build import DAY, YEAR, by, machine, process, rate
from tests.statistics.observe import observe

CONTACTS, RECOVERY = 100.0, 50.0  # per year: reproduction number 2, infectious for a week
SUSCEPTIBLE, INFECTED, RECOVERED = 1, 2, 3
SEEDED = 0.01


def epidemic(seeded: float = SEEDED) -> Process:
    start = State(
        "start",
        (Arrow("spared", 1, ByChance(Const(1.0 - seeded))), Arrow("seeded", 2, ByChance(Const(seeded)))),
    )
    infection = rate(by(CONTACTS, Signal(0)), "infection", INFECTED)
    recovery = rate(RECOVERY, "recovery", RECOVERED)
    return process(
        "flu", start, State("susceptible", (infection,)), State("infected", (recovery,)), State("recovered")
    )


PRESSURE = SignalSpec("pressure", InState(0, 1 << INFECTED))


def mean_field(seeded: np.ndarray, mixing: np.ndarray, step: float, steps: int) -> np.ndarray:
    """Shares susceptible and infected (2, steps + 1, communities) of infinitely many people.

    The pressure is that at the window's start and constant in it, as in the engine: within a
    window susceptibles fall as e^{−λt} and their flow into the infected is solved exactly, so
    there is no discretisation error to allow for.
    """
    s, i = 1.0 - seeded, seeded.copy()
    path = [(s, i)]
    for _ in range(steps):
        pressure = CONTACTS * (mixing @ i)
        left = s * np.exp(-pressure * step)
        recovered = np.exp(-RECOVERY * step)
        i = i * recovered + s * pressure * (np.exp(-pressure * step) - recovered) / (RECOVERY - pressure)
        s = left
        path.append((s, i))
    return np.array(path).transpose(1, 0, 2)


def test_an_epidemic_in_one_community() -> None:
    """SIR, one community of 50,000, windows of a day: final size and course.

    The final size scatters by σ/√n around the mean field with σ² = τ(1−τ)(1 + (1−τ)R²)/(1 − R(1−τ))²
    for exponential infectious periods (Andersson & Britton 2000, section 4.3): 0.0041 here, so five
    standard errors are 0.021 and a difference of 0.029 is detected, 3 % of the reproduction number.
    The course is compared every week; the 500 first cases scatter by 4.5 %, which shifts the whole
    course by a third of a day or 0.007 of the population where it is steepest: tolerance 0.035.
    """
    step, steps = DAY / YEAR, 365
    seen = observe(machine(epidemic(), size=50_000, years=steps * step, signals=(PRESSURE,), step=DAY))
    s, i = (path[:, 0] for path in mean_field(np.array([SEEDED]), np.eye(1), step, steps))
    ratio = CONTACTS / RECOVERY
    tau = brentq(lambda x: 1.0 - (1.0 - SEEDED) * math.exp(-ratio * x) - x, 0.1, 1.0)
    assert abs((1.0 - s[-1]) - tau) < 0.02  # a week's steps hardly change who is reached
    sigma = math.sqrt(tau * (1 - tau) * (1 + (1 - tau) * ratio**2)) / (1 - ratio * (1 - tau))
    final = np.mean(seen.state_at(0, steps * step) == SUSCEPTIBLE)
    assert abs(final - s[-1]) < 5.0 * sigma / math.sqrt(seen.size)
    for day in range(7, 200, 7):
        at = seen.state_at(0, day * step)
        assert abs(np.mean(at == SUSCEPTIBLE) - s[day]) < 0.035, f"susceptible on day {day}"
        assert abs(np.mean(at == INFECTED) - i[day]) < 0.035, f"infected on day {day}"


def test_two_communities_that_mix_unequally() -> None:
    """The second community meets the first far more than itself, and fewer people altogether.

    Rows of the mixing matrix need not add up to one: what is missing are contacts that are not
    made. Shares of each community (n = 25,000) every week, tolerance 0.03; a matrix that is
    transposed differs by up to 0.41, none at all or rows made to add up to one by 0.23, one that is
    applied twice by 0.06.
    """
    mixing = ((0.9, 0.1), (0.5, 0.1))
    step, steps = DAY / YEAR, 300
    seen = observe(
        machine(
            epidemic(),
            size=50_000,
            years=steps * step,
            signals=(PRESSURE,),
            step=DAY,
            communities=2,
            mixing=mixing,
        )
    )
    half = np.arange(seen.size) * 2 // seen.size
    s, i = mean_field(np.array([SEEDED, SEEDED]), np.array(mixing), step, steps)
    for day in range(7, 200, 7):
        at = seen.state_at(0, day * step)
        for community in (0, 1):
            mine = at[half == community]
            assert abs(np.mean(mine == SUSCEPTIBLE) - s[day, community]) < 0.03, f"{community}, day {day}"
            assert abs(np.mean(mine == INFECTED) - i[day, community]) < 0.03, f"{community}, day {day}"


@pytest.mark.parametrize("communities", [1, 4])
def test_no_contacts_no_infections(communities: int) -> None:
    """Nobody is infected where nobody is infectious."""
    mixing = tuple(tuple(float(a == b) for b in range(communities)) for a in range(communities))
    seen = observe(
        machine(
            epidemic(0.0),
            size=400,
            years=0.2,
            signals=(PRESSURE,),
            step=DAY,
            communities=communities,
            mixing=mixing,
        )
    )
    assert (seen.state_at(0, 0.2) == SUSCEPTIBLE).all()
