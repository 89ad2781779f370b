"""Running a command and measuring what it took: wall time, processor time, memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

INTERVAL = 0.1  # seconds between looks at memory


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command and all its children took.

    Attributes:
        seconds: wall time.
        cpu_seconds: user and system time.
        peak_mb: largest proportional resident memory of the whole tree, looked at ten times a
            second (Linux; else that of the largest process).
        out: standard output.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    out: str


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Usage:
    """Run `command` to its end.

    Raises: RuntimeError with its standard error if it fails.
    """
    before = os.times()
    begin = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    peak = [0.0]
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, done), daemon=True)
    watcher.start()
    out, err = process.communicate()
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    after = os.times()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{err.strip()}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Usage(seconds, cpu, peak[0], out)


def _watch(root: int, peak: list[float], done: threading.Event) -> None:
    while not done.is_set():
        peak[0] = max(peak[0], sum(_proportional_mb(pid) for pid in _tree(root)))
        done.wait(INTERVAL)


def _tree(root: int) -> list[int]:
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                todo.extend(int(child) for child in children.read_text().split())
            except OSError:
                continue  # it ended while we looked
    return found


def _proportional_mb(pid: int) -> float:
    """Resident memory, pages shared by k processes counted as 1/k; 0 if the process is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024.0
    except OSError:
        return 0.0
    return 0.0


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, extremes and all values of repeated measurements."""
    return {"median": median(values), "low": min(values), "high": max(values), "all": list(values)}
