"""W1, all programs side by side: interleaved repetitions, every result checked."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, cast

from benchmarks.measure import spread
from benchmarks.w1.exact import worst
from benchmarks.w1.workload import Peer, Result

#: the general engine first, then the peers it is held against
MODULES = (
    "engine",
    "numba_events",
    "numba_table",
    "numba_monthly",
    "numpy_vectorised",
    "laser_frame",
    "starsim_module",
    "mesa_agents",
)
ENGINE = "engine"
LIMIT = 5.0  # standard errors

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Contender:
    """A peer with a number of threads; `python` is the interpreter, empty for this one."""

    module: str
    peer: Peer
    threads: int
    patients: int
    python: str = ""

    @property
    def label(self) -> str:
        return f"{self.peer.NAME}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    def run(self, patients: int, seed: int) -> Result:
        """Run here, or in the other interpreter (twice there: the first run warms it up)."""
        if not self.python:
            return self.peer.run(patients, seed, self.threads)
        command = [self.python, "-m", "benchmarks.w1.compare", self.module]
        command += [str(patients), str(seed), str(self.threads)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        fields: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return Result(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


def load(module: str) -> Peer:
    """The peer of that module name in `benchmarks.w1`."""
    return cast(Peer, importlib.import_module(f"benchmarks.w1.{module}"))


def contenders(
    threads: tuple[int, ...], scale: float, peer_python: str, say: Say
) -> tuple[list[Contender], dict[str, str]]:
    """Who takes part, and why the others do not (by name)."""
    found: list[Contender] = []
    absent: dict[str, str] = {}
    for module in MODULES:
        peer = load(module)
        python = ""
        reason = peer.available()
        if reason and peer_python:
            python, reason = peer_python, _available_elsewhere(peer_python, module)
        if reason:
            absent[peer.NAME] = reason
            say(f"  left out: {peer.NAME}: {reason}")
            continue
        patients = max(1_000, round(peer.PATIENTS * scale))
        counts = threads if peer.THREADS else threads[:1]
        found += [Contender(module, peer, t, patients, python) for t in counts]
    return found, absent


def _available_elsewhere(python: str, module: str) -> str:
    code = f"from benchmarks.w1 import {module} as m; print(m.available())"
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    return done.stdout.strip() if done.returncode == 0 else f"{python} cannot import it"


def compare(
    say: Say,
    *,
    repetitions: int = 5,
    threads: tuple[int, ...] = (1, 2),
    scale: float = 1.0,
    peer_python: str = "",
) -> dict[str, Any]:
    """Run everyone `repetitions` times in turn.

    Returns: per contender the rate in live patient-steps per second, the ratio of the engine
    to it (same repetition, same threads) and the largest deviation from the exact expectation.

    Raises: AssertionError if a result is more than five standard errors off.
    """
    field, absent = contenders(threads, scale, peer_python, say)
    for contender in field:
        if not contender.python:
            contender.run(min(contender.patients, 2_000), 0)  # import, compile, load
    results: dict[str, list[Result]] = {c.label: [] for c in field}
    deviations: dict[str, float] = {c.label: 0.0 for c in field}
    for repetition in range(repetitions):
        # what ran before leaves caches and memory behind: another begins each time
        first = repetition % len(field)
        for contender in field[first:] + field[:first]:
            result = contender.run(contender.patients, 1 + repetition)
            deviation = worst(result, contender.peer.DEFINITION)
            if deviation > LIMIT:
                raise AssertionError(f"{contender.label} is {deviation:.1f} standard errors off: {result}")
            deviations[contender.label] = max(deviations[contender.label], deviation)
            results[contender.label].append(result)
            say(f"  {repetition + 1}/{repetitions} {contender.label}: {result.rate:.3g} live patient-steps/s")
    rows = [_row(c, results, deviations[c.label]) for c in field]
    return {
        "workload": "W1: 40 years in months, ages 20-80, five states; rate in live patient-steps per second",
        "repetitions": repetitions,
        "rows": rows,
        "scaling": _scaling(field, results, threads),
        "absent": absent,
    }


def _row(contender: Contender, results: dict[str, list[Result]], deviation: float) -> dict[str, Any]:
    mine = results[contender.label]
    label = f"engine, {contender.threads} thread{'s' if contender.threads > 1 else ''}"
    ours = results.get(label, [])
    ratios = [a.rate / b.rate for a, b in zip(ours, mine, strict=False)]
    first = mine[0]
    return {
        "name": contender.peer.NAME,
        "what": contender.peer.WHAT,
        "definition": contender.peer.DEFINITION,
        "threads": contender.threads,
        "patients": first.patients,
        "rate": spread([r.rate for r in mine]),
        "seconds": spread([r.seconds for r in mine]),
        "engine_over_this": spread(ratios) if ratios else None,
        "worst_z": deviation,
        "events_per_second": median(sum(r.transitions) / r.seconds for r in mine),
        "notes": first.notes,
        "split": {key: median(r.split[key] for r in mine) for key in first.split},
    }


def _scaling(
    field: list[Contender], results: dict[str, list[Result]], threads: tuple[int, ...]
) -> dict[str, dict[str, Any]]:
    """Rate on the most threads over the rate on one, by name."""
    most = max(threads)
    by = {(c.peer.NAME, c.threads): [r.rate for r in results[c.label]] for c in field}
    return {
        name: spread([many / one for many, one in zip(by[name, most], rates, strict=True)])
        for (name, count), rates in by.items()
        if count == 1 and most > 1 and (name, most) in by
    }


def main(module: str, patients: str, seed: str, threads: str) -> None:
    """One warmed-up run in this interpreter, printed as JSON (used for `--peer-python`)."""
    peer = load(module)
    peer.run(min(int(patients), 2_000), 0, int(threads))
    print(json.dumps(asdict(peer.run(int(patients), int(seed), int(threads)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
