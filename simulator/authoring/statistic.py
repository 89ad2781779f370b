"""One statistic in words, asked of a finished log: what a line under `expect:` is, without a file."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.authoring.made_from import made_from
from simulator.authoring.statistics.estimates import estimate
from simulator.authoring.statistics.record import Record
from simulator.compiler.lower import compile_scenario
from simulator.compiler.targets import unit_of
from simulator.errors import DatasetError, Finding, Findings, ScenarioError, Span, UsageError
from simulator.scenario.model import Scenario
from simulator.scenario.model_targets import Expectation
from simulator.scenario.statement import Bounds, Statement, parse_statement
from simulator.store.log import EventLog

_NAME = "<statement>"


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic of a log, with its interval.

    Attributes:
        statement: in the words of the question.
        value: the point estimate, in `unit`; None if nobody could be counted, or a median was not reached.
        low, high: its 95 % interval; None as `value`, or where the interval is open.
        n: people who were counted.
        unit: ``share`` (from 0 to 1), ``/year``, ``year`` (ages and times), or the measurement's.
    """

    statement: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str


def statistic(log: EventLog, text: str) -> Statistic:
    """One statistic of a log that a run of a scenario file made, in memory or on disk.

    Args:
        log: says itself of which scenario it is, and how that was changed.
        text: a statement as docs/targets.md defines them.

    Raises:
        UsageError: `text` is no statement, or names what is not in the scenario or cannot be counted.
        DatasetError: the log does not hold its scenario, or this version cannot read it.
    """
    findings = Findings()
    statement = parse_statement(text, _place, findings)
    if statement is None:
        raise _refused(text, findings.errors[0])
    scenario = _scenario(log, statement)
    found = estimate(Record(scenario, log), statement)
    unit = unit_of(scenario, statement)
    return Statistic(statement.text, found.value, found.low, found.high, found.n, unit)


def _scenario(log: EventLog, statement: Statement) -> Scenario:
    """The scenario of a log as it was then, in which all that the statement names is known."""
    scenario, findings = made_from(log)
    if scenario is not None:
        asked = Expectation(within=Bounds(), statement=statement, span=statement.span, path=_NAME)
        scenario.expect, scenario.targets = {statement.text: asked}, {}
    try:
        compile_scenario(scenario, findings)
    except ScenarioError as error:
        wrong = [finding for finding in error.findings if finding.severity == "error"]
        asked_wrongly = [finding for finding in wrong if finding.span.file == _NAME]
        if len(asked_wrongly) == len(wrong):
            raise _refused(statement.text, asked_wrongly[0]) from None
        first = next(finding for finding in wrong if finding.span.file != _NAME)
        raise DatasetError(
            f"the scenario of {log!r} is not one of this version: {first.span}: {first.message}",
            remedy="Run the scenario again with this version.",
        ) from error
    assert scenario is not None
    return scenario


def _place(start: int, end: int) -> Span:
    return Span(_NAME, 1, start + 1, 1, end + 1)


def _refused(text: str, finding: Finding) -> UsageError:
    remedies = (
        f"Did you mean `{finding.nearest}`?" if finding.nearest else "",
        finding.remedy,
        f"Expected {finding.expected}." if finding.expected and not finding.nearest else "",
    )
    words = next((each for each in remedies if each), "docs/targets.md says what can be asked.")
    return UsageError(f"`{' '.join(text.split())}`: {finding.message}", remedy=words)
