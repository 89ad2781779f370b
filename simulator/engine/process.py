"""Processes of one patient: what changed, what is done, which arrows fire (docs/engine.md, The loop)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from simulator.compiler.layout import (
    A_ACTIONS,
    A_FROM,
    A_PROB,
    A_PROC,
    A_STREAM,
    A_TARGET,
    A_TERM,
    A_TRUTH,
    ACT_W,
    ARROW_W,
    BAD_PARAMETER,
    C_CLOSE,
    C_DIE,
    C_DRAW,
    C_EMIT,
    C_END,
    C_IF,
    C_MEASURE,
    C_PUSH,
    C_RAISE,
    C_SET,
    C_STAMP,
    C_VISIT,
    CYCLE,
    F_ACC,
    F_SLOPE,
    F_VAR,
    H_ARROW,
    H_DEP_IDX,
    H_DEP_PTR,
    H_LDEP_IDX,
    H_LDEP_PTR,
    H_LEVEL,
    H_LIS_IDX,
    H_LIS_PTR,
    H_N_LEVEL,
    H_N_PROC,
    H_PROC,
    H_RING,
    H_STATE,
    H_SYM_LEVEL,
    H_SYM_RING,
    H_SYM_STAMP,
    H_SYM_VAR,
    I_DIRTY,
    I_LSINCE,
    I_LWAKE,
    I_NEXT,
    I_PICK,
    I_QUEUE,
    I_STAMP,
    I_STATE,
    L_CODE,
    L_HIGH,
    L_LAST,
    L_LOW,
    L_NOISE_SD,
    L_NOISE_STREAM,
    L_SCALE,
    L_SLOPE,
    L_VALUE,
    LEVEL_W,
    NEVER,
    NULL,
    OK,
    P_SLOT0,
    P_STATE0,
    PROC_W,
    QUEUE,
    QUEUE_FULL,
    R_AIMED,
    R_ALIVE,
    R_ARROW,
    R_ENC,
    R_ERROR,
    R_INSTANT,
    R_LEVEL_WAKE,
    R_LISTENER,
    R_NDIRTY,
    R_QHEAD,
    R_QTAIL,
    R_SAME,
    R_TAKEN,
    R_WAKE,
    RING_W,
    S_ARROW0,
    S_CHANCE,
    S_ENTRY,
    S_NARROW,
    S_STREAM,
    SAME_INSTANT_LIMIT,
    STATE_W,
    YEAR,
)  # fmt: skip
from simulator.engine.numeric import normal_quantile
from simulator.engine.record import close_encounter, die, put_truth, record, visit
from simulator.engine.sampling import draw, uniform, whole_microseconds
from simulator.engine.slots import aim, arm, find_next, refresh_slot
from simulator.engine.terms import evaluate, holds

#: an int64 that Numba does not specialise on, as it would on a literal
NOBODY: Any = np.int64(-1)
NO_WAIT: Any = np.int64(-1)

# --- what changed ------------------------------------------------------------------------


@njit(cache=True, error_model="numpy", forceinline=True)
def mark(P, I, symbol):  # type: ignore[no-untyped-def]
    """Remember that `symbol` changed, if anything depends on it."""
    if (
        P[P[H_DEP_PTR] + symbol] == P[P[H_DEP_PTR] + symbol + 1]
        and P[P[H_LDEP_PTR] + symbol] == P[P[H_LDEP_PTR] + symbol + 1]
    ):
        return
    n = I[R_NDIRTY]
    at = P[I_DIRTY]
    for i in range(n):
        if I[at + i] == symbol:
            return
    I[at + n] = symbol
    I[R_NDIRTY] = n + 1


@njit(cache=True, error_model="numpy", forceinline=True)
def known_slope(slope):  # type: ignore[no-untyped-def]
    """An unknown slope is none."""
    return slope if slope == slope else 0.0


@njit(cache=True, error_model="numpy")
def refresh_level(P, N, I, F, level, hovers, now):  # type: ignore[no-untyped-def]
    """Bring a level's accumulated drift up to now and evaluate its slope anew; one that hovers gets none."""
    since = P[I_LSINCE] + level
    slope = P[F_SLOPE] + level
    acc = P[F_ACC] + level
    term = P[P[H_LEVEL] + level * LEVEL_W + L_SLOPE]
    new = known_slope(evaluate(P, N, I, F, term, now))
    if hovers:
        new = 0.0
    if new != F[slope]:
        F[acc] = F[acc] + F[slope] * ((now - I[since]) / YEAR)
        I[since] = now
        F[slope] = new
        # with another slope, a question for the level itself wakes at another time
        evaluate(P, N, I, F, term, now)
    wakes = P[I_LWAKE]
    I[wakes + level] = I[R_WAKE]
    earliest = NEVER
    for k in range(wakes, wakes + P[H_N_LEVEL]):
        earliest = min(earliest, I[k])
    I[R_LEVEL_WAKE] = earliest
    mark(P, I, P[H_SYM_LEVEL] + level)


