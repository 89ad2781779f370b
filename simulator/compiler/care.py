"""Care → encounters and the processes that bring people to them.

Each care block is a kind of encounter and a process:

* `every`: one visit after another; the first falls anywhere within one interval. With `for`,
  only while that holds.
* `rate`: visits by rate, zero while `for` does not hold.
* `on`: an event leads to a visit, at once or `after` a delay; while one is on the way,
  further events bring no second.
* `at`: at each of these ages, if `for` holds then.
* none of these: only when a diagnosis route asks.

A visit opens the encounter, takes its measurements, places its orders and says `C.visit`. A
visit that an event with codes led to records those codes, as the diagnosis of the encounter.
A diagnosis route asks by an event, which `C.request` (or `C` itself, if nothing else leads
there) answers with a visit, leaving the schedule alone.

Lengths of encounters by class, where the author gives none: ambulatory 20 min (mean of US
office visits is 17 to 21 min: Neprash et al., JAMA Health Forum 2023, recalled), emergency
log-normal with median 3 h (median US stay about 160 min: NCHS NHAMCS, recalled), inpatient
log-normal with median 4 days (mean US stay 4.6 days: HCUP 2016, recalled), virtual 15 min and
home 45 min (assumed).
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.compiler import algebra, hazards, order_sets, referrals, stays, visits
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import (
    DURATION,
    LENGTH,
    distribution,
    fixed,
    lognormal,
    mean_of,
    uniform,
)
from simulator.compiler.kinds import years_of
from simulator.compiler.terms import Where
from simulator.knowledge.codes import preferred
from simulator.scenario.model import Care, Complication, RecurrentEvent
from simulator.scenario.model_disease import Complication as EventComplication

#: a visit joins what is open if that is at least as weighty: a refill joins an office visit, not the reverse
PRIORITY = {"virtual": 0, "ambulatory": 1, "home": 1, "emergency": 2, "inpatient": 3}

_MINUTE = 60_000_000
_DURATION = {
    "ambulatory": fixed(20 * _MINUTE),
    "virtual": fixed(15 * _MINUTE),
    "home": fixed(45 * _MINUTE),
    "emergency": lognormal(3.0, "hour", 0.5),
    "inpatient": lognormal(4.0, "day", 0.6),
}


def declare(low: Lowering, name: str, care: Care) -> None:
    """Give the care's process, encounter and event their names."""
    low.names.add(name, "care", low.names.process(name))
    low.names.event(f"{name}.visit")
    low.encounter_index[name] = len(low.encounter_index)
    referrals.declare(low, name, care.refers)
    if care.stay is not None:
        stays.declare(low, name, care)
    if _triggers(care) and name in low.requested:
        low.names.process(f"{name}.request")


def _triggers(care: Care) -> list[str]:
    given = {"every": care.every, "rate": care.rate, "on": care.on, "at": care.at}
    return [k for k, v in given.items() if v]


def encounter(low: Lowering, name: str, care: Care) -> None:
    """Add the kind of encounter."""
    resolver = low.resolver
    duration: m.Distribution | None = _DURATION[care.class_]
    if care.duration is not None:
        duration = distribution(resolver, care.duration, Where.key(care, "duration"), LENGTH)
    if care.stay is not None:
        duration = stays.UNTIL_CLOSED
    codes = dict(care.reason) or _codes_of_event(low, care)
    reason = preferred(codes, "") if codes else None
    add_encounter(low, name, care.class_, duration, care.title, reason)


def add_encounter(
    low: Lowering,
    name: str,
    class_: str,
    duration: m.Distribution | None,
    title: str | None,
    reason: str | None,
) -> None:
    """Add a kind of encounter at the place that its name has."""
    index = low.encounter_index.setdefault(name, len(low.encounter_index))
    if index != len(low.encounters):
        return  # an earlier one failed; there are findings
    code = low.codes.place(
        m.CodeSpec(f"ENCOUNTER//{class_}//{name}", title or name.replace("_", " "), kind="encounter")
    )
    if duration is None:
        duration = _DURATION[class_]
    low.encounters.append(m.EncounterSpec(name, class_, PRIORITY[class_], duration, code, reason))


def _codes_of_event(low: Lowering, care: Care) -> dict[str, str]:
    """Codes of the one event that leads to the care, as the reason for it."""
    found = [_event_codes(low, getattr(e, "text", "")) for e in care.on]
    return found[0][0] if len(found) == 1 and found[0] is not None else {}


