"""What is in a pathway: its steps one by one, the events they make, what they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.scenario.model import Pathway, Refer, Scenario
from simulator.scenario.model_courses import Step
from simulator.scenario.rules_courses import STEP_KINDS

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


def referrals(pathway: Pathway) -> list[Refer]:
    """The referrals made in its steps."""
    return [step.refer for step in walk(pathway.steps) if step.refer is not None]


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
            given.update(each.treatment for each in step.give)
    return visited, prescribed, given


def referred(scenario: Scenario) -> set[str]:
    """Care that referrals of other care and of pathways lead to."""
    made = [each for block in scenario.care.values() for each in block.refers]
    made += [each for pathway in scenario.pathways.values() for each in referrals(pathway)]
    return {each.to for each in made}


def takes_time(scenario: Scenario, steps: Sequence[Step]) -> bool:
    """Whether some step, or one of a followed pathway, lets time pass."""
    seen: set[str] = set()

    def search(steps: Sequence[Step]) -> bool:
        for step in walk(steps):
            if any(each is not None for each in (step.wait, step.wait_until, step.wait_for, step.postpone)):
                return True
            if step.repeat is not None and step.repeat.every is not None:
                return True
            if step.follow is not None and step.follow not in seen and step.follow in scenario.pathways:
                seen.add(step.follow)
                inner = scenario.pathways[step.follow]
                if (inner.repeat is not None and inner.repeat.every is not None) or search(inner.steps):
                    return True
        return False

    return search(steps)


def circle(scenario: Scenario, name: str) -> list[str]:
    """The pathways that lead from `name` back to itself by `follow`; empty if none do."""
    seen: set[str] = set()

    def search(here: str, path: list[str]) -> list[str]:
        for step in walk(scenario.pathways[here].steps):
            if step.follow == name:
                return [*path, name]
            if step.follow in scenario.pathways and step.follow not in seen:
                seen.add(step.follow)
                found = search(step.follow, [*path, step.follow])
                if found:
                    return found
        return []

    return search(name, [name])
