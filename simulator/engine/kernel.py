"""The kernel: patients from birth to death, one after another or window by window.

Scenario as data: P and N (`compiler/layout.py`) say everything, so Numba compiles this once and
caches it; a new scenario compiles nothing. Nothing here sees a Python object.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.compiler.layout import (
    A_PROC,
    ARROW_W,
    ATTEMPT_LIMIT,
    BLOCK,
    CELL_W,
    CYCLE,
    F_CLEAR,
    F_DEV,
    F_SIGNAL,
    F_SIZE,
    F_SLOPE,
    F_VAR,
    FIRST_CLEARED,
    H_AGE_DIST,
    H_ARROW,
    H_CELL,
    H_END,
    H_FEMALE,
    H_HISTORY,
    H_LDEP_IDX,
    H_LDEP_PTR,
    H_LEVEL,
    H_N_BLOCK,
    H_N_CELL,
    H_N_COMMUNITY,
    H_N_LEVEL,
    H_N_PROC,
    H_N_SIGNAL,
    H_N_STAMP,
    H_N_VAR,
    H_PATIENTS,
    H_POP_STREAM,
    H_START,
    H_SYM_LEVEL,
    H_SYM_SIGNAL,
    H_VAR,
    HOVERING,
    I_BLOCK,
    I_CLEAR,
    I_LSINCE,
    I_LWAKE,
    I_NEXT,
    I_SIZE,
    I_STAMP,
    L_DEV_SD,
    L_DEV_STREAM,
    L_SLOPE,
    LEVEL_W,
    NEVER,
    NULL,
    OK,
    R_AGAIN,
    R_AIMED,
    R_ALIVE,
    R_ARROW,
    R_ATTEMPT,
    R_BIRTH,
    R_CAUSE,
    R_COMMUNITY,
    R_DEATH,
    R_ENC,
    R_ENC_END,
    R_ENCOUNTER_ROOM,
    R_ENCOUNTERS,
    R_ENTERING,
    R_ENTRY,
    R_ERROR,
    R_EVENT_ROOM,
    R_EVENTS,
    R_INSTANT,
    R_K0,
    R_K1,
    R_LEVEL_WAKE,
    R_NDIRTY,
    R_NOW,
    R_OLDEST,
    R_PATIENT,
    R_QTAIL,
    R_SEX,
    R_T0,
    R_TAKEN,
    R_TRUTH_ROOM,
    R_TRUTHS,
    R_WAKE,
    V_CODE,
    V_DIST,
    V_HIGH,
    V_LOW,
    V_NCAT,
    V_RECORDED,
    V_STREAM,
    V_WEIGHTS,
    VAR_W,
    YEAR,
)  # fmt: skip
from simulator.engine.ages import birthday as birthday_of
from simulator.engine.clock import set_birth
from simulator.engine.numeric import normal_quantile
from simulator.engine.pointers import keep, pointer_to, table_of
from simulator.engine.process import (
    NOBODY,
    due_arrow,
    known_slope,
    mark,
    next_listener,
    refresh_level,
    refresh_marked,
    take,
)
from simulator.engine.record import NO_ENCOUNTER, NO_TIME, close_encounter, put_event
from simulator.engine.sampling import draw, draw_early, uniform
from simulator.engine.slots import aim
from simulator.engine.terms import evaluate

#: columns of a subject row: birth, death, cause, entry, sex, community, events, encounters, truths, exit
SUBJECT_COLUMNS = 10
BIRTH = np.int64(0)


@njit(cache=True, error_model="numpy")
def years_before(t, years):  # type: ignore[no-untyped-def]
    """The instant `years` whole calendar years before `t`, 29 February becoming 1 March."""
    return birthday_of(t, -years)


@njit(cache=True, error_model="numpy", forceinline=True)
def _born(P, N, I, F):  # type: ignore[no-untyped-def]
    """Draw birth and sex (stream `population`, attempt 0 whatever the attempt)."""
    start = P[H_START]
    n = P[H_N_CELL]
    first = uniform(P, I, F, P[H_POP_STREAM])
    if n > 0:
        second = uniform(P, I, F, P[H_POP_STREAM])
        cells = P[H_CELL]
        target = first * N[P[cells + (n - 1) * CELL_W + 3]]
        cell = cells
        while cell < cells + (n - 1) * CELL_W and not target < N[P[cell + 3]]:
            cell += CELL_W
        sex = P[cell]
        low = years_before(start, P[cell + 2])
        high = years_before(start, P[cell + 1])
        birth = low + int(math.floor(second * (high - low)))
    else:
        attempt = I[R_ATTEMPT]
        I[R_ATTEMPT] = 0
        sex = 1 if first < N[P[H_FEMALE]] else 0
        age = draw(P, N, I, F, P[H_AGE_DIST], P[H_POP_STREAM], start)
        birth = start - int(math.floor(age * YEAR + 0.5))
        I[R_ATTEMPT] = attempt
    I[R_SEX] = sex
    set_birth(I, birth)
    # a year of life is never a hundredth shorter than a year
    F[R_OLDEST] = (P[H_END] - birth) * (1.0 / YEAR) * 1.01 + 1.0


@njit(cache=True, error_model="numpy")
def _draw_vars(P, N, I, F, E, V):  # type: ignore[no-untyped-def]
    """Draw the patient's variables in order and write the static rows of recorded ones."""
    values = P[F_VAR]
    t0 = I[R_T0]
    F[values] = I[R_SEX]
    for v in range(P[H_N_VAR]):
        row = P[H_VAR] + v * VAR_W
        n = P[row + V_NCAT]
        if v > 0:
            F[values + v] = math.nan
            if n > 0:
                weights = P[row + V_WEIGHTS]
                total = 0.0
                for i in range(n):
                    total += evaluate(P, N, I, F, P[weights + i], t0)
                target = uniform(P, I, F, P[row + V_STREAM]) * total
                cumulated, chosen = 0.0, 0
                for i in range(n - 1):  # a processor cannot guess where to stop: look at all
                    cumulated += evaluate(P, N, I, F, P[weights + i], t0)
                    chosen += 0 if target < cumulated else 1
                F[values + v] = chosen
            elif P[row + V_DIST] >= 0:
                x = draw(P, N, I, F, P[row + V_DIST], P[row + V_STREAM], t0)
                F[values + v] = min(max(x, N[P[row + V_LOW]]), N[P[row + V_HIGH]])
        if P[row + V_RECORDED] == 1:
            if v == 0 or n > 0:
                code = P[row + V_CODE] + int(F[values + v])
                put_event(I, E, V, NO_TIME, code, math.nan, NO_ENCOUNTER, NO_TIME)
            else:
                put_event(I, E, V, NO_TIME, P[row + V_CODE], F[values + v], NO_ENCOUNTER, NO_TIME)


