"""Hazards: rates, life tables, Gompertz laws; factors on them; effects of treatments.

A hazard is a base over one axis, in events per year, times a multiplier:

* a rate is a constant base and a multiplier;
* a table over age becomes a step function of exact age; every other axis picks the stratum
  (also month and year: the engine looks again when the cell changes);
* a table over months but not age becomes a step function of the calendar;
* any other table is a constant base and a looked-up multiplier.

A probability q per year becomes the hazard −ln(1 − q) that yields it; q = 1, the last row of
every life table, is taken as 1 − 10⁻⁶.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator import units
from simulator.compiler import algebra, tables
from simulator.compiler import machine as m
from simulator.compiler.kinds import years_of
from simulator.compiler.terms import Resolver, Where
from simulator.scenario.model import Block, Gompertz, Hazard, Multiplier, RateValue, Table
from simulator.scenario.syntax import Expr

CERTAIN = 1.0 - 1e-6
CONSTANT = m.Base("constant")


@dataclass(slots=True)
class Effects:
    """What treatments do to hazards: factors by the hazard's name, and whether anything took them."""

    factors: dict[str, list[m.Term]] = field(default_factory=dict)
    rates: set[str] = field(default_factory=set)  # hazards that are rates
    others: set[str] = field(default_factory=set)  # transitions that are not

    def add(self, hazard: str, factor: m.Term) -> None:
        """Note a factor on a hazard, or an amount added to a measurement."""
        self.factors.setdefault(hazard, []).append(factor)

    def on(self, *hazards: str) -> list[m.Term]:
        """The factors on a rate known by these names; notes that the rate exists."""
        self.rates.update(hazards)
        return [f for h in hazards for f in self.factors.get(h, ())]


@dataclass(frozen=True, slots=True)
class WrittenRate:
    """A rate as it is written, and what it comes to: a base and a factor."""

    value: RateValue
    where: Where
    base: m.Base
    factor: m.Term


#: multipliers and effects on one rate
MOST_FACTORS = 200


def by_rate(
    resolver: Resolver,
    rate: RateValue,
    multiplied: Iterable[Multiplier],
    where: Where,
    *,
    effects: Iterable[m.Term] = (),
    gate: m.Term = algebra.TRUE,
) -> m.ByRate | None:
    """A rate with its multipliers and effects; zero while `gate` is false."""
    found = _base(resolver, rate, where)
    blocks, effects = list(multiplied), list(effects)
    factors = [multiplier(resolver, each) for each in blocks]
    known = [f for f in factors if f is not None]
    if found is None or len(known) < len(factors):
        return None
    if len(known) + len(effects) > MOST_FACTORS:
        resolver.report(
            "E716", f"{len(known) + len(effects):,} factors act on this rate, which is too many", None, where,
            expected=f"at most {MOST_FACTORS}", remedy="Put them into a table, e.g. over `age`.",
        )  # fmt: skip
        return None
    base, stratum, factor = found
    resolver.rates.append(WrittenRate(rate, where, base, factor))
    combined = algebra.choose(gate, algebra.product([factor, *known, *effects]), algebra.FALSE)
    result = m.ByRate(base, stratum, None if combined == algebra.TRUE else combined)
    if resolver.origins is not None:
        place = where.span, where.path
        resolver.origins.hazard(result, found, rate, place, zip(blocks, known, strict=True), effects, gate)
    return result


def multiplier(resolver: Resolver, block: Multiplier) -> m.Term | None:
    """A factor: `by` while its condition holds, else 1."""
    where = Where.key(block, "by")
    if isinstance(block.by, Table):
        by = tables.lookup(resolver, block.by, where, lambda e: _not_negative(resolver, e, where))
        return while_holds(resolver, block, block.while_, by, algebra.TRUE)
    by = resolver.number(block.by, where)
    value = None if by is None else algebra.constant(by)
    if value is not None and value < 0.0:
        resolver.report("E606", "a factor on a hazard cannot be negative", block.by, where)
        by = None
    return while_holds(resolver, block, block.while_, by, algebra.TRUE)


def _not_negative(resolver: Resolver, expr: Expr, where: Where) -> float | None:
    """One cell of a table of factors."""
    value = resolver.constant(expr, where)
    if value is not None and value < 0.0:
        resolver.report("E606", "a factor on a hazard cannot be negative", expr, where)
        return None
    return value


