"""Pathways: when each step is taken, what is given, who leaves."""

from __future__ import annotations

import pytest

from tests.compiler.courses import PEOPLE, WBC, days, lives, rows
from tests.compiler.lowered import codes_of, machine_of, process

DRUG = "treatments:\n  drug: {start: {when: age >= 60 years}, codes: {rxnorm: '1'}}\n"


def pathway(steps: str, more: str = "", start: str = "{when: date >= 2000-01-01}") -> str:
    lines = "\n".join(f"      {line}" for line in steps.strip("\n").splitlines())
    return f"{WBC}{DRUG}pathways:\n  p:\n    start: {start}\n{more}    steps:\n{lines}\n"


def test_rounds_begin_a_given_time_after_one_another() -> None:
    text = pathway("- visit: clinic\n- wait: 2 days\n- give: [{treatment: drug, dose: 5 mg}]",
                   "    repeat: {times: 3, every: 1 week}\n")  # fmt: skip
    machine = machine_of(text, PEOPLE)
    assert days(machine, "SIM//wbc") == [0.0, 7.0, 14.0]
    assert [row for row in rows(machine) if row[1] == "RxNorm//1"] == [
        (2.0, "RxNorm//1", 5.0),
        (9.0, "RxNorm//1", 5.0),
        (16.0, "RxNorm//1", 5.0),
    ]


def test_a_round_that_takes_longer_is_followed_at_once() -> None:
    text = pathway("- visit: clinic\n- wait: 9 days", "    repeat: {times: 3, every: 1 week}\n")
    assert days(machine_of(text, PEOPLE), "SIM//wbc") == [0.0, 9.0, 18.0]


def test_postponed_visits_shift_what_follows() -> None:
    """wbc is 1 until the 19th day, then 4: the first round is postponed three times."""
    postpone = "{postpone: 1 week, at_most: 5 times}"
    steps = f"- visit: clinic\n- if: last wbc < 2 10*9/L\n  then: [{postpone}]\n- give: [drug]"
    machine = machine_of(pathway(steps, "    repeat: {times: 2, every: 4 weeks}\n"), PEOPLE)
    assert days(machine, "SIM//wbc") == [0.0, 7.0, 14.0, 21.0, 49.0]
    assert days(machine, "RxNorm//1") == [21.0, 49.0]


@pytest.mark.parametrize(
    ("at_most", "otherwise", "given"),
    [("once", "", [7.0, 35.0]), ("twice", "", [14.0, 42.0]), ("once", ", otherwise: [{end: stopped}]", [])],
)
def test_what_was_postponed_often_enough_goes_on(at_most: str, otherwise: str, given: list[float]) -> None:
    postpone = f"{{postpone: 1 week, at_most: {at_most}{otherwise}}}"
    steps = f"- visit: clinic\n- if: last wbc < 2 10*9/L\n  then: [{postpone}]\n- give: [drug]"
    machine = machine_of(pathway(steps, "    repeat: {times: 2, every: 4 weeks}\n"), PEOPLE)
    assert days(machine, "RxNorm//1") == given


def test_if_takes_one_way_though_its_steps_change_the_answer() -> None:
    steps = """
- visit: clinic
- if: last wbc < 2 10*9/L
  then: [{note: low}, {do: retest}]
  else: [{note: fine}]
"""
    text = pathway(steps) + "procedures:\n  retest: {}\n"
    machine = machine_of(text, PEOPLE)
    assert [code for _, code, _ in rows(machine)] == ["SIM//wbc", "low", "SIM//retest"]


def test_waiting_until_something_holds_or_too_long() -> None:
    steps = """
- wait_until: date >= 2000-02-01
  at_most: AT_MOST
  otherwise: [{note: gave up}]
- note: goes on
"""
    in_time = machine_of(pathway(steps.replace("AT_MOST", "6 weeks")), PEOPLE)
    too_late = machine_of(pathway(steps.replace("AT_MOST", "1 week")), PEOPLE)
    assert rows(in_time) == [(31.0, "goes on", None)]
    assert rows(too_late) == [(7.0, "gave up", None), (7.0, "goes on", None)]


def test_until_ends_the_rounds() -> None:
    text = pathway("- visit: clinic", "    repeat: {until: last wbc > 3 10*9/L, every: 5 days}\n")
    assert days(machine_of(text, PEOPLE), "SIM//wbc") == [0.0, 5.0, 10.0, 15.0, 20.0]


def test_stop_is_heard_in_every_step_and_beforehand() -> None:
    stop = "    stop: [{when: date >= 2000-01-11}]\n"
    machine = machine_of(pathway("- visit: clinic\n- wait: 6 days", f"    repeat: forever\n{stop}"), PEOPLE)
    assert days(machine, "SIM//wbc") == [0.0, 6.0]
    late = pathway("- visit: clinic", stop, start="{when: date >= 2000-02-01}")
    assert days(machine_of(late, PEOPLE), "SIM//wbc") == []


def test_a_followed_pathway_ends_only_itself() -> None:
    text = pathway("- follow: inner\n- note: after") + (
        "  inner:\n    steps: [{note: in it}, {wait: 1 day}, end, {note: never}]\n"
        "  outer:\n    start: {on: inner.completed}\n    steps: [note: heard]\n"
    )
    assert rows(machine_of(text, PEOPLE)) == [
        (0.0, "in it", None), (1.0, "after", None), (1.0, "heard", None)
    ]  # fmt: skip


