"""log, exp and the normal quantile from + - * / sqrt and exact bit moves only.

The C library's functions differ in the last bit from one machine to the next; these do not:
every step is an IEEE 754 double operation in the order written (no fused multiply-add, no
reassociation), so compiled or called as `.py_func` they give the same bits everywhere.

Sources: P. T. P. Tang, "Table-driven implementation of the logarithm function in IEEE
floating-point arithmetic", ACM TOMS 16 (1990) 378-400, and "... of the exponential function ...",
ACM TOMS 15 (1989) 144-157, with plain Maclaurin series in place of fitted polynomials and tables worked
out here in decimal arithmetic; normal quantile: M. J. Wichura, "Algorithm AS 241", Applied Statistics 37
(1988) 477-484, PPND16. A kernel spends much of its time waiting for them one after another, which is why
there is no division on the way.
"""

from __future__ import annotations

import math
import struct
from decimal import Context, Decimal
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

INFINITY = math.inf
NAN = math.nan

# ln 2 in two parts; the high part is a multiple of 2^-33, so k * LN2_HIGH is exact
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
MANTISSA = 0x000FFFFFFFFFFFFF
# log: the mantissas from 11/16 to 22/16 in 128 cells of equal width in their bits
CELLS_BEGIN = 0x3FE6000000000000
CELL_BITS = 45
# exp: 128 steps of 2^(1/128); a step of the exponent in two parts, the high one short
STEPS = 128
STEPS_PER_UNIT = 184.6649652337873  # 128 / ln 2
STEP_HIGH = LN2_HIGH / STEPS
STEP_LOW = LN2_LOW / STEPS
SHIFT = 6755399441055744.0  # 1.5 * 2^52: a number added to it is rounded to a whole one
SHIFT_BITS = 0x4338000000000000
SMALLEST_NORMAL = 2.0**-1022
EXP_OVERFLOW = float.fromhex("0x1.62e42fefa39efp+9")  # ln(2^1024), rounded down
EXP_UNDERFLOW = -745.1332191019412  # below it the result is less than half of 2^-1074


# --- exact bit moves --------------------------------------------------------------------


def bits_of_float(x: float) -> int:
    """The 64 bits of `x` as a signed integer."""
    return int(struct.unpack("<q", struct.pack("<d", x))[0])


def float_of_bits(bits: int) -> float:
    """The double with these 64 bits."""
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])


@intrinsic
def _bitcast_to_int(typingctx, x):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


@intrinsic
def _bitcast_to_float(typingctx, bits):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


@overload(bits_of_float, inline="always")
def _compile_bits_of_float(x):  # type: ignore[no-untyped-def]
    return lambda x: _bitcast_to_int(x)


@overload(float_of_bits, inline="always")
def _compile_float_of_bits(bits):  # type: ignore[no-untyped-def]
    return lambda bits: _bitcast_to_float(bits)


# --- tables -----------------------------------------------------------------------------


def _log_table() -> Any:
    """float64[128 * 4]: per cell a number c in its middle, 1/c, and log c in two parts, the first a
    multiple of 2^-33. Both cells beside 1 have c = 1, so that log is accurate there."""
    exact = Context(prec=50)
    rows = []
    for cell in range(128):
        low = float_of_bits(CELLS_BEGIN + (cell << CELL_BITS))
        high = float_of_bits(CELLS_BEGIN + ((cell + 1) << CELL_BITS))
        c = 1.0 if low == 1.0 or high == 1.0 else 0.5 * (low + high)
        log_c = exact.ln(Decimal(c))
        first = round(float(log_c) * 2.0**33) * 2.0**-33
        rows.append((c, 1.0 / c, first, float(exact.subtract(log_c, Decimal(first)))))
    return np.array(rows).ravel()


def _exp_table() -> Any:
    """float64[128 * 2]: 2^(j/128) in two parts."""
    exact = Context(prec=50)
    ln2 = exact.ln(Decimal(2))
    rows = []
    for j in range(STEPS):
        value = exact.exp(exact.divide(exact.multiply(ln2, Decimal(j)), Decimal(STEPS)))
        rows.append((float(value), float(exact.subtract(value, Decimal(float(value))))))
    return np.array(rows).ravel()


_LOG = _log_table()
_EXP = _exp_table()

# --- logarithm and exponential ----------------------------------------------------------


@njit(cache=True, error_model="numpy", forceinline=True)
def log_of_normal(x: float) -> float:
    """`log` of a positive, finite number that is not subnormal; it is not checked to be one.

    x = 2^k z with z in cell i, whose middle is c: log x = k ln 2 + log c + log(1 + r), r = (z - c) / c.
    """
    bits = bits_of_float(x) - CELLS_BEGIN
    k = bits >> 52
    i = ((bits >> CELL_BITS) & 127) << 2
    z = float_of_bits((bits & MANTISSA) + CELLS_BEGIN)
    r = (z - float(_LOG[i])) * float(_LOG[i + 1])
    base = k * LN2_HIGH + float(_LOG[i + 2])  # exact
    high = base + r
    low = ((base - high) + r) + (k * LN2_LOW + float(_LOG[i + 3]))
    w = r * r
    v = w * w
    series = (w * (r * (1.0 / 3.0) - 0.5) + v * (r * (1.0 / 5.0) - 0.25)) + (v * w) * (
        (r * (1.0 / 7.0) - 1.0 / 6.0) - w * 0.125
    )
    return high + (low + series)


