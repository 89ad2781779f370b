"""log, exp and the normal quantile: accurate, and the same bits compiled or not."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from simulator.engine import numeric

RANDOM = np.random.default_rng(20261122)
FUNCTIONS = [numeric.log, numeric.exp, numeric.normal_quantile]


def points(function):
    """1e5 arguments over the whole range of a function."""
    half = 50_000
    if function is numeric.exp:
        return np.concatenate([RANDOM.uniform(-750.0, 712.0, half), RANDOM.uniform(-3.0, 3.0, half)])
    if function is numeric.normal_quantile:
        return np.concatenate([RANDOM.uniform(0.0, 1.0, half), 2.0 ** RANDOM.uniform(-53.0, -1.0, half)])
    patterns = RANDOM.integers(1, 0x7FF0000000000000, half).view(np.float64)
    return np.concatenate([patterns, RANDOM.uniform(0.0, 2.0, half)])


@njit
def map_log(x, y):
    for i in range(x.size):
        y[i] = numeric.log(x[i])


@njit
def map_exp(x, y):
    for i in range(x.size):
        y[i] = numeric.exp(x[i])


@njit
def map_quantile(x, y):
    for i in range(x.size):
        y[i] = numeric.normal_quantile(x[i])


LOOPS = dict(zip(FUNCTIONS, [map_log, map_exp, map_quantile], strict=True))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_compiled_and_plain_python_give_the_same_bits(function):
    x = points(function)
    y = np.empty_like(x)
    LOOPS[function](x, y)  # inlined into a loop, where LLVM may vectorise or contract
    plain = np.array([function.py_func(float(v)) for v in x])
    assert np.array_equal(y.view(np.int64), plain.view(np.int64))


@pytest.mark.parametrize("loop", [map_log, map_exp, map_quantile], ids=lambda f: f.__name__)
def test_nothing_is_contracted_to_fused_operations(loop):
    loop(np.ones(2) * 0.5, np.empty(2))
    assembly = "".join(loop.inspect_asm().values())
    assert "vfmadd" not in assembly
    assert "vfnmadd" not in assembly
    assert "fmla" not in assembly


def error_in_ulps(value, exact):
    """Distance of a double from an exact Decimal, in units of the last place of the exact value."""
    return abs(Decimal(value) - exact) / Decimal(math.ulp(float(exact)))


@pytest.mark.parametrize("function", [numeric.log, numeric.exp], ids=["log", "exp"])
def test_error_is_below_one_ulp(function):
    getcontext().prec = 40
    worst = Decimal(0)
    for x in points(function)[::50]:
        value, decimal = function(x), Decimal(float(x))
        if not 0.0 < abs(value) < math.inf:
            continue
        exact = decimal.ln() if function is numeric.log else decimal.exp()
        worst = max(worst, error_in_ulps(value, exact))
    assert worst < Decimal(1)


@given(st.floats(min_value=5e-324, max_value=1.7e308))
def test_log_agrees_with_the_library(x):
    assert numeric.log(x) == pytest.approx(math.log(x), rel=3e-16, abs=3e-16)


@given(st.floats(min_value=-708.0, max_value=709.0))
def test_exp_agrees_with_the_library(x):
    assert numeric.exp(x) == pytest.approx(math.exp(x), rel=3e-16)


@pytest.mark.parametrize("log", [numeric.log, numeric.log.py_func], ids=["compiled", "plain"])
def test_log_at_its_edges(log):
    assert log(1.0) == 0.0
    assert log(0.0) == -math.inf
    assert log(math.inf) == math.inf
    assert math.isnan(log(-1.0))
    assert math.isnan(log(math.nan))
    assert log(5e-324) == math.log(5e-324)


@pytest.mark.parametrize("exp", [numeric.exp, numeric.exp.py_func], ids=["compiled", "plain"])
def test_exp_at_its_edges(exp):
    assert exp(0.0) == 1.0
    assert exp(-math.inf) == 0.0
    assert exp(math.inf) == math.inf
    assert math.isnan(exp(math.nan))
    assert exp(709.782712893384) == pytest.approx(math.exp(709.782712893384), rel=3e-16)
    assert exp(709.7827128933841) == math.inf
    assert exp(-745.1332191019411) == 5e-324
    assert exp(-745.14) == 0.0


@given(st.floats(allow_nan=False))
def test_bits_are_moved_exactly(x):
    bits = numeric.bits_of_float(x)
    assert bits == int(np.float64(x).view(np.int64))
    assert math.copysign(1.0, numeric.float_of_bits(bits)) == math.copysign(1.0, x)
    assert numeric.float_of_bits(bits) == x


def test_normal_quantile_against_published_values():
    # the three test values of AS 241
    assert numeric.normal_quantile(0.25) == pytest.approx(-0.6744897501960817, rel=1e-15)
    assert numeric.normal_quantile(0.001) == pytest.approx(-3.090232306167814, rel=1e-15)
    assert numeric.normal_quantile(1e-20) == pytest.approx(-9.262340089798408, rel=1e-15)
    assert numeric.normal_quantile(0.5) == 0.0


def test_normal_quantile_against_scipy():
    special = pytest.importorskip("scipy.special")
    u = points(numeric.normal_quantile)
    z = np.empty_like(u)
    map_quantile(u, z)
    assert np.allclose(z, special.ndtri(u), rtol=1e-14, atol=1e-15)


@given(st.floats(min_value=2.0**-53, max_value=0.5))
def test_normal_quantile_is_odd(u):
    if 1.0 - (1.0 - u) == u:
        assert numeric.normal_quantile(1.0 - u) == -numeric.normal_quantile(u)


@pytest.mark.parametrize("power", [numeric.power, numeric.power.py_func], ids=["compiled", "plain"])
def test_power(power):
    assert power(3.0, 4.0) == 81.0
    assert power(-2.0, 3.0) == -8.0
    assert power(2.0, -2.0) == 0.25
    assert power(0.0, 0.0) == 1.0
    assert power(0.0, -1.0) == math.inf
    assert power(2.0, 0.5) == pytest.approx(math.sqrt(2.0), rel=1e-15)
    assert power(0.0, 0.5) == 0.0
    assert math.isnan(power(-2.0, 0.5))
    assert math.isnan(power(math.nan, 2.0))