def _event_codes(low: Lowering, event: str) -> tuple[dict[str, str], str] | None:
    """Codes and title of a recurrent event, complication or state of a disease, if it has any."""
    disease, _, key = event.partition(".")
    block, procedure = low.scenario.diseases.get(disease), low.scenario.procedures.get(disease)
    happening: RecurrentEvent | Complication | EventComplication | None = None
    if block is not None:
        if key in block.state_codes:
            return dict(block.state_codes[key]), f"{block.title or disease}, {key.replace('_', ' ')}"
        first, _, rest = key.partition(".")
        event_block = block.events.get(first)
        happening = event_block  # one of its severities has its codes, a complication its own
        if event_block is not None and rest in event_block.complications:
            happening = event_block.complications[rest]
    elif procedure is not None:
        happening = procedure.complications.get(key)
    if happening is None or not happening.codes:
        return None
    return dict(happening.codes), happening.title or key.replace("_", " ")


def lower(low: Lowering, name: str, care: Care) -> None:
    """Add the processes of a care block."""
    low.labels[name] = care.title or name
    given = _triggers(care)
    visit_actions = visit(low, name, care)
    if given[:1] == ["every"]:
        states = _scheduled(low, name, care, visit_actions)
    elif given[:1] == ["rate"]:
        states = _by_rate(low, name, care, visit_actions)
    elif given[:1] == ["on"]:
        states = _on_events(low, name, care, visit_actions)
    elif given[:1] == ["at"]:
        states = _at_ages(low, name, care, visit_actions)
    else:
        states = [m.State("waiting", _answers(low, name, visit_actions))]
        _for(low, name, care, once=True)  # what is wrong with them is told, though nothing comes of them
        _chance(low, care)
        if care.for_ is not None:
            low.resolver.report(
                "W315", "this changes nothing: whoever sends patients here decides for whom it is", care.for_,
                Where.key(care, "for"), remedy="leave it out, or give the care `every`, `rate`, `on` or `at`",
            )  # fmt: skip
        if name not in low.requested and name not in low.visited:
            low.resolver.report(
                "W309", f"nothing ever leads to care {name}", care, Where(care.path, care.span),
                remedy="give it `every`, `rate`, `on` or `at`, or let a diagnosis or pathway lead there",
            )  # fmt: skip
    low.add_process(m.Process(name, tuple(states)))
    if given and name in low.requested:
        low.add_process(
            m.Process(f"{name}.request", (m.State("waiting", _answers(low, name, visit_actions)),))
        )
    referrals.lower(low, name, care.refers, low.encounter_index[name], f"{name}.visit")
    if care.stay is not None:
        stays.lower(low, name, care)


def _answers(low: Lowering, name: str, visit: Sequence[m.Action]) -> tuple[m.Arrow, ...]:
    if name not in low.requested:
        return ()
    heard = m.OnEvent(low.names.event(f"visit:{name}"))
    why = "visit for diagnosis" if name in low.diagnosing else "visit asked for"
    return (m.Arrow(f"{name}: {why}", 0, heard, tuple(visit)),)


def _for(low: Lowering, name: str, care: Care, *, once: bool) -> m.Term | None:
    """Whom it is for."""
    if care.for_ is None:
        return algebra.TRUE
    where = Where.key(care, "for", once=once, chart=f"`for` of care {name}")
    condition = low.resolver.condition(care.for_, where)
    if condition == algebra.FALSE:
        low.resolver.report("W307", "this never holds", care.for_, where)
    return condition


def _chance(low: Lowering, care: Care) -> m.Term | None:
    if care.probability is None:
        return algebra.TRUE
    return low.resolver.probability(care.probability, Where.key(care, "probability", once=True))


def visit(low: Lowering, name: str, care: Care) -> list[m.Action]:
    """What happens at a visit: what is measured, ordered and done, and word that it took place."""
    index = low.encounter_index[name]
    begins: list[m.Action] = [m.Visit(index)]
    if care.stay is not None:
        begins = [*stays.admission(low), *begins]
    done = order_sets.actions(low, name, care.order_sets, index)
    done += visits.work(low, name, index, care.measures, care.orders, care.does)
    return [*begins, *done, m.Raise(low.names.event(f"{name}.visit"))]


def _takes_place(
    low: Lowering, name: str, care: Care, visit: Sequence[m.Action], condition: m.Term
) -> tuple[m.Action, ...]:
    """A due visit: only with its probability, and only under `condition`."""
    chance = _chance(low, care)
    if condition == algebra.TRUE and chance in (algebra.TRUE, None):
        return tuple(visit)
    asked = None if condition == algebra.TRUE else condition
    return (m.If(asked, None if chance == algebra.TRUE else chance, f"{name}: attends", tuple(visit)),)


