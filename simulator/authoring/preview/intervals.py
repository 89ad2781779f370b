"""Interval estimates of shares, rates and survival, each with its source."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.authoring.preview.people import Bools, Floats, Ints

Z = 1.959963984540054  #: standard normal quantile of 97.5 %


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
    """A proportion with Wilson's score interval (Wilson, JASA 1927; 22:209)."""
    if people <= 0:
        return NOTHING
    low, high = wilson(cases / people, people)
    return Estimate(cases / people, low, high, cases, people)


def wilson(p: float, n: float) -> tuple[float, float]:
    """The score interval of a proportion `p` seen in `n` (which need not be whole)."""
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def rate(events: float, person_years: float) -> Estimate:
    """Events per person-year with Byar's interval (Breslow & Day, IARC 82, 1987, eq. 2.10 ff.)."""
    if person_years <= 0:
        return NOTHING
    low = 0.0
    if events > 0:
        low = events * (1 - 1 / (9 * events) - Z / (3 * math.sqrt(events))) ** 3
    more = events + 1
    high = more * (1 - 1 / (9 * more) + Z / (3 * math.sqrt(more))) ** 3
    return Estimate(
        events / person_years, max(low, 0.0) / person_years, high / person_years, events, person_years
    )


def time_share(inside: Floats, total: Floats) -> Estimate:
    """The share of person-time spent in a state: a ratio of sums over people.

    A person's moments are not independent, so the interval is Wilson's at the effective sample
    size: that at which a simple proportion has the ratio's linearised variance with people as
    clusters (Korn & Graubard, Survey Methodology 1998; 24:193); the number of people if all or none
    of the time was spent there.

    Args:
        inside, total: float64[n], each person's time in the state, and altogether.
    """
    seen = total > 0
    people = int(seen.sum())
    if people == 0:
        return NOTHING
    p = float(inside.sum() / total.sum())
    effective = float(people)
    if 0.0 < p < 1.0 and people > 1:
        residual = inside[seen] - p * total[seen]
        variance = people / (people - 1) * float((residual**2).sum()) / float(total.sum()) ** 2
        if variance > 0:
            effective = p * (1 - p) / variance
    low, high = wilson(p, effective)
    return Estimate(p, low, high, float((inside > 0).sum()), people)


@dataclass(frozen=True, slots=True)
class Curve:
    """A Kaplan–Meier estimate: steps at `time`, value from there on.

    Attributes:
        time: float64[k], years, ascending, the first 0 or where enough are at risk.
        value, low, high: float64[k], the share without the event, and its 95 % band.
        at_risk: int64[k].
        subjects, events: how many entered, how many had the event within the curve.
        end: years up to which it is drawn.
        entered, left: float64[n], sorted; years at which people begin and end to be at risk.
    """

    time: Floats
    value: Floats
    low: Floats
    high: Floats
    at_risk: Ints
    subjects: int
    events: int
    end: float
    entered: Floats
    left: Floats

    def risk(self, years: float) -> int:
        """How many are at risk just before a time (at 0: from then on)."""
        gone = np.searchsorted(self.left, years, side="left")
        return int(np.searchsorted(self.entered, years, side="left" if years > 0 else "right") - gone)

    def at(self, years: float) -> float:
        """The share without the event at a time; NaN outside the curve."""
        if not len(self.time) or not self.time[0] <= years <= self.end:
            return math.nan
        return float(self.value[np.searchsorted(self.time, years, side="right") - 1])

    @property
    def median(self) -> float:
        """When half have had the event; NaN if the curve does not fall so far."""
        below = np.flatnonzero(self.value <= 0.5)
        return float(self.time[below[0]]) if len(below) else math.nan


def kaplan_meier(entered: Floats, left: Floats, event: Bools, *, fewest: int = 10) -> Curve | None:
    """The Kaplan–Meier estimate with late entry (Kaplan & Meier, JASA 1958; 53:457).

    The band is Greenwood's, on the scale log(−log S) (Kalbfleisch & Prentice 1980). The curve runs
    while at least `fewest` people are at risk: it begins when that many have entered, and ends
    when fewer are left.

    Args:
        entered, left: float64[n], years since the origin at which each person begins and ends to be at risk.
        event: bool[n], whether the end is the event.

    Returns: None if there are never so many.
    """
    kept = left > entered
    # who has the event at the very origin was at risk for no time at all, and is still an event
    kept |= event & (left == entered) & (entered == 0)
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
    times, deaths = np.unique(left[counted], return_counts=True)
    # at the origin all who enter there are at risk
    side = np.where(times == 0, "right", "left")
    risk = np.array(
        [
            np.searchsorted(starts, t, side=s) - np.searchsorted(ends, t, side="left")
            for t, s in zip(times, side, strict=True)
        ],
        dtype=np.int64,
    )
    survival = np.cumprod(1 - deaths / np.maximum(risk, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(deaths / (risk * (risk - deaths)))
        spread = Z * np.sqrt(greenwood) / np.abs(np.log(survival))
        low, high = survival ** np.exp(spread), survival ** np.exp(-spread)
    defined = np.isfinite(spread)
    low, high = np.where(defined, low, survival), np.where(defined, high, survival)
    first = begin == 0 and len(times) > 0 and times[0] == 0
    head = [] if first else [1.0]
    return Curve(
        time=np.concatenate([[] if first else [begin], times]),
        value=np.concatenate([head, survival]),
        low=np.concatenate([head, low]),
        high=np.concatenate([head, high]),
        at_risk=np.concatenate([[] if first else [int(after[enough[0]])], risk]).astype(np.int64),
        subjects=len(entered),
        events=int(deaths.sum()),
        end=end,
        entered=starts,
        left=ends,
    )
