"""`simulator graph FILE`: diseases as state diagrams, and who acts on whom."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from simulator.authoring.graph_page import SUFFIXES, graph
from simulator.cli import console
from simulator.errors import UsageError

FINE = 0


def main(args: argparse.Namespace) -> int:
    out = Path(args.out) if args.out is not None else None
    format = _format(args.format, out)
    if out is not None:
        _check_free(out, args.force)
    text, count = graph(Path(args.file), disease=args.disease, influences=args.influences, format=format)
    if out is None:
        sys.stdout.write(text)
        return FINE
    if out.suffix.lower() in (".mmd", ".mermaid") and count > 1:
        raise UsageError(
            f"{out} can hold one drawing, and these are {count}",
            remedy="write a page (--out FILE.md), or choose one: --disease NAME",
        )
    _write(out, text)
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


def _check_free(out: Path, force: bool) -> None:
    if out.is_dir():
        raise UsageError(f"{out} is a folder", remedy="name a file")
    if out.exists() and not force:
        raise UsageError(f"{out} exists", remedy="choose another name, or say --force to replace it")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", remedy="make it first")


def _write(out: Path, text: str) -> None:
    """All of it or nothing: an interrupted command leaves the old file as it was."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
