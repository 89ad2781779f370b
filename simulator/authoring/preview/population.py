"""What a run says of its people: age and sex, deaths and their causes, encounters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product

import numpy as np

from simulator.authoring.preview.bands import Band, Divisions, band_index
from simulator.authoring.preview.disease import Series, counted, rates
from simulator.authoring.preview.intervals import Estimate, event_rate, rate
from simulator.authoring.preview.people import People
from simulator.authoring.preview.spells import observed_in
from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import Words, instants, persons
from simulator.scenario.model import Scenario
from simulator.store import EventLog


@dataclass(frozen=True, slots=True)
class Pyramid:
    """People alive and observed at an instant, by age band and sex."""

    bands: tuple[Band, ...]
    male: tuple[int, ...]
    female: tuple[int, ...]

    @property
    def people(self) -> int:
        return sum(self.male) + sum(self.female)


@dataclass(frozen=True, slots=True)
class PopulationFigures:
    """The numbers of the population.

    Attributes:
        people, deaths: counts.
        person_years: observed.
        begin, end: the recorded period, int64 microseconds.
        first, last: age and sex at its begin and on its last day.
        mortality: deaths per person-year by age: all, male, female.
        causes: deaths by cause, the most frequent first.
        death_rate: deaths per person-year.
    """

    people: int
    deaths: int
    person_years: float
    begin: int
    end: int
    first: Pyramid
    last: Pyramid
    mortality: dict[str, Series]
    causes: tuple[tuple[str, int], ...]
    death_rate: Estimate


def population_figures(scenario: Scenario, divisions: Divisions) -> PopulationFigures:
    """Everything the preview shows of the population."""
    people = divisions.people
    begin, end = int(people.entry.min()), int(people.exit.max())
    deaths = int(people.died.sum())
    everyone = np.ones(len(people), dtype=bool)
    return PopulationFigures(
        people=len(people),
        deaths=deaths,
        person_years=people.person_years,
        begin=begin,
        end=end,
        first=_pyramid(divisions, begin),
        last=_pyramid(divisions, end - 1),
        mortality={
            sex: _mortality(divisions, chosen)
            for sex, chosen in (("all", everyone), ("male", people.male), ("female", ~people.male))
        },
        causes=_causes(scenario, people),
        death_rate=rate(deaths, people.person_years),
    )


def _pyramid(divisions: Divisions, when: int) -> Pyramid:
    people = divisions.people
    who = np.flatnonzero(people.alive_at(when))
    index = band_index(divisions.ages, people.completed_age(who, np.full(len(who), when)))
    male, female = (
        np.bincount(index[people.male[who] == sex], minlength=len(divisions.ages)) for sex in (True, False)
    )
    return Pyramid(divisions.ages, tuple(male.tolist()), tuple(female.tolist()))


def _mortality(divisions: Divisions, chosen: np.ndarray) -> Series:
    people = divisions.people
    dead = np.flatnonzero(people.died & chosen)
    index = band_index(divisions.ages, people.completed_age(dead, people.exit[dead]))
    counts = np.bincount(index, minlength=len(divisions.ages))
    return tuple(
        (band, rate(float(n), float(observed_in(people, *divisions.age_span(band))[chosen].sum())))
        for band, n in zip(divisions.ages, counts, strict=True)
    )


def _causes(scenario: Scenario, people: People) -> tuple[tuple[str, int], ...]:
    counted: Counter[str] = Counter()
    for cause in people.cause:
        if cause is not None:
            counted[cause_title(scenario, str(cause))] += 1
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def cause_title(scenario: Scenario, cause: str) -> str:
    """The name for people of what ended a life: a disease's title, or background mortality."""
    process = cause.split(":")[0]
    disease = scenario.diseases.get(process)
    if disease is not None:
        return disease.title or process
    return "Other causes (background mortality)" if process == "mortality" else cause


# --- encounters ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CareFigures:
    """Encounters per person-year.

    Attributes:
        by_class: of each class, by age.
        kinds: kind, title, class, rate; the most frequent first.
        total: of any class.
    """

    by_class: dict[str, Series]
    kinds: tuple[tuple[str, str, str, Estimate], ...]
    total: Estimate


def care_figures(scenario: Scenario, log: EventLog, divisions: Divisions) -> CareFigures:
    """Encounters that began under observation, by class, age and kind."""
    people = divisions.people
    table = log.encounters(["subject_id", "class", "kind", "start"])
    who = persons(table)
    start = instants(table["start"])
    seen = start >= people.entry[who]
    who, start = who[seen], start[seen]
    class_, kind = (Words.of(table[c]).where(seen) for c in ("class", "kind"))
    ages = people.completed_age(who, start)
    years = [observed_in(people, *divisions.age_span(band)) for band in divisions.ages]
    whole = people.observed / YEAR
    by_class: dict[str, Series] = {}
    for name in ("ambulatory", "virtual", "home", "emergency", "inpatient"):
        of_class = class_.equal(name)
        if of_class.any():
            by_class[name] = rates(divisions.ages, ages[of_class], who[of_class], years)
    kinds = []
    for name, its_class in product(kind.words, class_.words):
        own = counted(who[kind.equal(name) & class_.equal(its_class)], len(people))
        if own.any():
            kinds.append((name, _care_title(scenario, name), its_class, event_rate(own, whole)))
    kinds.sort(key=lambda each: -each[3].events)
    return CareFigures(by_class, tuple(kinds), event_rate(counted(who, len(people)), whole))


def _care_title(scenario: Scenario, kind: str) -> str:
    block = scenario.care.get(kind)
    return (block.title if block is not None else None) or kind.replace("_", " ").capitalize()
