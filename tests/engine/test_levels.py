"""Drifts that ask for the measurement itself: they stop where it says, and a level that hovers is held."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.compiler import compile_file
from simulator.engine.reference import run_patient
from tests.engine.compare import assert_same

TEXT = """\
format: 1
id: drifting
title: A measurement that drifts until it says so itself
population: {size: 6, from: 2000-01-01, to: 2010-01-01, age: 20..60 years}
measurements:
  other: {unit: mg, plausible: 0..99, value: {mean: 7, drift: [{by: 0.5 per year, while: OTHER}]}, source: x}
  a:
    unit: mg
    plausible: 0..99
    precision: 3
    value: {mean: MEAN, between_patients: SD, drift: [DRIFT]}
    source: x
care: {c: {class: ambulatory, every: 1 month, measures: [a, other], source: x}}
"""


def drifting(tmp_path: Path, drift: str, *, mean: str = "7", sd: str = "0", other: str = "a < 6 mg") -> Path:
    text = TEXT.replace("DRIFT", drift).replace("MEAN", mean).replace("SD", sd).replace("OTHER", other)
    (tmp_path / "drifting.yaml").write_text(text)
    return tmp_path / "drifting.yaml"


CASES = [
    "{by: -0.3 per year, while: a > 6.5 mg}",
    "{by: 0.3 per year, while: a < 7.5 mg}",
    "{by: -1e-9 per year, while: a > 6.9999999999 mg}",  # less in a microsecond than a float can tell
    "{by: -0.3 per year, while: a > 7 mg}, {by: 0.3 per year, while: a < 7 mg}",  # drawn to 7 from both sides
    "{by: 0.3 per year, while: a < 7.5 mg}, {by: -0.9 per year, while: a > 7.2 mg}",
    "{by: -0.3 per year, while: a > 6.5 mg and age < 45 years}",
    "{by: -0.3 per year, while: other < 7.2 mg}",
]


@pytest.mark.parametrize("drift", CASES)
@pytest.mark.parametrize("sd", ["0", "0.4"])
def test_kernel_equals_reference(tmp_path: Path, drift: str, sd: str) -> None:
    _, machine = compile_file(drifting(tmp_path, drift, sd=sd))
    assert assert_same(machine, 11, range(6)) > 1_000


def values(file: Path, patient: int = 0) -> list[float]:
    _, machine = compile_file(file)
    life = run_patient(machine, 11, patient)
    (level,) = [level for level in machine.levels if level.name == "a"]
    return [event.value for event in life.events if event.code == level.code]


@pytest.mark.parametrize(
    ("drift", "ends"),
    [(CASES[0], 6.5), (CASES[1], 7.5), (CASES[2], 7.0), (CASES[3], 7.0), (CASES[4], 7.2)],
)
def test_it_stops_where_it_says(tmp_path: Path, drift: str, ends: float) -> None:
    found = values(drifting(tmp_path, drift))
    assert found[-1] == pytest.approx(ends, abs=0.0015)
    years = abs(ends - 7.0) / 0.3
    after = found[round(years * 12) + 2 :]
    assert len(after) > 90
    assert all(value == pytest.approx(ends, abs=0.0015) for value in after)