@njit(cache=True, error_model="numpy", forceinline=True)
def log(x: float) -> float:
    """Natural logarithm; error below 1 ulp. log(0) is -inf, of a negative number or NaN NaN."""
    if not x >= SMALLEST_NORMAL:
        if x > 0.0:  # 54 ln 2 in two parts, added to the logarithm of 2^54 x
            return (log_of_normal(x * 18014398509481984.0) - 54.0 * LN2_HIGH) - 54.0 * LN2_LOW
        return -INFINITY if x == 0.0 else NAN
    if x == INFINITY:
        return x
    return log_of_normal(x)


@njit(cache=True, error_model="numpy", forceinline=True)
def exp(x: float) -> float:
    """e^x; error below 1 ulp (1.5 among subnormal results). NaN stays NaN.

    x = n ln(2)/128 + r with n = 128 k + j: e^x = 2^k 2^(j/128) e^r.
    """
    if x != x:
        return x
    if x > EXP_OVERFLOW:
        return INFINITY
    if x < EXP_UNDERFLOW:
        return 0.0
    shifted = x * STEPS_PER_UNIT + SHIFT  # rounds to a whole number, which stands in the lowest bits
    n = shifted - SHIFT
    r = (x - n * STEP_HIGH) - n * STEP_LOW
    bits = bits_of_float(shifted) - SHIFT_BITS
    k = bits >> 7
    j = (bits & 127) << 1
    t = float(_EXP[j])
    w = r * r
    series = r + (w * (0.5 + r * (1.0 / 6.0)) + (w * w) * (1.0 / 24.0 + r * (1.0 / 120.0)))
    y = t + (float(_EXP[j + 1]) + t * series)
    if k >= -1021:
        if k == 1024:
            return y * 2.0 * 8.98846567431158e307  # 2^1023, exactly
        return y * float_of_bits((k + 1023) << 52)
    return y * float_of_bits((k + 1077) << 52) * 5.551115123125783e-17  # 2^-54, exactly


# --- normal quantile --------------------------------------------------------------------


@njit(cache=True, error_model="numpy", forceinline=True)
def normal_quantile(u: float) -> float:
    """Standard normal quantile of `u` in (0, 1), about 1 part in 10^16 (AS 241, PPND16)."""
    q = u - 0.5
    if -0.425 <= q <= 0.425:
        r = 0.180625 - q * q
        numerator = 2509.0809287301226727 * r + 33430.575583588128105
        numerator = numerator * r + 67265.770927008700853
        numerator = numerator * r + 45921.953931549871457
        numerator = numerator * r + 13731.693765509461125
        numerator = numerator * r + 1971.5909503065514427
        numerator = numerator * r + 133.14166789178437745
        numerator = numerator * r + 3.387132872796366608
        denominator = 5226.495278852545925 * r + 28729.085735721942674
        denominator = denominator * r + 39307.89580009271061
        denominator = denominator * r + 21213.794301586595867
        denominator = denominator * r + 5394.1960214247511077
        denominator = denominator * r + 687.1870074920579083
        denominator = denominator * r + 42.313330701600911252
        return q * numerator / (denominator * r + 1.0)
    r = math.sqrt(-log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        r = r - 1.6
        numerator = 7.7454501427834140764e-4 * r + 0.0227238449892691845833
        numerator = numerator * r + 0.24178072517745061177
        numerator = numerator * r + 1.27045825245236838258
        numerator = numerator * r + 3.64784832476320460504
        numerator = numerator * r + 5.7694972214606914055
        numerator = numerator * r + 4.6303378461565452959
        numerator = numerator * r + 1.42343711074968357734
        denominator = 1.05075007164441684324e-9 * r + 5.475938084995344946e-4
        denominator = denominator * r + 0.0151986665636164571966
        denominator = denominator * r + 0.14810397642748007459
        denominator = denominator * r + 0.68976733498510000455
        denominator = denominator * r + 1.6763848301838038494
        denominator = denominator * r + 2.05319162663775882187
    else:
        r = r - 5.0
        numerator = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
        numerator = numerator * r + 0.0012426609473880784386
        numerator = numerator * r + 0.026532189526576123093
        numerator = numerator * r + 0.29656057182850489123
        numerator = numerator * r + 1.7848265399172913358
        numerator = numerator * r + 5.4637849111641143699
        numerator = numerator * r + 6.6579046435011037772
        denominator = 2.04426310338993978564e-15 * r + 1.4215117583164458887e-7
        denominator = denominator * r + 1.8463183175100546818e-5
        denominator = denominator * r + 7.868691311456132591e-4
        denominator = denominator * r + 0.0148753612908506148525
        denominator = denominator * r + 0.13692988092273580531
        denominator = denominator * r + 0.59983220655588793769
    z = numerator / (denominator * r + 1.0)
    return -z if q < 0.0 else z


@njit(cache=True, error_model="numpy")
def power(a: float, b: float) -> float:
    """a to the power b: for whole b up to 64 in size a product from the left, else exp(b log a)."""
    if -64.0 <= b <= 64.0 and b == math.floor(b):
        product = 1.0
        for _ in range(int(abs(b))):
            product = product * a
        if b >= 0.0:
            return product
        return 1.0 / product if product != 0.0 else INFINITY
    return exp(b * log(a))
