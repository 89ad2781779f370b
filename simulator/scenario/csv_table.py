"""A table from a CSV file beside the scenario.

Findings about a cell point at it in the CSV file; their path is that of the table in the scenario.
"""

from __future__ import annotations

import re
from itertools import pairwise, product

from simulator.errors import Span
from simulator.scenario.bands import KNOWN, NEVER, CellKey, check_bands, is_banded, is_since, read_key, show
from simulator.scenario.csv_sheet import MOST_FINDINGS, Sheet, read_sheet
from simulator.scenario.syntax import Expr, Number
from simulator.scenario.values import Context, listed, nearest, parse_number, wrong_kind
from simulator.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence, is_empty, shorten

_AGE = re.compile(r"([0-9]{1,4})(\+?)")

Rows = tuple[tuple[tuple[CellKey, ...], Expr], ...]


def read_csv_table(
    context: Context, node: Mapping, axes: tuple[str, ...], path: str, weights: bool
) -> Rows | None:
    """The rows of the table that ``csv:`` and ``columns:`` describe; None, and findings, if wrong."""
    sheet = read_sheet(context, node.entries["csv"].value, f"{path}.csv")
    columns = node.entries.get("columns")
    if columns is None or not isinstance(columns.value, Mapping):
        expected = "which column holds what, e.g. `columns: {age: age, male: qx_male, female: qx_female}`"
        if columns is None:
            context.findings.add(
                "E202", "`columns` is missing", node.entries["csv"].key.span, path=path, expected=expected
            )
        else:
            wrong_kind(context, columns.value, f"{path}.columns", expected)
        return None
    if sheet is None:
        return None
    layout = _Layout(context, sheet, axes, f"{path}.columns", node.entries["csv"].value.span)
    if not layout.read(columns.value, columns.key.span):
        return None
    return layout.rows(weights)


