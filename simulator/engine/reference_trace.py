"""The reference engine, watched: what fired, because of what, after which draws.

A `TracedLife` is a `Life` that keeps books. It changes nothing: same draws, same rows. Each arrow
taken is a `Firing`; it says how it came about (`how`), which firing, if any, led to it (`by`), and what
the patient was like the instant before (`state`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import pairwise

from simulator.compiler import machine as m
from simulator.engine.ages import NEVER
from simulator.engine.reference import (
    MAX_ATTEMPTS,
    Signals,
    finish,
    live_through,
    new_life,
    window_edges,
)
from simulator.engine.reference_chart import NO_ARROW, PatientHistory
from simulator.engine.reference_draws import Streams
from simulator.engine.reference_life import Life, Next
from simulator.engine.reference_state import PatientState, Slot
from simulator.engine.reference_terms import evaluate, value_of
from simulator.errors import EngineError, UsageError

BIRTH = 0  #: the first firing of every life: its beginning


@dataclass(frozen=True, slots=True)
class Because:
    """What made something change.

    kind: ``firing`` (number `by`) · ``time`` (a clock in a condition) · ``level`` (a slope changed
    with time) · ``signals`` (what the community passes on).
    """

    kind: str
    by: int = BIRTH


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a waiting arrow at an instant; `state` is the patient just after."""

    time: int
    because: Because
    due: int
    multiplier: float
    remaining: float
    state: PatientState


@dataclass(slots=True)
class Waiting:
    """A waiting arrow: `changes[0]` is its arming. `drawn` is what its clock or duration was drawn as."""

    armed: int  # the firing by which its state was entered
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Firing:
    """An arrow taken.

    Attributes:
        number: from 0, the beginning of the life, in order of time.
        time: instant in microseconds.
        process, before, after: index of the process and of its states; -1 at the beginning.
        k, arrow: place of the arrow in its state, and among all arrows; -1 at the beginning.
        by: the firing that led to it: entered the state (rates, durations, ages, chances), said the
            event, or made the condition true (the state's entry if time did).
        waiting: how it waited, for an arrow that fires by itself.
        draw: exponential, duration in microseconds or uniform number that was drawn; None without.
        state: the patient the instant before.
    """

    number: int
    time: int
    process: int
    before: int
    after: int
    k: int
    arrow: int
    by: int
    waiting: Waiting | None
    draw: float | None
    state: PatientState


@dataclass(slots=True)
class Watch:
    """The value of a term over a whole life: `values` as (from, value), changes only."""

    term: m.Term
    values: list[tuple[int, float]] = field(default_factory=list)
    wake: int = NEVER

    def look(self, patient: PatientState) -> None:
        """The value now."""
        value, self.wake = evaluate(self.term, patient)
        if not self.values or self.values[-1][1] != value:
            self.values.append((patient.now, value))


@dataclass(frozen=True, slots=True)
class Trace:
    """A life with its books.

    Attributes:
        history: rows, as of any run.
        firings: in order; the first is the beginning.
        causes: for each row of `history.events`, the number of the firing in which it was written.
        last: the patient at the end, and what still waits: by process, then slot.
    """

    machine: m.Machine
    history: PatientHistory
    firings: tuple[Firing, ...]
    causes: tuple[int, ...]
    attempts: int
    last: PatientState
    waiting: tuple[tuple[Waiting | None, ...], ...]
    draws: dict[str, float]


class RaisedEvent(int):
    """The number of an event that knows which firing said it."""

    by: int = BIRTH


class TracedStreams(Streams):
    """Streams that remember the latest thing drawn of each."""

    def __init__(self, seed: int, patient: int, attempt: int) -> None:
        super().__init__(seed, patient, attempt)
        self.drawn: dict[str, float] = {}

    def uniform(self, stream: str) -> float:
        self.drawn[stream] = super().uniform(stream)
        return self.drawn[stream]

    def exponential(self, stream: str) -> float:
        self.drawn[stream] = super().exponential(stream)
        return self.drawn[stream]

    def draw_duration(self, distribution: m.Distribution, stream: str, patient: PatientState) -> int:
        duration = super().draw_duration(distribution, stream, patient)
        self.drawn[stream] = float(duration)
        return duration


