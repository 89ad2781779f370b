"""Expressions → terms: names are looked up, kinds and units checked, clocks recognised.

An expression is resolved in a `Where`: the place that findings point at, whether its value is
wanted at one instant only (`once`: at a draw, an action, a measurement) or for as long as it
may change, and whether it is a rule that can only read the chart. Continuously changing
things (age, a true measurement, the time since an event) may be computed with in the former;
in the latter they can only be compared with constants, which tells the engine when the
comparison will next change.

Whatever is wrong is added to the findings; the result is then None, and None goes on to the
top in silence, so that one mistake is one finding.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulator import units
from simulator.compiler import algebra, arithmetic, chart_words, comparisons, named, tables, time_zones
from simulator.compiler import machine as m
from simulator.compiler.kinds import (
    SHARE,
    Typed,
    in_unit,
    number,
    truth,
    years_to_us,
)
from simulator.compiler.missing import follows
from simulator.compiler.names import Names, listing, nearest
from simulator.compiler.origins import Origins, value_text
from simulator.errors import NOWHERE, Findings, Span
from simulator.scenario import syntax as s
from simulator.scenario.model import Block, Table, Value

if TYPE_CHECKING:
    from simulator.compiler.hazards import WrittenRate

#: no duration is longer: instants are 64-bit microseconds
LONGEST_YEARS = 10_000
_COMPARE = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Where:
    """The place of an expression and what may be asked there.

    `chart` names the rule if it can only read the record, e.g. "`for` of care cf_clinic".
    """

    path: str
    span: Span = NOWHERE
    once: bool = False
    chart: str = ""

    @classmethod
    def key(cls, block: Block, key: str, *, once: bool = False, chart: str = "") -> Where:
        """The value of `key` in `block`."""
        span = block.spans.get(key, block.span)
        return cls(f"{block.path}.{key}" if block.path else key, span, once, chart)

    def at_once(self) -> Where:
        """The same place, where the value is wanted at one instant only."""
        return replace(self, once=True)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it is written, and resolved."""

    expr: s.Expr
    term: m.Term
    where: Where


