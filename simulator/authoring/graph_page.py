"""A scenario's drawings, chosen and written: `simulator graph`.

Formats: `mermaid` (one drawing as it is, several as a Markdown page), `markdown` (always a page),
`dot` (one graph after another), `svg` (all on one sheet) and `html` (a page that needs nothing else).
The last two are laid out by Graphviz.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from html import escape
from pathlib import Path

from simulator.authoring import graphviz
from simulator.authoring.graph import KIND_TITLES, NODE_STYLES, Diagram, plain_name
from simulator.authoring.graph_influences import influence_diagrams
from simulator.authoring.graph_states import state_diagram
from simulator.authoring.mermaid import mermaid
from simulator.errors import UsageError
from simulator.scenario import load_scenario, model

FORMATS = ("mermaid", "markdown", "dot", "svg", "html")
#: the format that a file's name stands for
SUFFIXES = {
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".md": "markdown",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".html": "html",
}
_SHEET_WIDTH, _GAP = 1500.0, 28.0  # points


def graph(
    path: Path, *, disease: str | None = None, influences: bool = False, format: str = "mermaid"
) -> tuple[str, int]:
    """The drawings of a scenario as text, and how many they are.

    Args:
        path: the scenario (YAML); it need not be complete enough to run.
        disease: only this disease; with `influences`, who acts on it and on whom it acts.
        influences: only who acts on whom.
        format: one of :data:`FORMATS`.

    Raises:
        ScenarioError: with every finding, if the file cannot be understood.
        UsageError: if the file cannot be read, there is no such disease or format, nothing to draw, or
            the format needs Graphviz and it is missing.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no format '{format}'", remedy=f"choose one of {', '.join(FORMATS)}")
    scenario, findings = load_scenario(path)
    findings.raise_if_errors()
    assert scenario is not None  # no errors, so there is one
    diagrams = choose(scenario, disease=disease, influences=influences)
    return written(scenario, diagrams, format), len(diagrams)


def choose(
    scenario: model.Scenario, *, disease: str | None = None, influences: bool = False
) -> list[Diagram]:
    """The drawings asked for: of one disease, of the influences, or all.

    Raises: UsageError if there are none.
    """
    if disease is not None and disease not in scenario.diseases:
        raise _no_disease(scenario, disease)
    diagrams: list[Diagram] = []
    if not influences:
        names = [disease] if disease is not None else list(scenario.diseases)
        diagrams += [state_diagram(scenario, name) for name in names]
    if influences or disease is None:
        diagrams += influence_diagrams(scenario, disease)
    if not diagrams:
        what = (
            f"nothing acts on {disease} or is acted on by it" if disease else "no diseases, and no influences"
        )
        raise UsageError(f"there is nothing to draw: {what}")
    return diagrams


def _no_disease(scenario: model.Scenario, name: str) -> UsageError:
    near = get_close_matches(name, scenario.diseases, n=1)
    known = ", ".join(scenario.diseases) or "none"
    hint = f"did you mean '{near[0]}'? " if near else ""
    return UsageError(f"there is no disease '{name}'", remedy=f"{hint}the diseases are: {known}")


def written(scenario: model.Scenario, diagrams: list[Diagram], format: str) -> str:
    """The drawings in a format of :data:`FORMATS`.

    Raises: UsageError if that needs Graphviz and it is missing.
    """
    if format == "mermaid" and len(diagrams) == 1:
        return mermaid(diagrams[0])
    if format in ("mermaid", "markdown"):
        return markdown(scenario, diagrams)
    if format == "dot":
        return "\n".join(graphviz.dot(diagram) for diagram in diagrams)
    drawings = [graphviz.svg(diagram, headed=format == "svg") for diagram in diagrams]
    return html(scenario, diagrams, drawings) if format == "html" else sheet(drawings)


def heading(scenario: model.Scenario) -> str:
    return scenario.title or plain_name(scenario.id)


