"""Coupled scenarios, drawn: kernel = reference, and the same record however it is cut up or stepped."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import simulator as sim
from simulator.compiler.flatten import flatten
from simulator.compiler.machine import Machine
from simulator.engine import reference, reference_life
from simulator.engine.windows import exchange
from simulator.errors import EngineError
from tests.engine.compare import assert_kernel_gives, reference_population
from tests.fuzz.repair import repaired
from tests.fuzz.verdict import assert_judged
from tests.fuzz.world_scenario import scenario
from tests.invariance.runs import written

EXAMPLES = settings.default.max_examples if settings.default else 100
SEED = 11


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the reference give up early on lives that run in circles or never reach the start."""
    monkeypatch.setattr(reference_life, "MAX_FIRINGS_AT_ONE_INSTANT", 300)
    monkeypatch.setattr(reference, "MAX_ATTEMPTS", 40)


def coupled(number: int) -> tuple[str, Machine]:
    """A drawn scenario in which something is exchanged."""
    text = repaired(scenario(Random(number), coupled=True))
    assert text is not None
    machine = assert_judged(text, "drawn.yaml").machine
    assert machine is not None
    if not machine.signals:
        reject()
    return text, machine


@given(st.integers(0, 2**32))
@settings(max_examples=max(1, EXAMPLES // 4))
def test_kernel_and_reference(number: int) -> None:
    _, machine = coupled(number)
    try:
        expected, signals = reference_population(machine, SEED)
    except EngineError:
        return
    assert_kernel_gives(machine, SEED, expected, signals)


@given(st.integers(0, 2**32))
@settings(max_examples=max(1, EXAMPLES // 12))
def test_the_same_digest_however_it_is_run(tmp_path_factory: pytest.TempPathFactory, number: int) -> None:
    """Workers, chunks, and Mesa's steps (a shard has a thousand patients: tests/invariance)."""
    text, machine = coupled(number)
    folder = tmp_path_factory.mktemp("coupled")
    file = folder / "drawn.yaml"
    file.write_text(text, encoding="utf-8")
    program = flatten(machine)
    try:
        alone = exchange(program, SEED)
    except EngineError:
        return
    for workers in (2, 3):
        assert np.array_equal(exchange(program, SEED, workers=workers), alone)
    assert (
        stepped(file)
        == sim.run(file, seed=SEED, workers=1).digest
        == sim.run(file, seed=SEED, workers=2).digest
    )
    size = machine.population.size
    plain = written(file, folder / "plain", size=size, seed=SEED)
    cut = written(file, folder / "cut", size=size, seed=SEED, workers=2, chunk_size=2)
    assert plain.digest == cut.digest


def stepped(file: Path) -> str:
    """The digest of the record that stepping by hand leaves."""
    return sim.PopulationModel(file, seed=SEED, workers=2).run().log().digest
