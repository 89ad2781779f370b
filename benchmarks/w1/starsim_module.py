"""W1 as a Starsim module (optional peer): arrays per agent, Starsim's own common random numbers."""

from __future__ import annotations

import importlib.util
import time
from typing import Any

import numpy as np

from benchmarks.w1 import workload as w
from benchmarks.w1.tables import monthly_probabilities
from benchmarks.w1.workload import Definition, Result

NAME = "starsim"
WHAT = "Starsim module, monthly, age-month tables, common random numbers on"
DEFINITION: Definition = "monthly"
THREADS = False
PATIENTS = 100_000


def available() -> str:
    """Starsim comes with the extra `bench-peers`."""
    return "" if importlib.util.find_spec("starsim") else "starsim is not installed (extra bench-peers)"


def _module(ss: Any) -> Any:
    class Progression(ss.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="w1")
            self.define_states(
                ss.IntArr("month", default=0),
                ss.IntArr("compartment", default=0),
                ss.BoolState("treated", default=False),
            )
            self.start_age = ss.randint(low=0, high=720)
            self.uptake = ss.bernoulli(p=w.TREATED)
            self.chance = ss.random()
            self.hit, self.sick = monthly_probabilities()
            self.records: list[tuple[Any, int, Any]] = []
            self.live_steps = 0

        def init_post(self) -> None:
            super().init_post()
            uids = self.sim.people.auids
            self.month[uids] = self.start_age.rvs(uids)
            self.treated[uids] = self.uptake.rvs(uids)

        def step(self) -> None:
            uids = self.sim.people.auids
            self.live_steps += len(uids)
            u = self.chance.rvs(uids)
            compartment, month = self.compartment.values, self.month.values
            self.month[uids] = month + 1
            rows = np.flatnonzero(u < self.hit[compartment, month])
            compartment, month, moving = compartment[rows], month[rows], uids[rows]
            stage = np.where(compartment > 0, (compartment - 1) % 3 + 1, 0)
            kind = np.where(u[rows] < self.sick[compartment, month], stage, w.BACKGROUND_DEATH)
            self.records.append((moving, self.ti, kind))
            to_treated = (kind == w.ONSET) & self.treated[moving]
            self.compartment[moving] = compartment + np.where(to_treated, 4, 1)
            self.sim.people.request_death(moving[kind >= w.SEVERE])

    return Progression


def run(patients: int, seed: int, threads: int) -> Result:
    """Run W1; see `workload`."""
    import starsim as ss

    sim = ss.Sim(
        n_agents=patients,
        demographics=[_module(ss)()],
        start=2000,
        dur=w.YEARS - 1.0 / 12.0,
        dt=1.0 / 12.0,
        rand_seed=seed,
        verbose=0,
        copy_inputs=False,
    )
    sim.init()
    begin = time.perf_counter()
    sim.run()
    seconds = time.perf_counter() - begin
    module = sim.demographics.w1
    if sim.t.npts != w.STEPS:
        raise AssertionError(f"Starsim made {sim.t.npts} steps instead of {w.STEPS}")
    kinds = np.concatenate([kind for _, _, kind in module.records])
    alive = module.compartment.values
    occupancy = np.bincount(np.where(alive > 0, (alive - 1) % 3 + 1, 0), minlength=5)
    occupancy[w.DEAD] = patients - len(alive)
    transitions = np.bincount(kinds, minlength=5)
    return Result(
        patients, tuple(map(int, transitions)), tuple(map(int, occupancy)), module.live_steps, seconds
    )
