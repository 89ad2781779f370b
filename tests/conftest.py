"""Shared by all tests: where things are, and property-based testing that gives the same answer twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# no deadline: the first example may compile a kernel; derandomised: CI must not fail by chance
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
# a search for new counterexamples: HYPOTHESIS_PROFILE=search make test
settings.register_profile("search", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def scenarios(root: Path) -> Path:
    """The folder of shipped scenarios."""
    return root / "scenarios"
