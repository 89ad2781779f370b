"""What an order found, as far as anybody asks: `last igra == positive`.

An order with a `result` (or one that `shows` an attribute) is known by the name under which it stands, in
whatever care, order set, pathway or stay; its words are those of all of them. Only what some expression asks
for is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.pathway_walk import walk as steps_of
from simulator.scenario.model import Order, Scenario, Table
from simulator.scenario.syntax import Last
from simulator.scenario.walk import walk


def declare(low: Lowering) -> None:
    """Give the results that are asked for their variables and words."""
    asked = {node.measurement.text for node in walk(low.scenario) if isinstance(node, Last)}
    found: dict[str, dict[str, None]] = {}
    for name, order in _orders(low.scenario):
        if name in asked and name not in low.names.symbols:
            found.setdefault(name, {}).update(dict.fromkeys(_words(low, order)))
    for name, words in found.items():
        if words:
            low.names.categories[f"last {name}"] = tuple(words)
            low.names.last[name] = low.names.var(f"last {name}")


def remember(low: Lowering, name: str, word: str) -> list[m.Action]:
    """Actions that remember a result."""
    words = low.names.categories.get(f"last {name}", ())
    if name in low.names.symbols or word not in words:
        return []
    return [m.Set(low.names.last[name], m.Const(float(words.index(word))))]


def _orders(scenario: Scenario) -> Iterator[tuple[str, Order]]:
    for care in scenario.care.values():
        yield from care.orders.items()
        for each in care.stay.rounds if care.stay is not None else ():
            yield from each.orders.items()
    for order_set in scenario.order_sets.values():
        yield from order_set.orders.items()
    for pathway in scenario.pathways.values():
        for step in steps_of(pathway.steps):
            yield from step.orders.items()


def _words(low: Lowering, order: Order) -> tuple[str, ...]:
    if order.shows is not None:
        return low.names.categories.get(order.shows, ())
    if isinstance(order.result, Table):
        last = [key[-1] for key, _ in order.result.rows]
        return tuple(dict.fromkeys(word for word in last if isinstance(word, str)))
    return tuple(order.result or ())
