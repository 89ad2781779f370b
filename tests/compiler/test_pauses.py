"""Pauses: what `paused` is lowered to, and what it does in a life."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from simulator.compiler.expectations import expectations
from simulator.scenario import parse_scenario
from tests.compiler.courses import PEOPLE, life, rows
from tests.compiler.lowered import arrow, codes_of, condition_of, machine_of, process

STATIN = """
treatments:
  statin:
    start: {when: age >= 20 years}
    paused: date >= 2001-02-01 and date < 2001-03-01
    MORE
  other: {start: {when: OTHER}, stop: [{after: 30 days}]}
"""


def statin(more: str = "", other: str = "age >= 90 years") -> m.Machine:
    return machine_of(STATIN.replace("MORE", more).replace("OTHER", other), PEOPLE)


def statuses(machine: m.Machine, code: str = "SIM//statin") -> list[tuple[float, str | None]]:
    """Days since 2000-01-01 and the status of each row of a treatment."""
    found = [(row.time, machine.codes[row.code]) for row in life(machine).events]
    return [
        (round((time - machine.population.start) / 86_400_000_000, 3), spec.status)
        for time, spec in found
        if spec.code == code
    ]


LDL = """
measurements:
  ldl: {unit: mg/dL, plausible: 20..300, value: {mean: 100}}
care:
  clinic: {class: ambulatory, every: 1 year, measures: [ldl]}
"""
FEBRUARY, MARCH = 397.0, 425.0  # 2001-02-01 and 2001-03-01


def test_it_is_on_hold_and_then_active_again() -> None:
    assert statuses(statin()) == [(0.0, "active"), (FEBRUARY, "on-hold"), (MARCH, "active")]


def test_it_is_not_begun_while_it_would_be_paused() -> None:
    machine = machine_of(
        STATIN.replace("MORE", "").replace("2001-02-01", "1999-01-01").replace("OTHER", "age < 0 years"),
        PEOPLE,
    )
    assert statuses(machine) == [(MARCH, "active")]


def test_being_on_it_asks_both_processes() -> None:
    machine = statin()
    pause = [p.name for p in machine.processes].index("statin.pause")
    term = condition_of("on statin", STATIN.replace("MORE", "").replace("OTHER", "age >= 90 years"))
    assert isinstance(term, m.Apply)
    assert term.op == "and"
    assert m.InState(pause, 1) in [
        m.InState(pause, t.mask) for t in term.args[1:] if isinstance(t, m.InState)
    ]


def test_it_starts_another_medicine_only_while_it_is_paused() -> None:
    machine = statin(other="ever on statin and not on statin")
    assert statuses(machine, "SIM//other") == [(FEBRUARY, "active"), (FEBRUARY + 30, "stopped")]


def test_what_ends_it_ends_it_while_it_is_paused() -> None:
    machine = statin("stop: [{after: 400 days}]")
    assert statuses(machine) == [(0.0, "active"), (FEBRUARY, "on-hold"), (400.0, "stopped")]


def test_a_course_does_not_begin_anew_after_a_pause() -> None:
    machine = statin("stop: [{after: 500 days}]")
    assert statuses(machine)[-1] == (500.0, "stopped")


def test_what_runs_out_meanwhile_is_dispensed_afterwards() -> None:
    supplied = [day for day, status in statuses(statin("supply: 100 days")) if status == "completed"]
    assert supplied[:6] == [0.0, 100.0, 200.0, 300.0, MARCH, MARCH + 100]


def test_the_dose_is_kept_and_not_changed_meanwhile() -> None:
    machine = statin(
        "dose: {steps: [10 mg, 20 mg, 40 mg], "
        "up: {when: date >= 2001-01-01 and date < 2001-02-10, after: 40 days}}"
    )
    doses = [(day, value) for day, code, value in rows(machine) if code == "SIM//statin"]
    assert doses == [(0.0, 10.0), (366.0, 20.0), (FEBRUARY, None), (MARCH, 20.0)]


def test_a_taper_waits_meanwhile() -> None:
    machine = statin(
        "stop: [{after: 390 days}]\n    dose: {amount: 30 mg, taper: {every: 10 days, by: 10 mg}}"
    )
    doses = [(day, value) for day, code, value in rows(machine) if code == "SIM//statin"]
    assert doses == [
        (0.0, 30.0),
        (390.0, 20.0),
        (FEBRUARY, None),
        (MARCH, 20.0),
        (430.0, 10.0),
        (440.0, None),
    ]


def test_a_constraint_is_kept_by_a_pause() -> None:
    """It does not end what is paused, which is taken up again when it may be."""
    never = "constraints: [{never: on statin and on other}]\n"
    machine = machine_of(
        never + STATIN.replace("MORE", "").replace("OTHER", "date >= 2001-02-10 and date < 2001-02-20"),
        PEOPLE,
    )
    assert statuses(machine, "SIM//other") == [(FEBRUARY + 9, "active"), (FEBRUARY + 39, "stopped")]
    assert statuses(machine)[1:] == [(FEBRUARY, "on-hold"), (FEBRUARY + 39, "active")]


def test_nothing_is_paused_while_the_patient_is_lost() -> None:
    lost = "follow_up: {lost: {rate: 100 per day}}\n"
    found = statuses(
        machine_of(lost + STATIN.replace("MORE", "").replace("OTHER", "age >= 90 years"), PEOPLE)
    )
    assert found == [(0.0, "active")]


def test_the_checker_is_told_that_it_was_taken_before() -> None:
    text = STATIN.replace("MORE", "").replace("OTHER", "age >= 90 years")
    scenario, _ = parse_scenario(f"id: test\n{PEOPLE}{text}")
    assert scenario is not None
    stops = expectations(scenario, machine_of(text, PEOPLE))["stops"]
    assert stops["SIM//statin|on-hold"] == "SIM//statin|active"
    assert "SIM//other|on-hold" not in stops


def test_without_a_pause_there_is_no_process_for_it() -> None:
    machine = machine_of("treatments:\n  drug: {start: {when: age >= 20 years}}\n")
    assert [p.name for p in machine.processes] == ["drug"]


def test_refills_wait_in_a_state_of_their_own() -> None:
    machine = statin("supply: 100 days")
    assert [s.name for s in process(machine, "statin.supply").states] == ["off", "on", "due", "used up"]
    assert arrow(machine, "statin: refill due").actions == ()


@pytest.mark.parametrize(
    ("paused", "code"),
    [
        ("on statin", "E728"),
        ("not on statin and age > 60 years", "E728"),
        ("ldl >= 130", "E701"),
        ("1 < 2", "E709"),
        ("on statins", "E501"),
    ],
)
def test_what_is_wrong_with_a_pause_is_said(paused: str, code: str) -> None:
    text = LDL + f"treatments:\n  statin: {{start: {{when: age >= 20 years}}, paused: {paused}}}\n"
    assert code in codes_of(text)
