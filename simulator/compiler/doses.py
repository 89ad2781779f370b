"""Doses: how much of a treatment is taken, how that is changed, and how it is tapered.

The dose is a variable, `T.dose`, set when the treatment starts. `T.dose` is also a process: while
the treatment is taken it waits for the reasons to go up and down, at least `after` apart; each change
is a new prescription (a row with the dose as its value) and says `T.dose_changed`. A taper belongs to
the treatment's own process: instead of ending at once, the dose goes down step by step first.

Amounts are those of one dose, as prescribed; `times` per day and `route` are words on the row.
"""

from __future__ import annotations

import itertools
import math
from contextlib import suppress
from dataclasses import dataclass

from simulator import units
from simulator.compiler import algebra, follow_up
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.kinds import SHARE
from simulator.compiler.names import listing
from simulator.compiler.terms import Where
from simulator.scenario import syntax as s
from simulator.scenario.block import Block
from simulator.scenario.constants import NotConstantError, constant
from simulator.scenario.model import Treatment
from simulator.scenario.model_medicines import Dose, DoseChange
from simulator.scenario.remainder import UNREAD_TEXT
from simulator.scenario.walk import walk

#: the unit of a dose that was given none: there is a finding
UNKNOWN = UNREAD_TEXT
_ENOUGH = 1.0 - 1e-9  # a dose that equals the last step but for rounding is that step


@dataclass(frozen=True, slots=True)
class Amount:
    """How the dose of a treatment is kept.

    Attributes:
        var: the variable that holds it.
        unit: its UCUM unit.
        taper_var: the variable that holds one step of the taper, -1 without a taper `by` a share.
    """

    var: int
    unit: str
    taper_var: int = -1


def declare(low: Lowering, name: str, treatment: Treatment) -> None:
    """Give the dose its variable, unit, process and event."""
    dose = treatment.dose
    if dose is None:
        return
    unit = _unit(low, name, dose)
    taper_var = -1
    var = low.names.var(f"{name}.dose")
    if dose.taper is not None and dose.taper.by is not None:
        taper_var = low.names.var(f"{name}.taper")
    low.doses[name] = Amount(var, unit, taper_var)
    low.names.doses[name] = (var, unit)
    if dose.up is not None or dose.down is not None:
        low.names.process(f"{name}.dose")
    if dose.up is not None or dose.down is not None or dose.taper is not None:
        low.names.event(f"{name}.dose_changed")


def _unit(low: Lowering, name: str, dose: Dose) -> str:
    """The unit of the first amount that is written."""
    given = [dose.amount] if dose.amount is not None else list(dose.steps)
    for expr in given:
        unit = unit_written(expr)
        if unit is not None:
            return unit
    key = "amount" if dose.amount is not None else "steps"
    low.resolver.report(
        "E720", f"the dose of {name} has no unit", given[0] if given else None, Where.key(dose, key),
        expected="a quantity, e.g. `500 mg`",
    )  # fmt: skip
    return UNKNOWN


def unit_written(expr: s.Expr) -> str | None:
    """The unit of the first amount in a dose: ``mg`` of ``15 mg/kg * weight`` and of ``100 mg * 0.9``."""
    for node in walk(expr):
        if isinstance(node, s.Quantity) and units.time_unit(node.unit) is None and node.unit != "%":
            return units.per_unit_of(node.unit, "kg") or units.per_unit_of(node.unit, "m2") or node.unit
    return None


def text(treatment: Treatment) -> str | None:
    """How often and by which route, as it stands on the prescription."""
    dose = treatment.dose
    if dose is None:
        return None
    return ", ".join(filter(None, (_often(dose), dose.route or ""))) or None


def _often(dose: Dose) -> str:
    """``2 per day``; empty if it is not said, or not so."""
    times = dose.times
    if isinstance(times, s.Rate):
        with suppress(NotConstantError):
            often = constant(times.value)  # of a number, or of `1 / 2`
            return "" if often.kind else f"{often.value:g} per {times.unit}"
    return ""


