"""Diagnoses → processes.

`X.diagnosis` is undiagnosed → diagnosed, and listens to visits and to the routes.

A route `at: [care…]` is an arrow on each of those visits. A route `on: event` with `after` and
`visit` is a process of its own, `X.routeN`: it hears the event, waits, then asks for the visit
and says that it is done, in this order; so the visit's encounter is open, and its
measurements are taken, when the diagnosis is recorded at the same instant.

What people recover from is taken off their chart when they do, so that it can be found again.
"""

from __future__ import annotations

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.diseases import resolves
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.terms import Where
from simulator.scenario.model import DiagnosisRoute, Disease

UNDIAGNOSED, DIAGNOSED = 0, 1


def lower(low: Lowering, name: str, disease: Disease) -> None:
    """Add the diagnosis process of a disease and those of its routes; none if it has no routes."""
    if not disease.diagnosis:
        return
    arrows: list[m.Arrow] = []
    for number, route in enumerate(disease.diagnosis, start=1):
        arrows += _route(low, name, number, disease, route)
    back: tuple[m.Arrow, ...] = ()
    if resolves(disease):
        heard = m.OnEvent(low.names.event(f"{name}.resolved"))
        back = (m.Arrow(f"{name}: taken off the chart", UNDIAGNOSED, heard, silent=True),)
    states = (m.State("undiagnosed", tuple(arrows)), m.State("diagnosed", back))
    low.add_process(m.Process(f"{name}.diagnosis", states))


def _route(low: Lowering, name: str, number: int, disease: Disease, route: DiagnosisRoute) -> list[m.Arrow]:
    """The arrows to `diagnosed` of one route."""
    resolver = low.resolver
    chart = f"`if` of the diagnosis of {name}"
    present: m.Term = m.InState(low.names.processes[name], low.names.states[name][""])
    condition: m.Term | None = present
    if route.if_ is not None:
        condition = resolver.condition(route.if_, Where.key(route, "if", once=True, chart=chart))
    chance: m.Term | None = algebra.TRUE
    if route.probability is not None:
        chance = resolver.probability(route.probability, Where.key(route, "probability", once=True))
    if route.at:
        return _at_visits(low, name, disease, route, condition, chance)
    return _by_event(low, name, number, disease, route, condition, chance)


def _recorded(low: Lowering, name: str, disease: Disease, encounter: int) -> tuple[m.Action, ...]:
    code = low.code(
        name, disease.codes, disease.title, "diagnosis", status="active", lasting=not resolves(disease)
    )
    return m.Emit(code, encounter=encounter), m.Raise(low.names.event(f"{name}.diagnosed"))


def _at_visits(
    low: Lowering,
    name: str,
    disease: Disease,
    route: DiagnosisRoute,
    condition: m.Term | None,
    chance: m.Term | None,
) -> list[m.Arrow]:
    arrows = []
    for i, care in enumerate(route.at):
        known = low.resolver.is_a(care, "care", None, Where.key(route, f"at[{i}]"))
        if not known or condition is None or chance is None:
            continue
        heard = m.OnEvent(
            low.names.event(f"{care}.visit"),
            None if condition == algebra.TRUE else condition,
            None if chance == algebra.TRUE else chance,
        )
        actions = _recorded(low, name, disease, low.encounter_index[care])
        label = low.arrow_name(f"{name}: diagnosed at {care}")
        arrows.append(m.Arrow(label, DIAGNOSED, heard, actions))
    return arrows


def _by_event(
    low: Lowering,
    name: str,
    number: int,
    disease: Disease,
    route: DiagnosisRoute,
    condition: m.Term | None,
    chance: m.Term | None,
) -> list[m.Arrow]:
    """The route's own process, and the arrow that listens to its end."""
    resolver, names = low.resolver, low.names
    assert route.on is not None
    assert route.visit is not None
    event = resolver.event(route.on, Where.key(route, "on"))
    after: m.Distribution | None = None
    if route.after is not None:
        after = distribution(resolver, route.after, Where.key(route, "after"), DURATION)
    known = resolver.is_a(route.visit, "care", None, Where.key(route, "visit"))
    incomplete = event is None or condition is None or chance is None or (route.after and after is None)
    if not known or incomplete or event is None or condition is None:
        return []
    process, done = f"{name}.route{number}", names.event(f"{name}.route{number}:done")
    open_: m.Term = algebra.negation(resolver.diagnosed(name))
    if route.if_ is None:
        open_ = algebra.all_of(open_, condition)
    ask = (m.Raise(names.event(f"visit:{route.visit}")), m.Raise(done))
    heard = m.OnEvent(names.event(event), open_, None if chance == algebra.TRUE else chance)
    label = f"{name}: route {number}"
    if after is None:
        states: tuple[m.State, ...] = (m.State("waiting", (m.Arrow(label, 0, heard, ask),)),)
    else:
        still = m.If(open_, None, f"{label}: still", ask)
        due = m.Arrow(f"{label}: due", 0, m.AfterDuration(after), (still,))
        states = (m.State("waiting", (m.Arrow(label, 1, heard),)), m.State("pending", (due,)))
    low.add_process(m.Process(process, states))
    decides = None if route.if_ is None else condition
    actions = _recorded(low, name, disease, low.encounter_index[route.visit])
    arrow = low.arrow_name(f"{name}: diagnosed at {route.visit}")
    return [m.Arrow(arrow, DIAGNOSED, m.OnEvent(done, decides), actions)]
