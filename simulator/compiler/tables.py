"""Tables of the language → step functions on a grid.

A table lists cells; each key is a category, a month or a band. All edges of the bands of an
axis together cut it into intervals, every listed cell fills the intervals it covers, and
each interval must be filled exactly once: neither gap nor overlap.

An axis may also be the state of a disease, or the time since an event (with a cell for ``never``); the
machine knows no such axes, so they become conditions around smaller tables.

Ages must be covered from birth on. Above the last band, if that ends at 100 years or more,
its value goes on; otherwise the table has a gap. Calendar years before the first and after
the last band take the value of the nearest.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.names import listing, nearest
from simulator.scenario import syntax as s
from simulator.scenario.bands import MONTHS, NEVER, SINCE, is_since
from simulator.scenario.model import Table
from simulator.scenario.syntax import Expr
from simulator.units import MICROSECONDS

if TYPE_CHECKING:
    from simulator.compiler.terms import Resolver, Where

Key = str | tuple[float, float | None]
_FOREVER = float("inf")
_CLOSED_LIFE = 100.0


@dataclass(frozen=True, slots=True)
class Choice:
    """An axis that the machine does not know: the first cell whose condition holds, the last if none does."""

    conditions: tuple[m.Term, ...]
    kind: str = "choice"
    knots: tuple[float, ...] = ()
    index: int = -1

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.conditions) + 1


@dataclass(frozen=True, slots=True)
class Grid:
    """A filled table: `values` in row-major order over `axes`; `labels` names each axis's cells."""

    axes: tuple[m.Axis | Choice, ...]
    values: tuple[float, ...]
    labels: tuple[tuple[str, ...], ...]

    def moved_first(self, kind: str) -> Grid:
        """The same grid with its axis of `kind` in front."""
        return self.put_first(next(i for i, axis in enumerate(self.axes) if axis.kind == kind))

    def put_first(self, at: int) -> Grid:
        """The same grid with axis number `at` in front."""
        order = [at, *(i for i in range(len(self.axes)) if i != at)]
        sizes = [axis.size for axis in self.axes]
        strides = [1] * len(sizes)
        for i in range(len(sizes) - 2, -1, -1):
            strides[i] = strides[i + 1] * sizes[i + 1]
        cells = itertools.product(*(range(sizes[i]) for i in order))
        values = tuple(
            self.values[sum(c * strides[i] for c, i in zip(cell, order, strict=True))] for cell in cells
        )
        axes = tuple(self.axes[i] for i in order)
        return Grid(axes, values, tuple(self.labels[i] for i in order))


def lookup(
    resolver: Resolver, table: Table, where: Where, cell: Callable[[Expr], float | None]
) -> m.Term | None:
    """A table as a term; `cell` gives the value of one cell or adds a finding."""
    filled = grid(resolver, table, where, cell)
    return None if filled is None else step_function(filled)


def step_function(filled: Grid) -> m.Term:
    """The cheapest term for a grid: a constant if all its cells are equal."""
    if len(set(filled.values)) == 1:
        return m.Const(filled.values[0])
    at = next((i for i, axis in enumerate(filled.axes) if isinstance(axis, Choice)), None)
    if at is None:
        known = tuple(axis for axis in filled.axes if isinstance(axis, m.Axis))
        return m.Lookup(known, filled.values)
    front = filled.put_first(at)
    axis, size = front.axes[0], len(front.values) // front.axes[0].size
    assert isinstance(axis, Choice)
    parts = [
        step_function(Grid(front.axes[1:], front.values[i * size : (i + 1) * size], front.labels[1:]))
        for i in range(axis.size)
    ]
    result = parts[-1]
    for condition, part in zip(reversed(axis.conditions), reversed(parts[:-1]), strict=True):
        result = algebra.choose(condition, part, result)
    return result


