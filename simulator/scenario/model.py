"""The scenario as an author thinks of it: typed, positioned, nothing resolved yet.

This module is the one definition of the language's keys. Each field's metadata carries
its documentation; the builder (`build.py`) reads YAML into it, and the language
reference and the editor schema are generated from it.
"""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from simulator.scenario.block import Block as Block
from simulator.scenario.block import key as key
from simulator.scenario.model_composition import Arm as Arm
from simulator.scenario.model_composition import Changes as Changes
from simulator.scenario.model_composition import Parameter as Parameter
from simulator.scenario.model_composition import Use as Use
from simulator.scenario.model_courses import CarePlan as CarePlan
from simulator.scenario.model_courses import Complication as Complication
from simulator.scenario.model_courses import Discovery as Discovery
from simulator.scenario.model_courses import Pathway as Pathway
from simulator.scenario.model_courses import Procedure as Procedure
from simulator.scenario.model_courses import Stay as Stay
from simulator.scenario.model_disease import Constraint as Constraint
from simulator.scenario.model_disease import DiagnosisRoute as DiagnosisRoute
from simulator.scenario.model_disease import Disease as Disease
from simulator.scenario.model_disease import Onset as Onset
from simulator.scenario.model_disease import Phenotype as Phenotype
from simulator.scenario.model_disease import Progression as Progression
from simulator.scenario.model_disease import RecordedAt as RecordedAt
from simulator.scenario.model_disease import RecurrentEvent as RecurrentEvent
from simulator.scenario.model_disease import Symptom as Symptom
from simulator.scenario.model_medicines import Allergy as Allergy
from simulator.scenario.model_medicines import Effect as Effect
from simulator.scenario.model_medicines import FollowUp as FollowUp
from simulator.scenario.model_medicines import Immunisation as Immunisation
from simulator.scenario.model_medicines import OrderSet as OrderSet
from simulator.scenario.model_medicines import Panel as Panel
from simulator.scenario.model_medicines import Protection as Protection
from simulator.scenario.model_medicines import Start as Start
from simulator.scenario.model_medicines import Treatment as Treatment
from simulator.scenario.model_medicines import UseOrderSet as UseOrderSet
from simulator.scenario.model_targets import Expectation, Target
from simulator.scenario.model_visits import Do as Do
from simulator.scenario.model_visits import Measure as Measure
from simulator.scenario.model_visits import Order as Order
from simulator.scenario.model_visits import Refer as Refer
from simulator.scenario.syntax import Expr, Quantity
from simulator.scenario.trigger import Gompertz as Gompertz
from simulator.scenario.trigger import Hazard as Hazard
from simulator.scenario.trigger import Multiplier as Multiplier
from simulator.scenario.trigger import RateValue as RateValue
from simulator.scenario.trigger import Table as Table
from simulator.scenario.trigger import Transition as Transition
from simulator.scenario.trigger import Trigger as Trigger
from simulator.scenario.trigger import Value as Value

