"""Supplies: dispensing at the start, then each time the supply has run out.

With `refills`, a prescription is good for the first supply and so many refills; then it is renewed,
which is a row of its own (status active). What runs out while the treatment is paused is dispensed when it
is taken up again.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.compiler import algebra, follow_up, pauses
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import fixed
from simulator.compiler.terms import Where
from simulator.compiler.treatment_effects import adherence
from simulator.scenario.model import Treatment

_SHORTEST = 3_600_000_000


def declare(low: Lowering, name: str, treatment: Treatment) -> None:
    """Give the supply its process, and the refills left their variable."""
    if treatment.supply is not None:
        low.names.process(f"{name}.supply")
        if treatment.refills is not None:
            low.names.var(f"{name}.refills")


def lower(low: Lowering, name: str, treatment: Treatment, prescription: m.Emit) -> None:
    """Add the process of dispensing."""
    resolver = low.resolver
    if treatment.supply is None:
        return
    where = Where.key(treatment, "supply")
    lasts = resolver.constant_duration(treatment.supply, where)
    if lasts is not None and lasts < _SHORTEST:
        resolver.report("E606", "a supply must last for an hour at least", treatment.supply, where)
        lasts = None
    if treatment.refills is not None and treatment.refills < 0:
        resolver.report("E606", "refills cannot be negative", None, Where.key(treatment, "refills"))
    if lasts is None:
        return
    code = low.code(name, treatment.codes, treatment.title, "treatment", status="completed")
    dispense = m.Emit(code, None, m.Const(float(lasts)), low.encounter_index["pharmacy"])
    first: tuple[m.Action, ...] = (dispense,)
    refill: tuple[m.Action, ...] = (dispense,)
    if treatment.refills is not None:
        left = low.names.vars.index(f"{name}.refills")
        refill, first = _renewed(name, treatment.refills, left, dispense, prescription)
    taken, attends = adherence(low, name, treatment), follow_up.attending(low)
    if taken != algebra.TRUE or attends != algebra.TRUE:
        condition = None if attends == algebra.TRUE else attends
        refill = (m.If(condition, None if taken == algebra.TRUE else taken, f"{name}: refill", refill),)
    started, stopped = (low.names.event(f"{name}.{e}") for e in ("started", "stopped"))
    ends, later = m.Arrow(f"{name}: supply ends", 0, m.OnEvent(stopped)), m.AfterDuration(fixed(lasts))
    states: tuple[m.State, ...] = (
        m.State("off", (m.Arrow(f"{name}: first supply", 1, m.OnEvent(started), first),)),
        m.State("on", (ends, m.Arrow(f"{name}: refill due", 1, later, refill))),
    )
    if treatment.paused is not None:
        going = pauses.going(low, name)
        waits = (
            replace(ends, name=f"{name}: supply ends unused"),
            m.Arrow(f"{name}: refill after the pause", 1, m.WhenTrue(going), refill),
        )
        due = (
            m.Arrow(f"{name}: refill", 1, m.ByChance(going), refill),
            m.Arrow(f"{name}: refill put off", 3, m.ByChance(algebra.negation(going))),
        )
        states = (
            states[0],
            m.State("on", (ends, m.Arrow(f"{name}: refill due", 2, later))),
            m.State("due", due),
            m.State("used up", waits),
        )
    low.add_process(m.Process(f"{name}.supply", states))


def _renewed(
    name: str, refills: int, var: int, dispense: m.Emit, prescription: m.Emit
) -> tuple[tuple[m.Action, ...], tuple[m.Action, ...]]:
    """A refill that renews the prescription when it is used up, and the first supply."""
    left = m.Var(var)
    used_up = m.Apply("lt", (left, algebra.TRUE))
    renew = m.If(used_up, None, f"{name}: renewal", (prescription, m.Set(var, m.Const(refills + 1.0))))
    one_less = m.Set(var, m.Apply("sub", (left, algebra.TRUE)))
    return (renew, one_less, dispense), (m.Set(var, m.Const(float(refills))), dispense)
