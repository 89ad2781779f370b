"""Why was a treatment not given? Its rule followed over the whole life, part by part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.authoring.explain import happenings_of, person_of
from simulator.authoring.explain_story import Happening, RuleHeld, WhyNot
from simulator.authoring.explain_terms import Reader, span_words, split, when
from simulator.authoring.replay import Replay, replay
from simulator.compiler import algebra, pathway_walk
from simulator.compiler import machine as m
from simulator.compiler.names import listing, nearest
from simulator.compiler.origins import Origin, Origins
from simulator.engine.ages import NEVER
from simulator.engine.reference_terms import holds
from simulator.engine.reference_trace import Watch
from simulator.errors import UsageError
from simulator.knowledge.codes import SYSTEMS, preferred
from simulator.store import Dataset

#: occasions at which something was given that are named
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Rule:
    label: str
    term: m.Term
    depth: int
    origin: Origin


def why_not(dataset: Dataset, patient: int, treatment: str) -> WhyNot:
    """What kept a treatment from a patient, or when it was given.

    Args:
        dataset: that a run of a scenario file wrote.
        patient: subject_id, from 1.
        treatment: its name in the scenario.

    Raises:
        UsageError: there is no such patient or treatment.
        DatasetError: as `explain`.
    """
    rules: list[_Rule] = []

    def watched(machine: m.Machine, origins: Origins) -> Sequence[m.Term]:
        condition = _condition(machine, origins, treatment)
        rules.extend(_rules(origins, treatment, condition))
        return [*(rule.term for rule in rules), condition]

    again = replay(dataset, patient, watched)
    reader = Reader(again.machine, again.origins, again.trace)
    last = again.trace.last
    held = tuple(
        RuleHeld(
            label=rule.label,
            text=reader.text(rule.term),
            held=_spans(again, watch),
            value=reader.value(rule.term, last),
            depth=rule.depth,
            place=reader.place(rule.origin),
        )
        for rule, watch in zip(rules, again.watches[:-1], strict=True)
    )
    together = _spans(again, again.watches[-1])
    happenings = tuple(h for h in happenings_of(again) if h.process == treatment)
    return WhyNot(
        person=person_of(again),
        treatment=treatment,
        title=again.machine.labels.get(treatment, treatment),
        verdict=_verdict(again, treatment, held, together, happenings),
        rules=held,
        together=together,
        happenings=happenings,
    )


def _condition(machine: m.Machine, origins: Origins, treatment: str) -> m.Term:
    """What must hold before a treatment may start."""
    treatments = [name for name, o in origins.processes.items() if o.path == f"treatments.{name}"]
    if treatment not in treatments:
        near = nearest(treatment, treatments)
        known = f"treatments are {listing(treatments)}" if treatments else "it has none"
        raise UsageError(
            f"the scenario has no treatment {treatment}", remedy=f"did you mean {near}?" if near else known
        )
    process = next(p for p in machine.processes if p.name == treatment)
    triggers = [arrow.trigger for arrow in process.states[0].arrows]
    for trigger in triggers:
        if isinstance(trigger, m.WhenTrue):
            return trigger.condition
    asked = [t.condition for t in triggers if isinstance(t, m.OnEvent) and t.condition is not None]
    return asked[0] if asked else algebra.TRUE


def _rules(origins: Origins, treatment: str, condition: m.Term) -> Iterator[_Rule]:
    """A condition part by part, with the part of the treatment's block that each stands in."""
    label = ""
    for term, origin in _whole(origins, condition, origins.processes[treatment]):
        for part, depth in split(term):
            named = _label(part, origin)
            yield _Rule(named if named != label else "", part, depth, origin)
            label = named


def _whole(origins: Origins, term: m.Term, origin: Origin) -> Iterator[tuple[m.Term, Origin]]:
    """The parts of a conjunction that were written as a whole, or stand alone."""
    bare = term.args[0] if isinstance(term, m.Apply) and term.op == "not" else term
    places = [*origins.terms.get(term, ()), *origins.terms.get(bare, ())]
    own = [o for o in places if o.path.startswith((f"{origin.path}.", "constraints"))]
    known = own[0] if own else None
    if known is None and isinstance(term, m.Apply) and term.op == "and":
        for arg in term.args:
            yield from _whole(origins, arg, origin)
    else:
        yield term, known or origin


