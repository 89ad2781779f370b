"""What is recorded of a patient, and what truly happened: the rows of one history."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.compiler.machine import EncounterSpec, Machine
from simulator.engine.ages import NULL

MINUTE = 60_000_000
BIRTH_CODE, DEATH_CODE = 0, 1
NO_ARROW = -1
NO_ENCOUNTER = -1


class EventRow(NamedTuple):
    """A row of the event log; `code` is an index into `Machine.codes`."""

    time: int  # NULL for static facts
    code: int
    value: float  # NaN: none
    encounter: int  # number within the patient; NO_ENCOUNTER outside any
    end: int  # NULL: none
    arrow: int  # NO_ARROW: at the beginning


class EncounterRow(NamedTuple):
    number: int
    kind: int
    start: int
    end: int  # NULL: beyond the recorded period


class TruthRow(NamedTuple):
    time: int
    process: int
    before: int  # state
    after: int
    arrow: int


@dataclass(slots=True)
class PatientHistory:
    """Everything that happened to a patient and was written down of it.

    Instants are microseconds since 1970; `arrow` counts the machine's arrows over processes,
    their states and those states' arrows.
    """

    patient: int
    birth: int
    sex: int
    community: int
    record_from: int
    entry: int  # first instant lived through
    exit: int  # death or end of the period
    death: int | None = None
    death_arrow: int | None = None
    events: list[EventRow] = field(default_factory=list)
    encounters: list[EncounterRow] = field(default_factory=list)
    truth: list[TruthRow] = field(default_factory=list)


@dataclass(slots=True)
class OpenEncounter:
    number: int
    kind: int
    start: int
    end: int
    arrow: int
    recorded: bool = False


@dataclass(slots=True)
class Chart:
    """Writes the rows of a history; knows which encounter is open."""

    machine: Machine
    history: PatientHistory
    open: OpenEncounter | None = None
    encounters_begun: int = 0

    def joins(self, kind: int) -> bool:
        """Whether a visit of this kind would take place within the open encounter."""
        if self.open is None:
            return False
        return self.spec(self.open.kind).priority >= self.spec(kind).priority

    def begin_encounter(self, kind: int, duration: int, now: int, arrow: int) -> None:
        """Close the open encounter, if any, and open another."""
        self.close_encounter(now)
        end = now + max(duration, MINUTE)
        self.open = OpenEncounter(self.encounters_begun, kind, now, end, arrow)
        self.encounters_begun += 1
        if now >= self.history.record_from:
            self.record_open_encounter()

    def close_encounter(self, end: int) -> None:
        """Write the open encounter, if there is one and anything of it was recorded."""
        if self.open is not None and self.open.recorded:
            row = EncounterRow(self.open.number, self.open.kind, self.open.start, end)
            self.history.encounters.append(row)
        self.open = None

    def record(self, code: int, value: float, end: int, now: int, arrow: int) -> None:
        """Write a row into the open encounter; before `record_from` only of lasting codes."""
        assert self.open is not None, "rows are recorded inside an encounter"
        if now < self.history.record_from and not self.machine.codes[code].lasting:
            return
        if self.machine.codes[code].once and self.is_recorded(code, self.open.number):
            return
        self.record_open_encounter()
        self.history.events.append(EventRow(now, code, value, self.open.number, end, arrow))

    def is_recorded(self, code: int, encounter: int) -> bool:
        """Whether a row of the code stands in this encounter."""
        return any(row.code == code and row.encounter == encounter for row in self.history.events)

    def record_open_encounter(self) -> None:
        """The encounter's own row, before any other in it, at its start."""
        encounter = self.open
        if encounter is not None and not encounter.recorded:
            encounter.recorded = True
            self.history.events.append(
                EventRow(
                    encounter.start, self.spec(encounter.kind).code, math.nan, encounter.number, NULL,
                    encounter.arrow,
                )
            )  # fmt: skip

    def record_truth(self, now: int, process: int, before: int, after: int, arrow: int) -> None:
        self.history.truth.append(TruthRow(now, process, before, after, arrow))

    def record_birth(self, variables: list[float]) -> None:
        """Static facts, then MEDS_BIRTH."""
        for spec, value in zip(self.machine.vars, variables, strict=True):
            if spec.recorded:
                code, number = spec.code, value
                if spec.categories:
                    code, number = spec.code + math.floor(value), math.nan
                self.history.events.append(EventRow(NULL, code, number, NO_ENCOUNTER, NULL, NO_ARROW))
        birth = self.history.birth
        self.history.events.append(EventRow(birth, BIRTH_CODE, math.nan, NO_ENCOUNTER, NULL, NO_ARROW))

    def record_death(self, now: int, arrow: int) -> None:
        """Close the encounter, write MEDS_DEATH, and nothing after."""
        self.close_encounter(now)
        self.history.death, self.history.death_arrow, self.history.exit = now, arrow, now
        self.history.events.append(EventRow(now, DEATH_CODE, math.nan, NO_ENCOUNTER, NULL, arrow))

    def spec(self, kind: int) -> EncounterSpec:
        return self.machine.encounters[kind]
