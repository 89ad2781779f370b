"""Arming and refreshing the arrows of a state: when will they fire by themselves?

A slot is the place of an arrow of the state a process is in: what is left of its clock, when it is due,
when to look at it again (docs/engine.md, The loop).
"""

from __future__ import annotations

from numba import njit

from simulator.compiler.layout import (
    A_BASE,
    A_DIST,
    A_KIND,
    A_STRATUM,
    A_STREAM,
    A_TERM,
    A_YEARS,
    ARROW_W,
    BASE_W,
    BLOCK,
    F_E,
    F_H,
    F_M,
    F_S,
    H_ARROW,
    H_BASE,
    H_PROC,
    H_STATE,
    I_BLOCK,
    I_DUE,
    I_NEXT,
    I_PICK,
    I_STATE,
    I_WAKES,
    K_AFTER,
    K_AGE,
    K_RATE,
    K_WHEN,
    NEVER,
    P_SLOT0,
    P_STATE0,
    PROC_W,
    R_WAKE,
    S_ARROW0,
    S_NARROW,
    STATE_W,
)  # fmt: skip
from simulator.engine.clock import instant_of_age
from simulator.engine.hazards import cumulative, fires_at, spent
from simulator.engine.sampling import draw_duration, unit_exponential
from simulator.engine.terms import evaluate


@njit(cache=True, error_model="numpy")
def _find_next_slot(P, I, process):  # type: ignore[no-untyped-def]
    """Find the earliest wake-up or due time among the slots of a process."""
    row = P[H_PROC] + process * PROC_W
    slot = P[row + P_SLOT0]
    n = P[P[H_STATE] + (P[row + P_STATE0] + I[P[I_STATE] + process]) * STATE_W + S_NARROW]
    best, pick = NEVER, 0
    due, wakes = P[I_DUE] + slot, P[I_WAKES] + slot
    for k in range(n):
        t = I[wakes + k]
        pick = 2 * k if t < best else pick
        best = min(t, best)
        t = I[due + k]
        pick = 2 * k + 1 if t < best else pick
        best = min(t, best)
    I[P[I_NEXT] + process] = best
    I[P[I_PICK] + process] = pick


@njit(cache=True, error_model="numpy", forceinline=True)
def _find_first(P, I, block):  # type: ignore[no-untyped-def]
    """Find the earliest instant among the processes of a block; places beyond the last are NEVER."""
    first = P[I_NEXT] + block * BLOCK
    best = I[first]
    for k in range(first + 1, first + BLOCK):
        best = min(best, I[k])
    I[P[I_BLOCK] + block] = best


