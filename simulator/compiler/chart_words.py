"""Words of the chart → terms: `on`, `ever`, `diagnosed`, `time since`, `count of`, `last`, `dose of`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.kinds import Typed, number, truth
from simulator.scenario import syntax as s

if TYPE_CHECKING:
    from simulator.compiler.terms import Resolver, Where


def on(resolver: Resolver, expr: s.On, where: Where) -> Typed | None:
    """Whether the patient is, or ever was, on a treatment, pathway or care plan."""
    name = expr.treatment.text
    symbol = resolver.names.symbols.get(name)
    if symbol is None or symbol.kind not in ("pathway", "care plan"):
        if not resolver.known(expr.treatment, "treatment", where):
            return None
    elif symbol.index < 0 and not expr.ever:
        resolver.report(
            "E733", f"pathway {name} has no `start`: it is only followed by others", expr, where,
            remedy="name the pathway that follows it",
        )  # fmt: skip
        return None
    if expr.ever:
        return truth(m.Stamped(resolver.names.stamp(f"{name}.started")))
    return truth(resolver.on_treatment(name))


def ever(resolver: Resolver, expr: s.Ever, where: Where) -> Typed | None:
    """Whether something was ever done, begun, or happened."""
    symbol = resolver.names.symbols.get(expr.event.text)
    if symbol is not None and symbol.kind == "procedure":
        return truth(m.Stamped(resolver.names.stamp(f"{symbol.name}.done")))
    if symbol is not None and symbol.kind in ("treatment", "pathway", "care plan"):
        return truth(m.Stamped(resolver.names.stamp(f"{symbol.name}.started")))
    event = resolver.event(expr.event, where)
    return None if event is None else truth(m.Stamped(resolver.names.stamp(event)))


def diagnosed(resolver: Resolver, expr: s.Diagnosed, where: Where) -> Typed | None:
    """Whether a disease is on the chart."""
    if not resolver.known(expr.disease, "disease", where):
        return None
    name = expr.disease.text
    if f"{name}.diagnosed" not in resolver.names.events:
        resolver.report(
            "E708", f"{name} is never diagnosed: it has no `diagnosis`", expr, where,
            remedy=f"give disease {name} a `diagnosis:`",
        )  # fmt: skip
        return None
    return truth(resolver.diagnosed(name))


def since(resolver: Resolver, expr: s.Since, where: Where) -> Typed | None:
    """The time since an event."""
    event = resolver.event(expr.event, where)
    if event is None:
        return None
    return Typed(m.Const(0.0), "since", name=event, index=resolver.names.stamp(event))


def count(resolver: Resolver, expr: s.Count, where: Where) -> Typed | None:
    """How often an event happened."""
    event = resolver.event(expr.event, where)
    within = None if expr.within is None else resolver.constant_duration(expr.within, where)
    if event is None or (expr.within is not None and within is None):
        return None
    return Typed(m.Const(0.0), "count", name=event, within=within)


def last(resolver: Resolver, expr: s.Last, where: Where) -> Typed | None:
    """The last recorded value of a measurement, or what a procedure last found."""
    name = expr.measurement.text
    if f"last {name}" in resolver.names.categories and not expr.previous:  # a procedure: what it found
        return Typed(m.Var(resolver.names.last[name]), "category", name=f"last {name}")
    if not resolver.known(expr.measurement, "measurement", where):
        return None
    places = resolver.names.previous if expr.previous else resolver.names.last
    return number(m.Var(places[name]), resolver.names.units[name])


def dose(resolver: Resolver, expr: s.Dose, where: Where) -> Typed | None:
    """The dose that is taken now; 0 for none."""
    if not resolver.known(expr.treatment, "treatment", where):
        return None
    name = expr.treatment.text
    if name not in resolver.names.doses:
        resolver.report("E720", f"{name} has no `dose`", expr, where, remedy="give the treatment a `dose:`")
        return None
    var, unit = resolver.names.doses[name]
    return number(algebra.choose(resolver.on_treatment(name), m.Var(var), algebra.FALSE), unit)
