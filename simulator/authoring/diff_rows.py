"""Rows of two histories in words, side by side, and why they came about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from simulator.authoring.diff_histories import Divergence, Row
from simulator.errors import DatasetError, EngineError, UsageError
from simulator.scenario import model
from simulator.store.log import EventLog

_STATUS = {
    "active": "begins", "on-hold": "paused", "stopped": "stopped", "completed": "dispensed",
    "provisional": "provisional",
}  # fmt: skip

_TELLING = ("diagnosis", "treatment", "procedure")

#: when, and what a row is about
_Line = tuple[dt.datetime | None, tuple[Any, Any, Any]]


class Words:
    """Says what rows are, by the titles of two scenarios and their logs."""

    def __init__(self, scenarios: Sequence[model.Scenario], logs: Sequence[EventLog]) -> None:
        self.codes: dict[str, tuple[str, str]] = {}  # title and kind
        for log in logs:
            for code in log.vocabulary.codes:
                self.codes.setdefault(code.code, (code.title, code.kind))
        self.processes: dict[str, str] = {"mortality": "background mortality"}
        for scenario in scenarios:
            for section in ("diseases", "attributes", "care"):
                for name, block in getattr(scenario, section).items():
                    self.processes.setdefault(name, block.title or name)

    def row(self, row: Row, *, value: bool = True) -> str:
        """One row: ``Haemoglobin A1c 6.7 %``, ``Type 2 diabetes: absent → diabetes``."""
        if "process" in row:
            head, _, rest = str(row["process"]).partition(".")
            title = self.processes.get(head, head) + (f", {rest.replace('_', ' ')}" if rest else "")
            if row["from"] == row["to"]:  # an event, which leaves the state as it is
                return title
            return f"dies: {title}" if row["to"] == "dead" else f"{title}: {row['from']} → {row['to']}"
        if "code" not in row:
            return f"{row['sex']}, born {row['birth']:%Y-%m-%d}"
        text, kind = self.codes.get(str(row["code"]), (str(row["code"]), ""))
        number = row["numeric_value"]
        if value and number is not None:
            unit = row["unit"]
            text += f" {number:.6g}" + (f" {unit}" if unit and unit != "1" else "")
        status = row["status"]
        if kind == "diagnosis":
            return f"diagnosis: {text}" + ("" if status in (None, "active") else f" ({status})")
        if kind == "treatment" and status is not None:
            return f"{text} {_STATUS.get(status, status)}"
        return text if status in (None, "final", "completed") else f"{text} ({status})"

    def first(self, divergence: Divergence) -> str:
        """The first difference in a few words, the same for patients who differ alike."""
        if divergence.where == "subjects":
            return "other people"
        one = self._telling(divergence.one, divergence.rows_one)
        two = self._telling(divergence.two, divergence.rows_two)
        if one is not None and two is not None:
            a, b = self.row(one, value=False), self.row(two, value=False)
            return f"{a}: another value" if a == b else f"{a} (A), {b} (B)"
        there = one if one is not None else two
        assert there is not None  # a difference is of at least one row
        return f"{self.row(there, value=False)}, {'A' if one is not None else 'B'} only"

    def _telling(self, row: Row | None, rows: Sequence[Row]) -> Row | None:
        """In place of a visit, the diagnosis or treatment that came of it, if that is new, too."""
        if row is None or not self._is_visit(row):
            return row
        return next((r for r in rows if r["time"] == row["time"] and self._kind(r) in _TELLING), row)

    def _kind(self, row: Row) -> str:
        return self.codes.get(str(row.get("code")), ("", ""))[1]

    def _is_visit(self, row: Row) -> bool:
        return str(row.get("code") or "").startswith("ENCOUNTER//")

    def side_by_side(self, divergence: Divergence) -> list[tuple[dt.datetime | None, str, str]]:
        """What only one of the histories has, in order of time; each thing the first time it differs."""
        sides = (divergence.rows_one, divergence.rows_two)
        done = {row["time"] for side in sides for row in side if not self._is_visit(row)}
        lines: dict[_Line, list[str]] = {}
        for side, rows in enumerate(sides):
            for row in rows:
                if self._is_visit(row) and row["time"] in done:
                    continue
                line = (moment(row), (row.get("process"), row.get("code"), row.get("status")))
                lines.setdefault(line, ["", ""])[side] = self.row(row)
        found = []
        seen = set()
        for line, (one, two) in sorted(lines.items(), key=lambda item: item[0][0] or dt.datetime.min):
            about = (one == "", two == "", line[1])
            if about not in seen:
                seen.add(about)
                found.append((line[0], one, two))
        return found


def moment(row: Row) -> dt.datetime | None:
    """When, to the second."""
    time = row.get("time")
    return None if time is None else time.to_pydatetime().replace(microsecond=0)


def because_of(log: EventLog, patient: int, row: Row | None) -> str:
    """Why a row came about, in a few words, for which the patient is lived again; empty if nobody can say."""
    from simulator.authoring.explain import explain

    if row is None or row.get("time") is None:
        return ""
    try:
        happenings = explain(log, patient).happenings  # type: ignore[arg-type]  # a log in memory will do
    except (DatasetError, EngineError, UsageError):
        return ""
    time = row["time"].to_pydatetime()
    near = [
        h for h in happenings if h.arrow == row.get("cause") and abs(h.time - time) < dt.timedelta(seconds=1)
    ]
    return near[0].because if near else ""
