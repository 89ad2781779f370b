"""Philox4x32-10 against its published answers, and the compiled form against the readable one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from simulator import rng
from simulator.compiler.layout import LANES
from simulator.engine import draws
from simulator.engine.lanes import draw_lanes
from simulator.engine.pointers import keep, pointer_to, table_of

# kat_vectors of the Random123 distribution, lines "philox4x32 10"
KNOWN_ANSWERS = [
    (
        (0x00000000, 0x00000000, 0x00000000, 0x00000000),
        (0x00000000, 0x00000000),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]

words = st.integers(0, 2**32 - 1)
seeds = st.integers(0, rng.MAX_SEED)
patients = st.integers(0, rng.MAX_PATIENT)
attempts = st.integers(0, rng.MAX_ATTEMPT)
counters = st.integers(0, 2**33 - 1)


def split(seed: int) -> tuple[int, int]:
    return seed & 0xFFFFFFFF, seed >> 32


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_published_answers(counter, key, answer):
    assert rng.philox4x32(counter, key) == answer
    assert tuple(int(word) for word in draws.philox_block(*counter, *key)) == answer


@given(st.tuples(words, words, words, words), st.tuples(words, words))
def test_compiled_block_equals_the_readable_one(counter, key):
    assert tuple(int(word) for word in draws.philox_block(*counter, *key)) == rng.philox4x32(counter, key)


@given(seeds, patients, words, counters, attempts)
def test_compiled_uniform_equals_the_readable_one(seed, patient, stream, n, attempt):
    u = rng.uniform(seed, patient, stream, n, attempt)
    assert 0.0 < u < 1.0
    assert draws.uniform(*split(seed), stream, patient, attempt, n) == u
    assert draws.uniform_pair(*split(seed), stream, patient, attempt, n >> 1)[n & 1] == u


def test_uniform_is_laid_out_as_documented():
    seed, patient, stream, n, attempt = 0x0123456789ABCDEF, 0x12_3456_789A, 0xCAFEBABE, 7, 5
    counter = (3, 0xCAFEBABE, 0x3456789A, 0x12 | 5 << 8)
    words = rng.philox4x32(counter, (0x89ABCDEF, 0x01234567))
    expected = (((words[2] | words[3] << 32) >> 12) + 0.5) / 2**52
    assert rng.uniform(seed, patient, stream, n, attempt) == expected


def test_every_coordinate_of_a_draw_matters():
    base = {"seed": 1, "patient": 2, "stream": 3, "n": 4, "attempt": 5}
    drawn = {rng.uniform(**base)}
    for name in base:
        for change in (1, 2):
            drawn.add(rng.uniform(**{**base, name: base[name] + change}))
    drawn.add(rng.uniform(**{**base, "seed": 1 | 1 << 40}))
    drawn.add(rng.uniform(**{**base, "patient": 2 | 1 << 33}))
    assert len(drawn) == 13


def test_the_extreme_words_give_draws_inside_the_open_interval():
    none, all_bits = np.uint64(0), np.uint64(0xFFFFFFFF)
    assert draws.uniform_of_words(none, none) == 2.0**-53
    assert draws.uniform_of_words(all_bits, all_bits) == 1.0 - 2.0**-53


def test_stream_numbers_are_fixed_for_ever():
    # a changed number would change every dataset
    assert rng.stream_id("population") == 0xAC7F36F8
    assert rng.stream_id("") == 0x25CF7112
    assert rng.stream_id("ä") != rng.stream_id("a")


def test_draws_are_uniform_and_uncorrelated():
    u = np.array(
        [rng.uniform(7, patient, rng.stream_id("x"), n) for patient in range(2000) for n in range(4)]
    )
    counts = np.bincount((u * 20).astype(int), minlength=20)
    chi_square = float(((counts - 400.0) ** 2 / 400.0).sum())
    assert chi_square < 53.0  # 19 degrees of freedom, p = 4e-5
    by_patient = u.reshape(2000, 4)
    correlation = np.corrcoef(by_patient, rowvar=False)[np.triu_indices(4, 1)]
    assert np.abs(correlation).max() < 5.0 / math.sqrt(2000)


# --- gamma and beta ---------------------------------------------------------------------


@njit
def sample_gamma(shape, out):
    counters = np.empty(out.size, dtype=np.int64)
    for i in range(out.size):
        out[i], counters[i] = draws.gamma_draw(1, 2, 3, i, 0, 0, shape)
    return counters


@pytest.mark.parametrize("shape", [0.3, 1.0, 2.5, 40.0])
def test_gamma_follows_its_distribution(shape):
    stats = pytest.importorskip("scipy.stats")
    sample = np.empty(20_000)
    used = sample_gamma(shape, sample)
    # Kolmogorov-Smirnov at p = 1e-6: a shift of 0.02 in the distribution function would be seen
    assert stats.kstest(sample, stats.gamma(shape).cdf).pvalue > 1e-6
    assert used.min() == (3 if shape < 1.0 else 2)


def test_gamma_continues_where_the_counter_stands():
    first, n = draws.gamma_draw(1, 2, 3, 4, 0, 0, 2.0)
    second, _ = draws.gamma_draw(1, 2, 3, 4, 0, n, 2.0)
    beta, _ = draws.beta_draw(1, 2, 3, 4, 0, 0, 2.0, 2.0)
    assert beta == first / (first + second)
    assert first != second


@pytest.mark.parametrize("shape", [0.0, -1.0, math.nan])
def test_gamma_of_an_impossible_shape_is_unknown_and_draws_nothing(shape):
    value, n = draws.gamma_draw(1, 2, 3, 4, 0, 9, shape)
    assert math.isnan(value)
    assert n == 9


@njit
def in_lanes(streams, patient, attempt, k0, k1):
    """float64[2, LANES]: draws 0 and 1 of each stream, written where the kernel would have them."""
    draws = np.zeros(2 * LANES)
    low, high = patient & 0xFFFFFFFF, (patient >> 32) | (attempt << 8)
    draw_lanes(table_of(streams), 0, low, high, k0, k1, pointer_to(draws), 0, LANES)
    keep(draws)
    return draws.reshape(2, LANES)


@given(seeds, patients, st.lists(words, min_size=LANES, max_size=LANES), attempts)
def test_draws_in_lanes_equal_the_readable_ones(seed, patient, streams, attempt):
    drawn = in_lanes(np.array(streams, dtype=np.int64), patient, attempt, *split(seed))
    expected = [[rng.uniform(seed, patient, stream, n, attempt) for stream in streams] for n in (0, 1)]
    assert drawn.tolist() == expected
