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
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import Findings, UsageError

if TYPE_CHECKING:
    from simulator.authoring.diff import Comparison
    from simulator.authoring.explain_story import Explanation, WhyNot
    from simulator.authoring.preview import Preview
    from simulator.authoring.statistic import Statistic
    from simulator.authoring.targets import Outcome
    from simulator.compiler.machine import Machine
    from simulator.engine.run import Progress
    from simulator.quality.report import Report
    from simulator.scenario.model import Scenario
    from simulator.scenario.parameters import Settings
    from simulator.store import Chunk, Dataset, EventLog, Patient

    PathLike = str | os.PathLike[str]


def check(path: PathLike, *, set: Settings | None = None) -> Findings:
    """Everything that is wrong or doubtful in a scenario file, its arms, and the files it uses.

    Args:
        path: the scenario (YAML).
        set: values of parameters, see :func:`compile`.

    Raises: UsageError if the file cannot be read.
    """
    from simulator.compiler import check_file

    return check_file(Path(path), settings=set)


def compile(
    path: PathLike,
    *,
    size: int | None = None,
    step: str | None = None,
    set: Settings | None = None,
    arm: str | None = None,
) -> tuple[Scenario, Machine]:
    """A scenario file as a typed scenario, and as the machine that the engine runs.

    Args:
        path: the scenario (YAML).
        size: number of patients, instead of the file's.
        step: window in which what patients pass to one another is held constant, e.g. ``"1 week"``,
            instead of the file's.
        set: values of parameters, instead of the file's: as the language writes them, or numbers and
            dates, e.g. ``{"onset_rate": "0.03 per year", "uptake": 0.5}``.
        arm: the arm, e.g. ``"no_eti"``; the scenario as it is if None or ``"base"``.

    Raises:
        ScenarioError: with every finding, if the scenario has errors.
        UsageError: if the file cannot be read or an argument cannot be honoured.
    """
    from simulator.compiler import compile_file

    return compile_file(Path(path), size=size, step=step, settings=set, arm=arm)


def graph(
    path: PathLike, *, disease: str | None = None, influences: bool = False, format: str = "mermaid"
) -> str:
    """Draw a scenario: each disease as a state diagram, and who acts on whom.

    Args:
        path: the scenario (YAML); it need not be complete enough to run.
        disease: only this disease; with `influences`, only what touches it.
        influences: only who acts on whom.
        format: ``mermaid`` (several drawings make a Markdown page), ``markdown``, ``dot``, ``svg`` or
            ``html``; the last two need Graphviz.

    Raises:
        ScenarioError: with every finding, if the file cannot be understood.
        UsageError: if the file cannot be read, an argument cannot be honoured, or Graphviz is missing.
    """
    from simulator.authoring.graph_page import graph as draw

    return draw(Path(path), disease=disease, influences=influences, format=format)[0]


def json_schema(*, library: bool = False) -> dict[str, Any]:
    """The language as a JSON Schema (draft-07), as JSON values.

    Args:
        library: for files that others use and that are not whole in themselves; nothing counts as missing.
    """
    from simulator.scenario.json_schema import json_schema as schema

    return schema(library=library)


