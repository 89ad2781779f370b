"""W1 by hand in Numba, month by month, on integer tables over months of age."""

from __future__ import annotations

import numpy as np

from benchmarks.w1 import numba_kernels as kernels
from benchmarks.w1.workload import Definition, Result

NAME = "numba-table"
WHAT = "hand-written Numba, patient-major monthly, integer age-month table, SIMD"
DEFINITION: Definition = "monthly"
THREADS = True
PATIENTS = 1_000_000


def available() -> str:
    """Numba is a dependency of the simulator."""
    return ""


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    return kernels.drive(kernels.table_chunk, kernels.monthly_thresholds(), np.int32, patients, seed, threads)
