"""Triggers that fire some time after an event, or by chance once something holds → a process each.

``on: E`` with ``after: D`` is the process `X.waitN`: idle → (E is heard while the arrow could be taken)
waiting → (once D has passed) idle, which says so: the arrow listens to that. Leaving the state that the
arrow leads away from ends the wait; a second E does not lengthen it. ``when: C`` with ``probability: p`` is
the process ``idle`` → (once C holds) ``decided`` → (once C no longer holds) ``idle``: the chance is drawn
once each time that C comes to hold. They are processes of their own so that what else the arrow's process
waits for goes on.
"""

from __future__ import annotations

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering

IDLE, BUSY = range(2)


def after_event(
    low: Lowering, label: str, there: m.Term, heard: m.OnEvent, after: m.Distribution
) -> m.OnEvent:
    """A trigger that fires `after` an event that was heard.

    Args:
        label: the arrow's name, ``OWNER: …``.
        there: true while the arrow could be taken.
    """
    process, due = _declare(low, label)
    condition = algebra.all_of(heard.condition or algebra.TRUE, there)
    gone = m.WhenTrue(algebra.negation(there))
    states = (
        m.State("idle", (_arrow(low, f"{label}, some time later", BUSY, _where(heard, condition)),)),
        m.State(
            "waiting",
            (
                _arrow(low, f"{label}, no longer awaited", IDLE, gone),
                _arrow(low, f"{label}, time is up", IDLE, m.AfterDuration(after), m.Raise(due)),
            ),
        ),
    )
    low.add_process(m.Process(process, states))
    return m.OnEvent(due)


def by_chance(low: Lowering, label: str, there: m.Term, when: m.WhenTrue, chance: m.Term) -> m.OnEvent:
    """A trigger that fires with this chance each time that a condition comes to hold (for its delay)."""
    process, due = _declare(low, label)
    holds = algebra.all_of(there, when.condition)
    tells = m.If(None, chance, f"{process}: chance", (m.Raise(due),))
    states = (
        m.State("idle", (_arrow(low, f"{label}, considered", BUSY, m.WhenTrue(holds, when.delay), tells),)),
        m.State("decided", (_arrow(low, f"{label}, open again", IDLE, m.WhenTrue(algebra.negation(holds))),)),
    )
    low.add_process(m.Process(process, states))
    return m.OnEvent(due)


def _declare(low: Lowering, label: str) -> tuple[str, int]:
    """A new process of what the arrow belongs to, and the event by which it tells the arrow."""
    owner = label.partition(":")[0]
    number = 1
    while f"{owner}.wait{number}" in low.names.processes:
        number += 1
    process = f"{owner}.wait{number}"
    low.names.process(process)
    return process, low.names.event(f"{process}:due")


def _where(heard: m.OnEvent, condition: m.Term) -> m.OnEvent:
    return m.OnEvent(heard.event, None if condition == algebra.TRUE else condition, heard.probability)


def _arrow(low: Lowering, label: str, to: int, trigger: m.Trigger, *actions: m.Action) -> m.Arrow:
    return m.Arrow(low.arrow_name(label), to, trigger, actions)
