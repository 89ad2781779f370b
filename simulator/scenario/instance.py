"""A file used under another name: ``{file: library/solid-tumour, as: lung}``.

Every name the file defines itself gets the prefix, where it is defined and wherever the file refers to
it; positions stay those of the file. What it only refers to keeps its name, and so do states and
categories, which belong to their disease or attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as NameMap

from simulator.scenario import model
from simulator.scenario.keys import keys_of
from simulator.scenario.lexer import ExpressionError, Token, tokenize
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence

_NAME = re.compile(r"[a-z][a-z0-9_]*")
#: texts in which no name of the scenario stands
_PROSE = ("title", "description", "source", "csv", "to", "from", "states", "columns", "note", "activities")
#: mappings whose keys refer to names
_BY_NAME = ("columns", "set", "start_one_of", "give_one_of", "switch_to")


def sections() -> tuple[str, ...]:
    """The keys of a scenario under which names are defined: `attributes`, `diseases`, …"""
    keys = keys_of(model.Scenario).values()
    return tuple(
        key.name for key in keys if key.kind.item and key.kind.name == "mapping" and key.name != "arms"
    )


def defined(root: Mapping) -> dict[str, Scalar]:
    """The names that a tree defines, each with the key that does."""
    found: dict[str, Scalar] = {}
    for section in sections():
        node = root.get(section)
        if isinstance(node, Mapping):
            found.update((n, e.key) for n, e in node.entries.items() if _NAME.fullmatch(n))
    return found


def instance(root: Mapping, names: NameMap[str, str]) -> Mapping:
    """A copy of a file's tree in which `names` are called as they say."""
    return _Renaming(names, _categorical(root)).root(root)


def _categorical(root: Mapping) -> frozenset[str]:
    """Names that are compared with words of their own: attributes with categories, diseases, procedures."""
    found = set()
    for section in ("attributes", "diseases", "procedures"):
        node = root.get(section)
        if isinstance(node, Mapping):
            for name, entry in node.entries.items():
                if section != "attributes" or (isinstance(entry.value, Mapping) and entry.value.get("draw")):
                    found.add(name)
    return frozenset(found)


def _closed_keys() -> frozenset[str]:
    """Keys whose texts are never names of the scenario, wherever they stand: codes, units, choices."""
    closed: dict[str, bool] = {}
    for block in _blocks(model.Block):
        for name, key in keys_of(block).items():
            texts = key.kind.name == "text" or (key.kind.item is not None and key.kind.item.name == "text")
            shut = key.form == "codes" or (texts and bool(key.choices or key.form))
            closed[name] = closed.get(name, True) and shut
    return frozenset(name for name, shut in closed.items() if shut)


def _blocks(block: type[model.Block]) -> Iterator[type[model.Block]]:
    for each in block.__subclasses__():
        if each.__module__.startswith("simulator.scenario."):
            yield each
            yield from _blocks(each)


