"""Runs cut up in different ways, and what is in them in a form that can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import simulator as sim
from simulator.compiler import compile_file
from simulator.compiler.flatten import flatten
from simulator.engine.run import edges_of, simulate
from simulator.provenance import provenance
from simulator.store import Dataset, DatasetWriter, EventLog, SignalSeries, Vocabulary


def written(
    scenario: Path,
    out: Path,
    *,
    size: int,
    seed: int = 1,
    workers: int = 1,
    shard_size: int | None = None,
    chunk_size: int = 2_000,
) -> Dataset:
    """A dataset, with the cuts that `simulator run` chooses for itself; one shard if no size is given."""
    _, machine = compile_file(scenario, size=size)
    program, vocabulary = flatten(machine), Vocabulary.from_machine(machine)
    shard_size = shard_size or size
    made = provenance(scenario=machine.id, title="", main=scenario.name, files={}, seed=seed, size=size)
    communities = machine.population.communities
    with DatasetWriter(
        out, vocabulary, made, patients=size, shard_size=shard_size, communities=communities
    ) as writer:
        stats, signals = simulate(
            program, writer, seed=seed, workers=workers, shard_size=shard_size, chunk_size=chunk_size
        )
        series = None
        if machine.signals:
            names = tuple(signal.name for signal in machine.signals)
            series = SignalSeries(edges_of(program)[:-1], names, signals.transpose(0, 2, 1))
        writer.finish({"patients": stats.patients}, series)
    return Dataset(out)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def frame(log: EventLog, table: str) -> pd.DataFrame:
    """A table with words in place of categories, so that other categories elsewhere do not matter."""
    found = log.to_pandas(table)
    words = [name for name in found if isinstance(found[name].dtype, pd.CategoricalDtype)]
    return found.astype(dict.fromkeys(words, "object"))


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables hold the same rows in the same order."""
    return one.reset_index(drop=True).equals(other.reset_index(drop=True))


def patient(found: sim.Patient) -> tuple[Any, ...]:
    """All that is known of a patient."""
    return found.subject, *(t.to_pylist() for t in (found.events, found.encounters, found.truth))
