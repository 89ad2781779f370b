"""The language as a JSON Schema (draft-07), for completion, hover texts and checks in editors.

It is generated from the model (`keys.py`), so it knows every key that the builder knows. It judges shape
alone: keys, kinds of values, choices, names. What words mean is for `simulator check`.

A file with `use:` may leave out of a block what the used files give, and add to their lists with `+key`; so
every block exists a second time, as a piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from simulator.scenario import model
from simulator.scenario.arms import SHARED
from simulator.scenario.block_names import block_names, first_line
from simulator.scenario.examples import example_value, plain
from simulator.scenario.json_schema_values import name_schema, ref, text_schema, value_definitions
from simulator.scenario.keys import SHORTHAND, Key, Kind, keys_of
from simulator.scenario.together import Together, excluded_by, together

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
PIECE = "Piece"

_VALUES = {
    "integer": "Integer", "number": "Number", "date": "Date", "quantity": "Quantity",
    "expression": "Expression", "value": "Value", "rate": "Rate", "table": "Table",
    "statement": "Statistic", "bounds": "Bounds", "amount": "Amount",
}  # fmt: skip
#: keys that only the file itself can say, whatever it uses
_OWN = ("id",)
_EXAMPLES = re.compile(r"e\.g\. ((?:`[^`]+`(?:, | or )?)+)")


def json_schema(*, library: bool = False) -> Schema:
    """The schema of a scenario file, as JSON values.

    With `library` of files that others use and that are not whole in themselves: nothing is missed there.
    """
    definitions = value_definitions()
    definitions["Arrow"] = _arrow()
    for block, name in block_names().items():
        if block is model.Table or block is model.Hazard:
            continue
        definitions[name] = _block(block, piece=False)
        definitions[name + PIECE] = _block(block, piece=True)
    changed = {**definitions["ScenarioPiece"]["properties"]}
    definitions["Changes"] = {
        "type": "object",
        "description": "A piece of a scenario, laid over the rest as a using file is.",
        "properties": {name: schema for name, schema in changed.items() if name not in SHARED},
        "additionalProperties": False,
    }
    piece = ref("Scenario" + PIECE)
    whole = {"if": {"required": ["use"]}, "then": piece, "else": ref("Scenario")}
    return {
        "$schema": DRAFT,
        "title": "Scenario",
        "description": "A scenario of the patient population simulator.",
        "type": "object",
        **({"allOf": [piece]} if library else whole),
        "definitions": definitions,
    }


def _block(block: type[model.Block], piece: bool) -> Schema:
    """What a block may hold; as a `piece`, used files may give the rest."""
    properties: dict[str, Schema] = {}
    rules = together(block)
    for key in keys_of(block).values():
        properties[key.name] = _described(key, _value(key, key.kind, piece), rules)
        if piece and key.kind.name == "list" and key.name not in SHARED:
            added = {**properties[key.name], "description": f"Added to the inherited list: {key.doc}"}
            properties[f"+{key.name}"] = {**added, "markdownDescription": added["description"]}
    schema: Schema = {
        "type": "object",
        "title": _title(block),
        "properties": properties,
        "additionalProperties": False,
        "examples": [example_value(block)],
    }
    about = first_line(block)
    if about:
        schema |= {"description": about, "markdownDescription": about}
    required = [
        key.name for key in keys_of(block).values() if key.required and (not piece or key.name in _OWN)
    ]
    if required:
        schema["required"] = required
    return schema if piece else schema | _rules(rules)


def _title(block: type[model.Block]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", block.__name__)
    return words.capitalize()


def _rules(rules: Together) -> Schema:
    """Which keys go together. `errorMessage` is what the YAML extension of VS Code shows."""
    schema: Schema = {}
    if rules.some_of:
        message = f"One of {_listed(rules.some_of)} is needed."
        schema["anyOf"] = [{"required": [key], "errorMessage": message} for key in rules.some_of]
    dependencies: dict[str, Schema] = {}
    for key in dict.fromkeys([*rules.only_with, *(key for group in rules.exclusive for key in group)]):
        dependency: Schema = {}
        others = rules.only_with.get(key, ())
        if others:
            message = f"`{key}` needs {' or '.join(f'`{other}`' for other in others)} beside it."
            dependency["anyOf"] = [{"required": [other], "errorMessage": message} for other in others]
        excluded = excluded_by(key, rules)
        if excluded:
            dependency["properties"] = dict.fromkeys(excluded, False)
            dependency["errorMessage"] = f"Not together with `{key}`."
        dependencies[key] = dependency
    if dependencies:
        schema["dependencies"] = dependencies
    return schema


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _described(key: Key, schema: Schema, rules: Together) -> Schema:
    """A key's schema with its hover text, default and examples."""
    lines = [key.doc[0].upper() + key.doc[1:] + "."]
    if key.required:
        lines.append("*Required.*")
    if key.default is not None:
        lines.append(f"Default: `{key.default}`")
    if key.name in rules.only_with:
        lines.append(f"Together with {' or '.join(f'`{other}`' for other in rules.only_with[key.name])}.")
    others = excluded_by(key.name, rules)
    if others:
        lines.append(f"Not with {_listed(others)}.")
    described: Schema = {
        "title": key.name, "description": lines[0], "markdownDescription": "\n\n".join(lines)
    }  # fmt: skip
    if key.default is not None:
        described["default"] = key.default
    examples = _examples(key)
    if examples:
        described["examples"] = examples
    if "$ref" not in schema:
        return {**schema, **described}
    # draft-07 ignores what stands beside `$ref`; editors want to know the type to complete `key:`
    return {**described, "type": _type_of(schema), "allOf": [schema]}


