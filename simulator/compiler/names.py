"""The symbol table: every name of a scenario, what it stands for, and what it is near to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.scenario.nearest import comparable

#: names of our own, beside those that the language reserves
RESERVED = frozenset({"mortality", "follow_up", "lost_to_follow_up"})


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name: what it is and its index among its kind (variable, process, level, signal)."""

    name: str
    kind: (
        str  # attribute, disease, symptom (also an event that lasts), measurement, treatment, care, exchange
    )
    index: int


@dataclass(slots=True)
class Ring:
    """A memory of the latest instants of one event; `capacity` grows with what is asked of it."""

    event: str
    capacity: int = 1


@dataclass(slots=True)
class Names:
    """All names of one scenario, and the numbers the machine knows them by.

    Attributes:
        symbols: by name.
        processes: index of each process, by name.
        states: by disease: the mask of each state, with ``absent``, and of all others as ""; by
            treatment: the mask of ``on``.
        categories: by categorical attribute.
        units: by numeric attribute and by measurement.
        last: by measurement, the variable that holds the last recorded value.
        vars: names of the variables in machine order.
        events: names of the events in order of declaration.
        later: names that exist but cannot be used yet, while attributes are declared.
        previous: by measurement of which it is asked, the variable that holds the recorded value before
            the last.
        doses: by treatment that has a dose, the variable that holds it and its unit.
        stays: by care with a stay, its process.
        parameters: names of constants; their values stand in expressions already.
        missing: names that the scenario gives to something that could not be read.
        stamps, rings: events whose times are remembered, because an expression asks.
    """

    symbols: dict[str, Symbol] = field(default_factory=dict)
    processes: dict[str, int] = field(default_factory=dict)
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    vars: list[str] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    parameters: tuple[str, ...] = ()
    stamps: dict[str, int] = field(default_factory=dict)
    rings: dict[str, int] = field(default_factory=dict)
    doses: dict[str, tuple[int, str]] = field(default_factory=dict)
    previous: dict[str, int] = field(default_factory=dict)
    ring_list: list[Ring] = field(default_factory=list)
    stays: dict[str, int] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def add(self, name: str, kind: str, index: int) -> None:
        """Make a name known."""
        self.symbols[name] = Symbol(name, kind, index)

    def process(self, name: str) -> int:
        """The index of a process, given to it when it is first asked for."""
        return self.processes.setdefault(name, len(self.processes))

    def event(self, name: str) -> int:
        """The index of an event, given to it when it is first asked for."""
        return self.events.setdefault(name, len(self.events))

    def var(self, name: str) -> int:
        """A new variable."""
        self.vars.append(name)
        return len(self.vars) - 1

    def stamp(self, event: str) -> int:
        """The stamp that remembers when `event` last happened."""
        return self.stamps.setdefault(event, len(self.stamps))

    def ring(self, event: str, capacity: int) -> int:
        """The ring that remembers the latest times of `event`, at least `capacity` of them."""
        if event not in self.rings:
            self.rings[event] = len(self.ring_list)
            self.ring_list.append(Ring(event))
        index = self.rings[event]
        self.ring_list[index].capacity = max(self.ring_list[index].capacity, capacity)
        return index

    def of_kind(self, kind: str) -> list[str]:
        """Names of everything of one kind."""
        return [s.name for s in self.symbols.values() if s.kind == kind]

    def public_events(self) -> list[str]:
        """Events an author can name (internal ones carry a colon)."""
        return [e for e in self.events if ":" not in e]


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that looks most like `name`, or None if none does.

    >>> nearest("mlid", ["mild", "severe"])
    'mild'
    """
    folded = {c.lower(): c for c in choices}
    close = difflib.get_close_matches(name.lower(), comparable(name.lower(), folded), 1, 0.6)
    return folded[close[0]] if close else None


def listing(choices: Iterable[str], most: int = 8) -> str:
    """Choices in words, cut short: ```a`, `b` or `c```."""
    quoted = [f"`{c}`" for c in choices]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" … ({len(quoted)} in all)"
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
