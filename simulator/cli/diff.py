"""`simulator diff A [B]`: what changed clinically, and whose history is different for it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli import console
from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.authoring.diff import Comparison, Example, Histories
    from simulator.authoring.diff_model import Difference

SAME, DIFFERENT = 0, 1
MOST_FIRST = 3  #: kinds of first difference that are named for one changed block

_SINGULAR = {
    "diseases": "disease",
    "measurements": "measurement",
    "treatments": "treatment",
    "attributes": "attribute",
    "parameters": "parameter",
    "allergies": "allergy",
    "immunisations": "immunisation",
    "panels": "panel",
    "order_sets": "order set",
    "procedures": "procedure",
    "pathways": "pathway",
    "care_plans": "care plan",
    "progressions": "progression",
    "targets": "target",
    "expect": "expectation",
}
_MARKS = {"added": "+", "removed": "-", "renamed": "=", "changed": ""}


def main(args: argparse.Namespace) -> int:
    from simulator import api
    from simulator.cli.run import progress_bar

    arms = args.arm or []
    if args.other is None and not (arms or args.set):
        raise UsageError(
            "there is nothing to compare it with",
            remedy="Name a second file or dataset, or say --arm NAME or --set NAME=VALUE.",
        )
    if len(arms) > 2 or (len(arms) == 2 and args.other is not None):
        raise UsageError("too many arms", remedy="Compare two arms of one file, or one arm of two files.")
    found = api.diff(
        args.file,
        args.other,
        arms=(arms[0], arms[1]) if len(arms) == 2 else arms[0] if arms else None,
        set=args.set,
        size=args.size,
        seed=args.seed,
        run=not args.no_run,
        workers=args.workers,
        watch=progress_bar,
    )
    if args.json:
        console.print_json(_plain(asdict(found) | {"same": found.same}))
    else:
        show(found, console.stdout())
    return SAME if found.same else DIFFERENT


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def show(found: Comparison, out: Console) -> None:
    """Print what changed, who is different, and a few of them side by side."""
    out.print(f"A  {escape(found.one)}\nB  {escape(found.two)}\n", soft_wrap=True)
    out.print("[bold]What changed[/bold]")
    if not found.changes:
        out.print("  nothing that says anything about patients\n")
    for (section, name), group in groupby(found.changes, key=lambda each: (each.section, each.name)):
        _show_block(section, name, list(group), out)
    if found.note:
        out.print(f"[dim]{escape(found.note)}[/dim]")
    if found.histories is not None:
        _show_histories(found.histories, out)
        if found.changes and not found.histories.different:
            out.print("[dim]what changed touched none of them; --size runs more[/dim]")


def _show_block(section: str, name: str, changes: list[Difference], out: Console) -> None:
    title = changes[0].title
    head = f"{_SINGULAR.get(section, section)} {name}".strip()
    out.print(f"  {escape(head)}" + (f"  [dim]{escape(title)}[/dim]" if title and title != name else ""))
    table = _grid()
    for each in changes:
        words = f"{_MARKS[each.kind]} {each.what or each.kind}".strip()
        if each.what == "" and each.kind != "renamed":
            value = each.before or each.after
            value = "" if value == name else value
        elif each.before and each.after:
            value = f"{each.before} → {each.after}"
        else:
            value = each.after or each.before
        table.add_row("   ", escape(words), escape(value), escape(each.place_after or each.place_before))
    table.columns[3].style = "dim"
    out.print(table)
    out.print()


def _show_histories(found: Histories, out: Console) -> None:
    of = f"{found.patients:,} patients (seed {found.seed})"
    out.print("[bold]Whose history is different[/bold]")
    if not found.different:
        out.print(f"  nobody's, of {of}")
        return
    share = 100 * found.different / found.patients
    out.print(
        f"  {found.different:,} of {of}, {share:.1f}%: {found.truly:,} in what truly happened, "
        f"{found.different - found.truly:,} only in the record\n"
    )
    table = _grid("", "patients", "because of", "first difference", right="patients")
    for led in found.led:
        firsts = [f"{words} ({count})" for words, count in led.first[:MOST_FIRST]]
        more = len(led.first) - MOST_FIRST
        firsts += [f"… and {more} more kinds"] if more > 0 else []
        table.add_row(" ", f"{led.patients:,}", escape(led.block or "not led back to a change"),
                      escape("\n".join(firsts)))  # fmt: skip
    out.print(table)
    out.print("\n[bold]A few of them[/bold]")
    for example in found.examples:
        _show_example(example, out)


def _show_example(each: Example, out: Console) -> None:
    since = "different from the beginning" if each.time is None else f"the same until {each.time:%Y-%m-%d}"
    out.print(f"  patient {each.patient}, {each.sex}, born {each.birth:%Y-%m-%d}: {since}")
    if each.block:
        through = f", through {', '.join(each.via)}" if each.via else ""
        out.print(f"    because of {escape(each.block)}{escape(through)}")
    for side, why in (("A", each.because_one), ("B", each.because_two)):
        if why:
            out.print(f"    {side}: {escape(why)}")
    table = _grid("", "date (UTC)", "A", "B")
    for time, one, two in each.rows:
        date = "" if time is None else f"{time:%Y-%m-%d}"
        table.add_row("   ", date, escape(one) or "[dim]·[/dim]", escape(two) or "[dim]·[/dim]")
    out.print(table)
    if each.more:
        out.print(f"    [dim]… and {each.more} more that differ[/dim]")
    out.print()


def _grid(*columns: str, right: str = "") -> Table:
    table = Table(
        box=None, show_header=any(columns), header_style="dim", pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns or ("", "", "", ""):
        table.add_column(column, justify="right" if column and column == right else "left",
                         overflow="fold", no_wrap=column.startswith("date"))  # fmt: skip
    return table
