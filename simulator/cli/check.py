"""`simulator check FILE…`: everything that is wrong with scenarios, at once."""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.authoring.needs import Need, split_needs
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
    found: dict[Finding, None] = {}  # a library that several files use is reported once
    unreadable = 0
    for file in args.files:
        try:
            found.update(dict.fromkeys(check_file(file, settings=args.set).sorted()))
        except SimulatorError as error:
            # the other files still get their say
            unreadable += 1
            sys.stderr.write(f"simulator check: {error.code} {error}\n")
    findings = list(found)
    needs: tuple[Need, ...] = ()
    if args.library:
        own, needs = split_needs(findings)
        findings = list(own)
    if args.json:
        sys.stdout.write((_library_json(findings, needs) if args.library else findings_json(findings)) + "\n")
    elif findings or not unreadable:
        print_findings(findings)
        _show_needs(needs)
        if not args.library and _looks_like_a_library(args.files, findings):
            sys.stdout.write("\nOnly meant to be used by others? Then check it with --library.\n")
    if unreadable:
        return BAD_INPUT
    return FOUND if any(finding.severity == "error" for finding in findings) else FINE


def _show_needs(needs: Sequence[Need]) -> None:
    """What a library file leaves to others, and where it first asks for it."""
    if not needs:
        return
    width = max(len(need.what) for need in needs)
    lines = ["", "left to the scenario that uses it:"]
    for need in needs:
        more = f" and {need.places - 1} more" if need.places > 1 else ""
        meant = f"   did you mean `{need.nearest}`?" if need.nearest else ""
        lines.append(f"  {need.what.ljust(width)}   {need.span}{more}{meant}")
    sys.stdout.write("\n".join(lines) + "\n")


def _library_json(findings: Sequence[Finding], needs: Sequence[Need]) -> str:
    """An object of both: what is wrong, as without `--library`, and what is left to others."""
    facts = {
        "findings": json.loads(findings_json(findings)),
        "needs": [
            {
                "what": need.what,
                "file": need.span.file,
                "line": need.span.line,
                "column": need.span.column,
                "places": need.places,
                "nearest": need.nearest,
            }
            for need in needs
        ],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _looks_like_a_library(files: Sequence[str], findings: Sequence[Finding]) -> bool:
    """Whether all that is wrong is something missing, in a file that has no whole population."""
    errors = [finding for finding in findings if finding.severity == "error"]
    if len(files) != 1 or not errors or split_needs(errors)[0]:
        return False
    if any(finding.code == "E202" and finding.path == "population" for finding in errors):
        return True
    return not re.search(r"^(population|use) *:", Path(files[0]).read_text(encoding="utf-8"), re.MULTILINE)
