"""What is done at a visit: measurements, orders and procedures become actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.compiler import algebra, attributes, order_results, panels, procedures
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.names import listing
from simulator.compiler.terms import Where
from simulator.scenario.model import Do, Measure, Order, Table, UseOrderSet
from simulator.scenario.syntax import Number


def work(
    low: Lowering,
    name: str,
    encounter: int,
    measures: Sequence[Measure] = (),
    orders: Mapping[str, Order] | None = None,
    does: Sequence[Do] = (),
) -> list[m.Action]:
    """What is done in an encounter of this kind; `name` is the care, in findings and streams."""
    actions: list[m.Action] = []
    for each in measures:
        actions += measure(low, name, each, encounter)
    for key, block in (orders or {}).items():
        actions += order(low, name, key, block, encounter)
    return [*actions, *procedures.do(low, name, does, encounter)]


def measure(low: Lowering, name: str, block: Measure, index: int) -> list[m.Action]:
    """One measurement, or a panel of them."""
    done = panels.results(low, name, block.measure, index, Where.key(block, "measure"))
    return perhaps(low, block, f"{name}: {block.measure}", f"`if` of {block.measure} at care {name}", done)


def order(low: Lowering, name: str, key: str, block: Order, index: int) -> list[m.Action]:
    """One order, with what is found if it has a result."""
    chart = f"`if` of order {key} at care {name}"
    if block.result is not None or block.shows is not None:
        return perhaps(low, block, f"{name}: {key}", chart, _result(low, name, key, block, index))
    code = low.code(key, block.codes, block.title, "order", status="completed")
    return perhaps(low, block, f"{name}: {key}", chart, [m.Emit(code, encounter=index)])


def _result(low: Lowering, name: str, key: str, block: Order, index: int) -> list[m.Action]:
    """One of the results, by chance, as the text of the order's row."""
    found = block.result if block.shows is None else _shown(low, block.shows, block)
    if found is None:
        return []
    words, weights = attributes.shares(low, "result", found, Where.key(block, "result", once=True))
    var = low.names.var(f"{name}: {key}: result")
    drawn = m.Distribution("uniform", (algebra.FALSE, algebra.TRUE))
    actions: list[m.Action] = [m.Draw(var, drawn, f"{name}: {key}: result")]
    below: m.Term = algebra.FALSE
    for place, (word, weight) in enumerate(zip(words, weights, strict=False), start=1):
        above = m.Apply("ge", (m.Var(var), below))
        below = algebra.apply("add", below, weight)
        last = place == len(words)
        this = above if last else m.Apply("and", (above, m.Apply("lt", (m.Var(var), below))))
        code = low.code(key, block.codes, block.title, "order", status="completed", text=word)
        done = (m.Emit(code, encounter=index), *order_results.remember(low, key, word))
        actions.append(m.If(this, None, f"{name}: {key}: {word}", done))
    return actions


def _shown(low: Lowering, attribute: str, block: Order) -> Table | None:
    """The result table of an order that shows an attribute: each category is found where it is true."""
    where = Where.key(block, "shows")
    if not low.resolver.is_a(attribute, "attribute", block, where):
        return None
    words = low.names.categories.get(attribute)
    if words is None:
        known = [name for name in low.names.of_kind("attribute") if name in low.names.categories]
        low.resolver.report(
            "E502", f"`{attribute}` is a number, not an attribute with categories", block, where,
            expected=listing(known),
        )  # fmt: skip
        return None
    rows = tuple(((true, found), Number(float(true == found))) for true in words for found in words)
    return Table(axes=(attribute, "result"), rows=rows)


def perhaps(
    low: Lowering, block: Measure | Order | UseOrderSet, stream: str, chart: str, actions: list[m.Action]
) -> list[m.Action]:
    """`actions`, if the block's condition holds and its chance falls so."""
    condition: m.Term | None = None
    chance: m.Term | None = None
    if block.if_ is not None:
        condition = low.resolver.condition(block.if_, Where.key(block, "if", once=True, chart=chart))
    if block.probability is not None:
        chance = low.resolver.probability(block.probability, Where.key(block, "probability", once=True))
    if condition is None and chance is None:
        return actions
    return [m.If(condition, chance, stream, tuple(actions))] if actions else []
