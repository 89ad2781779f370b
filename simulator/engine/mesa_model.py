"""The simulation as a Mesa model: a step is a window, a facility is an agent (docs/mesa.md)."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import numpy.typing as npt

from simulator.compiler import compile_file
from simulator.compiler.flatten import flatten
from simulator.compiler.layout import H_START, R_ALIVE, R_COMMUNITY, R_ENC, R_ENC_START
from simulator.compiler.origin import origin
from simulator.compiler.program import Program
from simulator.engine.beds import UNLIMITED, BedUse, UnrecordedStays, bed_use, no_use
from simulator.engine.facility import BED_CLASSES, Facility
from simulator.engine.patient_agent import PatientAgent, datetime_of
from simulator.engine.recording import record
from simulator.engine.windows import Cohort, mix
from simulator.errors import UsageError
from simulator.provenance import provenance
from simulator.store.dataset import Dataset
from simulator.store.log import EventLog

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: what the data collector asks every facility after a window
FACILITY_REPORTERS = (
    "name", "community", "class_", "beds", "occupied", "peak_occupied",
    "admissions", "discharges", "overflow",
)  # fmt: skip


class PopulationModel(mesa.Model):
    """A population, alive window by window.

    Stepping it to the end and asking for the `log` gives what :func:`simulator.run` gives, byte for
    byte. Everybody's state is kept in memory at the same time (1 to 20 kB a patient).

    Args:
        scenario: a scenario file (YAML), or a Program made from one.
        size: number of patients, instead of the file's.
        seed: 0 to 2^64 - 1.
        step: window, e.g. ``"1 week"``, instead of the file's.
        set: values of parameters, instead of the file's, e.g. ``{"uptake": "50%"}``; `mesa.batch_run` takes a
            list of such dicts.
        arm: the arm of the scenario.
        workers: threads; they change nothing in what comes out.
        beds: how many each inpatient facility has; or by class (``{"inpatient": 20, "emergency": 6}``)
            or name of a facility (``{"inpatient 3": 40}``, which goes before its class).
            Where nothing is said there is no limit.
        beds_per_1000: inpatient beds per 1,000 people of the community (rounded up), instead of `beds`.

    Attributes:
        program: what everybody lives by.
        cohort: the patients (`simulator.engine.windows.Cohort`).
        facilities: one per community and class of encounter with beds, by class and community; they
            are the model's agents.
        datacollector: a `mesa.DataCollector`; one row per window, `facility_frame` for facilities.
        bed_use: what the latest window did to the beds.

    Raises:
        ScenarioError: with every finding, if the scenario has errors.
        UsageError: if the file cannot be read or an argument cannot be honoured.
        EngineError: if the simulation cannot begin.
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str] | Program,
        *,
        size: int | None = None,
        seed: int = 0,
        step: str | None = None,
        set: Mapping[str, str | float | dt.date] | None = None,
        arm: str | None = None,
        workers: int = 1,
        beds: int | Mapping[str, int] | None = None,
        beds_per_1000: float | None = None,
    ) -> None:
        number = _checked_seed(seed)
        super().__init__(rng=number)
        self.program, self._provenance = _prepared(scenario, size, number, step, set, arm)
        self.cohort = Cohort(self.program, number, workers=workers)
        self._prevalence, self._living = self.cohort.shares()
        self._deaths = 0
        communities = self.program.machine.population.communities
        classes = [spec.class_ for spec in self.program.machine.encounters]
        bed_classes = [name for name in BED_CLASSES if name in classes]
        # facility of a stay: first facility of its class (-1: none) + community
        self._first_facility = np.array(
            [bed_classes.index(name) * communities if name in bed_classes else -1 for name in classes],
            np.int64,
        )
        names = [(name, community) for name in bed_classes for community in range(communities)]
        given = _beds(names, beds, beds_per_1000, self._living)
        self.facilities = tuple(
            Facility(self, i, *name, number_of)
            for i, (name, number_of) in enumerate(zip(names, given, strict=True))
        )
        self._unrecorded = UnrecordedStays(self.cohort)
        self.bed_use = no_use(self._occupied_at_start())
        self._tell_facilities()
        self.datacollector = mesa.DataCollector(
            model_reporters=self._reporters(),
            agenttype_reporters={Facility: {name.rstrip("_"): name for name in FACILITY_REPORTERS}},
        )

    # --- stepping -----------------------------------------------------------------------------

    def step(self) -> None:
        """Everybody lives through the next window. Raises: UsageError after the last one."""
        if self.finished:
            raise UsageError(
                f"the period is over on {self.date}",
                remedy="log() and save() give the record; make a new model to live through it again",
            )
        cohort, living = self.cohort, self._count_alive()
        cohort.step(mix(cohort.mixing, self._prevalence))
        self._prevalence, self._living = cohort.shares()
        self._deaths = living - self._count_alive()
        self.bed_use = self._use_beds()
        self._tell_facilities()
        self.running = not cohort.finished
        self.datacollector.collect(self)

    def run(self) -> PopulationModel:
        """Step to the end of the period; returns the model."""
        while self.running:
            self.step()
        return self

    # --- what there is to see -----------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether the end of the period is reached."""
        return self.cohort.finished

    @property
    def date(self) -> dt.datetime:
        """The instant reached (UTC, no zone): all before it has happened, nothing at it."""
        return datetime_of(self.cohort.now)

    @property
    def living(self) -> int:
        """People who are born and not dead."""
        return int(self._living.sum())

    @property
    def deaths(self) -> int:
        """Deaths in the latest window."""
        return self._deaths

    @property
    def admissions(self) -> int:
        """Stays that began in the latest window, over all facilities."""
        return int(self.bed_use.admissions.sum())

    @property
    def discharges(self) -> int:
        """Stays that ended in the latest window, over all facilities."""
        return int(self.bed_use.discharges.sum())

    @property
    def occupancy(self) -> dict[str, int]:
        """Beds taken, by name of the facility."""
        return {facility.name: facility.occupied for facility in self.facilities}

    def prevalence(self, signal: str) -> FloatArray:
        """Share of the living in the condition of an exchange; float64[communities], 0 where nobody lives.

        It is what the community's own members are in, before contacts between communities are mixed.

        Raises: UsageError if the scenario exchanges nothing of that name.
        """
        names = [spec.name for spec in self.program.machine.signals]
        if signal not in names:
            raise UsageError(
                f"nothing named {signal!r} is exchanged", remedy=f"there is {', '.join(names) or 'nothing'}"
            )
        return self._prevalence[:, names.index(signal)].copy()

    def patient(self, subject_id: int, *, join: bool = False) -> PatientAgent:
        """A view of one patient.

        Args:
            subject_id: from 1.
            join: whether it shall be among `model.agents`.

        Raises: UsageError if there is no such patient.
        """
        if not 1 <= subject_id <= self.cohort.size:
            raise UsageError(
                f"there is no patient {subject_id}", remedy=f"patients are numbered 1 to {self.cohort.size}"
            )
        agent = PatientAgent(self, subject_id)
        if not join:
            agent.remove()
        return agent

    def facility_frame(self) -> Any:
        """What facilities reported: a pandas DataFrame by step (from 1) and agent."""
        return self.datacollector.get_agenttype_vars_dataframe(Facility)

    # --- the record ---------------------------------------------------------------------------

    def log(self) -> EventLog:
        """The event log of everybody, kept in memory: what `simulator.run` gives.

        Patients live through the period a second time, with what they passed on in the first.

        Raises: UsageError before the end of the period is reached.
        """
        return self._record(None, False)

    def save(self, out: str | os.PathLike[str], *, force: bool = False) -> Dataset:
        """The event log, written as a MEDS dataset: what `simulator run --out` writes.

        Args:
            out: the folder to make.
            force: replace `out` if it holds a dataset.

        Raises:
            UsageError: before the end of the period is reached.
            DatasetError: if `out` exists (without `force`, or if it is no dataset) or cannot be written.
        """
        log = self._record(out, force)
        assert isinstance(log, Dataset)
        return log

    def _record(self, out: str | os.PathLike[str] | None, force: bool) -> EventLog:
        if not self.finished:
            raise UsageError(
                f"the run is not finished: it has reached {self.date}",
                remedy="call run(), or step() while `running`",
            )
        cohort = self.cohort
        return record(
            self.program,
            self._provenance,
            seed=cohort.seed,
            workers=cohort.workers,
            out=out,
            force=force,
            signals=cohort.signals if self.program.machine.signals else None,
        )

    # --- behind the scenes --------------------------------------------------------------------

    def _count_alive(self) -> int:
        return int(self.cohort.rows[:, R_ALIVE].sum())

    def _facility_of(self, patient: IntArray, kind: IntArray) -> IntArray:
        """Facility of each stay, -1 if it takes no bed."""
        first = self._first_facility[kind]
        return np.where(first >= 0, first + self.cohort.rows[patient, R_COMMUNITY], -1)

    def _occupied_at_start(self) -> IntArray:
        rows = self.cohort.rows
        # one that begins at the start of the period or later (a birth) is an admission to come
        old = (rows[:, R_ALIVE] == 1) & (rows[:, R_ENC] >= 0) & (rows[:, R_ENC_START] < self.program[H_START])
        patients = np.flatnonzero(old)
        facility = self._facility_of(patients, rows[patients, R_ENC])
        return np.bincount(facility[facility >= 0], minlength=len(self.facilities))

    def _use_beds(self) -> BedUse:
        seen, unseen = self.cohort.stays, self._unrecorded.ended(self.cohort)
        patient, kind, start, end = (
            np.concatenate([getattr(seen, name), getattr(unseen, name)])
            for name in ("patient", "kind", "start", "end")
        )
        facility = self._facility_of(patient, kind)
        taken = facility >= 0
        beds = np.array([UNLIMITED if f.beds is None else f.beds for f in self.facilities], np.int64)
        since = int(self.cohort.edges[self.cohort.window - 1])
        return bed_use(self.bed_use.occupied, beds, facility[taken], start[taken], end[taken], since)

    def _tell_facilities(self) -> None:
        for facility in self.facilities:
            facility.step()

    def _reporters(self) -> dict[str, Any]:
        names = ("date", "living", "deaths", "admissions", "discharges", "occupancy")
        reporters: dict[str, Any] = {name: name for name in names}
        for k, spec in enumerate(self.program.machine.signals):
            reporters[f"prevalence_{spec.name}"] = partial(_mean_prevalence, signal=k)
            reporters[f"prevalence_{spec.name}_by_community"] = partial(_prevalence, signal=k)
        return reporters


