"""Diseases: onset, course, recurrent events, symptoms, stages, and how they come to be recorded."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.block import Block, key
from simulator.scenario.syntax import Expr
from simulator.scenario.trigger import Multiplier, RateValue, Table, Transition, Trigger, Value


@dataclass(slots=True, kw_only=True)
class Onset(Trigger):
    """How a disease begins: a trigger, or `at: birth` with a probability."""

    at: str | None = key("`birth`: present from birth, with `probability`", None, choices=("birth",))
    to: str | None = key("the state it begins in; the first of `states` if absent", None)


# --- recurrent events -------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Complication(Block):
    """What an event may lead to: `D.EVENT.COMPLICATION`, to be listened to, counted and timed."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of it", factory=dict, form="codes")
    probability: Value = key("chance that it follows")
    after: Expr | None = key("how long after the event; at once if absent", None)
    if_: Expr | None = key("only if this holds at the time of the event", None, name="if")
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class RecurrentEvent(Block):
    """Something that happens again and again without changing the state."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of the event in terminologies", factory=dict, form="codes")
    while_: Expr | None = key(
        "may happen while this holds; while the disease is present if absent", None, name="while"
    )
    rate: RateValue = key("hazard")
    multiplied: list[Multiplier] = key("factors on the rate", factory=list)
    lasts: Expr | None = key(
        "how long it lasts; `D.EVENT` is then a condition, `D.EVENT.ended` its end", None
    )
    severity: dict[str, Expr] | Table | None = key(
        "how bad it is: names with their probabilities, or a table whose last axis is `severity`",
        None,
        form="states",
    )
    at_most: int | None = key("how often it happens in a life at most", None)
    refractory: Expr | None = key("time after (the end of) one in which there is no other", None)
    complications: dict[str, Complication] = key("what it may lead to", factory=dict)
    fatal: Value | None = key("chance to die of one (at its end, if it lasts)", None)
    source: str | None = key("where the numbers are from", None)


# --- symptoms ---------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class SeeksCare(Block):
    """What somebody does about a symptom of some severity."""

    visit: str = key("the care that is asked for")
    probability: Value | None = key("chance that they go; 100% if absent", None)
    after: Expr | None = key("how long they wait; who has no complaint any more stays at home", None)
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class RecordedAt(Block):
    """Care at which a symptom that is there is written down."""

    care: str = key("the care")
    probability: Value | None = key("chance each time; 100% if absent", None)


@dataclass(slots=True, kw_only=True)
class Symptom(Block):
    """What a patient feels or shows while ill; `D.SYMPTOM` is a condition and an event.

    Some of those with the disease ever get it (`frequency`), some time after (`onset`). With `rate`
    it then comes in bouts that last (`lasts`); without, it stays until `while` ends. Each beginning has a
    severity, which may change (`course`) and decides whether care is sought.
    """

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: hpo, icd10cm", factory=dict, form="codes")
    while_: Expr | None = key(
        "may be there while this holds; while the disease is present if absent", None, name="while"
    )
    frequency: Value | None = key("share of patients who ever get it; all if absent", None)
    onset: Expr | None = key("from the beginning of `while` to the symptom; at once if absent", None)
    rate: RateValue | None = key("bouts per time; if absent, it stays once it is there", None)
    multiplied: list[Multiplier] = key("factors on the rate", factory=list)
    lasts: Expr | None = key("how long it lasts", None)
    severity: dict[str, Expr] | Table | None = key(
        "how bad it is: names with their probabilities, or a table whose last axis is `severity`",
        None,
        form="states",
    )
    course: list[Transition] = key("arrows between severities, e.g. `mild -> severe`", factory=list)
    seeks_care: dict[str, SeeksCare] = key(
        "what is done about it, by severity (or `any`)", factory=dict, form="states"
    )
    recorded_at: list[RecordedAt] = key(
        "care where it is written down, if it is there then; at visits that it led to it always is",
        factory=list,
    )
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Phenotype(Block):
    """A lasting sign of the disease: some patients get it, at some time."""

    title: str | None = key("a name for people", None)
    hpo: str | None = key("its term in the Human Phenotype Ontology, e.g. `HP:0001738`", None, form="hpo")
    codes: dict[str, str] = key("codes in other terminologies", factory=dict, form="codes")
    frequency: Value | None = key("share of patients who ever get it; all if absent", None)
    onset: Expr | None = key("from the onset of the disease to the sign; at once if absent", None)
    recorded_at: list[RecordedAt] = key("care where it is written down, if it is there then", factory=list)
    source: str | None = key("where the numbers are from", None)


# --- diagnosis --------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class MistakenFor(Block):
    """A wrong diagnosis that comes before the right one: recorded as provisional, later refuted."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of the wrong diagnosis", factory=dict, form="codes")
    probability: Value = key("share of first diagnoses that are this one")
    lasts: Expr | None = key(
        "how long until it is corrected; at the next occasion for a diagnosis if absent", None
    )
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Refutation(Trigger):
    """What takes a wrong diagnosis back; a duration alone is its `after`."""


