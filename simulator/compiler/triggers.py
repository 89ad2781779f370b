"""Triggers: what makes a transition fire.

A trigger is exactly one of `rate`, `after`, `when`, `on` and `probability` alone; `multiplied`
and `while` go with `rate`, `delay` with `when`, `if` with `on`, `after` also with `on`, `probability` with
`on`, `after` and `when` (`scenario/rules.py`). `on` with `after` and `when` with `probability` take a
process of their own (`waits.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.compiler import algebra, curves, hazards, waits
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.hazards import Effects
from simulator.compiler.names import listing
from simulator.compiler.terms import Resolver, Where
from simulator.scenario.model import Trigger
from simulator.scenario.syntax import Expr


def kinds_of(block: Trigger) -> list[str]:
    """The keys that say what fires it: one, in a trigger that is complete."""
    found = [k for k in ("rate", "after", "when", "on") if getattr(block, k) is not None]
    if found == ["after", "on"]:
        found = ["on"]
    if not found and block.probability is not None:
        found = ["probability"]
    return found


def check(resolver: Resolver, block: Trigger, allowed: Iterable[str]) -> str | None:
    """The one kind of a trigger, or a finding."""
    found, allowed = kinds_of(block), list(allowed)
    if len(found) == 1 and found[0] in allowed:
        return found[0]
    message = "nothing says when this happens" if not found else f"{listing(found)} cannot stand here"
    place = Where(block.path, block.span)
    resolver.report("E702", message, block, place, expected=f"exactly one of {listing(allowed)}")
    return None


def trigger(
    low: Lowering,
    block: Trigger,
    label: str,
    there: m.Term,
    *,
    hazard_names: tuple[str, ...] = (),
    effects: Effects | None = None,
    chart: str = "",
    allowed: Iterable[str] = ("rate", "after", "when", "on", "probability"),
) -> m.Trigger | None:
    """The machine's trigger; None, with findings, if it cannot be one.

    Args:
        label: the arrow's name, ``OWNER: …``.
        there: true while the arrow can be taken: its process is in the state that it leaves.
        hazard_names: what treatments' effects know this transition by.
        chart: the rule, if its conditions can only read the record.
    """
    resolver = low.resolver
    kind = check(resolver, block, allowed)
    if effects is not None and kind != "rate":
        effects.others.update(hazard_names)
    if kind == "rate" and block.rate is not None:
        factors = effects.on(*hazard_names) if effects is not None else []
        holds = _while(resolver, block, chart)
        gate = algebra.TRUE if holds is None else holds
        rate = hazards.by_rate(
            resolver, block.rate, block.multiplied, Where.key(block, "rate"), effects=factors, gate=gate
        )
        return None if holds is None else rate
    if kind == "after" and block.after is not None:
        return _after(resolver, block, block.after)
    if kind == "when" and block.when is not None:
        return _when(low, block, label, there, chart)
    if kind == "on" and block.on is not None:
        heard = _on(resolver, block, chart)
        if block.after is None:
            return heard
        after = distribution(resolver, block.after, Where.key(block, "after"), DURATION)
        return None if after is None or heard is None else waits.after_event(low, label, there, heard, after)
    if kind == "probability" and block.probability is not None:
        weight = resolver.probability(block.probability, Where.key(block, "probability", once=True))
        return None if weight is None else m.ByChance(weight)
    return None


def _after(resolver: Resolver, block: Trigger, duration: Expr) -> m.AfterDuration | None:
    """A duration; with `probability`, one that ends for so many only, drawn on entering the state."""
    after = distribution(resolver, duration, Where.key(block, "after"), DURATION)
    if block.probability is None:
        return None if after is None else m.AfterDuration(after)
    chance = resolver.probability(block.probability, Where.key(block, "probability", once=True))
    if after is None or chance is None:
        return None
    return m.AfterDuration(curves.for_some(chance, after))


def _while(resolver: Resolver, block: Trigger, chart: str) -> m.Term | None:
    """The condition without which a rate is zero; None, with findings, if it cannot be one."""
    if block.while_ is None:
        return algebra.TRUE
    where = Where.key(block, "while", chart=chart)
    holds = resolver.condition(block.while_, where)
    if isinstance(holds, m.Const):
        resolver.report("W307", f"this {'always' if holds.value else 'never'} holds", block.while_, where)
    return holds


def _when(low: Lowering, block: Trigger, label: str, there: m.Term, chart: str) -> m.Trigger | None:
    assert block.when is not None
    resolver = low.resolver
    condition = resolver.condition(block.when, Where.key(block, "when", chart=chart))
    delay = None
    if block.delay is not None:
        delay = distribution(resolver, block.delay, Where.key(block, "delay"), DURATION)
        if delay is None:
            condition = None
    chance = None
    if block.probability is not None:
        chance = resolver.probability(block.probability, Where.key(block, "probability", once=True))
    if condition is None:
        return None
    when = m.WhenTrue(condition, delay)
    if block.probability is None:
        return when
    return None if chance is None else waits.by_chance(low, label, there, when, chance)


def _on(resolver: Resolver, block: Trigger, chart: str) -> m.OnEvent | None:
    assert block.on is not None
    event = resolver.event(block.on, Where.key(block, "on"))
    condition: m.Term | None = algebra.TRUE
    if block.if_ is not None:
        condition = resolver.condition(block.if_, Where.key(block, "if", once=True, chart=chart))
    chance: m.Term | None = algebra.TRUE
    if block.probability is not None:
        chance = resolver.probability(block.probability, Where.key(block, "probability", once=True))
    if event is None or condition is None or chance is None:
        return None
    return m.OnEvent(
        resolver.names.event(event),
        None if condition == algebra.TRUE else condition,
        None if chance == algebra.TRUE else chance,
    )
