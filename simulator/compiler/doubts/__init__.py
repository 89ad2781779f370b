"""What is legal, but surely not meant: warnings about a scenario that is lowered."""

from __future__ import annotations

from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.doubts import conditions, courses, idle, magnitudes, waiting


def doubt(low: Lowering, variables: list[m.VarSpec], levels: list[m.LevelSpec | None]) -> None:
    """Adds every warning that needs the whole scenario.

    Args:
        low: the scenario, all of whose processes are lowered.
        variables: sex and the attributes.
        levels: the measurements; None for one that has errors.
    """
    courses.doubt(low)
    conditions.doubt(low, variables, [level for level in levels if level is not None])
    magnitudes.doubt(low, [level for level in levels if level is not None])
    idle.doubt(low)
    waiting.doubt(low)
