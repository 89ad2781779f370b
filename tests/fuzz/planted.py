"""Mistakes planted in valid scenarios: each on a line of its own, and each to be told whatever else is wrong.

A mistake replaces some characters of one line, so lines keep their numbers, and what is said of a mistake
alone can be compared with what is said of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.compiler.lower import check_reading
from simulator.errors import Findings
from simulator.scenario import model
from simulator.scenario.keys import SHORTHAND, Key, Kind, keys_of
from simulator.scenario.reading import read_text
from simulator.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

#: what is said of a place: code, file, line and message
Said = tuple[str, str, int, str]

#: keys of conditions
CONDITIONS = ("while", "when", "if", "for", "contraindicated", "paused", "until", "never", "stop")
#: keys whose text names something else
REFERENCES = ("measure", "visit", "care", "do", "order_set", "treatment", "hazard", "to")

#: keys of amounts that are no amounts of light
MEASURED = ("rate", "after", "delay", "every", "noise", "drift", "between_patients", "by", "mean")


@dataclass(frozen=True)
class Mistake:
    """Characters `start` to `end` of a text become `text`."""

    what: str
    line: int
    start: int
    end: int
    text: str
    path: str


def planted(text: str, mistakes: Iterable[Mistake]) -> str:
    """The text with all the mistakes in it."""
    for each in sorted(mistakes, key=lambda mistake: -mistake.start):
        text = text[: each.start] + each.text + text[each.end :]
    return text


def said(text: str, file: str, main: str = "") -> list[Said]:
    """The errors of a file with this text (or of `main`, which uses it), in the order they are shown in."""
    if main:
        reading = read_text(Path(main).read_text(encoding="utf-8"), main, {file: text})
    else:
        reading = read_text(text, file)
    findings = check_reading(reading)
    return [(f.code, f.span.file, f.span.line, f.message) for f in findings.sorted() if f.severity == "error"]


def mistakes_of(text: str, file: str) -> list[Mistake]:
    """Every mistake that can be planted in a scenario."""
    root = read_yaml(text, file, Findings())
    assert root is not None
    return list(_in_block(model.Scenario, root, ""))


def _in_block(block: type[model.Block], node: Node, path: str) -> Iterator[Mistake]:
    keys = keys_of(block)
    if isinstance(node, Scalar) and block in SHORTHAND:
        yield from _of_value(keys[SHORTHAND[block]], node, path)
    if not isinstance(node, Mapping):
        return
    for name, entry in node.entries.items():
        key = keys.get(name)
        here = f"{path}.{name}" if path else name
        if key is None or name in ("use", "arms", "parameters", "remove", "format"):
            continue
        if len(name) >= 5 and entry.key.end - entry.key.start == len(name):
            yield _at(entry.key, "misspelt key", name + name[-1], here)
            yield _at(entry.key, "unknown key", f"zq{entry.key.span.line}zq", here)
        yield from _of_value(key, entry.value, here)
        yield from _below(key, key.kind, entry.value, here)


def _below(key: Key, kind: Kind, node: Node, path: str) -> Iterator[Mistake]:
    if kind.block is not None:
        yield from _in_block(kind.block, node, path)
    elif kind.name == "list" and kind.item is not None and isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _below(key, kind.item, item, f"{path}[{index}]")
            if key.name in ("at", "measures", "in", "never_with", "keeps") and kind.item.name == "text":
                yield from _text(item, "misspelt reference", "{}_zq", f"{path}[{index}]")
    elif kind.name == "mapping" and kind.item is not None and isinstance(node, Mapping):
        for name, entry in node.entries.items():
            yield from _below(key, kind.item, entry.value, f"{path}.{name}")
    elif kind.name == "rate" and isinstance(node, Mapping) and "gompertz" in node.entries:
        yield from _in_block(model.Gompertz, node.entries["gompertz"].value, f"{path}.gompertz")
    elif kind.name == "arrow" and isinstance(node, Mapping):
        for entry in node.entries.values():
            yield from _text(entry.key, "misspelt state", "{}_zq", path)
            yield from _in_block(model.Trigger, entry.value, path)


def _of_value(key: Key, node: Node, path: str) -> Iterator[Mistake]:
    """Mistakes in the value of a key that is a single text."""
    if key.kind.name in ("expression", "value", "rate"):
        yield from _text(node, "syntax error", "{} )", path)
        if key.name in CONDITIONS:
            yield from _text(node, "unknown name", "({}) and nosuch_zq", path)
        else:
            yield from _text(node, "unknown name", "nosuch_zq", path)
            if key.name in MEASURED:
                yield from _text(node, "wrong unit", "17 cd", path)
    elif key.kind.name in ("integer", "date"):
        yield from _text(node, "wrong kind", "zq", path)
    elif key.form == "unit":
        yield from _text(node, "unknown unit", "zq", path)
    elif key.name in REFERENCES and key.kind.name == "text" and "|" not in path:
        yield from _text(node, "misspelt reference", "{}_zq", path)


def _text(node: Node, what: str, form: str, path: str) -> Iterator[Mistake]:
    """A single line, unquoted or in double quotes, is written in another form."""
    if not isinstance(node, Scalar) or node.span.line != node.span.end_line:
        return
    raw = node.source.text[node.start : node.end]
    inner = raw[1:-1] if raw[:1] == '"' else raw
    if inner != node.text or not inner or raw[:1] in ("'", "|", ">"):
        return
    yield _at(node, what, '"' + form.format(inner) + '"', path)


def _at(node: Scalar, what: str, text: str, path: str) -> Mistake:
    return Mistake(what, node.span.line, node.start, node.end, text, path)


def independent(one: Mistake, other: Mistake) -> bool:
    """Whether both can be planted, and neither hides the other."""
    return one.line != other.line and not (_hides(one, other) or _hides(other, one))


def _hides(one: Mistake, other: Mistake) -> bool:
    """Nobody knows what stands under an unknown key, nor whether a unit is wrong beside an unknown one."""
    below = other.path.startswith((f"{one.path}.", f"{one.path}["))
    if one.what == "unknown unit":
        return other.what == "wrong unit" and other.path.startswith(f"{one.path.rpartition('.')[0]}.")
    return one.what == "unknown key" and below
