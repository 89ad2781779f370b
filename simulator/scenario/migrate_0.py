"""Format 0, the drafts before the first release, to format 1.

What was written otherwise:

- `targets:` and `phenotypes:` were lists; now each has a name (`id`, else the term of the ontology).
- `ci95: [a, b]` of a target is `accept: a..b`.
- In `course`, `death` and `onset`, a rate could stand alone, and `{median: …, shape: …}` meant a Weibull
  duration.
- A single `diagnosis`, or `stop`, needed no list.
- `code:` under `mistaken_for` is `codes:`.
- `after` stood among the events of `may_follow`.
- A measurement's `value` had `start`, `slope` and `while CONDITION: slope`, which are `mean` (with
  `between_patients`) and `drift`.
- `X done` is `ever X`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from simulator.scenario.text_edits import Edits, in_flow
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, is_empty

_CONDITIONS = ("when", "if", "while", "for", "until", "wait_until", "never", "contraindicated")
_DONE = re.compile(r"(?<![\w.])([a-z][a-z0-9_]*) done(?!\w)")
_START = re.compile(r"normal\(\s*([^,()]+?)\s*,\s*([^,()]+?)\s*\)")
_UNIT = re.compile(r"[-+0-9._eE]+\s*(.*)")


def from_0(edits: Edits, root: Mapping) -> list[str]:
    """Add what must change to `edits`. Returns what could not be changed, as ``line: what``."""
    return _Step(edits).file(root)


class _Step:
    def __init__(self, edits: Edits) -> None:
        self.edits = edits
        self.left: list[str] = []

    def file(self, root: Mapping) -> list[str]:
        for _, disease in _blocks(root, "diseases"):
            self.disease(disease)
        for _, measurement in _blocks(root, "measurements"):
            value = measurement.get("value")
            if isinstance(value, Mapping):
                self.value(value)
        for section in ("treatments", "pathways"):
            for _, block in _blocks(root, section):
                self.as_list(block, "stop")
        self.named(root, "targets", lambda item: _text(item, "id"), drop="id")
        targets = root.get("targets")
        for target in targets.items if isinstance(targets, Sequence) else ():
            if isinstance(target, Mapping):
                self.interval(target)
        self.everywhere(root)
        return self.left

    def leave(self, node: Node, what: str) -> None:
        self.left.append(f"{node.span.line}: {what}")

    # --- diseases -----------------------------------------------------------------------------

    def disease(self, block: Mapping) -> None:
        course = block.get("course")
        for item in course.items if isinstance(course, Sequence) else ():
            for entry in item.entries.values() if isinstance(item, Mapping) else ():
                self.trigger(entry.value)
        death = block.get("death")
        for entry in death.entries.values() if isinstance(death, Mapping) else ():
            self.trigger(entry.value)
        onset = block.get("onset")
        if onset is not None:
            self.trigger(onset)
        self.named(block, "phenotypes", _phenotype)
        self.as_list(block, "diagnosis")
        for route in _mappings(block.get("diagnosis")):
            for mistake in _mappings(route.get("mistaken_for")):
                code = mistake.entries.get("code")
                if code is not None:
                    self.edits.replace(code.key.start, code.key.end, "codes")

    def trigger(self, node: Node) -> None:
        """A rate that stands alone, or a Weibull duration by its median and shape."""
        edits = self.edits
        if isinstance(node, Scalar) and not is_empty(node):
            raw = edits.raw(node)
            edits.replace(node.start, node.end, f"{{rate: {in_flow(raw) if node.plain else raw}}}")
        elif isinstance(node, Mapping) and set(node.entries) == {"median", "shape"}:
            start, end = edits.start(node), edits.end(node)
            if edits.is_flow(node):
                edits.insert(start, "{after: {weibull: ")
                edits.insert(end, "}}")
            else:
                column = edits.column(start)
                edits.insert(start, f"after:\n{' ' * (column + 2)}weibull:\n{' ' * (column + 4)}")
                edits.shift(start, end, 4)

    # --- lists that became mappings, and the other way round -----------------------------------

    def named(
        self, block: Mapping, key: str, name_of: Callable[[Mapping], str | None], drop: str = ""
    ) -> None:
        """Give each item of a list a name: ``- {id: a, …}`` is ``a: {…}``; `drop` is the key that said it."""
        node = block.get(key)
        if not isinstance(node, Sequence) or not node.items:
            return
        edits = self.edits
        names = [name_of(item) if isinstance(item, Mapping) else None for item in node.items]
        if None in names or len(set(names)) < len(names):
            self.leave(
                node, f"`{key}` is a list whose items have no names that tell them apart; give it names"
            )
            return
        flow = edits.is_flow(node)
        if flow:
            edits.replace(edits.start(node), edits.start(node) + 1, "{")
            edits.replace(edits.end(node) - 1, edits.end(node), "}")
        # a list may stand as far left as its key, what is in a mapping may not
        by = (
            0
            if flow or edits.column(edits.dash(node.items[0])) > edits.column(block.entries[key].key.start)
            else 2
        )
        for item, name in zip(node.items, names, strict=True):
            assert isinstance(item, Mapping)
            self.name(item, str(name), drop, flow, by)

    def name(self, item: Mapping, name: str, drop: str, flow: bool, by: int) -> None:
        edits = self.edits
        start = edits.start(item)
        entry = item.entries.get(drop)
        if flow:
            edits.insert(start, f"{name}: ")
        dash = start if flow else edits.dash(item)
        if by:
            edits.insert(dash, " " * by)
        if edits.is_flow(item):
            if not flow:
                edits.replace(dash, start, f"{name}: ")
                edits.shift(start, edits.end(item), by)
            if entry is not None:
                edits.drop(item, entry)
            return
        indent = " " * (edits.column(start) + by)
        if entry is None:
            edits.replace(dash, start, f"{name}:\n{indent}")
        elif next(iter(item.entries.values())) is entry:
            edits.replace(dash, edits.end(entry.value), f"{name}:")
        else:
            edits.replace(dash, start, f"{name}:\n{indent}")
            line = edits.text.rindex("\n", 0, entry.key.start)
            edits.replace(line, edits.end(entry.value), "")
        if by:
            keep = (
                edits.text.rindex("\n", 0, entry.key.start)
                if entry is not None and edits.start(item) != entry.key.start
                else -1
            )
            self._shift_but(start, edits.end(item), by, keep)

    def _shift_but(self, start: int, end: int, by: int, dropped: int) -> None:
        """Indent lines, except for one that is dropped as a whole."""
        if dropped < 0:
            self.edits.shift(start, end, by)
            return
        self.edits.shift(start, dropped, by)
        next_line = self.edits.text.find("\n", dropped + 1)
        if 0 <= next_line < end:
            self.edits.shift(next_line, end, by)

    def as_list(self, block: Mapping, key: str) -> None:
        """A single mapping where a list belongs."""
        node = block.get(key)
        if not isinstance(node, Mapping) or not node.entries:
            return
        edits = self.edits
        start, end = edits.start(node), edits.end(node)
        if edits.is_flow(node):
            edits.insert(start, "[")
            edits.insert(end, "]")
        else:
            edits.insert(start, "- ")
            edits.shift(start, end, 2)

    # --- measurements and targets ---------------------------------------------------------------

    def value(self, node: Mapping) -> None:
        """`start`, `slope` and `while …` of a measurement's value."""
        edits, flow = self.edits, self.edits.is_flow(node)
        entries = list(node.entries.values())
        indent = " " * edits.column(entries[0].key.start) if entries else ""
        start = node.entries.get("start")
        if start is not None and isinstance(start.value, Scalar):
            begin, end = start.value.start, edits.end(start.value)
            behind = next((each for i, each in enumerate(entries) if i and entries[i - 1] is start), None)
            if flow and behind is not None and is_empty(behind.value) and behind.key.text.endswith(")"):
                end = behind.key.end  # YAML has cut `normal(95, 8)` at its comma
            written = edits.text[begin:end]
            match = _START.fullmatch(written.strip("'\""))
            parts = [f"mean: {match[1]}", f"between_patients: {match[2]}"] if match else [f"mean: {written}"]
            edits.replace(start.key.start, end, (", " if flow else f"\n{indent}").join(parts))
        slopes = [i for i, each in enumerate(entries) if _is_slope(each)]
        if not slopes:
            return
        if slopes != list(range(slopes[0], slopes[-1] + 1)) or "drift" in node.entries:
            self.leave(entries[slopes[0]].key, "slopes that do not stand together; put them under `drift:`")
            return
        for i in slopes:
            entry = entries[i]
            condition = entry.key.text.removeprefix("while").strip() if entry.key.text != "slope" else ""
            raw = edits.raw(entry.value)
            raw = in_flow(raw) if isinstance(entry.value, Scalar) and entry.value.plain and not flow else raw
            by = f"{{by: {raw}" + (f", while: {in_flow(condition)}}}" if condition else "}")
            if flow:
                by = ("drift: [" if i == slopes[0] else "") + by + ("]" if i == slopes[-1] else "")
            else:
                by = (f"drift:\n{indent}" if i == slopes[0] else "") + f"  - {by}"
            edits.replace(entry.key.start, edits.end(entry.value), by)

    def interval(self, target: Mapping) -> None:
        """``ci95: [57 years, 65 years]`` is ``accept: 57..65 years``."""
        entry = target.entries.get("ci95")
        if entry is None:
            return
        ends = [item.text for item in entry.value.items if isinstance(item, Scalar)] if isinstance(
            entry.value, Sequence) else []  # fmt: skip
        if len(ends) != 2:
            self.leave(entry.key, "`ci95` is not a list of two numbers; write `accept: low..high`")
            return
        units = [match[1] if (match := _UNIT.fullmatch(end)) else "" for end in ends]
        low = ends[0].removesuffix(units[0]).strip() if units[0] == units[1] and units[0] != "%" else ends[0]
        self.edits.replace(entry.key.start, self.edits.end(entry.value), f"accept: {low}..{ends[1]}")

    # --- everywhere ---------------------------------------------------------------------------

    def everywhere(self, node: Node) -> None:
        """`X done`, and `after` among the events of `may_follow`, wherever they stand."""
        if isinstance(node, Sequence):
            for item in node.items:
                self.everywhere(item)
        if not isinstance(node, Mapping):
            return
        for name, entry in node.entries.items():
            if name in _CONDITIONS and isinstance(entry.value, Scalar):
                self.done(entry.value)
            elif name == "may_follow" and isinstance(entry.value, Mapping) and "after" in entry.value.entries:
                self.after(node, entry)
            else:
                self.everywhere(entry.value)

    def done(self, node: Scalar) -> None:
        for match in _DONE.finditer(node.text):
            places = node.places()
            start, end = places[match.start()], places[match.end() - 1] + 1
            self.edits.replace(start, end, f"ever {match[1]}")

    def after(self, step: Mapping, entry: Entry) -> None:
        events = entry.value
        assert isinstance(events, Mapping)
        after = events.entries["after"]
        if not self.edits.is_flow(events) or len(events.entries) < 2:
            self.leave(
                after.key, "`after` stands among the events of `may_follow`; put it beside `may_follow`"
            )
            return
        raw = self.edits.raw(after.value)
        self.edits.drop(events, after)
        break_ = ", " if self.edits.is_flow(step) else f"\n{' ' * self.edits.column(entry.key.start)}"
        self.edits.insert(self.edits.end(events), f"{break_}after: {raw}")


def _blocks(root: Mapping, section: str) -> Iterator[tuple[str, Mapping]]:
    node = root.get(section)
    for name, entry in node.entries.items() if isinstance(node, Mapping) else ():
        if isinstance(entry.value, Mapping):
            yield name, entry.value


def _mappings(node: Node | None) -> Iterator[Mapping]:
    """A mapping, or those in a list."""
    for each in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(each, Mapping):
            yield each


def _text(item: Mapping, key: str) -> str | None:
    node = item.get(key)
    return node.text if isinstance(node, Scalar) and re.fullmatch(r"[a-z][a-z0-9_]*", node.text) else None


def _phenotype(item: Mapping) -> str | None:
    """A name for a phenotype that had none: from its title, else from its term."""
    for key in ("title", "hpo"):
        node = item.get(key)
        if isinstance(node, Scalar) and node.text:
            name = re.sub(r"[^a-z0-9]+", "_", node.text.lower()).strip("_")
            if re.match(r"[a-z]", name):
                return name
    return None


def _is_slope(entry: Entry) -> bool:
    return entry.key.text == "slope" or entry.key.text.startswith("while ")
