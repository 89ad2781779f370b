"""Values of statistics as people write them: ``21.7 %``, ``8.7 per 1000 per year``, ``5 months``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.compiler.targets import PER_YEAR, SHARE, YEAR


@dataclass(frozen=True, slots=True)
class Scale:
    """How values of one statistic are shown: times `factor`, `decimals` places, then `suffix`."""

    factor: float
    decimals: int
    suffix: str

    @classmethod
    def of(cls, values: Iterable[float | None], unit: str) -> Scale:
        """A scale that suits all the values: the value, its interval (second and third), its bounds."""
        known = [None if v is None else abs(v) for v in values]
        largest = max((v for v in known if v is not None), default=0.0)
        factor, suffix = _choose(largest, unit)
        interval = [v for v in known[1:3] if v is not None]
        width = (max(interval) - min(interval)) * factor if len(interval) == 2 else 0.0
        width = width or largest * factor / 10
        decimals = 1 - math.floor(math.log10(width)) if width > 0 else 1
        return cls(factor, min(max(decimals, 0), 4), suffix)

    def number(self, value: float | None) -> str:
        """The value without what it counts; `?` if unknown."""
        return "?" if value is None else f"{value * self.factor:,.{self.decimals}f}"

    def bound(self, value: float) -> str:
        """A bound as its author would have written it."""
        return f"{float(f'{value * self.factor:.6g}'):,}".removesuffix(".0")

    def interval(self, value: float | None, low: float | None, high: float | None) -> str:
        """``21.7 (17.8 to 26.2) %``; `?` where unknown or open."""
        if value is None and low is None and high is None:
            return "unknown"
        return f"{self.number(value)} ({self.number(low)} to {self.number(high)}){self.suffix}"

    def bounds(self, low: float | None, high: float | None) -> str:
        """``18 to 24 %``, ``at least 90 %``."""
        if low is None or high is None:
            only = low if high is None else high
            word = "at least" if high is None else "at most"
            return "anything" if only is None else f"{word} {self.bound(only)}{self.suffix}"
        return f"{self.bound(low)} to {self.bound(high)}{self.suffix}"


def _choose(largest: float, unit: str) -> tuple[float, str]:
    if unit == SHARE:
        return (100.0, " %") if largest >= 0.001 else (1e5, " per 100,000")
    if unit == PER_YEAR:
        if largest >= 0.5:
            return 1.0, " per year"
        return (1e3, " per 1,000 per year") if largest >= 0.001 else (1e5, " per 100,000 per year")
    if unit == YEAR:
        if largest >= 2.0:
            return 1.0, " years"
        return (12.0, " months") if largest >= 2 / 12 else (365.2425, " days")
    return 1.0, "" if unit == "1" else f" {unit}"
