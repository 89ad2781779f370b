"""The flat form of a scenario that the kernel runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.compiler.machine import Machine


@dataclass(frozen=True, slots=True)
class Program:
    """Read-only arrays, plus the Machine they were made from (for names).

    Attributes:
        ints: int64[...], tables, instructions and offsets (`layout.py`).
        nums: float64[...], constants, hazard tables, distribution parameters.
        machine: where it came from.
    """

    ints: npt.NDArray[np.int64]
    nums: npt.NDArray[np.float64]
    machine: Machine

    def __getitem__(self, header: int) -> int:
        """A header entry, e.g. ``program[layout.H_START]``."""
        return int(self.ints[header])
