"""What differs between two scenarios as models: by name, in words, whatever files and lines they stand in.

Both are merged and built before they are compared, so layout, comments, order of names and the files that
things are taken from do not matter, and neither does how a constant is written (12 months, 1 year).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from simulator.authoring.diff_words import (
    ORDERED,
    PROSE,
    block_words,
    canonical,
    cell_words,
    item_label,
    key_label,
    say,
)
from simulator.errors import Span
from simulator.scenario import model
from simulator.scenario.constants import NotConstantError, constant
from simulator.scenario.keys import keys_of
from simulator.scenario.model_courses import Step

#: what a file says about itself; arms are compared by naming them
_APART = ("format", "id", "title", "description", "source", "use", "remove", "arms")
#: what an item of a list is recognised by
_IDENTITY = (
    "from_", "to", "while_", "hazard", "measurement", "measure", "do", "care", "treatment", "with_",
    "order_set", "at", "on", "visit", "if_", "never",
)  # fmt: skip
#: steps that are taken on one way only
_WAYS = ("then", "else", "otherwise")
_MOST_CELLS = 3

Kind = Literal["changed", "added", "removed", "renamed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two scenarios say differently.

    Attributes:
        section: key of the scenario it stands under, e.g. ``diseases``.
        name: name of the block there; empty where there is only one (``population``).
        title: what the block is called, for people.
        what: what in it, in words: ``onset, hazard, 40..49 years``; empty for the block itself.
        kind: changed, added, removed or renamed.
        before, after: in words, with units; empty where there is none.
        path: YAML path, in the second scenario where it is there.
        place_before, place_after: ``file:line``, empty where there is none.
    """

    section: str
    name: str
    title: str
    what: str
    kind: Kind
    before: str
    after: str
    path: str
    place_before: str = ""
    place_after: str = ""


def differences(one: model.Scenario, two: model.Scenario) -> tuple[Difference, ...]:
    """Everything that `two` says differently from `one`, in the order of the language's keys."""
    found: list[Difference] = []
    renamed: dict[str, str] = {}
    units = {name: block.unit for each in (one, two) for name, block in each.measurements.items()}
    for key in keys_of(model.Scenario).values():
        if key.name in _APART:
            continue
        a, b = getattr(one, key.field), getattr(two, key.field)
        if isinstance(a, dict):
            found += _named(key.name, a, b, renamed, units)
        elif isinstance(a, list):
            here = _Block(key.name, "", "", units)
            found += here.items(a, b, (), key.name)
        elif a is not None or b is not None:
            found += _whole(key.name, "", a, b, units)
    return tuple(each for each in found if not _is_only_renamed(each, renamed))


def _named(
    section: str, a: dict[str, Any], b: dict[str, Any], renamed: dict[str, str], units: dict[str, str]
) -> Iterator[Difference]:
    gone, come = [n for n in a if n not in b], [n for n in b if n not in a]
    for old in gone[:]:
        for new in come:
            if _with_name(repr(canonical(a[old])), old, new) == repr(canonical(b[new])):
                renamed[old] = new
                gone.remove(old)
                come.remove(new)
                places = _place(a[old].span), _place(b[new].span)
                yield Difference(section, new, _title(b[new]), "", "renamed", old, new, b[new].path, *places)
                break
    for name in [*a, *come]:
        if name in b or name in gone:
            yield from _whole(section, name, a.get(name), b.get(name), units)


def _whole(
    section: str, name: str, a: model.Block | None, b: model.Block | None, units: dict[str, str]
) -> Iterator[Difference]:
    """A block that has a name, or of which there is one."""
    there = b if b is not None else a
    assert there is not None
    here = _Block(section, name, _title(there), units)
    if a is None or b is None:
        yield here.only(a, b, ())
    else:
        yield from here.block(a, b, ())


def _title(block: model.Block) -> str:
    return getattr(block, "title", None) or ""


