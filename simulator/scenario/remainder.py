"""What of a scenario could not be read, so that nothing is said that only follows from that.

A scenario with structural mistakes is read and judged all the same, so that all mistakes are told in one go.
The smallest part that could not be read is left out: an expression by `Unread`, which is passed over in
silence wherever it stands; a key by its default; an item or entry altogether. `Lost` remembers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from simulator.errors import Finding, Findings
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence

#: stands where a name or another text could not be read; no block can be called so
UNREAD_TEXT = "_unread"

#: findings about the keys of a block; all others are about the value at their path
OF_BLOCKS = frozenset({"E201", "E202", "E210", "E211", "E215"})
#: findings behind which anything may stand: files that cannot be read or merged, YAML that is not understood
UNKNOWN_EXTENT = frozenset(
    {"E101", "E103", "E105", "E106", "E107", "E108", "E109", "E110", "E111", "E112",
     "E120", "E121", "E123", "E127", "E217"}
)  # fmt: skip

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Lost:
    """What could not be read.

    Attributes:
        names: words that may be names of something that was left out.
        places: YAML paths of single values that something else stands for.
        hollow: paths of blocks in which a key was left out.
        short: paths of blocks of which an item or entry was left out: what is in them need not add up.
        opaque: paths of blocks that give names nobody knows.
        mentioned: words of what was left out: what they name may be used there.
        whole: whether a part of unknown size is missing: a file, or what stood behind a YAML alias.
    """

    names: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    hollow: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    whole: bool = False
    #: misspelt sections that are read with those that were meant
    merged: set[str] = field(default_factory=set)
    #: while the rules of one block are looked at: keys to be filled in (True) or left out
    amended: dict[str, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.whole or bool(self.names or self.places or self.hollow or self.short or self.opaque)

    def key(self, block: str, name: str, value: Node) -> None:
        """A key of the block at a path is left out."""
        self.hollow.add(block)
        self.names.update({*_WORD.findall(name), *words_in(value)} - language())
        self.mentioned.update(texts_in(value))

    def item(self, block: str, value: Node, *, gives_names: bool = False) -> None:
        """An item or entry is left out of what stands at a path."""
        self.short.add(top(block))
        found = set(words_in(value)) - language()
        self.names |= found
        self.mentioned.update(texts_in(value))
        if gives_names and not found:
            self.opaque.add(top(block))

    def of_progressions(self, found: Iterable[Finding], *, is_fine: bool) -> Iterator[Finding]:
        """Of the findings about diseases that follow progressions, those that do not follow from others.

        Of a disease whose progression is not known, nobody knows the states.
        """
        for finding in found:
            words = {*_WORD.findall(finding.message)}
            if finding.code == "E222":
                self.opaque.add(top(finding.path))
                self.hollow.add(top(finding.path))
            is_follower = self.whole or finding.severity == "warning" or words & {*self.names, UNREAD_TEXT}
            if is_fine or not is_follower:
                yield finding

    def names_of(self, block: str, value: Node) -> None:
        """A value that gives names is left out: those that can be made out, or else nobody knows which."""
        self.item(block, value, gives_names=True)
        self.opaque.add(top(block))


def incomplete(node: Mapping) -> Mapping:
    """The same with every mapping in it marked as one that lacks something."""
    entries = {name: Entry(entry.key, _incomplete(entry.value)) for name, entry in node.entries.items()}
    return replace(node, entries=entries, incomplete=True)


def _incomplete(node: Node) -> Node:
    if isinstance(node, Sequence):
        return replace(node, items=[_incomplete(item) for item in node.items])
    return incomplete(node) if isinstance(node, Mapping) else node


def without_followers(findings: Findings) -> None:
    """Take back that there is no list to add to, where that may stand under a key that was misspelt."""
    unknown = tuple(f"{finding.path}." for finding in findings.errors if finding.code == "E201")
    findings.items[:] = [
        each for each in findings.items if each.code != "E125" or not f"{each.path}.".startswith(unknown)
    ]


def top(path: str) -> str:
    """The block with a name of its own that a path leads into.

    >>> top("diseases.cf.course[1].rate"), top("population.sex.male"), top("constraints[2]")
    ('diseases.cf', 'population.sex', 'constraints[2]')
    """
    return ".".join(path.split(".")[:2])


@cache
def language() -> frozenset[str]:
    """The keys of the language: as a rule, nothing is called by such a word."""
    from simulator.scenario import model
    from simulator.scenario.keys import Kind, keys_of

    seen: set[type[model.Block]] = set()
    found: set[str] = set()

    def note(kind: Kind | None) -> None:
        if kind is None:
            return
        note(kind.item)
        if kind.block is not None and kind.block not in seen:
            seen.add(kind.block)
            for key in keys_of(kind.block).values():
                found.add(key.name)
                note(key.kind)

    note(Kind("block", model.Scenario))
    return frozenset(found)


def words_in(node: Node) -> Iterator[str]:
    """Words by which something below a node may be called: keys, and the items of lists."""
    if isinstance(node, Mapping):
        for name, entry in node.entries.items():
            yield from _WORD.findall(name)
            yield from words_in(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                yield from _WORD.findall(item.text)
            else:
                yield from words_in(item)


def texts_in(node: Node) -> Iterator[str]:
    """All words of the texts below a node."""
    if isinstance(node, Scalar):
        yield from _WORD.findall(node.text)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from texts_in(item)
    elif isinstance(node, Mapping):
        for entry in node.entries.values():
            yield from texts_in(entry.value)
