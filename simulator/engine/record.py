"""Writing rows: events, encounters and truth, into preallocated column buffers.

Buffers (one set per worker, handed to the writer when full):
- E int64[5, room]: time, code, encounter number, end, cause; V float64[room]: value
- C int64[4, room]: number, kind, start, end of an encounter
- T int64[5, room]: time, process, from, to, arrow

Here they are pointers, and the rooms stand in the patient's row. A patient who does not fit sets
I[R_ERROR] = FULL; the caller then empties the buffers and begins that patient again, so
nothing is ever half written.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.compiler.layout import (
    ENC_W,
    FULL,
    H_CODE,
    H_ENC,
    LASTING,
    N_CODE,
    N_DIST,
    N_PRIORITY,
    N_STREAM,
    NEVER,
    NULL,
    ONCE,
    R_ALIVE,
    R_ARROW,
    R_CAUSE,
    R_DEATH,
    R_ENC,
    R_ENC_ARROW,
    R_ENC_COUNT,
    R_ENC_END,
    R_ENC_NUMBER,
    R_ENC_START,
    R_ENC_WRITTEN,
    R_ENCOUNTER_ROOM,
    R_ENCOUNTERS,
    R_ENTRY,
    R_ERROR,
    R_EVENT_ROOM,
    R_EVENTS,
    R_TRUTH_ROOM,
    R_TRUTHS,
)  # fmt: skip
from simulator.engine.sampling import draw_duration

MINUTE = 60_000_000
# int64s that Numba does not specialise on, as it would on literals
NO_TIME = np.int64(NULL)
NO_ENCOUNTER = np.int64(-1)
DEATH = np.int64(1)


@njit(cache=True, error_model="numpy", forceinline=True)
def put_event(I, E, V, time, code, value, encounter, end):  # type: ignore[no-untyped-def]
    """Append a row to the events; its cause is the arrow that is firing."""
    row, room = I[R_EVENTS], I[R_EVENT_ROOM]
    if row >= room:
        I[R_ERROR] = FULL
        return
    E[row] = time
    E[room + row] = code
    E[2 * room + row] = encounter
    E[3 * room + row] = end
    E[4 * room + row] = I[R_ARROW]
    V[row] = value
    I[R_EVENTS] = row + 1


@njit(cache=True, error_model="numpy", forceinline=True)
def put_truth(I, T, now, process, before, after, arrow):  # type: ignore[no-untyped-def]
    """Append a transition to the truth table."""
    row, room = I[R_TRUTHS], I[R_TRUTH_ROOM]
    if row >= room:
        I[R_ERROR] = FULL
        return
    T[row] = now
    T[room + row] = process
    T[2 * room + row] = before
    T[3 * room + row] = after
    T[4 * room + row] = arrow
    I[R_TRUTHS] = row + 1


@njit(cache=True, error_model="numpy")
def close_encounter(I, C, end):  # type: ignore[no-untyped-def]
    """Close the open encounter; its row is written if anything of it was recorded."""
    if I[R_ENC_WRITTEN]:
        row, room = I[R_ENCOUNTERS], I[R_ENCOUNTER_ROOM]
        if row >= room:
            I[R_ERROR] = FULL
            return
        C[row] = I[R_ENC_NUMBER]
        C[room + row] = I[R_ENC]
        C[2 * room + row] = I[R_ENC_START]
        C[3 * room + row] = end
        I[R_ENCOUNTERS] = row + 1
    I[R_ENC] = -1
    I[R_ENC_END] = NEVER
    I[R_ENC_WRITTEN] = 0


@njit(cache=True, error_model="numpy")
def _write_encounter_event(P, I, E, V):  # type: ignore[no-untyped-def]
    code = P[P[H_ENC] + I[R_ENC] * ENC_W + N_CODE]
    firing = I[R_ARROW]
    I[R_ARROW] = I[R_ENC_ARROW]
    put_event(I, E, V, I[R_ENC_START], code, math.nan, I[R_ENC_NUMBER], NO_TIME)
    I[R_ARROW] = firing
    I[R_ENC_WRITTEN] = 1


@njit(cache=True, error_model="numpy")
def visit(P, N, I, F, E, V, C, kind, now):  # type: ignore[no-untyped-def]
    """Join the open encounter if its priority allows, else open a new one of `kind`."""
    at = P[H_ENC] + kind * ENC_W
    if I[R_ENC] >= 0:
        if P[P[H_ENC] + I[R_ENC] * ENC_W + N_PRIORITY] >= P[at + N_PRIORITY]:
            return
        close_encounter(I, C, now)
    wait = draw_duration(P, N, I, F, P[at + N_DIST], P[at + N_STREAM], now)
    I[R_ENC] = kind
    I[R_ENC_ARROW] = I[R_ARROW]
    I[R_ENC_START] = now
    I[R_ENC_END] = now + max(wait, MINUTE)
    I[R_ENC_NUMBER] = I[R_ENC_COUNT]
    I[R_ENC_COUNT] += 1
    I[R_ENC_WRITTEN] = 0
    if now >= I[R_ENTRY]:
        _write_encounter_event(P, I, E, V)


@njit(cache=True, error_model="numpy")
def record(P, N, I, F, E, V, C, code, value, wait, kind, now):  # type: ignore[no-untyped-def]
    """Record a row of `code` inside an encounter, opening one of `kind` if none is open.

    `wait` >= 0 gives the row an end. Before the recorded period only lasting codes are kept; a code that
    is recorded once in an encounter is not recorded there again.
    """
    if I[R_ENC] < 0:
        visit(P, N, I, F, E, V, C, kind, now)
    flags = P[P[H_CODE] + code]
    if now < I[R_ENTRY] and not flags & LASTING:
        return
    if flags & ONCE and I[R_ENC_WRITTEN]:
        row, room = I[R_EVENTS] - 1, I[R_EVENT_ROOM]
        while row >= 0 and E[2 * room + row] == I[R_ENC_NUMBER]:  # before the first one stands MEDS_BIRTH
            if E[room + row] == code:
                return
            row -= 1
    if not I[R_ENC_WRITTEN]:  # it began before the recorded period
        _write_encounter_event(P, I, E, V)
    end = now + wait if wait >= 0 else NO_TIME
    put_event(I, E, V, now, code, value, I[R_ENC_NUMBER], end)


@njit(cache=True, error_model="numpy")
def die(I, E, V, C, now):  # type: ignore[no-untyped-def]
    """End the life: close the encounter, record the death."""
    if I[R_ENC] >= 0:
        close_encounter(I, C, now)
    I[R_ALIVE] = 0
    I[R_DEATH] = now
    I[R_CAUSE] = I[R_ARROW]
    put_event(I, E, V, now, DEATH, math.nan, NO_ENCOUNTER, NO_TIME)
