"""Expectations and targets: their names resolved, their units checked, their bounds in one unit.

Nothing here changes the machine: what an author expects does not change what happens.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from simulator import units
from simulator.compiler import severity, stays, symptoms
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Resolver, Where
from simulator.scenario import syntax as s
from simulator.scenario.model import Disease, Scenario
from simulator.scenario.model_targets import Expectation, Target
from simulator.scenario.remainder import UNREAD_TEXT
from simulator.scenario.statement import CHANGES, VALUES, Amount, Bounds, Statement

SHARE, PER_YEAR, YEAR = "share", "/year", "year"
BIRTH, DEATH = "birth", "death"
#: of encounters: ``emergency.visit`` is a visit of any care of that class
CLASSES = ("ambulatory", "emergency", "inpatient", "virtual", "home")

#: unit of each kind of statistic; means and medians of measurements have the measurement's
_UNITS = {
    "prevalence": SHARE, "share": SHARE, "survival": SHARE, "incidence": PER_YEAR, "rate": PER_YEAR,
    "median age": YEAR, "mean age": YEAR, "median time": YEAR, "mean time": YEAR, "median survival": YEAR,
}  # fmt: skip
_WANTED = {
    SHARE: "a share, e.g. `18%..24%` or `4..6 per 100_000`",
    PER_YEAR: "a rate, e.g. `8..14 per 1000 per year`",
    YEAR: "a length of time, e.g. `6..12 months`",
}
_EVENTS = (
    "use an event of a disease, `T.started`, `T.stopped`, `CARE.visit`, `M.measured` or `PROCEDURE.done`"
)
_COMPARE = ("==", "!=", "<", "<=", ">", ">=")
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Claim:
    """A statistic and the bounds it must lie in, in `unit`; None where open."""

    id: str
    statement: Statement
    unit: str
    low: float | None
    high: float | None
    published: float | None
    source: str | None


def claims(scenario: Scenario) -> tuple[Claim, ...]:
    """What a scenario without errors expects and must reproduce, in the order of the file."""
    found = []
    for block, statement, name in _all(scenario):
        unit = unit_of(scenario, statement)
        if isinstance(block, Expectation):
            low, high = _ends(block.within, statement, unit)
            found.append(Claim(name, statement, unit, low, high, None, block.source))
        else:
            low, high = _accepted(block, statement, unit)
            published = amount_in(block.value, unit, difference=statement.kind in CHANGES)
            found.append(Claim(name, statement, unit, low, high, published, block.source))
    return tuple(found)


def countable(scenario: Scenario, event: str) -> bool:
    """Whether an event (of the language) leaves a trace in the log that can be told from all others."""
    owner, _, what = event.partition(".")
    if owner in scenario.diseases:
        disease = scenario.diseases[owner]
        known = ("onset", "diagnosed", "resolved", DEATH, *disease.states, *disease.events)
        return what in known or _of_symptom(disease, what)
    kinds: tuple[tuple[Collection[str], tuple[str, ...]], ...] = (
        (scenario.treatments, ("started", "stopped", "paused", "resumed")),
        (scenario.care, ("visit",)),
        (scenario.measurements, ("measured",)),
        (scenario.procedures, ("done",)),
    )
    return any(owner in blocks and what in events for blocks, events in kinds) or _of_stay(
        scenario, owner, what
    )


def _of_stay(scenario: Scenario, care: str, what: str) -> bool:
    """Whether this is a part of a stay; leaving one while another goes on would leave no row."""
    with_stays = {name: block.stay for name, block in scenario.care.items() if block.stay is not None}
    stay = with_stays.get(care)
    if stay is None:
        return False
    leaves = ("discharged", *stays.dispositions(stay)) if len(with_stays) == 1 else ()
    return what in ("admitted", *stay.units, *leaves)


def _of_symptom(disease: Disease, what: str) -> bool:
    """Whether this is a symptom (it begins), one of its severities, or its end."""
    name, _, which = what.partition(".")
    symptom = symptoms.all_of(disease).get(name)
    return symptom is not None and which in ("", "ended", *severity.names_of(symptom))


def is_symptom(scenario: Scenario, name: str) -> bool:
    """Whether this is a symptom or phenotype, e.g. ``copd.dyspnoea``."""
    owner, _, what = name.partition(".")
    disease = scenario.diseases.get(owner)
    return disease is not None and what in symptoms.all_of(disease)


def unit_of(scenario: Scenario, statement: Statement) -> str:
    """``share``, ``/year``, ``year``, or the unit of the measurement."""
    if statement.kind in _UNITS:
        return _UNITS[statement.kind]
    block = scenario.measurements.get(statement.subject.text if isinstance(statement.subject, s.Name) else "")
    return block.unit if block is not None else "1"


def amount_in(amount: Amount, unit: str, *, difference: bool = False) -> float | None:
    """An amount as written, in `unit`; None if it is something else.

    A `difference` of 9 [degF] is one of 5 Cel.
    """
    if unit == PER_YEAR:
        share = amount_in(replace(amount, time=""), SHARE)
        return share / units.YEARS[amount.time] if share is not None and amount.time else None
    if amount.time:
        return None
    if unit == YEAR:
        scale = units.YEARS.get(amount.unit)
        return None if scale is None else amount.value * scale
    if amount.unit in ("", unit) or unit == UNREAD_TEXT:
        return amount.value
    if amount.unit == "%" and unit == SHARE:
        return amount.value / 100.0
    value, zero = (units.convert(x, amount.unit, unit) for x in (amount.value, 0.0))
    return value - zero if difference and value is not None and zero is not None else value


def comparison(expr: s.Binary) -> tuple[str, s.Expr, s.Expr]:
    """A comparison with what is looked up on the left and the constant on the right."""
    moving = (s.Name, s.Last)
    if isinstance(expr.left, moving):
        return expr.op, expr.left, expr.right
    return _MIRROR.get(expr.op, expr.op), expr.right, expr.left


def constant(expr: s.Expr) -> Amount | None:
    """A literal number or quantity; None if it is none."""
    if isinstance(expr, s.Unary) and expr.op == "-":
        inner = constant(expr.operand)
        return None if inner is None else replace(inner, value=-inner.value)
    if isinstance(expr, s.Number):
        return Amount(value=expr.value)
    if isinstance(expr, s.Quantity):
        return Amount(value=expr.value, unit=expr.unit)
    return None


def _all(scenario: Scenario) -> Iterator[tuple[Expectation | Target, Statement, str]]:
    for expectation in scenario.expect.values():
        if expectation.statement is not None:
            yield expectation, expectation.statement, expectation.statement.text
    for name, target in scenario.targets.items():
        yield target, target.statistic, name


def _ends(bounds: Bounds, statement: Statement, unit: str) -> tuple[float | None, float | None]:
    change = statement.kind in CHANGES
    low = None if bounds.low is None else amount_in(bounds.low, unit, difference=change)
    return low, None if bounds.high is None else amount_in(bounds.high, unit, difference=change)


def _accepted(target: Target, statement: Statement, unit: str) -> tuple[float | None, float | None]:
    """Where the model must lie: `accept`, or within `tolerance` of the value, or the published interval."""
    if target.accept is not None:
        return _ends(target.accept, statement, unit)
    if target.tolerance is not None:
        value = amount_in(target.value, unit, difference=statement.kind in CHANGES) or 0.0
        off = target.tolerance.value / 100.0 * abs(value)
        if target.tolerance.unit != "%":
            off = amount_in(target.tolerance, unit, difference=True) or 0.0
        return value - off, value + off
    return (None, None) if target.ci95 is None else _ends(target.ci95, statement, unit)


# --- findings ---------------------------------------------------------------------------------


def check(low: Lowering) -> None:
    """Report what is wrong with expectations and targets."""
    names = replace(
        low.names,
        stamps=dict(low.names.stamps),
        rings=dict(low.names.rings),
        ring_list=copy.deepcopy(low.names.ring_list),
    )
    checker = _Checker(low.scenario, Resolver(names, low.findings))
    for block, statement, _ in _all(low.scenario):
        where = Where(block.path, statement.span)
        if checker.statement(statement, where):
            checker.bounds(block, statement)


@dataclass(slots=True)
class _Checker:
    scenario: Scenario
    resolver: Resolver

    def statement(self, statement: Statement, where: Where) -> bool:
        """Whether all that the statement names can be found in a log; findings if not."""
        fine = self.subject(statement, where)
        if statement.origin is not None:
            fine &= self.event(statement.origin, where)
        if statement.among is not None:
            fine &= self.condition(statement.among, where)
        self.period(statement, where)
        return fine

    def subject(self, statement: Statement, where: Where) -> bool:
        subject = statement.subject
        if statement.kind == "prevalence":
            return self.condition(subject, where)
        assert isinstance(subject, s.Name)
        if statement.kind in VALUES:
            return self.resolver.is_a(subject.text, "measurement", subject, where)
        return self.event(subject, where)

    def event(self, name: s.Name, where: Where) -> bool:
        if name.text in (BIRTH, DEATH):
            return True
        if name.text in self.scenario.diseases:
            return True
        owner, _, what = name.text.partition(".")
        if owner in CLASSES and owner not in self.scenario.care and what == "visit":
            return True
        disease = self.scenario.diseases.get(owner)
        if disease is not None and what == DEATH and disease.death:
            return True
        event = self.resolver.event(name, where)
        if event is not None and not countable(self.scenario, event):
            self.resolver.report("E762", f"{event} cannot be counted in a log", name, where, remedy=_EVENTS)
            return False
        return event is not None

    def condition(self, expr: s.Expr, where: Where) -> bool:
        if self.resolver.condition(expr, where.at_once()) is None:
            return False
        found = [self.recorded(each, where) for each in _atoms(expr)]  # all of them are to be reported
        return all(found)

    def recorded(self, expr: s.Expr, where: Where) -> bool:
        """Whether one condition without `and`, `or` and `not` can be told from a log."""
        words, remedy = "this", "name a disease, a diagnosis, a treatment, an attribute, an age or a `last …`"
        match expr:
            case s.Name() if expr.text in self.scenario.diseases or is_symptom(self.scenario, expr.text):
                return True
            case s.Diagnosed(disease=disease) if disease.text in self.scenario.diseases:
                return True
            case s.On(treatment=treatment) if treatment.text in self.scenario.treatments:
                return True
            case s.Ever(event=event):
                return self.event(event, where)
            case s.In(item=s.Name() as item):
                return self.kept(item.text, expr, where)
            case s.Binary(op=op) if op in _COMPARE:
                _, left, right = comparison(expr)
                if isinstance(left, s.Name) and left.text in self.scenario.measurements:
                    words, remedy = f"the true value of {left.text}", f"use `last {left.text}`"
                elif isinstance(left, s.Name) and isinstance(right, s.Name):
                    return self.kept(left.text, expr, where)
                elif constant(right) is None:
                    pass  # both sides may change: not told by one column of the log
                elif isinstance(left, s.Last):
                    return True
                elif isinstance(left, s.Name) and left.text in ("age", *self.scenario.attributes):
                    return left.text == "age" or self.kept(left.text, expr, where)
        self.resolver.report("E762", f"{words} cannot be counted in a log", expr, where, remedy=remedy)
        return False

    def kept(self, name: str, expr: s.Expr, where: Where) -> bool:
        """Whether an attribute (or disease, symptom, or sex) is in the log."""
        attribute = self.scenario.attributes.get(name)
        if is_symptom(self.scenario, name):
            return True
        if name == "sex" or name in self.scenario.diseases or (attribute is not None and attribute.codes):
            return True
        if attribute is None:
            self.resolver.report("E762", f"{name} cannot be counted in a log", expr, where)
            return False
        self.resolver.report(
            "E762", f"{name} is not recorded, so nobody can be counted by it", expr, where,
            remedy=f"give attribute {name} a code under `codes:`",
        )  # fmt: skip
        return False

    def period(self, statement: Statement, where: Where) -> None:
        population = self.scenario.population
        if population is None:
            return
        first, last = population.from_, population.to - dt.timedelta(days=1)
        outside = False
        if statement.years is not None:
            low, high = statement.years
            outside = low > last.year or (high is not None and high < first.year)
        if statement.day is not None:
            outside = not first <= statement.day <= last
        if outside:
            self.resolver.report(
                "E763", "nothing is recorded then", statement, where,
                expected=f"a time between {first} and {last}",
            )  # fmt: skip

    def bounds(self, block: Expectation | Target, statement: Statement) -> None:
        """Report amounts of another kind than the statistic, and bounds that enclose nothing."""
        unit = unit_of(self.scenario, statement)
        if isinstance(block, Expectation):
            self.ends(block, "within", block.within, unit)
            return
        self.amount(block.value, unit, Where.key(block, "value"))
        for key, bounds in (("ci95", block.ci95), ("accept", block.accept)):
            if bounds is not None:
                self.ends(block, key, bounds, unit)
        tolerance = block.tolerance
        if tolerance is None:
            return
        where = Where.key(block, "tolerance")
        if tolerance.unit != "%" or unit == "%":
            self.amount(tolerance, unit, where)
        if tolerance.value <= 0:
            self.resolver.report("E611", "no model comes as near as that", tolerance, where)

    def ends(self, block: Expectation | Target, key: str, bounds: Bounds, unit: str) -> None:
        where = Where.key(block, key)
        found: list[float] = []
        for end in (bounds.low, bounds.high):
            value = None if end is None else self.amount(end, unit, where)
            if end is not None and value is None:
                return  # one mistake is one finding
            found += [] if value is None else [value]
        if len(found) == 2 and found[0] >= found[1]:
            self.resolver.report("E611", "these bounds enclose nothing", bounds, where)

    def amount(self, amount: Amount, unit: str, where: Where) -> float | None:
        value = amount_in(amount, unit)
        if value is None:
            share = "A share of the value has a percent sign: `10%`."
            self.resolver.report(
                "E761", "this is not what the statistic says", amount, where,
                expected=_WANTED.get(unit, f"a value in {unit}"),
                remedy=share if where.path.endswith(".tolerance") else "",
            )  # fmt: skip
        elif unit == SHARE and not 0.0 <= value <= 1.0:
            self.resolver.report("E603", f"{value:g} is not a share", amount, where, expected="0% to 100%")
            return None
        return value


def _atoms(expr: s.Expr) -> Iterator[s.Expr]:
    """The conditions that `and`, `or` and `not` join."""
    if isinstance(expr, s.Binary) and expr.op in ("and", "or"):
        yield from _atoms(expr.left)
        yield from _atoms(expr.right)
    elif isinstance(expr, s.Unary) and expr.op == "not":
        yield from _atoms(expr.operand)
    else:
        yield expr
