"""`simulator new KIND NAME`: a commented file to start from."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from rich.markup import escape

from simulator.authoring.new import new, next_steps
from simulator.cli import console


def main(args: argparse.Namespace) -> int:
    path = new(args.kind, args.name, None if args.out is None else Path(args.out))
    out = console.stdout()
    out.print(f"wrote {escape(str(path))}", soft_wrap=True)
    out.print("\nnext:")
    program = console.program()
    steps = [(re.sub("^simulator ", f"{program} ", step), why) for step, why in next_steps(args.kind, path)]
    width = max(len(step) for step, _ in steps)
    for step, why in steps:
        out.print(f"  {escape(step.ljust(width))}   [dim]{escape(why)}[/dim]", soft_wrap=True)
    return 0
