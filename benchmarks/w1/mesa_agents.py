"""W1 as Mesa agents: one object per patient, one `step` per agent and month."""

from __future__ import annotations

import random
import time
from typing import Any

from benchmarks.w1 import workload as w
from benchmarks.w1.tables import monthly_probabilities
from benchmarks.w1.workload import Definition, Result

NAME = "mesa"
WHAT = "Mesa agents, one object per patient, monthly, age-month tables"
DEFINITION: Definition = "monthly"
THREADS = False
PATIENTS = 4_000


def available() -> str:
    """Mesa is a dependency of the simulator."""
    return ""


def _classes() -> tuple[type[Any], type[Any]]:
    import mesa

    class Patient(mesa.Agent):  # type: ignore[misc]
        def __init__(self, model: Any, number: int) -> None:
            super().__init__(model)
            self.number = number
            self.month = model.random.randrange(720)
            self.compartment = 0

        def step(self) -> None:
            model = self.model
            u = model.random.random()
            month = self.month
            self.month = month + 1
            if u >= model.hit[self.compartment][month]:
                return
            stage = (self.compartment - 1) % 3 + 1 if self.compartment else w.HEALTHY
            kind = stage if u < model.sick[self.compartment][month] else w.BACKGROUND_DEATH
            model.records.append((self.number, model.months, kind))
            if kind >= w.SEVERE:
                self.remove()
            elif stage == w.HEALTHY and model.random.random() < w.TREATED:
                self.compartment = 4
            else:
                self.compartment += 1

    class Cohort(mesa.Model):  # type: ignore[misc]
        def __init__(self, patients: int, seed: int) -> None:
            super().__init__(seed=seed)
            self.random = random.Random(seed)
            self.hit, self.sick = (table.tolist() for table in monthly_probabilities())
            self.records: list[tuple[int, int, int]] = []
            self.months = 0
            self.live_steps = 0
            for number in range(patients):
                Patient(self, number)

        def step(self) -> None:
            self.live_steps += len(self.agents)
            self.agents.do("step")
            self.months += 1

    return Cohort, Patient


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    cohort, _ = _classes()
    begin = time.perf_counter()
    model = cohort(patients, seed)
    for _ in range(w.STEPS):
        model.step()
    seconds = time.perf_counter() - begin
    transitions = [0] * 5
    for _, _, kind in model.records:
        transitions[kind] += 1
    occupancy = [0] * 5
    for agent in model.agents:
        occupancy[(agent.compartment - 1) % 3 + 1 if agent.compartment else 0] += 1
    occupancy[w.DEAD] = patients - sum(occupancy)
    return Result(patients, tuple(transitions), tuple(occupancy), model.live_steps, seconds)
