"""A figure of the page: drawing, title, legend, caption; and what all figures have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.authoring.preview.bands import Band
from simulator.authoring.preview.chart import Chart
from simulator.authoring.preview.disease import Series
from simulator.authoring.preview.intervals import Estimate
from simulator.authoring.targets import Outcome

#: where on an axis an outcome belongs, if it does
Where = Callable[[Outcome], "tuple[float, float] | None"]

#: a series stands in a figure only where it rests on so many people, or person-years
ENOUGH = 20.0
#: years below which a time axis is in days, and in months
IN_DAYS, IN_MONTHS = 0.35, 2.5
DAYS, MONTHS = 365.2425, 12.0


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry of a legend: the class of its swatch, its shape (area, line, point, box) and its words."""

    class_: str
    shape: str
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing and its words; `svg` is empty where nothing can be drawn, and `caption` says why."""

    title: str
    svg: str
    caption: str
    legend: tuple[Mark, ...] = ()
    wide: bool = False


def state_class(states: Sequence[str], state: str | None) -> str:
    """The colour of a disease's state, the same wherever it is drawn."""
    if state is None or state not in states:
        return "s0"
    return f"s{states.index(state) % 9 + 1}"


def rate_scale(values: Sequence[float]) -> tuple[float, str]:
    """A unit in which rates per person-year are easy to read: factor, and words."""
    most = max((v for v in values if not math.isnan(v)), default=0.0)
    if most >= 0.5:
        return 1.0, "per person-year"
    if most >= 0.0005:
        return 1e3, "per 1,000 person-years"
    return 1e5, "per 100,000 person-years"


def rate_words(estimate: Estimate, *, brief_unit: bool = False) -> str:
    """A rate with its interval: ``4.9 (4.1–5.9) per 1,000 person-years``; `brief_unit`: ``per 1,000 py``."""
    if math.isnan(estimate.value):
        return "–"
    factor, unit = rate_scale([estimate.value if estimate.value > 0 else estimate.high])
    low, value, high = (brief(x * factor) for x in (estimate.low, estimate.value, estimate.high))
    unit = unit.replace("person-years", "py").replace("person-year", "py") if brief_unit else unit
    return f"{value} ({low}–{high}) {unit}"


def share_words(estimate: Estimate) -> str:
    """A share with its interval: ``11.8 % (10.4–13.3)``."""
    if math.isnan(estimate.value):
        return "–"
    low, value, high = (brief(x * 100) for x in (estimate.low, estimate.value, estimate.high))
    return f"{value} % ({low}–{high})"


def brief(value: float) -> str:
    """A number in two or three digits.

    >>> brief(0.00123), brief(4.894), brief(48.3), brief(1234.5), brief(0.0)
    ('0.0012', '4.9', '48.3', '1,234', '0')
    """
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:.1f}".removesuffix(".0") if size < 10 else f"{value:.1f}"
    return f"{value:.2g}" if size >= 1e-4 else f"{value:.1e}"


def duration_words(years: float) -> str:
    """A length of time: ``4 days``, ``7 months``, ``3.5 years``."""
    if math.isnan(years):
        return "not reached"
    if years < 1 / 365.2425:
        return f"{brief(years * DAYS * 24)} hours"
    if years < 60 / 365.2425:
        return f"{brief(years * DAYS)} days"
    if years < 2:
        return f"{brief(years * MONTHS)} months"
    return f"{brief(years)} years"


