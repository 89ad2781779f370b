"""The Python face: a verb for each thing one does with a scenario or a dataset.

    >>> import simulator as sim
    >>> sim.check("scenarios/demo.yaml").errors                       # doctest: +SKIP
    ()
    >>> log = sim.run("scenarios/demo.yaml", size=1_000, seed=7)      # doctest: +SKIP
    >>> log.to_pandas("events").code.value_counts()                   # doctest: +SKIP

Each function loads what it needs when it is called.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import Findings, UsageError

if TYPE_CHECKING:
    from simulator.compiler.machine import Machine
    from simulator.engine.run import Progress
    from simulator.quality.report import Report
    from simulator.scenario.model import Scenario
    from simulator.store import Dataset, EventLog, Patient

    PathLike = str | os.PathLike[str]


def check(path: PathLike) -> Findings:
    """Everything that is wrong or doubtful in a scenario file, and in the files it uses.

    Raises: UsageError if the file cannot be read.
    """
    from simulator.compiler import check_file

    return check_file(Path(path))


def compile(path: PathLike, *, size: int | None = None, step: str | None = None) -> tuple[Scenario, Machine]:
    """A scenario file as a typed scenario and as the machine the engine runs.

    Args:
        path: the scenario (YAML).
        size: number of patients, instead of the file's.
        step: window in which what patients pass to one another is held constant, e.g. ``"1 week"``,
            instead of the file's.

    Raises:
        ScenarioError: with every finding, if the scenario has errors.
        UsageError: if the file cannot be read or an argument cannot be honoured.
    """
    from simulator.compiler import compile_file

    return compile_file(Path(path), size=size, step=step)


def open(path: PathLike) -> Dataset:
    """The dataset in a folder that `run` wrote; read only as far as it is asked for.

    Raises: DatasetError if the folder is missing, unfinished, not ours or of a newer format.
    """
    from simulator.store import Dataset

    return Dataset(Path(path))


def verify(path: PathLike) -> Report:
    """Check a dataset against what must hold in any hospital's records.

    The checker shares no code with the engine.

    Raises: DatasetError if there is no dataset of ours to check.
    """
    from simulator.quality.invariants import verify as verify_dataset

    return verify_dataset(Path(path))