@njit(cache=True, error_model="numpy")
def find_next(P, I, process):  # type: ignore[no-untyped-def]
    """Find what a process does next, and what its block does."""
    _find_next_slot(P, I, process)
    _find_first(P, I, process // BLOCK)


@njit(cache=True, error_model="numpy", forceinline=True)
def _hazard_ratio(P, N, I, F, at, now):  # type: ignore[no-untyped-def]
    """Multiplier of an arrow's hazard; unknown or negative is 0."""
    m = evaluate(P, N, I, F, P[at + A_TERM], now)
    return m if m > 0.0 else 0.0


@njit(cache=True, error_model="numpy")
def refresh_slot(P, N, I, F, arrow, slot, now):  # type: ignore[no-untyped-def]
    """Re-evaluate what an armed arrow depends on."""
    at = P[H_ARROW] + arrow * ARROW_W
    kind = P[at + A_KIND]
    if kind == K_RATE:
        stratum = P[F_S] + slot
        s = evaluate(P, N, I, F, P[at + A_STRATUM], now)
        wake = I[R_WAKE]
        m = _hazard_ratio(P, N, I, F, at, now)
        I[P[I_WAKES] + slot] = min(wake, I[R_WAKE])
        old = F[P[F_M] + slot]
        if m != old or s != F[stratum]:
            base = P[H_BASE] + P[at + A_BASE] * BASE_W
            h = cumulative(P, N, I, F, base, int(F[stratum]), now)
            left = F[P[F_E] + slot] - old * spent(P, N, base, F[P[F_H] + slot], h)
            F[P[F_E] + slot] = max(0.0, left)
            F[stratum] = s
            F[P[F_M] + slot] = m
            _aim(P, N, I, F, base, slot, now)
    elif kind == K_WHEN:
        true = evaluate(P, N, I, F, P[at + A_TERM], now) == 1.0
        I[P[I_WAKES] + slot] = I[R_WAKE]
        if not true:
            I[P[I_DUE] + slot] = NEVER
        elif I[P[I_DUE] + slot] == NEVER:
            I[P[I_DUE] + slot] = _when_due(P, N, I, F, at, now)


@njit(cache=True, error_model="numpy")
def _aim(P, N, I, F, base, slot, now):  # type: ignore[no-untyped-def]
    """Work out when the clock of a slot fires, from what is left of it."""
    stratum = int(F[P[F_S] + slot])
    h = cumulative(P, N, I, F, base, stratum, now)
    F[P[F_H] + slot] = h
    m = F[P[F_M] + slot]
    due = NEVER
    if m > 0.0:
        due = fires_at(P, N, I, F, base, stratum, h, F[P[F_E] + slot] / m, now)
    I[P[I_DUE] + slot] = due


@njit(cache=True, error_model="numpy")
def _when_due(P, N, I, F, at, now):  # type: ignore[no-untyped-def]
    """Due time of a condition that has just become true."""
    if P[at + A_DIST] < 0:
        return now
    wait = draw_duration(P, N, I, F, P[at + A_DIST], P[at + A_STREAM], now)
    return now + wait if wait < NEVER - now else NEVER


@njit(cache=True, error_model="numpy")
def _arm_slot(P, N, I, F, arrow, slot, now):  # type: ignore[no-untyped-def]
    at = P[H_ARROW] + arrow * ARROW_W
    kind = P[at + A_KIND]
    I[P[I_DUE] + slot] = NEVER
    I[P[I_WAKES] + slot] = NEVER
    if kind == K_RATE:
        F[P[F_E] + slot] = unit_exponential(P, I, F, P[at + A_STREAM])
        F[P[F_S] + slot] = evaluate(P, N, I, F, P[at + A_STRATUM], now)
        wake = I[R_WAKE]
        F[P[F_M] + slot] = _hazard_ratio(P, N, I, F, at, now)
        I[P[I_WAKES] + slot] = min(wake, I[R_WAKE])
        # when it fires is worked out by `aim`
    elif kind == K_AFTER:
        wait = draw_duration(P, N, I, F, P[at + A_DIST], P[at + A_STREAM], now)
        I[P[I_DUE] + slot] = now + wait if wait < NEVER - now else NEVER
    elif kind == K_WHEN:
        true = evaluate(P, N, I, F, P[at + A_TERM], now) == 1.0
        I[P[I_WAKES] + slot] = I[R_WAKE]
        if true:
            I[P[I_DUE] + slot] = _when_due(P, N, I, F, at, now)
    elif kind == K_AGE:
        instant = instant_of_age(I, N[P[at + A_YEARS]])
        if instant >= now:
            I[P[I_DUE] + slot] = instant


@njit(cache=True, error_model="numpy")
def arm(P, N, I, F, process, now):  # type: ignore[no-untyped-def]
    row = P[H_PROC] + process * PROC_W
    state = P[H_STATE] + (P[row + P_STATE0] + I[P[I_STATE] + process]) * STATE_W
    for k in range(P[state + S_NARROW]):
        _arm_slot(P, N, I, F, P[state + S_ARROW0] + k, P[row + P_SLOT0] + k, now)


@njit(cache=True, error_model="numpy")
def aim(P, N, I, F, first, end, now):  # type: ignore[no-untyped-def]
    """Work out when the clocks just armed of processes first … end - 1 fire, and what comes first.

    Whoever enters life is aimed for all processes together: each clock is one long chain of operations,
    and chains overlap that stand side by side.
    """
    for process in range(first, end):
        row = P[H_PROC] + process * PROC_W
        state = P[H_STATE] + (P[row + P_STATE0] + I[P[I_STATE] + process]) * STATE_W
        at = P[H_ARROW] + P[state + S_ARROW0] * ARROW_W
        slot = P[row + P_SLOT0]
        for k in range(P[state + S_NARROW]):
            if P[at + A_KIND] == K_RATE:
                _aim(P, N, I, F, P[H_BASE] + P[at + A_BASE] * BASE_W, slot + k, now)
            at += ARROW_W
    for process in range(first, end):
        _find_next_slot(P, I, process)
    for block in range(first // BLOCK, (end + BLOCK - 1) // BLOCK):
        _find_first(P, I, block)
