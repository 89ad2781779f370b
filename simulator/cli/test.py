"""`simulator test FILE`: does the model do what its author, and the literature, say it must do?"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli import console
from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.authoring.targets import Outcome

FINE, FOUND = 0, 1
_STYLES = {"pass": "green", "fail": "bold red", "too few": "yellow"}


def main(args: argparse.Namespace) -> int:
    from simulator import api
    from simulator.cli.run import progress_bar

    if args.dataset is not None and (args.size, args.step) != (None, None):
        raise UsageError("--dataset is judged as it is", remedy="Leave out --size and --step.")
    with progress_bar(args.file) as told:
        outcomes = api.test(
            args.file,
            dataset=args.dataset,
            size=args.size,
            seed=args.seed,
            workers=args.workers,
            step=args.step,
            set=args.set,
            arm=args.arm,
            progress=told,
        )
    if args.json:
        console.print_json(_facts(outcomes))
    else:
        _show(outcomes, console.stdout())
    verdicts = {each.verdict for each in outcomes}
    return FOUND if "fail" in verdicts or (args.strict and "too few" in verdicts) else FINE


def _facts(outcomes: tuple[Outcome, ...]) -> dict[str, Any]:
    count = Counter[str](each.verdict for each in outcomes)
    return {
        "summary": {verdict: count[verdict] for verdict in ("pass", "fail", "too few")},
        "outcomes": [asdict(each) for each in outcomes],
    }


def _show(outcomes: tuple[Outcome, ...], out: Console) -> None:
    (_show_table if out.width >= console.WIDE else _show_list)(outcomes, out)
    out.print()
    count = Counter[str](each.verdict for each in outcomes)
    words = [
        f"[{_STYLES[verdict]}]{count[verdict]} {name}[/]"
        for verdict, name in (("pass", "pass"), ("fail", "fail"), ("too few", "cannot be told"))
        if count[verdict]
    ]
    out.print(" · ".join(words))
    _advise(outcomes, out)


def _show_table(outcomes: tuple[Outcome, ...], out: Console) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("verdict", no_wrap=True)
    table.add_column("statistic", overflow="fold", ratio=3)
    table.add_column("here, with 95% interval", overflow="fold", ratio=2)
    table.add_column("must lie in", overflow="fold", ratio=2)
    table.add_column("people", justify="right", no_wrap=True)
    if any(each.needed for each in outcomes):
        table.add_column("patients needed", justify="right", no_wrap=True)
    for each in outcomes:
        found, expected, published = _amounts(each)
        if published:
            expected += f"\n[dim]{published}[/dim]"
        needed = f"{each.needed:,}" if each.needed else ""
        row = (_verdict(each), _name(each), found, expected, f"{each.n:,}", needed)
        table.add_row(*row[: len(table.columns)])
    out.print(table)


def _show_list(outcomes: tuple[Outcome, ...], out: Console) -> None:
    """A statistic on lines of its own, and what became of it below, where a table would be squeezed."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("verdict", no_wrap=True)
    table.add_column("statistic", overflow="fold")
    for each in outcomes:
        found, expected, published = _amounts(each)
        facts = [f"{found}, expected {expected}", published, f"people {each.n:,}"]
        if each.needed:
            facts.append(f"patients needed {each.needed:,}")
        table.add_row(_verdict(each), f"{_name(each)}\n[dim]{'; '.join(filter(None, facts))}[/dim]")
    out.print(table)


def _verdict(each: Outcome) -> str:
    return f"[{_STYLES[each.verdict]}]{each.verdict}[/]"


def _name(each: Outcome) -> str:
    name = escape(each.statement)
    return name if each.id == each.statement else f"{escape(each.id)}: {name}"


def _amounts(each: Outcome) -> tuple[str, str, str]:
    """What was found, what it must lie in, and what was published (empty: nothing)."""
    from simulator.authoring.amounts import Scale

    scale = Scale.of((each.value, each.low, each.high, *each.expected), each.unit)
    published = "" if each.published is None else f"published {scale.bound(each.published)}"
    return scale.interval(each.value, each.low, each.high), scale.bounds(*each.expected), published


def _advise(outcomes: tuple[Outcome, ...], out: Console) -> None:
    """What would settle those that could not be told."""
    if any(each.needed for each in outcomes):
        out.print(
            "[dim]patients needed: with so many (--size) it could be told, if the value stays as it is[/dim]"
        )
    for each in outcomes:
        if each.verdict == "too few" and each.needed is None:
            out.print(f"[dim]{escape(each.id)}: {_why(each)}[/dim]")


def _why(each: Outcome) -> str:
    if each.n == 0:
        return "nobody was there to be counted; simulate more patients, or a longer period"
    if each.value is None:
        return "too short a time, or too few events, to see it; let the period be longer"
    if each.low is None or each.high is None:
        return "too few events for an interval; simulate more patients, or a longer period"
    return (
        "the value lies on its bound, as near as can be told, and more patients would hardly settle it; "
        "move the model, or say what else you would accept"
    )
