"""What treatments do to hazards and measurements, alone and together, and how much of them is taken.

While on T with adherence a, a hazard ratio h acts as 1 − a·(1 − h), a shift or drift s as a·s. An
effect `per` a dose is in proportion to the dose: a shift s becomes s·dose/per, a hazard ratio h
h^(dose/per).
"""

from __future__ import annotations

from simulator.compiler import algebra, changes, diseases
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import Drawn, distribution
from simulator.compiler.names import listing, nearest
from simulator.compiler.origins import Factor, Origin
from simulator.compiler.terms import Where
from simulator.scenario.expression_text import format_expression
from simulator.scenario.model import Effect, Table, Treatment
from simulator.scenario.model_medicines import Interaction


def effects(low: Lowering, name: str, treatment: Treatment) -> None:
    """Note what the treatment does to hazards and measurements, before these are lowered."""
    on = low.resolver.on_treatment(name)
    for effect in treatment.effects:
        acts = _acts(low, name, treatment, effect, on)
        if acts is not None:
            _effect(low, name, treatment, effect, acts)
    for i, each in enumerate(treatment.interacts):
        where = Where.key(each, "with")
        if each.with_ == name:
            low.resolver.report("E722", f"{name} cannot interact with itself", None, where)
        elif low.resolver.is_a(each.with_, "treatment", None, where):
            _check_together(low, name, treatment, each)
            if not each.effects:
                low.resolver.report(
                    "E722", f"nothing follows from taking {name} with {each.with_}", None,
                    Where(f"{treatment.path}.interacts[{i}]", where.span),
                    remedy=f"give `effects`, or write `never_with: [{each.with_}]`",
                )  # fmt: skip
            both = algebra.all_of(on, low.resolver.on_treatment(each.with_))
            for effect in each.effects:
                _effect(low, name, treatment, effect, both)


def _check_together(low: Lowering, name: str, treatment: Treatment, block: Interaction) -> None:
    """What is given is never taken together with anything, and two that are taken act as long as they are."""
    for each, partner in ((name, treatment), (block.with_, low.scenario.treatments[block.with_])):
        if not is_taken(low, each, partner) and each in low.given:
            low.resolver.report(
                "W334", f"this means nothing: {each} is given, never taken", None, Where.key(block, "with"),
                remedy="write what it does under its own `effects`, with `lasts`",
            )  # fmt: skip
    for effect in block.effects:
        if effect.lasts is not None:
            low.resolver.report(
                "W334", "this means nothing: an interaction acts while both are taken", effect.lasts,
                Where.key(effect, "lasts"), remedy="leave `lasts` out",
            )  # fmt: skip


def is_taken(low: Lowering, name: str, treatment: Treatment) -> bool:
    """Whether somebody may be on the treatment; others are only given by pathways."""
    return treatment.start is not None or name in low.prescribed


def _acts(low: Lowering, name: str, treatment: Treatment, effect: Effect, on: m.Term) -> m.Term | None:
    """When an effect is there: while the treatment is taken, and for a while after it was given."""
    place = Where(effect.path, effect.span)
    if effect.lasts is None:
        if name in low.given and not is_taken(low, name, treatment):
            low.resolver.report(
                "W334", f"{name} is given, never taken: nothing says how long this effect lasts", None, place,
                remedy="say how long after each administration, e.g. `lasts: 3 weeks`",
            )  # fmt: skip
        return on
    where = Where.key(effect, "lasts")
    lasts = low.resolver.constant_duration(effect.lasts, where)
    if name not in low.given:
        low.resolver.report(
            "W334", f"this means nothing: no pathway gives {name}", effect.lasts, where,
            remedy="leave `lasts` out: what is taken acts as long as it is taken",
        )  # fmt: skip
        return on
    if lasts is None:
        return None
    return algebra.any_of(on, m.SinceLess(low.names.stamp(f"{name}.given"), lasts))


def _effect(low: Lowering, name: str, treatment: Treatment, effect: Effect, while_: m.Term) -> None:
    if effect.hazard is not None:
        _on_hazard(low, name, treatment, effect, while_)
    elif effect.measurement is not None:  # neither of them has a finding of its own
        _on_measurement(low, name, treatment, effect, while_)


def _on_hazard(low: Lowering, name: str, treatment: Treatment, effect: Effect, while_: m.Term) -> None:
    resolver = low.resolver
    if effect.by is None:
        return  # which has a finding of its own
    place = Where.key(effect, "by")
    hazard = hazard_name(low, effect.hazard or "", Where.key(effect, "hazard"))
    by = resolver.number(effect.by, place)
    times = _times(low, name, treatment, effect)
    if hazard is None or by is None or times is None:
        return
    value = algebra.constant(by)
    if value is not None and value < 0.0:
        remedy = f"{-value:.0%} less often is `by: {1 + value:g}`" if value > -1.0 else ""
        resolver.report("E606", "a hazard ratio cannot be negative", effect.by, place, remedy=remedy)
        return
    if times != algebra.TRUE:
        by = algebra.apply("pow", by, times)
    factor = algebra.choose(while_, _as_taken(low, name, treatment, effect, by), algebra.TRUE)
    partners = [each.with_ for each in treatment.interacts if any(own is effect for own in each.effects)]
    _note(
        low, name, effect, factor, while_, " and ".join([f"on {name}", *(f"on {each}" for each in partners)])
    )
    low.effects.add(hazard, factor)


