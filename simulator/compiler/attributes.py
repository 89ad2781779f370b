"""Attributes → variables, drawn at the beginning of a life in the order of declaration.

One with `on` is drawn by that event instead (`changes.py`), and unknown before.

An attribute with `codes` is written into the record as a static fact; one without is known to
nature only. Sex, variable 0, is always recorded.
"""

from __future__ import annotations

import math

from simulator.compiler import algebra, tables
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import Drawn, distribution
from simulator.compiler.kinds import in_unit
from simulator.compiler.terms import Where
from simulator.knowledge.codes import preferred
from simulator.scenario import habits
from simulator.scenario import syntax as s
from simulator.scenario.model import Attribute, Table

SEXES = ("male", "female")


def sex(low: Lowering) -> m.VarSpec:
    """Variable 0."""
    low.names.add("sex", "attribute", low.names.var("sex"))
    low.names.categories["sex"] = SEXES
    places = [low.codes.append(m.CodeSpec(f"SEX//{x}", f"sex {x}", text=x, kind="static")) for x in SEXES]
    return m.VarSpec("sex", SEXES, recorded=True, code=places[0])


def lower(low: Lowering, name: str, attribute: Attribute) -> m.VarSpec:
    """The variable of an attribute; afterwards its name can be used."""
    if attribute.draw is not None:
        return _categorical(low, name, attribute)
    return _numeric(low, name, attribute)


def _categorical(low: Lowering, name: str, attribute: Attribute) -> m.VarSpec:
    assert attribute.draw is not None
    where = Where.key(attribute, "draw", once=True)
    if attribute.on is not None and not isinstance(attribute.draw, Table):
        categories: tuple[str, ...] = tuple(attribute.draw)
        weights: tuple[m.Term, ...] = ()
    else:
        categories, weights = shares(low, name, attribute.draw, where)
    index = low.names.var(name)
    low.names.categories[name] = categories
    if not categories:
        low.names.missing.add(name)  # its table has errors: nobody knows what its categories are
    low.names.add(name, "attribute", index)
    code = -1
    if attribute.on is not None:
        return m.VarSpec(name, categories)
    low.names.innate.add(index)
    if attribute.codes:
        base = preferred(attribute.codes, name)
        known = tuple(attribute.codes.items())
        title = attribute.title or name.replace("_", " ")
        places = [
            low.codes.append(m.CodeSpec(f"{base}//{c}", f"{title}: {c}", text=c, kind="static", codes=known))
            for c in categories
        ]
        code = places[0] if places else -1
    return m.VarSpec(name, categories, weights, recorded=bool(attribute.codes), code=code)


def shares(
    low: Lowering, name: str, draw: dict[str, s.Expr] | Table, where: Where
) -> tuple[tuple[str, ...], tuple[m.Term, ...]]:
    """Categories with their probabilities, from a mapping or a table whose last axis is `name`."""
    if isinstance(draw, Table):
        return _from_table(low, name, draw, where)
    found = [low.resolver.probability(p, where) for p in draw.values()]
    weights = tuple(w for w in found if w is not None)
    if len(weights) == len(found):
        _check_total(low, [algebra.constant(w) for w in weights], None, where)
    return tuple(draw), weights


def _check_total(low: Lowering, values: list[float | None], node: object, where: Where, at: str = "") -> None:
    known = [v for v in values if v is not None]
    if len(known) == len(values) and abs(math.fsum(known) - 1.0) > 1e-6:
        total = math.fsum(known)
        low.resolver.report(
            "E604", f"the probabilities{at} add up to {total:g}", node, where, expected="1, that is 100%"
        )


def _from_table(
    low: Lowering, name: str, table: Table, where: Where
) -> tuple[tuple[str, ...], tuple[m.Term, ...]]:
    """Categories and weights from a table whose last axis is the attribute itself."""
    resolver = low.resolver
    if not table.axes or table.axes[-1] != name:
        resolver.report(
            "E609", f"the last axis of this table must be {name} itself", table, where,
            expected=f"`by: [{', '.join([*table.axes, name])}]`",
        )  # fmt: skip
        return (), ()

    grid = tables.grid(resolver, table, where, lambda e: resolver.constant_probability(e, where), own=name)
    if grid is None or not grid.values:  # no values: one of its axes is an attribute that has errors
        return (), ()
    categories, size = grid.labels[-1], len(grid.labels[-1])
    for row in range(len(grid.values) // size):
        values = list(grid.values[row * size : (row + 1) * size])
        _check_total(low, list(values), table, where, f" in row {row + 1}")
    rest = grid.axes[:-1]
    weights = []
    for k in range(size):
        column = tuple(grid.values[k::size])
        weights.append(tables.step_function(tables.Grid(rest, column, grid.labels[:-1])))
    return categories, tuple(weights)


def _numeric(low: Lowering, name: str, attribute: Attribute) -> m.VarSpec:
    where = Where.key(attribute, "value", once=True)
    drawn = None
    if attribute.value is not None and attribute.on is None:
        drawn = distribution(low.resolver, attribute.value, where, Drawn("number", attribute.unit))
    lower_bound, upper_bound = float("-inf"), float("inf")
    if attribute.between is not None:
        found = bounds(low, attribute.between, Where.key(attribute, "between"), attribute.unit)
        lower_bound, upper_bound = found or (lower_bound, upper_bound)
    index = low.names.var(name)
    low.names.units[name] = attribute.unit
    low.names.add(name, "attribute", index)
    code = -1
    if attribute.on is not None:
        return m.VarSpec(name)
    if attribute.codes:
        code = low.code(name, attribute.codes, attribute.title, "static", unit=attribute.unit)
    return m.VarSpec(
        name, initial=drawn, low=lower_bound, high=upper_bound, recorded=bool(attribute.codes), code=code
    )


def bounds(low: Lowering, expr: s.Expr, where: Where, unit: str) -> tuple[float, float] | None:
    """Both ends of a range of numbers in `unit`."""
    if not isinstance(expr, s.Range) or expr.high is None:
        remedy = ""
        if isinstance(expr, s.Binary) and expr.op == "-":
            remedy = habits.range_of(expr.left, expr.right)
        expected = "e.g. `14..60`"
        low.resolver.report("E611", "this is not a range", expr, where, expected=expected, remedy=remedy)
        return None
    ends = []
    for end in (expr.low, expr.high):
        item = low.resolver.plain(end, where)
        if item is None:
            return None
        number = in_unit(item, unit) if item.kind == "number" else None
        if number is None or number.constant is None:
            low.resolver.report("E602", f"this is not a number in `{unit}`", end, where)
            return None
        ends.append(number.constant)
    if ends[0] >= ends[1]:
        low.resolver.report("E611", f"the range {ends[0]:g}..{ends[1]:g} is empty", expr, where)
        return None
    return ends[0], ends[1]