@njit(cache=True, error_model="numpy")
def refresh_marked(P, N, I, F, now):  # type: ignore[no-untyped-def]
    """Refresh levels, then slots, that depend on what changed."""
    if I[R_NDIRTY] == 0:
        return
    at = P[I_DIRTY]
    ptr, idx = P[H_LDEP_PTR], P[H_LDEP_IDX]
    i = 0
    while i < I[R_NDIRTY]:
        symbol = I[at + i]
        for j in range(P[ptr + symbol], P[ptr + symbol + 1]):
            if symbol != P[H_SYM_LEVEL] + P[idx + j]:  # a level that has just changed knows of itself
                refresh_level(P, N, I, F, P[idx + j], False, now)
        i += 1
    ptr, idx = P[H_DEP_PTR], P[H_DEP_IDX]
    for i in range(I[R_NDIRTY]):
        symbol = I[at + i]
        for j in range(P[ptr + symbol], P[ptr + symbol + 1]):
            arrow = P[idx + j]
            row = P[H_ARROW] + arrow * ARROW_W
            process = P[row + A_PROC]
            if I[P[I_STATE] + process] == P[row + A_FROM] and I[P[I_NEXT] + process] != NULL:
                home = P[H_PROC] + process * PROC_W
                first = P[P[H_STATE] + (P[home + P_STATE0] + P[row + A_FROM]) * STATE_W + S_ARROW0]
                refresh_slot(P, N, I, F, arrow, P[home + P_SLOT0] + arrow - first, now)
                find_next(P, I, process)
    I[R_NDIRTY] = 0


# --- actions -------------------------------------------------------------------------------


@njit(cache=True, error_model="numpy")
def _measure(P, N, I, F, E, V, C, level, kind, offset, share, now):  # type: ignore[no-untyped-def]
    """Draw, round, bound and record a value; remember it as the last."""
    at = P[H_LEVEL] + level * LEVEL_W
    value = evaluate(P, N, I, F, P[at + L_VALUE], now)
    sd = N[P[at + L_NOISE_SD]]
    if share != 0:
        sd = sd * evaluate(P, N, I, F, share, now)
    if sd > 0.0:
        value = value + sd * normal_quantile(uniform(P, I, F, P[at + L_NOISE_STREAM]))
    if offset != 0:
        value = value + evaluate(P, N, I, F, offset, now)
    if value != value:
        I[R_ERROR] = BAD_PARAMETER
        return
    scale = N[P[at + L_SCALE]]
    value = np.floor(value * scale + 0.5) / scale  # not math.floor: an int64 cannot hold every value
    value = min(max(value, N[P[at + L_LOW]]), N[P[at + L_HIGH]])
    record(P, N, I, F, E, V, C, P[at + L_CODE], value, NO_WAIT, kind, now)
    F[P[F_VAR] + P[at + L_LAST]] = value
    mark(P, I, P[H_SYM_VAR] + P[at + L_LAST])


@njit(cache=True, error_model="numpy")
def _raise(P, I, event):  # type: ignore[no-untyped-def]
    tail = I[R_QTAIL]
    if tail >= QUEUE:
        I[R_ERROR] = QUEUE_FULL
        return
    I[P[I_QUEUE] + tail] = event
    I[R_QTAIL] = tail + 1


@njit(cache=True, error_model="numpy")
def _act(P, N, I, F, E, V, C, pc, now):  # type: ignore[no-untyped-def]
    """Carry out the actions from `pc` on."""
    while I[R_ALIVE] == 1:
        op, a, b = P[pc], P[pc + 1], P[pc + 2]
        if op == C_END:
            return
        if op == C_IF:
            if not holds(P, N, I, F, a, now):
                pc += P[pc + 4] * ACT_W
            elif b != 0:
                p = evaluate(P, N, I, F, b, now)
                if not uniform(P, I, F, P[pc + 3]) < p:
                    pc += P[pc + 4] * ACT_W
        elif op == C_MEASURE:
            _measure(P, N, I, F, E, V, C, a, b, P[pc + 3], P[pc + 4], now)
        elif op == C_VISIT:
            visit(P, N, I, F, E, V, C, a, now)
        elif op == C_EMIT:
            value = evaluate(P, N, I, F, b, now) if b != 0 else math.nan
            wait = NO_WAIT
            if P[pc + 3] != 0:
                x = evaluate(P, N, I, F, P[pc + 3], now)
                wait = whole_microseconds(I, x)
            record(P, N, I, F, E, V, C, a, value, wait, P[pc + 4], now)
        elif op == C_RAISE:
            _raise(P, I, a)
        elif op == C_STAMP:
            I[P[I_STAMP] + a] = now
            mark(P, I, P[H_SYM_STAMP] + a)
        elif op == C_PUSH:
            ring, capacity = P[P[H_RING] + a * RING_W], P[P[H_RING] + a * RING_W + 1]
            I[ring + 1 + I[ring] % capacity] = now
            I[ring] += 1
            mark(P, I, P[H_SYM_RING] + a)
        elif op == C_SET:
            F[P[F_VAR] + a] = evaluate(P, N, I, F, b, now)
            mark(P, I, P[H_SYM_VAR] + a)
        elif op == C_DRAW:
            F[P[F_VAR] + a] = draw(P, N, I, F, b, P[pc + 3], now)
            mark(P, I, P[H_SYM_VAR] + a)
        elif op == C_CLOSE:
            if I[R_ENC] >= 0:
                close_encounter(I, C, now)
        elif op == C_DIE:
            die(I, E, V, C, now)
        pc += ACT_W


