"""A sample patient as lanes: what was true above what was recorded."""

from __future__ import annotations

import math
from html import escape

from simulator.authoring.preview.chart import frame, nice_step, number
from simulator.authoring.preview.figure import Figure, state_class
from simulator.authoring.preview.life import Lane, SampleLife, Trace
from simulator.authoring.preview.population_plots import short

WIDTH, LABELS, RIGHT, ROW = 920, 250, 14, 18
LETTER = 6.1  #: width of a letter in a bar
TRACE = 52


class _Drawing:
    """The lanes drawn so far, from the top down."""

    def __init__(self, life: SampleLife) -> None:
        self.life = life
        self.y = 8.0
        self.parts: list[str] = []
        self.end = max(life.exit, life.begin + 0.1)

    def px(self, age: float) -> float:
        part = (min(max(age, self.life.begin), self.end) - self.life.begin) / (self.end - self.life.begin)
        return LABELS + part * (WIDTH - LABELS - RIGHT)

    def text(self, x: float, y: float, words: str, class_: str, anchor: str = "start") -> None:
        self.parts.append(
            f'<text class="{class_}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def heading(self, words: str) -> None:
        self.text(4, self.y + 12, words, "heading")
        self.parts.append(f'<path class="axis" d="M{LABELS} {self.y + 16:.1f}H{WIDTH - RIGHT}"/>')
        self.y += ROW + 2

    def label(self, words: str) -> None:
        shown = short(words, 36)
        self.parts.append(
            f'<text class="name" x="{LABELS - 8}" y="{self.y + 12.5:.1f}" text-anchor="end">'
            f"<title>{escape(words)}</title>{escape(shown)}</text>"
        )

    def disease(self, lane: Lane) -> None:
        self.label(lane.title)
        for bar in lane.bars:
            if bar.stop <= self.life.begin:
                continue
            class_ = state_class(lane.states, bar.state)
            x0, x1 = self.px(bar.start), self.px(bar.stop)
            told = f"{lane.title}: {bar.state}, age {bar.start:.1f} to {bar.stop:.1f}"
            self._bar(x0, x1, class_, told)
            words = bar.state
            if bar.start < self.life.begin:
                words += f" (since age {bar.start:.0f})"
            if x1 - x0 < len(words) * LETTER + 8:
                words = bar.state
            if x1 - x0 >= len(words) * LETTER + 8:
                self.text(x0 + 5, self.y + 12, words, f"inside {class_}")
        self.y += ROW

    def treatment(self, lane: Lane) -> None:
        self.label(lane.title)
        for bar in lane.bars:
            told = f"{lane.title}: age {bar.start:.1f} to {bar.stop:.1f}"
            if bar.stop > self.life.begin:
                self._bar(self.px(bar.start), self.px(bar.stop), "taken", told)
        self.y += ROW

    def diagnosis(self, lane: Lane) -> None:
        self.label(lane.title)
        for age in lane.moments:
            if age < self.life.begin:
                continue
            x, y = self.px(age), self.y + ROW / 2
            told = f"{lane.title}: recorded at age {age:.1f}"
            self.parts.append(
                f'<path class="moment known" d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5Z">'
                f"<title>{escape(told)}</title></path>"
            )
        if lane.lasts:
            x, y = self.px(lane.moments[0]) + 5, self.y + ROW / 2
            if lane.moments[0] < self.life.begin:
                words = f"since age {lane.moments[0]:.0f}"
                self.text(LABELS + 5, self.y + 12.5, words, "tick")
                x = LABELS + 10 + len(words) * LETTER
            self.parts.append(f'<path class="since" d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}"/>')
        self.y += ROW

    def ticks(self, name: str, ages: tuple[float, ...]) -> None:
        self.label(f"{name} ({len(ages):,})")
        # what falls on one tenth of a unit looks the same
        places = sorted({round(self.px(a), 1) for a in ages})
        path = "".join(f"M{x:.1f} {self.y + 3:.1f}v{ROW - 6}" for x in places)
        self.parts.append(f'<path class="visits {name}" d="{path}"/>')
        self.y += ROW

    def trace(self, trace: Trace) -> None:
        self.y += 4
        unit = f", {trace.unit}" if trace.unit else ""
        self.label(f"{short(trace.title, 30)}{unit}")
        low, high = min(trace.values), max(trace.values)
        span = high - low or 1.0

        def at(value: float) -> float:
            return self.y + TRACE - 6 - (value - low) / span * (TRACE - 12)

        for value in (low, high):
            self.parts.append(f'<path class="grid" d="M{LABELS} {at(value):.1f}H{WIDTH - RIGHT}"/>')
        points = [(self.px(a), at(v)) for a, v in zip(trace.ages, trace.values, strict=True)]
        path = "".join(f"{'L' if k else 'M'}{x:.1f} {y:.1f}" for k, (x, y) in enumerate(points))
        self.parts.append(f'<path class="line thin known" d="{path}"/>')
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8"/>' for x, y in points)
        self.parts.append(f'<g class="dots known">{dots}</g>')
        self.text(LABELS - 8, self.y + 30, f"{low:g} to {high:g}", "tick", "end")
        self.y += TRACE

    def axis(self) -> None:
        base = self.y + 4
        begin, end = self.life.begin, self.end
        step = nice_step(end - begin, 8)
        self.parts.append(f'<path class="axis" d="M{LABELS} {base:.1f}H{WIDTH - RIGHT}"/>')
        self.text(LABELS - 8, base + 14, "age (years)", "tick", "end")
        for k in range(math.ceil(begin / step - 1e-9), int(end / step + 1e-9) + 1):
            x = self.px(k * step)
            self.parts.append(f'<path class="tickmark" d="M{x:.1f} {base:.1f}v4"/>')
            self.text(x, base + 14, number(k * step, step), "tick", "middle")
        first, last = self.life.year + begin, self.life.year + end
        every = max(1, round(nice_step(last - first, 8)))
        self.text(LABELS - 8, base + 28, "1 January", "tick", "end")
        for year in range(math.ceil(first), int(last) + 1):
            x = self.px(year - self.life.year)
            # what stands too far left would run into the words beside it
            if year % every == 0 and x > LABELS + 12:
                self.text(x, base + 28, str(year), "tick", "middle")
        self.y = base + 34

    def _bar(self, x0: float, x1: float, class_: str, told: str) -> None:
        self.parts.append(
            f'<rect class="bar {class_}" x="{x0:.1f}" y="{self.y + 2:.1f}" width="{max(x1 - x0, 1.5):.1f}" '
            f'height="{ROW - 4}"><title>{escape(told)}</title></rect>'
        )


def life_plot(life: SampleLife) -> Figure:
    """Truth, then record, on one axis of age; what lies before observation is shaded."""
    drawing = _Drawing(life)
    drawing.heading("WHAT WAS TRUE")
    for lane in life.truth:
        drawing.disease(lane)
    if not life.truth:
        drawing.text(LABELS + 4, drawing.y + 12, "no disease", "tick")
        drawing.y += ROW
    drawing.y += 6
    drawing.heading("WHAT WAS RECORDED")
    for lane in life.record:
        if lane.moments:
            drawing.diagnosis(lane)
        else:
            drawing.treatment(lane)
    for name, ages in life.encounters:
        drawing.ticks(name, ages)
    if life.trace is not None:
        drawing.trace(life.trace)
    bottom = drawing.y + 4
    drawing.axis()
    shade = ""
    if life.entry > life.begin:
        width = drawing.px(life.entry) - LABELS
        shade = f'<rect class="before" x="{LABELS}" y="4" width="{width:.1f}" height="{bottom - 4:.1f}"/>'
    name = f"Patient {life.subject}, truth above record"
    svg = frame(WIDTH, drawing.y, name, shade + "".join(drawing.parts))
    return Figure(_title(life), svg, _caption(life), wide=True)


def _title(life: SampleLife) -> str:
    born = int(life.year)
    fate = f"died aged {int(life.exit)}" if life.cause is not None else f"alive at {int(life.exit)}"
    return f"Patient {life.subject}: {life.sex}, born {born}, {fate}"


def _caption(life: SampleLife) -> str:
    plural = "es" if life.diagnoses != 1 else "is"
    words = [f"{life.diagnoses} distinct diagnos{plural} on record."]
    if life.cause is not None:
        words.append(f"Cause of death: {life.cause}.")
    if life.entry > life.begin:
        words.append("Shaded: before the recorded period.")
    if life.left_out:
        words.append(f"Not drawn: {', '.join(life.left_out)}.")
    return " ".join(words)
