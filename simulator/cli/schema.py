"""`simulator schema`: the language as a JSON Schema for editors, or as its reference."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from simulator.authoring.text_file import check_free, write
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
    check_free(out, args.force)
    write(out, text)
    if sys.stderr.isatty():
        sys.stderr.write(f"{out} written\n")
    return FINE


def _text(args: argparse.Namespace) -> str:
    if args.reference:
        from simulator.authoring.reference import reference

        return reference()
    from simulator.scenario.json_schema import json_schema

    return json.dumps(json_schema(library=args.library), indent=1, ensure_ascii=False) + "\n"
