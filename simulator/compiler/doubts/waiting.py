"""W317: what can never happen, because it waits for something that never does.

Of a chain of such things only the first is told: a treatment that waits for a diagnosis, which waits for a
visit that nothing leads to, is the fault of the visit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from simulator.compiler.components import circles
from simulator.compiler.context import Lowering
from simulator.compiler.doubts.reach import Fact, Reach
from simulator.compiler.terms import Where
from simulator.scenario.model import Block

#: what is said already of something that nothing leads to
_SAID = ("W301", "W303", "W307", "W309", "W331", "W333")


@dataclass(slots=True)
class Stuck:
    """Something that never happens: what to say of it, and what it waits for."""

    message: str
    where: Where
    facts: dict[Fact, None] = field(default_factory=dict)


def doubt(low: Lowering) -> None:
    """Goes through diseases, treatments, care, pathways, immunisations, allergies and plans."""
    if low.findings.errors or low.scenario.population is None:
        return
    reach = _explored(low)
    stuck = {owner: each for owner, each in _stuck(low, reach).items() if each}
    waits = {
        owner: {_owner(low, fact) for each in things for fact in each.facts} - {owner}
        for owner, things in stuck.items()
    }
    circular = {owner for circle in circles(waits) for owner in circle}
    said = {f.path.split(".")[1] for f in low.findings.items if f.code in _SAID and "." in f.path}
    explained = _waiting_for(said, waits)
    for owner, things in stuck.items():
        first = owner not in explained and not waits[owner] & stuck.keys()
        if first or (owner not in explained and owner in circular):
            for each in things:
                _report(low, each)


def _waiting_for(causes: Iterable[str], waits: Mapping[str, Iterable[str]]) -> set[str]:
    """The causes, and all that waits for them in the end."""
    waiting: dict[str, list[str]] = {}
    for owner, others in waits.items():
        for other in others:
            waiting.setdefault(other, []).append(owner)
    found, frontier = set[str](), list(causes)
    while frontier:
        here = frontier.pop()
        if here not in found:
            found.add(here)
            frontier += waiting.get(here, ())
    return found


def _report(low: Lowering, stuck: Stuck) -> None:
    reasons = list(dict.fromkeys(_words(low, fact) for fact in stuck.facts))
    low.resolver.report("W317", stuck.message, None, stuck.where, remedy="; ".join(reasons))


def _explored(low: Lowering) -> Reach:
    names = low.names
    results: dict[int, int | None] = {}
    for source in (names.last, names.previous):
        for name, var in source.items():
            symbol = names.symbols.get(name)
            measured = symbol is not None and symbol.kind == "measurement"
            results[var] = symbol.index if symbol is not None and measured else None
    reach = Reach(
        dict(low.processes),
        {index: names.events[event] for event, index in names.stamps.items()},
        {index: names.events[event] for event, index in names.rings.items()},
        results,
    )
    reach.explore()
    return reach


# --- what should happen -------------------------------------------------------------------


def _stuck(low: Lowering, reach: Reach) -> dict[str, list[Stuck]]:
    """By name, what never happens of it."""
    found: dict[str, list[Stuck]] = {}
    for owner, message, where, events, parts in _wanted(low):
        raised = any(low.names.events.get(event) in reach.events for event in events)
        if raised or any(each.where.path.endswith(".onset") for each in found.get(owner, ())):
            continue  # who never gets it has no states of it
        facts = dict.fromkeys(fact for part in parts for fact in _facts(low, reach, part))
        if facts:
            found.setdefault(owner, []).append(Stuck(message, where, facts))
    return found


def _facts(low: Lowering, reach: Reach, process: str) -> Iterator[Fact]:
    """What the arrows of a process that lead to new states, or say something new, wait for."""
    index = low.names.processes.get(process)
    if index is None:
        return
    for number, state in enumerate(low.processes[index].states):
        if reach.states[index] >> number & 1:
            for arrow in state.arrows:
                if not reach.may_fire(arrow.trigger):
                    for fact in reach.lacking(arrow.trigger):
                        wait = _event(low, fact.index) if fact.kind == "event" else ""
                        if wait.endswith(":due"):  # a process of its own waits for it
                            yield from _facts(low, reach, wait.removesuffix(":due"))
                        else:
                            yield fact


Wanted = tuple[str, str, Where, tuple[str, ...], tuple[str, ...]]


def _wanted(low: Lowering) -> Iterator[Wanted]:
    """What an author wants to happen: whose it is, what to say if it never does, where it is written, the
    events that show that it does, and the processes that lead there."""
    scenario = low.scenario
    for name, disease in scenario.diseases.items():
        onset = Where(disease.onset.path, disease.onset.span)
        yield name, f"nobody can ever get {name}", onset, (f"{name}.onset",), (name,)
        if disease.diagnosis:
            place = Where.key(disease, "diagnosis")
            routes = tuple(f"{name}.route{i}" for i in range(1, len(disease.diagnosis) + 1))
            processes = (f"{name}.diagnosis", *routes)
            yield name, f"{name} is never diagnosed", place, (f"{name}.diagnosed",), processes
        for key, event in disease.events.items():
            full = f"{name}.{key}"
            yield name, f"{full} never happens", Where(event.path, event.span), (full,), (full,)
        for i, state in enumerate(disease.states):
            key = f"states[{i}]"
            place = Where.key(disease, key) if key in disease.spans else onset
            yield name, f"nobody with {name} ever comes to {state}", place, (f"{name}.{state}",), (name,)
    yield from _each(scenario.treatments, "nobody can ever get treatment {}", ("started", "given"))
    yield from _each(scenario.care, "nobody ever comes to care {}", ("visit",), (".request",))
    yield from _each(scenario.pathways, "pathway {} never begins", ("started",))
    yield from _each(scenario.immunisations, "nobody ever gets a dose of {}", ("given",))
    yield from _each(scenario.care_plans, "care plan {} is never set up", ("started",))


def _each(
    blocks: Mapping[str, Block], message: str, events: Iterable[str], more: Iterable[str] = ()
) -> Iterator[Wanted]:
    for name, block in blocks.items():
        raised = tuple(f"{name}.{event}" for event in events)
        processes = (name, *(f"{name}{part}" for part in more))
        yield name, message.format(name), Where(block.path, block.span), raised, processes


# --- in words -----------------------------------------------------------------------------


def _event(low: Lowering, index: int) -> str:
    return low.names.event_names()[index]


def _process(low: Lowering, index: int) -> str:
    return low.names.process_names()[index]


def _owner(low: Lowering, fact: Fact) -> str:
    """Whose it is to make it happen."""
    if fact.kind == "event":
        name = _event(low, fact.index)
        kind, _, asked = name.partition(":")
        return asked if kind in ("visit", "start", "stop") else name.split(".")[0]
    if fact.kind == "state":
        return _process(low, fact.index).split(".")[0]
    return low.names.vars[fact.index].rpartition(" ")[2]


def _words(low: Lowering, fact: Fact) -> str:
    if fact.kind == "event":
        name = _event(low, fact.index)
        kind, _, asked = name.partition(":")
        return f"nothing asks for {asked}" if kind in ("visit", "start") else f"`{name}` never happens"
    if fact.kind == "var":
        return f"`{low.names.vars[fact.index]}` is never known"
    process = _process(low, fact.index)
    owner, _, part = process.partition(".")
    if part == "diagnosis":
        return f"{owner} is never diagnosed"
    symbol = low.names.symbols.get(process)
    if symbol is not None and symbol.kind in ("treatment", "pathway", "care plan"):
        return f"nobody is ever on {process}"
    states = low.processes[fact.index].states
    named = dict.fromkeys(state.name for i, state in enumerate(states) if fact.mask >> i & 1)
    return f"`{process} in [{', '.join(named)}]` is never true"
