"""Diagrams in the language of Graphviz, and as SVG through its program `dot`.

Source: the DOT language, graphviz.org/doc/info/lang.html; HTML-like labels, …/shapes.html#html.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from html import escape

from simulator.authoring.graph import KIND_TITLES, NODE_STYLES, Diagram, Edge, Node, wrapped
from simulator.errors import UsageError

_FONT = "Helvetica,Arial,sans-serif"
_SHAPES = {
    "box": "box",
    "round": "box",
    "pill": "box",
    "hexagon": "hexagon",
    "card": "box",
    "circle": "circle",
}
_NODE_WIDTH, _LINE_WIDTH, _EDGE_WIDTH = 22, 40, 30
_TIME_LIMIT = 120  # seconds for one diagram


def dot(diagram: Diagram, *, headed: bool = True) -> str:
    """The diagram as one `digraph`; `headed` by its title and what its colours mean."""
    lines = [
        f"digraph {_quoted(diagram.id)} {{",
        f"  label={f'<{_heading(diagram)}>' if headed else _quoted('')}; labelloc=t; labeljust=l",
        f'  graph [rankdir={diagram.direction}, compound=true, fontname="{_FONT}", fontsize=11, '
        'bgcolor="transparent", nodesep=0.35, ranksep=0.55, pad=0.15, splines=true]',
        f'  node [fontname="{_FONT}", fontsize=11, margin="0.14,0.07", height=0.3]',
        f'  edge [fontname="{_FONT}", fontsize=9, arrowsize=0.65, penwidth=1.1]',
    ]
    first, others = diagram.free()
    lines += [f"  {_node(node)}" for node in first]
    for group in diagram.groups:
        lines.append(f"  subgraph {_quoted('cluster_' + group.id)} {{")
        lines.append('    label=""; style="rounded"; color="#d9c8a9"; bgcolor="#fffdf7"; margin=14')
        lines += [f"    {_node(node)}" for node in diagram.members(group)]
        lines.append("  }")
    lines += [f"  {_node(node)}" for node in others]
    lines += [f"  {_edge(diagram, edge)}" for edge in diagram.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _heading(diagram: Diagram) -> str:
    """The title, and below it what the colours mean if the drawing has things of several kinds."""
    title = f'<FONT POINT-SIZE="15"><B>{_text(diagram.title)}</B></FONT>'
    kinds = {node.kind for node in diagram.nodes.values()}
    keys = [
        f'<TD STYLE="rounded" BGCOLOR="{NODE_STYLES[kind].fill}" COLOR="{NODE_STYLES[kind].border}">'
        f'<FONT COLOR="{NODE_STYLES[kind].text}" POINT-SIZE="10">{_text(name)}</FONT></TD>'
        for kind, (name, _) in KIND_TITLES.items()
        if kind in kinds
    ]
    if not keys:
        return title
    return (
        f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="5"><TR><TD BORDER="0" ALIGN="LEFT" '
        f'COLSPAN="{len(keys) + 1}">{title}</TD></TR><TR>{"".join(keys)}<TD BORDER="0"></TD></TR></TABLE>'
    )


def svg(diagram: Diagram, *, headed: bool = True) -> str:
    """The diagram as an `<svg>` element, laid out by `dot`.

    Raises: UsageError if Graphviz is not installed or does not answer in time.
    """
    program = shutil.which("dot")
    if program is None:
        raise UsageError(
            "drawing SVG needs Graphviz, whose program `dot` was not found",
            remedy="install it (apt install graphviz, brew install graphviz, winget install graphviz), "
            "or use --format mermaid, which needs nothing",
        )
    try:
        drawn = subprocess.run(
            [program, "-Tsvg"],
            input=dot(diagram, headed=headed).encode(),
            capture_output=True,
            timeout=_TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"Graphviz did not finish `{diagram.title}` in {_TIME_LIMIT} seconds",
            remedy="draw a part of it: --disease NAME",
        ) from None
    if drawn.returncode != 0:
        raise UsageError(
            f"Graphviz could not draw `{diagram.title}`: {drawn.stderr.decode(errors='replace').strip()}",
            remedy="use --format mermaid",
        )
    text = drawn.stdout.decode()
    text = text[text.index("<svg") :]
    # several drawings share a page: ids would not be unique
    return re.sub(r' id="[^"]*"', "", text)


#: how every drawing of Graphviz begins
SIZE = re.compile(r'<svg width="([0-9.]+)pt" height="([0-9.]+)pt"')


def size(drawing: str) -> tuple[float, float]:
    """Width and height, in points, of a drawing by :func:`svg`."""
    found = SIZE.match(drawing)
    assert found is not None  # Graphviz always gives its drawings a size
    return float(found[1]), float(found[2])


def _node(node: Node) -> str:
    style = node.style
    look = ["filled"]
    if style.shape in ("round", "pill", "card"):
        look.append("rounded")
    if style.dashed:
        look.append("dashed")
    given = {
        "label": f"<{_node_label(node)}>",
        "shape": _SHAPES[style.shape],
        "style": _quoted(",".join(look)),
        "fillcolor": _quoted(style.fill),
        "color": _quoted(style.border),
        "fontcolor": _quoted(style.text),
        "tooltip": _quoted(node.title),
    }
    if style.shape == "circle":
        given |= {"margin": '"0"', "height": "0.5"}
    return f"{_quoted(node.id)} [{', '.join(f'{k}={v}' for k, v in given.items())}]"


def _node_label(node: Node) -> str:
    title = "<BR/>".join(_text(line) for line in wrapped(node.title, _NODE_WIDTH if not node.lines else 34))
    if not node.lines:
        return title
    rows = [part for line in node.lines for part in _hanging(line, _LINE_WIDTH)]
    body = "".join(f'<FONT POINT-SIZE="9">{_text(row)}</FONT><BR ALIGN="LEFT"/>' for row in rows)
    return f'<B>{title}</B><BR ALIGN="LEFT"/>{body}'


def _hanging(text: str, width: int) -> list[str]:
    """Wrapped; what follows the first line is set in."""
    first, *rest = wrapped(text, width)
    return [first, *(f"    {line}" for line in rest)]


def _edge(diagram: Diagram, edge: Edge) -> str:
    given = {"color": _quoted(edge.colour), "fontcolor": _quoted(edge.colour)}
    if edge.dashed:
        given["style"] = "dashed"
    rows = [part for line in edge.lines for part in _hanging(line, _EDGE_WIDTH)]
    if rows:
        given["label"] = "<" + "".join(f'{_text(f" {row} ")}<BR ALIGN="LEFT"/>' for row in rows) + ">"
    source = edge.source
    for group in diagram.groups:
        if group.id == edge.source:
            given["ltail"] = _quoted(f"cluster_{group.id}")
            source = diagram.members(group)[-1].id
    return f"{_quoted(source)} -> {_quoted(edge.target)} [{', '.join(f'{k}={v}' for k, v in given.items())}]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(text: str) -> str:
    """Text for an HTML-like label; leading blanks are kept."""
    body = text.lstrip(" ")
    return "&#160;" * (len(text) - len(body)) + escape(body)
