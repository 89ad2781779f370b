"""What a run says of one disease: how many have it and get it, in which state, and what becomes of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from simulator.authoring.preview.bands import Band, Divisions, band_index
from simulator.authoring.preview.intervals import Curve, Estimate, event_rate, kaplan_meier, share, time_share
from simulator.authoring.preview.people import People
from simulator.authoring.preview.spells import (
    ABSENT,
    NOT_THERE,
    START,
    Moves,
    Spells,
    observed_in,
    spells_of,
    time_in,
)
from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import Bools, Floats, Ints
from simulator.authoring.statistics.tables import Events
from simulator.scenario.model import Disease

Series = tuple[tuple[Band, Estimate], ...]

INSTANTS = 61  #: points in time at which states are counted
LONG = 1.0  #: years; of illnesses that last longer than this survival is of interest


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The share of people in each state.

    Attributes:
        x: float64[k], calendar years (2010.5) or ages.
        shares: float64[states, k], NaN where nobody was observed.
        states: names, those of the disease in clinical order.
        most: the largest number of people at one x.
    """

    x: Floats
    shares: Floats
    states: tuple[str, ...]
    most: int


@dataclass(slots=True)
class DiseaseFigures:
    """The numbers of one disease.

    Attributes:
        name, title, codes: as in the scenario.
        states: of the disease, in clinical order.
        spells: everybody's states.
        people: how many had it at some observed time.
        onsets: onsets observed; `born_with` of them at birth, among `births` observed.
        deaths: deaths of it, those in stays in hospital that it led to included.
        recorded: people with the diagnosis on record; `mistaken` of them before they had the disease.
        prevalence_by_age, prevalence_by_year: of the true disease; by year on 1 July, of what passes within
            a year over the whole of it.
        known_by_age, known_by_year: of the recorded diagnosis; empty where people recover.
        incidence_by_age, incidence_by_year: onsets per person-year free of the disease.
        incidence: overall.
        prevalence: overall, share of observed time.
        by_year, by_age: states.
        survival, survival_from_diagnosis: until death of any cause.
        undiagnosed: from onset to the diagnosis; share not yet diagnosed.
        ill: from onset to recovery; share still ill.
        events: recurrent events: title, and rate per person-year with the disease.
        resolves: whether people recover.
        typical: median length in years of episodes that ended in recovery, if at least half did; else NaN.
    """

    name: str
    title: str
    codes: dict[str, str]
    states: tuple[str, ...]
    spells: Spells
    people: int
    onsets: int
    born_with: int
    births: int
    deaths: int
    recorded: int
    mistaken: int
    resolves: bool
    at_birth: bool
    prevalence: Estimate
    incidence: Estimate
    prevalence_by_age: Series
    prevalence_by_year: Series
    incidence_by_age: Series
    incidence_by_year: Series
    by_year: Occupancy
    by_age: Occupancy
    known_by_age: Series = ()
    known_by_year: Series = ()
    survival: Curve | None = None
    survival_from_diagnosis: Curve | None = None
    undiagnosed: Curve | None = None
    ill: Curve | None = None
    events: tuple[tuple[str, Estimate], ...] = field(default=())
    typical: float = math.nan

    @property
    def passing(self) -> bool:
        """Whether people usually recover within a year."""
        return self.typical <= LONG


