"""Spells: when something held, person by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.units import MICROSECONDS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: instants beyond all that happens
ALWAYS_BEFORE, ALWAYS_AFTER = -(2**61), 2**61


@dataclass(frozen=True, slots=True)
class Spells:
    """Half-open spells [start, end) of persons, disjoint for each, in no particular order.

    Attributes:
        person: number from 0.
        start, end: instants in microseconds, start < end.
    """

    person: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, person: Ints, start: Ints, end: Ints) -> Spells:
        """Spells without the empty ones."""
        some = end > start
        return cls(person[some], start[some], end[some])

    @classmethod
    def whole(cls, people: Ints) -> Spells:
        """All the time of some people."""
        size = len(people)
        return cls(people, np.full(size, ALWAYS_BEFORE, np.int64), np.full(size, ALWAYS_AFTER, np.int64))

    def years(self, people: int) -> Floats:
        """Length of each person's spells, in years; shape (people,)."""
        lengths = (self.end - self.start) / MICROSECONDS["year"]
        return np.bincount(self.person, weights=lengths, minlength=people).astype(np.float64)

    def before(self, person: Ints, time: Ints) -> Bools:
        """For each person and instant, whether it held until then: start < time <= end."""
        size = len(self.person)
        who = np.concatenate([self.person, person])
        when = np.concatenate([self.start, time])
        asks = np.concatenate([np.zeros(size, np.int64), np.ones(len(person), np.int64)])
        # a spell that starts at the very instant has not held before: questions come first
        order = np.lexsort((-asks, when, who))
        latest = np.maximum.accumulate(np.where(asks[order] == 0, np.arange(len(order)), -1))
        begun = np.where(latest >= 0, order[latest], 0)
        answer = np.zeros(len(order), np.bool_)
        if size:
            inside = np.minimum(begun, size - 1)
            answer[order] = (
                (latest >= 0) & (self.person[inside] == who[order]) & (when[order] <= self.end[inside])
            )
        return answer[size:]


def both(first: Spells, *others: Spells) -> Spells:
    """When all of them hold."""
    return _sweep([(each, 1) for each in (first, *others)], 1 + len(others))


def either(*spells: Spells) -> Spells:
    """When at least one of them holds."""
    return _sweep([(each, 1) for each in spells], 1)


def without(first: Spells, second: Spells) -> Spells:
    """When the first holds and the second does not."""
    return _sweep([(first, 2), (second, -1)], 2)


def until_next(person: Ints, time: Ints, holds: Bools) -> Spells:
    """Spells from each instant at which something begins to hold to the next instant of that person.

    Args:
        person, time: sorted by person, then time.
        holds: whether it holds from that instant on.
    """
    end = np.full(len(time), ALWAYS_AFTER, np.int64)
    if len(time) > 1:
        same = person[1:] == person[:-1]
        end[:-1][same] = time[1:][same]
    return Spells.of(person[holds], time[holds], end[holds])


def _sweep(parts: list[tuple[Spells, int]], least: int) -> Spells:
    """When the weights of the spells under way add up to at least `least`."""
    who = np.concatenate([x for spells, _ in parts for x in (spells.person, spells.person)])
    when = np.concatenate([x for spells, _ in parts for x in (spells.start, spells.end)])
    sizes = [(len(spells.person), weight) for spells, weight in parts]
    steps = np.concatenate([np.full(size, sign * w) for size, w in sizes for sign in (1, -1)])
    order = np.lexsort((when, who))
    who, when, total = who[order], when[order], np.cumsum(steps[order])
    if not len(who):
        return Spells(who, when, when)
    kept = (who[1:] == who[:-1]) & (total[:-1] >= least)
    return Spells.of(who[:-1][kept], when[:-1][kept], when[1:][kept])
