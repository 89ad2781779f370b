"""Triggers that wait after an event, or take a chance once something holds; conditions that go in circles."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from simulator.engine.reference import run_patient
from simulator.errors import EngineError
from tests.compiler.courses import DAY, PEOPLE, life
from tests.compiler.lowered import arrow, codes_of, findings_of, machine_of

STREP = """
diseases:
  strep:
    onset: {when: date >= 2000-03-01 and date < 2000-03-02}
    states: [ill]
    course: [ill -> absent: {after: 10 days}]
  fever: {onset: ONSET, states: [acute, late], course: [COURSE]}
"""


def fever(onset: str, course: str = "") -> m.Machine:
    return machine_of(STREP.replace("ONSET", onset).replace("COURSE", course), PEOPLE)


def moves(machine: m.Machine, name: str, patient: int = 0) -> list[tuple[float, str]]:
    """Days since 2000-01-01 and the state that a process truly came to."""
    index = [p.name for p in machine.processes].index(name)
    return [
        (round((t.time - machine.population.start) / DAY, 3), machine.processes[index].states[t.after].name)
        for t in life(machine, patient).truth
        if t.process == index
    ]


def test_it_fires_some_time_after_an_event() -> None:
    machine = fever("{on: strep.onset, after: 3 weeks}")
    assert moves(machine, "strep")[0] == (60.0, "ill")
    assert moves(machine, "fever") == [(81.0, "acute")]


def test_an_event_that_leads_into_the_state_is_heard_there() -> None:
    machine = fever("{on: strep.onset}", "acute -> late: {on: fever.acute, after: 5 days}")
    assert moves(machine, "fever") == [(60.0, "acute"), (65.0, "late")]


def test_what_else_is_waited_for_goes_on() -> None:
    """Recovery is drawn once, on entering the state, not again when the event is heard."""
    course = "acute -> absent: {after: 20 days}, acute -> late: {on: strep.resolved, after: 3 weeks}"
    assert moves(fever("{on: strep.onset}", course), "fever") == [(60.0, "acute"), (80.0, "absent")]


def test_leaving_the_state_ends_the_wait() -> None:
    course = (
        "acute -> late: {on: strep.resolved}, late -> acute: {after: 1 day}, "
        "acute -> absent: {on: fever.acute, after: 15 days}"
    )
    assert moves(fever("{on: strep.onset}", course), "fever") == [
        (60.0, "acute"), (70.0, "late"), (71.0, "acute"), (86.0, "absent"),
    ]  # fmt: skip


def test_a_chance_decides_once_each_time_that_a_condition_comes_to_hold() -> None:
    machine = fever("{when: strep, probability: 40%}")
    found = [len(moves(machine, "fever", patient)) for patient in range(400)]
    assert set(found) == {0, 1}
    assert abs(sum(found) - 160) < 5 * (0.24 * 400) ** 0.5


def test_a_chance_comes_after_the_delay() -> None:
    assert moves(fever("{when: strep, delay: 4 days, probability: 100%}"), "fever") == [(64.0, "acute")]
    assert moves(fever("{when: strep, delay: 4 weeks, probability: 100%}"), "fever") == []


def test_the_end_of_a_treatment_may_wait() -> None:
    text = (
        "treatments:\n  drug: {start: {when: strep diagnosed}, stop: [{on: strep.resolved, after: 5 days}]}\n"
    )
    text += "care: {clinic: {class: ambulatory, every: 1 day}}\n"
    text = STREP.replace("ONSET", "{rate: 1 per year}").replace("COURSE", "") + text
    text = text.replace("    states: [ill]", "    states: [ill]\n    diagnosis: [{at: [clinic]}]")
    machine = machine_of(text, PEOPLE)
    (end,) = [row for row in life(machine).events if machine.codes[row.code].status == "stopped"]
    assert round((end.time - machine.population.start) / DAY, 3) == 75.0


@pytest.mark.parametrize(
    ("onset", "codes"),
    [
        ("{on: strep.onsett, after: 3 weeks}", ["E505"]),
        ("{on: strep.onset, after: 3 mg}", ["E601"]),
        ("{when: strep, probability: 3 weeks}", ["E601"]),
    ],
)
def test_what_is_wrong_with_a_wait_is_said(onset: str, codes: list[str]) -> None:
    found = codes_of(STREP.replace("ONSET", onset).replace("COURSE", ""), PEOPLE)
    assert [c for c in found if c.startswith("E")] == codes


def test_what_never_happens_is_waited_for_in_vain() -> None:
    text = STREP.replace("ONSET", "{on: strep.onset, after: 3 weeks}")
    text = text.replace("COURSE", "acute -> late: {after: 1 day}")
    found = findings_of(text.replace("date >= 2000-03-01 and date < 2000-03-02", '"fever in [late]"'), PEOPLE)
    assert "W317" in [f.code for f in found.items]
    assert not [f for f in found.items if ":due" in f.message + f.remedy]


# --- circles ------------------------------------------------------------------------------

PAIR = """
treatments:
  a: {start: {when: age >= 41 years}, A}
  b: {start: {when: age >= 40 years}, B}
