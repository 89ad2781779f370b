"""Exponential clocks: running a hazard down and finding when it fires, in closed form.

A base hazard is a step function (of exact age, or of the calendar month), a Gompertz curve, or
constant. Its integral H is tabulated at the steps, so an event decades away costs one
search: nothing is stepped through.
"""

from __future__ import annotations

import math

from numba import njit

from simulator.compiler.layout import (
    B_CUM,
    B_KIND,
    B_KNOTS,
    B_N,
    B_RATES,
    B_UNIFORM,
    BASE_AGE,
    BASE_CALENDAR,
    BASE_CONSTANT,
    BASE_GOMPERTZ,
    NEVER,
    R_OLDEST,
    YEAR,
)  # fmt: skip
from simulator.engine.clock import age_at, instant_of_age
from simulator.engine.numeric import exp, log


@njit(cache=True, error_model="numpy")
def _cell(N, knots, n, x, low):  # type: ignore[no-untyped-def]
    """Largest i in low..n-1 with N[knots + i] <= x; `low` if there is none."""
    high = n - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if N[knots + middle] <= x:
            low = middle
        else:
            high = middle - 1
    return low


@njit(cache=True, error_model="numpy")
def _cell_of(P, N, base, x):  # type: ignore[no-untyped-def]
    """Cell of position `x`; knots at 0, 1, 2, … need no search."""
    n = P[base + B_N]
    if P[base + B_UNIFORM]:
        return min(max(int(math.floor(x)), 0), n - 1)
    return _cell(N, P[base + B_KNOTS], n, x, 0)


@njit(cache=True, error_model="numpy", forceinline=True)
def cumulative(P, N, I, F, base, stratum, now):  # type: ignore[no-untyped-def]
    """H of stratum at instant `now`, in the unit that `spent` turns into events: for a constant
    base the instant itself, in microseconds; for a Gompertz curve its exponential."""
    kind = P[base + B_KIND]
    if kind == BASE_CONSTANT:
        return float(now)
    if kind != BASE_GOMPERTZ:
        x = age_at(I, F, now) if kind == BASE_AGE else now / YEAR
        i = _cell_of(P, N, base, x)
        at = stratum * P[base + B_N] + i
        return N[P[base + B_CUM] + at] + (x - N[P[base + B_KNOTS] + i]) * N[P[base + B_RATES] + at]
    centre, growth = N[P[base + B_RATES]], N[P[base + B_RATES] + 1]
    age = age_at(I, F, now)
    if growth == 0.0:
        return age
    return exp(growth * (age - centre))


@njit(cache=True, error_model="numpy", forceinline=True)
def spent(P, N, base, h0, h1):  # type: ignore[no-untyped-def]
    """Base hazard spent between two values of `cumulative`, in events."""
    kind = P[base + B_KIND]
    if kind == BASE_CONSTANT:
        return (h1 - h0) / YEAR
    if kind == BASE_GOMPERTZ:
        return (h1 - h0) * N[P[base + B_RATES] + 2]
    return h1 - h0


@njit(cache=True, error_model="numpy")
def _step_position(P, N, base, stratum, target):  # type: ignore[no-untyped-def]
    """Position at which the integral of a step function reaches `target`; inf if never."""
    n = P[base + B_N]
    row = stratum * n
    cum, rates, knots = P[base + B_CUM] + row, P[base + B_RATES] + row, P[base + B_KNOTS]
    i = _cell(N, cum, n, target, 0)
    while N[rates + i] <= 0.0:
        i += 1
        if i == n:
            return math.inf
        if N[rates + i] > 0.0:
            return N[knots + i]
    return N[knots + i] + (target - N[cum + i]) / N[rates + i]


@njit(cache=True, error_model="numpy", forceinline=True)
def fires_at(P, N, I, F, base, stratum, h, events, now):  # type: ignore[no-untyped-def]
    """Instant at which `events` more are spent, h being `cumulative` at `now`; NEVER if never."""
    kind = P[base + B_KIND]
    if kind == BASE_CONSTANT:
        wait = events * YEAR
        if not wait < NEVER - now:
            return NEVER
        return now + int(math.floor(wait + 0.5))
    if kind == BASE_CALENDAR:
        position = _step_position(P, N, base, stratum, h + events)
        if not position * YEAR < NEVER:
            return NEVER
        return max(now, int(math.floor(position * YEAR + 0.5)))
    if kind == BASE_AGE:
        age = _step_position(P, N, base, stratum, h + events)
    else:
        rates = P[base + B_RATES]
        centre, growth, inverse, per_event = N[rates], N[rates + 1], N[rates + 3], N[rates + 4]
        reached = h + events * per_event if per_event != 0.0 else math.inf
        if growth == 0.0:
            age = reached
        else:
            # a falling hazard has a finite integral: beyond it the clock never fires
            age = centre + log(reached) * inverse if 0.0 < reached < math.inf else math.inf
    # beyond the period nobody asks when; both ways are worked out, for no processor guesses which
    oldest = F[R_OLDEST]
    instant = max(now, instant_of_age(I, min(age, oldest)))
    return instant if age <= oldest else NEVER
