"""Merges YAML trees: a file with those it uses, an arm with its scenario.

Laid over a base, a tree wins key by key; side by side, neither of two wins. Lists and single values are
replaced, and so are tables, distributions, `draw` and `sex`, which are values; ``+key:`` appends to a
list instead. Every node keeps the position in its own file.

What was replaced is remembered by identity (`hidden`), so that a file in the middle of a diamond that
overrides the file below it wins over that file, whichever way it is reached.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from simulator.errors import Findings, Span
from simulator.scenario.functions import DISTRIBUTIONS, TABULATED
from simulator.scenario.nearest import nearest
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, is_empty

_WHOLE = ("draw", "sex")  # shares that add up: never mixed from two files

#: a key of the using file takes the place of these, which say the same thing in another way
_INSTEAD = {"age": ("age_sex",), "age_sex": ("age", "sex")}

#: by identity of a single value: where it was replaced or removed
Hidden = dict[int, Span]

_STEP = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


@dataclass(slots=True)
class Merged:
    """A file with all it uses.

    hidden: the values of used files that are replaced or removed in it.
    own: the names it defines itself, and what they are called (another name under ``as:``).
    """

    root: Mapping
    hidden: Hidden = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Conflict:
    path: tuple[str, ...]
    first: Span
    second: Span


def is_value(node: Node) -> bool:
    """Whether a node is replaced as a whole."""
    if not isinstance(node, Mapping):
        return True
    keys = node.entries.keys()
    return bool(keys & {"by", "table", "csv", "gompertz"}) or (
        len(keys) == 1 and next(iter(keys)) in (*DISTRIBUTIONS, *TABULATED)
    )


def overlay(top: Mapping, base: Mapping, hidden: Hidden) -> Mapping:
    """`base` with everything that `top` gives in its place; what that replaces is added to `hidden`."""
    merged = dict(base.entries)
    for name in top.entries:
        for other in (*_INSTEAD.get(name, ()), f"+{name}"):
            if other in merged:
                _hide(merged.pop(other).value, top.entries[name].key.span, hidden)
    for name, entry in top.entries.items():
        below, value = base.entries.get(name), entry.value
        if below is not None and name.startswith("+"):
            value = Sequence(value.span, [*_items(below.value), *_items(value)])
        elif below is not None and name not in _WHOLE and _both_merge(value, below.value):
            value = overlay(value, below.value, hidden)  # type: ignore[arg-type]  # both are mappings
        elif below is not None:
            _hide(below.value, entry.key.span, hidden)
        merged[name] = Entry(entry.key, value)
    return Mapping(top.span, merged, incomplete=top.incomplete or base.incomplete)


def combine_all(files: list[Merged], conflicts: list[Conflict]) -> Merged:
    """Files that are used side by side; by halves, so that many take no longer than one as large."""
    if len(files) == 1:
        return files[0]
    half = len(files) // 2
    return combine(combine_all(files[:half], conflicts), combine_all(files[half:], conflicts), conflicts)


def combine(one: Merged, two: Merged, conflicts: list[Conflict]) -> Merged:
    """Two files that are used side by side."""
    root = _Combination(one.hidden, two.hidden, conflicts).of(one.root, two.root, ())
    return Merged(root, {**one.hidden, **two.hidden})


@dataclass(slots=True)
class _Combination:
    hidden_by_one: Hidden
    hidden_by_two: Hidden
    conflicts: list[Conflict]

    def of(self, a: Mapping, b: Mapping, path: tuple[str, ...]) -> Mapping:
        merged: dict[str, Entry] = {}
        for name in dict.fromkeys([*a.entries, *b.entries]):
            first, second = a.entries.get(name), b.entries.get(name)
            if first is not None and second is not None:
                merged[name] = self.both(first, second, (*path, name))
            elif first is not None:
                self.one_sided(first, self.hidden_by_two, (*path, name), merged)
            elif second is not None:
                self.one_sided(second, self.hidden_by_one, (*path, name), merged)
        return Mapping(a.span, merged, incomplete=a.incomplete or b.incomplete)

    def one_sided(self, entry: Entry, hidden: Hidden, path: tuple[str, ...], into: dict[str, Entry]) -> None:
        """What only one file has: dropped if the other one has removed it, all of it."""
        known = list(_leaves(entry.value)) if hidden else []
        removed = [hidden[id(leaf)] for leaf in known if id(leaf) in hidden]
        if removed and len(removed) == len(known):
            return
        if removed:
            self.conflicts.append(Conflict(path, removed[0], entry.key.span))
        into[path[-1]] = entry

    def both(self, first: Entry, second: Entry, path: tuple[str, ...]) -> Entry:
        a, b = first.value, second.value
        if path[-1].startswith("+"):
            seen = {id(item) for item in _items(a)}
            items = [*_items(a), *(item for item in _items(b) if id(item) not in seen)]
            return Entry(first.key, Sequence(a.span, items))
        if path[-1] not in _WHOLE and _both_merge(a, b):
            return Entry(first.key, self.of(a, b, path))  # type: ignore[arg-type]  # both are mappings
        if _same(a, b) or _is_hidden(b, self.hidden_by_one):
            return first
        if _is_hidden(a, self.hidden_by_two):
            return second
        self.conflicts.append(Conflict(path, first.key.span, second.key.span))
        return first


def settles(root: Mapping, path: tuple[str, ...]) -> bool:
    """Whether `root` itself says what stands at `path`."""
    node: Node | None = root
    for name in path:
        node = node.get(name) if isinstance(node, Mapping) else None
        if node is None:
            return False
        if is_value(node):
            return True
    return True


# --- removing -----------------------------------------------------------------------------


class NotThereError(Exception):
    """A path of ``remove:`` that leads nowhere: the steps that exist, and what could follow them."""

    def __init__(self, step: str, there: str, choices: Collection[str], several: bool = False) -> None:
        super().__init__(step)
        self.step = step
        self.there = there
        self.choices = choices
        self.several = several


def remove(base: Mapping, path: str, by: Span, hidden: Hidden) -> Mapping:
    """`base` without what stands at `path`, e.g. ``diseases.cf.course[mild -> severe]``.

    Raises: NotThereError.
    """
    steps: list[tuple[str, bool]] = []
    place = 0
    for match in _STEP.finditer(path):
        if match.start() != place:
            break
        steps.append((match[2].strip(), True) if match[1] is None else (match[1].strip(), False))
        place = match.end()
    if place != len(path) or not steps:
        raise NotThereError(path, "", base.entries)
    without = _without(base, steps, "", by, hidden)
    assert isinstance(without, Mapping)
    return without


def _without(node: Node, steps: list[tuple[str, bool]], there: str, by: Span, hidden: Hidden) -> Node:
    (step, in_list), rest = steps[0], steps[1:]
    if in_list:
        return _without_item(node, step, rest, there, by, hidden)
    if isinstance(node, Mapping) and f"+{step}" in node.entries and rest:
        node = _with_added(node, step, by, hidden)
    if not isinstance(node, Mapping) or step not in node.entries:
        raise NotThereError(step, there, node.entries if isinstance(node, Mapping) else [])
    entries = dict(node.entries)
    entry = entries[step]
    if not rest:
        _hide(entry.value, by, hidden)
        del entries[step]
        return Mapping(node.span, entries, incomplete=node.incomplete)
    here = f"{there}.{step}" if there else step
    entries[step] = Entry(entry.key, _without(entry.value, rest, here, by, hidden))
    return Mapping(node.span, entries, incomplete=node.incomplete)


def _with_added(node: Mapping, name: str, by: Span, hidden: Hidden) -> Mapping:
    """`node` with what waits to be added to a list in the list already, so that it can be found there."""
    entries = dict(node.entries)
    more = entries.pop(f"+{name}")
    known = entries.get(name)
    for each in (more, known):
        if each is not None:
            _hide(each.value, by, hidden)
    items = [*(_items(known.value) if known else []), *_items(more.value)]
    entries[name] = Entry((known or more).key, Sequence(more.value.span, items))
    return Mapping(node.span, entries, incomplete=node.incomplete)


def _without_item(
    node: Node, step: str, rest: list[tuple[str, bool]], there: str, by: Span, hidden: Hidden
) -> Node:
    items = node.items if isinstance(node, Sequence) else []
    if step.isdecimal():
        found = [int(step)] if int(step) < len(items) else []
    else:
        found = [i for i, item in enumerate(items) if " ".join(step.split()) in _called(item)]
    if len(found) != 1:
        choices = [name for item in items for name in _called(item)[:1]]
        raise NotThereError(step, there, choices, several=len(found) > 1)
    _hide(node, by, hidden)
    kept = list(items)
    if rest:
        kept[found[0]] = _without(items[found[0]], rest, f"{there}[{step}]", by, hidden)
    else:
        del kept[found[0]]
    return Sequence(node.span, kept)


def _called(item: Node) -> list[str]:
    """What an item of a list goes by: its text, its arrow, or the texts under its keys."""
    if isinstance(item, Scalar):
        return [" ".join(item.text.split())]
    if not isinstance(item, Mapping):
        return []
    arrows = [" ".join(name.split()) for name in item.entries if "->" in name]
    texts = [entry.value.text for entry in item.entries.values() if isinstance(entry.value, Scalar)]
    return [*arrows, *(" ".join(text.split()) for text in texts)]


# --- appending ----------------------------------------------------------------------------


def check_appending(root: Mapping, findings: Findings, path: str = "") -> None:
    """Findings for every ``+key:`` of one file that is no list, or stands beside the list itself."""
    for name, entry in root.entries.items():
        here = f"{path}.{name}" if path else name
        if name.startswith("+"):
            if isinstance(entry.value, Mapping) or is_empty(entry.value):
                findings.add(
                    "E125", f"`{name}` is not given a list", entry.key.span, path=here,
                    expected="a list of what is added", remedy="`+` in front of a key adds to a list.",
                )  # fmt: skip
            elif name[1:] in root.entries:
                findings.add(
                    "E125", f"`{name}` stands beside `{name[1:]}`", entry.key.span, path=here,
                    remedy=f"Write it all under `{name[1:]}`, which takes the place of the inherited list.",
                )  # fmt: skip
        elif isinstance(entry.value, Mapping) and not is_value(entry.value):
            check_appending(entry.value, findings, here)


def append(root: Mapping, findings: Findings, path: str = "") -> Mapping:
    """`root` with every ``+key:`` added to the list it belongs to; the last step of merging."""
    merged: dict[str, Entry] = {}
    for name, entry in root.entries.items():
        if name.startswith("+"):
            continue
        value, more = entry.value, root.entries.get(f"+{name}")
        here = f"{path}.{name}" if path else name
        if more is not None and isinstance(value, Mapping):
            findings.add(
                "E125", f"`{name}` is not a list, so nothing can be added to it", more.key.span, path=here,
                remedy=f"Write the keys under `{name}`; they are merged.",
            )  # fmt: skip
        elif more is not None and not (isinstance(more.value, Mapping) or is_empty(more.value)):
            value = Sequence(value.span, [*_items(value), *_items(more.value)])
        if (
            isinstance(value, Mapping) and not is_value(value) and here != "arms"
        ):  # laid over later, if at all
            value = append(value, findings, here)
        merged[name] = Entry(entry.key, value)
    for name, entry in root.entries.items():
        if name.startswith("+") and name[1:] not in root.entries and not isinstance(entry.value, Mapping):
            findings.add(
                "E125", f"there is no list `{name[1:]}` that `{name}` could add to", entry.key.span,
                path=f"{path}.{name}" if path else name, nearest=nearest(name[1:], merged),
                remedy=f"Write `{name[1:]}:` to begin the list.",
            )  # fmt: skip
    return Mapping(root.span, merged, incomplete=root.incomplete)


# --- nodes --------------------------------------------------------------------------------


def _items(node: Node) -> list[Node]:
    return node.items if isinstance(node, Sequence) else [node]


def _both_merge(a: Node, b: Node) -> bool:
    return not (is_value(a) or is_value(b))


def _leaves(node: Node) -> Iterator[Node]:
    """The values below a node, each of which is replaced as a whole."""
    if isinstance(node, Mapping) and not is_value(node):
        for entry in node.entries.values():
            yield from _leaves(entry.value)
    else:
        yield node


def _hide(node: Node, by: Span, hidden: Hidden) -> None:
    for leaf in _leaves(node):
        hidden[id(leaf)] = by


def _is_hidden(node: Node, hidden: Hidden) -> bool:
    leaves = list(_leaves(node))
    return bool(leaves) and all(id(leaf) in hidden for leaf in leaves)


def _same(a: Node, b: Node) -> bool:
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        return a.text == b.text
    if isinstance(a, Sequence) and isinstance(b, Sequence):
        return len(a.items) == len(b.items) and all(map(_same, a.items, b.items))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.entries.keys() == b.entries.keys() and all(
            _same(entry.value, b.entries[name].value) for name, entry in a.entries.items()
        )
    return False
