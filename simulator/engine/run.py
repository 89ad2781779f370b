"""Running a population: shards on threads, chunks to a sink, memory that does not grow.

The kernel releases the GIL, and so do conversion and compression in the sink, so threads are
enough. A shard is a range of patients; which worker runs it, and how many patients a chunk
holds, changes nothing in what comes out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulator.compiler import layout
from simulator.compiler.program import Program
from simulator.engine.failures import check
from simulator.engine.kernel import SUBJECT_COLUMNS, run_patients
from simulator.engine.windows import exchange, window_edges
from simulator.errors import UsageError
from simulator.store.chunk import Chunk

SHARD_SIZE = 10_000
CHUNK_SIZE = 5_000
# not powers of two: columns a multiple of 4 kB apart would fight for the same lines of the cache
_EVENT_ROOM, _ENCOUNTER_ROOM, _TRUTH_ROOM = (1 << 19) + 104, (1 << 17) + 104, (1 << 16) + 104


class ShardSink(Protocol):
    """Takes the chunks of one shard, in patient order."""

    def write(self, chunk: Chunk) -> None: ...


class Sink(Protocol):
    """Where chunks go. Shards may be written from different threads at the same time."""

    def shard(self, index: int) -> AbstractContextManager[ShardSink]: ...


@dataclass(slots=True)
class Progress:
    """How far a run is: handed to the callback after every chunk.

    `stage` is ``exchange`` (first pass of a coupled run, counted in windows) or ``patients``.
    """

    stage: str
    done: int
    total: int
    events: int
    seconds: float


@dataclass(slots=True)
class RunStats:
    """What a run did and where its time went (seconds summed over workers)."""

    patients: int = 0
    events: int = 0
    encounters: int = 0
    truths: int = 0
    deaths: int = 0
    observed: int = 0  # microseconds; exact, so that it does not matter who adds them up
    workers: int = 1
    seconds: float = 0.0
    exchange_seconds: float = 0.0
    kernel_seconds: float = 0.0
    write_seconds: float = 0.0

    @property
    def person_years(self) -> float:
        """Years for which patients were observed."""
        return self.observed / layout.YEAR


@dataclass(slots=True)
class Buffers:
    """Rows of a chunk, filled by the kernel and read by the sink; they grow only if one life needs it."""

    events: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty((5, _EVENT_ROOM), np.int64))
    values: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(_EVENT_ROOM))
    encounters: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.empty((4, _ENCOUNTER_ROOM), np.int64)
    )
    truths: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty((5, _TRUTH_ROOM), np.int64))

    def grow(self) -> None:
        """Double the room of every table."""
        n = 2 * len(self.values)
        self.events, self.values = np.empty((5, n), np.int64), np.empty(n)
        self.encounters = np.empty((4, 2 * self.encounters.shape[1]), np.int64)
        self.truths = np.empty((5, 2 * self.truths.shape[1]), np.int64)


def chunks_of(
    program: Program,
    seed: int,
    first: int,
    count: int,
    *,
    edges: npt.NDArray[np.int64],
    signals: npt.NDArray[np.float64],
    chunk_size: int = CHUNK_SIZE,
    buffers: Buffers | None = None,
    stats: RunStats | None = None,
) -> ChunkIterator:
    """Chunks of patients first … first + count - 1, in order.

    A chunk's arrays are views of the buffers: use or copy them before asking for the next.
    """
    return ChunkIterator(
        program, seed, first, count, edges, signals, chunk_size, buffers or Buffers(), stats or RunStats()
    )


@dataclass(slots=True)
class ChunkIterator:
    """Iterator behind `chunks_of`."""

    program: Program
    seed: int
    first: int
    left: int
    edges: npt.NDArray[np.int64]
    signals: npt.NDArray[np.float64]
    chunk_size: int
    buffers: Buffers
    stats: RunStats

    def __iter__(self) -> ChunkIterator:
        return self

    def __next__(self) -> Chunk:
        if self.left <= 0:
            raise StopIteration
        program, b = self.program, self.buffers
        want = min(self.chunk_size, self.left)
        subjects = np.empty((SUBJECT_COLUMNS, want), np.int64)
        k0, k1 = self.seed & 0xFFFFFFFF, self.seed >> 32
        while True:
            begin = time.perf_counter()
            done, n_event, n_encounter, n_truth, error, deaths, high, low = run_patients(
                program.ints, program.nums, b.events, b.values, b.encounters, b.truths, subjects,
                self.first, want, k0, k1, self.edges, self.signals,
            ).tolist()  # fmt: skip
            self.stats.kernel_seconds += time.perf_counter() - begin
            if error == layout.FULL and done == 0:
                b.grow()
                continue
            if error != layout.FULL:
                check(program, error, self.first + done, self.seed)
            break
        self.stats.patients += done
        self.stats.events += n_event
        self.stats.encounters += n_encounter
        self.stats.truths += n_truth
        self.stats.deaths += deaths
        self.stats.observed += (high << 32) + low
        first, self.first, self.left = self.first, self.first + done, self.left - done
        return _chunk(first, subjects[:, :done], b, n_event, n_encounter, n_truth)


def _chunk(
    first: int,
    subjects: npt.NDArray[np.int64],
    b: Buffers,
    n_event: int,
    n_encounter: int,
    n_truth: int,
) -> Chunk:
    """The kernel's buffers under the names the store knows them by."""
    events, encounters, truths = b.events[:, :n_event], b.encounters[:, :n_encounter], b.truths[:, :n_truth]
    return Chunk(
        first=first,
        birth=subjects[0], death=subjects[1], death_cause=subjects[2], entry=subjects[3],
        exit=subjects[9], sex=subjects[4], community=subjects[5],
        event_counts=subjects[6], encounter_counts=subjects[7], truth_counts=subjects[8],
        ev_time=events[0], ev_code=events[1], ev_encounter=events[2], ev_end=events[3],
        ev_cause=events[4], ev_value=b.values[:n_event],
        enc_number=encounters[0], enc_kind=encounters[1], enc_start=encounters[2], enc_end=encounters[3],
        tr_time=truths[0], tr_process=truths[1], tr_from=truths[2], tr_to=truths[3], tr_arrow=truths[4],
    )  # fmt: skip


