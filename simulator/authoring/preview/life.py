"""Sample patients: a few lives that show much, as lanes of truth above lanes of record."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.authoring.preview.disease import diagnoses
from simulator.authoring.preview.measurement import related_diseases
from simulator.authoring.preview.people import People
from simulator.authoring.preview.population import cause_title
from simulator.authoring.preview.spells import ABSENT, NOT_THERE, Spells
from simulator.authoring.preview.treatment import courses_of
from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import Ints, instants
from simulator.authoring.statistics.tables import Events
from simulator.compiler.time_zones import local_time
from simulator.knowledge.codes import SYSTEMS, preferred
from simulator.scenario.model import Scenario
from simulator.store import EventLog

LIVES = 5
BEFORE = 5.0  #: years before the recorded period that are shown
MOST_TRUTH, MOST_DIAGNOSES, MOST_TREATMENTS = 9, 8, 7  #: lanes
TELLING = 3.0  #: spreads by which a measurement of a disease of the patient is preferred
FEWEST_VALUES = 4  #: of a measurement, to be drawn as a line


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasts, from one age to another; `state` of a disease, or empty."""

    start: float
    stop: float
    state: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of the drawing: bars, and moments (ages); `lasts`: a diagnosis that stays on the chart."""

    title: str
    bars: tuple[Bar, ...] = ()
    moments: tuple[float, ...] = ()
    states: tuple[str, ...] = ()  # of the disease, in clinical order
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """A measurement's recorded values: ages and values."""

    title: str
    unit: str
    ages: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SampleLife:
    """One patient. Ages are in years of 365.2425 days.

    Attributes:
        subject: subject_id.
        begin, entry, exit: ages where the drawing begins, where observation begins and ends.
        year: calendar year (2010.5) at age 0.
        cause: of death, None if alive.
        truth: diseases as they were.
        record: diagnoses, treatments.
        encounters: ages of encounters by class.
        trace: the most telling measurement, if any.
        left_out: titles of lanes for which there was no room.
    """

    subject: int
    sex: str
    begin: float
    entry: float
    exit: float
    year: float
    cause: str | None
    diagnoses: int
    truth: tuple[Lane, ...]
    record: tuple[Lane, ...]
    encounters: tuple[tuple[str, tuple[float, ...]], ...]
    trace: Trace | None
    left_out: tuple[str, ...]


def sample_lives(
    scenario: Scenario, log: EventLog, people: People, record: Events, spells: dict[str, Spells]
) -> tuple[SampleLife, ...]:
    """Lives that show much: those with many, and rare, recorded diagnoses, each new to the page.

    Args:
        spells: by disease.
    """
    chosen = telling(scenario, people, record)
    subjects = [int(i) + 1 for i in chosen]
    encounters = log.encounters(["subject_id", "class", "start"], subjects=subjects) if subjects else None
    return tuple(_life(scenario, int(i), people, record, spells, encounters) for i in chosen)


def telling(scenario: Scenario, people: People, record: Events) -> list[int]:
    """Indices of the people to show.

    A diagnosis weighs the more the fewer people have it, half for each life shown that has it
    already. With equal weight, and where nobody is diagnosed, the first of the population is taken.
    """
    n = len(people)
    has = np.zeros((n, len(scenario.diseases)), dtype=bool)
    for k, name in enumerate(scenario.diseases):
        has[record.person[diagnoses(name, record)], k] = True
    counts = has.sum(axis=0)
    weight = np.log((n + 1) / np.maximum(counts, 1))
    left, chosen = np.ones(n, dtype=bool), []
    for _ in range(min(LIVES, n)):
        score = np.where(left, np.round(has @ weight, 9), -1.0)
        best = int(np.argmax(score))
        chosen.append(best)
        left[best] = False
        weight = np.where(has[best], weight / 2, weight)
    return chosen


