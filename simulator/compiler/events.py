"""Who tells whom: the last step of lowering.

While it is lowered, every process raises every event it could. Here each `Raise` becomes what
somebody needs of it: a stamp and a ring entry if an expression asks when or how often, and the
event itself if some process listens. The rest vanishes, so that nothing costs time for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from simulator.compiler import machine as m
from simulator.compiler.names import Names


@dataclass(frozen=True, slots=True)
class Wiring:
    """New numbers of the events that are heard, and what remembers each event."""

    heard: Mapping[int, int]
    stamps: Mapping[int, int]
    rings: Mapping[int, int]

    def actions(self, actions: Iterable[m.Action]) -> tuple[m.Action, ...]:
        """The same actions with every `Raise` replaced by what somebody needs of it."""
        result: list[m.Action] = []
        for action in actions:
            if isinstance(action, m.Raise):
                result += self.told(action.event)
            elif isinstance(action, m.If):
                inner = self.actions(action.actions)
                if inner:
                    result.append(replace(action, actions=inner))
            else:
                result.append(action)
        return tuple(result)

    def told(self, event: int) -> list[m.Action]:
        """What has to be done when an event happens."""
        told: list[m.Action] = []
        if event in self.stamps:
            told.append(m.Stamp(self.stamps[event]))
        if event in self.rings:
            told.append(m.Push(self.rings[event]))
        if event in self.heard:
            told.append(m.Raise(self.heard[event]))
        return told

    def arrow(self, arrow: m.Arrow) -> m.Arrow:
        """The arrow, with events by their new numbers."""
        trigger = arrow.trigger
        if isinstance(trigger, m.OnEvent):
            trigger = replace(trigger, event=self.heard[trigger.event])
        return replace(arrow, trigger=trigger, actions=self.actions(arrow.actions))


def connect(processes: Sequence[m.Process], names: Names) -> tuple[tuple[m.Process, ...], tuple[str, ...]]:
    """The processes with every `Raise` resolved, and the names of the events that are heard."""
    listened = {
        arrow.trigger.event
        for process in processes
        for state in process.states
        for arrow in state.arrows
        if isinstance(arrow.trigger, m.OnEvent)
    }
    heard = [event for event in names.events.values() if event in listened]
    wiring = Wiring(
        {event: i for i, event in enumerate(heard)},
        {names.events[name]: i for name, i in names.stamps.items()},
        {names.events[name]: i for name, i in names.rings.items()},
    )
    wired = tuple(
        replace(
            process,
            states=tuple(
                replace(
                    state,
                    arrows=tuple(wiring.arrow(a) for a in state.arrows),
                    on_entry=wiring.actions(state.on_entry),
                )
                for state in process.states
            ),
        )
        for process in processes
    )
    by_index = {index: name for name, index in names.events.items()}
    return wired, tuple(by_index[event] for event in heard)
