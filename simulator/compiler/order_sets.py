"""Order sets → the measurements and orders they stand for, at the visits that name them."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.compiler import machine as m
from simulator.compiler import visits
from simulator.compiler.context import Lowering
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.scenario.model_medicines import UseOrderSet


def actions(low: Lowering, owner: str, used: Sequence[UseOrderSet], encounter: int) -> list[m.Action]:
    """What the order sets do at a visit of `owner`."""
    found: list[m.Action] = []
    known = low.scenario.order_sets
    for each in used:
        if each.order_set not in known:
            low.resolver.report(
                "E501", f"there is no order set `{each.order_set}`", None, Where.key(each, "order_set"),
                expected=listing(known) or "this scenario has no order sets",
                nearest=nearest(each.order_set, known),
            )  # fmt: skip
            continue
        block = known[each.order_set]
        done = visits.work(low, f"{owner}: {each.order_set}", encounter, block.measures, block.orders)
        chart = f"`if` of {each.order_set} at care {owner}"
        found += visits.perhaps(low, each, f"{owner}: {each.order_set}", chart, done)
    return found
