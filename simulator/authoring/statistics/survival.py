"""Survival from times that may begin late and end early: Kaplan–Meier, Nelson–Aalen, medians."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.authoring.statistics.columns import Bools, Floats, Ints
from simulator.authoring.statistics.intervals import Z95, Estimate, nobody, wilson

#: rounding must not hide that just half are left
HALF = 0.5 + 1e-12
#: share of a time in which nobody may have been under observation: what is beyond says nothing of the whole
UNSEEN = 0.02


@dataclass(frozen=True, slots=True)
class Curve:
    """Survival right after each time at which something happened, with its log-log interval.

    Attributes:
        times: ascending.
        alive, low, high: survival and its 95 % interval (Kalbfleisch and Prentice, 2002, 1.4).
        deaths, risk: how many had the event, and how many were at risk of it.
        people: who was ever at risk.
        entry, exit: between which times each of them was, ascending.
    """

    times: Floats
    alive: Floats
    low: Floats
    high: Floats
    deaths: Ints
    risk: Ints
    people: int
    entry: Floats
    exit: Floats

    def at(self, time: float) -> Estimate:
        """Survival to `time`; unknown if nobody was followed for so long, or for a part of it."""
        if not self.people:
            return nobody()
        k = int(np.searchsorted(self.times, time, side="right")) - 1
        if time > self.exit[-1] and (k < 0 or self.alive[k] > 0.0):
            return Estimate(None, None, None, self.people)
        unseen, followed = self._followed_through(time)
        if unseen > UNSEEN:
            return Estimate(None, None, None, self.people)
        if k < 0:
            return Estimate(1.0, *wilson(1.0, followed), self.people)
        return Estimate(float(self.alive[k]), float(self.low[k]), float(self.high[k]), self.people)

    def median(self) -> Estimate:
        """The time by which half have had it (Brookmeyer and Crowley, Biometrics 38, 1982)."""
        found = [_first(self.times, curve <= HALF) for curve in (self.alive, self.low, self.high)]
        middle, low, high = (
            None if time is None or self._followed_through(time)[0] > UNSEEN else time for time in found
        )
        return Estimate(middle, low, high, self.people)

    def _followed_through(self, time: float) -> tuple[float, float]:
        """The share of the time from 0 in which nobody was under observation, and how many were else.

        The latter is the harmonic mean over time: so many people, all followed from 0 to `time`, would tell
        as much of a constant hazard as these do, who come late and leave early (the variance of its
        integral is in proportion to ∫ dt / n(t)).
        """
        if time <= 0.0:
            return 0.0, float(at_risk(self.entry, self.exit, np.zeros(1))[0])
        edges = np.unique(np.r_[0.0, self.entry, self.exit, time])
        edges = edges[edges <= time]
        length, watched = np.diff(edges), at_risk(self.entry, self.exit, edges[1:])
        seen = watched > 0
        if not seen.any():
            return 1.0, 0.0
        span = length[seen].sum()
        return float(1.0 - span / time), float(span / (length[seen] / watched[seen]).sum())


def at_risk(entry: Floats, exit_: Floats, times: Floats) -> Ints:
    """How many are under observation right before each time; at 0, all who enter then.

    An event may follow its origin at once: who enters at 0 is at risk at 0.
    """
    entry, exit_ = np.sort(entry), np.sort(exit_)
    before = np.searchsorted(entry, times, side="left")
    entered = np.where(times > 0, before, np.searchsorted(entry, times, side="right"))
    return np.asarray(entered - np.searchsorted(exit_, times, side="left"), np.int64)


def ever_at_risk(entry: Floats, exit_: Floats) -> Bools:
    """Who is under observation for some time, or from the origin to an end at once."""
    return np.asarray((exit_ > entry) | ((exit_ == entry) & (entry == 0.0)), np.bool_)


def survival(entry: Floats, exit_: Floats, event: Bools, *, smooth: bool = False) -> Curve:
    """The survival curve of people at risk from `entry` to `exit_` (years), who then had the event or not.

    Kaplan and Meier's estimate with Greenwood's variance; `smooth`, the exponential of Nelson and
    Aalen's, for where few are at risk at first (one early death would else end it all).
    """
    use = ever_at_risk(entry, exit_)
    entry, exit_, event = entry[use], exit_[use], event[use]
    times, deaths = np.unique(exit_[event], return_counts=True)
    risk = at_risk(entry, exit_, times)
    if smooth:
        log_alive = -np.cumsum(deaths / risk)
        variance = np.cumsum(deaths / risk**2)
    else:
        with np.errstate(divide="ignore"):
            log_alive = np.cumsum(np.log1p(-deaths / risk))
            variance = np.cumsum(deaths / (risk * (risk - deaths)))
    alive = np.exp(log_alive)
    low, high = _log_log(alive, log_alive, variance, risk)
    return Curve(times, alive, low, high, deaths, risk, len(exit_), np.sort(entry), np.sort(exit_))


def _log_log(alive: Floats, log_alive: Floats, variance: Floats, risk: Ints) -> tuple[Floats, Floats]:
    low, high = np.zeros_like(alive), np.zeros_like(alive)
    for k, p in enumerate(alive):
        if p == 0.0 or not math.isfinite(variance[k]):
            # everybody: as for a share of those who were left
            low[k], high[k] = wilson(0.0, float(risk[k]))
        else:
            spread = math.exp(Z95 * math.sqrt(variance[k]) / -log_alive[k])
            low[k], high[k] = p**spread, p ** (1.0 / spread)
    return low, high


def _first(times: Floats, holds: Bools) -> float | None:
    where = np.flatnonzero(holds)
    return float(times[where[0]]) if len(where) else None
