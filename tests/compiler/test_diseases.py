"""Diseases become processes: states, arrows, chances, events, and what each firing tells."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from tests.compiler.lowered import arrow, arrows, codes_of, machine_of, process, state

CF = """
diseases:
  cf:
    codes: {icd10cm: E84.9, orphanet: "586"}
    onset: {at: birth, probability: 1/4, to: mild}
    states: [mild, severe]
    course:
      - mild -> severe: {rate: 0.06 per year}
    death:
      severe: {rate: 0.11 per year}
    events:
      exacerbation: {while: "cf in [severe]", rate: 0.98 per year}
"""


def test_a_disease_of_birth_decides_at_once() -> None:
    machine = machine_of(CF, people_from_birth())
    cf = process(machine, "cf")
    assert [s.name for s in cf.states] == ["start", "absent", "mild", "severe", "dead"]
    assert cf.latent
    onset, unaffected = cf.states[0].arrows
    assert onset == m.Arrow("cf: onset", 2, m.ByChance(m.Const(0.25)))
    assert unaffected == m.Arrow("cf: unaffected", 1, m.ByChance(m.Const(0.75)), silent=True)


def people_from_birth() -> str:
    return (
        "population: {size: 100, from: 2000-01-01, to: 2020-01-01, age: 0..80 years, history: from birth}\n"
    )


def test_an_acquired_disease_begins_in_absence() -> None:
    machine = machine_of(
        """
        diseases:
          flu:
            onset: {rate: 0.1 per year, to: severe}
            states: [mild, severe]
            course:
              - severe -> mild: {after: 3 days}
              - mild -> absent: {after: 7 days}
        """
    )
    flu = process(machine, "flu")
    assert [s.name for s in flu.states] == ["absent", "mild", "severe"]
    assert [a.target for s in flu.states for a in s.arrows] == [2, 0, 1]


def test_death_ends_a_life() -> None:
    found = arrow(machine_of(CF, people_from_birth()), "cf: severe -> death")
    assert found.actions == (m.Die(),)
    assert found.target == 4


def test_a_recurrent_event_goes_round_while_it_may() -> None:
    machine = machine_of(CF, people_from_birth())
    event = process(machine, "cf.exacerbation")
    assert event.latent
    assert [s.name for s in event.states] == ["waiting"]
    (again,) = event.states[0].arrows
    assert again.target == 0
    assert isinstance(again.trigger, m.ByRate)
    assert again.trigger.multiplier == m.Apply("if", (m.InState(0, 0b1000), m.Const(0.98), m.Const(0.0)))


def test_an_event_without_while_needs_the_disease() -> None:
    text = CF.replace('while: "cf in [severe]", ', "")
    trigger = arrow(machine_of(text, people_from_birth()), "cf: exacerbation").trigger
    assert isinstance(trigger, m.ByRate)
    assert isinstance(trigger.multiplier, m.Apply)
    assert trigger.multiplier.args[0] == m.InState(0, 0b01100)


def test_nobody_is_told_what_nobody_asked() -> None:
    machine = machine_of(CF, people_from_birth())
    assert (machine.events, machine.stamps, machine.rings) == ((), (), ())
    assert all(not isinstance(x, m.Raise | m.Stamp | m.Push) for a in arrows(machine) for x in a.actions)


def test_events_are_raised_for_those_who_listen() -> None:
    machine = machine_of(
        CF
        + """
care:
  screening: {class: ambulatory, on: [cf.onset]}
  admission: {class: inpatient, on: [cf.severe, cf.exacerbation]}
""",
        people_from_birth(),
    )
    assert machine.events == ("cf.onset", "cf.severe", "cf.exacerbation")
    assert arrow(machine, "cf: onset").actions == (m.Raise(0),)
    assert state(machine, "cf", "severe").on_entry == (m.Raise(1),)
    assert state(machine, "cf", "mild").on_entry == ()
    assert arrow(machine, "cf: exacerbation").actions == (m.Raise(2),)


def test_times_and_counts_are_kept_for_those_who_ask() -> None:
    text = CF.replace(
        "rate: 0.11 per year",
        """rate: 0.11 per year, multiplied: [
          {by: 2, while: time since cf.onset > 1 year}, {by: 3, while: count of cf.exacerbation >= 2}]""",
    )
    machine = machine_of(text, people_from_birth())
    assert machine.stamps == ("cf.onset",)
    assert machine.rings == (("cf.exacerbation", 2),)
    assert arrow(machine, "cf: onset").actions == (m.Stamp(0),)
    assert arrow(machine, "cf: exacerbation").actions == (m.Push(0),)


CHANCES = """
diseases:
  sepsis:
    onset: {rate: 0.001 per year}
    states: [early, shock, recovering]
    course:
      - early -> shock: {probability: 30%}
      - early -> recovering: {after: 3 days}
      - shock -> recovering: {probability: 60%}
      - recovering -> absent: {after: 14 days}
    death:
      shock: {probability: 40%}
