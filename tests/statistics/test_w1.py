"""The neutral workload W1 of the benchmarks against its exact cohort expectation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.w1 import workload as w
from benchmarks.w1.exact import expectation, worst, z_scores
from benchmarks.w1.workload import Result
from simulator.compiler.machine import (
    Apply,
    Arrow,
    Base,
    ByRate,
    Const,
    Die,
    Machine,
    State,
    Var,
    VarSpec,
)
from tests.statistics.build import YEAR, law, machine, process
from tests.statistics.observe import NULL, observe


def w1(size: int) -> Machine:
    """W1 as two processes and a variable that says who will be treated."""
    treated = VarSpec("treated", categories=("no", "yes"), weights=(Const(1.0 - w.TREATED), Const(w.TREATED)))
    effect = Apply("if", (Var(1), Const(w.EFFECT), Const(1.0)))
    states = []
    for i, name in enumerate(w.STATES[:-1]):
        rate, growth = w.DISEASE[i]
        trigger = ByRate(Base("gompertz", rates=((rate, 50.0, growth),)), None, effect if i else None)
        arrow = Arrow(w.TRANSITIONS[i], i + 1, trigger, (Die(),) if i == w.SEVERE else ())
        states.append(State(name, (arrow,)))
    rate, growth = w.BACKGROUND
    background = ByRate(Base("gompertz", rates=((rate, 0.0, growth),)), None, None)
    return machine(
        process("disease", *states, State("dead")),
        process("mortality", State("alive", (Arrow("death", 1, background, (Die(),)),)), State("dead")),
        size=size,
        years=w.YEARS,
        age=law("uniform", w.AGE_LOW, w.AGE_HIGH),
        variables=(treated,),
    )


def test_the_engine_on_w1() -> None:
    """Transitions, occupancy after 40 years and live patient-steps, n = 200,000.

    Detects 0.0074 in the healthiest state's share and 1.6 % of the progressions to moderate.
    """
    seen = observe(w1(200_000))
    transitions = [len(seen.moves(0, i + 1)["time"]) for i in range(4)] + [len(seen.moves(1, 1)["time"])]
    final = seen.state_at(0, w.YEARS + 1.0)
    final[seen.death != NULL] = w.DEAD
    years = np.where(seen.death == NULL, np.inf, (seen.death - seen.machine.population.start) / YEAR)
    steps = np.where(np.isfinite(years), np.floor(np.minimum(years, w.YEARS) * 12.0) + 1.0, w.STEPS)
    live = int(np.minimum(steps, w.STEPS).sum())
    result = Result(seen.size, tuple(transitions), tuple(np.bincount(final, minlength=5).tolist()), live, 1.0)
    scores = z_scores(result, "event")
    assert max(map(abs, scores.values())) < 5.0, scores


def test_the_two_expectations_are_those_of_neighbouring_chains() -> None:
    """The monthly chain lags the continuous one by half a step per transition: less than 1 %.

    Each is consistent in itself: the dead are those who died, and flows balance the states.
    """
    event, monthly = expectation("event"), expectation("monthly")
    np.testing.assert_allclose(monthly.transitions, event.transitions, rtol=0.01)
    np.testing.assert_allclose(monthly.live_steps, event.live_steps, rtol=0.01)
    for exact in (event, monthly):
        np.testing.assert_allclose(exact.occupancy.sum(), 1.0, atol=1e-9)
        deaths = exact.transitions[w.DISEASE_DEATH] + exact.transitions[w.BACKGROUND_DEATH]
        np.testing.assert_allclose(deaths, exact.occupancy[w.DEAD], atol=1e-9)


@pytest.mark.parametrize("field", ["transitions", "occupancy", "live_steps"])
def test_a_wrong_result_is_seen(field: str) -> None:
    """A count that is 3 % off in a million patients stands out."""
    n = 1_000_000
    exact = expectation("event")
    right = Result(
        n,
        tuple(round(n * p) for p in exact.transitions),
        tuple(round(n * p) for p in exact.occupancy),
        round(n * exact.live_steps),
        1.0,
    )
    assert worst(right, "event") < 0.01
    value = getattr(right, field)
    wrong = round(value * 1.03) if field == "live_steps" else tuple(round(v * 1.03) for v in value)
    assert worst(dataclasses.replace(right, **{field: wrong}), "event") > 5.0