def _place(span: Span | None) -> str:
    return "" if span is None or span.file == "<none>" else f"{span.file}:{span.line}"


def _with_name(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![A-Za-z0-9_]){re.escape(old)}(?![A-Za-z0-9_])", new, text)


def _is_only_renamed(difference: Difference, renamed: dict[str, str]) -> bool:
    """Whether something is said otherwise only because what it names is called otherwise."""
    before = difference.before
    for old, new in renamed.items():
        before = _with_name(before, old, new)
    return difference.kind == "changed" and before == difference.after


@dataclass(frozen=True, slots=True)
class _Block:
    """Compares what is in one block of a scenario; `labels` lead from it to the place.

    `units` are those of the measurements.
    """

    section: str
    name: str
    title: str
    units: dict[str, str]

    def only(
        self, a: Any, b: Any, labels: tuple[str, ...], near: tuple[Any, Any] = (None, None)
    ) -> Difference:
        """What only one of the two has, or a value that is another."""
        kind: Kind = "added" if a is None else "removed" if b is None else "changed"
        spans = [_span_of(x, y) for x, y in zip((a, b), near, strict=True)]
        there = b if b is not None else a
        path = getattr(there, "path", "") or getattr(near[1] or near[0], "path", "")
        if not labels and kind != "changed":
            a, b = ("" if a is None else self.name), ("" if b is None else self.name)
        return Difference(
            self.section, self.name, self.title, ", ".join(filter(None, labels)), kind,
            say(a), say(b), path, _place(spans[0]), _place(spans[1]),
        )  # fmt: skip

    def block(self, a: model.Block, b: model.Block, labels: tuple[str, ...]) -> Iterator[Difference]:
        """Two blocks of one kind, key by key."""
        if isinstance(a, model.Transition) and isinstance(b, model.Transition):
            if (a.from_, a.to) != (b.from_, b.to):
                yield replace(self.only(a, b, labels), before=block_words(a), after=block_words(b))
                return
            yield from self.block(a.trigger, b.trigger, labels)
            return
        for key in keys_of(type(b)).values():
            if key.name in PROSE or (key.name == "title" and not self.name):
                continue
            x, y = getattr(a, key.field), getattr(b, key.field)
            for each in self.value(x, y, (*labels, key_label(key.name, type(b))), (a, b), key.name):
                place_a = a.spans.get(key.name, a.span)
                place_b = b.spans.get(key.name, b.span)
                sign = self.sign(b, key.name) if not isinstance(x, model.Block) else ""
                yield replace(
                    each,
                    before=_with_sign(each.before, sign),
                    after=_with_sign(each.after, sign),
                    place_before=each.place_before or (_place(place_a) if each.before else ""),
                    place_after=each.place_after or (_place(place_b) if each.after else ""),
                    path=each.path or f"{b.path}.{key.name}",
                )

    def sign(self, block: model.Block, key: str) -> str:
        """What goes with a bare number under a key: ``×`` before a factor, a unit behind a value."""
        if key == "by" and not isinstance(block, model.Change):
            return "×"
        if isinstance(block, model.Effect) and key == "shift":
            return self.units.get(block.measurement or "", "")
        own = isinstance(block, model.ValueModel) and key in ("mean", "between_patients", "noise")
        if own or (isinstance(block, model.Change) and key == "by"):
            return self.units.get(self.name, "")
        return ""

    def value(
        self, a: Any, b: Any, labels: tuple[str, ...], near: tuple[Any, Any], key: str
    ) -> Iterator[Difference]:
        """What stands under one key."""
        if canonical(a) == canonical(b) and not _reordered(a, b, key):
            return
        if isinstance(a, model.Hazard) and isinstance(b, model.Hazard) and _unit(a) == _unit(b):
            yield from self.table(a.table, b.table, labels, near, _unit(b))
        elif isinstance(a, model.Table) and isinstance(b, model.Table):
            yield from self.table(a, b, labels, near, "")
        elif isinstance(a, dict) and isinstance(b, dict):
            yield from self.mapping(a, b, labels, near, key)
        elif isinstance(a, list) and isinstance(b, list):
            yield from self.items(a, b, labels, key)
        elif isinstance(b, model.Block) and type(a) is type(b) and not isinstance(b, model.Hazard):
            yield from self.block(a, b, labels)
        else:
            yield _without_path(self.only(a, b, labels, near), a, b)

    def mapping(
        self, a: dict[str, Any], b: dict[str, Any], labels: tuple[str, ...], near: tuple[Any, Any], key: str
    ) -> Iterator[Difference]:
        if _reordered(a, b, key):
            before, after = ", ".join(a), ", ".join(b)
            what = ", ".join([*labels, "order"])
            yield Difference(self.section, self.name, self.title, what, "changed", before, after, "")
        for name in dict.fromkeys([*a, *b]):
            yield from self.value(a.get(name), b.get(name), (*labels, name), near, key)

    def table(
        self, a: model.Table, b: model.Table, labels: tuple[str, ...], near: tuple[Any, Any], unit: str
    ) -> Iterator[Difference]:
        cells_a, cells_b = dict(a.rows), dict(b.rows)
        if a.axes != b.axes or cells_a.keys() != cells_b.keys():
            yield replace(self.only(a, b, labels, near), path="")
            return
        changed = [cell for cell in cells_b if canonical(cells_a[cell]) != canonical(cells_b[cell])]
        places = _place(_span_of(a, near[0])), _place(_span_of(b, near[1]))
        if len(changed) > _MOST_CELLS:
            words = f"{len(changed)} of {len(cells_b)} cells"
            factor = _factors([(cells_a[cell], cells_b[cell]) for cell in changed])
            yield Difference(
                self.section, self.name, self.title, ", ".join([*labels, words]), "changed",
                say(a), say(b) + (f", {factor}" if factor else ""), "", *places,
            )  # fmt: skip
            return
        for cell in changed:
            before, after = say(cells_a[cell]) + unit, say(cells_b[cell]) + unit
            what = ", ".join([*labels, cell_words(b.axes, cell)])
            yield Difference(self.section, self.name, self.title, what, "changed", before, after, "", *places)

    def items(
        self, a: Sequence[Any], b: Sequence[Any], labels: tuple[str, ...], key: str
    ) -> Iterator[Difference]:
        """Two lists: blocks are paired by what they are about, steps by where they stand."""
        if not any(isinstance(each, model.Block) for each in (*a, *b)):
            yield from self.words(a, b, labels)
        elif any(isinstance(each, Step) for each in (*a, *b)):
            yield from self.steps(a, b, labels if key in _WAYS else labels[:-1])
        else:
            pairs, alone_a, alone_b = _paired(a, b)
            if len(alone_a) == len(alone_b) == 1:
                pairs.append((alone_a.pop(), alone_b.pop()))
            if key == "choose" and not (alone_a or alone_b) and [y for _, y in pairs] == list(b):
                order = [next(i for i, (x, _) in enumerate(pairs) if x is each) for each in a]
                if order != sorted(order):
                    first, second = (
                        ", ".join(item_label(each, key).removeprefix("choose, ") for each in side)
                        for side in (a, b)
                    )
                    what = ", ".join([*labels, "order"])
                    yield Difference(self.section, self.name, self.title, what, "changed", first, second, "")
            for x, y in pairs:
                if canonical(x) != canonical(y):
                    yield from self.block(x, y, (*labels[:-1], item_label(y, key)))
            for x in alone_a:
                yield self.only(x, None, (*labels[:-1], item_label(x, key)))
            for y in alone_b:
                yield self.only(None, y, (*labels[:-1], item_label(y, key)))

    def words(self, a: Sequence[Any], b: Sequence[Any], labels: tuple[str, ...]) -> Iterator[Difference]:
        """Lists of names or values: what was taken away and added, or the whole if the order is other."""
        gone = [each for each in a if canonical(each) not in map(canonical, b)]
        come = [each for each in b if canonical(each) not in map(canonical, a)]
        if (gone and come) or not (gone or come):
            yield self.only(list(a), list(b), labels)
            return
        for each in gone:
            yield self.only(each, None, labels)
        for each in come:
            yield self.only(None, each, labels)

    def steps(self, a: Sequence[Any], b: Sequence[Any], labels: tuple[str, ...]) -> Iterator[Difference]:
        keys_a, keys_b = [repr(canonical(s)) for s in a], [repr(canonical(s)) for s in b]
        for op, i, j, k, m in SequenceMatcher(None, keys_a, keys_b, autojunk=False).get_opcodes():
            if op == "equal":
                continue
            both = min(j - i, m - k)
            for n in range(both):
                yield from self.block(a[i + n], b[k + n], (*labels, f"step {k + n + 1}"))
            for n in range(i + both, j):
                yield self.only(a[n], None, (*labels, f"step {n + 1}"))
            for n in range(k + both, m):
                yield self.only(None, b[n], (*labels, f"step {n + 1}"))


