"""The preview as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from simulator.authoring.amounts import Scale
from simulator.authoring.graph_dark import dark_rules
from simulator.authoring.preview.disease import DiseaseFigures
from simulator.authoring.preview.disease_plots import disease_plots
from simulator.authoring.preview.figure import (
    Figure,
    Mark,
    brief,
    rate_words,
    share_words,
    verdict_class,
)
from simulator.authoring.preview.life_plot import life_plot
from simulator.authoring.preview.measurement_plots import measurement_plot
from simulator.authoring.preview.population_plots import (
    care_plots,
    causes_plot,
    mortality_plot,
    pyramid_plot,
    treatment_plots,
)
from simulator.authoring.preview.report import Preview
from simulator.authoring.targets import Outcome
from simulator.compiler.time_zones import local_time
from simulator.errors import Finding

MOST_KINDS = 15  #: kinds of encounter listed


def page_of(preview: Preview) -> str:
    """The whole page. The same preview gives the same text."""
    sections = [
        ("findings", "Findings", _findings(preview.findings)),
        ("targets", "Targets and expectations", _targets(preview.outcomes)),
        ("population", "Population", _population(preview)),
        ("diseases", "Diseases", _diseases(preview)),
        ("measurements", "Measurements", _measurements(preview)),
        ("treatments", "Treatments", _treatments(preview)),
        ("care", "Encounters", _care(preview)),
        ("lives", "Sample patients", _lives(preview)),
        ("sources", "Sources", _sources(preview)),
    ]
    shown = [(id_, title, body) for id_, title, body in sections if body]
    links = "".join(f'<li><a href="#{id_}">{title}</a></li>' for id_, title, _ in shown)
    bodies = "".join(f'<section id="{id_}"><h2>{title}</h2>{body}</section>' for id_, title, body in shown)
    style = files("simulator.authoring.preview").joinpath("page.css").read_text("utf-8")
    style += dark_rules([bodies], ".diagram")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(preview.title)} – preview</title><style>{style}</style></head>\n"
        f"<body><main>{_head(preview)}<nav><ul>{links}</ul></nav>{_tiles(preview)}{bodies}</main></body></html>\n"
    )


# --- the head ---------------------------------------------------------------------------


def _day(instant: int, zone: str | None) -> str:
    return f"{local_time(instant, zone):%Y-%m-%d}"


def _head(preview: Preview) -> str:
    population = preview.population
    zone = None if preview.scenario.population is None else preview.scenario.population.time_zone
    begin, end = _day(population.begin, zone), _day(population.end, zone)
    where = f" ({escape(zone)}, and so are months and years)" if zone else ""
    about = preview.scenario.description
    lead = f"<p>{escape(' '.join(about.split()))}</p>" if about else ""
    return (
        f"<header><h1>{escape(preview.title)}</h1>{lead}"
        f'<p class="soft small">Preview of scenario <code>{escape(preview.scenario.id)}</code>: '
        f"{population.people:,} simulated patients, {begin} to {end}{where}, "
        f"seed {preview.seed}. Intervals are 95 %; they show how far chance alone reaches in a population of "
        "this size. What is called <em>true</em> is what happened to the patients, <em>on record</em> what "
        "their chart says.</p></header>"
    )


def _tiles(preview: Preview) -> str:
    population, care = preview.population, preview.care
    tiles = [
        (f"{population.people:,}", "patients"),
        (f"{population.person_years:,.0f}", "person-years observed"),
        (
            f"{population.deaths:,}",
            f"deaths, {brief(population.death_rate.value * 1e3)} per 1,000 person-years",
        ),
        (brief(care.total.value), "encounters per person-year"),
        (f"{len(preview.findings):,}", "finding" if len(preview.findings) == 1 else "findings"),
    ]
    if preview.outcomes:
        passed = sum(o.verdict == "pass" for o in preview.outcomes)
        tiles.append((f"{passed} of {len(preview.outcomes)}", "targets and expectations pass"))
    drawn = "".join(f'<div class="tile"><b>{escape(b)}</b><span>{escape(s)}</span></div>' for b, s in tiles)
    return f'<div class="tiles">{drawn}</div>'


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return '<div class="finding calm">Nothing was found wrong or doubtful in the scenario.</div>'
    return "".join(
        f'<div class="finding {f.severity}"><b>{escape(f.code)}</b> {escape(f.message)}'
        f'<br><span class="soft"><code>{escape(_short_place(f))}</code>'
        f"{' · ' + escape(f.remedy) if f.remedy else ''}</span></div>"
        for f in findings
    )


def _short_place(finding: Finding) -> str:
    name = finding.span.file.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{name}:{finding.span.line}:{finding.span.column} {finding.path}".strip()


# --- tables -------------------------------------------------------------------------------


def _table(columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]]) -> str:
    """A table; columns with True hold numbers. Cells are HTML."""
    head = "".join(f"<th{_number(number)}>{escape(title)}</th>" for title, number in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td{_number(n)}>{cell}</td>" for cell, (_, n) in zip(row, columns, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _number(number: bool) -> str:
    return ' class="number"' if number else ""


def _targets(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return ""
    rows = []
    for o in outcomes:
        badge = f'<span class="badge {verdict_class(o)}">{o.verdict}</span>'
        needed = f"<br><span class='soft small'>needs {o.needed:,} patients</span>" if o.needed else ""
        name = f"<br><span class='soft small'>{escape(o.id)}</span>" if o.id != o.statement else ""
        rows.append(
            (
                escape(o.statement) + name,
                badge + needed,
                *map(escape, outcome_words(o)),
                f"{o.n:,}",
                escape(o.source or ""),
            )
        )
    columns = [
        ("statistic", False), ("", False), ("here (95 % interval)", True), ("expected", True), ("n", True),
        ("source", False),
    ]  # fmt: skip
    return (
        "<p>A statistic passes if its whole interval lies within what is expected, fails if all of it lies "
        "outside. Those about everybody of an age or year are drawn into the figures as dashed boxes.</p>"
        + _table(columns, rows)
    )


def outcome_words(outcome: Outcome) -> tuple[str, str]:
    """What was found, with its interval, and what is expected: ``27.5 (18.6 to 38.8) %``, ``10 to 90 %``."""
    o = outcome
    scale = Scale.of((o.value, o.low, o.high, *o.expected), o.unit)
    return scale.interval(o.value, o.low, o.high), scale.bounds(*o.expected)


# --- figures ------------------------------------------------------------------------------


def _figure(figure: Figure) -> str:
    # an empty legend keeps figures of a row in line
    legend = f'<ul class="legend">{"".join(_mark(m) for m in figure.legend)}</ul>'
    drawing, caption = figure.svg, escape(figure.caption)
    if not drawing:
        drawing, caption = f'<div class="empty">{caption}</div>', ""
    title = escape(figure.title)
    return f"<figure><h4>{title}</h4>{legend}{drawing}<figcaption>{caption}</figcaption></figure>"


def _mark(mark: Mark) -> str:
    return f'<li><i class="{mark.shape} {mark.class_}"></i>{escape(mark.label)}</li>'


def _figures(figures: Iterable[Figure], *, wide: bool = False) -> str:
    drawn = "".join(_figure(f) for f in figures)
    return f'<div class="figures{" wide" if wide else ""}">{drawn}</div>' if drawn else ""


def _population(preview: Preview) -> str:
    population = preview.population
    return _figures([pyramid_plot(population), mortality_plot(population), causes_plot(population)])


def _diseases(preview: Preview) -> str:
    if not preview.diseases:
        return ""
    rows = [
        (
            f'<a href="#disease-{escape(d.name)}">{escape(d.title)}</a>',
            f"{d.people:,}",
            share_words(d.prevalence),
            "at birth" if d.at_birth else rate_words(d.incidence, brief_unit=True),
            f"{d.recorded:,}",
            f"{d.deaths:,}",
        )
        for d in preview.diseases
    ]
    columns = [
        ("disease", False), ("people with it", True), ("share of time lived with it", True),
        ("onsets (py: person-years)", True), ("people with it on record", True), ("deaths of it", True),
    ]  # fmt: skip
    return _table(columns, rows) + "".join(_disease(preview, d) for d in preview.diseases)


def _disease(preview: Preview, disease: DiseaseFigures) -> str:
    codes = ", ".join(f"{system} {code}" for system, code in disease.codes.items())
    head = (
        f'<h3 id="disease-{escape(disease.name)}">{escape(disease.title)} '
        f'<span class="soft small"><code>{escape(disease.name)}</code> {escape(codes)}</span></h3>'
    )
    drawing = _diagram(preview, disease.name)
    if disease.people == 0:
        none = (
            f"None of the {preview.population.people:,} patients had it while observed; try a larger --size."
        )
        return f'{head}<div class="summary"><div class="empty">{none}</div>{drawing}</div>'
    facts = "".join(f"<li>{words}</li>" for words in _facts(disease))
    summary = f'<div class="summary"><ul class="facts">{facts}</ul>{drawing}</div>'
    return head + summary + _figures(disease_plots(disease, preview.outcomes))


def _facts(disease: DiseaseFigures) -> list[str]:
    facts = [f"<b>{disease.people:,}</b> had it under observation"]
    if disease.at_birth:
        if disease.births:
            born = f"<b>{disease.born_with:,}</b> of {disease.births:,} born in the period"
            facts.append(f"{born} had it at birth")
    else:
        facts.append(f"<b>{disease.onsets:,}</b> onsets, {rate_words(disease.incidence)}")
    facts.append(f"<b>{share_words(disease.prevalence)}</b> of all time lived with it")
    if disease.recorded:
        facts.append(f"<b>{disease.recorded:,}</b> ever had it on record")
    if disease.mistaken:
        facts.append(f"<b>{disease.mistaken:,}</b> had it on record before, or without, having it")
    if disease.deaths:
        facts.append(f"<b>{disease.deaths:,}</b> died of it")
    for title, estimate in disease.events:
        facts.append(
            f"{escape(title)}: <b>{rate_words(estimate)}</b> with the disease, n = {estimate.events:,.0f}"
        )
    return facts


def _diagram(preview: Preview, name: str) -> str:
    """The state diagram, if Graphviz is there to draw it."""
    import shutil

    if shutil.which("dot") is None:
        return ""
    from simulator.authoring.graph_states import state_diagram
    from simulator.authoring.graphviz import size, svg

    drawing = svg(state_diagram(preview.scenario, name), headed=False)
    wide, _ = size(drawing)
    return f'<div class="diagram" style="--wide: {wide:g}pt">{drawing}</div>'


def _measurements(preview: Preview) -> str:
    if not preview.measurements:
        return ""
    lead = (
        "<p>What was recorded while observed, by the true state at that moment. Box: middle half and median; "
        "line: 5th to 95th percentile.</p>"
    )
    return lead + _figures(measurement_plot(preview.scenario, m) for m in preview.measurements)


def _treatments(preview: Preview) -> str:
    if not preview.treatments:
        return ""
    never = [t.title for t in preview.treatments if not t.people]
    note = f'<p class="soft">Nobody took: {escape(", ".join(never))}.</p>' if never else ""
    return _figures(treatment_plots(preview.treatments)) + note


def _care(preview: Preview) -> str:
    care = preview.care
    if not care.kinds:
        return ""
    rows = [
        (escape(title), escape(class_), f"{e.events:,.0f}", rate_words(e))
        for _, title, class_, e in care.kinds[:MOST_KINDS]
    ]
    columns = [("kind", False), ("class", False), ("encounters", True), ("rate", True)]
    rest = len(care.kinds) - MOST_KINDS
    note = f'<p class="soft small">and {rest} rarer kind{"s" if rest > 1 else ""}.</p>' if rest > 0 else ""
    return _figures(care_plots(care)) + _table(columns, rows) + note


def _lives(preview: Preview) -> str:
    if not preview.lives:
        return ""
    lead = (
        "<p>Patients with many or rare diagnoses, chosen so that each adds to the ones before. Above, what "
        "truly happened; below, what the chart says: diamonds are diagnoses, bars treatments, ticks "
        "encounters.</p>"
    )
    return lead + _figures((life_plot(life) for life in preview.lives), wide=True)


def _sources(preview: Preview) -> str:
    items = "".join(
        f"<li><code>{escape(s.path or 'scenario')}</code>{escape(s.text)}</li>" for s in preview.sources
    )
    return f'<ul class="sources">{items}</ul>' if items else ""
