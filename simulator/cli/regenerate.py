"""`simulator regenerate FILE --patient ID`: one patient alone, equal to that patient in the full run."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from typing import Any

from simulator.cli import console

COLUMNS = ("time (UTC)", "code", "value", "unit", "status", "end", "encounter")


def main(args: argparse.Namespace) -> int:
    from simulator import api

    patient = api.regenerate(
        args.file,
        args.patient,
        size=args.size,
        seed=args.seed,
        workers=args.workers,
        step=args.step,
        set=args.set,
        arm=args.arm,
    )
    events = [_plain(row) for row in patient.events.to_pylist()]
    if args.format == "jsonl":
        for row in events:
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    elif args.format == "json":
        encounters = [_plain(row) for row in patient.encounters.to_pylist()]
        truth = [_plain(row) for row in patient.truth.to_pylist()]
        console.print_json(
            {"subject": _plain(patient.subject), "events": events, "encounters": encounters, "truth": truth}
        )
    else:
        _show(patient.subject, events)
    return 0


def _show(subject: dict[str, Any], events: list[dict[str, Any]]) -> None:
    from simulator.store.chunk import ENCOUNTER_BITS

    out = console.stdout()
    rows = []
    for row in events:
        value = row["numeric_value"] if row["numeric_value"] is not None else row["text_value"]
        number = row["encounter_id"]
        rows.append(
            (
                (row["time"] or "").replace("T", " ")[:16],
                row["code"],
                "" if value is None else f"{value:.6g}" if isinstance(value, float) else value,
                row["unit"] or "",
                row["status"] or "",
                (row["end"] or "")[:10],
                "" if number is None else number & ((1 << ENCOUNTER_BITS) - 1),
            )
        )
    title = f"Patient {subject['subject_id']}: {len(rows):,} events"
    console.show_table(out, title, COLUMNS, rows, right=("value", "encounter"))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in row.items()}
