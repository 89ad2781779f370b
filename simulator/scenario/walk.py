"""Going through a scenario, or an expression, node by node."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from simulator.scenario.block import Block
from simulator.scenario.syntax import Node

#: fields that say where something stands, or hold texts only
_PLACES = ("span", "spans", "path", "parameter", "files", "file_sources")
_WALKED = (Node, Block, dict, tuple, list)

_known: dict[type, tuple[str, ...]] = {}


def _parts(kind: type[Node | Block]) -> tuple[str, ...]:
    """The fields of a node or block that may hold others."""
    if kind not in _known:
        _known[kind] = tuple(each.name for each in dataclasses.fields(kind) if each.name not in _PLACES)
    return _known[kind]


def walk(value: Any) -> Iterator[Node]:
    """Every expression in a value (an expression, a block, a list, …), outermost first."""
    found: list[Node] = []
    _walk(value, found)
    return iter(found)


def _walk(value: Any, found: list[Node]) -> None:
    if isinstance(value, Node | Block):
        if isinstance(value, Node):
            found.append(value)
        for name in _parts(type(value)):
            part = getattr(value, name)
            if isinstance(part, _WALKED):
                _walk(part, found)
    elif isinstance(value, dict | tuple | list):
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, _WALKED):
                _walk(item, found)


def blocks_in(block: Block) -> Iterator[Block]:
    """A block and all blocks in it, outermost first."""
    yield block
    for name in _parts(type(block)):
        value = getattr(block, name)
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
        for part in parts:
            if isinstance(part, Block):
                yield from blocks_in(part)
