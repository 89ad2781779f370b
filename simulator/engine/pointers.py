"""Arrays handed down the kernel as bare pointers.

Numba counts references to an array with an atomic instruction at every call it is passed to, and
passes seven words for it. In functions of a few nanoseconds that was two thirds of the run
time. The entry points keep the arrays alive (their own by `keep`); everything below them
indexes plain pointers, which Numba supports natively (``p[i]``, no wrap-around, no bounds).
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model


class TablePointer(types.CPointer):
    """Pointer to numbers that never change while anything runs: the tables of a program.

    The compiler may then keep what it has read, whatever is written to a patient meanwhile.
    """

    def __init__(self, dtype: Any) -> None:
        super().__init__(dtype)
        self.name = f"table of {dtype}"

    @property
    def key(self) -> Any:
        return ("table", self.dtype)


register_model(TablePointer)(models.PointerModel)


@lower_builtin(operator.getitem, TablePointer, types.Integer)
def _read_table(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    value = builder.load(builder.gep(args[0], [args[1]]))
    value.set_metadata("invariant.load", builder.module.add_metadata([]))
    return value


@intrinsic
def pointer_to(typingctx: Any, array: Any) -> Any:
    """Pointer to the first element of a C-contiguous array of any rank.

    Args:
        array: int64[...] or float64[...], C-contiguous; the caller keeps it alive.
    """
    signature = types.CPointer(array.dtype)(array)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        return cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data

    return signature, codegen


@intrinsic
def table_of(typingctx: Any, array: Any) -> Any:
    """`pointer_to` an array of a program: int64[...] or float64[...], read only."""
    signature = TablePointer(array.dtype)(array)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        return cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data

    return signature, codegen


@intrinsic
def keep(typingctx: Any, array: Any) -> Any:
    """Do nothing, but be a use of `array`: Numba frees a local array after its last use, and does
    not see that a pointer still leads to it. Call it after the last use of the pointer."""
    signature = types.void(array)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        return context.get_dummy_value()

    return signature, codegen
