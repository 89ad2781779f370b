"""Three hand-written Numba kernels of W1, each as strong as its method honestly allows.

They know W1 and nothing else: hazards are constants, states are integers, every branch is
laid out for this one disease. All draw from Philox4x32-10 with the counter (block, stream,
patient, 0), so a result does not depend on threads or chunks; all write records (patient,
time, transition) to buffers that belong to one chunk of patients.

Kernels and their helpers share this module because Numba's cache only watches the file a
kernel is in.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from benchmarks.w1 import workload as w
from benchmarks.w1.tables import monthly_probabilities
from benchmarks.w1.workload import Result

CHUNK = 8192  # patients whose buffers stay in cache
M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
LOW32 = np.uint64(0xFFFFFFFF)
SHIFT32, SHIFT12 = np.uint64(32), np.uint64(12)
TO_UNIT32 = 2.0**-32
TO_UNIT52 = 2.0**-52
INITIAL, TREATMENT, CLOCKS = np.uint32(0), np.uint32(1), np.uint32(2)
TREAT_BELOW = np.uint32(w.TREATED * 2**32)


@nb.njit(inline="always")
def philox(block: Any, stream: Any, patient: Any, key: Any) -> Any:
    """Philox4x32-10 (Salmon et al., SC 2011): four 32-bit words."""
    c0, c1, c2, c3 = np.uint32(block), np.uint32(stream), np.uint32(patient), np.uint32(0)
    k0, k1 = np.uint32(np.uint64(key) & LOW32), np.uint32(np.uint64(key) >> SHIFT32)
    for _ in range(10):
        p0, p1 = M0 * np.uint64(c0), M1 * np.uint64(c2)
        c0, c1, c2, c3 = (
            np.uint32(p1 >> SHIFT32) ^ c1 ^ k0,
            np.uint32(p1 & LOW32),
            np.uint32(p0 >> SHIFT32) ^ c3 ^ k1,
            np.uint32(p0 & LOW32),
        )
        k0, k1 = np.uint32(k0 + W0), np.uint32(k1 + W1)
    return c0, c1, c2, c3


@nb.njit(inline="always")
def unit(low: Any, high: Any) -> Any:
    """A uniform in (0, 1) from two words, 52 bits."""
    word = np.uint64(low) | (np.uint64(high) << SHIFT32)
    return (np.float64(word >> SHIFT12) + 0.5) * TO_UNIT52


@nb.njit(cache=True, nogil=True)
def table_chunk(
    key: Any, first: int, count: int, hit: Any, sick: Any, who: Any, when: Any, what: Any, tally: Any
) -> int:
    """32 months at a time; `hit` and `sick` (7 compartments × months of age) are 32-bit thresholds.

    The draws of eight Philox blocks and their comparison with the table row are loops that LLVM
    turns into SIMD; only a group in which something happens is gone through month by month.
    """
    n = 0
    u = np.empty(32, np.uint32)
    for patient in range(first, first + count):
        a, b, _, _ = philox(0, INITIAL, patient, key)
        month = np.int64((np.uint64(a) * np.uint64(720)) >> SHIFT32)  # index into the tables: age 20 is 0
        treated = b < TREAT_BELOW
        compartment, step, alive = 0, 0, True
        while step < w.STEPS and alive:
            for i in range(8):
                u[i], u[8 + i], u[16 + i], u[24 + i] = philox((step >> 2) + i, CLOCKS, patient, key)
            row = hit[compartment, month : month + 32]
            hits = 0
            for i in range(32):
                hits += u[i] < row[i]
            if hits == 0:
                month, step = month + 32, step + 32
                continue
            for i in range(32):
                if u[i] < hit[compartment, month]:
                    stage = (compartment - 1) % 3 + 1 if compartment > 0 else 0
                    kind = w.BACKGROUND_DEATH if u[i] >= sick[compartment, month] else stage
                    who[n], when[n], what[n] = patient, step, kind
                    tally[kind] += 1
                    n += 1
                    step += 1
                    if kind >= w.SEVERE:
                        alive = False
                        break
                    compartment += 4 if stage == 0 and treated else 1
                else:
                    step += 1
                month += 1
        tally[10] += step
        tally[5 + (w.DEAD if not alive else (compartment - 1) % 3 + 1 if compartment > 0 else 0)] += 1
    return n


@nb.njit(cache=True, nogil=True)
def monthly_chunk(key: Any, first: int, count: int, who: Any, when: Any, what: Any, tally: Any) -> int:
    """Month by month, hazards computed in every step: two running products and one exponential."""
    background_growth = math.exp(w.BACKGROUND[1] / 12.0)
    n = 0
    for patient in range(first, first + count):
        a, b, _, _ = philox(0, INITIAL, patient, key)
        age = (240.5 + np.float64((np.uint64(a) * np.uint64(720)) >> SHIFT32)) / 12.0
        treated = b < TREAT_BELOW
        background = w.BACKGROUND[0] * math.exp(w.BACKGROUND[1] * age) / 12.0
        disease = w.DISEASE[0][0] * math.exp(w.DISEASE[0][1] * (age - 50.0)) / 12.0
        growth = math.exp(w.DISEASE[0][1] / 12.0)
        state, step = w.HEALTHY, 0
        while step < w.STEPS and state != w.DEAD:
            u0, u1, u2, u3 = philox(step >> 2, CLOCKS, patient, key)
            for lane in range(4):
                u = u0 if lane == 0 else u1 if lane == 1 else u2 if lane == 2 else u3
                x, total = (np.float64(u) + 0.5) * TO_UNIT32, disease + background
                p = 1.0 - math.exp(-total)
                if x < p and state != w.DEAD:
                    who[n], when[n] = patient, step
                    if x * total >= p * disease:
                        what[n] = w.BACKGROUND_DEATH
                        state = w.DEAD
                    else:
                        what[n] = state
                        state += 1
                        if state != w.DEAD:
                            now = age + step / 12.0
                            rate, slope = w.DISEASE[state]
                            disease = rate * math.exp(slope * (now - 50.0)) / 12.0
                            disease *= w.EFFECT if treated else 1.0
                            growth = math.exp(slope / 12.0)
                    tally[what[n]] += 1
                    n += 1
                    tally[10] += step + 1 if state == w.DEAD else 0
                disease *= growth
                background *= background_growth
                step += 1
        tally[10] += w.STEPS if state != w.DEAD else 0
        tally[5 + state] += 1
    return n


@nb.njit(cache=True, nogil=True)
def skip_chunk(key: Any, first: int, count: int, who: Any, when: Any, what: Any, tally: Any) -> int:
    """From event to event: an exponential per clock, solved on the cumulative Gompertz hazard."""
    rate_b, growth_b = w.BACKGROUND
    reach_b = math.exp(growth_b * w.YEARS) - 1.0
    n = 0
    for patient in range(first, first + count):
        a0, a1, b0, b1 = philox(0, INITIAL, patient, key)
        age = w.AGE_LOW + (w.AGE_HIGH - w.AGE_LOW) * unit(a0, a1)
        # a clock with E = -log u runs out after log(1 + E·growth/hazard)/growth years
        fuel = -math.log(unit(b0, b1)) * growth_b / (rate_b * math.exp(growth_b * age))
        end = math.log(1.0 + fuel) / growth_b if fuel < reach_b else np.inf
        limit = min(end, float(w.YEARS))
        now, state, factor, block = 0.0, w.HEALTHY, 1.0, 0
        u0, u1, u2, u3 = philox(block, CLOCKS, patient, key)
        while True:
            rate, growth = w.DISEASE[state]
            hazard = factor * rate * math.exp(growth * (age + now - 50.0))
            u = unit(u0, u1) if state & 1 == 0 else unit(u2, u3)
            now += math.log(1.0 - math.log(u) * growth / hazard) / growth
            if now >= limit:
                break
            who[n], when[n], what[n] = patient, now, state
            tally[state] += 1
            n += 1
            state += 1
            if state == w.DEAD:
                end = limit = now
                break
            if state == w.MILD:
                t0, _, _, _ = philox(0, TREATMENT, patient, key)
                factor = w.EFFECT if t0 < TREAT_BELOW else 1.0
            elif state == w.MODERATE:
                u0, u1, u2, u3 = philox(1, CLOCKS, patient, key)
        if state != w.DEAD and end < w.YEARS:
            who[n], when[n], what[n] = patient, end, w.BACKGROUND_DEATH
            tally[w.BACKGROUND_DEATH] += 1
            n += 1
            state = w.DEAD
        tally[5 + state] += 1
        tally[10] += min(w.STEPS, int(limit * 12.0) + 1)
    return n


def monthly_thresholds() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The tables of `tables.monthly_probabilities` as 32-bit thresholds."""
    hit, sick = monthly_probabilities()
    return (hit * 2.0**32).astype(np.uint32), (sick * 2.0**32).astype(np.uint32)


