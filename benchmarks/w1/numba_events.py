"""W1 by hand in Numba, from event to event on the cumulative hazard."""

from __future__ import annotations

import numpy as np

from benchmarks.w1 import numba_kernels as kernels
from benchmarks.w1.workload import Definition, Result

NAME = "numba-events"
WHAT = "hand-written Numba, event-skipping on the cumulative hazard"
DEFINITION: Definition = "event"
THREADS = True
PATIENTS = 1_000_000


def available() -> str:
    """Numba is a dependency of the simulator."""
    return ""


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    return kernels.drive(kernels.skip_chunk, (), np.float64, patients, seed, threads)
