"""What a run says of its people: age and sex, deaths and their causes, encounters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulator.authoring.preview.bands import Band, Divisions
from simulator.authoring.preview.disease import Series
from simulator.authoring.preview.intervals import Estimate, rate
from simulator.authoring.preview.people import Ints, People, instants
from simulator.authoring.preview.spells import observed_in
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


def band_index(bands: tuple[Band, ...], ages: Ints) -> Ints:
    """The band of each age at last birthday; int64[m]."""
    lows = np.array([band.low for band in bands])
    return np.clip(np.searchsorted(lows, ages, side="right") - 1, 0, len(bands) - 1)


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
    who = table["subject_id"].to_numpy() - 1
    start = instants(table["start"])
    class_, kind = (table[c].cast(pa.string()).to_numpy(zero_copy_only=False) for c in ("class", "kind"))
    seen = start >= people.entry[who]
    who, start, class_, kind = who[seen], start[seen], class_[seen], kind[seen]
    index = band_index(divisions.ages, people.completed_age(who, start))
    years = [float(observed_in(people, *divisions.age_span(band)).sum()) for band in divisions.ages]
    by_class: dict[str, Series] = {}
    for name in ("ambulatory", "virtual", "home", "emergency", "inpatient"):
        counts = np.bincount(index[class_ == name], minlength=len(divisions.ages))
        if counts.any():
            by_class[name] = tuple(
                (band, rate(float(n), y)) for band, n, y in zip(divisions.ages, counts, years, strict=True)
            )
    counted = Counter(zip(kind.tolist(), class_.tolist(), strict=True))
    kinds = [
        (name, _care_title(scenario, name), of_class, rate(n, people.person_years))
        for (name, of_class), n in counted.most_common()
    ]
    return CareFigures(by_class, tuple(kinds), rate(len(who), people.person_years))


def _care_title(scenario: Scenario, kind: str) -> str:
    block = scenario.care.get(kind)
    return (block.title if block is not None else None) or kind.replace("_", " ").capitalize()
