"""Diseases: states that nothing leads to, states that nobody leaves, births that come too late."""

from __future__ import annotations

from simulator.compiler import diseases
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario.model import Disease
from simulator.scenario.syntax import Quantity


def doubt(low: Lowering) -> None:
    """Goes through the states of every disease."""
    for name, disease in low.scenario.diseases.items():
        form = diseases.shape(name, disease)
        ends = {mv.to for mv in form.moves} | {mv.from_ for mv in form.moves} | {_first(disease)}
        if ends <= set(form.states):  # otherwise an arrow is broken, and said to be so
            reached = _reached(disease, form)
            _unreachable(low, name, disease, reached)
            _inescapable(low, name, disease, form, reached)
        _born_late(low, name, disease)


def _first(disease: Disease) -> str:
    return disease.onset.to or (disease.states[0] if disease.states else "")


def _reached(disease: Disease, form: diseases.Shape) -> set[str]:
    """All states that arrows lead to, from the onset on."""
    frontier = [_first(disease), *(mv.to for mv in form.moves if mv.from_ == diseases.ABSENT)]
    reached = set(frontier)
    while frontier:
        here = frontier.pop()
        for move in form.moves:
            if move.from_ == here and move.to not in reached:
                reached.add(move.to)
                frontier.append(move.to)
    return reached


def _state(disease: Disease, index: int) -> Where:
    """Where a state is named; those of a progression are named elsewhere."""
    key = f"states[{index}]"
    return Where.key(disease, key) if key in disease.spans else Where(disease.path, disease.span)


def _unreachable(low: Lowering, name: str, disease: Disease, reached: set[str]) -> None:
    for i, state in enumerate(disease.states):
        if state not in reached:
            low.resolver.report(
                "W301", f"no arrow of {name} leads to {state}", None, _state(disease, i),
                remedy=f"add an arrow `… -> {state}`, or leave the state out",
            )  # fmt: skip


def _inescapable(low: Lowering, name: str, disease: Disease, form: diseases.Shape, reached: set[str]) -> None:
    """A state that stays may be meant, above all the last one; but not one before others that follow it.

    An end that is named before the last state in clinical order is doubtful only if everybody who has the
    disease ends there: then nobody can come to the states behind it by way of it, and death or recovery,
    which other states lead to, never follow.
    """
    leaving = {mv.from_ for mv in form.moves}
    for i, state in enumerate(disease.states[:-1]):
        later = [other for other in disease.states[i + 1 :] if other in reached]
        if state in reached and state not in leaving and later and all(other in leaving for other in later):
            low.resolver.report(
                "W312", f"nothing leads out of {state}, though {name} goes on in others", None,
                _state(disease, i),
                remedy=f"add an arrow `{state} -> {later[0]}`, its death, or name it last if it is an end",
            )  # fmt: skip


def _born_late(low: Lowering, name: str, disease: Disease) -> None:
    population = low.scenario.population
    if disease.onset.at is None or population is None or population.history != "none":
        return
    if isinstance(population.age, Quantity) and population.age.value == 0:
        return
    low.resolver.report(
        "W306", f"{name} is there from birth, but lives are followed from {population.from_} on only",
        disease.onset, Where(disease.onset.path, disease.onset.span),
        remedy="write `history: from birth`, or everyone has the disease as on its first day, at any age",
    )  # fmt: skip
