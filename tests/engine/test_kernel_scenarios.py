"""The kernel equals the reference, event for event, on every shipped scenario."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

from simulator.compiler import compile_file
from simulator.compiler.flatten import flatten
from simulator.compiler.machine import Machine
from simulator.engine.windows import exchange
from tests.conftest import ROOT
from tests.engine.compare import assert_same, assert_same_population

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
#: seed and first patient: numbers beyond 32 bits reach the upper words of the generator's key and counter
DRAWS = [(1, 0), (2**63 + 11, 2**33)]


@cache
def machine_of(path: Path) -> Machine:
    return compile_file(path)[1]


@pytest.mark.parametrize(
    "nth", [pytest.param(0, id="one-seed"), pytest.param(1, id="another", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_kernel_equals_reference(path: Path, nth: int) -> None:
    machine = machine_of(path)
    if machine.signals:
        machine = of_few_people(machine)
        assert assert_same_population(machine, seed_that_spreads(machine, nth)) > 0
    else:
        seed, first = DRAWS[nth]
        assert assert_same(machine, seed, range(first, first + few(machine))) > 0


def test_coupled_scenarios_are_among_them() -> None:
    kinds = {bool(machine_of(path).signals) for path in SCENARIOS}
    assert kinds == {True, False}


def few(machine: Machine) -> int:
    """How many patients the reference, whose time grows with the number of arrows, does in a few seconds."""
    arrows = sum(len(state.arrows) for process in machine.processes for state in process.states)
    return min(100, max(2, 500 // arrows))


def of_few_people(machine: Machine) -> Machine:
    """The same in three communities, who meet each other unequally."""
    mixing = ((0.8, 0.2, 0.0), (0.1, 0.8, 0.1), (0.05, 0.25, 0.7))
    return replace(machine, population=replace(machine.population, size=60, communities=3, mixing=mixing))


def seed_that_spreads(machine: Machine, nth: int) -> int:
    """The nth seed with which something is passed on: chance may spare so small a population."""
    program = flatten(machine)
    spreading = (seed for seed in range(100) if exchange(program, seed).any())
    seed = next(islice(spreading, nth, None), None)
    assert seed is not None, "nothing is ever passed on"
    return seed
