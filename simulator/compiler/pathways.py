"""Pathways → processes.

Pathway P is the process `P`: ``off`` → (by chance `uptake`, else ``declined``) → the states of its
steps (`pathway_steps.py`) → ``completed`` or ``stopped``. `start.when` lets it begin once; `again` opens it
again after that time. `start.on` begins it by every such event, unless it is under way (with `again`: or
ended less than that ago). `stop` is heard in every state of its steps, and nobody begins while a
`stop.when` holds. Being lost to follow-up stops it, or not, as `when_lost` says; what it began to be taken
ends with it as the step says (`pathway_medicines.py`).

It says `P.started`, `P.completed`, `P.stopped`, `P.declined`, `P.postponed`, the names of its steps and what
`may_follow`; `on P` is true from the first step to the last. What is done outside a visit opens an encounter
of its own kind, P (ambulatory). A pathway without `start` has no process: it is followed by others.
"""

from __future__ import annotations

from simulator.compiler import algebra, care, follow_up, pathway_medicines, referrals, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.pathway_places import Point, Scope
from simulator.compiler.pathway_steps import MOST_FOLLOWED, MOST_STEPS, Course
from simulator.compiler.pathway_walk import ALL_STEPS, LONG_WAY, OWN_EVENTS, circles, walk
from simulator.compiler.pathway_walk import referrals as referrals_in
from simulator.compiler.terms import Where
from simulator.scenario.model import Trigger
from simulator.scenario.model_courses import Pathway, PathwayStart

OFF, COMPLETED, STOPPED, DECLINED, DECIDING, DUE = range(6)
FIRST = 6
#: the engine's bound on the states of a process
MOST_STATES = 60
#: every state of a step
UNDER_WAY = (1 << MOST_STATES) - (1 << FIRST)


def declare(low: Lowering, name: str, pathway: Pathway) -> None:
    """Give the pathway's process and events their names."""
    names = low.names
    if pathway.start is None:
        names.add(name, "pathway", -1)
    else:
        names.add(name, "pathway", names.process(name))
        names.states[name] = {"on": UNDER_WAY}
    for event in OWN_EVENTS:
        names.event(f"{name}.{event}")
    for step in walk(pathway.steps):
        for own in [*([step.name] if step.name else []), *step.may_follow]:
            if own in OWN_EVENTS:
                low.resolver.report(
                    "E736", f"`{name}.{own}` already means something", step, Where.key(step, "name"),
                    remedy="rename it",
                )  # fmt: skip
            names.event(f"{name}.{own}")
        if step.after is not None:
            for key in step.may_follow:
                process = low.course_name(f"{name}.{key}", f"{step.path}.{key}")
                names.process(process)
                names.event(f"{process}:coming")
    referrals.declare(low, name, referrals_in(pathway))


def encounter(low: Lowering, name: str, pathway: Pathway) -> None:
    """Where that is done which belongs to no visit."""
    care.add_encounter(low, name, "ambulatory", None, pathway.title, None)


def lower(low: Lowering, name: str, pathway: Pathway) -> None:
    """Add the processes of a pathway."""
    low.labels[name] = pathway.title or name
    _follow(low, name, pathway)
    referrals.lower(low, name, referrals_in(pathway), low.encounter_index[name])
    if low.circles is None:
        low.circles = circles(low.scenario)
    around = low.circles.get(name)
    if around:
        low.resolver.report(
            "E731", f"pathway {name} follows itself: {_shown(around)}", pathway,
            Where(pathway.path, pathway.span), remedy="repeat steps by `repeat:`",
        )  # fmt: skip
    if pathway.start is None:
        _unstarted(low, name, pathway)
        return
    course = Course(low, name, FIRST)
    first = Point([], COMPLETED)
    if around is None:
        first = _steps(low, name, pathway, course)
    begins = first.after(m.Raise(low.names.event(f"{name}.started")))
    course.settle()
    low.add_process(m.Process(name, _states(low, name, pathway, course, begins)))


def _shown(around: list[str]) -> str:
    """A way around, cut short if it is long."""
    way = around if len(around) <= LONG_WAY else [*around[:10], "…", *around[-2:]]
    return " → ".join(way)


def _steps(low: Lowering, name: str, pathway: Pathway, course: Course) -> Point:
    event = low.names.event
    scope = Scope(
        name,
        low.encounter_index[name],
        Point(
            [*_ends(low, course, pathway_medicines.ALWAYS), m.Raise(event(f"{name}.completed"))], COMPLETED
        ),
        Point([*_stopped(low, course)], STOPPED),
        following=(name,),
    )
    if pathway.repeat is None:
        return course.steps(pathway.steps, scope.completed, scope)
    return course.repeat(pathway.repeat, pathway.steps, scope.completed, scope)


def _ends(low: Lowering, course: Course, how: float) -> tuple[m.Action, ...]:
    return pathway_medicines.ends(low, course.name, course.began, how)


