"""A patient's life is a function of seed, patient and scenario: nobody else has a part in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.compiler import compile_file
from simulator.compiler.flatten import flatten
from simulator.compiler.machine import Machine
from simulator.compiler.program import Program
from simulator.engine.windows import Cohort, exchange
from tests.engine.compare import Life, kernel_lives

SEED, PEOPLE = 5, 60
UNCOUPLED, COUPLED = ["demo", "cystic-fibrosis"], ["community-influenza"]
of_uncoupled = pytest.mark.parametrize("machine", UNCOUPLED, indirect=True)
of_coupled = pytest.mark.parametrize("machine", COUPLED, indirect=True)


@pytest.fixture(scope="module", params=UNCOUPLED + COUPLED)
def machine(request: pytest.FixtureRequest, scenarios: Path) -> Machine:
    return compile_file(scenarios / f"{request.param}.yaml", size=PEOPLE)[1]


@pytest.fixture(scope="module")
def program(machine: Machine) -> Program:
    return flatten(machine)


@pytest.fixture(scope="module")
def signals(program: Program) -> np.ndarray | None:
    return exchange(program, SEED) if program.machine.signals else None


@pytest.fixture(scope="module")
def together(program: Program, signals: np.ndarray | None) -> list[Life]:
    return kernel_lives(program, SEED, range(PEOPLE), signals, chunk_size=PEOPLE)


def test_every_patient_alone(program: Program, signals: np.ndarray | None, together: list[Life]) -> None:
    for patient in range(PEOPLE):
        assert kernel_lives(program, SEED, range(patient, patient + 1), signals) == [together[patient]]


def test_nothing_is_left_over_from_the_patient_before(
    program: Program, signals: np.ndarray | None, together: list[Life]
) -> None:
    """Each after another neighbour: pairs that begin at every second patient."""
    for first in range(1, PEOPLE - 1, 2):
        assert (
            kernel_lives(program, SEED, range(first, first + 2), signals, chunk_size=2)
            == together[first : first + 2]
        )


@of_uncoupled
def test_the_size_of_a_population_that_nothing_couples(machine: Machine, together: list[Life]) -> None:
    larger = flatten(replace(machine, population=replace(machine.population, size=1_000_000)))
    assert kernel_lives(larger, SEED, range(PEOPLE)) == together


@of_coupled
def test_signals_alone_couple_patients(program: Program, together: list[Life]) -> None:
    """Given the signals, it does not matter what the others do: here, that they are not there."""
    made_up = np.full_like(exchange(program, SEED), 0.01)
    assert kernel_lives(program, SEED, range(PEOPLE), made_up) != together
    alone = [kernel_lives(program, SEED, range(p, p + 1), made_up)[0] for p in range(PEOPLE)]
    assert kernel_lives(program, SEED, range(PEOPLE), made_up, chunk_size=PEOPLE) == alone


@of_coupled
def test_stepping_by_hand_gives_the_signals_of_the_run(program: Program, signals: np.ndarray) -> None:
    cohort = Cohort(program, SEED)
    while not cohort.finished:
        cohort.step()
    assert np.array_equal(cohort.signals, signals)
