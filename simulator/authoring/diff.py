"""What changed clinically between two scenarios, and whose life is different for it, and why.

Each side is a scenario file (perhaps with settings, or as one of its arms) or a dataset. The model part
needs no run; the other one runs both with the same seed, or reads the two datasets.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.authoring.diff_model import Difference, differences
from simulator.authoring.made_from import made_from
from simulator.errors import DatasetError, ScenarioError, UsageError
from simulator.scenario import load_scenario, model
from simulator.scenario.parameters import Settings

if TYPE_CHECKING:
    from simulator.authoring.diff_causes import Tracer
    from simulator.authoring.diff_histories import Divergence
    from simulator.authoring.diff_rows import Words
    from simulator.store import EventLog

SIZE = 300
EXAMPLES = 3
_MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a scenario file, as it is, set, or as an arm; or a folder with a dataset."""

    path: Path
    settings: Settings | None = None
    arm: str | None = None

    @property
    def label(self) -> str:
        words = [os.fspath(self.path)]
        words += [f"{name}={value}" for name, value in (self.settings or {}).items()]
        words += [f"arm {self.arm}"] if self.arm else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Led:
    """How many patients a changed block led astray.

    Attributes:
        block: ``treatments.eti``; several, joined by `` or ``, where it may be any of them; empty if no
            changed block leads to what differs.
        patients: whose first difference comes from it.
        first: what that was, with its number of patients, the most frequent first.
    """

    block: str
    patients: int
    first: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A patient side by side.

    Attributes:
        patient, sex, birth: who.
        time: when the histories part; None if from the beginning.
        block: the changed block it comes from, with `via`, what it went through.
        because_one, because_two: why it happened there, in a few words; empty where it did not.
        rows: time, what the first has and the second has not, and the other way round; `more` are left out.
    """

    patient: int
    sex: str
    birth: dt.datetime
    time: dt.datetime | None
    block: str
    via: tuple[str, ...]
    because_one: str
    because_two: str
    rows: tuple[tuple[dt.datetime | None, str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class Histories:
    """Whose life is different.

    Attributes:
        patients: that were compared.
        seed: of both.
        different: whose histories differ; `truly` of them in what truly happened.
        led: by changed block, the most patients first.
        examples: of a few.
    """

    patients: int
    seed: int
    different: int
    truly: int
    led: tuple[Led, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scenarios side by side. `histories` is None if nobody was run; `note` then says why."""

    one: str
    two: str
    changes: tuple[Difference, ...]
    histories: Histories | None
    note: str = ""

    @property
    def same(self) -> bool:
        return not self.changes and (self.histories is None or self.histories.different == 0)


def compare(
    one: Side,
    two: Side,
    *,
    size: int | None = None,
    seed: int = 0,
    run: bool = True,
    workers: int = 1,
    watch: Callable[[str], Any] | None = None,
) -> Comparison:
    """Compare two scenario files, arms, or datasets.

    Args:
        one, two: both files, or both folders.
        size: patients to run; 300 if None.
        seed: of both runs.
        run: whether to run files; datasets are compared as they are.
        workers: threads.
        watch: given a label, a context in which a run is told about (see `api.sweep`).

    Raises: as `simulator.api.diff`.
    """
    folders = [side for side in (one, two) if side.path.is_dir()]
    if len(folders) == 1:
        raise UsageError(
            f"{folders[0].path} is a folder, the other one is not",
            remedy="Compare two scenario files, or two datasets.",
        )
    if folders:
        return _compare_datasets(one, two)
    scenarios = _load(one), _load(two)
    changes = differences(*scenarios)
    if not run:
        return Comparison(one.label, two.label, changes, None, "nobody was run (--no-run)")
    if any(scenario.population is None for scenario in scenarios):
        note = "a file without `population:` is a library, so nobody can be run"
        return Comparison(one.label, two.label, changes, None, note)
    logs = [_run(side, size or SIZE, seed, workers, watch) for side in (one, two)]
    return Comparison(one.label, two.label, changes, _histories(scenarios, logs, changes, seed))


def _load(side: Side) -> model.Scenario:
    scenario, findings = load_scenario(side.path, settings=side.settings, arm=side.arm)
    if scenario is None:
        raise ScenarioError(findings.sorted())
    return scenario