class Resolver:
    """Resolves expressions against the names of one scenario."""

    def __init__(self, names: Names, findings: Findings) -> None:
        self.names = names
        self.findings = findings
        self.thresholds: list[comparisons.Threshold] = []
        self.rates: list[WrittenRate] = []
        self.durations: list[tuple[m.Distribution, s.Expr, Where]] = []  # times that are drawn
        self.conditions: dict[int, Condition] = {}  # all, and the parts of those with `and`, `or`, `not`
        self.zone: str | None = None  # the population's time zone, once it is known to exist
        self.origins: Origins | None = None  # filled if somebody will ask where things were written
        self._handlers: dict[type, Callable[[Any, Where], Typed | None]] = {
            s.Number: lambda e, w: number(m.Const(e.value)),
            s.Quantity: self._quantity,
            s.Rate: self._rate,
            s.Date: lambda e, w: Typed(m.Const(float(self.midnight(e.value))), "date"),
            s.Name: lambda e, w: named.value(self, e, w),
            s.Unary: lambda e, w: arithmetic.unary(self, e, w),
            s.Binary: self._binary,
            s.In: lambda e, w: comparisons.membership(self, e, w),
            s.Call: lambda e, w: arithmetic.call(self, e, w),
            s.On: lambda e, w: chart_words.on(self, e, w),
            s.Ever: lambda e, w: chart_words.ever(self, e, w),
            s.Diagnosed: lambda e, w: chart_words.diagnosed(self, e, w),
            s.Since: lambda e, w: chart_words.since(self, e, w),
            s.Count: lambda e, w: chart_words.count(self, e, w),
            s.Last: lambda e, w: chart_words.last(self, e, w),
            s.Dose: lambda e, w: chart_words.dose(self, e, w),
            s.Range: self._spread,
            s.PlusMinus: self._spread,
            s.Curve: self._tabulated,
            s.Mixture: self._tabulated,
            s.Unread: self._unread,
        }

    # --- what other modules ask for -----------------------------------------------------

    def condition(self, expr: s.Expr, where: Where) -> m.Term | None:
        """A truth that holds or does not."""
        item = self.typed(expr, where)
        term = None if item is None else self._noted(self._truth(item, expr, where), expr, where)
        if term is not None:
            self.conditions[id(expr)] = Condition(expr, term, where)
        return term

    def number(self, value: Value, where: Where, unit: str | None = None) -> m.Term | None:
        """A number in `unit` (None: a pure number), or a table of them."""
        if isinstance(value, Table):
            return tables.lookup(self, value, where, lambda e: self.constant(e, where, unit))
        item = self.plain(value, where)
        return None if item is None else self.numeric(item, value, where, unit)

    def rate(self, value: Value, where: Where, unit: str | None = None) -> m.Term | None:
        """Something per year: a rate, or a slope of a quantity in `unit`."""
        if isinstance(value, Table):
            return tables.lookup(self, value, where, lambda e: self.constant_rate(e, where, unit))
        item = self.plain(value, where)
        if item is None:
            return None
        if item.kind != "rate" and item.constant != 0.0:
            remedy = "say per what time it is meant, e.g. `0.06 per year`"
            self.report("E601", f"{item.words} stands where a rate belongs", value, where, remedy=remedy)
            return None
        return self._units(item, value, where, unit)

    def probability(self, value: Value, where: Where) -> m.Term | None:
        """A number from 0 to 1."""
        if isinstance(value, Table):
            found = tables.lookup(self, value, where, lambda e: self.constant_probability(e, where))
            return self._noted(found, value, where)
        term = self._noted(self.number(value, where), value, where)
        p = None if term is None else algebra.constant(term)
        if p is not None and not 0.0 <= p <= 1.0:
            self.report(
                "E603",
                f"{p:g} is not a probability",
                value,
                where,
                expected="a number from 0 to 1, or 0% to 100%",
                remedy=f"write `{p:g}%`" if 1.0 < p <= 100.0 else "",
            )
            return None
        return term

    def duration(self, expr: s.Expr, where: Where) -> m.Term | None:
        """A duration in microseconds."""
        item = self.plain(expr, where)
        if item is None:
            return None
        if item.kind != "duration":
            self.report(
                "E601", f"{item.words} stands where a duration belongs", expr, where,
                expected="a number with a time unit, e.g. `6 months`",
            )  # fmt: skip
            return None
        return item.term

    def constant(self, expr: s.Expr, where: Where, unit: str | None = None) -> float | None:
        """A number known before the run, in `unit`."""
        return self._constant(self.number(expr, where, unit), expr, where)

    def constant_rate(self, expr: s.Expr, where: Where, unit: str | None = None) -> float | None:
        """A rate per year known before the run."""
        return self._constant(self.rate(expr, where, unit), expr, where)

    def constant_probability(self, expr: s.Expr, where: Where) -> float | None:
        """A probability known before the run."""
        return self._constant(self.probability(expr, where), expr, where)

    def constant_duration(self, expr: s.Expr, where: Where) -> int | None:
        """A duration known before the run, in whole microseconds, not negative."""
        value = self._constant(self.duration(expr, where), expr, where)
        if value is None:
            return None
        return self.whole(value, expr, where)

    def whole(self, microseconds: float, expr: s.Expr, where: Where) -> int | None:
        """A constant duration in whole microseconds; a finding if it is negative or endless."""
        if microseconds < 0:
            self.report("E606", "a duration cannot be negative", expr, where)
            return None
        if microseconds > LONGEST_YEARS * units.MICROSECONDS["year"]:
            self.report("E605", f"this is longer than {LONGEST_YEARS:,} years", expr, where)
            return None
        return round(microseconds)

    def event(self, expr: s.Expr, where: Where) -> str | None:
        """The name of an event."""
        if not isinstance(expr, s.Name):
            self.report("E505", "this is not an event", expr, where, expected="a name such as `cf.onset`")
            return None
        if expr.text in self.names.events and ":" not in expr.text:
            return expr.text
        known = self.names.public_events()
        own = self.names.public_events(expr.parts[0])
        owner = self.names.symbols.get(expr.parts[0])
        message = f"there is no event `{expr.text}`"
        if owner is not None and own:
            expected = f"an event of {owner.kind} {owner.name}: {listing(own)}"
        elif owner is not None:
            expected, message = "", f"{message}: {owner.kind} {owner.name} has no events"
        else:
            expected = "`DISEASE.onset`, `DISEASE.STATE`, `TREATMENT.started`, `CARE.visit`, …"
        if own:
            last = nearest(expr.parts[-1], [event.rpartition(".")[2] for event in own])
            close = None if last is None else f"{expr.parts[0]}.{last}"
        else:
            close = nearest(expr.text, known)
        if owner is None and close is None:  # `diagnosis`, for `cf.diagnosed`
            by_last = self.names.events_by_last()
            close = by_last.get(nearest(expr.parts[-1], by_last) or "")
        self.report("E505", message, expr, where, expected=expected, nearest=close)
        return None

    def midnight(self, day: dt.date) -> int:
        """When a day begins where the patients live, in microseconds."""
        return time_zones.midnight(day, self.zone)

    def report(
        self,
        code: str,
        message: str,
        node: object,
        where: Where,
        *,
        expected: str = "",
        nearest: str | None = None,
        remedy: str = "",
    ) -> None:
        """Add a finding at `node` if that is an expression with a place, else at `where`.

        Nothing is said that may only follow from something that could not be read.
        """
        names = self.names
        if (names.missing or names.lost or names.adrift) and follows(names, code, message, node, where.path):
            return
        span = node.span if isinstance(node, s.Node) and node.span != NOWHERE else where.span
        self.findings.add(
            code, message, span, path=where.path, expected=expected, nearest=nearest, remedy=remedy
        )

    # --- kinds ---------------------------------------------------------------------------

    def plain(self, expr: s.Expr, where: Where) -> Typed | None:
        """A number, duration, rate or date to compute with: ages and true values as of now."""
        item = self.typed(expr, where)
        return None if item is None else self.value(item, expr, where)

    def value(self, item: Typed, expr: s.Expr, where: Where) -> Typed | None:
        """What an age, a level, … is when its value is needed."""
        if item.kind in ("number", "duration", "rate", "date"):
            return item
        if item.kind in ("age", "level") and not where.once:
            example = "age >= 40 years" if item.kind == "age" else f"{item.name} >= 10"
            self.report(
                "E608",
                f"`{item.name}` changes all the time and cannot be computed with here",
                expr,
                where,
                remedy=f"compare it with a constant (`{example}`)"
                + (" or use a table by age" if item.kind == "age" else ""),
            )
            return None
        if item.kind == "age":
            return Typed(years_to_us(item.term), "duration")
        if item.kind == "level":
            return number(item.term, item.unit)
        remedy = {
            "category": f"choose by it: `if({item.name} == …, 1, 0)`, or a table by {item.name}",
            "disease": f"choose by it: `if({item.name}, 1, 0)`",
            "truth": "choose by it: `if(condition, 1, 0)`",
            "count": "compare it with a number: `count of … >= 3`",
            "since": "compare it with a duration: `time since … > 6 months`",
            "now": "compare it with a date: `date >= 2019-10-21`",
            "year": "compare it with a number: `year >= 2015`, or use a table by year",
        }[item.kind]
        self.report("E601", f"{item.words} is not a number", expr, where, remedy=remedy)
        return None

    def _truth(self, item: Typed, expr: s.Expr, where: Where) -> m.Term | None:
        if item.kind in ("truth", "disease"):
            return item.term
        remedy = {
            "category": f"say which: `{item.name} == …` or `{item.name} in […]`",
            "level": f"compare it: `{item.name} >= …`",
            "age": "compare it: `age >= 40 years`",
        }.get(item.kind, "compare it with something")
        self.report("E601", f"{item.words} is neither true nor false", expr, where, remedy=remedy)
        return None

    def numeric(self, item: Typed, expr: s.Expr, where: Where, unit: str | None) -> m.Term | None:
        """A resolved number in `unit`; a finding if it is none."""
        if item.kind != "number":
            want = "a number" if unit in (None, "1") else f"a number in {unit}"
            remedy = ""
            if item.kind == "duration":
                remedy = "divide it by its unit to get a number, e.g. `age / 1 year`"
            self.report("E601", f"{item.words} stands where {want} belongs", expr, where, remedy=remedy)
            return None
        return self._units(item, expr, where, unit)

    def _units(self, item: Typed, expr: s.Expr, where: Where, unit: str | None) -> m.Term | None:
        converted = in_unit(item, unit)
        if converted is None:
            have = "a share" if item.unit == SHARE else f"`{item.unit}`"
            want = "a number without unit" if unit in (None, "1") else f"`{unit}`"
            remedy = f"multiply it by the weight, e.g. `20 {item.unit} * body_weight`" \
                if item.unit == f"{unit}/kg" else ""  # fmt: skip
            self.report("E602", f"the unit is {have} where {want} belongs", expr, where, remedy=remedy)
            return None
        return converted.term

    def _constant(self, term: m.Term | None, expr: object, where: Where) -> float | None:
        if term is None:
            return None
        value = algebra.constant(term)
        if value is None:
            self.report("E607", "this must be known before the run", expr, where, expected="a constant")
        return value

    # --- expressions ---------------------------------------------------------------------

    def typed(self, expr: s.Expr, where: Where) -> Typed | None:
        """An expression with its kind; None if something in it is wrong."""
        item = self._handlers[type(expr)](expr, where)
        if item is not None and self.origins is not None:
            self.origins.wrote(item.term, value_text(expr))
        return item

    def _noted(self, term: m.Term | None, value: Value, where: Where) -> m.Term | None:
        """The term itself; where it was written is noted, if somebody will ask."""
        if term is not None and self.origins is not None:
            self.origins.place(term, value_text(value), where.span, where.path)
        return term

    def _quantity(self, expr: s.Quantity, where: Where) -> Typed | None:
        unit = units.time_unit(expr.unit)
        if unit is not None and expr.value * units.YEARS[unit] > LONGEST_YEARS:
            self.report("E605", f"this is longer than {LONGEST_YEARS:,} years", expr, where)
            return None
        if unit is not None:
            return Typed(m.Const(float(units.duration_us(expr.value, unit))), "duration")
        if expr.unit == "%":
            return number(m.Const(expr.value / 100.0), SHARE)
        return number(m.Const(expr.value), expr.unit)

    def _rate(self, expr: s.Rate, where: Where) -> Typed | None:
        item = self.plain(expr.value, where)
        if item is None:
            return None
        if item.kind != "number":
            self.report("E601", f"{item.words} per {expr.unit} is not a rate", expr, where)
            return None
        return Typed(algebra.apply("div", item.term, m.Const(units.YEARS[expr.unit])), "rate", item.unit)

    def must_be_chart(self, what: str, instead: str, expr: object, where: Where) -> None:
        """A rule that can only read the chart must not read the truth."""
        if where.chart:
            self.report(
                "E701",
                f"{where.chart} reads {what}, which nobody can see",
                expr,
                where,
                remedy=f"read it off the chart: {instead}",
            )

    def _binary(self, expr: s.Binary, where: Where) -> Typed | None:
        if expr.op in ("and", "or"):
            left, right = self.condition(expr.left, where), self.condition(expr.right, where)
            if left is None or right is None:
                return None
            return truth((algebra.all_of if expr.op == "and" else algebra.any_of)(left, right))
        if expr.op in _COMPARE:
            return comparisons.compare(self, expr, where)
        left_item, right_item = self.plain(expr.left, where), self.plain(expr.right, where)
        if left_item is None or right_item is None:
            return None
        return arithmetic.arithmetic(self, expr.op, left_item, right_item, expr, where)

    # --- words of the chart ----------------------------------------------------------------

    def known(self, name: s.Name, kind: str, where: Where) -> bool:
        """Whether `name` is a `kind`; a finding if it is not."""
        return self.is_a(name.text, kind, name, where)

    def is_a(self, text: str, kind: str, node: object, where: Where) -> bool:
        """Whether `text` names a `kind` (disease, treatment, …); a finding if it does not."""
        symbol = self.names.symbols.get(text)
        if symbol is not None and symbol.kind == kind:
            return True
        known = self.names.of_kind(kind)
        near, expected = nearest(text, known), listing(known)
        if symbol is not None:
            message = f"`{text}` is {'an' if symbol.kind[0] in 'ae' else 'a'} {symbol.kind}, not a {kind}"
            self.report("E502", message, node, where, expected=expected, nearest=near)
        else:
            expected = expected or f"this scenario has no {kind}"
            self.report("E501", f"there is no {kind} `{text}`", node, where, expected=expected, nearest=near)
        return False

    def on_treatment(self, name: str) -> m.Term:
        """Whether the patient is on the treatment, and it is not paused."""
        on = m.InState(self.names.symbols[name].index, self.names.states[name]["on"])
        pause = self.names.processes.get(f"{name}.pause")
        return on if pause is None else algebra.all_of(on, m.InState(pause, 1))

    def diagnosed(self, name: str) -> m.Term:
        """Whether the chart carries the disease."""
        return m.InState(
            self.names.processes[f"{name}.diagnosis"], self.names.states[f"{name}.diagnosis"][""]
        )

    def _spread(self, expr: s.Range | s.PlusMinus, where: Where) -> Typed | None:
        sign = ".." if isinstance(expr, s.Range) else "±"
        self.report(
            "E601", f"`{sign}` is drawn, and nothing is drawn here", expr, where, remedy="give a single value"
        )
        return None

    def _unread(self, expr: s.Unread, where: Where) -> Typed | None:
        """Nothing is known of it but its parts: each may have mistakes of its own."""
        for part in expr.parts:
            self.typed(part, where)
        return None

    def _tabulated(self, expr: s.Curve | s.Mixture, where: Where) -> Typed | None:
        name = expr.kind if isinstance(expr, s.Curve) else "mixture"
        self.report(
            "E601", f"`{name}` is drawn, and nothing is drawn here", expr, where, remedy="give a single value"
        )
        return None
