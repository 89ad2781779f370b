"""The values of the language as parts of a JSON Schema: texts, expressions, tables, distributions, codes.

An editor reads YAML by the rules of YAML 1.2, so a value may reach the schema as a number where the language
reads a text, and a value may always be the name of a parameter.
"""

from __future__ import annotations

from typing import Any

from simulator.scenario.code_systems import RESTRICTED, SYSTEMS
from simulator.scenario.curves import COLUMNS
from simulator.scenario.functions import DISTRIBUTIONS, FUNCTIONS, signature
from simulator.scenario.lexer import CATEGORY, RESERVED
from simulator.scenario.statement import FORMS
from simulator.scenario.values import DISEASE_EVENTS
from simulator.units import MICROSECONDS

Schema = dict[str, Any]

_IDENTIFIER = "[a-z][a-z0-9_]*"
_NOT_EMPTY = r"\S"
_WORDS: Schema = {"type": ["string", "number"], "pattern": _NOT_EMPTY}
#: codes that look like numbers reach the schema as such
_NUMBERS = ("141", "219700", "3E03305")


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _or_name(pattern: str) -> str:
    """A text of this pattern, or the name of a parameter."""
    return rf"^\s*({pattern}|{_IDENTIFIER})\s*$"


def _words(about: str, *examples: str) -> Schema:
    return {**_WORDS, "description": about, "examples": list(examples)}


#: how a text of each form is written, and what to say if it is not
FORMS_OF_TEXT: dict[str, tuple[str, str]] = {
    "id": ("^[a-z0-9]+(-[a-z0-9]+)*$", "lower-case letters, digits and hyphens"),
    "name": (f"^{_IDENTIFIER}$", "lower-case letters, digits and `_`, beginning with a letter"),
    "states": ("^[A-Za-z][A-Za-z0-9_]*$", "letters, digits and `_`, beginning with a letter"),
    "categories": (f"^{CATEGORY.pattern}$", "letters, digits, `_` and `/`, beginning with a letter"),
    "hpo": (f"^{SYSTEMS['hpo'].pattern.pattern}$", "a term such as `HP:0001738`"),
    "statements": (
        rf"^\s*({'|'.join(sorted({kind.split()[0] for kind, _, _ in FORMS} | {'period'}))})\s",
        "a statistic in words, e.g. `prevalence of t2d at 60..69 years`",
    ),
}


def name_schema(form: str) -> Schema:
    """Of a name that a scenario gives to something; `form` as in `block.key`, any identifier if empty."""
    pattern, expected = FORMS_OF_TEXT.get(form, FORMS_OF_TEXT["name"])
    schema: Schema = {"title": "name", "pattern": pattern, "patternErrorMessage": f"A name: {expected}."}
    taken = {"states": DISEASE_EVENTS, "categories": (), "statements": ()}.get(form, tuple(sorted(RESERVED)))
    return {**schema, "not": {"enum": list(taken)}} if taken else schema


def text_schema(form: str) -> Schema:
    """Of a text."""
    if form in FORMS_OF_TEXT:
        pattern, expected = FORMS_OF_TEXT[form]
        return {"type": "string", "pattern": pattern, "patternErrorMessage": f"Expected {expected}."}
    if form == "unit":
        return {
            "title": "A unit", "type": ["string", "number"], "pattern": _NOT_EMPTY,
            "examples": ["mg/dL", "mmol/L", "mm[Hg]", "%", "kg", "1"],
        }  # fmt: skip
    return {"title": "A text", "type": ["string", "number", "boolean"], "pattern": _NOT_EMPTY}


def value_definitions() -> dict[str, Schema]:
    """The `definitions` that values refer to."""
    return {
        **_scalars(),
        "Expression": {
            "title": "Expression", **_distributions(), "type": ["string", "number", "object"],
            "pattern": _NOT_EMPTY,
        },
        "Value": {"anyOf": [ref("Expression"), ref("Table")]},
        "Rate": {
            "anyOf": [
                {"title": "A rate", **_WORDS},
                ref("HazardTable"),
                {
                    "title": "A hazard that grows with age", "type": "object",
                    "properties": {"gompertz": ref("Gompertz")}, "required": ["gompertz"],
                    "additionalProperties": False,
                },
            ],
        },
        **_tables(),
        "Codes": _codes(),
        "Statistic": _words("A statistic in words.", "prevalence of t2d at 60..69 years in 2017..2019"),
        "Bounds": _words("Bounds.", "18%..24%", "at least 90%", "at most 1 year"),
        "Amount": _words("A published value.", "21%", "6 months", "4.9 per 100_000 per year"),
    }  # fmt: skip


