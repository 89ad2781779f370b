"""Where a dataset comes from: everything that is needed to make it again, byte for byte.

A provenance is a plain dict, kept in the manifest::

    {"scenario": {"id": …, "title": …, "main": "demo.yaml", "files": {name: text}, "hash": sha256,
                  "time_zone": "Europe/Berlin"},  # where the patients live; None: UTC
     "seed": 1, "size": 10000, "options": {…}, "command": "simulator run demo.yaml …",
     "versions": {"simulator": …, "python": …, "numpy": …, …},
     "checks": {…}}        # what `simulator.quality` needs to know, see quality/knowledge.py
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

#: distribution name of this package, and of what its results depend on
PACKAGE = "patient-population-simulator"
DEPENDENCIES = ("numpy", "numba", "pyarrow", "tzdata")


def scenario_hash(files: Mapping[str, str]) -> str:
    """SHA-256 over all files of a scenario, as hex.

    Args:
        files: text by name. Names are relative to the scenario's folder (``library/us.yaml``),
            so that the hash is the same wherever the scenario lies.
    """
    sha = hashlib.sha256()
    for name in sorted(files):
        for part in (name, files[name]):
            data = part.encode()
            sha.update(len(data).to_bytes(8, "little"))
            sha.update(data)
    return sha.hexdigest()


def versions() -> dict[str, str]:
    """Versions of this package, of Python and of what the results depend on."""
    found = {"simulator": _version(PACKAGE), "python": platform.python_version()}
    return found | {name: _version(name) for name in DEPENDENCIES}


def provenance(
    *,
    scenario: str,
    title: str,
    main: str,
    files: Mapping[str, str],
    seed: int,
    size: int,
    command: str | Sequence[str] = "",
    options: Mapping[str, Any] | None = None,
    checks: Mapping[str, Any] | None = None,
    time_zone: str | None = None,
) -> dict[str, Any]:
    """The provenance of a run.

    Args:
        scenario: id of the scenario.
        title: its title.
        main: name, among `files`, of the file that was asked for.
        files: text of every file that was read, by name relative to the scenario's folder.
        seed: seed of the run.
        size: number of patients.
        command: what was typed, or an equivalent.
        options: whatever else changes the result (step, overrides, …).
        checks: knowledge for the independent checker, see `simulator.quality.knowledge`.
        time_zone: where the patients live; None: UTC.
    """
    return {
        "scenario": {
            "id": scenario,
            "title": title,
            "main": main,
            "files": dict(files),
            "hash": scenario_hash(files),
            "time_zone": time_zone,
        },
        "seed": seed,
        "size": size,
        "options": dict(options or {}),
        "command": command if isinstance(command, str) else " ".join(command),
        "versions": versions(),
        "checks": dict(checks or {}),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
