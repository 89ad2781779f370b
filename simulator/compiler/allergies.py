"""Allergies → a latent disease of one state, its place on the chart, and reactions to what is taken.

Allergy A is absent → present, from birth by its prevalence or later by its onset, and is lowered as a
disease: `A`, `A diagnosed`, `A.onset` and `A.diagnosed` mean what they mean of one. `A.reactions`
listens to every treatment of `to` being started or given: by chance one of the reactions follows, at
once or after a while, says `A.REACTION` and asks for a visit. There `A.seen` records the reaction,
and the allergy with it if it is recognised. From then on the chart forbids these treatments: none is
started, and one that is taken ends at once.
"""

from __future__ import annotations

from dataclasses import fields

from simulator.compiler import algebra, diseases, follow_up
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution, fixed
from simulator.compiler.terms import Where
from simulator.scenario.model import Disease, Onset, Scenario
from simulator.scenario.model_medicines import Allergy, Reaction

SAFE, EXPOSED = 0, 1


def visits(scenario: Scenario) -> set[str]:
    """Care that reactions lead to."""
    blocks = scenario.allergies.values()
    return {r.visit for block in blocks for r in block.reactions.values() if r.visit is not None}


def declare(low: Lowering, name: str, allergy: Allergy) -> None:
    """Give the allergy's processes and events their names."""
    names = low.names
    diseases.declare(low, name, _as_disease(allergy))
    if _is_recorded(allergy):
        names.event(f"{name}.diagnosed")
        names.process(f"{name}.diagnosis")
        names.states[f"{name}.diagnosis"] = {"": 0b10}
    for key in allergy.reactions:
        names.event(f"{name}.{key}")
    if allergy.reactions:
        names.process(f"{name}.reactions")
    if _is_seen(allergy):
        names.process(f"{name}.seen")


def _as_disease(allergy: Allergy) -> Disease:
    """The disease that an allergy is: one state, for good."""
    if allergy.onset is None:
        onset = Onset(
            at="birth", probability=allergy.prevalence, span=allergy.span, path=allergy.path,
            spans={"probability": allergy.spans.get("prevalence", allergy.span)},
        )  # fmt: skip
    else:
        given = allergy.onset
        onset = Onset(**{part.name: getattr(given, part.name) for part in fields(given)})
    return Disease(
        title=allergy.title, codes=allergy.codes, onset=onset, states=["present"],
        span=allergy.span, path=allergy.path, spans=allergy.spans,
    )  # fmt: skip


def _is_seen(allergy: Allergy) -> bool:
    return any(reaction.visit is not None for reaction in allergy.reactions.values())


def _is_recorded(allergy: Allergy) -> bool:
    return bool(allergy.known) or _is_seen(allergy)


def on_chart(low: Lowering, treatment: str) -> list[m.Term]:
    """For each allergy to a treatment, whether the chart carries it."""
    return [
        low.resolver.diagnosed(name)
        for name, block in low.scenario.allergies.items()
        if treatment in block.to and _is_recorded(block)
    ]


def lower(low: Lowering, name: str, allergy: Allergy) -> None:
    """Add the processes of an allergy."""
    diseases.lower(low, name, _as_disease(allergy))
    if not allergy.to:
        low.resolver.report(
            "E725", f"nobody can say what {name} is an allergy to", None, Where(allergy.path, allergy.span),
            expected="`to: [TREATMENT, …]`",
        )  # fmt: skip
    if _is_recorded(allergy):
        _diagnosis(low, name, allergy)
    if allergy.reactions:
        _reactions(low, name, allergy)
    if _is_seen(allergy):
        _seen(low, name, allergy)


def _present(low: Lowering, name: str) -> m.Term:
    return m.InState(low.names.processes[name], low.names.states[name][""])


# --- the chart -------------------------------------------------------------------------------


def _diagnosis(low: Lowering, name: str, allergy: Allergy) -> None:
    """Onto the chart: at visits where somebody asks, or after a reaction."""
    resolver, names = low.resolver, low.names
    code = low.code(name, allergy.codes, allergy.title, "diagnosis", status="active", lasting=True)
    told = m.Raise(names.event(f"{name}.diagnosed"))
    arrows: list[m.Arrow] = []
    for known in allergy.known:
        condition: m.Term | None = _present(low, name)
        chance: m.Term | None = algebra.TRUE
        if known.if_ is not None:
            where = Where.key(known, "if", once=True, chart=f"`known.if` of {name}")
            condition = resolver.condition(known.if_, where)
        if known.probability is not None:
            chance = resolver.probability(known.probability, Where.key(known, "probability", once=True))
        for i, care in enumerate(known.at):
            is_care = resolver.is_a(care, "care", None, Where.key(known, f"at[{i}]"))
            if not is_care or condition is None or chance is None:
                continue
            heard = m.OnEvent(
                names.event(f"{care}.visit"),
                None if condition == algebra.TRUE else condition,
                None if chance == algebra.TRUE else chance,
            )
            label = low.arrow_name(f"{name}: recorded at {care}")
            arrows.append(m.Arrow(label, 1, heard, (m.Emit(code, encounter=low.encounter_index[care]), told)))
    for key, reaction in allergy.reactions.items():
        if reaction.visit is not None and reaction.visit in low.encounter_index:
            heard = m.OnEvent(names.event(f"{name}.{key}:recognised"))
            emit = m.Emit(code, encounter=low.encounter_index[reaction.visit])
            arrows.append(m.Arrow(f"{name}: recorded after {key}", 1, heard, (emit, told)))
    states = (m.State("undiagnosed", tuple(arrows)), m.State("diagnosed"))
    low.add_process(m.Process(f"{name}.diagnosis", states))


