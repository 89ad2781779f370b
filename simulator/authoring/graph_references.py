"""Who names whom in a scenario: read off the model's shape, so that new blocks of the language are seen.

A thing is what stands under a name in a mapping of blocks at the top of a scenario (a disease, a
measurement, …). It refers to another by naming it in an expression (``t2d diagnosed``), by its name
as a text (``measures: [hba1c]``), or as the axis of a table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.scenario import model, syntax
from simulator.scenario.expression_text import format_expression as words

#: what judges or varies a scenario from outside, and numbers with a name: nothing of it acts on people
OUTSIDE = ("targets", "expect", "arms", "parameters")
#: texts that are for people
_PROSE = ("title", "source", "description", "note", "id")
_NAMES = ("states", "categories")
_COMPARISONS = {"==": "", "!=": "not ", "<": "< ", "<=": "≤ ", ">": "> ", ">=": "≥ "}
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Thing:
    """`kind` is the key of the scenario it stands under, `names` its states or categories."""

    name: str
    kind: str
    block: model.Block
    names: frozenset[str] = frozenset()

    @property
    def title(self) -> str | None:
        return getattr(self.block, "title", None)


@dataclass(frozen=True, slots=True)
class Reference:
    """One place where `owner` names `name`.

    Attributes:
        part: what follows the name: ``onset`` of ``t2d.onset``, ``mild -> severe`` of ``cf.mild -> severe``.
        how: ``is`` (the truth now), ``on`` (taken), ``diagnosed``, ``last`` (chart), ``event``, ``text``
            or ``axis``.
        compared: what it is compared with, in words: ``≥ 8%``, ``moderate or severe``.
        negated: stands behind a `not`.
        conjoined: stands beside another condition that must hold too.
        keys: YAML keys from the owner to the place.
        blocks: the blocks passed through, the owner's first.
    """

    owner: Thing
    name: str
    part: str
    how: str
    compared: str
    negated: bool
    conjoined: bool
    keys: tuple[str, ...]
    blocks: tuple[model.Block, ...]


def things(scenario: model.Scenario) -> dict[str, Thing]:
    """Everything that has a name of its own; blocks of which there is one (`mortality`) have their key's."""
    found: dict[str, Thing] = {}
    for field in dataclasses.fields(scenario):
        value = getattr(scenario, field.name)
        if field.name in OUTSIDE or "doc" not in field.metadata:
            continue
        if isinstance(value, Mapping):
            for name, block in value.items():
                if isinstance(block, model.Block):
                    found.setdefault(name, Thing(name, field.name, block, frozenset(_own_names(block))))
        elif isinstance(value, model.Block):
            found.setdefault(field.name, Thing(field.name, field.name, value))
    return found


def references(known: Mapping[str, Thing]) -> Iterator[Reference]:
    """Every reference of every thing to another, in the order of the file."""
    for thing in known.values():
        yield from _Walk(known, thing).block(thing.block, (), ())


def _own_names(block: model.Block) -> Iterator[str]:
    for field in dataclasses.fields(block):
        if field.metadata.get("form") in _NAMES:
            value = getattr(block, field.name)
            if isinstance(value, model.Table):
                yield from (key[-1] for key, _ in value.rows if isinstance(key[-1], str))
            else:
                yield from value or ()


@dataclass(frozen=True, slots=True)
class _Said:
    """What an expression's surroundings say of the name in it."""

    how: str = "is"
    compared: str = ""
    negated: bool = False
    conjoined: bool = False


