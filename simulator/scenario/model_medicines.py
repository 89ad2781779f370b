"""Medicines and prevention: treatments, doses, allergies, immunisations, panels, order sets, follow-up."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from simulator.scenario.block import Block, key
from simulator.scenario.model_visits import Measure, Order
from simulator.scenario.syntax import Expr
from simulator.scenario.trigger import Multiplier, RateValue, Trigger, Value

# --- treatments -------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Start(Block):
    """Who is given a treatment, and when."""

    when: Expr = key("indication, read off the chart")
    at: list[str] = key(
        "care at whose visits it is started, if it is indicated then; as soon as it is indicated if absent",
        factory=list,
    )
    uptake: Value | None = key("chance that it is ever started; 100% if absent", None)
    delay: Expr | None = key("from indication to first dose", None)


@dataclass(slots=True, kw_only=True)
class Effect(Block):
    """What a treatment does to a hazard or to a measurement."""

    hazard: str | None = key(
        "whose hazard: `cf.exacerbation`, `cf.death`, `t2d.onset`, or `cf.mild -> moderate`", None
    )
    measurement: str | None = key("which measurement", None)
    by: Expr | None = key("hazard ratio", None)
    shift: Expr | None = key("offset in the measurement's unit", None)
    drift: Expr | None = key("added slope, e.g. `+2.3 per year`", None)
    per: Expr | None = key("the dose that has this effect, e.g. `1000 mg`; others in proportion", None)
    lasts: Expr | None = key("how long an administration by a pathway (`give`) has this effect", None)
    source: str | None = key("where the number is from", None)


@dataclass(slots=True, kw_only=True)
class DoseChange(Block):
    """When the dose is changed: as soon as the chart says so, or at visits of `at`."""

    when: Expr = key("reason for the change, read off the chart")
    at: list[str] = key("care at whose visits it is decided; at any time if absent", factory=list)
    after: Expr | None = key("at least this long since the start or the last change", None)
    by: Expr | None = key("how much: a share of the dose (`10%`) or an amount (`2 mg`)", None)
    to: Expr | None = key("the new dose; the next of `steps` if neither `by` nor `to` is given", None)


@dataclass(slots=True, kw_only=True)
class Taper(Block):
    """When it is to be stopped: the dose goes down step by step, then it ends."""

    every: Expr = key("time between steps, e.g. `2 weeks`")
    by: Expr | None = key(
        "each step: a share of the dose at the beginning of the taper (`25%`) or an amount; down the `steps` "
        "of the dose if absent",
        None,
    )
    hold: Expr | None = key(
        "no step while this holds, read off the chart, e.g. withdrawal; looked at again after `every`", None
    )


@dataclass(slots=True, kw_only=True)
class Dose(Block):
    """How much is taken. Amounts are those of one dose; `times` says how often."""

    amount: Expr | None = key("the dose: a quantity, or an expression such as `15 mg/kg * weight`", None)
    steps: list[Expr] = key("doses in ascending order, between which it is changed", factory=list)
    start: Expr | None = key("with `steps`: the first dose; the lowest if absent", None)
    times: Expr | None = key("how often, e.g. `2 per day`", None)
    route: str | None = key("how it is given: oral, subcutaneous, intravenous, …", None)
    up: DoseChange | None = key("when it is raised", None)
    down: DoseChange | None = key("when it is lowered", None)
    least: Expr | None = key("never lowered below this", None)
    most: Expr | None = key("never raised above this", None)
    taper: Taper | None = key("how it is stopped: step by step instead of at once", None)


@dataclass(slots=True, kw_only=True)
class Interaction(Block):
    """What happens while two treatments are taken together."""

    with_: str = key("the other treatment", name="with")
    effects: list[Effect] = key("what the two do together, beside what each does", factory=list)
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Treatment(Block):
    """A medicine: who is given it, what it does, how it ends."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: rxnorm, cvx", factory=dict, form="codes")
    available: dt.date | None = key("date of approval; never started before", None)
    start: Start | None = key("when it is started; absent if only pathways start it", None)
    stop: list[Trigger] = key("what ends it (any of these)", factory=list)
    again: Expr | None = key("wait before it may be started again; never if absent", None)
    adherence: Value | None = key(
        "share of doses taken: a number, distribution, expression or table over attributes", None
    )
    dose: Dose | None = key("how much, how often, and how that changes", None)
    effects: list[Effect] = key("what it does while taken", factory=list)
    interacts: list[Interaction] = key("what it does together with others", factory=list)
    contraindicated: Expr | None = key("never started, and stopped, while this holds", None)
    paused: Expr | None = key("not taken while this holds, and taken up again afterwards", None)
    never_with: list[str] = key("treatments that must not be taken together", factory=list)
    supply: Expr | None = key("days dispensed at a time; a refill event each", None)
    refills: int | None = key("with `supply`: refills of one prescription; then it is renewed", None)
    source: str | None = key("where the numbers are from", None)


