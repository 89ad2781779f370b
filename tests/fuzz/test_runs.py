"""A scenario that checks clean can be shown and run: the kernel as the reference, or with a clear error.

What was run is right to the independent checker, and can be explained. Coupled scenarios: `test_coupled.py`.
"""

from __future__ import annotations

import io
import json
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from rich.console import Console

import simulator as sim
from simulator.authoring.graph_page import graph
from simulator.cli.describe import describe, plain
from simulator.compiler import machine as m
from simulator.compiler.flatten import flatten
from simulator.compiler.machine import Machine
from simulator.engine import reference, reference_life
from simulator.errors import EngineError, UsageError
from simulator.scenario.reading import read_text
from tests.engine.compare import assert_equal, kernel_lives, reference_lives
from tests.fuzz.blocks import drawn
from tests.fuzz.mutants import GENTLE, mutated
from tests.fuzz.repair import repaired
from tests.fuzz.seeds import Seed, courses, examples
from tests.fuzz.verdict import assert_judged
from tests.fuzz.world_scenario import scenario

SEED = 5
PATIENTS = range(3)
EXAMPLES = settings.default.max_examples if settings.default else 100
_numbers = st.integers(0, 2**20)
_steps = st.lists(st.tuples(_numbers, _numbers, _numbers), min_size=1, max_size=2)
#: those that are quick to run
_seeds = st.sampled_from([s for s in (*courses(), *examples()) if not assert_judged(s.text, s.file).errors])


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the reference give up early on lives that run in circles or never reach the start."""
    monkeypatch.setattr(reference_life, "MAX_FIRINGS_AT_ONE_INSTANT", 300)
    monkeypatch.setattr(reference, "MAX_ATTEMPTS", 40)


def assert_runs(machine: Machine) -> None:
    """Three patients live the same life on both engines, or the reference says why not."""
    if machine.signals:
        return  # coupled patients have a test of their own
    try:
        expected = reference_lives(machine, SEED, PATIENTS)
    except EngineError:
        return
    assert_equal(kernel_lives(flatten(machine), SEED, PATIENTS), expected, machine)


def shown(text: str, file: str) -> None:
    """It can be described, in words and as JSON."""
    scenario, _ = read_text(text, file).build()
    assert scenario is not None
    describe(scenario, Console(file=io.StringIO(), width=100))
    json.dumps(plain(scenario), allow_nan=False)


@given(_seeds, _steps)
@settings(max_examples=max(1, EXAMPLES // 8))
def test_mutants_that_stay_valid(seed: Seed, steps: list[tuple[int, int, int]]) -> None:
    text = mutated(seed.text, steps, GENTLE)
    machine = assert_judged(text, seed.file).machine
    if machine is None:
        reject()
    shown(text, seed.file)
    assert_runs(machine)


@given(st.integers(0, 2**32))
@settings(max_examples=max(1, EXAMPLES // 8))
def test_drawn_scenarios_without_what_is_wrong_with_them(
    tmp_path_factory: pytest.TempPathFactory, number: int
) -> None:
    text = repaired(drawn(Random(number)))
    assert text is not None
    machine = assert_judged(text, "drawn.yaml").machine
    assert machine is not None
    shown(text, "drawn.yaml")
    file = tmp_path_factory.mktemp("drawn") / "drawn.yaml"
    file.write_text(text, encoding="utf-8")
    for format in ("markdown", "dot"):
        with suppress(UsageError):  # nothing to draw
            assert graph(file, format=format)
    if '"population":' in text:
        assert_runs(machine)


@given(st.integers(0, 2**32))
@settings(max_examples=max(1, EXAMPLES // 3))
def test_drawn_scenarios_of_the_whole_language(number: int) -> None:
    text = repaired(scenario(Random(number)))
    assert text is not None
    machine = assert_judged(text, "drawn.yaml").machine
    assert machine is not None
    assert_streams(machine)
    assert_runs(machine)


def assert_streams(machine: Machine) -> None:
    """What draws has a name, and so a stream, of its own."""
    names = [
        arrow.name
        for process in machine.processes
        for state in process.states
        for arrow in state.arrows
        if not isinstance(arrow.trigger, m.AtAge | m.ByChance)
        and getattr(arrow.trigger, "delay", arrow) is not None
        and getattr(arrow.trigger, "probability", arrow) is not None
    ]
    assert len(set(names)) == len(names)


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=max(1, EXAMPLES // 10))
def test_what_was_run_is_verified_and_explained(
    tmp_path_factory: pytest.TempPathFactory, number: int, coupled: bool
) -> None:
    text = repaired(scenario(Random(number), coupled=coupled))
    assert text is not None
    folder = tmp_path_factory.mktemp("run")
    file = folder / "drawn.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        log = sim.run(file, out=folder / "out", size=5, seed=SEED, workers=1)
    except EngineError:
        return
    assert isinstance(log, sim.Dataset)
    report = sim.verify(folder / "out")
    assert report.ok, str(report)
    explained(log)


def explained(log: sim.Dataset) -> None:
    """Every happening of the first patients has a reason, and some have a story."""
    for patient in (1, 2):
        happenings = sim.explain(log, patient).happenings
        assert happenings
        assert all(each.because for each in happenings)
        for number in range(1, len(happenings) + 1, 1 + len(happenings) // 5):
            assert sim.explain(log, patient, number).story is not None