def _life(
    scenario: Scenario,
    i: int,
    people: People,
    record: Events,
    spells: dict[str, Spells],
    encounters: pa.Table | None,
) -> SampleLife:
    birth, entry, exit_ = int(people.birth[i]), int(people.entry[i]), int(people.exit[i])
    begin = max(0.0, (entry - birth) / YEAR - BEFORE)
    lanes = [_truth_lane(scenario, name, spell, i, birth) for name, spell in spells.items()]
    truth = [lane for lane in lanes if any(b.stop > begin for b in lane.bars)]
    # what lasts comes first; what comes and goes, last
    truth.sort(key=lambda lane: -sum(b.stop - max(b.start, begin) for b in lane.bars))
    rows = np.arange(*np.searchsorted(record.person, [i, i + 1]))
    diagnosed = _diagnosis_lanes(scenario, record, rows, birth)
    treated = _treatment_lanes(scenario, record, people, i, birth)
    visits = []
    if encounters is not None:
        own = encounters.filter(pc.equal(encounters["subject_id"], i + 1))
        class_ = own["class"].cast(pa.string()).to_pylist()
        ages = (instants(own["start"]) - birth) / YEAR
        for name in ("inpatient", "emergency", "ambulatory", "virtual", "home"):
            at = tuple(float(a) for a, c in zip(ages, class_, strict=True) if c == name and a >= begin)
            if at:
                visits.append((name, at))
    lasting = {
        name
        for name, spell in spells.items()
        if (own := (spell.who == i) & spell.ill).any() and (spell.stop - spell.start)[own].max() > YEAR
    }
    cause = people.cause[i]
    return SampleLife(
        subject=i + 1,
        sex="male" if people.male[i] else "female",
        begin=begin,
        entry=(entry - birth) / YEAR,
        exit=(exit_ - birth) / YEAR,
        year=_calendar_year(local_time(birth, people.zone)),
        cause=cause_title(scenario, str(cause)) if cause is not None else None,
        diagnoses=len(diagnosed),
        truth=tuple(truth[:MOST_TRUTH]),
        record=(*diagnosed[:MOST_DIAGNOSES], *treated[:MOST_TREATMENTS]),
        encounters=tuple(visits),
        trace=_trace(scenario, record, rows, birth, lasting),
        left_out=tuple(
            dict.fromkeys(
                lane.title
                for lane in [*truth[MOST_TRUTH:], *diagnosed[MOST_DIAGNOSES:], *treated[MOST_TREATMENTS:]]
            )
        ),
    )


def _calendar_year(moment: dt.datetime) -> float:
    """The year with the share of it that is over: 2010.5 in July 2010."""
    begin, end = (dt.datetime(year, 1, 1) for year in (moment.year, moment.year + 1))
    return moment.year + (moment - begin) / (end - begin)


def _truth_lane(scenario: Scenario, name: str, spells: Spells, i: int, birth: int) -> Lane:
    low, high = np.searchsorted(spells.who, [i, i + 1])
    bars = [
        Bar((int(spells.start[k]) - birth) / YEAR, (int(spells.stop[k]) - birth) / YEAR, state)
        for k in range(low, high)
        if (state := spells.states[spells.state[k]]) not in NOT_THERE
    ]
    block = scenario.diseases[name]
    return Lane(block.title or name, bars=tuple(bars), states=tuple(dict.fromkeys(block.states)))


def _diagnosis_lanes(scenario: Scenario, record: Events, rows: Ints, birth: int) -> list[Lane]:
    lanes = []
    for name, block in scenario.diseases.items():
        at = np.unique(record.time[rows][diagnoses(name, record)[rows]])
        if len(at):
            ages = tuple(float(t - birth) / YEAR for t in at)
            lasts = not any(arrow.to == ABSENT for arrow in block.course)
            lanes.append(Lane(block.title or name, moments=ages, lasts=lasts))
    # what stays comes first, then what was seldom recorded
    return sorted(lanes, key=lambda lane: (not lane.lasts, len(lane.moments)))


def _treatment_lanes(scenario: Scenario, record: Events, people: People, i: int, birth: int) -> list[Lane]:
    lanes = []
    low, high = np.searchsorted(record.person, [i, i + 1])
    own = record.where(slice(low, high))
    for name, block in scenario.treatments.items():
        courses = courses_of(name, block, own, people, pauses=True)
        bars = tuple(
            Bar(float(a - birth) / YEAR, float(b - birth) / YEAR)
            for a, b in zip(courses.start, courses.stop, strict=True)
        )
        if bars:
            lanes.append(Lane(block.title or name, bars=bars))
    return sorted(lanes, key=lambda lane: -sum(b.stop - b.start for b in lane.bars))


def _trace(scenario: Scenario, record: Events, rows: Ints, birth: int, diseases: set[str]) -> Trace | None:
    """The measurement that lies farthest from what is usual, of those taken often enough.

    One that has to do with a lasting disease of the patient goes before.
    """
    best, score = None, -math.inf
    for name, block in scenario.measurements.items():
        code = preferred({k: v for k, v in block.codes.items() if k in SYSTEMS}, name)
        coded = record.code.equal(code)
        all_of, own = record.value[coded], rows[coded[rows]]
        values = record.value[own]
        if len(values) < FEWEST_VALUES or not (spread := float(np.nanstd(all_of))) > 0:
            continue
        far = abs(float(np.mean(values)) - float(np.nanmedian(all_of))) / spread
        if diseases & set(related_diseases(scenario, name)):
            far += TELLING
        if far > score:
            score = far
            unit = "" if block.unit == "1" else block.unit
            ages = tuple(float(t - birth) / YEAR for t in record.time[own])
            best = Trace(block.title or name, unit, ages, tuple(float(v) for v in values))
    return best
