"""Parts that many blocks share: tables, hazards, factors on them, triggers and arrows."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.block import Block, key
from simulator.scenario.syntax import Expr

# --- values that are tables -------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Table(Block):
    """A step function over axes: ``{by: [age, sex], table: {...}}`` or the same from a CSV file.

    `axes` are ``age``, ``sex``, ``month`` (january..december), ``year`` (calendar) or the
    names of categorical attributes. `rows` are complete key tuples, one per cell, each key
    a str (category or month name) or a pair (low, high), `high` exclusive and None where
    open-ended: ages in years, calendar years. Age bands are written by age at last birthday:
    ``40..59 years`` is stored as (40.0, 60.0). The rows are the full product of the axes' cells in
    row-major order (last axis fastest); bands are ascending, without gaps or overlaps. Age
    begins at 0 and is open-ended (not in `population.age_sex`, whose cells are weights); years
    before the first band and after the last one take the nearest band's value.
    """

    axes: tuple[str, ...]
    rows: tuple[tuple[tuple[str | tuple[float, float | None], ...], Expr], ...]
    source: str | None = None


Value = Expr | Table


@dataclass(slots=True, kw_only=True)
class Gompertz(Block):
    """A hazard that grows exponentially with age: rate × exp(growth × (age − at))."""

    rate: Expr = key("hazard at age `at`, e.g. `0.010 per year`")
    at: Expr = key("the age at which the hazard is `rate`, e.g. `50 years`")
    growth: Expr = key("growth of the log hazard, e.g. `0.040 per year`")


@dataclass(slots=True, kw_only=True)
class Hazard(Block):
    """A hazard from a table, given per time unit, or as a probability per time unit."""

    table: Table
    per: str | None = None  # singular time unit: cell values are rates per this unit
    probability_per: str | None = None  # cell values are probabilities q; hazard −ln(1−q)


RateValue = Expr | Hazard | Gompertz


@dataclass(slots=True, kw_only=True)
class Multiplier(Block):
    """A factor on a rate."""

    by: Value = key("the factor: a number, an expression, or a table")
    while_: Expr | None = key("applies while this holds; always if absent", None, name="while")


# --- transitions ------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Trigger(Block):
    """What makes a transition fire: exactly one of rate, after, when, on (also with after), probability."""

    rate: RateValue | None = key("hazard, e.g. `0.06 per year`, a table, or a gompertz", None)
    multiplied: list[Multiplier] = key("factors on the rate", factory=list)
    while_: Expr | None = key("with `rate`: zero unless this holds", None, name="while")
    after: Expr | None = key(
        "duration drawn on entering the state; with `on`: from the event to the transition, unless the "
        "state is left before",
        None,
    )
    when: Expr | None = key("fires as soon as this becomes true", None)
    delay: Expr | None = key("with `when`: the condition must hold this long first", None)
    on: Expr | None = key("fires on this event of another process, e.g. `t2d.onset`", None)
    if_: Expr | None = key("with `on`: only if this holds at that moment", None, name="if")
    probability: Value | None = key(
        "with `on`: the chance that it fires; with `after`: the chance that it ever does; with `when`: the "
        "chance each time that the condition comes to hold; "
        "alone: the chance on entering the state",
        None,
    )
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Transition(Block):
    """One arrow ``a -> b: {trigger}``."""

    from_: str
    to: str
    trigger: Trigger
