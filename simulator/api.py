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
    from simulator.store import Chunk, Dataset, EventLog, Patient

    PathLike = str | os.PathLike[str]


def check(path: PathLike) -> Findings:
    """Everything that is wrong or doubtful in a scenario file, and in the files it uses.

    Raises: UsageError if the file cannot be read.
    """
    from simulator.compiler import check_file

    return check_file(Path(path))


def compile(path: PathLike, *, size: int | None = None, step: str | None = None) -> tuple[Scenario, Machine]:
    """A scenario file as a typed scenario, and as the machine that the engine runs.

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


def run(
    path: PathLike,
    *,
    out: PathLike | None = None,
    size: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    step: str | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> EventLog:
    """Simulate a population.

    The same file, size, seed and step give the same log, whatever the number of workers.

    Args:
        path: the scenario (YAML).
        out: folder to write as a MEDS dataset; if None, the log is kept in memory.
        size: number of patients, instead of the file's.
        seed: 0 to 2^64 - 1.
        workers: threads; one per processor if None.
        step: see :func:`compile`.
        force: replace `out` if it holds a dataset.
        progress: told how far the run is, from worker threads, one at a time.

    Returns:
        A `Dataset` on `out`, or a `MemoryLog`; both have the same interface.

    Raises:
        ScenarioError: with every finding, if the scenario has errors.
        UsageError: if the file cannot be read or an argument cannot be honoured.
        DatasetError: if `out` exists (and `force` is not given, or it is no dataset) or cannot be written.
        EngineError: if the simulation cannot go on. Then, and if interrupted, nothing is left at `out`.
    """
    from simulator.compiler.flatten import flatten
    from simulator.compiler.origin import origin
    from simulator.engine.recording import record

    scenario, machine = compile(path, size=size, step=step)
    made = origin(Path(path), scenario, machine, seed, step)
    return record(
        flatten(machine), made,
        seed=seed, workers=workers or processors(), out=out, force=force, progress=progress,
    )  # fmt: skip


def regenerate(
    path: PathLike,
    patient: int,
    *,
    size: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    step: str | None = None,
) -> Patient:
    """Simulate one patient alone: the same, event for event, as in the full run.

    In a coupled scenario everybody's part in what is passed on is worked out first.

    Args:
        path: the scenario (YAML).
        patient: subject_id, from 1.
        size, seed, workers, step: as in :func:`run`, to which the patient belongs.

    Raises:
        ScenarioError, UsageError, EngineError: as :func:`run`; UsageError if there is no such patient.
    """
    from simulator.compiler.flatten import flatten
    from simulator.engine.run import chunks_of, edges_of, no_signals
    from simulator.engine.windows import exchange
    from simulator.store import Vocabulary

    _, machine = compile(path, size=size, step=step)
    population = machine.population
    if not 1 <= patient <= population.size:
        raise UsageError(
            f"there is no patient {patient}", remedy=f"patients are numbered 1 to {population.size}"
        )
    program = flatten(machine)
    signals = exchange(program, seed, workers=workers or processors()) if machine.signals else no_signals()
    [chunk] = chunks_of(program, seed, patient - 1, 1, edges=edges_of(program), signals=signals)
    return _patient(chunk, Vocabulary.from_machine(machine), population.communities)


def open(path: PathLike) -> Dataset:
    """The dataset in a folder that :func:`run` wrote; read only as far as it is asked for.

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


def processors() -> int:
    """Processors this program may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        return os.cpu_count() or 1


def _patient(chunk: Chunk, vocabulary: Any, communities: int) -> Patient:
    """A chunk of one patient as the tables that a dataset would give."""
    from simulator.store import Patient
    from simulator.store.providers import Staff
    from simulator.store.tables import TableBuilder

    builder = TableBuilder(vocabulary, Staff.of(vocabulary, communities))
    chunk = chunk.normalized()
    return Patient(
        subject=builder.subjects(chunk).to_pylist()[0],
        events=builder.events(chunk),
        encounters=builder.encounters(chunk),
        truth=builder.truth(chunk),
    )