def disease_figures(
    name: str, disease: Disease, moves: dict[str, Moves], record: Events, divisions: Divisions, deaths: int
) -> DiseaseFigures:
    """Everything the preview shows of a disease.

    Args:
        name: of the disease.
        disease: its block.
        moves: by process, those of the disease and of its recurrent events.
        record: what was recorded.
        divisions: bands of age and time of the people who were observed.
        deaths: of it.
    """
    people = divisions.people
    spells = spells_of(moves[name], people)
    seen = spells.observed(people)
    onset = onsets_of(moves[name])
    observed = onset.time >= people.entry[onset.who]
    new = observed & ~onset.at_birth
    first_diagnosis = diagnoses_of(name, record, len(people))
    resolves = any(arrow.to == ABSENT for arrow in disease.course)
    ill_time = [time_in(seen, seen.ill, people, *divisions.age_span(b)) for b in divisions.ages]
    at_risk = seen.mask(ABSENT, START)
    total = [observed_in(people, *divisions.age_span(b)) for b in divisions.ages]
    ages_at_onset = people.completed_age(onset.who[new], onset.time[new])
    risk_by_age = [time_in(seen, at_risk, people, *divisions.age_span(b)) for b in divisions.ages]
    risk_by_year = [time_in(seen, at_risk, people, *divisions.year_span(b)) for b in divisions.years]
    years_of_onset = people.calendar_year(onset.time[new])
    born_in = people.entry == people.birth
    states = tuple(dict.fromkeys(disease.states))
    figures = DiseaseFigures(
        name=name,
        title=disease.title or name,
        codes=dict(disease.codes),
        states=states,
        spells=spells,
        people=len(np.unique(seen.who[seen.ill])),
        onsets=int(new.sum()),
        born_with=int((onset.at_birth & born_in[onset.who]).sum()),
        births=int(born_in.sum()),
        deaths=deaths,
        recorded=int((first_diagnosis < people.exit).sum()),
        mistaken=_mistaken(first_diagnosis, onset, people),
        resolves=resolves,
        at_birth=disease.onset.at == "birth",
        prevalence=time_share(np.sum(ill_time, axis=0), np.sum(total, axis=0)),
        incidence=event_rate(counted(onset.who[new], len(people)), np.sum(risk_by_age, axis=0)),
        prevalence_by_age=_zip(
            divisions.ages, [time_share(i, t) for i, t in zip(ill_time, total, strict=True)]
        ),
        prevalence_by_year=_by_mid_year(divisions, lambda when: _ill_at(spells, when, people)),
        incidence_by_age=rates(divisions.ages, ages_at_onset, onset.who[new], risk_by_age),
        incidence_by_year=rates(divisions.years, years_of_onset, onset.who[new], risk_by_year),
        by_year=_occupancy_by_time(spells, states, people),
        by_age=_occupancy_by_age(seen, states, divisions),
    )
    if disease.diagnosis and not resolves:
        _add_known(figures, first_diagnosis, divisions)
    _add_curves(figures, disease, onset, first_diagnosis, record, people)
    if figures.passing:
        # on any one day few have it: the whole year says more
        figures.prevalence_by_year = _by_whole_year(seen, divisions)
    figures.events = tuple(_recurrent(name, disease, moves, seen, people))
    return figures


# --- onset and diagnosis -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Onsets:
    """Every onset: who, when, and whether it was decided at birth."""

    who: Ints
    time: Ints
    at_birth: Bools


def onsets_of(moves: Moves) -> Onsets:
    """Moves from a state without the disease to one with it."""
    without = [i for i, name in enumerate(moves.states) if name in NOT_THERE]
    start = [i for i, name in enumerate(moves.states) if name == START]
    begins = np.isin(moves.origin, without) & ~np.isin(moves.target, without)
    return Onsets(moves.who[begins], moves.time[begins], np.isin(moves.origin[begins], start))


def diagnoses(disease: str, record: Events) -> Bools:
    """Rows in which a disease is recorded, at first or after a wrong diagnosis; bool[e]."""
    return record.caused_by(f"{disease}: diagnosed") | record.caused_by(f"{disease}: recognised")


def diagnoses_of(name: str, record: Events, people: int) -> Ints:
    """The instant of each person's first recorded diagnosis, 2^62 for none; int64[n]."""
    rows = diagnoses(name, record)
    first = np.full(people, 2**62, dtype=np.int64)
    np.minimum.at(first, record.person[rows], record.time[rows])
    return first


def _first_onset(onset: Onsets, people: People) -> Ints:
    first = np.full(len(people), 2**62, dtype=np.int64)
    np.minimum.at(first, onset.who, onset.time)
    return first


