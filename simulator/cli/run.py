"""`simulator run FILE --out DIR`: simulate a population, show how far it is, say what was written."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from simulator.cli import console
from simulator.cli.console import short, thousands
from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.engine.run import Progress
    from simulator.store import Dataset

TOP_DIAGNOSES = 8
#: seconds between two drawings of the progress bar
REDRAW = 0.1


def main(args: argparse.Namespace) -> int:
    from simulator import api

    if args.arms or args.sweep:
        return _several(args)
    begin = time.perf_counter()
    with progress_bar(args.file) as told:
        api.run(
            args.file,
            out=args.out,
            size=args.size,
            seed=args.seed,
            workers=args.workers,
            step=args.step,
            set=args.set,
            arm=args.arm,
            force=args.force,
            progress=told,
        )
    seconds = time.perf_counter() - begin
    dataset = api.open(args.out)
    if args.json:
        console.print_json(_facts(dataset, seconds))
    else:
        _tell(dataset, seconds)
    return 0


def _several(args: argparse.Namespace) -> int:
    """Over values of parameters, or in all arms: one dataset each, and a list of them."""
    from simulator import api

    if args.arms and args.arm:
        raise UsageError("--arm and --arms are given", remedy="--arms runs all of them; give one of the two.")
    begin = time.perf_counter()
    datasets = api.sweep(
        args.file,
        args.out,
        over=args.sweep,
        arms=args.arms or ([args.arm] if args.arm else False),
        size=args.size,
        seed=args.seed,
        workers=args.workers,
        step=args.step,
        set=args.set,
        force=args.force,
        watch=lambda folder: progress_bar(f"{args.file} · {folder}"),
    )
    seconds = time.perf_counter() - begin
    if args.json:
        facts = [{"folder": folder, **_facts(dataset, None)} for folder, dataset in datasets.items()]
        console.print_json({"out": args.out, "runs": facts, "seconds": round(seconds, 3)})
        return 0
    out = console.stdout()
    out.print(
        f"wrote [bold]{escape(args.out)}[/bold] · {len(datasets)} dataset{'s' * (len(datasets) > 1)} "
        f"in {console.seconds(seconds)}"
    )
    counted = ("patients", "deaths", "encounters", "events")
    rows = [
        (folder, *(thousands(dataset.manifest["summary"][name]) for name in counted))
        for folder, dataset in datasets.items()
    ]
    console.show_table(
        out, "Of the same patients, with the same luck", ("folder", *counted), rows, right=counted
    )
    return 0


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[Progress], None] | None]:
    """A function to tell progress to; None (and nothing drawn) where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console.stderr(), transient=True) as bar:
        task = bar.add_task(f"getting ready: {escape(title)}", total=None, rate="")
        bar.update(task, description=f"{first_words()}: {escape(title)}")
        stage, drawn = "", 0.0

        def told(state: Any) -> None:
            nonlocal stage, drawn
            now = time.perf_counter()
            if state.stage == stage and state.done < state.total and now - drawn < REDRAW:
                return
            if state.stage != stage:
                bar.reset(task, total=state.total)
                stage = state.stage
            drawn = now
            bar.update(
                task, completed=state.done, total=state.total, description=_STAGES[stage], rate=_rate(state)
            )

        yield told


def first_words() -> str:
    """What is going on before the first patient."""
    from simulator.engine import cache_folder

    if any(cache_folder().rglob("*.nbi")):
        return "getting ready"
    return "compiling the kernel, about a minute, this once"


_STAGES = {"exchange": "what people pass on", "patients": "patients"}


def _rate(state: Progress) -> str:
    if state.seconds <= 0 or state.stage != "patients":
        return ""
    return f"{short(state.done / state.seconds)} patients/s · {short(state.events / state.seconds)} events/s"


def _facts(dataset: Dataset, seconds: float | None) -> dict[str, Any]:
    from simulator.cli.statistics import size_on_disk

    made = dataset.manifest["provenance"]
    return {
        "dataset": str(dataset.path),
        "scenario": made["scenario"]["id"],
        "seed": made["seed"],
        "digest": dataset.digest,
        **dataset.manifest["summary"],
        "bytes": size_on_disk(dataset),
        **({} if seconds is None else {"seconds": round(seconds, 3)}),
    }


def _tell(dataset: Dataset, seconds: float) -> None:
    """The closing lines: where it is, how much, of what, and what to try next."""
    from simulator.cli.statistics import glance, size_on_disk

    out = console.stdout()
    made, summary = dataset.manifest["provenance"], dataset.manifest["summary"]
    patients, events = summary["patients"], summary["events"]
    out.print(f"[bold]{escape(made['scenario']['title'])}[/bold] · seed {made['seed']}")
    out.print(
        f"wrote [bold]{escape(str(dataset.path))}[/bold] · {console.size(size_on_disk(dataset))} "
        f"in {console.seconds(seconds)} ({short(patients / seconds)} patients/s, "
        f"{short(events / seconds)} events/s)"
    )
    out.print()
    lines = (
        ("patients", patients, f"{thousands(summary['deaths'])} of them died"),
        ("person-years", summary["person_years"], ""),
        ("encounters", summary["encounters"], _per(summary, "encounters")),
        ("events", events, _per(summary, "events")),
        ("true transitions", summary["truths"], "kept beside the record"),
    )
    for name, number, remark in lines:
        out.print(f"  {name:<17} {thousands(number):>13}   [dim]{remark}[/dim]".rstrip())
    seen = glance(dataset)
    out.print()
    if seen.diagnosed:
        rows = [
            (thousands(n), f"{n / seen.people:.1%}", title) for title, n in seen.diagnosed[:TOP_DIAGNOSES]
        ]
        among = "" if seen.people == patients else f" among the first {thousands(seen.people)} people"
        console.show_table(
            out, f"Most frequent diagnoses{among}", ("people", "share", ""), rows, right=("people", "share")
        )
    _suggest(dataset, seen.telling, out)


def _per(summary: dict[str, Any], name: str) -> str:
    years = summary["person_years"]
    return f"{summary[name] / years:.1f} per person-year" if years else ""


def _suggest(dataset: Dataset, patient: int, out: Console) -> None:
    folder, program = shlex.quote(str(dataset.path)), console.program()
    out.print("next:")
    for command, purpose in (
        (f"{program} patient {folder} {patient}", "a life, truth and record side by side"),
        (f"{program} summary {folder}", "everything counted"),
        (f"{program} verify {folder}", "check it with an independent program"),
    ):
        out.print(f"  {escape(command):<50} [dim]{purpose}[/dim]", soft_wrap=True)