def _mean_prevalence(model: PopulationModel, signal: int) -> float:
    """Share of all the living in the condition of a signal."""
    living = model._living
    people = int(living.sum())
    return float(model._prevalence[:, signal] @ living) / people if people else 0.0


def _prevalence(model: PopulationModel, signal: int) -> FloatArray:
    return model._prevalence[:, signal]


def _checked_seed(seed: int | None) -> int:
    if seed is None:
        raise UsageError(
            "seed is None",
            remedy="Give a whole number. From Mesa 3.4 on, mesa.batch_run sets the seeds itself: sweep them "
            "with batch_run(..., rng=[1, 2, 3]), not among the parameters.",
        )
    if not 0 <= seed < 2**64:
        raise UsageError(f"seed {seed} is out of range", remedy="Use a whole number from 0 to 2^64 - 1.")
    return int(seed)


def _prepared(
    scenario: str | os.PathLike[str] | Program,
    size: int | None,
    seed: int,
    step: str | None,
    settings: Mapping[str, str | float | dt.date] | None,
    arm: str | None,
) -> tuple[Program, dict[str, Any]]:
    """The program, and the provenance of its run."""
    if isinstance(scenario, Program):
        if any(given is not None for given in (size, step, settings, arm)):
            raise UsageError(
                "size and step of a Program are fixed, and so are its parameters and arm",
                remedy="give the scenario file, or compile it with them",
            )
        name, people = scenario.machine.id, scenario.machine.population.size
        return scenario, provenance(scenario=name, title=name, main="", files={}, seed=seed, size=people)
    path = Path(scenario)
    wanted = None if size is None else int(size)
    loaded, machine = compile_file(path, size=wanted, step=step, settings=settings, arm=arm)
    return flatten(machine), origin(path, loaded, machine, seed, step, settings, arm)