def edges_of(program: Program) -> npt.NDArray[np.int64]:
    """Edges of the windows patients are run through: the whole period where nothing is coupled."""
    if program[layout.H_N_SIGNAL] > 0:
        return window_edges(program)
    return np.array([program[layout.H_START], program[layout.H_END]], dtype=np.int64)


def no_signals() -> npt.NDArray[np.float64]:
    """Signals of an uncoupled run: none."""
    return np.zeros((0, 1, 1))


def simulate(
    program: Program,
    sink: Sink,
    *,
    seed: int = 0,
    workers: int = 1,
    shard_size: int = SHARD_SIZE,
    chunk_size: int = CHUNK_SIZE,
    signals: npt.NDArray[np.float64] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[RunStats, npt.NDArray[np.float64]]:
    """Run the whole population into a sink.

    Args:
        program: from `flatten`; `program.machine.population.size` patients are run.
        sink: gets every shard's chunks, shards in parallel.
        seed: 0..2^64 - 1.
        workers: threads.
        shard_size, chunk_size: patients; they do not change what comes out.
        signals: float64[windows, communities, signals] of an earlier pass; worked out if None.
        progress: called from worker threads, one at a time.

    Returns:
        What was done, and the signals (of length 0 where nothing is coupled).

    Raises:
        UsageError: a seed, size or number of workers that cannot be.
        EngineError: the kernel stopped.
    """
    size = program.machine.population.size
    _check_arguments(seed, workers, shard_size, chunk_size)
    begin = time.perf_counter()
    total = RunStats(workers=workers)
    edges = edges_of(program)
    if program[layout.H_N_SIGNAL] > 0 and signals is None:

        def stepped(done: int, windows: int) -> None:
            if progress is not None:
                progress(Progress("exchange", done, windows, 0, time.perf_counter() - begin))

        signals = exchange(program, seed, workers=workers, progress=stepped)
        total.exchange_seconds = time.perf_counter() - begin
    passed = no_signals() if signals is None else signals
    _load_kernel(program, edges, passed)
    lock, stop = threading.Lock(), threading.Event()
    shards = iter(range((size + shard_size - 1) // shard_size))

    def work() -> RunStats:
        stats, buffers = RunStats(), Buffers()
        while not stop.is_set():
            with lock:
                index = next(shards, None)
            if index is None:
                break
            first = index * shard_size
            count = min(shard_size, size - first)
            with sink.shard(index) as shard:
                for chunk in chunks_of(
                    program, seed, first, count,
                    edges=edges, signals=passed, chunk_size=chunk_size, buffers=buffers, stats=stats,
                ):  # fmt: skip
                    if stop.is_set():
                        raise _Stopped
                    written = time.perf_counter()
                    shard.write(chunk)
                    stats.write_seconds += time.perf_counter() - written
                    with lock:
                        total.patients += len(chunk)
                        total.events += len(chunk.ev_time)
                        if progress is not None:
                            seconds = time.perf_counter() - begin
                            progress(Progress("patients", total.patients, size, total.events, seconds))
                written = time.perf_counter()
            stats.write_seconds += time.perf_counter() - written
        return stats

    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="shard") as pool:
        try:
            futures = [pool.submit(work) for _ in range(max(1, workers))]
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()  # whatever ended the wait, an interrupt too: nobody begins another chunk
        failed = [
            e for e in (f.exception() for f in futures) if e is not None and not isinstance(e, _Stopped)
        ]
        if failed:
            raise failed[0]
        _add_up(total, [f.result() for f in futures])
    total.seconds = time.perf_counter() - begin
    return total, passed


def _load_kernel(program: Program, edges: npt.NDArray[np.int64], signals: npt.NDArray[np.float64]) -> None:
    """Run nobody: loads the compiled kernel, or compiles it, where an interrupt can stop it."""
    b = Buffers()
    subjects = np.empty((SUBJECT_COLUMNS, 0), np.int64)
    run_patients(
        program.ints, program.nums, b.events, b.values, b.encounters, b.truths, subjects,
        0, 0, 0, 0, edges, signals,
    )  # fmt: skip


class _Stopped(Exception):
    """Another worker failed, or the run was interrupted."""


def _add_up(total: RunStats, parts: list[RunStats]) -> None:
    total.patients = total.events = 0
    for part in parts:
        total.patients += part.patients
        total.events += part.events
        total.encounters += part.encounters
        total.truths += part.truths
        total.deaths += part.deaths
        total.observed += part.observed
        total.kernel_seconds += part.kernel_seconds
        total.write_seconds += part.write_seconds


def _check_arguments(seed: int, workers: int, shard_size: int, chunk_size: int) -> None:
    if not 0 <= seed < 2**64:
        raise UsageError(f"seed {seed} is out of range", remedy="Use a whole number from 0 to 2^64 - 1.")
    for name, value in (("workers", workers), ("shard size", shard_size), ("chunk size", chunk_size)):
        if value < 1:
            raise UsageError(f"{name} {value} is out of range", remedy="Use a whole number of 1 or more.")
