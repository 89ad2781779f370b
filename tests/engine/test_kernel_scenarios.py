"""The kernel equals the reference, event for event, on every shipped scenario."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.compiler import compile_file
from simulator.compiler.flatten import flatten
from simulator.compiler.machine import Machine
from simulator.engine.windows import exchange
from tests.conftest import ROOT
from tests.engine.compare import assert_same, assert_same_population

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
#: seed and first patient: numbers beyond 32 bits reach the upper words of the generator's counter and key
DRAWS = [pytest.param(1, 0, id="small-seed"), pytest.param(2**63 + 11, 2**33, id="large-seed")]
PEOPLE_OF_A_COUPLED_SCENARIO = 60
COMMUNITIES = 3


def arrows(machine: Machine) -> int:
    return sum(len(state.arrows) for process in machine.processes for state in process.states)


def few(machine: Machine) -> int:
    """How many patients the reference, whose time goes with the number of arrows, does in a few seconds."""
    return min(40, max(2, 500 // arrows(machine)))


def machine_of(path: Path) -> Machine:
    return compile_file(path)[1]


UNCOUPLED = [path for path in SCENARIOS if not machine_of(path).signals]
COUPLED = [path for path in SCENARIOS if machine_of(path).signals]


def test_there_are_scenarios_of_both_kinds() -> None:
    assert len(UNCOUPLED) >= 5
    assert COUPLED


@pytest.mark.parametrize(("seed", "first"), DRAWS)
@pytest.mark.parametrize("path", UNCOUPLED, ids=lambda path: path.stem)
def test_kernel_equals_reference(path: Path, seed: int, first: int) -> None:
    machine = machine_of(path)
    patients = range(first, first + few(machine))
    assert assert_same(machine, seed, patients) > 0


@pytest.mark.parametrize("nth", [0, 1])
@pytest.mark.parametrize("path", COUPLED, ids=lambda path: path.stem)
def test_kernel_equals_reference_where_patients_are_coupled(path: Path, nth: int) -> None:
    machine = few_people(machine_of(path))
    program = flatten(machine)
    # a population as small as this may be spared by chance: take seeds in which something is passed on
    seeds = [seed for seed in range(40) if exchange(program, seed).any()]
    assert len(seeds) > nth, "nothing is ever passed on"
    assert assert_same_population(machine, seeds[nth]) > 0


def few_people(machine: Machine) -> Machine:
    """The same in three communities, each of which meets the others unequally."""
    mixing = ((0.8, 0.2, 0.0), (0.1, 0.8, 0.1), (0.05, 0.25, 0.7))
    population = replace(
        machine.population, size=PEOPLE_OF_A_COUPLED_SCENARIO, communities=COMMUNITIES, mixing=mixing
    )
    return replace(machine, population=population)
