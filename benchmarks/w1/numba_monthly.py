"""W1 by hand in Numba, one patient after the other, month by month."""

from __future__ import annotations

import numpy as np

from benchmarks.w1 import numba_kernels as kernels
from benchmarks.w1.workload import Definition, Result

NAME = "numba-monthly"
WHAT = "hand-written Numba, patient-major monthly, Philox draws, chunk buffers"
DEFINITION: Definition = "monthly"
THREADS = True
PATIENTS = 1_000_000


def available() -> str:
    """Numba is a dependency of the simulator."""
    return ""


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    return kernels.drive(kernels.monthly_chunk, (), np.int32, patients, seed, threads)