def _note(low: Lowering, name: str, effect: Effect, factor: m.Term, while_: m.Term, words: str) -> None:
    """Say where the factor was written, if somebody will ask; `words` are those of `while_`."""
    if low.resolver.origins is None or effect.by is None:
        return
    place = Where.key(effect, "by")
    text = format_expression(effect.by)
    origin = Origin(text, place.span, place.path)
    low.resolver.origins.effect(factor, Factor(factor, text, while_, words, origin, name))


def _as_taken(low: Lowering, name: str, treatment: Treatment, effect: Effect, by: m.Term) -> m.Term:
    share = _share_taken(low, name, treatment, effect)
    if share == algebra.TRUE:
        return by
    gain = algebra.apply("sub", algebra.TRUE, by)
    return algebra.apply("sub", algebra.TRUE, algebra.product([share, gain]))


def _share_taken(low: Lowering, name: str, treatment: Treatment, effect: Effect) -> m.Term:
    """The adherence while it is taken; what is given is given whole."""
    if not is_taken(low, name, treatment):
        return algebra.TRUE
    taken = adherence(low, name, treatment)
    if effect.lasts is None or name not in low.given:
        return taken
    return algebra.choose(low.resolver.on_treatment(name), taken, algebra.TRUE)


def hazard_name(low: Lowering, written: str, where: Where) -> str | None:
    """The hazard's name as we know it; a finding if there is none."""
    known = low.hazards
    if not known:
        known.update(_hazards(low))
    text = " ".join(written.replace("->", " -> ").split())
    if text in known:
        return text
    low.resolver.report(
        "E507", f"there is no hazard `{written}`", None, where,
        expected=listing(known), nearest=nearest(text, known),
    )  # fmt: skip
    return None


def _hazards(low: Lowering) -> dict[str, None]:
    """The names of all hazards, in order."""
    known: list[str] = ["mortality"] if low.scenario.mortality is not None else []
    for name, disease in low.scenario.diseases.items():
        known += diseases.hazards_of(name, disease)
    for name, attribute in low.scenario.attributes.items():
        known += changes.hazards_of(name, attribute)
    return dict.fromkeys(known)


def _on_measurement(low: Lowering, name: str, treatment: Treatment, effect: Effect, while_: m.Term) -> None:
    resolver = low.resolver
    assert effect.measurement is not None
    if not resolver.is_a(effect.measurement, "measurement", None, Where.key(effect, "measurement")):
        return
    unit = low.names.units[effect.measurement]
    taken = _share_taken(low, name, treatment, effect)
    times = _times(low, name, treatment, effect)
    for key, expr in (("shift", effect.shift), ("drift", effect.drift)):
        if expr is None or times is None:
            continue
        where = Where.key(effect, key)
        amount = resolver.number(expr, where, unit) if key == "shift" else resolver.rate(expr, where, unit)
        if amount is not None:
            term = algebra.choose(while_, algebra.product([taken, amount, times]), algebra.FALSE)
            low.effects.add(f"{effect.measurement} {key}", term)


def _times(low: Lowering, name: str, treatment: Treatment, effect: Effect) -> m.Term | None:
    """How many times the dose of `per` is taken; 1 without."""
    if effect.per is None:
        return algebra.TRUE
    where = Where.key(effect, "per")
    if name not in low.doses:
        low.resolver.report(
            "E720", f"`per` a dose, but {name} has no `dose`", effect.per, where, remedy="give it a `dose:`"
        )
        return None
    amount = low.doses[name]
    per = low.resolver.constant(effect.per, where, amount.unit)
    if per is not None and per <= 0.0:
        low.resolver.report("E606", "a dose must be greater than 0", effect.per, where)
        return None
    return None if per is None else algebra.apply("div", m.Var(amount.var), m.Const(per))


# --- adherence -------------------------------------------------------------------------------


def adherence(low: Lowering, name: str, treatment: Treatment) -> m.Term:
    """The share of doses taken: 1, a constant, or the variable it is kept in."""
    if treatment.adherence is None:
        return algebra.TRUE
    variable = f"{name}.adherence"
    if variable in low.names.vars:
        return m.Var(low.names.vars.index(variable))
    drawn = adherence_drawn(low, treatment)
    if drawn is not None and drawn.kind == "fixed" and algebra.constant(drawn.params[0]) is not None:
        return drawn.params[0]
    return m.Var(low.names.var(variable))


def adherence_drawn(low: Lowering, treatment: Treatment) -> m.Distribution | None:
    """What the adherence is drawn from when the treatment starts."""
    if treatment.adherence is None:
        return None
    where = Where.key(treatment, "adherence", once=True)
    if isinstance(treatment.adherence, Table):
        share = low.resolver.probability(treatment.adherence, where)
        return None if share is None else m.Distribution("fixed", (share,))
    drawn = distribution(low.resolver, treatment.adherence, where, Drawn("number"))
    if drawn is None:
        return None
    bounds = [algebra.constant(p) for p in drawn.params]
    inside = all(b is not None and 0.0 <= b <= 1.0 for b in bounds)
    if drawn.kind == "beta" or (drawn.kind in ("fixed", "uniform") and inside):
        return drawn
    if drawn.kind == "fixed" and bounds[0] is None:  # over attributes: kept within 0..1
        capped = m.Apply("min", (m.Apply("max", (drawn.params[0], algebra.FALSE)), algebra.TRUE))
        return m.Distribution("fixed", (capped,))
    low.resolver.report(
        "E603", "adherence is a share of doses, from 0 to 1", treatment.adherence, where,
        expected="a share, `uniform(a, b)` within 0..1, `beta(a, b)`, or an expression over attributes",
    )  # fmt: skip
    return None
