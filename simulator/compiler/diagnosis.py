"""Diagnoses → processes.

`X.diagnosis` is undiagnosed → diagnosed, and listens to visits and to the routes.

A route `at: [care…]` is an arrow on each of those visits. A route `on: event` with `after` and
`visit` is a process of its own, `X.routeN`: it hears the event, waits, then asks for the visit
and says that it is done, in this order; so the visit's encounter is open, and its
measurements are taken, when the diagnosis is recorded at the same instant.

A route that may be mistaken leads to a decision by chance, and from there to the right diagnosis or to a
state for each wrong one, which is recorded as provisional and refuted when the right one is made. Who is
diagnosed without having the disease (`false_positive`, or by a rule whose diagnoses are `refuted`) is in a
state of their own until it is refuted, or comes true.

What people recover from is taken off their chart when they do, so that it can be found again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from simulator.compiler import algebra, staging, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.diseases import resolves
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.terms import Where
from simulator.scenario.model import DiagnosisRoute, Disease

UNDIAGNOSED, DIAGNOSED = 0, 1


@dataclass(slots=True)
class _Chart:
    """The states of a diagnosis process beyond undiagnosed and diagnosed, as they are needed."""

    arrows: list[list[m.Arrow]] = field(default_factory=lambda: [[], []])
    names: list[str] = field(default_factory=lambda: ["undiagnosed", "diagnosed"])
    mistaken: list[int] = field(default_factory=list)  # states of wrong diagnoses, corrected on occasion
    refutes: dict[int, m.Action] = field(default_factory=dict)  # by such a state: the row that ends it
    false: dict[int, int] = field(default_factory=dict)  # by route: diagnosed by it without the disease

    def add(self, name: str) -> int:
        """A new state."""
        self.names.append(name)
        self.arrows.append([])
        return len(self.names) - 1


def declare(low: Lowering, name: str, disease: Disease) -> None:
    """Give the processes and events of a disease's diagnosis their names."""
    if not disease.diagnosis:
        return
    names = low.names
    names.event(f"{name}.diagnosed")
    if any(route.mistaken_for for route in disease.diagnosis):
        names.event(f"{name}.mistaken")
    if any(route.refuted is not None for route in disease.diagnosis):
        names.event(f"{name}.refuted")
    for i, route in enumerate(disease.diagnosis, start=1):
        if not route.at:
            names.process(f"{name}.route{i}")
    false = sum(_may_be_false(route) for route in disease.diagnosis)
    names.process(f"{name}.diagnosis")
    names.states[f"{name}.diagnosis"] = {"": (1 << (false + 2)) - 2}  # diagnosed, and each of those
    if disease.stage is not None:
        staging.declare(low, name, disease)


def lower(low: Lowering, name: str, disease: Disease) -> None:
    """Add the diagnosis process of a disease and those of its routes; none if it has no routes."""
    if not disease.diagnosis:
        return
    chart = _Chart()
    for number, route in enumerate(disease.diagnosis, start=1):
        if _may_be_false(route):
            chart.false[number] = chart.add("diagnosed")
    made: list[m.Arrow] = []  # the arrows of all routes, if nothing were mistaken
    for number, route in enumerate(disease.diagnosis, start=1):
        arrows = _route(low, name, number, disease, route)
        if route.if_ is not None and route.refuted is not None:
            arrows = _told_apart(low, name, number, disease, arrows, chart)
        made += arrows
        if route.mistaken_for:
            for arrow in arrows:
                _decide(low, name, disease, route, arrow, chart)
        else:
            chart.arrows[UNDIAGNOSED] += arrows
        if route.false_positive is not None:
            _false_positive(low, name, number, disease, chart)
    for place in chart.mistaken:
        for arrow in made:
            label = low.arrow_name(f"{arrow.name}, corrected")
            actions = (chart.refutes[place], *arrow.actions)
            chart.arrows[place].append(m.Arrow(label, DIAGNOSED, arrow.trigger, actions))
    if disease.stage is not None:
        chart.arrows[DIAGNOSED] += staging.again(low, name, disease, DIAGNOSED)
    if resolves(disease):
        heard = m.OnEvent(low.names.event(f"{name}.resolved"))
        for place, state in enumerate(chart.names):
            if place == DIAGNOSED or state == "mistaken":
                label = low.arrow_name(f"{name}: taken off the chart")
                chart.arrows[place].append(m.Arrow(label, UNDIAGNOSED, heard, silent=True))
    states = tuple(m.State(each, tuple(chart.arrows[i])) for i, each in enumerate(chart.names))
    low.add_process(m.Process(f"{name}.diagnosis", states))


def _may_be_false(route: DiagnosisRoute) -> bool:
    """Whether it may give the diagnosis to somebody without the disease, and we keep them apart."""
    return route.false_positive is not None or route.refuted is not None


def _told_apart(
    low: Lowering, name: str, number: int, disease: Disease, arrows: list[m.Arrow], chart: _Chart
) -> list[m.Arrow]:
    """The diagnoses of a rule in those who have the disease; those in others are taken back some day."""
    present = m.InState(low.names.processes[name], low.names.states[name][""])
    right = []
    for arrow in arrows:
        assert isinstance(arrow.trigger, m.OnEvent)
        rule = arrow.trigger.condition or algebra.TRUE
        is_there = replace(arrow.trigger, condition=algebra.all_of(rule, present))
        is_not = replace(arrow.trigger, condition=algebra.all_of(rule, algebra.negation(present)))
        right.append(replace(arrow, trigger=is_there))
        label = low.arrow_name(f"{arrow.name}, wrongly")
        chart.arrows[UNDIAGNOSED].append(m.Arrow(label, chart.false[number], is_not, arrow.actions))
    _taken_back(low, name, number, disease, chart)
    return right


