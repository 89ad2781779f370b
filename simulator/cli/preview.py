"""`simulator preview FILE`: a small run shown, on the terminal and as a page."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli import console
from simulator.cli.console import thousands

if TYPE_CHECKING:
    from simulator.authoring.preview import Preview
    from simulator.authoring.preview.disease import DiseaseFigures, Series
    from simulator.authoring.preview.intervals import Estimate

BLOCKS = "▁▂▃▄▅▆▇█"
PYRAMID_WIDTH = 24
MOST_TREATMENTS = 8
TITLE = 34  #: letters of a title on the terminal
WIDE = 100  #: columns from which nothing is drawn together
NARROW = 12  #: blocks of a line of blocks on narrower terminals
STYLES = {"pass": "green", "fail": "red", "too few": "yellow"}
#: observed years, or people, without which a band of age shows a gap
ENOUGH = 20.0


def main(args: argparse.Namespace) -> int:
    from simulator import api
    from simulator.cli.run import progress_bar

    with progress_bar(args.file) as told:
        preview = api.preview(
            args.file,
            out=args.out,
            size=args.size,
            seed=args.seed,
            workers=args.workers,
            set=args.set,
            arm=args.arm,
            force=args.force,
            progress=told,
        )
    if args.json:
        console.print_json(plain(preview))
        return 0
    out = console.stdout()
    show(preview, out)
    if args.out is not None:
        size = console.size(Path(args.out).stat().st_size)
        out.print(f"wrote [bold]{escape(args.out)}[/bold] · {size}", soft_wrap=True)
    else:
        name = f"{Path(args.file).stem}-preview.html"
        out.print("[dim]the whole preview, as a page for a browser:[/dim]")
        command = f"{console.program()} preview {shlex.quote(args.file)} --out {shlex.quote(name)}"
        out.print(f"  {escape(command)}", soft_wrap=True)
    return 0


# --- for people ----------------------------------------------------------------------------


def show(preview: Preview, out: Console) -> None:
    """Print the short form."""
    from simulator.authoring.preview.figure import brief

    population, visits = preview.population, brief(preview.care.total.value)
    out.print(f"[bold]{escape(preview.title)}[/bold] · preview · seed {preview.seed}")
    out.print(
        f"{thousands(population.people)} patients · {thousands(population.person_years)} person-years · "
        f"{thousands(population.deaths)} deaths · {visits} encounters per person-year"
    )
    out.print()
    _show_findings(preview, out)
    _show_outcomes(preview, out)
    _show_pyramid(preview, out)
    _show_diseases(preview, out)
    _show_treatments(preview, out)
    _show_care(preview, out)
    _show_causes(preview, out)


def _show_findings(preview: Preview, out: Console) -> None:
    if preview.findings:
        n = len(preview.findings)
        out.print(f"[bold]Findings[/bold]  [dim]{n}; more: simulator check[/dim]")
        for finding in preview.findings:
            place = f"{Path(finding.span.file).name}:{finding.span.line}"
            out.print(f"[yellow]{finding.code}[/yellow] {escape(finding.message)} [dim]{escape(place)}[/dim]")
        out.print()


def _show_outcomes(preview: Preview, out: Console) -> None:
    from simulator.authoring.preview.page import outcome_words

    if not preview.outcomes:
        return
    out.print("[bold]Targets and expectations[/bold]")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("")
    table.add_column("", no_wrap=True, min_width=8)
    table.add_column("", overflow="fold")
    for o in preview.outcomes:
        style = STYLES[o.verdict]
        here, expected = outcome_words(o)
        words = f"{escape(o.statement)}: {escape(here)}, [dim]expected {escape(expected)}[/dim]"
        table.add_row("", f"[{style}]{o.verdict}[/{style}]", words)
    out.print(table)
    out.print()


def _show_pyramid(preview: Preview, out: Console) -> None:
    last = preview.population.last
    # pairs of five-year bands, to be short
    rows: list[tuple[int, str, int, int]] = []
    for band, male, female in zip(last.bands, last.male, last.female, strict=True):
        low = band.low // 10 * 10
        label = f"{low}+" if band.high is None else f"{low}–{low + 9}"
        if rows and rows[-1][0] == low:
            _, label, m, f = rows.pop()
            male, female = male + m, female + f
        rows.append((low, label, male, female))
    most = max((n for row in rows for n in row[2:]), default=0)
    if not most:
        return
    out.print(f"[bold]Age and sex[/bold]  [dim]{thousands(last.people)} people alive on the last day[/dim]")
    for _, label, male, female in reversed(rows):
        left = bar(male, most, PYRAMID_WIDTH)
        right = bar(female, most, PYRAMID_WIDTH)
        out.print(
            f"  {male:>6,} [blue]{left:>{PYRAMID_WIDTH}}[/blue] {label:^7} [magenta]{right:<{PYRAMID_WIDTH}}"
            f"[/magenta] {female:,}"
        )
    out.print(f"  {'male':>{PYRAMID_WIDTH + 7}}  {'age':^5}  female", style="dim")
    out.print()


def bar(value: float, most: float, width: int) -> str:
    """A bar of at most `width` blocks; what is more than nothing is seen.

    >>> bar(5, 10, 4), bar(0, 10, 4), bar(0.01, 10, 4)
    ('██', '', '█')
    """
    return "█" * max(round(value / most * width), int(value > 0)) if most > 0 else ""


def spark(values: Sequence[float], width: int = 60) -> str:
    """A line of blocks, as high as the values are against the largest; a gap where one is unknown.

    Of more values than `width`, neighbours are drawn together.

    >>> spark([0, 1, 2, math.nan, 8]), spark([0, 2, 7, 9, 3, 5], 3)
    ('▁▁▂ █', '▁█▄')
    """
    if len(values) > width:
        each = math.ceil(len(values) / width)
        groups = [values[i : i + each] for i in range(0, len(values), each)]
        known = [[v for v in group if not math.isnan(v)] for group in groups]
        values = [sum(group) / len(group) if group else math.nan for group in known]
    most = max((v for v in values if not math.isnan(v)), default=0.0)
    levels = len(BLOCKS) - 1
    return "".join(
        " " if math.isnan(v) else BLOCKS[int(v / most * levels)] if most > 0 else BLOCKS[0] for v in values
    )


def _spark_of(series: Series, out: Console) -> str:
    return spark([e.value if e.base >= ENOUGH else math.nan for _, e in series], 60 if wide(out) else NARROW)


def wide(out: Console) -> bool:
    """Whether there is room for every column as it is."""
    return out.width >= WIDE


def _show_diseases(preview: Preview, out: Console) -> None:
    from simulator.authoring.preview.figure import brief, duration_words
    from simulator.authoring.preview.population_plots import short

    def row(d: DiseaseFigures) -> tuple[str, ...]:
        delay = duration_words(d.undiagnosed.median) if d.undiagnosed is not None else ""
        alive = d.survival.at(10.0) if d.survival is not None else math.nan
        onsets = "at birth" if d.at_birth else brief(d.incidence.value * 1e3)
        return (
            short(d.title, TITLE if wide(out) else 22), thousands(d.people),
            f"{brief(d.prevalence.value * 100)}%", _spark_of(d.prevalence_by_age, out), onsets, delay,
            "" if math.isnan(alive) else f"{alive:.0%}",
        )  # fmt: skip

    if not preview.diseases:
        return
    ages = preview.population.last.bands
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for name, right in (
        ("", False), ("people", True), ("share", True), ("share by age" if wide(out) else "by age", False),
        ("onsets", True), ("to diagnosis" if wide(out) else "delay", True), ("alive", True),
    ):  # fmt: skip
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for disease in (d for d in preview.diseases if d.people):
        table.add_row("", *(escape(cell) for cell in row(disease)))
    out.print("[bold]Diseases[/bold]")
    out.print(table)
    out.print(
        f"  share of observed time lived with it (ages {ages[0].label} to {ages[-1].label})\n"
        "  · onsets per 1,000 person-years · median time from onset to diagnosis\n"
        "  · alive 10 years after onset",
        style="dim",
    )
    nobody = [d.title for d in preview.diseases if not d.people]
    if nobody:
        out.print(f"  nobody had: {escape(', '.join(nobody))}", style="dim")
    out.print()


def _show_treatments(preview: Preview, out: Console) -> None:
    taken = sorted((t for t in preview.treatments if t.people), key=lambda t: -t.people)
    rows = [
        (t.title, thousands(t.people), _share(t.ever[-1][1]), _share(t.now[-1][1]), _spark_of(t.now, out))
        for t in taken[:MOST_TREATMENTS]
    ]
    if rows:
        year = taken[0].now[-1][0].label
        columns = ("treatment", "people", f"ever by {year}", f"on it in {year}", "on it, by year")
        console.show_table(out, "Treatments", columns, rows, right=columns[1:4])


def _share(estimate: Estimate) -> str:
    return "" if math.isnan(estimate.value) else f"{estimate.value:.1%}"


def _bar_width(out: Console) -> int:
    return 20 if wide(out) else 12


def _show_care(preview: Preview, out: Console) -> None:
    years = preview.population.person_years
    totals = {name: sum(e.events for _, e in series) for name, series in preview.care.by_class.items()}
    most = max(totals.values(), default=0.0)
    rows = [
        (
            name, thousands(n), f"{n / years:.2f}", bar(n, most, _bar_width(out)),
            _spark_of(preview.care.by_class[name], out),
        )
        for name, n in totals.items()
    ]  # fmt: skip
    if rows:
        columns = ("class", "encounters", "per person-year", "", "by age")
        console.show_table(out, "Encounters", columns, rows, right=columns[1:3])


def _show_causes(preview: Preview, out: Console) -> None:
    causes, deaths = preview.population.causes, preview.population.deaths
    if causes:
        rows = [
            (cause, thousands(n), f"{n / deaths:.1%}", bar(n, causes[0][1], _bar_width(out)))
            for cause, n in causes
        ]
        console.show_table(
            out, "Causes of death", ("cause", "deaths", "share", ""), rows, right=("deaths", "share")
        )


# --- for programs --------------------------------------------------------------------------


def plain(preview: Preview) -> dict[str, Any]:
    """The main numbers as JSON values."""
    from dataclasses import asdict

    population = preview.population
    return {
        "scenario": preview.scenario.id,
        "title": preview.title,
        "seed": preview.seed,
        "patients": population.people,
        "person_years": round(population.person_years, 3),
        "deaths": population.deaths,
        "causes_of_death": dict(population.causes),
        "findings": [{"code": f.code, "message": f.message, "place": str(f.span)} for f in preview.findings],
        "outcomes": [asdict(o) for o in preview.outcomes],
        "diseases": {d.name: _plain_disease(d) for d in preview.diseases},
        "treatments": {
            t.name: {"people": t.people, "now_by_year": _plain(t.now), "ever_by_year": _plain(t.ever)}
            for t in preview.treatments
        },
        "encounters_by_age": {name: _plain(series) for name, series in preview.care.by_class.items()},
        "lives": [life.subject for life in preview.lives],
    }


def _plain_disease(d: DiseaseFigures) -> dict[str, Any]:
    medians = {
        name: None if curve is None or math.isnan(curve.median) else curve.median
        for name, curve in (
            ("survival", d.survival),
            ("survival_from_diagnosis", d.survival_from_diagnosis),
            ("onset_to_diagnosis", d.undiagnosed),
            ("duration", d.ill),
        )
    }
    return {
        "people": d.people,
        "onsets": d.onsets,
        "deaths": d.deaths,
        "on_record": d.recorded,
        "prevalence": _number(d.prevalence),
        "incidence": _number(d.incidence),
        "prevalence_by_age": _plain(d.prevalence_by_age),
        "prevalence_by_year": _plain(d.prevalence_by_year),
        "incidence_by_age": _plain(d.incidence_by_age),
        "incidence_by_year": _plain(d.incidence_by_year),
        "median_years": medians,
    }


def _plain(series: Series) -> dict[str, Any]:
    return {band.label: _number(e) for band, e in series}


def _number(e: Estimate) -> dict[str, float | None]:
    known = {"value": e.value, "low": e.low, "high": e.high, "events": e.events, "base": e.base}
    return {name: None if math.isnan(x) else x for name, x in known.items()}
