"""Treatments → processes.

Treatment T is the process `T`: ``off`` → (once `start.when` has held for `delay`) → by chance
`uptake`, ``on`` or ``declined`` → ``stopped``. Its start waits for approval (`available`), and
for what it must not be taken with to have ended; `never_with` holds both ways, whichever of
the two names it. After `again`, ``stopped`` and ``declined`` lead back to ``off``.

Going on records the code (status active), draws the adherence and says `T.started`; any way
off records it again (status stopped) and says `T.stopped`. `T.supply` dispenses at the start
and then every `supply`, each refill with the probability of adherence (status completed, its
end is when the supply runs out). Outside a visit this happens in an encounter of its own:
``prescribing`` (ambulatory), ``medication_review`` and ``pharmacy`` (virtual); a care block of
one of these names takes its place.

What is taken for good belongs to the problem list; courses that come again (`again`) do not.

While on T with adherence a, a hazard ratio h acts as 1 − a·(1 − h), a shift or drift s as a·s.
"""

from __future__ import annotations

from simulator.compiler import algebra, diseases, triggers
from simulator.compiler import machine as m
from simulator.compiler.comparisons import midnight
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, Drawn, distribution, fixed
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.scenario.model import Effect, Treatment

OFF, ON, STOPPED, DECIDING, DECLINED = range(5)


def declare(low: Lowering, name: str, treatment: Treatment) -> None:
    """Give the treatment's processes, adherence and events their names."""
    names = low.names
    names.add(name, "treatment", names.process(name))
    names.states[name] = {"on": 1 << ON}
    names.event(f"{name}.started")
    names.event(f"{name}.stopped")
    if treatment.supply is not None:
        names.process(f"{name}.supply")


# --- effects ---------------------------------------------------------------------------------


def effects(low: Lowering, name: str, treatment: Treatment) -> None:
    """Note what the treatment does to hazards and measurements, before these are lowered."""
    for effect in treatment.effects:
        if effect.hazard is not None:
            _on_hazard(low, name, treatment, effect)
        else:
            _on_measurement(low, name, treatment, effect)


def _on_hazard(low: Lowering, name: str, treatment: Treatment, effect: Effect) -> None:
    resolver = low.resolver
    assert effect.by is not None
    place = Where.key(effect, "by")
    hazard = _hazard(low, effect)
    by = resolver.number(effect.by, place)
    if hazard is None or by is None:
        return
    value = algebra.constant(by)
    if value is not None and value < 0.0:
        resolver.report("E606", "a hazard ratio cannot be negative", effect.by, place)
        return
    factor = by
    if treatment.adherence is not None:
        gain = algebra.apply("sub", algebra.TRUE, by)
        factor = algebra.apply("sub", algebra.TRUE, algebra.product([adherence(low, name, treatment), gain]))
    low.effects.add(hazard, algebra.choose(resolver.on_treatment(name), factor, algebra.TRUE))


def _hazard(low: Lowering, effect: Effect) -> str | None:
    """The hazard's name as we know it; a finding if there is none."""
    known: list[str] = ["mortality"] if low.scenario.mortality is not None else []
    for name, disease in low.scenario.diseases.items():
        known += [f"{name}.onset", *(f"{name}.{e}" for e in disease.events)]
        known += [h for mv in diseases.shape(name, disease).moves for h in mv.hazard_names]
    assert effect.hazard is not None
    text = " ".join(effect.hazard.replace("->", " -> ").split())
    if text in known:
        return text
    where = Where.key(effect, "hazard")
    low.resolver.report(
        "E507", f"there is no hazard `{effect.hazard}`", effect, where,
        expected=listing(dict.fromkeys(known)), nearest=nearest(text, known),
    )  # fmt: skip
    return None


def _on_measurement(low: Lowering, name: str, treatment: Treatment, effect: Effect) -> None:
    resolver = low.resolver
    assert effect.measurement is not None
    if not resolver.is_a(effect.measurement, "measurement", None, Where.key(effect, "measurement")):
        return
    unit = low.names.units[effect.measurement]
    on = resolver.on_treatment(name)
    taken = adherence(low, name, treatment)
    for key, expr in (("shift", effect.shift), ("drift", effect.drift)):
        if expr is None:
            continue
        where = Where.key(effect, key)
        amount = resolver.number(expr, where, unit) if key == "shift" else resolver.rate(expr, where, unit)
        if amount is not None:
            term = algebra.choose(on, algebra.product([taken, amount]), algebra.FALSE)
            low.effects.add(f"{effect.measurement} {key}", term)


