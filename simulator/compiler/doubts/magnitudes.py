"""Numbers of the wrong size: rates that mean centuries or minutes, times longer than a life, …

Where a number is a table, all its cells are looked at.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable

from simulator import units
from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import mean_of
from simulator.compiler.hazards import WrittenRate
from simulator.compiler.terms import Where
from simulator.scenario import syntax as s
from simulator.scenario.model import Block
from simulator.scenario.walk import walk

_SLOW_MEDIAN_YEARS = 300.0
_FAST_MEDIAN_MINUTES = 10.0
_LIFE_YEARS = 120.0
_DEADLY_PER_YEAR = 0.5

#: rates of leaving a state: those of a rare onset or event, or of dying of it, may be as slow as they like
_LEAVING = re.compile(r"\.(course|changes)\[\d+\]\.rate$")


def doubt(low: Lowering, levels: list[m.LevelSpec]) -> None:
    """Goes through all rates, times, means and dates of approval."""
    for rate in low.resolver.rates:
        _rate(low, rate)
    for drawn, expr, where in low.resolver.durations:
        years = (_typical(drawn) or 0.0) / units.MICROSECONDS["year"]
        if years > _LIFE_YEARS and not _is_parameter(expr):
            low.resolver.report(
                "W314", f"{years:,.0f} years are longer than a life", expr, where,
                remedy="check the unit; what never happens can be left out",
            )  # fmt: skip
    for level in levels:
        _mean(low, level)
    _approval(low, low.scenario.treatments.items())
    _approval(low, low.scenario.immunisations.items())


def _rate(low: Lowering, rate: WrittenRate) -> None:
    slowest, fastest = _extremes(rate)
    node = rate.value if isinstance(rate.value, s.Node) else None
    where = rate.where
    median = math.log(2.0) / fastest if 0.0 < fastest < math.inf else None
    if _LEAVING.search(where.path) and not _is_parameter(rate.value):
        if fastest == 0.0:
            low.resolver.report("W307", "with this rate it never happens", node, where)
        elif median is not None and median > _SLOW_MEDIAN_YEARS:
            low.resolver.report(
                "W302", f"this rate means a median of {median:,.0f} years", node, where,
                remedy="check the time unit and the decimal point",
            )  # fmt: skip
    minutes = (
        math.log(2.0) / slowest * units.MICROSECONDS["year"] / units.MICROSECONDS["minute"]
        if slowest
        else None
    )
    if minutes is not None and minutes < _FAST_MEDIAN_MINUTES:
        low.resolver.report(
            "W311", f"this rate means a median of {minutes:.2g} minutes", node, where,
            remedy="check the time unit and the decimal point",
        )  # fmt: skip
    elif where.path == "mortality.rate" and slowest > _DEADLY_PER_YEAR:
        share = -math.expm1(-slowest)
        low.resolver.report(
            "W313", f"with this rate {share:.0%} of people die in a year, at any age", node, where,
            remedy="check the time unit and the decimal point: is it a number of percent, or per 1000?",
        )  # fmt: skip


def _extremes(rate: WrittenRate) -> tuple[float, float]:
    """The lowest and the highest rate per year that it says, as far as that is known."""
    base = rate.base
    low, high = 1.0, 1.0
    if base.axis == "gompertz":
        low, high = 0.0, math.inf
    elif base.axis != "constant":
        cells = [each for row in base.rates for each in row]
        low, high = min(cells), max(cells)
    if isinstance(rate.factor, m.Const):
        return low * rate.factor.value, high * rate.factor.value
    if isinstance(rate.factor, m.Lookup):
        return low * min(rate.factor.values), high * max(rate.factor.values)
    return 0.0, math.inf


def _is_parameter(value: object) -> bool:
    return isinstance(value, s.Node) and any(node.parameter for node in walk(value))


def _typical(drawn: m.Distribution) -> float | None:
    """The shortest time, or the median or mean, in microseconds, if it is known."""
    values = [algebra.constant(p) for p in drawn.params]
    if drawn.kind in ("fixed", "uniform", "lognormal"):
        return values[0]
    return mean_of(drawn) if drawn.kind in ("normal", "exponential", "weibull", "gamma") else None


def _mean(low: Lowering, level: m.LevelSpec) -> None:
    """A table of means with cells outside the plausible bounds."""
    if not isinstance(level.mean, m.Lookup):
        return
    outside = [value for value in level.mean.values if not level.low <= value <= level.high]
    if outside:
        model = low.scenario.measurements[level.name].value
        low.resolver.report(
            "W310", f"the mean {outside[0]:g} lies outside the plausible {level.low:g}..{level.high:g}",
            None, Where.key(model, "mean"),
        )  # fmt: skip


def _approval(low: Lowering, blocks: Iterable[tuple[str, Block]]) -> None:
    population = low.scenario.population
    if population is None:
        return
    for name, block in blocks:
        available: dt.date | None = getattr(block, "available", None)
        if available is not None and available >= population.to:
            low.resolver.report(
                "W304", f"{name} is approved on {available}, after the period has ended", None,
                Where.key(block, "available"), remedy="nobody will get it; let the period end later",
            )  # fmt: skip
