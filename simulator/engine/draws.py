"""Counter-based draws for the kernel: `simulator.rng`, compiled, and the rejection samplers.

Every function is pure: who draws keeps the counter `n` of the stream. Keys, streams, patients,
attempts and counters are int64; seeds are handed over as two 32-bit words (`k0` low, `k1` high).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.engine.numeric import exp, log, normal_quantile

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_WORD = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_UNUSED = np.uint64(12)  # a double holds 52 random bits and the half that keeps it off 0 and 1


@njit(cache=True, error_model="numpy", forceinline=True)
def philox_block(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """One block of Philox4x32-10 (Salmon et al., SC 2011).

    Args:
        c0, c1, c2, c3: counter words, integers in 0..2^32 - 1, least significant first.
        k0, k1: key words.

    Returns:
        Four uint64, each in 0..2^32 - 1.
    """
    a, b, c, d = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key_0, key_1 = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * a
        product_1 = _MULTIPLIER_1 * c
        a = (product_1 >> _SHIFT) ^ b ^ key_0
        b = product_1 & _WORD
        c = (product_0 >> _SHIFT) ^ d ^ key_1
        d = product_0 & _WORD
        key_0 = (key_0 + _WEYL_0) & _WORD
        key_1 = (key_1 + _WEYL_1) & _WORD
    return a, b, c, d


@njit(cache=True, error_model="numpy", forceinline=True)
def uniform_of_words(low, high):  # type: ignore[no-untyped-def]
    """The uniform in (0, 1) made of two words: ((low | high << 32) >> 12, plus a half) / 2^52."""
    return (np.int64((low | (high << _SHIFT)) >> _UNUSED) + 0.5) * 2.220446049250313e-16


@njit(cache=True, error_model="numpy", forceinline=True)
def uniform(k0, k1, stream, patient, attempt, n):  # type: ignore[no-untyped-def]
    """Draw `n` of a patient's stream, uniform in (0, 1); see `simulator.rng.uniform`.

    Args:
        k0, k1: low and high word of the seed.
        stream: number of the stream, 0..2^32 - 1.
        patient: patient number, 0..2^40 - 1.
        attempt: 0..2^24 - 1.
        n: counter, 0..2^33 - 1.
    """
    a, b, c, d = philox_block(n >> 1, stream, patient & 0xFFFFFFFF, (patient >> 32) | (attempt << 8), k0, k1)
    if n & 1:
        return uniform_of_words(c, d)
    return uniform_of_words(a, b)


@njit(cache=True, error_model="numpy", forceinline=True)
def uniform_pair(k0, k1, stream, patient, attempt, block):  # type: ignore[no-untyped-def]
    """Draws 2·block and 2·block + 1 of a stream, for the price of one."""
    a, b, c, d = philox_block(block, stream, patient & 0xFFFFFFFF, (patient >> 32) | (attempt << 8), k0, k1)
    return uniform_of_words(a, b), uniform_of_words(c, d)


@njit(cache=True, error_model="numpy")
def gamma_draw(k0, k1, stream, patient, attempt, n, shape):  # type: ignore[no-untyped-def]
    """A gamma variate with scale 1, and the stream's counter after it.

    Marsaglia & Tsang, ACM TOMS 26 (2000) 363-372. Each trial takes a normal from one uniform,
    then (unless v <= 0) one uniform to accept. For shape < 1 a variate of shape + 1 is drawn
    first, then multiplied by u^(1/shape) with one more uniform.

    Args:
        n: the stream's counter, at the next unused draw.
        shape: > 0.

    Returns:
        (variate, counter after the last draw used). A shape that is not positive, or NaN,
        gives NaN and uses no draw.
    """
    if not shape > 0.0:
        return math.nan, n
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        z = normal_quantile(uniform(k0, k1, stream, patient, attempt, n))
        n += 1
        v = 1.0 + c * z
        if v <= 0.0:
            continue
        v = v * v * v
        u = uniform(k0, k1, stream, patient, attempt, n)
        n += 1
        if log(u) < 0.5 * z * z + d - d * v + d * log(v):
            break
    variate = d * v
    if shape < 1.0:
        u = uniform(k0, k1, stream, patient, attempt, n)
        n += 1
        variate = variate * exp(log(u) / shape)
    return variate, n


@njit(cache=True, error_model="numpy")
def beta_draw(k0, k1, stream, patient, attempt, n, a, b):  # type: ignore[no-untyped-def]
    """A beta(a, b) variate x / (x + y), x ~ gamma(a) then y ~ gamma(b), and the counter after it."""
    x, n = gamma_draw(k0, k1, stream, patient, attempt, n, a)
    y, n = gamma_draw(k0, k1, stream, patient, attempt, n, b)
    return x / (x + y), n
