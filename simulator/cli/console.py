"""Where output goes: data to stdout, everything else to stderr and only on a terminal."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli.findings_view import styled, without_trailing_blanks

PIPED_WIDTH = 120  #: columns where there is no terminal to ask


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
    return Console(
        file=sys.stderr, stderr=True, color_system="auto" if styled() else None, highlight=False
    )


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

    Text is shown as it is, without markup. A heading of empty columns is left out.
    """
    padding = (0, 3, int(spaced), 0)
    drawn = Table(box=None, show_header=any(columns), header_style="dim", pad_edge=False, padding=padding)
    drawn.add_column("")  # indents
    for column in columns:
        drawn.add_column(escape(column), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row("", *(escape(str(cell)) for cell in row))
    out.print(f"[bold]{escape(title)}[/bold]")
    out.print(drawn)
    out.print()


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