def _scheduled(low: Lowering, name: str, care: Care, visit: Sequence[m.Action]) -> list[m.State]:
    assert care.every is not None
    where = Where.key(care, "every")
    every = distribution(low.resolver, care.every, where, DURATION)
    holds = _for(low, name, care, once=False)
    actions = _takes_place(low, name, care, visit, algebra.TRUE)
    if every is None or holds is None:
        return [m.State("waiting")]
    mean = mean_of(every)
    if mean is not None and mean < _MINUTE:
        low.resolver.report("E705", "visits without an interval between them never end", care.every, where)
        return [m.State("waiting")]
    first = every if mean is None else uniform(0.0, mean)
    first_arrow = f"{name}: first visit"
    if holds == algebra.TRUE:
        return [
            m.State("first", (m.Arrow(first_arrow, 1, m.AfterDuration(first), actions),)),
            m.State("waiting", (m.Arrow(f"{name}: visit", 1, m.AfterDuration(every), actions),)),
        ]
    ends = m.WhenTrue(algebra.negation(holds))
    return [
        m.State("off", (m.Arrow(f"{name}: begins", 1, m.WhenTrue(holds)),)),
        m.State(
            "first",
            (
                m.Arrow(f"{name}: ends early", 0, ends),
                m.Arrow(first_arrow, 2, m.AfterDuration(first), actions),
            ),
        ),
        m.State(
            "waiting",
            (
                m.Arrow(f"{name}: ends", 0, ends),
                m.Arrow(f"{name}: visit", 2, m.AfterDuration(every), actions),
            ),
        ),
    ]


def _by_rate(low: Lowering, name: str, care: Care, visit: Sequence[m.Action]) -> list[m.State]:
    assert care.rate is not None
    holds = _for(low, name, care, once=False)
    gate = algebra.TRUE if holds is None else holds
    rate = hazards.by_rate(low.resolver, care.rate, care.multiplied, Where.key(care, "rate"), gate=gate)
    actions = _takes_place(low, name, care, visit, algebra.TRUE)
    arrows = () if rate is None or holds is None else (m.Arrow(f"{name}: visit", 0, rate, actions),)
    return [m.State("waiting", arrows)]


def _on_events(low: Lowering, name: str, care: Care, visit: Sequence[m.Action]) -> list[m.State]:
    resolver = low.resolver
    condition = _for(low, name, care, once=True)
    if care.if_ is not None:
        chart = f"`if` of care {name}"
        asked = resolver.condition(care.if_, Where.key(care, "if", once=True, chart=chart))
        condition = None if asked is None or condition is None else algebra.all_of(condition, asked)
    after = None
    if care.after is not None:
        after = distribution(resolver, care.after, Where.key(care, "after"), DURATION)
    chance = _chance(low, care)
    arrows: list[m.Arrow] = []
    pending: list[m.State] = []
    for expr in care.on:
        event = resolver.event(expr, Where.key(care, "on"))
        if event is None or condition is None or chance is None or (care.after is not None and after is None):
            continue
        heard = m.OnEvent(
            low.names.event(event),
            None if condition == algebra.TRUE else condition,
            None if chance == algebra.TRUE else chance,
        )
        actions = (*visit[:1], *_diagnosis_of_event(low, name, event), *visit[1:])
        label = low.arrow_name(f"{name}: visit for {event}")
        if after is None:
            arrows.append(m.Arrow(label, 0, heard, actions))
        else:
            arrows.append(m.Arrow(low.arrow_name(f"{name}: after {event}"), len(pending) + 1, heard))
            comes = m.Arrow(label, 0, m.AfterDuration(after), actions)
            pending.append(m.State(f"coming for {event}", (comes,)))
    return [m.State("waiting", tuple(arrows)), *pending]


def _diagnosis_of_event(low: Lowering, name: str, event: str) -> tuple[m.Action, ...]:
    """The event's code, as the diagnosis of the encounter it led to."""
    found = _event_codes(low, event)
    if found is None:
        return ()
    codes, title = found
    code = low.code(event, codes, title, "diagnosis", status="final")
    return (m.Emit(code, encounter=low.encounter_index[name]),)


def _at_ages(low: Lowering, name: str, care: Care, visit: Sequence[m.Action]) -> list[m.State]:
    """State i waits for the i-th age; the first state can skip the ages that are past."""
    where = Where.key(care, "at")
    ages: list[float] = []
    for each in care.at:
        us = low.resolver.constant_duration(each, where)
        if us is not None:
            ages.append(years_of(us))
    holds = _for(low, name, care, once=True)
    actions = _takes_place(low, name, care, visit, algebra.TRUE if holds is None else holds)
    if len(set(ages)) < len(ages):
        low.resolver.report("E713", "an age is given twice", care, where)
        return [m.State("waiting")]
    if holds is None or len(ages) < len(care.at):
        return [m.State("waiting")]
    ages.sort()
    states = []
    for i in range(len(ages) + 1):
        reachable = range(len(ages)) if i == 0 else range(i, min(i + 1, len(ages)))
        arrows = tuple(
            m.Arrow(low.arrow_name(f"{name}: visit at {_age(ages[k])}"), k + 1, m.AtAge(ages[k]), actions)
            for k in reachable
        )
        states.append(m.State(f"after {_age(ages[i - 1])}" if i else "waiting", arrows))
    return states


def _age(years: float) -> str:
    if years == int(years):
        return f"{years:g} years"
    months = years * 12
    return f"{months:g} months" if months == int(months) else f"{years * 365.2425:.4g} days"