"""


def circles(a: str, b: str, code: str = "E729") -> list[str]:
    text = PAIR.replace("A}", a + "}").replace("B}", b + "}")
    return [f.message for f in findings_of(text, PEOPLE).items if f.code == code]


def test_pauses_that_undo_one_another() -> None:
    (message,) = circles("paused: on b", "paused: not on a")
    assert message == "the pause of a and the pause of b undo one another, to and fro without end"


def test_pauses_that_undo_one_another_if_other_things_hold_together() -> None:
    a, b = "paused: on b and age >= 50 years", "paused: not on a and sex == female"
    assert not circles(a, b)
    (message,) = circles(a, b, "W319")
    assert message == "the pause of a and the pause of b may undo one another, to and fro without end"
    assert circles("paused: on b", "paused: not on a and age >= 50 years")  # one condition may hold
    a, b = "paused: on b and age < 50 years", "paused: not on a and age >= 50 years"
    assert not circles(a, b) + circles(a, b, "W319")  # never together


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("paused: on b", "paused: on a"),  # whichever is first stays
        ("paused: not on b", "paused: not on a"),
        ("paused: on b", "paused: not on a and on b and age < 20 years and age >= 60 years"),
        ("paused: on b", "stop: [{when: on a}], again: 1 day"),
    ],
)
def test_pauses_that_come_to_rest(a: str, b: str) -> None:
    assert not circles(a, b)


def test_diseases_and_plans_may_go_in_circles() -> None:
    text = """
    diseases:
      x: {onset: {when: not y}, states: [there], course: [there -> absent: {when: y}]}
      y: {onset: {when: x DELAY}, states: [there], course: [there -> absent: {when: not x}]}
    """
    assert "E729" in codes_of(text.replace("DELAY", ""))
    assert "E729" not in codes_of(text.replace("x DELAY", "x, delay: 1 day"))


def test_a_circle_that_is_met_in_a_run_is_named() -> None:
    text = """
    diseases:
      x: {onset: {when: not y}, states: [there], course: [there -> absent: {on: y.onset}]}
      y: {onset: {on: x.onset}, states: [there], course: [there -> absent: {on: x.resolved}]}
    """
    machine = machine_of(text, PEOPLE)
    with pytest.raises(EngineError, match=r"transitions at one instant, of x, y"):
        run_patient(machine, 3, 0)


def test_the_wait_is_a_process_of_its_own() -> None:
    machine = fever("{on: strep.onset, after: 3 weeks, probability: 30%}")
    heard = arrow(machine, "fever: onset, some time later").trigger
    assert isinstance(heard, m.OnEvent)
    assert machine.events[heard.event] == "strep.onset"
    assert heard.probability == m.Const(0.3)