@cache
def _types() -> dict[str, Any]:
    return {name: schema.get("type") for name, schema in value_definitions().items()}


def _type_of(schema: Schema) -> Any:
    name = schema["$ref"].rsplit("/", 1)[1]
    if name in _types():
        return _types()[name] or ["string", "number", "object"]
    return "object"


def _examples(key: Key) -> list[Any]:
    """What a key's documentation gives as examples."""
    found = [text for group in _EXAMPLES.findall(key.doc) for text in re.findall("`([^`]+)`", group)]
    if key.kind.item is not None and key.kind.item.name == "arrow":
        return [[plain(text)] for text in found if ": " in text]
    values = [plain(f"x: {text if text[0] in '[{' else repr(text)}")["x"] for text in found]
    if key.kind.name == "list":
        return [value if isinstance(value, list) else [value] for value in values]
    return values if key.kind.name not in ("block", "mapping") else []


def _value(key: Key, kind: Kind, piece: bool) -> Schema:
    """What may stand under a key, or be an item of its list or mapping."""
    if kind.name in _VALUES:
        return ref(_VALUES[kind.name])
    if kind.name == "text":
        return {"enum": list(key.choices)} if key.choices else text_schema(key.form)
    if kind.name == "arrow":
        return ref("Arrow")
    if kind.name == "changes":
        return ref("Changes")
    if kind.name == "list":
        return _list(key, kind)
    if kind.name == "draw":
        categories = _mapping(key, Kind("mapping", item=Kind("expression")), piece)
        return {"anyOf": [ref("Table"), {**categories, "minProperties": 1}]}
    if kind.name == "mapping":
        return _mapping(key, kind, piece)
    assert kind.block is not None
    return _of_block(kind.block, piece)


def _of_block(block: type[model.Block], piece: bool) -> Schema:
    """A block, or the text that stands for it."""
    whole = ref(block_names()[block] + (PIECE if piece else ""))
    short = SHORTHAND.get(block)
    if short is None:
        return whole
    key = keys_of(block)[short]
    return {"anyOf": [_value(key, key.kind, piece=False), whole]}


def _list(key: Key, kind: Kind) -> Schema:
    """A list, whose items are never pieces; a single text may stand for a list of one."""
    assert kind.item is not None
    item = name_schema(key.form) | {"type": "string"} if key.form else _value(key, kind.item, piece=False)
    schema: Schema = {"title": "A list", "type": "array", "items": item}
    if kind.item.name == "arrow" or (kind.item.block is not None and kind.item.block not in SHORTHAND):
        return schema
    if kind.item.block is not None:
        short = keys_of(kind.item.block)[SHORTHAND[kind.item.block]]
        item = _value(short, short.kind, piece=False)
    return {"anyOf": [schema, item]}


def _mapping(key: Key, kind: Kind, piece: bool) -> Schema:
    assert kind.item is not None
    if key.form == "codes":
        return ref("Codes")
    if key.form == "codes of states":
        return {"type": "object", "additionalProperties": ref("Codes")}
    item = _value(key, kind.item, piece)
    if key.choices:
        return {
            "type": "object", "properties": dict.fromkeys(key.choices, item), "additionalProperties": False
        }  # fmt: skip
    return {"type": "object", "propertyNames": name_schema(key.form), "additionalProperties": item}


def _arrow() -> Schema:
    return {
        "title": "Arrow", "type": "object",
        "description": "An arrow with what makes it fire, e.g. `mild -> severe: {rate: 0.06 per year}`",
        "patternProperties": {r"^\s*\S+\s*->\s*\S+\s*$": ref("Trigger")},
        "additionalProperties": False, "minProperties": 1, "maxProperties": 1,
    }  # fmt: skip
