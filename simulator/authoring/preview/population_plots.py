"""The figures of the population: age and sex, deaths, encounters, treatments."""

from __future__ import annotations

import math

from simulator.authoring.preview.bands import Band
from simulator.authoring.preview.chart import Chart, frame, nice_step, number, percent
from simulator.authoring.preview.figure import (
    ENOUGH,
    Figure,
    Mark,
    age_axis,
    age_ticks,
    draw_series,
    duration_words,
    rate_scale,
    span_of,
    year_axis,
    year_ticks,
)
from simulator.authoring.preview.population import CareFigures, PopulationFigures
from simulator.authoring.preview.treatment import TreatmentFigures

WIDTH, ROW, GAP = 380, 13, 44
LEAST_DEATH_RATE = 1e-5


def pyramid_plot(population: PopulationFigures) -> Figure:
    """Ages and sexes on the last day as bars, at the begin as outlines."""
    first, last = population.first, population.last
    bands = last.bands
    rows = len(bands)
    height = rows * ROW + 52
    most = max((*first.male, *first.female, *last.male, *last.female, 1))
    half = (WIDTH - GAP) / 2 - 14
    step = nice_step(most, 3)
    scale = half / (math.ceil(most / step) * step)
    left, right = WIDTH / 2 - GAP / 2, WIDTH / 2 + GAP / 2
    parts = []
    for k in range(math.ceil(most / step) + 1):
        offset = k * step * scale
        for x in (left - offset, right + offset):
            parts.append(f'<path class="grid" d="M{x:.1f} 18V{18 + rows * ROW}"/>')
            parts.append(_words(x, 33 + rows * ROW, number(k * step, step), "tick"))
    parts.append(_words(left - half / 2, 11, "male", "label"))
    parts.append(_words(right + half / 2, 11, "female", "label"))
    parts.append(_words(WIDTH / 2, height - 4, "people", "label"))
    for k, band in enumerate(bands):
        top = 18 + (rows - 1 - k) * ROW
        parts.append(_words(WIDTH / 2, top + ROW - 3, band.label, "tick"))
        for sex, counts, before, sign in (
            ("male", last.male, first.male, -1),
            ("female", last.female, first.female, 1),
        ):
            parts.append(
                _half(sex, counts[k] * scale, top, left if sign < 0 else right, sign, band, counts[k])
            )
            width = before[k] * scale
            x = left - width if sign < 0 else right
            parts.append(
                f'<rect class="outline" x="{x:.1f}" y="{top + 1:.1f}" '
                f'width="{width:.1f}" height="{ROW - 2}"/>'
            )
    caption = (
        f"People alive: n = {last.people:,} on the last day (bars), {first.people:,} on the first (outlines)."
    )
    marks = (
        Mark("male", "area", "male"),
        Mark("female", "area", "female"),
        Mark("outline", "box", "first day"),
    )
    svg = frame(WIDTH, height, "Age and sex pyramid", "".join(parts))
    return Figure("Age and sex", svg, caption, marks)


def _half(sex: str, width: float, top: float, middle: float, sign: int, band: Band, count: int) -> str:
    x = middle - width if sign < 0 else middle
    return (
        f'<rect class="bar {sex}" x="{x:.1f}" y="{top + 1:.1f}" width="{width:.1f}" height="{ROW - 2}">'
        f"<title>{sex} {band.label}: {count:,}</title></rect>"
    )


def _words(x: float, y: float, words: str, class_: str, anchor: str = "middle") -> str:
    return f'<text class="{class_}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def mortality_plot(population: PopulationFigures) -> Figure:
    """Deaths per person-year by age and sex, on a logarithmic scale."""
    shown = {sex: population.mortality[sex] for sex in ("male", "female")}
    values = [e.value * 1e3 for one in shown.values() for _, e in one if e.base >= ENOUGH and e.value > 0]
    title = "Mortality by age"
    if not values:
        return Figure(title, "", "Nobody died.")
    low = 10.0 ** math.floor(math.log10(min(values)))
    high = max(10.0 ** math.ceil(math.log10(max(values))), low * 10)
    bands = [band for band, _ in population.mortality["all"]]
    chart = Chart(
        "age (years)", "deaths per 1,000 person-years", age_axis(bands), (low, high),
        name=title, x_ticks=age_ticks(bands), log=True,
    )  # fmt: skip
    for sex, one in shown.items():
        # a scale of logarithms has no place for none
        some = tuple((b, e) for b, e in one if e.value > 0)
        draw_series(chart, some, sex, f"{sex}, age", 1e3)
    caption = (
        f"n = {population.deaths:,} deaths in {population.person_years:,.0f} person-years; bands without "
        "deaths are left out. Bars: 95 % intervals. Logarithmic scale."
    )
    return Figure(
        title, chart.svg(), caption, (Mark("male", "point", "male"), Mark("female", "point", "female"))
    )