def while_holds(
    resolver: Resolver, block: Block, condition: Expr | None, value: m.Term | None, otherwise: m.Term
) -> m.Term | None:
    """`value` while the block's `while` holds, else `otherwise`."""
    if condition is None:
        return value
    where = Where.key(block, "while")
    holds = resolver.condition(condition, where)
    if holds is None or value is None:
        return None
    if isinstance(holds, m.Const):
        never = "never" if holds.value == 0.0 else "always"
        resolver.report("W307", f"this {never} holds", condition, where)
    return algebra.choose(holds, value, otherwise)


def _base(resolver: Resolver, rate: RateValue, where: Where) -> tuple[m.Base, m.Term | None, m.Term] | None:
    """Base, stratum and factor of a hazard."""
    if isinstance(rate, Hazard):
        return _table(resolver, rate, where)
    if isinstance(rate, Gompertz):
        base = _gompertz(resolver, rate)
        return None if base is None else (base, None, algebra.TRUE)
    term = resolver.rate(rate, where)
    if term is None:
        return None
    value = algebra.constant(term)
    if value is not None and value < 0.0:
        resolver.report("E606", "a rate cannot be negative", rate, where)
        return None
    return CONSTANT, None, term


def _gompertz(resolver: Resolver, block: Gompertz) -> m.Base | None:
    rate_place, at_place = Where.key(block, "rate"), Where.key(block, "at")
    rate = resolver.rate(block.rate, rate_place)
    at = resolver.constant_duration(block.at, at_place)
    growth = resolver.rate(block.growth, Where.key(block, "growth"))
    values = [None if t is None else algebra.constant(t) for t in (rate, growth)]
    if rate is not None and growth is not None and None in values:
        resolver.report("E607", "a gompertz hazard needs constants", block.rate, rate_place)
    if at is None or values[0] is None or values[1] is None:
        return None
    if values[0] < 0.0:
        resolver.report("E606", "a rate cannot be negative", block.rate, rate_place)
        return None
    return m.Base("gompertz", (), ((values[0], years_of(at), values[1]),))


def _table(resolver: Resolver, hazard: Hazard, where: Where) -> tuple[m.Base, m.Term | None, m.Term] | None:
    unit = hazard.probability_per or hazard.per or "year"
    is_probability = hazard.probability_per is not None
    grid = tables.grid(
        resolver, hazard.table, where, lambda e: _cell(resolver, e, where, unit, is_probability)
    )
    if grid is None:
        return None
    kinds = [axis.kind for axis in grid.axes]
    lead = "age" if "age" in kinds else "month" if "month" in kinds else None
    if lead is None:
        return CONSTANT, None, tables.step_function(grid)
    grid = grid.moved_first(lead)
    size = grid.axes[0].size
    strata = len(grid.values) // size
    rates = tuple(tuple(grid.values[i * strata + k] for i in range(size)) for k in range(strata))
    base = m.Base("age", grid.axes[0].knots, rates) if lead == "age" else m.Base("calendar", (), rates)
    rest = grid.axes[1:]
    if not rest:
        return base, None, algebra.TRUE
    if len(rest) == 1 and rest[0].kind == "var":
        stratum: m.Term = m.Var(rest[0].index)
    else:
        which = tables.Grid(rest, tuple(float(k) for k in range(strata)), grid.labels[1:])
        stratum = tables.step_function(which)
    if all(axis.kind != "var" or axis.index in resolver.names.innate for axis in rest):
        return base, stratum, algebra.TRUE
    # what an event draws, or a procedure finds, may be unknown still: no stratum, and nothing happens
    known = algebra.apply("eq", stratum, stratum)
    return base, algebra.choose(known, stratum, algebra.FALSE), known


def _cell(resolver: Resolver, expr: Expr, where: Where, unit: str, is_probability: bool) -> float | None:
    """One cell as a rate per year."""
    if is_probability:
        q = resolver.constant_probability(expr, where)
        if q is None:
            return None
        return -math.log1p(-min(q, CERTAIN)) / units.YEARS[unit]
    value = resolver.constant(expr, where)
    if value is not None and value < 0.0:
        resolver.report("E606", "a rate cannot be negative", expr, where)
        return None
    return None if value is None else value / units.YEARS[unit]
