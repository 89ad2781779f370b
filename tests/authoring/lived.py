"""Datasets that the reference engine wrote: what the tests of `explain` begin with."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np

from simulator.authoring.replay import chunk_of
from simulator.compiler import compile_file
from simulator.compiler.origin import origin
from simulator.engine import reference
from simulator.store import Dataset, MemoryLog, Vocabulary
from simulator.store.chunk import SignalSeries


def lived(folder: Path, text: str, seed: int = 0, **files: str) -> Dataset:
    """The dataset of a scenario, as `simulator run` would write it; `files` are used by it."""
    path = folder / "scenario.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(textwrap.dedent(content), encoding="utf-8")
    scenario, machine = compile_file(path)
    everybody = range(machine.population.size)
    series = None
    if machine.signals:
        lives = [reference.alive_at_start(machine, seed, patient) for patient in everybody]
        signals = reference.run_windows(machine, lives)
        histories = [reference.finish(life) for life in lives]
        starts = np.array(reference.window_edges(machine)[:-1], dtype=np.int64)
        names = tuple(signal.name for signal in machine.signals)
        series = SignalSeries(starts, names, np.swapaxes(np.array(signals), 1, 2))
    else:
        histories = reference.run_population(machine, seed, everybody)
    log = MemoryLog(
        [chunk_of(history) for history in histories],
        Vocabulary.from_machine(machine),
        origin(path, scenario, machine, seed, None),
        communities=machine.population.communities,
        signals=series,
    )
    return Dataset(log.save(folder / "dataset"))
