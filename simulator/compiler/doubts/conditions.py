"""W307: conditions that never, or always, hold, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.doubts.cells import OLDEST_YEARS, Knowledge, Values, possible
from simulator.compiler.terms import Condition
from simulator.scenario import syntax as s
from simulator.scenario.expression_text import format_expression
from simulator.scenario.model import Attribute
from simulator.scenario.walk import walk


def doubt(low: Lowering, variables: list[m.VarSpec], levels: list[m.LevelSpec]) -> None:
    """Goes through every condition of the scenario."""
    knowledge = _knowledge(low, variables, levels)
    written = low.resolver.conditions
    parts = {id(part) for each in written.values() for part in _parts(each.expr)}
    said = {f.span for f in low.findings.items if f.code == "W307"}
    impossible = {_block(f.path) for f in low.findings.items if f.code in ("E709", "E719")}
    for each in [c for key, c in written.items() if key not in parts]:
        if each.expr.span in said or _block(each.where.path) in impossible:
            continue
        false, true = possible(each.term, knowledge)
        if not false and not _is_switch(each.expr):
            _report(low, each, "always", "leave it out, or correct it")
        else:
            for found in _never(each, written, knowledge, known=not true):
                if not _is_switch(found.expr):
                    _report(low, found, "never", _remedy(low, found, knowledge))


def _report(low: Lowering, condition: Condition, how: str, remedy: str) -> None:
    low.resolver.report("W307", f"this {how} holds", condition.expr, condition.where, remedy=remedy)


def _block(path: str) -> str:
    """``treatments.eti`` of ``treatments.eti.start.when``."""
    return ".".join(path.split(".")[:2])


def _parts(expr: s.Expr) -> tuple[s.Expr, ...]:
    if isinstance(expr, s.Binary) and expr.op in ("and", "or"):
        return expr.left, expr.right
    if isinstance(expr, s.Unary) and expr.op == "not":
        return (expr.operand,)
    return ()


def _is_switch(expr: s.Expr) -> bool:
    """Whether a parameter may change what it says."""
    return any(node.parameter for node in walk(expr))


def _never(
    condition: Condition, written: Mapping[int, Condition], knowledge: Knowledge, *, known: bool = False
) -> Iterator[Condition]:
    """The smallest parts of a condition that never hold. `known`: it itself never does."""
    never = known or not possible(condition.term, knowledge)[1]
    parts = [written[id(part)] for part in _parts(condition.expr) if id(part) in written]
    if isinstance(condition.expr, s.Unary):
        parts = []  # that what is denied never holds makes it a condition that always does
    found = [each for part in parts for each in _never(part, written, knowledge)]
    if found or not never:
        yield from found
    else:
        yield condition


def _remedy(low: Lowering, condition: Condition, knowledge: Knowledge) -> str:
    expr = condition.expr
    if isinstance(expr, s.Binary) and expr.op == "and":
        left, right = format_expression(expr.left), format_expression(expr.right)
        return f"`{left}` and `{right}` are never true together"
    for term in algebra.walk(condition.term):
        if isinstance(term, m.Var) and (values := knowledge.variables.get(term.index)) is not None:
            name = low.names.vars[term.index]
            if values.choices:
                return f"nobody is given that category of {name}: its share is 0"
            return f"`{name}` lies in {values.low:g}..{values.high:g}{_unit(low, name)}"
        if (
            isinstance(term, m.LevelAtLeast)
            and (values := knowledge.levels.get(term.measurement)) is not None
        ):
            return f"plausible values are {values.low:g}..{values.high:g}"
        if isinstance(term, m.AgeAtLeast) and term.years > OLDEST_YEARS:
            return "nobody grows that old"
    return "leave it out, or correct it"


def _unit(low: Lowering, name: str) -> str:
    unit = low.names.units.get(name.rpartition(" ")[2], "1")
    return "" if unit == "1" else f" {unit}"


# --- what is known ------------------------------------------------------------------------


def _knowledge(low: Lowering, variables: list[m.VarSpec], levels: list[m.LevelSpec]) -> Knowledge:
    values: dict[int, Values] = {}
    for spec in variables:
        index = low.names.symbols[spec.name].index
        block = low.scenario.attributes.get(spec.name)
        if spec.categories:
            values[index] = Values(choices=_choices(spec, block))
        else:
            values[index] = Values((), spec.low, spec.high, unknown=False)
    bounds: dict[int, Values] = {}
    for level in levels:
        values[level.last_var] = Values((), level.low, level.high)
        if level.name in low.names.previous:
            values[low.names.previous[level.name]] = Values((), level.low, level.high)
        bounds[low.names.symbols[level.name].index] = Values((), level.low, level.high, unknown=False)
    for name, categories in low.names.categories.items():
        if name.startswith("last "):
            index = low.names.last[name.removeprefix("last ")]
            values[index] = Values(choices=(*map(float, range(len(categories))), float("nan")))
    states = {index: len(process.states) for index, process in low.processes.items()}
    return Knowledge(values, bounds, states)


def _choices(spec: m.VarSpec, block: Attribute | None) -> tuple[float, ...]:
    """The categories that somebody has."""
    reached = {arrow.to for arrow in block.changes} if block is not None else set()
    draw = block.draw if block is not None and isinstance(block.draw, dict) else {}
    return tuple(
        float(i)
        for i, word in enumerate(spec.categories)
        if word in reached
        or i >= len(spec.weights)
        or algebra.constant(spec.weights[i]) != 0.0
        or (word in draw and _is_switch(draw[word]))
    )
