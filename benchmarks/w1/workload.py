"""What W1 is, and what a program that ran it hands back.

N people aged 20 to 80 (uniform) are followed for 40 years. States healthy → mild → moderate
→ severe → dead, each step at a Gompertz hazard of age; everyone alive may also die of the
background hazard. 30 % of those who enter `mild` are treated, which halves the three disease
hazards that follow. Every transition leaves one event record (patient, time, transition) in
a memory buffer; a transition happens at most once in a life, so a patient leaves at most four.

Two definitions of the same workload:

* *event*: hazards act in continuous time, age is continuous (the workload itself);
* *monthly*: the discretisation that programs with time steps use. Age counts in whole months,
  240 to 959 at the start, equally likely. A month's hazards are those at its middle and
  constant through it; in a month of total hazard h per year at most one transition happens,
  with probability 1 − exp(−h/12), and its cause is drawn in proportion to the hazards.

Work is counted in *live patient-steps* for both: the months at whose start a patient lives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, Protocol

YEARS = 40
STEPS = 12 * YEARS
AGE_LOW, AGE_HIGH = 20, 80
TREATED = 0.30  # probability of treatment on entering mild
EFFECT = 0.5  # factor of treatment on the disease hazards
MAX_EVENTS = 4  # per patient

HEALTHY, MILD, MODERATE, SEVERE, DEAD = range(5)
STATES = ("healthy", "mild", "moderate", "severe", "dead")
ONSET, TO_MODERATE, TO_SEVERE, DISEASE_DEATH, BACKGROUND_DEATH = range(5)
TRANSITIONS = (
    "healthy -> mild",
    "mild -> moderate",
    "moderate -> severe",
    "severe -> dead",
    "background death",
)

#: (rate per year at age 50, growth per year of age) of leaving healthy, mild, moderate, severe
DISEASE = ((0.010, 0.040), (0.08, 0.015), (0.12, 0.015), (0.20, 0.020))
#: (rate per year at age 0, growth per year of age)
BACKGROUND = (6e-5, 0.09)

Definition = Literal["event", "monthly"]


def disease_hazard(state: int, age: float, treated: bool) -> float:
    """Hazard per year of the disease step out of `state` at `age` years."""
    rate, growth = DISEASE[state]
    factor = EFFECT if treated and state >= MILD else 1.0
    return factor * rate * math.exp(growth * (age - 50.0))


def background_hazard(age: float) -> float:
    """Background hazard of death per year at `age` years."""
    rate, growth = BACKGROUND
    return rate * math.exp(growth * age)


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of W1 did.

    Attributes:
        patients: how many were followed.
        transitions: events by kind, in the order of `TRANSITIONS`.
        occupancy: patients by state after 40 years, in the order of `STATES`.
        live_steps: months at whose start a patient was alive, summed over patients.
        seconds: wall time of the run itself; import, compilation and set-up of a first run excluded.
        notes: what a reader must know to judge the number.
        split: where the time went, in seconds, if the program can tell.
    """

    patients: int
    transitions: tuple[int, ...]
    occupancy: tuple[int, ...]
    live_steps: int
    seconds: float
    notes: str = ""
    split: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Live patient-steps per second."""
        return self.live_steps / self.seconds


class Peer(Protocol):
    """A module that runs W1."""

    NAME: str
    WHAT: str  # one line for the table
    DEFINITION: Definition
    THREADS: bool  # can use more than one
    PATIENTS: int  # how many it can be asked for in a few seconds

    def available(self) -> str:
        """Empty if it can run here, else why not."""
        ...

    def run(self, patients: int, seed: int, threads: int) -> Result: ...