def check(low: Lowering, name: str, treatment: Treatment) -> None:
    """What a dose must be, beside what its parts say themselves."""
    dose = treatment.dose
    if dose is None:
        return
    if dose.times is not None and not _often(dose):
        low.resolver.report(
            "E720", f"this is not how often {name} is taken", dose.times, Where.key(dose, "times"),
            expected="a number per time, e.g. `2 per day`, `1/2 per week`",
        )  # fmt: skip
    steps = _steps(low, name, dose)
    for change, key in ((dose.up, "up"), (dose.down, "down")):
        if change is not None and change.by is None and change.to is None and not dose.steps:
            low.resolver.report(
                "E720", f"nothing says how far the dose of {name} goes {key}", None,
                Where(change.path, change.span), expected="`by`, `to`, or `steps` of the dose",
            )  # fmt: skip
    if dose.taper is not None and dose.taper.by is None and not dose.steps:
        low.resolver.report(
            "E720", f"nothing says by how much {name} is tapered", None,
            Where(dose.taper.path, dose.taper.span), expected="`by`, e.g. `25%`, or `steps` of the dose",
        )  # fmt: skip
    if dose.steps and any(b <= a for a, b in itertools.pairwise(steps)):
        low.resolver.report(
            "E720", f"the steps of {name} do not ascend", dose.steps[0], Where.key(dose, "steps"),
            remedy="write them from the lowest to the highest",
        )  # fmt: skip
    elif len(steps) == len(dose.steps):
        _check_steps(low, name, dose, steps)
    if len(dose.steps) > 1 and dose.up is None and dose.down is None and dose.taper is None:
        low.resolver.report(
            "W315", f"nothing changes the dose of {name} from one step to another", dose.steps[-1],
            Where.key(dose, "steps"), remedy="give the dose `up`, `down` or `taper`, or write its `amount`",
        )  # fmt: skip


def _check_steps(low: Lowering, name: str, dose: Dose, steps: list[float]) -> None:
    """Doses that are given by number are among the steps, and some step is within the limits."""
    unit = low.doses[name].unit
    given: list[tuple[Block, str, s.Expr | None]] = [(dose, "start", dose.start)]
    given += [(each, "to", each.to) for each in (dose.up, dose.down) if each is not None]
    for block, key, expr in given if steps else ():
        where = Where.key(block, key, once=True)
        term = None if expr is None else low.resolver.number(expr, where, unit)
        value = None if term is None else algebra.constant(term)
        if value is not None and not any(math.isclose(value, step) for step in steps):
            low.resolver.report(
                "E720", f"{value:g} {unit} is not one of the steps of {name}", expr, where,
                expected=listing(f"{step:g} {unit}" for step in steps),
            )  # fmt: skip
    least, most = _limits(low, name, dose)
    for key, limit, beyond in (("least", least, steps[-1:]), ("most", most, steps[:1])):
        if limit is not None and beyond and (beyond[0] < limit if key == "least" else beyond[0] > limit):
            low.resolver.report(
                "E720", f"no step of {name} is within its limits", None, Where.key(dose, key),
                expected=listing(f"{step:g} {unit}" for step in steps),
            )  # fmt: skip


def _steps(low: Lowering, name: str, dose: Dose) -> list[float]:
    unit = low.doses[name].unit
    found = [low.resolver.constant(e, Where.key(dose, f"steps[{i}]"), unit) for i, e in enumerate(dose.steps)]
    return [x for x in found if x is not None]


def first(low: Lowering, name: str, treatment: Treatment) -> tuple[m.Action, ...]:
    """Sets the dose when the treatment starts."""
    term = first_dose(low, name, treatment)
    return () if term is None else (m.Set(low.doses[name].var, term),)


def first_dose(low: Lowering, name: str, treatment: Treatment) -> m.Term | None:
    """The dose that it starts with, in its unit; None without `dose`, or if that is wrong."""
    dose = treatment.dose
    if dose is None:
        return None
    key = "amount" if dose.amount is not None else "start" if dose.start is not None else "steps"
    expr = dose.amount or dose.start or (dose.steps[0] if dose.steps else None)
    if expr is None:
        return None
    term = _amount(low, expr, Where.key(dose, key, once=True), low.doses[name].unit)
    return None if term is None else _possible(low, name, dose, term)


def _amount(low: Lowering, expr: s.Expr, where: Where, unit: str) -> m.Term | None:
    term = low.resolver.number(expr, where, unit)
    value = None if term is None else algebra.constant(term)
    if value is not None and value <= 0.0:
        low.resolver.report("E606", "a dose must be greater than 0", expr, where)
        return None
    return term


