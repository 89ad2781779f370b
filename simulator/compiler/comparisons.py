"""Comparisons: ``age >= 40 years``, ``time since cf.onset > 6 months``, ``cf in [mild, severe]``.

What changes by itself as time passes (age, date, time since an event, counted events, a true
measurement) is brought to the one form that the engine can tell the next change of: "at
least a constant". ``<`` is its negation; since instants are microseconds, ``>`` is taken as
``>=`` for ages, durations and true values. A date is a whole day: ``date > 2019-10-21`` holds
from the next midnight.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulator import units
from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.kinds import SHARE, Typed, in_unit, truth, years_of, years_to_us
from simulator.compiler.names import listing, nearest
from simulator.compiler.time_zones import next_midnight
from simulator.scenario import syntax as s
from simulator.scenario.bands import MONTHS

if TYPE_CHECKING:
    from simulator.compiler.terms import Resolver, Where

_MIRROR = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
#: a count remembers the times of so many events at most
MOST_COUNTED = 1000
_MOVING = ("age", "now", "year", "since", "count", "level")


@dataclass(slots=True)
class Threshold:
    """A true measurement compared with a constant over time: possible only if it runs smoothly."""

    measurement: str
    node: s.Expr
    where: Where


def compare(resolver: Resolver, expr: s.Binary, where: Where) -> Typed | None:
    """A comparison of two expressions: a truth."""
    op, left, right = expr.op, expr.left, expr.right
    if _has_choices(resolver, right) and not _has_choices(resolver, left):
        op, left, right = _MIRROR[op], right, left
    if _has_choices(resolver, left):
        item = resolver.typed(left, where)
        if item is None:
            return None
        if op not in ("==", "!="):
            resolver.report(
                "E610", f"{item.name} has no order that `{op}` could mean", expr, where,
                remedy=f"name the ones meant: `{item.name} in […]`",
            )  # fmt: skip
            return None
        return _chosen(resolver, item, (right,), op == "!=", where)
    a = resolver.typed(left, where)
    if a is None and isinstance(right, s.Name) and right.text not in resolver.names.symbols:
        return None  # a word that only what was misspelt could explain
    b = resolver.typed(right, where)
    if a is None or b is None:
        return None
    if b.kind in _MOVING and (a.kind not in _MOVING or _MOVING.index(a.kind) > _MOVING.index(b.kind)):
        op, a, b = _MIRROR[op], b, a
    return _compare_items(resolver, op, a, b, expr, where)


def membership(resolver: Resolver, expr: s.In, where: Where) -> Typed | None:
    """``x in [a, b]``: a truth."""
    if _has_choices(resolver, expr.item):
        item = resolver.typed(expr.item, where)
        return None if item is None else _chosen(resolver, item, expr.choices, expr.negated, where)
    found = [
        compare(resolver, s.Binary("==", expr.item, choice, span=expr.span), where) for choice in expr.choices
    ]
    terms = [f.term for f in found if f is not None]
    if len(terms) < len(found):
        return None
    either = algebra.any_of(*terms)
    return truth(algebra.negation(either) if expr.negated else either)


def _has_choices(resolver: Resolver, expr: s.Expr) -> bool:
    """Whether `expr` names something that is one of several words: a category or a disease."""
    if isinstance(expr, s.Last):
        return f"last {expr.measurement.text}" in resolver.names.categories
    if not isinstance(expr, s.Name):
        return False
    if expr.text == "month":
        return True
    if expr.text in resolver.names.stays:
        return True
    symbol = resolver.names.symbols.get(expr.text)
    return symbol is not None and (
        symbol.kind in ("disease", "symptom") or expr.text in resolver.names.categories
    )


def _chosen(
    resolver: Resolver, item: Typed, choices: tuple[s.Expr, ...], negated: bool, where: Where
) -> Typed | None:
    """Whether a category or disease is one of `choices`."""
    masks = resolver.names.states.get(item.name, {}) if item.kind == "disease" else {}
    legal = [x for x in masks if x] if masks else list(resolver.names.categories.get(item.name, MONTHS))
    terms: list[m.Term] = []
    complete = True
    for choice in choices:
        word = choice.text if isinstance(choice, s.Name) else None
        if word not in legal:
            complete = False
            kind = "state" if masks else "category"
            resolver.report(
                "E503" if masks else "E504",
                f"{item.name} has no {kind} `{word}`" if word else f"this is not a {kind} of {item.name}",
                choice,
                where,
                expected=listing(legal, 12),
                nearest=nearest(word or "", legal),
            )
        elif masks:
            terms.append(m.InState(item.index, masks[word]))
        else:
            terms.append(m.Apply("eq", (item.term, m.Const(float(legal.index(word))))))
    if not complete:
        return None
    either = algebra.any_of(*terms)
    return truth(algebra.negation(either) if negated else either)


def _compare_items(
    resolver: Resolver, op: str, a: Typed, b: Typed, expr: s.Expr, where: Where
) -> Typed | None:
    if a.kind == "age":
        return _age(resolver, op, b, expr, where)
    if a.kind == "now":
        return _date(resolver, op, b, expr, where)
    if a.kind == "year":
        return _year(resolver, op, b, expr, where)
    if a.kind == "since":
        return _since(resolver, op, a, b, expr, where)
    if a.kind == "count":
        return _count(resolver, op, a, b, expr, where)
    if a.kind == "level" and b.kind == "number" and b.constant is not None and not where.once:
        return _level(resolver, op, a, b, expr, where)
    left, right = resolver.value(a, expr, where), resolver.value(b, expr, where)
    if left is None or right is None:
        return None
    return _values(resolver, op, left, right, expr, where)


def _mismatch(resolver: Resolver, what: str, example: str, b: Typed, expr: s.Expr, where: Where) -> None:
    resolver.report(
        "E601", f"{what} cannot be compared with {b.words}", expr, where, expected=f"e.g. `{example}`"
    )


def _from_then_on(op: str, reached: m.Term) -> m.Term:
    """The truth of ``x OP constant``, OP not being equality, when `reached` is that of ``x >= constant``."""
    return reached if op in (">=", ">") else algebra.negation(reached)


def _only_once(resolver: Resolver, what: str, expr: s.Expr, where: Where) -> None:
    resolver.report(
        "E610", f"`==` holds only for one instant of {what}", expr, where,
        remedy="use `>=` and `<` to say from when to when",
    )  # fmt: skip


def _age(resolver: Resolver, op: str, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    if b.kind != "duration":
        _mismatch(resolver, "an age", "age >= 40 years", b, expr, where)
        return None
    if op in ("==", "!="):
        _only_once(resolver, "a life", expr, where)
        return None
    if b.constant is None:
        return truth(m.Apply(_OPS[op], (years_to_us(m.Age()), b.term)))
    if resolver.whole(b.constant, expr, where) is None:
        return None
    years = years_of(b.constant)
    if op in ("<=", ">") and years == int(years) and years > 0:
        shown, right = f"age {op} {years:g} years", "<" if op == "<=" else ">="
        resolver.report(
            "W305",
            f"`{shown}` changes on the {_ordinal(int(years))} birthday, "
            f"as `age {right} {years:g} years` does",
            expr,
            where,
            remedy=f"if the whole year is meant, write `age {right} {years + 1:g} years`",
        )
    return truth(_from_then_on(op, m.AgeAtLeast(years)))


def _ordinal(n: int) -> str:
    if 10 <= n % 100 <= 20:
        return f"{n}th"
    return f"{n}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th') }"


def _date(resolver: Resolver, op: str, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    if b.kind != "date" or b.constant is None:
        _mismatch(resolver, "the date", "date >= 2019-10-21", b, expr, where)
        return None
    begin = m.TimeAtLeast(int(b.constant))
    after = m.TimeAtLeast(next_midnight(int(b.constant), resolver.zone))
    on_day = algebra.all_of(begin, algebra.negation(after))
    terms: dict[str, m.Term] = {
        ">=": begin,
        ">": after,
        "<": algebra.negation(begin),
        "<=": algebra.negation(after),
        "==": on_day,
        "!=": algebra.negation(on_day),
    }
    return truth(terms[op])


def _year(resolver: Resolver, op: str, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    value = b.constant
    if b.kind != "number" or b.unit is not None or value is None or value != int(value):
        _mismatch(resolver, "a calendar year", "year >= 2015", b, expr, where)
        return None
    if not dt.MINYEAR < value < dt.MAXYEAR:
        resolver.report("E605", f"{value:g} is not a year of the calendar", expr, where)
        return None
    year = int(value)
    begin, after = (m.TimeAtLeast(resolver.midnight(dt.date(y, 1, 1))) for y in (year, year + 1))
    if op in ("==", "!="):
        within = algebra.all_of(begin, algebra.negation(after))
        return truth(within if op == "==" else algebra.negation(within))
    reached = begin if op in (">=", "<") else after
    return truth(reached if op in (">=", ">") else algebra.negation(reached))


def _since(resolver: Resolver, op: str, a: Typed, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    if b.kind != "duration":
        _mismatch(resolver, "a time since an event", f"time since {a.name} > 6 months", b, expr, where)
        return None
    if op in ("==", "!="):
        _only_once(resolver, "the time since an event", expr, where)
        return None
    if b.constant is None:
        resolver.report("E607", "the time since an event is compared with constants only", expr, where)
        return None
    us = resolver.whole(b.constant, expr, where)
    if us is None:
        return None
    return truth(m.SinceAtLeast(a.index, us) if op in (">", ">=") else m.SinceLess(a.index, us))


def _count(resolver: Resolver, op: str, a: Typed, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    if b.kind != "number" or b.unit not in (None, "1"):
        _mismatch(resolver, "a count", f"count of {a.name} >= 3", b, expr, where)
        return None
    value = b.constant
    if value is None or value != int(value) or not 0 <= value <= MOST_COUNTED:
        resolver.report(
            "E610",
            "events are counted in whole numbers",
            expr,
            where,
            expected=f"a constant from 0 to {MOST_COUNTED}",
        )
        return None
    n = int(value)
    least = {">=": n, ">": n + 1, "<": n, "<=": n + 1}

    def at_least(k: int) -> m.Term:
        return algebra.TRUE if k <= 0 else m.CountAtLeast(resolver.names.ring(a.name, k), k, a.within)

    if op in ("==", "!="):
        exactly = algebra.all_of(at_least(n), algebra.negation(at_least(n + 1)))
        return truth(exactly if op == "==" else algebra.negation(exactly))
    term = at_least(least[op])
    return truth(algebra.negation(term) if op in ("<", "<=") else term)


def _level(resolver: Resolver, op: str, a: Typed, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    if op in ("==", "!="):
        _only_once(resolver, f"a course of {a.name}", expr, where)
        return None
    wanted = _like(b, a.unit)
    if wanted is None or wanted.constant is None:
        _unit_mismatch(resolver, a, b, expr, where)
        return None
    resolver.thresholds.append(Threshold(a.name, expr, where))
    return truth(_from_then_on(op, m.LevelAtLeast(a.index, wanted.constant)))


def _like(item: Typed, unit: str | None) -> Typed | None:
    """`item` in `unit`; a bare constant passes only where the unit is none, ``%`` or a note (``{score}``)."""
    unitless = unit in (None, "1", "%", SHARE) or units.is_note(unit)
    if item.unit is None and item.constant is not None and not unitless:
        return None
    return in_unit(item, None if unit == SHARE else unit)


def _unit_mismatch(resolver: Resolver, a: Typed, b: Typed, expr: s.Expr, where: Where) -> None:
    unit = a.unit if a.unit not in (None, SHARE) else b.unit
    other = b if a.unit not in (None, SHARE) else a
    if other.unit is None and other.constant is not None:
        resolver.report(
            "E602", f"{other.constant:g} is compared with a number in {unit}, but has no unit", expr, where,
            remedy=f"write `{other.constant:g} {unit}`",
        )  # fmt: skip
        return
    have = "a share" if other.unit == SHARE else f"`{other.unit}`"
    resolver.report("E602", f"{have} is compared with `{unit}`", expr, where, expected=f"the unit `{unit}`")


def _values(resolver: Resolver, op: str, a: Typed, b: Typed, expr: s.Expr, where: Where) -> Typed | None:
    if a.kind != b.kind:
        resolver.report("E601", f"{a.words} cannot be compared with {b.words}", expr, where)
        return None
    left: Typed | None = a
    right: Typed | None = b
    if a.kind == "number":
        if a.unit not in (None, SHARE):
            right = _like(b, a.unit)
        elif b.unit not in (None, SHARE):
            left = _like(a, b.unit)
        else:
            left, right = replace(a, unit=None), replace(b, unit=None)
    if left is None or right is None:
        _unit_mismatch(resolver, a, b, expr, where)
        return None
    return truth(algebra.apply(_OPS[op], left.term, right.term))
