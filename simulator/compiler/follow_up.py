"""Loss to follow-up → a process, and what it keeps from happening.

`follow_up` is under care → lost → (once something brings the patient back) under care. While lost,
visits that are due, provoked or asked for do not take place unless their class of care is kept;
nothing is prescribed, changed or dispensed, no vaccine is given, and what ends is not recorded.
Diseases go on: that is what returning patients come back with.
"""

from __future__ import annotations

from simulator.compiler import algebra, hazards, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where

NAME = "follow_up"
KEPT, LOST = 0, 1
CLASSES = ("ambulatory", "emergency", "inpatient", "virtual", "home")


def declare(low: Lowering) -> None:
    """Give the process and its events their names."""
    if low.scenario.follow_up is None:
        return
    low.names.add(NAME, "follow-up", low.names.process(NAME))
    low.names.event(f"{NAME}.lost")
    low.names.event(f"{NAME}.returned")


def lost(low: Lowering) -> m.Term:
    """Whether the patient is lost to follow-up."""
    if low.scenario.follow_up is None:
        return algebra.FALSE
    return m.InState(low.names.processes[NAME], 1 << LOST)


def attending(low: Lowering, class_: str = "") -> m.Term:
    """Whether care of a class (none: prescribing, dispensing) reaches the patient."""
    block = low.scenario.follow_up
    if block is None or class_ in block.keeps:
        return algebra.TRUE
    return algebra.negation(lost(low))


def only_attending(low: Lowering, actions: tuple[m.Action, ...], label: str) -> tuple[m.Action, ...]:
    """`actions`, done only while the patient is under care."""
    condition = attending(low)
    return actions if condition == algebra.TRUE else (m.If(condition, None, label, actions),)


def lower(low: Lowering) -> None:
    """Add the process."""
    block = low.scenario.follow_up
    if block is None:
        return
    low.labels[NAME] = "loss to follow-up"
    for i, class_ in enumerate(block.keeps):
        if class_ not in CLASSES:
            low.resolver.report(
                "E502", f"`{class_}` is not a class of care", None, Where.key(block, f"keeps[{i}]"),
                expected=listing(CLASSES), nearest=nearest(class_, CLASSES),
            )  # fmt: skip
    rate = hazards.by_rate(
        low.resolver, block.lost.rate, block.lost.multiplied, Where.key(block.lost, "rate")
    )
    gone = m.Raise(low.names.event(f"{NAME}.lost"))
    kept = () if rate is None else (m.Arrow("follow_up: lost", LOST, rate, (gone,)),)
    back: tuple[m.Arrow, ...] = ()
    if block.returns is not None:
        fires = triggers.trigger(
            low, block.returns, "follow_up: returns", lost(low), allowed=("rate", "after", "when", "on")
        )
        told = m.Raise(low.names.event(f"{NAME}.returned"))
        back = () if fires is None else (m.Arrow("follow_up: returns", KEPT, fires, (told,)),)
    states = (m.State("under_care", kept), m.State("lost", back))
    low.add_process(m.Process(NAME, states, latent=True))
