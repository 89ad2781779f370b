"""The kernel equals the reference where things wait, are drawn late, or end with a pathway."""

from __future__ import annotations

import pytest

from simulator.compiler.flatten import flatten
from simulator.engine.reference import run_patient
from simulator.errors import EngineError
from tests.compiler.lowered import machine_of
from tests.engine.care_texts import TEXTS
from tests.engine.compare import assert_same, kernel_lives

PEOPLE = "population: {size: 40, from: 2000-01-01, to: 2010-01-01, age: 40..60 years, history: none}\n"


@pytest.mark.parametrize("name", TEXTS)
def test_kernel_equals_reference(name: str) -> None:
    assert assert_same(machine_of(TEXTS[name], PEOPLE), 7, range(12)) > 300


def test_the_lives_hold_what_they_are_to_show() -> None:
    """What the comparison above would otherwise pass over in silence."""
    seen = {name: _rows(name) for name in TEXTS}
    assert {("RxNorm//10324", "stopped"), ("ICD10CM//C50.919", "refuted")} <= seen["tumour"]
    assert {("LOINC//85319-2", "final"), ("ICD10CM//N63.0", "final")} <= seen["tumour"]
    assert {("RxNorm//39786", "active"), ("RxNorm//39786", "stopped")} <= seen["depression"]


def _rows(name: str) -> set[tuple[str, str | None]]:
    machine = machine_of(TEXTS[name], PEOPLE)
    return {
        (machine.codes[row.code].code, machine.codes[row.code].status)
        for patient in range(25)
        for row in run_patient(machine, 7, patient).events
    }


def test_a_circle_in_a_run_is_named() -> None:
    text = """
    diseases:
      x: {onset: {when: age >= 0 years}, states: [there], course: [there -> absent: {on: y.onset}]}
      y: {onset: {on: x.onset}, states: [there], course: [there -> absent: {on: x.resolved}]}
      z: {onset: {rate: 1 per year}, states: [there]}
    """
    machine = machine_of(text, PEOPLE)
    with pytest.raises(EngineError, match="patient 1 fires without end at one instant") as stopped:
        kernel_lives(flatten(machine), 7, range(1))
    assert "in a circle: x, y." in stopped.value.remedy
