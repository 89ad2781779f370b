"""Base hazards: how much of one has been spent at an instant, and when more will have been."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from simulator.compiler.machine import Base
from simulator.compiler.time_zones import month_starts
from simulator.engine import ages, numeric
from simulator.engine.ages import NEVER, YEAR
from simulator.engine.reference_state import PatientState

exp: Callable[[float], float] = numeric.exp.py_func
log: Callable[[float], float] = numeric.log.py_func

# the calendar is cut into months from January 1800; the last one is open-ended
FIRST_MONTH = (1800 - 1970) * 12
LAST_MONTH = (2300 - 1970) * 12


def position(base: Base, patient: PatientState) -> float:
    """Where on the axis of the hazard, in years, the patient is now."""
    if base.axis in ("age", "gompertz"):
        return ages.age_at(patient.now, patient.birth)
    return patient.now / YEAR


def instant_at(base: Base, years: float, patient: PatientState) -> int:
    """The first instant, not before now, at which that position on the axis is reached."""
    if base.axis in ("age", "gompertz"):
        return max(patient.now, ages.instant_of_age(years, patient.birth))
    if not years * YEAR < NEVER:
        return NEVER
    return max(patient.now, math.floor(years * YEAR + 0.5))


def steps(base: Base, stratum: int, patient: PatientState) -> tuple[list[float], list[float], list[float]]:
    """Knots, rates and the integral up to each knot, of a hazard that is a step function."""
    return _steps(base, stratum, patient.machine.population.zone)


@lru_cache(maxsize=256)
def _steps(base: Base, stratum: int, zone: str | None) -> tuple[list[float], list[float], list[float]]:
    if base.axis == "age":
        knots, rates = list(base.knots), list(base.rates[stratum])
    else:
        months, local = range(FIRST_MONTH, LAST_MONTH + 1), month_starts(zone)
        at = ages.MONTHS_TO_1970
        knots = [(local[month + at] if local else ages.month_start(month)) / YEAR for month in months]
        rates = [base.rates[stratum][month % 12] for month in months]
    integral = [0.0]
    for (low, high), rate in zip(pairwise(knots), rates, strict=False):
        integral.append(integral[-1] + (high - low) * rate)
    return knots, rates, integral


def cumulative(base: Base, stratum: int, patient: PatientState) -> float:
    """H: integral of the base hazard up to now (from wherever its axis begins).

    In the unit that `spent` turns into events: for the constant base `now` itself, in
    microseconds; for a Gompertz curve its exponential (its age, if it does not grow).
    """
    if base.axis == "constant":
        return float(patient.now)
    x = position(base, patient)
    if base.axis == "gompertz":
        _, centre, growth = base.rates[0]
        return x if growth == 0.0 else exp(growth * (x - centre))
    knots, rates, integral = steps(base, stratum, patient)
    i = max(bisect_right(knots, x) - 1, 0)
    return integral[i] + (x - knots[i]) * rates[i]


def spent(base: Base, before: float, after: float) -> float:
    """Base hazard spent between two values of `cumulative`, in expected events."""
    if base.axis == "constant":
        return (after - before) / YEAR
    if base.axis == "gompertz":
        return (after - before) * gompertz_scale(base)
    return after - before


def gompertz_scale(base: Base) -> float:
    """Events per unit of a Gompertz curve's exponential (or per year, if it does not grow)."""
    rate, _, growth = base.rates[0]
    return rate / growth if growth != 0.0 else rate


def due_after(base: Base, stratum: int, events: float, patient: PatientState) -> int:
    """The instant at which `events` more will have been spent; NEVER if never."""
    if base.axis == "constant":
        wait = events * YEAR
        return NEVER if not wait < NEVER - patient.now else patient.now + math.floor(wait + 0.5)
    if base.axis == "gompertz":
        return instant_at(base, gompertz_age(base, events, patient), patient)
    target = cumulative(base, stratum, patient) + events
    knots, rates, integral = steps(base, stratum, patient)
    i = max(bisect_right(integral, target) - 1, 0)
    if rates[i] <= 0.0:  # only the last cell: the hazard stays zero
        return NEVER
    return instant_at(base, knots[i] + (target - integral[i]) / rates[i], patient)


def gompertz_age(base: Base, events: float, patient: PatientState) -> float:
    """The age at which `events` more will have been spent; infinite if never."""
    scale = gompertz_scale(base)
    if scale == 0.0:
        return math.inf
    _, centre, growth = base.rates[0]
    reached = cumulative(base, 0, patient) + events * (1.0 / scale)
    if growth == 0.0:
        return reached
    # of a falling hazard the integral is finite: beyond it there is no logarithm
    return centre + log(reached) * (1.0 / growth) if 0.0 < reached < math.inf else math.inf
