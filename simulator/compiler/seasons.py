"""Putting the season where it is cheap: into the base hazard.

A hazard that is a table by age, multiplied by a table by month, would be re-aimed at every
turn of the month of a life. With the months as the base and the few age bands as the multiplier it is
the same hazard, and is re-aimed at birthdays only.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.compiler import machine as m

#: an age table with more bands than this (a life table) stays the base
_FEW_BANDS = 16


def seasonal_bases(machine: m.Machine) -> m.Machine:
    """The same machine, with months moved into the base hazards where that is cheaper."""
    return replace(
        machine,
        processes=tuple(
            replace(
                process,
                states=tuple(
                    replace(state, arrows=tuple(_arrow(arrow) for arrow in state.arrows))
                    for state in process.states
                ),
            )
            for process in machine.processes
        ),
    )


def _arrow(arrow: m.Arrow) -> m.Arrow:
    trigger = arrow.trigger
    if not isinstance(trigger, m.ByRate) or trigger.multiplier is None:
        return arrow
    moved = _swap(trigger)
    return arrow if moved is None else replace(arrow, trigger=moved)


def _swap(trigger: m.ByRate) -> m.ByRate | None:
    """The trigger with its months in the base; None if it has none, or they stay where they are."""
    base = trigger.base
    simple_age = base.axis == "age" and len(base.knots) <= _FEW_BANDS
    if base.axis != "constant" and not simple_age:
        return None
    factors = _factors(trigger.multiplier)
    months = next((f for f in factors if _is_months(f)), None)
    if months is None or not isinstance(months, m.Lookup):
        return None
    rest = [f for f in factors if f is not months]
    if simple_age:
        rest.insert(0, _age_factor(base, trigger.stratum))
    multiplier: m.Term | None = None
    for factor in rest:
        multiplier = factor if multiplier is None else m.Apply("mul", (multiplier, factor))
    return m.ByRate(m.Base("calendar", (), (months.values,)), None, multiplier)


def _factors(term: m.Term | None) -> list[m.Term]:
    """The factors of a product, in order."""
    if isinstance(term, m.Apply) and term.op == "mul":
        return [factor for arg in term.args for factor in _factors(arg)]
    return [] if term is None else [term]


def _is_months(term: m.Term) -> bool:
    return isinstance(term, m.Lookup) and len(term.axes) == 1 and term.axes[0].kind == "month"


def _age_factor(base: m.Base, stratum: m.Term | None) -> m.Term:
    """The base hazard by age as a step function; strata become branches."""
    axis = m.Axis("age", len(base.knots), base.knots)
    tables: list[m.Term] = [m.Lookup((axis,), rates) for rates in base.rates]
    chosen = tables[-1]
    for index in range(len(tables) - 2, -1, -1):
        same = m.Apply("eq", (stratum or m.Const(0.0), m.Const(float(index))))
        chosen = m.Apply("if", (same, tables[index], chosen))
    return chosen