def _run(side: Side, size: int, seed: int, workers: int, watch: Callable[[str], Any] | None) -> EventLog:
    from contextlib import nullcontext

    from simulator.compiler import compile_file
    from simulator.compiler.flatten import flatten
    from simulator.compiler.origin import origin
    from simulator.engine.recording import record

    scenario, machine = compile_file(side.path, size=size, settings=side.settings, arm=side.arm)
    made = origin(side.path, scenario, machine, seed, None, side.settings, side.arm)
    with watch(side.label) if watch else nullcontext() as told:
        return record(flatten(machine), made, seed=seed, workers=workers, progress=told)


def _compare_datasets(one: Side, two: Side) -> Comparison:
    from simulator.store import Dataset

    for side in (one, two):
        if side.settings or side.arm:
            raise UsageError(
                "datasets are compared as they are",
                remedy="Leave out --set and --arm, or name scenario files.",
            )
    logs = [Dataset(side.path) for side in (one, two)]
    scenarios = tuple(_scenario_of(log) for log in logs)
    changes = differences(scenarios[0], scenarios[1])
    seeds = [int(log.manifest["provenance"]["seed"]) for log in logs]
    if seeds[0] != seeds[1]:
        note = f"the seeds differ ({seeds[0]} and {seeds[1]}), so the patients are other people"
        return Comparison(one.label, two.label, changes, None, note)
    found = _histories((scenarios[0], scenarios[1]), logs, changes, seeds[0])
    note = ""
    if len(logs[0]) != len(logs[1]):
        note = f"of {len(logs[0]):,} and {len(logs[1]):,} patients, those with the same number were compared"
    return Comparison(one.label, two.label, changes, found, note)


def _scenario_of(log: Any) -> model.Scenario:
    """The scenario a dataset holds, as it was run, its size apart."""
    scenario, _ = made_from(log)
    if scenario is None:
        raise DatasetError(
            f"{log.path} does not hold a scenario that this version can read",
            remedy="Run its scenario again with this version.",
        )
    return scenario


# --- histories ------------------------------------------------------------------------------


def _histories(
    scenarios: tuple[model.Scenario, ...],
    logs: Sequence[EventLog],
    changes: tuple[Difference, ...],
    seed: int,
) -> Histories:
    from simulator.authoring.diff_causes import Tracer
    from simulator.authoring.diff_histories import divergences
    from simulator.authoring.diff_rows import Words

    tracer = Tracer(scenarios[0], scenarios[1], changes)
    words = Words(scenarios, logs)
    by_block: dict[str, Counter[str]] = {}
    kept: dict[str, list[Divergence]] = {}
    different = truly = 0
    for each in divergences(logs[0], logs[1]):
        different += 1
        truly += each.truth
        block = _blocks(tracer, each)
        by_block.setdefault(block, Counter())[words.first(each)] += 1
        if len(kept.setdefault(block, [])) < EXAMPLES:
            kept[block].append(each)
    led = sorted(
        (Led(block, found.total(), tuple(found.most_common())) for block, found in by_block.items()),
        key=lambda each: -each.patients,
    )
    chosen = _spread([kept[each.block] for each in led])
    examples = tuple(_example(each, tracer, words, logs) for each in chosen)
    patients = min(map(len, logs))
    return Histories(patients, seed, different, truly, tuple(led), examples)


def _blocks(tracer: Tracer, divergence: Divergence) -> str:
    found = [f"{c.section}.{c.name}" if c.section != c.name else c.name for c in tracer.causes(divergence)]
    return " or ".join(dict.fromkeys(found))


def _spread(lists: list[list[Divergence]]) -> list[Divergence]:
    """A few examples: one for each changed block first."""
    rounds = [each[i] for i in range(EXAMPLES) for each in lists if i < len(each)]
    return rounds[:EXAMPLES]


def _example(each: Divergence, tracer: Tracer, words: Words, logs: Sequence[EventLog]) -> Example:
    from simulator.authoring.diff_rows import because_of

    subject = logs[0].patient(each.patient).subject
    cause = next(iter(tracer.causes(each)), None)
    rows = words.side_by_side(each)
    because = [
        because_of(log, each.patient, row) for log, row in zip(logs, (each.one, each.two), strict=True)
    ]
    if because[0] == because[1]:  # both did the same, and found another value
        because = ["", ""]
    return Example(
        each.patient, str(subject["sex"]), subject["birth"], each.time,
        _blocks(tracer, each), cause.via if cause else (),
        because[0], because[1], tuple(rows[:_MOST_ROWS]), max(0, len(rows) - _MOST_ROWS),
    )  # fmt: skip
