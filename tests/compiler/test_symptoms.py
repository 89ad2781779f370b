"""Symptoms, phenotypes and the extras of recurrent events: processes, events, conditions, care."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from tests.compiler.lowered import arrow, codes_of, machine_of, process

COPD = """
diseases:
  copd:
    onset: {rate: 0.01 per year}
    states: [mild, severe]
    course:
      - mild -> severe: {rate: 0.1 per year}
    symptoms:
      dyspnoea:
        codes: {hpo: "HP:0002094"}
        frequency: 70%
        onset: 0..2 years
        rate: 2 per year
        lasts: 3..10 days
        severity: {slight: 80%, bad: 20%}
        course:
          - slight -> bad: {rate: 5 per year}
        seeks_care:
          bad: {visit: emergency, probability: 80%, after: 0..1 days}
          slight: gp
        recorded_at: [{care: gp, probability: 50%}]
    phenotypes:
      clubbing: {hpo: "HP:0001217", frequency: 10%, onset: 0..5 years}
care:
  gp: {class: ambulatory, every: 1 year}
  emergency: {class: emergency}
"""


def test_a_symptom_is_a_process_whose_present_states_are_its_severities() -> None:
    symptom = process(machine_of(COPD), "copd.dyspnoea")
    assert symptom.latent
    assert [s.name for s in symptom.states] == [*["absent"] * 6, "slight", "bad"]


def test_only_what_begins_or_ends_leaves_a_trace() -> None:
    symptom = process(machine_of(COPD), "copd.dyspnoea")
    names = [s.name for s in symptom.states]
    for place, state in enumerate(symptom.states):
        for each in state.arrows:
            inside = names[place] == names[each.target] == "absent"
            assert each.silent == inside, each.name


def test_a_phenotype_comes_to_some_and_stays() -> None:
    sign = process(machine_of(COPD), "copd.clubbing")
    assert [s.name for s in sign.states] == ["absent"] * 4 + ["present"]
    assert [a.trigger for a in sign.states[1].arrows] == [m.ByChance(m.Const(0.1)), m.ByChance(m.Const(0.9))]
    (ends,) = sign.states[4].arrows
    assert ends.trigger == m.WhenTrue(m.Apply("not", (m.InState(0, 0b110),)))


def test_a_severity_leads_to_care_after_a_while_unless_it_is_over() -> None:
    machine = machine_of(COPD)
    waiting, pending = process(machine, "copd.dyspnoea.care").states
    assert [(a.name, a.target) for a in waiting.arrows] == [
        ("copd.dyspnoea: bad leads to emergency", 1),
        ("copd.dyspnoea: slight leads to gp", 0),
    ]
    goes, better, instead = pending.arrows
    assert isinstance(goes.trigger, m.AfterDuration)
    assert goes.actions == (m.Raise(machine.events.index("visit:emergency")),)
    assert isinstance(better.trigger, m.WhenTrue)
    assert instead.actions == waiting.arrows[1].actions


def test_a_symptom_is_written_down_with_its_severity_as_text() -> None:
    machine = machine_of(COPD)
    rows = [c for c in machine.codes if c.code == "HPO//HP:0002094"]
    assert [(c.text, c.kind, c.status) for c in rows] == [
        ("slight", "diagnosis", "final"),
        ("bad", "diagnosis", "final"),
    ]
    noted = process(machine, "copd.dyspnoea.chart").states[0].arrows
    assert [a.name for a in noted] == [
        "copd.dyspnoea: recorded at emergency",
        "copd.dyspnoea: recorded at gp",
        "copd.dyspnoea: recorded at gp (2)",
    ]


def test_a_complaint_is_always_written_down_at_the_visit_that_it_led_to() -> None:
    machine = machine_of(COPD)
    asks = arrow(machine, "copd.dyspnoea: slight leads to gp").actions
    assert [machine.events[a.event] for a in asks if isinstance(a, m.Raise)] == [
        "visit:gp",
        "copd.dyspnoea:brought to gp",
    ]
    by_chance = arrow(machine, "copd.dyspnoea: recorded at gp").trigger
    assert isinstance(by_chance, m.OnEvent)
    assert by_chance.probability == m.Const(0.5)
    surely = arrow(machine, "copd.dyspnoea: recorded at gp (2)").trigger
    assert isinstance(surely, m.OnEvent)
    assert (machine.events[surely.event], surely.probability) == ("copd.dyspnoea:brought to gp", None)


def test_symptoms_are_conditions_events_and_hazards() -> None:
    machine = machine_of(
        COPD.replace(
            "\ncare:\n",
            """
  depression:
    onset: {rate: 0.01 per year, multiplied: [{by: 3, while: "copd.dyspnoea in [bad]"},
            {by: 2, while: count of copd.dyspnoea.bad in last 1 year >= 2}, {by: 2, while: copd.clubbing}]}
    states: [present]
