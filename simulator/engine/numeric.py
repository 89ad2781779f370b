"""log, exp and the normal quantile from + - * / sqrt and exact bit moves only.

The C library's functions differ in the last bit from one machine to the next; these do not:
every step is an IEEE 754 double operation in the order written (no fused multiply-add, no
reassociation), so compiled or called as `.py_func` they give the same bits everywhere.

Sources: argument reduction and error-compensated assembly as in FreeBSD/Sun fdlibm (Ng 1993,
`e_log.c`, `e_exp.c`), with the Maclaurin series of artanh and the Bernoulli series of
r·coth(r/2) (Abramowitz & Stegun 1964, 4.1.27 and 4.5.67) in place of fitted polynomials;
normal quantile: M. J. Wichura, "Algorithm AS 241", Applied Statistics 37 (1988) 477-484, PPND16.
"""

from __future__ import annotations

import math
import struct

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

INFINITY = math.inf
NAN = math.nan

# ln 2 in two parts; the high part has 21 trailing zero bits, so k * LN2_HIGH is exact
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
INV_LN2 = float.fromhex("0x1.71547652b82fep+0")
# bit pattern of sqrt(1/2): mantissas below it are doubled
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MANTISSA = 0x000FFFFFFFFFFFFF
ONE_BITS = 0x3FF0000000000000
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


# --- logarithm and exponential ----------------------------------------------------------


@njit(cache=True, error_model="numpy", forceinline=True)
def log(x: float) -> float:
    """Natural logarithm; error below 1 ulp. log(0) is -inf, of a negative number or NaN NaN.

    x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), s = f / (2 + f), and
    log(1 + f) = f - (f²/2 - s (f²/2 + R)) with R = 2 (s²/3 + s⁴/5 + …).
    """
    if not x > 0.0:
        return -INFINITY if x == 0.0 else NAN
    if x == INFINITY:
        return x
    k = 0
    if x < SMALLEST_NORMAL:
        x = x * 18014398509481984.0  # 2^54
        k = -54
    bits = bits_of_float(x) + (ONE_BITS - SQRT_HALF_BITS)
    k += (bits >> 52) - 1023
    f = float_of_bits((bits & MANTISSA) + SQRT_HALF_BITS) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    v = w * w
    odd = (2.0 / 3.0 + w * (2.0 / 7.0)) + v * ((2.0 / 11.0 + w * (2.0 / 15.0)) + v * (2.0 / 19.0))
    even = (2.0 / 5.0 + w * (2.0 / 9.0)) + v * ((2.0 / 13.0 + w * (2.0 / 17.0)) + v * (2.0 / 21.0))
    r = z * odd + w * even
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + r) + k * LN2_LOW)) - f)


@njit(cache=True, error_model="numpy", forceinline=True)
def exp(x: float) -> float:
    """e^x; error below 1 ulp (1.5 among subnormal results). NaN stays NaN.

    x = k ln 2 + r with |r| <= ln(2)/2; e^r = 1 + 2r / (c - r) with c = r coth(r/2)
    = 2 + r²/6 - r⁴/360 + …, assembled so that the rounding of r is made good.
    """
    if x != x:
        return x
    if x > EXP_OVERFLOW:
        return INFINITY
    if x < EXP_UNDERFLOW:
        return 0.0
    k = math.floor(x * INV_LN2 + 0.5)
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    w = t * t
    series = (1.0 / 6.0 - t * (1.0 / 360.0)) + w * (
        (1.0 / 15120.0 - t * (1.0 / 604800.0)) + w * (1.0 / 23950080.0 - t * (691.0 / 653837184000.0))
    )
    c = r - t * series
    y = 1.0 + ((r * c / (2.0 - c) - low) + high)
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
