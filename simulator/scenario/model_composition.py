"""How scenarios are put together: files used, parameters, arms. Part of the model (`model.py`)."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.block import Block, key
from simulator.scenario.syntax import Expr


@dataclass(slots=True, kw_only=True)
class Use(Block):
    """Another file that is merged; a text alone is its `file`."""

    file: str = key("the file, relative to this one, with or without `.yaml`")
    as_: str | None = key(
        "a prefix for every name the file defines, so that it can be used twice, e.g. `lung`",
        None,
        name="as",
        form="name",
    )
    with_: dict[str, Expr] = key("values of the file's parameters, by name", factory=dict, name="with")


@dataclass(slots=True, kw_only=True)
class Parameter(Block):
    """A named constant; a text alone is its `value`."""

    title: str | None = key("a name for people", None)
    value: Expr = key("a number, share, quantity, duration, rate or date, e.g. `0.02 per year`")
    between: Expr | None = key("the values it may be given, e.g. `0.001..0.1 per year`", None)
    source: str | None = key("where the number is from", None)


@dataclass(slots=True, kw_only=True)
class Changes(Block):
    """A piece of a scenario, laid over the rest as a using file is: `entries` are its keys."""

    entries: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Arm(Block):
    """The same patients, with the same luck, where one thing is different."""

    title: str | None = key("a name for people, e.g. `without ETI`", None)
    set: dict[str, Expr] = key("other values of parameters, by name", factory=dict)
    remove: list[str] = key("paths of what is taken away, e.g. `treatments.eti`", factory=list)
    change: Changes | None = key(
        "a piece of a scenario that is laid over the rest, key by key, as a using file is", None
    )
