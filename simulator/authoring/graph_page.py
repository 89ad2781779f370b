"""A scenario's drawings, chosen and written: `simulator graph`.

Formats: `mermaid` (one drawing as it is, several as a Markdown page), `markdown` (always a page),
`dot` (one graph after another), `svg` (all on one sheet) and `html` (a page that needs nothing else).
The last two are laid out by Graphviz.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from html import escape
from pathlib import Path

from simulator.authoring import graphviz
from simulator.authoring.graph import KIND_TITLES, NODE_STYLES, Diagram, plain_name
from simulator.authoring.graph_dark import DARK, INK, PAPER, dark, dark_rules
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


def sheet(drawings: list[str]) -> str:
    """SVG drawings side by side and below one another on one SVG sheet, which is dark where its reader's
    system is."""
    placed: list[str] = []
    left, top, row, width = 0.0, 0.0, 0.0, 0.0
    for drawing in drawings:
        wide, high = graphviz.size(drawing)
        if left and left + wide > _SHEET_WIDTH:
            left, top, row = 0.0, top + row + _GAP, 0.0
        at = f'<svg x="{left:g}" y="{top:g}" width="{wide:g}" height="{high:g}"'
        placed.append(graphviz.SIZE.sub(at, drawing, count=1))
        left, row = left + wide + _GAP, max(row, high)
        width = max(width, left - _GAP)
    high = top + row
    return (
        f'<svg width="{width:g}pt" height="{high:g}pt" viewBox="0 0 {width:g} {high:g}"\n'
        ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">\n'
        f"<style>\n{_SHEET_STYLE}{dark_rules(drawings)}</style>\n"
        f'<rect class="sheet" width="100%" height="100%" fill="white"/>\n{"".join(placed)}</svg>\n'
    )


#: a sheet alone in a window leaves the rest of the window in the same colour
_SHEET_STYLE = f"{DARK} {{ svg:root {{ background: {PAPER}; }} .sheet {{ fill: {PAPER}; }} }}\n"

_STYLE = f"""\
:root {{ color-scheme: light dark;
  --paper: #fff; --ink: #1f2933; --soft: #52606d; --rule: #e4e7eb; --link: #2680c2; }}
{DARK} {{ :root {{ --paper: {PAPER}; --ink: {INK}; --soft: #a3b0be; --rule: #2b3542; --link: #69b1ec; }} }}
"""
_STYLE += """\
* { box-sizing: border-box; }
body { font: 15px/1.5 Helvetica, Arial, sans-serif; margin: 2rem;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 0; }
nav a { color: var(--link); margin-right: 1rem; text-decoration: none; white-space: nowrap; }
main { display: flex; flex-wrap: wrap; gap: 1rem; margin-top: 1.2rem; }
section { max-width: 100%; padding: 1rem; border: 1px solid var(--rule); border-radius: 8px; }
.note { color: var(--soft); margin: .2rem 0 .6rem; }
.drawing { overflow: auto; }
.drawing svg { display: block; height: auto; max-width: max(100%, calc(0.85 * var(--wide))); }
@media (max-width: 600px) {
  body { margin: 1rem .8rem; } section { padding: .7rem; } nav a { white-space: normal; }
  .drawing svg { max-width: max(100%, calc(0.6 * var(--wide))); }
}
.key { display: inline-block; padding: 0 .6rem; margin: 0 .4rem .3rem 0;
  border: 1px solid; border-radius: 6px; }
"""


def html(scenario: model.Scenario, diagrams: list[Diagram], drawings: list[str]) -> str:
    """A page that needs neither network nor script: contents, then each drawing under its heading."""
    links = "\n".join(f'<a href="#{d.id}">{escape(d.title)}</a>' for d in diagrams)
    sections = "".join(
        f'<section id="{d.id}"><h2>{escape(d.title)}</h2>\n'
        f'<p class="note">{escape(d.note)} {_legend_html(d)}</p>'
        f'<div class="drawing" style="--wide: {graphviz.size(drawing)[0]:g}pt">{drawing}</div></section>\n'
        for d, drawing in zip(diagrams, drawings, strict=True)
    )
    title = escape(heading(scenario))
    style = _STYLE + dark_rules(drawings, ".drawing") + _key_rules()
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>\n'
        f"<style>{style}</style></head>\n<body><h1>{title}</h1>\n"
        f'<p class="note">{escape((scenario.description or "").strip())}</p>\n<nav>{links}</nav>\n'
        f"<main>{sections}</main></body></html>\n"
    )


def _key_rules() -> str:
    """How the keys of the legends look, by light and in the dark."""

    def rules(of: Callable[[str], str]) -> str:
        looks = ((kind, NODE_STYLES[kind]) for kind in KIND_TITLES)
        return "\n".join(
            f".key.{kind} {{ background: {of(look.fill)}; border-color: {of(look.border)}; "
            f"color: {of(look.text)}; }}"
            for kind, look in looks
        )

    return f"{rules(str)}\n{DARK} {{\n{rules(dark)}\n}}\n"


def _legend_html(diagram: Diagram) -> str:
    kinds = {node.kind for node in diagram.nodes.values()}
    titles = [(kind, title) for kind, (title, _) in KIND_TITLES.items() if kind in kinds]
    return "".join(f'<span class="key {kind}">{title}</span>' for kind, title in titles)
