"""Run a machine on the engine and look at what happened, patient by patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiler.flatten import flatten
from simulator.compiler.machine import Machine
from simulator.engine.run import simulate
from simulator.store.chunk import Chunk
from tests.statistics.build import YEAR

Array = NDArray[Any]
SEED = 20_260_731
NULL = -(2**63)


@dataclass(frozen=True, slots=True)
class Observed:
    """Columns of a run. Instants in microseconds; `patient` columns are numbers from 0."""

    machine: Machine
    birth: Array
    death: Array
    sex: Array
    entry: Array
    events: dict[str, Array]  # patient, time, code, value
    truth: dict[str, Array]  # patient, time, process, from, to

    @property
    def size(self) -> int:
        return len(self.birth)

    def years(self, times: Array) -> Array:
        """Instants as years since the start of the record."""
        return (times - self.machine.population.start) / YEAR

    def moves(self, process: int, to: int, source: int | None = None) -> dict[str, Array]:
        """Transitions of a process into a state (from `source`, if given): patient, time, from."""
        t = self.truth
        rows = (t["process"] == process) & (t["to"] == to)
        if source is not None:
            rows &= t["from"] == source
        return {key: column[rows] for key, column in t.items()}

    def first(self, process: int, to: int, source: int | None = None) -> Array:
        """Years from the start to each patient's first such transition; inf if there is none."""
        moves = self.moves(process, to, source)
        out = np.full(self.size, np.inf)
        np.minimum.at(out, moves["patient"], self.years(moves["time"]))
        return out

    def state_at(self, process: int, year: float) -> Array:
        """The state of a process `year` years after the start, from its transitions."""
        t = self.truth
        rows = (t["process"] == process) & (self.years(t["time"]) <= year)
        out = np.zeros(self.size, np.int64)
        out[t["patient"][rows]] = t["to"][rows]  # rows are in time order: the last one stays
        return out

    def values(self, code: int) -> tuple[Array, Array, Array]:
        """Patient, years since the start and value of every recorded row of a code."""
        e = self.events
        rows = e["code"] == code
        return e["patient"][rows], self.years(e["time"][rows]), e["value"][rows]


class MemorySink:
    """Keeps the chunks of every shard."""

    def __init__(self) -> None:
        self.shards: dict[int, list[dict[str, Array]]] = {}

    @contextmanager
    def shard(self, index: int) -> Iterator[MemoryShard]:
        chunks = self.shards.setdefault(index, [])
        yield MemoryShard(chunks)

    def column(self, name: str) -> Array:
        """One column of all patients, in patient order."""
        return np.concatenate([chunk[name] for i in sorted(self.shards) for chunk in self.shards[i]])


class MemoryShard:
    def __init__(self, chunks: list[dict[str, Array]]) -> None:
        self.chunks = chunks

    def write(self, chunk: Chunk) -> None:
        """Copy what these tests look at: the engine reuses the buffers behind a chunk."""
        self.chunks.append({name: getattr(chunk, name).copy() for name in COLUMNS})


COLUMNS = (
    *("birth", "death", "sex", "entry", "event_counts", "truth_counts"),
    *("ev_time", "ev_code", "ev_value", "tr_time", "tr_process", "tr_from", "tr_to"),
)


def observe(machine: Machine, seed: int = SEED) -> Observed:
    """Run the whole population of a machine on the engine."""
    sink = MemorySink()
    simulate(flatten(machine), sink, seed=seed, workers=2)
    column = {name: sink.column(name) for name in COLUMNS}
    patients = np.arange(machine.population.size)
    return Observed(
        machine,
        column["birth"],
        column["death"],
        column["sex"],
        column["entry"],
        {
            "patient": np.repeat(patients, column["event_counts"]),
            "time": column["ev_time"],
            "code": column["ev_code"],
            "value": column["ev_value"],
        },
        {
            "patient": np.repeat(patients, column["truth_counts"]),
            "time": column["tr_time"],
            "process": column["tr_process"],
            "from": column["tr_from"],
            "to": column["tr_to"],
        },
    )
