"""The last net: what nests deeper than Python follows is a finding, too, and says where."""

from __future__ import annotations

import traceback

from simulator.compiler.terms import Where
from simulator.errors import Findings
from simulator.scenario.model import Scenario


def report(error: RecursionError, scenario: Scenario, findings: Findings) -> None:
    """E111 at the innermost place of the scenario that was being worked on when the stack was full."""
    where = Where("", scenario.span)
    for frame, _ in traceback.walk_tb(error.__traceback__):
        here = next((each for each in frame.f_locals.values() if isinstance(each, Where)), where)
        where = here if here.path else where
    findings.add(
        "E111", "this nests, or leads from one thing to the next, too deeply to be worked out", where.span,
        path=where.path, remedy="Name parts of it (an attribute, a state), or split it.",
    )  # fmt: skip
