"""`simulator verify DIR`: check a dataset with a program that shares no code with the simulation."""

from __future__ import annotations

import argparse
import sys

from simulator.cli import console

FINE, FOUND = 0, 1


def main(args: argparse.Namespace) -> int:
    from simulator import api

    report = api.verify(args.dataset)
    if args.json:
        console.print_json(report.to_json())
    else:
        sys.stdout.write(f"{report}\n")
    return FINE if report.ok else FOUND
