"""One patient's life, put in order: what was true beside what was recorded.

A :class:`Life` is built from plain rows (dicts with the columns of `simulator.schema`), so it
serves a dataset on disk and a patient just regenerated alike.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

#: classes of encounter that are worth a line of their own even if nothing changed there
NOTABLE = ("emergency", "inpatient")
#: measurements named when quiet visits are drawn together
NAMED_MEASUREMENTS = 4


@dataclass(frozen=True, slots=True)
class Title:
    """What a code is: its title for people and its kind (diagnosis, measurement, …)."""

    title: str
    kind: str


@dataclass(slots=True)
class Visit:
    """An encounter and what was recorded in it."""

    encounter: Row
    events: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A line of the timeline: `true` says what happened, `recorded` what the chart says; one may be empty."""

    time: dt.datetime
    true: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    until: dt.datetime | None = None  # of the last, if several visits were drawn together


@dataclass(slots=True)
class Life:
    """Everything known of one patient.

    Attributes:
        subject: row of the subjects table.
        static: rows of the events table without a time (attributes).
        outside: rows outside any encounter (birth, death).
        visits: encounters with their rows, in order of time.
        truth: rows of the truth table.
        titles: what each code is.
    """

    subject: Row
    static: list[Row]
    outside: list[Row]
    visits: list[Visit]
    truth: list[Row]
    titles: Mapping[str, Title]

    @classmethod
    def of(
        cls,
        subject: Row,
        events: Iterable[Row],
        encounters: Iterable[Row],
        truth: Iterable[Row],
        titles: Mapping[str, Title],
    ) -> Life:
        """Sorts a patient's rows into visits."""
        visits = {row["encounter_id"]: Visit(row) for row in encounters}
        static: list[Row] = []
        outside: list[Row] = []
        for row in events:
            visit = visits.get(row["encounter_id"])
            if row["time"] is None:
                static.append(row)
            elif visit is None:
                outside.append(row)
            elif _kind(row, titles) != "encounter":
                visit.events.append(row)
        ordered = sorted(visits.values(), key=lambda v: v.encounter["start"])
        return cls(subject, static, outside, ordered, list(truth), titles)

    def entries(self, *, every: bool = False) -> list[Entry]:
        """The timeline. Quiet visits in a row are drawn together, unless `every` is asked for."""
        marked: list[tuple[Entry, Visit | None]] = []
        for row in self.truth:
            marked.append((Entry(row["time"], true=[f"{row['process']}: {row['from']} → {row['to']}"]), None))
        for row in self.outside:
            marked.append((Entry(row["time"], recorded=[self.event_words(row)]), None))
        for visit in self.visits:
            quiet = visit if self._is_quiet(visit) and not every else None
            marked.append((Entry(visit.encounter["start"], recorded=self._visit_words(visit)), quiet))
        marked.sort(key=lambda m: m[0].time)
        return self._draw_together(marked)

    def _draw_together(self, marked: list[tuple[Entry, Visit | None]]) -> list[Entry]:
        entries: list[Entry] = []
        quiet: list[Visit] = []

        def flush() -> None:
            if len(quiet) == 1:
                entries.append(Entry(quiet[0].encounter["start"], recorded=self._visit_words(quiet[0])))
            elif quiet:
                first, last = quiet[0].encounter["start"], quiet[-1].encounter["start"]
                entries.append(Entry(first, recorded=self._quiet_words(quiet), until=last))
            quiet.clear()

        for entry, visit in marked:
            if visit is not None:
                quiet.append(visit)
                continue
            flush()
            if entries and entries[-1].time == entry.time and entries[-1].true and entry.true:
                entries[-1].true += entry.true
            else:
                entries.append(entry)
        flush()
        return entries

    def _is_quiet(self, visit: Visit) -> bool:
        return visit.encounter["class"] not in NOTABLE and not any(
            _kind(row, self.titles) in ("diagnosis", "treatment", "event") for row in visit.events
        )

    def _visit_words(self, visit: Visit) -> list[str]:
        encounter = visit.encounter
        stay = ""
        if encounter["class"] == "inpatient":
            end = encounter["end"]
            stay = f", {_days(end - encounter['start'])}" if end is not None else ", still there"
        head = f"{encounter['class']}: {encounter['kind']}{stay}"
        measured = [self.event_words(r) for r in visit.events if _kind(r, self.titles) == "measurement"]
        others = [self.event_words(r) for r in visit.events if _kind(r, self.titles) != "measurement"]
        return [head, *(f"  {line}" for line in others), *([f"  {', '.join(measured)}"] if measured else [])]

    def _quiet_words(self, visits: list[Visit]) -> list[str]:
        kinds = Counter(v.encounter["kind"] for v in visits)
        head = f"{len(visits)} visits: {', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}"
        values: dict[str, list[Row]] = {}
        for visit in visits:
            for row in visit.events:
                if row["numeric_value"] is not None:
                    values.setdefault(row["code"], []).append(row)
        ranked = sorted(values.items(), key=lambda item: -len(item[1]))[:NAMED_MEASUREMENTS]
        measured = [f"{self._name(code)} {_spread(rows)}" for code, rows in ranked]
        return [head, *([f"  {', '.join(measured)}"] if measured else [])]

    def event_words(self, row: Row) -> str:
        """What a row of the record says, in a few words."""
        kind = _kind(row, self.titles)
        name = self._name(row["code"])
        if row["numeric_value"] is not None:
            return f"{name} {_value(row)}"
        words = {"diagnosis": f"diagnosis: {name}", "treatment": f"treatment: {name}"}.get(kind, name)
        if row["text_value"]:
            words += f" {row['text_value']}"
        return f"{words} ({row['status']})" if row["status"] and kind == "treatment" else words

    def _name(self, code: str) -> str:
        known = self.titles.get(code)
        return known.title if known is not None and known.title else code

    def plain(self) -> Row:
        """The whole life as one JSON document."""
        return {
            "subject": _plain(self.subject),
            "static": [self._titled(row) for row in self.static],
            "events": [self._titled(row) for row in self.outside],
            "encounters": [
                {**_plain(v.encounter), "events": [self._titled(row) for row in v.events]}
                for v in self.visits
            ],
            "truth": [_plain(row) for row in self.truth],
        }

    def _titled(self, row: Row) -> Row:
        known = self.titles.get(row["code"])
        extra = {"title": known.title, "kind": known.kind} if known is not None else {}
        return {**{k: v for k, v in _plain(row).items() if v is not None and k != "subject_id"}, **extra}


