"""One attempt at one patient's life: beginning, loop, firing, actions.

Follows docs/engine.md from section to section, refreshing everything where the kernel
refreshes what depends on a change.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.compiler import machine as m
from simulator.compiler.layout import HOVERING
from simulator.engine.ages import NEVER, NULL
from simulator.engine.reference_chart import NO_ARROW, Chart
from simulator.engine.reference_draws import Streams, known, whole_microseconds
from simulator.engine.reference_slots import arm, refresh, refresh_level
from simulator.engine.reference_state import PatientState, Slot
from simulator.engine.reference_terms import is_true, level_value, value_of
from simulator.errors import EngineError

MAX_FIRINGS_AT_ONE_INSTANT = 100_000
_LATEST = 64  # of so many firings one asks what they were, if there is no end of them


class Died(Exception):
    """Ends everything that is under way in a life: nothing comes after death."""


class Next(NamedTuple):
    """Something that is to happen, in the order in which things at one instant happen."""

    instant: int
    rank: int  # 0 end of the encounter, 1 wake-up of a level, 2 slot
    owner: int = 0  # level, or process
    slot: int = 0
    is_due: bool = False  # wake-ups before due times


def is_chance(state: m.State) -> bool:
    """Whether the state is left at once, by chance."""
    return bool(state.arrows) and all(isinstance(arrow.trigger, m.ByChance) for arrow in state.arrows)


@dataclass(slots=True)
class Life:
    machine: m.Machine
    patient: PatientState
    streams: Streams
    chart: Chart
    #: slots of the current state of each process; none until the process has begun
    slots: list[list[Slot]] = field(init=False)
    raised: deque[int] = field(default_factory=deque)
    arrow: int = NO_ARROW  # number of the arrow that is firing
    alive: bool = True
    firings: int = 0
    firings_at: int = NULL
    most_firings: int | None = None  # at one instant; MAX_FIRINGS_AT_ONE_INSTANT if None
    circling: list[int] = field(default_factory=list)  # processes of the latest firings, if they do not end

    def __post_init__(self) -> None:
        self.slots = [[] for _ in self.machine.processes]

    # --- beginning ----------------------------------------------------------------------

    def begin(self) -> None:
        """Variables, birth, levels, and every process in its first state."""
        self.draw_variables()
        self.chart.record_birth(self.patient.vars)
        for index, spec in enumerate(self.machine.levels):
            deviation = spec.deviation_sd * self.streams.normal(f"level:{spec.name}")
            self.patient.levels[index].deviation = deviation
        try:
            self.refresh_levels()
            for process in range(len(self.machine.processes)):
                self.arrow = NO_ARROW
                self.act(self.state_of(process).on_entry)
                self.settle(process)
            self.handle_raised()
        except Died:
            self.alive = False

    def draw_variables(self) -> None:
        """In order; variable 0 is the patient's sex."""
        values = self.patient.vars
        for index, spec in enumerate(self.machine.vars[1:], start=1):
            stream = f"var:{spec.name}"
            if spec.weights:
                weights = [value_of(weight, self.patient) for weight in spec.weights]
                values[index] = float(self.streams.choose(weights, stream))
            elif spec.initial is not None:
                value = self.streams.draw(spec.initial, stream, self.patient)
                values[index] = min(max(value, spec.low), spec.high)

    # --- the loop -----------------------------------------------------------------------

    def run_until(self, end: int) -> None:
        """Let everything happen whose time comes before `end`."""
        while self.alive:
            coming = min(self.candidates())
            if coming.instant >= end:
                return
            self.patient.now = coming.instant
            try:
                self.let_happen(coming)
            except Died:
                self.alive = False

    def candidates(self) -> list[Next]:
        """All that may happen next."""
        found = [Next(NEVER, 3)]
        if self.chart.open is not None:
            found.append(Next(self.chart.open.end, 0))
        for index, level in enumerate(self.patient.levels):
            found.append(Next(level.wake, 1, index))
        for process, slots in enumerate(self.slots):
            for k, slot in enumerate(slots):
                found.append(Next(slot.wake, 2, process, k, False))
                found.append(Next(slot.due, 2, process, k, True))
        return found

    def let_happen(self, coming: Next) -> None:
        if coming.rank == 0:
            self.chart.close_encounter(self.patient.now)
        elif coming.rank == 1:
            since = self.patient.levels[coming.owner].since
            refresh_level(coming.owner, self.patient, hovers=self.patient.now - since <= HOVERING)
            self.refresh_levels(beside=coming.owner)
            self.refresh_all()
        elif not coming.is_due:
            arrow = self.state_of(coming.owner).arrows[coming.slot]
            refresh(self.slots[coming.owner][coming.slot], arrow, self.patient, self.streams)
        else:
            self.fire(coming.owner, coming.slot)
            self.handle_raised()

    def set_signals(self, signals: list[float], now: int) -> None:
        """What the community passes on from `now` on; called at a window's start."""
        if self.alive:
            self.patient.now = now
            self.patient.signals = signals
            self.refresh_levels()
            self.refresh_all()

    # --- firing -------------------------------------------------------------------------

    def fire(self, process: int, k: int) -> None:
        """Take arrow `k` of the process's current state, and move on until there is time to pass."""
        self.take(process, k)
        self.settle(process)

    def take(self, process: int, k: int) -> None:
        """Move along arrow `k`: the arrow's actions, then the entry actions of its target."""
        self.count_firing(process)
        state = self.patient.states[process]
        arrow = self.state_of(process).arrows[k]
        self.arrow = self.arrow_number(process, state, k)
        if self.machine.processes[process].latent and not arrow.silent:
            self.chart.record_truth(self.patient.now, process, state, arrow.target, self.arrow)
        self.patient.states[process] = arrow.target
        self.slots[process] = []
        self.act(arrow.actions)
        self.act(self.state_of(process).on_entry)

    def settle(self, process: int) -> None:
        """Leave states of chance at once; arm the state that is reached; refresh what may depend on it."""
        while is_chance(self.state_of(process)):
            self.take(process, self.choose(process, self.state_of(process)))
        arrows = self.state_of(process).arrows
        self.slots[process] = [arm(arrow, self.patient, self.streams) for arrow in arrows]
        self.refresh_levels()
        self.refresh_all()

    def choose(self, process: int, state: m.State) -> int:
        """The arrow that chance takes out of this state."""
        weights = [
            value_of(arrow.trigger.weight, self.patient)
            for arrow in state.arrows
            if isinstance(arrow.trigger, m.ByChance)
        ]
        return self.streams.choose(weights, f"state:{self.machine.processes[process].name}/{state.name}")

    def refresh_levels(self, beside: int | None = None) -> None:
        """Slopes may ask for other levels: each of them is looked at again when another has changed."""
        for _ in self.machine.levels:
            before = [level.slope for level in self.patient.levels]
            for index in range(len(self.machine.levels)):
                if index != beside:
                    refresh_level(index, self.patient)
            if before == [level.slope for level in self.patient.levels]:
                return

    def refresh_all(self) -> None:
        for process, slots in enumerate(self.slots):
            for slot, arrow in zip(slots, self.state_of(process).arrows, strict=False):
                refresh(slot, arrow, self.patient, self.streams)

    def handle_raised(self) -> None:
        """Events first in, first out; each process may take one arrow for each of them."""
        while self.raised:
            event = self.raised.popleft()
            for process in range(len(self.machine.processes)):
                k = self.listener(process, event)
                if k is not None:
                    self.fire(process, k)

    def listener(self, process: int, event: int) -> int | None:
        """The first arrow of the current state that listens to the event and is willing."""
        for k, arrow in enumerate(self.state_of(process).arrows):
            trigger = arrow.trigger
            if not isinstance(trigger, m.OnEvent) or trigger.event != event:
                continue
            if not is_true(trigger.condition, self.patient):
                continue
            if self.by_luck(trigger.probability, f"arrow:{arrow.name}"):
                return k
        return None

    def by_luck(self, probability: m.Term | None, stream: str) -> bool:
        """True with this probability; without one, without a draw."""
        if probability is None:
            return True
        chance = value_of(probability, self.patient)
        return self.streams.uniform(stream) < chance

    # --- actions ------------------------------------------------------------------------

    def act(self, actions: tuple[m.Action, ...]) -> None:
        for action in actions:
            self.do(action)

    def do(self, action: m.Action) -> None:
        patient = self.patient
        match action:
            case m.Visit(encounter):
                self.visit(encounter)
            case m.Emit(code, value, duration, encounter):
                number = math.nan if value is None else value_of(value, patient)
                end = NULL
                if duration is not None:
                    length = known(value_of(duration, patient), "length of a row", patient)
                    end = patient.now + whole_microseconds(length)
                self.record(code, number, end, encounter)
            case m.Close():
                self.chart.close_encounter(patient.now)
            case m.Measure(measurement, encounter, offset, noise):
                self.measure(measurement, encounter, offset, noise)
            case m.Draw(var, distribution, stream):
                patient.vars[var] = self.streams.draw(distribution, stream, patient)
            case m.Set(var, value):
                patient.vars[var] = value_of(value, patient)
            case m.Stamp(stamp):
                patient.stamps[stamp] = patient.now
            case m.Push(ring):
                patient.rings[ring].append(patient.now)
            case m.Raise(event):
                self.raised.append(event)
            case m.Die():
                self.chart.record_death(patient.now, self.arrow)
                raise Died
            case m.If(condition, probability, stream, inner):
                if is_true(condition, patient) and self.by_luck(probability, stream):
                    self.act(inner)

    def visit(self, kind: int) -> None:
        """Join the open encounter, or begin one of this kind."""
        if not self.chart.joins(kind):
            spec = self.machine.encounters[kind]
            duration = self.streams.draw_duration(spec.duration, f"encounter:{spec.name}", self.patient)
            self.chart.begin_encounter(kind, duration, self.patient.now, self.arrow)

    def record(self, code: int, value: float, end: int, kind: int) -> None:
        """Write a row, in an encounter of this kind if none is open."""
        if self.chart.open is None:
            self.visit(kind)
        self.chart.record(code, value, end, self.patient.now, self.arrow)

    def measure(
        self, measurement: int, kind: int, offset: m.Term | None = None, noise: m.Term | None = None
    ) -> None:
        """Value with noise, rounded, then bounded; it becomes the last one known."""
        spec = self.machine.levels[measurement]
        value = known(level_value(measurement, self.patient), spec.name, self.patient)
        sd = spec.noise_sd if noise is None else spec.noise_sd * value_of(noise, self.patient)
        if sd > 0.0:
            value = value + sd * self.streams.normal(f"measure:{spec.name}")
        if offset is not None:
            value = known(value + value_of(offset, self.patient), spec.name, self.patient)
        scale = 10.0**spec.precision
        scaled = value * scale + 0.5
        rounded = math.floor(scaled) / scale if math.isfinite(scaled) else scaled
        value = min(max(rounded, spec.low), spec.high)
        self.record(spec.code, value, NULL, kind)
        self.patient.vars[spec.last_var] = value

    # --- helpers ------------------------------------------------------------------------

    def state_of(self, process: int) -> m.State:
        return self.machine.processes[process].states[self.patient.states[process]]

    def arrow_number(self, process: int, state: int, k: int) -> int:
        """Position of an arrow among all of the machine's, over processes, states, arrows."""
        processes = self.machine.processes
        before = sum(len(s.arrows) for p in processes[:process] for s in p.states)
        return before + sum(len(s.arrows) for s in processes[process].states[:state]) + k

    def count_firing(self, process: int) -> None:
        if self.firings_at != self.patient.now:
            self.firings, self.firings_at = 0, self.patient.now
        self.firings += 1
        most = MAX_FIRINGS_AT_ONE_INSTANT if self.most_firings is None else self.most_firings
        if self.firings > most - _LATEST:
            self.circling.append(process)
        if self.firings > most:
            names = sorted({self.machine.processes[each].name for each in self.circling})
            raise EngineError(
                f"patient {self.patient.number}: more than {most} transitions at one instant, "
                f"of {', '.join(names)}",
                remedy="Processes set each other off in a circle; give one of them a delay.",
            )