def _beds(
    facilities: list[tuple[str, int]],
    beds: int | Mapping[str, int] | None,
    beds_per_1000: float | None,
    living: IntArray,
) -> list[int | None]:
    """How many beds each facility (class, community) has; None where there is no limit."""
    if beds_per_1000 is not None:
        if beds is not None:
            raise UsageError("both beds and beds_per_1000 are given", remedy="give one of them")
        if not 0 <= beds_per_1000 < float("inf"):
            raise UsageError(f"beds_per_1000 is {beds_per_1000}", remedy="give 0 or more")
        wanted = np.ceil(np.round(beds_per_1000 * living / 1000, 9))
        return [int(wanted[c]) if name == "inpatient" else None for name, c in facilities]
    given: dict[str, Any] = (
        dict(beds) if isinstance(beds, Mapping) else {} if beds is None else {"inpatient": beds}
    )
    known = {name: 0 for name, _ in facilities} | {f"{name} {c}": 0 for name, c in facilities}
    for name, number in given.items():
        if name not in known and name not in BED_CLASSES:
            raise UsageError(
                f"there is no facility {name!r}",
                remedy=f"name a class, or a class and a community: {', '.join(list(known)[:4])}, …",
            )
        if not isinstance(number, (int, np.integer)) or number < 0:
            raise UsageError(
                f"{name} has {number!r} beds",
                remedy="give a whole number, 0 or more; mesa.batch_run sweeps over the keys of a dict, "
                "so give it a list of dicts: [{'inpatient': 20}]",
            )
    return [given.get(f"{name} {c}", given.get(name)) for name, c in facilities]
