"""Referrals → a row where they are made, and the visit that follows.

A referral records an order (status active), says `TO.referred`, and after its wait asks care TO for
a visit, as a diagnosis route does. Each referral is a process of its own; while one is on its way, the same
one is not made again. Those of a care (`refers`) hear `C.visit`, as diagnoses do, and after them: what
was found at a visit can be the reason to refer. Those of a pathway are told by its step.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.terms import Where
from simulator.scenario.model import Refer


def declare(low: Lowering, owner: str, refers: Sequence[Refer]) -> None:
    """Give the referrals of a care or pathway their processes and events."""
    for block in refers:
        if block.to in low.scenario.care:
            low.names.event(f"{block.to}.referred")
        process = low.course_name(f"{owner}.referral", block.path)
        low.names.process(process)
        low.names.event(f"{process}:due")


def ask(low: Lowering, block: Refer) -> m.Action:
    """What tells the process of a pathway's referral that it is due."""
    return m.Raise(low.names.event(f"{low.course_names[block.path]}:due"))


def lower(
    low: Lowering, owner: str, refers: Sequence[Refer], encounter: int, visit: str | None = None
) -> None:
    """Add the processes of referrals.

    Args:
        owner: the care or pathway that refers.
        encounter: the kind of encounter in which a referral is recorded, if none is open.
        visit: the event at which they are considered; if None, their own steps say when.
    """
    for block in refers:
        process = low.course_names[block.path]
        states: tuple[m.State, ...] = (m.State("waiting"),)
        if low.resolver.is_a(block.to, "care", None, Where.key(block, "to")):
            states = _states(low, owner, block, encounter, visit or f"{process}:due")
        low.add_process(m.Process(process, states))


def _states(low: Lowering, owner: str, block: Refer, encounter: int, heard: str) -> tuple[m.State, ...]:
    resolver = low.resolver
    condition: m.Term | None = None
    chance: m.Term | None = None
    if block.if_ is not None:
        chart = f"`if` of the referral to {block.to}"
        condition = resolver.condition(block.if_, Where.key(block, "if", once=True, chart=chart))
    if block.probability is not None:
        chance = resolver.probability(block.probability, Where.key(block, "probability", once=True))
    trigger = m.OnEvent(low.names.event(heard), condition, chance)
    title = low.scenario.care[block.to].title or block.to.replace("_", " ")
    spec = m.CodeSpec(f"REFERRAL//{block.to}", f"referral to {title}", status="active", kind="order")
    made = (
        m.Emit(low.codes.place(spec), encounter=encounter),
        m.Raise(low.names.event(f"{block.to}.referred")),
    )
    label = low.arrow_name(f"{owner}: refers to {block.to}")
    asks = _asks(low, owner, block)
    if block.wait is None:
        return (m.State("waiting", (m.Arrow(label, 0, trigger, (*made, *asks)),)),)
    wait = distribution(resolver, block.wait, Where.key(block, "wait"), DURATION)
    pending: tuple[m.Arrow, ...] = ()
    if wait is not None:
        comes = low.arrow_name(f"{owner}: visit at {block.to} as referred")
        pending = (m.Arrow(comes, 0, m.AfterDuration(wait), asks),)
    return m.State("waiting", (m.Arrow(label, 1, trigger, made),)), m.State("referred", pending)


def _asks(low: Lowering, owner: str, block: Refer) -> tuple[m.Action, ...]:
    """The visit, for those who come."""
    asks = m.Raise(low.names.event(f"visit:{block.to}"))
    if block.attends is None:
        return (asks,)
    chance = low.resolver.probability(block.attends, Where.key(block, "attends", once=True))
    if chance in (None, algebra.TRUE):
        return (asks,)
    return (m.If(None, chance, f"{owner}: attends {block.to}", (asks,)),)