"""


def test_a_state_left_by_chance_alone_decides_at_once() -> None:
    machine = machine_of(CHANCES)
    shock = state(machine, "sepsis", "shock")
    assert [a.trigger for a in shock.arrows] == [m.ByChance(m.Const(0.6)), m.ByChance(m.Const(0.4))]
    assert shock.arrows[1].actions == (m.Die(),)


def test_a_state_left_by_chance_or_later_is_two_states_of_one_name() -> None:
    machine = machine_of(CHANCES)
    sepsis = process(machine, "sepsis")
    assert [s.name for s in sepsis.states] == ["absent", "early", "early", "shock", "recovering", "dead"]
    to_shock, stays = sepsis.states[1].arrows
    assert (to_shock.target, stays.target, stays.silent) == (3, 2, True)
    assert stays.trigger == m.ByChance(m.Const(0.7))
    assert [a.target for a in sepsis.states[2].arrows] == [4]
    assert arrow(machine, "sepsis: onset").target == 1


def test_both_states_of_one_name_are_that_state() -> None:
    machine = machine_of(
        CHANCES + "    events:\n      rigor: {while: 'sepsis in [early]', rate: 300 per year}\n"
    )
    trigger = arrow(machine, "sepsis: rigor").trigger
    assert isinstance(trigger, m.ByRate)
    assert isinstance(trigger.multiplier, m.Apply)
    assert trigger.multiplier.args[0] == m.InState(0, 0b000110)


def test_two_arrows_between_the_same_states_have_two_names() -> None:
    machine = machine_of(
        """
        diseases:
          flu:
            onset: {rate: 0.1 per year}
            states: [ill]
            course:
              - ill -> absent: {rate: 50 per year}
              - ill -> absent: {when: age >= 65 years, delay: 3 days}
        """
    )
    names = [a.name for a in arrows(machine)]
    assert names == ["flu: onset", "flu: ill -> absent", "flu: ill -> absent (2)"]
    delayed = arrow(machine, "flu: ill -> absent (2)").trigger
    assert isinstance(delayed, m.WhenTrue)
    assert delayed.delay is not None


def test_an_arrow_may_wait_for_an_event_of_another_process() -> None:
    machine = machine_of(
        CF
        + """
  diabetes:
    onset: {on: cf.exacerbation, if: age >= 10 years, probability: 5%}
    states: [present]
""",
        people_from_birth(),
    )
    assert arrow(machine, "diabetes: onset").trigger == m.OnEvent(0, m.AgeAtLeast(10.0), m.Const(0.05))


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("mild -> severe", "mild -> sever", ["E503"]),
        ("to: mild", "to: moderate", ["E503"]),
        ("      severe: {rate", "      sever: {rate", ["E503"]),
        ("{rate: 0.06 per year}", "{after: 0 days}\n      - severe -> mild: {after: 0 days}", ["E705"]),
        ("0.06 per year", "0 per year", ["W307"]),
        ("0.06 per year", "0.06 / 100 per year", ["W302"]),
        ("[mild, severe]", "[mild, severe, terminal]", ["W301"]),
        ("probability: 1/4", "probability: 5/4", ["E603"]),
        ("{rate: 0.06 per year}", "{probability: 120%}", ["E603"]),
        ("{rate: 0.06 per year}", "{probability: 20%}", ["E703"]),
    ],
)
def test_what_cannot_be_is_a_finding(before: str, after: str, codes: list[str]) -> None:
    assert before in CF
    assert codes_of(CF.replace(before, after), people_from_birth()) == codes


def test_people_who_enter_as_adults_cannot_have_had_it_from_birth() -> None:
    assert codes_of(CF) == ["W306"]
