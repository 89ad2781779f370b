"""Which subjects train, tune and test a model: fixed for ever by a hash of the subject_id."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SPLITS = ("train", "tuning", "held_out")


def split_of(subject_id: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """Index into :data:`SPLITS` for each subject: 80 % train, 10 % tuning, 10 % held out.

    The hash is the output function of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), so a
    subject keeps its split whatever the size of the population, the seed or the scenario.
    """
    z = subject_id.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    tenth = z % np.uint64(10)
    return np.where(tenth < 8, 0, np.where(tenth == 8, 1, 2)).astype(np.int8)
