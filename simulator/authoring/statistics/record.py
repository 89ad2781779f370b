"""A finished log, asked for events and conditions by their names in the scenario.

Truth comes from the truth table; what is on the chart from the events and encounters tables,
where each row names the transition in which it arose.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simulator.authoring.statistics import ages
from simulator.authoring.statistics.columns import (
    ALWAYS_AFTER,
    ALWAYS_BEFORE,
    Bools,
    Floats,
    Ints,
    Words,
    instants,
    persons,
)
from simulator.authoring.statistics.spells import Spells, both, either, until_next, without
from simulator.authoring.statistics.tables import Events, Truth
from simulator.compiler.targets import amount_in, comparison, constant, is_symptom
from simulator.compiler.time_zones import midnight
from simulator.knowledge.codes import SYSTEMS, preferred
from simulator.scenario import syntax as s
from simulator.scenario.model import Scenario
from simulator.store.log import EventLog
from simulator.units import YEARS

_NOT_ILL = ("absent", "start", "dead")
_SEXES = ("male", "female")
_COMPARE: dict[str, Callable[[Floats, float | np.float32], Bools]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal,
    "!=": np.not_equal,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happenings:
    """Events, sorted by person, then time: instants in microseconds."""

    person: Ints
    time: Ints

    def first(self) -> Happenings:
        """Each person's first."""
        new = np.ones(len(self.person), np.bool_)
        new[1:] = self.person[1:] != self.person[:-1]
        return self.where(new)

    def where(self, chosen: Bools) -> Happenings:
        """Some of them."""
        return Happenings(self.person[chosen], self.time[chosen])


