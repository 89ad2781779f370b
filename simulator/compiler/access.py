"""Access to care: visits wait for opening hours, and do not reach who is lost to follow-up.

The last step before events are connected, over all processes, whoever brings patients to care:

* An arrow on which a visit takes place or is asked for, of a care with `hours`, leads to an appointment
  first: what it does is done once the next free appointment has come (distribution ``opening``). If that
  is on a closed day, a new one is sought from the end of the closed days on.
* A visit that does not reach patients who are lost is left out, and so is what a process does once it
  has asked for one. Pathways end or go on as a whole (`pathways.when_lost`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simulator.compiler import algebra, closed_days, follow_up, schedules
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.pathways import FIRST, MOST_STATES
from simulator.compiler.terms import Where


def limit(low: Lowering) -> None:
    """Put appointments before visits, and conditions on them."""
    waits = {name: schedules.opening(low, name) for name in low.scenario.care}
    hours = {name: wait for name, wait in waits.items() if wait is not None}
    holidays = closed_days.holidays(low)
    closed = {name: closed_days.condition(low, name, holidays) for name in hours}
    reach = {name: follow_up.attending(low, block.class_) for name, block in low.scenario.care.items()}
    limited = {name: term for name, term in reach.items() if term != algebra.TRUE}
    for index, process in low.processes.items():
        if limited and process.name not in low.scenario.pathways:
            process = _reached(low, process, limited)
        if hours:
            process = _kept(low, process, hours, closed)
            _check_size(low, process)
        low.processes[index] = process


def _check_size(low: Lowering, process: m.Process) -> None:
    """Whether the states of a pathway, appointments included, still fit a mask."""
    block = low.scenario.pathways.get(process.name)
    if block is not None and len(process.states) > MOST_STATES:
        low.resolver.report(
            "E716", f"pathway {process.name} has too many waits, branches and appointments", block,
            Where(block.path, block.span),
            expected=f"at most {MOST_STATES - FIRST}; an appointment is one, or three with closed days",
            remedy="let a part of it be a pathway of its own, started by an event of this one",
        )  # fmt: skip


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


def _kept(
    low: Lowering,
    process: m.Process,
    hours: dict[str, m.Distribution],
    closed: dict[str, m.Term | None],
) -> m.Process:
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
            leaves = _leaving(low, process, state, arrow)
            shut = closed[care]
            states += _appointment(len(states), arrow, leaves, m.AfterDuration(hours[care]), shut)
            if shut is not None and low.resolver.origins is not None:
                low.resolver.origins.wrote(shut, f"{care} is closed that day")
                low.resolver.origins.wrote(algebra.negation(shut), f"{care} is open that day")
        states[i] = replace(state, arrows=tuple(arrows))
    return replace(process, states=tuple(states))


def _appointment(
    at: int, due: m.Arrow, leaves: tuple[m.Arrow, ...], wait: m.AfterDuration, closed: m.Term | None
) -> list[m.State]:
    """The states from `at` on in which an appointment is waited for; on closed days, for another one."""
    name = f"appointment for {due.name}"
    if closed is None:
        return [m.State(name, (*leaves, m.Arrow(f"{due.name}: seen", due.target, wait, due.actions)))]
    opened = m.WhenTrue(algebra.negation(closed))
    comes = m.Arrow(f"{due.name}: appointment", at + 1, wait, silent=True)
    shut = m.Arrow(f"{due.name}: closed", at + 2, m.WhenTrue(closed), silent=True)
    seen = m.Arrow(f"{due.name}: seen", due.target, opened, due.actions)
    again = m.Arrow(f"{due.name}: open again", at, opened, silent=True)
    later = tuple(replace(arrow, name=f"{arrow.name}, while closed") for arrow in leaves)
    return [
        m.State(name, (*leaves, comes)),
        m.State(f"{name}: at the door", (shut, seen)),
        m.State(f"{name}: closed", (*later, again)),
    ]


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
