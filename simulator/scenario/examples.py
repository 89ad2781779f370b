"""A short example of every block (`examples.yaml`), shared by the reference and the editor schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from simulator.errors import Findings
from simulator.scenario import model
from simulator.scenario.block_names import block_names
from simulator.scenario.values import parse_number
from simulator.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

_HEAD = re.compile(r"^--- # (\w+) ?(.*)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """`text` is a piece of a scenario; `place` leads to the block in it: keys, and indices of lists."""

    place: tuple[str | int, ...]
    text: str


@cache
def _parts() -> dict[str, Example]:
    text = files("simulator.scenario").joinpath("examples.yaml").read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {
        head[1]: Example(_place(head[2]), text[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    }


def _place(text: str) -> tuple[str | int, ...]:
    return tuple(int(key) if key.isdecimal() else key for key in text.split("/") if key)


def stage() -> str:
    """The scenario that the examples stand on: what they refer to without saying it themselves."""
    return _parts()["stage"].text


@cache
def examples() -> dict[type[model.Block], Example]:
    """The example of every block that has one."""
    return {block: _parts()[name] for block, name in block_names().items() if name in _parts()}


def example_value(block: type[model.Block]) -> Any:
    """The example of a block alone, as plain mappings, lists, numbers and texts."""
    example = examples()[block]
    value = plain(example.text)
    for step in example.place:
        value = value[step]
    return value


def plain(text: str) -> Any:
    """A piece of YAML as an editor sees it: mappings, lists, numbers and texts. Raises: ValueError."""
    findings = Findings()
    root = read_yaml(text, "<example>", findings)
    if root is None or findings.errors:
        raise ValueError(f"not YAML of the language: {text!r}")
    return _plain(root)


def _plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {name: _plain(entry.value) for name, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    number = parse_number(node.text) if node.plain and "_" not in node.text else None
    if number is None:
        return node.text
    return int(number) if node.text.lstrip("+-").isdecimal() else number
