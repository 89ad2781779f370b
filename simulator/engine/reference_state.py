"""What a patient is at an instant, in the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from simulator.compiler.machine import Machine
from simulator.engine.ages import NEVER, NULL


@dataclass(slots=True)
class LevelState:
    """A measurement's true value is mean + deviation + accumulated + slope · years since + shift."""

    deviation: float
    accumulated: float = 0.0
    slope: float = 0.0  # per year
    since: int = 0  # instant from which `slope` holds
    wake: int = NEVER


@dataclass(slots=True)
class Slot:
    """An arrow of the current state that may fire by itself: when, and when to look again."""

    due: int = NEVER
    wake: int = NEVER
    # exponential clock of a ByRate arrow
    remaining: float = 0.0  # E, what is left of the unit exponential at the cumulative hazard `hazard`
    multiplier: float = 0.0
    stratum: int = 0
    hazard: float = 0.0


@dataclass(slots=True)
class PatientState:
    """Everything a term may read. `states[p]` is the index of the current state of process p."""

    machine: Machine
    number: int
    birth: int
    sex: int
    now: int
    vars: list[float] = field(init=False)
    states: list[int] = field(init=False)
    stamps: list[int] = field(init=False)
    rings: list[list[int]] = field(init=False)  # instants, oldest first
    levels: list[LevelState] = field(init=False)
    signals: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.vars = [math.nan] * len(self.machine.vars)
        self.vars[0] = float(self.sex)
        self.states = [0] * len(self.machine.processes)
        self.stamps = [NULL] * len(self.machine.stamps)
        self.rings = [[] for _ in self.machine.rings]
        self.levels = [LevelState(0.0, since=self.now) for _ in self.machine.levels]
        self.signals = [0.0] * len(self.machine.signals)
