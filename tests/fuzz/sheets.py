"""Tables beside a scenario, and what may happen to them on their way from a publication.

A mutation says what must come of it: the same scenario as before (`SAME`), a finding (`FOUND`), or one or the
other (`EITHER`); never a traceback.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from random import Random
from typing import Literal, NamedTuple

Outcome = Literal["same", "found", "either"]
SAME: Outcome = "same"
FOUND: Outcome = "found"
EITHER: Outcome = "either"

Rows = list[list[str]]

HEAD = "id: drawn\npopulation: {size: 9, from: 2000-01-01, to: 2005-01-01, PEOPLE}\n"
PEOPLE = "age: 0..80 years"
DISEASE = "diseases:\n  ill:\n    source: made up\n    onset: {ONSET}\n    states: [s]\n"


class Use(NamedTuple):
    """A scenario that reads `table.csv`, and a table that fits."""

    text: str
    rows: Rows
    numbers: tuple[int, ...]  # the columns of values
    keys: tuple[int, ...]  # the columns of keys


def _with(onset: str, more: str = "") -> str:
    return HEAD.replace("PEOPLE", PEOPLE) + more + DISEASE.replace("ONSET", onset)


def _table(columns: str, by: str, more: str = "per: year, ") -> str:
    return f"rate: {{{more}by: {by}, csv: table.csv, columns: {columns}}}"


USES: dict[str, Use] = {
    "a life table": Use(
        _with(_table("{age: age, male: qm, female: qf}", "[age, sex]", "probability_per: year, ")),
        [
            ["age", "qm", "qf"],
            ["0", "0.006", "0.005"],
            ["1", "0.0005", "0.0004"],
            ["40", "0.002", "0.001"],
            ["85+", "0.1", "0.09"],
        ],
        (1, 2),
        (0,),
    ),
    "bands": Use(
        _with(_table("{age: [lo, hi], sex: sex, value: rate}", "[age, sex]")),
        [["lo", "hi", "sex", "rate", "note"]]
        + [
            [lo, hi, sex, rate, "x"]
            for lo, hi, rate in (("0", "39", "0.1"), ("40", "64", "0.2"))
            for sex in ("male", "female")
        ]
        + [["65", "", sex, "1", "x"] for sex in ("male", "female")],
        (3,),
        (0, 1, 2),
    ),
    "months": Use(
        _with(
            "rate: 0.1 per year, "
            "multiplied: [{by: {by: month, csv: table.csv, columns: {month: m, value: f}}}]"
        ),
        [["m", "f"], ["january", "2"], ["february", "1.5"]]
        + [[m, "1"] for m in ("march", "april", "may", "june", "july", "august", "september", "october")]
        + [["november", "1.2"], ["december", "1.8"]],
        (1,),
        (0,),
    ),
    "years": Use(
        _with(_table("{year: y, value: f}", "year")),
        [["y", "f"], ["2000", "0.1"], ["2001", "0.2"], ["2003", "0.1"]],
        (1,),
        (0,),
    ),
    "categories": Use(
        _with(
            _table("{smoker: who, value: rate}", "smoker"),
            "attributes: {smoker: {draw: {never: 50%, former: 20%, current: 30%}, source: x}}\n",
        ),
        [["who", "rate"], ["never", "0.1"], ["former", "0.2"], ["current", "0.3"]],
        (1,),
        (0,),
    ),
    "survival": Use(
        _with(
            "rate: 1 per year, source: x",
        ).replace("[s]", "[s, t]")
        + "    course: [s -> t: {after: {kaplan_meier: "
        + "{csv: table.csv, unit: months, columns: {time: t, survival: s}}}}]\n",
        [["t", "s"], ["1", "0.95"], ["12", "0.8"], ["60", "0.35"]],
        (0, 1),
        (),
    ),
    "empirical": Use(
        _with("after: {empirical: {csv: table.csv, unit: days, columns: {value: d, cumulative: c}}}"),
        [["d", "c", "n"], ["100", "0.1", "3"], ["300", "0.5", ""], ["1000", "1", "9"]],
        (0, 1),
        (),
    ),
    "people": Use(
        HEAD.replace(
            "PEOPLE",
            "age_sex: {csv: table.csv, by: [age, sex], columns: {age: [lo, hi], male: m, female: f}}",
        )
        + DISEASE.replace("ONSET", "rate: 0.1 per year"),
        [["lo", "hi", "m", "f"], ["0", "19", "30", "28"], ["20", "64", "60", "61"], ["65", "90", "12", "20"]],
        (2, 3),
        (0, 1),
    ),
}


def written(rows: Rows, *, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> bytes:
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type]
    return sink.getvalue().encode()


class Mutant(NamedTuple):
    data: bytes
    outcome: Outcome
    line: int | None = None  # where a finding points, if that is known


Mutation = Callable[[Random, Use], Mutant]


def _copy(use: Use) -> Rows:
    return [list(row) for row in use.rows]


def _cell(rng: Random, use: Use, value: str, columns: tuple[int, ...], outcome: Outcome) -> Mutant:
    rows = _copy(use)
    at = 1 + rng.randrange(len(rows) - 1)
    rows[at][rng.choice(columns)] = value
    return Mutant(written(rows), outcome, at + 1 if outcome == FOUND else None)


BAD_NUMBERS = (
    "",
    "n/a",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "0,5",
    "1 000",
    "1,000",
    "5%",
    "0x1F",
    "٣",
    "1/3",
    "--",
    "True",
    "#REF!",
)
BAD_KEYS = ("?", "Male", "-1", "1.5", "40-49", "fourty", "\x00", "é", "a b", "1e2")


def _bad_number(rng: Random, use: Use) -> Mutant:
    return _cell(rng, use, rng.choice(BAD_NUMBERS), use.numbers, FOUND)


def _negative(rng: Random, use: Use) -> Mutant:
    return _cell(rng, use, rng.choice(("-0.5", "-3", "-1e9")), use.numbers, FOUND)


def _bad_key(rng: Random, use: Use) -> Mutant:
    return _cell(rng, use, rng.choice(BAD_KEYS), use.keys, FOUND) if use.keys else _bad_number(rng, use)


def _missing_column(rng: Random, use: Use) -> Mutant:
    at = rng.choice((*use.numbers, *use.keys))
    return Mutant(written([row[:at] + row[at + 1 :] for row in use.rows]), FOUND)


def _header_slip(rng: Random, use: Use) -> Mutant:
    rows = _copy(use)
    at = rng.choice((*use.numbers, *use.keys))
    rows[0][at] = rng.choice((rows[0][at] + "x", rows[0][at].upper(), "", "\u200b" + rows[0][at]))
    return Mutant(written(rows), FOUND)


def _second_column(rng: Random, use: Use) -> Mutant:
    """Another column of the same name: which is meant?"""
    at = rng.choice((*use.numbers, *use.keys))
    rows = [[*row, "7" if n else row[at]] for n, row in enumerate(use.rows)]
    return Mutant(written(rows), FOUND, 1)


def _more_columns(rng: Random, use: Use) -> Mutant:
    at = rng.randrange(len(use.rows[0]) + 1)
    rows = [[*row[:at], rng.choice(("x", "", "a, b", 'say "so"', "1\n2")), *row[at:]] for row in use.rows]
    rows[0][at] = rng.choice(("note", "", "a, b", "x\ny"))
    return Mutant(written(rows), SAME)


def _twice(rng: Random, use: Use) -> Mutant:
    rows = _copy(use)
    at = 1 + rng.randrange(len(rows) - 1)
    rows.insert(at, list(rows[at]))
    return Mutant(written(rows), FOUND)


def _without(rng: Random, use: Use) -> Mutant:
    """A row less: a hole, unless the others stretch over it."""
    rows = _copy(use)
    del rows[1 + rng.randrange(len(rows) - 1)]
    return Mutant(written(rows), EITHER)


def _shuffled(rng: Random, use: Use) -> Mutant:
    rows = _copy(use)
    rest = rows[1:]
    rng.shuffle(rest)
    return Mutant(written([rows[0], *rest]), SAME if use.keys else EITHER)


def _columns_shuffled(rng: Random, use: Use) -> Mutant:
    order = list(range(len(use.rows[0])))
    rng.shuffle(order)
    return Mutant(written([[row[i] for i in order] for row in use.rows]), SAME)


def _ragged(rng: Random, use: Use) -> Mutant:
    rows = _copy(use)
    at = 1 + rng.randrange(len(rows) - 1)
    rows[at] = [*rows[at], "9"] if rng.random() < 0.5 else rows[at][:-1]
    return Mutant(written(rows), FOUND, at + 1 if len(rows[0]) > 1 else None)


def _delimiter(rng: Random, use: Use) -> Mutant:
    return Mutant(written(use.rows, delimiter=rng.choice(";\t|")), FOUND, 1)


def _dialect(rng: Random, use: Use) -> Mutant:
    data = written(
        use.rows,
        quoting=rng.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)),
        end=rng.choice(("\n", "\r\n", "\r")),
    )
    if rng.random() < 0.5:
        data = b"\xef\xbb\xbf" + data
    if rng.random() < 0.3:
        data += rng.choice((b"\n\n", b",,,\n", b"  \n"))
    return Mutant(data.rstrip(b"\r\n") if rng.random() < 0.3 else data, SAME)


def _blanks(rng: Random, use: Use) -> Mutant:
    rows = [[f" {cell} " if rng.random() < 0.5 else cell for cell in row] for row in use.rows]
    return Mutant(written(rows), SAME)


def _encoding(rng: Random, use: Use) -> Mutant:
    text = written(use.rows).decode()
    kind = rng.choice(("utf-16", "utf-16-le", "utf-32", "latin-1"))
    return Mutant((text.replace("\n", ",é\n") if kind == "latin-1" else text).encode(kind), FOUND)


def _junk(rng: Random, use: Use) -> Mutant:
    kind = rng.randrange(5)
    if kind == 0:
        return Mutant(rng.randbytes(rng.randrange(300)), FOUND)
    if kind == 1:
        return Mutant(b"PK\x03\x04" + rng.randbytes(200), FOUND)
    if kind == 2:
        return Mutant(b"\x00" * rng.randrange(1, 99), FOUND)
    if kind == 3:
        return Mutant(rng.choice((b"", b"\n", b",", b'"', b'""', b"\xef\xbb\xbf", b"a\n")), FOUND)
    data = bytearray(written(use.rows))
    for _ in range(1 + rng.randrange(3)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return Mutant(bytes(data), EITHER)


def _cut(rng: Random, use: Use) -> Mutant:
    data = written(use.rows)
    return Mutant(data[: rng.randrange(len(data))], EITHER)


MUTATIONS: tuple[Mutation, ...] = (
    _bad_number,
    _negative,
    _bad_key,
    _missing_column,
    _header_slip,
    _second_column,
    _more_columns,
    _twice,
    _without,
    _shuffled,
    _columns_shuffled,
    _ragged,
    _delimiter,
    _dialect,
    _blanks,
    _encoding,
    _junk,
    _cut,
)
