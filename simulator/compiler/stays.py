"""Stays in hospital → processes.

A care C with `stay` has, beside the process that brings people there, the process `C.stay`: home →
its units → home. It hears `C.visit`, which opens an encounter without an end of its own, and admits to one of
the units. Each unit that is entered is recorded (``TRANSFER_TO//UNIT``) and said as `C.UNIT`; discharge is
recorded (``DISCHARGE//DISPOSITION``), said as `C.discharged` and `C.DISPOSITION`, and closes the encounter.
Who is in hospital already, under another such care, stays in the same encounter; the last one to
discharge closes it. Rounds are processes `C.round…` of their own, as long as the patient is in their units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.compiler import algebra, triggers, visits
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution, fixed, mean_of
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.scenario.model import Care, Table, Value
from simulator.scenario.model_courses import Round, Stay

HOME, ADMITTING, DISCHARGING, DEAD = range(4)
#: the first unit's state
FIRST = 4
MOST_UNITS = 40
#: the word for leaving by one of the dispositions
DISCHARGED = "discharged"
#: longer than any life: the encounter ends when it is closed
UNTIL_CLOSED = fixed(4.0e18)
_MINUTE = 60_000_000
_DAY = 86_400_000_000


def declare(low: Lowering, name: str, care: Care) -> None:
    """Give the stay's process, units, dispositions and rounds their names."""
    stay = care.stay
    assert stay is not None
    names = low.names
    process = names.process(f"{name}.stay")
    units = stay.units[:MOST_UNITS]
    names.states[name] = {unit: 1 << (FIRST + i) for i, unit in enumerate(units)}
    names.states[name][""] = sum(names.states[name].values())
    names.stays[name] = process
    for event in ("admitted", DISCHARGED, *units, *dispositions(stay)):
        names.event(f"{name}.{event}")
    for number in range(len(stay.rounds)):
        names.process(f"{name}.round{number + 1}")


def dispositions(stay: Stay) -> list[str]:
    """Where people may be discharged to."""
    return list(stay.discharge) or ["home"]


def elsewhere(low: Lowering, name: str | None = None) -> m.Term:
    """Whether the patient is in hospital under some care with a stay, other than `name`."""
    return algebra.any_of(
        *(
            m.InState(process, low.names.states[other][""])
            for other, process in low.names.stays.items()
            if other != name
        )
    )


def admission(low: Lowering) -> list[m.Action]:
    """What comes before the visit that admits: an encounter of its own, unless already in hospital."""
    return [m.If(algebra.negation(elsewhere(low)), None, "", (m.Close(),))]


def lower(low: Lowering, name: str, care: Care) -> None:
    """Add the processes of a stay."""
    stay = care.stay
    assert stay is not None
    low.labels[f"{name}.stay"] = care.title or name
    _check(low, name, care, stay)
    units = stay.units[:MOST_UNITS]
    encounter = low.encounter_index[name]
    arrows: dict[str, list[m.Arrow]] = {unit: [] for unit in units}
    _course(low, name, stay, arrows, encounter)
    _deaths(low, name, stay, arrows)
    heard = m.OnEvent(low.names.event(f"{name}.visit"))
    admitted = (m.Raise(low.names.event(f"{name}.admitted")),)
    states = [
        m.State("home", (m.Arrow(f"{name}: admitted", ADMITTING, heard, admitted),)),
        m.State("admitting", _begins(low, name, stay, units)),
        m.State("discharging", _discharges(low, name, stay, encounter)),
        m.State("dead"),
    ]
    for unit in units:
        code = m.CodeSpec(f"TRANSFER_TO//{unit}", f"transfer to {unit.replace('_', ' ')}")
        enters = (
            m.Emit(low.codes.place(code), encounter=encounter),
            m.Raise(low.names.event(f"{name}.{unit}")),
        )
        states.append(m.State(unit, tuple(arrows[unit]), enters))
        if not arrows[unit]:
            low.resolver.report(
                "W332", f"nothing leads out of {unit}", stay, Where.key(stay, "units"),
                remedy=f"add an arrow `{unit} -> {DISCHARGED}` with its trigger",
            )  # fmt: skip
    low.add_process(m.Process(f"{name}.stay", tuple(states)))
    for number, block in enumerate(stay.rounds, start=1):
        _round(low, name, f"{name}.round{number}", block, units, encounter)


