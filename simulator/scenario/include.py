"""`use:` – reads a file with the files it uses, and theirs; `merge.py` says who wins.

A file may be used with other values of its parameters (``with:``), and under another name (``as:``,
see `instance.py`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import islice

from simulator.errors import Findings, Span
from simulator.scenario import model
from simulator.scenario.build import read_block
from simulator.scenario.files import FileProblem, Files, beside, nearest_file
from simulator.scenario.instance import defined, instance
from simulator.scenario.lookalikes import strange
from simulator.scenario.merge import (
    Conflict,
    Hidden,
    Merged,
    NotThereError,
    check_appending,
    combine_all,
    overlay,
    remove,
    settles,
)
from simulator.scenario.nearest import nearest
from simulator.scenario.parameters import values_of, written_out
from simulator.scenario.values import Context, check_name
from simulator.scenario.yaml_nodes import (
    TOO_LARGE,
    Entry,
    Mapping,
    Node,
    Scalar,
    Sequence,
    is_empty,
    read_yaml,
    size_of,
)

VERSION = 1
SUFFIXES = (".yaml", ".yml")
MAX_FILES = 200
MAX_SIZE = 200_000  # keys and values
UP = 4  # folders above, in which a file that is not found is looked for

#: what a file says about itself, not merged
_OWN = ("format", "id", "title", "description", "source", "use", "remove")


@dataclass(slots=True)
class _Use:
    """One item under `use:`."""

    file: Scalar
    prefix: Scalar | None = None
    values: Mapping | None = None

    @property
    def identity(self) -> tuple[str, str]:
        return self.file.text.strip(), self.prefix.text if self.prefix else ""


@dataclass(slots=True)
class Includer:
    """Reads a file with everything it uses. Raises nothing: what is wrong becomes a finding."""

    files: Files
    findings: Findings
    _roots: dict[str, Mapping | None] = field(default_factory=dict)
    _done: dict[tuple[str, str], Merged | None] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _size: int = 0  # keys and values of all files, those used under several names counted each time

    def load(self, path: str) -> Mapping | None:
        """The root of `path` (which is in `files`), merged with the files it uses."""
        merged = self._load(path, "")
        return merged.root if merged is not None else None

    def _load(self, path: str, prefix: str) -> Merged | None:
        identity = os.path.realpath(path)
        key = (identity, prefix)
        if key in self._done:
            return self._done[key]
        self._open.append(identity)
        root = self._root(path, identity)
        merged = None
        if root is not None and self._format_is_known(root):
            uses = self._uses(root, is_first=len(self._open) == 1)
            used = [(use, found) for use in uses if (found := self._use(use)) is not None]
            taken = self._check_prefixes(used)
            merged = self._merge(root, [found for _, found in used], prefix, taken)
        self._open.pop()
        self._done[key] = merged
        self._size += 0 if root is None else size_of(root)
        return merged

    def _root(self, path: str, identity: str) -> Mapping | None:
        """A file's own tree, read once."""
        if identity not in self._roots:
            root = read_yaml(self.files.texts[path], path, self.findings)
            if root is not None:
                check_appending(root, self.findings)
                root = written_out(root)
                source = root.get("source")
                if isinstance(source, Scalar) and not is_empty(source):
                    self.files.sources[path] = source.text
            self._roots[identity] = root
        return self._roots[identity]

    def _format_is_known(self, root: Mapping) -> bool:
        node = root.get("format")
        if not isinstance(node, Scalar) or not node.text.isdecimal() or int(node.text) == VERSION:
            return True  # anything that is no number is found when the block is read
        newer = int(node.text) > VERSION
        self.findings.add(
            "E217", f"this file is in format {node.text}; this program reads format {VERSION}", node.span,
            path="format",
            remedy="Install a newer version of the simulator." if newer else "Run `simulator migrate` on it.",
        )  # fmt: skip
        return False

    # --- what is used -------------------------------------------------------------------------

    def _uses(self, root: Mapping, *, is_first: bool) -> list[_Use]:
        """The items of `use:`. What else is wrong with those of the first file is found as it is built."""
        node = root.get("use")
        items = node.items if isinstance(node, Sequence) else [node] if node is not None else []
        found: list[_Use] = []
        for index, item in enumerate(items):
            if is_empty(item):
                continue
            if not is_first and not isinstance(item, Scalar):
                context = Context(self.findings, self.files)
                read_block(context, model.Use, item, item.span, f"use[{index}]")
            use = self._item(item, f"use[{index}]")
            if use is None:
                continue
            if any(use.identity == other.identity for other in found):
                self.findings.add(
                    "E220", f"`{use.file.text}` is used twice", use.file.span, path="use",
                    remedy="To have it twice, give it another name: `{file: …, as: …}`."
                    if use.values else "",
                )  # fmt: skip
            else:
                found.append(use)
        return found

    def _item(self, item: Node, path: str) -> _Use | None:
        if isinstance(item, Scalar):
            return _Use(item)
        if not isinstance(item, Mapping):
            return None
        file, prefix, values = item.get("file"), item.get("as"), item.get("with")
        if not isinstance(file, Scalar) or is_empty(file):
            return None
        if isinstance(prefix, Scalar) and not is_empty(prefix):
            context = Context(self.findings, self.files)
            if not check_name(context, prefix, f"{path}.as", "name"):
                return None
        else:
            prefix = None
        return _Use(file, prefix, values if isinstance(values, Mapping) else None)

    def _use(self, use: _Use) -> Merged | None:
        name = use.file.text.strip()
        if os.path.isabs(name):
            self.findings.add(
                "E123", f"`{name}` is an absolute path", use.file.span, path="use",
                remedy="Write the path relative to this file.",
            )  # fmt: skip
            return None
        path = self._find(use.file, name)
        if path is None:
            return None
        identity = os.path.realpath(path)
        if identity in self._open:
            self.findings.add(
                "E121", f"`{name}` already uses this file", use.file.span, path="use",
                remedy="Move what both need to a third file.",
            )  # fmt: skip
            return None
        prefix = use.prefix.text if use.prefix else ""
        if (identity, prefix) not in self._done and self._size > MAX_SIZE:
            self.findings.add(
                "E110", f"the files that are used have more than {MAX_SIZE:,} keys and values together",
                use.file.span, path="use", remedy=TOO_LARGE,
            )  # fmt: skip
            return None
        merged = self._load(path, prefix)
        return merged if merged is None or use.values is None else self._with(use.values, merged, name)

    def _with(self, values: Mapping, merged: Merged, file: str) -> Merged:
        """The file with other values of its parameters."""
        given: dict[str, Entry] = {}
        for name, entry in values.entries.items():
            known = merged.root.get("parameters")
            inside = merged.own.get(name, name)
            is_known = isinstance(known, Mapping) and inside in known.entries
            given[inside if is_known else name] = entry
        top = values_of(given, merged.root, self.findings, "use.with", f"`{file}`")
        if top is None:
            return merged
        hidden: Hidden = dict(merged.hidden)
        return Merged(overlay(top, merged.root, hidden), hidden, merged.own)

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
            nearest=os.path.join(os.path.dirname(name), os.path.splitext(close)[0])
            if close
            else _elsewhere(name, os.path.dirname(item.span.file)),
            remedy=strange(name)
            or "The path is relative to the file that names it, with or without `.yaml`.",
        )  # fmt: skip
        return None

    def _check_prefixes(self, used: list[tuple[_Use, Merged]]) -> set[str]:
        """A prefix must not make a name that another file has already. Returns such names."""
        found: set[str] = set()
        if all(use.prefix is None for use, _ in used):
            return found
        definitions = {id(use): defined(merged.root) for use, merged in used}
        holders: dict[str, list[_Use]] = {}
        for use, _ in used:
            for name in definitions[id(use)]:
                holders.setdefault(name, []).append(use)
        for place, (use, merged) in enumerate(used):
            new = {name for old, name in merged.own.items() if name != old}
            mine = definitions[id(use)]
            others = {id(each): each for name in new for each in holders.get(name, ())}
            for other, _ in used if len(others) > 1 else ():
                if use.prefix is None or other is use or id(other) not in others:
                    continue
                keys = definitions[id(other)]
                taken = [n for n in sorted(new & keys.keys()) if keys[n].span != mine[n].span]
                if taken and (other.prefix is None or place > _place(used, other)):
                    self.findings.add(
                        "E127", f"`as: {use.prefix.text}` makes the name `{taken[0]}`, which "
                        f"`{other.file.text}` defines, too", use.prefix.span, path="use",
                        remedy=f"Choose another prefix; the other one is at {keys[taken[0]].span}.",
                    )  # fmt: skip
                found.update(taken)
        return found

    # --- merging ------------------------------------------------------------------------------

    def _merge(self, root: Mapping, used: list[Merged], prefix: str, taken: set[str]) -> Merged:
        conflicts: list[Conflict] = []
        parts = [Merged(Mapping(root.span))]
        for each in used:
            entries = {k: e for k, e in each.root.entries.items() if k not in _OWN}
            parts.append(Merged(Mapping(each.root.span, entries), each.hidden))
        library = combine_all(parts, conflicts)
        own = defined(root).keys() - defined(library.root).keys()
        names = {name: f"{prefix}_{name}" if prefix else name for name in sorted(own)}
        if prefix:
            root = instance(root, names)
        for conflict in conflicts:
            if not (settles(root, conflict.path) or taken & set(conflict.path[1:2])):
                self.findings.add(
                    "E122",
                    f"`{'.'.join(conflict.path)}` is also given, differently, at {conflict.first}",
                    conflict.second,
                    path=".".join(conflict.path),
                    remedy=f"Give it in {root.span.file}, which then decides, or use only one of the two.",
                )
        hidden: Hidden = dict(library.hidden)
        base = remove_paths(root.get("remove"), library.root, hidden, self.findings, "remove", "used files")
        return Merged(overlay(root, base, hidden) if used else root, hidden, names)


