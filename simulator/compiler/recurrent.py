"""Recurrent events of diseases → processes.

Event E of disease X is the latent process `X.E`: one waiting state and a rate that is zero while the event
cannot happen; its clock starts afresh after each. What an event has beyond that adds states: its severity is
chosen by chance; while it `lasts`, the process is in a state called by the severity (or ``present``); a
refractory time follows. Each complication is a process `X.E.C` that hears the event.

An event raises `X.E` and `X.E.SEVERITY`, one that lasts `X.E.ended`.
"""

from __future__ import annotations

from simulator.compiler import algebra, hazards, severity
from simulator.compiler import machine as m
from simulator.compiler.comparisons import MOST_COUNTED
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.terms import Where
from simulator.scenario.model import RecurrentEvent
from simulator.scenario.model_disease import Complication

WAITING, PRESENT = "waiting", "present"


def declare(low: Lowering, disease: str, name: str, event: RecurrentEvent) -> None:
    """Give an event's processes, states and events their names."""
    names, full = low.names, f"{disease}.{name}"
    process = names.process(full)
    names.event(full)
    for each in severity.names_of(event):
        names.event(f"{full}.{each}")
    if event.lasts is not None:
        names.event(f"{full}.ended")
        first, present = _first(event), severity.names_of(event) or (PRESENT,)
        masks = {each: 1 << (first + i) for i, each in enumerate(present)}
        names.add(full, "symptom", process)
        names.states[full] = {"": sum(masks.values()), **masks}
    for each in event.complications:
        names.process(f"{full}.{each}")
        names.event(f"{full}.{each}")


def _first(event: RecurrentEvent) -> int:
    """The place of the first state in which it is there."""
    return 1 + (event.severity is not None)


def lower(low: Lowering, disease: str, name: str, event: RecurrentEvent) -> None:
    """Add the processes of an event and of its complications."""
    full = f"{disease}.{name}"
    low.labels[full] = event.title or name.replace("_", " ")
    severity.taken(low, severity.names_of(event), Where.key(event, "severity"))
    rate = _rate(low, disease, full, event)
    grades = severity.names_of(event)
    names = [WAITING] + ([WAITING] if grades else [])
    if event.lasts is not None:
        names += grades or (PRESENT,)
    rest = 0
    if event.refractory is not None:
        rest = len(names)
        names.append(WAITING)
    arrows: list[list[m.Arrow]] = [[] for _ in names]
    _happens(low, disease, name, event, rate, rest, arrows)
    _passes(low, full, event, rest, arrows)
    if event.refractory is not None:
        pause = distribution(low.resolver, event.refractory, Where.key(event, "refractory"), DURATION)
        if pause is not None:
            arrows[rest].append(m.Arrow(f"{full}: may recur", 0, m.AfterDuration(pause), silent=True))
    states = tuple(m.State(each, tuple(arrows[i])) for i, each in enumerate(names))
    low.add_process(m.Process(full, states, latent=True))
    for each, block in event.complications.items():
        _complication(low, full, each, block)


def _rate(low: Lowering, disease: str, full: str, event: RecurrentEvent) -> m.ByRate | None:
    resolver = low.resolver
    gate: m.Term = m.InState(low.names.processes[disease], low.names.states[disease][""])
    if event.while_ is not None:
        gate = resolver.condition(event.while_, Where.key(event, "while")) or algebra.TRUE  # None is told
    if event.at_most is not None and event.at_most > MOST_COUNTED:
        resolver.report(
            "E716", f"{event.at_most:,} events are too many to be counted", None, Where.key(event, "at_most"),
            expected=f"at most {MOST_COUNTED:,}", remedy="leave it out",
        )  # fmt: skip
    elif event.at_most is not None:
        ring = low.names.ring(full, event.at_most)
        gate = algebra.all_of(gate, algebra.negation(m.CountAtLeast(ring, event.at_most, None)))
    return hazards.by_rate(
        resolver,
        event.rate,
        event.multiplied,
        Where.key(event, "rate"),
        effects=low.effects.on(full),
        gate=gate,
    )


def _happens(
    low: Lowering, disease: str, name: str, event: RecurrentEvent, rate: m.ByRate | None, rest: int,
    arrows: list[list[m.Arrow]],
) -> None:  # fmt: skip
    """From waiting to the event, by way of its severity."""
    full = f"{disease}.{name}"
    tells: tuple[m.Action, ...] = (m.Raise(low.names.event(full)),)
    at_once = _death(low, full, event) if event.lasts is None else ()
    first, label = _first(event), low.arrow_name(f"{disease}: {name}")
    if event.severity is None:
        target = rest if event.lasts is None else first
        if rate is not None:
            arrows[0].append(m.Arrow(label, target, rate, (*tells, *at_once)))
        return
    if rate is not None:
        arrows[0].append(m.Arrow(label, 1, rate, silent=True))
    chances = severity.weights(low, event) or ()
    for i, (each, chance) in enumerate(zip(severity.names_of(event), chances, strict=False)):
        target = rest if event.lasts is None else first + i
        told = (*tells, m.Raise(low.names.event(f"{full}.{each}")), *at_once)
        word = low.arrow_name(f"{disease}: {name} {each}")
        arrows[1].append(m.Arrow(word, target, m.ByChance(chance), told))


def _passes(low: Lowering, full: str, event: RecurrentEvent, rest: int, arrows: list[list[m.Arrow]]) -> None:
    """From an event that lasts to what comes after."""
    if event.lasts is None:
        return
    lasts = distribution(low.resolver, event.lasts, Where.key(event, "lasts"), DURATION)
    over = (*_death(low, full, event), m.Raise(low.names.event(f"{full}.ended")))
    for i in range(len(severity.names_of(event)) or 1):
        if lasts is not None:
            label = low.arrow_name(f"{full}: passes")
            arrows[_first(event) + i].append(m.Arrow(label, rest, m.AfterDuration(lasts), over))


def _death(low: Lowering, full: str, event: RecurrentEvent) -> tuple[m.Action, ...]:
    if event.fatal is None:
        return ()
    chance = low.resolver.probability(event.fatal, Where.key(event, "fatal", once=True))
    return () if chance is None else (m.If(None, chance, f"{full}: fatal", (m.Die(),)),)


def _complication(low: Lowering, event: str, name: str, block: Complication) -> None:
    resolver, full = low.resolver, f"{event}.{name}"
    low.labels[full] = block.title or name.replace("_", " ")
    condition: m.Term | None = None
    if block.if_ is not None:
        condition = resolver.condition(block.if_, Where.key(block, "if", once=True))
    chance = resolver.probability(block.probability, Where.key(block, "probability", once=True))
    heard = m.OnEvent(low.names.event(event), condition, None if chance == algebra.TRUE else chance)
    tells = (m.Raise(low.names.event(full)),)
    if block.after is None:
        states: tuple[m.State, ...] = (m.State(WAITING, (m.Arrow(full, 0, heard, tells),)),)
    else:
        after = distribution(resolver, block.after, Where.key(block, "after"), DURATION)
        if after is None:
            after = m.Distribution("fixed", (algebra.FALSE,))
        coming = m.Arrow(f"{full}: coming", 1, heard, silent=True)
        follows = m.Arrow(full, 0, m.AfterDuration(after), tells)
        states = (m.State(WAITING, (coming,)), m.State(WAITING, (follows,)))
    low.add_process(m.Process(full, states, latent=True))