def _check(low: Lowering, name: str, care: Care, stay: Stay) -> None:
    report, names = low.resolver.report, [*stay.units, *dispositions(stay)]
    if care.class_ != "inpatient":
        report("E734", f"care {name} is {care.class_}, but has a stay", care, Where.key(care, "class"),
               expected="`class: inpatient`")  # fmt: skip
    if care.duration is not None:
        place = Where.key(care, "duration")
        report("E734", f"care {name} has both a stay and a duration", care.duration, place,
               remedy="delete `duration`; the stay lasts until discharge")  # fmt: skip
    if len(stay.units) > MOST_UNITS:
        report("E716", f"{len(stay.units)} units are too many", None, Where.key(stay, "units"),
               expected=f"at most {MOST_UNITS}")  # fmt: skip
    taken = {"visit", "referred", "admitted", DISCHARGED}
    for word in names:
        if word in taken:
            report("E736", f"`{name}.{word}` already means something", None, Where.key(stay, "units"),
                   remedy="rename the unit or disposition")  # fmt: skip
        taken.add(word)


def _known(low: Lowering, word: str, legal: list[str], where: Where, what: str) -> bool:
    if word in legal:
        return True
    low.resolver.report(
        "E503", f"there is no {what} `{word}`", None, where,
        expected=listing(legal, 12), nearest=nearest(word, legal),
    )  # fmt: skip
    return False


def _shares(low: Lowering, shares: Mapping[str, Value], owner: Stay, key: str) -> list[tuple[str, m.Term]]:
    """Names with their shares, which add up to 1 if they are constant."""
    where = Where.key(owner, key, once=True)
    found: list[tuple[str, m.Term]] = []
    for word, value in shares.items():
        term = low.resolver.probability(value, where)
        if term is not None:
            found.append((word, term))
    known = [algebra.constant(term) for _, term in found]
    values = [value for value in known if value is not None]
    complete = len(values) == len(shares)
    if complete and shares and abs(math.fsum(values) - 1.0) > 1e-9:
        node = next((v for v in shares.values() if not isinstance(v, Table)), None)
        low.resolver.report(
            "E703",
            f"the shares of `{key}` add up to {math.fsum(values):g}",
            node,
            where,
            expected="1, or 100%",
        )
    return found


def _begins(low: Lowering, name: str, stay: Stay, units: list[str]) -> tuple[m.Arrow, ...]:
    if not stay.begins:
        return (m.Arrow(f"{name}: to {units[0]}", FIRST, m.ByChance(algebra.TRUE)),) if units else ()
    where = Where.key(stay, "begins")
    return tuple(
        m.Arrow(f"{name}: to {unit}", FIRST + units.index(unit), m.ByChance(share))
        for unit, share in _shares(low, stay.begins, stay, "begins")
        if _known(low, unit, units, where, "unit")
    )


def _leaves(low: Lowering, name: str, disposition: str, encounter: int) -> tuple[m.Action, ...]:
    """Discharge: recorded, said, and the encounter closed, unless another stay goes on."""
    code = m.CodeSpec(f"DISCHARGE//{disposition}", f"discharge: {disposition.replace('_', ' ')}")
    last = algebra.negation(elsewhere(low, name))
    closes: tuple[m.Action, ...] = (m.Emit(low.codes.place(code), encounter=encounter), m.Close())
    if last != algebra.TRUE:
        closes = (m.If(last, None, "", closes),)
    event = low.names.event
    return (*closes, m.Raise(event(f"{name}.{DISCHARGED}")), m.Raise(event(f"{name}.{disposition}")))


