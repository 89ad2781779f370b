"""What the tests of courses of care read off a life: rows as (days since entry, code, value)."""

from __future__ import annotations

import math

from simulator.compiler import machine as m
from simulator.engine.reference import PatientHistory, run_patient

DAY = 86_400_000_000
PEOPLE = "population: {size: 50, from: 2000-01-01, to: 2010-01-01, age: 40 years}\n"
WBC = """
measurements:
  wbc:
    unit: "10*9/L"
    plausible: 0..30
    precision: 1
    value: {mean: 4, shift: [{by: -3, while: date < 2000-01-20}]}
care:
  clinic: {class: ambulatory, measures: [wbc]}
"""


def life(machine: m.Machine, patient: int = 0) -> PatientHistory:
    return run_patient(machine, 3, patient)


def rows(machine: m.Machine, patient: int = 0) -> list[tuple[float, str, float | None]]:
    """Rows with a time after birth, in days since 2000-01-01; those of encounters left out."""
    found = []
    for row in life(machine, patient).events:
        code = machine.codes[row.code]
        days = (row.time - machine.population.start) / DAY
        if days >= 0 and code.kind != "encounter":
            found.append(
                (round(days, 3), code.text or code.code, None if math.isnan(row.value) else row.value)
            )
    return found


def days(machine: m.Machine, code: str, patient: int = 0) -> list[float]:
    """When rows of a code were recorded."""
    return [day for day, found, _ in rows(machine, patient) if found == code]


def lives(machine: m.Machine, count: int) -> list[set[str]]:
    """The codes of each of several lives."""
    return [{code for _, code, _ in rows(machine, patient)} for patient in range(count)]