def _possible(low: Lowering, name: str, dose: Dose, term: m.Term) -> m.Term:
    """The dose nearest to `term` that can be given: one of the steps, or within the limits."""
    if dose.steps:
        return _nearest_step(_allowed(low, name, dose), term)
    least, most = _limits(low, name, dose)
    if least is not None:
        term = algebra.apply("max", term, m.Const(least))
    if most is not None:
        term = algebra.apply("min", term, m.Const(most))
    return term


def _limits(low: Lowering, name: str, dose: Dose) -> tuple[float | None, float | None]:
    unit, found = low.doses[name].unit, []
    for key, expr in (("least", dose.least), ("most", dose.most)):
        found.append(None if expr is None else low.resolver.constant(expr, Where.key(dose, key), unit))
    return found[0], found[1]


def _allowed(low: Lowering, name: str, dose: Dose) -> list[float]:
    """The steps within the limits; all of them if none is, for which there is a finding."""
    least, most = _limits(low, name, dose)
    steps = _steps(low, name, dose)
    inside = [x for x in steps if (least is None or x >= least) and (most is None or x <= most)]
    return inside or steps


def prescribed(low: Lowering, name: str, treatment: Treatment, code: int) -> m.Emit:
    """The row of a prescription: its value is the dose."""
    value = m.Var(low.doses[name].var) if name in low.doses else None
    return m.Emit(code, value, encounter=low.encounter_index["prescribing"])


def lower(low: Lowering, name: str, treatment: Treatment, code: int, untapered: m.Term) -> None:
    """Add the process that changes the dose, if anything does.

    Args:
        code: the prescription's.
        untapered: on the treatment, and not on the way off it.
    """
    dose = treatment.dose
    if dose is None or (dose.up is None and dose.down is None):
        return
    arrows: list[m.Arrow] = []
    for key, change in (("up", dose.up), ("down", dose.down)):
        if change is not None:
            arrows += _change(low, name, treatment, code, key, change, untapered)
    started, stopped = (low.names.event(f"{name}.{e}") for e in ("started", "stopped"))
    ends = m.Arrow(f"{name}: dose ends", 0, m.OnEvent(stopped))
    states = (
        m.State("off", (m.Arrow(f"{name}: first dose", 1, m.OnEvent(started)),)),
        m.State("on", (ends, *arrows)),
    )
    low.add_process(m.Process(f"{name}.dose", states))


def _change(
    low: Lowering, name: str, treatment: Treatment, code: int, key: str, change: DoseChange, untapered: m.Term
) -> list[m.Arrow]:
    resolver, dose = low.resolver, treatment.dose
    assert dose is not None
    chart = f"`dose.{key}` of treatment {name}"
    at_visits = bool(change.at)
    when = resolver.condition(change.when, Where.key(change, "when", once=at_visits, chart=chart))
    target = _target(low, name, dose, key, change)
    rested = _rested(low, name, key, change)
    if when is None or target is None or rested is None:
        return []
    now = m.Var(low.doses[name].var)
    room = m.Apply("gt" if key == "up" else "lt", (target, now))
    condition = algebra.all_of(untapered, follow_up.attending(low), when, *rested, room)
    actions = (
        m.Set(low.doses[name].var, target),
        prescribed(low, name, treatment, code),
        m.Raise(low.names.event(f"{name}.dose_changed")),
    )
    label = f"{name}: dose {key}"
    if not at_visits:
        return [m.Arrow(label, 1, m.WhenTrue(condition), actions)]
    arrows = []
    for i, care in enumerate(change.at):
        if resolver.is_a(care, "care", None, Where.key(change, f"at[{i}]")):
            heard = m.OnEvent(low.names.event(f"{care}.visit"), condition)
            arrows.append(m.Arrow(low.arrow_name(f"{label} at {care}"), 1, heard, actions))
    return arrows


def _rested(low: Lowering, name: str, key: str, change: DoseChange) -> list[m.Term] | None:
    """That long enough has passed since the start and the last change."""
    if change.after is None:
        if key == "up" and not change.at:
            low.resolver.report(
                "E721", f"the dose of {name} would rise to the highest at once", change.when,
                Where.key(change, "when"),
                remedy="say how long to wait between changes, e.g. `after: 3 months`",
            )  # fmt: skip
            return None
        return []
    us = low.resolver.constant_duration(change.after, Where.key(change, "after"))
    if us is None:
        return None
    names = low.names
    started = names.stamp(f"{name}.started")
    changed = names.stamp(f"{name}.dose_changed")
    recently = m.SinceLess(changed, us)
    return [m.SinceAtLeast(started, us), algebra.negation(recently)]


