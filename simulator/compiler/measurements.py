"""Measurements → levels: what is true of a patient all the time, and how it is measured.

value(t) = mean + the patient's deviation + drift integrated over time + shift. The mean may
depend on attributes, diseases and exact age; drifts and shifts on anything that changes at
instants. What treatments add while they are taken joins the drifts and shifts.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.compiler import algebra, components, hazards
from simulator.compiler import machine as m
from simulator.compiler.attributes import bounds
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario.model import Change, Measurement
from simulator.scenario.syntax import Expr

_MOST_DECIMALS = 6


def declare(low: Lowering, index: int, name: str, measurement: Measurement) -> None:
    """Give the measurement its name, unit and the variable of its last recorded value."""
    low.names.add(name, "measurement", index)
    low.names.units[name] = measurement.unit
    low.names.last[name] = low.names.var(f"last {name}")
    low.names.event(f"{name}.measured")
    if name in low.remembered:
        low.names.previous[name] = low.names.var(f"previous {name}")


def lower(low: Lowering, name: str, measurement: Measurement) -> m.LevelSpec | None:
    """The level of a measurement."""
    low.labels[name] = measurement.title or name
    unit, model = measurement.unit, measurement.value
    where = Where.key(model, "mean", once=True)
    mean = low.resolver.number(model.mean, where, unit)
    if mean is not None and any(isinstance(t, m.Level) for t in algebra.walk(mean)):
        low.resolver.report("E610", "a mean cannot depend on another true measurement", model.mean, where)
        mean = None
    deviation = _spread(low, model.between_patients, Where.key(model, "between_patients"), unit)
    noise = _spread(low, model.noise, Where.key(model, "noise"), unit)
    slope = _changes(low, name, "drift", model.drift, unit)
    shift = _changes(low, name, "shift", model.shift, unit)
    plausible = bounds(low, measurement.plausible, Where.key(measurement, "plausible"), unit)
    if not 0 <= measurement.precision <= _MOST_DECIMALS:
        low.resolver.report(
            "E611", f"{measurement.precision} decimals cannot be recorded", measurement,
            Where.key(measurement, "precision"), expected=f"0 to {_MOST_DECIMALS}",
        )  # fmt: skip
    code = low.code(name, measurement.codes, measurement.title, "measurement", status="final", unit=unit)
    if mean is None or deviation is None or noise is None:
        return None
    if slope is None or shift is None or plausible is None:
        return None
    centre = algebra.constant(mean)
    if centre is not None and not plausible[0] <= centre <= plausible[1]:
        low.resolver.report(
            "W310", f"the mean {centre:g} lies outside the plausible {plausible[0]:g}..{plausible[1]:g}",
            model.mean, where,
        )  # fmt: skip
    return m.LevelSpec(
        name, code, mean, deviation, noise, slope, shift, plausible[0], plausible[1],
        measurement.precision, low.names.last[name], not algebra.has_age(mean),
    )  # fmt: skip


def circles(low: Lowering, levels: Sequence[m.LevelSpec | None]) -> None:
    """A finding for each measurement whose shifts ask for its own value, or by way of others do."""
    needs = {
        index: {t.measurement for t in algebra.walk(level.shift) if isinstance(t, m.Level | m.LevelAtLeast)}
        for index, level in enumerate(levels)
        if level is not None
    }
    circular = {index for circle in components.circles(needs) for index in circle}
    for index, (name, block) in enumerate(low.scenario.measurements.items()):
        if index in circular:
            way = "" if index in needs[index] else ", by way of others"
            low.resolver.report(
                "E729", f"what shifts {name} asks for its own true value{way}",
                None, Where.key(block.value, "shift"),
                remedy="Let it ask for a disease, an attribute or the chart (`last …`) instead.",
            )  # fmt: skip


def _spread(low: Lowering, expr: Expr | None, where: Where, unit: str) -> float | None:
    """A standard deviation: a constant, not negative; 0 if absent."""
    if expr is None:
        return 0.0
    value = low.resolver.constant(expr, where, unit)
    if value is not None and value < 0.0:
        low.resolver.report("E606", "a standard deviation cannot be negative", expr, where)
        return None
    return value


def _changes(low: Lowering, name: str, key: str, changes: list[Change], unit: str) -> m.Term | None:
    """All drifts or shifts of a measurement, with those of treatments, in one term."""
    terms: list[m.Term | None] = []
    for change in changes:
        where = Where.key(change, "by")
        if key == "drift":
            amount = low.resolver.rate(change.by, where, unit)
        else:
            amount = low.resolver.number(change.by, where, unit)
        terms.append(hazards.while_holds(low.resolver, change, change.while_, amount, algebra.FALSE))
    known = [t for t in terms if t is not None]
    if len(known) < len(terms):
        return None
    return algebra.total([*known, *low.effects.factors.get(f"{name} {key}", [])])
