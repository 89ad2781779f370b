"""Building terms: constants are folded, neutral elements vanish, masks of one process merge.

The kernel evaluates terms millions of times, so the smallest equal term is built here once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from simulator.compiler import machine as m

TRUE = m.Const(1.0)
FALSE = m.Const(0.0)

_FOLD: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "eq": lambda a, b: float(a == b),
    "ne": lambda a, b: float(a != b),
    "round": lambda a, b: math.floor(a / b + 0.5) * b,
    "min": min,
    "max": max,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
}


def constant(term: m.Term) -> float | None:
    """The value of a constant term, else None."""
    return term.value if isinstance(term, m.Const) else None


def apply(op: str, *args: m.Term) -> m.Term:
    """An operator on terms; folded if all are constant.

    Raises: ArithmeticError or ValueError if folding has no finite real result (``1/0``).
    """
    if all(isinstance(a, m.Const) for a in args) and op in _FOLD:
        value = _FOLD[op](*(a.value for a in args if isinstance(a, m.Const)))
        if isinstance(value, complex) or not math.isfinite(value):
            raise ArithmeticError(f"{op} has no finite result")
        return m.Const(float(value))
    if op == "mul":
        return _product(args[0], args[1])
    if op in ("add", "sub") and args[1] == FALSE:
        return args[0]
    if op == "add" and args[0] == FALSE:
        return args[1]
    if op == "div" and args[1] == TRUE:
        return args[0]
    return m.Apply(op, args)


def _product(a: m.Term, b: m.Term) -> m.Term:
    if a == TRUE:
        return b
    if b == TRUE:
        return a
    if FALSE in (a, b):
        return FALSE
    return m.Apply("mul", (a, b))


def product(factors: Iterable[m.Term]) -> m.Term:
    """All factors multiplied; constants are gathered in front."""
    number = 1.0
    rest: list[m.Term] = []
    for factor in factors:
        if isinstance(factor, m.Const):
            number *= factor.value
        else:
            rest.append(factor)
    result: m.Term = m.Const(number)
    for factor in rest:
        result = _product(result, factor)
    return result


def total(terms: Iterable[m.Term]) -> m.Term:
    """All terms added."""
    result: m.Term = FALSE
    for term in terms:
        result = apply("add", result, term)
    return result


def all_of(*conditions: m.Term) -> m.Term:
    """True if every condition is."""
    return _connect("and", conditions, neutral=TRUE, dominant=FALSE)


def any_of(*conditions: m.Term) -> m.Term:
    """True if some condition is."""
    return _connect("or", conditions, neutral=FALSE, dominant=TRUE)


def _connect(op: str, conditions: Iterable[m.Term], neutral: m.Term, dominant: m.Term) -> m.Term:
    kept: list[m.Term] = []
    for condition in conditions:
        if condition == dominant:
            return dominant
        if condition == neutral or condition in kept:
            continue
        merged = _merge(op, kept[-1], condition) if kept else None
        if merged is not None:
            kept[-1] = merged
        else:
            kept.append(condition)
    if not kept:
        return neutral
    result = kept[0]
    for condition in kept[1:]:
        result = m.Apply(op, (result, condition))
    return result


def _merge(op: str, a: m.Term, b: m.Term) -> m.Term | None:
    """One mask for two questions about the state of one process."""
    if isinstance(a, m.InState) and isinstance(b, m.InState) and a.process == b.process:
        mask = a.mask & b.mask if op == "and" else a.mask | b.mask
        return m.InState(a.process, mask) if mask else FALSE
    return None


def negation(condition: m.Term) -> m.Term:
    """True if the condition is false."""
    if isinstance(condition, m.Const):
        return FALSE if condition.value else TRUE
    if isinstance(condition, m.Apply) and condition.op == "not":
        return condition.args[0]
    return m.Apply("not", (condition,))


def choose(condition: m.Term, then: m.Term, otherwise: m.Term) -> m.Term:
    """`then` where the condition holds, else `otherwise`."""
    if isinstance(condition, m.Const):
        return then if condition.value else otherwise
    if then == otherwise:
        return then
    if (then, otherwise) == (TRUE, FALSE):
        return condition
    return m.Apply("if", (condition, then, otherwise))


def children(term: m.Term) -> tuple[m.Term, ...]:
    """The terms directly inside a term."""
    return term.args if isinstance(term, m.Apply) else ()


def walk(term: m.Term | None) -> Iterator[m.Term]:
    """The term and every term inside it."""
    if term is None:
        return
    yield term
    for child in children(term):
        yield from walk(child)


def has_age(term: m.Term) -> bool:
    """Whether the term changes continuously with age."""
    return any(isinstance(t, m.Age) for t in walk(term))
