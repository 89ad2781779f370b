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
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("verdict", no_wrap=True)
    table.add_column("statistic", overflow="fold", ratio=3)
    table.add_column("here, with 95% interval", overflow="fold", ratio=2)
    table.add_column("must lie in", overflow="fold", ratio=2)
    table.add_column("people", justify="right", no_wrap=True)
    if any(each.needed for each in outcomes):
        name = "patients needed" if out.width >= 100 else "patients\nneeded"
        table.add_column(name, justify="right", no_wrap=True)
    for each in outcomes:
        table.add_row(*_row(each)[: len(table.columns)])
    out.print(table)
    out.print()
    count = Counter[str](each.verdict for each in outcomes)
    words = [
        f"[{_STYLES[verdict]}]{count[verdict]} {name}[/]"
        for verdict, name in (("pass", "pass"), ("fail", "fail"), ("too few", "cannot be told"))
        if count[verdict]
    ]
    out.print(" · ".join(words))
    _advise(outcomes, out)


def _row(each: Outcome) -> tuple[str, ...]:
    from simulator.authoring.amounts import Scale

    scale = Scale.of((each.value, each.low, each.high, *each.expected), each.unit)
    name = escape(each.statement)
    if each.id != each.statement:
        name = f"{escape(each.id)}: {name}"
    expected = scale.bounds(*each.expected)
    if each.published is not None:
        expected += f"\n[dim]published {scale.bound(each.published)}[/dim]"
    style = _STYLES[each.verdict]
    verdict = f"[{style}]{each.verdict}[/]"
    needed = f"{each.needed:,}" if each.needed else ""
    found = scale.interval(each.value, each.low, each.high)
    return verdict, name, found, expected, f"{each.n:,}", needed


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
