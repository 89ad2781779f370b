"""What the model must agree with: the author's expectations, and published numbers."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.block import Block, key
from simulator.scenario.statement import Amount, Bounds, Statement


@dataclass(slots=True, kw_only=True)
class Expectation(Block):
    """``prevalence of t2d at 60..69 years: 18%..24%``; `statement` is what stands before the colon."""

    within: Bounds = key("bounds: `18%..24%`, `at least 90%` or `at most 1 year`")
    source: str | None = key("why it is expected", None)
    statement: Statement | None = None


@dataclass(slots=True, kw_only=True)
class Target(Block):
    """A published number that the model must reproduce."""

    statistic: Statement = key("what was counted, e.g. `prevalence of t2d at 60..69 years in 2017..2019`")
    value: Amount = key("the published value, e.g. `21%`, `4.9 per 100_000 per year`, `6 months`")
    ci95: Bounds | None = key("its 95% confidence interval, e.g. `19%..23%`", None)
    tolerance: Amount | None = key(
        "how far the model may be from `value`: a share of it, e.g. `10%`, or in its own unit; used "
        "instead of `ci95`",
        None,
    )
    accept: Bounds | None = key("range in which the model must lie, if none of these says it", None)
    source: str = key("where the number was published")