def _stopped(low: Lowering, course: Course) -> tuple[m.Action, ...]:
    """What is done when it is stopped."""
    ends = _ends(low, course, pathway_medicines.IF_STOPPED)
    return (*ends, m.Raise(low.names.event(f"{course.name}.stopped")))


def _states(low: Lowering, name: str, pathway: Pathway, course: Course, begins: Point) -> tuple[m.State, ...]:
    """All states: those of beginning and end, then those of the steps."""
    if course.taken > MOST_STEPS or low.steps > ALL_STEPS:
        low.resolver.report(
            "E716", f"pathway {name} has too many steps, counting those of the pathways it follows each time",
            pathway, Where(pathway.path, pathway.span),
            expected=f"at most {MOST_STEPS:,}, and at most {MOST_FOLLOWED} pathways in one another",
            remedy="let a part of it be a pathway of its own, started by an event of this one",
        )  # fmt: skip
        return (m.State("off"),)
    if FIRST + len(course.places) > MOST_STATES:
        low.resolver.report(
            "E716", f"pathway {name} has {len(course.places)} waits and branches, which is too many", pathway,
            Where(pathway.path, pathway.span), expected=f"at most {MOST_STATES - FIRST}",
            remedy="let a part of it be a pathway of its own, started by an event of this one",
        )  # fmt: skip
        return (m.State("off"),)
    own = _outside(low, name, pathway, begins)
    states = [m.State(label, tuple(arrows)) for label, arrows in own]
    stopping = _stopping(low, name, pathway)
    says = _stopped(low, course)
    gone = OFF if when_lost(low, name) == "begins_again" else STOPPED
    for place in course.places:
        stops = [] if place.by_chance else _stops(low, name, stopping, says)
        if not place.by_chance and when_lost(low, name) != "goes_on":
            lost = m.OnEvent(low.names.event(f"{follow_up.NAME}.lost"))
            stops.append(m.Arrow(low.arrow_name(f"{name}: stopped, lost to follow-up"), gone, lost, says))
        arrows = [
            m.Arrow(low.arrow_name(label), to.state, trigger, tuple(to.actions))
            for label, trigger, to in place.arrows
        ]
        states.append(m.State(place.name, (*stops, *arrows)))
    return tuple(states)


def when_lost(low: Lowering, name: str) -> str:
    """What becomes of a pathway when the patient is lost to follow-up: `stops`, `goes_on`, `begins_again`."""
    block, pathway = low.scenario.follow_up, low.scenario.pathways[name]
    if block is None:
        return "goes_on"
    if pathway.when_lost is not None:
        return pathway.when_lost
    steps = pathway_medicines.all_steps(low, name)
    visits = [low.scenario.care[s.visit].class_ for s in steps if s.visit in low.scenario.care]
    kept = bool(visits) and all(each in block.keeps for each in visits)
    return "goes_on" if kept else "stops"


def _outside(low: Lowering, name: str, pathway: Pathway, begins: Point) -> list[tuple[str, list[m.Arrow]]]:
    """The states before and after the steps, with their arrows."""
    start = pathway.start
    assert start is not None
    found: dict[int, list[m.Arrow]] = {state: [] for state in range(FIRST)}
    entry = DUE if start.after is not None else None
    first: Point = begins if entry is None else Point([], DUE)
    if start.after is not None:
        after = distribution(low.resolver, start.after, Where.key(start, "after"), DURATION)
        if after is not None:
            found[DUE] = [_arrow(low, f"{name}: started", m.AfterDuration(after), begins)]
    label = f"{name}: {'started' if entry is None else 'indicated'}"
    if start.uptake is not None:
        uptake = low.resolver.probability(start.uptake, Where.key(start, "uptake", once=True))
        if uptake is not None:
            says = Point([m.Raise(low.names.event(f"{name}.declined"))], DECLINED)
            rest = algebra.apply("sub", algebra.TRUE, uptake)
            found[DECIDING] = [
                _arrow(low, label, m.ByChance(uptake), first),
                _arrow(low, f"{name}: declined", m.ByChance(rest), says),
            ]
            first, label = Point([], DECIDING), f"{name}: considered"
    fires = _starts(low, name, pathway, start)
    found[OFF] = [_arrow(low, label, each, first) for each in fires]
    for state, ended in ((COMPLETED, "completed"), (STOPPED, "stopped"), (DECLINED, "declined")):
        found[state] = _again(low, f"{name}: open again after being {ended}", pathway)
        if pathway.again is None and start.on:
            found[state] = [_arrow(low, label, each, first) for each in fires]
    words = ("off", "completed", "stopped", "declined", "deciding", "due")
    return [(words[state], found[state]) for state in range(FIRST)]


def _arrow(low: Lowering, label: str, trigger: m.Trigger, to: Point) -> m.Arrow:
    return m.Arrow(low.arrow_name(label), to.state, trigger, tuple(to.actions))


