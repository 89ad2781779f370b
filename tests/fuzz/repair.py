"""Makes a scenario valid by taking away what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import Finding
from tests.fuzz.mutants import Pairs, dump
from tests.fuzz.verdict import checked

_ROUNDS = 25


def repaired(tree: Pairs) -> str | None:
    """The scenario without everything that findings point at; None if that does not end."""
    for _ in range(_ROUNDS):
        text = dump(tree).removeprefix("\n")
        errors = checked(text, "drawn.yaml")[1].errors
        if not errors:
            return text
        # the deepest first: what they are in may then be kept
        taken = [_take_away(tree, finding) for finding in sorted(errors, key=lambda f: -len(f.path))]
        if not any(taken):
            return None
    return None


def _take_away(tree: Pairs, finding: Finding) -> bool:
    """Delete what stands at the path of a finding; whether anything did."""
    container: Any = None
    index = -1
    node: Any = tree
    rest = finding.path
    while rest:
        found = _below(node, rest)
        if found is None:
            break
        container, (index, rest) = node, found
        node = container[index][1] if isinstance(container, Pairs) else container[index]
    if container is None:
        return False
    del container[index]
    return True


def _below(node: Any, path: str) -> tuple[int, str] | None:
    """The item of `node` at which a path goes on, and the rest of the path."""
    if isinstance(node, Pairs):
        if len(node) == 1 and "->" in node[0][0] and path:  # an arrow is not part of the path
            return 0, path
        for index, (key, _) in enumerate(node):
            if path == key or path.startswith((f"{key}.", f"{key}[")):
                return index, path[len(key) :].removeprefix(".")
    elif isinstance(node, list):
        match = re.match(r"\[(\d+)\]\.?", path)
        if match and int(match[1]) < len(node):
            return int(match[1]), path[match.end() :]
    return None
