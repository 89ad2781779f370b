"""What an expression is: a number with a unit, a duration, a date, a truth, a category, …"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from simulator import units
from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.scenario.remainder import UNREAD_TEXT

Kind = Literal[
    "number", "duration", "rate", "date", "truth", "category",
    "disease", "age", "now", "year", "since", "count", "level",
]  # fmt: skip

#: unit of a literal percentage: 85% is 0.85, but 85 beside a measurement in %
SHARE = "share"

#: how each kind is called in a finding
WORDS: dict[Kind, str] = {
    "number": "a number",
    "duration": "a duration",
    "rate": "a rate (… per year)",
    "date": "a date",
    "truth": "a condition",
    "category": "an attribute with categories",
    "disease": "a disease",
    "age": "an age",
    "now": "the date",
    "year": "the calendar year",
    "since": "a time since an event",
    "count": "a count of events",
    "level": "a measurement's true value",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A resolved expression.

    Attributes:
        term: its value. Durations and dates in microseconds, rates per year, ages in years.
        kind: what it is.
        unit: of numbers, rates and levels: UCUM unit, `SHARE`, or None (a bare number, or one
            whose unit arithmetic has used up).
        name: what it refers to: attribute, disease, measurement, or event.
        index: of a level, stamp or ring.
        within: of a count: its window in microseconds.
    """

    term: m.Term
    kind: Kind
    unit: str | None = None
    name: str = ""
    index: int = -1
    within: int | None = None

    @property
    def constant(self) -> float | None:
        """Its value, if that is known before the run."""
        return algebra.constant(self.term)

    @property
    def words(self) -> str:
        """What it is, as a finding says it."""
        if self.kind in ("number", "level") and self.unit not in (None, SHARE):
            return f"{WORDS[self.kind]} in {self.unit}"
        return WORDS[self.kind]


def number(term: m.Term, unit: str | None = None) -> Typed:
    """A number in `unit`."""
    return Typed(term, "number", unit)


def truth(term: m.Term) -> Typed:
    """A condition."""
    return Typed(term, "truth")


def in_unit(item: Typed, unit: str | None) -> Typed | None:
    """A number (or rate) expressed in `unit`; None if it measures something else.

    A bare number is taken to be in the unit wanted. A literal percentage is a share, unless
    ``%`` is wanted. Constants are converted between units of one dimension (``mg/dL``, ``g/L``).
    """
    have = item.unit
    if have == unit:
        return item
    if UNREAD_TEXT in (have, unit):  # nobody knows what it is; a finding says so
        return replace(item, unit=unit)
    if have == SHARE:
        scaled = algebra.apply("mul", item.term, m.Const(100.0)) if unit == "%" else item.term
        return replace(item, term=scaled, unit=unit) if unit in (None, "1", "%") else None
    if have is None:
        return replace(item, unit=unit)
    if unit is None:
        return replace(item, unit=None) if have == "1" else None
    factor, zero = units.convert(1.0, have, unit), units.convert(0.0, have, unit)
    if factor is None or zero is None:
        return None
    if zero == 0.0:
        return replace(item, term=algebra.apply("mul", item.term, m.Const(factor)), unit=unit)
    scaled = algebra.apply("mul", item.term, m.Const(factor - zero))
    return replace(item, term=algebra.apply("add", scaled, m.Const(zero)), unit=unit)


def years_to_us(term: m.Term) -> m.Term:
    """Years as microseconds."""
    return algebra.apply("mul", term, m.Const(float(units.MICROSECONDS["year"])))


def years_of(microseconds: float) -> float:
    """A duration in years, exact for whole numbers of months and years."""
    months = microseconds / units.MICROSECONDS["month"]
    return round(months) / 12 if months == round(months) else microseconds / units.MICROSECONDS["year"]
