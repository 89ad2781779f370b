"""Machine → Program: objects become rows of tables, terms become instructions.

The order of everything is the order of the Machine, so equal machines give equal arrays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from simulator.compiler import layout as lay
from simulator.compiler import machine as m
from simulator.compiler.instructions import Instructions
from simulator.compiler.program import Program
from simulator.compiler.streams import early_streams, stream_names
from simulator.compiler.time_zones import FIRST_YEAR
from simulator.rng import stream_id

_DISTRIBUTIONS = {
    "fixed": lay.FIXED, "uniform": lay.UNIFORM, "normal": lay.NORMAL, "exponential": lay.EXPONENTIAL,
    "weibull": lay.WEIBULL, "gamma": lay.GAMMA, "lognormal": lay.LOGNORMAL, "beta": lay.BETA,
    "empirical": lay.EMPIRICAL, "opening": lay.OPENING,
}  # fmt: skip
_BASES = {
    "constant": lay.BASE_CONSTANT,
    "age": lay.BASE_AGE,
    "calendar": lay.BASE_CALENDAR,
    "gompertz": lay.BASE_GOMPERTZ,
}
#: years over which a hazard by month is integrated
_CALENDAR_FROM, _CALENDAR_TO = 1800, 2300


def flatten(machine: m.Machine) -> Program:
    """Lay a Machine out as the arrays of a Program."""
    return _Flattener(machine).build()


def arrows_of(machine: m.Machine) -> list[tuple[int, int, m.Arrow]]:
    """Every arrow as (process, local state, arrow), in the order that numbers them."""
    return [
        (p, s, arrow)
        for p, process in enumerate(machine.processes)
        for s, state in enumerate(process.states)
        for arrow in state.arrows
    ]


@dataclass
class _Flattener(Instructions):
    tables: list[int] = field(default_factory=list)
    header: dict[int, int] = field(default_factory=dict)
    dists: list[list[int]] = field(default_factory=list)
    bases: list[list[int]] = field(default_factory=list)
    base_index: dict[m.Base, int] = field(default_factory=dict)

    def build(self) -> Program:
        machine = self.machine
        self.streams = {name: i for i, name in enumerate(stream_names(machine))}
        self._number_symbols()
        arrows = arrows_of(machine)
        # Everything that emits instructions runs before the tables are placed behind them.
        arrow_rows = [self._arrow(p, s, a) for p, s, a in arrows]
        level_rows = [self._level(i) for i in range(len(machine.levels))]
        var_rows = [self._var(v) for v in machine.vars]
        encounter_rows = [self._encounter(e) for e in machine.encounters]
        state_rows, process_rows, n_slots = self._states()
        schedule_rows = [self._schedule(s) for s in machine.schedules]
        signal_rows = [[self.term(s.condition)] for s in machine.signals]
        population = machine.population
        age_dist = self.dist(population.age) if population.age is not None else -1
        cells = self._cells()

        self._place(lay.H_PROC, process_rows)
        self._place(lay.H_STATE, state_rows)
        self._place(lay.H_ARROW, arrow_rows)
        self._place(lay.H_BASE, self.bases)
        self._place(lay.H_DIST, self.dists)
        self._place(lay.H_LEVEL, level_rows)
        self._place(lay.H_VAR, var_rows)
        self._place(lay.H_ENC, encounter_rows)
        self._place(lay.H_SIG_TERM, signal_rows)
        self._place(lay.H_CODE, [[int(c.lasting) | int(c.once) << 1] for c in machine.codes])
        self._place(lay.H_STREAM, [[stream_id(name)] for name in self.streams] + [[0]] * (lay.LANES - 1))
        self._place(lay.H_CELL, cells)
        self._place(lay.H_SCHEDULE, schedule_rows)
        self._dependencies(arrows)
        self._listeners(arrows)
        h = self.header
        clocks, others = early_streams(machine)
        h[lay.H_N_CLOCK], h[lay.H_N_EARLY] = len(clocks), len(clocks) + len(others)
        self._rows(n_slots)
        h[lay.H_START], h[lay.H_END] = population.start, population.end
        h[lay.H_HISTORY] = int(population.history)
        h[lay.H_N_PROC], h[lay.H_N_SLOT] = len(machine.processes), n_slots
        h[lay.H_N_VAR], h[lay.H_N_LEVEL] = len(machine.vars), len(machine.levels)
        h[lay.H_N_STAMP], h[lay.H_N_STREAM] = len(machine.stamps), len(self.streams)
        h[lay.H_N_SIGNAL] = len(machine.signals)
        h[lay.H_POP_STREAM] = self.streams["population"]
        h[lay.H_N_CELL], h[lay.H_AGE_DIST] = len(cells), age_dist
        h[lay.H_FEMALE] = self.const(population.female)
        h[lay.H_N_COMMUNITY], h[lay.H_PATIENTS] = population.communities, population.size
        ints = np.zeros(lay.HEADER + len(self.code) + len(self.tables), dtype=np.int64)
        for index, value in h.items():
            ints[index] = value
        ints[lay.HEADER :] = self.code + self.tables
        nums = np.array(self.nums, dtype=np.float64)
        ints.setflags(write=False)
        nums.setflags(write=False)
        return Program(ints, nums, machine)

    def _place(self, header: int, rows: Sequence[Sequence[int]]) -> None:
        self.header[header] = lay.HEADER + len(self.code) + len(self.tables)
        for row in rows:
            self.tables.extend(row)

    # --- distributions and hazards ------------------------------------------------------

    def dist(self, distribution: m.Distribution | None) -> int:
        if distribution is None:
            return -1
        kind = _DISTRIBUTIONS[distribution.kind]
        params = distribution.params
        if kind == lay.EMPIRICAL:
            values = [p.value for p in params if isinstance(p, m.Const)]
            row = [kind, self.block(values), 0, len(values) // 2]
        elif kind == lay.OPENING:
            assert isinstance(params[0], m.Const)
            row = [kind, int(params[0].value), 0, 0]
        else:
            second = self.term(params[1], once=True) if len(params) > 1 else 0
            row = [kind, self.term(params[0], once=True), second, 0]
        self.dists.append(row)
        return len(self.dists) - 1

    def base(self, base: m.Base) -> int:
        if base in self.base_index:
            return self.base_index[base]
        kind = _BASES[base.axis]
        n, knots, rates, cum, uniform = 0, 0, 0, 0, 0
        if kind == lay.BASE_AGE:
            n = len(base.knots)
            knots = self.block(base.knots)
            rates = self.block([r for row in base.rates for r in row])
            cum = self.block([c for row in base.rates for c in _cumulative(base.knots, row)])
            uniform = int(all(k == i for i, k in enumerate(base.knots)))
        elif kind == lay.BASE_CALENDAR:
            starts = _month_starts(self.machine.population.months)
            n = len(starts)
            knots = self.block([s / lay.YEAR for s in starts])
            rates = self.block([row[i % 12] for row in base.rates for i in range(n)])
            years = [s / lay.YEAR for s in starts]
            cum = self.block(
                [c for row in base.rates for c in _cumulative(years, [row[i % 12] for i in range(n)])]
            )
        elif kind == lay.BASE_GOMPERTZ:
            rate, centre, growth = base.rates[0]
            scale, inverse = (rate / growth, 1.0 / growth) if growth != 0.0 else (rate, 0.0)
            per_event = 1.0 / scale if scale != 0.0 else 0.0
            rates = self.block((centre, growth, scale, inverse, per_event))
        self.bases.append([kind, n, knots, rates, cum, uniform])
        self.base_index[base] = len(self.bases) - 1
        return len(self.bases) - 1

    # --- rows of tables -------------------------------------------------------------------

    def _arrow(self, process: int, state: int, arrow: m.Arrow) -> list[int]:
        row = [0] * lay.ARROW_W
        row[lay.A_TARGET] = arrow.target
        row[lay.A_STREAM] = self.streams[f"arrow:{arrow.name}"]
        row[lay.A_ACTIONS] = self.actions(arrow.actions)
        row[lay.A_BASE], row[lay.A_DIST], row[lay.A_EVENT] = -1, -1, -1
        row[lay.A_TRUTH] = int(self.machine.processes[process].latent and not arrow.silent)
        row[lay.A_PROC], row[lay.A_FROM] = process, state
        match arrow.trigger:
            case m.ByRate(base, stratum, multiplier):
                row[lay.A_KIND] = lay.K_RATE
                row[lay.A_BASE] = self.base(base)
                row[lay.A_STRATUM] = self.term(stratum or m.Const(0.0))
                row[lay.A_TERM] = self.term(multiplier or m.Const(1.0))
            case m.AfterDuration(duration):
                row[lay.A_KIND], row[lay.A_DIST] = lay.K_AFTER, self.dist(duration)
            case m.WhenTrue(condition, delay):
                row[lay.A_KIND], row[lay.A_TERM] = lay.K_WHEN, self.term(condition)
                row[lay.A_DIST] = self.dist(delay)
            case m.AtAge(years):
                row[lay.A_KIND], row[lay.A_YEARS] = lay.K_AGE, self.const(years)
            case m.OnEvent(event, condition, probability):
                row[lay.A_KIND], row[lay.A_EVENT] = lay.K_EVENT, event
                row[lay.A_TERM] = self.term(condition, once=True)
                row[lay.A_PROB] = self.term(probability, once=True)
            case m.ByChance(weight):
                row[lay.A_KIND], row[lay.A_TERM] = lay.K_CHANCE, self.term(weight, once=True)
            case _:
                assert_never(arrow.trigger)
        return row

    def _states(self) -> tuple[list[list[int]], list[list[int]], int]:
        states: list[list[int]] = []
        processes: list[list[int]] = []
        arrow0 = slot0 = 0
        for process in self.machine.processes:
            processes.append([len(states), len(process.states), int(process.latent), slot0])
            for local, state in enumerate(process.states):
                chance = bool(state.arrows) and all(isinstance(a.trigger, m.ByChance) for a in state.arrows)
                stream = self.streams[f"state:{process.name}/{state.name}"]
                entry = self.actions(state.on_entry)
                states.append([arrow0, len(state.arrows), entry, int(chance), stream, local])
                arrow0 += len(state.arrows)
            slot0 += max(1, max(len(s.arrows) for s in process.states))
        return states, processes, slot0

    def _level(self, index: int) -> list[int]:
        level = self.machine.levels[index]
        row = [0] * lay.LEVEL_W
        row[lay.L_CODE] = level.code
        row[lay.L_DEV_STREAM] = self.streams[f"level:{level.name}"]
        row[lay.L_NOISE_STREAM] = self.streams[f"measure:{level.name}"]
        row[lay.L_VALUE], row[lay.L_SLOPE] = self.term(m.Level(index), once=True), self.term(level.slope)
        row[lay.L_DEV_SD], row[lay.L_NOISE_SD] = self.const(level.deviation_sd), self.const(level.noise_sd)
        row[lay.L_LOW], row[lay.L_HIGH] = self.const(level.low), self.const(level.high)
        row[lay.L_SCALE], row[lay.L_LAST] = self.const(10.0**level.precision), level.last_var
        return row

    def _var(self, var: m.VarSpec) -> list[int]:
        row = [0] * lay.VAR_W
        row[lay.V_NCAT] = len(var.weights)
        if var.weights:
            row[lay.V_WEIGHTS] = lay.HEADER + len(self.code)
            pcs = len(self.code)
            self.code.extend([0] * len(var.weights))
            for i, weight in enumerate(var.weights):
                self.code[pcs + i] = self.term(weight, once=True)
        row[lay.V_DIST] = self.dist(var.initial)
        row[lay.V_STREAM] = self.streams[f"var:{var.name}"]
        row[lay.V_LOW], row[lay.V_HIGH] = self.const(var.low), self.const(var.high)
        row[lay.V_RECORDED], row[lay.V_CODE] = int(var.recorded), var.code
        return row

    def _encounter(self, spec: m.EncounterSpec) -> list[int]:
        stream = self.streams[f"encounter:{spec.name}"]
        return [spec.priority, self.dist(spec.duration), spec.code, stream]

    def _cells(self) -> list[list[int]]:
        age_sex = self.machine.population.age_sex
        if age_sex is None:
            return []
        total = 0.0
        rows: list[list[int]] = []
        cumulative: list[float] = []
        for sex, low, high, weight in age_sex.cells:
            total += weight
            cumulative.append(total)
            rows.append([sex, int(low), int(high), 0])
        for row, value in zip(rows, cumulative, strict=True):
            row[3] = self.block([value])
        return rows

    def _schedule(self, schedule: m.Schedule) -> list[int]:
        place = lay.HEADER + len(self.code)
        for pair in schedule.offsets:
            self.code.extend(pair)
        hours = [minute for day in schedule.days for minute in day or (0, 0)]
        return [place, len(schedule.offsets), *hours]

    # --- actions --------------------------------------------------------------------------

    def actions(self, actions: tuple[m.Action, ...]) -> int:
        """The place of a list of actions in P; 0 if there are none."""
        if not actions:
            return 0
        out = self._action_rows(actions)
        out.append([lay.C_END, 0, 0, 0, 0])
        pc = lay.HEADER + len(self.code)
        for row in out:
            self.code.extend(row)
        return pc

    def _action_rows(self, actions: Iterable[m.Action]) -> list[list[int]]:
        rows: list[list[int]] = []
        for action in actions:
            match action:
                case m.Visit(encounter):
                    rows.append([lay.C_VISIT, encounter, 0, 0, 0])
                case m.Emit(code, value, duration, encounter):
                    pcs = self.term(value, once=True), self.term(duration, once=True)
                    rows.append([lay.C_EMIT, code, *pcs, encounter])
                case m.Close():
                    rows.append([lay.C_CLOSE, 0, 0, 0, 0])
                case m.Measure(measurement, encounter, offset, noise):
                    pcs = self.term(offset, once=True), self.term(noise, once=True)
                    rows.append([lay.C_MEASURE, measurement, encounter, *pcs])
                case m.Draw(var, distribution, stream):
                    rows.append([lay.C_DRAW, var, self.dist(distribution), self.streams[stream], 0])
                case m.Set(var, value):
                    rows.append([lay.C_SET, var, self.term(value, once=True), 0, 0])
                case m.Stamp(stamp):
                    rows.append([lay.C_STAMP, stamp, 0, 0, 0])
                case m.Push(ring):
                    rows.append([lay.C_PUSH, ring, 0, 0, 0])
                case m.Raise(event):
                    rows.append([lay.C_RAISE, event, 0, 0, 0])
                case m.Die():
                    rows.append([lay.C_DIE, 0, 0, 0, 0])
                case m.If(condition, probability, stream, inner):
                    body = self._action_rows(inner)
                    head = [lay.C_IF, self.term(condition, once=True), self.term(probability, once=True)]
                    rows.append([*head, self.streams[stream], len(body)])
                    rows.extend(body)
                case _:
                    assert_never(action)
        return rows

    # --- who depends on what ----------------------------------------------------------------

    def _number_symbols(self) -> None:
        machine = self.machine
        at = len(machine.processes)
        for header, count in (
            (lay.H_SYM_VAR, len(machine.vars)),
            (lay.H_SYM_STAMP, len(machine.stamps)),
            (lay.H_SYM_RING, len(machine.rings)),
            (lay.H_SYM_LEVEL, len(machine.levels)),
            (lay.H_SYM_SIGNAL, len(machine.signals)),
        ):
            self.header[header] = at
            at += count
        self.n_symbols = at

    def _symbols(self, term: m.Term | None) -> set[int]:
        h = self.header
        match term:
            case m.Var(index):
                return {h[lay.H_SYM_VAR] + index}
            case m.InState(process, _):
                return {process}
            case m.SinceAtLeast(stamp) | m.SinceLess(stamp) | m.Stamped(stamp):
                return {h[lay.H_SYM_STAMP] + stamp}
            case m.CountAtLeast(ring):
                return {h[lay.H_SYM_RING] + ring}
            case m.Level(measurement) | m.LevelAtLeast(measurement):
                return {h[lay.H_SYM_LEVEL] + measurement}
            case m.Signal(index):
                return {h[lay.H_SYM_SIGNAL] + index}
            case m.Apply(_, args):
                return set().union(*(self._symbols(a) for a in args))
            case m.Lookup(axes, _):
                return {h[lay.H_SYM_VAR] + a.index for a in axes if a.kind == "var"}
            case _:
                return set()

    def _dependencies(self, arrows: list[tuple[int, int, m.Arrow]]) -> None:
        by_symbol: list[list[int]] = [[] for _ in range(self.n_symbols)]
        for index, (_, _, arrow) in enumerate(arrows):
            symbols: set[int] = set()
            if isinstance(arrow.trigger, m.ByRate):
                symbols = self._symbols(arrow.trigger.multiplier) | self._symbols(arrow.trigger.stratum)
            elif isinstance(arrow.trigger, m.WhenTrue):
                symbols = self._symbols(arrow.trigger.condition)
            for symbol in symbols:
                by_symbol[symbol].append(index)
        self._csr(lay.H_DEP_PTR, lay.H_DEP_IDX, by_symbol)
        level_symbol = self.header[lay.H_SYM_LEVEL]
        by_symbol_levels: list[list[int]] = [[] for _ in range(self.n_symbols)]
        for index, level in enumerate(self.machine.levels):
            symbols = self._symbols(level.slope)
            if by_symbol[level_symbol + index]:
                symbols |= self._symbols(level.mean) | self._symbols(level.shift)
            for symbol in symbols:
                by_symbol_levels[symbol].append(index)
        self._csr(lay.H_LDEP_PTR, lay.H_LDEP_IDX, by_symbol_levels)

    def _listeners(self, arrows: list[tuple[int, int, m.Arrow]]) -> None:
        by_event: list[list[int]] = [[] for _ in self.machine.events]
        for index, (_, _, arrow) in enumerate(arrows):
            if isinstance(arrow.trigger, m.OnEvent):
                by_event[arrow.trigger.event].append(index)
        self._csr(lay.H_LIS_PTR, lay.H_LIS_IDX, by_event)

    def _csr(self, ptr: int, idx: int, lists: list[list[int]]) -> None:
        starts = [0]
        for items in lists:
            starts.append(starts[-1] + len(items))
        self._place(ptr, [[s] for s in starts])
        self._place(idx, [[i] for items in lists for i in items])

    # --- the shape of a patient ---------------------------------------------------------------

    def _rows(self, n_slots: int) -> None:
        machine, h = self.machine, self.header
        at = lay.ROW_HEAD
        n_proc, n_level = len(machine.processes), len(machine.levels)
        n_blocks = h[lay.H_N_BLOCK] = -(-n_proc // lay.BLOCK)
        for header, count in (
            (lay.I_STATE, n_proc), (lay.I_NEXT, n_blocks * lay.BLOCK), (lay.I_BLOCK, n_blocks),
            (lay.I_PICK, n_proc), (lay.I_DUE, n_slots),
            (lay.I_WAKES, n_slots), (lay.I_LWAKE, n_level), (lay.I_LSINCE, n_level),
            (lay.I_STAMP, len(machine.stamps)), (lay.I_COUNT, len(self.streams)),
        ):  # fmt: skip
            h[header] = at
            at += count
        h[lay.I_RING] = at
        rings: list[list[int]] = []
        for _, capacity in machine.rings:
            rings.append([at, capacity])
            at += capacity + 1
        self._place(lay.H_RING, rings)
        # what lies behind needs no clearing for the next patient
        h[lay.I_CLEAR] = h[lay.I_QUEUE] = at
        h[lay.I_DIRTY] = at + lay.QUEUE
        h[lay.I_SIZE] = h[lay.I_DIRTY] + self.n_symbols
        at = lay.F_HEAD
        for header, count in (
            (lay.F_VAR, len(machine.vars)), (lay.F_E, n_slots), (lay.F_M, n_slots), (lay.F_H, n_slots),
            (lay.F_S, n_slots), (lay.F_DEV, n_level), (lay.F_ACC, n_level), (lay.F_SLOPE, n_level),
            (lay.F_SIGNAL, len(machine.signals)),
            (lay.F_FIRST, h[lay.H_N_EARLY] + lay.LANES - 1),
            (lay.F_SECOND, len(self.streams) + lay.LANES - 1),
            (lay.F_STACK, lay.STACK),  # from here on nothing outlives an instant
        ):  # fmt: skip
            h[header] = at
            at += count
        h[lay.F_CLEAR] = h[lay.F_FIRST]  # draws kept for later are written before they are read
        h[lay.F_SIZE] = at


def _cumulative(knots: Sequence[float], rates: Sequence[float]) -> list[float]:
    """Integral of a step function at each of its knots, from the first one."""
    total, out = 0.0, [0.0]
    for i in range(len(knots) - 1):
        total += (knots[i + 1] - knots[i]) * rates[i]
        out.append(total)
    return out


def _month_starts(local: Sequence[int]) -> Sequence[int]:
    """When the months begin over which a hazard by month is integrated; `local`: those of a time zone."""
    n = (_CALENDAR_TO - _CALENDAR_FROM) * 12 + 1
    if local:
        first = (_CALENDAR_FROM - FIRST_YEAR) * 12
        return local[first : first + n]
    firsts = (dt.date(_CALENDAR_FROM + i // 12, i % 12 + 1, 1) for i in range(n))
    return [(day - dt.date(1970, 1, 1)).days * lay.DAY for day in firsts]