def _elsewhere(name: str, folder: str) -> str | None:
    """How a file in `folder` names one that lies where the path was meant from: here, or further up.

    ``library/asthma`` is often written in a folder beside `library`, or from where the command is run.
    """
    if os.path.isabs(name):
        return None
    above = folder
    for base in (os.curdir, *((above := os.path.join(above, os.pardir)) for _ in range(UP))):
        for inside in ("", "scenarios"):
            place = os.path.join(base, inside, name)
            if any(os.path.isfile(place + suffix) for suffix in ("", *SUFFIXES)):
                return os.path.relpath(place, folder or os.curdir).replace(os.sep, "/")
    return None


def _place(used: list[tuple[_Use, Merged]], use: _Use) -> int:
    return next(i for i, (each, _) in enumerate(used) if each is use)


def remove_paths(
    node: Node | None, base: Mapping, hidden: Hidden, findings: Findings, path: str, whose: str
) -> Mapping:
    """`base` without what a list of paths names; what is not there is a finding."""
    items = node.items if isinstance(node, Sequence) else [node] if isinstance(node, Scalar) else []
    for item in items:
        if not isinstance(item, Scalar) or is_empty(item):
            continue
        try:
            base = remove(base, item.text.strip(), item.span, hidden)
        except NotThereError as problem:
            _report_not_there(item, problem, findings, path, whose)
    return base


def _report_not_there(
    item: Scalar, problem: NotThereError, findings: Findings, path: str, whose: str
) -> None:
    where = f"in `{problem.there}` " if problem.there else ""
    listed = ", ".join(f"`{name}`" for name in islice(problem.choices, 8))
    if len(problem.choices) > 8:
        listed += f" … ({len(problem.choices)} in all)"
    start = item.text.rfind(problem.step)
    span: Span = item.locate(start, start + len(problem.step)) if start >= 0 else item.span
    findings.add(
        "E126",
        f"more than one item {where}is called `{problem.step}`"
        if problem.several
        else f"there is no `{problem.step}` {where}to remove from {whose}",
        span,
        path=path,
        expected=f"one of {listed}" if listed else "a path such as `diseases.cf.events.exacerbation`",
        nearest=nearest(problem.step, problem.choices),
        remedy="Give its number, counted from 0: `[0]`." if problem.several else "",
    )