def _reordered(a: Any, b: Any, key: str) -> bool:
    """Whether two mappings whose order means something differ in that alone, or in that too."""
    both = key in ORDERED and isinstance(a, dict) and isinstance(b, dict)
    return both and sorted(a) == sorted(b) and list(a) != list(b)


def _with_sign(text: str, sign: str) -> str:
    """A bare number with what belongs to it."""
    if not re.fullmatch(r"[-+]?[0-9][0-9.e+-]*", text) or sign in ("", "1"):
        return text
    return f"× {text}" if sign == "×" else f"{text} {sign}"


def _without_path(difference: Difference, a: Any, b: Any) -> Difference:
    """The path of a value is that of its key, which the block knows that it stands in."""
    is_block = isinstance(b if b is not None else a, model.Block)
    return difference if is_block else replace(difference, path="", place_before="", place_after="")


def _span_of(value: Any, near: Any) -> Span | None:
    for each in (value, near):
        span = getattr(each, "span", None)
        if isinstance(span, Span) and span.file != "<none>":
            return span
    return None


def _paired(a: Sequence[Any], b: Sequence[Any]) -> tuple[list[tuple[Any, Any]], list[Any], list[Any]]:
    """Items that are about the same thing, and those without a partner."""
    waiting: dict[object, list[Any]] = {}
    for each in a:
        waiting.setdefault(_identity(each), []).append(each)
    pairs, alone = [], []
    for each in b:
        partners = waiting.get(_identity(each))
        if partners:
            pairs.append((partners.pop(0), each))
        else:
            alone.append(each)
    return pairs, [each for rest in waiting.values() for each in rest], alone


def _identity(item: Any) -> object:
    if type(item) is model.Trigger:  # any of several: by which kind of trigger
        return tuple(name for name in ("rate", "after", "when", "on") if getattr(item, name) is not None)
    names = [name for name in _IDENTITY if hasattr(item, name)]
    return (type(item).__name__, tuple((name, canonical(getattr(item, name))) for name in names))


def _unit(hazard: model.Hazard) -> str:
    return f" per {hazard.per}" if hazard.per else f" (probability per {hazard.probability_per})"


def _factors(cells: Sequence[tuple[Any, Any]]) -> str:
    """By how much cells grew: ``× 1.2``, ``× 1.1 to × 1.3``; empty if they are no plain numbers."""
    factors = []
    for before, after in cells:
        try:
            x, y = constant(before), constant(after)
        except NotConstantError:
            return ""
        if x.kind != y.kind or x.value == 0:
            return ""
        factors.append(y.value / x.value)
    least, most = min(factors), max(factors)
    return f"× {least:.3g}" if most - least < 0.005 * most else f"× {least:.3g} to × {most:.3g}"
