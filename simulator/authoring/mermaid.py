"""Diagrams as Mermaid flowcharts, which GitHub, GitLab, Obsidian and many editors draw by themselves.

Source: mermaid.js.org/syntax/flowchart.html. All text stands in double quotes, and whatever Mermaid,
Markdown or HTML would read for more than itself is written as an entity (``#quot;``).
"""

from __future__ import annotations

from simulator.authoring.graph import Diagram, Edge, Node, Style, wrapped

_SHAPES = {
    "box": ('["', '"]'),
    "round": ('("', '")'),
    "card": ('["', '"]'),
    "pill": ('(["', '"])'),
    "hexagon": ('{{"', '"}}'),
    "circle": ('(("', '"))'),
}
_ENTITIES = {
    '"': "#quot;",
    "#": "#35;",
    "&": "#amp;",
    "<": "#lt;",
    ">": "#gt;",
    "*": "#42;",
    "`": "#96;",
    "~": "#126;",
}
_NODE_WIDTH, _EDGE_WIDTH = 34, 24
#: lines are broken here; Mermaid is not to break them again
_CONFIG = ("config:", "  flowchart:", "    wrappingWidth: 420")


def mermaid(diagram: Diagram, *, headed: bool = True) -> str:
    """The diagram as the text of one flowchart; `headed` by its title."""
    title = [f"title: {_title(diagram.title)}"] if headed else []
    lines = ["---", *title, *_CONFIG, "---", f"flowchart {diagram.direction}"]
    first, others = diagram.free()
    lines += [f"  {_node(node)}" for node in first]
    for group in diagram.groups:
        lines.append(f'  subgraph {group.id}[" "]')
        lines += [f"    {_node(node)}" for node in diagram.members(group)]
        lines.append("  end")
    lines += [f"  {_node(node)}" for node in others]
    lines += [f"  {_edge(edge)}" for edge in diagram.edges]
    lines += [f"  {_id(anchor)} ~~~ {_id(target)}" for anchor, target in _below(diagram)]
    styles = {node.kind: node.style for node in diagram.nodes.values()}
    lines += [f"  classDef {kind} {_style(style)}" for kind, style in styles.items()]
    for kind in styles:
        members = ",".join(_id(node.id) for node in diagram.nodes.values() if node.kind == kind)
        lines.append(f"  class {members} {kind}")
    lines += [f"  style {group.id} fill:#fffdf7,stroke:#d9c8a9" for group in diagram.groups]
    for colour in dict.fromkeys(edge.colour for edge in diagram.edges):
        numbers = ",".join(str(i) for i, edge in enumerate(diagram.edges) if edge.colour == colour)
        lines.append(f"  linkStyle {numbers} stroke:{colour}")
    return "\n".join(lines) + "\n"


def _below(diagram: Diagram) -> list[tuple[str, str]]:
    """Invisible links from the last node of a group to what the group leads to.

    Without them Mermaid puts such nodes in a row beside the group, where they look like a chain. They
    come after all edges, whose numbers `linkStyle` counts.
    """
    last = {group.id: diagram.members(group)[-1].id for group in diagram.groups}
    return [(last[edge.source], edge.target) for edge in diagram.edges if edge.source in last]


def _node(node: Node) -> str:
    opening, closing = _SHAPES[node.style.shape]
    title = _rows([node.title], _NODE_WIDTH)
    text = f"<b>{title}</b><br/>{_rows(node.lines, _NODE_WIDTH)}" if node.lines else title
    return f"{_id(node.id)}{opening}{text}{closing}"


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.dashed else "-->"
    label = f'|"{_rows(edge.lines, _EDGE_WIDTH)}"|' if edge.lines else ""
    return f"{_id(edge.source)} {arrow}{label} {_id(edge.target)}"


def _rows(lines: tuple[str, ...] | list[str], width: int) -> str:
    return "<br/>".join(escaped(row) for line in lines for row in wrapped(line, width))


def escaped(text: str) -> str:
    """`text` so that Mermaid shows it as it is."""
    shown = "".join(_ENTITIES.get(character, character) for character in text)
    # two percent signs begin a comment wherever they stand, braces after them a directive
    return shown.replace("%%", "%#37;")


def _id(name: str) -> str:
    """An identifier: `end` and a few other words of Mermaid's own are none."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c == "_") else f"_{ord(c):x}_" for c in name)
    return (
        safe
        if "_" in safe or safe not in ("end", "graph", "subgraph", "class", "style", "default")
        else f"{safe}_"
    )


#: Mermaid escapes these in a title twice, and shows the escape: their wide forms stand for them
_WIDE = str.maketrans("<>&", "＜＞＆")


def _title(text: str) -> str:
    """A YAML string in the front matter."""
    shown = " ".join(text.split()).translate(_WIDE)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _style(style: Style) -> str:
    dashes = ",stroke-dasharray:4 3" if style.dashed else ""
    lines = ",text-align:left" if style.shape == "card" else ""
    return f"fill:{style.fill},stroke:{style.border},color:{style.text}{dashes}{lines}"