def run(
    path: PathLike,
    *,
    out: PathLike | None = None,
    size: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    step: str | None = None,
    set: Settings | None = None,
    arm: str | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> EventLog:
    """Simulate a population.

    The same file, size, seed, step, set and arm give the same log, whatever the number of workers.

    Args:
        path: the scenario (YAML).
        out: folder to write as a MEDS dataset; if None, the log is kept in memory.
        size: number of patients, instead of the file's.
        seed: 0 to 2^64 - 1.
        workers: threads; one per processor if None.
        step, set, arm: see :func:`compile`. Arms have the same patients, who share all their luck.
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

    scenario, machine = compile(path, size=size, step=step, set=set, arm=arm)
    made = origin(Path(path), scenario, machine, seed, step, set, arm)
    return record(
        flatten(machine), made,
        seed=seed, workers=workers or processors(), out=out, force=force, progress=progress,
    )  # fmt: skip


def preview(
    path: PathLike,
    *,
    out: PathLike | None = None,
    size: int = 2_000,
    seed: int = 0,
    workers: int | None = None,
    set: Settings | None = None,
    arm: str | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Preview:
    """Run a small population in memory and work out what an author looks at first.

    Args:
        path: the scenario (YAML).
        out: page to write (one HTML file that needs nothing else); None for none.
        size: number of patients.
        seed, workers, set, arm, progress: as in :func:`run`.
        force: replace `out` if it exists.

    Returns: the numbers behind every figure.

    Raises:
        ScenarioError, EngineError: as :func:`run`.
        UsageError: if a file cannot be read or written, or an argument cannot be honoured.
    """
    from simulator.authoring.preview import preview_of
    from simulator.authoring.preview.page import page_of
    from simulator.authoring.text_file import check_free, write

    if out is not None:
        check_free(Path(out), force)
        if Path(out).suffix.lower() not in (".html", ".htm"):
            raise UsageError(f"{out} is not the name of a page", remedy="end it in .html")
    findings = check(path, set=set).sorted()
    scenario, _ = compile(path, size=size, set=set, arm=arm)
    log = run(path, size=size, seed=seed, workers=workers, set=set, arm=arm, progress=progress)
    found = preview_of(scenario, log, findings)
    if out is not None:
        write(Path(out), page_of(found))
    return found


def sweep(
    path: PathLike,
    out: PathLike,
    *,
    over: Mapping[str, Sequence[str | float | int]] | None = None,
    arms: bool | Sequence[str] = False,
    size: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    step: str | None = None,
    set: Settings | None = None,
    force: bool = False,
    watch: Callable[[str], AbstractContextManager[Callable[[Progress], None] | None]] | None = None,
) -> dict[str, Dataset]:
    """Simulate the same patients several times: over values of parameters, in the arms, or both.

    Args:
        path: the scenario (YAML).
        out: folder to write: one dataset below it for each run, and ``runs.json``, which says which is which.
        over: values by parameter, e.g. ``{"uptake": ["50%", "70%"]}``; several make every combination.
        arms: all arms of the scenario (True), or some of them; the scenario as it is is called ``base``.
        size, seed, workers, step, set: as in :func:`run`, the same for all.
        force: replace `out` if it holds such runs.
        watch: given the name of a run, a context in which it is told how far it is.

    Returns:
        The datasets, by the name of their folder below `out`, e.g. ``uptake=50%/no_eti``.

    Raises:
        ScenarioError, UsageError, DatasetError, EngineError: as :func:`run`, before the first run if
            it can be known then. If it cannot be finished, or is interrupted, nothing is left at `out`.
    """
    from simulator.authoring.variants import record_variants, variants
    from simulator.scenario.reading import read_scenario

    names = read_scenario(Path(path)).arms if arms is True else list(arms or ())
    if arms is True and len(names) == 1:
        raise UsageError(f"{path} has no arms", remedy="Write what is different in each under `arms:`.")
    chosen = variants(over or {}, names, set)
    record_variants(
        Path(path), Path(out), chosen,
        size=size, seed=seed, workers=workers or processors(), step=step, force=force, watch=watch,
    )  # fmt: skip
    return {each.folder: open(Path(out) / each.folder) for each in chosen}


def regenerate(
    path: PathLike,
    patient: int,
    *,
    size: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    step: str | None = None,
    set: Settings | None = None,
    arm: str | None = None,
) -> Patient:
    """Simulate one patient alone: the same, event for event, as in the full run.

    In a coupled scenario everybody's part in what is passed on is worked out first.

    Args:
        path: the scenario (YAML).
        patient: subject_id, from 1.
        size, seed, workers, step, set, arm: as in :func:`run`, to which the patient belongs.

    Raises:
        ScenarioError, UsageError, EngineError: as :func:`run`; UsageError if there is no such patient.
    """
    from simulator.compiler.flatten import flatten
    from simulator.engine.run import chunks_of, edges_of, no_signals
    from simulator.engine.windows import exchange
    from simulator.store import Vocabulary

    _, machine = compile(path, size=size, step=step, set=set, arm=arm)
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


def explain(dataset: Dataset | PathLike, patient: int, event: int | None = None) -> Explanation:
    """What happened to a patient and why: every happening with its reason, in order of time.

    The patient is lived again from what the dataset says of itself; nothing is kept for it in a run.

    Args:
        dataset: a folder that :func:`run` wrote, or the dataset in it.
        patient: subject_id, from 1.
        event: number of a happening, from 1: its whole story is told too, back to birth.

    Raises:
        UsageError: there is no such patient or happening.
        DatasetError: there is no dataset, it does not hold its scenario, or another version wrote it.
    """
    from simulator.authoring.explain import explain as explain_dataset

    return explain_dataset(_opened(dataset), patient, event)


def why_not(dataset: Dataset | PathLike, patient: int, treatment: str) -> WhyNot:
    """Which part of a treatment's rule kept it from a patient, and when each part held.

    Args:
        dataset, patient: as in :func:`explain`.
        treatment: its name in the scenario.

    Raises:
        UsageError: there is no such patient or treatment.
        DatasetError: as :func:`explain`.
    """
    from simulator.authoring.explain_why_not import why_not as dataset_why_not

    return dataset_why_not(_opened(dataset), patient, treatment)


def diff(
    one: PathLike,
    two: PathLike | None = None,
    *,
    arms: str | tuple[str, str] | None = None,
    set: Settings | None = None,
    size: int | None = None,
    seed: int = 0,
    run: bool = True,
    workers: int | None = None,
    watch: Callable[[str], AbstractContextManager[Callable[[Progress], None] | None]] | None = None,
) -> Comparison:
    """What changed clinically between two scenarios, and whose history is different for it.

    Args:
        one: a scenario (YAML), or a folder that :func:`run` wrote.
        two: another of the same kind; `one` itself if None, and then `arms` and `set` are what is different.
        arms: an arm: of both, or, without `two`, to be held against the scenario as it is; or two arms
            of `one`.
        set: values of parameters: of both, or, without `two`, of the second only.
        size: patients to run of each; 300 if None. Datasets are compared as they are.
        seed: of both runs.
        run: whether to run at all.
        workers, watch: as in :func:`sweep`.

    Raises:
        ScenarioError: with every finding, if one of the scenarios has errors.
        UsageError: if a file cannot be read or an argument cannot be honoured.
        DatasetError: if a folder holds no dataset, or one without its scenario.
        EngineError: as :func:`run`.
    """
    from simulator.authoring.diff import Side, compare

    first, second = arms if isinstance(arms, tuple) else (None if two is None else arms, arms)
    return compare(
        Side(Path(one), None if two is None else set, first),
        Side(Path(one if two is None else two), set, second),
        size=size, seed=seed, run=run, workers=workers or processors(), watch=watch,
    )  # fmt: skip


def _opened(dataset: Dataset | PathLike) -> Dataset:
    from simulator.store import Dataset

    return dataset if isinstance(dataset, Dataset) else open(dataset)


def verify(path: PathLike) -> Report:
    """Check a dataset against what must hold in any hospital's records.

    The checker shares no code with the engine.

    Raises: DatasetError if there is no dataset of ours to check.
    """
    from simulator.quality.invariants import verify as verify_dataset

    return verify_dataset(Path(path))


def test(
    path: PathLike,
    *,
    dataset: PathLike | None = None,
    size: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    step: str | None = None,
    set: Settings | None = None,
    arm: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Outcome, ...]:
    """Hold a scenario against its `expect:` and `targets:` (docs/targets.md).

    Args:
        path: the scenario (YAML).
        dataset: folder of a finished run of it to judge; if None, it is run, in memory.
        size, seed, workers, step, set, arm, progress: of the run, as in :func:`run`.

    Returns:
        One outcome for each expectation and target, in the order of the file.

    Raises:
        ScenarioError, UsageError, EngineError: as :func:`run`; UsageError also if there is nothing to
            test, or the dataset is one of another scenario.
        DatasetError: as :func:`open`.
    """
    from simulator.authoring.targets import evaluate

    scenario, _ = compile(path, size=size, step=step, set=set, arm=arm)
    if not scenario.expect and not scenario.targets:
        raise UsageError(f"{path} has nothing to test", remedy="Write `expect:` or `targets:` into it.")
    if dataset is None:
        given: dict[str, Any] = {"size": size, "step": step, "set": set, "arm": arm}
        log = run(path, seed=seed, workers=workers, progress=progress, **given)
    else:
        log = open(dataset)
        made = log.manifest["provenance"]["scenario"]["id"]
        if made != scenario.id:
            raise UsageError(
                f"{dataset} is a run of {made}, not of {scenario.id}", remedy="Name its scenario."
            )
    return evaluate(scenario, log)


def statistic(log: EventLog | PathLike, statement: str) -> Statistic:
    """One statistic of a finished run, in the words of `expect:` (docs/targets.md), with its 95 % interval.

    Args:
        log: what :func:`run` or :func:`open` gave, or a folder that :func:`run` wrote.
        statement: e.g. ``"prevalence of t2d at 60..69 years"``.

    Raises:
        UsageError: if it is no statement, or names what is not in the scenario or cannot be counted.
        DatasetError: if there is no dataset, or it does not hold its scenario.
    """
    from simulator.authoring.statistic import statistic as statistic_of
    from simulator.store import EventLog

    return statistic_of(log if isinstance(log, EventLog) else open(log), statement)


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
