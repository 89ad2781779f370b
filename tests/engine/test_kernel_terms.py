"""Every operator of the kernel on every kind of number, bit for bit as on the reference."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest

from simulator.compiler import machine as m
from simulator.compiler.flatten import flatten
from tests.engine.compare import assert_equal, kernel_lives, reference_lives
from tests.engine.conftest import FACT
from tests.engine.machines import law

NUMBERS = [
    -math.inf,
    -1e300,
    -65.0,
    -1.5,
    -1.0,
    -0.0,
    0.0,
    5e-324,
    0.5,
    1.0,
    2.0,
    3.0,
    64.0,
    65.0,
    1e300,
    math.inf,
]
UNKNOWN = len(NUMBERS) + 1  # variable 0 is sex, the numbers follow, then one that nothing is known of
OPERANDS = [m.Var(index) for index in range(1, UNKNOWN + 1)]
UNARY = ["neg", "not", "exp", "log", "sqrt"]
BINARY = ["add", "sub", "mul", "div", "pow", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "min", "max"]


def terms() -> list[m.Term]:
    """Each operator on all its operands, also where one of them decides which other is looked at."""
    one = [m.Apply(op, (a,)) for op in UNARY for a in OPERANDS]
    two = [m.Apply(op, pair) for op in BINARY for pair in product(OPERANDS, OPERANDS)]
    some = OPERANDS[::3] + OPERANDS[-1:]
    three = [
        m.Apply(op, args)
        for op in ("sub", "div", "min", "and", "or", "if")
        for args in product(some, repeat=3)
    ]
    looked_up = [m.Lookup((m.Axis("var", 3, index=v.index),), (5.0, 6.0, 7.0)) for v in OPERANDS]
    small = [term for term in looked_up if small_or_unknown(term.axes[0].index)]
    return [*OPERANDS, *one, *two, *three, *small]


def small_or_unknown(index: int) -> bool:
    return index == UNKNOWN or NUMBERS[index - 1] in (0.0, 1.0, 2.0)


def test_every_operator(small_machine: Callable[..., m.Machine], process: Callable[..., m.Process]) -> None:
    actions = tuple(m.Emit(FACT, term) for term in terms())
    machine = small_machine(
        process("all", state=m.State("state", on_entry=actions)),
        vars=(
            *(m.VarSpec(f"v{i}", initial=law("fixed", x)) for i, x in enumerate(NUMBERS)),
            m.VarSpec("unknown"),
        ),
    )
    expected = reference_lives(machine, 1, range(1))
    assert len(expected[0].events) > 5_000
    values = {row[2] for row in expected[0].events}
    assert {"unknown", "inf", "-inf", "0x1.0000000000000p+0", "-0x0.0p+0"} <= values
    assert_equal(kernel_lives(flatten(machine), 1, range(1)), expected, machine)


@pytest.mark.parametrize("value", [1e17, 1e18, 1e300, -1e300, math.inf, -math.inf])
@pytest.mark.parametrize("precision", [0, 3])
def test_a_measurement_beyond_all_bounds_is_bounded(
    small_machine: Callable[..., m.Machine], process: Callable[..., m.Process], value: float, precision: int
) -> None:
    level = m.LevelSpec(
        "runaway", FACT, m.Const(value), 0.0, 0.0, m.Const(0.0), m.Const(0.0), -5.0, 200.0, precision, 1, True
    )
    machine = small_machine(
        process("visit", state=m.State("state", on_entry=(m.Measure(0),))),
        vars=(m.VarSpec("last"),),
        levels=(level,),
    )
    expected = reference_lives(machine, 1, range(1))
    recorded = [row[2] for row in expected[0].events if row[1] == FACT]
    assert [float.fromhex(x) for x in recorded] == [200.0 if value > 0 else -5.0]
    assert_equal(kernel_lives(flatten(machine), 1, range(1)), expected, machine)
