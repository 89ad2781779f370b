"""Philox for several streams at once: one lane of a vector per stream.

The ten rounds of a block are multiplications that wait for one another. Side by side they cost what one
costs; the vectorizer of the compiler does not see it, so the vectors are written out here. LLVM
makes of them what the processor has, and the numbers are the same to the last bit as those of `draws.py`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from simulator.compiler.layout import LANES

_INT, _REAL = ir.IntType(64), ir.DoubleType()
_INTS, _REALS = ir.VectorType(_INT, LANES), ir.VectorType(_REAL, LANES)
_ROUNDS = 10
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85


def _all(value: int) -> ir.Constant:
    return ir.Constant(_INTS, [value] * LANES)


def _splat(builder: Any, value: Any) -> Any:
    one = builder.insert_element(ir.Constant(_INTS, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _uniform(builder: Any, low: Any, high: Any) -> Any:
    """((low | high << 32) >> 12, plus a half) / 2^52: taken as the mantissa of a number from 1 to 2."""
    word = builder.or_(builder.and_(low, _all(0xFFFFFFFF)), builder.shl(high, _all(32)))
    bits = builder.or_(builder.lshr(word, _all(12)), _all(0x3FF << 52))
    almost_one = ir.Constant(_REALS, [1.0 - 2.0**-53] * LANES)
    return builder.fsub(builder.bitcast(bits, _REALS), almost_one)


@intrinsic
def draw_lanes(
    typingctx: Any,
    streams: Any,
    at: Any,
    low: Any,
    high: Any,
    k0: Any,
    k1: Any,
    reals: Any,
    first: Any,
    second: Any,
) -> Any:
    """Draws 0 and 1 of LANES streams of one patient, the block of each being (0, stream, low, high).

    Args:
        streams, at: pointer to int64, and where in it the numbers of the streams stand one after another.
        low, high: the last two words of the counter.
        k0, k1: key words.
        reals, first, second: pointer to float64, and where in it the draws are put.
    """
    whole = types.int64
    signature = types.void(streams, whole, whole, whole, whole, whole, reals, whole, whole)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def place(pointer: Any, index: Any, vector: Any) -> Any:
            return builder.bitcast(builder.gep(pointer, [index]), vector.as_pointer())

        word, shift = _all(0xFFFFFFFF), _all(32)
        a = _all(0)
        b = builder.and_(builder.load(place(args[0], args[1], _INTS), align=8), word)
        c, d = _splat(builder, args[2]), builder.and_(_splat(builder, args[3]), word)
        keys = [_splat(builder, args[4]), _splat(builder, args[5])]
        for _ in range(_ROUNDS):
            # only the low words of a, c and the keys count: what stands above them is never looked at
            product_0 = builder.mul(builder.and_(a, word), _all(_MULTIPLIERS[0]))
            product_1 = builder.mul(builder.and_(c, word), _all(_MULTIPLIERS[1]))
            a = builder.xor(builder.xor(builder.lshr(product_1, shift), b), keys[0])
            b = builder.and_(product_1, word)
            c = builder.xor(builder.xor(builder.lshr(product_0, shift), d), keys[1])
            d = builder.and_(product_0, word)
            keys = [builder.add(key, _all(step)) for key, step in zip(keys, _WEYL, strict=True)]
        builder.store(_uniform(builder, a, b), place(args[6], args[7], _REALS), align=8)
        builder.store(_uniform(builder, c, d), place(args[6], args[8], _REALS), align=8)
        return context.get_dummy_value()

    return signature, codegen
