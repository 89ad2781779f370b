"""Reckons out expressions of constants, with their kind: numbers, durations, rates, quantities, dates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import Span
from simulator.scenario.syntax import Binary, Call, Date, Expr, Name, Number, Quantity, Rate, Unary
from simulator.units import YEARS, time_unit, ucum

#: exponents of what a constant is measured in: ``time`` (years), ``date``, and base units of UCUM
Kind = tuple[tuple[str, int], ...]

_FUNCTIONS: dict[str, Callable[[float], float]] = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt}


@dataclass(frozen=True, slots=True)
class Constant:
    """A number in the base units of its kind; shares are plain numbers."""

    value: float
    kind: Kind = ()


class NotConstantError(Exception):
    """An expression that is no constant: why, where, and the name that is to blame."""

    def __init__(self, message: str, span: Span, name: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.name = name


def constant(tree: Expr) -> Constant:
    """The value of an expression that depends on nothing. Raises: NotConstantError.

    >>> from simulator.scenario.syntax import Number, Rate
    >>> constant(Rate(Number(0.5), "month"))
    Constant(value=6.0, kind=(('time', -1),))
    """
    match tree:
        case Number(value=value):
            return Constant(value)
        case Quantity(value=value, unit=unit):
            return _quantity(value, unit, tree)
        case Date(value=day):
            return Constant(float(day.toordinal()), (("date", 1),))
        case Rate(value=value, unit=unit):
            inner = constant(value)
            return Constant(inner.value / YEARS[unit], _times(inner.kind, (("time", 1),), -1))
        case Unary(op="-", operand=operand):
            inner = constant(operand)
            return Constant(-inner.value, inner.kind)
        case Binary():
            return _binary(tree)
        case Call():
            return _call(tree)
        case Name():
            raise NotConstantError(f"`{tree.text}` is not a parameter", tree.span, tree.text)
    raise NotConstantError("a parameter is one constant value", tree.span)


def _quantity(value: float, unit: str, tree: Expr) -> Constant:
    if time_unit(unit) is not None:
        return Constant(value * YEARS[unit], (("time", 1),))
    known = ucum(unit)
    if known is None:
        raise NotConstantError(f"`{unit}` is not a unit", tree.span)
    return Constant(value * known.factor + known.offset, tuple(known.dimension))


def _binary(tree: Binary) -> Constant:
    left, right = constant(tree.left), constant(tree.right)
    if tree.op in ("+", "-"):
        if left.kind != right.kind:
            raise NotConstantError(f"`{tree.op}` between values of different kinds", tree.span)
        return Constant(left.value + (right.value if tree.op == "+" else -right.value), left.kind)
    if tree.op == "*":
        return _finite(lambda: left.value * right.value, tree, _times(left.kind, right.kind))
    if tree.op == "/":
        return _finite(lambda: left.value / right.value, tree, _times(left.kind, right.kind, -1))
    if tree.op == "**" and not left.kind and not right.kind:
        return _finite(lambda: left.value**right.value, tree)
    raise NotConstantError("a parameter is one constant value", tree.span)


def _call(tree: Call) -> Constant:
    if tree.function in ("min", "max") and not tree.kwargs:
        given = [constant(arg) for arg in tree.args]
        if len({each.kind for each in given}) > 1:
            raise NotConstantError(f"`{tree.function}` of values of different kinds", tree.span)
        pick = min if tree.function == "min" else max
        return Constant(pick(each.value for each in given), given[0].kind)
    if tree.function in _FUNCTIONS and len(tree.args) == 1:
        inner, function = constant(tree.args[0]), _FUNCTIONS[tree.function]
        if not inner.kind:
            return _finite(lambda: function(inner.value), tree)
        raise NotConstantError(f"`{tree.function}` of a value with a unit", tree.span)
    if tree.function in ("if", *_FUNCTIONS):
        raise NotConstantError("a parameter is one constant value", tree.span)
    raise NotConstantError(
        "a parameter is one value, not a distribution: give its mean or median a name", tree.span
    )


def _finite(reckon: Callable[[], float | complex], tree: Expr, kind: Kind = ()) -> Constant:
    try:
        value = reckon()
    except (ArithmeticError, ValueError):
        value = math.nan
    if isinstance(value, complex) or not math.isfinite(value):
        raise NotConstantError("this has no finite value", tree.span)
    return Constant(value, kind)


def _times(one: Kind, other: Kind, power: int = 1) -> Kind:
    powers = dict(one)
    for name, exponent in other:
        powers[name] = powers.get(name, 0) + power * exponent
    return tuple(sorted((name, exponent) for name, exponent in powers.items() if exponent))
