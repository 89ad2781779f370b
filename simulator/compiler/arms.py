"""Checks the arms of a scenario: each must run as the scenario itself does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.errors import Finding, Findings, Span
from simulator.scenario.arms import BASE
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Settings
from simulator.scenario.reading import Reading

#: what is to be checked of a scenario that could be read
Check = Callable[[Scenario, Findings], object]


def check_arms(
    reading: Reading, settings: Settings | None, base: Scenario, findings: Findings, check: Check
) -> None:
    """Adds what each arm breaks: where that is written in the arm, else at the arm.

    Warnings are only added if they point into the arm: a treatment nobody starts, say, may be what the
    arm is for.
    """
    known = {(f.code, f.span, f.message) for f in findings.items}
    for name in base.arms:
        if name == BASE:
            continue
        scenario, found = reading.build(settings, name)
        if scenario is not None:
            check(scenario, found)
        key, whole = reading.arm_place(name)
        for finding in found.sorted():
            if (finding.code, finding.span, finding.message) in known:
                continue
            if _inside(finding.span, whole):
                path = (
                    finding.path if finding.path.startswith("arms.") else f"arms.{name}.change.{finding.path}"
                )
                findings.append(replace(finding, path=path))
            elif finding.severity == "error":
                _report_broken(findings, name, key, finding)


def _inside(place: Span, whole: Span) -> bool:
    begin, end = (whole.line, whole.column), (whole.end_line, whole.end_column)
    return place.file == whole.file and begin <= (place.line, place.column) < end


def _report_broken(findings: Findings, arm: str, place: Span, problem: Finding) -> None:
    findings.add(
        "E790", f"the arm `{arm}` breaks the scenario: {problem.message}", place, path=f"arms.{arm}",
        expected=problem.expected, nearest=problem.nearest,
        remedy=f"See {problem.span} ({problem.code}). {problem.remedy}".rstrip(),
    )  # fmt: skip
