"""Recorded values of a measurement by state, as boxes."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from simulator.authoring.preview.chart import frame, nice_step, number
from simulator.authoring.preview.figure import Figure, state_class
from simulator.authoring.preview.measurement import FEWEST, Distribution, MeasurementFigures
from simulator.authoring.preview.population_plots import short
from simulator.scenario.model import Scenario

WIDTH, LABELS, ROW, TOP = 380, 150, 19, 8


def measurement_plot(scenario: Scenario, measurement: MeasurementFigures) -> Figure:
    """Box: middle half, with the median; line: 5th to 95th percentile."""
    rows = measurement.distributions
    total = rows[0].values
    if not total:
        return Figure(measurement.title, "", "Never recorded in this run.")
    known = [x for row in rows for x in row.percentiles]
    if not known:
        return Figure(measurement.title, "", f"Too few values to draw: n = {total}.")
    lines = _lines(scenario, rows)
    height = TOP + ROW * len(lines) + 40
    low, high = min(known), max(known)
    if high <= low:
        low, high = low - 1, high + 1
    room = (high - low) * 0.04
    low, high = low - room, high + room
    scale = (WIDTH - LABELS - 62) / (high - low)

    def place(value: float) -> float:
        return LABELS + (value - low) * scale

    base = TOP + ROW * len(lines)
    parts = []
    step = nice_step(high - low, 4)
    first, last = int(-(-low // step)), int(high // step)
    for k in range(first, last + 1):
        x = place(k * step)
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{base}"/>')
        parts.append(_text(x, base + 15, number(k * step, step), "tick", "middle"))
    unit = measurement.unit or "value"
    parts.append(_text((LABELS + WIDTH - 62) / 2, height - 6, unit, "label", "middle"))
    parts.append(_text(WIDTH - 4, base + 15, "n values", "tick", "end"))
    for k, (words, row, indent) in enumerate(lines):
        middle = TOP + ROW * k + ROW / 2
        class_ = "name" if indent else "name strong"
        most = 24 - 2 * bool(indent) if row is not None else 56
        parts.append(
            f'<text class="{class_}" x="{4 + 10 * indent}" y="{middle + 3.5:.1f}">'
            f"<title>{escape(words)}</title>{escape(short(words, most))}</text>"
        )
        if row is not None:
            colour = _colour(scenario, row)
            parts.append(_box(row, middle, place, colour))
            parts.append(_text(WIDTH - 4, middle + 3.5, f"{row.values:,}", "tick", "end"))
    svg = frame(WIDTH, height, f"{measurement.title} by state", "".join(parts))
    caption = f"Recorded values; n = {total:,} of {rows[0].people:,} people."
    return Figure(measurement.title, svg, caption)


def _lines(scenario: Scenario, rows: tuple[Distribution, ...]) -> list[tuple[str, Distribution | None, int]]:
    """What stands at the left of each row; a heading for each disease."""
    lines: list[tuple[str, Distribution | None, int]] = [("everyone", rows[0], 0)]
    heading = None
    for row in rows[1:]:
        if row.disease is None or row.values == 0:
            continue
        if row.disease != heading:
            heading = row.disease
            lines.append((scenario.diseases[row.disease].title or row.disease, None, 0))
        lines.append((row.state or "without it", row, 1))
    return lines


def _colour(scenario: Scenario, row: Distribution) -> str:
    if row.disease is None:
        return "s0"
    return state_class(tuple(dict.fromkeys(scenario.diseases[row.disease].states)), row.state)


def _box(row: Distribution, middle: float, place: Callable[[float], float], class_: str) -> str:
    if not row.percentiles:
        return _text(LABELS, middle + 3.5, f"fewer than {FEWEST} values", "tick", "start")
    p5, p25, p50, p75, p95 = (place(x) for x in row.percentiles)
    told = ", ".join(
        f"{name} {value:.4g}"
        for name, value in zip(("5 %", "25 %", "median", "75 %", "95 %"), row.percentiles, strict=True)
    )
    return (
        f'<g class="box {class_}"><title>{escape(row.label)}: {told}; n = {row.values:,}</title>'
        f'<path class="whisker" d="M{p5:.1f} {middle:.1f}H{p95:.1f}"/>'
        f'<rect x="{p25:.1f}" y="{middle - 5:.1f}" width="{max(p75 - p25, 1):.1f}" height="10"/>'
        f'<path class="median" d="M{p50:.1f} {middle - 6:.1f}v12"/></g>'
    )


def _text(x: float, y: float, words: str, class_: str, anchor: str) -> str:
    return f'<text class="{class_}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
