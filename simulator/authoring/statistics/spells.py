"""Spells: when something held, person by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import ALWAYS_AFTER, ALWAYS_BEFORE, Bools, Floats, Ints


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
        lengths = (self.end - self.start) / YEAR
        return np.bincount(self.person, weights=lengths, minlength=people).astype(np.float64)

    def before(self, person: Ints, time: Ints) -> Bools:
        """For each person and instant, whether it held until then: start < time <= end."""
        begun = latest(self.person, self.start, person, time, inclusive=False)
        answer = begun >= 0
        answer[answer] = time[answer] <= self.end[begun[answer]]
        return answer


def latest(person: Ints, time: Ints, who: Ints, when: Ints, *, inclusive: bool) -> Ints:
    """For each question (`who`, `when`), the last row of that person with an earlier instant.

    Args:
        person, time: of the rows, in any order.
        inclusive: of the very instant, too; of several at one instant, the last in the order given.

    Returns: indices of rows, -1 where there is none; int64, one per question.
    """
    size = len(person)
    whose, at = np.concatenate([person, who]), np.concatenate([time, when])
    row = np.concatenate([np.arange(size), np.full(len(who), -1)])
    asks = row < 0
    order = np.lexsort((row, asks if inclusive else ~asks, at, whose))
    place = np.maximum.accumulate(np.where(asks[order], -1, np.arange(len(order))))
    found = np.where(place >= 0, row[order][np.maximum(place, 0)], -1)
    answer = np.empty(len(order), np.int64)
    answer[order] = found
    answer = answer[size:]
    if size:
        answer[person[np.maximum(answer, 0)] != who] = -1
    return answer


def ends(person: Ints, time: Ints, last: Ints) -> Ints:
    """For each row the instant of the next row of that person, or `last` if there is none.

    Args:
        person, time: sorted by person, then time.
        last: per row.
    """
    end = last.copy()
    same = person[1:] == person[:-1]
    end[:-1][same] = time[1:][same]
    return end


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
    end = ends(person, time, np.full(len(time), ALWAYS_AFTER, np.int64))
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
