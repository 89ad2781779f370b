"""Estimates with 95 % intervals: shares, rates, means, medians. People are the independent units.

Whoever contributes much time, or many events or values, is one person still: variances are those
of ratios of sums over people (linearisation; Cochran, Sampling Techniques, 3rd ed., 6.3), and
exact intervals are drawn for as many independent units as would have that variance (Korn and
Graubard, Survey Methodology 24, 1998).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from simulator.authoring.statistics.columns import Floats, Ints

#: half-width of a 95 % interval of a standard normal
Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval (None: unknown, or open) and the number of people behind it."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def nobody() -> Estimate:
    """Where there was nothing to count."""
    return Estimate(None, None, None, 0)


def wilson(p: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of a share `p` of `n` independent units (n > 0 need not be whole).

    Wilson, J Am Stat Assoc 22, 1927.
    """
    z2 = Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return (0.0 if p == 0.0 else max(0.0, middle - half)), (1.0 if p == 1.0 else min(1.0, middle + half))


def share(part: Floats, whole: Floats) -> Estimate:
    """Σ part / Σ whole over people; 0 <= part <= whole. Time lived in a condition, or a count of cases.

    Args:
        part, whole: one number per person.
    """
    part, whole = part[whole > 0], whole[whole > 0]
    n = len(whole)
    if not n:
        return nobody()
    total = float(whole.sum())
    p = min(1.0, float(part.sum()) / total)
    units = total**2 / float((whole**2).sum())
    variance = _ratio_variance(part, whole, p)
    if n > 1 and 0.0 < p < 1.0 and variance > 0.0:
        units = p * (1 - p) / variance
    return Estimate(p, *wilson(p, units), n)


def rate(counts: Floats, time: Floats, *, recurrent: bool) -> Estimate:
    """Σ counts / Σ time over people, with the exact Poisson interval.

    Args:
        counts, time: events and years at risk, one number per person.
        recurrent: somebody may have several events; their clumping widens the interval.
    """
    seen = time > 0
    counts, time = counts[seen], time[seen]
    total, n = float(time.sum()), len(time)
    if not n:
        return nobody()
    events = float(counts.sum())
    value, effective = events / total, events
    if recurrent and events > 0 and n > 1:
        clumped = _ratio_variance(counts, time, value) * total**2 / events
        effective = events / max(1.0, clumped)
    low, high = poisson(effective)
    scale = value / effective if events else 1.0 / total
    return Estimate(value, scale * low, scale * high, n)


def poisson(events: float) -> tuple[float, float]:
    """The exact interval of a Poisson mean of which `events` were seen (Garwood, Biometrika 28, 1936)."""
    from scipy.special import gammaincinv

    low = float(gammaincinv(events, 0.025)) if events else 0.0
    return low, float(gammaincinv(events + 1.0, 0.975))


def mean(values: Floats, person: Ints) -> Estimate:
    """The mean of all values, with a t interval; `person` says whose each value is."""
    from scipy.special import stdtrit

    if not len(values):
        return nobody()
    _, who = np.unique(person, return_inverse=True)
    count = np.bincount(who).astype(np.float64)
    total = np.bincount(who, weights=values).astype(np.float64)
    value, n = float(values.mean()), len(count)
    if n < 2:
        return Estimate(value, None, None, n)
    half = float(stdtrit(n - 1, 0.975)) * math.sqrt(_ratio_variance(total, count, value))
    return Estimate(value, value - half, value + half, n)


def median(values: Floats, person: Ints) -> Estimate:
    """The median, with the interval of order statistics; of clustered values, Woodruff's.

    Woodruff, J Am Stat Assoc 47, 1952.
    """
    if not len(values):
        return nobody()
    ordered = np.sort(values)
    value, size = float(np.median(ordered)), len(ordered)
    _, who = np.unique(person, return_inverse=True)
    count = np.bincount(who).astype(np.float64)
    n = len(count)
    if n == size:
        k = _rank(size)
        return Estimate(value, *_between(ordered, k, size - k), n)
    below = np.bincount(who, weights=values <= value).astype(np.float64)
    if n < 6:
        return Estimate(value, None, None, n)
    half = Z95 * math.sqrt(_ratio_variance(below, count, float(below.sum()) / size)) * size
    return Estimate(value, *_between(ordered, math.floor(size / 2 - half), math.ceil(size / 2 + half)), n)


def _rank(n: int) -> int:
    """Values to leave out at either end, so that the median lies between the rest 95 times of 100."""
    from scipy.special import bdtr

    k = max(0, int(n / 2 - Z95 * math.sqrt(n) / 2) - 2)
    while bdtr(k, n, 0.5) <= 0.025:
        k += 1
    return k


def _between(ordered: Floats, below: int, above: int) -> tuple[float | None, float | None]:
    """The values of rank `below` (counted from 1) and `above` + 1; None beyond either end."""
    low = float(ordered[below - 1]) if below >= 1 else None
    high = float(ordered[above]) if above < len(ordered) else None
    return low, high


def _ratio_variance(part: Floats, whole: Floats, ratio: float) -> float:
    n = len(whole)
    if n < 2:
        return 0.0
    return float(((part - ratio * whole) ** 2).sum()) / float(whole.sum()) ** 2 * n / (n - 1)
