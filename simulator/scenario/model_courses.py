"""Courses of care: pathways of steps, stays in hospital, procedures, care plans."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.block import Block, key
from simulator.scenario.model_visits import Do, Measure, Order, Refer
from simulator.scenario.syntax import Expr
from simulator.scenario.trigger import Transition, Trigger, Value

# --- pathways ---------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Give(Block):
    """One administration of a treatment."""

    treatment: str = key("name of the treatment")
    dose: Expr | None = key("how much, e.g. `600 mg`", None)
    if_: Expr | None = key("only if this holds, read off the chart", None, name="if")


@dataclass(slots=True, kw_only=True)
class Repeat(Block):
    """How often steps are gone through: `times`, or `until` something holds (whichever is first); `every`
    alone: again and again, until the pathway is stopped."""

    times: Expr | None = key(
        "how many rounds, e.g. `6`, `6 times` or `forever`; may stand alone for the block", None
    )
    until: Expr | None = key("no further round once this holds, read off the chart after each round", None)
    every: Expr | None = key(
        "from the beginning of one round to that of the next, e.g. `3 weeks` or `3 weeks ± 2 days`", None
    )


@dataclass(slots=True, kw_only=True)
class Choice(Block):
    """One of several ways on: by chance, or the first whose `if` holds; `else` for everybody else."""

    share: Value | None = key("share of patients, e.g. `60%`; shares of a choice add up to 100%", None)
    if_: Expr | None = key("who goes this way, read off the chart", None, name="if")
    then: list[Step] = key("their steps", factory=list)
    else_: list[Step] = key("steps of those who go none of the other ways", factory=list, name="else")


@dataclass(slots=True, kw_only=True)
class Step(Block):
    """One step of a pathway: exactly one of visit, give, give_one_of, do, start, start_one_of, switch_to,
    stop, refer, wait, wait_until, wait_for, if, choose, repeat, follow, postpone, may_follow, record, note,
    end."""

    visit: str | None = key("a care: its visit takes place here, with its measurements and orders", None)
    measures: list[Measure] = key("with `visit`: what is measured beside the care's own", factory=list)
    orders: dict[str, Order] = key(
        "with `visit`: what is ordered or done beside the care's own", factory=dict
    )
    give: list[Give] = key("treatments given here, one administration each", factory=list)
    give_one_of: dict[str, Value] = key(
        "one of these treatments is given, with their shares; the same one whenever the patient comes here",
        factory=dict,
        form="treatments",
    )
    do: list[Do] = key("procedures done here", factory=list)
    start: str | None = key("a treatment taken from here on", None)
    start_one_of: dict[str, Value] = key(
        "one of these treatments, with their shares; the same one whenever the patient comes here",
        factory=dict,
        form="treatments",
    )
    switch_to: dict[str, Value] = key(
        "another one of these treatments, with their shares: what of them is taken ends, and one that was "
        "never taken starts",
        factory=dict,
        form="treatments",
    )
    ends: str | None = key(
        "with `start`, `start_one_of` or `switch_to`: when the treatment ends with the pathway; `if_stopped` "
        "if absent, and `by_itself` for a treatment with a `start` or `stop` of its own",
        None,
        choices=("by_itself", "if_stopped", "with_pathway"),
    )
    stop: str | None = key("a treatment that ends here", None)
    refer: Refer | None = key("a referral; the pathway does not wait for it", None)
    wait: Expr | None = key("a time that passes: a duration or a distribution", None)
    wait_until: Expr | None = key("goes on as soon as this holds, read off the chart", None)
    wait_for: Expr | None = key("goes on when this event happens, e.g. `ward.discharged`", None)
    if_: Expr | None = key("read off the chart: `then` if it holds, else `else`", None, name="if")
    then: list[Step] = key("with `if`: steps if it holds", factory=list)
    else_: list[Step] = key("with `if`: steps if it does not", factory=list, name="else")
    choose: list[Choice] = key("one of several ways on, by chance or by what the chart says", factory=list)
    repeat: Repeat | None = key("goes through `steps` again and again", None)
    steps: list[Step] = key("with `repeat`: the steps", factory=list)
    follow: str | None = key("another pathway, all of whose steps are taken here", None)
    postpone: Expr | None = key("wait so long, then the latest `visit` step again", None)
    at_most: Expr | None = key(
        "with `postpone`: how often, e.g. `2 times`; with a wait: how long, e.g. `3 months`",
        None,
    )
    otherwise: list[Step] = key(
        "with `postpone`: steps once it was postponed that often; with a wait: if it took too long",
        factory=list,
    )
    may_follow: dict[str, Value] = key(
        "events that may follow, with their chances; others listen to `PATHWAY.NAME`", factory=dict
    )
    after: Expr | None = key("with `may_follow`: how long after this step", None)
    record: dict[str, str] = key("codes of a row that is recorded here", factory=dict, form="codes")
    note: str | None = key("words that are recorded here", None)
    end: str | None = key(
        "leaves the pathway: as `completed` (also written `end` alone), or as `stopped`",
        None,
        choices=("completed", "stopped", "end"),
    )
    title: str | None = key("with `record`: a name for people", None)
    name: str | None = key("makes the step an event `PATHWAY.NAME`", None, form="name")


@dataclass(slots=True, kw_only=True)
class PathwayStart(Block):
    """Who enters a pathway: by exactly one of `when` and `on`."""

    when: Expr | None = key("indication, read off the chart", None)
    delay: Expr | None = key("with `when`: from indication to the first step", None)
    on: list[Expr] = key("events that lead to it, e.g. `sepsis.onset`", factory=list)
    if_: Expr | None = key("with `on`: only if this holds then, read off the chart", None, name="if")
    after: Expr | None = key("with `on`: from the event to the first step", None)
    uptake: Value | None = key("chance that it is begun; 100% if absent", None)


@dataclass(slots=True, kw_only=True)
class Pathway(Block):
    """A protocol: steps, one after another, with waits, branches and loops."""

    title: str | None = key("a name for people", None)
    start: PathwayStart | None = key("who enters it; absent if other pathways `follow` it", None)
    again: Expr | None = key(
        "wait before it may be begun again; if absent never, or, with `start.on`, by the next event", None
    )
    repeat: Repeat | None = key("goes through all steps again and again", None)
    steps: list[Step] = key("what is done, in order")
    stop: list[Trigger] = key("what ends it, wherever it is (any of these)", factory=list)
    when_lost: str | None = key(
        "what becomes of it when the patient is lost to follow-up: it `stops`, `goes_on`, or stops and "
        "`begins_again` on return; `stops` if absent, but `goes_on` if all its visits are of classes of care "
        "that follow-up keeps",
        None,
        choices=("stops", "goes_on", "begins_again"),
    )
    source: str | None = key("where the numbers are from", None)


# --- procedures -------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Complication(Block):
    """What may go wrong; care may listen to `PROCEDURE.NAME`."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key(
        "its codes: recorded at once, or, with `after`, at the care that it leads to",
        factory=dict,
        form="codes",
    )
    probability: Value = key("chance each time the procedure is done")
    after: Expr | None = key("how long after the procedure; at once if absent", None)
    fatal: Value | None = key("chance of dying of it at that moment", None)
    source: str | None = key("where the numbers are from", None)


