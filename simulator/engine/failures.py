"""What the kernel reports as a number, said in words."""

from __future__ import annotations

from simulator.compiler import layout
from simulator.compiler.program import Program
from simulator.errors import EngineError

_CAUSES = {
    layout.CYCLE: (
        "fires without end at one instant, or never lives to the start of the period",
        "Look for arrows that lead back to their own state without any time passing, and whether "
        "anybody of this age can survive to `population.from`.",
    ),
    layout.QUEUE_FULL: (
        "raises more events at one instant than can be kept in order",
        "Look for events that raise one another.",
    ),
    layout.BAD_PARAMETER: (
        "drew a duration from a distribution whose parameters are not numbers",
        "A number in it is unknown at that moment, e.g. a measurement that was never made.",
    ),
    layout.FULL: (
        "has more rows in one window than there is room for",
        "Use a shorter `population.step`.",
    ),
}


def check(program: Program, error: int, patient: int) -> None:
    """Raises: EngineError if the kernel stopped at this patient."""
    if error == layout.OK:
        return
    cause, remedy = _CAUSES[error]
    raise EngineError(f"{program.machine.id}: patient {patient + 1} {cause}", remedy=remedy)