def adherence(low: Lowering, name: str, treatment: Treatment) -> m.Term:
    """The share of doses taken: 1, a constant, or the variable it is kept in."""
    if treatment.adherence is None:
        return algebra.TRUE
    variable = f"{name}.adherence"
    if variable in low.names.vars:
        return m.Var(low.names.vars.index(variable))
    drawn = _adherence_drawn(low, treatment)
    if drawn is not None and drawn.kind == "fixed":
        return drawn.params[0]
    return m.Var(low.names.var(variable))


def _adherence_drawn(low: Lowering, treatment: Treatment) -> m.Distribution | None:
    if treatment.adherence is None:
        return None
    where = Where.key(treatment, "adherence")
    drawn = distribution(low.resolver, treatment.adherence, where, Drawn("number"))
    if drawn is None:
        return None
    bounds = [algebra.constant(p) for p in drawn.params]
    inside = all(b is not None and 0.0 <= b <= 1.0 for b in bounds)
    if drawn.kind == "beta" or (drawn.kind in ("fixed", "uniform") and inside):
        return drawn
    low.resolver.report(
        "E603", "adherence is a share of doses, from 0 to 1", treatment.adherence, where,
        expected="a share, `uniform(a, b)` within 0..1, or `beta(a, b)`",
    )  # fmt: skip
    return None


# --- the process -----------------------------------------------------------------------------


def lower(low: Lowering, name: str, treatment: Treatment) -> None:
    """Add the processes of a treatment."""
    resolver = low.resolver
    low.labels[name] = treatment.title or name
    starts = _start(low, name, treatment)
    again: m.Distribution | None = None
    if treatment.again is not None:
        again = distribution(resolver, treatment.again, Where.key(treatment, "again"), DURATION)
    uptake: m.Term | None = algebra.TRUE
    start = treatment.start
    if start.uptake is not None:
        uptake = resolver.probability(start.uptake, Where.key(start, "uptake", once=True))
    stops = _stops(low, name, treatment)
    begin = _begin(low, name, treatment)
    off: tuple[m.Arrow, ...] = ()
    deciding: tuple[m.Arrow, ...] = ()
    if starts is not None and uptake in (algebra.TRUE, None):
        off = (m.Arrow(f"{name}: started", ON, starts),)
    elif starts is not None and uptake is not None:
        off = (m.Arrow(f"{name}: indicated", DECIDING, starts),)
        rest = algebra.apply("sub", algebra.TRUE, uptake)
        deciding = (
            m.Arrow(f"{name}: started", ON, m.ByChance(uptake)),
            m.Arrow(f"{name}: declined", DECLINED, m.ByChance(rest)),
        )
    states = [
        m.State("off", off),
        m.State("on", stops, begin),
        m.State("stopped", _back(name, "stopped", again)),
    ]
    if deciding:
        states += [m.State("deciding", deciding), m.State("declined", _back(name, "declined", again))]
    low.add_process(m.Process(name, tuple(states)))
    if treatment.supply is not None:
        _supply(low, name, treatment)


def _back(name: str, state: str, again: m.Distribution | None) -> tuple[m.Arrow, ...]:
    if again is None:
        return ()
    return (m.Arrow(f"{name}: open again after being {state}", OFF, m.AfterDuration(again)),)


def _start(low: Lowering, name: str, treatment: Treatment) -> m.WhenTrue | None:
    """When it is due: indicated, approved, allowed, for as long as the delay."""
    resolver, start = low.resolver, treatment.start
    where = Where.key(start, "when", chart=f"`start.when` of treatment {name}")
    condition = resolver.condition(start.when, where)
    delay: m.Distribution | None = None
    if start.delay is not None:
        delay = distribution(resolver, start.delay, Where.key(start, "delay"), DURATION)
        if delay is None:
            return None
    allowed = [condition] if condition is not None else []
    if treatment.available is not None:
        allowed.append(m.TimeAtLeast(midnight(treatment.available)))
    if treatment.contraindicated is not None:
        forbidden = _contraindicated(low, name, treatment)
        allowed.append(algebra.FALSE if forbidden is None else algebra.negation(forbidden))
    allowed += [algebra.negation(resolver.on_treatment(other)) for other in _never_with(low, name, treatment)]
    if condition is None:
        return None
    both = algebra.all_of(*allowed)
    if both == algebra.FALSE:
        resolver.report("E709", f"treatment {name} can never start", start.when, where)
        return None
    return m.WhenTrue(both, delay)