@njit(cache=True, error_model="numpy")
def begin(P, N, I, F, E, V, patient, attempt, k0, k1):  # type: ignore[no-untyped-def]
    """Bring a patient into the world (docs/engine.md, A patient's beginning)."""
    for i in range(FIRST_CLEARED, P[I_CLEAR]):
        I[i] = 0
    for i in range(P[F_CLEAR]):
        F[i] = 0.0
    I[R_PATIENT], I[R_ATTEMPT], I[R_K0], I[R_K1] = patient, attempt, k0, k1
    I[R_COMMUNITY] = patient * P[H_N_COMMUNITY] // P[H_PATIENTS]
    I[R_ALIVE], I[R_DEATH], I[R_CAUSE], I[R_ARROW] = 1, NULL, -1, -1
    I[R_ENC], I[R_ENC_END] = -1, NEVER
    I[R_INSTANT] = NULL
    for i in range(P[I_STAMP], P[I_STAMP] + P[H_N_STAMP]):
        I[i] = NULL
    draw_early(P, I, F)
    _born(P, N, I, F)
    I[R_ENTRY] = max(P[H_START], I[R_BIRTH])
    now = I[R_BIRTH] if P[H_HISTORY] == 1 else I[R_ENTRY]
    I[R_T0] = now
    I[R_NOW] = now
    _draw_vars(P, N, I, F, E, V)
    put_event(I, E, V, I[R_BIRTH], BIRTH, math.nan, NO_ENCOUNTER, NO_TIME)
    for level in range(P[H_N_LEVEL]):
        row = P[H_LEVEL] + level * LEVEL_W
        z = normal_quantile(uniform(P, I, F, P[row + L_DEV_STREAM]))
        F[P[F_DEV] + level] = N[P[row + L_DEV_SD]] * z
        I[P[I_LSINCE] + level] = now
    I[R_LEVEL_WAKE] = NEVER
    for level in range(P[H_N_LEVEL]):
        slope = P[P[H_LEVEL] + level * LEVEL_W + L_SLOPE]
        F[P[F_SLOPE] + level] = known_slope(evaluate(P, N, I, F, slope, now))
        I[P[I_LWAKE] + level] = I[R_WAKE]
        I[R_LEVEL_WAKE] = min(I[R_LEVEL_WAKE], I[R_WAKE])
    for level in range(P[H_N_LEVEL]):  # slopes that ask for levels, whose own are known only now
        ptr = P[H_LDEP_PTR] + P[H_SYM_LEVEL] + level
        for j in range(P[ptr], P[ptr + 1]):
            refresh_level(P, N, I, F, P[P[H_LDEP_IDX] + j], False, now)
    for i in range(P[I_NEXT], P[I_NEXT] + P[H_N_PROC]):
        I[i] = NULL  # not armed yet: not to be refreshed
    for i in range(P[I_NEXT] + P[H_N_PROC], P[I_NEXT] + P[H_N_BLOCK] * BLOCK):
        I[i] = NEVER
    I[R_ENTERING] = 0
    I[R_AIMED] = 0
    I[R_TAKEN] = -1