def markdown(scenario: model.Scenario, diagrams: list[Diagram]) -> str:
    """A page with a heading and a fenced Mermaid block for each drawing."""
    parts = [f"# {_marked(heading(scenario))}"]
    for diagram in diagrams:
        parts.append(f"## {_marked(diagram.title)}")
        parts += filter(None, [_marked(diagram.note), _legend_text(diagram)])
        parts.append(f"```mermaid\n{mermaid(diagram, headed=False)}```")
    return "\n\n".join(parts) + "\n"


def _marked(text: str) -> str:
    """Text in Markdown as it stands: on one line, without HTML, emphasis or links."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", escape(" ".join(text.split()), quote=False))


def _legend_text(diagram: Diagram) -> str:
    kinds = {node.kind for node in diagram.nodes.values()}
    known = [f"{title} {colour}" for kind, (title, colour) in KIND_TITLES.items() if kind in kinds]
    return f"Colours: {', '.join(known)}." if known else ""


_SVG_SIZE = re.compile(r'<svg width="([0-9.]+)pt" height="([0-9.]+)pt"')


def sheet(drawings: list[str]) -> str:
    """SVG drawings side by side and below one another on one SVG sheet."""
    if len(drawings) == 1:
        return drawings[0]
    placed: list[str] = []
    left, top, row, width = 0.0, 0.0, 0.0, 0.0
    for drawing in drawings:
        found = _SVG_SIZE.match(drawing)
        assert found is not None  # Graphviz always gives its drawings a size
        wide, high = float(found[1]), float(found[2])
        if left and left + wide > _SHEET_WIDTH:
            left, top, row = 0.0, top + row + _GAP, 0.0
        at = f'<svg x="{left:g}" y="{top:g}" width="{wide:g}" height="{high:g}"'
        placed.append(_SVG_SIZE.sub(at, drawing, count=1))
        left, row = left + wide + _GAP, max(row, high)
        width = max(width, left - _GAP)
    high = top + row
    return (
        f'<svg width="{width:g}pt" height="{high:g}pt" viewBox="0 0 {width:g} {high:g}"\n'
        ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{"".join(placed)}</svg>\n'
    )


_STYLE = """\
:root { color-scheme: light; }
body { font: 15px/1.5 Helvetica, Arial, sans-serif; color: #1f2933; margin: 2rem; background: #fff; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 0; }
nav a { color: #2680c2; margin-right: 1rem; text-decoration: none; white-space: nowrap; }
main { display: flex; flex-wrap: wrap; gap: 1rem; margin-top: 1.2rem; }
section { max-width: 100%; box-sizing: border-box; padding: 1rem; border: 1px solid #e4e7eb;
  border-radius: 8px; }
.note { color: #52606d; margin: .2rem 0 .6rem; }
.drawing { overflow: auto; } .drawing svg { display: block; }
.key { display: inline-block; padding: 0 .6rem; margin-right: .4rem; border: 1px solid; border-radius: 6px; }
"""


def html(scenario: model.Scenario, diagrams: list[Diagram], drawings: list[str]) -> str:
    """A page that needs neither network nor script: contents, then each drawing under its heading."""
    links = "\n".join(f'<a href="#{d.id}">{escape(d.title)}</a>' for d in diagrams)
    sections = "".join(
        f'<section id="{d.id}"><h2>{escape(d.title)}</h2>\n'
        f'<p class="note">{escape(d.note)} {_legend_html(d)}</p>'
        f'<div class="drawing">{drawing}</div></section>\n'
        for d, drawing in zip(diagrams, drawings, strict=True)
    )
    title = escape(heading(scenario))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f'<p class="note">{escape((scenario.description or "").strip())}</p>\n<nav>{links}</nav>\n'
        f"<main>{sections}</main></body></html>\n"
    )


def _legend_html(diagram: Diagram) -> str:
    kinds = {node.kind for node in diagram.nodes.values()}
    keys = [(NODE_STYLES[kind], title) for kind, (title, _) in KIND_TITLES.items() if kind in kinds]
    return "".join(
        f'<span class="key" style="background:{look.fill};border-color:{look.border};color:{look.text}">'
        f"{title}</span>"
        for look, title in keys
    )
