"""A CSV file beside the scenario, as cells that know where they stand."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from dataclasses import dataclass, field

from simulator.errors import Span
from simulator.scenario.files import FileProblem, beside, nearest_file
from simulator.scenario.lookalikes import strange
from simulator.scenario.values import Context, listed, nearest, read_text
from simulator.scenario.yaml_nodes import Node, Scalar, shorten

MAX_ROWS = 100_000
MOST_FINDINGS = 10  # of one kind in one file: who sees so many looks at the whole column

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}


@dataclass(slots=True)
class Sheet:
    """The header and the rows (with the lines on which they begin) of a CSV file.

    `name` is as the scenario names it, `file` as spans do.
    """

    name: str
    file: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    lines: list[str] = field(repr=False)
    header_line: int = 1

    def place(self, line: int, column: int) -> Span:
        """Where the cell in a column (from 0) of the row that begins on `line` stands."""
        text = self.lines[line - 1]
        if '"' not in text:
            cells = text.split(",")
            before = sum(len(cell) + 1 for cell in cells[:column])
            return self._span(line, before, cells[column])
        at = 0  # index in the row, which may go on over several lines
        for _ in range(column):
            at = self._after(line, at)
            while at > len(self.lines[line - 1]):
                at -= len(self.lines[line - 1]) + 1
                line += 1
        text = self.lines[line - 1]
        return self._span(line, at, text[at : max(at, self._after(line, at) - 1)])

    def column(self, context: Context, node: Scalar, path: str) -> int | None:
        """The column that a text of the scenario names; None, and a finding, if there is not just one."""
        wanted = unicodedata.normalize("NFC", node.text)
        found = [i for i, name in enumerate(self.header) if unicodedata.normalize("NFC", name) == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            context.findings.add(
                "E412", f"a second column is called `{shorten(node.text)}`",
                self.place(self.header_line, found[1]), path=path,
                remedy="Give each column a name of its own.",
            )  # fmt: skip
            return None
        close = nearest(node.text, self.header)
        context.findings.add(
            "E412", f"`{self.name}` has no column `{shorten(node.text)}`", node.span, path=path,
            expected=listed(shorten(name) for name in self.header[:30]),
            nearest=close, remedy=strange(node.text) or strange(close or ""),
        )  # fmt: skip
        return None

    def _after(self, line: int, at: int) -> int:
        """The index behind the comma (or line end) that ends the cell which begins at `at`."""
        text = (
            "\n".join(self.lines[line - 1 : line + 50])
            if '"' in self.lines[line - 1]
            else self.lines[line - 1]
        )
        if text[at : at + 1] == '"':
            at += 1
            while at < len(text) and (text[at] != '"' or text[at + 1 : at + 2] == '"'):
                at += 2 if text[at] == '"' else 1
        ends = [i for i in (text.find(",", at), text.find("\n", at)) if i >= 0]
        return min(ends, default=len(text)) + 1

    def _span(self, line: int, begin: int, cell: str) -> Span:
        """Of a cell, without the blanks around it; on one line."""
        blank = len(cell) - len(cell.lstrip())
        length = len(cell.strip())
        column = begin + (blank if length else 0) + 1
        last = max(column + 1, min(column + length, len(self.lines[line - 1]) + 1))
        return Span(self.file, line, column, line, last)


def read_sheet(context: Context, node: Node, path: str) -> Sheet | None:
    """The CSV file that `node` names; None, and findings, if there is none or it cannot be read."""
    name = read_text(context, node, path)
    if name is None:
        return None
    file = beside(node.span.file, name)
    try:
        text = context.files.read(file)
    except FileProblem as problem:
        close = nearest_file(file, (".csv",))
        foreign = "UTF-8" in str(problem)
        context.findings.add(
            "E411", str(problem), node.span, path=path,
            nearest=os.path.join(os.path.dirname(name), close) if close and not foreign else None,
            remedy="Save it as CSV in UTF-8."
            if foreign
            else "The path is relative to the file that names it.",
        )  # fmt: skip
        return None
    return _Reader(context, node, name, file, text, path).sheet()


class _Reader:
    """Cuts a text into cells."""

    def __init__(self, context: Context, node: Node, name: str, file: str, text: str, path: str) -> None:
        self.context = context
        self.node = node
        self.name = name
        self.text = text
        self.path = path
        self.lines = text.split("\n")
        self.found = Sheet(name, file, [], [], self.lines)

    def sheet(self) -> Sheet | None:
        rows = self.cut()
        if rows is None:
            return None
        if len(rows) < 2 or len(rows) > MAX_ROWS:
            self.context.findings.add(
                "E414", f"`{self.name}` has {'too many' if rows[2:] else 'no'} rows", self.node.span,
                path=self.path, expected=f"a line of column names, then 1 to {MAX_ROWS:,} rows",
            )  # fmt: skip
            return None
        line, header = rows[0]
        foreign = [sign for sign in _SEPARATORS if sign in header[0]]
        if len(header) == 1 and foreign:
            at = self.lines[line - 1].index(foreign[0])
            self.fail(
                Span(self.found.file, line, at + 1, line, at + 2),
                f"the cells of `{self.name}` are separated by {_SEPARATORS[foreign[0]]}",
                "commas between cells, and points in decimal numbers",
            )
            return None
        self.found.header_line, self.found.header, self.found.rows = line, header, rows[1:]
        return self.found if self.is_even() else None

    def cut(self) -> list[tuple[int, list[str]]] | None:
        """The rows that are not blank, with the lines on which they begin."""
        reader = csv.reader(io.StringIO(self.text), strict=True)
        rows: list[tuple[int, list[str]]] = []
        begin = 1
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    rows.append((begin, [cell.strip() for cell in row]))
                begin = reader.line_num + 1
                if len(rows) > MAX_ROWS:
                    break
        except csv.Error as error:
            begin = min(begin, len(self.lines))
            end = max(2, len(self.lines[begin - 1]) + 1)
            self.fail(Span(self.found.file, begin, 1, begin, end), f"this row is not CSV: {error}")
            return None
        return rows

    def is_even(self) -> bool:
        """Whether all rows have as many cells as the first; findings if not."""
        wanted = len(self.found.header)
        uneven = [(line, cells) for line, cells in self.found.rows if len(cells) != wanted]
        for line, cells in uneven[:MOST_FINDINGS]:
            more = len(cells) > wanted
            place = self.found.place(line, wanted if more else len(cells) - 1)
            self.fail(
                place,
                f"this row has {len(cells)} cells, the first line has {wanted}",
                remedy="A cell with a comma in it stands in quotes; decimal numbers have a point."
                if more
                else "",
            )
        return not uneven

    def fail(self, place: Span, message: str, expected: str = "", remedy: str = "") -> None:
        self.context.findings.add("E414", message, place, path=self.path, expected=expected, remedy=remedy)
