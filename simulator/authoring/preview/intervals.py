"""Estimates as the page shows them: with what they rest on, and NaN where nothing was observed.

How they are made is said in `simulator.authoring.statistics`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.authoring.statistics import intervals
from simulator.authoring.statistics.columns import Bools, Floats
from simulator.authoring.statistics.survival import HALF, at_risk, ever_at_risk, survival


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval and what it rests on.

    Attributes:
        value, low, high: NaN where nothing was observed.
        events: cases, or events.
        base: people, or person-years.
    """

    value: float
    low: float
    high: float
    events: float
    base: float


NOTHING = Estimate(math.nan, math.nan, math.nan, 0, 0)


def share(cases: float, people: float) -> Estimate:
    """A proportion of independent people, with Wilson's interval."""
    if people <= 0:
        return NOTHING
    low, high = intervals.wilson(cases / people, people)
    return Estimate(cases / people, low, high, cases, people)


def rate(events: float, person_years: float) -> Estimate:
    """Events of which nobody has two, per person-year, with the exact Poisson interval."""
    if person_years <= 0:
        return NOTHING
    low, high = intervals.poisson(events)
    return Estimate(events / person_years, low / person_years, high / person_years, events, person_years)


def event_rate(counts: Floats, years: Floats) -> Estimate:
    """Events per person-year, with the interval of `intervals.rate`: people who have several widen it.

    Args:
        counts, years: float64[n], each person's events and time.
    """
    found = intervals.rate(counts, years, recurrent=bool((counts > 1).any()))
    if found.value is None or found.low is None or found.high is None:
        return NOTHING
    return Estimate(found.value, found.low, found.high, float(counts.sum()), float(years.sum()))


def time_share(inside: Floats, total: Floats) -> Estimate:
    """The share of person-time spent in a state, with the interval that `intervals.share` gives it.

    Args:
        inside, total: float64[n], each person's time in the state, and altogether.
    """
    found = intervals.share(inside, total)
    if found.value is None or found.low is None or found.high is None:
        return NOTHING
    return Estimate(found.value, found.low, found.high, float((inside > 0).sum()), found.n)


@dataclass(frozen=True, slots=True)
class Curve:
    """A Kaplan–Meier estimate: steps at `time`, value from there on.

    Attributes:
        time: float64[k], years, ascending, the first 0 or where enough are at risk.
        value, low, high: float64[k], the share without the event, and its 95 % band.
        subjects, events: how many entered, how many had the event within the curve.
        end: years up to which it is drawn.
        entered, left: float64[n], sorted; years at which people begin and end to be at risk.
    """

    time: Floats
    value: Floats
    low: Floats
    high: Floats
    subjects: int
    events: int
    end: float
    entered: Floats
    left: Floats

    def risk(self, years: float) -> int:
        """How many are at risk just before a time (at 0: from then on)."""
        return int(at_risk(self.entered, self.left, np.array([years]))[0])

    def at(self, years: float) -> float:
        """The share without the event at a time; NaN outside the curve."""
        if not len(self.time) or not self.time[0] <= years <= self.end:
            return math.nan
        return float(self.value[np.searchsorted(self.time, years, side="right") - 1])

    @property
    def median(self) -> float:
        """When half have had the event; NaN if the curve does not fall so far."""
        below = np.flatnonzero(self.value <= HALF)
        return float(self.time[below[0]]) if len(below) else math.nan


def kaplan_meier(entered: Floats, left: Floats, event: Bools, *, fewest: int = 10) -> Curve | None:
    """The Kaplan–Meier estimate with late entry (Kaplan & Meier, JASA 1958; 53:457).

    The curve runs while at least `fewest` people are at risk: it begins when that many have entered,
    and ends when fewer are left.

    Args:
        entered, left: float64[n], years since the origin at which each person begins and ends to be at risk.
        event: bool[n], whether the end is the event.

    Returns: None if there are never so many.
    """
    kept = ever_at_risk(entered, left)
    entered, left, event = entered[kept], left[kept], event[kept]
    starts, ends = np.sort(entered), np.sort(left)
    edges = np.unique(np.concatenate([[0.0], starts, ends]))
    after = np.searchsorted(starts, edges, side="right") - np.searchsorted(ends, edges, side="right")
    enough = np.flatnonzero(after >= fewest)
    if not len(enough):
        return None
    begin = float(edges[enough[0]])
    few = np.flatnonzero((after < fewest) & (edges > begin))
    end = float(edges[few[0]]) if len(few) else float(edges[-1])
    counted = event & (left >= begin) & (left <= end) & ((left > begin) | (begin == 0))
    found = survival(entered, left, counted)
    first = begin == 0 and len(found.times) > 0 and found.times[0] == 0
    head = [] if first else [1.0]
    return Curve(
        time=np.concatenate([[] if first else [begin], found.times]),
        value=np.concatenate([head, found.alive]),
        low=np.concatenate([head, found.low]),
        high=np.concatenate([head, found.high]),
        subjects=len(entered),
        events=int(found.deaths.sum()),
        end=end,
        entered=starts,
        left=ends,
    )
