"""Constraints → guards on treatments.

A constraint is something that must never be: ``never: on eti and age < 2 years``. Whoever prescribes can keep
it from happening by not giving, or stopping, a treatment that it names. So each treatment T in it is guarded
by the rest of it, that is, by the condition with `on T` taken for true: T does not start while its guard
holds, and is stopped when it begins to. A constraint that could hold without any of its treatments cannot be
kept by anybody, which is a finding.
"""

from __future__ import annotations

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario.model import Constraint


def lower(low: Lowering) -> None:
    """Note the guards of all constraints, before the treatments are lowered."""
    for number, block in enumerate(low.scenario.constraints, start=1):
        where = Where.key(block, "never", chart=f"constraint {number}")
        condition = low.resolver.condition(block.never, where)
        if condition is not None:
            _guard(low, block, condition, where)


def _guard(low: Lowering, block: Constraint, condition: m.Term, where: Where) -> None:
    taken = {name: low.resolver.on_treatment(name) for name in low.scenario.treatments}
    without = condition
    for on in taken.values():
        without = replaced(without, on, algebra.FALSE)
    if without != algebra.FALSE:
        low.resolver.report(
            "E719", "nobody could keep this from happening", block.never, where,
            expected="a condition that cannot hold without some `on TREATMENT`",
            remedy="join it to the treatment that must not be given then: `on … and …`",
        )  # fmt: skip
        return
    for name, on in taken.items():
        guard = replaced(condition, on, algebra.TRUE)
        if guard == condition:
            continue
        if guard == algebra.TRUE:
            message = f"treatment {name} can never start under this constraint"
            low.resolver.report("E709", message, block.never, where)
        low.guards.setdefault(name, []).append(guard)


def replaced(term: m.Term, old: m.Term, new: m.Term) -> m.Term:
    """The term with `old` replaced by `new`, simplified."""
    if term == old:
        return new
    if not isinstance(term, m.Apply):
        return term
    args = tuple(replaced(arg, old, new) for arg in term.args)
    if args == term.args:
        return term
    if term.op == "and":
        return algebra.all_of(*args)
    if term.op == "or":
        return algebra.any_of(*args)
    if term.op == "not":
        return algebra.negation(args[0])
    if term.op == "if":
        return algebra.choose(*args)
    return m.Apply(term.op, args)
