"""Pauses: a treatment that is prescribed, but not taken for a while.

Treatment T with `paused` has the process `T.pause`: ``not paused`` → (while T is taken, once `paused`
holds) ``paused`` → ``not paused``, once it no longer holds. It is a process of its own, so that what T's
process waits for meanwhile goes on: a week's pause does not begin a course of ten days anew, and neither
dose nor adherence is drawn again. `on T` asks both processes.

Being paused is recorded with the status on-hold, being taken up again as a prescription (active); both
say so, `T.paused` and `T.resumed`. Neither happens while the patient is lost to follow-up: it is a
prescriber's decision.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.compiler import algebra, follow_up
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario import syntax as s
from simulator.scenario.model import Treatment
from simulator.scenario.walk import walk

GOING, PAUSED = range(2)


def declare(low: Lowering, name: str, treatment: Treatment) -> None:
    """Give the process and its events their names."""
    if treatment.paused is not None:
        low.names.process(f"{name}.pause")
        low.names.event(f"{name}.paused")
        low.names.event(f"{name}.resumed")


def holds(low: Lowering, name: str, treatment: Treatment) -> m.Term:
    """Whether the treatment is to be paused; never without `paused`, or if that is wrong."""
    if treatment.paused is None:
        return algebra.FALSE
    where = Where.key(treatment, "paused", chart=f"`paused` of treatment {name}")
    return low.resolver.condition(treatment.paused, where) or algebra.FALSE


def going(low: Lowering, name: str) -> m.Term:
    """Whether the treatment, if it is prescribed, is not paused."""
    process = low.names.processes.get(f"{name}.pause")
    return algebra.TRUE if process is None else m.InState(process, 1 << GOING)


def lower(
    low: Lowering, name: str, treatment: Treatment, prescription: m.Emit, excluded: tuple[m.Term, ...]
) -> None:
    """Add the process.

    Args:
        prescription: the row of a prescription.
        excluded: what T must not be taken up with again, though it does not end T.
    """
    if treatment.paused is None:
        return
    names = low.names
    for node in walk(treatment.paused):
        now = isinstance(node, s.Dose) or (isinstance(node, s.On) and not node.ever)
        if isinstance(node, s.On | s.Dose) and now and node.treatment.text == name:
            low.resolver.report(
                "E728", f"{name} is not taken while it is paused, so this pause would end itself at once",
                node, Where.key(treatment, "paused"), remedy="leave it out: only what is taken is paused",
            )  # fmt: skip
    wanted = holds(low, name, treatment)
    review = low.encounter_index["medication_review"]
    code = low.code(
        name, treatment.codes, treatment.title, "treatment", status="on-hold", lasting=treatment.again is None
    )
    decided = algebra.all_of(
        m.InState(names.processes[name], names.states[name]["on"]), follow_up.attending(low)
    )
    free = algebra.all_of(*(algebra.negation(each) for each in excluded))
    again = algebra.all_of(decided, algebra.negation(wanted), free)
    states = (
        m.State(
            "not paused",
            (
                m.Arrow(
                    f"{name}: paused",
                    PAUSED,
                    m.WhenTrue(algebra.all_of(decided, wanted)),
                    (m.Emit(code, encounter=review), m.Raise(names.event(f"{name}.paused"))),
                ),
            ),
        ),
        m.State(
            "paused",
            (
                m.Arrow(f"{name}: ended while paused", GOING, m.OnEvent(names.event(f"{name}.stopped"))),
                m.Arrow(
                    f"{name}: resumed",
                    GOING,
                    m.WhenTrue(again),
                    (replace(prescription, encounter=review), m.Raise(names.event(f"{name}.resumed"))),
                ),
            ),
        ),
    )
    low.add_process(m.Process(f"{name}.pause", states))
