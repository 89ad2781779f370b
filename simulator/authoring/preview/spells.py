"""Time spent in each state of a disease, read off the truth table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.authoring.preview.people import YEAR, Bools, Floats, Ints, People
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
        people = np.concatenate([self.who, who])
        time = np.concatenate([self.start, when])
        number = np.concatenate([np.arange(len(self.who)), np.full(len(who), -1)])
        # at one instant a new state stands before what is asked
        order = np.lexsort((np.arange(len(people)), time, people))
        latest = np.maximum.accumulate(number[order])
        found = np.empty(len(people), dtype=np.int64)
        found[order] = latest
        index = found[len(self.who) :]
        known = (index >= 0) & (self.who[np.maximum(index, 0)] == who)
        return np.where(known, self.state[np.maximum(index, 0)], -1)

    def at(self, when: int, people: People) -> Ints:
        """Each person's state at an instant, −1 for those not observed alive then; int64[n]."""
        state = np.full(len(people), -1, dtype=np.int64)
        current = (self.start <= when) & (when < self.stop)
        state[self.who[current]] = self.state[current]
        state[~people.alive_at(when)] = -1
        return state


def moves_of(log: EventLog, processes: Sequence[str]) -> dict[str, Moves]:
    """The truth table, process by process; a process without rows is there too."""
    table = log.truth(["subject_id", "time", "process", "from", "to"])
    # a dictionary may differ from chunk to chunk: unified, an index means the same everywhere
    table = table.unify_dictionaries().combine_chunks()
    process = table["process"].combine_chunks()
    names = process.dictionary.to_pylist() if len(table) else []
    index = process.indices.to_numpy() if len(table) else np.empty(0, dtype=np.int64)
    who = table["subject_id"].to_numpy() - 1
    time = table["time"].cast(pa.int64()).to_numpy()
    order = np.argsort(index, kind="stable")
    bounds = np.searchsorted(index[order], np.arange(len(names) + 1))
    states = dict(log.vocabulary.processes)
    found: dict[str, Moves] = {}
    for name in processes:
        rows = order[:0]
        if name in names:
            number = names.index(name)
            rows = order[bounds[number] : bounds[number + 1]]
        # two states of one name are one to the reader
        known = tuple(dict.fromkeys(states.get(name, ())))
        origin, target = (_coded(table[c], rows, known) for c in ("from", "to"))
        found[name] = Moves(who[rows], time[rows], origin, target, known)
    return found


def _coded(column: pa.ChunkedArray, rows: Ints, states: tuple[str, ...]) -> Ints:
    chosen = column.take(pa.array(rows)).cast(pa.string())
    coded = pc.index_in(chosen, value_set=pa.array(states, pa.string()))
    values: Ints = coded.to_numpy().astype(np.int64)
    return values


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
    stop = np.empty_like(start)
    stop[:-1] = start[1:]
    last = np.ones(len(who), dtype=bool)
    last[:-1] = who[1:] != who[:-1]
    stop[last] = people.exit[who[last]]
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