def _mistaken(diagnosed: Ints, onset: Onsets, people: People) -> int:
    """People whose first recorded diagnosis came before the disease, if that ever came."""
    return int(((diagnosed < people.exit) & (diagnosed < _first_onset(onset, people))).sum())


# --- how many ------------------------------------------------------------------------------


def _zip(bands: tuple[Band, ...], estimates: list[Estimate]) -> Series:
    return tuple(zip(bands, estimates, strict=True))


def counted(who: Ints, people: int) -> Floats:
    """How many events each person has; float64[people]."""
    return np.bincount(who, minlength=people).astype(np.float64)


def rates(bands: tuple[Band, ...], at: Ints, who: Ints, years: list[Floats]) -> Series:
    """Events per person-year, band by band.

    Args:
        at, who: int64[e], of each event the age at last birthday or calendar year, and whose it is.
        years: for each band each person's time; float64[n].
    """
    index = band_index(bands, at)
    return _zip(
        bands, [event_rate(counted(who[index == k], len(each)), each) for k, each in enumerate(years)]
    )


def _ill_at(spells: Spells, when: int, people: People) -> Bools:
    states = spells.at(when, people)
    there = [i for i, name in enumerate(spells.states) if name not in NOT_THERE]
    return np.isin(states, there)


def _by_mid_year(divisions: Divisions, having: Callable[[int], Bools]) -> Series:
    people, found = divisions.people, []
    for band in divisions.years:
        when = people.mid_year(band.low)
        alive = people.alive_at(when)
        has = having(when)
        found.append(share(float((has & alive).sum()), float(alive.sum())))
    return _zip(divisions.years, found)


def _by_whole_year(seen: Spells, divisions: Divisions) -> Series:
    people, found = divisions.people, []
    for band in divisions.years:
        span = divisions.year_span(band)
        found.append(time_share(time_in(seen, seen.ill, people, *span), observed_in(people, *span)))
    return _zip(divisions.years, found)


def _add_known(figures: DiseaseFigures, diagnosed: Ints, divisions: Divisions) -> None:
    """The prevalence of the diagnosis on record: whoever was once diagnosed stays so."""
    people = divisions.people
    by_age = []
    for band in divisions.ages:
        begin, end = divisions.age_span(band)
        total = observed_in(people, begin, end)
        by_age.append(time_share(observed_in(people, np.maximum(begin, diagnosed), end), total))
    figures.known_by_age = _zip(divisions.ages, by_age)
    figures.known_by_year = _by_mid_year(divisions, lambda when: diagnosed <= when)


def _occupancy_by_time(spells: Spells, states: tuple[str, ...], people: People) -> Occupancy:
    begin, end = int(people.entry.min()), int(people.exit.max())
    instants = np.linspace(begin, max(begin, end - 1), INSTANTS).astype(np.int64)
    shares = np.full((len(states), INSTANTS), math.nan)
    most = 0
    numbers = [spells.states.index(name) for name in states]
    for k, when in enumerate(instants):
        state = spells.at(int(when), people)
        alive = int((state >= 0).sum())
        most = max(most, alive)
        if alive:
            counts = np.bincount(state[state >= 0], minlength=len(spells.states))
            shares[:, k] = counts[numbers] / alive
    return Occupancy(1970 + instants / YEAR, shares, states, most)


def _occupancy_by_age(seen: Spells, states: tuple[str, ...], divisions: Divisions) -> Occupancy:
    people, bands = divisions.people, divisions.single_ages
    shares = np.full((len(states), len(bands)), math.nan)
    most = 0
    masks = [seen.mask(name) for name in states]
    for k, band in enumerate(bands):
        begin, end = divisions.age_span(band)
        each = observed_in(people, begin, end)
        most = max(most, int((each > 0).sum()))
        # of the last years of life too little is seen to be drawn
        if each.sum() >= 5.0:
            shares[:, k] = [time_in(seen, mask, people, begin, end).sum() / each.sum() for mask in masks]
    return Occupancy(np.array([band.middle for band in bands]), shares, states, most)


