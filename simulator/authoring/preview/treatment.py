"""Who takes a treatment, and who ever took it, year by year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.authoring.preview.bands import Divisions
from simulator.authoring.preview.disease import Series
from simulator.authoring.preview.intervals import Curve, kaplan_meier, share
from simulator.authoring.preview.people import People
from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import Ints
from simulator.authoring.statistics.spells import ends
from simulator.authoring.statistics.tables import Events
from simulator.knowledge.codes import SYSTEMS, preferred
from simulator.scenario.model import Treatment


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses of a treatment: who, from when to when (`exit` if still taken then); int64[c] each."""

    who: Ints
    start: Ints
    stop: Ints
    stopped: np.ndarray


@dataclass(frozen=True, slots=True)
class TreatmentFigures:
    """The numbers of one treatment.

    Attributes:
        people: who ever took it.
        starts, stops: within the recorded period.
        now, ever: on 1 July of each year, share of those alive.
        taken: how long a course lasts.
    """

    name: str
    title: str
    people: int
    starts: int
    stops: int
    now: Series
    ever: Series
    taken: Curve | None


def courses_of(
    name: str, treatment: Treatment, record: Events, people: People, *, pauses: bool = False
) -> Courses:
    """From each start on record to the stop that follows it; a new dose begins no new course.

    Args:
        pauses: a pause ends a course, and taking it again begins another.
    """
    code = preferred({k: v for k, v in treatment.codes.items() if k in SYSTEMS}, name)
    own = record.code.equal(code) & record.caused_by(f"{name}: ")
    begins = record.status.equal("active")
    over = ("stopped", "on-hold") if pauses else ("stopped",)
    rows = np.flatnonzero(own & (begins | record.status.match(lambda word: word in over)))
    who, begin = record.person[rows], begins[rows]
    changes = np.ones(len(rows), dtype=bool)
    changes[1:] = (who[1:] != who[:-1]) | (begin[1:] != begin[:-1])
    who, begin, time = who[changes], begin[changes], record.time[rows][changes]
    stopped = np.zeros(len(who), dtype=bool)
    stopped[:-1] = who[1:] == who[:-1]
    stop = ends(who, time, people.exit[who])
    return Courses(who[begin], time[begin], stop[begin], stopped[begin])


def treatment_figures(
    name: str, treatment: Treatment, record: Events, divisions: Divisions
) -> TreatmentFigures:
    """Everything the preview shows of a treatment."""
    people = divisions.people
    courses = courses_of(name, treatment, record, people)
    takes = courses_of(name, treatment, record, people, pauses=True)
    first = np.full(len(people), 2**62, dtype=np.int64)
    np.minimum.at(first, courses.who, courses.start)
    now, ever = [], []
    for band in divisions.years:
        when = people.mid_year(band.low)
        alive = people.alive_at(when)
        taking = np.zeros(len(people), dtype=bool)
        taking[takes.who[(takes.start <= when) & (when < takes.stop)]] = True
        now.append((band, share(float((taking & alive).sum()), float(alive.sum()))))
        ever.append((band, share(float(((first <= when) & alive).sum()), float(alive.sum()))))
    entry = people.entry[courses.who]
    return TreatmentFigures(
        name=name,
        title=treatment.title or name,
        people=len(np.unique(courses.who)),
        starts=int((courses.start >= entry).sum()),
        stops=int((courses.stopped & (courses.stop >= entry)).sum()),
        now=tuple(now),
        ever=tuple(ever),
        taken=kaplan_meier(
            np.clip(entry - courses.start, 0, None) / YEAR,
            (courses.stop - courses.start) / YEAR,
            courses.stopped,
        ),
    )