def test_an_event_begins_it_again_unless_it_is_under_way() -> None:
    clinic = WBC.replace("measures: [wbc]", "measures: [wbc], at: [40.1 years, 40.2 years, 40.5 years]")
    text = pathway("- note: begun\n- wait: 60 days", start="{on: clinic.visit}").replace(WBC, clinic)
    once = text.replace("    steps:", "    again: 5 years\n    steps:")
    assert len(days(machine_of(text, PEOPLE), "begun")) == 2
    assert len(days(machine_of(once, PEOPLE), "begun")) == 1


def test_treatments_are_started_and_stopped_by_steps() -> None:
    steps = "- start: drug\n- wait: 30 days\n- stop: drug\n- wait: 10 days\n- start: drug"
    machine = machine_of(pathway(steps), PEOPLE)
    assert days(machine, "RxNorm//1") == [0.0, 30.0, 40.0]


def test_nothing_is_given_before_approval_or_against_a_contraindication() -> None:
    text = pathway("- visit: clinic\n- give: [drug]", "    repeat: {times: 4, every: 10 days}\n")
    text = text.replace("'1'}}", "'1'}, available: 2000-01-05, contraindicated: last wbc > 3 10*9/L}")
    assert days(machine_of(text, PEOPLE), "RxNorm//1") == [10.0]


def test_shares_and_uptake() -> None:
    steps = """
- choose:
    - {share: 70%, then: [{note: one}]}
    - {share: 30%, then: [{note: other}]}
- note: both
"""
    machine = machine_of(pathway(steps, start="{when: date >= 2000-01-01, uptake: 50%}"), PEOPLE)
    found = lives(machine, 400)
    counts = [sum(word in codes for codes in found) for word in ("both", "one", "other")]
    assert abs(counts[0] - 200) < 50  # 5 standard errors
    assert counts[1] + counts[2] == counts[0]
    assert abs(counts[1] - 0.7 * counts[0]) < 5 * (0.21 * counts[0]) ** 0.5


def test_may_follow_comes_later_and_the_pathway_goes_on() -> None:
    text = pathway("- may_follow: {fever: 100%}\n  after: 3 days\n- note: goes on") + (
        "  fever_care:\n    start: {on: p.fever}\n    steps: [note: fever]\n"
    )
    assert rows(machine_of(text, PEOPLE)) == [(0.0, "goes on", None), (3.0, "fever", None)]


def test_referrals_wait_and_are_not_doubled() -> None:
    text = """
care:
  clinic: {class: ambulatory, at: [40.1 years, 40.11 years], refers: [{to: cardiology, wait: 2 weeks}]}
  cardiology: {class: ambulatory, orders: {ecg: {}}}
"""
    machine = machine_of(text, PEOPLE)
    (referred,), (seen,) = days(machine, "REFERRAL//cardiology"), days(machine, "SIM//ecg")
    assert seen == pytest.approx(referred + 14, abs=1e-3)


def test_under_way_is_from_the_first_step_to_the_last() -> None:
    text = pathway("- wait: 10 days") + ("care_plans:\n  plan: {for: on p, activities: [rest]}\n")
    machine = machine_of(text, PEOPLE)
    assert [(day, code) for day, code, _ in rows(machine)] == [
        (0.0, "SIM//plan"), (0.0, "rest"), (10.0, "SIM//plan")
    ]  # fmt: skip
    assert len(process(machine, "p").states) == 7


def test_a_pathway_may_not_read_the_truth() -> None:
    assert codes_of(pathway("- if: wbc < 2 10*9/L\n  then: [{note: low}]")) == ["W309", "E701"]


def test_waiting_for_an_event() -> None:
    care = (
        "  ward: {class: inpatient, stay: {units: [bed], course: [{bed -> discharged: {after: 6 days}}]}}\n"
    )
    steps = (
        "- visit: ward\n- wait_for: ward.discharged\n- note: home\n- {refer: {to: clinic, wait: 1 week}}\n"
    )
    steps += "- wait_for: clinic.visit\n  at_most: 2 days\n  otherwise: [{note: impatient}]\n"
    steps += "- {wait_for: clinic.visit}"
    machine = machine_of(
        pathway(steps + "\n- note: seen").replace("treatments:", f"{care}treatments:", 1), PEOPLE
    )
    assert [(day, code) for day, code, _ in rows(machine) if code in ("home", "impatient", "seen")] == [
        (6.0, "home"),
        (8.0, "impatient"),
        (13.0, "seen"),
    ]


def test_a_dose_that_a_constraint_forbids_is_not_given() -> None:
    text = pathway(
        "- give: [{treatment: drug, dose: 5 mg}]\n- wait: 1 week\n- give: [{treatment: drug, dose: 6 mg}]"
    )
    assert days(machine_of(text, PEOPLE), "RxNorm//1") == [0.0, 7.0]
    forbidden = text + "constraints:\n  - {never: on drug and time since p.started < 3 days}\n"
    assert days(machine_of(forbidden, PEOPLE), "RxNorm//1") == [7.0]
