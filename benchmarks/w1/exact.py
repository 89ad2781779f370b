"""The exact expectation of W1, for both of its definitions, and the check against it.

*event*: the Kolmogorov forward equations of the age-dependent chain, with a further
coordinate per transition that integrates its flow, solved by DOP853 (relative tolerance
1e-11) at 24 Gauss-Legendre ages, which integrate the smooth dependence on age at start to
machine precision. *monthly*: the same chain as a Markov chain in discrete time, summed over
all 720 ages at start; exact up to rounding.

Patients are independent and each transition happens at most once in a life, so every count
is binomial and its standard error is known, not estimated.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.w1 import workload as w
from benchmarks.w1.workload import Definition, Result

Array = NDArray[np.float64]

# compartments: healthy, then (mild, moderate, severe) untreated, the same treated, dead
HEALTHY, UNTREATED, TREATED, DEAD = 0, 1, 4, 7
COMPARTMENTS = 8
#: (from, to, disease hazard of state, treated, share, transition) of every disease arrow
ARROWS = (
    (HEALTHY, UNTREATED, w.HEALTHY, False, 1.0 - w.TREATED, w.ONSET),
    (HEALTHY, TREATED, w.HEALTHY, False, w.TREATED, w.ONSET),
    *(
        (first + i, DEAD if i == 2 else first + i + 1, w.MILD + i, treated, 1.0, w.TO_MODERATE + i)
        for first, treated in ((UNTREATED, False), (TREATED, True))
        for i in range(3)
    ),
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """Per patient: probability of each transition and final state, mean and sd of live steps."""

    transitions: Array
    occupancy: Array
    live_steps: float
    live_steps_sd: float


def hazards(age: NDArray[np.floating[Any]]) -> tuple[Array, Array]:
    """Disease hazards per year, shape (arrows, ages), and background hazard, shape (ages,)."""
    disease = [
        [share * w.disease_hazard(state, float(a), treated) for a in age]
        for _, _, state, treated, share, _ in ARROWS
    ]
    return np.array(disease), np.array([w.background_hazard(float(a)) for a in age])


@functools.cache
def expectation(definition: Definition) -> Expectation:
    """The expectation of one patient of W1 under the definition."""
    if definition == "monthly":
        months = np.arange(12 * w.AGE_LOW, 12 * w.AGE_HIGH)
        return _mix(*_monthly(months), np.full(len(months), 1.0 / len(months)))
    nodes, weights = np.polynomial.legendre.leggauss(24)
    ages = w.AGE_LOW + (nodes + 1.0) / 2.0 * (w.AGE_HIGH - w.AGE_LOW)
    return _mix(*_continuous(ages), weights / 2.0)


def _continuous(ages: Array) -> tuple[Array, Array, Array]:
    """Flows (5, ages), final compartments (8, ages), alive at each step's start (480, ages)."""
    from scipy.integrate import solve_ivp

    width = len(ages)

    def slope(t: float, y: Array) -> Array:
        state = y.reshape(-1, width)
        out = np.zeros_like(state)
        disease, background = hazards(ages + t)
        for hazard, (source, target, *_, kind) in zip(disease, ARROWS, strict=True):
            flow = hazard * state[source]
            out[source] -= flow
            out[target] += flow
            out[COMPARTMENTS + kind] += flow
        dying = background * state[:DEAD]
        out[:DEAD] -= dying
        out[DEAD] += dying.sum(0)
        out[COMPARTMENTS + w.BACKGROUND_DEATH] += dying.sum(0)
        return out.ravel()

    start = np.zeros((COMPARTMENTS + 5, width))
    start[HEALTHY] = 1.0
    times = np.arange(w.STEPS + 1) / 12.0
    solution = solve_ivp(
        slope, (0.0, w.YEARS), start.ravel(), "DOP853", t_eval=times, rtol=1e-11, atol=1e-13, max_step=1.0
    )
    path = solution.y.reshape(COMPARTMENTS + 5, width, len(times))
    final = path[:, :, -1]
    return final[COMPARTMENTS:], final[:COMPARTMENTS], 1.0 - path[DEAD, :, :-1].T


def _monthly(months: NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """As `_continuous`, for the chain that moves at most once a month."""
    state = np.zeros((COMPARTMENTS, len(months)))
    state[HEALTHY] = 1.0
    flows = np.zeros((5, len(months)))
    alive = np.zeros((w.STEPS, len(months)))
    for step in range(w.STEPS):
        alive[step] = state[:DEAD].sum(0)
        disease, background = hazards((months + step + 0.5) / 12.0)
        total = np.tile(background, (DEAD, 1))
        for hazard, (source, *_) in zip(disease, ARROWS, strict=True):
            total[source] += hazard
        per_hazard = state[:DEAD] * -np.expm1(-total / 12.0) / total
        for hazard, (source, target, *_, kind) in zip(disease, ARROWS, strict=True):
            flow = hazard * per_hazard[source]
            state[source] -= flow
            state[target] += flow
            flows[kind] += flow
        dying = background * per_hazard
        state[:DEAD] -= dying
        state[DEAD] += dying.sum(0)
        flows[w.BACKGROUND_DEATH] += dying.sum(0)
    return flows, state, alive


def _mix(flows: Array, final: Array, alive: Array, weights: Array) -> Expectation:
    occupancy = np.array(
        [
            final[HEALTHY] @ weights,
            *((final[UNTREATED + i] + final[TREATED + i]) @ weights for i in range(3)),
            final[DEAD] @ weights,
        ]
    )
    survival = alive @ weights  # P(steps lived > k), k = 0..479
    mean = float(survival.sum())
    square = float(((2 * np.arange(w.STEPS) + 1) * survival).sum())
    return Expectation(flows @ weights, occupancy, mean, math.sqrt(square - mean**2))


def z_scores(result: Result, definition: Definition) -> dict[str, float]:
    """Deviation of every count of `result` from the exact expectation, in standard errors."""
    expected = expectation(definition)
    n = result.patients
    scores = {}
    for names, seen, p in (
        (w.TRANSITIONS, result.transitions, expected.transitions),
        (w.STATES, result.occupancy, expected.occupancy),
    ):
        for name, count, probability in zip(names, seen, p, strict=True):
            se = math.sqrt(n * probability * (1.0 - probability))
            scores[name] = (count - n * probability) / se
    se = expected.live_steps_sd * math.sqrt(n)
    scores["live patient-steps"] = (result.live_steps - n * expected.live_steps) / se
    return scores


def worst(result: Result, definition: Definition) -> float:
    """The largest absolute z-score."""
    return max(abs(z) for z in z_scores(result, definition).values())
