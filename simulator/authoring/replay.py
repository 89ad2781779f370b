"""One patient of a dataset lived again, watched: from what the dataset says of itself, and nothing else.

The manifest holds the text of the scenario, the size, seed and step; a coupled run also left what
communities passed on. The reference engine replays the one patient, and the replay must equal the rows of
the dataset: otherwise it was written by another version, and an explanation would be about someone else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.authoring.made_from import made_from
from simulator.compiler.lower import compile_scenario
from simulator.compiler.machine import Machine, Term
from simulator.compiler.origins import Origins
from simulator.engine.ages import NULL
from simulator.engine.reference import Signals
from simulator.engine.reference_chart import PatientHistory
from simulator.engine.reference_trace import Trace, Watch, trace_patient
from simulator.errors import DatasetError, ScenarioError
from simulator.scenario.model import Scenario
from simulator.store import Chunk, Dataset, Patient, Vocabulary
from simulator.store.chunk import Array
from simulator.store.providers import Staff
from simulator.store.tables import TableBuilder

#: options of a run that a replay knows how to honour
_OPTIONS = frozenset({"step", "set", "arm"})
_OTHER_VERSION = (
    "It was written by another version, or changed since; run its scenario again with this version."
)


@dataclass(frozen=True, slots=True)
class Replay:
    """A patient lived again.

    Attributes:
        scenario, machine, origins: what was run, and where each part of it was written.
        patient: subject_id.
        trace: the life with its books.
        watches: the terms that were asked for, over the whole life.
    """

    scenario: Scenario
    machine: Machine
    origins: Origins
    patient: int
    trace: Trace
    watches: tuple[Watch, ...]


def replay(
    dataset: Dataset, patient: int, watched: Callable[[Machine, Origins], Sequence[Term]] | None = None
) -> Replay:
    """Live one patient of a dataset again.

    Args:
        dataset: that a run of a scenario file wrote.
        patient: subject_id, from 1.
        watched: given the machine, the terms whose values over the whole life are wanted.

    Raises:
        UsageError: there is no such patient.
        DatasetError: the dataset does not hold its scenario, or a replay does not equal its rows.
    """
    stored = dataset.patient(patient)
    scenario, machine, origins = compiled(dataset)
    terms = () if watched is None else tuple(watched(machine, origins))
    seed = int(dataset.manifest["provenance"]["seed"])
    trace, watches = trace_patient(machine, seed, patient - 1, _signals(dataset, machine), terms)
    difference = _difference(stored, _patient(trace.history, machine))
    if difference:
        raise DatasetError(
            f"patient {patient} lived again is not the patient of {dataset.path}: {difference}",
            remedy=_OTHER_VERSION,
        )
    return Replay(scenario, machine, origins, patient, trace, watches)


def compiled(dataset: Dataset) -> tuple[Scenario, Machine, Origins]:
    """The scenario that a dataset was made from, as it was then, compiled by this version.

    Raises: DatasetError if the dataset does not hold it or this version cannot read it.
    """
    options = dict(dataset.manifest["provenance"].get("options", {}))
    foreign = sorted(set(options) - _OPTIONS)
    if foreign:
        raise DatasetError(
            f"{dataset.path} was made with options that cannot be replayed: {', '.join(foreign)}",
            remedy="Run the scenario without them.",
        )
    scenario, findings = made_from(dataset)
    origins = Origins()
    size, step = int(dataset.manifest["plan"]["patients"]), options.get("step")
    try:
        scenario, machine = compile_scenario(scenario, findings, size=size, step=step, origins=origins)
    except ScenarioError as error:
        first = next(f for f in error.findings if f.severity == "error")
        raise DatasetError(
            f"the scenario in {dataset.path} is not one of this version: {first.span}: {first.message}",
            remedy=_OTHER_VERSION,
        ) from error
    if Vocabulary.from_machine(machine).to_json() != dataset.vocabulary.to_json():
        raise DatasetError(
            f"this version makes other codes or transitions of the scenario in {dataset.path}",
            remedy=_OTHER_VERSION,
        )
    return scenario, machine, origins


def _signals(dataset: Dataset, machine: Machine) -> Signals | None:
    """What communities passed on, as the run left it: signals[window][community][signal]."""
    if not machine.signals:
        return None
    rows = dataset.table("exchange", ["value"])
    shape = (-1, len(machine.signals), machine.population.communities)
    try:
        values = rows.column("value").to_numpy().reshape(shape)
    except ValueError as error:
        raise DatasetError(
            f"the exchange table of {dataset.path} is incomplete", remedy=_OTHER_VERSION
        ) from error
    signals: Signals = np.swapaxes(values, 1, 2).tolist()
    return signals


def _patient(history: PatientHistory, machine: Machine) -> Patient:
    """A history as the tables that a dataset would give."""
    vocabulary = Vocabulary.from_machine(machine)
    builder = TableBuilder(vocabulary, Staff.of(vocabulary, machine.population.communities))
    chunk = chunk_of(history)
    return Patient(
        subject=builder.subjects(chunk).to_pylist()[0],
        events=builder.events(chunk),
        encounters=builder.encounters(chunk),
        truth=builder.truth(chunk),
    )


def _whole(column: Sequence[object]) -> Array:
    """A column of whole numbers; int64[n]."""
    return np.array(column, dtype=np.int64)


def chunk_of(history: PatientHistory) -> Chunk:
    """A history of the reference as the engine would hand it to the store."""
    events = list(zip(*history.events, strict=True)) or [()] * 6
    encounters = list(zip(*history.encounters, strict=True)) or [()] * 4
    truth = list(zip(*history.truth, strict=True)) or [()] * 5
    return Chunk(
        first=history.patient,
        birth=_whole([history.birth]),
        death=_whole([NULL if history.death is None else history.death]),
        entry=_whole([history.record_from]),
        exit=_whole([history.exit]),
        sex=_whole([history.sex]),
        death_cause=_whole([-1 if history.death_arrow is None else history.death_arrow]),
        community=_whole([history.community]),
        event_counts=_whole([len(history.events)]),
        ev_time=_whole(events[0]),
        ev_code=_whole(events[1]),
        ev_value=np.array(events[2], dtype=np.float32),
        ev_encounter=_whole(events[3]),
        ev_end=_whole(events[4]),
        ev_cause=_whole(events[5]),
        encounter_counts=_whole([len(history.encounters)]),
        enc_number=_whole(encounters[0]),
        enc_kind=_whole(encounters[1]),
        enc_start=_whole(encounters[2]),
        enc_end=_whole(encounters[3]),
        truth_counts=_whole([len(history.truth)]),
        tr_time=_whole(truth[0]),
        tr_process=_whole(truth[1]),
        tr_from=_whole(truth[2]),
        tr_to=_whole(truth[3]),
        tr_arrow=_whole(truth[4]),
    ).normalized()


def _difference(stored: Patient, again: Patient) -> str:
    """The first difference between two patients, in words; empty if there is none."""
    for column, value in stored.subject.items():
        if value != again.subject[column]:
            return f"{column} is {value} in the dataset and {again.subject[column]} again"
    for table in ("truth", "events", "encounters"):
        there, here = getattr(stored, table).to_pylist(), getattr(again, table).to_pylist()
        if len(there) != len(here):
            return f"{len(there)} rows of {table} in the dataset, {len(here)} again"
        for number, (one, other) in enumerate(zip(there, here, strict=True)):
            if not _same(one, other):
                return f"row {number} of {table} differs"
    return ""


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one == other or all(
        a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))
        for a, b in zip(one.values(), other.values(), strict=True)
    )
