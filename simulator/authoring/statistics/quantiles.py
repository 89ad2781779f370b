"""Quantiles of the distributions that intervals are made of, to about 12 digits, without SciPy.

Incomplete gamma and beta functions by series and continued fraction, inverted by bisection
(Press et al., Numerical Recipes, 3rd ed., 6.2 and 6.4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

#: half-width of a 95% interval of a standard normal
Z95 = NormalDist().inv_cdf(0.975)

_TINY = 1e-300
_STEPS = 100_000


def gamma_quantile(p: float, shape: float) -> float:
    """The value that a gamma variate of this shape (scale 1) stays below with probability `p`, 0 < p < 1.

    >>> round(gamma_quantile(0.975, 1.0), 4)
    3.6889
    """
    if shape > 1e6:  # the normal limit, with the first correction for skewness (Cornish and Fisher)
        z = NormalDist().inv_cdf(p)
        return shape + z * math.sqrt(shape) + (z * z - 1.0) / 3.0
    return _invert(lambda x: gamma_below(shape, x), p, shape + 1.0)


def t_quantile(p: float, degrees: float) -> float:
    """The value that a t variate stays below with probability `p`, 0.5 <= p < 1.

    >>> round(t_quantile(0.975, 10), 4)
    2.2281
    """
    if degrees > 1e6:
        return NormalDist().inv_cdf(p)

    def below(t: float) -> float:
        return 1.0 - 0.5 * beta_below(degrees / 2.0, 0.5, degrees / (degrees + t * t))

    return _invert(below, p, 1.0)


def binomial_below(k: int, n: int) -> float:
    """The probability of at most `k` heads in `n` throws of a fair coin."""
    if k < 0:
        return 0.0
    return 1.0 if k >= n else beta_below(n - k, k + 1.0, 0.5)


def _invert(below: Callable[[float], float], p: float, guess: float) -> float:
    low, high = 0.0, guess
    while below(high) < p:
        low, high = high, 2.0 * high
    for _ in range(200):
        middle = 0.5 * (low + high)
        if high - low <= 1e-14 * high:
            break
        low, high = (middle, high) if below(middle) < p else (low, middle)
    return 0.5 * (low + high)


def gamma_below(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma function P(shape, x)."""
    if x <= 0.0:
        return 0.0
    scale = math.exp(-x + shape * math.log(x) - math.lgamma(shape))
    if x < shape + 1.0:
        term = total = 1.0 / shape
        for k in range(1, _STEPS):
            term *= x / (shape + k)
            total += term
            if term < total * 1e-16:
                break
        return total * scale
    b = x + 1.0 - shape
    c, d = 1.0 / _TINY, 1.0 / b
    fraction = d
    for k in range(1, _STEPS):
        a = -k * (k - shape)
        b += 2.0
        d = 1.0 / _nonzero(a * d + b)
        c = _nonzero(b + a / c)
        fraction *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return 1.0 - scale * fraction


def beta_below(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    log_scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - math.exp(log_scale) * _beta_fraction(b, a, 1.0 - x) / b
    return math.exp(log_scale) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for k in range(1, _STEPS):
        even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
        odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
        for step in (even, odd):
            d = 1.0 / _nonzero(1.0 + step * d)
            c = _nonzero(1.0 + step / c)
            fraction *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return fraction


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
