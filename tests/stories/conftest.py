"""Stories are simulated once for all who look at them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import simulator
from simulator import EventLog

Story = Callable[..., EventLog]


@pytest.fixture(scope="session")
def story(scenarios: Path) -> Story:
    """The histories of a story: `story("sepsis", size=500, arm="base")`."""

    @cache
    def get(name: str, size: int, arm: str | None = None) -> EventLog:
        return simulator.run(scenarios / "stories" / f"{name}.yaml", size=size, seed=7, arm=arm)

    return get
