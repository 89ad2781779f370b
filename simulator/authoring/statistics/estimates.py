"""Statements → estimates: what each statistic counts (docs/targets.md says it in words).

Time is observed from a person's entry to exit; a condition at an instant is the one that held
until then, so that an event is not counted into the state it leads to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np

from simulator.authoring.statistics import intervals
from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import ALWAYS_AFTER, ALWAYS_BEFORE, Bools, Floats, Ints
from simulator.authoring.statistics.intervals import Estimate
from simulator.authoring.statistics.record import Happenings, Record
from simulator.authoring.statistics.spells import Spells, both, latest, without
from simulator.authoring.statistics.survival import Curve, survival
from simulator.scenario import syntax as s
from simulator.scenario.statement import Statement


def estimate(record: Record, statement: Statement) -> Estimate:
    """The statistic of a log, with its interval; shares from 0 to 1, rates per year, times in years."""
    functions: dict[str, Callable[[Record, Statement], Estimate]] = {
        "prevalence": _prevalence,
        "incidence": _incidence,
        "rate": _rate,
        "median age": _age,
        "mean age": _age,
        "median time": lambda r, q: _waiting(r, q).median(),
        "mean time": _mean_time,
        "survival": lambda r, q: _survival(r, q).at(q.within or 0.0),
        "median survival": lambda r, q: _survival(r, q).median(),
        "median": _measured,
        "mean": _measured,
        "median after": _measured_after,
        "mean after": _measured_after,
        "median change": _changed,
        "mean change": _changed,
        "share": _followed,
    }
    return functions[statement.kind](record, statement)


# --- whom, and when ----------------------------------------------------------------------------


def _people(record: Record, statement: Statement) -> Bools:
    if statement.sex is None:
        return np.ones(record.people, np.bool_)
    return record.female if statement.sex == "female" else ~record.female


def _calendar(record: Record, statement: Statement) -> tuple[int, int]:
    """First instant of the statement's years, and the first after them."""
    if statement.years is None:
        return ALWAYS_BEFORE, ALWAYS_AFTER
    low, high = statement.years
    first = record.midnight(dt.date(low, 1, 1))
    if high is None:
        return first, ALWAYS_AFTER
    return first, record.midnight(dt.date(high + 1, 1, 1))


def _observed(record: Record, statement: Statement) -> Spells:
    """The time that counts: observed, of these people, in these years, at these ages, among these."""
    who = record.everybody[_people(record, statement)]
    first, last = _calendar(record, statement)
    time = Spells.of(who, np.maximum(record.entry[who], first), np.minimum(record.exit[who], last))
    if statement.ages is not None:
        time = both(time, record.at_ages(*statement.ages))
    if statement.among is not None:
        time = both(time, record.holds(statement.among))
    return time


def _chosen(record: Record, statement: Statement, happened: Happenings, *, from_entry: bool = True) -> Bools:
    """The events that count: observed, of these people, at these ages, in these years, among these."""
    who, when = happened.person, happened.time
    first, last = _calendar(record, statement)
    good = _people(record, statement)[who] & (when >= first) & (when < last) & (when <= record.exit[who])
    if from_entry:
        good &= when >= record.entry[who]
    good &= _of_age(record, statement, who, when)
    if statement.among is not None:
        good &= record.holds(statement.among).before(who, when)
    return good


def _of_age(record: Record, statement: Statement, who: Ints, when: Ints) -> Bools:
    """Whether persons are at one of the statement's ages at instants: from the birthday itself on."""
    if statement.ages is None:
        return np.ones(len(who), np.bool_)
    low, high = statement.ages
    old = when >= record.birthday(who, low)
    return old if high is None else old & (when < record.birthday(who, high))


def _name(expr: s.Expr | None) -> str:
    assert isinstance(expr, s.Name)
    return expr.text


def _sums(person: Ints, people: int) -> Floats:
    return np.bincount(person, minlength=people).astype(np.float64)


# --- shares of time and rates --------------------------------------------------------------------


