"""Terms become instructions of a stack machine, numbers a pool of constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from simulator.compiler import layout as lay
from simulator.compiler import machine as m
from simulator.compiler.time_zones import year_start

_OPS: dict[str, int] = {
    name: getattr(lay, f"T_{name.upper()}")
    for name in (
        "add", "sub", "mul", "div", "pow", "neg", "lt", "le", "gt", "ge", "eq", "ne",
        "and", "or", "not", "min", "max", "round", "exp", "log", "sqrt",
    )
}  # fmt: skip
_UNARY = {"neg", "not", "exp", "log", "sqrt"}
_AXES = {"age": lay.X_AGE, "month": lay.X_MONTH, "year": lay.X_YEAR, "date": lay.X_YEAR, "var": lay.X_VAR}


@dataclass
class Instructions:
    """Writes terms of a machine as instructions (`code`) and constants (`nums`).

    `code` will stand right behind the header of a Program's ints: places are counted from there.
    """

    machine: m.Machine
    code: list[int] = field(default_factory=list)
    nums: list[float] = field(default_factory=lambda: [0.0])
    consts: dict[bytes, int] = field(default_factory=dict)
    once: bool = False
    instants: dict[tuple[int, ...], int] = field(default_factory=dict)

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
        out.extend((lay.T_END, 0, 0, 0))
        pc = lay.HEADER + len(self.code)
        self.code.extend(out)
        return pc

    def _emit(self, term: m.Term, out: list[int]) -> None:
        match term:
            case m.Const(value):
                out.extend((lay.T_CONST, self.const(value), 0, 0))
            case m.Var(index):
                out.extend((lay.T_VAR, index, 0, 0))
            case m.InState(process, mask):
                out.extend((lay.T_STATE, process, mask, 0))
            case m.Age():
                out.extend((lay.T_AGE, 0, 0, 0))
            case m.AgeAtLeast(years):
                out.extend((lay.T_AGE_GE, self.const(years), 0, 0))
            case m.TimeAtLeast(instant):
                out.extend((lay.T_TIME_GE, 0, instant, 0))
            case m.SinceAtLeast(stamp, duration):
                out.extend((lay.T_SINCE_GE, stamp, duration, 0))
            case m.SinceLess(stamp, duration):
                out.extend((lay.T_SINCE_LT, stamp, duration, 0))
            case m.Stamped(stamp):
                out.extend((lay.T_STAMPED, stamp, 0, 0))
            case m.CountAtLeast(ring, n, within):
                out.extend((lay.T_COUNT_GE, ring, n, -1 if within is None else within))
            case m.Level(measurement):
                self._emit_level(measurement, out)
            case m.LevelAtLeast(measurement, threshold):
                self._emit_level(measurement, out, base_only=True)
                out.extend((lay.T_LEVEL_GE, measurement, self.const(threshold), 0))
            case m.Signal(index):
                out.extend((lay.T_SIGNAL, index, 0, 0))
            case m.Lookup(axes, values):
                rows: list[int] = []
                for axis in axes:
                    rows.extend((_AXES[axis.kind], axis.size, self._place_of(axis)))
                # the axis rows stand between instructions: jumped over by their count
                out.extend((lay.T_LOOKUP, len(axes), self.block(values), 0 if self.once else 1))
                rows.extend([0] * (-len(rows) % lay.TERM_W))
                out.extend(rows)
            case m.Apply(op, args):
                self._emit_apply(op, args, out)
            case _:
                assert_never(term)

    def _place_of(self, axis: m.Axis) -> int:
        """What an axis is read by: the index of its variable, the place of its ages in N, of the beginnings
        of its years in P, of those of all months in P (0: months of UTC)."""
        months = self.machine.population.months
        if axis.kind == "var":
            return axis.index
        if axis.kind == "age":
            return self.block(axis.knots)
        if axis.kind == "date":
            return self._instants(tuple(map(int, axis.knots)))
        if axis.kind == "year":
            return self._instants(tuple(year_start(int(year), months) for year in axis.knots))
        return self._instants(months) if months else 0

    def _instants(self, instants: tuple[int, ...]) -> int:
        """The place in P of instants, each list of them once."""
        if instants not in self.instants:
            self.instants[instants] = lay.HEADER + len(self.code)
            self.code.extend(instants)
        return self.instants[instants]

    def _emit_level(self, index: int, out: list[int], *, base_only: bool = False) -> None:
        """mean + deviation + accumulated + slope·dt + shift, added in this order; the base has no slope."""
        level = self.machine.levels[index]
        self._emit(level.mean, out)
        out.extend((lay.T_LEVEL, index, int(base_only), 0))
        self._emit(level.shift, out)
        out.extend((lay.T_ADD, 0, 0, 0))

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
            guarded = isinstance(arg, m.Apply) and arg.op == "if" and arg.args[2] == m.Const(neutral or 0.0)
            if neutral is not None and guarded and isinstance(arg, m.Apply) and _picked(arg.args) is None:
                condition, value = arg.args[0], arg.args[1]
                self._emit(value, inner)
                inner.extend((_OPS[op], 0, 0, 0))
                if isinstance(condition, m.InState):
                    out.extend((lay.T_SKIP_UNLESS_IN, condition.process, condition.mask, len(inner)))
                else:
                    self._emit(condition, out)
                    out.extend((lay.T_JUMP_UNLESS, 0, 0, len(inner)))
            else:
                self._emit(arg, inner)
                inner.extend((_OPS[op], 0, 0, 0))
                if op == "and":
                    out.extend((lay.T_AND_SKIP, 0, 0, len(inner)))
                elif op == "or":
                    out.extend((lay.T_OR_SKIP, 0, 0, len(inner)))
            out.extend(inner)

    def _emit_if(self, args: tuple[m.Term, ...], out: list[int]) -> None:
        if (picked := _picked(args)) is not None:
            variable, *numbers = picked
            out.extend((lay.T_PICK, variable, self.block(numbers), 0))
            return
        then: list[int] = []
        otherwise: list[int] = []
        self._emit(args[0], out)
        self._emit(args[1], then)
        self._emit(args[2], otherwise)
        then.extend((lay.T_JUMP, 0, 0, len(otherwise)))
        out.extend((lay.T_JUMP_UNLESS, 0, 0, len(then)))
        out.extend(then)
        out.extend(otherwise)


def _picked(args: tuple[m.Term, ...]) -> tuple[int, float, float, float] | None:
    """An `if` that is one instruction: variable, number asked for, value then, value otherwise."""
    match args:
        case (m.Apply("eq", (m.Var(index), m.Const(asked))), m.Const(then), m.Const(otherwise)):
            return index, asked, then, otherwise
    return None