def causes_plot(population: PopulationFigures, most: int = 12) -> Figure:
    """Deaths by cause as bars."""
    title = "Causes of death"
    if not population.causes:
        return Figure(title, "", "Nobody died.")
    rows = list(population.causes[:most])
    rest = sum(n for _, n in population.causes[most:])
    if rest:
        rows.append((f"{len(population.causes) - most} more causes", rest))
    height = len(rows) * 34 + 8
    scale = (WIDTH - 96) / max(n for _, n in rows)
    parts = []
    for k, (cause, n) in enumerate(rows):
        top = 6 + k * 34
        parts.append(_words(4, top + 9, _escaped(short(cause, 58)), "name", "start"))
        parts.append(
            f'<rect class="bar truth" x="4" y="{top + 14}" width="{max(n * scale, 1):.1f}" height="11"/>'
        )
        words = f"{n:,} ({n / population.deaths:.1%})".replace("%", " %")
        parts.append(_words(10 + max(n * scale, 1), top + 23, words, "tick", "start"))
    svg = frame(WIDTH, height, title, "".join(parts))
    rate = population.death_rate
    caption = (
        f"n = {population.deaths:,} deaths, {rate.value * 1e3:.1f} "
        f"({rate.low * 1e3:.1f}–{rate.high * 1e3:.1f}) per 1,000 person-years."
    )
    return Figure(title, svg, caption)


def short(words: str, most: int) -> str:
    """Words cut to a length, with an ellipsis."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def care_plots(care: CareFigures) -> list[Figure]:
    """Encounters per person-year by age, a figure for each class."""
    figures = []
    for name, series in care.by_class.items():
        bands = [band for band, _ in series]
        top = span_of([series])
        factor, unit = rate_scale([top])
        title = f"{name.capitalize()}"
        chart = Chart(
            "age (years)", f"encounters {unit}", age_axis(bands), (0.0, top * factor),
            name=f"{title} encounters by age", x_ticks=age_ticks(bands),
        )  # fmt: skip
        for band, e in series:
            if e.base < ENOUGH:
                continue
            high = band.high if band.high is not None else band.low + 5
            told = f"age {band.label}: {e.value * factor:.3g} {unit}, n = {e.events:,.0f}"
            chart.bar(band.low + 0.4, high - 0.4, 0.0, e.value * factor, name, told)
        n = sum(e.events for _, e in series)
        years = sum(e.base for _, e in series)
        caption = f"n = {n:,.0f} encounters in {years:,.0f} person-years."
        figures.append(Figure(title, chart.svg(), caption))
    return figures


def treatment_plots(treatments: tuple[TreatmentFigures, ...]) -> list[Figure]:
    """Shares of people who take, and who ever took, a treatment, by year; none for what nobody took."""
    figures = []
    for t in treatments:
        if not t.people:
            continue
        bands = [band for band, _ in t.now]
        top = span_of([t.now, t.ever], 1.0)
        chart = Chart(
            "calendar year", "share of people", year_axis(bands), (0.0, top), name=f"{t.title} by year",
            x_ticks=year_ticks(bands), y_format=percent,
        )  # fmt: skip
        draw_series(chart, t.ever, "known", "ever, %", aside=1.6)
        draw_series(chart, t.now, "truth", "now, %", aside=-1.6)
        course = f" Half of the courses last {duration_words(t.taken.median)}." if t.taken is not None else ""
        if t.taken is not None and math.isnan(t.taken.median):
            course = " More than half of the courses go on as long as they are observed."
        caption = (
            f"Of those alive on 1 July; n = {t.people:,} ever took it, {t.starts:,} starts and {t.stops:,} "
            f"stops under observation.{course}"
        )
        marks = (Mark("truth", "point", "on it now"), Mark("known", "point", "ever on it"))
        figures.append(Figure(t.title, chart.svg(), caption, marks))
    return figures
