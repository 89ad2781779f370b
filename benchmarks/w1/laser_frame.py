"""W1 on laser-core (optional peer): a LaserFrame advanced month by month by parallel Numba loops."""

from __future__ import annotations

import importlib.util
import time
from typing import Any

import numba as nb
import numpy as np

from benchmarks.w1 import workload as w
from benchmarks.w1.tables import monthly_probabilities
from benchmarks.w1.workload import Definition, Result

NAME = "laser-core"
WHAT = "laser-core LaserFrame with Numba step functions, monthly, age-month tables"
DEFINITION: Definition = "monthly"
THREADS = True
PATIENTS = 300_000


def available() -> str:
    """laser-core comes with the extra `bench-peers`."""
    try:
        found = importlib.util.find_spec("laser.core") is not None
    except ModuleNotFoundError:
        found = False
    return "" if found else "laser-core is not installed (extra bench-peers)"


@nb.njit(parallel=True, nogil=True, cache=True)
def advance(
    month: Any, compartment: Any, treated: Any, happened: Any, hit: Any, sick: Any, living: Any
) -> None:
    """One month for everyone; `happened` receives the transition of each patient, or -1."""
    for i in nb.prange(len(month)):
        c = compartment[i]
        happened[i] = -1
        if c == 7:
            continue
        living[nb.get_thread_id(), 0] += 1
        m = month[i]
        month[i] = m + 1
        u = np.float32(np.random.random())
        if u < hit[c, m]:
            stage = (c - 1) % 3 + 1 if c > 0 else 0
            if u >= sick[c, m]:
                happened[i] = w.BACKGROUND_DEATH
                compartment[i] = 7
            else:
                happened[i] = stage
                compartment[i] = 7 if stage == w.SEVERE else c + (4 if stage == 0 and treated[i] else 1)


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    from laser.core import LaserFrame
    from laser.core.random import seed as seed_everything

    nb.set_num_threads(threads)
    hit, sick = (table.astype(np.float32) for table in monthly_probabilities())
    prng = seed_everything(seed)
    people = LaserFrame(capacity=patients)
    people.add_scalar_property("month", dtype=np.int16)
    people.add_scalar_property("compartment", dtype=np.int8)
    people.add_scalar_property("treated", dtype=np.int8)
    people.add_scalar_property("happened", dtype=np.int8)
    living = np.zeros((threads, 8), np.int64)  # a cache line each
    one = [getattr(people, name)[:0] for name in ("month", "compartment", "treated", "happened")]
    advance(*one, hit, sick, living)  # compile
    begin = time.perf_counter()
    people.month[:] = prng.integers(0, 720, patients)
    people.treated[:] = prng.random(patients) < w.TREATED
    records = []
    columns = (people.month, people.compartment, people.treated, people.happened)
    for step in range(w.STEPS):
        advance(*columns, hit, sick, living)
        rows = np.flatnonzero(people.happened >= 0)
        records.append((rows.astype(np.int32), np.full(len(rows), step, np.int32), people.happened[rows]))
    seconds = time.perf_counter() - begin
    transitions = np.bincount(np.concatenate([kind for _, _, kind in records]), minlength=5)
    final = people.compartment
    state = np.where(final == 7, w.DEAD, np.where(final > 0, (final - 1) % 3 + 1, 0))
    occupancy = np.bincount(state, minlength=5)
    live = int(living[:, 0].sum())
    return Result(patients, tuple(map(int, transitions)), tuple(map(int, occupancy)), live, seconds)