def _again(low: Lowering, label: str, pathway: Pathway) -> list[m.Arrow]:
    if pathway.again is None:
        return []
    again = distribution(low.resolver, pathway.again, Where.key(pathway, "again"), DURATION)
    return [] if again is None else [m.Arrow(label, OFF, m.AfterDuration(again))]


def _starts(low: Lowering, name: str, pathway: Pathway, start: PathwayStart) -> list[m.Trigger]:
    """What begins it."""
    resolver = low.resolver
    ends = [_ended(low, name, pathway, block) for block in pathway.stop if block.when is not None]
    free = algebra.negation(algebra.any_of(*ends)) if ends else algebra.TRUE
    if when_lost(low, name) != "goes_on":
        free = algebra.all_of(free, follow_up.attending(low))
    if start.when is not None:
        where = Where.key(start, "when", chart=f"`start.when` of pathway {name}")
        condition = resolver.condition(start.when, where)
        delay: m.Distribution | None = None
        if start.delay is not None:
            delay = distribution(resolver, start.delay, Where.key(start, "delay"), DURATION)
            if delay is None:
                return []
        if condition is None:
            return []
        if condition == algebra.FALSE:
            resolver.report("W307", "this never holds", start.when, where)
        return [m.WhenTrue(algebra.all_of(condition, free), delay)]
    asked: m.Term | None = algebra.TRUE
    if start.if_ is not None:
        chart = f"`start.if` of pathway {name}"
        asked = resolver.condition(start.if_, Where.key(start, "if", once=True, chart=chart))
    fires: list[m.Trigger] = []
    for index, expr in enumerate(start.on):
        event = resolver.event(
            expr, Where.key(start, f"on[{index}]" if f"on[{index}]" in start.spans else "on")
        )
        if event is not None and asked is not None:
            condition = algebra.all_of(asked, free)
            fires.append(m.OnEvent(low.names.event(event), None if condition == algebra.TRUE else condition))
    return fires


def _ended(low: Lowering, name: str, pathway: Pathway, block: Trigger) -> m.Term:
    """Whether a `stop.when` holds already."""
    assert block.when is not None
    where = Where.key(block, "when", chart=f"`stop` of pathway {name}")
    return low.resolver.condition(block.when, where) or algebra.FALSE


def _stopping(low: Lowering, name: str, pathway: Pathway) -> list[m.Trigger]:
    """What ends it, wherever it is."""
    found = []
    for block in pathway.stop:
        fires = triggers.trigger(
            low, block, f"{name}: stopped", m.InState(low.names.processes[name], UNDER_WAY),
            chart=f"`stop` of pathway {name}", allowed=("rate", "when", "on"),
        )  # fmt: skip
        if fires is not None:
            found.append(fires)
    return found


def _stops(low: Lowering, name: str, stopping: list[m.Trigger], says: tuple[m.Action, ...]) -> list[m.Arrow]:
    """The arrows of what ends it, for one state of a step."""
    return [m.Arrow(low.arrow_name(f"{name}: stopped"), STOPPED, fires, says) for fires in stopping]


def _follow(low: Lowering, name: str, pathway: Pathway) -> None:
    """The processes of what may follow a step after a while."""
    for step in walk(pathway.steps):
        if step.after is None:
            continue
        after = distribution(low.resolver, step.after, Where.key(step, "after"), DURATION)
        for key in step.may_follow:
            process = low.course_names[f"{step.path}.{key}"]
            coming = m.OnEvent(low.names.event(f"{process}:coming"))
            says = (m.Raise(low.names.event(f"{name}.{key}")),)
            then: tuple[m.Arrow, ...] = ()
            if after is not None:
                then = (m.Arrow(low.arrow_name(f"{name}: {key}"), 0, m.AfterDuration(after), says),)
            label = low.arrow_name(f"{name}: {key} will follow")
            states = (m.State("none", (m.Arrow(label, 1, coming),)), m.State("coming", then))
            low.add_process(m.Process(process, states))


def _unstarted(low: Lowering, name: str, pathway: Pathway) -> None:
    """A pathway that only others take in."""
    place = Where(pathway.path, pathway.span)
    if low.followed is None:
        low.followed = {step.follow for each in low.scenario.pathways.values() for step in walk(each.steps)}
    if name not in low.followed:
        low.resolver.report(
            "W331", f"nothing ever starts pathway {name}", pathway, place,
            remedy="give it `start:`, or let another pathway `follow` it",
        )  # fmt: skip
    if pathway.stop or pathway.again is not None:
        low.resolver.report(
            "E733", f"pathway {name} has no `start`, so it has nothing to stop or begin again", pathway,
            Where.key(pathway, "stop" if pathway.stop else "again"),
            remedy="write it in the pathway that follows this one",
        )  # fmt: skip