treatments:
  opioid:
    start: {when: count of copd.dyspnoea.recorded >= 1}
    effects: [{hazard: copd.dyspnoea, by: 0.5}, {hazard: copd.dyspnoea.slight -> bad, by: 0.1}]
care:
""",
        )
    )
    index = [p.name for p in machine.processes].index("copd.dyspnoea")
    trigger = arrow(machine, "depression: onset").trigger
    assert isinstance(trigger, m.ByRate)
    assert f"InState(process={index}, mask=128)" in repr(trigger.multiplier)
    assert ("copd.dyspnoea.bad", 2) in machine.rings
    assert "copd.dyspnoea.recorded" in [name for name, _ in machine.rings]


EVENTS = """
diseases:
  copd:
    onset: {rate: 0.01 per year}
    states: [present]
    events:
      exacerbation:
        rate: 1 per year
        lasts: 1..2 weeks
        severity: {moderate: 80%, severe: 20%}
        refractory: 1 month
        at_most: 3
        fatal: 2%
        complications:
          pneumonia: {probability: 10%, after: 1..3 days}
"""


def test_an_event_that_lasts_is_a_state_and_then_pauses() -> None:
    event = process(machine_of(EVENTS), "copd.exacerbation")
    assert [s.name for s in event.states] == ["waiting", "waiting", "moderate", "severe", "waiting"]
    assert [(a.target, a.silent) for s in event.states for a in s.arrows] == [
        (1, True), (2, False), (3, False), (4, False), (4, False), (0, True),
    ]  # fmt: skip


def test_an_event_may_happen_so_often_in_a_life() -> None:
    machine = machine_of(EVENTS)
    trigger = arrow(machine, "copd: exacerbation").trigger
    assert isinstance(trigger, m.ByRate)
    assert "not" in repr(trigger.multiplier)
    assert machine.rings == (("copd.exacerbation", 3),)


def test_a_fatal_event_kills_at_its_end() -> None:
    passes = arrow(machine_of(EVENTS), "copd.exacerbation: passes")
    assert passes.actions == (m.If(None, m.Const(0.02), "copd.exacerbation: fatal", (m.Die(),)),)


def test_a_complication_hears_the_event() -> None:
    machine = machine_of(EVENTS + "care:\n  ward: {class: inpatient, on: [copd.exacerbation.pneumonia]}\n")
    waiting, coming = process(machine, "copd.exacerbation.pneumonia").states
    assert isinstance(waiting.arrows[0].trigger, m.OnEvent)
    assert waiting.arrows[0].trigger.probability == m.Const(0.1)
    assert coming.arrows[0].actions == (m.Raise(machine.events.index("copd.exacerbation.pneumonia")),)


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("slight -> bad", "slight -> worse", ["E503"]),
        ("          bad: {visit", "          awful: {visit", ["E503"]),
        ("visit: emergency", "visit: emergncy", ["E501", "W309"]),
        ("{slight: 80%, bad: 20%}", "{slight: 80%, bad: 30%}", ["E604"]),
        ("bad: 20%", "ended: 20%", ["E506", "E503", "E503"]),
        ("frequency: 70%", "frequency: 170%", ["E603"]),
        ("{care: gp,", "{care: gpp,", ["E501"]),
    ],
)
def test_what_cannot_be_is_a_finding(before: str, after: str, codes: list[str]) -> None:
    assert before in COPD
    assert sorted(codes_of(COPD.replace(before, after))) == sorted(codes)
