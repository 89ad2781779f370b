"""The stage of a disease: its state, written down with the diagnosis and at later visits.

`X.stage` is a variable with the states as categories: what the chart says, unknown before the diagnosis.
A change of the true state is known to the chart only when it is staged again.
"""

from __future__ import annotations

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario.model import Disease


def declare(low: Lowering, name: str, disease: Disease) -> None:
    """Make the recorded stage known."""
    full = f"{name}.stage"
    low.names.add(full, "attribute", low.names.var(full))
    low.names.categories[full] = tuple(disease.states)
    low.names.event(f"{name}.staged")


def rows(low: Lowering, name: str, disease: Disease, encounter: int) -> tuple[m.Action, ...]:
    """Actions that remember and record the state as the stage, unless the chart has it already."""
    assert disease.stage is not None
    full = f"{name}.stage"
    var = low.names.symbols[full].index
    title = disease.stage.title or f"stage of {disease.title or name.replace('_', ' ')}"
    actions: list[m.Action] = []
    for index, state in enumerate(disease.states):
        codes = disease.state_codes.get(state, {}) or disease.stage.codes
        code = low.code(full, codes, title, "diagnosis", status="final", text=state)
        told = (
            m.Set(var, m.Const(float(index))),
            m.Emit(code, encounter=encounter),
            m.Raise(low.names.event(f"{name}.staged")),
        )
        actions.append(m.If(_news(low, name, state, index, var), None, f"{full}: {state}", told))
    return tuple(actions)


def _news(low: Lowering, name: str, state: str, index: int, var: int) -> m.Term:
    """Whether the disease is in a state that the chart does not have as its stage."""
    true = m.InState(low.names.processes[name], low.names.states[name][state])
    return m.Apply("and", (true, m.Apply("not", (m.Apply("eq", (m.Var(var), m.Const(float(index)))),))))


def again(low: Lowering, name: str, disease: Disease, diagnosed: int) -> list[m.Arrow]:
    """Arrows from diagnosed to itself, at visits at which the stage is found to have changed."""
    assert disease.stage is not None
    arrows = []
    for i, care in enumerate(disease.stage.at):
        if not low.resolver.is_a(care, "care", None, Where.key(disease.stage, f"at[{i}]")):
            continue
        var = low.names.symbols[f"{name}.stage"].index
        news = algebra.any_of(*(_news(low, name, s, k, var) for k, s in enumerate(disease.states)))
        heard = m.OnEvent(low.names.event(f"{care}.visit"), news)
        actions = rows(low, name, disease, low.encounter_index[care])
        arrows.append(m.Arrow(low.arrow_name(f"{name}: staged at {care}"), diagnosed, heard, actions))
    return arrows
