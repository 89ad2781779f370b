"""Where output goes: data to stdout, everything else to stderr and only on a terminal."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli.findings_view import styled, without_trailing_blanks

PIPED_WIDTH = 120  #: columns where there is no terminal to ask
WIDE = 110  #: columns from which there is room for tables with much text
_GAP = 3  # columns between those of a table
_AMPLE_ROOM, _ROOM = 30, 20  # columns that a column of sentences needs to be read well, or at all


class Output(Console):
    """A console that leaves a closed pipe (`| head`) to `main`, and no blanks at the ends of piped lines."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError

    def print(self, *objects: Any, **how: Any) -> None:
        """As Console.print; tables are not filled up with blanks where no terminal shows them."""
        if self.is_terminal:
            super().print(*objects, **how)
            return
        with self.capture() as captured:
            super().print(*objects, **how)
        self.file.write(without_trailing_blanks(captured.get()))
        self.file.flush()


def stdout() -> Console:
    """A console on stdout; colours only on a terminal."""
    return Output(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else PIPED_WIDTH,
        color_system="auto" if styled() else None,
        highlight=False,
    )


def stderr() -> Console:
    """A console on stderr, for progress."""
    return Console(file=sys.stderr, stderr=True, color_system="auto" if styled() else None, highlight=False)


def program() -> str:
    """How this program is called from here, for commands to try next.

    By name if it is on the path, or lies too far off to be spelt out (``../../opt/…``); by its place if that
    is within this folder (``.venv/bin/simulator``); as a module if it was called as one.
    """
    called = Path(sys.argv[0])
    if shutil.which("simulator"):
        return "simulator"
    if called.name == "__main__.py":
        return "python -m simulator"
    here = os.path.relpath(called)
    near = called.stem == "simulator" and not here.startswith(os.pardir)
    return shlex.quote(here) if near else "simulator"


def print_json(data: Any) -> None:
    """One JSON document on stdout: sorted by nothing, indented, no NaN."""
    json.dump(data, sys.stdout, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    sys.stdout.write("\n")


def show_table(
    out: Console,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    spaced: bool = False,
) -> None:
    """Print a plain table below its title. `right` names the columns of numbers; `spaced` parts the rows.

    Text is shown as it is, without markup. A heading of empty columns is left out. Where not all fits,
    columns of names stay whole and sentences are wrapped; spaced rows become blocks on a narrow terminal.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    out.print(f"[bold]{escape(title)}[/bold]")
    if spaced and out.width < WIDE and _natural_width(columns, cells) > out.width:
        _show_blocks(out, columns, cells)
        return
    drawn = Table(
        box=None,
        show_header=any(columns),
        header_style="dim",
        pad_edge=False,
        padding=(0, _GAP, int(spaced), 0),
    )
    drawn.add_column("")  # indents
    names, cells = _fit_names(columns, cells, out.width)
    for i, column in enumerate(columns):
        justify: Literal["right", "left"] = "right" if column in right else "left"
        drawn.add_column(escape(column), justify=justify, overflow="fold", no_wrap=i in names)
    for row in cells:
        drawn.add_row("", *map(escape, row))
    out.print(drawn)
    out.print()


def _show_blocks(out: Console, columns: Sequence[str], cells: list[list[str]]) -> None:
    """Each row as its first cell, and the others below one another with the names of their columns."""
    for first, *others in cells:
        out.print(f"   {escape(first)}", soft_wrap=True)
        block = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
        block.add_column("", min_width=_GAP)
        block.add_column("", style="dim", no_wrap=True)
        block.add_column("", overflow="fold")
        for name, cell in zip(columns[1:], others, strict=True):
            if cell:
                block.add_row("", escape(name), escape(cell))
        out.print(block)
        out.print()


def _widest(columns: Sequence[str], cells: list[list[str]], i: int) -> int:
    return max(map(len, [columns[i], *(line for row in cells for line in row[i].split("\n"))]))


def _natural_width(columns: Sequence[str], cells: list[list[str]]) -> int:
    """Columns of a terminal that a table takes if nothing is wrapped."""
    return sum(_widest(columns, cells, i) + _GAP for i in range(len(columns))) + _GAP


def _fit_names(
    columns: Sequence[str], cells: list[list[str]], width: int
) -> tuple[set[int], list[list[str]]]:
    """Which columns hold names that must not be wrapped, and the cells with long names on several lines.

    None, and the cells as they are, if everything fits, or names would leave too little room for sentences.
    """
    if _natural_width(columns, cells) <= width:
        return set(), cells
    names = {i for i in range(len(columns)) if not any(" " in row[i] for row in cells)}
    for longest, room in ((width, _AMPLE_ROOM), (width * 3 // 10, _ROOM)):
        folded = [
            ["\n".join(fold_name(cell, longest)) if i in names else cell for i, cell in enumerate(row)]
            for row in cells
        ]
        left = width - _GAP - sum(_widest(columns, folded, i) + _GAP for i in names)
        if left >= room * (len(columns) - len(names)):
            return names, folded
    return set(), cells


def fold_name(name: str, width: int) -> list[str]:
    """A name on lines of at most `width`, parted behind dots, slashes and underscores if it has any.

    >>> fold_name("respiratory_infection.diagnosed", 24), fold_name("mild", 24)
    (['respiratory_infection.', 'diagnosed'], ['mild'])
    """
    lines: list[str] = []
    rest = name
    while len(rest) > width:
        head = rest[:width]
        at = max(head.rfind(sign) for sign in "./") + 1 or head.rfind("_") + 1 or width
        lines.append(rest[:at])
        rest = rest[at:]
    return [*lines, rest]


def thousands(value: float) -> str:
    """A count people can read: ``12,345,678``."""
    return f"{value:,.0f}"


def short(value: float) -> str:
    """A count in three digits: ``12.3 M``, ``4.56 k``, ``789``."""
    for scale, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= scale:
            return f"{value / scale:.3g}{suffix}"
    return f"{value:.3g}"


def size(bytes_: float) -> str:
    """A size on disk: ``12.3 MB``."""
    for scale, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if bytes_ >= scale:
            return f"{bytes_ / scale:.3g} {unit}"
    return f"{bytes_:.0f} B"


def seconds(value: float) -> str:
    """A duration: ``0.42 s``, ``12 s``, ``3 min 05 s``."""
    if value < 10:
        return f"{value:.2g} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"
