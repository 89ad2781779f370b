"""What can ever happen: from the beginning of life on, everything that some trigger allows is tried.

States are reached, events are raised, results are recorded until nothing new comes of it. Numbers do not
matter here (a rate may be as low as it likes, a threshold as high); what matters is that somebody leads
there: an event that something raises, a state that is entered, a measurement that is taken.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from simulator.compiler import algebra
from simulator.compiler import machine as m

_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that never is: an event (``event``), a state of a process, a result (``var``)."""

    kind: str
    index: int
    mask: int = 0


#: something that may be news: ``event``, ``state`` or ``var``, and its number
_Key = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Arrow:
    """An arrow, and the state of a process that it leads from."""

    process: int
    state: int
    arrow: m.Arrow


@dataclass(frozen=True, slots=True, eq=False)
class _Branch:
    """What is done if a condition holds."""

    condition: m.Term
    then: tuple[m.Action, ...]


@dataclass(slots=True)
class Reach:
    """Everything that can happen.

    Attributes:
        processes: by number.
        stamps, rings: the event that each remembers.
        results: variables that are unknown until something is recorded; with the measurement's number,
            those that a measurement sets.
        states: by process, the mask of the states that are reached.
        events: those that are raised.
        known: the `results` that are recorded.
    """

    processes: Mapping[int, m.Process]
    stamps: Mapping[int, int]
    rings: Mapping[int, int]
    results: Mapping[int, int | None]
    states: dict[int, int] = field(default_factory=dict)
    events: set[int] = field(default_factory=set)
    known: set[int] = field(default_factory=set)
    _due: OrderedDict[_Arrow | _Branch, None] = field(default_factory=OrderedDict)
    _waiting: dict[_Key, dict[_Arrow | _Branch, None]] = field(default_factory=dict)
    _done: set[_Arrow | _Branch] = field(default_factory=set)
    _sets: dict[int, list[int]] = field(default_factory=dict)

    def explore(self) -> None:
        """Try everything, and what waits again when it may have come true, until nothing new comes of it."""
        for index, process in self.processes.items():
            self._note("state", index)
            self.states[index] = 1
            self._do(process.states[0].on_entry)
        for index, process in self.processes.items():
            for number, state in enumerate(process.states):
                for arrow in state.arrows:
                    self._await(_Arrow(index, number, arrow), {("state", index), *self._asked(arrow.trigger)})
        while self._due:
            attempt = self._due.popitem(last=False)[0]
            if isinstance(attempt, _Arrow):
                self._take(attempt)
            elif self.may_hold(attempt.condition):
                self._settle(attempt)
                self._do(attempt.then)

    def _take(self, attempt: _Arrow) -> None:
        """Go along an arrow, if somebody stands at it and it may fire."""
        index, arrow = attempt.process, attempt.arrow
        if not self.states[index] >> attempt.state & 1 or not self.may_fire(arrow.trigger):
            return
        self._settle(attempt)
        self._do(arrow.actions)
        if not self.states[index] >> arrow.target & 1:
            self.states[index] |= 1 << arrow.target
            self._note("state", index)
            self._do(self.processes[index].states[arrow.target].on_entry)

    def _await(self, attempt: _Arrow | _Branch, keys: Iterable[_Key]) -> None:
        """Try something: now, and again whenever one of `keys` is news."""
        self._due[attempt] = None
        for key in keys:
            self._waiting.setdefault(key, {})[attempt] = None

    def _settle(self, attempt: _Arrow | _Branch) -> None:
        """What has happened need not be tried again."""
        self._done.add(attempt)

    def _note(self, kind: str, index: int) -> None:
        """Something is new."""
        for attempt in self._waiting.get((kind, index), ()):
            if attempt not in self._done:
                self._due[attempt] = None

    def _asked(self, trigger: m.Trigger) -> set[_Key]:
        """What a trigger asks for."""
        match trigger:
            case m.WhenTrue(condition):
                return self._keys(condition)
            case m.ByRate(_, _, m.Apply() as condition):
                return self._keys(condition)
            case m.OnEvent(event, condition):
                return {("event", event)} | (set() if condition is None else self._keys(condition))
        return set()

    def _keys(self, term: m.Term) -> set[_Key]:
        """What a condition asks for."""
        match term:
            case m.Apply(_, parts):
                return {key for part in parts for key in self._keys(part)}
            case m.InState(process):
                return {("state", process)}
            case m.Stamped(stamp) | m.SinceAtLeast(stamp) | m.SinceLess(stamp):
                return {("event", event)} if (event := self.stamps.get(stamp)) is not None else set()
            case m.CountAtLeast(ring):
                return {("event", event)} if (event := self.rings.get(ring)) is not None else set()
            case m.Var(index):
                return {("var", index)}
        return set()

    def may_fire(self, trigger: m.Trigger) -> bool:
        """Whether a trigger can ever fire, as far as is known now."""
        match trigger:
            case m.WhenTrue(condition):
                return self.may_hold(condition)
            case m.OnEvent(event, condition):
                return event in self.events and (condition is None or self.may_hold(condition))
            case m.ByRate(_, _, m.Apply("if", (condition, _, otherwise))) if otherwise == algebra.FALSE:
                return self.may_hold(condition)
        return True

    def _do(self, actions: Iterable[m.Action]) -> None:
        for action in actions:
            match action:
                case m.Raise(event):
                    if event not in self.events:
                        self.events.add(event)
                        self._note("event", event)
                case m.Set(var) | m.Draw(var):
                    self._know(var)
                case m.Measure(measurement):
                    for var in self._measured(measurement):
                        self._know(var)
                case m.If(condition, _, _, then):
                    # whether or not: what is done at visits is judged where it is asked for
                    if condition is None:
                        self._do(then)
                    else:
                        self._await(_Branch(condition, then), self._keys(condition))

    def _know(self, var: int) -> None:
        if var not in self.known:
            self.known.add(var)
            self._note("var", var)

    def _measured(self, measurement: int) -> list[int]:
        """The variables that a measurement sets."""
        if not self._sets:
            for var, owner in self.results.items():
                if owner is not None:
                    self._sets.setdefault(owner, []).append(var)
        return self._sets.get(measurement, [])

    def may_hold(self, term: m.Term) -> bool:
        """Whether a condition can ever be true."""
        return self._may(term)[1]

    def _may(self, term: m.Term) -> tuple[bool, bool]:
        """Whether a condition can be false, and can be true."""
        match term:
            case m.Apply("and", parts):
                each = [self._may(part) for part in parts]
                return any(false for false, _ in each), all(true for _, true in each)
            case m.Apply("or", parts):
                each = [self._may(part) for part in parts]
                return all(false for false, _ in each), any(true for _, true in each)
            case m.Apply("not", (part,)):
                false, true = self._may(part)
                return true, false
            case m.InState(process, mask):
                reached = self.states.get(process, ~0)
                return bool(reached & ~mask), bool(reached & mask)
        return True, self._missing(term) is None

    def _missing(self, term: m.Term) -> Fact | None:
        """What a simple condition waits for, if that never is."""
        match term:
            case m.InState(process, mask) if not self.states.get(process, ~0) & mask:
                return Fact("state", process, mask)
            case m.Stamped(stamp) | m.SinceAtLeast(stamp) | m.SinceLess(stamp):
                return self._unraised(self.stamps.get(stamp))
            case m.CountAtLeast(ring):
                return self._unraised(self.rings.get(ring))
            case m.Apply(op, parts) if op in _COMPARISONS:
                for each in parts:
                    if (
                        isinstance(each, m.Var)
                        and each.index in self.results
                        and each.index not in self.known
                    ):
                        return Fact("var", each.index)
        return None

    def _unraised(self, event: int | None) -> Fact | None:
        return None if event is None or event in self.events else Fact("event", event)

    def lacking(self, trigger: m.Trigger) -> Iterator[Fact]:
        """What a trigger that can never fire waits for."""
        match trigger:
            case m.WhenTrue(condition):
                yield from self._lacking(condition)
            case m.OnEvent(event, condition):
                if event not in self.events:
                    yield Fact("event", event)
                elif condition is not None:
                    yield from self._lacking(condition)
            case m.ByRate(_, _, m.Apply("if", (condition, _, otherwise))) if otherwise == algebra.FALSE:
                yield from self._lacking(condition)

    def _lacking(self, term: m.Term) -> Iterator[Fact]:
        if self.may_hold(term):
            return
        if isinstance(term, m.Apply) and term.op in ("and", "or"):
            for part in term.args:
                yield from self._lacking(part)
        elif (fact := self._missing(term)) is not None:
            yield fact
