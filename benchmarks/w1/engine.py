"""W1 as a scenario, `scenarios/neutral-w1.yaml`, run by the general engine.

The events are the rows of its truth table; they are kept in memory as (patient, time, arrow).
Beside them the engine writes, and this sink drops, what it records of everybody: sex, birth
and death.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import ROOT
from benchmarks.w1 import workload as w
from benchmarks.w1.workload import Definition, Result

NAME = "engine"
WHAT = "the general engine, on scenarios/neutral-w1.yaml"
DEFINITION: Definition = "event"
THREADS = True
PATIENTS = 1_000_000
SCENARIO = ROOT / "scenarios" / "neutral-w1.yaml"
ALIVE = -(2**63)


def available() -> str:
    """The engine is what all this is about."""
    return ""


class Sink:
    """Copies of the truth rows, and births and deaths, of every chunk."""

    def __init__(self) -> None:
        self.rows: list[tuple[NDArray[Any], ...]] = []
        self.deaths: list[NDArray[np.int64]] = []

    @contextmanager
    def shard(self, index: int) -> Iterator[Sink]:
        yield self

    def write(self, chunk: Any) -> None:
        patients = np.arange(chunk.first, chunk.first + len(chunk), dtype=np.int32)
        who = np.repeat(patients, chunk.truth_counts)
        self.rows.append((who, chunk.tr_time.copy(), chunk.tr_arrow.astype(np.int32)))
        self.deaths.append(chunk.death.copy())


@functools.cache
def program(patients: int) -> tuple[Any, dict[int, int]]:
    """The compiled scenario, and the transition of W1 that each arrow is."""
    import simulator
    from simulator.compiler.flatten import arrows_of, flatten

    _, machine = simulator.compile(SCENARIO, size=patients)
    kinds = {
        "onset": w.ONSET,
        "mild -> moderate": w.TO_MODERATE,
        "moderate -> severe": w.TO_SEVERE,
        "severe -> death": w.DISEASE_DEATH,
        "death": w.BACKGROUND_DEATH,
    }
    arrows = {i: kinds[arrow.name.split(": ")[1]] for i, (_, _, arrow) in enumerate(arrows_of(machine))}
    return flatten(machine), arrows


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    from simulator.engine.run import simulate

    compiled, kinds = program(patients)
    sink = Sink()
    begin = time.perf_counter()
    stats, _ = simulate(compiled, sink, seed=seed, workers=threads)
    seconds = time.perf_counter() - begin
    population = compiled.machine.population
    transitions = [0] * 5
    for arrow, count in enumerate(np.bincount(np.concatenate([row[2] for row in sink.rows]))):
        if count:
            transitions[kinds[arrow]] += int(count)
    death = np.concatenate(sink.deaths)
    month = (population.end - population.start) / w.STEPS
    steps = np.floor((death[death != ALIVE] - population.start) / month) + 1.0
    alive = int((death == ALIVE).sum())
    occupancy = _occupancy(sink, kinds, patients)
    split = {"kernel": stats.kernel_seconds / threads, "keeping rows": stats.write_seconds / threads}
    live = int(steps.sum()) + alive * w.STEPS
    return Result(patients, tuple(transitions), occupancy, live, seconds, "", split)


def _occupancy(sink: Sink, kinds: dict[int, int], patients: int) -> tuple[int, ...]:
    """Patients by state at the end."""
    kind_of = np.array([kinds[arrow] for arrow in range(len(kinds))], dtype=np.int8)
    state = np.zeros(patients, dtype=np.int8)
    for who, _, arrow in sink.rows:
        kind = kind_of[arrow]
        np.maximum.at(state, who, np.where(kind >= w.DISEASE_DEATH, w.DEAD, kind + 1).astype(np.int8))
    return tuple(int(n) for n in np.bincount(state, minlength=5))
