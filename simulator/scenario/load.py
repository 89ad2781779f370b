"""The way in: a scenario file becomes a typed scenario and a list of findings."""

from __future__ import annotations

import os
from collections.abc import Mapping

from simulator.errors import Findings
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Settings
from simulator.scenario.reading import read_scenario, read_text


def load_scenario(
    path: str | os.PathLike[str], *, settings: Settings | None = None, arm: str | None = None
) -> tuple[Scenario | None, Findings]:
    """Reads a scenario with everything it uses.

    Returns the scenario (None if anything is wrong with it) and all findings. Whatever the file
    holds, the result is findings, never an exception.

    Args:
        path: the file.
        settings: values of parameters, instead of those in the files, e.g. ``{"uptake": "50%"}``.
        arm: the arm, instead of the scenario as it is.

    Raises: UsageError if the file itself is missing or cannot be opened, or there is no such arm.
    """
    return read_scenario(path).build(settings, arm)


def parse_scenario(
    text: str,
    filename: str = "<scenario>",
    others: Mapping[str, str] | None = None,
    *,
    settings: Settings | None = None,
    arm: str | None = None,
) -> tuple[Scenario | None, Findings]:
    """As `load_scenario`, for a text; files it uses are among `others` (text by path) or beside `filename`.

    >>> scenario, findings = parse_scenario("id: empty")
    >>> scenario.id, findings.items
    ('empty', [])
    """
    return read_text(text, filename, others).build(settings, arm)
