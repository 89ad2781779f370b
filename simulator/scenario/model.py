"""The scenario as an author thinks of it: typed, positioned, nothing resolved yet.

This module is the one definition of the language's keys. Each field's metadata carries
its documentation; the builder (`build.py`) reads YAML into it, and the language
reference and the editor schema are generated from it.
"""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

import datetime as dt
from dataclasses import MISSING, dataclass, field
from typing import Any

from simulator.errors import NOWHERE, Span
from simulator.scenario.syntax import Expr, Quantity


def key(
    doc: str,
    default: Any = MISSING,
    factory: Any = MISSING,
    name: str | None = None,
    choices: tuple[str, ...] = (),
    form: str = "",
) -> Any:
    """A key of the language: its documentation, default and (if not the field's) YAML name.

    `choices` are the only legal texts (of a text) or keys (of a mapping). `form` says what a text
    must look like: ``codes`` (a mapping of code system to code), ``unit`` (UCUM), ``id`` (lower case
    with hyphens), ``name`` (an identifier), ``states`` and ``categories`` (the keys of a mapping or items
    of a list are names of states or categories).
    """
    meta = {"doc": doc, "key": name, "choices": choices, "form": form}
    if factory is not MISSING:
        return field(default_factory=factory, metadata=meta)
    if default is not MISSING:
        return field(default=default, metadata=meta)
    return field(metadata=meta)


@dataclass(slots=True, kw_only=True)
class Block:
    """Where a block stands: `span` its key, `path` its YAML path."""

    span: Span = NOWHERE
    path: str = ""
    #: where each key was written, by YAML key name: its value if that is a text, else the key itself;
    #: items of a list of texts are there too, as ``at[0]``
    spans: dict[str, Span] = field(default_factory=dict)


# --- values that are tables -------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Table(Block):
    """A step function over axes: ``{by: [age, sex], table: {...}}`` or the same from a CSV file.

    `axes` are ``age``, ``sex``, ``month`` (january..december), ``year`` (calendar) or the
    names of categorical attributes. `rows` are complete key tuples, one per cell, each key
    a str (category or month name) or a pair (low, high), `high` exclusive and None where
    open-ended: ages in years, calendar years. Age bands are written by age at last birthday:
    ``40..59 years`` is stored as (40.0, 60.0). The rows are the full product of the axes' cells in
    row-major order (last axis fastest); bands are ascending, without gaps or overlaps. Age
    begins at 0 and is open-ended (not in `population.age_sex`, whose cells are weights); years
    before the first band and after the last one take the nearest band's value.
    """

    axes: tuple[str, ...]
    rows: tuple[tuple[tuple[str | tuple[float, float | None], ...], Expr], ...]
    source: str | None = None


Value = Expr | Table


@dataclass(slots=True, kw_only=True)
class Gompertz(Block):
    """A hazard that grows exponentially with age: rate × exp(growth × (age − at))."""

    rate: Expr = key("hazard at age `at`, e.g. `0.010 per year`")
    at: Expr = key("the age at which the hazard is `rate`, e.g. `50 years`")
    growth: Expr = key("growth of the log hazard, e.g. `0.040 per year`")


@dataclass(slots=True, kw_only=True)
class Hazard(Block):
    """A hazard from a table, given per time unit, or as a probability per time unit."""

    table: Table
    per: str | None = None  # singular time unit: cell values are rates per this unit
    probability_per: str | None = None  # cell values are probabilities q; hazard −ln(1−q)


RateValue = Expr | Hazard | Gompertz


@dataclass(slots=True, kw_only=True)
class Multiplier(Block):
    by: Value = key("the factor: a number, an expression, or a table")
    while_: Expr | None = key("applies while this holds; always if absent", None, name="while")


# --- transitions ------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Trigger(Block):
    """What makes a transition fire: exactly one of rate, after, when, on, probability."""

    rate: RateValue | None = key("hazard, e.g. `0.06 per year`, a table, or a gompertz", None)
    multiplied: list[Multiplier] = key("factors on the rate", factory=list)
    after: Expr | None = key("duration drawn on entering the state", None)
    when: Expr | None = key("fires as soon as this becomes true", None)
    delay: Expr | None = key("with `when`: the condition must hold this long first", None)
    on: Expr | None = key("fires on this event of another process, e.g. `t2d.onset`", None)
    if_: Expr | None = key("with `on`: only if this holds at that moment", None, name="if")
    probability: Value | None = key(
        "with `on`: the chance that it fires; alone: the chance on entering the state", None
    )
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Transition(Block):
    """One arrow ``a -> b: {trigger}``."""

    from_: str
    to: str
    trigger: Trigger


