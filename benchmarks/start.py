"""How long `simulator run` takes before it is at work: 100 patients, cold and warm cache."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT
from benchmarks.measure import measure, spread

SCENARIO = ROOT / "scenarios" / "demo.yaml"
WARM_LIMIT = 3.0  # seconds

Say = Callable[[str], None]


def benchmark(say: Say, *, repetitions: int = 3, cold_repetitions: int = 1) -> dict[str, Any]:
    """Seconds of `simulator --help`, and of `simulator run` with 100 patients, cold and warm.

    Cold: an empty cache folder, so that every kernel is compiled. Warm: the same command again.
    """
    cold, warm, help_ = [], [], []
    with tempfile.TemporaryDirectory(prefix="start-") as folder:
        number = 0

        def one(cache: Path) -> float:
            nonlocal number
            number += 1
            command = [sys.executable, "-m", "simulator", "run", str(SCENARIO)]
            command += ["--out", f"{folder}/out{number}", "--size", "100", "--seed", "1"]
            return measure(command, {"NUMBA_CACHE_DIR": str(cache)}).seconds

        for repetition in range(cold_repetitions):
            cache = Path(folder) / f"cache{repetition}"
            cold.append(one(cache))
            say(f"  cold: {cold[-1]:.2f} s")
        for _ in range(repetitions):
            warm.append(one(cache))
            say(f"  warm: {warm[-1]:.2f} s")
            help_.append(measure([sys.executable, "-m", "simulator", "--help"]).seconds)
    return {
        "workload": "`simulator run scenarios/demo.yaml --size 100`, whole process, wall seconds",
        "wanted": {"warm": WARM_LIMIT, "help": 0.5},
        "cold": spread(cold),
        "warm": spread(warm),
        "help": spread(help_),
    }