def _prevalence(record: Record, statement: Statement) -> Estimate:
    """The share of the time lived (at a `day`: of the people alive) for which the condition held."""
    holds = record.holds(statement.subject)
    if statement.day is not None:
        day = record.midnight(statement.day)
        when = np.full(record.people, day, np.int64)
        alive = (record.birth <= day) & (record.death > day) & _people(record, statement)
        alive &= _of_age(record, statement, record.everybody, when)
        if statement.among is not None:
            alive &= record.holds(statement.among).before(record.everybody, when)
        having = alive & holds.before(record.everybody, when)
        return intervals.share(having.astype(np.float64), alive.astype(np.float64))
    time = _observed(record, statement)
    return intervals.share(both(time, holds).years(record.people), time.years(record.people))


def _incidence(record: Record, statement: Statement) -> Estimate:
    """New cases per year among those free of it: of a disease, without it now; else, who never had it."""
    name = _name(statement.subject)
    disease, _, what = name.partition(".")
    events = record.event(name)
    if disease in record.scenario.diseases and what in ("", "onset"):
        ill = record.holds(s.Name((disease,)))
    else:
        events = events.first()
        ill = Spells.of(events.person, events.time, np.full(len(events.time), ALWAYS_AFTER, np.int64))
    # who brings it along at the beginning of the record is no new case
    events = events.where(events.time > record.entry[events.person])
    counts = _sums(events.person[_chosen(record, statement, events)], record.people)
    at_risk = without(_observed(record, statement), ill).years(record.people)
    return intervals.rate(counts, at_risk, recurrent=bool((counts > 1).any()))


def _rate(record: Record, statement: Statement) -> Estimate:
    """All such events per year lived."""
    events = record.event(_name(statement.subject))
    counts = _sums(events.person[_chosen(record, statement, events)], record.people)
    return intervals.rate(counts, _observed(record, statement).years(record.people), recurrent=True)


# --- ages, times and values ------------------------------------------------------------------------


def _age(record: Record, statement: Statement) -> Estimate:
    """Ages at the first such event of each person, of those whose first one was observed."""
    events = record.event(_name(statement.subject)).first()
    events = events.where(_chosen(record, statement, events))
    ages = record.age(events.person, events.time)
    function = intervals.median if statement.kind == "median age" else intervals.mean
    return function(ages, events.person)


def _origins(record: Record, statement: Statement) -> Happenings:
    """Each person's first event of that name, if it is one that counts."""
    origin = record.event(_name(statement.origin)).first()
    return origin.where(_chosen(record, statement, origin))


def _next(record: Record, statement: Statement, origin: Happenings) -> Ints:
    """For each origin, the instant of the next event; ALWAYS_AFTER if there is none."""
    events = record.event(_name(statement.subject))
    strictly = statement.origin is not None and _same(statement.subject, statement.origin)
    who = np.r_[origin.person, events.person]
    when = np.r_[origin.time, events.time]
    asks = np.r_[np.ones(len(origin.person), np.int64), np.zeros(len(events.person), np.int64)]
    # of one instant, an event comes behind the question (unless it is the question itself)
    order = np.lexsort((asks if strictly else -asks, when, who))
    place = np.where(asks[order] == 0, np.arange(len(order)), len(order))
    following = np.minimum.accumulate(place[::-1])[::-1]
    found = np.full(len(order), ALWAYS_AFTER, np.int64)
    some = following < len(order)
    target = order[np.minimum(following, len(order) - 1)]
    same = some & (who[target] == who[order])
    found[order[same]] = when[target[same]]
    return found[: len(origin.person)]


def _same(a: s.Expr, b: s.Name) -> bool:
    return isinstance(a, s.Name) and a.parts == b.parts


def _waiting(record: Record, statement: Statement) -> Curve:
    """Times from the origin to the next event; cut off at the end of the record and at death."""
    origin = _origins(record, statement)
    then, last = _next(record, statement, origin), record.exit[origin.person]
    had = then <= last
    waited = (np.where(had, then, last) - origin.time) / YEAR
    return survival(np.zeros(len(waited)), waited, had)


def _mean_time(record: Record, statement: Statement) -> Estimate:
    """Times from the origin to the next event, of those who had it."""
    origin = _origins(record, statement)
    then = _next(record, statement, origin)
    had = then <= record.exit[origin.person]
    return intervals.mean((then[had] - origin.time[had]) / YEAR, origin.person[had])


