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
    F_FIRST,
    F_SECOND,
    FIXED,
    GAMMA,
    H_DIST,
    H_N_CLOCK,
    H_N_EARLY,
    H_POP_STREAM,
    H_SCHEDULE,
    H_STREAM,
    I_COUNT,
    LANES,
    LOGNORMAL,
    NEVER,
    NORMAL,
    OPENING,
    R_ATTEMPT,
    R_ERROR,
    R_K0,
    R_K1,
    R_PATIENT,
    READY,
    SCHEDULE_W,
    UNIFORM,
    WEIBULL,
)  # fmt: skip
from simulator.engine import draws
from simulator.engine.lanes import draw_lanes
from simulator.engine.numeric import exp, log, log_of_normal, normal_quantile
from simulator.engine.terms import evaluate


@njit(cache=True, error_model="numpy")
def draw_early(P, I, F):  # type: ignore[no-untyped-def]
    """Work out block 0 of the streams that everybody begins with.

    One after another they would each wait for ten rounds of multiplications; together they overlap.
    Of a clock, its unit exponential -log(u) is kept.
    """
    k0, k1, patient = I[R_K0], I[R_K1], I[R_PATIENT]
    low, high = patient & 0xFFFFFFFF, (patient >> 32) | (I[R_ATTEMPT] << 8)
    streams, counts, first, second = P[H_STREAM], P[I_COUNT], P[F_FIRST], P[F_SECOND]
    for stream in range(0, P[H_N_EARLY], LANES):
        draw_lanes(P, streams + stream, low, high, k0, k1, F, first + stream, second + stream)
    for stream in range(P[H_N_EARLY]):
        I[counts + stream] = READY
    for stream in range(P[H_N_CLOCK]):
        F[first + stream] = -log_of_normal(F[first + stream])
    if I[R_ATTEMPT] != 0:  # whoever is begun again has the birth and sex of the first time
        stream = P[H_POP_STREAM]
        u, v = draws.uniform_pair(k0, k1, P[streams + stream], patient, 0, 0)
        F[first + stream], F[second + stream] = u, v


@njit(cache=True, error_model="numpy")
def uniform(P, I, F, stream):  # type: ignore[no-untyped-def]
    """Next uniform of the patient's stream number `stream` (an index, not the hash).

    A block of the generator is two draws: the second is kept in F until it is asked for.
    """
    at = P[I_COUNT] + stream
    n = I[at]
    if n == READY:
        I[at] = 1
        return F[P[F_FIRST] + stream]
    I[at] = n + 1
    if n & 1:
        return F[P[F_SECOND] + stream]
    hashed = P[P[H_STREAM] + stream]
    u, F[P[F_SECOND] + stream] = draws.uniform_pair(
        I[R_K0], I[R_K1], hashed, I[R_PATIENT], I[R_ATTEMPT], n >> 1
    )
    return u


@njit(cache=True, error_model="numpy", forceinline=True)
def unit_exponential(P, I, F, stream):  # type: ignore[no-untyped-def]
    """What a clock is wound up with: -log(u) of the next uniform."""
    at = P[I_COUNT] + stream
    if I[at] == READY:
        I[at] = 1
        return F[P[F_FIRST] + stream]
    return -log_of_normal(uniform(P, I, F, stream))


@njit(cache=True, error_model="numpy")
def _gamma(P, I, F, stream, shape):  # type: ignore[no-untyped-def]
    at = P[I_COUNT] + stream
    hashed = P[P[H_STREAM] + stream]
    k0, k1, patient, attempt = I[R_K0], I[R_K1], I[R_PATIENT], I[R_ATTEMPT]
    value, n = draws.gamma_draw(k0, k1, hashed, patient, attempt, max(I[at], 0), shape)
    I[at] = n
    if n & 1:  # in the middle of a block
        F[P[F_SECOND] + stream] = draws.uniform(k0, k1, hashed, patient, attempt, n)
    return value


@njit(cache=True, error_model="numpy")
def _empirical(P, N, I, F, at, stream):  # type: ignore[no-untyped-def]
    """Linear between the tabulated quantiles."""
    values, n = P[at + D_P0], P[at + D_N]
    u = uniform(P, I, F, stream)
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
def _until_open(P, I, F, schedule, stream, now):  # type: ignore[no-untyped-def]
    """From now to an appointment on the first day on which there still is one; NEVER if always closed."""
    ahead = _offset(P, schedule, now)
    local = now + ahead
    today = local // DAY
    u = uniform(P, I, F, stream)
    for day in range(today, today + 8):
        at = schedule + 2 + 2 * ((day + 3) % 7)  # 1 January 1970 was a Thursday
        first = day * DAY + P[at] * _MINUTE
        closes = day * DAY + P[at + 1] * _MINUTE
        if first < local:
            first += (local - first + _APPOINTMENT - 1) // _APPOINTMENT * _APPOINTMENT
        n = (closes - first) // _APPOINTMENT
        if n > 0:
            begins = first + int(math.floor(u * n)) * _APPOINTMENT
            offset = _offset(P, schedule, begins - ahead)
            found = _offset(P, schedule, begins - offset)  # another in an hour (or day) that the clocks skip
            return max(begins - found - now, 0)
    return NEVER


@njit(cache=True, error_model="numpy")
def draw(P, N, I, F, dist, stream, now):  # type: ignore[no-untyped-def]
    """A number from distribution `dist`; its parameters are evaluated now."""
    at = P[H_DIST] + dist * DIST_W
    kind = P[at + D_KIND]
    if kind == EMPIRICAL:
        return _empirical(P, N, I, F, at, stream)
    if kind == OPENING:
        return float(_until_open(P, I, F, P[H_SCHEDULE] + P[at + D_P0] * SCHEDULE_W, stream, now))
    a = evaluate(P, N, I, F, P[at + D_P0], now)
    if kind == FIXED:
        return a
    if kind == EXPONENTIAL:
        return -log(uniform(P, I, F, stream)) * a
    b = evaluate(P, N, I, F, P[at + D_P1], now)
    if kind == UNIFORM:
        return a + (b - a) * uniform(P, I, F, stream)
    if kind == NORMAL:
        return a + b * normal_quantile(uniform(P, I, F, stream))
    if kind == WEIBULL:
        return a * exp(log(-log(uniform(P, I, F, stream))) / b)
    if kind == LOGNORMAL:
        return a * exp(b * normal_quantile(uniform(P, I, F, stream)))
    if kind == GAMMA:
        return a * _gamma(P, I, F, stream, b)
    if kind == BETA:
        x = _gamma(P, I, F, stream, a)
        y = _gamma(P, I, F, stream, b)
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
