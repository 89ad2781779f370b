"""A table from a CSV file beside the scenario.

Findings point at the place in the YAML and name the line of the CSV file.
"""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import dataclass
from itertools import pairwise, product

from simulator.errors import Span
from simulator.scenario.bands import KNOWN, NEVER, CellKey, check_bands, is_banded, is_since, read_key, show
from simulator.scenario.files import FileProblem, beside, nearest_file
from simulator.scenario.syntax import Expr, Number
from simulator.scenario.values import Context, listed, nearest, parse_number, read_text, wrong_kind
from simulator.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence, is_empty, shorten

MAX_ROWS = 100_000

_AGE = re.compile(r"([0-9]{1,4})(\+?)")

Rows = tuple[tuple[tuple[CellKey, ...], Expr], ...]


@dataclass(slots=True)
class Sheet:
    """The header and the rows (with their line numbers) of a CSV file."""

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]


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


def read_sheet(context: Context, node: Node, path: str) -> Sheet | None:
    """The CSV file that `node` names; None, and a finding, if there is none or it cannot be read."""
    name = read_text(context, node, path)
    if name is None:
        return None
    file = beside(node.span.file, name)
    try:
        text = context.files.read(file)
    except FileProblem as problem:
        close = nearest_file(file, (".csv",))
        context.findings.add(
            "E411", str(problem), node.span, path=path,
            nearest=os.path.join(os.path.dirname(name), close) if close else None,
            remedy="The path is relative to the file that names it.",
        )  # fmt: skip
        return None
    reader = csv.reader(io.StringIO(text), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, [cell.strip() for cell in row]))
            if len(rows) > MAX_ROWS:
                break
    except csv.Error as error:
        message = f"line {reader.line_num} of `{name}` is not CSV: {error}"
        context.findings.add("E414", message, node.span, path=path)
        return None
    if len(rows) < 2 or len(rows) > MAX_ROWS:
        context.findings.add(
            "E414", f"`{name}` has {'too many' if rows[2:] else 'no'} rows", node.span, path=path,
            expected=f"a line of column names, then 1 to {MAX_ROWS:,} rows",
        )  # fmt: skip
        return None
    header = rows[0][1]
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            context.findings.add(
                "E414", f"line {line} of `{name}` has {len(cells)} cells, its first line {len(header)}",
                node.span, path=path,
            )  # fmt: skip
            return None
    return Sheet(name, header, rows[1:])


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
            elif item.text not in self.sheet.header:
                self.context.findings.add(
                    "E412", f"`{self.sheet.name}` has no column `{shorten(item.text)}`", item.span,
                    path=f"{self.path}.{name}", expected=listed(self.sheet.header[:30]),
                    nearest=nearest(item.text, self.sheet.header),
                )  # fmt: skip
            else:
                places.append(self.sheet.header.index(item.text))
        return places if len(places) == len(items) else None

    # --- rows

    def rows(self, weights: bool) -> Rows | None:
        """Every cell, in row-major order of the axes' keys."""
        keyed = self._keys()
        if keyed is None:
            return None
        cells: dict[tuple[CellKey, ...], Expr] = {}
        for (line, row), keys in zip(self.sheet.rows, keyed, strict=True):
            for category, column in self.values:
                key = tuple(category or "" if axis == self.spread else keys[axis] for axis in self.axes)
                value = parse_number(row[column])
                if value is None:
                    self.fail("E413", line, f"`{shorten(row[column])}` is not a number")
                    return None
                if key in cells:
                    shown = ", ".join(show(axis, part) for axis, part in zip(self.axes, key, strict=True))
                    self.fail("E416", line, f"a second value for {shown}")
                    return None
                cells[key] = Number(value, span=self.span)
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
                known = KNOWN.get(axis)
                if not name or (known and name not in known):
                    self.fail("E408", line, f"`{shorten(name)}` is not a {axis}", listed(known or ()))
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
            match = _AGE.fullmatch(row[columns[0]])
            last = _AGE.fullmatch(row[columns[-1]])
            if match is None or (last is None and row[columns[-1]]):
                bad = row[columns[-1]] if match else row[columns[0]]
                self.fail("E413", line, f"`{shorten(bad)}` is not a whole number of years")
                return None
            closed = len(columns) == 2 and last is not None and not last[2]
            if closed and last is not None and int(last[1]) < int(match[1]):
                self.fail("E403", line, f"the band {match[1]}..{last[1]} ends before it begins")
                return None
            ends.append((int(match[1]), int(last[1]) + 1 if closed and last is not None else None))
        if len(columns) == 2:
            return [
                NEVER if e is None else (float(e[0]), None if e[1] is None else float(e[1])) for e in ends
            ]
        lows = sorted({e[0] for e in ends if e is not None})
        following = {low: float(high) for low, high in pairwise(lows)}
        return [NEVER if e is None else (float(e[0]), following.get(e[0])) for e in ends]

    def _orders(self, keyed: list[dict[str, CellKey]], weights: bool) -> list[list[CellKey]] | None:
        """The keys of each axis, in order."""
        orders: list[list[CellKey]] = []
        for axis in self.axes:
            if axis == self.spread:
                orders.append([name for name, _ in self.values if name])
                continue
            seen = list(dict.fromkeys(keys[axis] for keys in keyed))
            bands = [(key, self.span) for key in seen if not isinstance(key, str)]
            if bands:
                if check_bands(self.context, axis, bands, self.span, self.path, not weights) is None:
                    return None
                words: list[CellKey] = [key for key in seen if isinstance(key, str)]
                orders.append([*words, *sorted((band for band, _ in bands), key=lambda band: band[0])])
            else:
                orders.append(seen)
        return orders

    def fail(self, code: str, line: int, message: str, expected: str = "") -> None:
        full = f"line {line} of `{self.sheet.name}`: {message}"
        self.context.findings.add(code, full, self.span, path=self.path, expected=expected)
