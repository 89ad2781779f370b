"""Draws that depend on nothing but their name: Philox4x32-10 and the streams built on it.

A draw is a pure function of (seed, patient, stream, attempt, n). No generator has state, so
the same bytes come out whatever the order, the number of threads or the chunk size.

Plain Python, the definition in its readable form; `engine/draws.py` is the same for the kernel.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405.
"""

from __future__ import annotations

import hashlib

Words2 = tuple[int, int]
Words4 = tuple[int, int, int, int]

ROUNDS = 10
MULTIPLIER_0 = 0xD2511F53
MULTIPLIER_1 = 0xCD9E8D57
WEYL_0 = 0x9E3779B9  # golden ratio
WEYL_1 = 0xBB67AE85  # sqrt(3) - 1
WORD = 0xFFFFFFFF

MAX_PATIENT = (1 << 40) - 1
MAX_ATTEMPT = (1 << 24) - 1
MAX_SEED = (1 << 64) - 1


def philox4x32(counter: Words4, key: Words2) -> Words4:
    """One block of Philox4x32-10: four 32-bit words from a 128-bit counter and a 64-bit key.

    Args:
        counter: four words, each in 0..2^32 - 1, least significant first.
        key: two words, each in 0..2^32 - 1.

    >>> [f"{word:08x}" for word in philox4x32((0, 0, 0, 0), (0, 0))]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        product_0 = MULTIPLIER_0 * c0
        product_1 = MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> 32) ^ c1 ^ k0,
            product_1 & WORD,
            (product_0 >> 32) ^ c3 ^ k1,
            product_0 & WORD,
        )
        k0 = (k0 + WEYL_0) & WORD
        k1 = (k1 + WEYL_1) & WORD
    return c0, c1, c2, c3


def stream_id(name: str) -> int:
    """The 32-bit number of the stream called `name`: its 4-byte BLAKE2b digest, little-endian.

    >>> stream_id("population")
    2894018296
    """
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8"), digest_size=4).digest(), "little")


def uniform(seed: int, patient: int, stream: int, n: int, attempt: int = 0) -> float:
    """Draw `n` (from 0) of a patient's stream: uniform in the open interval (0, 1), 52 bits.

    Args:
        seed: 0..2^64 - 1.
        patient: patient number, 0..2^40 - 1.
        stream: a `stream_id`.
        n: 0..2^33 - 1; two successive draws share a block.
        attempt: 0..2^24 - 1; counts the lives begun until one reached the start of the record.

    >>> 0.0 < uniform(1, 0, stream_id("population"), 0) < 1.0
    True
    """
    counter = (n >> 1, stream, patient & WORD, (patient >> 32) | (attempt << 8))
    words = philox4x32(counter, (seed & WORD, seed >> 32))
    low, high = words[2:] if n & 1 else words[:2]
    return (((low | high << 32) >> 12) + 0.5) * 2.0**-52
