"""From a program to its event log: the engine's chunks, kept in memory or written as a dataset.

What comes out depends on the program, the seed and the signals alone, never on the workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.compiler.program import Program
from simulator.engine.run import Progress, RunStats, edges_of, simulate
from simulator.store.chunk import Chunk, SignalSeries
from simulator.store.dataset import Dataset
from simulator.store.log import EventLog
from simulator.store.memory import MemoryLog
from simulator.store.vocabulary import Vocabulary
from simulator.store.writer import DatasetWriter

#: shards of a dataset: enough to share among workers, and files of a handy size; decided by the
#: population alone, so that the same run gives the same files on every machine
SHARDS = 8
LARGEST_SHARD = 10_000
SHARD_STEP = 1_000

#: what the manifest keeps of a run's statistics: what was made, not how long it took or on how many
#: workers, so that the same run gives the same manifest
KEPT = ("patients", "events", "encounters", "truths", "deaths", "person_years")


def record(
    program: Program,
    provenance: dict[str, Any],
    *,
    seed: int,
    workers: int,
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
    signals: npt.NDArray[np.float64] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> EventLog:
    """Run everybody and keep what was recorded.

    Args:
        program: what they live by.
        provenance: from :func:`simulator.provenance.provenance`.
        seed: 0 to 2^64 - 1.
        workers: threads.
        out: folder to write as a MEDS dataset; if None, the log is kept in memory.
        force: replace `out` if it holds a dataset.
        signals: float64[windows, communities, signals] of an earlier pass; worked out if None.
        progress: told how far the run is, from worker threads, one at a time.

    Returns:
        A `Dataset` on `out`, or a `MemoryLog`; both have the same interface and content digest.

    Raises:
        UsageError: a seed or number of workers that cannot be.
        DatasetError: if `out` exists (and `force` is not given, or it is no dataset) or cannot be written.
        EngineError: if the simulation cannot go on. Then, and if interrupted, nothing is left at `out`.
    """
    vocabulary = Vocabulary.from_machine(program.machine)
    population = program.machine.population
    shard_size = _shard_size(population.size)
    given: dict[str, Any] = {
        "seed": seed,
        "workers": workers,
        "shard_size": shard_size,
        "signals": signals,
        "progress": progress,
    }
    if out is None:
        memory = _Memory()
        stats, series = _simulate(program, memory, **given)
        return MemoryLog(
            memory.in_order(),
            vocabulary,
            provenance,
            communities=population.communities,
            signals=series,
            summary=_made(stats),
        )
    with DatasetWriter(
        Path(out),
        vocabulary,
        provenance,
        patients=population.size,
        shard_size=shard_size,
        communities=population.communities,
        force=force,
    ) as writer:
        stats, series = _simulate(program, writer, **given)
        writer.finish(_made(stats), series)
    return Dataset(Path(out))


class _Memory:
    """A sink that keeps every chunk."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def shard(self, index: int) -> _Memory:
        return self

    def write(self, chunk: Chunk) -> None:
        self.chunks.append(chunk.copy())  # appending is atomic, and the engine reuses its buffers

    def __enter__(self) -> _Memory:
        return self

    def __exit__(self, *exception: object) -> None:
        return

    def in_order(self) -> list[Chunk]:
        return sorted(self.chunks, key=lambda chunk: chunk.first)


def _simulate(program: Program, sink: Any, **given: Any) -> tuple[RunStats, SignalSeries | None]:
    """Run, and name what was passed on."""
    stats, signals = simulate(program, sink, **given)
    names = tuple(s.name for s in program.machine.signals)
    if not names:
        return stats, None
    # the engine has communities before signals, the table signals before communities
    return stats, SignalSeries(edges_of(program)[:-1], names, signals.transpose(0, 2, 1))


def _shard_size(patients: int) -> int:
    wanted = -(-patients // SHARDS)
    return min(-(-wanted // SHARD_STEP) * SHARD_STEP, LARGEST_SHARD)


def _made(stats: RunStats) -> dict[str, Any]:
    return {name: getattr(stats, name) for name in KEPT}
