"""`use:` – other files, merged by name; the using file wins, key by key.

Mappings are merged, lists and single values replaced. Tables, distributions, `draw` and `sex` are
values: they are replaced as a whole. Every node keeps the position in its own file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from simulator.errors import Findings, Span
from simulator.scenario.expression import DISTRIBUTIONS
from simulator.scenario.files import FileProblem, Files, beside, nearest_file
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, is_empty, read_yaml

VERSION = 1
SUFFIXES = (".yaml", ".yml")
MAX_FILES = 200

#: what a file says about itself, not merged
_OWN = ("format", "id", "title", "description", "use")
_WHOLE = ("draw", "sex")  # shares that add up: never mixed from two files

#: a key of the using file takes the place of these, which say the same thing in another way
_INSTEAD = {"age": ("age_sex",), "age_sex": ("age", "sex")}


@dataclass(slots=True)
class _Conflict:
    path: tuple[str, ...]
    first: Span
    second: Span


@dataclass(slots=True)
class Includer:
    """Reads a file with everything it uses. Raises nothing: what is wrong becomes a finding."""

    files: Files
    findings: Findings
    _done: dict[str, Mapping | None] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def load(self, path: str) -> Mapping | None:
        """The root of `path` (which is in `files`), merged with the files it uses."""
        identity = os.path.realpath(path)
        if identity in self._done:
            return self._done[identity]
        self._open.append(identity)
        root = read_yaml(self.files.texts[path], path, self.findings)
        merged = None
        if root is not None and self._format_is_known(root):
            used = [node for node in (self._use(item) for item in self._uses(root)) if node is not None]
            merged = self._merge(root, used)
        self._open.pop()
        self._done[identity] = merged
        return merged

    def _format_is_known(self, root: Mapping) -> bool:
        node = root.get("format")
        if not isinstance(node, Scalar) or not node.text.isdecimal() or int(node.text) == VERSION:
            return True  # anything that is no number is found when the block is read
        newer = int(node.text) > VERSION
        self.findings.add(
            "E217", f"this file is in format {node.text}; this program reads format {VERSION}", node.span,
            path="format",
            remedy="Install a newer version of the simulator." if newer else "Write `format: 1`.",
        )  # fmt: skip
        return False

    def _uses(self, root: Mapping) -> list[Scalar]:
        """The texts under `use:`; anything else is found when the block is read."""
        node = root.get("use")
        items = node.items if isinstance(node, Sequence) else [node]
        found: list[Scalar] = []
        for item in items:
            if not isinstance(item, Scalar) or is_empty(item):
                continue
            if any(item.text == other.text for other in found):
                self.findings.add("E220", f"`{item.text}` is used twice", item.span, path="use")
            else:
                found.append(item)
        return found

    def _use(self, item: Scalar) -> Mapping | None:
        name = item.text.strip()
        if os.path.isabs(name):
            self.findings.add(
                "E123", f"`{name}` is an absolute path", item.span, path="use",
                remedy="Write the path relative to this file.",
            )  # fmt: skip
            return None
        path = self._find(item, name)
        if path is None:
            return None
        identity = os.path.realpath(path)
        if identity in self._open:
            self.findings.add(
                "E121", f"`{name}` already uses this file", item.span, path="use",
                remedy="Move what both need to a third file.",
            )  # fmt: skip
            return None
        return self.load(path)

    def _find(self, item: Scalar, name: str) -> str | None:
        base = beside(item.span.file, name)
        candidates = [base] if name.endswith(SUFFIXES) else [*(base + suffix for suffix in SUFFIXES), base]
        problem = None
        for path in candidates:
            if len(self.files.texts) >= MAX_FILES:
                problem = FileProblem(f"more than {MAX_FILES} files are used")
                break
            try:
                self.files.read(path)
                return path
            except FileProblem as error:
                if problem is None or os.path.lexists(path):
                    problem = error
        close = nearest_file(candidates[0], SUFFIXES)
        self.findings.add(
            "E120", str(problem), item.span, path="use",
            nearest=os.path.join(os.path.dirname(name), os.path.splitext(close)[0]) if close else None,
            remedy="The path is relative to the file that names it, with or without `.yaml`.",
        )  # fmt: skip
        return None

    def _merge(self, root: Mapping, used: list[Mapping]) -> Mapping:
        if not used:
            return root
        conflicts: list[_Conflict] = []
        library = Mapping(root.span)
        for each in used:
            public = Mapping(each.span, {k: e for k, e in each.entries.items() if k not in _OWN})
            library = _combine(library, public, (), conflicts)
        for conflict in conflicts:
            if not _settles(root, conflict.path):
                self.findings.add(
                    "E122",
                    f"`{'.'.join(conflict.path)}` is also given, differently, at {conflict.first}",
                    conflict.second,
                    path=".".join(conflict.path),
                    remedy=f"Give it in {root.span.file}, which then decides, or use only one of the two.",
                )
        return _overlay(root, library)


def _is_value(node: Node) -> bool:
    if not isinstance(node, Mapping):
        return True
    keys = node.entries.keys()
    return bool(keys & {"by", "table", "csv", "gompertz"}) or (
        len(keys) == 1 and next(iter(keys)) in DISTRIBUTIONS
    )


def _overlay(top: Mapping, base: Mapping) -> Mapping:
    """`base` with everything that `top` gives in its place."""
    replaced = {other for name in top.entries for other in _INSTEAD.get(name, ())}
    merged = {name: entry for name, entry in base.entries.items() if name not in replaced}
    for name, entry in top.entries.items():
        below = base.entries.get(name)
        value = entry.value
        if (
            below is not None
            and name not in _WHOLE
            and isinstance(value, Mapping)
            and isinstance(below.value, Mapping)
            and not (_is_value(value) or _is_value(below.value))
        ):
            value = _overlay(value, below.value)
        merged[name] = Entry(entry.key, value)
    return Mapping(top.span, merged)


def _combine(a: Mapping, b: Mapping, path: tuple[str, ...], conflicts: list[_Conflict]) -> Mapping:
    """Two files that are used side by side: neither wins."""
    merged = dict(a.entries)
    for name, entry in b.entries.items():
        other = merged.get(name)
        if other is None:
            merged[name] = entry
        elif (
            name not in _WHOLE
            and isinstance(other.value, Mapping)
            and isinstance(entry.value, Mapping)
            and not (_is_value(other.value) or _is_value(entry.value))
        ):
            merged[name] = Entry(other.key, _combine(other.value, entry.value, (*path, name), conflicts))
        elif not _same(other.value, entry.value):
            conflicts.append(_Conflict((*path, name), other.key.span, entry.key.span))
    return Mapping(a.span, merged)


def _settles(root: Mapping, path: tuple[str, ...]) -> bool:
    """Whether `root` itself says what stands at `path`."""
    node: Node | None = root
    for name in path:
        node = node.get(name) if isinstance(node, Mapping) else None
        if node is None:
            return False
        if _is_value(node):
            return True
    return True


def _same(a: Node, b: Node) -> bool:
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        return a.text == b.text
    if isinstance(a, Sequence) and isinstance(b, Sequence):
        return len(a.items) == len(b.items) and all(map(_same, a.items, b.items))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.entries.keys() == b.entries.keys() and all(
            _same(entry.value, b.entries[name].value) for name, entry in a.entries.items()
        )
    return False
