"""Builds the typed scenario from YAML nodes, driven by the fields of `model.py`.

Every block is read the same way: unknown keys, missing keys and values of the wrong kind become
findings, and reading goes on, so that one pass reports everything. Something stands in for what
cannot be read (`stand_in.py`), so that what is meant by all the rest can be judged as well.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, TypeVar

from simulator.errors import Findings, Span
from simulator.scenario import habits, model, stand_in
from simulator.scenario.keys import SHORTHAND, Key, Kind, keys_of
from simulator.scenario.lookalikes import strange
from simulator.scenario.parameters import read_parameters
from simulator.scenario.remainder import UNREAD_TEXT
from simulator.scenario.rules import check_rules
from simulator.scenario.syntax import Expr
from simulator.scenario.tables import is_table, read_hazard, read_table
from simulator.scenario.values import (
    Context,
    check_name,
    is_distribution,
    listed,
    nearest,
    read_codes,
    read_date,
    read_expression,
    read_integer,
    read_keyword,
    read_number,
    read_quantity,
    read_words,
    wrong_kind,
)
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, is_empty, shorten

B = TypeVar("B", bound=model.Block)

_ARROW = re.compile(r"\s*(\S+)\s*->\s*(\S+)\s*")


def build_scenario(context: Context, root: Mapping) -> model.Scenario | None:
    """The scenario, as far as it can be read: complete if there are no errors among the findings.

    None if so much is wrong that reading stopped.
    """
    span = Span(root.span.file, 1, 1, 1, 1)
    context.parameters = read_parameters(root, context.findings, context.parsed)
    return read_block(context, model.Scenario, root, span, "")


def read_block(context: Context, block: type[B], node: Node, span: Span, path: str) -> B | None:
    """The block that `node` describes, as far as it can be read; `span` is that of its key.

    None, and a finding, if it is no block at all, or nothing can stand in for what it lacks.
    """
    keys = keys_of(block)
    shorthand = SHORTHAND.get(block)
    at = None if shorthand is None else _short(node, keys[shorthand])
    if shorthand is not None and at is not None:
        node = Mapping(node.span, {shorthand: Entry(at, node)})
    if not isinstance(node, Mapping):
        remedy = habits.wrapped(node.text, keys) if isinstance(node, Scalar) else ""
        wrong_kind(context, node, path, f"a mapping with the keys {listed(keys)}", remedy)
        return None
    values: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    if not node.entries.keys() <= keys.keys():
        node = stand_in.put_together(context, node, keys, path)
    meant = stand_in.meant(node, keys)
    for name, entry in node.entries.items():
        if context.is_full():
            return None
        key = keys.get(name)
        here = f"{path}.{name}" if path else name
        if key is None:
            _unknown_key(context, name, entry, keys, here, _before(node, name))
            key = keys.get(meant.get(name, ""))
            here = here if key is None else f"{path}.{key.name}" if path else key.name
        if key is None:
            if f"{path}.{name}" not in context.lost.merged:
                context.lost.key(path, name, entry.value)
            continue
        _note_spans(spans, key.name, entry)
        value = read_value(context, key, key.kind, entry.value, entry.key.span, here)
        values[key.field] = stand_in.value(context, key, entry.value, here) if value is None else value
    if meant:
        node = replace(node, entries={meant.get(name, name): each for name, each in node.entries.items()})
    for key in keys.values():
        if key.required and key.name not in node.entries:
            values[key.field] = stand_in.missing(context, key, span, path)
            if not node.incomplete:
                context.findings.add("E202", f"`{key.name}` is missing", span, path=path, expected=key.doc)
    context.lost.amended.clear()
    told = replace(context, findings=Findings()) if node.incomplete else context
    check_rules(told, block, node, span, path)
    stand_in.amend(context, keys, values, span, path)
    stand_in.guess(context, block, values, span, path)
    if any(value is None for value in values.values()):
        return None
    given = {field: value for field, value in values.items() if value is not stand_in.DEFAULT}
    return block(span=span, path=path, spans=spans, **given)


def _short(node: Node, key: Key) -> Scalar | None:
    """Where a block begins that is written as the value of its one key; None if it is not."""
    if isinstance(node, Mapping) and key.kind.name == "expression" and is_distribution(node):
        return next(iter(node.entries.values())).key
    return node if isinstance(node, Scalar) and not is_empty(node) else None


def _note_spans(spans: dict[str, Span], name: str, entry: Entry) -> None:
    spans[name] = entry.value.span if isinstance(entry.value, Scalar) else entry.key.span
    if isinstance(entry.value, Sequence):
        for index, item in enumerate(entry.value.items):
            if isinstance(item, Scalar):
                spans[f"{name}[{index}]"] = item.span


def _unknown_key(
    context: Context, name: str, entry: Entry, keys: dict[str, Key], path: str, before: str = ""
) -> None:
    """The finding for a key that the block does not have; `before` is the value in front of it."""
    if is_empty(entry.value) and not _has_colon(entry) and habits.split_number(before, name):
        context.findings.add(
            "E113", f"`{shorten(name)}` is cut off from the number before it by a comma", entry.key.span,
            path=path, remedy=habits.split_number(before, name),
        )  # fmt: skip
        return
    glued = re.match(r"([a-z_]+)(?::|(：) *)(?=\S)", name)
    if is_empty(entry.value) and glued and glued[1] in keys:
        wrong = "the full-width `：` is no `:` in" if glued[2] else "no blank stands behind the `:` of"
        context.findings.add(
            "E113", f"{wrong} `{shorten(name)}`", entry.key.span, path=path,
            remedy=f"Write `{glued[1]}: {shorten(name[glued.end() :])}`.",
        )  # fmt: skip
        return
    if is_empty(entry.value) and re.search(r"[()\[\]<>=]", name):
        context.findings.add(
            "E113", f"`{shorten(name)}` is cut off from the expression before it by a comma", entry.key.span,
            path=path, remedy="Inside `{…}`, put an expression with commas or brackets in quotes.",
        )  # fmt: skip
        return
    if is_empty(entry.value) and not _has_colon(entry) and nearest(name, keys) is None:
        context.findings.add(
            "E113", f"`{shorten(name)}` is cut off from the words before it by a comma", entry.key.span,
            path=path, remedy="Inside `{…}`, put words with a comma in quotes.",
        )  # fmt: skip
        return
    remedy = habits.no_key(name, keys)
    context.findings.add(
        "E201", f"unknown key `{shorten(name)}`", entry.key.span, path=path,
        expected=f"one of {listed(keys)}" if keys else "nothing more here",
        nearest=None if remedy else habits.key(name, keys) or nearest(name, keys),
        remedy=remedy or strange(name),
    )  # fmt: skip


def _before(node: Mapping, name: str) -> str:
    """The text of the value in front of a key."""
    names = list(node.entries)
    place = names.index(name)
    value = node.entries[names[place - 1]].value if place else None
    return value.text if isinstance(value, Scalar) else ""


def _has_colon(entry: Entry) -> bool:
    """Whether a key without a value was written with its colon; in `{…}` it may stand alone."""
    key, value = entry.key.span, entry.value.span
    return (value.line, value.column) != (key.end_line, key.end_column)


def read_value(context: Context, key: Key, kind: Kind, node: Node, span: Span, path: str) -> Any:
    """What `node` says for a key, of the kind the model wants; None, and a finding, if it cannot be."""
    match kind.name:
        case "text":
            return read_keyword(context, node, path, key)
        case "integer":
            return read_integer(context, node, path)
        case "number":
            return read_number(context, node, path)
        case "date":
            return read_date(context, node, path)
        case "quantity":
            return read_quantity(context, node, path)
        case "expression":
            return read_expression(context, node, path)
        case "value":
            if isinstance(node, Mapping) and is_table(node):
                return read_table(context, node, span, path)
            return read_expression(context, node, path)
        case "statement" | "bounds" | "amount":
            return read_words(context, node, kind.name, path)
        case "rate":
            return _rate(context, node, span, path)
        case "table":
            if isinstance(node, Mapping):
                return read_table(context, node, span, path, weights=path == "population.age_sex")
            wrong_kind(context, node, path, "a table, e.g. `{by: [age, sex], csv: people.csv, columns: {…}}`")
            return None
        case "draw":
            if isinstance(node, Mapping) and is_table(node):
                return read_table(context, node, span, path)
            return _mapping(context, key, Kind("mapping", item=Kind("expression")), node, path)
        case "arrow":
            return _arrow(context, node, path)
        case "changes":
            if isinstance(node, Mapping):
                return model.Changes(span=span, path=path, entries=tuple(node.entries))
            wrong_kind(context, node, path, "a piece of a scenario, e.g. `treatments: {…}`")
            return None
        case "list":
            return _list(context, key, kind, node, path)
        case "mapping":
            if key.form == "codes":
                return read_codes(context, node, path)
            if key.form == "codes of states":
                return _codes_of_states(context, key, node, path)
            return _mapping(context, key, kind, node, path)
    assert kind.block is not None
    return read_block(context, kind.block, node, span, path)


def _rate(context: Context, node: Node, span: Span, path: str) -> Expr | model.Hazard | model.Gompertz | None:
    if not isinstance(node, Mapping):
        return read_expression(context, node, path)
    if "gompertz" in node.entries:
        for name, entry in node.entries.items():
            if name != "gompertz":
                _unknown_key(context, name, entry, {}, f"{path}.{name}")
        entry = node.entries["gompertz"]
        return read_block(context, model.Gompertz, entry.value, entry.key.span, f"{path}.gompertz")
    if is_table(node):
        return read_hazard(context, node, span, path)
    remedy = "A distribution belongs under `after`." if is_distribution(node) else ""
    expected = (
        "a rate such as `0.06 per year`, a table with `per:`, or `{gompertz: {rate: …, at: …, growth: …}}`"
    )
    wrong_kind(context, node, path, expected, remedy)
    return None


def _list(context: Context, key: Key, kind: Kind, node: Node, path: str) -> list[Any] | None:
    assert kind.item is not None
    single = kind.item.name not in ("block", "arrow") or kind.item.block in SHORTHAND
    if isinstance(node, Sequence):
        items = node.items
    elif single and isinstance(node, Scalar) and not is_empty(node):
        items = [node]
    else:
        wrong_kind(
            context, node, path, "a list", "Begin each item with `- ` on a line of its own, or write `[{…}]`."
        )
        return None
    found: list[Any] = []
    for index, item in enumerate(items):
        if context.is_full():
            return None
        here = f"{path}[{index}]"
        if key.form and isinstance(item, Scalar) and not is_empty(item):
            value = item.text if check_name(context, item, here, key.form) else None
        else:
            value = read_value(context, key, kind.item, item, _first_key(item), here)
        stand_in.item(context, key, kind.item, item, here, value, found)
    return found


def _first_key(item: Node) -> Span:
    """Where an item of a list begins: its first key, if it has one."""
    if isinstance(item, Mapping) and item.entries:
        return next(iter(item.entries.values())).key.span
    return item.span


def _mapping(context: Context, key: Key, kind: Kind, node: Node, path: str) -> dict[str, Any] | None:
    assert kind.item is not None
    if not isinstance(node, Mapping):
        wrong_kind(context, node, path, f"{key.doc}, each under its name and a `:`")
        return None
    found: dict[str, Any] = {}
    if not node.entries and key.form == "categories":
        context.findings.add("E221", f"`{key.name}` is empty", node.span, path=path, expected=key.doc)
        return None
    for name, entry in node.entries.items():
        if context.is_full():
            return None
        here = f"{path}.{name}"
        if key.choices and name not in key.choices:
            context.findings.add(
                "E209", f"`{shorten(name)}` is not a choice for `{key.name}`", entry.key.span, path=here,
                expected=listed(key.choices),
                nearest=habits.choice(name, key.choices) or nearest(name.lower(), key.choices, 0.5),
            )  # fmt: skip
            value = read_value(context, key, kind.item, entry.value, entry.key.span, here)
            close = nearest(name.lower(), key.choices, 0.5)
            if close is None or close in node.entries or close in found or value is None:
                context.lost.item(path, entry.value)
            else:
                found[close] = value
            continue
        if key.form == "statements":
            statement = read_words(context, entry.key, "statement", here)
            value = read_value(context, key, kind.item, entry.value, entry.key.span, here)
            if value is not None and statement is not None:
                found[name] = replace(value, statement=statement)
            continue
        fine = check_name(context, entry.key, here, key.form or "name")
        value = read_value(context, key, kind.item, entry.value, entry.key.span, here)
        called = name if fine else stand_in.other_name(context, name, key.form or "name", found)
        stand_in.entry(context, kind.item, entry, here, called, value, found)
    return found


def _codes_of_states(context: Context, key: Key, node: Node, path: str) -> dict[str, dict[str, str]] | None:
    """``{stage3: {icd10cm: N18.30}, …}``."""
    if not isinstance(node, Mapping):
        wrong_kind(context, node, path, key.doc)
        return None
    found = {name: read_codes(context, entry.value, f"{path}.{name}") for name, entry in node.entries.items()}
    known = {name: codes for name, codes in found.items() if codes is not None}
    return known if len(known) == len(found) else None


def _arrow(context: Context, node: Node, path: str) -> model.Transition | None:
    """``from -> to: {trigger}``."""
    expected = "an arrow with a trigger, e.g. `- mild -> severe: {rate: 0.06 per year}`"
    if not isinstance(node, Mapping) or not node.entries:
        wrong_kind(context, node, path, expected)
        return None
    (name, entry), *more = node.entries.items()
    for extra, other in more:
        remedy = "Indent it below the arrow." if "->" not in extra else "Begin it with `- `."
        context.findings.add(
            "E215", f"`{shorten(extra)}` stands beside the arrow `{shorten(name)}`", other.key.span,
            path=path, expected="one arrow in each item of the list", remedy=remedy,
        )  # fmt: skip
    match = _ARROW.fullmatch(name)
    if match is None:
        context.findings.add(
            "E215", f"`{shorten(name)}` is not an arrow", entry.key.span, path=path, expected=expected,
            nearest=habits.arrow(name),
        )  # fmt: skip
    trigger = read_block(context, model.Trigger, entry.value, entry.key.span, path)
    if trigger is None:
        return None
    if match is None:
        context.lost.item(path, Scalar("", node.span, entry.key.source, 0, 0, True))
        unread = UNREAD_TEXT
        return model.Transition(from_=unread, to=unread, trigger=trigger, span=entry.key.span, path=path)
    return model.Transition(
        from_=match[1],
        to=match[2],
        trigger=trigger,
        span=entry.key.span,
        path=path,
        spans={
            "from": entry.key.locate(*match.span(1)),
            "to": entry.key.locate(*match.span(2)),
        },
    )