def grid(
    resolver: Resolver,
    table: Table,
    where: Where,
    cell: Callable[[Expr], float | None],
    own: str | None = None,
) -> Grid | None:
    """Fill the grid of a table; None, with findings, if that fails.

    `own` is the attribute that is being declared by this table: its categories are the keys.
    """
    reader = _Reader(resolver, table, where)
    axes = [reader.axis(i, name, name == own) for i, name in enumerate(table.axes)]
    found = [a for a in axes if a is not None]
    values = [cell(expr) for _, expr in table.rows]
    if len(found) < len(axes) or any(v is None for v in values):
        return None
    return reader.fill(found, [v for v in values if v is not None])


@dataclass(frozen=True, slots=True)
class _Scale:
    """One axis: its cells, by category or by lower edge."""

    axis: m.Axis | Choice
    labels: tuple[str, ...]
    edges: tuple[float, ...] = ()  # band axes: edges with the end, for finding the cells of a band

    def cells(self, key: Key) -> range:
        """The cells of the axis that a key covers."""
        if isinstance(key, str):
            at = self.labels.index(key)
            return range(at, at + 1)
        low, high = key
        if self.labels[0] == NEVER:
            stop = len(self.labels) if high is None else 1 + bisect_left(self.edges, high)
            return range(1 + bisect_left(self.edges, low), stop)
        stop = len(self.labels) if high is None else bisect_left(self.edges, high)
        return range(bisect_left(self.edges, low), stop)