@dataclass(slots=True, kw_only=True)
class DiagnosisRoute(Block):
    """One way in which a disease comes to be recorded.

    ``at: [care…]`` considers it at every visit of those; ``on: event`` (with `after`, a delay)
    brings the patient to `visit`, where it is recorded. With `if` the chart decides, whether
    the disease is truly there or not; without it the disease must be present, and
    `probability` is the chance that it is recognised.
    """

    at: list[str] = key("care where it may be recognised", factory=list)
    on: Expr | None = key("event that leads to a diagnosis, e.g. `cf.onset`", None)
    after: Expr | None = key("with `on`: delay from the event to the diagnosis", None)
    visit: str | None = key("with `on`: the care in which it is recorded", None)
    if_: Expr | None = key("rule read off the chart, e.g. `last hba1c >= 6.5 %`", None, name="if")
    probability: Value | None = key("chance each time", None)
    false_positive: Value | None = key(
        "with `at`: chance each time that somebody without the disease is given the diagnosis", None
    )
    refuted: Refutation | None = key(
        "with `false_positive` or `if`: what takes a diagnosis without the disease back: a duration, e.g. "
        "`6 months`, or a trigger, e.g. `{on: biopsy.done, if: last biopsy == nothing}`",
        None,
    )
    mistaken_for: list[MistakenFor] = key("what it is first taken for", factory=list)
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Staging(Block):
    """The state recorded with the diagnosis: `D.stage` is what the chart says."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of the stage, e.g. `loinc: 21908-9`", factory=dict, form="codes")
    at: list[str] = key("care where it is staged again, once diagnosed", factory=list)
    on: list[Expr] = key(
        "events at which it is staged again, e.g. `mastectomy.done`: what is found then is true", factory=list
    )
    understaged: Value | None = key(
        "chance each time (but at `on`) that the state before the true one is recorded; 0% if absent", None
    )
    overstaged: Value | None = key(
        "chance each time (but at `on`) that the state after the true one is recorded; 0% if absent", None
    )


@dataclass(slots=True, kw_only=True)
class Progression(Block):
    """A course that several diseases follow, with `parameters` that each may give otherwise.

    In its expressions a parameter's name stands for its value, and `disease` for the disease.
    """

    title: str | None = key("a name for people", None)
    parameters: dict[str, Expr] = key(
        "names with the value each has unless a disease says otherwise", factory=dict
    )
    states: list[str] = key("its states, in clinical order", form="states")
    course: list[Transition] = key("arrows between states", factory=list)
    death: dict[str, Trigger] = key("hazard of dying of it, by state", factory=dict, form="states")
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Follows(Block):
    """The progression that a disease follows; its own states and arrows come on top."""

    progression: str = key("its name")
    with_: dict[str, Expr] = key("values of its parameters", factory=dict, name="with")


@dataclass(slots=True, kw_only=True)
class Disease(Block):
    """A disease: how it begins, its states and the arrows between them, and how it comes to be recorded."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: icd10cm, orphanet, omim, …", factory=dict, form="codes")
    source: str | None = key("where the numbers are from", None)
    onset: Onset = key("how it begins")
    follows: Follows | None = key("the progression whose states, course and death it has", None)
    states: list[str] = key(
        "its states, in clinical order (an `absent` state comes before them)", factory=list, form="states"
    )
    state_codes: dict[str, dict[str, str]] = key(
        "codes of states, for visits that entering them leads to and for the stage, e.g. "
        "`{stage3: {icd10cm: N18.30}}`",
        factory=dict,
        form="codes of states",
    )
    course: list[Transition] = key("arrows between states", factory=list)
    death: dict[str, Trigger] = key("hazard of dying of it, by state", factory=dict, form="states")
    events: dict[str, RecurrentEvent] = key("recurrent events, e.g. exacerbations", factory=dict)
    symptoms: dict[str, Symptom] = key("what patients feel", factory=dict)
    phenotypes: dict[str, Phenotype] = key("lasting signs, e.g. of a rare disease", factory=dict)
    diagnosis: list[DiagnosisRoute] = key("how it comes to be recorded", factory=list)
    stage: Staging | None = key("records the state with the diagnosis", None)


@dataclass(slots=True, kw_only=True)
class Constraint(Block):
    """What must never be: treatments are not started, and are stopped, so that it never is."""

    never: Expr = key("the forbidden condition, e.g. `on eti and age < 2 years`")
    because: str | None = key("the reason, in words", None)
    source: str | None = key("where it is from", None)
