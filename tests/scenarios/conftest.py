"""Cohorts that several tests look at, each simulated once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import simulator
from tests.scenarios.epidemiology import Cohort

SEED = 20_240_601


@pytest.fixture(scope="session")
def cohort(scenarios: Path) -> Callable[[str, int], Cohort]:
    """A shipped scenario run in memory: `cohort(name, size)`."""
    made: dict[tuple[str, int], Cohort] = {}

    def get(name: str, size: int) -> Cohort:
        key = (name, size)
        if key not in made:
            made[key] = Cohort(simulator.run(scenarios / f"{name}.yaml", size=size, seed=SEED))
        return made[key]

    return get
