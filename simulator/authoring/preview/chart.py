"""A small chart in SVG: axes, lines, bands, areas, bars. Colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

import numpy as np
import numpy.typing as npt

Numbers = Sequence[float] | npt.NDArray[np.float64]
Format = Callable[[float], str]

WIDTH, HEIGHT = 380, 230
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 10, 40
TICKS = 5
LETTER = 6.0  #: width of a letter of a tick label


def nice_step(span: float, ticks: int = TICKS) -> float:
    """A step of 1, 2, 2.5 or 5 times a power of ten that divides `span` into about `ticks` parts.

    >>> nice_step(1.0), nice_step(87.0), nice_step(0.013)
    (0.2, 20.0, 0.0025)
    """
    if not span > 0:
        return 1.0
    raw = span / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    return float(next(m * power for m in (1, 2, 2.5, 5, 10) if raw <= m * power * 1.0000001))


def number(value: float, step: float) -> str:
    """A tick's label, with the decimals that its step needs.

    >>> number(0.30000000004, 0.1), number(12000.0, 2000.0), number(0.0025, 0.0025)
    ('0.3', '12,000', '0.0025')
    """
    decimals = 0
    while decimals < 8 and abs(round(step, decimals) - step) > 1e-9 * max(step, 1e-9):
        decimals += 1
    return f"{value:,.{decimals}f}"


def percent(value: float, step: float) -> str:
    """A share as a percentage.

    >>> percent(0.05, 0.05), percent(0.0025, 0.0025)
    ('5 %', '0.25 %')
    """
    return f"{number(value * 100, step * 100)} %"


class Chart:
    """Axes from (x0, 0 or y0) to (x1, y1), and what is drawn between them.

    Args:
        x, y: what the axes show, with units.
        x_span, y_span: lowest and highest.
        name: what is seen, for people who cannot.
        x_ticks: place and label of each tick; by itself if None.
        y_format: of tick labels: `number` or `percent`.
        log: a logarithmic y axis.
    """

    def __init__(
        self,
        x: str,
        y: str,
        x_span: tuple[float, float],
        y_span: tuple[float, float],
        *,
        name: str,
        x_ticks: Sequence[tuple[float, str]] | None = None,
        y_format: Callable[[float, float], str] = number,
        log: bool = False,
        left: float = LEFT,
        height: float = HEIGHT,
        width: float = WIDTH,
        bottom: float = BOTTOM,
    ) -> None:
        self.x0, self.x1 = x_span if x_span[1] > x_span[0] else (x_span[0], x_span[0] + 1)
        self.y0, self.y1 = y_span if y_span[1] > y_span[0] else (y_span[0], y_span[0] + 1)
        self.log, self.left, self.height, self.width, self.bottom = log, left, height, width, bottom
        self._name = name
        self._parts: list[str] = []
        self._frame(x, y, x_ticks, y_format)

    # --- where things are -------------------------------------------------------------

    def px(self, x: float) -> float:
        return self.left + (x - self.x0) / (self.x1 - self.x0) * (self.width - self.left - RIGHT)

    def py(self, y: float) -> float:
        y = min(max(y, self.y0), self.y1)
        if self.log:
            part = math.log(y / self.y0) / math.log(self.y1 / self.y0)
        else:
            part = (y - self.y0) / (self.y1 - self.y0)
        return self.height - self.bottom - part * (self.height - self.bottom - TOP)

    def _path(self, xs: Numbers, ys: Numbers) -> str:
        """A polyline, broken where a value is NaN."""
        parts, pen = [], "M"
        for x, y in zip(xs, ys, strict=True):
            if math.isnan(y):
                pen = "M"
                continue
            parts.append(f"{pen}{self.px(x):.1f} {self.py(y):.1f}")
            pen = "L"
        return "".join(parts)

    # --- axes ---------------------------------------------------------------------------

    def _frame(
        self,
        x: str,
        y: str,
        x_ticks: Sequence[tuple[float, str]] | None,
        y_format: Callable[[float, float], str],
    ) -> None:
        base, right = self.height - self.bottom, self.width - RIGHT
        ticks = self._y_ticks(y_format)
        # long labels push the axis to the right
        self.left = max(self.left, 28 + LETTER * max((len(label) for _, label in ticks), default=0))
        for value, label in ticks:
            at = self.py(value)
            self.add(f'<path class="grid" d="M{self.left:.1f} {at:.1f}H{right}"/>')
            self.text(self.left - 6, at + 3.5, label, "tick", "end")
        if x_ticks is None:
            step = max(nice_step(self.x1 - self.x0, 7), 1.0 if self.x1 - self.x0 > 5 else 0.0)
            first = math.ceil(self.x0 / step - 1e-9)
            last = math.floor(self.x1 / step + 1e-9)
            # calendar years stand without a comma
            plain = self.x0 > 1000
            x_ticks = [
                (k * step, f"{k * step:.0f}" if plain else number(k * step, step))
                for k in range(first, last + 1)
            ]
        for value, label in x_ticks:
            at = self.px(value)
            self.add(f'<path class="tickmark" d="M{at:.1f} {base}v4"/>')
            self.text(at, base + 15, label, "tick", "middle")
        self.add(f'<path class="axis" d="M{self.left:.1f} {base}H{right}"/>')
        self.text((self.left + right) / 2, self.height - 6, x, "label", "middle")
        middle = (TOP + base) / 2
        self.add(
            f'<text class="label" text-anchor="middle" transform="translate(11 {middle:.1f}) rotate(-90)">'
            f"{escape(y)}</text>"
        )

    def _y_ticks(self, y_format: Callable[[float, float], str]) -> list[tuple[float, str]]:
        if self.log:
            low, high = math.ceil(math.log10(self.y0) - 1e-9), math.floor(math.log10(self.y1) + 1e-9)
            return [(10.0**k, y_format(10.0**k, 10.0**k)) for k in range(low, high + 1)]
        step = nice_step(self.y1 - self.y0)
        first, last = math.ceil(self.y0 / step - 1e-9), math.floor(self.y1 / step + 1e-9)
        return [(k * step, y_format(k * step, step)) for k in range(first, last + 1)]

    # --- what is drawn --------------------------------------------------------------------

    def add(self, piece: str) -> None:
        """A piece of SVG, on top of what is there."""
        self._parts.append(piece)

    def text(self, x: float, y: float, words: str, class_: str, anchor: str = "start") -> None:
        self.add(
            f'<text class="{class_}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def line(self, xs: Numbers, ys: Numbers, class_: str) -> None:
        path = self._path(xs, ys)
        if path:
            self.add(f'<path class="line {class_}" d="{path}"/>')

    def band(self, xs: Numbers, lows: Numbers, highs: Numbers, class_: str, kind: str = "band") -> None:
        """The area between two lines, in pieces where a value is NaN."""
        x, low, high = (np.asarray(a, dtype=np.float64) for a in (xs, lows, highs))
        known = ~(np.isnan(low) | np.isnan(high))
        edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            there = self._path(x[a:b], high[a:b])
            back = self._path(x[a:b][::-1], low[a:b][::-1])
            self.add(f'<path class="{kind} {class_}" d="{there}L{back[1:]}Z"/>')

    def steps(self, xs: Numbers, ys: Numbers, end: float, class_: str) -> None:
        """A step function that keeps each value until the next x, the last until `end`."""
        px, py = _stairs(xs, ys, end)
        self.line(px, py, class_)

    def step_band(self, xs: Numbers, lows: Numbers, highs: Numbers, end: float, class_: str) -> None:
        px, low = _stairs(xs, lows, end)
        _, high = _stairs(xs, highs, end)
        self.band(px, low, high, class_)

    def point(
        self, x: float, y: float, low: float, high: float, class_: str, told: str, aside: float = 0.0
    ) -> None:
        """A point with its interval, moved `aside` pixels; `told` is shown where a pointer rests on it."""
        if math.isnan(y):
            return
        at = self.px(x) + aside
        self.add(
            f'<g class="point {class_}"><title>{escape(told)}</title>'
            f'<path class="whisker" d="M{at:.1f} {self.py(low):.1f}V{self.py(high):.1f}"/>'
            f'<circle cx="{at:.1f}" cy="{self.py(y):.1f}" r="3"/></g>'
        )

    def bar(self, x0: float, x1: float, y0: float, y1: float, class_: str, told: str = "") -> None:
        """A rectangle in the axes' units."""
        left, right = sorted((self.px(x0), self.px(x1)))
        top, bottom = sorted((self.py(y0), self.py(y1)))
        title = f"<title>{escape(told)}</title>" if told else ""
        self.add(
            f'<rect class="bar {class_}" x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 0.5):.1f}" '
            f'height="{max(bottom - top, 0.5):.1f}">{title}</rect>'
        )

    def svg(self) -> str:
        return frame(self.width, self.height, self._name, "".join(self._parts))


def frame(width: float, height: float, name: str, inside: str) -> str:
    """An SVG element with a name for people who cannot see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(name)}" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def _stairs(xs: Numbers, ys: Numbers, end: float) -> tuple[list[float], list[float]]:
    px: list[float] = []
    py: list[float] = []
    for k in range(len(xs)):
        following = float(xs[k + 1]) if k + 1 < len(xs) else max(end, float(xs[k]))
        px += [float(xs[k]), following]
        py += [float(ys[k]), float(ys[k])]
    return px, py
