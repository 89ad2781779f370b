"""The stage of a disease: its state, written down with the diagnosis and at later visits.

`X.stage` is a variable with the states as categories: what the chart says, unknown before the diagnosis.
A change of the true state is known to the chart only when it is staged again. Where stages may be taken for
their neighbours (`understaged`, `overstaged`), what is seen is a variable of its own, `X.staging`, drawn each
time; what events of `on` show is true.
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
    if _may_err(disease):
        low.names.var(f"{name}.staging")


def _may_err(disease: Disease) -> bool:
    stage = disease.stage
    return stage is not None and (stage.understaged is not None or stage.overstaged is not None)


def rows(
    low: Lowering, name: str, disease: Disease, encounter: int, *, proven: bool = False
) -> tuple[m.Action, ...]:
    """Actions that remember and record the state as the stage, unless the chart has it already.

    `proven`: what is seen is surely the true state.
    """
    assert disease.stage is not None
    full = f"{name}.stage"
    var = low.names.symbols[full].index
    title = disease.stage.title or f"stage of {disease.title or name.replace('_', ' ')}"
    errs = _may_err(disease) and not proven
    actions: list[m.Action] = _seen(low, name, disease) if errs else []
    for index, state in enumerate(disease.states):
        codes = disease.state_codes.get(state, {}) or disease.stage.codes
        code = low.code(full, codes, title, "diagnosis", status="final", text=state)
        told = (
            m.Set(var, m.Const(float(index))),
            m.Emit(code, encounter=encounter),
            m.Raise(low.names.event(f"{name}.staged")),
        )
        news = _is_new(low, name, index, var) if errs else _news(low, name, state, index, var)
        actions.append(m.If(news, None, f"{full}: {state}", told))
    return tuple(actions)


def _seen(low: Lowering, name: str, disease: Disease) -> list[m.Action]:
    """Sets `X.staging` to the true state, or to the one before or after it."""
    stage, seen = disease.stage, low.names.vars.index(f"{name}.staging")
    assert stage is not None
    actions: list[m.Action] = []
    for index, state in enumerate(disease.states):
        set_: list[m.Action] = [m.Set(seen, m.Const(float(index)))]
        for key, value, other in (
            ("understaged", stage.understaged, index - 1), ("overstaged", stage.overstaged, index + 1),
        ):  # fmt: skip
            if value is None or not 0 <= other < len(disease.states):
                continue
            chance = low.resolver.probability(value, Where.key(stage, key, once=True))
            right = m.Apply("eq", (m.Var(seen), m.Const(float(index))))
            if chance is not None:
                wrong = (m.Set(seen, m.Const(float(other))),)
                set_.append(m.If(right, chance, f"{name}.stage: {state} {key}", wrong))
        true = m.InState(low.names.processes[name], low.names.states[name][state])
        actions.append(m.If(true, None, f"{name}.stage: is {state}", tuple(set_)))
    return actions


def _is_new(low: Lowering, name: str, index: int, var: int) -> m.Term:
    """Whether a stage is seen that the chart does not have."""
    seen = m.Apply("eq", (m.Var(low.names.vars.index(f"{name}.staging")), m.Const(float(index))))
    return m.Apply("and", (seen, m.Apply("not", (m.Apply("eq", (m.Var(var), m.Const(float(index)))),))))


def _news(low: Lowering, name: str, state: str, index: int, var: int) -> m.Term:
    """Whether the disease is in a state that the chart does not have as its stage."""
    true = m.InState(low.names.processes[name], low.names.states[name][state])
    return m.Apply("and", (true, m.Apply("not", (m.Apply("eq", (m.Var(var), m.Const(float(index)))),))))


def again(low: Lowering, name: str, disease: Disease, diagnosed: int) -> list[m.Arrow]:
    """Arrows from diagnosed to itself, at visits and events at which the stage is found to have changed."""
    assert disease.stage is not None
    arrows = []
    var = low.names.symbols[f"{name}.stage"].index
    news = algebra.any_of(*(_news(low, name, s, k, var) for k, s in enumerate(disease.states)))
    for i, care in enumerate(disease.stage.at):
        if not low.resolver.is_a(care, "care", None, Where.key(disease.stage, f"at[{i}]")):
            continue
        heard = m.OnEvent(low.names.event(f"{care}.visit"), news)
        actions = rows(low, name, disease, low.encounter_index[care])
        arrows.append(m.Arrow(low.arrow_name(f"{name}: staged at {care}"), diagnosed, heard, actions))
    first = [care for route in disease.diagnosis for care in (*route.at, route.visit) if care is not None]
    for i, expr in enumerate(disease.stage.on):
        event = low.resolver.event(expr, Where.key(disease.stage, f"on[{i}]"))
        if event is not None and first and first[0] in low.encounter_index:
            heard = m.OnEvent(low.names.event(event), news)
            actions = rows(low, name, disease, low.encounter_index[first[0]], proven=True)
            arrows.append(m.Arrow(low.arrow_name(f"{name}: staged on {event}"), diagnosed, heard, actions))
    return arrows