class Record:
    """A log and its scenario.

    Attributes:
        people: how many.
        birth, entry, exit, death: instants in microseconds, by person; `death` ALWAYS_AFTER if alive.
        female: by person.
        end: of the recorded period.
    """

    def __init__(self, scenario: Scenario, log: EventLog) -> None:
        self.scenario = scenario
        self._log = log
        subjects = log.subjects(["birth", "entry", "exit", "death", "sex"])
        self.people = len(subjects)
        self.birth, self.entry, self.exit = (instants(subjects[x]) for x in ("birth", "entry", "exit"))
        self.death = instants(subjects["death"], ALWAYS_AFTER)
        self.female = Words.of(subjects["sex"]).equal("female")
        self.everybody = np.arange(self.people, dtype=np.int64)
        self.zone = None if scenario.population is None else scenario.population.time_zone
        to = None if scenario.population is None else self.midnight(scenario.population.to)
        self.end = to if to is not None else int(self.exit.max(initial=ALWAYS_BEFORE))

    def midnight(self, day: dt.date) -> int:
        """The instant at which a day begins where the patients live."""
        return midnight(day, self.zone)

    # --- events

    def event(self, name: str) -> Happenings:
        """All events of one name: ``cf.onset``, ``cf`` (its onset), ``birth``, ``eti.started``, …"""
        if name == "birth":
            return Happenings(self.everybody, self.birth)
        if name == "death":
            died = self.death < ALWAYS_AFTER
            return Happenings(self.everybody[died], self.death[died])
        owner, _, what = name.partition(".")
        if owner in self.scenario.diseases:
            return self._of_disease(owner, what or "onset")
        if owner in self.scenario.measurements:
            return self.values(owner)[0]
        if owner in self.scenario.procedures:
            return self._coded(owner, self.scenario.procedures[owner].codes)
        if what == "visit":
            return self._visits(owner)
        if owner in self.scenario.care:
            return self._of_stay(owner, what)
        if what in ("paused", "resumed"):
            return self._caused(lambda word: word.startswith(f"{owner}: {what}"))
        return self._started(owner) if what == "started" else self._stopped(owner)

    def _of_disease(self, name: str, what: str) -> Happenings:
        symptom, _, which = what.partition(".")
        if is_symptom(self.scenario, f"{name}.{symptom}"):
            return self._of_process(f"{name}.{symptom}", {"": "onset", "ended": "absent"}.get(which, which))
        if what == "diagnosed":
            return self._coded(name, self.scenario.diseases[name].codes, f"{name}: ", "active")
        if what in self.scenario.diseases[name].events:
            full = f"{name}.{what}"
            happens = self._truth.process.equal(full)
            # what the event does later (it passes) bears its full name
            return self._true(happens & ~self._truth.cause.match(lambda word: word.startswith(f"{full}: ")))
        return self._of_process(name, {"resolved": "absent", "death": "dead"}.get(what, what))

    def _of_process(self, name: str, state: str) -> Happenings:
        """When a disease or symptom entered a state; ``onset``: any, from absent."""
        rows = self._truth.process.equal(name)
        if state == "onset":
            rows &= self._truth.source.match(lambda word: word in ("absent", "start"))
            return self._true(rows & self._truth.target.match(lambda word: word not in _NOT_ILL))
        enters = self._truth.target.equal(state)
        return self._true(
            rows & enters & self._truth.source.match(lambda word: word != "start" or state != "absent")
        )

    def _of_stay(self, care: str, what: str) -> Happenings:
        """Admissions, transfers to a unit, and discharges: all, or to one place."""
        code = self._events.code
        if what == "admitted":
            begins = self._events.cause.match(
                lambda word: word.startswith(f"{care}: to ") and "->" not in word
            )
            return self._caused(
                lambda word: True, code.match(lambda word: word.startswith("TRANSFER_TO//")) & begins
            )
        chosen = (f"TRANSFER_TO//{what}", f"DISCHARGE//{what}")
        leaves = what == "discharged"
        rows = code.match(lambda word: word.startswith("DISCHARGE//") if leaves else word in chosen)
        return self._caused(lambda word: word.startswith(f"{care}: "), rows)

    def _true(self, rows: Bools) -> Happenings:
        return _sorted(self._truth.person[rows], self._truth.time[rows])

    def _started(self, treatment: str) -> Happenings:
        active = self._events.status.equal("active")
        return self._caused(lambda word: word.startswith(f"{treatment}: started"), active)

    def _stopped(self, treatment: str) -> Happenings:
        stopped = self._events.status.equal("stopped")
        return self._caused(lambda word: word.startswith(f"{treatment}: "), stopped)

    def _caused(self, test: Callable[[str], bool], where: Bools | None = None) -> Happenings:
        """Rows of the record that arose in some transitions."""
        rows = self._events.cause.match(test)
        rows = rows if where is None else rows & where
        return _sorted(self._events.person[rows], self._events.time[rows])

    def _coded(self, name: str, codes: dict[str, str], cause: str = "", status: str = "") -> Happenings:
        """Rows of the code of something, from transitions and with a status as given."""
        code = _code(name, codes)
        rows = self._events.code.equal(code)
        if status:
            rows &= self._events.status.equal(status)
        return self._caused(lambda word: word.startswith(cause), rows)

    def _visits(self, care: str) -> Happenings:
        """Visits of a care, or of all care of a class."""
        column = "kind" if care in self.scenario.care else "class"
        table = self._log.encounters(["subject_id", "start", column])
        rows = Words.of(table[column]).equal(care)
        return _sorted(persons(table)[rows], instants(table["start"])[rows])

    def values(self, measurement: str) -> tuple[Happenings, Floats]:
        """When a measurement was recorded, and the values."""
        block = self.scenario.measurements[measurement]
        code = _code(measurement, block.codes)
        rows = self._events.code.equal(code) & np.isfinite(self._events.value)
        person, time = self._events.person[rows], self._events.time[rows]
        order = _order(person, time)
        # the log's 32-bit numbers as they were recorded
        values = np.round(self._events.value[rows][order], block.precision)
        return Happenings(person[order], time[order]), values

    # --- conditions

    def holds(self, expr: s.Expr) -> Spells:
        """When a condition holds, for each person; conditions as `compiler.targets` lets them pass."""
        match expr:
            case s.Binary(op="and", left=left, right=right):
                return both(self.holds(left), self.holds(right))
            case s.Binary(op="or", left=left, right=right):
                return either(self.holds(left), self.holds(right))
            case s.Unary(op="not", operand=operand):
                return without(Spells.whole(self.everybody), self.holds(operand))
            case s.Name():
                return self._in_states(expr.text, lambda word: word not in _NOT_ILL)
            case s.Diagnosed(disease=disease):
                return self._diagnosed(disease.text)
            case s.On(treatment=treatment, ever=ever):
                return self._on(treatment.text, ever)
            case s.Ever(event=event):
                first = self.event(event.text).first()
                return Spells.of(first.person, first.time, np.full(len(first.time), ALWAYS_AFTER, np.int64))
            case s.In(item=s.Name() as item, choices=choices, negated=negated):
                names = {each.text for each in choices if isinstance(each, s.Name)}
                return self._chosen(item.text, names, negated)
            case s.Binary():
                return self._compared(expr)
        raise AssertionError(f"not a condition that can be counted: {expr}")

    def _in_states(self, disease: str, test: Callable[[str], bool]) -> Spells:
        truth = self._truth
        rows = truth.process.equal(disease)
        person, time, there = truth.person[rows], truth.time[rows], truth.target.match(test)[rows]
        order = _order(person, time)
        spells = until_next(person[order], time[order], there[order])
        if not test("absent"):
            return spells
        # before the first transition it is absent
        first = np.full(self.people, ALWAYS_AFTER, np.int64)
        np.minimum.at(first, person, time)
        start = np.full(self.people, ALWAYS_BEFORE, np.int64)
        return either(spells, Spells.of(self.everybody, start, first))

    def _diagnosed(self, disease: str) -> Spells:
        found, over = self.event(f"{disease}.diagnosed"), self._of_disease(disease, "resolved")
        refuted = self._caused(lambda word: word.startswith(f"{disease}: refuted"))
        return _toggled(found, _joined(over, refuted))

    def _on(self, treatment: str, ever: bool) -> Spells:
        started = _joined(self._started(treatment), self.event(f"{treatment}.resumed"))
        stopped = _joined(self._stopped(treatment), self.event(f"{treatment}.paused"))
        # a stop without a start: it began before the record did
        known = stopped.first()
        begun = np.full(self.people, ALWAYS_AFTER, np.int64)
        np.minimum.at(begun, started.person, started.time)
        earlier = known.person[known.time < begun[known.person]]
        before = Happenings(earlier, np.full(len(earlier), ALWAYS_BEFORE, np.int64))
        started = _joined(before, started)
        return _toggled(started, Happenings(stopped.person[:0], stopped.time[:0]) if ever else stopped)

    def _chosen(self, name: str, choices: set[str], negated: bool) -> Spells:
        if name in self.scenario.diseases or is_symptom(self.scenario, name):
            return self._in_states(name, lambda word: (word in choices) != negated)
        if name == "sex":
            chosen = np.array([(sex in choices) != negated for sex in _SEXES])
            return Spells.whole(self.everybody[chosen[self.female.astype(np.int64)]])
        found = self._attribute(name, choices)
        return without(Spells.whole(self.everybody), found) if negated else found

    def _attribute(self, name: str, choices: set[str]) -> Spells:
        """When a categorical attribute is one of the choices: as drawn, then as it truly changes."""
        prefix = preferred(self.scenario.attributes[name].codes, name)
        codes = {f"{prefix}//{choice}" for choice in choices}
        rows = self._events.code.match(lambda word: word in codes)
        drawn = np.unique(self._events.person[rows & (self._events.time == ALWAYS_BEFORE)])
        changes = self._truth.process.equal(name)
        if not changes.any():
            return Spells.whole(drawn)
        truth = self._truth
        person, time = truth.person[changes], truth.time[changes]
        first = np.full(self.people, ALWAYS_AFTER, np.int64)
        np.minimum.at(first, person, time)
        order = _order(person, time)
        holds = truth.target.match(lambda word: word in choices)[changes]
        begins = Spells.of(drawn, np.full(len(drawn), ALWAYS_BEFORE, np.int64), first[drawn])
        return either(begins, until_next(person[order], time[order], holds[order]))

    def _compared(self, expr: s.Binary) -> Spells:
        op, left, right = comparison(expr)
        if isinstance(left, s.Name) and isinstance(right, s.Name):
            return self._chosen(left.text, {right.text}, op == "!=")
        amount = constant(right)
        assert amount is not None
        if isinstance(left, s.Last):
            name = left.measurement.text
            when, values = self.values(name)
            bound = amount_in(amount, self.scenario.measurements[name].unit)
            assert bound is not None
            return until_next(when.person, when.time, _COMPARE[op](values, bound))
        assert isinstance(left, s.Name)
        if left.text == "age":
            return self._aged(op, amount.value * YEARS[amount.unit])
        block = self.scenario.attributes[left.text]
        code = _code(left.text, block.codes)
        rows = self._events.code.equal(code)
        bound = amount_in(amount, block.unit)
        assert bound is not None
        # static numbers are 32-bit, so the bound must be, too: 7.2 is then as large as 7.2
        return Spells.whole(
            self._events.person[rows][_COMPARE[op](self._events.value[rows], np.float32(bound))]
        )

    def _aged(self, op: str, years: float) -> Spells:
        if op in (">", ">="):
            return self.at_ages(years, None)
        return self.at_ages(0.0, years)

    def at_ages(self, low: float, high: float | None) -> Spells:
        """From exact age `low` to below `high`, in years; from 0, time before birth is not left out."""
        none = np.full(self.people, ALWAYS_BEFORE, np.int64)
        start = none if low <= 0 else self.birthday(self.everybody, low)
        end = -none if high is None else self.birthday(self.everybody, high)
        return Spells.of(self.everybody, start, end)

    def birthday(self, person: Ints, age: float) -> Ints:
        """The instant of an exact age, as docs/engine.md defines it."""
        return ages.birthday(self.birth[person], age)

    def age(self, person: Ints, time: Ints) -> Floats:
        """Exact age in years of persons at instants."""
        return ages.exact_age(self.birth[person], time)

    # --- columns

    @cached_property
    def _truth(self) -> Truth:
        return Truth.of(self._log)

    @cached_property
    def _events(self) -> Events:
        return Events.of(self._log)


def _order(person: Ints, time: Ints) -> npt.NDArray[np.intp]:
    return np.lexsort((np.arange(len(time)), time, person))


def _sorted(person: Ints, time: Ints) -> Happenings:
    order = _order(person, time)
    return Happenings(person[order], time[order])


def _joined(first: Happenings, second: Happenings) -> Happenings:
    return _sorted(np.r_[first.person, second.person], np.r_[first.time, second.time])


def _toggled(begins: Happenings, ends: Happenings) -> Spells:
    """On from each beginning to the next end; at one instant, the end comes first."""
    person = np.r_[begins.person, ends.person]
    time = np.r_[begins.time, ends.time]
    on = np.r_[np.ones(len(begins.person), np.bool_), np.zeros(len(ends.person), np.bool_)]
    order = np.lexsort((on, time, person))
    return until_next(person[order], time[order], on[order])


def _code(name: str, codes: dict[str, str]) -> str:
    return preferred({k: v for k, v in codes.items() if k in SYSTEMS}, name)
