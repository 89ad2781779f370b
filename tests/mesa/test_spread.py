"""An epidemic that travels along a NetworkX graph of communities."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from simulator import PopulationModel
from simulator.compiler.flatten import flatten
from simulator.compiler.layout import I_STATE
from simulator.compiler.machine import Apply, Arrow, Const, InState, Machine, Signal, SignalSpec, State
from tests.statistics.build import DAY, YEAR, by, machine, process, rate, when

COMMUNITIES, PEOPLE, DAYS = 8, 1_500, 240
SUSCEPTIBLE, INFECTED, RECOVERED = range(3)


def travelling(graph: nx.Graph) -> Machine:
    """SIR with reproduction number 2.5, infectious for five days, 2 % of contacts elsewhere.

    Only the first community is visited by the infectious from outside. It is known by its contacts,
    which add up to 1; those of the others to 0.99: the second signal, the share of the living among
    the living, tells them apart.
    """
    pressure, everybody = Signal(0), Signal(1)
    visited = when(Apply("ge", (everybody, Const(0.995))), 2e-4, 0.0)
    infection: Arrow = rate(by(2.5 / 5 * 365.2425, Apply("add", (pressure, visited))), "infection", INFECTED)
    flu = process(
        "flu",
        State("susceptible", (infection,)),
        State("infected", (rate(365.2425 / 5, "recovery", RECOVERED),)),
        State("recovered"),
    )
    away = nx.to_numpy_array(graph)
    np.fill_diagonal(away, away.sum(axis=1) == 0)  # without neighbours all contacts are at home
    away /= away.sum(axis=1, keepdims=True)
    mixing = 0.98 * np.eye(COMMUNITIES) + 0.02 * away
    mixing[1:] *= 0.99
    return machine(
        flu,
        size=COMMUNITIES * PEOPLE,
        years=DAYS * DAY / YEAR,
        step=DAY,
        signals=(
            SignalSpec("infected", InState(0, 1 << INFECTED)),
            SignalSpec("everybody", Const(1.0)),
        ),
        communities=COMMUNITIES,
        mixing=tuple(tuple(float(x) for x in row) for row in mixing),
    )


def peaks(graph: nx.Graph, seed: int) -> np.ndarray:
    """Day of the highest prevalence in each community; float64[communities]."""
    model = PopulationModel(flatten(travelling(graph)), seed=seed, workers=2).run()
    rows = model.datacollector.get_model_vars_dataframe()["prevalence_infected_by_community"]
    course = np.stack(rows.tolist())
    assert course.max(axis=0).min() > 0.1  # it has reached everybody
    return np.argmax(course, axis=0) + 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_along_a_path_one_community_after_the_other(seed: int) -> None:
    """Neighbours peak 8 to 20 days apart (mean of six seeds 12, first to last 71 to 102 days).

    Next neighbours may change places by chance (once in 42 hops tried), every second one does not.
    """
    days = peaks(nx.path_graph(COMMUNITIES), seed)
    assert (days[2:] > days[:-2]).all(), days
    assert days[-1] - days[0] > 50, days


@pytest.mark.parametrize("seed", [1, 2])
def test_where_everybody_meets_everybody_all_but_the_first_peak_together(seed: int) -> None:
    """The same contacts, spread over all others: within 31 days (six seeds), in no order."""
    days = peaks(nx.complete_graph(COMMUNITIES), seed)
    assert days[0] == days.min()
    assert days.max() - days.min() < 45, days
    assert not (days[2:] > days[:-2]).all(), days


def test_without_contacts_it_stays_where_it_is() -> None:
    model = PopulationModel(flatten(travelling(nx.empty_graph(COMMUNITIES))), seed=1, workers=2).run()
    states = model.cohort.rows[:, model.program[I_STATE]].reshape(COMMUNITIES, PEOPLE)
    assert (states[0] == RECOVERED).mean() > 0.5
    assert (states[1:] == SUSCEPTIBLE).all()
