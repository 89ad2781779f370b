"""Going through a scenario, or an expression, node by node."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from simulator.scenario.block import Block
from simulator.scenario.syntax import Node


def walk(value: Any) -> Iterator[Node]:
    """Every expression in a value (an expression, a block, a list, …), outermost first."""
    if isinstance(value, Node):
        yield value
    if isinstance(value, Node | Block):
        for each in dataclasses.fields(value):
            if each.name not in ("span", "spans"):
                yield from walk(getattr(value, each.name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from walk(item)
