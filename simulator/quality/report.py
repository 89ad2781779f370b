"""What the checker found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from simulator.quality.rules import RULES
from simulator.store.chunk import NULL, Array

EXAMPLES = 3  #: examples that are kept of each violation


@dataclass(frozen=True, slots=True)
class Example:
    """One place where a rule is broken: subject and instant, where there are such, and what is there."""

    subject_id: int | None
    time: str | None
    detail: str

    def __str__(self) -> str:
        where = [] if self.subject_id is None else [f"subject {self.subject_id}"]
        where += [] if self.time is None else [self.time]
        return ": ".join([", ".join(where), self.detail] if where else [self.detail])


@dataclass(slots=True)
class Violation:
    """A broken rule: how often, with a few examples."""

    code: str
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def title(self) -> str:
        return RULES[self.code].title

    @property
    def meaning(self) -> str:
        return RULES[self.code].meaning

    @property
    def remedy(self) -> str:
        return RULES[self.code].remedy


@dataclass(slots=True)
class Report:
    """The result of :func:`simulator.quality.invariants.verify`.

    Attributes:
        path: the dataset.
        violations: broken rules, by code; empty if the dataset is right.
        rows: rows that were looked at, per table.
        unchecked: rules that could not be judged, each with the reason.
    """

    path: Path
    violations: list[Violation] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    unchecked: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.violations

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the broken rules, sorted."""
        return tuple(v.code for v in self.violations)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers."""
        return {
            "path": str(self.path),
            "ok": self.ok,
            "rows": dict(self.rows),
            "rules": len(RULES),
            "unchecked": dict(self.unchecked),
            "violations": [
                {
                    "code": v.code,
                    "title": v.title,
                    "count": v.count,
                    "meaning": v.meaning,
                    "remedy": v.remedy,
                    "examples": [
                        {"subject_id": e.subject_id, "time": e.time, "detail": e.detail} for e in v.examples
                    ],
                }
                for v in self.violations
            ],
        }

    def __str__(self) -> str:
        rows = ", ".join(f"{count:,} {table}" for table, count in self.rows.items())
        judged = len(RULES) - len(self.unchecked)
        lines = [f"{self.path}: {judged} rules on {rows}"]
        lines += [f"  {code} not judged: {reason}" for code, reason in self.unchecked.items()]
        if self.ok:
            lines.append("nothing found")
        for v in self.violations:
            lines.append(f"{v.code} {v.title}: {v.count:,}×. {v.meaning}")
            lines += [f"    {example}" for example in v.examples]
            lines.append(f"    {v.remedy}")
        return "\n".join(lines)


class Tally:
    """Counts violations while a dataset is read."""

    def __init__(self) -> None:
        self._found: dict[str, Violation] = {}

    def add(self, code: str, detail: str, *, subject: int | None = None, time: int | None = None) -> None:
        """One violation."""
        violation = self._found.setdefault(code, Violation(code))
        violation.count += 1
        if len(violation.examples) < EXAMPLES:
            violation.examples.append(Example(subject, None if time is None else instant_text(time), detail))

    def rows(
        self,
        code: str,
        wrong: Array,
        subject: Array,
        time: Array | None,
        detail: Callable[[int], str] | str,
        suffix: str = "",
    ) -> None:
        """All rows that are wrong.

        Args:
            code: the rule.
            wrong: bool per row, or the numbers of the wrong rows.
            subject, time: columns.
            detail: what is there, or a function that says it of a row.
            suffix: what follows it.
        """
        places = np.flatnonzero(wrong) if wrong.dtype == np.bool_ else wrong
        if not len(places):
            return
        for row in places[:EXAMPLES].tolist():
            at = None if time is None or time[row] == NULL else int(time[row])
            text = detail if isinstance(detail, str) else detail(row)
            self.add(code, text + suffix, subject=int(subject[row]), time=at)
        self._found[code].count += max(0, len(places) - EXAMPLES)

    def violations(self) -> list[Violation]:
        return [self._found[code] for code in sorted(self._found)]


def instant_text(instant: int) -> str:
    """An instant as ISO 8601 text, e.g. ``2019-10-21T08:30:00``; "none" for NULL."""
    instant = int(instant)
    if instant == NULL:
        return "none"
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    except OverflowError:
        return f"{instant} µs"
    return moment.replace(tzinfo=None).isoformat()
