"""Tables over age, sex, month, year, time since an event and categories, written out or from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from simulator.errors import Span
from simulator.scenario.bands import KNOWN, NEVER, Band, CellKey, check_bands, is_banded, is_since, read_key
from simulator.scenario.csv_table import read_csv_table
from simulator.scenario.model import Hazard, Table
from simulator.scenario.syntax import Expr, Number, Unread
from simulator.scenario.values import Context, listed, nearest, read_expression, read_text, wrong_kind
from simulator.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence, is_empty, shorten
from simulator.units import MICROSECONDS, time_unit

MAX_CELLS = 200_000
TABLE_KEYS = ("by", "table", "csv", "columns", "source")
HAZARD_KEYS = ("per", "probability_per")

Rows = tuple[tuple[tuple[CellKey, ...], Expr], ...]


def is_table(node: Node) -> bool:
    """Whether a mapping is written as a table (right or wrong)."""
    return isinstance(node, Mapping) and bool(node.entries.keys() & {"by", "table", "csv", *HAZARD_KEYS})


def read_hazard(context: Context, node: Mapping, span: Span, path: str) -> Hazard | None:
    """``{per: year, by: …, table: …}``, or ``probability_per`` in place of ``per``."""
    given = [key for key in HAZARD_KEYS if key in node.entries]
    table = read_table(context, node, span, path, extra=HAZARD_KEYS)
    if len(given) != 1:
        both = "a hazard table gives both `per` and `probability_per`"
        context.findings.add(
            "E418", both if given else "a hazard table without `per`",
            node.entries[given[1]].key.span if given else span, path=path,
            expected="`per: year` if its numbers are rates, `probability_per: year` if probabilities",
        )  # fmt: skip
        return None
    text = read_text(context, node.entries[given[0]].value, f"{path}.{given[0]}")
    unit = time_unit(text) if text else None
    if text and unit is None:
        context.findings.add(
            "E209", f"`{shorten(text)}` is not a time unit", node.entries[given[0]].value.span,
            path=f"{path}.{given[0]}", expected=listed(MICROSECONDS), nearest=nearest(text, MICROSECONDS),
        )  # fmt: skip
    if table is None or unit is None:
        return None
    spans = {key: entry.key.span for key, entry in node.entries.items()}
    per = {given[0]: unit}
    return Hazard(table=table, span=span, path=path, spans=spans, **per)


def read_table(
    context: Context,
    node: Mapping,
    span: Span,
    path: str,
    *,
    weights: bool = False,
    extra: tuple[str, ...] = (),
) -> Table | None:
    """A table; `weights` if its cells are shares of people, so that ages need not be covered."""
    legal = (*TABLE_KEYS, *extra)
    for name, entry in node.entries.items():
        if name not in legal:
            context.findings.add(
                "E201", f"`{shorten(name)}` is not a key of a table", entry.key.span, path=f"{path}.{name}",
                expected=listed(legal), nearest=nearest(name, legal),
            )  # fmt: skip
    axes = _axes(context, node, span, path)
    source = (
        read_text(context, node.entries["source"].value, f"{path}.source") if "source" in node.entries else ""
    )
    written, from_file = node.entries.get("table"), node.entries.get("csv")
    if (written is None) == (from_file is None):
        context.findings.add(
            "E401", "a table gives both `table` and `csv`" if written else "a table without `table` or `csv`",
            from_file.key.span if from_file else span, path=path,
            expected="the numbers under `table:`, or a file beside the scenario under `csv:`",
        )  # fmt: skip
        return None
    if written and "columns" in node.entries:
        context.findings.add(
            "E211", "`columns` belongs to `csv`", node.entries["columns"].key.span, path=f"{path}.columns"
        )
    if axes is None or source is None:
        return None
    if written:
        rows = _Written(context, axes, weights).read(written.value, written.key.span, f"{path}.table")
    else:
        rows = read_csv_table(context, node, axes, path, weights)
    if rows is None:
        return None
    spans = {key: entry.key.span for key, entry in node.entries.items()}
    return Table(axes=axes, rows=rows, source=source or None, span=span, path=path, spans=spans)


def _axes(context: Context, node: Mapping, span: Span, path: str) -> tuple[str, ...] | None:
    entry = node.entries.get("by")
    expected = (
        "axes such as `age`, `sex`, `month`, `year`, `time since EVENT`, an attribute or disease, "
        "e.g. `[age, sex]`"
    )
    if entry is None:
        context.findings.add("E401", "a table without `by`", span, path=path, expected=expected)
        return None
    items = entry.value.items if isinstance(entry.value, Sequence) else [entry.value]
    axes: list[str] = []
    for item in items:
        text = " ".join(item.text.split()) if isinstance(item, Scalar) else ""
        if not text.isidentifier() and not is_since(text) and not _is_dotted(text):
            wrong_kind(context, item, f"{path}.by", expected)
        elif text in axes:
            context.findings.add("E402", f"the axis `{text}` is named twice", item.span, path=f"{path}.by")
        else:
            axes.append(text)
    if not items:
        wrong_kind(context, entry.value, f"{path}.by", expected)
    return tuple(axes) if axes and len(axes) == len(items) else None


def _is_dotted(text: str) -> bool:
    """Whether a text names a part of a disease: `copd.dyspnoea`."""
    return all(part.isidentifier() for part in text.split("."))


@dataclass(slots=True)
class _Branch:
    """One level of a written table: what stands under each key."""

    span: Span
    path: str
    under: list[tuple[CellKey, _Branch | Expr]] = field(default_factory=list)
    _bands: list[tuple[Band, _Branch | Expr]] = field(default_factory=list)

    def bands(self) -> list[tuple[Band, _Branch | Expr]]:
        """Those of `under` that are keyed by a band, in order; to be asked once all of `under` is there."""
        if not self._bands:
            self._bands = [(key, below) for key, below in self.under if not isinstance(key, str)]
            self._bands.sort(key=lambda band: band[0][0])
        return self._bands


class _Written:
    """A table written out in YAML, level by level in the order of its axes."""

    def __init__(self, context: Context, axes: tuple[str, ...], weights: bool) -> None:
        self.context = context
        self.axes = axes
        self.weights = weights
        self.fine = True
        #: per axis: the branches that are keyed by it
        self.levels: list[list[_Branch]] = [[] for _ in axes]

    def read(self, node: Node, span: Span, path: str) -> Rows | None:
        if not isinstance(node, Mapping):
            wrong_kind(self.context, node, path, f"rows keyed by `{self.axes[0]}`")
            return None
        root = self.branch(node, 0, span, path)
        if not self.is_fine():
            return None
        cells = [self.cells(depth, span, path) for depth in range(len(self.axes))]
        if not self.is_fine():
            return None
        count = 1
        for axis in cells:
            count *= len(axis)
        if count > MAX_CELLS:
            self.context.findings.add(
                "E417", f"the table has {count:,} cells; at most {MAX_CELLS:,} are read", span, path=path
            )
            return None
        rows: list[tuple[tuple[CellKey, ...], Expr]] = []
        self.expand(root, (), cells, rows)
        return tuple(rows)

    def is_fine(self) -> bool:
        return self.fine

    def branch(self, node: Mapping, depth: int, span: Span, path: str) -> _Branch:
        axis = self.axes[depth]
        branch = _Branch(span, path)
        if not node.entries:
            self.fine = False
            wrong_kind(self.context, node, path, f"rows keyed by `{axis}`")
        bands: list[tuple[Band, Span]] = []
        for text, entry in node.entries.items():
            if self.context.is_full():
                self.fine = False
                break
            here = f"{path}.{text}"
            key = read_key(self.context, axis, text, entry.key.span, here)
            below = self.below(entry.value, depth + 1, entry.key.span, here)
            if key is None or below is None:
                self.fine = False
                continue
            branch.under.append((key, below))
            if not isinstance(key, str):
                bands.append((key, entry.key.span))
        words = sum(isinstance(key, str) for key, _ in branch.under)
        if is_banded(axis) and node.entries and len(bands) + words == len(node.entries):
            ends = check_bands(self.context, axis, bands, span, path, whole=not self.weights)
            if ends is None:
                self.fine = False
            else:
                branch.under = [
                    (key if isinstance(key, str) else ends[key], below) for key, below in branch.under
                ]
        self.levels[depth].append(branch)
        return branch

    def below(self, node: Node, depth: int, span: Span, path: str) -> _Branch | Expr | None:
        if isinstance(node, Mapping) and depth < len(self.axes):
            return self.branch(node, depth, span, path)
        if isinstance(node, Mapping):
            self.context.findings.add(
                "E410", "the table is nested deeper than its axes", span, path=path,
                expected=f"a value here: `by` names only {listed(self.axes)}",
            )  # fmt: skip
            return None
        if isinstance(node, Scalar) and not is_empty(node):
            return read_expression(self.context, node, path) or Unread(span=node.span)
        wrong_kind(self.context, node, path, "a number or an expression")
        return None

    def cells(self, depth: int, span: Span, path: str) -> list[CellKey]:
        """The cells of an axis: all that any branch distinguishes."""
        axis = self.axes[depth]
        keys = [key for branch in self.levels[depth] for key, _ in branch.under]
        if not keys:
            self.fine = False
            self.context.findings.add(
                "E410", f"no row of the table says anything about `{axis}`", span, path=path,
                remedy=f"Leave `{axis}` out of `by`, or give values for it.",
            )  # fmt: skip
            return []
        if is_since(axis):
            self.everywhere(depth, [NEVER])
            return [NEVER, *union_of_bands([key for key in keys if not isinstance(key, str)])]
        if is_banded(axis):
            return list(union_of_bands([key for key in keys if not isinstance(key, str)]))
        names = list(KNOWN.get(axis, ())) or list(dict.fromkeys(key for key in keys if isinstance(key, str)))
        self.everywhere(depth, names)
        return list(names)

    def everywhere(self, depth: int, names: list[str]) -> None:
        """A finding for each branch of an axis that lacks one of `names`."""
        for branch in self.levels[depth]:
            have = {key for key, _ in branch.under}
            missing = [name for name in names if name not in have]
            if missing:
                self.fine = False
                self.context.findings.add(
                    "E409", f"there is no value for {listed(missing)}", branch.span, path=branch.path,
                    expected=(
                        "`never: …`, the value as long as there was no such event"
                        if names == [NEVER]
                        else f"a value for each of {listed(names)}"
                    ),
                )  # fmt: skip

    def expand(
        self,
        node: _Branch | Expr,
        prefix: tuple[CellKey, ...],
        cells: list[list[CellKey]],
        rows: list[tuple[tuple[CellKey, ...], Expr]],
    ) -> None:
        depth = len(prefix)
        if depth == len(cells):
            assert not isinstance(node, _Branch)
            rows.append((prefix, node))
            return
        for cell in cells[depth]:
            below = node if not isinstance(node, _Branch) else self.find(node, cell)
            self.expand(below, (*prefix, cell), cells, rows)

    def find(self, branch: _Branch, cell: CellKey) -> _Branch | Expr:
        """What a branch says of a cell; years beyond its bands take the nearest one's value."""
        if isinstance(cell, str):
            return next(below for key, below in branch.under if key == cell)
        bands = branch.bands()
        for (low, high), below in bands:
            if low <= cell[0] and (high is None or cell[0] < high):
                return below
        if self.weights:
            return Number(0.0, span=branch.span)
        return bands[0][1] if cell[0] < bands[0][0][0] else bands[-1][1]


def union_of_bands(bands: list[Band]) -> list[Band]:
    """The coarsest bands that every one of `bands` is made up of, ascending."""
    lows = {low for low, _ in bands}
    highs = {high for _, high in bands if high is not None}
    open_ended = any(high is None for _, high in bands)
    edges: list[float | None] = [*sorted(lows | highs)]
    if open_ended:
        edges.append(None)
    return [(low, high) for low, high in pairwise(edges) if low is not None]
