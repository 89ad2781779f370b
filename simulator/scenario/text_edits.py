"""Changes to a YAML text at the places of its nodes; every character that is not named stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.errors import Span
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence

_BREAKS_FLOW = re.compile(r"[,\[\]{}]|: |#|^['\"]")


@dataclass(slots=True)
class Edits:
    """A text and what is to be changed in it. Places are indices into the text."""

    text: str
    _items: list[tuple[int, int, str]] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        self._items.append((start, end, text))

    def insert(self, at: int, text: str) -> None:
        self._items.append((at, at, text))

    def shift(self, start: int, end: int, by: int) -> None:
        """Indent the lines that begin between two places; blank ones stay as they are."""
        for match in re.finditer(r"\n(?=[^\S\n]*\S)", self.text[start:end]):
            self.insert(start + match.end(), " " * by)

    def applied(self) -> str:
        """The changed text. Raises: ValueError if two changes are about the same characters."""
        result, place = [], 0
        for start, end, text in sorted(self._items, key=lambda item: (item[0], item[1])):
            if start < place:
                raise ValueError(f"two changes at character {start}")
            result += [self.text[place:start], text]
            place = end
        return "".join([*result, self.text[place:]])

    # --- places -----------------------------------------------------------------------------

    def place(self, span: Span) -> int:
        """The index at which a span begins."""
        if not self._lines:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
        return self._lines[span.line - 1] + span.column - 1

    def column(self, at: int) -> int:
        """How far from the beginning of its line a place is, from 0."""
        return at - (self.text.rfind("\n", 0, at) + 1)

    def start(self, node: Node) -> int:
        return node.start if isinstance(node, Scalar) else self.place(node.span)

    def end(self, node: Node) -> int:
        """The index behind a node, its closing bracket included."""
        if isinstance(node, Scalar):
            return node.end
        last = self.start(node)
        flow = self.is_flow(node)
        for child in _children(node):
            last = max(last, self.end(child))
        if not flow:
            return last
        if last == self.start(node):
            last += 1
        while self.text[last] not in "]}":
            last = self.text.index("\n", last) if self.text[last] == "#" else last + 1
        return last + 1

    def is_flow(self, node: Node) -> bool:
        """Whether a node is written in brackets."""
        return not isinstance(node, Scalar) and self.text[self.start(node)] in "[{"

    def raw(self, node: Node) -> str:
        """A node as it is written."""
        return self.text[self.start(node) : self.end(node)]

    def dash(self, item: Node) -> int:
        """The index of the `-` in front of an item of a list that is not in brackets."""
        return self.text.rindex("-", 0, self.start(item))

    def drop(self, mapping: Mapping, entry: Entry) -> None:
        """Take an entry out of a mapping in brackets, with its comma."""
        entries = list(mapping.entries.values())
        at = next(i for i, each in enumerate(entries) if each is entry)
        start, end = self.start(entry.key), self.end(entry.value)
        comma = re.compile(r"\s*,[ \t]*").match(self.text, end)
        if comma is None and at:  # the last one: the comma in front goes with it
            before = re.compile(r"(?:\s|#[^\n]*\n)*,([ \t]*)").match(
                self.text, self.end(entries[at - 1].value)
            )
            assert before is not None  # entries in brackets are parted by commas
            if before.end() == start:
                start = before.end() - len(before[1]) - 1
            else:
                self.replace(before.end() - len(before[1]) - 1, before.end() - len(before[1]), "")
        self.replace(start, comma.end() if comma else end, "")


def in_flow(text: str) -> str:
    """A plain text as it must be written inside brackets: in quotes if YAML would take it apart."""
    if not _BREAKS_FLOW.search(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            yield entry.key
            yield entry.value
    elif isinstance(node, Sequence):
        yield from node.items
