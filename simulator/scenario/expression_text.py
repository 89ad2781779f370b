"""Writes an expression tree the way an author would; `expression.py` reads it back unchanged."""

from __future__ import annotations

from simulator.scenario.syntax import (
    Binary,
    Call,
    Count,
    Curve,
    Date,
    Diagnosed,
    Dose,
    Ever,
    Expr,
    In,
    Last,
    Mixture,
    Name,
    Number,
    On,
    PlusMinus,
    Quantity,
    Range,
    Rate,
    Since,
    Unary,
    Unread,
)

_BINDING = {
    "or": 1, "and": 2, "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 6, "-": 6, "*": 8, "/": 8, "**": 10,
}  # fmt: skip
_ATOM = 11
_TIME_UNITS = ("year", "month", "week", "day", "hour", "minute")


def format_expression(tree: Expr) -> str:
    """The text of `tree`, on one line.

    >>> from simulator.scenario.syntax import Binary, Name, Quantity
    >>> format_expression(Binary(">=", Name(("age",)), Quantity(40.0, "year")))
    'age >= 40 years'
    """
    return _text(tree)[0]


def format_number(value: float) -> str:
    """The shortest text that is read back as the same number: ``3``, ``0.5``, ``1e-07``."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def _at_least(tree: Expr, binding: int) -> str:
    text, own = _text(tree)
    return text if own >= binding else f"({text})"


def _text(tree: Expr) -> tuple[str, int]:
    """The text and how tightly it binds."""
    match tree:
        case Number(value=value):
            return format_number(value), _ATOM
        case Quantity(value=value, unit=unit):
            return _quantity(value, unit), _ATOM
        case Date(value=day):
            return day.isoformat(), _ATOM
        case Name():
            return tree.text, _ATOM
        case Rate(value=value, unit=unit):
            return f"{_at_least(value, 8)} per {unit}", 7
        case Unary(op="not", operand=operand):
            return f"not {_at_least(operand, 4)}", 3
        case Unary(operand=operand):
            return f"-{_at_least(operand, 10)}", 9
        case Binary(op=op, left=left, right=right):
            own = _BINDING[op]
            once = own == 4  # comparisons do not chain
            first = _at_least(left, own + 1 if once or op == "**" else own)
            return f"{first} {op} {_at_least(right, own if op == '**' else own + 1)}", own
        case In(item=item, choices=choices, negated=negated):
            listed = ", ".join(_text(choice)[0] for choice in choices)
            return f"{_at_least(item, 5)} {'not ' if negated else ''}in [{listed}]", 4
        case Call(function=function, args=args, kwargs=kwargs):
            given = [_text(arg)[0] for arg in args] + [f"{name}={_text(arg)[0]}" for name, arg in kwargs]
            return f"{function}({', '.join(given)})", _ATOM
        case Range(low=low, high=None):
            return f"{_at_least(low, 6)}..", 5
        case Range(low=low, high=upper) if upper is not None:
            return f"{_at_least(low, 6)}..{_at_least(upper, 6)}", 5
        case PlusMinus(centre=centre, spread=spread):
            return f"{_at_least(centre, 6)} ± {_at_least(spread, 6)}", 5
        case _:
            return _word_form(tree), _ATOM


def _word_form(tree: Expr) -> str:
    match tree:
        case On(treatment=treatment, ever=ever):
            return f"{'ever ' if ever else ''}on {treatment.text}"
        case Ever(event=event):
            return f"ever {event.text}"
        case Diagnosed(disease=disease):
            return f"{disease.text} diagnosed"
        case Since(event=event):
            return f"time since {event.text}"
        case Last(measurement=measurement, previous=previous):
            return f"{'previous' if previous else 'last'} {measurement.text}"
        case Dose(treatment=treatment):
            return f"dose of {treatment.text}"
        case Count(event=event, within=within):
            window = f" in last {_quantity(within.value, within.unit)}" if within else ""
            return f"count of {event.text}{window}"
        case Unread():
            return "…"
        case Curve(kind=kind, points=points):
            return f"{kind}({', '.join(f'{_text(at)[0]}: {_text(share)[0]}' for at, share in points)})"
        case Mixture(parts=parts):
            return f"mixture({', '.join(f'{_text(share)[0]} {_text(part)[0]}' for share, part in parts)})"
        case _:
            raise TypeError(f"{type(tree).__name__} is not an expression")


def _quantity(value: float, unit: str) -> str:
    if unit == "%":
        return f"{format_number(value)}%"
    if unit in _TIME_UNITS and value != 1:
        unit += "s"
    return f"{format_number(value)} {unit}"