@njit(cache=True, error_model="numpy", forceinline=True)
def _earliest(P, N, I, F, C, end):  # type: ignore[no-untyped-def]
    """The process whose slot is next before `end`, or -1; encounters and levels are seen to first.

    I[R_AGAIN] is set if one of those came first; else I[R_NOW] is the instant of the slot.
    """
    now, block = end, NOBODY
    for b in range(P[H_N_BLOCK]):
        t = I[P[I_BLOCK] + b]
        if t < now:
            now = t
            block = b
    process = block  # NOBODY
    if block >= 0:
        process = block * BLOCK
        while I[P[I_NEXT] + process] != now:
            process += 1
    level_wake = I[R_LEVEL_WAKE]
    if I[R_ENC_END] <= now and I[R_ENC_END] < end and I[R_ENC_END] <= level_wake:
        close_encounter(I, C, I[R_ENC_END])
        I[R_AGAIN] = 1
    elif level_wake <= now and level_wake < end:
        level = 0
        while I[P[I_LWAKE] + level] != level_wake:
            level += 1
        I[R_NOW] = level_wake
        hovers = level_wake - I[P[I_LSINCE] + level] <= HOVERING
        refresh_level(P, N, I, F, level, hovers, level_wake)
        I[R_AGAIN] = 1
    else:
        I[R_NOW] = now
    return process


@njit(cache=True, error_model="numpy")
def run_until(P, N, I, F, E, V, C, T, end):  # type: ignore[no-untyped-def]
    """Let everything happen that falls before `end`. I[R_NOW] is the instant reached."""
    while I[R_ALIVE] == 1 and I[R_ERROR] == OK:
        now = I[R_NOW]
        entering, n_proc = I[R_ENTERING], P[H_N_PROC]
        if I[R_AIMED] < entering and (entering == n_proc or I[R_NDIRTY] > 0):
            aim(P, N, I, F, I[R_AIMED], entering, now)
            I[R_AIMED] = entering
        if I[R_NDIRTY] > 0:
            refresh_marked(P, N, I, F, now)
        if entering < n_proc:
            process = entering
            arrow = NOBODY
            I[R_ENTERING] = entering + 1
        else:
            arrow = next_listener(P, N, I, F, now) if I[R_QTAIL] > 0 else NOBODY
            if arrow >= 0:
                process = P[P[H_ARROW] + arrow * ARROW_W + A_PROC]
            else:
                I[R_AGAIN] = 0
                process = _earliest(P, N, I, F, C, end)
                if I[R_AGAIN] != 0:
                    continue
                if process < 0:
                    return
                now = I[R_NOW]
                arrow = due_arrow(P, N, I, F, process, now)
                if arrow < 0:
                    continue
        take(P, N, I, F, E, V, C, T, process, arrow, now)


@njit(cache=True, error_model="numpy")
def set_signals(P, I, F, signals, window, now):  # type: ignore[no-untyped-def]
    """Hand a patient the signals of a window (of float64[windows, communities, signals])."""
    n = P[H_N_SIGNAL]
    row = (window * P[H_N_COMMUNITY] + I[R_COMMUNITY]) * n
    for k in range(n):
        F[P[F_SIGNAL] + k] = signals[row + k]
        mark(P, I, P[H_SYM_SIGNAL] + k)
    I[R_NOW] = now


