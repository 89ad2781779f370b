"""What pathways give: single administrations, of a dose of their own or the first of the treatment's."""

from __future__ import annotations

from simulator.compiler import algebra, allergies, doses, treatment_effects, treatments
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.kinds import SHARE, in_unit
from simulator.compiler.terms import Where
from simulator.scenario.model import Treatment
from simulator.scenario.model_courses import Give


def give(low: Lowering, owner: str, encounter: int, block: Give) -> list[m.Action]:
    """One administration, if it is approved and allowed; `owner` is the pathway."""
    resolver = low.resolver
    if not resolver.is_a(block.treatment, "treatment", None, Where.key(block, "treatment")):
        return []
    treatment = low.scenario.treatments[block.treatment]
    value, unit = _dose(low, block, treatment)
    code = low.code(
        block.treatment, treatment.codes, treatment.title, "treatment", status="completed", unit=unit
    )
    given: tuple[m.Action, ...] = (
        *_acting_dose(low, block.treatment, treatment, value),
        m.Emit(code, value, encounter=encounter),
        m.Raise(low.names.event(f"{block.treatment}.given")),
    )
    allowed = algebra.all_of(*_allowed(low, owner, block, treatment))
    return list(given) if allowed == algebra.TRUE else [m.If(allowed, None, f"{owner}: gives", given)]


def _allowed(low: Lowering, owner: str, block: Give, treatment: Treatment) -> list[m.Term]:
    """What must hold for it to be given."""
    resolver = low.resolver
    allowed: list[m.Term] = []
    if block.if_ is not None:
        where = Where.key(block, "if", once=True, chart=f"`if` of {block.treatment} in {owner}")
        condition = resolver.condition(block.if_, where)
        allowed.append(algebra.FALSE if condition is None else condition)
    if treatment.available is not None:
        allowed.append(m.TimeAtLeast(resolver.midnight(treatment.available)))
    if treatment.contraindicated is not None:
        chart = f"`contraindicated` of treatment {block.treatment}"
        where = Where.key(treatment, "contraindicated", once=True, chart=chart)
        forbidden = resolver.condition(treatment.contraindicated, where)
        allowed.append(algebra.FALSE if forbidden is None else algebra.negation(forbidden))
    excluded = treatments.never_with(low, block.treatment, treatment)
    allowed += [algebra.negation(resolver.on_treatment(other)) for other in excluded]
    allowed += [algebra.negation(known) for known in allergies.on_chart(low, block.treatment)]
    return [*allowed, *(algebra.negation(guard) for guard in low.guards.get(block.treatment, ()))]


def _acting_dose(low: Lowering, name: str, treatment: Treatment, value: m.Term | None) -> list[m.Action]:
    """Remembers the amount for effects `per` a dose, unless another dose is taken all the time."""
    if name not in low.doses or value is None:
        return []
    remember = m.Set(low.doses[name].var, value)
    if not treatment_effects.is_taken(low, name, treatment):
        return [remember]
    return [m.If(algebra.negation(low.resolver.on_treatment(name)), None, "", (remember,))]


def _dose(low: Lowering, block: Give, treatment: Treatment) -> tuple[m.Term | None, str | None]:
    """The amount and its unit: that of the step, else the first of the treatment's."""
    known = low.doses.get(block.treatment)
    if block.dose is None:
        term = doses.first_dose(low, block.treatment, treatment)
        return term, None if term is None or known is None else known.unit
    where = Where.key(block, "dose", once=True)
    if known is not None and known.unit != doses.UNKNOWN:
        return low.resolver.number(block.dose, where, known.unit), known.unit
    item = low.resolver.plain(block.dose, where)
    if item is None:
        return None, None
    if item.kind != "number":
        message = f"{item.words} is not a dose"
        low.resolver.report("E601", message, block.dose, where, expected="an amount, e.g. `600 mg`")
        return None, None
    unit = item.unit if item.unit not in (None, SHARE) else doses.unit_written(block.dose)
    converted = in_unit(item, unit) or item
    return converted.term, unit