def _contraindicated(low: Lowering, name: str, treatment: Treatment) -> m.Term | None:
    assert treatment.contraindicated is not None
    where = Where.key(treatment, "contraindicated", chart=f"`contraindicated` of treatment {name}")
    return low.resolver.condition(treatment.contraindicated, where)


def _never_with(low: Lowering, name: str, treatment: Treatment) -> list[str]:
    """Treatments that exclude this one, whichever of the two says so."""
    named = []
    for i, other in enumerate(treatment.never_with):
        where = Where.key(treatment, f"never_with[{i}]")
        if other == name:
            message = f"treatment {name} excludes itself and can never start"
            low.resolver.report("E709", message, None, where)
        elif low.resolver.is_a(other, "treatment", None, where):
            named.append(other)
    others = [t for t, block in low.scenario.treatments.items() if name in block.never_with]
    return [t for t in dict.fromkeys([*named, *others]) if t != name]


def _begin(low: Lowering, name: str, treatment: Treatment) -> tuple[m.Action, ...]:
    code = low.code(
        name, treatment.codes, treatment.title, "treatment", status="active", lasting=treatment.again is None
    )
    actions: list[m.Action] = [m.Emit(code, encounter=low.encounter_index["prescribing"])]
    taken = adherence(low, name, treatment)
    drawn = _adherence_drawn(low, treatment)
    if isinstance(taken, m.Var) and drawn is not None:
        actions.append(m.Draw(taken.index, drawn, f"{name}: adherence"))
    return (*actions, m.Raise(low.names.event(f"{name}.started")))


def _stops(low: Lowering, name: str, treatment: Treatment) -> tuple[m.Arrow, ...]:
    code = low.code(
        name, treatment.codes, treatment.title, "treatment", status="stopped", lasting=treatment.again is None
    )
    end = (
        m.Emit(code, encounter=low.encounter_index["medication_review"]),
        m.Raise(low.names.event(f"{name}.stopped")),
    )
    arrows: list[m.Arrow] = []
    if treatment.contraindicated is not None:
        forbidden = _contraindicated(low, name, treatment)
        if forbidden is not None:
            arrows.append(m.Arrow(f"{name}: contraindicated", STOPPED, m.WhenTrue(forbidden), end))
    for block in treatment.stop:
        fires = triggers.trigger(
            low.resolver, block, chart=f"`stop` of treatment {name}", allowed=("rate", "after", "when", "on")
        )
        if fires is not None:
            arrows.append(m.Arrow(low.arrow_name(f"{name}: stopped"), STOPPED, fires, end))
    return tuple(arrows)


def _supply(low: Lowering, name: str, treatment: Treatment) -> None:
    """Dispensing: at the start, then each time the supply has run out."""
    resolver = low.resolver
    assert treatment.supply is not None
    where = Where.key(treatment, "supply")
    lasts = resolver.constant_duration(treatment.supply, where)
    if lasts is not None and lasts < 3_600_000_000:
        resolver.report("E606", "a supply must last for an hour at least", treatment.supply, where)
        lasts = None
    if lasts is None:
        return
    code = low.code(name, treatment.codes, treatment.title, "treatment", status="completed")
    dispense = m.Emit(code, None, m.Const(float(lasts)), low.encounter_index["pharmacy"])
    taken = adherence(low, name, treatment)
    refill: m.Action = dispense
    if taken != algebra.TRUE:
        refill = m.If(None, taken, f"{name}: refill", (dispense,))
    started, stopped = (low.names.event(f"{name}.{e}") for e in ("started", "stopped"))
    states = (
        m.State("off", (m.Arrow(f"{name}: first supply", 1, m.OnEvent(started), (dispense,)),)),
        m.State(
            "on",
            (
                m.Arrow(f"{name}: supply ends", 0, m.OnEvent(stopped)),
                m.Arrow(f"{name}: refill due", 1, m.AfterDuration(fixed(lasts)), (refill,)),
            ),
        ),
    )
    low.add_process(m.Process(f"{name}.supply", states))
