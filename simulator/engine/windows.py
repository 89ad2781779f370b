"""Patients side by side, window by window: what coupled scenarios and the Mesa model step.

Everybody's rows are kept (struct of arrays: int64[patients, …] and float64[patients, …]); a
window loads a row, lets the patient live through it with the same `run_until` as everywhere,
and stores it back.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from simulator.compiler import layout
from simulator.compiler.layout import (
    ATTEMPT_LIMIT,
    CYCLE,
    F_SIZE,
    F_STACK,
    FIRST_CLEARED,
    H_N_COMMUNITY,
    H_N_SIGNAL,
    H_SIG_TERM,
    H_START,
    I_CLEAR,
    I_SIZE,
    OK,
    R_ALIVE,
    R_COMMUNITY,
    R_DEATH,
    R_ENC,
    R_ENC_END,
    R_ENC_START,
    R_ENCOUNTER_ROOM,
    R_ENCOUNTERS,
    R_ERROR,
    R_EVENT_ROOM,
    R_EVENTS,
    R_T0,
    R_TRUTH_ROOM,
    R_TRUTHS,
)  # fmt: skip
from simulator.compiler.program import Program
from simulator.engine.ages import calendar_month
from simulator.engine.failures import check
from simulator.engine.kernel import begin, run_until, set_signals
from simulator.engine.pointers import keep, pointer_to, table_of
from simulator.engine.terms import evaluate

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: rows of one patient in one window; a window's rows are looked at and forgotten
ROOM = 1 << 16


def window_edges(program: Program) -> IntArray:
    """int64[windows + 1]: start of the period, of every later window, and the end.

    A window is a step long, or a calendar month; the last may be shorter.
    """
    population = program.machine.population
    edges = [population.start]
    while edges[-1] < population.end:
        if population.step > 0:
            following = edges[-1] + population.step
        else:
            following = calendar_month(edges[-1], population.months)[1]
        edges.append(min(following, population.end))
    return np.array(edges, dtype=np.int64)


@njit(cache=True, error_model="numpy", nogil=True)
def begin_patients(ints, nums, rows, reals, first, k0, k1, low, high):  # type: ignore[no-untyped-def]
    """Bring rows low … high - 1 to the start of the period; returns the first error."""
    row, real = np.zeros(ints[I_SIZE], np.int64), np.zeros(ints[F_SIZE], np.float64)
    events, values = np.empty(5 * ROOM, np.int64), np.empty(ROOM, np.float64)
    others = np.empty(5 * ROOM, np.int64)
    closed = np.empty(5 * ROOM, np.int64)
    P, N, I, F = table_of(ints), table_of(nums), pointer_to(row), pointer_to(real)
    E, V, C, T = pointer_to(events), pointer_to(values), pointer_to(closed), pointer_to(others)
    I[R_EVENT_ROOM], I[R_ENCOUNTER_ROOM], I[R_TRUTH_ROOM] = ROOM, ROOM, ROOM
    for j in range(low, high):
        attempt = np.int64(0)
        while True:
            I[R_EVENTS], I[R_ENCOUNTERS], I[R_TRUTHS] = 0, 0, 0
            begin(P, N, I, F, E, V, first + j, attempt, k0, k1)
            run_until(P, N, I, F, E, V, C, T, P[H_START])
            if I[R_ERROR] != OK or I[R_ALIVE] == 1 or I[R_DEATH] >= P[H_START]:
                break
            attempt += 1
            if attempt >= ATTEMPT_LIMIT:
                I[R_ERROR] = CYCLE
                break
        error = I[R_ERROR]
        if error != OK:
            return j, error
        rows[j, :] = row[: ints[I_CLEAR]]
        reals[j, :] = real[: ints[F_STACK]]
    for array in (row, events, others, closed):
        keep(array)
    keep(real)
    keep(values)
    return high, np.int64(OK)


@njit(cache=True, error_model="numpy", nogil=True)
def advance_patients(ints, nums, rows, reals, signals, window, start, end, stays, low, high):  # type: ignore[no-untyped-def]
    """Let rows low … high - 1 live through a window.

    Args:
        ints, nums: the program.
        rows, reals: int64[n, …] and float64[n, …], the patients.
        signals: float64[windows, communities, signals].
        window, start, end: index and edges of the window.
        stays: int64[4, room], written: row of the patient, kind, start and end of every
            encounter closed in this window.
        low, high: which rows.

    Returns:
        (rows done, error of the one after them, encounters written to `stays`).
    """
    row, real = np.zeros(ints[I_SIZE], np.int64), np.zeros(ints[F_SIZE], np.float64)
    events, values = np.empty(5 * ROOM, np.int64), np.empty(ROOM, np.float64)
    others = np.empty(5 * ROOM, np.int64)
    closed = np.empty(5 * ROOM, np.int64)
    P, N, I, F = table_of(ints), table_of(nums), pointer_to(row), pointer_to(real)
    E, V, C, T = pointer_to(events), pointer_to(values), pointer_to(closed), pointer_to(others)
    S = pointer_to(signals)
    I[R_EVENT_ROOM], I[R_ENCOUNTER_ROOM], I[R_TRUTH_ROOM] = ROOM, ROOM, ROOM
    n_stays = np.int64(0)
    for j in range(low, high):
        if rows[j, R_ALIVE] == 0 or rows[j, R_T0] >= end:
            continue
        row[FIRST_CLEARED : ints[I_CLEAR]] = rows[j, FIRST_CLEARED:]
        real[: ints[F_STACK]] = reals[j, :]
        I[R_EVENTS], I[R_ENCOUNTERS], I[R_TRUTHS] = 0, 0, 0
        if P[H_N_SIGNAL] > 0 and start >= I[R_T0]:
            set_signals(P, I, F, S, window, start)
        run_until(P, N, I, F, E, V, C, T, end)
        error = I[R_ERROR]
        if error == OK and n_stays + I[R_ENCOUNTERS] > stays.shape[1]:
            error = np.int64(layout.FULL)
        if error != OK:
            return j, error, n_stays
        for k in range(I[R_ENCOUNTERS]):
            stays[0, n_stays] = j
            stays[1, n_stays] = closed[ROOM + k]
            stays[2, n_stays] = closed[2 * ROOM + k]
            stays[3, n_stays] = closed[3 * ROOM + k]
            n_stays += 1
        rows[j, FIRST_CLEARED:] = row[FIRST_CLEARED : ints[I_CLEAR]]
        reals[j, :] = real[: ints[F_STACK]]
    for array in (row, events, others, closed):
        keep(array)
    keep(real)
    keep(values)
    return high, np.int64(OK), n_stays


@njit(cache=True, error_model="numpy", nogil=True)
def count_signals(ints, nums, rows, reals, now, counts, living, low, high):  # type: ignore[no-untyped-def]
    """Add rows low … high - 1 to counts int64[communities, signals] and living int64[communities]."""
    row, real = np.zeros(ints[I_SIZE], np.int64), np.zeros(ints[F_SIZE], np.float64)
    P, N, I, F = table_of(ints), table_of(nums), pointer_to(row), pointer_to(real)
    for j in range(low, high):
        if rows[j, R_ALIVE] == 0 or rows[j, R_T0] > now:
            continue
        row[: ints[I_CLEAR]] = rows[j, :]
        real[: ints[F_STACK]] = reals[j, :]
        community = I[R_COMMUNITY]
        living[community] += 1
        for k in range(P[H_N_SIGNAL]):
            if evaluate(P, N, I, F, P[P[H_SIG_TERM] + k], now) == 1.0:
                counts[community, k] += 1
    keep(row)
    keep(real)


@dataclass(frozen=True, slots=True)
class Stays:
    """Encounters of one window: row of the patient, kind, start and end (NULL: still open)."""

    patient: IntArray
    kind: IntArray
    start: IntArray
    end: IntArray


class Cohort:
    """All patients of a program, alive at the same time.

    Attributes:
        program: what they live by.
        seed: 0..2^64 - 1.
        edges: int64[windows + 1].
        mixing: float64[communities, communities], shares of contacts.
        signals: float64[windows, communities, signals], filled as windows are stepped through.
        window: index of the next window.
        rows, reals: int64[patients, …], float64[patients, …], their state.
    """

    def __init__(self, program: Program, seed: int, *, workers: int = 1) -> None:
        self.program = program
        self.seed = seed
        self.workers = max(1, workers)
        self.size = program.machine.population.size
        self.edges = window_edges(program)
        self.mixing: FloatArray = np.array(program.machine.population.mixing, np.float64)
        self.window = 0
        n_signals, communities = program[H_N_SIGNAL], program[H_N_COMMUNITY]
        self.signals: FloatArray = np.zeros((len(self.edges) - 1, communities, n_signals))
        self.rows: IntArray = np.zeros((self.size, program[I_CLEAR]), np.int64)
        self.reals: FloatArray = np.zeros((self.size, program[F_STACK]))
        self.stays = Stays(*(np.empty(0, np.int64) for _ in range(4)))
        self._stay_room = max(1024, self.size)
        k0, k1 = seed & 0xFFFFFFFF, seed >> 32
        ints, nums = program.ints, program.nums

        def start(low: int, high: int) -> None:
            done, error = begin_patients(ints, nums, self.rows, self.reals, 0, k0, k1, low, high)
            check(program, int(error), int(done))

        self._in_parallel(start)

    @property
    def now(self) -> int:
        """Instant reached: the start of the next window, or the end of the period."""
        return int(self.edges[self.window])

    @property
    def finished(self) -> bool:
        return self.window >= len(self.edges) - 1

    def share_signals(self) -> FloatArray:
        """Signals of the next window: float64[communities, signals], shares mixed over contacts."""
        return mix(self.mixing, self.shares()[0])

    def shares(self) -> tuple[FloatArray, IntArray]:
        """Who is in the condition of each signal now, before any mixing.

        Returns:
            float64[communities, signals], shares of the living, and int64[communities], the living.
        """
        program = self.program
        n, communities = program[H_N_SIGNAL], program[H_N_COMMUNITY]
        blocks: list[tuple[IntArray, IntArray]] = []

        def count(low: int, high: int) -> None:
            counts, living = np.zeros((communities, n), np.int64), np.zeros(communities, np.int64)
            blocks.append((counts, living))
            count_signals(
                program.ints, program.nums, self.rows, self.reals, self.now, counts, living, low, high
            )

        self._in_parallel(count)
        counts = np.sum([c for c, _ in blocks], axis=0)
        living = np.sum([v for _, v in blocks], axis=0)
        shares = np.divide(counts, living[:, None], out=np.zeros((communities, n)), where=living[:, None] > 0)
        return shares, living

    def step(self, signals: FloatArray | None = None) -> None:
        """Everybody lives through the next window.

        Args:
            signals: float64[communities, signals] in place of what `share_signals` says.
        """
        program, w = self.program, self.window
        if program[H_N_SIGNAL] > 0:
            self.signals[w] = self.share_signals() if signals is None else signals
        start, end = int(self.edges[w]), int(self.edges[w + 1])
        found: dict[int, IntArray] = {}

        def advance(low: int, high: int) -> None:
            found[low] = self._advance_block(w, start, end, low, high)

        self._in_parallel(advance)
        self.window += 1
        self.stays = self._with_open(np.concatenate([found[low] for low in sorted(found)], axis=1))

    def _advance_block(self, w: int, start: int, end: int, low: int, high: int) -> IntArray:
        program = self.program
        parts: list[IntArray] = []
        while low < high:
            stays = np.empty((4, self._stay_room), np.int64)
            done, error, n = advance_patients(
                program.ints,
                program.nums,
                self.rows,
                self.reals,
                self.signals,
                w,
                start,
                end,
                stays,
                low,
                high,
            )
            parts.append(stays[:, :n].copy())
            if error == layout.FULL and n > 0:
                low = int(done)
                continue
            check(program, int(error), int(done))
            low = int(done)
        return np.concatenate(parts, axis=1) if parts else np.empty((4, 0), np.int64)

    def _with_open(self, closed: IntArray) -> Stays:
        """The window's closed encounters, and those that go on beyond it."""
        rows = self.rows
        # a stay that begins at a birth to come is there already, but has not begun
        is_open = (rows[:, R_ALIVE] == 1) & (rows[:, R_ENC] >= 0) & (rows[:, R_ENC_START] < self.now)
        open_rows = np.flatnonzero(is_open)
        ends = np.where(
            self.rows[open_rows, R_ENC_END] < self.now, self.rows[open_rows, R_ENC_END], layout.NULL
        )
        still = np.stack([open_rows, self.rows[open_rows, R_ENC], self.rows[open_rows, R_ENC_START], ends])
        both = np.concatenate([closed, still], axis=1)
        return Stays(both[0], both[1], both[2], both[3])

    def _in_parallel(self, work: Callable[[int, int], Any]) -> None:
        """Do `work(low, high)` on contiguous blocks of patients, one per worker."""
        bounds = [self.size * i // self.workers for i in range(self.workers + 1)]
        spans = [(a, b) for a, b in pairwise(bounds) if a < b]
        if len(spans) == 1:
            work(*spans[0])
            return
        with ThreadPoolExecutor(self.workers) as pool:
            for future in [pool.submit(work, *span) for span in spans]:
                future.result()


def mix(mixing: FloatArray, shares: FloatArray) -> FloatArray:
    """Shares weighted by contacts, summed from the first community on.

    Args:
        mixing: float64[communities, communities].
        shares: float64[communities, signals].

    Returns:
        float64[communities, signals].
    """
    out = np.zeros_like(shares)
    for d in range(len(shares)):  # not a matrix product, which may add in any order
        out += mixing[:, d, np.newaxis] * shares[d]
    return out


def exchange(
    program: Program,
    seed: int,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> FloatArray:
    """First pass of a coupled run: only what is exchanged.

    Returns:
        float64[windows, communities, signals], the same for any number of workers.
    """
    cohort = Cohort(program, seed, workers=workers)
    while not cohort.finished:
        cohort.step()
        if progress is not None:
            progress(cohort.window, len(cohort.edges) - 1)
    return cohort.signals