def _label(term: m.Term, origin: Origin) -> str:
    """What kind of rule it is."""
    for ending, label in (
        (".start.when", "indicated"),
        (".contraindicated", "not contraindicated"),
        (".paused", "not to be paused"),
        (".never", "constraint"),
    ):
        if origin.path.endswith(ending):
            return label
    if isinstance(term, m.TimeAtLeast):
        return "available"
    excludes = isinstance(term, m.Apply) and term.op == "not" and isinstance(term.args[0], m.InState)
    return "not taken together with" if excludes else "also"


def _spans(again: Replay, watch: Watch) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    """When a watched term held."""
    ends = [time for time, _ in watch.values[1:]] + [again.trace.history.exit]
    return tuple(
        (when(begin, again.machine), when(end, again.machine))
        for (begin, value), end in zip(watch.values, ends, strict=True)
        if holds(value) and end > begin
    )


def _verdict(
    again: Replay,
    treatment: str,
    rules: tuple[RuleHeld, ...],
    together: tuple[tuple[dt.datetime, dt.datetime], ...],
    happenings: tuple[Happening, ...],
) -> tuple[str, ...]:
    started = [h for h in happenings if h.after == "on"]
    if started:
        times = ", ".join(f"{h.time:%Y-%m-%d} (#{h.number})" for h in started)
        return (f"It was started: {times}. See `--event {started[0].number}` for why.",)
    declined = [h for h in happenings if h.after == "declined"]
    if declined:
        last = declined[-1]
        chance = last.because.rpartition("chance")[2].strip(", ")
        return (
            f"It was indicated and allowed, but not taken up: on {last.time:%Y-%m-%d} "
            f"(#{last.number}) chance decided against it, as in {chance} of those to whom it is offered.",
        )
    if again.scenario.treatments[treatment].start is None:
        return (_by_pathway(again, treatment, together),)
    if together:
        return (_waited(again, treatment, together),)
    never = [rule for rule in rules if not rule.held and not rule.depth]
    if never:
        what = "; ".join(f"`{rule.text}` ({rule.value})" for rule in never)
        return (f"It was never allowed. This never held: {what}.",)
    return ("It was never allowed: each part of its rule held at some time, but never all at once.",)


def _by_pathway(again: Replay, treatment: str, together: tuple[tuple[dt.datetime, dt.datetime], ...]) -> str:
    """A treatment that only pathways give or start: when it was given, or that none came to it."""
    block, machine, trace = again.scenario.treatments[treatment], again.machine, again.trace
    codes = {k: v for k, v in block.codes.items() if k in SYSTEMS}
    code = preferred(codes, treatment)
    given = [
        f"{when(row.time, machine):%Y-%m-%d} (#{cause + 1})"
        for row, cause in zip(trace.history.events, trace.causes, strict=True)
        if machine.codes[row.code].code == code and machine.codes[row.code].status == "completed"
    ]
    if given:
        shown = ", ".join(given[:_SHOWN]) + (
            f" and {len(given) - _SHOWN} more" if len(given) > _SHOWN else ""
        )
        return f"It was given by a pathway: {shown}."
    pathways = [
        name
        for name, pathway in again.scenario.pathways.items()
        for step in pathway_walk.walk(pathway.steps)
        if treatment in (step.start, *step.start_one_of, *step.switch_to, *step.give_one_of)
        or any(each.treatment == treatment for each in step.give)
    ]
    text = (
        f"Nothing but a pathway begins it ({listing(list(dict.fromkeys(pathways)))}), and none came to that"
    )
    return f"{text} step." if together else f"{text} step; nor was it ever allowed."


def _waited(again: Replay, treatment: str, together: tuple[tuple[dt.datetime, dt.datetime], ...]) -> str:
    """It was allowed, but the delay before its start outlasted that, or the period."""
    index = next(i for i, p in enumerate(again.machine.processes) if p.name == treatment)
    begin, end = together[-1]
    text = f"It was indicated and allowed from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
    waiting = [w for w in again.trace.waiting[index] if w is not None and w.changes]
    due = [c.due for w in waiting for c in w.changes if c.due < NEVER]
    if not due:
        start = again.scenario.treatments[treatment].start
        if start is not None and start.at:
            return f"{text}, but it is started at visits of {listing(start.at)} only, and none came then."
        return f"{text}, but was not open to be started then."
    late = span_words((when(due[-1], again.machine) - begin) / dt.timedelta(microseconds=1))
    why = "the patient died" if again.trace.history.death is not None else "the period ended"
    still = end >= when(again.trace.history.exit, again.machine)
    return f"{text}, but the delay drawn before its start was {late}: " + (
        f"{why} first." if still else "it was no longer allowed by then."
    )
