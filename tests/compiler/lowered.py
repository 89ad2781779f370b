"""Scenarios in a few lines, lowered: what the tests of the compiler begin with."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from simulator.compiler import lower
from simulator.compiler import machine as m
from simulator.errors import Findings
from simulator.scenario import parse_scenario

PEOPLE = "population: {size: 100, from: 2000-01-01, to: 2020-01-01, age: 0..80 years, source: made up}\n"


def findings_of(text: str, people: str = PEOPLE) -> Findings:
    """What is wrong with a scenario, sources and attributes that nothing uses apart."""
    scenario, findings = parse_scenario(f"id: test\n{people}{textwrap.dedent(text)}")
    assert scenario is not None, findings.items
    lower(scenario, findings)
    findings.items = [f for f in findings.items if f.code != "W201" and "the attribute" not in f.message]
    return findings


def codes_of(text: str, people: str = PEOPLE) -> list[str]:
    return [finding.code for finding in findings_of(text, people).sorted()]


def machine_of(text: str, people: str = PEOPLE) -> m.Machine:
    """The Machine of a scenario without errors."""
    scenario, findings = parse_scenario(f"id: test\n{people}{textwrap.dedent(text)}")
    assert scenario is not None, findings.items
    machine = lower(scenario, findings)
    assert machine is not None, findings.errors
    return machine


def process(machine: m.Machine, name: str) -> m.Process:
    return next(p for p in machine.processes if p.name == name)


def state(machine: m.Machine, name: str, state: str) -> m.State:
    """The last state of this name (one that decides by chance comes before the one to stay in)."""
    return [s for s in process(machine, name).states if s.name == state][-1]


def arrow(machine: m.Machine, name: str) -> m.Arrow:
    return next(a for a in arrows(machine) if a.name == name)


def arrows(machine: m.Machine) -> Iterator[m.Arrow]:
    for each in machine.processes:
        for s in each.states:
            yield from s.arrows


FLU = """
diseases:
  flu:
    onset: {rate: 0.1 per year, multiplied: [{by: 2, while: "CONDITION"}]}
    states: [mild, severe]
    course:
      - mild -> severe: {rate: 1 per year}
      - severe -> absent: {after: 7 days}
    events:
      fever: {rate: 3 per year}
"""


def condition_of(expression: str, more: str = "") -> m.Term:
    """What a condition that holds over time is lowered to."""
    machine = machine_of(FLU.replace("CONDITION", expression) + textwrap.dedent(more))
    trigger = arrow(machine, "flu: onset").trigger
    assert isinstance(trigger, m.ByRate)
    assert isinstance(trigger.multiplier, m.Apply)
    factor = trigger.multiplier.args[1]
    assert isinstance(factor, m.Apply)
    return factor.args[0]
