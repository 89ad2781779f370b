"""The named random streams of a machine, and those whose numbers would be the same.

A stream is known by its name; what it draws follows from the 32-bit number of the name (`rng.stream_id`).
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.compiler import machine as m
from simulator.rng import stream_id


def early_streams(machine: m.Machine) -> tuple[list[str], list[str]]:
    """Streams from which every patient draws at the very beginning, whose first blocks are worked out
    together: clocks of first states; then birth and sex, variables, deviations of levels."""
    clocks = [
        f"arrow:{arrow.name}"
        for process in machine.processes
        for arrow in process.states[0].arrows
        if isinstance(arrow.trigger, m.ByRate)
    ]
    others = [f"var:{var.name}" for var in machine.vars[1:] if var.weights or var.initial is not None]
    return clocks, ["population", *others, *(f"level:{level.name}" for level in machine.levels)]


def stream_names(machine: m.Machine) -> list[str]:
    """Names of every random stream of a machine, in a fixed order, each once, the early ones first."""
    clocks, others = early_streams(machine)
    names: dict[str, None] = dict.fromkeys(clocks + others)
    for var in machine.vars:
        names[f"var:{var.name}"] = None
    for level in machine.levels:
        names[f"level:{level.name}"] = None
        names[f"measure:{level.name}"] = None
    for encounter in machine.encounters:
        names[f"encounter:{encounter.name}"] = None

    def of_actions(actions: Iterable[m.Action]) -> None:
        for action in actions:
            if isinstance(action, m.Draw):
                names[action.stream] = None
            elif isinstance(action, m.If):
                names[action.stream] = None
                of_actions(action.actions)

    for process in machine.processes:
        for state in process.states:
            names[f"state:{process.name}/{state.name}"] = None
            of_actions(state.on_entry)
            for arrow in state.arrows:
                names[f"arrow:{arrow.name}"] = None
                of_actions(arrow.actions)
    return list(names)


def colliding(machine: m.Machine) -> list[tuple[str, str]]:
    """Pairs of streams of different names and one number: all that one draws, the other draws too."""
    first: dict[int, str] = {}
    pairs = []
    for name in stream_names(machine):
        other = first.setdefault(stream_id(name), name)
        if other != name:
            pairs.append((other, name))
    return pairs
