"""Why did this happen? One patient of a dataset lived again, and every happening explained.

Nothing is kept in a run for this: the life is replayed when somebody asks (`replay.py`).
"""

from __future__ import annotations

from collections import Counter

from simulator.authoring.explain_reasons import also_needed, leading, reason
from simulator.authoring.explain_story import Explanation, Happening, Link, Person, Story
from simulator.authoring.explain_terms import Reader, age_words, number_words, when
from simulator.authoring.replay import Replay, replay
from simulator.compiler import machine as m
from simulator.engine.reference_chart import EventRow
from simulator.engine.reference_trace import BIRTH, Firing
from simulator.errors import UsageError
from simulator.store import Dataset

#: a transition that is taken more often than this in a life is of its everyday
OFTEN = 3
_SEXES = ("male", "female")
_TREATED = {"active": "started", "stopped": "stopped", "on-hold": "paused", "completed": "supplied"}


def explain(dataset: Dataset, patient: int, event: int | None = None) -> Explanation:
    """What happened to a patient and why.

    Args:
        dataset: that a run of a scenario file wrote.
        patient: subject_id, from 1.
        event: number of a happening, from 1, whose story is wanted too.

    Raises:
        UsageError: there is no such patient or happening.
        DatasetError: the dataset was written by another version, or does not hold its scenario.
    """
    again = replay(dataset, patient)
    happenings = happenings_of(again)
    story = None
    if event is not None:
        if not 1 <= event <= len(happenings):
            raise UsageError(
                f"patient {patient} has no event {event}",
                remedy=f"events are numbered 1 to {len(happenings)}",
            )
        reader = Reader(again.machine, again.origins, again.trace)
        firing = again.trace.firings[event - 1]
        story = Story(happenings[event - 1], reason(reader, firing), chain(reader, happenings, firing))
    return Explanation(person_of(again), happenings, story)


def person_of(again: Replay) -> Person:
    """Whose life it is."""
    history = again.trace.history
    return Person(
        again.patient,
        _SEXES[history.sex],
        when(history.birth, again.machine),
        None if history.death is None else when(history.death, again.machine),
        when(history.exit, again.machine),
        again.scenario.title or again.scenario.id,
        again.machine.population.zone or "UTC",
    )


def happenings_of(again: Replay) -> tuple[Happening, ...]:
    """Every arrow taken in a life, in order, each with what it left behind and a reason."""
    reader = Reader(again.machine, again.origins, again.trace)
    rows: dict[int, list[EventRow]] = {}
    for row, cause in zip(again.trace.history.events, again.trace.causes, strict=True):
        rows.setdefault(cause, []).append(row)
    often: Counter[int] = Counter(f.arrow for f in again.trace.firings)
    first: dict[int, int] = {}
    for firing in again.trace.firings:
        first.setdefault(firing.arrow, firing.number)
    return tuple(
        _happening(
            reader, firing, rows.get(firing.number, []),
            1 if _is_first_onset(again.machine, firing, first) else often[firing.arrow],
        )
        for firing in again.trace.firings
    )  # fmt: skip


def _is_first_onset(machine: m.Machine, firing: Firing, first: dict[int, int]) -> bool:
    """Whether something befalls the patient for the first time."""
    if firing.number == BIRTH or first[firing.arrow] != firing.number:
        return False
    process = machine.processes[firing.process]
    resting = {process.states[0].name, "absent"}
    return process.latent and process.states[firing.before].name in resting


def _happening(reader: Reader, firing: Firing, rows: list[EventRow], times: int) -> Happening:
    machine = reader.machine
    why = reason(reader, firing).short
    age = age_words(firing.state.birth, firing.time)
    recorded = tuple(_row_words(machine, row) for row in rows if not _is_result(machine, row))
    results = tuple(_row_words(machine, row) for row in rows if _is_result(machine, row))
    if firing.number == BIRTH:
        title = "born" if firing.time == firing.state.birth else "the period begins"
        time = reader.when(firing.time)
        return Happening(1, time, age, title, "", "", "", "", False, recorded, results, why, None, False)
    process = machine.processes[firing.process]
    arrow = process.states[firing.before].arrows[firing.k]
    true = process.latent and not arrow.silent
    return Happening(
        number=firing.number + 1,
        time=reader.when(firing.time),
        age=age,
        title=title_of(machine, firing),
        process=process.name,
        arrow=arrow.name,
        before=process.states[firing.before].name,
        after=process.states[firing.after].name,
        true=true,
        recorded=recorded,
        results=results,
        because=why,
        led_by=leading(reader, firing) + 1,
        usual=_usual(machine, rows, true, times),
    )


def title_of(machine: m.Machine, firing: Firing) -> str:
    """What happened, as one would say it."""
    process = machine.processes[firing.process]
    arrow = process.states[firing.before].arrows[firing.k]
    before, after = process.states[firing.before].name, process.states[firing.after].name
    label = machine.labels.get(process.name, process.name)
    if any(isinstance(action, m.Die) for action in arrow.actions):
        return f"dies: {label}"
    if not process.latent:
        return arrow.name
    if before == after:
        return label
    if after == "absent":
        return f"{label}: over"
    if before in ("absent", "start"):
        return f"{label}: begins, {after}"
    return f"{label}: {before} → {after}"


def _is_result(machine: m.Machine, row: EventRow) -> bool:
    return machine.codes[row.code].kind == "measurement"


def _row_words(machine: m.Machine, row: EventRow) -> str:
    code = machine.codes[row.code]
    if row.value == row.value:
        unit = f" {code.unit}" if code.unit and code.unit != "1" else ""
        return f"{code.title} {number_words(row.value)}{unit}"
    if code.kind == "diagnosis":
        return f"diagnosis: {code.title}"
    if code.kind == "treatment":
        return f"{code.title} {_TREATED.get(code.status or '', code.status or 'given')}"
    return code.title


def _usual(machine: m.Machine, rows: list[EventRow], true: bool, times: int) -> bool:
    """Whether this is of the everyday: it comes often, or is a visit that brings nothing new."""
    codes = [machine.codes[row.code] for row in rows]
    if any(
        c.code in ("MEDS_BIRTH", "MEDS_DEATH") or c.code.startswith("ENCOUNTER//inpatient") for c in codes
    ):
        return False
    news = any(
        c.kind in ("diagnosis", "event") or (c.kind == "treatment" and c.status != "completed") for c in codes
    )
    return times > OFTEN or not (true or news)


def chain(reader: Reader, happenings: tuple[Happening, ...], firing: Firing) -> tuple[Link, ...]:
    """The chain of causes, from a firing back to birth; rounds of the same arrow are drawn together."""
    links: list[Link] = []
    seen: set[int] = set()
    skipped = 0
    while True:
        if firing.arrow in seen:
            skipped += 1
        else:
            seen.add(firing.arrow)
            also = tuple(happenings[number - 1] for number in also_needed(reader, firing))
            links.append(Link(happenings[firing.number], 0, also))
            if skipped and len(links) > 1:
                before = links[-2]
                links[-2] = Link(before.happening, skipped, before.also)
                skipped = 0
        if firing.number == BIRTH:
            return _once(links)
        firing = reader.trace.firings[leading(reader, firing)]


def _once(links: list[Link]) -> tuple[Link, ...]:
    """The links, each happening named in one place only."""
    named = {link.happening.number for link in links}
    result = []
    for link in links:
        also = tuple(h for h in link.also if h.number not in named)
        named.update(h.number for h in also)
        result.append(Link(link.happening, link.skipped, also))
    return tuple(result)