@dataclass(slots=True, kw_only=True)
class Discovery(Block):
    """What a procedure may find: an event `PROCEDURE.NAME`, and a value of `last PROCEDURE`."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of what is recorded", factory=dict, form="codes")
    if_: Expr | None = key(
        "only if this is true of the patient, e.g. `adenoma in [advanced]`", None, name="if"
    )
    probability: Value | None = key("chance that it is found (of those in whom it is there)", None)


@dataclass(slots=True, kw_only=True)
class Procedure(Block):
    """Something that is done to patients: what it finds, and what may go wrong."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes: icd10pcs", factory=dict, form="codes")
    duration: Expr | None = key("how long it takes, e.g. `30 minutes`", None)
    finds: dict[str, Discovery] = key(
        "what it may find, the most important first: that is `last PROCEDURE`, or `nothing`", factory=dict
    )
    complications: dict[str, Complication] = key("what may go wrong", factory=dict)
    source: str | None = key("where the numbers are from", None)


# --- stays in hospital ------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Round(Block):
    """What is done again and again during a stay."""

    in_: list[str] = key("units where it is done; everywhere if absent", factory=list, name="in")
    every: Expr | None = key("interval; `1 day` if absent", None)
    measures: list[Measure] = key("what is measured", factory=list)
    orders: dict[str, Order] = key("what is ordered or done", factory=dict)
    does: list[Do] = key("procedures", factory=list)


@dataclass(slots=True, kw_only=True)
class Stay(Block):
    """A hospital course: the patient moves between units until discharge or death."""

    units: list[str] = key("the units of the hospital, e.g. `[ward, icu]`", form="states")
    begins: dict[str, Value] = key(
        "share of admissions to each unit; all to the first if absent", factory=dict, form="states"
    )
    course: list[Transition] = key(
        "arrows between units, and to `discharged` (or one of the dispositions)", factory=list
    )
    death: dict[str, Trigger] = key("hazard of dying of it there, by unit", factory=dict, form="states")
    discharge: dict[str, Value] = key(
        "dispositions with their shares, e.g. `{home: 80%, hospice: 20%}`; all go home if absent",
        factory=dict,
        form="states",
    )
    rounds: list[Round] = key("what is done again and again during the stay", factory=list)


# --- care plans -------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class CarePlan(Block):
    """A plan that is set up, and completed or revoked."""

    title: str | None = key("a name for people", None)
    codes: dict[str, str] = key("codes of the plan", factory=dict, form="codes")
    for_: Expr = key("who gets it, read off the chart; revoked when this no longer holds", name="for")
    at: list[str] = key("care where it is set up; as soon as it is indicated if absent", factory=list)
    probability: Value | None = key("chance that it is set up, each time", None)
    activities: list[str] = key("what is to be done, in words", factory=list)
    goals: dict[str, Expr] = key(
        "conditions read off the chart, e.g. `last hba1c < 7 %`; reaching one is an event `PLAN.NAME`",
        factory=dict,
    )
    until: Trigger | None = key("what completes it", None)
    source: str | None = key("where the numbers are from", None)
