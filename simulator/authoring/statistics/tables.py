"""The truth table and the events table of a log as arrays: what was true, and what was recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.authoring.statistics.columns import (
    ALWAYS_BEFORE,
    Bools,
    Floats,
    Ints,
    Words,
    instants,
    persons,
)
from simulator.store.log import EventLog


@dataclass(frozen=True, slots=True)
class Truth:
    """Transitions of all processes, in the order of the table (by person, then time).

    Attributes:
        person: number from 0; int64[k].
        time: microseconds; int64[k].
        process, source, target, cause: names.
    """

    person: Ints
    time: Ints
    process: Words
    source: Words
    target: Words
    cause: Words

    @classmethod
    def of(cls, log: EventLog) -> Truth:
        """Reads the truth table."""
        table = log.truth(["subject_id", "time", "process", "from", "to", "cause"])
        process, source, target, cause = (Words.of(table[x]) for x in ("process", "from", "to", "cause"))
        return cls(persons(table), instants(table["time"]), process, source, target, cause)


@dataclass(frozen=True, slots=True)
class Events:
    """What was recorded, in the order of the table (by person, then time).

    Attributes:
        person: number from 0; int64[e].
        time: microseconds, ALWAYS_BEFORE of what has no time; int64[e].
        code, status, cause: words; the cause is the transition in which a row arose.
        value: NaN for none; float64[e].
    """

    person: Ints
    time: Ints
    code: Words
    status: Words
    cause: Words
    value: Floats

    @classmethod
    def of(cls, log: EventLog) -> Events:
        """Reads the events table."""
        table = log.events(["subject_id", "time", "code", "status", "cause", "numeric_value"])
        code, status, cause = (Words.of(table[x]) for x in ("code", "status", "cause"))
        value = table["numeric_value"].to_numpy().astype(np.float64)
        return cls(persons(table), instants(table["time"], ALWAYS_BEFORE), code, status, cause, value)

    def timed(self) -> Events:
        """Only what has a time."""
        return self.where(self.time > ALWAYS_BEFORE)

    def where(self, rows: Bools | Ints | slice) -> Events:
        """Some of the rows."""
        return Events(
            self.person[rows], self.time[rows], self.code.where(rows), self.status.where(rows),
            self.cause.where(rows), self.value[rows],
        )  # fmt: skip

    def caused_by(self, prefix: str) -> Bools:
        """Rows that arose in a transition whose name begins so; bool[e]."""
        return self.cause.match(lambda word: word.startswith(prefix))
