"""Builds the typed scenario from YAML nodes, driven by the fields of `model.py`.

Every block is read the same way: unknown keys, missing keys and values of the wrong kind become
findings, and reading goes on, so that one pass reports everything. A block with anything wrong
in it is None.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, TypeVar

from simulator.errors import Span
from simulator.scenario import model
from simulator.scenario.keys import SHORTHAND, Key, Kind, keys_of
from simulator.scenario.parameters import read_parameters
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
    """The scenario, or None if anything is wrong with it (the findings say what)."""
    span = Span(root.span.file, 1, 1, 1, 1)
    before = len(context.findings.errors)
    context.parameters = read_parameters(root, context.findings)
    scenario = read_block(context, model.Scenario, root, span, "")
    return scenario if len(context.findings.errors) == before else None


def read_block(context: Context, block: type[B], node: Node, span: Span, path: str) -> B | None:
    """The block that `node` describes; `span` is that of its key."""
    keys = keys_of(block)
    shorthand = SHORTHAND.get(block)
    if shorthand is not None and isinstance(node, Scalar) and not is_empty(node):
        node = Mapping(node.span, {shorthand: Entry(node, node)})
    if not isinstance(node, Mapping):
        wrong_kind(context, node, path, f"a mapping with the keys {listed(keys)}")
        return None
    values: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    for name, entry in node.entries.items():
        if context.is_full():
            return None
        key = keys.get(name)
        here = f"{path}.{name}" if path else name
        if key is None:
            _unknown_key(context, name, entry, keys, here)
            continue
        _note_spans(spans, name, entry)
        values[key.field] = read_value(context, key, key.kind, entry.value, entry.key.span, here)
    for key in keys.values():
        if key.required and key.name not in node.entries:
            values[key.field] = None
            if node.incomplete:
                continue
            context.findings.add("E202", f"`{key.name}` is missing", span, path=path, expected=key.doc)
    if not node.incomplete:
        check_rules(context, block, node, span, path)
    if any(value is None for value in values.values()):
        return None
    return block(span=span, path=path, spans=spans, **values)


def _note_spans(spans: dict[str, Span], name: str, entry: Entry) -> None:
    spans[name] = entry.value.span if isinstance(entry.value, Scalar) else entry.key.span
    if isinstance(entry.value, Sequence):
        for index, item in enumerate(entry.value.items):
            if isinstance(item, Scalar):
                spans[f"{name}[{index}]"] = item.span


def _unknown_key(context: Context, name: str, entry: Entry, keys: dict[str, Key], path: str) -> None:
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
    context.findings.add(
        "E201", f"unknown key `{shorten(name)}`", entry.key.span, path=path,
        expected=f"one of {listed(keys)}" if keys else "nothing more here", nearest=nearest(name, keys),
    )  # fmt: skip


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
        wrong_kind(context, node, path, "a list", "Begin each item with `- ` on a line of its own.")
        return None
    found: list[Any] = []
    for index, item in enumerate(items):
        if context.is_full():
            return None
        here = f"{path}[{index}]"
        if key.form and isinstance(item, Scalar) and not is_empty(item):
            found.append(item.text if check_name(context, item, here, key.form) else None)
        else:
            found.append(read_value(context, key, kind.item, item, _first_key(item), here))
    return None if any(value is None for value in found) else found


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
                expected=listed(key.choices), nearest=nearest(name.lower(), key.choices, 0.5),
            )  # fmt: skip
            found[name] = None
            continue
        if key.form == "statements":
            statement = read_words(context, entry.key, "statement", here)
            value = read_value(context, key, kind.item, entry.value, entry.key.span, here)
            found[name] = None if value is None or statement is None else replace(value, statement=statement)
            continue
        fine = check_name(context, entry.key, here, key.form or "name")
        value = read_value(context, key, kind.item, entry.value, entry.key.span, here)
        found[name] = value if fine else None
    return None if any(value is None for value in found.values()) else found


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
            "E215", f"`{shorten(name)}` is not an arrow", entry.key.span, path=path, expected=expected
        )
    trigger = read_block(context, model.Trigger, entry.value, entry.key.span, path)
    if match is None or more or trigger is None:
        return None
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