def _survival(record: Record, statement: Statement) -> Curve:
    """Survival from each person's first such event; with `period`, by what happened in the years alone."""
    origin = record.event(_name(statement.origin)).first()
    if not statement.period:
        origin = origin.where(_chosen(record, statement, origin))
        who, last = origin.person, record.exit[origin.person]
        died = record.death[who] <= last
        return survival(np.zeros(len(who)), (last - origin.time) / YEAR, died)
    first, end = _calendar(record, statement)
    anytime = Statement(
        text="", kind="", subject=statement.subject, among=statement.among, ages=statement.ages,
        sex=statement.sex,
    )  # fmt: skip
    origin = origin.where(_chosen(record, anytime, origin, from_entry=False) & (origin.time < end))
    who = origin.person
    begin = np.maximum(np.maximum(record.entry[who], first), origin.time)
    last = np.minimum(record.exit[who], end)
    died = (record.death[who] <= last) & (record.death[who] < end)
    return survival((begin - origin.time) / YEAR, (last - origin.time) / YEAR, died, smooth=True)


def _followed(record: Record, statement: Statement) -> Estimate:
    """The share of origins followed by the event in time, of those that leave time for it."""
    origin = record.event(_name(statement.origin))
    origin = origin.where(_chosen(record, statement, origin))
    limit = round((statement.within or 0.0) * YEAR)
    origin = origin.where(origin.time + limit <= record.end)
    then = _next(record, statement, origin)
    had = then - origin.time <= limit
    part, whole = _sums(origin.person[had], record.people), _sums(origin.person, record.people)
    return intervals.share(part, whole)


def _measured(record: Record, statement: Statement) -> Estimate:
    """All recorded values."""
    when, values = record.values(_name(statement.subject))
    good = _chosen(record, statement, when)
    function = intervals.median if statement.kind == "median" else intervals.mean
    return function(values[good], when.person[good])


# --- values at a time after an event ---------------------------------------------------------------

#: of the time after the event, how much of it a value may be earlier or later
WINDOW = 0.25


def _measured_after(record: Record, statement: Statement) -> Estimate:
    """The value nearest to a time after each person's first such event, of those who have one."""
    origin = _origins(record, statement)
    when, values = record.values(_name(statement.subject))
    row = _nearest(record, statement, origin, when)
    return _summary(statement, values[row[row >= 0]], origin.person[row >= 0])


def _changed(record: Record, statement: Statement) -> Estimate:
    """That value less the last one by the event, of those who have both."""
    origin = _origins(record, statement)
    when, values = record.values(_name(statement.subject))
    row = _nearest(record, statement, origin, when)
    before = latest(when.person, when.time, origin.person, origin.time, inclusive=True)
    before = _near(record, statement, before, when, origin.person, origin.time)
    seen = (row >= 0) & (before >= 0)
    return _summary(statement, values[row[seen]] - values[before[seen]], origin.person[seen])


def _nearest(record: Record, statement: Statement, origin: Happenings, when: Happenings) -> Ints:
    """For each origin the row of the value nearest to the statement's time after it; -1 if none is near."""
    due = origin.time + round((statement.within or 0.0) * YEAR)
    asks = origin.person, due
    before = latest(when.person, when.time, *asks, inclusive=True)
    after = latest(when.person, -when.time, origin.person, -due, inclusive=True)
    before, after = (_near(record, statement, rows, when, *asks) for rows in (before, after))
    if not len(when.time):
        return before
    sooner = np.abs(when.time[before] - due) <= np.abs(when.time[after] - due)
    return np.where((after < 0) | ((before >= 0) & sooner), before, after)


def _near(
    record: Record, statement: Statement, rows: Ints, when: Happenings, who: Ints, target: Ints
) -> Ints:
    """Rows of values, -1 in place of those that are out of the window around `target` or of the record."""
    if not len(when.time):
        return rows
    within = statement.within or 0.0
    width = round((WINDOW * within if statement.window is None else statement.window) * YEAR)
    time = when.time[rows]
    near = (np.abs(time - target) <= width) & (time >= record.entry[who]) & (time <= record.exit[who])
    return np.where(near, rows, -1)


def _summary(statement: Statement, values: Floats, person: Ints) -> Estimate:
    function = intervals.median if statement.kind.startswith("median") else intervals.mean
    return function(values, person)