def age_words(birth: dt.datetime, at: dt.datetime) -> str:
    """Age as a clinician says it: days in the first month, months up to two years, then years."""
    years = at.year - birth.year - ((at.month, at.day) < (birth.month, birth.day))
    if years >= 2:
        return f"{years} y"
    months = (at.year - birth.year) * 12 + at.month - birth.month - (at.day < birth.day)
    return f"{months} mo" if months >= 1 else f"{max((at - birth).days, 0)} d"


def _kind(row: Row, titles: Mapping[str, Title]) -> str:
    known = titles.get(row["code"])
    return known.kind if known is not None else "event"


def _value(row: Row) -> str:
    unit = row["unit"]
    return f"{row['numeric_value']:.6g}" + (f" {unit}" if unit and unit != "1" else "")


def _spread(rows: list[Row]) -> str:
    low = min(rows, key=lambda r: float(r["numeric_value"]))
    high = max(rows, key=lambda r: float(r["numeric_value"]))
    return _value(low) if low is high else f"{low['numeric_value']:.6g}..{_value(high)}"


def _days(stay: dt.timedelta) -> str:
    days = max(round(stay / dt.timedelta(days=1)), 1)
    return f"{days} day{'s' if days != 1 else ''}"


def _plain(row: Row) -> Row:
    return {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in row.items()}
