"""`simulator schema`: the language as a JSON Schema for editors, or as its reference."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from simulator.errors import UsageError

FINE = 0


def main(args: argparse.Namespace) -> int:
    if args.reference and args.library:
        raise UsageError("--reference has no use for --library", remedy="leave out one of them")
    text = _text(args)
    if args.out is None:
        sys.stdout.write(text)
        return FINE
    out = Path(args.out)
    _check_free(out, args.force)
    _write(out, text)
    if sys.stderr.isatty():
        sys.stderr.write(f"{out} written\n")
    return FINE


def _text(args: argparse.Namespace) -> str:
    if args.reference:
        from simulator.authoring.reference import reference

        return reference()
    from simulator.scenario.json_schema import json_schema

    return json.dumps(json_schema(library=args.library), indent=1, ensure_ascii=False) + "\n"


def _check_free(out: Path, force: bool) -> None:
    if out.is_dir():
        raise UsageError(f"{out} is a folder", remedy="name a file in it")
    if out.exists() and not force:
        raise UsageError(f"{out} exists", remedy="choose another name, or say --force to replace it")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", remedy="make it first")


def _write(out: Path, text: str) -> None:
    """All of it or nothing: an editor may read it at any moment."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
