"""Triggers that wait, and treatments of which one is picked, in drawings and in words."""

from __future__ import annotations

import pytest

from simulator.authoring.graph_influences import influence
from simulator.authoring.graph_references import references, things
from simulator.scenario import model, parse_scenario
from simulator.scenario.wording import trigger_words

TEXT = """
format: 1
id: shown
population: {size: 10, from: 2000-01-01, to: 2001-01-01, age: 40 years}
diseases:
  strep: {onset: {rate: 1 per year}, states: [ill], course: [ill -> absent: {after: 1 week}]}
  fever:
    onset: {on: strep.onset, after: 2..3 weeks, probability: 30%}
    states: [ill]
    course: [ill -> absent: {when: age >= 41 years, delay: 1 day, probability: 50%}]
treatments: {a: {}, b: {}, c: {}, d: {}}
pathways:
  plan:
    start: {on: [fever.onset]}
    steps:
      - start_one_of: {a: 50%, b: 50%}
      - give_one_of: {d: 100%}
      - switch_to: {b: 40%, c: 60%}
      - may_follow: {strep: 5%}
"""


@pytest.fixture(scope="module")
def scenario() -> model.Scenario:
    scenario, findings = parse_scenario(TEXT)
    assert scenario is not None, findings.items
    return scenario


def test_a_pathway_starts_and_gives_what_it_may_pick(scenario: model.Scenario) -> None:
    known = things(scenario)
    found = [influence(reference, known) for reference in references(known)]
    drawn = {(each.source, each.target, each.label) for each in found}
    starts = {target for source, target, label in drawn if source == "plan" and "starts" in label}
    gives = {target for source, target, label in drawn if source == "plan" and "gives" in label}
    assert (starts, gives) == ({"a", "b", "c"}, {"d"})
    assert not any(source == "plan" and target == "strep" for source, target, _ in drawn)


def test_a_wait_is_said_as_one_would(scenario: model.Scenario) -> None:
    fever = scenario.diseases["fever"]
    assert trigger_words(fever.onset) == "2 weeks..3 weeks after strep.onset with probability 30%"
    over = fever.course[0].trigger
    assert trigger_words(over) == "when age >= 41 years for 1 day with probability 50%"
