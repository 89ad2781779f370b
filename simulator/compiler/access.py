"""Access to care: visits wait for opening hours, and do not reach who is lost to follow-up.

The last step before events are connected, over all processes, whoever brings patients to care:

* An arrow on which a visit takes place or is asked for, of a care with `hours`, leads to an appointment
  first: what it does is done once the next free appointment has come (distribution ``opening``).
* A visit that does not reach patients who are lost is left out, and so is what a process does once it
  has asked for one. Steps of pathways go on: they end by `stop: [{on: follow_up.lost}]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simulator.compiler import algebra, follow_up, schedules
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering


def limit(low: Lowering) -> None:
    """Put appointments before visits, and conditions on them."""
    waits = {name: schedules.opening(low, name) for name in low.scenario.care}
    hours = {name: wait for name, wait in waits.items() if wait is not None}
    reach = {name: follow_up.attending(low, block.class_) for name, block in low.scenario.care.items()}
    limited = {name: term for name, term in reach.items() if term != algebra.TRUE}
    for index, process in low.processes.items():
        if limited and process.name not in low.scenario.pathways:
            process = _reached(low, process, limited)
        if hours:
            process = _kept(low, process, hours)
        low.processes[index] = process


def _asked(low: Lowering, name: str) -> int:
    """The event by which others ask for a visit."""
    return low.names.events.get(f"visit:{name}", -1)


def _goes_to(low: Lowering, actions: Sequence[m.Action], names: Sequence[str]) -> str | None:
    """The care of `names` to which these actions lead, if they do."""
    for action in actions:
        for name in names:
            if isinstance(action, m.Visit) and action.encounter == low.encounter_index[name]:
                return name
            if isinstance(action, m.Raise) and action.event == _asked(low, name):
                return name
        if isinstance(action, m.If):
            inner = _goes_to(low, action.actions, names)
            if inner is not None:
                return inner
    return None


# --- opening hours ---------------------------------------------------------------------------


def _kept(low: Lowering, process: m.Process, hours: dict[str, m.Distribution]) -> m.Process:
    """The process with an appointment between what makes a visit due and the visit."""
    asked = {_asked(low, name) for name in hours}
    states = list(process.states)
    for i, state in enumerate(process.states):
        arrows = []
        for arrow in state.arrows:
            answers = isinstance(arrow.trigger, m.OnEvent) and arrow.trigger.event in asked
            care = None if answers else _goes_to(low, arrow.actions, list(hours))
            if care is None:
                arrows.append(arrow)
                continue
            arrows.append(replace(arrow, target=len(states), actions=()))
            seen = m.Arrow(f"{arrow.name}: seen", arrow.target, m.AfterDuration(hours[care]), arrow.actions)
            leaves = _leaving(low, process, state, arrow)
            states.append(m.State(f"appointment for {arrow.name}", (*leaves, seen)))
        states[i] = replace(state, arrows=tuple(arrows))
    return replace(process, states=tuple(states))


def _leaving(low: Lowering, process: m.Process, state: m.State, due: m.Arrow) -> tuple[m.Arrow, ...]:
    """What ends the wait for an appointment: what ends the wait for it being due."""
    heard = (m.WhenTrue, m.OnEvent) if process.name in low.scenario.pathways else (m.WhenTrue,)
    return tuple(
        replace(arrow, name=f"{due.name}: {arrow.name}, before it")
        for arrow in state.arrows
        if arrow is not due and isinstance(arrow.trigger, heard) and arrow.actions[:1] != due.actions[:1]
    )


# --- loss to follow-up -----------------------------------------------------------------------


def _reached(low: Lowering, process: m.Process, limited: dict[str, m.Term]) -> m.Process:
    """The process with its visits only while they reach the patient."""
    states = []
    for state in process.states:
        arrows = []
        for arrow in state.arrows:
            care = _goes_to(low, arrow.actions, list(limited))
            if care is not None:
                label = f"{arrow.name}: reached"
                arrow = replace(arrow, actions=_from_visit(low, arrow.actions, care, limited[care], label))
            arrows.append(arrow)
        states.append(replace(state, arrows=tuple(arrows)))
    return replace(process, states=tuple(states))


def _from_visit(
    low: Lowering, actions: Sequence[m.Action], care: str, reach: m.Term, label: str
) -> tuple[m.Action, ...]:
    """`actions` with all from the visit on under a condition."""
    for i, action in enumerate(actions):
        if _goes_to(low, (action,), (care,)) is not None:
            return (*actions[:i], m.If(reach, None, label, tuple(actions[i:])))
    return tuple(actions)
