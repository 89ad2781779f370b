"""The words of diseases on the kernel and on the reference, and what must hold of every life."""

from __future__ import annotations

import pytest

from simulator.compiler import lower
from simulator.compiler.machine import Machine
from simulator.engine import reference
from simulator.scenario import parse_scenario
from tests.engine import compare
from tests.engine.disease_texts import PEOPLE, TEXTS


def machine_of(name: str) -> Machine:
    scenario, findings = parse_scenario(PEOPLE + TEXTS[name])
    assert scenario is not None, findings.items
    machine = lower(scenario, findings)
    assert machine is not None, findings.errors
    return machine


@pytest.fixture(scope="module", params=TEXTS)
def machine(request: pytest.FixtureRequest) -> Machine:
    return machine_of(request.param)


def test_kernel_equals_reference(machine: Machine) -> None:
    assert compare.assert_same(machine, 7, range(12)) > 500


def lives(machine: Machine, count: int = 40) -> list[reference.PatientHistory]:
    return [reference.run_patient(machine, 3, patient) for patient in range(count)]


def rows(machine: Machine, life: reference.PatientHistory) -> list[tuple[int, str, str | None, str | None]]:
    """Time, code, status and text of each row."""
    codes = machine.codes
    return [(e.time, codes[e.code].code, codes[e.code].status, codes[e.code].text) for e in life.events]


def moves(machine: Machine, life: reference.PatientHistory, process: str) -> list[tuple[int, str, str]]:
    """What a process truly did: time, from, to."""
    index = [p.name for p in machine.processes].index(process)
    states = machine.processes[index].states
    return [(t.time, states[t.before].name, states[t.after].name) for t in life.truth if t.process == index]


def test_a_wrong_diagnosis_is_provisional_until_the_right_one_is_made() -> None:
    machine = machine_of("appendicitis")
    seen = 0
    for life in lives(machine):
        written = rows(machine, life)
        for time, code, status, _ in written:
            if status != "refuted":
                continue
            seen += 1
            earlier = [t for t, c, s, _ in written if c == code and s == "provisional" and t <= time]
            assert earlier
            assert (time, "ICD10CM//K35.80", "active", None) in written
    assert seen >= 10


def test_what_a_rule_found_in_people_without_the_disease_is_refuted() -> None:
    machine = machine_of("gestational")
    refuted = stayed = 0
    for life in lives(machine):
        ill = {time: after == "present" for time, _, after in moves(machine, life, "gdm")}
        made = 0
        for time, code, status, _ in rows(machine, life):
            if code != "ICD10CM//O24.410":
                continue
            begun = [t for t in ill if t <= time]
            there = bool(begun) and ill[max(begun)]
            if status == "refuted":
                assert not there
                assert time > made
                refuted += 1
            made, stayed = time, stayed + (status == "active" and there)
    assert refuted > 50
    assert stayed > 50


def test_nobody_is_in_a_condition_that_a_constraint_forbids() -> None:
    machine = machine_of("copd")
    taken = 0
    for life in lives(machine, 60):
        on: set[str] = set()
        for time, code, status, _ in rows(machine, life):
            if code.startswith("RxNorm//") and status == "active":
                on.add(code)
                taken += 1
            elif code.startswith("RxNorm//") and status == "stopped":
                on.discard(code)
            assert len(on) < 2
            if "RxNorm//2" in on:
                assert (time - life.birth) / 31_556_952_000_000 < 50.01
    assert taken >= 20


def test_an_event_happens_no_oftener_than_it_may_and_pauses_after() -> None:
    machine = machine_of("copd")
    month, counts = 2_629_746_000_000, []
    for life in lives(machine, 60):
        own = moves(machine, life, "copd.exacerbation")
        began = [time for time, source, _ in own if source == "waiting"]
        ended = [time for time, _, target in own if target == "waiting"]
        assert len(began) <= 3
        for end, begin in zip(ended, began[1:], strict=False):
            assert begin - end >= month
        counts.append(len(began))
    assert max(counts) == 3


def test_a_symptom_is_there_only_while_its_disease_is() -> None:
    machine = machine_of("copd")
    shown = 0
    for life in lives(machine, 60):
        ill = [time for time, source, _ in moves(machine, life, "copd") if source == "absent"]
        for time, _, target in moves(machine, life, "copd.dyspnoea"):
            if target != "absent":
                shown += 1
                assert ill
                assert time >= ill[0]
    assert shown >= 20


def test_an_attribute_that_changes_is_noted_at_the_next_visit() -> None:
    machine = machine_of("copd")
    noted = 0
    for life in lives(machine, 60):
        changes = [(time, target) for time, _, target in moves(machine, life, "smoker")]
        for time, code, _, text in rows(machine, life):
            if code == "LOINC//72166-2" and time >= life.record_from:
                noted += 1
                assert [target for at, target in changes if at <= time][-1] == text
    assert noted >= 10


def test_the_last_stage_on_the_chart_was_true_when_it_was_written() -> None:
    machine = machine_of("copd")
    staged = 0
    for life in lives(machine, 60):
        course = moves(machine, life, "copd")
        for time, code, _, text in rows(machine, life):
            if code.endswith("copd.stage") and time >= life.record_from:
                staged += 1
                assert [target for at, _, target in course if at <= time][-1] == text
    assert staged >= 5
