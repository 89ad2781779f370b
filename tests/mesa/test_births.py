"""Who is born within the period of a coupled run: both passes of the kernel and the reference agree."""

from __future__ import annotations

from simulator.compiler.machine import Apply, Const, InState, Machine, Signal, SignalSpec, State
from tests.engine.compare import assert_same_population
from tests.statistics.build import DAY, by, law, machine, process, rate

ILL = 1


def newborns(size: int) -> Machine:
    """People of −0.4 to 0.4 years who pass on an illness, among them those who are not born yet."""
    pressure = Apply("add", (Signal(0), Const(0.05)))
    flu = process(
        "flu",
        State("well", (rate(by(60.0, pressure), "infection", ILL),)),
        State("ill", (rate(30.0, "recovery", 0),)),
    )
    return machine(
        flu,
        size=size,
        years=0.5,
        age=law("uniform", -0.4, 0.4),
        signals=(SignalSpec("pressure", InState(0, 1 << ILL)),),
        step=7 * DAY,
        communities=2,
        mixing=((0.8, 0.2), (0.2, 0.8)),
    )


def test_the_kernel_and_the_reference_agree_on_births() -> None:
    assert assert_same_population(newborns(60), seed=3) > 300