class _Layout:
    """Which columns hold the keys and which the values."""

    def __init__(self, context: Context, sheet: Sheet, axes: tuple[str, ...], path: str, span: Span) -> None:
        self.context = context
        self.sheet = sheet
        self.axes = axes
        self.path = path
        self.span = span
        self.keys: dict[str, list[int]] = {}  # axis → its column, or [low, high]
        self.spread: str | None = None  # the axis whose categories have a column each
        self.values: list[tuple[str | None, int]] = []  # category (None: no spread axis), column

    def read(self, node: Mapping, span: Span) -> bool:
        """Whether ``columns:`` describes the sheet; findings if not."""
        before = len(self.context.findings.items)
        others = [axis for axis in self.axes if axis not in node.entries]
        if len(others) > 1:
            self.context.findings.add(
                "E415", f"no column is named for {listed(others)}", span, path=self.path,
                expected="a column for every axis but one, and a column for each category of that one",
            )  # fmt: skip
            return False
        self.spread = others[0] if others else None
        for name, entry in node.entries.items():
            places = self._columns(entry.value, name)
            if places is None:
                continue
            if name in self.axes:
                if len(places) == 2 and not is_banded(name):
                    wrong_kind(self.context, entry.value, f"{self.path}.{name}", "one column")
                self.keys[name] = places
            elif len(places) == 2:
                wrong_kind(self.context, entry.value, f"{self.path}.{name}", "one column")
            elif self.spread is None and name != "value":
                self.context.findings.add(
                    "E201", f"`{shorten(name)}` is neither an axis nor `value`", entry.key.span,
                    path=f"{self.path}.{name}", expected=listed([*self.axes, "value"]),
                    nearest=nearest(name, [*self.axes, "value"]),
                )  # fmt: skip
            elif self.spread is None:
                self.values.append((None, places[0]))
            elif is_banded(self.spread) or name == self.spread:
                self.context.findings.add(
                    "E415", f"no column is named for `{self.spread}`", entry.key.span, path=self.path
                )
            elif read_key(self.context, self.spread, name, entry.key.span, f"{self.path}.{name}"):
                self.values.append((name, places[0]))
        if len(self.context.findings.items) > before:
            return False
        return self._complete(span)

    def _complete(self, span: Span) -> bool:
        have = [name for name, _ in self.values]
        needed = KNOWN.get(self.spread, ()) if self.spread else ("value",)
        missing = [name for name in needed if self.spread and name not in have]
        if not self.values or missing:
            self.context.findings.add(
                "E415", f"no column is named for {listed(missing or needed or ['a category'])}", span,
                path=self.path, expected="the name of a column for each",
            )  # fmt: skip
            return False
        return True

    def _columns(self, node: Node, name: str) -> list[int] | None:
        """Where the column or columns that `node` names stand in the sheet."""
        items = node.items if isinstance(node, Sequence) else [node]
        if not 1 <= len(items) <= 2:
            wrong_kind(self.context, node, f"{self.path}.{name}", "a column, or `[low, high]` columns")
            return None
        places: list[int] = []
        for item in items:
            if not isinstance(item, Scalar) or is_empty(item):
                wrong_kind(self.context, item, f"{self.path}.{name}", "the name of a column")
            elif (place := self.sheet.column(self.context, item, f"{self.path}.{name}")) is not None:
                places.append(place)
        return places if len(places) == len(items) else None

    # --- rows

    def rows(self, weights: bool) -> Rows | None:
        """Every cell, in row-major order of the axes' keys."""
        keyed = self._keys()
        if keyed is None:
            return None
        cells = self._cells(keyed)
        if cells is None:
            return None
        orders = self._orders(keyed, weights)
        if orders is None:
            return None
        found: list[tuple[tuple[CellKey, ...], Expr]] = []
        for key in product(*orders):
            if key not in cells:
                shown = ", ".join(show(axis, part) for axis, part in zip(self.axes, key, strict=True))
                message = f"`{self.sheet.name}` has no value for {shown}"
                self.context.findings.add("E409", message, self.span, path=self.path)
                return None
            found.append((key, cells[key]))
        return tuple(found)

    def _cells(self, keyed: list[dict[str, CellKey]]) -> dict[tuple[CellKey, ...], Expr] | None:
        """The value of each cell, by its keys."""
        cells: dict[tuple[CellKey, ...], Expr] = {}
        wrong = 0
        for (line, row), keys in zip(self.sheet.rows, keyed, strict=True):
            for category, column in self.values:
                key = tuple(category or "" if axis == self.spread else keys[axis] for axis in self.axes)
                value = parse_number(row[column])
                place = self.sheet.place(line, column)
                if value is None:
                    not_a_number(self.context, row[column], place, self.path)
                    wrong += 1
                elif key in cells:
                    shown = ", ".join(show(axis, part) for axis, part in zip(self.axes, key, strict=True))
                    message = f"a second value for {shown}, after line {cells[key].span.line}"
                    self.context.findings.add("E416", message, place, path=self.path)
                    wrong += 1
                else:
                    cells[key] = Number(value, span=place)
            if wrong >= MOST_FINDINGS:
                break
        return None if wrong else cells

    def _keys(self) -> list[dict[str, CellKey]] | None:
        """The keys of each row."""
        keyed: list[dict[str, CellKey]] = [{} for _ in self.sheet.rows]
        for axis, columns in self.keys.items():
            if is_banded(axis):
                bands = self._bands(axis, columns)
                if bands is None:
                    return None
                for keys, band in zip(keyed, bands, strict=True):
                    keys[axis] = band
                continue
            for (line, row), keys in zip(self.sheet.rows, keyed, strict=True):
                name = row[columns[0]]
                place = self.sheet.place(line, columns[0])
                if not name:
                    message = f"the cell is empty: there is no {axis}"
                    self.context.findings.add("E408", message, place, path=self.path)
                    return None
                if read_key(self.context, axis, name, place, self.path) is None:
                    return None
                keys[axis] = name
        return keyed

    def _bands(self, axis: str, columns: list[int]) -> list[CellKey] | None:
        """The band of each row: from its two columns, or from one up to the next larger one."""
        ends: list[tuple[int, int | None] | None] = []
        for line, row in self.sheet.rows:
            if is_since(axis) and row[columns[0]] == NEVER:
                ends.append(None)
                continue
            end = self._ends(axis, columns, line, row)
            if end is None:
                return None
            ends.append(end)
        if len(columns) == 2:
            return [
                NEVER if e is None else (float(e[0]), None if e[1] is None else float(e[1])) for e in ends
            ]
        lows = sorted({e[0] for e in ends if e is not None})
        for (line, row), e in zip(self.sheet.rows, ends, strict=True):
            if e is not None and row[columns[0]].endswith("+") and e[0] < lows[-1]:
                message = f"`{row[columns[0]]}` has no end, but there is {lows[-1]} too"
                self.fail("E405", line, columns[0], message)
                return None
        following = {low: float(high) for low, high in pairwise(lows)}
        return [NEVER if e is None else (float(e[0]), following.get(e[0])) for e in ends]

    def _ends(
        self, axis: str, columns: list[int], line: int, row: list[str]
    ) -> tuple[int, int | None] | None:
        """Where the band of a row begins, and where it ends (exclusive; None if nowhere, or not said)."""
        low, high = row[columns[0]], row[columns[-1]]
        match, last = _AGE.fullmatch(low), _AGE.fullmatch(high)
        if match is None or (last is None and high):
            column = columns[-1] if match else columns[0]
            bad = row[column]
            message = f"`{shorten(bad)}` is not a whole number of years" if bad else "the cell is empty"
            self.fail("E413", line, column, message)
            return None
        if axis == "year" and len(match[1]) != 4:
            self.fail("E413", line, columns[0], f"`{low}` is not a calendar year")
            return None
        if len(columns) == 1 or last is None or last[2]:
            return int(match[1]), None
        if match[2] or int(last[1]) < int(match[1]):
            self.fail("E403", line, columns[-1], f"the band {low}..{high} ends before it begins")
            return None
        return int(match[1]), int(last[1]) + 1

    def _orders(self, keyed: list[dict[str, CellKey]], weights: bool) -> list[list[CellKey]] | None:
        """The keys of each axis, in order."""
        orders: list[list[CellKey]] = []
        for axis in self.axes:
            if axis == self.spread:
                orders.append([name for name, _ in self.values if name])
                continue
            seen: dict[CellKey, int] = {}
            for (line, _), keys in zip(self.sheet.rows, keyed, strict=True):
                seen.setdefault(keys[axis], line)
            column = self.keys[axis][0]
            place = self.sheet.place
            bands = [(key, place(n, column)) for key, n in seen.items() if not isinstance(key, str)]
            if bands:
                if check_bands(self.context, axis, bands, self.span, self.path, not weights) is None:
                    return None
                words: list[CellKey] = [key for key in seen if isinstance(key, str)]
                orders.append([*words, *sorted((band for band, _ in bands), key=lambda band: band[0])])
            else:
                orders.append(list(seen))
        return orders

    def fail(self, code: str, line: int, column: int, message: str) -> None:
        self.context.findings.add(code, message, self.sheet.place(line, column), path=self.path)


def not_a_number(context: Context, cell: str, place: Span, path: str) -> None:
    """The finding that a cell of a CSV file is no number."""
    comma = parse_number(cell.replace(",", ".")) is not None and cell.count(",") == 1
    context.findings.add(
        "E413", f"`{shorten(cell)}` is not a number" if cell else "the cell is empty", place, path=path,
        expected="a number, e.g. `0.05`",
        remedy="Decimal numbers have a point." if comma else "",
    )  # fmt: skip
