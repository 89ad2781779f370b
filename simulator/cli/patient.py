"""`simulator patient DIR ID`: one patient's life, truth and record side by side."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli import console
from simulator.cli.timeline import Entry, Life, Title, age_words

if TYPE_CHECKING:
    from simulator.store import Patient, Vocabulary


def main(args: argparse.Namespace) -> int:
    from simulator import api

    log = api.open(args.dataset)
    life = life_of(log.patient(args.patient), log.vocabulary)
    if args.json:
        console.print_json(life.plain())
    else:
        show(life, console.stdout(), every=args.all)
    return 0


def life_of(patient: Patient, vocabulary: Vocabulary) -> Life:
    """A patient's rows, sorted into visits."""
    titles = {c.code: Title(c.title, c.kind) for c in vocabulary.codes}
    return Life.of(
        patient.subject,
        patient.events.to_pylist(),
        patient.encounters.to_pylist(),
        patient.truth.to_pylist(),
        titles,
    )


def show(life: Life, out: Console, *, every: bool = False) -> None:
    """Print who it is, and the timeline."""
    subject = life.subject
    birth, death = subject["birth"], subject["death"]
    who = f"[bold]Patient {subject['subject_id']}[/bold] · {subject['sex']} · born {birth:%Y-%m-%d}"
    if death is not None:
        cause = f" ({escape(str(subject['death_cause']))})" if subject["death_cause"] else ""
        who += f" · died {death:%Y-%m-%d} aged {age_words(birth, death)}{cause}"
    else:
        who += f" · alive on {subject['exit']:%Y-%m-%d} aged {age_words(birth, subject['exit'])}"
    out.print(who)
    out.print(f"recorded from {subject['entry']:%Y-%m-%d} to {subject['exit']:%Y-%m-%d}")
    if life.static:
        out.print(escape(" · ".join(life.event_words(row) for row in life.static)))
    out.print()
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("age", "date"):
        table.add_column(name, no_wrap=True)
    table.add_column("what was true", style="magenta", overflow="fold")
    table.add_column("what was recorded", overflow="fold")
    for entry in life.entries(every=every):
        table.add_row(age_words(birth, entry.time), _date(entry), _lines(entry.true), _lines(entry.recorded))
    out.print(table)
    if not every:
        out.print("[dim]what is usual in this life is drawn together; --all shows everything[/dim]")


def _date(entry: Entry) -> str:
    return f"{entry.time:%Y-%m-%d}" + (f"\n  to {entry.until:%Y-%m-%d}" if entry.until else "")


def _lines(lines: list[str]) -> str:
    return escape("\n".join(lines))
