"""The patient's named streams, and drawing from distributions with them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

from simulator import rng
from simulator.compiler.machine import Distribution, Schedule
from simulator.engine import numeric
from simulator.engine.ages import NEVER
from simulator.engine.reference_state import PatientState
from simulator.engine.reference_terms import value_of
from simulator.errors import EngineError

exp: Callable[[float], float] = numeric.exp.py_func
log: Callable[[float], float] = numeric.log.py_func
normal_quantile: Callable[[float], float] = numeric.normal_quantile.py_func


_EPOCH = datetime(1970, 1, 1)  # in UTC, or in local time
_APPOINTMENT = timedelta(minutes=5)


@dataclass(slots=True)
class Streams:
    """All streams of one attempt at one patient's life; each counts its own draws."""

    seed: int
    patient: int
    attempt: int
    counters: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def uniform(self, stream: str) -> float:
        """The next draw of the stream, in (0, 1)."""
        n = self.counters[stream]
        self.counters[stream] += 1
        return rng.uniform(self.seed, self.patient, rng.stream_id(stream), n, self.attempt)

    def exponential(self, stream: str) -> float:
        return -log(self.uniform(stream))

    def normal(self, stream: str) -> float:
        return normal_quantile(self.uniform(stream))

    def gamma(self, shape: float, stream: str) -> float:
        """Marsaglia & Tsang (2000), ACM TOMS 26, 363-372; scale 1."""
        if not shape > 0.0:
            return math.nan
        d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
        c = 1.0 / math.sqrt(9.0 * d)
        while True:
            z = self.normal(stream)
            v = 1.0 + c * z
            if v <= 0.0:
                continue
            v = v * v * v
            if log(self.uniform(stream)) < 0.5 * z * z + d - d * v + d * log(v):
                break
        if shape >= 1.0:
            return d * v
        return d * v * exp(log(self.uniform(stream)) / shape)

    def choose(self, weights: Sequence[float], stream: str) -> int:
        """Index drawn by weight; the last if rounding leaves none."""
        running = list(accumulate(weights))
        target = self.uniform(stream) * running[-1]
        return next((i for i, weight in enumerate(running) if target < weight), len(weights) - 1)

    def draw(self, distribution: Distribution, stream: str, patient: PatientState) -> float:
        """A number from the distribution, its parameters evaluated now."""
        params = [value_of(term, patient) for term in distribution.params]
        match distribution.kind, params:
            case "fixed", [value]:
                return value
            case "uniform", [low, high]:
                return low + (high - low) * self.uniform(stream)
            case "normal", [mean, sd]:
                return mean + sd * self.normal(stream)
            case "exponential", [mean]:
                return self.exponential(stream) * mean
            case "weibull", [scale, shape]:
                return scale * exp(log(self.exponential(stream)) / shape)
            case "gamma", [scale, shape]:
                return scale * self.gamma(shape, stream)
            case "lognormal", [median, sigma]:
                return median * exp(sigma * self.normal(stream))
            case "beta", [a, b]:
                x = self.gamma(a, stream)
                y = self.gamma(b, stream)
                return x / (x + y)
            case "empirical", _:
                half = len(params) // 2
                return empirical_quantile(params[:half], params[half:], self.uniform(stream))
            case "opening", [index]:
                schedule = patient.machine.schedules[int(index)]
                return float(until_open(schedule, patient.now, self.uniform(stream)))
        raise ValueError(f"not a distribution: {distribution!r}")

    def draw_duration(self, distribution: Distribution, stream: str, patient: PatientState) -> int:
        """A duration in whole microseconds, 0..NEVER."""
        x = self.draw(distribution, stream, patient)
        return whole_microseconds(known(x, f"duration drawn from {stream}", patient))


def known(x: float, what: str, patient: PatientState) -> float:
    """`x`, unless it is not a number.

    Raises:
        EngineError: an unknown value went into a number that must be known.
    """
    if x != x:
        raise EngineError(
            f"patient {patient.number}: unknown {what}",
            remedy="A number in it is unknown at that moment or out of its range.",
        )
    return x


def whole_microseconds(x: float) -> int:
    """A duration rounded to the microsecond, at least 0, at most NEVER."""
    if x >= NEVER:
        return NEVER
    return math.floor(x + 0.5) if x > 0.0 else 0


def until_open(schedule: Schedule, now: int, u: float) -> int:
    """From now to an appointment, every five minutes after opening, on the first day that has one left."""
    ahead = _ahead(schedule, now)
    local = _EPOCH + timedelta(microseconds=now + ahead)
    for days in range(8):
        midnight = datetime(local.year, local.month, local.day) + timedelta(days=days)
        hours = schedule.days[midnight.weekday()]
        if hours is None:
            continue
        opens, closes = (midnight + timedelta(minutes=minutes) for minutes in hours)
        slots = [opens + k * _APPOINTMENT for k in range((closes - opens) // _APPOINTMENT)]
        slots = [slot for slot in slots if slot >= local]
        if slots:
            chosen = (slots[math.floor(u * len(slots))] - _EPOCH) // timedelta(microseconds=1)
            offset = _ahead(schedule, chosen - ahead)
            if _ahead(schedule, chosen - offset) != offset:  # the clocks skip it: as much later as they skip
                offset = _ahead(schedule, chosen - offset)
            return max(chosen - offset - now, 0)
    return NEVER


def _ahead(schedule: Schedule, instant: int) -> int:
    """What local time is ahead of UTC, in microseconds."""
    known = [offset for since, offset in schedule.offsets if since <= instant]
    return known[-1] if known else schedule.offsets[0][1]


def empirical_quantile(values: Sequence[float], cumulative: Sequence[float], u: float) -> float:
    """Linear between tabulated quantiles; the ends stand for everything beyond them."""
    i = next((i for i, probability in enumerate(cumulative) if u <= probability), None)
    if i is None:
        return values[-1]
    if i == 0:
        return values[0]
    share = (u - cumulative[i - 1]) / (cumulative[i] - cumulative[i - 1])
    return values[i - 1] + share * (values[i] - values[i - 1])
