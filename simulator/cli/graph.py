"""`simulator graph FILE`: diseases as state diagrams, and who acts on whom."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.authoring.graph_page import SUFFIXES, graph
from simulator.authoring.text_file import check_free, write
from simulator.cli import console
from simulator.errors import UsageError

FINE = 0


def main(args: argparse.Namespace) -> int:
    out = Path(args.out) if args.out is not None else None
    format = _format(args.format, out)
    if out is not None:
        check_free(out, args.force)
    text, count = graph(Path(args.file), disease=args.disease, influences=args.influences, format=format)
    if out is None:
        sys.stdout.write(text)
        return FINE
    if out.suffix.lower() in (".mmd", ".mermaid") and count > 1:
        raise UsageError(
            f"{out} can hold one drawing, and these are {count}",
            remedy="write a page (--out FILE.md), or choose one: --disease NAME",
        )
    write(out, text)
    if sys.stderr.isatty():
        console.stderr().print(f"{out}: {count} drawing{'s' if count != 1 else ''}", markup=False)
    return FINE


def _format(asked: str | None, out: Path | None) -> str:
    """The format asked for, or that the file's name stands for."""
    named = SUFFIXES.get(out.suffix.lower()) if out is not None else None
    if out is not None and named is None and asked is None:
        raise UsageError(
            f"the name {out.name} does not say which format is wanted",
            remedy=f"end it in one of {', '.join(SUFFIXES)}, or say --format",
        )
    if out is not None and asked is not None and named not in (None, asked):
        raise UsageError(
            f"--format {asked} is not what {out.name} stands for",
            remedy=f"leave out --format, or rename {out.name}",
        )
    return asked or named or "mermaid"
