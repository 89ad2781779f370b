"""W1 by hand in NumPy: all living patients of a block advance one month together.

Blocks of 16,384 patients keep the columns in cache; the dead are dropped from the columns
once they are a tenth of them, which is what a NumPy program can do about them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.w1 import workload as w
from benchmarks.w1.tables import monthly_probabilities
from benchmarks.w1.workload import Definition, Result

NAME = "numpy"
WHAT = "NumPy, vectorised over living patients, monthly, age-month tables"
DEFINITION: Definition = "monthly"
THREADS = False
PATIENTS = 200_000
BLOCK = 16_384


def available() -> str:
    """NumPy is a dependency of the simulator."""
    return ""


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    hit, sick = (table.astype(np.float32) for table in monthly_probabilities())
    begin = time.perf_counter()
    records: list[tuple[NDArray[Any], ...]] = []
    tally = np.zeros(11, np.int64)
    for block, first in enumerate(range(0, patients, BLOCK)):
        rng = np.random.Generator(np.random.SFC64([seed, block]))
        _run_block(rng, first, min(BLOCK, patients - first), hit, sick, records, tally)
    seconds = time.perf_counter() - begin
    return Result(patients, tuple(map(int, tally[:5])), tuple(map(int, tally[5:10])), int(tally[10]), seconds)


def _run_block(
    rng: np.random.Generator,
    first: int,
    count: int,
    hit: NDArray[np.float32],
    sick: NDArray[np.float32],
    records: list[tuple[NDArray[Any], ...]],
    tally: NDArray[np.int64],
) -> None:
    width = hit.shape[1]
    hit, sick = (
        np.append(hit.ravel(), np.zeros(width, np.float32)),
        sick.ravel(),
    )  # row 7, dead: nothing happens
    cell = rng.integers(0, 720, count, dtype=np.int32)  # compartment * width + months since age 20
    treated = rng.random(count, dtype=np.float32) < w.TREATED
    who = np.arange(first, first + count, dtype=np.int32)
    compartment = np.zeros(count, np.int8)
    u = np.empty(count, np.float32)
    chance = np.empty(count, np.float32)
    gone = 0
    for step in range(w.STEPS):
        tally[10] += len(cell) - gone
        n = len(cell)
        rng.random(dtype=np.float32, out=u[:n])
        np.take(hit, cell, out=chance[:n], mode="clip")
        rows = np.flatnonzero(u[:n] < chance[:n])
        if len(rows):
            stage = np.where(compartment[rows] > 0, (compartment[rows] - 1) % 3 + 1, 0).astype(np.int8)
            kind = np.where(u[rows] < sick[cell[rows]], stage, w.BACKGROUND_DEATH).astype(np.int8)
            records.append((who[rows], np.full(len(rows), step, np.int32), kind))
            tally[:5] += np.bincount(kind, minlength=5)
            move = np.where((kind == w.ONSET) & treated[rows], 4, 1).astype(np.int8)
            after = np.where(kind >= w.SEVERE, np.int8(7), compartment[rows] + move)
            cell[rows] += (after - compartment[rows]).astype(np.int32) * width
            compartment[rows] = after
            gone += int((after == 7).sum())
        cell += 1
        if gone * 10 > n:
            alive = compartment != 7
            cell, treated, who, compartment = cell[alive], treated[alive], who[alive], compartment[alive]
            tally[5 + w.DEAD] += gone
            gone = 0
    tally[5 + w.DEAD] += gone
    alive = compartment[compartment != 7]
    tally[5:9] += np.bincount(np.where(alive > 0, (alive - 1) % 3 + 1, 0), minlength=4)
