"""What a drawing consists of: nodes, edges and groups, whatever program then lays them out.

A :class:`Diagram` is made by `graph_states` (one disease) or `graph_influences` (who acts on
whom) and written by `mermaid` or `graphviz`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of node looks: `shape` is box, round, pill, hexagon, card or circle."""

    shape: str
    fill: str
    border: str
    text: str = "#1f2933"
    dashed: bool = False


#: how each kind of node looks; a kind that is not here looks like "other"
NODE_STYLES: dict[str, Style] = {
    "birth": Style("circle", "#ffffff", "#7b8794"),
    "absent": Style("pill", "#f0f4f8", "#9fb3c8"),
    "stage1": Style("pill", "#fff3c4", "#cb8e0b"),
    "stage2": Style("pill", "#ffdca8", "#c8740c"),
    "stage3": Style("pill", "#ffbd9b", "#c4520f"),
    "stage4": Style("pill", "#f79b8b", "#a82a1c"),
    "death": Style("pill", "#323f4b", "#1f2933", text="#ffffff"),
    "unknown": Style("pill", "#ffffff", "#d64545", text="#d64545", dashed=True),
    "event": Style("card", "#fff8f0", "#de911d", dashed=True),
    "diagnosis": Style("card", "#e6f6ff", "#2680c2"),
    "attributes": Style("round", "#f2ebfe", "#8662c7"),
    "diseases": Style("pill", "#ffe3d3", "#c4520f"),
    "measurements": Style("round", "#e3f8ff", "#1992d4"),
    "treatments": Style("hexagon", "#e3f9e5", "#2f8132"),
    "care": Style("box", "#f5f7fa", "#52606d"),
    "mortality": Style("pill", "#323f4b", "#1f2933", text="#ffffff"),
    "exchange": Style("round", "#fffbea", "#cb8e0b"),
    "immunisations": Style("hexagon", "#e3f9e5", "#2f8132"),
    "allergies": Style("round", "#ffe3ec", "#b8256e"),
    "procedures": Style("box", "#e0fcff", "#14919b"),
    "pathways": Style("box", "#fffbea", "#8d6b0e"),
    "other": Style("box", "#ffffff", "#7b8794"),
}

#: the colour of an edge by what it does
EDGE_COLOURS: dict[str, str] = {
    "course": "#3e4c59",
    "death": "#1f2933",
    "aside": "#9aa5b1",
    "raises": "#c4320a",
    "lowers": "#2f8132",
    "acts": "#5d6b7a",
    "care": "#52606d",
    "measures": "#8a97a5",
    "diagnoses": "#2680c2",
    "starts": "#2f8132",
    "stops": "#c4320a",
}

#: kinds of things as a legend names them, and the name of their colour; others have no legend
KIND_TITLES: dict[str, tuple[str, str]] = {
    "attributes": ("attributes", "purple"),
    "diseases": ("diseases", "orange"),
    "measurements": ("measurements", "blue"),
    "treatments": ("treatments", "green"),
    "care": ("care", "grey"),
    "immunisations": ("immunisations", "green"),
    "allergies": ("allergies", "pink"),
    "procedures": ("procedures", "turquoise"),
    "pathways": ("pathways", "yellow"),
    "exchange": ("exchanges", "yellow"),
    "mortality": ("other causes of death", "black"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """`title` in bold if there are `lines` below it; `group` is the id of the frame it stands in."""

    id: str
    kind: str
    title: str
    lines: tuple[str, ...] = ()
    group: str | None = None

    @property
    def style(self) -> Style:
        return NODE_STYLES.get(self.kind, NODE_STYLES["other"])


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow; `source` may be the id of a group. `dashed` arrows are no transitions."""

    source: str
    target: str
    lines: tuple[str, ...] = ()
    kind: str = "course"
    dashed: bool = False

    @property
    def colour(self) -> str:
        return EDGE_COLOURS.get(self.kind, EDGE_COLOURS["acts"])


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    title: str


@dataclass(slots=True)
class Diagram:
    """One drawing.

    Attributes:
        id: short, lower case; unique among the diagrams of a scenario.
        title: heading, for people.
        direction: ``TB`` (top to bottom) or ``LR`` (left to right).
        note: a sentence or two below the heading.
    """

    id: str
    title: str
    direction: str = "TB"
    note: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def members(self, group: Group) -> list[Node]:
        """The nodes inside a group."""
        return [node for node in self.nodes.values() if node.group == group.id]

    def free(self) -> tuple[list[Node], list[Node]]:
        """The nodes in no group: where things begin, and the others. What is named first is put first."""
        free = [node for node in self.nodes.values() if node.group is None]
        first = [node for node in free if node.kind in ("birth", "absent")]
        return first, [node for node in free if node not in first]

    def add(self, node: Node) -> None:
        """Add a node, unless there is one of that id."""
        self.nodes.setdefault(node.id, node)


def plain_name(name: str) -> str:
    """A name as people read it: ``eye_examination`` → ``eye examination``."""
    return name.replace("_", " ")


_SIGNS = ((" >= ", " ≥ "), (" <= ", " ≤ "), (" == ", " is "), (" != ", " is not "), (" * ", " × "))


def readable(text: str) -> str:
    """An expression's signs as people write them: ``fev1 >= 74%`` → ``fev1 ≥ 74%``."""
    for sign, shown in _SIGNS:
        text = text.replace(sign, shown)
    return text


_HELD = 6  # what a line may be too long by, not to part a number from its unit
_HOLDS_NEXT = re.compile(r"[0-9.]+|[×≥≤<>=]")


def wrapped(text: str, width: int) -> list[str]:
    """`text`, readable, on lines of about `width`; signs, numbers and units stay together."""
    lines: list[str] = []
    before = ""
    for word in readable(text).split():
        spare = _HELD if _HOLDS_NEXT.fullmatch(before) else 0
        if lines and len(lines[-1]) + 1 + len(word) <= width + spare:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
        before = word
    return lines