class TracedLife(Life):
    """A life that keeps books of what fires and why."""

    def __init__(self, life: Life, watches: Iterable[Watch] = ()) -> None:
        self.traced = TracedStreams(life.streams.seed, life.streams.patient, life.streams.attempt)
        super().__init__(life.machine, life.patient, self.traced, life.chart)
        self.watches = list(watches)
        self.fired: list[Firing] = []
        self.because = Because("firing", BIRTH)
        self.row_causes: list[int] = []
        self._waiting: dict[int, tuple[Slot, Waiting]] = {}
        self._heard: RaisedEvent | None = None
        self.fired.append(
            Firing(
                BIRTH, life.patient.now, -1, -1, -1, -1, NO_ARROW, BIRTH, None, None, snapshot(life.patient)
            )
        )

    # --- the life, watched ----------------------------------------------------------------

    def let_happen(self, coming: Next) -> None:
        self.look_until(coming.instant)
        if coming.rank == 1:
            self.because = Because("level")
        elif coming.rank == 2 and not coming.is_due:
            self.because = Because("time")
        self._heard = None
        super().let_happen(coming)
        if coming.rank == 2 and not coming.is_due:
            self.note_changes()

    def set_signals(self, signals: list[float], now: int) -> None:
        self.look_until(now)
        self.because = Because("signals")
        super().set_signals(signals, now)

    def do(self, action: m.Action) -> None:
        if isinstance(action, m.Raise):
            event = RaisedEvent(action.event)
            event.by = self.now_firing()
            self.raised.append(event)
            return
        rows = len(self.chart.history.events)
        try:
            super().do(action)
        finally:
            self.row_causes += [BIRTH] * (rows - len(self.row_causes))
            self.row_causes += [self.now_firing()] * (len(self.chart.history.events) - len(self.row_causes))

    def listener(self, process: int, event: int) -> int | None:
        self._heard = event if isinstance(event, RaisedEvent) else None
        return super().listener(process, event)

    def settle(self, process: int) -> None:
        if self.arrow == NO_ARROW:
            self.because = Because("firing", BIRTH)
        super().settle(process)

    def take(self, process: int, k: int) -> None:
        self.fired.append(self.firing(process, k))
        self.because = Because("firing", self.fired[-1].number)
        super().take(process, k)

    def refresh_all(self) -> None:
        self.note_changes()  # what has just been armed
        super().refresh_all()
        self.note_changes()
        for watch in self.watches:
            watch.look(self.patient)

    # --- books ----------------------------------------------------------------------------

    def now_firing(self) -> int:
        """The firing under way."""
        return BIRTH if self.arrow == NO_ARROW else self.fired[-1].number

    def firing(self, process: int, k: int) -> Firing:
        """The arrow about to be taken."""
        before = self.patient.states[process]
        arrow = self.state_of(process).arrows[k]
        slots = self.slots[process]
        known = self._waiting.get(id(slots[k])) if k < len(slots) else None
        waiting = known[1] if known is not None else None
        stream, by = f"arrow:{arrow.name}", BIRTH
        match arrow.trigger:
            case m.ByChance():
                stream = f"state:{self.machine.processes[process].name}/{self.state_of(process).name}"
                by = self.now_firing()
            case m.OnEvent():
                waiting = None
                by = self._heard.by if self._heard is not None else BIRTH
            case m.WhenTrue() if waiting is not None:
                by = came_true(waiting).because.by or waiting.armed
            case m.ByRate() if waiting is not None:
                by = possible_since(waiting).because.by or waiting.armed
            case _ if waiting is not None:
                by = waiting.armed
        return Firing(
            len(self.fired), self.patient.now, process, before, arrow.target, k,
            self.arrow_number(process, before, k), by, waiting, self.traced.drawn.get(stream),
            snapshot(self.patient),
        )  # fmt: skip

    def note_changes(self) -> None:
        """Enter in the books which waiting arrows have been armed or aimed anew."""
        now: PatientState | None = None
        for process, slots in enumerate(self.slots):
            for slot in slots:
                known = self._waiting.get(id(slot))
                if known is None:
                    waiting = Waiting(self.entered_by(process))
                    self._waiting[id(slot)] = (slot, waiting)
                else:
                    waiting = known[1]
                    last = waiting.changes[-1]
                    if (last.due, last.multiplier) == (slot.due, slot.multiplier):
                        continue
                now = now or snapshot(self.patient)
                change = Change(
                    self.patient.now, self.because, slot.due, slot.multiplier, slot.remaining, now
                )  # fmt: skip
                waiting.changes.append(change)

    def entered_by(self, process: int) -> int:
        """The firing by which the current state of a process was entered."""
        latest = self.fired[-1]
        return latest.number if latest.process == process else BIRTH

    def look_until(self, instant: int) -> None:
        """Follow what is watched through the changes that time alone brings, up to an instant."""
        now = self.patient.now
        for watch in self.watches:
            while watch.wake < instant:
                self.patient.now = watch.wake
                watch.look(self.patient)
        self.patient.now = now

    def _fired_at(self, time: int, arrow: int) -> int:
        """The firing of an arrow at an instant."""
        return next((f.number for f in reversed(self.fired) if (f.time, f.arrow) == (time, arrow)), BIRTH)

    def trace(self) -> Trace:
        """Everything, at the end of the period."""
        history = finish(self)
        self.look_until(history.exit)
        self.row_causes += [BIRTH] * (len(history.events) - len(self.row_causes))
        for i, row in enumerate(history.events):
            # an encounter's own row may be written later, by what was first recorded in it
            if self.fired[self.row_causes[i]].arrow != row.arrow:
                self.row_causes[i] = self._fired_at(row.time, row.arrow)
        waiting = tuple(
            tuple(self._waiting[id(slot)][1] if id(slot) in self._waiting else None for slot in slots)
            for slots in self.slots
        )
        return Trace(
            self.machine, history, tuple(self.fired), tuple(self.row_causes),
            self.streams.attempt + 1, snapshot(self.patient), waiting, dict(self.traced.drawn),
        )  # fmt: skip


