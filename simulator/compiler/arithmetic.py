"""Arithmetic and functions of expressions: what may be joined with what, and in which unit.

A bare number may carry any unit when it multiplies (it is then a coefficient: ``0.05 * bmi``);
numbers that are added, subtracted or chosen between must be in one unit. A rate times a
duration is a number, and so is the quotient of two durations: ``age / 1 year``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator import units
from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.kinds import SHARE, WORDS, Kind, Typed, in_unit, truth
from simulator.scenario import habits
from simulator.scenario import syntax as s

if TYPE_CHECKING:
    from simulator.compiler.terms import Resolver, Where

DISTRIBUTIONS = ("normal", "uniform", "exponential", "weibull", "gamma", "lognormal", "beta")
_NAMES = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}


def unary(resolver: Resolver, expr: s.Unary, where: Where) -> Typed | None:
    """``not condition`` or ``-number``."""
    if expr.op == "not":
        term = resolver.condition(expr.operand, where)
        return None if term is None else truth(algebra.negation(term))
    item = resolver.plain(expr.operand, where)
    if item is None:
        return None
    if item.kind == "date":
        resolver.report("E601", "a date cannot be negative", expr, where)
        return None
    return replace(item, term=algebra.apply("neg", item.term))


def arithmetic(resolver: Resolver, op: str, a: Typed, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    """Two values joined by ``+ - * / **``, ``min``, ``max`` or ``round``."""
    kinds = (a.kind, b.kind)
    name = _NAMES.get(op, op)
    if kinds == ("number", "number"):
        return _numbers(resolver, name, a, b, expr, where)
    kind: Kind | None = None
    year = m.Const(float(units.MICROSECONDS["year"]))
    spans = ("duration", "rate")
    alike = name in ("add", "sub", "min", "max", "round") and a.kind == b.kind
    scaled = name in ("mul", "div") and b.kind == "number"
    if a.kind in spans and (alike or scaled):
        kind = a.kind
    elif name == "mul" and a.kind == "number" and b.kind in spans:
        kind = b.kind
    elif name == "div" and a.kind == b.kind and a.kind in spans:
        kind = "number"
    elif name == "mul" and set(kinds) == {"duration", "rate"}:
        kind = "number"
        a, b = (a, b) if a.kind == "rate" else (b, a)
        b = replace(b, term=algebra.apply("div", b.term, year))
    elif name == "div" and kinds == ("number", "duration"):
        kind = "rate"
        b = replace(b, term=algebra.apply("div", b.term, year))
    if kind is None:
        words = f"{WORDS[a.kind]} and {WORDS[b.kind]}"
        remedy = "divide a duration by its unit to get a number, e.g. `age / 1 year`"
        remedy = remedy if set(kinds) == {"number", "duration"} else ""
        if op == "-" and isinstance(expr, s.Binary) and kinds == ("number", "duration"):
            remedy = habits.range_of(expr.left, expr.right) or remedy
        resolver.report("E601", f"`{op}` cannot join {words}", expr, where, remedy=remedy)
        return None
    return _operator(resolver, name, (a.term, b.term), kind, None, expr, where)


def _numbers(resolver: Resolver, name: str, a: Typed, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    if name in ("mul", "pow") or (name == "div" and (a.unit != b.unit)):
        # a bare number may carry any unit (a coefficient), unless both are plain quantities
        both = a.constant is not None and b.constant is not None
        unit = a.unit if b.unit is None else b.unit if a.unit is None and name == "mul" else None
        if both and unit is not None and unit != SHARE and name != "pow":
            return _operator(resolver, name, (a.term, b.term), "number", unit, expr, where)
        kept = _product_unit(a, b) if name == "mul" else None
        a, b = in_unit(a, None) or a, in_unit(b, None) or b
        return _operator(resolver, name, (a.term, b.term), "number", kept, expr, where)
    unit = a.unit if a.unit not in (None, SHARE) else b.unit
    left = in_unit(a, unit)
    right = in_unit(b, unit)
    if left is None or right is None:
        resolver.report("E602", f"`{a.unit}` and `{b.unit}` cannot be joined", expr, where)
        return None
    exact = a.unit == b.unit or SHARE in (a.unit, b.unit)
    kept = unit if exact and name != "div" else None
    return _operator(resolver, name, (left.term, right.term), "number", kept, expr, where)


def _product_unit(a: Typed, b: Typed) -> str | None:
    """That of a dose per kilogram or square metre times weight or surface: ``mg/m2`` by ``m2`` is ``mg``."""
    if a.unit is None or b.unit is None:
        return None
    return units.per_unit_of(a.unit, b.unit) or units.per_unit_of(b.unit, a.unit)


def _operator(
    resolver: Resolver,
    name: str,
    args: tuple[m.Term, ...],
    kind: Kind,
    unit: str | None,
    expr: s.Expr,
    where: Where,
) -> Typed | None:
    """`name` applied to `args`, or a finding if that has no value."""
    try:
        return Typed(algebra.apply(name, *args), kind, unit)
    except (ArithmeticError, ValueError):
        resolver.report("E605", "this has no finite value", expr, where)
        return None


def call(resolver: Resolver, expr: s.Call, where: Where) -> Typed | None:
    """A function of values; a distribution has no place here."""
    if expr.function in DISTRIBUTIONS:
        resolver.report(
            "E601", f"`{expr.function}(…)` is drawn, and nothing is drawn here", expr, where,
            remedy="give a number, or draw an attribute and use its name",
        )  # fmt: skip
        return None
    if expr.function == "if":
        return _if(resolver, expr, where)
    items = [resolver.plain(a, where) for a in expr.args]
    found = [i for i in items if i is not None]
    if len(found) < len(items):
        return None
    if expr.function in ("min", "max", "round"):
        result: Typed | None = found[0]
        for item in found[1:]:
            if result is None:
                return None
            result = arithmetic(resolver, expr.function, result, item, expr, where)
        return result
    term = resolver.numeric(found[0], expr.args[0], where, None)
    return None if term is None else _operator(resolver, expr.function, (term,), "number", None, expr, where)


def _if(resolver: Resolver, expr: s.Call, where: Where) -> Typed | None:
    condition = resolver.condition(expr.args[0], where)
    a, b = resolver.plain(expr.args[1], where), resolver.plain(expr.args[2], where)
    if condition is None or a is None or b is None:
        return None
    if a.kind != b.kind:
        resolver.report("E601", f"this is {a.words} in one case and {b.words} in the other", expr, where)
        return None
    unit = a.unit if a.unit not in (None, SHARE) else b.unit
    left, right = in_unit(a, unit), in_unit(b, unit)
    if left is None or right is None:
        resolver.report("E602", f"this is in `{a.unit}` in one case and `{b.unit}` in the other", expr, where)
        return None
    return replace(left, term=algebra.choose(condition, left.term, right.term))
