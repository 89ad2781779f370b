"""Machine → Program: objects become rows of tables, terms become instructions.

The order of everything is the order of the Machine, so equal machines give equal arrays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from simulator.compiler import layout as L
from simulator.compiler import machine as m
from simulator.compiler.program import Program
from simulator.rng import stream_id

_OPS: dict[str, int] = {
    "add": L.T_ADD, "sub": L.T_SUB, "mul": L.T_MUL, "div": L.T_DIV, "pow": L.T_POW, "neg": L.T_NEG,
    "lt": L.T_LT, "le": L.T_LE, "gt": L.T_GT, "ge": L.T_GE, "eq": L.T_EQ, "ne": L.T_NE,
    "and": L.T_AND, "or": L.T_OR, "not": L.T_NOT, "min": L.T_MIN, "max": L.T_MAX,
    "exp": L.T_EXP, "log": L.T_LOG, "sqrt": L.T_SQRT,
}  # fmt: skip
_UNARY = {"neg", "not", "exp", "log", "sqrt"}
_DISTRIBUTIONS = {
    "fixed": L.FIXED, "uniform": L.UNIFORM, "normal": L.NORMAL, "exponential": L.EXPONENTIAL,
    "weibull": L.WEIBULL, "gamma": L.GAMMA, "lognormal": L.LOGNORMAL, "beta": L.BETA,
    "empirical": L.EMPIRICAL,
}  # fmt: skip
_BASES = {
    "constant": L.BASE_CONSTANT,
    "age": L.BASE_AGE,
    "calendar": L.BASE_CALENDAR,
    "gompertz": L.BASE_GOMPERTZ,
}
#: years over which a hazard by month is integrated
_CALENDAR_FROM, _CALENDAR_TO = 1800, 2300
_AXES = {"age": L.X_AGE, "month": L.X_MONTH, "year": L.X_YEAR, "var": L.X_VAR}


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


def stream_names(machine: m.Machine) -> list[str]:
    """Names of every random stream of a machine, in a fixed order, each once."""
    names: dict[str, None] = {"population": None}
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


@dataclass
class _Flattener:
    machine: m.Machine
    code: list[int] = field(default_factory=list)
    nums: list[float] = field(default_factory=lambda: [0.0])
    consts: dict[bytes, int] = field(default_factory=dict)
    tables: list[int] = field(default_factory=list)
    once: bool = False
    header: dict[int, int] = field(default_factory=dict)

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
        signal_rows = [[self.term(s.condition)] for s in machine.signals]
        population = machine.population
        age_dist = self.dist(population.age) if population.age is not None else -1
        cells = self._cells()

        self._place(L.H_PROC, process_rows)
        self._place(L.H_STATE, state_rows)
        self._place(L.H_ARROW, arrow_rows)
        self._place(L.H_BASE, self.bases)
        self._place(L.H_DIST, self.dists)
        self._place(L.H_LEVEL, level_rows)
        self._place(L.H_VAR, var_rows)
        self._place(L.H_ENC, encounter_rows)
        self._place(L.H_SIG_TERM, signal_rows)
        self._place(L.H_CODE, [[int(c.lasting)] for c in machine.codes])
        self._place(L.H_STREAM, [[stream_id(name)] for name in self.streams])
        self._place(L.H_CELL, cells)
        self._dependencies(arrows)
        self._listeners(arrows)
        self._rows(n_slots)
        h = self.header
        h[L.H_START], h[L.H_END] = population.start, population.end
        h[L.H_HISTORY] = int(population.history)
        h[L.H_N_PROC], h[L.H_N_SLOT] = len(machine.processes), n_slots
        h[L.H_N_VAR], h[L.H_N_LEVEL] = len(machine.vars), len(machine.levels)
        h[L.H_N_STAMP], h[L.H_N_STREAM] = len(machine.stamps), len(self.streams)
        h[L.H_N_SIGNAL] = len(machine.signals)
        h[L.H_POP_STREAM] = self.streams["population"]
        h[L.H_N_CELL], h[L.H_AGE_DIST] = len(cells), age_dist
        h[L.H_FEMALE] = self.const(population.female)
        h[L.H_N_COMMUNITY], h[L.H_PATIENTS] = population.communities, population.size
        ints = np.zeros(L.HEADER + len(self.code) + len(self.tables), dtype=np.int64)
        for index, value in h.items():
            ints[index] = value
        ints[L.HEADER :] = self.code + self.tables
        nums = np.array(self.nums, dtype=np.float64)
        ints.setflags(write=False)
        nums.setflags(write=False)
        return Program(ints, nums, machine)

    # --- numbers ----------------------------------------------------------------------

    def const(self, value: float) -> int:
        key = np.float64(value).tobytes()
        if key not in self.consts:
            self.consts[key] = len(self.nums)
            self.nums.append(float(value))
        return self.consts[key]

    def block(self, values: Sequence[float]) -> int:
        start = len(self.nums)
        self.nums.extend(float(v) for v in values)
        return start

    def _place(self, header: int, rows: Sequence[Sequence[int]]) -> None:
        self.header[header] = L.HEADER + len(self.code) + len(self.tables)
        for row in rows:
            self.tables.extend(row)

    # --- terms ------------------------------------------------------------------------

    def term(self, term: m.Term | None, *, once: bool = False) -> int:
        """The pc of a term: 0 none, negative a constant, positive instructions.

        `once`: it is evaluated at single instants and nobody asks when it will change.
        """
        self.once = once
        if term is None:
            return 0
        if isinstance(term, m.Const):
            return -self.const(term.value)
        out: list[int] = []
        self._emit(term, out)
        out.extend((L.T_END, 0, 0, 0))
        pc = L.HEADER + len(self.code)
        self.code.extend(out)
        return pc

    def _emit(self, term: m.Term, out: list[int]) -> None:
        match term:
            case m.Const(value):
                out.extend((L.T_CONST, self.const(value), 0, 0))
            case m.Var(index):
                out.extend((L.T_VAR, index, 0, 0))
            case m.InState(process, mask):
                out.extend((L.T_STATE, process, mask, 0))
            case m.Age():
                out.extend((L.T_AGE, 0, 0, 0))
            case m.AgeAtLeast(years):
                out.extend((L.T_AGE_GE, self.const(years), 0, 0))
            case m.TimeAtLeast(instant):
                out.extend((L.T_TIME_GE, 0, instant, 0))
            case m.SinceAtLeast(stamp, duration):
                out.extend((L.T_SINCE_GE, stamp, duration, 0))
            case m.SinceLess(stamp, duration):
                out.extend((L.T_SINCE_LT, stamp, duration, 0))
            case m.Stamped(stamp):
                out.extend((L.T_STAMPED, stamp, 0, 0))
            case m.CountAtLeast(ring, n, within):
                out.extend((L.T_COUNT_GE, ring, n, -1 if within is None else within))
            case m.Level(measurement):
                self._emit_level(measurement, out)
            case m.LevelAtLeast(measurement, threshold):
                self._emit_level(measurement, out, base_only=True)
                out.extend((L.T_LEVEL_GE, measurement, self.const(threshold), 0))
            case m.Signal(index):
                out.extend((L.T_SIGNAL, index, 0, 0))
            case m.Lookup(axes, values):
                rows: list[int] = []
                for axis in axes:
                    place = axis.index if axis.kind == "var" else self.block(axis.knots)
                    rows.extend((_AXES[axis.kind], axis.size, place))
                # the axis rows stand between instructions: jumped over by their count
                out.extend((L.T_LOOKUP, len(axes), self.block(values), 0 if self.once else 1))
                rows.extend([0] * (-len(rows) % L.TERM_W))
                out.extend(rows)
            case m.Apply(op, args):
                self._emit_apply(op, args, out)
            case _:
                assert_never(term)

    def _emit_level(self, index: int, out: list[int], *, base_only: bool = False) -> None:
        """mean + deviation + accumulated + slope·dt + shift, added in this order; the base has no slope."""
        level = self.machine.levels[index]
        self._emit(level.mean, out)
        out.extend((L.T_LEVEL, index, int(base_only), 0))
        self._emit(level.shift, out)
        out.extend((L.T_ADD, 0, 0, 0))

    def _emit_apply(self, op: str, args: tuple[m.Term, ...], out: list[int]) -> None:
        """Instructions of an operator. What cannot matter now is jumped over: the branch of an
        `if` not taken, a factor or summand that is neutral, the rest of a settled and/or."""
        if op == "if":
            self._emit_if(args, out)
            return
        self._emit(args[0], out)
        if op in _UNARY:
            out.extend((_OPS[op], 0, 0, 0))
            return
        for arg in args[1:]:
            inner: list[int] = []
            neutral = {"mul": 1.0, "add": 0.0}.get(op)
            guarded = (
                isinstance(arg, m.Apply) and arg.op == "if" and arg.args[2] == m.Const(neutral or 0.0)
            )
            if neutral is not None and guarded and isinstance(arg, m.Apply):
                condition, value = arg.args[0], arg.args[1]
                self._emit(value, inner)
                inner.extend((_OPS[op], 0, 0, 0))
                if isinstance(condition, m.InState):
                    out.extend((L.T_SKIP_UNLESS_IN, condition.process, condition.mask, len(inner)))
                else:
                    self._emit(condition, out)
                    out.extend((L.T_JUMP_UNLESS, 0, 0, len(inner)))
            else:
                self._emit(arg, inner)
                inner.extend((_OPS[op], 0, 0, 0))
                if op == "and":
                    out.extend((L.T_AND_SKIP, 0, 0, len(inner)))
                elif op == "or":
                    out.extend((L.T_OR_SKIP, 0, 0, len(inner)))
            out.extend(inner)

    def _emit_if(self, args: tuple[m.Term, ...], out: list[int]) -> None:
        then: list[int] = []
        otherwise: list[int] = []
        self._emit(args[0], out)
        self._emit(args[1], then)
        self._emit(args[2], otherwise)
        then.extend((L.T_JUMP, 0, 0, len(otherwise)))
        out.extend((L.T_JUMP_UNLESS, 0, 0, len(then)))
        out.extend(then)
        out.extend(otherwise)

    # --- distributions and hazards ------------------------------------------------------

    dists: list[list[int]] = field(default_factory=list)
    bases: list[list[int]] = field(default_factory=list)
    _base_index: dict[m.Base, int] = field(default_factory=dict)

    def dist(self, distribution: m.Distribution | None) -> int:
        if distribution is None:
            return -1
        kind = _DISTRIBUTIONS[distribution.kind]
        params = distribution.params
        if kind == L.EMPIRICAL:
            values = [p.value for p in params if isinstance(p, m.Const)]
            row = [kind, self.block(values), 0, len(values) // 2]
        else:
            second = self.term(params[1], once=True) if len(params) > 1 else 0
            row = [kind, self.term(params[0], once=True), second, 0]
        self.dists.append(row)
        return len(self.dists) - 1

    def base(self, base: m.Base) -> int:
        if base in self._base_index:
            return self._base_index[base]
        kind = _BASES[base.axis]
        n, knots, rates, cum, uniform = 0, 0, 0, 0, 0
        if kind == L.BASE_AGE:
            n = len(base.knots)
            knots = self.block(base.knots)
            rates = self.block([r for row in base.rates for r in row])
            cum = self.block([c for row in base.rates for c in _cumulative(base.knots, row)])
            uniform = int(all(k == i for i, k in enumerate(base.knots)))
        elif kind == L.BASE_CALENDAR:
            starts = [_month_start(i) for i in range((_CALENDAR_TO - _CALENDAR_FROM) * 12 + 1)]
            n = len(starts)
            knots = self.block([s / L.YEAR for s in starts])
            rates = self.block([row[i % 12] for row in base.rates for i in range(n)])
            years = [s / L.YEAR for s in starts]
            cum = self.block(
                [c for row in base.rates for c in _cumulative(years, [row[i % 12] for i in range(n)])]
            )
        elif kind == L.BASE_GOMPERTZ:
            rates = self.block(base.rates[0])
        self.bases.append([kind, n, knots, rates, cum, uniform])
        self._base_index[base] = len(self.bases) - 1
        return len(self.bases) - 1

    # --- rows of tables -------------------------------------------------------------------

    def _arrow(self, process: int, state: int, arrow: m.Arrow) -> list[int]:
        row = [0] * L.ARROW_W
        row[L.A_TARGET] = arrow.target
        row[L.A_STREAM] = self.streams[f"arrow:{arrow.name}"]
        row[L.A_ACTIONS] = self.actions(arrow.actions)
        row[L.A_BASE], row[L.A_DIST], row[L.A_EVENT] = -1, -1, -1
        row[L.A_TRUTH] = int(self.machine.processes[process].latent and not arrow.silent)
        row[L.A_PROC], row[L.A_FROM] = process, state
        match arrow.trigger:
            case m.ByRate(base, stratum, multiplier):
                row[L.A_KIND] = L.K_RATE
                row[L.A_BASE] = self.base(base)
                row[L.A_STRATUM] = self.term(stratum or m.Const(0.0))
                row[L.A_TERM] = self.term(multiplier or m.Const(1.0))
            case m.AfterDuration(duration):
                row[L.A_KIND], row[L.A_DIST] = L.K_AFTER, self.dist(duration)
            case m.WhenTrue(condition, delay):
                row[L.A_KIND], row[L.A_TERM] = L.K_WHEN, self.term(condition)
                row[L.A_DIST] = self.dist(delay)
            case m.AtAge(years):
                row[L.A_KIND], row[L.A_YEARS] = L.K_AGE, self.const(years)
            case m.OnEvent(event, condition, probability):
                row[L.A_KIND], row[L.A_EVENT] = L.K_EVENT, event
                row[L.A_TERM] = self.term(condition, once=True)
                row[L.A_PROB] = self.term(probability, once=True)
            case m.ByChance(weight):
                row[L.A_KIND], row[L.A_TERM] = L.K_CHANCE, self.term(weight, once=True)
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
                chance = bool(state.arrows) and all(
                    isinstance(a.trigger, m.ByChance) for a in state.arrows
                )
                stream = self.streams[f"state:{process.name}/{state.name}"]
                entry = self.actions(state.on_entry)
                states.append([arrow0, len(state.arrows), entry, int(chance), stream, local])
                arrow0 += len(state.arrows)
            slot0 += max(1, max(len(s.arrows) for s in process.states))
        return states, processes, slot0

    def _level(self, index: int) -> list[int]:
        level = self.machine.levels[index]
        row = [0] * L.LEVEL_W
        row[L.L_CODE] = level.code
        row[L.L_DEV_STREAM] = self.streams[f"level:{level.name}"]
        row[L.L_NOISE_STREAM] = self.streams[f"measure:{level.name}"]
        row[L.L_VALUE], row[L.L_SLOPE] = self.term(m.Level(index), once=True), self.term(level.slope)
        row[L.L_DEV_SD], row[L.L_NOISE_SD] = self.const(level.deviation_sd), self.const(level.noise_sd)
        row[L.L_LOW], row[L.L_HIGH] = self.const(level.low), self.const(level.high)
        row[L.L_SCALE], row[L.L_LAST] = self.const(10.0**level.precision), level.last_var
        return row

    def _var(self, var: m.VarSpec) -> list[int]:
        row = [0] * L.VAR_W
        row[L.V_NCAT] = len(var.weights)
        if var.weights:
            row[L.V_WEIGHTS] = L.HEADER + len(self.code)
            pcs = len(self.code)
            self.code.extend([0] * len(var.weights))
            for i, weight in enumerate(var.weights):
                self.code[pcs + i] = self.term(weight, once=True)
        row[L.V_DIST] = self.dist(var.initial)
        row[L.V_STREAM] = self.streams[f"var:{var.name}"]
        row[L.V_LOW], row[L.V_HIGH] = self.const(var.low), self.const(var.high)
        row[L.V_RECORDED], row[L.V_CODE] = int(var.recorded), var.code
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

    # --- actions --------------------------------------------------------------------------

    def actions(self, actions: tuple[m.Action, ...]) -> int:
        """The place of a list of actions in P; 0 if there are none."""
        if not actions:
            return 0
        out = self._action_rows(actions)
        out.append([L.C_END, 0, 0, 0, 0])
        pc = L.HEADER + len(self.code)
        for row in out:
            self.code.extend(row)
        return pc

    def _action_rows(self, actions: Iterable[m.Action]) -> list[list[int]]:
        rows: list[list[int]] = []
        for action in actions:
            match action:
                case m.Visit(encounter):
                    rows.append([L.C_VISIT, encounter, 0, 0, 0])
                case m.Emit(code, value, duration, encounter):
                    pcs = self.term(value, once=True), self.term(duration, once=True)
                    rows.append([L.C_EMIT, code, *pcs, encounter])
                case m.Measure(measurement, encounter):
                    rows.append([L.C_MEASURE, measurement, encounter, 0, 0])
                case m.Draw(var, distribution, stream):
                    rows.append([L.C_DRAW, var, self.dist(distribution), self.streams[stream], 0])
                case m.Set(var, value):
                    rows.append([L.C_SET, var, self.term(value, once=True), 0, 0])
                case m.Stamp(stamp):
                    rows.append([L.C_STAMP, stamp, 0, 0, 0])
                case m.Push(ring):
                    rows.append([L.C_PUSH, ring, 0, 0, 0])
                case m.Raise(event):
                    rows.append([L.C_RAISE, event, 0, 0, 0])
                case m.Die():
                    rows.append([L.C_DIE, 0, 0, 0, 0])
                case m.If(condition, probability, stream, inner):
                    body = self._action_rows(inner)
                    head = [L.C_IF, self.term(condition, once=True), self.term(probability, once=True)]
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
            (L.H_SYM_VAR, len(machine.vars)),
            (L.H_SYM_STAMP, len(machine.stamps)),
            (L.H_SYM_RING, len(machine.rings)),
            (L.H_SYM_LEVEL, len(machine.levels)),
            (L.H_SYM_SIGNAL, len(machine.signals)),
        ):
            self.header[header] = at
            at += count
        self.n_symbols = at

    def _symbols(self, term: m.Term | None) -> set[int]:
        h = self.header
        match term:
            case m.Var(index):
                return {h[L.H_SYM_VAR] + index}
            case m.InState(process, _):
                return {process}
            case m.SinceAtLeast(stamp) | m.SinceLess(stamp) | m.Stamped(stamp):
                return {h[L.H_SYM_STAMP] + stamp}
            case m.CountAtLeast(ring):
                return {h[L.H_SYM_RING] + ring}
            case m.Level(measurement) | m.LevelAtLeast(measurement):
                return {h[L.H_SYM_LEVEL] + measurement}
            case m.Signal(index):
                return {h[L.H_SYM_SIGNAL] + index}
            case m.Apply(_, args):
                return set().union(*(self._symbols(a) for a in args))
            case m.Lookup(axes, _):
                return {h[L.H_SYM_VAR] + a.index for a in axes if a.kind == "var"}
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
        self._csr(L.H_DEP_PTR, L.H_DEP_IDX, by_symbol)
        level_symbol = self.header[L.H_SYM_LEVEL]
        by_symbol_levels: list[list[int]] = [[] for _ in range(self.n_symbols)]
        for index, level in enumerate(self.machine.levels):
            symbols = self._symbols(level.slope)
            if by_symbol[level_symbol + index]:
                symbols |= self._symbols(level.mean) | self._symbols(level.shift)
            for symbol in symbols:
                by_symbol_levels[symbol].append(index)
        self._csr(L.H_LDEP_PTR, L.H_LDEP_IDX, by_symbol_levels)

    def _listeners(self, arrows: list[tuple[int, int, m.Arrow]]) -> None:
        by_event: list[list[int]] = [[] for _ in self.machine.events]
        for index, (_, _, arrow) in enumerate(arrows):
            if isinstance(arrow.trigger, m.OnEvent):
                by_event[arrow.trigger.event].append(index)
        self._csr(L.H_LIS_PTR, L.H_LIS_IDX, by_event)

    def _csr(self, ptr: int, idx: int, lists: list[list[int]]) -> None:
        starts = [0]
        for items in lists:
            starts.append(starts[-1] + len(items))
        self._place(ptr, [[s] for s in starts])
        self._place(idx, [[i] for items in lists for i in items])

    # --- the shape of a patient ---------------------------------------------------------------

    def _rows(self, n_slots: int) -> None:
        machine, h = self.machine, self.header
        at = L.ROW_HEAD
        n_proc, n_level = len(machine.processes), len(machine.levels)
        n_blocks = h[L.H_N_BLOCK] = -(-n_proc // L.BLOCK)
        for header, count in (
            (L.I_STATE, n_proc), (L.I_NEXT, n_blocks * L.BLOCK), (L.I_BLOCK, n_blocks), (L.I_PICK, n_proc), (L.I_DUE, n_slots),
            (L.I_WAKES, n_slots), (L.I_LWAKE, n_level), (L.I_LSINCE, n_level),
            (L.I_STAMP, len(machine.stamps)), (L.I_COUNT, len(self.streams)),
        ):  # fmt: skip
            h[header] = at
            at += count
        h[L.I_RING] = at
        rings: list[list[int]] = []
        for _, capacity in machine.rings:
            rings.append([at, capacity])
            at += capacity + 1
        self._place(L.H_RING, rings)
        # what lies behind needs no clearing for the next patient
        h[L.I_CLEAR] = h[L.I_QUEUE] = at
        h[L.I_DIRTY] = at + L.QUEUE
        h[L.I_SIZE] = h[L.I_DIRTY] + self.n_symbols
        at = L.F_HEAD
        for header, count in (
            (L.F_VAR, len(machine.vars)), (L.F_E, n_slots), (L.F_M, n_slots), (L.F_H, n_slots),
            (L.F_S, n_slots), (L.F_DEV, n_level), (L.F_ACC, n_level), (L.F_SLOPE, n_level),
            (L.F_SIGNAL, len(machine.signals)), (L.F_STACK, L.STACK),
        ):  # fmt: skip
            h[header] = at
            at += count
        h[L.F_CLEAR] = h[L.F_STACK]
        h[L.F_SIZE] = at


def _cumulative(knots: Sequence[float], rates: Sequence[float]) -> list[float]:
    """Integral of a step function at each of its knots, from the first one."""
    total, out = 0.0, [0.0]
    for i in range(len(knots) - 1):
        total += (knots[i + 1] - knots[i]) * rates[i]
        out.append(total)
    return out


def _month_start(index: int) -> int:
    year, month = divmod(index, 12)
    return (dt.date(_CALENDAR_FROM + year, month + 1, 1) - dt.date(1970, 1, 1)).days * L.DAY
