"""The figures of one disease."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from simulator.authoring.preview.bands import Band
from simulator.authoring.preview.chart import BOTTOM, HEIGHT, Chart, nice_step, number, percent
from simulator.authoring.preview.disease import DiseaseFigures, Occupancy, Series
from simulator.authoring.preview.figure import (
    Figure,
    Mark,
    Where,
    age_axis,
    age_ticks,
    bounds,
    draw_expected,
    draw_series,
    duration_words,
    rate_scale,
    span_of,
    state_class,
    time_scale,
    verdict_class,
    year_axis,
    year_ticks,
)
from simulator.authoring.preview.intervals import Curve
from simulator.authoring.targets import Outcome

TRUE, KNOWN = "truth", "known"


def disease_plots(disease: DiseaseFigures, outcomes: Sequence[Outcome]) -> list[Figure]:
    """Prevalence, incidence, states, and curves, with what the author expects drawn in."""
    figures = [
        _prevalence(disease, disease.prevalence_by_age, disease.known_by_age, outcomes, by="age"),
        _prevalence(disease, disease.prevalence_by_year, disease.known_by_year, outcomes, by="year"),
    ]
    if not disease.at_birth:
        figures += [
            _incidence(disease, disease.incidence_by_age, outcomes, by="age"),
            _incidence(disease, disease.incidence_by_year, outcomes, by="year"),
        ]
    # of what passes within a year and has one state, states say what prevalence says already
    if not (disease.passing and len(disease.states) == 1):
        figures += [
            _occupancy(disease, disease.by_age, by="age"),
            _occupancy(disease, disease.by_year, by="year"),
        ]
    if disease.survival is not None:
        figures.append(_survival(disease, outcomes))
    if disease.undiagnosed is not None:
        figures.append(_to_diagnosis(disease, outcomes))
    if disease.ill is not None:
        figures.append(_recovery(disease))
    return figures


# --- how many ---------------------------------------------------------------------------


def concerns(outcome: Outcome, disease: str, kinds: Sequence[str], suffixes: Sequence[str]) -> bool:
    """Whether an outcome is of one of these kinds, about the disease itself or one of its events.

    One about some of the people only would be misread in a figure of all.
    """
    subject = " ".join(outcome.subject.split())
    if outcome.sex is not None or " among " in outcome.statement:
        return False
    return outcome.kind in kinds and subject in [f"{disease}{suffix}" for suffix in suffixes]


def _spans(by: str, bands: Sequence[Band]) -> Where:
    """Where on the axis an outcome belongs: those for ages on the age axis, all others on that of years."""
    low, high = age_axis(bands) if by == "age" else year_axis(bands)

    def span(outcome: Outcome) -> tuple[float, float] | None:
        if by == "age":
            if outcome.ages is None:
                return None
            return outcome.ages[0], high if outcome.ages[1] is None else outcome.ages[1]
        if outcome.ages is not None:
            return None
        first, last = outcome.years or (None, None)
        return (low if first is None else first), (high if last is None else last + 1)

    return span


def _tops(outcomes: Sequence[Outcome], span: Where) -> list[float]:
    found = []
    for outcome in outcomes:
        if span(outcome) is not None:
            found += [x for x in (*outcome.expected, outcome.published) if x is not None]
    return found


def _axes(by: str, series: Series) -> tuple[str, tuple[float, float], list[tuple[float, str]]]:
    bands = [band for band, _ in series]
    if by == "age":
        return "age (years)", age_axis(bands), age_ticks(bands)
    return "calendar year", year_axis(bands), year_ticks(bands)


def _prevalence(
    disease: DiseaseFigures, true: Series, known: Series, outcomes: Sequence[Outcome], *, by: str
) -> Figure:
    label, span, ticks = _axes(by, true)
    about = [o for o in outcomes if concerns(o, disease.name, ("prevalence",), ("", " diagnosed"))]
    where = _spans(by, [band for band, _ in true])
    top = span_of([true, known], 1.0, _tops(about, where))
    title = f"Prevalence by {'age' if by == 'age' else 'calendar year'}"
    chart = Chart(
        label, "share of people", span, (0.0, top), name=f"{disease.title}: {title}",
        x_ticks=ticks, y_format=percent,
    )  # fmt: skip
    legend = draw_expected(chart, about, where)
    aside = 1.6 if known else 0.0
    draw_series(chart, true, TRUE, f"true, {'age ' if by == 'age' else ''}%", aside=-aside)
    marks = [Mark(TRUE, "point", "truly has it")]
    if known:
        draw_series(chart, known, KNOWN, f"on record, {'age ' if by == 'age' else ''}%", aside=aside)
        marks.append(Mark(KNOWN, "point", "diagnosis on record"))
    if by == "age":
        caption = (
            f"Share of observed time lived with it; n = {disease.people:,} people had it under observation."
        )
    elif disease.passing:
        caption = "Share of each year's observed time lived with it."
    else:
        alive = max((int(e.base) for _, e in true), default=0)
        caption = f"Of those alive on 1 July; n = {alive:,} at most."
    return Figure(title, chart.svg(), f"{caption} Bars: 95 % intervals.", (*marks, *legend))


def _incidence(disease: DiseaseFigures, series: Series, outcomes: Sequence[Outcome], *, by: str) -> Figure:
    label, span, ticks = _axes(by, series)
    about = [o for o in outcomes if concerns(o, disease.name, ("incidence",), ("", ".onset"))]
    where = _spans(by, [band for band, _ in series])
    top = span_of([series], expected=_tops(about, where))
    factor, unit = rate_scale([top])
    title = f"Incidence by {'age' if by == 'age' else 'calendar year'}"
    chart = Chart(
        label, f"onsets {unit}", span, (0.0, top * factor), name=f"{disease.title}: {title}", x_ticks=ticks
    )
    legend = draw_expected(chart, about, where, factor)
    draw_series(chart, series, TRUE, "onsets, age" if by == "age" else "onsets,", factor)
    years = sum(e.base for _, e in series)
    caption = (
        f"True onsets among those free of it; n = {disease.onsets:,} in {years:,.0f} person-years. "
        "Bars: 95 % intervals."
    )
    return Figure(title, chart.svg(), caption, legend)


# --- states -------------------------------------------------------------------------------


def _occupancy(disease: DiseaseFigures, occupancy: Occupancy, *, by: str) -> Figure:
    title = f"States by {'age' if by == 'age' else 'calendar year'}"
    total = np.nansum(occupancy.shares, axis=0)
    known = ~np.isnan(occupancy.shares).all(axis=0)
    top = min(float(total.max()) * 1.05, 1.0) if total.max() > 0 else 0.01
    if by == "age":
        label, span = "age (years)", (float(occupancy.x[0] - 0.5), float(occupancy.x[-1] + 0.5))
        step = 10 if span[1] - span[0] > 40 else 5
        first = math.ceil(span[0] / step) * step
        ticks = [(float(a), str(a)) for a in range(first, int(span[1]) + 1, step)]
    else:
        label, span = "calendar year", (float(occupancy.x[0]), float(occupancy.x[-1]))
        step = max(1, round(nice_step(span[1] - span[0], 7)))
        ticks = [
            (float(y), str(y))
            for y in range(math.ceil(span[0] - 0.01), int(span[1] + 0.01) + 1)
            if y % step == 0
        ]
    chart = Chart(
        label, "share of people", span, (0.0, top), name=f"{disease.title}: {title}",
        x_ticks=ticks, y_format=percent,
    )  # fmt: skip
    base = np.where(known, 0.0, math.nan)
    marks = []
    for row, state in zip(occupancy.shares, occupancy.states, strict=True):
        class_ = state_class(disease.states, state)
        chart.band(occupancy.x, base, base + row, class_, "area")
        base = base + row
        marks.append(Mark(class_, "area", state))
    rest = "The rest of the living are without it. " if np.nanmax(total) < 0.999 else ""
    what = "Share of observed time at each year of age" if by == "age" else "Of those alive and observed"
    return Figure(title, chart.svg(), f"{what}; n = {occupancy.most:,} at most. {rest}".strip(), tuple(marks))


# --- curves -------------------------------------------------------------------------------


def _survival(disease: DiseaseFigures, outcomes: Sequence[Outcome]) -> Figure:
    curves = [
        (curve, class_, label)
        for curve, class_, label in (
            (disease.survival, TRUE, "from onset"),
            (disease.survival_from_diagnosis, KNOWN, "from diagnosis"),
        )
        if curve is not None
    ]
    about = [
        o
        for o in outcomes
        if o.kind == "median survival"
        and o.sex is None
        and " among " not in o.statement
        and disease.name in re.findall(r"[a-z_0-9]+", o.subject)
    ]
    end = max(curve.end for curve, _, _ in curves)
    chart, factor = _time_chart(disease, "Survival", "share alive", end, [(c, k) for c, k, _ in curves])
    expected = _expected_medians(chart, about, factor)
    marks = []
    for curve, class_, _ in curves:
        _draw_curve(chart, curve, class_, factor)
    words = []
    for curve, class_, label in curves:
        marks.append(Mark(class_, "line", label))
        late = f" given survival to {duration_words(float(curve.time[0]))}" if curve.time[0] > 0 else ""
        counts = f"n = {curve.subjects:,}, {curve.events:,} deaths"
        words.append(f"{label.capitalize()}{late}: {counts}, median {duration_words(curve.median)}")
    caption = f"Death of any cause (Kaplan–Meier, late entry). {'; '.join(words)}. Shaded: 95 % bands."
    return Figure("Survival", chart.svg(), caption, (*marks, *expected))


def _to_diagnosis(disease: DiseaseFigures, outcomes: Sequence[Outcome]) -> Figure:
    curve = disease.undiagnosed
    assert curve is not None
    about = [
        o
        for o in outcomes
        if o.kind == "median time"
        and f"{disease.name}.onset" in o.statement
        and f"{disease.name}.diagnosed" in o.statement
    ]
    title = "From onset to diagnosis"
    chart, factor = _time_chart(disease, title, "share diagnosed", curve.end, [(curve, TRUE)])
    marks = _expected_medians(chart, about, factor)
    _draw_curve(chart, curve, TRUE, factor, falling=False)
    unit = "episodes" if disease.resolves else "people"
    mistaken = ""
    if disease.mistaken:
        mistaken = f" Not counted: {disease.mistaken:,} recorded before it began."
    caption = (
        f"Censored at death{', recovery' if disease.resolves else ''} and the end of observation; "
        f"n = {curve.subjects:,} {unit}, "
        f"{curve.events:,} diagnosed, median {duration_words(curve.median)}.{mistaken} Shaded: 95 % band."
    )
    return Figure(title, chart.svg(), caption, marks)


def _recovery(disease: DiseaseFigures) -> Figure:
    curve = disease.ill
    assert curve is not None
    chart, factor = _time_chart(disease, "How long it lasts", "share still ill", curve.end, [(curve, TRUE)])
    _draw_curve(chart, curve, TRUE, factor)
    caption = (
        f"Time from onset until it is gone; n = {curve.subjects:,} episodes that began under observation, "
        f"{curve.events:,} ended so, median {duration_words(curve.median)}. Shaded: 95 % band."
    )
    return Figure("How long it lasts", chart.svg(), caption)


def _time_chart(
    disease: DiseaseFigures, title: str, y: str, end: float, curves: Sequence[tuple[Curve, str]]
) -> tuple[Chart, float]:
    """Axes of time since an origin, with the numbers at risk below."""
    factor, unit = time_scale(end)
    rows = len(curves)
    step = nice_step(end * factor, 6)
    ticks = [(k * step, number(k * step, step)) for k in range(int(end * factor / step + 1e-9) + 1)]
    chart = Chart(
        unit, y, (0.0, end * factor), (0.0, 1.0), name=f"{disease.title}: {title}", x_ticks=ticks,
        y_format=percent, height=HEIGHT + 13 * rows,
        bottom=BOTTOM + 13 * rows,
    )  # fmt: skip
    for k, (curve, class_) in enumerate(curves):
        y_at = chart.height - 21 - 13 * (rows - 1 - k) + 1
        chart.text(2, y_at, "at risk", f"tick {class_} ink")
        for x, _ in ticks:
            chart.text(chart.px(x), y_at, f"{curve.risk(x / factor):,}", f"tick {class_} ink", "middle")
    return chart, factor


def _draw_curve(chart: Chart, curve: Curve, class_: str, factor: float, *, falling: bool = True) -> None:
    xs = curve.time * factor
    value, low, high = curve.value, curve.low, curve.high
    if not falling:
        value, low, high = 1 - value, 1 - high, 1 - low
    end = curve.end * factor
    xs, value, low, high = _thinned(xs, value, low, high)
    chart.step_band(xs, low, high, end, class_)
    chart.steps(xs, value, end, class_)


def _thinned(
    xs: np.ndarray, value: np.ndarray, low: np.ndarray, high: np.ndarray, most: int = 300
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """At most so many steps: more than a drawing can show."""
    if len(xs) <= most:
        return xs, value, low, high
    grid = np.linspace(xs[0], xs[-1], most)
    kept = np.unique(np.searchsorted(xs, grid, side="right") - 1)
    return xs[kept], value[kept], low[kept], high[kept]


def _expected_medians(chart: Chart, outcomes: Sequence[Outcome], factor: float) -> tuple[Mark, ...]:
    """The times between which half must have had the event."""
    drawn: dict[str, Mark] = {}
    for outcome in outcomes:
        low, high = bounds(outcome, 0.0, chart.x1 / factor)
        class_ = verdict_class(outcome)
        told = f"{outcome.statement}: {outcome.verdict}"
        chart.bar(low * factor, min(high * factor, chart.x1), 0.47, 0.53, f"expected {class_}", told)
        drawn[class_] = Mark(class_, "box", "expected median")
    return tuple(drawn.values())
