"""Drawing from the distributions of a scenario, each from its own named stream."""

from __future__ import annotations

import math

from numba import njit

from simulator.compiler.layout import (
    BAD_PARAMETER,
    BETA,
    D_KIND,
    D_N,
    D_P0,
    D_P1,
    DAY,
    DIST_W,
    EMPIRICAL,
    EXPONENTIAL,
    FIXED,
    GAMMA,
    H_DIST,
    H_SCHEDULE,
    H_STREAM,
    I_COUNT,
    LOGNORMAL,
    NEVER,
    NORMAL,
    OPENING,
    R_ATTEMPT,
    R_ERROR,
    R_K0,
    R_K1,
    R_PATIENT,
    SCHEDULE_W,
    UNIFORM,
    WEIBULL,
)  # fmt: skip
from simulator.engine import draws
from simulator.engine.numeric import exp, log, normal_quantile
from simulator.engine.terms import evaluate


@njit(cache=True, error_model="numpy")
def uniform(P, I, stream):  # type: ignore[no-untyped-def]
    """Next uniform of the patient's stream number `stream` (an index, not the hash)."""
    at = P[I_COUNT] + stream
    n = I[at]
    I[at] = n + 1
    return draws.uniform(I[R_K0], I[R_K1], P[P[H_STREAM] + stream], I[R_PATIENT], I[R_ATTEMPT], n)


@njit(cache=True, error_model="numpy")
def _gamma(P, I, stream, shape):  # type: ignore[no-untyped-def]
    at = P[I_COUNT] + stream
    hashed = P[P[H_STREAM] + stream]
    value, n = draws.gamma_draw(I[R_K0], I[R_K1], hashed, I[R_PATIENT], I[R_ATTEMPT], I[at], shape)
    I[at] = n
    return value


@njit(cache=True, error_model="numpy")
def _empirical(P, N, I, at, stream):  # type: ignore[no-untyped-def]
    """Linear between the tabulated quantiles."""
    values, n = P[at + D_P0], P[at + D_N]
    u = uniform(P, I, stream)
    for i in range(n):
        high = N[values + n + i]
        if u <= high:
            if i == 0:
                return N[values]
            low = N[values + n + i - 1]
            share = (u - low) / (high - low)
            return N[values + i - 1] + share * (N[values + i] - N[values + i - 1])
    return N[values + n - 1]


_MINUTE = 60_000_000
_APPOINTMENT = 5 * _MINUTE  # appointments begin at these steps after opening


@njit(cache=True, error_model="numpy")
def _offset(P, schedule, t):  # type: ignore[no-untyped-def]
    """What local time is ahead of UTC at instant `t`, in microseconds."""
    low, high = 0, P[schedule + 1] - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if P[P[schedule] + 2 * middle] <= t:
            low = middle
        else:
            high = middle - 1
    return P[P[schedule] + 2 * low + 1]


@njit(cache=True, error_model="numpy")
def _until_open(P, I, schedule, stream, now):  # type: ignore[no-untyped-def]
    """From now to an appointment on the first day on which there still is one; NEVER if always closed."""
    ahead = _offset(P, schedule, now)
    local = now + ahead
    today = local // DAY
    u = uniform(P, I, stream)
    for day in range(today, today + 8):
        at = schedule + 2 + 2 * ((day + 3) % 7)  # 1 January 1970 was a Thursday
        first = day * DAY + P[at] * _MINUTE
        closes = day * DAY + P[at + 1] * _MINUTE
        if first < local:
            first += (local - first + _APPOINTMENT - 1) // _APPOINTMENT * _APPOINTMENT
        n = (closes - first) // _APPOINTMENT
        if n > 0:
            begins = first + int(math.floor(u * n)) * _APPOINTMENT
            return max(begins - _offset(P, schedule, begins - ahead) - now, 0)
    return NEVER


@njit(cache=True, error_model="numpy")
def draw(P, N, I, F, dist, stream, now):  # type: ignore[no-untyped-def]
    """A number from distribution `dist`; its parameters are evaluated now."""
    at = P[H_DIST] + dist * DIST_W
    kind = P[at + D_KIND]
    if kind == EMPIRICAL:
        return _empirical(P, N, I, at, stream)
    if kind == OPENING:
        return float(_until_open(P, I, P[H_SCHEDULE] + P[at + D_P0] * SCHEDULE_W, stream, now))
    a = evaluate(P, N, I, F, P[at + D_P0], now)
    if kind == FIXED:
        return a
    if kind == EXPONENTIAL:
        return -log(uniform(P, I, stream)) * a
    b = evaluate(P, N, I, F, P[at + D_P1], now)
    if kind == UNIFORM:
        return a + (b - a) * uniform(P, I, stream)
    if kind == NORMAL:
        return a + b * normal_quantile(uniform(P, I, stream))
    if kind == WEIBULL:
        return a * exp(log(-log(uniform(P, I, stream))) / b)
    if kind == LOGNORMAL:
        return a * exp(b * normal_quantile(uniform(P, I, stream)))
    if kind == GAMMA:
        return a * _gamma(P, I, stream, b)
    if kind == BETA:
        x = _gamma(P, I, stream, a)
        y = _gamma(P, I, stream, b)
        return x / (x + y)
    return math.nan


@njit(cache=True, error_model="numpy")
def whole_microseconds(I, x):  # type: ignore[no-untyped-def]
    """A duration rounded to the microsecond, 0..NEVER; an unknown one is an error."""
    if x != x:
        I[R_ERROR] = BAD_PARAMETER
        return NEVER
    if x <= 0.0:
        return 0
    if x >= NEVER:
        return NEVER
    return int(math.floor(x + 0.5))


@njit(cache=True, error_model="numpy")
def draw_duration(P, N, I, F, dist, stream, now):  # type: ignore[no-untyped-def]
    """A duration in whole microseconds, 0..NEVER."""
    return whole_microseconds(I, draw(P, N, I, F, dist, stream, now))