# --- what becomes of them ------------------------------------------------------------------


def _add_curves(
    figures: DiseaseFigures,
    disease: Disease,
    onset: Onsets,
    diagnosed: Ints,
    record: Events,
    people: People,
) -> None:
    first = _first_onset(onset, people)
    spells = figures.spells
    if figures.resolves:
        episode = spells.ill & (spells.start >= people.entry[spells.who])
        start, stop, who, recovered = _episodes(spells, people)
        if len(who) and 2 * recovered.sum() >= len(who):
            figures.typical = float(np.median((stop - start)[recovered]) / YEAR)
        figures.ill = kaplan_meier(np.zeros(len(who)), (stop - start) / YEAR, recovered)
        if disease.diagnosis and episode.any():
            figures.undiagnosed = _undiagnosed_episodes(figures.name, start, stop, who, record)
    if not figures.passing:
        figures.survival = _survival(first, people)
        if disease.diagnosis and not figures.resolves:
            figures.survival_from_diagnosis = _survival(diagnosed, people)
    if disease.diagnosis and not figures.resolves:
        has = (first < people.exit) & (diagnosed >= first)
        left = np.minimum(diagnosed, people.exit)
        figures.undiagnosed = kaplan_meier(
            np.clip(people.entry - first, 0, None)[has] / YEAR,
            (left - first)[has] / YEAR,
            (diagnosed < people.exit)[has],
        )


def _survival(origin: Ints, people: People) -> Curve | None:
    """From an instant on, until death of any cause; who came under observation later enters later."""
    has = origin < people.exit
    return kaplan_meier(
        np.clip(people.entry - origin, 0, None)[has] / YEAR,
        (people.exit - origin)[has] / YEAR,
        people.died[has],
    )


def _episodes(spells: Spells, people: People) -> tuple[Ints, Ints, Ints, Bools]:
    """Episodes of illness that began under observation: start, stop, who, whether they ended by recovery."""
    ill = spells.ill
    begins = ill.copy()
    begins[1:] &= ~(ill[:-1] & (spells.who[1:] == spells.who[:-1]))
    number = np.cumsum(begins)
    start, who = spells.start[begins], spells.who[begins]
    stop = np.zeros(len(start), dtype=np.int64)
    np.maximum.at(stop, number[ill] - 1, spells.stop[ill])
    observed = start >= people.entry[who]
    recovered = stop < people.exit[who]
    return start[observed], stop[observed], who[observed], recovered[observed]


def _undiagnosed_episodes(name: str, start: Ints, stop: Ints, who: Ints, record: Events) -> Curve | None:
    """Of each episode the time until it is recorded; it ends unrecorded with recovery or death."""
    rows = diagnoses(name, record)
    seen, when = record.person[rows], record.time[rows]
    episodes = Spells(who, np.arange(len(who)), start, stop, ())
    index = episodes.state_of(seen, when)
    inside = (index >= 0) & (when <= stop[np.maximum(index, 0)])
    first = np.full(len(who), 2**62, dtype=np.int64)
    np.minimum.at(first, index[inside], when[inside])
    found = first <= stop
    return kaplan_meier(np.zeros(len(who)), (np.minimum(first, stop) - start) / YEAR, found)


def _recurrent(
    name: str, disease: Disease, moves: dict[str, Moves], seen: Spells, people: People
) -> list[tuple[str, Estimate]]:
    """Recurrent events per person-year with the disease."""
    always = np.full(len(people), 2**62)
    years = time_in(seen, seen.ill, people, people.birth, always)
    found = []
    for event, block in disease.events.items():
        rows = moves[f"{name}.{event}"]
        who = rows.who[rows.time >= people.entry[rows.who]]
        found.append((block.title or event, event_rate(counted(who, len(people)), years)))
    return found
