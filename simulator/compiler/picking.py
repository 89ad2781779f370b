"""One of several things by weight, as actions that take no time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering


def pick(low: Lowering, var: int, weights: Sequence[m.Term], stream: str) -> list[m.Action]:
    """Sets variable `var` to the number of the one that is picked, from 0; to -1 if no weight is above 0.

    Args:
        weights: terms that are not negative; they need not add up to 1.
        stream: the name of the random stream that is drawn from, once.
    """
    luck = low.names.var(f"{stream} ({len(low.names.vars)})")
    below = list(accumulate(weights, lambda a, b: algebra.apply("add", a, b)))
    known = algebra.constant(below[-1]) if below else 0.0
    whole = known is not None and abs(known - 1.0) < 1e-9
    drawn: m.Term = m.Var(luck) if whole or not below else m.Apply("mul", (m.Var(luck), below[-1]))
    value: m.Term = m.Const(len(weights) - 1.0)
    for place in range(len(weights) - 2, -1, -1):
        value = algebra.choose(m.Apply("lt", (drawn, below[place])), m.Const(float(place)), value)
    if below and not whole:
        value = algebra.choose(m.Apply("gt", (below[-1], algebra.FALSE)), value, m.Const(-1.0))
    uniform = m.Distribution("uniform", (algebra.FALSE, algebra.TRUE))
    return [m.Draw(luck, uniform, stream), m.Set(var, value)]


def is_picked(var: int, number: int) -> m.Term:
    """Whether it was this one."""
    return m.Apply("eq", (m.Var(var), m.Const(float(number))))
