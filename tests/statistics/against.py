"""Comparisons with an exact solution: five standard errors, and what that can detect.

A true difference of seven standard errors is found with probability 98 % (it falls within five
of the expectation only if chance takes off two). Each comparison's docstring says what that
is in its own terms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STANDARD_ERRORS = 5.0
#: two-sided tail of five standard errors, 5.7e-7, solved for the Kolmogorov distribution
KOLMOGOROV = 2.744


def probability(seen: Array, expected: float, what: str = "") -> None:
    """The share of True in `seen` against a probability p.

    Detects 7·√(p(1−p)/n): with n = 100,000, 0.0111 at p = 0.5 and 0.0022 at p = 0.01.
    """
    n = len(seen)
    share = float(np.mean(seen))
    se = math.sqrt(expected * (1.0 - expected) / n)
    z = (share - expected) / se
    assert abs(z) <= STANDARD_ERRORS, f"{what}: {share:.6f}, expected {expected:.6f} (n = {n}, z = {z:.1f})"


def mean(values: Array, expected: float, sd: float, what: str = "") -> None:
    """The mean of independent `values` of known standard deviation.

    Detects 7·sd/√n: with n = 100,000, 2.2 % of the standard deviation.
    """
    se = sd / math.sqrt(len(values))
    z = (float(np.mean(values)) - expected) / se
    assert abs(z) <= STANDARD_ERRORS, f"{what}: {np.mean(values):.6f}, expected {expected:.6f} (z = {z:.1f})"


def normal_sd(values: Array, expected: float, what: str = "") -> None:
    """The standard deviation of independent normal `values`.

    Detects a relative difference of 7/√(2n): with n = 100,000, 1.6 %.
    """
    z = (float(np.std(values)) / expected - 1.0) * math.sqrt(2.0 * len(values))
    assert abs(z) <= STANDARD_ERRORS, f"{what}: {np.std(values):.6f}, expected {expected:.6f} (z = {z:.1f})"


def distribution(times: Array, cdf: Callable[[Array], Array], until: float, what: str = "") -> None:
    """Times (inf if none) against their distribution function on [0, until], twice.

    Kolmogorov-Smirnov: detects any gap of 2·2.744/√n between the distribution functions (0.0174
    with n = 100,000) for certain. Twenty bins, each by `probability`: detects local errors such as
    a lump or a hole of 0.005 of the probability (n = 100,000, bins of 0.05).
    """
    n = len(times)
    inside = np.sort(times[times < until])
    points = np.unique(inside)
    share = np.searchsorted(inside, points, side="right") / n
    before = np.concatenate([[0.0], share[:-1]])
    blink = 1e-9  # years: instants are whole microseconds
    gap = max(
        float(np.max(np.abs(share - cdf(points + blink)), initial=0.0)),
        float(np.max(np.abs(before - cdf(points - blink)), initial=0.0)),
    )
    gap = max(gap, abs(len(inside) / n - float(cdf(np.array([until]))[0])))
    assert gap * math.sqrt(n) <= KOLMOGOROV, f"{what}: distribution functions differ by {gap:.4f} (n = {n})"
    edges = np.linspace(0.0, until, 21)
    mass = np.diff(cdf(edges))
    for low, high, p in zip(edges, edges[1:], mass, strict=False):
        if n * p >= 25.0:
            probability((times >= low) & (times < high), float(p), f"{what}, {low:.3g} to {high:.3g} years")


def counts(seen: Array, pmf: Callable[[Array], Array], what: str = "") -> None:
    """Counts per patient against a probability mass function, each count that is likely enough."""
    numbers = np.arange(int(seen.max()) + 2)
    for k, p in zip(numbers, pmf(numbers), strict=True):
        if len(seen) * p >= 25.0:
            probability(seen == k, float(p), f"{what}, exactly {k}")