# --- reactions -------------------------------------------------------------------------------


def _reactions(low: Lowering, name: str, allergy: Allergy) -> None:
    """Safe → exposed → by chance a reaction on its way → safe."""
    resolver, names = low.resolver, low.names
    exposures = []
    for i, treatment in enumerate(allergy.to):
        if not resolver.is_a(treatment, "treatment", None, Where.key(allergy, f"to[{i}]")):
            continue
        for event in ("started", "given"):
            if f"{treatment}.{event}" in names.events:
                heard = m.OnEvent(names.event(f"{treatment}.{event}"), _present(low, name))
                exposures.append(m.Arrow(f"{name}: {treatment} {event}", EXPOSED, heard))
    chances: list[m.Arrow] = []
    coming: list[m.State] = []
    rest: m.Term = algebra.TRUE
    for key, reaction in allergy.reactions.items():
        where = Where.key(reaction, "probability", once=True)
        chance = resolver.probability(reaction.probability, where)
        after: m.Distribution | None = fixed(0)
        if reaction.after is not None:
            after = distribution(resolver, reaction.after, Where.key(reaction, "after"), DURATION)
        if chance is None or after is None:
            continue
        chances.append(m.Arrow(low.arrow_name(f"{name}: {key} follows"), 2 + len(coming), m.ByChance(chance)))
        rest = algebra.apply("sub", rest, chance)
        actions = _happens(low, name, key, reaction)
        arrow = m.Arrow(low.arrow_name(f"{name}: {key}"), SAFE, m.AfterDuration(after), actions)
        coming.append(m.State(f"{key} to come", (arrow,)))
    left = algebra.constant(rest)
    if left is not None and left < -1e-9:
        resolver.report(
            "E603", f"the reactions of {name} happen in {1 - left:.0%} of exposures", None,
            Where.key(allergy, "reactions"), expected="probabilities that add up to 100% at most",
        )  # fmt: skip
    if left is None or left > 0.0:
        label = low.arrow_name(f"{name}: tolerated")
        chances.append(m.Arrow(label, SAFE, m.ByChance(m.Apply("max", (rest, algebra.FALSE)))))
    states = (m.State("safe", tuple(exposures)), m.State("exposed", tuple(chances)), *coming)
    low.add_process(m.Process(f"{name}.reactions", states, latent=True))


def _happens(low: Lowering, name: str, key: str, reaction: Reaction) -> tuple[m.Action, ...]:
    """The reaction itself; then a visit is asked for, and the reaction seen there."""
    names = low.names
    felt = m.Raise(names.event(f"{name}.{key}"))
    if reaction.visit is None:
        return (felt, *_dies(low, name, key, reaction))
    if not low.resolver.is_a(reaction.visit, "care", None, Where.key(reaction, "visit")):
        return (felt,)
    asks = (m.Raise(names.event(f"visit:{reaction.visit}")), m.Raise(names.event(f"{name}.{key}:seen")))
    attending = follow_up.attending(low, low.scenario.care[reaction.visit].class_)
    if attending == algebra.TRUE:
        return (felt, *asks)
    unseen = _dies(low, name, key, reaction)
    if unseen:
        felt_alone = m.If(algebra.negation(attending), None, f"{name}: {key} unseen", unseen)
        return (felt, felt_alone, m.If(attending, None, f"{name}: {key} brings to care", asks))
    return (felt, m.If(attending, None, f"{name}: {key} brings to care", asks))


def _seen(low: Lowering, name: str, allergy: Allergy) -> None:
    """Reactions at the visits that they led to."""
    arrows = []
    for key, reaction in allergy.reactions.items():
        if reaction.visit is None or reaction.visit not in low.encounter_index:
            continue
        actions: list[m.Action] = []
        if reaction.codes:
            title = reaction.title or key.replace("_", " ")
            code = low.code(f"{name}.{key}", reaction.codes, title, "diagnosis", status="final")
            actions.append(m.Emit(code, encounter=low.encounter_index[reaction.visit]))
        recognised: m.Action = m.Raise(low.names.event(f"{name}.{key}:recognised"))
        if reaction.recognised is not None:
            where = Where.key(reaction, "recognised", once=True)
            chance = low.resolver.probability(reaction.recognised, where)
            recognised = m.If(None, chance, f"{name}: {key} recognised", (recognised,))
        actions += [recognised, *_dies(low, name, key, reaction)]
        heard = m.OnEvent(low.names.event(f"{name}.{key}:seen"))
        arrows.append(m.Arrow(f"{name}: {key} seen", 0, heard, tuple(actions)))
    low.add_process(m.Process(f"{name}.seen", (m.State("waiting", tuple(arrows)),)))


def _dies(low: Lowering, name: str, key: str, reaction: Reaction) -> tuple[m.Action, ...]:
    if reaction.death is None:
        return ()
    chance = low.resolver.probability(reaction.death, Where.key(reaction, "death", once=True))
    return (m.If(None, chance, f"{name}: death of {key}", (m.Die(),)),)
