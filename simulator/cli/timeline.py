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

#: what the status of a treatment's row says of it
TREATED = {"active": "started", "stopped": "stopped", "on-hold": "paused", "completed": "supplied"}
#: what the status of a care plan says of it
PLANNED = {"active": "set up", "completed": "completed", "revoked": "revoked"}
#: what the status of a diagnosis says of it, if it is not simply made
DOUBTED = {"provisional": "provisional diagnosis", "refuted": "diagnosis refuted"}
#: the state of a recurrent event between two of them
RESTING = "waiting"
#: what comes more often than this in a life is usual there
OFTEN = 3
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
    title: str = ""


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
    _telling: dict[str, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._telling = _telling_measurements(self.visits)

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
            elif _kind(row, titles) == "encounter":
                visit.title = titles[row["code"]].title
            else:
                visit.events.append(row)
        ordered = sorted(visits.values(), key=lambda v: v.encounter["start"])
        return cls(subject, static, outside, ordered, list(truth), titles)

    def entries(self, *, every: bool = False) -> list[Entry]:
        """The timeline. Unless `every` is asked for, what is usual in this life is drawn together.

        Usual are visits without a stay in hospital where nothing new is recorded, and illnesses
        that came more than `OFTEN` times.
        """
        usual = _Usual(self) if not every else None
        moments: list[tuple[dt.datetime, Row | Visit, bool]] = []
        for row in self.truth:
            moments.append((row["time"], row, usual is not None and row["process"] in usual.processes))
        for visit in self.visits:
            moments.append((visit.encounter["start"], visit, usual is not None and usual.is_quiet(visit)))
        moments += [(row["time"], row, False) for row in self.outside]
        moments.sort(key=lambda moment: moment[0])
        entries: list[Entry] = []
        quiet: list[Row | Visit] = []
        for time, what, is_quiet in moments:
            if is_quiet:
                quiet.append(what)
                continue
            self._draw_together(quiet, entries)
            quiet.clear()
            entry = self._entry(time, what)
            if entries and entries[-1].time == time and entries[-1].true and entry.true:
                entries[-1].true += entry.true
            else:
                entries.append(entry)
        self._draw_together(quiet, entries)
        return entries

    def _entry(self, time: dt.datetime, what: Row | Visit) -> Entry:
        if isinstance(what, Visit):
            return Entry(time, recorded=self._visit_words(what))
        if "process" in what:
            return Entry(time, true=[_truth_words(what)])
        return Entry(time, recorded=[self.event_words(what)])

    def _draw_together(self, quiet: list[Row | Visit], entries: list[Entry]) -> None:
        """Add one entry for all of `quiet`, which is in order of time."""
        if len(quiet) == 1:
            entries.append(self._entry(_time(quiet[0]), quiet[0]))
        elif quiet:
            begun = Counter(
                r["process"] for r in quiet if isinstance(r, dict) and r["from"] == self._resting(r)
            )
            visits = [v for v in quiet if isinstance(v, Visit)]
            true = [f"{n} × {process}" for process, n in begun.most_common()]
            recorded = self._quiet_words(visits) if len(visits) > 1 else []
            if len(visits) == 1:
                recorded = self._visit_words(visits[0])
            first, last = _time(quiet[0]), _time(quiet[-1])
            entries.append(Entry(first, true, recorded, last if last.date() != first.date() else None))

    def _resting(self, row: Row) -> str:
        """The state in which the process of this row began."""
        return str(next(r["from"] for r in self.truth if r["process"] == row["process"]))

    def _visit_words(self, visit: Visit) -> list[str]:
        encounter = visit.encounter
        stay = encounter["class"]
        if stay == "inpatient":
            end = encounter["end"]
            stay += f", {_days(end - encounter['start'])}" if end is not None else ", still there"
        head = f"{visit.title or encounter['kind']} ({stay})"
        measured = self._spreads(visit.events)
        others = Counter(self.event_words(r) for r in visit.events if r["numeric_value"] is None)
        lines = [line if n == 1 else f"{n} × {line}" for line, n in others.items()]
        return [head, *(f"  {line}" for line in lines), *([f"  {', '.join(measured)}"] if measured else [])]

    def _quiet_words(self, visits: list[Visit]) -> list[str]:
        kinds = Counter(v.encounter["kind"] for v in visits)
        head = f"{len(visits)} visits: {', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}"
        measured = self._spreads(row for visit in visits for row in visit.events)[:NAMED_MEASUREMENTS]
        return [head, *([f"  {', '.join(measured)}"] if measured else [])]

    def _spreads(self, rows: Iterable[Row]) -> list[str]:
        """Each measurement among the rows with its lowest and highest value, the most telling first."""
        values: dict[str, list[Row]] = {}
        for row in rows:
            if row["numeric_value"] is not None:
                values.setdefault(row["code"], []).append(row)
        ranked = sorted(values.items(), key=lambda item: -self._telling[item[0]])
        return [f"{self._name(code)} {_spread(found)}" for code, found in ranked]

    def event_words(self, row: Row) -> str:
        """What a row of the record says, in a few words."""
        kind = _kind(row, self.titles)
        name = self._name(row["code"])
        if row["numeric_value"] is not None:
            return f"{name} {_value(row)}"
        if kind == "treatment" and row["status"] == "completed" and row["end"] is None:
            return f"{name} given"
        if kind == "care plan":
            if row["text_value"]:  # an activity, or a goal: its end is that it is reached
                return f"{name}: {row['text_value']}" + (" (reached)" if row["status"] == "completed" else "")
            return f"{name} {PLANNED.get(row['status'], row['status'])}"
        if kind == "treatment":
            return f"{name} {TREATED.get(row['status'], row['status'] or 'given')}"
        words = f"{DOUBTED.get(row['status'], 'diagnosis')}: {name}" if kind == "diagnosis" else name
        return (
            f"{words}: {row['text_value']}" if row["text_value"] and row["text_value"] not in words else words
        )

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


class _Usual:
    """What is usual in a life: illnesses that come and go, diagnoses and treatments seen before."""

    def __init__(self, life: Life) -> None:
        moves = Counter((row["process"], row["from"], row["to"]) for row in life.truth)
        self.processes = {process for (process, _, _), n in moves.items() if n > OFTEN}
        self._titles = life.titles
        self._seen: set[tuple[str, str | None]] = set()
        self._often = Counter(self._key(row) for visit in life.visits for row in visit.events)

    def is_quiet(self, visit: Visit) -> bool:
        """Whether a visit brings nothing new; visits must be asked about in order of time."""
        keys = {self._key(row) for row in visit.events if self._matters(row)}
        news = {key for key in keys if key not in self._seen or self._often[key] <= OFTEN}
        self._seen |= keys
        return not news and visit.encounter["class"] != "inpatient"

    def _matters(self, row: Row) -> bool:
        # a supply handed out once more (completed) is no news
        kind = _kind(row, self._titles)
        news = kind in ("diagnosis", "treatment", "event", "care plan") and row["status"] != "completed"
        return news or kind in ("procedure", "immunisation")

    def _key(self, row: Row) -> tuple[str, str | None]:
        return row["code"], row["status"]


def _telling_measurements(visits: list[Visit]) -> dict[str, float]:
    """How much each measurement says of this patient: often taken, but only at certain kinds of visit."""
    times: Counter[str] = Counter()
    kinds: dict[str, set[str]] = {}
    for visit in visits:
        for row in visit.events:
            if row["numeric_value"] is not None:
                times[row["code"]] += 1
                kinds.setdefault(row["code"], set()).add(visit.encounter["kind"])
    return {code: n / len(kinds[code]) ** 2 for code, n in times.items()}


def _truth_words(row: Row) -> str:
    """A move of a disease, or an event of one: it strikes, or begins and is over."""
    process, old, new = row["process"], row["from"], row["to"]
    if old == new:  # an event that leaves the state as it is
        return str(process)
    if "." in process and RESTING in (old, new):
        return f"{process} over" if new == RESTING else f"{process}: {new}"
    return f"{process}: {old} → {new}"


def _time(what: Row | Visit) -> dt.datetime:
    time: dt.datetime = what.encounter["start"] if isinstance(what, Visit) else what["time"]
    return time


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
