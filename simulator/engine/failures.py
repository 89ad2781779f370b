"""What the kernel reports as a number, said in words."""

from __future__ import annotations

from simulator.compiler import layout
from simulator.compiler.machine import Machine
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


#: lives of a patient, and transitions at one instant, that are looked at for what goes round in a circle
_LIVES, _TRANSITIONS = 20, 2_000


def check(program: Program, error: int, patient: int, seed: int | None = None) -> None:
    """Raises: EngineError if the kernel stopped at this patient; with the seed, it names who is to blame."""
    if error == layout.OK:
        return
    cause, remedy = _CAUSES[error]
    circle = _circle(program.machine, seed, patient) if error == layout.CYCLE and seed is not None else []
    if circle:
        cause, remedy = "fires without end at one instant", (
            f"These set one another off in a circle: {', '.join(circle)}. Let time pass somewhere in it "
            "(`delay`, `after`), or look at the conditions by which they ask for one another."
        )  # fmt: skip
    raise EngineError(f"{program.machine.id}: patient {patient + 1} {cause}", remedy=remedy)


def _circle(machine: Machine, seed: int, patient: int) -> list[str]:
    """The processes that set one another off without end, found by living the life once more."""
    from simulator.engine.reference import new_life  # a run that goes well does without

    if machine.signals:
        return []  # what the others pass on is not known here
    for attempt in range(_LIVES):
        life = new_life(machine, seed, patient, attempt)
        life.most_firings = _TRANSITIONS
        try:
            life.begin()
            life.run_until(machine.population.start)
            death = life.chart.history.death
            if death is None or death >= machine.population.start:
                life.run_until(machine.population.end)
                return []
        except EngineError:
            return sorted({machine.processes[each].name for each in life.circling})
    return []
