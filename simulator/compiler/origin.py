"""What the manifest of a run says about the scenario it came from."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from simulator.compiler.expectations import expectations
from simulator.compiler.machine import Machine
from simulator.provenance import provenance
from simulator.scenario.arms import BASE
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Settings, text_of


def origin(
    path: Path,
    scenario: Scenario,
    machine: Machine,
    seed: int,
    step: str | None,
    settings: Settings | None = None,
    arm: str | None = None,
) -> dict[str, Any]:
    """The provenance of a run of a scenario file.

    Args:
        path: the file.
        scenario, machine: from `compile_file`.
        seed: seed of the run.
        step: length of a window, if it was given in place of the file's.
        settings: values of parameters that were given in place of the file's.
        arm: the arm, if it is not the scenario as it is.
    """
    given = {name: text_of(value) for name, value in (settings or {}).items()}
    options: dict[str, Any] = {"step": step} if step else {}
    options |= {"set": given} if given else {}
    options |= {"arm": arm} if arm and arm != BASE else {}
    folder = path.parent
    files = {Path(os.path.relpath(name, folder)).as_posix(): text for name, text in scenario.files.items()}
    size = machine.population.size
    command = ["simulator", "run", path.name, "--size", str(size), "--seed", str(seed)]
    command += ["--step", step] if step else []
    for name, text in given.items():
        command += ["--set", f"{name}={text}"]
    command += ["--arm", arm] if arm and "arm" in options else []
    title = scenario.title or scenario.id
    if arm in scenario.arms:
        title += f": {scenario.arms[arm].title or arm}"
    return provenance(
        scenario=scenario.id,
        title=title,
        main=path.name,
        files=files,
        seed=seed,
        size=size,
        command=shlex.join(command),
        options=options,
        checks=expectations(scenario, machine),
        time_zone=machine.population.zone,
    )
