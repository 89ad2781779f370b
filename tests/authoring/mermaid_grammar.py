"""A strict reading of the Mermaid flowcharts we write: the part of the grammar that is used, and no more.

By hand, the real parser (Mermaid 11, in a browser) was asked too; this one runs in every test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ID = r"[A-Za-z][A-Za-z0-9_]*"
#: no quote, star, backquote or comment; `#` only as an entity, `<` only as one of our two tags
TEXT = r"(?:[^\"<>#&*`~%]|%(?!%)|#(?:quot|amp|lt|gt|[0-9]+);|<br/>|</?b>)+"
SHAPES = rf'(?:\["{TEXT}"\]|\("{TEXT}"\)|\(\["{TEXT}"\]\)|\(\("{TEXT}"\)\)|\{{\{{"{TEXT}"\}}\}})'
COLOUR = "#[0-9a-f]{6}"
NODE = re.compile(rf"({ID})({SHAPES})")
GROUP = re.compile(rf'subgraph ({ID})\[" "\]')
EDGE = re.compile(rf'({ID}) (-->|-\.->)(?:\|"({TEXT})"\|)? ({ID})')
HIDDEN = re.compile(rf"({ID}) ~~~ ({ID})")
CLASS_DEF = re.compile(
    rf"classDef ({ID}) fill:{COLOUR},stroke:{COLOUR},color:{COLOUR}"
    r"(,stroke-dasharray:4 3)?(,text-align:left)?"
)
CLASS = re.compile(rf"class ({ID}(?:,{ID})*) ({ID})")
STYLE = re.compile(rf"style ({ID}) fill:{COLOUR},stroke:{COLOUR}")
LINK_STYLE = re.compile(rf"linkStyle ([0-9]+(?:,[0-9]+)*) stroke:{COLOUR}")
TITLE = re.compile(r'title: "(?:[^"\\]|\\.)*"')
RESERVED = {"end", "graph", "subgraph", "class", "style", "default", "flowchart", "click", "linkStyle"}


@dataclass
class Flowchart:
    direction: str
    nodes: dict[str, str] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    hidden: int = 0


def read(text: str) -> Flowchart:
    """The flowchart in `text`. Raises: AssertionError at the first line that the grammar does not have."""
    assert text.endswith("\n")
    lines = text.splitlines()
    assert lines.pop(0) == "---"
    if lines[0].startswith("title:"):
        assert TITLE.fullmatch(lines.pop(0))
    assert [lines.pop(0) for _ in range(4)] == ["config:", "  flowchart:", "    wrappingWidth: 420", "---"]
    head = re.fullmatch("flowchart (TB|LR)", lines.pop(0))
    assert head
    chart = Flowchart(head[1])
    inside, classes, members, linked = False, set[str](), dict[str, str](), list[int]()
    for line in (line.strip() for line in lines):
        if found := NODE.fullmatch(line):
            assert found[1] not in chart.nodes
            assert found[1] not in RESERVED
            chart.nodes[found[1]] = found[2]
        elif found := GROUP.fullmatch(line):
            assert not inside
            inside = True
            chart.groups.add(found[1])
        elif line == "end":
            assert inside
            inside = False
        elif found := EDGE.fullmatch(line):
            assert not chart.hidden, "hidden links would be counted by linkStyle"
            chart.edges.append((found[1], found[4], found[3] or ""))
        elif found := HIDDEN.fullmatch(line):
            assert {found[1], found[2]} <= set(chart.nodes)
            chart.hidden += 1
        elif found := CLASS_DEF.fullmatch(line):
            classes.add(found[1])
        elif found := CLASS.fullmatch(line):
            assert found[2] in classes
            members |= dict.fromkeys(found[1].split(","), found[2])
        elif found := STYLE.fullmatch(line):
            assert found[1] in chart.groups
        elif found := LINK_STYLE.fullmatch(line):
            linked += [int(number) for number in found[1].split(",")]
        else:
            raise AssertionError(f"not in the grammar: {line}")
    known = set(chart.nodes) | chart.groups
    assert all({source, target} <= known for source, target, _ in chart.edges)
    assert set(members) == set(chart.nodes)
    assert sorted(linked) == list(range(len(chart.edges)))
    assert not inside
    return chart


def plain(text: str) -> str:
    """A label as a reader sees it, its rows joined by blanks."""
    text = re.sub("</?b>", "", text.replace("<br/>", " "))
    for entity, sign in {"quot": '"', "lt": "<", "gt": ">", "amp": "&"}.items():
        text = text.replace(f"#{entity};", sign)
    return re.sub("#([0-9]+);", lambda found: chr(int(found[1])), text)