def _decide(
    low: Lowering, name: str, disease: Disease, route: DiagnosisRoute, arrow: m.Arrow, chart: _Chart
) -> None:
    """The occasion `arrow` leads to a decision: the right diagnosis, or one of those it is mistaken for."""
    resolver = low.resolver
    care = route.visit if route.visit is not None else route.at[0]
    deciding = chart.add("deciding")
    chart.arrows[UNDIAGNOSED].append(m.Arrow(arrow.name, deciding, arrow.trigger))
    rest: m.Term = algebra.TRUE
    for number, wrong in enumerate(route.mistaken_for, start=1):
        chance = resolver.probability(wrong.probability, Where.key(wrong, "probability", once=True))
        if chance is None or care not in low.encounter_index:
            continue
        encounter = low.encounter_index[care]
        own = f"{name}.mistaken{number}"
        rows = [
            m.Emit(
                low.code(own, wrong.codes, wrong.title, "diagnosis", status=s, lasting=not resolves(disease)),
                encounter=encounter,
            )
            for s in ("provisional", "refuted")
        ]
        place = chart.add("mistaken")
        label = low.arrow_name(f"{name}: mistaken for {wrong.title or number}")
        actions = (rows[0], m.Raise(low.names.event(f"{name}.mistaken")))
        chart.arrows[deciding].append(m.Arrow(label, place, m.ByChance(chance), actions))
        rest = algebra.apply("sub", rest, chance)
        if wrong.lasts is None:
            chart.mistaken.append(place)
            chart.refutes[place] = rows[1]
            continue
        lasts = distribution(resolver, wrong.lasts, Where.key(wrong, "lasts"), DURATION)
        if lasts is not None:
            right = (rows[1], *arrow.actions)
            label = low.arrow_name(f"{name}: recognised")
            chart.arrows[place].append(m.Arrow(label, DIAGNOSED, m.AfterDuration(lasts), right))
    if isinstance(rest, m.Const) and rest.value < -1e-9:
        resolver.report(
            "E703", f"the wrong diagnoses of {name} add up to {1.0 - rest.value:g}", route,
            Where.key(route, "mistaken_for"), expected="at most 1",
        )  # fmt: skip
    right_away = m.Const(max(0.0, rest.value)) if isinstance(rest, m.Const) else rest
    label = low.arrow_name(f"{arrow.name} at once")
    chart.arrows[deciding].append(m.Arrow(label, DIAGNOSED, m.ByChance(right_away), arrow.actions))


def _false_positive(low: Lowering, name: str, number: int, disease: Disease, chart: _Chart) -> None:
    """Somebody without the disease is given the diagnosis; it is refuted later, or comes true."""
    resolver, route = low.resolver, disease.diagnosis[number - 1]
    assert route.false_positive is not None
    chance = resolver.probability(route.false_positive, Where.key(route, "false_positive", once=True))
    present = m.InState(low.names.processes[name], low.names.states[name][""])
    for care in route.at:
        if chance is None or care not in low.encounter_index:
            continue
        heard = m.OnEvent(low.names.event(f"{care}.visit"), algebra.negation(present), chance)
        label = low.arrow_name(f"{name}: wrongly diagnosed at {care}")
        recorded = _recorded(low, name, disease, low.encounter_index[care])
        chart.arrows[UNDIAGNOSED].append(m.Arrow(label, chart.false[number], heard, recorded))
    _taken_back(low, name, number, disease, chart)


def _taken_back(low: Lowering, name: str, number: int, disease: Disease, chart: _Chart) -> None:
    """How a diagnosis by a route without the disease ends: it comes true, or is refuted."""
    route, ends = disease.diagnosis[number - 1], chart.arrows[chart.false[number]]
    present = m.InState(low.names.processes[name], low.names.states[name][""])
    ends.append(m.Arrow(low.arrow_name(f"{name}: comes true"), DIAGNOSED, m.WhenTrue(present)))
    if route.refuted is None:
        return
    there = m.InState(low.names.processes[f"{name}.diagnosis"], 1 << chart.false[number])
    fires = triggers.trigger(
        low, route.refuted, f"{name}: refuted", there, chart=f"`refuted` of the diagnosis of {name}",
        allowed=("rate", "after", "when", "on"),
    )  # fmt: skip
    code = low.code(
        name, disease.codes, disease.title, "diagnosis", status="refuted", lasting=not resolves(disease)
    )
    places = route.at if route.visit is None else [route.visit]
    known = [low.encounter_index[care] for care in places if care in low.encounter_index]
    if fires is not None and known:
        row = m.Emit(code, encounter=known[0])
        tells = m.Raise(low.names.event(f"{name}.refuted"))
        label = low.arrow_name(f"{name}: refuted")
        ends.append(m.Arrow(label, UNDIAGNOSED, fires, (row, tells)))


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
    stage = staging.rows(low, name, disease, encounter) if disease.stage is not None else ()
    return m.Emit(code, encounter=encounter), *stage, m.Raise(low.names.event(f"{name}.diagnosed"))


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