@njit(cache=True, error_model="numpy")
def _finish(P, I, C, subjects, j, marks):  # type: ignore[no-untyped-def]
    """Close the books of a patient: subject row and how many rows of each table are theirs."""
    if I[R_ENC] >= 0:
        close_encounter(I, C, NO_TIME)
    subjects[0, j] = I[R_BIRTH]
    subjects[1, j] = I[R_DEATH]
    subjects[2, j] = I[R_CAUSE]
    subjects[3, j] = I[R_ENTRY]
    subjects[4, j] = I[R_SEX]
    subjects[5, j] = I[R_COMMUNITY]
    subjects[6, j] = I[R_EVENTS] - marks[0]
    subjects[7, j] = I[R_ENCOUNTERS] - marks[1]
    subjects[8, j] = I[R_TRUTHS] - marks[2]
    subjects[9, j] = P[H_END] if I[R_ALIVE] == 1 else I[R_DEATH]


@njit(cache=True, error_model="numpy", nogil=True)
def run_patients(  # type: ignore[no-untyped-def]
    ints, nums, events, values, encounters, truths, subjects, first, count, k0, k1, edges, signals
):
    """Run patients first … first + count - 1, each through the whole period.

    Args:
        ints, nums: int64[...], float64[...], the program.
        events, values, encounters, truths: buffers for rows (`record.py`), filled from the front.
        subjects: int64[10, count], written: birth, death, cause, entry, sex, community, the
            number of event, encounter and truth rows, and the end of observation.
        first, count: which patients.
        k0, k1: low and high word of the seed.
        edges: int64[windows + 1], edges of the windows; start and end of the period if nothing is
            exchanged.
        signals: float64[windows, communities, signals], or of length 0.

    Returns:
        int64[8]: patients done, rows in E, C and T, the error of the patient after them
        (OK, FULL, CYCLE, …), deaths, and the time observed in microseconds: high part (of 2^32) and low part.
    """
    row = np.zeros(ints[I_SIZE], dtype=np.int64)
    reals = np.zeros(ints[F_SIZE], dtype=np.float64)
    P, N, I, F = table_of(ints), table_of(nums), pointer_to(row), pointer_to(reals)
    E, V, C, T = pointer_to(events), pointer_to(values), pointer_to(encounters), pointer_to(truths)
    signal_values = pointer_to(signals)
    coupled = signals.shape[0] > 0
    I[R_EVENT_ROOM], I[R_ENCOUNTER_ROOM] = values.shape[0], encounters.shape[1]
    I[R_TRUTH_ROOM] = truths.shape[1]
    marks = np.zeros(3, dtype=np.int64)
    done = np.int64(0)
    deaths, observed_high, observed_low = np.int64(0), np.int64(0), np.int64(0)
    error = np.int64(OK)
    while done < count:
        marks[0], marks[1], marks[2] = I[R_EVENTS], I[R_ENCOUNTERS], I[R_TRUTHS]
        attempt = np.int64(0)
        while True:
            begin(P, N, I, F, E, V, first + done, attempt, k0, k1)
            for w in range(-1, edges.shape[0] - 1):
                if I[R_ALIVE] == 1 and (w < 0 or edges[w + 1] > I[R_T0]):
                    if w >= 0 and coupled and edges[w] >= I[R_T0]:
                        set_signals(P, I, F, signal_values, w, edges[w])
                    run_until(P, N, I, F, E, V, C, T, edges[w + 1])
            if I[R_ERROR] != OK or I[R_ALIVE] == 1 or I[R_DEATH] >= P[H_START]:
                break
            attempt += 1
            I[R_EVENTS], I[R_ENCOUNTERS], I[R_TRUTHS] = marks[0], marks[1], marks[2]
            if attempt >= ATTEMPT_LIMIT:
                I[R_ERROR] = CYCLE
                break
        if I[R_ERROR] == OK:
            _finish(P, I, C, subjects, done, marks)
            deaths += 1 - I[R_ALIVE]
            observed = subjects[9, done] - I[R_ENTRY]
            observed_high += observed >> 32
            observed_low += observed & 0xFFFFFFFF
        if I[R_ERROR] != OK:
            error = I[R_ERROR]
            I[R_EVENTS], I[R_ENCOUNTERS], I[R_TRUTHS] = marks[0], marks[1], marks[2]
            break
        done += 1
    out = np.empty(8, dtype=np.int64)
    out[0] = done
    out[1], out[2], out[3] = I[R_EVENTS], I[R_ENCOUNTERS], I[R_TRUTHS]
    out[4] = error
    out[5], out[6], out[7] = deaths, observed_high, observed_low
    keep(row)
    keep(reals)
    return out