def drive(
    kernel: Callable[..., int], extra: tuple[Any, ...], stamp: Any, n: int, seed: int, threads: int
) -> Result:
    """Run a kernel over chunks of patients on `threads` threads, keeping every record."""
    kernel(np.uint64(seed), 0, 1, *extra, *_buffers(1, stamp), np.zeros(11, np.int64))  # compile or load
    begin = time.perf_counter()
    records: list[tuple[NDArray[Any], ...]] = []
    tallies = np.zeros((threads, 11), np.int64)

    def work(worker: int) -> None:
        buffers = _buffers(CHUNK, stamp)
        for first in range(worker * CHUNK, n, threads * CHUNK):
            count = min(CHUNK, n - first)
            used = kernel(np.uint64(seed), first, count, *extra, *buffers, tallies[worker])
            records.append(tuple(column[:used].copy() for column in buffers))

    if threads == 1:
        work(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(threads)))
    seconds = time.perf_counter() - begin
    tally = tallies.sum(0)
    if sum(len(r[0]) for r in records) != int(tally[:5].sum()):
        raise AssertionError("the records and the tally disagree")
    return Result(n, tuple(map(int, tally[:5])), tuple(map(int, tally[5:10])), int(tally[10]), seconds)


def _buffers(patients: int, stamp: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    size = w.MAX_EVENTS * patients
    return np.empty(size, np.int32), np.empty(size, stamp), np.empty(size, np.int8)
