"""What the manifest of a run says about the scenario it came from."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from simulator.compiler.expectations import expectations
from simulator.compiler.machine import Machine
from simulator.provenance import provenance
from simulator.scenario.model import Scenario


def origin(path: Path, scenario: Scenario, machine: Machine, seed: int, step: str | None) -> dict[str, Any]:
    """The provenance of a run of a scenario file.

    Args:
        path: the file.
        scenario, machine: from `compile_file`.
        seed: seed of the run.
        step: length of a window, if it was given in place of the file's.
    """
    folder = path.parent
    files = {Path(os.path.relpath(name, folder)).as_posix(): text for name, text in scenario.files.items()}
    size = machine.population.size
    command = ["simulator", "run", path.name, "--size", str(size), "--seed", str(seed)]
    return provenance(
        scenario=scenario.id,
        title=scenario.title or scenario.id,
        main=path.name,
        files=files,
        seed=seed,
        size=size,
        command=shlex.join([*command, *(["--step", step] if step else [])]),
        options={"step": step} if step else {},
        checks=expectations(scenario, machine),
    )
