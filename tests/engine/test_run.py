"""What a run says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from simulator.compiler import compile_file
from simulator.compiler.flatten import flatten
from simulator.engine.run import RunStats, chunks_of, edges_of, no_signals, simulate
from simulator.store.chunk import Chunk, concatenate

CENTURY = """\
format: 1
id: century
title: Nobody is ill, many die
population:
  size: 4_000
  from: 1901-01-01
  to: 2001-01-01
  age: uniform(0 years, 1 year)
  sex: {male: 50%, female: 50%}
mortality:
  rate: {gompertz: {rate: 6e-5 per year, at: 0 years, growth: 0.09 per year}}
  source: made up
"""


class Kept:
    """A sink that keeps copies of all chunks."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    @contextmanager
    def shard(self, index: int) -> Iterator[Kept]:
        yield self

    def write(self, chunk: Chunk) -> None:
        self.chunks.append(chunk.copy())

    def all(self) -> Chunk:
        return concatenate(sorted(self.chunks, key=lambda chunk: chunk.first))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    file = Path(tmp_path_factory.mktemp("century")) / "century.yaml"
    file.write_text(CENTURY)
    return flatten(compile_file(file)[1])


@pytest.mark.parametrize("workers", [1, 2])
def test_counts_are_those_of_the_rows(program, workers):
    sink = Kept()
    stats, _ = simulate(program, sink, seed=3, workers=workers, shard_size=1_000)
    chunk = sink.all()
    observed = sum(map(int, chunk.exit - chunk.entry))
    assert stats.patients == len(chunk) == 4_000
    assert stats.deaths == int((chunk.death != -(2**63)).sum()) > 3_000
    assert stats.events == len(chunk.ev_time)
    assert stats.observed == observed
    assert stats.person_years == pytest.approx(observed / 1e6 / 86_400 / 365.2425, rel=1e-12)


def test_time_observed_may_exceed_a_word(program):
    stats = RunStats()
    (chunk,) = chunks_of(program, 3, 0, 4_000, edges=edges_of(program), signals=no_signals(), stats=stats)
    assert stats.observed == sum(map(int, chunk.exit - chunk.entry)) > 2**63
    assert np.all(chunk.exit > chunk.entry)
