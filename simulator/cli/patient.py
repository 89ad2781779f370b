"""`simulator patient DIR ID`: one patient's life, truth and record side by side."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli import console
from simulator.cli.timeline import Entry, Life, Title, age_words
from simulator.compiler.time_zones import shown, zone_words

if TYPE_CHECKING:
    from simulator.store import Patient, Vocabulary


def main(args: argparse.Namespace) -> int:
    from simulator import api

    log = api.open(args.dataset)
    patient = log.patient(args.patient)
    if args.json:
        console.print_json(life_of(patient, log.vocabulary).plain())
    else:
        zone = log.time_zone
        show(life_of(patient, log.vocabulary, zone), console.stdout(), every=args.all, zone=zone)
    return 0


def life_of(patient: Patient, vocabulary: Vocabulary, zone: str | None = None) -> Life:
    """A patient's rows, sorted into visits, with times as the clocks of a zone show them (None: UTC)."""
    titles = {c.code: Title(c.title, c.kind) for c in vocabulary.codes}

    def local(row: dict[str, Any]) -> dict[str, Any]:
        return {k: shown(v, zone) if isinstance(v, dt.datetime) else v for k, v in row.items()}

    return Life.of(
        local(patient.subject),
        map(local, patient.events.to_pylist()),
        map(local, patient.encounters.to_pylist()),
        map(local, patient.truth.to_pylist()),
        titles,
    )


def show(life: Life, out: Console, *, every: bool = False, zone: str | None = None) -> None:
    """Print who it is, and the timeline; `zone`: whose times they are."""
    subject = life.subject
    birth, death = subject["birth"], subject["death"]
    who = f"[bold]Patient {subject['subject_id']}[/bold] · {subject['sex']} · born {birth:%Y-%m-%d}"
    if death is not None:
        cause = f" ({escape(str(subject['death_cause']))})" if subject["death_cause"] else ""
        who += f" · died {death:%Y-%m-%d} aged {age_words(birth, death)}{cause}"
    else:
        who += f" · alive on {subject['exit']:%Y-%m-%d} aged {age_words(birth, subject['exit'])}"
    out.print(who)
    recorded = f"recorded from {subject['entry']:%Y-%m-%d} to {subject['exit']:%Y-%m-%d}"
    out.print(recorded + (f"; {zone_words(zone)}" if zone else ""))
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