class _Walk:
    """Goes through one thing's block and everything in it."""

    def __init__(self, known: Mapping[str, Thing], owner: Thing) -> None:
        self.known, self.owner = known, owner

    def block(
        self, block: model.Block, keys: tuple[str, ...], blocks: tuple[model.Block, ...]
    ) -> Iterator[Reference]:
        inside = (*blocks, block)
        if isinstance(block, model.Table):
            for axis in block.axes:
                yield from self._found(axis, _Said("axis"), keys, inside)
            for _, cell in block.rows:
                yield from self.value(cell, keys, inside)
            return
        for field in dataclasses.fields(block):
            value = getattr(block, field.name)
            if field.name in ("span", "spans", "path") or value is None:
                continue
            if "doc" in field.metadata:
                yield from self._key(field, value, keys, inside)
            elif isinstance(value, model.Block):
                # the trigger of an arrow, the table of a hazard: not keys of their own
                yield from self.block(value, keys, inside)

    def _key(
        self,
        field: dataclasses.Field[Any],
        value: Any,
        keys: tuple[str, ...],
        blocks: tuple[model.Block, ...],
    ) -> Iterator[Reference]:
        name = field.metadata["key"] or field.name
        form, choices = field.metadata["form"], field.metadata["choices"]
        keys = (*keys, name)
        if isinstance(value, Mapping):
            for key, item in value.items():
                # a mapping of blocks that cannot define anything (no codes) names what is defined elsewhere
                names = isinstance(item, model.Block) and not form and not hasattr(item, "codes")
                if names or form == "treatments":
                    yield from self._found(key, _Said("text"), keys, blocks)
                if form != "codes":
                    yield from self.value(item, (*keys, key), blocks)
            return
        if isinstance(value, list | tuple):
            for item in value:
                if not isinstance(item, str):
                    yield from self.value(item, keys, blocks)
        texts = [value] if isinstance(value, str) else [t for t in _items(value) if isinstance(t, str)]
        if texts and not form and not choices and name not in _PROSE:
            for text in texts:
                yield from self._found(text, _Said("text"), keys, blocks)
        elif not isinstance(value, list | tuple):
            yield from self.value(value, keys, blocks)

    def value(
        self, value: Any, keys: tuple[str, ...], blocks: tuple[model.Block, ...]
    ) -> Iterator[Reference]:
        if isinstance(value, model.Block):
            yield from self.block(value, keys, blocks)
        elif isinstance(value, syntax.Node):
            yield from self._expression(value, _Said(), keys, blocks)
        elif isinstance(value, list | tuple):
            for item in value:
                yield from self.value(item, keys, blocks)

    def _expression(
        self, tree: Any, said: _Said, keys: tuple[str, ...], blocks: tuple[model.Block, ...]
    ) -> Iterator[Reference]:
        """References in an expression; words that are not known here are gone through field by field."""
        match tree:
            case syntax.Name():
                event = len(tree.parts) > 1 and said.how == "is"
                yield from self._found(tree.text, replace_how(said, "event") if event else said, keys, blocks)
                return
            case syntax.In(item=item, choices=choices, negated=negated):
                listed = " or ".join(words(choice) for choice in choices)
                inner = dataclasses.replace(said, compared=listed, negated=said.negated != negated)
                yield from self._expression(item, inner, keys, blocks)
                return
            case syntax.Binary(op=op, left=left, right=right) if op in _COMPARISONS:
                yield from self._compared(op, left, right, said, keys, blocks)
                return
            case syntax.Unary(op="not", operand=operand):
                inner = dataclasses.replace(said, negated=not said.negated)
                yield from self._expression(operand, inner, keys, blocks)
                return
            case syntax.Binary(op=op) if op in ("and", "or"):
                # under a `not`, "and" and "or" change places
                said = dataclasses.replace(said, conjoined=said.conjoined or (op == "and") != said.negated)
        how = _HOW.get(type(tree))
        inner = replace_how(said, how) if how else said
        for field in dataclasses.fields(tree):
            for item in _items(getattr(tree, field.name)):
                if isinstance(item, syntax.Node):
                    yield from self._expression(item, inner, keys, blocks)

    def _compared(
        self,
        op: str,
        left: Any,
        right: Any,
        said: _Said,
        keys: tuple[str, ...],
        blocks: tuple[model.Block, ...],
    ) -> Iterator[Reference]:
        for item, other, sign in ((left, right, op), (right, left, _OPPOSITE.get(op, op))):
            if self._is_word_of(item, other):
                continue
            leaf = isinstance(item, syntax.Name | syntax.Last)
            inner = dataclasses.replace(said, compared=_COMPARISONS[sign] + words(other) if leaf else "")
            yield from self._expression(item, inner, keys, blocks)

    def _is_word_of(self, item: Any, other: Any) -> bool:
        """Whether `item` is a state or category of `other`, not a thing: ``cf == severe``."""
        if not (isinstance(item, syntax.Name) and isinstance(other, syntax.Name)):
            return False
        thing = self.known.get(other.parts[0])
        return thing is not None and item.text in thing.names

    def _found(
        self, text: str, said: _Said, keys: tuple[str, ...], blocks: tuple[model.Block, ...]
    ) -> Iterator[Reference]:
        name, _, part = text.partition(".")
        if name not in self.known or name == self.owner.name or text in self.owner.names:
            return
        yield Reference(
            self.owner, name, part, said.how, said.compared, said.negated, said.conjoined, keys, blocks
        )


_HOW: dict[type, str] = {
    syntax.On: "on",
    syntax.Diagnosed: "diagnosed",
    syntax.Last: "last",
    syntax.Since: "event",
    syntax.Count: "event",
}


def replace_how(said: _Said, how: str) -> _Said:
    return dataclasses.replace(said, how=how)


def _items(value: Any) -> Iterator[Any]:
    """`value` itself, or what is in it if it is a sequence, however deep."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _items(item)
    else:
        yield value