class _Reader:
    def __init__(self, resolver: Resolver, table: Table, where: Where) -> None:
        self.resolver, self.table, self.where = resolver, table, where

    def report(self, code: str, message: str, **more: str | None) -> None:
        self.resolver.report(code, message, self.table, self.where, **more)  # type: ignore[arg-type]

    def axis(self, place: int, name: str, own: bool) -> _Scale | None:
        keys = [row[0][place] for row in self.table.rows]
        if is_since(name):
            return self._since(name, keys)
        if name in ("age", "year"):
            return self._bands(name, keys)
        words = [k for k in keys if isinstance(k, str)]
        if len(words) < len(keys):
            self.report("E609", f"the axis `{name}` has bands of numbers where words belong")
            return None
        if own:
            labels = tuple(dict.fromkeys(words))
            return _Scale(m.Axis("var", len(labels), index=-1), labels)
        if name == "month":
            return self._words(m.Axis("month", 12), MONTHS, words, "month")
        names = self.resolver.names
        symbol = names.symbols.get(name)
        if symbol is not None and symbol.kind in ("disease", "symptom"):
            return self._states(name, words)
        if name not in names.categories:
            known = ["age", "month", "year", *names.categories, *names.of_kind("disease")]
            what = "is a number" if name in names.units else "is unknown"
            self.report(
                "E609", f"a table cannot be by `{name}`, which {what}",
                expected=listing(known, 12), nearest=nearest(name, known),
            )  # fmt: skip
            return None
        labels = names.categories[name]
        of = name.removeprefix("last ")
        place = names.symbols[name].index if of == name else names.last[of]  # what a procedure found
        return self._words(m.Axis("var", len(labels), index=place), labels, words, name)

    def _since(self, name: str, keys: Sequence[Key]) -> _Scale | None:
        """The time since an event: ``never``, then bands from 0 on."""
        match = SINCE.fullmatch(name)
        assert match is not None
        event = self.resolver.event(s.Name(tuple(match[1].split("."))), self.where)
        bands = sorted({k for k in keys if not isinstance(k, str)}, key=lambda band: band[0])
        if event is None or NEVER not in keys or not bands:
            return None  # said already
        edges = sorted({e for low, high in bands for e in (low, _FOREVER if high is None else high)})
        stamp = self.resolver.names.stamp(event)
        passed = [m.SinceLess(stamp, round(e * MICROSECONDS["year"])) for e in edges[1:-1]]
        conditions = (algebra.negation(m.Stamped(stamp)), *passed)
        labels = (NEVER, *(f"{e:g}" for e in edges[:-1]))
        return _Scale(Choice(conditions), labels, tuple(edges))

    def _states(self, name: str, words: Sequence[str]) -> _Scale | None:
        """The state of a disease; in the disease's own block, nothing need be said of its absence."""
        resolver, names = self.resolver, self.resolver.names
        resolver.must_be_chart(f"the true state of {name}", f"`{name} diagnosed`", self.table, self.where)
        masks = {state: mask for state, mask in names.states[name].items() if state}
        own = self.where.path.startswith(f"diseases.{name.partition('.')[0]}.")
        labels = list(masks)
        if "absent" not in words and own:
            labels = [state for state in labels if state != "absent"]
        process = names.symbols[name].index
        conditions = tuple(m.InState(process, masks[state]) for state in labels[:-1])
        return self._words(Choice(conditions), labels, words, name)

    def _words(
        self, axis: m.Axis | Choice, labels: Sequence[str], words: Iterable[str], name: str
    ) -> _Scale | None:
        unknown = [w for w in dict.fromkeys(words) if w not in labels]
        for word in unknown:
            row = next(expr for keys, expr in self.table.rows if word in keys)
            place = self.table if row.span.file == self.table.span.file else row  # a row of a CSV file
            self.resolver.report(
                "E504", f"{name} has no category `{word}`", place, self.where,
                expected=listing(labels, 12), nearest=nearest(word, labels),
            )  # fmt: skip
        return None if unknown else _Scale(axis, tuple(labels))

    def _bands(self, name: str, keys: Iterable[Key]) -> _Scale | None:
        bands = [k for k in dict.fromkeys(keys) if not isinstance(k, str)]
        if len(bands) < len(set(keys)) or not bands:
            self.report("E609", f"the axis `{name}` has words where bands of numbers belong")
            return None
        if any(high is not None and high <= low for low, high in bands):
            self.report("E609", f"a band of `{name}` ends before it begins")
            return None
        edges = sorted({e for low, high in bands for e in (low, _FOREVER if high is None else high)})
        if name == "age":
            if edges[0] > 0.0:
                self.report(
                    "E609", f"the table says nothing about ages below {edges[0]:g} years",
                    remedy=f"add a band `0..{edges[0] - 1:g} years`",
                )  # fmt: skip
                return None
            if edges[-1] < _CLOSED_LIFE:
                self.report(
                    "E609", f"the table says nothing about ages from {edges[-1]:g} years on",
                    remedy=f"add a band `{edges[-1]:g}.. years`",
                )  # fmt: skip
                return None
        knots = tuple(edges[:-1])
        labels = tuple(f"{k:g}" for k in knots)
        return _Scale(m.Axis(name, len(knots), knots), labels, tuple(edges))

    def fill(self, scales: Sequence[_Scale], cells: Sequence[float]) -> Grid | None:
        sizes = [len(scale.labels) for scale in scales]
        size = 1
        for n in sizes:
            size *= n
        values: list[float | None] = [None] * size
        for (keys, _), value in zip(self.table.rows, cells, strict=True):
            covered = (scale.cells(k) for scale, k in zip(scales, keys, strict=True))
            for place in itertools.product(*covered):
                at = 0
                for n, i in zip(sizes, place, strict=True):
                    at = at * n + i
                if values[at] is not None:
                    self.report("E609", f"two cells of the table overlap at {self._place(scales, place)}")
                    return None
                values[at] = value
        if None in values:
            at = values.index(None)
            missing: list[int] = []
            for n in reversed(sizes):
                missing.insert(0, at % n)
                at //= n
            self.report(
                "E609", f"the table has no value at {self._place(scales, missing)}",
                remedy="add the missing cell; every combination needs one",
            )  # fmt: skip
            return None
        return Grid(
            tuple(scale.axis for scale in scales),
            tuple(v for v in values if v is not None),
            tuple(scale.labels for scale in scales),
        )

    def _place(self, scales: Sequence[_Scale], place: Sequence[int]) -> str:
        names = zip(self.table.axes, scales, place, strict=True)
        return ", ".join(f"{name} {scale.labels[i]}" for name, scale, i in names)
