"""Targets and expectations: is the model what its author, and the literature, say it must be?

`evaluate` computes every statistic of a scenario's `expect:` and `targets:` from a finished log,
with an interval, and judges it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from simulator.authoring.statistics.estimates import estimate
from simulator.authoring.statistics.intervals import Estimate
from simulator.authoring.statistics.record import Record
from simulator.compiler.targets import Claim, claims
from simulator.scenario.expression_text import format_expression
from simulator.scenario.model import Scenario
from simulator.scenario.statement import Statement
from simulator.store.log import EventLog

Verdict = Literal["pass", "fail", "too few"]

#: times as many patients, beyond which the value lies on its bound for all that can be told: it is then
#: nearer to it than a twentieth of its interval, and where it really lies is chance
HOPELESS = 400.0
#: nobody runs more patients than these for a test
MOST_PATIENTS = 2_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One statistic of a scenario, computed from a log and judged.

    Attributes:
        id: name of the target; of an expectation, its statement.
        statement: the statistic in the author's words.
        kind: prevalence, incidence, rate, median age, mean age, median time, mean time, survival,
            median survival, median, mean, median after, mean after, median change, mean change or share.
        subject: what is counted: a condition, an event or a measurement, in the author's words.
        ages: at least the first, less than the second, in years; None where open or not given.
        years: calendar years, both included; None if not given.
        sex: female or male, if only these are counted.
        value: the point estimate, in `unit`; None if nobody could be counted, or a median was not reached.
        low, high: its 95 % interval; None as `value`, or where the interval is open.
        n: people who were counted.
        expected: the bounds it must lie in, in `unit`; None where open.
        verdict: pass if the whole interval lies within the bounds, fail if all of it lies outside,
            too few otherwise.
        needed: patients to simulate for a verdict; None if there is one, or no number would do.
        source: where the bounds are from.
        unit: ``share``, ``/year``, ``year`` (ages and times), or the measurement's.
        published: the published value of a target, in `unit`.
    """

    id: str
    statement: str
    kind: str
    subject: str
    ages: tuple[float, float | None] | None
    years: tuple[int, int | None] | None
    sex: str | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    expected: tuple[float | None, float | None]
    verdict: Verdict
    needed: int | None
    source: str | None
    unit: str
    published: float | None = None


def evaluate(scenario: Scenario, log: EventLog) -> tuple[Outcome, ...]:
    """Every expectation and target of a scenario, in the order of the file, computed from a log of it.

    Args:
        scenario: without errors, as `api.compile` gives it.
        log: in memory or on disk.
    """
    record = Record(scenario, log)
    return tuple(_outcome(record, claim) for claim in claims(scenario))


def _outcome(record: Record, claim: Claim) -> Outcome:
    statement = claim.statement
    found = estimate(record, statement)
    verdict = judge(found, claim.low, claim.high)
    return Outcome(
        id=claim.id,
        statement=statement.text,
        kind=statement.kind,
        subject=_subject(statement),
        ages=statement.ages,
        years=statement.years,
        sex=statement.sex,
        value=found.value,
        low=found.low,
        high=found.high,
        n=found.n,
        expected=(claim.low, claim.high),
        verdict=verdict,
        needed=_needed(found, claim, record.people) if verdict == "too few" else None,
        source=claim.source,
        unit=claim.unit,
        published=claim.published,
    )


def judge(found: Estimate, low: float | None, high: float | None) -> Verdict:
    """Pass if the whole interval lies within the bounds, fail if all of it lies outside, else too few.

    >>> judge(Estimate(0.2, 0.18, 0.22, 900), 0.15, 0.25)
    'pass'
    """
    lower = -math.inf if found.low is None else found.low
    upper = math.inf if found.high is None else found.high
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    if found.n == 0:
        return "too few"
    if lower > most or upper < least:
        return "fail"
    return "pass" if least <= lower and upper <= most else "too few"


def _needed(found: Estimate, claim: Claim, people: int) -> int | None:
    """Patients with which the interval would clear the bounds it straddles, if the value stays the same.

    The width of an interval shrinks with the square root of the number of people; where nothing was seen
    (or nothing but that), with the number itself.
    """
    power = 1 if found.value in (found.low, found.high) else 2
    value = found.value
    if value is None:
        return None
    bounds = [b for b in (claim.low, claim.high) if b is not None]
    inside = all((b <= value) == (b == claim.low) for b in bounds)
    # outside, it is enough to clear the bound that lies nearer
    asked = bounds if inside else [min(bounds, key=lambda b: abs(b - value))]
    factor = 1.0
    for bound in asked:
        end = found.low if bound < value else found.high
        if end is None or bound == value:
            return None
        factor = max(factor, ((end - value) / (bound - value)) ** power)
    return _rounded(people * factor) if factor <= HOPELESS and people * factor <= MOST_PATIENTS else None


def _rounded(number: float) -> int:
    """Up to two digits that count."""
    scale = int(10.0 ** max(0, math.floor(math.log10(number)) - 1))
    return math.ceil(number / scale) * scale


def _subject(statement: Statement) -> str:
    """What is counted: a condition, an event or a measurement."""
    if statement.kind in ("survival", "median survival"):
        return f"death after {statement.origin.text}" if statement.origin is not None else "death"
    return format_expression(statement.subject)