def span_of(series: Sequence[Series], top: float = math.inf, expected: Sequence[float] = ()) -> float:
    """The top of an axis that shows these estimates: intervals that reach very far are cut."""
    values, highs = [0.0], [0.0]
    for one in series:
        for _, e in one:
            if e.base >= ENOUGH and not math.isnan(e.value):
                values.append(e.value)
                highs.append(e.high)
    most = max(values)
    room = min(max(highs), most * 1.7) if most > 0 else sorted(highs)[len(highs) // 2]
    return min(
        max(room, *(x * 1.1 for x in expected), 1e-9) * 1.06 if expected else max(room, 1e-9) * 1.06, top
    )


def draw_series(
    chart: Chart, series: Series, class_: str, told: str, factor: float = 1.0, aside: float = 0.0
) -> None:
    """Points with intervals, joined by a thin line; bands that rest on too little are left out."""
    shown = [(band, e) for band, e in series if e.base >= ENOUGH and not math.isnan(e.value)]
    xs = [band.middle for band, _ in shown]
    chart.line(xs, [e.value * factor for _, e in shown], f"thin {class_}")
    for band, e in shown:
        words = share_words(e) if told.endswith("%") else rate_words(e)
        base = (
            f"n = {e.base:,.0f}" if told.endswith("%") else f"{e.events:,.0f} in {e.base:,.0f} person-years"
        )
        chart.point(
            band.middle, e.value * factor, e.low * factor, e.high * factor, class_,
            f"{told.removesuffix('%').strip()} {band.label}: {words}, {base}", aside,
        )  # fmt: skip


def age_axis(bands: Sequence[Band]) -> tuple[float, float]:
    """From the first age to the last."""
    last = bands[-1]
    return float(bands[0].low), float(last.high if last.high is not None else last.low + 5)


def age_ticks(bands: Sequence[Band]) -> list[tuple[float, str]]:
    """A tick every ten years of age (every five where few are shown); the open end as ``90+``."""
    low, high = age_axis(bands)
    step = 10 if high - low > 40 else 5
    ticks = [(float(a), str(a)) for a in range(int(math.ceil(low / step) * step), int(high) + 1, step)]
    if bands[-1].high is None:
        ticks = [(a, label) for a, label in ticks if a < bands[-1].low]
        ticks.append((bands[-1].middle, bands[-1].label))
    return ticks


def year_axis(bands: Sequence[Band]) -> tuple[float, float]:
    """From the begin of the first calendar year to the end of the last."""
    return float(bands[0].low), float(bands[-1].low + 1)


def year_ticks(bands: Sequence[Band]) -> list[tuple[float, str]]:
    """A tick in the middle of some of the years."""
    every = max(1, math.ceil(len(bands) / 8))
    if every in (3, 4):
        every = 5
    return [(b.middle, b.label) for b in bands if b.low % every == 0] or [(bands[0].middle, bands[0].label)]


def time_scale(end: float) -> tuple[float, str]:
    """A unit in which a span of years is easy to read: factor, and name."""
    if end < IN_DAYS:
        return DAYS, "days"
    if end < IN_MONTHS:
        return MONTHS, "months"
    return 1.0, "years"


def bounds(outcome: Outcome, floor: float, ceiling: float) -> tuple[float, float]:
    """The expected interval, closed where it is open."""
    low, high = outcome.expected
    return (floor if low is None else low), (ceiling if high is None else high)


def verdict_class(outcome: Outcome) -> str:
    """The colour of a verdict."""
    return {"pass": "passed", "fail": "failed"}.get(outcome.verdict, "unsure")


def draw_expected(
    chart: Chart, outcomes: Sequence[Outcome], x_of: Where, factor: float = 1.0, top: float = math.inf
) -> tuple[Mark, ...]:
    """A box for each expectation, over the ages or years it is for; returns entries for the legend.

    Args:
        x_of: function from an outcome to the span of x, or None if it does not belong here.
    """
    drawn = []
    for outcome in outcomes:
        span = x_of(outcome)
        if span is None:
            continue
        low, high = bounds(outcome, chart.y0 / factor, min(chart.y1 / factor, top))
        told = f"{outcome.statement}: {outcome.verdict}"
        x0, x1 = max(span[0], chart.x0), min(span[1], chart.x1)
        chart.bar(x0, x1, low * factor, high * factor, f"expected {verdict_class(outcome)}", told)
        if outcome.published is not None:
            at = outcome.published * factor
            chart.add(
                f'<path class="published {verdict_class(outcome)}" '
                f'd="M{chart.px(x0):.1f} {chart.py(at):.1f}H{chart.px(x1):.1f}"/>'
            )
        drawn.append(outcome.verdict)
    words = {"pass": "expected: passes", "fail": "expected: fails", "too few": "expected: too few to tell"}
    return tuple(
        Mark({"pass": "passed", "fail": "failed"}.get(v, "unsure"), "box", words[v])
        for v in ("pass", "fail", "too few")
        if v in drawn
    )
