"""Time spent in each state of a disease, read off the truth table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.authoring.preview.people import People
from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import Bools, Floats, Ints
from simulator.authoring.statistics.spells import ends, latest
from simulator.authoring.statistics.tables import Truth
from simulator.store import EventLog

ABSENT, DEAD, START = "absent", "dead", "start"
#: states in which a disease is not there
NOT_THERE = frozenset({ABSENT, DEAD, START})


@dataclass(frozen=True, slots=True)
class Moves:
    """Rows of the truth table of one process, by subject and time.

    Attributes:
        who: int64[k], index of the person.
        time: int64[k], microseconds.
        origin, target: int64[k], indices into `states`.
        states: names.
    """

    who: Ints
    time: Ints
    origin: Ints
    target: Ints
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spells:
    """Who is in which state from when to when; everybody is in some state from birth to `exit`.

    Attributes:
        who: int64[s], index of the person; grouped by person, in order of time.
        state: int64[s], index into `states`.
        start, stop: int64[s], microseconds, stop > start.
        states: names; those in which the disease is not there come first.
    """

    who: Ints
    state: Ints
    start: Ints
    stop: Ints
    states: tuple[str, ...]

    def mask(self, *names: str) -> Bools:
        """Spells in any of these states; bool[s]."""
        wanted = [i for i, name in enumerate(self.states) if name in names]
        return np.isin(self.state, wanted)

    @property
    def ill(self) -> Bools:
        """Spells in which the disease is there; bool[s]."""
        return self.mask(*(name for name in self.states if name not in NOT_THERE))

    def observed(self, people: People) -> Spells:
        """Only those that reach into the time of observation."""
        kept = (self.stop > people.entry[self.who]) & (self.start < people.exit[self.who])
        return Spells(self.who[kept], self.state[kept], self.start[kept], self.stop[kept], self.states)

    def state_of(self, who: Ints, when: Ints) -> Ints:
        """The state of people `who` (indices) at instants `when`, −1 where none is known; int64[m]."""
        index = latest(self.who, self.start, who, when, inclusive=True)
        known = index >= 0
        found = np.full(len(who), -1, dtype=np.int64)
        found[known] = self.state[index[known]]
        return found

    def at(self, when: int, people: People) -> Ints:
        """Each person's state at an instant, −1 for those not observed alive then; int64[n]."""
        state = np.full(len(people), -1, dtype=np.int64)
        current = (self.start <= when) & (when < self.stop)
        state[self.who[current]] = self.state[current]
        state[~people.alive_at(when)] = -1
        return state


def moves_of(log: EventLog, processes: Sequence[str]) -> dict[str, Moves]:
    """The truth table, process by process; a process without rows is there too."""
    truth = Truth.of(log)
    states = dict(log.vocabulary.processes)
    found: dict[str, Moves] = {}
    for name in processes:
        rows = np.flatnonzero(truth.process.equal(name))
        # two states of one name are one to the reader
        known = tuple(dict.fromkeys(states.get(name, ())))
        origin, target = (words.where(rows).among(known) for words in (truth.source, truth.target))
        found[name] = Moves(truth.person[rows], truth.time[rows], origin, target, known)
    return found


def spells_of(moves: Moves, people: People) -> Spells:
    """The spells between the moves of a process. Everybody begins in its first state."""
    n = len(people)
    everyone = np.arange(n, dtype=np.int64)
    initial = np.zeros(n, dtype=np.int64)
    firsts = np.unique(moves.who, return_index=True)
    initial[firsts[0]] = moves.origin[firsts[1]]
    who = np.concatenate([everyone, moves.who])
    start = np.concatenate([people.birth, moves.time])
    state = np.concatenate([initial, moves.target])
    # at one instant the initial spell comes first, then moves in the order of the table
    order = np.lexsort((np.arange(len(who)), start, who))
    who, start, state = who[order], start[order], state[order]
    stop = ends(who, start, people.exit[who])
    lasting = stop > start
    return Spells(who[lasting], state[lasting], start[lasting], stop[lasting], moves.states)


def time_in(spells: Spells, chosen: Bools, people: People, begin: Ints, end: Ints) -> Floats:
    """Each person's observed time in the chosen spells between two instants of their own, in years.

    Args:
        chosen: bool[s].
        begin, end: int64[n], e.g. two birthdays.

    Returns: float64[n].
    """
    who = spells.who[chosen]
    low = np.maximum(np.maximum(spells.start[chosen], people.entry[who]), begin[who])
    high = np.minimum(np.minimum(spells.stop[chosen], people.exit[who]), end[who])
    from_years = np.clip(high - low, 0, None) / YEAR
    return np.bincount(who, weights=from_years, minlength=len(people)).astype(np.float64)


def observed_in(people: People, begin: Ints, end: Ints) -> Floats:
    """Each person's observed time between two instants of their own, in years; float64[n]."""
    low = np.maximum(people.entry, begin)
    high = np.minimum(people.exit, end)
    return np.asarray(np.clip(high - low, 0, None) / YEAR, dtype=np.float64)
