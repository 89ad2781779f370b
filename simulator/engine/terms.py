"""Evaluating terms: a stack machine over the instructions that `flatten.py` wrote.

`evaluate` returns the value now and leaves in I[R_WAKE] the next instant at which a clock
term in it may change (NEVER if none).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.compiler.layout import (
    AXIS_W,
    F_ACC,
    F_DEV,
    F_SIGNAL,
    F_SLOPE,
    F_STACK,
    F_VAR,
    H_RING,
    I_LSINCE,
    I_STAMP,
    I_STATE,
    NEVER,
    NULL,
    R_WAKE,
    RING_W,
    T_ADD,
    T_AGE,
    T_AGE_GE,
    T_AND,
    T_AND_SKIP,
    T_CONST,
    T_COUNT_GE,
    T_DIV,
    T_END,
    T_EQ,
    T_EXP,
    T_GE,
    T_GT,
    T_JUMP,
    T_JUMP_UNLESS,
    T_LE,
    T_LEVEL,
    T_LEVEL_GE,
    T_LOG,
    T_LOOKUP,
    T_LT,
    T_MAX,
    T_MIN,
    T_MUL,
    T_NE,
    T_NEG,
    T_NOT,
    T_OR,
    T_OR_SKIP,
    T_PICK,
    T_POW,
    T_ROUND,
    T_SIGNAL,
    T_SINCE_LT,
    T_SKIP_UNLESS_IN,
    T_SQRT,
    T_STAMPED,
    T_STATE,
    T_SUB,
    T_TIME_GE,
    T_VAR,
    TERM_W,
    X_AGE,
    X_MONTH,
    X_VAR,
    YEAR,
)  # fmt: skip
from simulator.engine.ages import MONTHS_TO_1970, month_of, month_start
from simulator.engine.clock import age_at, instant_of_age
from simulator.engine.numeric import exp, log, power

#: years within which a float age is not trusted to tell the side of a knot
NEAR = 1e-9


@njit(cache=True, error_model="numpy")
def _lookup(P, N, I, F, pc, now):  # type: ignore[no-untyped-def]
    """Value of a step function; its axis rows stand behind the instruction at `pc`."""
    cell = 0
    known = True
    at = pc + TERM_W
    asked = P[pc + 3] == 1  # somebody wants to know when it changes
    for _ in range(P[pc + 1]):
        kind, size, place = P[at], P[at + 1], P[at + 2]
        if kind == X_VAR:
            category = F[P[F_VAR] + place]
            index = int(category) if category >= 0.0 else size
            if index >= size:
                known = False
                index = 0
        elif kind == X_AGE:
            age = age_at(I, F, now)
            index = 0
            while index + 1 < size and N[place + index + 1] <= age:
                index += 1
            # within rounding of a knot that is no birthday, the instant decides
            if index + 1 < size and N[place + index + 1] - age < NEAR:
                if instant_of_age(I, N[place + index + 1]) <= now:
                    index += 1
            elif index > 0 and age - N[place + index] < NEAR and instant_of_age(I, N[place + index]) > now:
                index -= 1
            if asked and index + 1 < size:
                I[R_WAKE] = min(I[R_WAKE], instant_of_age(I, N[place + index + 1]))
        elif kind == X_MONTH:
            month = month_of(now)
            following = month_start(month + 1)
            if place > 0:  # months of a time zone: the same month as in UTC, or one beside it
                local = place + MONTHS_TO_1970 + month
                if P[local + 1] <= now:
                    month += 1
                elif P[local] > now:
                    month -= 1
                following = P[place + MONTHS_TO_1970 + month + 1]
            index = month % 12
            if asked:
                I[R_WAKE] = min(I[R_WAKE], following)
        else:
            index = 0
            while index + 1 < size and P[place + index + 1] <= now:
                index += 1
            if index + 1 < size:
                I[R_WAKE] = min(I[R_WAKE], P[place + index + 1])
        cell = cell * size + index
        at += AXIS_W
    return N[P[pc + 2] + cell] if known else math.nan


@njit(cache=True, error_model="numpy")
def _level_reaches(P, I, F, level, threshold, base, now):  # type: ignore[no-untyped-def]
    """1.0 once a level's true value has reached the threshold (or 0.0 once it fell below it).

    `base` is its value at the instant its slope last changed; it crosses once, at an instant that
    does not depend on when one asks.
    """
    slope = F[P[F_SLOPE] + level]
    above = base >= threshold
    if base != base:
        return 0.0
    if slope == 0.0 or (slope > 0.0) == above:
        return 1.0 if above else 0.0
    since = I[P[I_LSINCE] + level]
    until = (threshold - base) / slope * YEAR
    if not until < NEVER - since:
        crossing = NEVER
    elif slope > 0.0:
        crossing = since + int(math.ceil(until))
    else:
        crossing = since + int(math.floor(until)) + 1
    if now >= crossing:
        return 1.0 if slope > 0.0 else 0.0
    I[R_WAKE] = min(I[R_WAKE], crossing)
    return 0.0 if slope > 0.0 else 1.0


@njit(cache=True, error_model="numpy")
def _count_reaches(P, I, ring, n, within, now):  # type: ignore[no-untyped-def]
    """1.0 if the n latest entries lie in (now - within, now]; wakes when the oldest leaves."""
    if n <= 0:
        return 1.0
    row = P[H_RING] + ring * RING_W
    at, capacity = P[row], P[row + 1]
    total = I[at]
    if total < n:
        return 0.0
    if within < 0:
        return 1.0
    oldest = I[at + 1 + (total - n) % capacity]
    if oldest <= now - within:
        return 0.0
    I[R_WAKE] = min(I[R_WAKE], oldest + within)
    return 1.0


@njit(cache=True, error_model="numpy")
def _clock_term(P, N, I, F, pc, now):  # type: ignore[no-untyped-def]
    """Terms that read time and leave a wake-up."""
    op = P[pc]
    if op == T_AGE_GE:
        change = instant_of_age(I, N[P[pc + 1]])
    elif op == T_TIME_GE:
        change = P[pc + 2]
    else:
        stamp = I[P[I_STAMP] + P[pc + 1]]
        if stamp == NULL:
            return 0.0
        change = stamp + P[pc + 2]
    if now < change:
        I[R_WAKE] = min(I[R_WAKE], change)
        return 1.0 if op == T_SINCE_LT else 0.0
    return 0.0 if op == T_SINCE_LT else 1.0


@njit(cache=True, error_model="numpy")
def _binary(op, left, right):  # type: ignore[no-untyped-def]
    """left op right; comparisons with NaN are false."""
    if op == T_MUL:
        return left * right
    if op == T_ADD:
        return left + right
    if op == T_SUB:
        return left - right
    if op == T_AND:
        return 1.0 if left == 1.0 and right == 1.0 else 0.0
    if op == T_OR:
        return 1.0 if left == 1.0 or right == 1.0 else 0.0
    if op == T_LT:
        return 1.0 if left < right else 0.0
    if op == T_LE:
        return 1.0 if left <= right else 0.0
    if op == T_GT:
        return 1.0 if left > right else 0.0
    if op == T_GE:
        return 1.0 if left >= right else 0.0
    if op == T_EQ:
        return 1.0 if left == right else 0.0
    if op == T_NE:
        return 1.0 if left < right or left > right else 0.0
    if op == T_DIV:
        return left / right if right != 0.0 else math.nan
    if op == T_MIN:
        return left if left <= right else (right if right < left else math.nan)
    if op == T_MAX:
        return left if left >= right else (right if right > left else math.nan)
    if op == T_POW:
        return power(left, right)
    if op == T_ROUND:
        return np.floor(left / right + 0.5) * right if right != 0.0 else math.nan
    return math.nan


@njit(cache=True, error_model="numpy")
def _run(P, N, I, F, pc, now):  # type: ignore[no-untyped-def]
    """Run instructions from `pc` to T_END. The top of the stack is kept in `top`."""
    sp = P[F_STACK]
    top = 0.0
    while True:
        op = P[pc]
        if op == T_END:
            return top
        if op >= T_ADD:
            if op == T_NOT:
                top = 0.0 if top == 1.0 else 1.0
            elif op >= T_JUMP:
                if op == T_SKIP_UNLESS_IN:
                    if not (P[pc + 2] >> I[P[I_STATE] + P[pc + 1]]) & 1:
                        pc += P[pc + 3]
                elif op == T_JUMP_UNLESS:
                    if top != 1.0:
                        pc += P[pc + 3]
                    sp -= 1
                    top = F[sp]
                elif op == T_AND_SKIP:
                    if top != 1.0:
                        top = 0.0
                        pc += P[pc + 3]
                elif op == T_OR_SKIP:
                    if top == 1.0:
                        pc += P[pc + 3]
                else:
                    pc += P[pc + 3]
            elif op == T_NEG:
                top = -top
            elif op == T_EXP:
                top = exp(top)
            elif op == T_LOG:
                top = log(top)
            elif op == T_SQRT:
                top = math.sqrt(top) if top >= 0.0 else math.nan
            else:
                sp -= 1
                top = _binary(op, F[sp], top)
            pc += TERM_W
            continue
        if op == T_LEVEL:
            level = P[pc + 1]
            since = I[P[I_LSINCE] + level]
            top = top + F[P[F_DEV] + level]
            top = top + F[P[F_ACC] + level]
            if P[pc + 2] == 0:
                top = top + F[P[F_SLOPE] + level] * ((now - since) / YEAR)
            pc += TERM_W
            continue
        if op == T_LEVEL_GE:
            top = _level_reaches(P, I, F, P[pc + 1], N[P[pc + 2]], top, now)
            pc += TERM_W
            continue
        F[sp] = top
        sp += 1
        if op == T_CONST:
            top = N[P[pc + 1]]
        elif op == T_PICK:
            at = P[pc + 2]
            then, otherwise = N[at + 1], N[at + 2]
            top = then if F[P[F_VAR] + P[pc + 1]] == N[at] else otherwise
        elif op == T_STATE:
            top = 1.0 if (P[pc + 2] >> I[P[I_STATE] + P[pc + 1]]) & 1 else 0.0
        elif op == T_VAR:
            top = F[P[F_VAR] + P[pc + 1]]
        elif op == T_COUNT_GE:
            top = _count_reaches(P, I, P[pc + 1], P[pc + 2], P[pc + 3], now)
        elif op == T_AGE:
            top = age_at(I, F, now)
        elif op == T_STAMPED:
            top = 1.0 if I[P[I_STAMP] + P[pc + 1]] != NULL else 0.0
        elif op == T_SIGNAL:
            top = F[P[F_SIGNAL] + P[pc + 1]]
        elif op == T_LOOKUP:
            top = _lookup(P, N, I, F, pc, now)
            pc += (P[pc + 1] * AXIS_W + TERM_W - 1) // TERM_W * TERM_W
        else:
            top = _clock_term(P, N, I, F, pc, now)
        pc += TERM_W


@njit(cache=True, error_model="numpy", forceinline=True)
def evaluate(P, N, I, F, pc, now):  # type: ignore[no-untyped-def]
    """Value of the term at `pc` at instant `now`; its wake-up in I[R_WAKE]."""
    I[R_WAKE] = NEVER
    if pc <= 0:
        return N[-pc]
    return _run(P, N, I, F, pc, now)


@njit(cache=True, error_model="numpy", forceinline=True)
def holds(P, N, I, F, pc, now):  # type: ignore[no-untyped-def]
    """True if there is no term at `pc`, or it is true now."""
    return pc == 0 or evaluate(P, N, I, F, pc, now) == 1.0
