"""What is done at a visit: measurements, orders, procedures, referrals."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.block import Block, key
from simulator.scenario.syntax import Expr
from simulator.scenario.trigger import Table, Value


@dataclass(slots=True, kw_only=True)
class Measure(Block):
    """Something measured or ordered at a visit."""

    measure: str = key("name of the measurement")
    if_: Expr | None = key("only if this holds", None, name="if")
    probability: Value | None = key("chance each time", None)


@dataclass(slots=True, kw_only=True)
class Order(Block):
    """Something that is ordered or done at a visit, beside measurements and procedures."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of what is ordered or done", factory=dict, form="codes")
    result: dict[str, Expr] | Table | None = key(
        "what is found: words with their probabilities, or a table whose last axis is `result`; the chart "
        "knows it as `last ORDER`",
        None,
        form="categories",
    )
    shows: str | None = key(
        "instead of `result`: the attribute with categories that is found, e.g. `her2`", None
    )
    if_: Expr | None = key("only if this holds", None, name="if")
    probability: Value | None = key("chance each time", None)


@dataclass(slots=True, kw_only=True)
class Do(Block):
    """A procedure that is done at a visit."""

    do: str = key("name of the procedure")
    if_: Expr | None = key("only if this holds", None, name="if")
    probability: Value | None = key("chance each time", None)


@dataclass(slots=True, kw_only=True)
class Refer(Block):
    """A referral: recorded where it is made; the visit follows after the wait."""

    to: str = key("the care that the patient is sent to")
    wait: Expr | None = key("from the referral to the visit, e.g. `2..12 weeks`; at once if absent", None)
    if_: Expr | None = key("only if this holds", None, name="if")
    probability: Value | None = key("chance each time", None)
    attends: Value | None = key("chance that the patient comes; 100% if absent", None)
