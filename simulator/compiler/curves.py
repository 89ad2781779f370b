"""Tabulated distributions: empirical, Kaplan–Meier, and mixtures.

A curve is the machine's empirical distribution: between two points the distribution function is linear,
so the event is equally likely at any time between them. An empirical duration begins at 0 unless its first
point says otherwise. Whoever a Kaplan–Meier curve leaves at its end never has the event: the last quantile
is `NEVER`, which the engine knows as an instant that does not come.

The machine has no mixtures. One is drawn on entering the state whose arrow waits for it: a draw from the
first part, which each further part replaces with the chance share / (shares so far); the arrow then waits
for the value drawn. `draw_mixtures` does this once all processes are lowered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.scenario import syntax as s

if TYPE_CHECKING:
    from simulator.compiler.names import Names
    from simulator.compiler.terms import Resolver, Where

#: a duration that does not end: the engine's longest
NEVER = float(1 << 62)

Parameter = Callable[[s.Expr], m.Term | None]
Part = Callable[[s.Expr], m.Distribution | None]


@dataclass(frozen=True, slots=True)
class Mixture(m.Distribution):
    """One of several distributions, by share; gone before the machine is built."""

    shares: tuple[m.Term, ...] = ()
    parts: tuple[m.Distribution, ...] = ()


def curve(
    resolver: Resolver, expr: s.Curve, where: Where, parameter: Parameter, *, of_duration: bool
) -> m.Distribution | None:
    """An empirical or Kaplan–Meier distribution; `parameter` resolves the values it lists."""
    values: list[float] = []
    shares: list[float] = []
    for at, share in expr.points:
        term = parameter(at)
        value = None if term is None else algebra.constant(term)
        if term is not None and value is None:
            resolver.report("E607", "this must be known before the run", at, where, expected="a constant")
        known = resolver.constant_probability(share, where)
        if value is None or known is None:
            return None
        values.append(value)
        shares.append(known if expr.kind == "empirical" else 1.0 - known)
    problem = _problem(expr, values, shares, of_duration)
    if problem is not None:
        resolver.report("E613", problem[0], expr.points[problem[1]][0], where, expected=problem[2])
        return None
    if of_duration and (values[0] > 0.0 or shares[0] > 0.0) and not (shares[0] == 0.0 and values[0] > 0.0):
        values, shares = [0.0, *values], [0.0, *shares]
    if expr.kind == "kaplan_meier":
        # beyond the last share the engine takes the last value
        values, shares = [*values, NEVER], [*shares, shares[-1]]
    params = [m.Const(v) for v in values] + [m.Const(p) for p in shares]
    return m.Distribution("empirical", tuple(params))


def _problem(
    expr: s.Curve, values: list[float], shares: list[float], of_duration: bool
) -> tuple[str, int, str] | None:
    """What is wrong with a curve, at which of its points, and what was expected."""
    survival = expr.kind == "kaplan_meier"
    if survival and not of_duration:
        return "a Kaplan–Meier curve gives durations", 0, "`empirical` for the distribution of a number"
    for i, (a, b) in enumerate(pairwise(values), start=1):
        if b <= a:
            return "the values of a curve ascend", i, "a value above the one before"
    for i, (p, q) in enumerate(pairwise(shares), start=1):
        if q < p - 1e-12:
            words = "survival cannot rise" if survival else "the share that has come by then cannot fall"
            return words, i, "at most the share before" if survival else "at least the share before"
    if of_duration and values[0] < 0.0:
        return "a duration cannot be negative", 0, "0 or more"
    if not of_duration and shares[0] > 0.0:
        return "the curve does not say where it begins", 0, "the lowest value with `0%` before it"
    if not survival and abs(shares[-1] - 1.0) > 1e-9:
        last = len(shares) - 1
        return f"the curve ends at {shares[-1]:g}", last, "100% at its last value (or `kaplan_meier`)"
    return None


def mean_of(distribution: m.Distribution) -> float | None:
    """Expected value of a tabulated distribution with constant parameters, else None."""
    if isinstance(distribution, Mixture):
        return None
    numbers = [algebra.constant(p) for p in distribution.params]
    known = [n for n in numbers if n is not None]
    half = len(known) // 2
    values, shares = known[:half], known[half:]
    if len(known) < len(numbers) or values[-1] >= NEVER:
        return None
    points = list(zip(values, shares, strict=True))
    spread = sum((q - p) * (a + b) / 2.0 for (a, p), (b, q) in pairwise(points))
    return shares[0] * values[0] + spread


def mixture(resolver: Resolver, expr: s.Mixture, where: Where, part: Part) -> Mixture | None:
    """A mixture; `part` resolves what each share draws."""
    shares = [resolver.probability(share, where.at_once()) for share, _ in expr.parts]
    parts = [part(each) for _, each in expr.parts]
    known = [t for t in shares if t is not None]
    found = [d for d in parts if d is not None]
    if len(known) < len(shares) or len(found) < len(parts):
        return None
    constants = [algebra.constant(t) for t in known]
    total = sum(c for c in constants if c is not None)
    if None not in constants and abs(total - 1.0) > 1e-6:
        resolver.report("E604", f"the shares add up to {total:g}", expr, where, expected="1, that is 100%")
        return None
    return Mixture("mixture", (), tuple(known), tuple(found))


def for_some(chance: m.Term, after: m.Distribution) -> Mixture:
    """A duration with this chance, and otherwise one that does not end."""
    rest = algebra.apply("sub", algebra.TRUE, chance)
    return Mixture("mixture", (), (chance, rest), (after, m.Distribution("fixed", (m.Const(NEVER),))))


# --- drawing mixtures --------------------------------------------------------------------------


def draw_mixtures(process: m.Process, names: Names) -> m.Process:
    """The same process, with every mixture drawn into a variable on entering its state."""
    if not any(_mixture_of(a) for state in process.states for a in state.arrows):
        return process
    return replace(process, states=tuple(_state(process.name, state, names) for state in process.states))


def _mixture_of(arrow: m.Arrow) -> Mixture | None:
    trigger = arrow.trigger
    drawn = (
        trigger.duration
        if isinstance(trigger, m.AfterDuration)
        else trigger.delay if isinstance(trigger, m.WhenTrue) else None
    )  # fmt: skip
    return drawn if isinstance(drawn, Mixture) else None


def _state(process: str, state: m.State, names: Names) -> m.State:
    before: list[m.Action] = []
    arrows: list[m.Arrow] = []
    for arrow in state.arrows:
        mixed = _mixture_of(arrow)
        if mixed is None:
            arrows.append(arrow)
            continue
        var = names.var(f"{arrow.name}: drawn")
        before += drawing(var, mixed, f"{arrow.name}: drawn")
        drawn = m.Distribution("fixed", (m.Var(var),))
        trigger: m.Trigger = m.AfterDuration(drawn)
        if isinstance(arrow.trigger, m.WhenTrue):
            trigger = replace(arrow.trigger, delay=drawn)
        arrows.append(replace(arrow, trigger=trigger))
    return replace(state, arrows=tuple(arrows), on_entry=(*state.on_entry, *before))


def drawing(var: int, distribution: m.Distribution, stream: str) -> list[m.Action]:
    """Actions that draw from a distribution, mixture or not, into a variable."""
    if not isinstance(distribution, Mixture):
        return [m.Draw(var, distribution, stream)]
    actions: list[m.Action] = []
    so_far: m.Term = algebra.FALSE
    for number, (share, part) in enumerate(
        zip(distribution.shares, distribution.parts, strict=True), start=1
    ):
        so_far = algebra.apply("add", so_far, share)
        inner = drawing(var, part, f"{stream} {number}")
        if number == 1:
            actions += inner
        else:
            chance = share if so_far == share else algebra.apply("div", share, so_far)
            actions.append(m.If(None, chance, f"{stream} part {number}", tuple(inner)))
    return actions
