"""Places in a pathway while it is compiled: where a step leads, and what holds around it."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.compiler import machine as m


@dataclass(slots=True)
class Point:
    """A place in a pathway: what is done on arriving, and the state the process is then in."""

    actions: list[m.Action] = field(default_factory=list)
    state: int = -1

    def after(self, *actions: m.Action) -> Point:
        """The place before this one: some actions first."""
        return Point([*actions, *self.actions], self.state)

    def fill(self, other: Point) -> None:
        """Settle a place that was referred to before it was known."""
        self.actions, self.state = other.actions, other.state


@dataclass(slots=True)
class LatestVisit:
    """The visit that `postpone` goes back to."""

    point: Point
    round_begins: m.Action | None  # a round that begins anew with it
    counter: int | None = None  # how often it was postponed, if somebody counts


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a step stands: whose it is, its latest visit, where leaving leads."""

    owner: str
    encounter: int
    completed: Point
    stopped: Point
    visit: LatestVisit | None = None
    round_begins: m.Action | None = None
    following: tuple[str, ...] = ()


@dataclass(slots=True)
class Place:
    """A state on the way, with its arrows: name, trigger, actions, target."""

    name: str
    arrows: list[tuple[str, m.Trigger, Point]] = field(default_factory=list)
    by_chance: bool = False