def _target(low: Lowering, name: str, dose: Dose, key: str, change: DoseChange) -> m.Term | None:
    """The dose after a change."""
    unit, now = low.doses[name].unit, m.Var(low.doses[name].var)
    if change.to is not None:
        to = _amount(low, change.to, Where.key(change, "to", once=True), unit)
        return None if to is None else _possible(low, name, dose, to)
    if change.by is not None:
        step = _by(low, change, change.by, unit, now)
        if step is None:
            return None
        return _possible(low, name, dose, algebra.apply("add" if key == "up" else "sub", now, step))
    return _next_step(_allowed(low, name, dose), now, up=key == "up")


def _by(low: Lowering, block: Block, expr: s.Expr, unit: str, whole: m.Term) -> m.Term | None:
    """An amount, or a share of `whole`."""
    where = Where.key(block, "by", once=True)
    item = low.resolver.plain(expr, where)
    if item is None:
        return None
    share = item.unit == SHARE
    term = low.resolver.numeric(item, expr, where, None if share else unit)
    value = None if term is None else algebra.constant(term)
    if value is not None and value <= 0.0:
        low.resolver.report("E606", "a step must be greater than 0", expr, where)
        return None
    return None if term is None else algebra.product([whole, term]) if share else term


def _nearest_step(steps: list[float], wanted: m.Term) -> m.Term:
    value = algebra.constant(wanted)
    if not steps or value in steps:
        return wanted
    term: m.Term = m.Const(steps[-1])
    for below, above in reversed(list(itertools.pairwise(steps))):
        middle = m.Const((below + above) / 2.0)
        term = algebra.choose(algebra.apply("lt", wanted, middle), m.Const(below), term)
    return term


def _next_step(steps: list[float], now: m.Term, *, up: bool) -> m.Term | None:
    """The nearest step above (or below) `now`; the last one at the end."""
    if not steps:
        return None
    ordered = list(reversed(steps)) if up else steps
    term: m.Term = m.Const(ordered[0])
    for step in ordered[1:]:
        beyond = m.Apply("lt", (now, m.Const(step))) if up else m.Apply("gt", (now, m.Const(step)))
        term = algebra.choose(beyond, m.Const(step), term)
    return term


# --- the taper -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tapering:
    """A taper in the machine's words.

    Attributes:
        begin: done once, when the taper begins.
        held: whether it must wait.
        more: whether a step is left.
        step: one step down.
        every: time between steps.
    """

    begin: tuple[m.Action, ...]
    held: m.Term
    more: m.Term
    step: tuple[m.Action, ...]
    every: m.Distribution


def taper(low: Lowering, name: str, treatment: Treatment, code: int) -> Tapering | None:
    """How the treatment is tapered; None if it ends at once."""
    dose = treatment.dose
    if dose is None or dose.taper is None:
        return None
    block, amount = dose.taper, low.doses[name]
    every = distribution(low.resolver, block.every, Where.key(block, "every"), DURATION)
    now = m.Var(amount.var)
    begin: tuple[m.Action, ...] = ()
    if block.by is not None:
        by = _by(low, block, block.by, amount.unit, now)
        if by is None:
            return None
        begin = (m.Set(amount.taper_var, by),)
        step_size = m.Var(amount.taper_var)
        target: m.Term | None = m.Apply("sub", (now, step_size))
        more: m.Term = m.Apply("gt", (now, m.Apply("mul", (step_size, m.Const(2.0 - _ENOUGH)))))
    else:
        steps = _steps(low, name, dose)
        target = _next_step(steps, now, up=False)
        more = m.Apply("gt", (now, m.Const(steps[0]))) if steps else algebra.FALSE
    held: m.Term | None = algebra.FALSE
    if block.hold is not None:
        chart = f"`taper.hold` of treatment {name}"
        held = low.resolver.condition(block.hold, Where.key(block, "hold", once=True, chart=chart))
    if every is None or target is None or held is None:
        return None
    step = (
        m.Set(amount.var, target),
        prescribed(low, name, treatment, code),
        m.Raise(low.names.event(f"{name}.dose_changed")),
    )
    return Tapering(begin, held, more, step, every)
