"""`simulator check FILE…`: everything that is wrong with scenarios, at once."""

from __future__ import annotations

import argparse
import gc
import sys

from simulator.cli.findings_view import findings_json, print_findings
from simulator.compiler import check_file
from simulator.errors import Finding, SimulatorError

FINE, FOUND, BAD_INPUT = 0, 1, 2


def main(args: argparse.Namespace) -> int:
    # there is next to nothing in circles to collect, and looking for it takes a fifth of the time
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _check(args)
    finally:
        if collecting:
            gc.enable()


def _check(args: argparse.Namespace) -> int:
    findings: list[Finding] = []
    unreadable = 0
    for file in args.files:
        try:
            found = check_file(file, settings=args.set)
        except SimulatorError as error:
            # the other files still get their say
            unreadable += 1
            sys.stderr.write(f"simulator check: {error.code} {error}\n")
            continue
        # a library that several files use is reported once
        findings += [finding for finding in found.sorted() if finding not in findings]
    if args.json:
        sys.stdout.write(findings_json(findings) + "\n")
    elif findings or not unreadable:
        print_findings(findings)
    if unreadable:
        return BAD_INPUT
    return FOUND if any(finding.severity == "error" for finding in findings) else FINE