# --- measurements -----------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Change(Block):
    """Something that shifts a measurement, or lets it drift."""

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
    """Something that is measured: what it truly is, and how it is recorded."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: loinc", factory=dict, form="codes")
    unit: str = key("UCUM unit; `1` for a number without unit", form="unit")
    plausible: Expr = key("bounds outside which no value is ever recorded, e.g. `3..20`")
    precision: int = key("decimals recorded", 1)
    value: ValueModel = key("how the true value behaves")
    missing: Value | None = key("share of results that are lost and never reach the chart", None)
    source: str | None = key("where the numbers are from", None)


# --- care -------------------------------------------------------------------------------


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
    measures: list[Measure] = key("what is measured there: measurements and panels", factory=list)
    orders: dict[str, Order] = key("what else is ordered or done there", factory=dict)
    order_sets: list[UseOrderSet] = key("order sets carried out there", factory=list)
    hours: list[str] = key("opening hours, e.g. `weekdays 8:00..17:00`; always open if absent", factory=list)
    closed: list[str] = key(
        "with `hours`: days on which it is closed as well, e.g. `08-01..08-14`; `never`: open on holidays",
        factory=list,
    )
    does: list[Do] = key("procedures done there", factory=list)
    refers: list[Refer] = key("referrals made there", factory=list)
    stay: Stay | None = key("with class inpatient: the hospital course, in place of `duration`", None)
    source: str | None = key("where the numbers are from", None)


# --- attributes, population, coupling ---------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Attribute(Block):
    """Something that is true of a person: categories with their shares, or a number."""

    title: str | None = key("a name for people", None)
    draw: dict[str, Expr] | Table | None = key(
        "categories with their probabilities, or a table whose last axis is the attribute",
        None,
        form="categories",
    )
    value: Expr | None = key("a number or distribution, e.g. `normal(26 + 0.05 * bmi, 4)`", None)
    between: Expr | None = key("bounds of a numeric attribute, e.g. `14..60`", None)
    on: Expr | None = key(
        "event at which it is drawn, each time, e.g. `breast_cancer.onset`, and unknown before; at birth if "
        "absent",
        None,
    )
    changes: list[Transition] = key(
        "arrows between its categories, e.g. `current -> former: {rate: 0.04 per year}`", factory=list
    )
    unit: str = key("unit of a numeric attribute", "1", form="unit")
    codes: dict[str, str] = key("codes of the attribute", factory=dict, form="codes")
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Population(Block):
    """Who the patients are at the first recorded day, and which period is recorded."""

    size: int = key("number of patients", 10_000)
    from_: dt.date = key("first recorded day", name="from")
    to: dt.date = key("end of the recorded period (exclusive)")
    step: Expr | None = key("window in which the outside world is constant", None)
    time_zone: str | None = key(
        "where they live, e.g. `America/New_York`: dates, months, hours are those there; UTC if absent", None
    )
    holidays: list[str] = key(
        "days on which care with `hours` is closed, e.g. `12-25`, `fourth thursday of november`, `easter`",
        factory=list,
    )
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
    """The hazard of dying of anything that the scenario does not describe."""

    rate: RateValue = key("background hazard of dying")
    multiplied: list[Multiplier] = key("factors on it", factory=list)
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Contacts(Block):
    """Who meets whom: communities as a graph."""

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
    """Groups of patients who live together and meet one another."""

    count: int = key("number of communities; patients are dealt out evenly")
    contacts: Contacts = key("who meets whom", factory=Contacts)


@dataclass(slots=True, kw_only=True)
class Exchange(Block):
    """What patients pass to one another, held constant for a step: usable as a name in expressions."""

    share: Expr = key("share of living people in this condition, e.g. `flu in [infectious]`")
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Scenario(Block):
    """A scenario file."""

    format: int = key("version of the language", 1)
    id: str = key("a short name, lower case with hyphens", form="id")
    title: str | None = key("a name for people", None)
    description: str | None = key("what it is for", None)
    source: str | None = key("where the numbers of this file are from, unless a block says otherwise", None)
    use: list[Use] = key("other files, merged by name", factory=list)
    remove: list[str] = key("paths of what is not taken over from used files", factory=list)
    parameters: dict[str, Parameter] = key("numbers with a name, to be set from outside", factory=dict)
    arms: dict[str, Arm] = key("the same patients with one thing changed", factory=dict)
    population: Population | None = key("who, from when, to when", None)
    communities: Communities | None = key("where they live and whom they meet", None)
    exchange: dict[str, Exchange] = key("what they pass to one another", factory=dict)
    attributes: dict[str, Attribute] = key("what is true of a person", factory=dict)
    mortality: Mortality | None = key("background mortality", None)
    progressions: dict[str, Progression] = key("courses that several diseases follow", factory=dict)
    diseases: dict[str, Disease] = key("what befalls them", factory=dict)
    measurements: dict[str, Measurement] = key("what can be measured", factory=dict)
    treatments: dict[str, Treatment] = key("what can be given", factory=dict)
    care: dict[str, Care] = key("where and when they are seen", factory=dict)
    allergies: dict[str, Allergy] = key("what patients cannot take", factory=dict)
    immunisations: dict[str, Immunisation] = key("vaccines and their schedules", factory=dict)
    panels: dict[str, Panel] = key("measurements that are ordered as one", factory=dict)
    order_sets: dict[str, OrderSet] = key("what is done together at visits", factory=dict)
    follow_up: FollowUp | None = key("who stops coming, and comes back", None)
    procedures: dict[str, Procedure] = key("what can be done to them", factory=dict)
    pathways: dict[str, Pathway] = key("protocols: steps, waits, branches, loops", factory=dict)
    care_plans: dict[str, CarePlan] = key("plans of care with their goals", factory=dict)
    constraints: list[Constraint] = key("what must never be", factory=list)
    expect: dict[str, Expectation] = key(
        "what its author expects of it: a statistic in words, and its bounds (docs/targets.md)",
        factory=dict,
        form="statements",
    )
    targets: dict[str, Target] = key("published numbers that it must reproduce", factory=dict)
    #: every file read, path → text, the main file first
    files: dict[str, str] = field(default_factory=dict)
    #: the `source` of each file that has one, by path
    file_sources: dict[str, str] = field(default_factory=dict)
