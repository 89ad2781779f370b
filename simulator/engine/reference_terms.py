"""Terms evaluated by recursion: their value now, and the next instant at which it may change."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

from simulator.compiler import machine as m
from simulator.compiler.time_zones import year_start
from simulator.engine import ages, numeric
from simulator.engine.ages import NEVER, NULL, YEAR
from simulator.engine.reference_state import PatientState

Evaluated = tuple[float, int]  # value, wake-up

exp: Callable[[float], float] = numeric.exp.py_func
log: Callable[[float], float] = numeric.log.py_func
power: Callable[[float, float], float] = numeric.power.py_func


def holds(value: float) -> bool:
    """Whether a value counts as true; unknown (NaN) does not."""
    return value == 1.0


def value_of(term: m.Term, patient: PatientState) -> float:
    return evaluate(term, patient)[0]


def is_true(term: m.Term | None, patient: PatientState) -> bool:
    """Whether the condition holds; no condition always does."""
    return term is None or holds(value_of(term, patient))


def evaluate(term: m.Term, patient: PatientState) -> Evaluated:
    """The value of `term` at `patient.now`, and the earliest later instant at which it may change."""
    now = patient.now
    match term:
        case m.Const(value):
            return value, NEVER
        case m.Var(index):
            return patient.vars[index], NEVER
        case m.InState(process, mask):
            return float(mask >> patient.states[process] & 1), NEVER
        case m.Age():
            return ages.age_at(now, patient.birth), NEVER
        case m.AgeAtLeast(years):
            return reached(ages.instant_of_age(years, patient.birth), now)
        case m.TimeAtLeast(instant):
            return reached(instant, now)
        case m.SinceAtLeast(stamp, duration):
            since = patient.stamps[stamp]
            return (0.0, NEVER) if since == NULL else reached(min(since + duration, NEVER), now)
        case m.SinceLess(stamp, duration):
            since = patient.stamps[stamp]
            return (0.0, NEVER) if since == NULL else not_yet_reached(min(since + duration, NEVER), now)
        case m.Stamped(stamp):
            return float(patient.stamps[stamp] != NULL), NEVER
        case m.CountAtLeast(ring, n, within):
            return count_at_least(patient.rings[ring], n, within, now)
        case m.Level(measurement):
            return level_value(measurement, patient), NEVER
        case m.LevelAtLeast(measurement, threshold):
            return level_at_least(measurement, threshold, patient)
        case m.Signal(index):
            return patient.signals[index], NEVER
        case m.Apply(op, args):
            evaluated = [evaluate(arg, patient) for arg in args]
            return apply(op, [value for value, _ in evaluated]), min(wake for _, wake in evaluated)
        case m.Lookup(axes, values):
            return look_up(axes, values, patient)
    raise TypeError(f"not a term: {term!r}")


def reached(instant: int, now: int) -> Evaluated:
    return (1.0, NEVER) if now >= instant else (0.0, instant)


def not_yet_reached(instant: int, now: int) -> Evaluated:
    return (0.0, NEVER) if now >= instant else (1.0, instant)


def count_at_least(ring: list[int], n: int, within: int | None, now: int) -> Evaluated:
    """True while the n-th latest entry lies within; it may become true only by a new entry."""
    if n <= 0:
        return 1.0, NEVER
    if len(ring) < n:
        return 0.0, NEVER
    if within is None:
        return 1.0, NEVER
    return not_yet_reached(min(ring[-n] + within, NEVER), now)


# --- operators --------------------------------------------------------------------------


def apply(op: str, values: list[float]) -> float:
    """An operator on values; with more than two, from left to right."""
    match op:
        case "neg":
            return -values[0]
        case "not":
            return float(not holds(values[0]))
        case "exp":
            return exp(values[0])
        case "log":
            return log(values[0])
        case "sqrt":
            return math.sqrt(values[0]) if values[0] >= 0.0 else math.nan
        case "if":
            return values[1] if holds(values[0]) else values[2]
    return reduce(BINARY[op], values)


def lesser(a: float, b: float) -> float:
    return math.nan if a != a or b != b else (a if a <= b else b)


def greater(a: float, b: float) -> float:
    return math.nan if a != a or b != b else (a if a >= b else b)


def rounded(a: float, b: float) -> float:
    if b == 0.0:
        return math.nan
    multiple = a / b + 0.5
    return (math.floor(multiple) if math.isfinite(multiple) else multiple) * b


BINARY: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b if b != 0.0 else math.nan,
    "pow": power,
    "round": rounded,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "eq": lambda a, b: float(a == b),
    "ne": lambda a, b: float(a < b or a > b),  # false, as every comparison, with NaN
    "and": lambda a, b: float(holds(a) and holds(b)),
    "or": lambda a, b: float(holds(a) or holds(b)),
    "min": lesser,
    "max": greater,
}


# --- lookups ----------------------------------------------------------------------------


def look_up(axes: tuple[m.Axis, ...], values: tuple[float, ...], patient: PatientState) -> Evaluated:
    position, wake = 0, NEVER
    for axis in axes:
        cell, change = cell_of(axis, patient)
        wake = min(wake, change)
        if not 0 <= cell < axis.size:
            position = -1  # unknown category
        elif position >= 0:
            position = position * axis.size + cell
    return (values[position] if position >= 0 else math.nan), wake


def cell_of(axis: m.Axis, patient: PatientState) -> tuple[int, int]:
    """The cell of an axis in which the patient is now (-1: unknown) and when the next may begin."""
    now = patient.now
    if axis.kind == "var":
        category = patient.vars[axis.index]
        return (-1 if category != category else math.floor(category)), NEVER
    if axis.kind == "month":
        month, following = ages.calendar_month(now, patient.machine.population.months)
        return month % 12, following
    if axis.kind == "age":
        edges = [ages.instant_of_age(knot, patient.birth) for knot in axis.knots]
    elif axis.kind == "date":
        edges = [int(knot) for knot in axis.knots]
    elif axis.kind == "year":
        edges = [year_start(math.floor(knot), patient.machine.population.months) for knot in axis.knots]
    else:
        raise ValueError(f"not an axis: {axis.kind!r}")
    later = [edge for edge in edges[1:] if edge > now]
    return len(edges) - 1 - len(later), (later[0] if later else NEVER)


# --- levels -----------------------------------------------------------------------------


def level_value(measurement: int, patient: PatientState) -> float:
    """True value of a measurement now."""
    spec, level = patient.machine.levels[measurement], patient.levels[measurement]
    drifted = level.slope * ((patient.now - level.since) / YEAR)
    mean, shift = value_of(spec.mean, patient), value_of(spec.shift, patient)
    return mean + level.deviation + level.accumulated + drifted + shift


def level_at_least(measurement: int, threshold: float, patient: PatientState) -> Evaluated:
    """Whether the true value has reached the threshold, judged by the instant of crossing.

    From `since` on the value is base + slope · years, so it crosses once, at an instant that
    does not depend on when the question is asked.
    """
    spec, level = patient.machine.levels[measurement], patient.levels[measurement]
    mean, wake_mean = evaluate(spec.mean, patient)
    shift, wake_shift = evaluate(spec.shift, patient)
    wake = min(wake_mean, wake_shift)
    base = mean + level.deviation + level.accumulated + shift
    if base != base:
        return 0.0, wake
    if level.slope == 0.0 or (level.slope > 0.0) == (base >= threshold):
        return float(base >= threshold), wake
    until = (threshold - base) / level.slope * YEAR  # microseconds from `since` to the threshold
    if not until < NEVER - level.since:
        crossing = NEVER
    elif level.slope > 0.0:
        crossing = level.since + math.ceil(until)  # reached
    else:
        crossing = level.since + math.floor(until) + 1  # passed
    value, change = (reached if level.slope > 0.0 else not_yet_reached)(crossing, patient.now)
    return value, min(wake, change)