class _Renaming:
    def __init__(self, names: NameMap[str, str], categorical: frozenset[str]) -> None:
        self.names = names
        self.categorical = categorical
        self.closed = _closed_keys() | frozenset(_PROSE)

    def root(self, root: Mapping) -> Mapping:
        entries: dict[str, Entry] = {}
        for name, entry in root.entries.items():
            value = entry.value
            if isinstance(value, Mapping) and name in sections():
                value = self.section(value)
            elif isinstance(value, Mapping) and name == "arms":
                value = self.arms(value)
            else:
                value = self.node(value, name)
            entries[name] = Entry(entry.key, value)
        return Mapping(root.span, entries, incomplete=root.incomplete)

    def section(self, node: Mapping) -> Mapping:
        entries: dict[str, Entry] = {}
        for name, entry in node.entries.items():
            key = self.text(entry.key)
            entries[key.text] = Entry(key, self.node(entry.value, name))
        return Mapping(node.span, entries, incomplete=node.incomplete)

    def arms(self, node: Mapping) -> Mapping:
        """What an arm changes is a piece of a scenario."""
        arms: dict[str, Entry] = {}
        for name, entry in node.entries.items():
            value = entry.value
            if isinstance(value, Mapping):
                parts = {
                    key: Entry(
                        part.key,
                        self.root(part.value)
                        if key == "change" and isinstance(part.value, Mapping)
                        else self.node(part.value, key),
                    )
                    for key, part in value.entries.items()
                }
                value = Mapping(value.span, parts, incomplete=value.incomplete)
            arms[name] = Entry(entry.key, value)
        return Mapping(node.span, arms, incomplete=node.incomplete)

    def node(self, node: Node, key: str) -> Node:
        """A copy of what stands under `key`."""
        if isinstance(node, Mapping):
            entries: dict[str, Entry] = {}
            for name, entry in node.entries.items():
                label = self.text(entry.key) if key in _BY_NAME else entry.key
                referral = name == "to" and key in ("refer", "refers")  # there it names a care
                value = (
                    entry.value
                    if key in self.closed
                    else self.node(entry.value, "care" if referral else name)
                )
                # (the key of a block in short form is its value)
                entries[label.text if key in _BY_NAME else name] = Entry(label, value)
            return Mapping(node.span, entries, incomplete=node.incomplete)
        if key.removeprefix("+") in self.closed:
            return _copy(node)
        if isinstance(node, Sequence):
            return Sequence(node.span, [self.node(item, key) for item in node.items])
        return self.text(node) if isinstance(node, Scalar) else node

    def text(self, scalar: Scalar) -> Scalar:
        """A text in which the names are replaced; each character still knows its place."""
        edits = list(self.edits(scalar.text))
        if not edits:
            return _copy(scalar)  # type: ignore[return-value]  # the copy of a text is a text
        places = scalar.places()
        text, where, done = "", [], 0
        for start, end, new in edits:
            text += scalar.text[done:start] + new
            # the new name stands where the old one does, its end on the old one's end
            inside = places[start:end]
            where += places[done:start] + [inside[0]] * max(0, len(new) - len(inside)) + inside[-len(new) :]
            done = end
        text, where = text + scalar.text[done:], where + places[done:]
        return Scalar(text, scalar.span, scalar.source, scalar.start, scalar.end, False, where)

    def edits(self, text: str) -> Iterator[tuple[int, int, str]]:
        try:
            tokens = tokenize(text)
        except ExpressionError:
            return  # prose, or something that is found when it is read
        choices = 0
        for i, token in enumerate(tokens):
            before = tokens[i - 1] if i else None
            if token.text == "[" and before is not None and before.text == "in":
                choices = 1
            elif token.text == "]":
                choices = 0
            first = token.text.split(".")[0]
            if token.kind == "name" and first in self.names and not choices and not self.local(tokens, i):
                yield token.start, token.start + len(first), self.names[first]

    def local(self, tokens: list[Token], i: int) -> bool:
        """Whether the name at `i` is a state, a category or an argument, not a name of the scenario."""
        texts = [token.text for token in tokens]
        if texts[i + 1 : i + 2] == ["="] or texts[max(0, i - 2) : i] == ["-", ">"]:
            return True
        if texts[i + 1 : i + 3] == ["-", ">"] and "." not in texts[i]:
            return True
        return i >= 2 and texts[i - 1] in ("==", "!=") and texts[i - 2] in self.categorical


def _copy(node: Node) -> Node:
    """The same again: another file's instance is another thing, wherever it is compared by identity."""
    if isinstance(node, Scalar):
        return Scalar(node.text, node.span, node.source, node.start, node.end, node.plain)
    if isinstance(node, Sequence):
        return Sequence(node.span, [_copy(item) for item in node.items])
    if isinstance(node, Mapping):
        entries = {name: Entry(entry.key, _copy(entry.value)) for name, entry in node.entries.items()}
        return Mapping(node.span, entries, incomplete=node.incomplete)
    return node