@dataclass(slots=True, kw_only=True)
class Onset(Trigger):
    """How a disease begins: a trigger, or `at: birth` with a probability."""

    at: str | None = key("`birth`: present from birth, with `probability`", None, choices=("birth",))
    to: str | None = key("the state it begins in; the first of `states` if absent", None)


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
    source: str | None = key("where the numbers are from", None)


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
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Disease(Block):
    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: icd10cm, orphanet, omim, …", factory=dict, form="codes")
    source: str | None = key("where the numbers are from", None)
    onset: Onset = key("how it begins")
    states: list[str] = key(
        "its states, in clinical order (an `absent` state comes before them)", form="states"
    )
    course: list[Transition] = key("arrows between states", factory=list)
    death: dict[str, Trigger] = key("hazard of dying of it, by state", factory=dict, form="states")
    events: dict[str, RecurrentEvent] = key("recurrent events, e.g. exacerbations", factory=dict)
    diagnosis: list[DiagnosisRoute] = key("how it comes to be recorded", factory=list)


# --- measurements -----------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Change(Block):
    by: Value = key("how much: a number in the measurement's unit (drift: `… per year`)")
    while_: Expr | None = key("while this holds; always if absent", None, name="while")


@dataclass(slots=True, kw_only=True)
class ValueModel(Block):
    """value(t) = mean + patient's deviation + accumulated drift + shifts; noise when measured."""

    mean: Value = key("expected value: number, expression or table over attributes and age")
    between_patients: Expr | None = key("SD of the patient's own lasting deviation", None)
    noise: Expr | None = key("SD of one measurement around the true value", None)
    drift: list[Change] = key("slopes, integrated over time while they hold", factory=list)
    shift: list[Change] = key("offsets while they hold", factory=list)


@dataclass(slots=True, kw_only=True)
class Measurement(Block):
    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: loinc", factory=dict, form="codes")
    unit: str = key("UCUM unit; `1` for a number without unit", form="unit")
    plausible: Expr = key("bounds outside which no value is ever recorded, e.g. `3..20`")
    precision: int = key("decimals recorded", 1)
    value: ValueModel = key("how the true value behaves")
    source: str | None = key("where the numbers are from", None)


# --- treatments -------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Start(Block):
    when: Expr = key("indication, read off the chart")
    uptake: Value | None = key("chance that it is ever started; 100% if absent", None)
    delay: Expr | None = key("from indication to first dose", None)


@dataclass(slots=True, kw_only=True)
class Effect(Block):
    hazard: str | None = key(
        "whose hazard: `cf.exacerbation`, `cf.death`, `t2d.onset`, or `cf.mild -> moderate`", None
    )
    measurement: str | None = key("which measurement", None)
    by: Expr | None = key("hazard ratio", None)
    shift: Expr | None = key("offset in the measurement's unit", None)
    drift: Expr | None = key("added slope, e.g. `+2.3 per year`", None)
    source: str | None = key("where the number is from", None)


@dataclass(slots=True, kw_only=True)
class Treatment(Block):
    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: rxnorm, cvx", factory=dict, form="codes")
    available: dt.date | None = key("date of approval; never started before", None)
    start: Start = key("when it is started")
    stop: list[Trigger] = key("what ends it (any of these)", factory=list)
    again: Expr | None = key("wait before it may be started again; never if absent", None)
    adherence: Expr | None = key("share of doses taken, a number or distribution", None)
    effects: list[Effect] = key("what it does while taken", factory=list)
    contraindicated: Expr | None = key("never started, and stopped, while this holds", None)
    never_with: list[str] = key("treatments that must not be taken together", factory=list)
    supply: Expr | None = key("days dispensed at a time; a refill event each", None)
    source: str | None = key("where the numbers are from", None)


# --- care -------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Measure(Block):
    """Something measured or ordered at a visit."""

    measure: str = key("name of the measurement")
    if_: Expr | None = key("only if this holds", None, name="if")
    probability: Value | None = key("chance each time", None)


@dataclass(slots=True, kw_only=True)
class Order(Block):
    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of what is ordered or done", factory=dict, form="codes")
    if_: Expr | None = key("only if this holds", None, name="if")
    probability: Value | None = key("chance each time", None)


