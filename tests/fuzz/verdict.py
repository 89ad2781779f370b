"""What must hold of the answer to any file whatever."""

from __future__ import annotations

import json
import re
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

from simulator.cli.findings_view import findings_json, render_findings
from simulator.compiler.flatten import flatten
from simulator.compiler.lower import check_reading, lower
from simulator.compiler.machine import Machine
from simulator.errors import Finding, Findings
from simulator.scenario.reading import Reading, read_text

ROOT = Path(__file__).resolve().parents[2]


class Answer(NamedTuple):
    findings: tuple[Finding, ...]
    machine: Machine | None  # if there are no errors
    seconds: float  # of one check, of the processor

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")


@cache
def registered() -> frozenset[str]:
    """The codes that docs/findings.md explains."""
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^### ([EW]\d{3}) ", text, re.M))


def checked(text: str, file: str) -> tuple[Reading, Findings]:
    reading = read_text(text, file)
    return reading, check_reading(reading)


def assert_judged(text: str, file: str) -> Answer:
    """Check a text as `simulator check` does, and hold the answer against what must hold of any.

    Raises: AssertionError, or whatever the checking raises.
    """
    begun = time.process_time()
    reading, findings = checked(text, file)
    seconds = time.process_time() - begun
    assert_findings(findings, reading)
    again = checked(text, file)[1]
    assert again.items == findings.items, "other findings the second time"
    machine = None
    if not findings.errors:
        scenario, found = reading.build()
        assert scenario is not None
        machine = lower(scenario, found, library=scenario.population is None)
        assert machine is not None
        flatten(machine)
    return Answer(findings.sorted(), machine, seconds)


def assert_findings(findings: Findings, reading: Reading) -> None:
    """Every finding has a registered code, words, and a place that exists."""
    for finding in findings.items:
        assert finding.code in registered(), f"{finding.code} is not in docs/findings.md"
        assert finding.message.strip(), f"{finding.code} says nothing"
        assert_place(finding, reading)
    json.loads(findings_json(findings.items))
    assert render_findings(findings.items, reading.files.texts)


def assert_place(finding: Finding, reading: Reading) -> None:
    span, texts = finding.span, reading.files.texts
    assert span.file in texts, f"{finding}: there is no such file"
    lines = texts[span.file].split("\n")
    assert 1 <= span.line <= len(lines), f"{finding}: there is no such line"
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1, f"{finding}: there is no such column"
    begin, end = (span.line, span.column), (span.end_line, span.end_column)
    assert begin <= end, f"{finding}: ends before it begins"
    assert span.end_line <= len(lines) + 1, f"{finding}: ends beyond the file"
