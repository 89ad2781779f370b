"""What a block may hold, read off the dataclasses of `model.py`.

The builder, the language reference and the editor schema all go by this, so a key that is
added to the model is known everywhere.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
from dataclasses import MISSING, dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from simulator.scenario import model
from simulator.scenario.model_courses import Give, Repeat, Step
from simulator.scenario.model_disease import Follows, Refutation, SeeksCare
from simulator.scenario.model_targets import Expectation
from simulator.scenario.model_visits import Do
from simulator.scenario.statement import Amount, Bounds, Statement
from simulator.scenario.syntax import Expr, Quantity

_EXPR = frozenset(get_args(Expr))
_VALUE = _EXPR | {model.Table}
_RATE = _EXPR | {model.Hazard, model.Gompertz}

#: the key that a single text stands for, where a block may be written as one
SHORTHAND: dict[type[model.Block], str] = {
    model.UseOrderSet: "order_set",
    model.Measure: "measure",
    model.RecordedAt: "care",
    Follows: "progression",
    SeeksCare: "visit",
    Refutation: "after",
    model.Use: "file",
    model.Parameter: "value",
    Expectation: "within",
    Do: "do",
    Give: "treatment",
    Step: "end",
    Repeat: "times",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is.

    name: text, integer, number, date, quantity, expression, value (an expression or a table),
    rate (an expression, a hazard table or a gompertz), table, draw (categories or a table),
    arrow (``a -> b: {…}``), statement (a statistic in words), bounds (``18%..24%``, ``at least 90%``),
    amount (``4.9 per 100_000 per year``), changes (a piece of a scenario), block, list or mapping. `item`
    is what a list or mapping holds.
    """

    name: str
    block: type[model.Block] | None = None
    item: Kind | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a block: its YAML name, the field it fills, and what may be written there."""

    name: str
    field: str
    kind: Kind
    required: bool
    doc: str
    choices: tuple[str, ...]
    form: str
    #: what holds if the key is absent; None if that is nothing, or said in `doc`
    default: int | float | str | None = None


def keys_of(block: type[model.Block]) -> dict[str, Key]:
    """The keys of a block, by YAML name, in the order of the model."""
    if block not in _KNOWN:
        _KNOWN[block] = _keys_of(block)
    return _KNOWN[block]


_KNOWN: dict[type[model.Block], dict[str, Key]] = {}


def _keys_of(block: type[model.Block]) -> dict[str, Key]:
    hints = get_type_hints(block)
    found: dict[str, Key] = {}
    for field in dataclasses.fields(block):
        if "doc" not in field.metadata:
            continue
        name = field.metadata["key"] or field.name
        required = field.default is MISSING and field.default_factory is MISSING
        found[name] = Key(
            name,
            field.name,
            kind_of(hints[field.name]),
            required,
            field.metadata["doc"],
            field.metadata["choices"],
            field.metadata["form"],
            field.default if isinstance(field.default, int | float | str) else None,
        )
    return found


def kind_of(annotation: Any) -> Kind:
    """The kind that a field's annotation stands for. Raises: TypeError if there is none."""
    simple = {str: "text", int: "integer", float: "number", dt.date: "date", Quantity: "quantity"}
    simple |= {Statement: "statement", Bounds: "bounds", Amount: "amount"}
    if annotation in simple:
        return Kind(simple[annotation])
    if annotation is model.Table:
        return Kind("table")
    if annotation is model.Transition:
        return Kind("arrow")
    if annotation is model.Changes:
        return Kind("changes")
    if isinstance(annotation, type) and issubclass(annotation, model.Block):
        return Kind("block", block=annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is list:
        return Kind("list", item=kind_of(args[0]))
    if origin is dict:
        return Kind("mapping", item=kind_of(args[1]))
    if origin in (Union, types.UnionType):
        members = frozenset(args) - {types.NoneType}
        unions = {_EXPR: "expression", _VALUE: "value", _RATE: "rate"}
        if members in unions:
            return Kind(unions[members])
        if members == {dict[str, Expr], model.Table}:
            return Kind("draw")
        if len(members) == 1:
            return kind_of(next(iter(members)))
    raise TypeError(f"no kind of value is known for {annotation}")
