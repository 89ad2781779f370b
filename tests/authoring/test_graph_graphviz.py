"""Drawings through Graphviz: valid DOT and SVG that say the same, pages that need nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

import simulator as sim
from simulator.authoring import graphviz
from simulator.authoring.graph import EDGE_COLOURS, NODE_STYLES, Diagram, Edge, Group, Node
from simulator.authoring.graph_dark import PAPER, dark
from simulator.authoring.graph_page import sheet
from simulator.errors import UsageError

FILE = Path(__file__).parent / "graph.yaml"
SVG = "{http://www.w3.org/2000/svg}"
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def texts(svg: str) -> str:
    root = ElementTree.fromstring(svg)
    return " ".join(" ".join("".join(t.itertext()) for t in root.iter(f"{SVG}text")).split())


def test_dot_leads_from_the_frame_and_keeps_all_text() -> None:
    diagram = Diagram("x", 'a <b> & "c"', groups=[Group("g", "")])
    diagram.add(Node("n", "stage1", "n", group="g"))
    diagram.add(Node("e", "event", "card", ("x < 3 & \\N",)))
    diagram.edges.append(Edge("g", "e", ("again",), "aside", dashed=True))
    text = graphviz.dot(diagram)
    assert 'subgraph "cluster_g" {' in text
    assert re.search(r'^  "n" -> "e" \[.*style=dashed.*ltail="cluster_g"\]$', text, re.MULTILINE)
    assert "a &lt;b&gt; &amp; &quot;c&quot;" in text
    assert "x &lt; 3 &amp; \\N" in text


@needs_dot
def test_every_drawing_is_dot_that_graphviz_reads() -> None:
    text = sim.graph(FILE, format="dot")
    assert text.count("digraph ") == 4
    done = subprocess.run(["dot", "-Tcanon"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"digraph ") == 4


@needs_dot
def test_an_svg_says_what_the_drawing_says() -> None:
    shown = texts(sim.graph(FILE, disease="copd", format="svg"))
    phrases = ["mild", "severe", "death", "only while asthma", "× 1.2 while on inhaler", "0.1 per year"]
    phrases += ['Lung disease "COPD" <b>', "when fev1 ≤ 50% for 3", "• at clinic if last fev1 < 70%"]
    for phrase in phrases:
        assert phrase in shown


@needs_dot
def test_a_sheet_holds_every_drawing_and_nothing_overlaps() -> None:
    root = ElementTree.fromstring(sim.graph(FILE, format="svg"))
    boxes = [[float(s.attrib[k]) for k in ("x", "y", "width", "height")] for s in root.findall(f"{SVG}svg")]
    assert len(boxes) == 4
    for i, (x, y, w, h) in enumerate(boxes):
        assert x + w <= float(root.attrib["width"].removesuffix("pt"))
        assert y + h <= float(root.attrib["height"].removesuffix("pt"))
        assert all(x + w <= u or u + v <= x or y + h <= t or t + b <= y for u, t, v, b in boxes[i + 1 :])


def test_drawings_that_do_not_fit_go_below() -> None:
    drawing = (
        '<svg width="900pt" height="100pt"\n viewBox="0 0 1 1" xmlns="http://www.w3.org/2000/svg"></svg>'
    )
    placed = re.findall(r'<svg x="(\d+)" y="(\d+)"', sheet([drawing] * 3))
    assert placed == [("0", "0"), ("0", "128"), ("0", "256")]
    assert re.findall(r'<svg x="(\d+)" y="(\d+)"', sheet([drawing])) == [("0", "0")]


@needs_dot
@pytest.mark.parametrize("format", ["svg", "html"])
def test_every_colour_has_one_for_the_dark(format: str) -> None:
    text = sim.graph(FILE, format=format)
    found = set(re.findall(r' (fill|stroke)="(#\w{6})"', text))
    rules = text[text.index("prefers-color-scheme: dark") :]
    assert len(found) > 10
    for name, colour in found:
        said = re.search(rf'\[{name}="{colour}"\] {{ {name}: (#\w{{6}}); }}', rules)
        assert said is not None, (name, colour)
        assert said[1] == dark(colour)


def _luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    dim, bright = sorted((_luminance(a), _luminance(b)))
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("kind", NODE_STYLES)
def test_words_are_read_in_the_dark(kind: str) -> None:
    style = NODE_STYLES[kind]
    assert _contrast(dark(style.text), dark(style.fill)) > 4.5  # WCAG 2.2, level AA


@pytest.mark.parametrize("kind", EDGE_COLOURS)
def test_arrows_are_seen_in_the_dark(kind: str) -> None:
    assert _contrast(dark(EDGE_COLOURS[kind]), PAPER) > 4.5


@needs_dot
def test_a_page_needs_nothing_from_elsewhere() -> None:
    page = sim.graph(FILE, format="html")
    assert page.count("<svg ") == 4
    assert "<title>Things to draw: &quot;quotes&quot;, &lt;tags&gt; &amp; 100% # more</title>" in page
    assert not re.search(r"<script|<link|@import|src=|url\(", page)
    assert set(re.findall(r"https?://[^\"' ]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    ids = re.findall(r' id="([^"]*)"', page)
    assert ids == ["disease_copd", "disease_asthma", "risks", "care"]
    assert re.findall('href="#([^"]*)"', page) == ids


def test_without_graphviz_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"needs Graphviz[\s\S]*apt install graphviz[\s\S]*--format mermaid"):
        sim.graph(FILE, format="svg")
    assert sim.graph(FILE, disease="copd").startswith("---\ntitle:")


def test_a_graphviz_that_fails_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\necho no fonts >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(UsageError, match=r"could not draw `asthma`: no fonts"):
        sim.graph(FILE, disease="asthma", format="svg")


def test_there_is_no_such_format() -> None:
    with pytest.raises(UsageError, match=r"there is no format 'png'\n.*mermaid, markdown, dot, svg, html"):
        sim.graph(FILE, format="png")
