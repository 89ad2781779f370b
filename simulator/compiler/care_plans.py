"""Care plans → processes.

Care plan P is the process `P`: ``off`` → ``on`` when `for` holds (at a visit of one of `at`, if given) →
``completed`` by `until`, or ``revoked`` when `for` no longer holds. Being set up is recorded (status
active) with its activities and goals in words; so is its end (status completed or revoked). Each goal is a
process `P.GOAL` that hears when its condition becomes true while the plan is active, records it and says
`P.GOAL`. Outside a visit all this opens an encounter of the kind P (virtual, 15 minutes).
"""

from __future__ import annotations

from simulator.compiler import algebra, care, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario.expression_text import format_expression
from simulator.scenario.model_courses import CarePlan

OFF, ON, COMPLETED = range(3)
_OWN_EVENTS = ("started", "completed", "revoked")


def declare(low: Lowering, name: str, plan: CarePlan) -> None:
    """Give the plan's processes and events their names."""
    names = low.names
    names.add(name, "care plan", names.process(name))
    names.states[name] = {"on": 1 << ON}
    for event in _OWN_EVENTS:
        names.event(f"{name}.{event}")
    for goal in plan.goals:
        if goal in _OWN_EVENTS:
            low.resolver.report(
                "E736", f"`{name}.{goal}` already means something", plan, Where.key(plan, "goals"),
                remedy="rename the goal",
            )  # fmt: skip
        names.event(f"{name}.{goal}")
        names.process(f"{name}.{goal}")


def encounter(low: Lowering, name: str, plan: CarePlan) -> None:
    """Where a plan is written outside any visit."""
    care.add_encounter(low, name, "virtual", None, plan.title, None)


def lower(low: Lowering, name: str, plan: CarePlan) -> None:
    """Add the processes of a care plan."""
    low.labels[name] = plan.title or name
    where = Where.key(plan, "for", chart=f"`for` of care plan {name}")
    holds = low.resolver.condition(plan.for_, where)
    if holds is None:
        holds = algebra.FALSE
    begins = (m.Raise(low.names.event(f"{name}.started")),)
    ends = [
        m.Arrow(
            f"{name}: revoked", OFF, m.WhenTrue(algebra.negation(holds)), _end(low, name, plan, "revoked")
        )
    ]
    if plan.until is not None:
        fires = triggers.trigger(
            low, plan.until, f"{name}: completed", m.InState(low.names.processes[name], 1 << ON),
            chart=f"`until` of care plan {name}", allowed=("after", "when", "on"),
        )  # fmt: skip
        if fires is not None:
            done = _end(low, name, plan, "completed")
            ends.insert(0, m.Arrow(f"{name}: completed", COMPLETED, fires, done))
    states = (
        m.State("off", _starts(low, name, plan, holds, begins)),
        m.State("on", tuple(ends), _set_up(low, name, plan)),
        m.State("completed"),
    )
    low.add_process(m.Process(name, states))
    for goal in plan.goals:
        _goal(low, name, plan, goal)


def _starts(
    low: Lowering, name: str, plan: CarePlan, holds: m.Term, begins: tuple[m.Action, ...]
) -> tuple[m.Arrow, ...]:
    resolver = low.resolver
    chance: m.Term | None = None
    if plan.probability is not None:
        chance = resolver.probability(plan.probability, Where.key(plan, "probability", once=True))
    if not plan.at:
        return (m.Arrow(f"{name}: set up", ON, m.WhenTrue(holds), begins),)
    found = []
    for i, place in enumerate(plan.at):
        if resolver.is_a(place, "care", None, Where.key(plan, f"at[{i}]")):
            heard = m.OnEvent(low.names.event(f"{place}.visit"), holds, chance)
            found.append(m.Arrow(low.arrow_name(f"{name}: set up at {place}"), ON, heard, begins))
    return tuple(found)


def _row(low: Lowering, name: str, plan: CarePlan, status: str) -> m.Action:
    code = low.code(name, plan.codes, plan.title, "care plan", status=status)
    return m.Emit(code, encounter=low.encounter_index[name])


def _words(low: Lowering, name: str, what: str, text: str, status: str) -> m.Action:
    spec = m.CodeSpec(
        f"{what}//{name}", what.rpartition("_")[2].lower(), text=text, status=status, kind="care plan"
    )
    return m.Emit(low.codes.place(spec), encounter=low.encounter_index[name])


def _set_up(low: Lowering, name: str, plan: CarePlan) -> tuple[m.Action, ...]:
    activities = [
        _words(low, name, "CARE_PLAN_ACTIVITY", " ".join(a.split()), "active") for a in plan.activities
    ]
    goals = [_words(low, name, "CARE_PLAN_GOAL", format_expression(g), "active") for g in plan.goals.values()]
    return (_row(low, name, plan, "active"), *activities, *goals)


def _end(low: Lowering, name: str, plan: CarePlan, status: str) -> tuple[m.Action, ...]:
    return (_row(low, name, plan, status), m.Raise(low.names.event(f"{name}.{status}")))


def _goal(low: Lowering, name: str, plan: CarePlan, goal: str) -> None:
    """Word of a goal, once for each time the plan is set up."""
    chart = f"goal {goal} of care plan {name}"
    condition = low.resolver.condition(plan.goals[goal], Where.key(plan, "goals", chart=chart))
    active = m.InState(low.names.processes[name], 1 << ON)
    reached = m.WhenTrue(algebra.all_of(active, algebra.FALSE if condition is None else condition))
    says = (
        _words(low, name, "CARE_PLAN_GOAL", format_expression(plan.goals[goal]), "completed"),
        m.Raise(low.names.event(f"{name}.{goal}")),
    )
    states = (
        m.State("open", (m.Arrow(f"{name}: {goal} reached", 1, reached, says),)),
        m.State("reached", (m.Arrow(f"{name}: {goal} open again", 0, m.WhenTrue(algebra.negation(active))),)),
    )
    low.add_process(m.Process(f"{name}.{goal}", states))