def trace_patient(
    machine: m.Machine,
    seed: int,
    patient: int,
    signals: Signals | None = None,
    watched: Sequence[m.Term] = (),
) -> tuple[Trace, tuple[Watch, ...]]:
    """One patient from entry to the end of the period, watched.

    Args:
        machine, seed, patient, signals: as for `reference.run_patient`.
        watched: terms whose values over the whole life are wanted.

    Raises:
        UsageError, EngineError: as `reference.run_patient`.
    """
    start = machine.population.start
    if machine.signals and signals is None:
        raise UsageError(
            f"{machine.id}: patients are coupled by signals, and none were given",
            remedy="Pass the signals of the run.",
        )
    for attempt in range(MAX_ATTEMPTS):
        watches = tuple(Watch(term) for term in watched)
        life = TracedLife(new_life(machine, seed, patient, attempt), watches)
        life.begin()
        life.run_until(start)
        death = life.chart.history.death
        if death is not None and death < start:
            continue
        if signals is None or not machine.signals:
            life.run_until(machine.population.end)
        else:
            for w, (low, high) in enumerate(pairwise(window_edges(machine))):
                live_through(life, signals[w], low, high)
        return life.trace(), watches
    raise EngineError(
        f"patient {patient}: {MAX_ATTEMPTS} lives ended before the period began",
        remedy="Nobody of that age can live to see the start: look at mortality and the age structure.",
    )


def snapshot(patient: PatientState) -> PatientState:
    """The patient as of now, not to be changed by what follows."""
    twin = copy(patient)
    twin.vars, twin.states, twin.stamps = list(patient.vars), list(patient.states), list(patient.stamps)
    twin.rings = [list(ring) for ring in patient.rings]
    twin.levels = [replace(level) for level in patient.levels]
    twin.signals = list(patient.signals)
    return twin


def came_true(waiting: Waiting) -> Change:
    """The change by which a condition came to hold, for the last time."""
    return _last_rise(waiting, lambda change: change.due < NEVER)


def possible_since(waiting: Waiting) -> Change:
    """The change by which a hazard came to be above zero, for the last time."""
    return _last_rise(waiting, lambda change: change.multiplier > 0.0)


def _last_rise(waiting: Waiting, holds: Callable[[Change], bool]) -> Change:
    found = waiting.changes[0]
    for before, after in pairwise(waiting.changes):
        if holds(after) and not holds(before):
            found = after
    return found


def value_at(term: m.Term, state: PatientState) -> float:
    """The value of a term when the patient was like this."""
    return value_of(term, state)