# --- firing ----------------------------------------------------------------------------------


@njit(cache=True, error_model="numpy")
def _choose(P, N, I, F, state, now):  # type: ignore[no-untyped-def]
    """Arrow that a state of chance takes."""
    first, n = P[state + S_ARROW0], P[state + S_NARROW]
    total = 0.0
    for k in range(n):
        total += evaluate(P, N, I, F, P[P[H_ARROW] + (first + k) * ARROW_W + A_TERM], now)
    target = uniform(P, I, F, P[state + S_STREAM]) * total
    cumulated = 0.0
    for k in range(n):
        cumulated += evaluate(P, N, I, F, P[P[H_ARROW] + (first + k) * ARROW_W + A_TERM], now)
        if target < cumulated:
            return first + k
    return first + n - 1


@njit(cache=True, error_model="numpy")
def take(P, N, I, F, E, V, C, T, process, arrow, now):  # type: ignore[no-untyped-def]
    """Fire an arrow (or, with arrow -1, enter the process's present state), settle, arm."""
    home = P[H_PROC] + process * PROC_W
    while True:
        if I[R_INSTANT] == now:
            I[R_SAME] += 1
            if I[R_SAME] > SAME_INSTANT_LIMIT:
                I[R_ERROR] = CYCLE
        else:
            I[R_INSTANT] = now
            I[R_SAME] = 0
        I[R_ARROW] = arrow
        if arrow >= 0:
            at = P[H_ARROW] + arrow * ARROW_W
            if P[at + A_TRUTH]:
                put_truth(I, T, now, process, P[at + A_FROM], P[at + A_TARGET], arrow)
            I[P[I_STATE] + process] = P[at + A_TARGET]
            if P[at + A_ACTIONS] != 0:
                _act(P, N, I, F, E, V, C, P[at + A_ACTIONS], now)
        state = P[H_STATE] + (P[home + P_STATE0] + I[P[I_STATE] + process]) * STATE_W
        if I[R_ALIVE] == 1 and P[state + S_ENTRY] != 0:
            _act(P, N, I, F, E, V, C, P[state + S_ENTRY], now)
        if I[R_ALIVE] == 0 or I[R_ERROR] != OK:
            return
        if not P[state + S_CHANCE]:
            break
        arrow = _choose(P, N, I, F, state, now)
    arm(P, N, I, F, process, now)
    if I[R_AIMED] == P[H_N_PROC]:
        aim(P, N, I, F, process, process + 1, now)
    mark(P, I, process)


@njit(cache=True, error_model="numpy")
def next_listener(P, N, I, F, now):  # type: ignore[no-untyped-def]
    """The next arrow that hears a raised event, first in, first out; -1 when none is left.

    Where the search stands is kept in the row (event at R_QHEAD, listener at R_LISTENER, process
    that last took an arrow at R_TAKEN), so that the loop has one place from which arrows fire.
    """
    ptr, idx = P[H_LIS_PTR], P[H_LIS_IDX]
    while I[R_QHEAD] < I[R_QTAIL]:
        event = I[P[I_QUEUE] + I[R_QHEAD]]
        j = P[ptr + event] + I[R_LISTENER]
        while j < P[ptr + event + 1]:
            I[R_LISTENER] += 1
            arrow = P[idx + j]
            j += 1
            at = P[H_ARROW] + arrow * ARROW_W
            process = P[at + A_PROC]
            if process == I[R_TAKEN] or I[P[I_STATE] + process] != P[at + A_FROM]:
                continue
            if not holds(P, N, I, F, P[at + A_TERM], now):
                continue
            if P[at + A_PROB] != 0:
                p = evaluate(P, N, I, F, P[at + A_PROB], now)
                if not uniform(P, I, F, P[at + A_STREAM]) < p:
                    continue
            I[R_TAKEN] = process
            return arrow
        I[R_QHEAD] += 1
        I[R_LISTENER] = 0
        I[R_TAKEN] = NOBODY
    I[R_QHEAD] = 0
    I[R_QTAIL] = 0
    return NOBODY


@njit(cache=True, error_model="numpy")
def due_arrow(P, N, I, F, process, now):  # type: ignore[no-untyped-def]
    """The arrow of a process that fires now; -1 if its slot only woke up (and was refreshed)."""
    home = P[H_PROC] + process * PROC_W
    state = P[H_STATE] + (P[home + P_STATE0] + I[P[I_STATE] + process]) * STATE_W
    pick = I[P[I_PICK] + process]
    arrow = P[state + S_ARROW0] + (pick >> 1)
    if pick & 1:
        return arrow
    refresh_slot(P, N, I, F, arrow, P[home + P_SLOT0] + (pick >> 1), now)
    find_next(P, I, process)
    return NOBODY
