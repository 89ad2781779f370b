"""Terms in words: as the author wrote them, and with what they were about at a moment."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass

from simulator import units
from simulator.authoring.explain_story import Part, Place
from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.origins import Origin, Origins
from simulator.compiler.time_zones import local_time
from simulator.engine import ages
from simulator.engine.ages import NEVER, NULL
from simulator.engine.reference_state import PatientState
from simulator.engine.reference_terms import count_at_least, holds, level_value, value_of
from simulator.engine.reference_trace import Trace

_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**",
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "and": "and", "or": "or",
}  # fmt: skip


def when(instant: int, machine: m.Machine | None = None) -> dt.datetime:
    """An instant as what the clocks show where the patients of a machine live (without one: in UTC)."""
    return local_time(instant, None if machine is None else machine.population.zone)


def span_words(microseconds: float) -> str:
    """A length of time in the unit one would say it in: ``3.2 years``, ``5 months``, ``12 days``."""
    if microseconds >= NEVER:
        return "for ever"
    for unit, at_least in (("year", 2.0), ("month", 2.0), ("day", 1.0), ("hour", 1.0), ("minute", 0.0)):
        number = microseconds / units.MICROSECONDS[unit]
        if number >= at_least:
            break
    text = f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}"
    return f"{text} {unit}" + ("" if text == "1" else "s")


def age_words(birth: int, instant: int) -> str:
    """An age as clinicians say it: days in the first month, months up to two years, then whole years."""
    if instant < birth:
        return "not born"
    years = ages.completed_years(instant, birth)
    if years >= 2:
        return f"{years} years"
    begin, now = when(birth), when(instant)
    months = 12 * (now.year - begin.year) + now.month - begin.month
    months -= (now.day, now.time()) < (begin.day, begin.time())
    count, unit = (months, "month") if months > 0 else ((now - begin).days, "day")
    return f"{count} {unit}" + ("" if count == 1 else "s")


def number_words(value: float) -> str:
    """A number in four digits; ``unknown`` if it is none."""
    return "unknown" if math.isnan(value) else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads terms of one machine for one life."""

    machine: m.Machine
    origins: Origins
    trace: Trace

    def when(self, instant: int) -> dt.datetime:
        """An instant as what the clocks show where the patient lives."""
        return when(instant, self.machine)

    # --- as written -----------------------------------------------------------------------

    def text(self, term: m.Term) -> str:
        """The author's words for a term; our own where there are none."""
        known = self.origins.texts.get(term)
        if known is not None:
            return known
        match term:
            case m.Const(value):
                return f"{value:.6g}"
            case m.Var(index):
                return self.machine.vars[index].name
            case m.InState(process, mask):
                states = self.machine.processes[process].states
                chosen = dict.fromkeys(s.name for i, s in enumerate(states) if mask >> i & 1)
                return f"{self.machine.processes[process].name} in [{', '.join(chosen)}]"
            case m.Age():
                return "age"
            case m.AgeAtLeast(years):
                return f"age >= {span_words(years * ages.YEAR)}"
            case m.TimeAtLeast(instant):
                return f"date >= {self.when(instant):%Y-%m-%d}"
            case m.SinceAtLeast(stamp, duration) if ":round" in self.machine.stamps[stamp]:
                pathway = self.machine.stamps[stamp].partition(":")[0]
                return f"the latest round of {pathway} began {span_words(duration)} ago"
            case m.SinceAtLeast(stamp, duration):
                return f"time since {self.machine.stamps[stamp]} >= {span_words(duration)}"
            case m.SinceLess(stamp, duration):
                return f"time since {self.machine.stamps[stamp]} < {span_words(duration)}"
            case m.Stamped(stamp):
                return f"{self.machine.stamps[stamp]} has happened"
            case m.CountAtLeast(ring, n, within):
                window = "" if within is None else f" in last {span_words(within)}"
                return f"count of {self.machine.rings[ring][0]}{window} >= {n}"
            case m.Level(measurement):
                return self.machine.levels[measurement].name
            case m.LevelAtLeast(measurement, threshold):
                return f"{self.machine.levels[measurement].name} >= {threshold:g}"
            case m.Signal(index):
                return self.machine.signals[index].name
            case m.Lookup(axes, _):
                names = [self.machine.vars[a.index].name if a.kind == "var" else a.kind for a in axes]
                return f"table by {' and '.join(names)}"
            case m.Apply():
                return self._apply(term)

    def _apply(self, term: m.Apply) -> str:
        parts = [self.text(arg) for arg in term.args]
        if term.op in _SIGNS:
            if term.op in ("eq", "ne") and isinstance(term.args[0], m.Var):
                parts[1] = self._category(term.args[0], term.args[1]) or parts[1]
            return f" {_SIGNS[term.op]} ".join(
                f"({p})" if isinstance(a, m.Apply) and a.op in _SIGNS else p
                for p, a in zip(parts, term.args, strict=True)
            )
        if term.op == "not":
            return f"not ({parts[0]})" if isinstance(term.args[0], m.Apply) else f"not {parts[0]}"
        return f"{term.op}({', '.join(parts)})"

    def _category(self, var: m.Var, value: m.Term) -> str:
        categories = self.machine.vars[var.index].categories
        number = algebra.constant(value)
        if categories and number is not None and 0 <= number < len(categories):
            return categories[int(number)]
        return ""

    def distribution(self, drawn: m.Distribution, state: PatientState) -> str:
        """A distribution of durations in words of our own."""
        values = [value_of(p, state) for p in drawn.params]
        words = {
            "fixed": lambda: span_words(values[0]),
            "uniform": lambda: f"{span_words(values[0])} to {span_words(values[1])}, evenly",
            "normal": lambda: f"normal({span_words(values[0])}, {span_words(values[1])})",
            "exponential": lambda: f"exponential({span_words(values[0])})",
            "weibull": lambda: f"weibull(scale={span_words(values[0])}, shape={values[1]:g})",
            "gamma": lambda: f"gamma(scale={span_words(values[0])}, shape={values[1]:g})",
            "lognormal": lambda: f"lognormal(median={span_words(values[0])}, sigma={values[1]:g})",
        }.get(drawn.kind)
        return words() if words is not None else drawn.kind

    def place(self, origin: Origin | None) -> Place | None:
        """Where something was written."""
        if origin is None or not origin.path:
            return None
        span = origin.span
        return Place(span.file, span.line, origin.path, origin.text, self.origins.source(origin.path))

    # --- at a moment ----------------------------------------------------------------------

    def value(self, term: m.Term, state: PatientState) -> str:
        """What a term was about at a moment: each thing it reads, with its value."""
        found = dict.fromkeys(self._about(term, state))
        return ", ".join(found)

    def _about(self, term: m.Term, state: PatientState) -> Iterator[str]:
        for each in algebra.walk(term):
            match each:
                case m.Var(index):
                    yield self.variable(index, state)
                case m.InState(process, _):
                    yield self._state(process, state)
                case m.Age() | m.AgeAtLeast():
                    yield self.age(state)
                case m.TimeAtLeast():
                    yield f"{self.when(state.now):%Y-%m-%d}"
                case m.SinceAtLeast(stamp) | m.SinceLess(stamp) | m.Stamped(stamp):
                    yield self._since(stamp, state)
                case m.CountAtLeast(ring, _, within):
                    yield self._count(ring, within, state)
                case m.Level(measurement) | m.LevelAtLeast(measurement):
                    yield self._level(measurement, state)
                case m.Signal(index):
                    yield f"{self.machine.signals[index].name} {number_words(state.signals[index])}"
                case m.Lookup(axes, _):
                    for axis in axes:
                        yield self._axis(axis, state)

    def _state(self, process: int, state: PatientState) -> str:
        """The state a process is in; of a diagnosis not made, what is true as well."""
        own = self.machine.processes[process]
        name, now = own.name, own.states[state.states[process]].name
        disease, _, rest = name.rpartition(".")
        if rest != "diagnosis":
            return f"{name} {now}"
        truth = next((i for i, p in enumerate(self.machine.processes) if p.name == disease), None)
        if now == "diagnosed" or truth is None:
            return f"{disease} {now}"
        true = self.machine.processes[truth].states[state.states[truth]].name
        return f"{disease} {now}, in truth {true}"

    def variable(self, index: int, state: PatientState) -> str:
        """A variable with its value: an attribute, an adherence, a last result."""
        spec, value = self.machine.vars[index], state.vars[index]
        if spec.categories:
            known = 0 <= value < len(spec.categories)
            return f"{spec.name} {spec.categories[int(value)] if known else 'unknown'}"
        unit = next((self._unit(level) for level in self.machine.levels if level.last_var == index), "")
        if math.isnan(value):
            return (
                f"{spec.name} unknown"
                if not unit and not spec.name.startswith("last ")
                else f"no {spec.name}"
            )
        return f"{spec.name} {number_words(value)}{unit}"

    def _unit(self, level: m.LevelSpec) -> str:
        unit = self.machine.codes[level.code].unit
        return f" {unit}" if unit and unit != "1" else ""

    def age(self, state: PatientState) -> str:
        """The age in words."""
        return f"age {age_words(state.birth, state.now)}"

    def _since(self, stamp: int, state: PatientState) -> str:
        name, instant = self.machine.stamps[stamp], state.stamps[stamp]
        return f"no {name}" if instant == NULL else f"{name} {span_words(state.now - instant)} ago"

    def _count(self, ring: int, within: int | None, state: PatientState) -> str:
        entries = state.rings[ring]
        n = sum(holds(count_at_least(entries, k, within, state.now)[0]) for k in range(1, len(entries) + 1))
        window = "" if within is None else f" in the last {span_words(within)}"
        return f"{n} × {self.machine.rings[ring][0]}{window}"

    def _level(self, measurement: int, state: PatientState) -> str:
        spec = self.machine.levels[measurement]
        return (
            f"true {spec.name} {level_value(measurement, state):.{max(spec.precision, 0)}f}{self._unit(spec)}"
        )

    def _axis(self, axis: m.Axis, state: PatientState) -> str:
        if axis.kind == "var":
            return self.variable(axis.index, state)
        if axis.kind == "age":
            return self.age(state)
        now = self.when(state.now)
        return {"month": f"{now:%B}".lower(), "year": f"{now:%Y}"}.get(axis.kind, f"{now:%Y-%m-%d}")

    def parts(self, condition: m.Term, state: PatientState, before: PatientState | None = None) -> list[Part]:
        """The parts of a condition at a moment; with `before`, which of them have just come to hold."""
        return list(self._parts(condition, state, before))

    def _parts(self, condition: m.Term, state: PatientState, before: PatientState | None) -> Iterator[Part]:
        for term, depth in split(condition):
            held = holds(value_of(term, state))
            turned = before is not None and held and not holds(value_of(term, before))
            since = self.since(term, state) if held else None
            yield Part(self.text(term), held, self.value(term, state), depth, since, turned)

    def since(self, term: m.Term, state: PatientState) -> int | None:
        """Number (from 1) of the happening that put a process into the state a part asks for."""
        inner = term.args[0] if isinstance(term, m.Apply) and term.op == "not" else term
        if not isinstance(inner, m.InState):
            return None
        wanted = inner.mask >> state.states[inner.process] & 1
        for firing in reversed(self.trace.firings):
            if firing.process != inner.process or firing.time > state.now:
                continue
            before, after = inner.mask >> firing.before & 1, inner.mask >> firing.after & 1
            if after == wanted and before != wanted:
                return firing.number + 1
        return None

    def needed(self, term: m.Term | None, state: PatientState) -> list[int]:
        """Numbers of the happenings that made the parts of a condition hold."""
        if term is None:
            return []
        found = [part.since for part in self.parts(term, state) if part.since is not None]
        return [number for number in dict.fromkeys(found) if number > 1]


def split(condition: m.Term) -> Iterator[tuple[m.Term, int]]:
    """A condition part by part: what must all hold (depth 0), each with its alternatives (depth 1)."""
    if isinstance(condition, m.Apply) and condition.op == "and":
        for arg in condition.args:
            yield from split(arg)
        return
    yield condition, 0
    choices = list(_choices(condition))
    if len(choices) > 1 and len({_category_of(choice) for choice in choices} - {None}) != 1:
        yield from ((choice, 1) for choice in choices)


def _choices(term: m.Term) -> Iterator[m.Term]:
    if isinstance(term, m.Apply) and term.op == "or":
        for arg in term.args:
            yield from _choices(arg)
    else:
        yield term


def _category_of(term: m.Term) -> m.Term | None:
    """The variable in ``x == a``: a list of such choices is one question (``x in [a, b]``)."""
    return term.args[0] if isinstance(term, m.Apply) and term.op == "eq" else None
