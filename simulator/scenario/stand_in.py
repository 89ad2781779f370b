"""What stands in for a part of a scenario that could not be read, so that all the rest can be judged.

A misspelt key is read as the one that was surely meant. An expression becomes `Unread`, a text `UNREAD_TEXT`,
any other value its default; an item or entry is left out. What is lost by that is noted in `context.lost`.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterator
from collections.abc import Mapping as NameMap
from dataclasses import replace
from typing import Any

from simulator.errors import Findings, Span
from simulator.scenario import model
from simulator.scenario.keys import SHORTHAND, Key, Kind
from simulator.scenario.lexer import RESERVED
from simulator.scenario.merge import is_value, overlay
from simulator.scenario.model_courses import PathwayStart
from simulator.scenario.remainder import UNREAD_TEXT, top, words_in
from simulator.scenario.statement import Amount, Bounds
from simulator.scenario.syntax import Call, Curve, Expr, Mixture, PlusMinus, Range, Unread
from simulator.scenario.values import DISEASE_EVENTS, Context, nearest, read_expression
from simulator.scenario.walk import walk
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence

#: the key is left out of the block
DEFAULT = object()

#: how alike a misspelt key must be for it to be read as another one
_ALIKE = 0.8
_EXPRESSIONS = ("expression", "value", "rate")
#: what can only be drawn from
_DRAWN = (Call, Curve, Mixture, PlusMinus, Range)
#: keys of tables and distributions under which no numbers stand
_NO_CELLS = frozenset({"by", "csv", "columns", "per", "probability_per", "source", "unit"})
#: keys under which names are given to something
_GIVES_NAMES = frozenset(
    {"states", "units", "events", "symptoms", "phenotypes", "reactions", "complications", "finds", "draw",
     "severity", "steps", "goals", "orders", "parameters"}
)  # fmt: skip


def meant(node: Mapping, keys: NameMap[str, Key]) -> dict[str, str]:
    """Misspelt keys of a block with the absent key that each surely stands for."""
    found: dict[str, str] = {}
    for name, entry in node.entries.items():
        if name in keys:
            continue
        close = nearest(name, keys)
        if close is None or close in node.entries or close in found.values():
            continue
        if _alike(name, close) >= _ALIKE and _could_be(keys[close].kind, entry.value):
            found[name] = close
    return found


def put_together(context: Context, node: Mapping, keys: NameMap[str, Key], path: str) -> Mapping:
    """The block with what stands under a misspelt key laid over what another file gives under the key itself.

    So are two sections of one file. `context.lost.merged` notes where that was so.
    """
    entries, main = dict(node.entries), next(iter(context.files.texts), "")
    for name, entry in node.entries.items():
        close = None if name in keys else nearest(name, keys)
        other = node.entries.get(close or "")
        if close is None or other is None or _alike(name, close) < _ALIKE:
            continue
        one, two = entry.key.span.file, other.key.span.file
        if one == two and (path or not isinstance(entry.value, Mapping)):
            continue
        over, under = (other.value, entry.value) if two == main else (entry.value, other.value)
        if (
            isinstance(over, Mapping)
            and isinstance(under, Mapping)
            and not (is_value(over) or is_value(under))
        ):
            over = overlay(over, under, {})
        entries[close] = Entry(other.key, over)
        context.lost.merged.add(f"{path}.{name}")
    return replace(node, entries=entries) if context.lost.merged else node


def _alike(name: str, other: str) -> float:
    """From 0 to 1."""
    return difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()


def _could_be(kind: Kind, node: Node) -> bool:
    """Whether a value is of the shape that a key wants."""
    if isinstance(node, Mapping):
        return kind.name not in ("text", "integer", "number", "date", "quantity", "list", "arrow")
    if isinstance(node, Sequence):
        return kind.name == "list"
    return isinstance(node, Scalar) and (
        kind.name not in ("mapping", "draw", "table", "changes", "arrow", "block") or kind.block in SHORTHAND
    )


def value(context: Context, key: Key, node: Node, path: str) -> Any:
    """What stands for the value of a key that could not be read; None if nothing can."""
    lost = context.lost
    lost.places.add(path)
    if "." not in path and key.kind.name == "mapping":  # a section
        lost.item(path, node)
        lost.whole |= not any(words_in(node))
    elif key.name in _GIVES_NAMES:
        lost.names_of(path, node)
    elif key.kind.name in ("list", "mapping", "block", "draw", "table"):
        lost.item(path, node)
        lost.hollow.add(path.rpartition(".")[0])
    if key.choices and key.kind.name == "text":
        close = nearest(node.text, key.choices) if isinstance(node, Scalar) else None
        return close or key.choices[0]
    if key.kind.name in _EXPRESSIONS:
        parts = () if isinstance(node, Scalar) else tuple(_parts(context, node))
        return Unread(parts, span=node.span)
    return _of_kind(context, key, key.kind, node.span, path)


def _parts(context: Context, node: Node) -> Iterator[Expr]:
    """Expressions in a table or distribution that could not be read as a whole: their names can be judged."""
    if isinstance(node, Scalar) and node.text.strip():
        tree = read_expression(replace(context, findings=Findings()), node, "")
        if tree is not None and not any(isinstance(each, _DRAWN) for each in walk(tree)):
            yield tree
    elif isinstance(node, Sequence):
        for each in node.items:
            yield from _parts(context, each)
    elif isinstance(node, Mapping):
        for name, entry in node.entries.items():
            if name not in _NO_CELLS:
                yield from _parts(context, entry.value)


def missing(context: Context, key: Key, span: Span, path: str) -> Any:
    """What stands for a key that is required and absent; None if nothing can."""
    context.lost.hollow.add(path)
    context.lost.places.add(f"{path}.{key.name}")
    if key.name in _GIVES_NAMES:
        context.lost.opaque.add(top(path))
    return key.choices[0] if key.choices else _of_kind(context, key, key.kind, span, f"{path}.{key.name}")


def amend(context: Context, keys: NameMap[str, Key], values: dict[str, Any], span: Span, path: str) -> None:
    """Leave out what excludes another key, and fill in what the rules of a block miss in it."""
    amended = dict(context.lost.amended)
    context.lost.amended.clear()
    for name, is_missing in amended.items():
        key = keys[name]
        if not is_missing:
            values.pop(key.field, None)
            context.lost.hollow.add(path)
        elif values.get(key.field, []) == []:
            values[key.field] = missing(context, key, span, path)


def guess(context: Context, block: type[model.Block], values: dict[str, Any], span: Span, path: str) -> None:
    """A pathway with a key that could not be read is one that starts: else nobody would judge its steps."""
    if block is model.Pathway and "start" not in values and path in context.lost.hollow:
        values["start"] = _hollow(context, PathwayStart, span, f"{path}.start")


def _of_kind(context: Context, key: Key, kind: Kind, span: Span, path: str) -> Any:
    if kind.name in _EXPRESSIONS:
        return Unread(span=span)
    match kind.name:
        case "text":
            return UNREAD_TEXT
        case "bounds":
            return Bounds(span=span)
        case "amount":
            return Amount(value=0.0, span=span)
        case "draw" if path.startswith("attributes.") and key.name == "draw":
            return {}
        case "list" if kind.item is not None and kind.item.name in ("text", *_EXPRESSIONS):
            return [_of_kind(context, key, kind.item, span, path)]
    if not key.required:
        return DEFAULT
    match kind.name:
        case "integer" | "number":
            return 1
        case "date":  # of a population: whatever is asked about lies in its period
            return dt.date(1900, 1, 1) if key.name == "from" else dt.date(2100, 1, 1)
        case "list":
            return []
        case "mapping":
            return {}
        case "block" if kind.block is not None:
            return _hollow(context, kind.block, span, path)
    return None


def _hollow(context: Context, block: type[model.Block], span: Span, path: str) -> model.Block | None:
    """A block of which nothing is known."""
    from simulator.scenario.build import read_block  # which asks for this in its turn

    silent = replace(context, findings=Findings())
    return read_block(silent, block, Mapping(span), span, path)


def item(context: Context, key: Key, kind: Kind, node: Node, path: str, value: Any, found: list[Any]) -> None:
    """Add an item to a list; of one that could not be read, what stands for it."""
    if value is None and kind.name in _EXPRESSIONS:
        context.lost.places.add(path)
        value = Unread(span=node.span)
    elif value is None and key.form and isinstance(node, Scalar) and node.text.strip():
        value = other_name(context, node.text, key.form, found)
    if value is None:
        context.lost.item(path, node, gives_names=key.name in _GIVES_NAMES)
        value = UNREAD_TEXT if kind.name == "text" else None
    if value is not None:
        found.append(value)


def entry(
    context: Context, kind: Kind, each: Entry, path: str, name: str, value: Any, found: dict[str, Any]
) -> None:
    """Add an entry to a mapping under its name; of one that could not be read, what stands for it."""
    if value is None and kind.name in _EXPRESSIONS:
        context.lost.places.add(path)
        value = Unread(span=each.value.span)
    if value is None:
        context.lost.item(path, each.value)
        context.lost.names.add(name)
    else:
        found[name] = value


def other_name(context: Context, name: str, form: str, taken: Any) -> str:
    """A name that is allowed, in place of one that is not."""
    allowed = re.sub(r"\W+", "_", name)
    while allowed in RESERVED or allowed in DISEASE_EVENTS or allowed in taken or not allowed:
        allowed += "_"
    if form in ("states", "categories") or name not in RESERVED:
        context.lost.names |= {allowed, allowed.lower(), *re.findall(r"\w+", name)}
    return allowed
