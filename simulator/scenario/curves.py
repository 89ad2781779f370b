"""Distributions copied from a publication: empirical, Kaplan–Meier, and mixtures of distributions.

``{empirical: {1 day: 10%, 3 days: 50%, 10 days: 100%}}`` lists the share that has come by then,
``{kaplan_meier: {1 year: 95%, 5 years: 80%}}`` the share that is still free of the event; what remains
after the last point never has it. Both may come from a CSV file instead, with `csv`, `columns` and the
`unit` of its times. ``{mixture: [{share: 30%, after: …}, {share: 70%, after: …}]}`` draws from one of them.
"""

from __future__ import annotations

from simulator import units
from simulator.scenario.csv_sheet import MOST_FINDINGS, Sheet, read_sheet
from simulator.scenario.csv_table import not_a_number
from simulator.scenario.syntax import Curve, Expr, Mixture, Number, Quantity
from simulator.scenario.values import (
    Context,
    listed,
    nearest,
    parse_number,
    read_expression,
    read_text,
    wrong_kind,
)
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, is_empty, shorten

MOST_POINTS = 2_000
#: what the columns of a file are called: of the times or values, and of the shares
COLUMNS = {"empirical": ("value", "cumulative"), "kaplan_meier": ("time", "survival")}
_CSV_KEYS = ("csv", "columns", "unit")
_EXAMPLES = {
    "empirical": "values with the share that has come by then, e.g. `{1 day: 10%, 10 days: 100%}`",
    "kaplan_meier": "times with the share still free of the event, e.g. `{1 year: 95%, 5 years: 80%}`",
    "mixture": "a list, e.g. `[{share: 30%, after: 2 days}, {share: 70%, after: 5..9 days}]`",
}


def read_tabulated(context: Context, name: str, node: Mapping, path: str) -> Curve | Mixture | None:
    """The distribution that `node`, a mapping with the one key `name`, describes; None, with findings."""
    entry, path = node.entries[name], f"{path}.{name}"
    if name == "mixture":
        return _mixture(context, entry, path)
    if not isinstance(entry.value, Mapping) or not entry.value.entries:
        wrong_kind(context, entry.value, path, _EXAMPLES[name])
        return None
    points = (_from_file if "csv" in entry.value.entries else _written)(context, name, entry.value, path)
    if points is None:
        return None
    if len(points) > MOST_POINTS:
        context.findings.add(
            "E419", f"{len(points):,} points are too many", entry.key.span, path=path,
            expected=f"at most {MOST_POINTS:,}",
        )  # fmt: skip
        return None
    return Curve(name, tuple(points), span=entry.key.span)


def _written(context: Context, name: str, node: Mapping, path: str) -> list[tuple[Expr, Expr]] | None:
    points: list[tuple[Expr, Expr]] = []
    for text, entry in node.entries.items():
        here = f"{path}.{text}"
        at = read_expression(context, entry.key, here)
        share = read_expression(context, entry.value, here)
        if at is not None and share is not None:
            points.append((at, share))
    return points if len(points) == len(node.entries) else None


def _from_file(context: Context, name: str, node: Mapping, path: str) -> list[tuple[Expr, Expr]] | None:
    for key, entry in node.entries.items():
        if key not in _CSV_KEYS:
            context.findings.add(
                "E201", f"`{shorten(key)}` is not a key of a curve from a file", entry.key.span,
                path=f"{path}.{key}", expected=listed(_CSV_KEYS), nearest=nearest(key, _CSV_KEYS),
            )  # fmt: skip
            return None
    file = node.entries["csv"]
    unit = _unit(context, node, path)
    sheet = read_sheet(context, file.value, f"{path}.csv")
    places = None if sheet is None else _places(context, name, node, sheet, path)
    if sheet is None or places is None or unit is None:
        return None
    points: list[tuple[Expr, Expr]] = []
    wrong = 0
    for line, row in sheet.rows:
        spans = [sheet.place(line, place) for place in places]
        numbers = [parse_number(row[place]) for place in places]
        for number, place, span in zip(numbers, places, spans, strict=True):
            if number is None:
                not_a_number(context, row[place], span, f"{path}.csv")
                wrong += 1
        if numbers[0] is not None and numbers[1] is not None:
            at: Expr = (
                Quantity(numbers[0], unit, span=spans[0]) if unit else Number(numbers[0], span=spans[0])
            )
            points.append((at, Number(numbers[1], span=spans[1])))
        if wrong >= MOST_FINDINGS:
            break
    return None if wrong else points