def _scalars() -> dict[str, Schema]:
    """Numbers and dates, for each of which the name of a parameter may stand."""
    whole = "[+-]?[0-9]+(_[0-9]+)*"
    return {
        "Integer": {
            "anyOf": [
                {"title": "A whole number", "type": "integer"},
                {"title": "A whole number, or a parameter", "type": "string", "pattern": _or_name(whole)},
            ]
        },
        "Number": {
            "anyOf": [
                {"title": "A number", "type": "number"},
                {
                    "title": "A number, a share, or a parameter", "type": "string",
                    "pattern": _or_name(rf"{whole}(\.[0-9]+)?([eE][+-]?[0-9]+)?%?"),
                },
            ]
        },
        "Date": {
            "type": "string", "pattern": _or_name("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
            "patternErrorMessage": "A date is written as year-month-day, e.g. 2019-10-21.",
            "examples": ["2019-10-21"],
        },
        "Quantity": {"type": "string", "pattern": _NOT_EMPTY, "examples": ["3 days", "2 months"]},
    }  # fmt: skip


def _tables() -> dict[str, Schema]:
    units = [*MICROSECONDS, *(f"{unit}s" for unit in MICROSECONDS)]
    per = {
        "per": {"description": "Time unit, if the numbers are rates.", "enum": units},
        "probability_per": {"description": "Time unit, if the numbers are probabilities.", "enum": units},
    }
    return {
        "Table": _table("Table", {}, []),
        "HazardTable": _table("Hazard table", per, [{"required": [key]} for key in per]),
        "TableRows": {"type": "object", "minProperties": 1, "additionalProperties": ref("TableCell")},
        "TableCell": {
            "type": ["string", "number", "object"], "pattern": _NOT_EMPTY, "minProperties": 1,
            "additionalProperties": ref("TableCell"),
        },
    }  # fmt: skip


def _table(title: str, more: Schema, alternatives: list[Schema]) -> Schema:
    axis = {"type": "string", "pattern": _NOT_EMPTY}
    schema: Schema = {
        "type": "object", "title": title,
        "description": "A step function over age, sex, month, year, attributes, states, time since an event.",
        "properties": {
            **more,
            "by": {
                "description": "Its axes, e.g. `[age, sex]`.",
                "anyOf": [axis, {"type": "array", "items": axis, "minItems": 1, "uniqueItems": True}],
            },
            "table": {
                "description": "Its numbers, level by level in the order of its axes.",
                "type": "object", "allOf": [ref("TableRows")],
            },
            "csv": {"description": "The numbers from a CSV file beside this one.", "type": "string"},
            "columns": {
                "description": "With `csv`: which column holds what, e.g. `{age: age, male: qx_male}`.",
                "type": "object",
            },
            "source": {**text_schema(""), "title": "source", "description": "Where the numbers are from."},
        },
        "required": ["by"], "additionalProperties": False,
        "allOf": [{"oneOf": [{"required": ["table"]}, {"required": ["csv"]}]}],
        "dependencies": {"columns": ["csv"], "csv": ["columns"]},
    }  # fmt: skip
    if alternatives:
        schema["allOf"].append({"oneOf": alternatives})
    return schema


def _distributions() -> Schema:
    """``{weibull: {median: 14 years, shape: 2.1}}`` and the like: a mapping with one key."""
    kinds: dict[str, Schema] = {}
    for name in DISTRIBUTIONS:
        slots = FUNCTIONS[name]
        needed = [{"anyOf": [{"required": [word]} for word in slot]} for slot in slots]
        named = {
            "type": "object", "properties": {word: ref("Expression") for slot in slots for word in slot},
            "additionalProperties": False, "allOf": needed,
        }  # fmt: skip
        listed = {
            "type": "array",
            "items": ref("Expression"),
            "minItems": len(slots),
            "maxItems": len(slots),
        }
        alone = [_WORDS] if len(slots) == 1 else []
        kinds[name] = {"description": f"{signature(name).strip('`')}", "anyOf": [named, listed, *alone]}
    share = {"share": ref("Expression")}
    kinds["mixture"] = {
        "description": "One of several, by chance: `[{share: 30%, after: 2 days}, …]`",
        "type": "array",
        "minItems": 1,
        "items": {
            "anyOf": [
                {
                    "type": "object", "properties": {**share, what: ref("Expression")},
                    "required": ["share", what], "additionalProperties": False,
                }
                for what in ("after", "value")
            ]
        },
    }  # fmt: skip
    about = {
        "empirical": "Values with the share that has come by then: `{1 day: 10%, 10 days: 100%}`",
        "kaplan_meier": "Times with the share still free of the event: `{1 year: 95%, 5 years: 80%}`",
    }
    for name, words in about.items():
        columns = {
            "type": "object", "properties": {word: {"type": "string"} for word in COLUMNS[name]},
            "required": list(COLUMNS[name]), "additionalProperties": False,
        }  # fmt: skip
        kinds[name] = {
            "description": words, "type": "object", "minProperties": 1,
            "if": {"required": ["csv"]},
            "then": {
                "properties": {"csv": {"type": "string"}, "columns": columns, "unit": text_schema("unit")},
                "required": ["columns"], "additionalProperties": False,
            },
            "else": {"additionalProperties": _WORDS},
        }  # fmt: skip
    return {
        "properties": kinds, "additionalProperties": False,
        "minProperties": 1, "maxProperties": 1,
    }  # fmt: skip


def _codes() -> Schema:
    assert not RESTRICTED.keys() & SYSTEMS.keys()
    return {
        "title": "Codes", "type": "object", "additionalProperties": False,
        "properties": {
            key: {
                "description": f"A code of {system.title}.",
                "type": ["string", "number"] if any(map(system.pattern.fullmatch, _NUMBERS)) else "string",
                "pattern": f"^{system.pattern.pattern}$", "examples": [system.example],
                "patternErrorMessage": f"This does not look like a code of {system.title}.",
            }
            for key, system in SYSTEMS.items()
        },
    }  # fmt: skip