# --- allergies --------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Reaction(Block):
    """What an allergic patient may go through after taking it."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of the reaction, recorded at the visit", factory=dict, form="codes")
    probability: Value = key("chance at each exposure; of several reactions at most one happens")
    after: Expr | None = key("from the first dose to the reaction; at once if absent", None)
    visit: str | None = key("the care that it leads to; nobody sees it if absent", None)
    recognised: Value | None = key("chance that the allergy is recorded at that visit; 100% if absent", None)
    death: Value | None = key("chance of dying of it", None)


@dataclass(slots=True, kw_only=True)
class Known(Block):
    """Where an allergy comes on the chart without a reaction: somebody asks."""

    at: list[str] = key("care at whose visits it may be recorded")
    if_: Expr | None = key(
        "recorded if the chart says this, truly allergic or not (a false label)", None, name="if"
    )
    probability: Value | None = key("chance at each visit", None)


@dataclass(slots=True, kw_only=True)
class Allergy(Block):
    """What a patient cannot take. Once on the chart, no treatment of `to` is started or continued."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of the allergy, e.g. icd10cm Z88.0", factory=dict, form="codes")
    to: list[str] = key("treatments that it is an allergy to", factory=list)
    prevalence: Value | None = key("share of people who have it from birth", None)
    onset: Trigger | None = key("instead: how it begins later in life", None)
    known: list[Known] = key("how the chart learns of it, beside a reaction", factory=list)
    reactions: dict[str, Reaction] = key("what may happen after taking it", factory=dict)
    source: str | None = key("where the numbers are from", None)


# --- immunisations ----------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Protection(Block):
    """What a vaccine does. Of several on one hazard, that of the highest `doses` reached holds."""

    hazard: str = key("whose hazard, e.g. `measles.onset`")
    by: Expr = key("hazard ratio while fully protected")
    doses: int = key("from this many doses on", 1)
    lasts: Expr | None = key("protection ends this long after the latest dose", None)
    wanes: Expr | None = key("half-life of protection after the latest dose", None)
    source: str | None = key("where the number is from", None)


@dataclass(slots=True, kw_only=True)
class Immunisation(Block):
    """A vaccine: doses at the ages of `schedule`, or one `every` so often."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: cvx", factory=dict, form="codes")
    schedule: list[Expr] = key(
        "ages of the doses, e.g. `[12..15 months, 4..6 years]`: due from the first, missed after the second",
        factory=list,
    )
    catch_up: Expr | None = key("missed doses may still be given until this age", None)
    interval: Expr | None = key("least time between two doses; 4 weeks if absent", None)
    every: Expr | None = key("instead of a schedule: time between doses, e.g. `1 year`", None)
    months: list[str] = key("with `every`: months in which it is given", factory=list)
    from_: Expr | None = key("with `every`: youngest age", None, name="from")
    until: Expr | None = key("with `every`: given until this age", None)
    for_: Expr | None = key("whom it is for, read off the chart; everyone if absent", None, name="for")
    at: list[str] = key("care at whose visits it is given; at visits of its own if absent", factory=list)
    uptake: Value | None = key("share of people who accept it at all; 100% if absent", None)
    each: Value | None = key("chance that a due dose is given at an opportunity; 100% if absent", None)
    retry: Expr | None = key("without `at`: until a dose not given is offered again", None)
    available: dt.date | None = key("date of approval; never given before", None)
    contraindicated: Expr | None = key("never given while this holds", None)
    effects: list[Protection] = key("what it protects from", factory=list)
    source: str | None = key("where the numbers are from", None)


# --- panels and order sets ----------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Correlation(Block):
    """Errors of two results of one panel go together."""

    between: list[str] = key("the two measurements")
    by: Expr = key("correlation of their noise, from -1 to 1")


@dataclass(slots=True, kw_only=True)
class Panel(Block):
    """Measurements that are ordered as one: named in `measures` of care like any of them."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: loinc", factory=dict, form="codes")
    measures: list[str] = key("its measurements")
    correlated: list[Correlation] = key("noise that its results share", factory=list)
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class OrderSet(Block):
    """What is done together again and again; care names it under `order_sets`."""

    title: str | None = key("a name for people", None)
    measures: list[Measure] = key("what is measured", factory=list)
    orders: dict[str, Order] = key("what else is ordered or done", factory=dict)


@dataclass(slots=True, kw_only=True)
class UseOrderSet(Block):
    """An order set at a visit."""

    order_set: str = key("name of the order set")
    if_: Expr | None = key("only if this holds", None, name="if")
    probability: Value | None = key("chance each time", None)


# --- follow-up --------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Lost(Block):
    """The hazard of being lost to follow-up."""

    rate: RateValue = key("hazard of being lost to follow-up, e.g. `0.05 per year`")
    multiplied: list[Multiplier] = key("factors on the rate", factory=list)


@dataclass(slots=True, kw_only=True)
class FollowUp(Block):
    """Patients who stop coming, and come back."""

    lost: Lost = key("how they are lost")
    returns: Trigger | None = key(
        "what brings them back: a rate, a duration or an event; never if absent", None
    )
    keeps: list[str] = key("classes of care that go on, e.g. `[emergency, inpatient]`", factory=list)
    source: str | None = key("where the numbers are from", None)