def _unit(context: Context, node: Mapping, path: str) -> str | None:
    """The unit of the first column: a time unit, a UCUM unit, or "" for bare numbers; None if it is none."""
    entry = node.entries.get("unit")
    if entry is None:
        return ""
    text = read_text(context, entry.value, f"{path}.unit")
    if text is None:
        return None
    time = units.time_unit(text)
    if time is None and units.ucum(text) is None:
        context.findings.add(
            "E219", f"`{shorten(text)}` is neither a time unit nor a UCUM unit", entry.value.span,
            path=f"{path}.unit", nearest=nearest(text, units.MICROSECONDS), expected="e.g. `months` or `kg`",
        )  # fmt: skip
        return None
    return time or text


def _places(context: Context, name: str, node: Mapping, sheet: Sheet, path: str) -> list[int] | None:
    """Where the two columns stand in the file."""
    entry, needed = node.entries.get("columns"), COLUMNS[name]
    expected = f"the two columns, e.g. `columns: {{{needed[0]}: t, {needed[1]}: s}}`"
    if entry is None or not isinstance(entry.value, Mapping):
        span = node.entries["csv"].key.span
        if entry is None:
            context.findings.add("E202", "`columns` is missing", span, path=path, expected=expected)
        else:
            wrong_kind(context, entry.value, f"{path}.columns", expected)
        return None
    places: list[int] = []
    for key in (*needed, *(k for k in entry.value.entries if k not in needed)):
        column = entry.value.entries.get(key)
        if column is None or key not in needed:
            context.findings.add(
                "E415" if column is None else "E201",
                f"no column is named for `{key}`" if column is None else f"unknown column `{shorten(key)}`",
                entry.key.span if column is None else column.key.span, path=f"{path}.columns",
                expected=expected, nearest=nearest(key, needed) if column else None,
            )  # fmt: skip
            return None
        here = f"{path}.columns.{key}"
        if not isinstance(column.value, Scalar) or is_empty(column.value):
            wrong_kind(context, column.value, here, "the name of a column")
            return None
        place = sheet.column(context, column.value, here)
        if place is None:
            return None
        places.append(place)
    return places


def _mixture(context: Context, entry: Entry, path: str) -> Mixture | None:
    if not isinstance(entry.value, Sequence) or not entry.value.items:
        wrong_kind(context, entry.value, path, _EXAMPLES["mixture"])
        return None
    parts: list[tuple[Expr, Expr]] = []
    for index, item in enumerate(entry.value.items):
        part = _part(context, item, f"{path}[{index}]")
        if part is not None:
            parts.append(part)
    if len(parts) < len(entry.value.items):
        return None
    return Mixture(tuple(parts), span=entry.key.span)


def _part(context: Context, item: Node, path: str) -> tuple[Expr, Expr] | None:
    if not isinstance(item, Mapping) or not item.entries:
        wrong_kind(context, item, path, "a share and what it draws, e.g. `{share: 30%, after: 5 days}`")
        return None
    what = "value" if "value" in item.entries else "after"
    first = next(iter(item.entries.values())).key.span
    for key, found in item.entries.items():
        if key not in ("share", what):
            context.findings.add(
                "E201", f"unknown key `{shorten(key)}`", found.key.span, path=f"{path}.{key}",
                expected="`share` and `after` (of a number: `value`)",
                nearest=nearest(key, ("share", "after", "value")),
            )  # fmt: skip
            return None
    for key in ("share", what):
        if key not in item.entries:
            context.findings.add(
                "E202", f"`{key}` is missing", first, path=path, expected="`share` and `after`"
            )
            return None
    share = read_expression(context, item.entries["share"].value, f"{path}.share")
    draws = read_expression(context, item.entries[what].value, f"{path}.{what}")
    return None if share is None or draws is None else (share, draws)
