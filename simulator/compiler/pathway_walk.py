"""What is in a pathway: its steps one by one, the events they make, what they lead to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from simulator.compiler import components
from simulator.scenario.model import Pathway, Refer, Scenario
from simulator.scenario.model_courses import Step
from simulator.scenario.rules_courses import STEP_KINDS

ALL_STEPS = 100_000  #: of all pathways together, those of followed ones counted each time
LONG_WAY = 20  #: pathways in a circle; each of fewer is told its own way around

#: what every pathway says of itself
OWN_EVENTS = ("started", "completed", "stopped", "declined", "postponed")


def kind_of(step: Step) -> str:
    """Which kind of step it is."""
    for kind in STEP_KINDS:
        if getattr(step, "if_" if kind == "if" else kind) not in (None, [], {}):
            return kind
    return "note"  # an empty list or mapping was written: nothing is done


def walk(steps: Sequence[Step]) -> Iterator[Step]:
    """Every step, those inside others too, as they are written; followed pathways are not entered."""
    for step in steps:
        yield step
        yield from walk(step.then)
        yield from walk(step.else_)
        for choice in step.choose:
            yield from walk(choice.then)
            yield from walk(choice.else_)
        yield from walk(step.steps)
        yield from walk(step.otherwise)


def leads_away(step: Step) -> bool:
    """Whether no step that is written behind it ever follows it."""
    return step.end is not None or (step.postpone is not None and step.at_most is None)


def referrals(pathway: Pathway) -> list[Refer]:
    """The referrals made in its steps."""
    return [step.refer for step in walk(pathway.steps) if step.refer is not None]


def notes(scenario: Scenario) -> bool:
    """Whether any step is a note."""
    return any(step.note is not None for each in scenario.pathways.values() for step in walk(each.steps))


def uses(scenario: Scenario) -> tuple[set[str], set[str], set[str]]:
    """Care that pathways visit, treatments that they start or stop, treatments that they give."""
    visited: set[str] = set()
    prescribed: set[str] = set()
    given: set[str] = set()
    for pathway in scenario.pathways.values():
        for step in walk(pathway.steps):
            if step.visit is not None:
                visited.add(step.visit)
            prescribed.update(name for name in (step.start, step.stop) if name is not None)
            prescribed.update((*step.start_one_of, *step.switch_to))
            given.update((*(each.treatment for each in step.give), *step.give_one_of))
    return visited, prescribed, given


def referred(scenario: Scenario) -> set[str]:
    """Care that referrals of other care and of pathways lead to."""
    made = [each for block in scenario.care.values() for each in block.refers]
    made += [each for pathway in scenario.pathways.values() for each in referrals(pathway)]
    return {each.to for each in made}


def takes_time(scenario: Scenario, steps: Sequence[Step]) -> bool:
    """Whether some step, or one of a followed pathway, lets time pass."""
    seen: set[str] = set()
    frontier = [steps]
    while frontier:
        for step in walk(frontier.pop()):
            if any(each is not None for each in (step.wait, step.wait_until, step.wait_for, step.postpone)):
                return True
            if step.repeat is not None and step.repeat.every is not None:
                return True
            if step.follow is not None and step.follow not in seen and step.follow in scenario.pathways:
                seen.add(step.follow)
                inner = scenario.pathways[step.follow]
                if inner.repeat is not None and inner.repeat.every is not None:
                    return True
                frontier.append(inner.steps)
    return False


def circles(scenario: Scenario) -> dict[str, list[str]]:
    """By name, the pathways that lead back to themselves by `follow`, and the shortest way around.

    Of a long circle only the first has its way; those of the others are empty.
    """
    follows = {
        name: [step.follow for step in walk(pathway.steps) if step.follow is not None]
        for name, pathway in scenario.pathways.items()
    }
    found: dict[str, list[str]] = {}
    for members in components.circles(follows):
        known = set(members)
        inside = {name: [each for each in follows[name] if each in known] for name in members}
        first = min(members, key=list(scenario.pathways).index) if len(members) > LONG_WAY else None
        found |= {name: _around(name, inside) if first in (None, name) else [] for name in members}
    return found


def _around(name: str, follows: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a pathway back to itself."""
    before: dict[str, str] = {}
    frontier = deque([name])
    while name not in before:
        here = frontier.popleft()
        for each in follows[here]:
            if each not in before:
                before[each] = here
                frontier.append(each)
    way = [name, before[name]]
    while way[-1] != name:
        way.append(before[way[-1]])
    return way[::-1]


_TIMELESS = (
    "visit", "give", "give_one_of", "do", "start", "start_one_of", "switch_to", "stop", "refer", "may_follow",
    "record", "note",
)  # fmt: skip


def at_one_instant(items: Sequence[Step]) -> bool:
    """Whether steps take no time and cannot lead away."""
    return all(kind_of(step) in _TIMELESS or kind_of(step) == "if" for step in walk(items))