def _discharges(low: Lowering, name: str, stay: Stay, encounter: int) -> tuple[m.Arrow, ...]:
    if not stay.discharge:
        leaves = _leaves(low, name, "home", encounter)
        return (m.Arrow(f"{name}: discharged", HOME, m.ByChance(algebra.TRUE), leaves),)
    return tuple(
        m.Arrow(f"{name}: discharged, {word}", HOME, m.ByChance(share), _leaves(low, name, word, encounter))
        for word, share in _shares(low, stay.discharge, stay, "discharge")
    )


def _course(low: Lowering, name: str, stay: Stay, arrows: dict[str, list[m.Arrow]], encounter: int) -> None:
    units, ways_out = list(arrows), dispositions(stay)
    for step in stay.course:
        at_from = Where(step.path, step.spans.get("from", step.span))
        at_to = Where(step.path, step.spans.get("to", step.span))
        known = _known(low, step.from_, units, at_from, "unit")
        legal = [*units, DISCHARGED, *ways_out]
        known &= _known(low, step.to, legal, at_to, "unit or disposition")
        label = f"{name}: {step.from_} -> {step.to}"
        there = m.InState(low.names.stays[name], low.names.states[name].get(step.from_, 0))
        fires = triggers.trigger(
            low, step.trigger, label, there,
            hazard_names=(label,), effects=low.effects, allowed=("rate", "after", "when", "on"),
        )  # fmt: skip
        if fires is None or not known:
            continue
        target = HOME
        leaves: tuple[m.Action, ...] = ()
        if step.to in units:
            target = FIRST + units.index(step.to)
        elif step.to == DISCHARGED:
            target = DISCHARGING
        else:
            leaves = _leaves(low, name, step.to, encounter)
        arrows[step.from_].append(m.Arrow(low.arrow_name(label), target, fires, leaves))


def _deaths(low: Lowering, name: str, stay: Stay, arrows: dict[str, list[m.Arrow]]) -> None:
    for unit, block in stay.death.items():
        known = _known(low, unit, list(arrows), Where(block.path, block.span), "unit")
        fires = triggers.trigger(
            low, block, f"{name}: death in {unit}",
            m.InState(low.names.stays[name], low.names.states[name].get(unit, 0)),
            hazard_names=(f"{name}.death",), effects=low.effects, allowed=("rate", "after", "when", "on"),
        )  # fmt: skip
        if fires is not None and known:
            arrows[unit].append(m.Arrow(low.arrow_name(f"{name}: death in {unit}"), DEAD, fires, (m.Die(),)))


def _round(low: Lowering, name: str, process: str, block: Round, units: list[str], encounter: int) -> None:
    """What is done again and again while the patient is in some units."""
    every: m.Distribution | None = fixed(_DAY)
    if block.every is not None:
        every = distribution(low.resolver, block.every, Where.key(block, "every"), DURATION)
    masks = low.names.states[name]
    for i, unit in enumerate(block.in_):
        _known(low, unit, units, Where.key(block, f"in[{i}]"), "unit")
    mask = sum(masks[unit] for unit in dict.fromkeys(block.in_) if unit in masks) or masks[""]
    done = tuple(visits.work(low, f"{name} rounds", encounter, block.measures, block.orders, block.does))
    mean = None if every is None else mean_of(every)
    if every is None or not done or (mean is not None and mean < _MINUTE):
        if mean is not None and mean < _MINUTE:
            where = Where.key(block, "every")
            low.resolver.report("E705", "rounds without time between them never end", block.every, where)
        low.add_process(m.Process(process, (m.State("off"),)))
        return
    there = m.InState(low.names.stays[name], mask)
    ends = m.Arrow(f"{process}: ends", 0, m.WhenTrue(algebra.negation(there)))
    states = (
        m.State("off", (m.Arrow(f"{process}: begins", 1, m.WhenTrue(there)),)),
        m.State("on", (ends, m.Arrow(process, 1, m.AfterDuration(every), done))),
    )
    low.add_process(m.Process(process, states))
