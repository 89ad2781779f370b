"""The symbol table: every name of a scenario, what it stands for, and what it is near to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice

from simulator.scenario.nearest import nearest as nearest
from simulator.scenario.remainder import Lost

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
        missing: names that the scenario gives to something that could not be made out.
        lost: what of the scenario could not be read.
        adrift: paths of diseases with arrows that lead to no state.
        innate: categorical variables that are known of everybody from birth.
        stamps, rings: events whose times are remembered, because an expression asks.
    """

    symbols: dict[str, Symbol] = field(default_factory=dict)
    processes: dict[str, int] = field(default_factory=dict)
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    innate: set[int] = field(default_factory=lambda: {0})  # sex
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
    lost: Lost = field(default_factory=Lost)
    adrift: set[str] = field(default_factory=set)
    _kinds: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    _public: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    _by_last: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _owners: tuple[int, dict[str, str]] | None = field(default=None, init=False, repr=False)
    _event_names: tuple[str, ...] = field(default=(), init=False, repr=False)
    _process_names: tuple[str, ...] = field(default=(), init=False, repr=False)
    _listed: int = field(default=-1, init=False, repr=False)

    def add(self, name: str, kind: str, index: int) -> None:
        """Make a name known."""
        self.symbols[name] = Symbol(name, kind, index)
        self._kinds.clear()

    def process(self, name: str) -> int:
        """The index of a process, given to it when it is first asked for."""
        return self.processes.setdefault(name, len(self.processes))

    def event(self, name: str) -> int:
        """The index of an event, given to it when it is first asked for."""
        return self.events.setdefault(name, len(self.events))

    def event_names(self) -> tuple[str, ...]:
        """All events, by number."""
        if len(self._event_names) != len(self.events):
            self._event_names = tuple(self.events)
        return self._event_names

    def process_names(self) -> tuple[str, ...]:
        """All processes, by number."""
        if len(self._process_names) != len(self.processes):
            self._process_names = tuple(self.processes)
        return self._process_names

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

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Names of everything of one kind; the same tuple until another name is added."""
        if kind not in self._kinds:
            self._kinds[kind] = tuple(s.name for s in self.symbols.values() if s.kind == kind)
        return self._kinds[kind]

    def usable(self) -> tuple[str, ...]:
        """Everything that a name in an expression may mean; the same tuple until another name is added."""
        key = f"{len(self.missing)} missing"
        if key not in self._kinds:
            names = [s.name for s in self.symbols.values() if s.kind not in ("treatment", "care")]
            self._kinds[key] = (*names, *self.parameters, *sorted(self.missing), "age", "date")
        return self._kinds[key]

    def owner_of(self, state: str) -> str | None:
        """The first disease, … that has a state of that name."""
        if self._owners is None or self._owners[0] != len(self.states):
            found: dict[str, str] = {}
            for owner, states in self.states.items():
                if owner in self.symbols:
                    found.update({each: owner for each in states if each not in found})
            self._owners = len(self.states), found
        return self._owners[1].get(state)

    def public_events(self, owner: str = "") -> tuple[str, ...]:
        """Events an author can name (internal ones carry a colon): all, or those of `owner`."""
        if len(self.events) != self._listed:
            self._listed = len(self.events)
            found: dict[str, list[str]] = {"": []}
            for event in self.events:
                if ":" not in event:
                    found[""].append(event)
                    found.setdefault(event.split(".")[0], []).append(event)
            self._public = {name: tuple(events) for name, events in found.items()}
            self._by_last = {event.rpartition(".")[2]: event for event in reversed(found[""])}
        return self._public.get(owner, ())

    def events_by_last(self) -> dict[str, str]:
        """By the last part of their names (``diagnosed``), the first of the events an author can name."""
        self.public_events()
        return self._by_last


def listing(choices: Iterable[str], most: int = 8) -> str:
    """Choices in words, cut short: ```a`, `b` or `c```."""
    choices = choices if isinstance(choices, Collection) else list(choices)
    quoted = [f"`{c}`" for c in islice(choices, most + 1)]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" … ({len(choices)} in all)"
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