@dataclass(slots=True, kw_only=True)
class Care(Block):
    """A reason to see a professional; each visit is an encounter.

    Exactly one of every, rate, on, at (or none: only visited from a diagnosis route).
    """

    title: str | None = key("a name for people", None)
    class_: str = key(
        "ambulatory, emergency, inpatient, virtual or home",
        name="class",
        choices=("ambulatory", "emergency", "inpatient", "virtual", "home"),
    )
    for_: Expr | None = key("whom it is for, read off the chart; everyone if absent", None, name="for")
    every: Expr | None = key("interval between visits, e.g. `3 months ± 2 weeks`", None)
    rate: RateValue | None = key("visits per person and time", None)
    multiplied: list[Multiplier] = key("factors on the rate", factory=list)
    on: list[Expr] = key("events that lead to a visit, e.g. `cf.exacerbation`", factory=list)
    at: list[Quantity] = key("ages at which it is due, e.g. `[3 days, 2 months]`", factory=list)
    if_: Expr | None = key("with `on`: only if this holds then", None, name="if")
    probability: Value | None = key("chance that a due visit takes place", None)
    after: Expr | None = key("with `on`: delay from event to visit", None)
    duration: Expr | None = key("length of the encounter; by class if absent", None)
    reason: dict[str, str] = key("codes of the reason for the visit", factory=dict, form="codes")
    measures: list[Measure] = key("what is measured there", factory=list)
    orders: dict[str, Order] = key("what else is ordered or done there", factory=dict)
    source: str | None = key("where the numbers are from", None)


# --- attributes, population, coupling ---------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Attribute(Block):
    title: str | None = key("a name for people", None)
    draw: dict[str, Expr] | Table | None = key(
        "categories with their probabilities, or a table whose last axis is the attribute",
        None,
        form="categories",
    )
    value: Expr | None = key("a number or distribution, e.g. `normal(26 + 0.05 * bmi, 4)`", None)
    between: Expr | None = key("bounds of a numeric attribute, e.g. `14..60`", None)
    unit: str = key("unit of a numeric attribute", "1", form="unit")
    codes: dict[str, str] = key("codes of the attribute", factory=dict, form="codes")
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Population(Block):
    size: int = key("number of patients", 10_000)
    from_: dt.date = key("first recorded day", name="from")
    to: dt.date = key("end of the recorded period (exclusive)")
    step: Expr | None = key("window in which the outside world is constant", None)
    age: Expr | None = key("age at `from`: a duration or distribution", None)
    sex: dict[str, Expr] | None = key(
        "probabilities of male and female", None, choices=("male", "female"), form="categories"
    )
    age_sex: Table | None = key("people by age and sex at `from`, in any unit", None)
    history: str = key(
        "`from birth`: what happened before `from` is lived through, or `none`",
        "none",
        choices=("from birth", "none"),
    )
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Mortality(Block):
    rate: RateValue = key("background hazard of dying")
    multiplied: list[Multiplier] = key("factors on it", factory=list)
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Contacts(Block):
    graph: str = key(
        "NetworkX generator: complete, cycle, path, star, watts_strogatz, barabasi_albert",
        "complete",
        choices=("complete", "cycle", "path", "star", "watts_strogatz", "barabasi_albert"),
    )
    neighbours: int = key("k of watts_strogatz, m of barabasi_albert", 2)
    rewire: float = key("p of watts_strogatz", 0.1)
    within: Expr | None = key("share of contacts inside the own community", None)


@dataclass(slots=True, kw_only=True)
class Communities(Block):
    count: int = key("number of communities; patients are dealt out evenly")
    contacts: Contacts = key("who meets whom", factory=Contacts)


@dataclass(slots=True, kw_only=True)
class Exchange(Block):
    """What patients pass to one another, held constant for a step: usable as a name in expressions."""

    share: Expr = key("share of living people in this condition, e.g. `flu in [infectious]`")
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Scenario(Block):
    format: int = key("version of the language", 1)
    id: str = key("a short name, lower case with hyphens", form="id")
    title: str | None = key("a name for people", None)
    description: str | None = key("what it is for", None)
    use: list[str] = key("other files, merged by name", factory=list)
    population: Population | None = key("who, from when, to when", None)
    communities: Communities | None = key("where they live and whom they meet", None)
    exchange: dict[str, Exchange] = key("what they pass to one another", factory=dict)
    attributes: dict[str, Attribute] = key("what is true of a person", factory=dict)
    mortality: Mortality | None = key("background mortality", None)
    diseases: dict[str, Disease] = key("what befalls them", factory=dict)
    measurements: dict[str, Measurement] = key("what can be measured", factory=dict)
    treatments: dict[str, Treatment] = key("what can be given", factory=dict)
    care: dict[str, Care] = key("where and when they are seen", factory=dict)
    #: every file read, path → text, the main file first
    files: dict[str, str] = field(default_factory=dict)
