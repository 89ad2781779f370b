"""What is legal word by word, but cannot be meant: checks on the whole scenario."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from simulator.compiler import diseases
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.names import RESERVED
from simulator.compiler.terms import Where
from simulator.scenario.model import Block, Disease, Effect, Protection, Scenario
from simulator.scenario.syntax import Number, Quantity

#: where each kind of thing that has a name stands in a scenario
SECTIONS = {
    "attribute": "attributes",
    "disease": "diseases",
    "measurement": "measurements",
    "treatment": "treatments",
    "care": "care",
    "procedure": "procedures",
    "pathway": "pathways",
    "care plan": "care_plans",
    "allergy": "allergies",
    "immunisation": "immunisations",
    "panel": "panels",
    "order set": "order_sets",
    "exchange": "exchange",
}


def names(low: Lowering) -> None:
    """One name, one thing: the second one is left out of what is looked at further."""
    seen: dict[str, str] = {}
    clashes: dict[str, set[str]] = {}
    for kind, blocks in blocks_by_kind(low.scenario).items():
        for name, block in blocks.items():
            where = Where(block.path, block.span)
            if name in RESERVED:
                message = f"`{name}` has a meaning of its own"
                low.resolver.report("E506", message, block, where, remedy="rename it")
            elif name in seen:
                low.resolver.report(
                    "E506", f"`{name}` is already a {seen[name]}", block, where,
                    remedy="give each thing a name of its own",
                )  # fmt: skip
                clashes.setdefault(name, set()).add(kind)
            seen.setdefault(name, kind)
    if clashes:
        low.names.missing |= set(clashes)
        low.scenario = _without(low.scenario, clashes)


def _without(scenario: Scenario, clashes: dict[str, set[str]]) -> Scenario:
    """The scenario without some of its blocks: names, and of which kinds."""
    result = copy.copy(scenario)
    for kind, blocks in blocks_by_kind(scenario).items():
        left = {name: block for name, block in blocks.items() if kind not in clashes.get(name, ())}
        setattr(result, SECTIONS[kind], left)
    return result


def blocks_by_kind(scenario: Scenario) -> dict[str, dict[str, Block]]:
    """Everything that has a name, by kind."""
    return {kind: dict(getattr(scenario, section)) for kind, section in SECTIONS.items()}


def scenario(low: Lowering, levels: Sequence[m.LevelSpec | None]) -> None:
    """Everything that needs the whole scenario."""
    for name, disease in low.scenario.diseases.items():
        _instantaneous(low, name, disease)
    _effects(low)
    _thresholds(low, levels)


def _instantaneous(low: Lowering, name: str, disease: Disease) -> None:
    """A round of arrows that take no time would never end."""
    form = diseases.shape(name, disease)
    next_: dict[str, list[str]] = {}
    for move in form.moves:
        after = move.trigger.after
        at_once = isinstance(after, Number | Quantity) and after.value == 0
        if move.by_chance or at_once:
            next_.setdefault(move.from_, []).append(move.to)

    def returns(state: str) -> bool:
        seen, frontier = set[str](), list(next_.get(state, ()))
        while frontier:
            here = frontier.pop()
            if here == state:
                return True
            if here not in seen:
                seen.add(here)
                frontier += next_.get(here, ())
        return False

    for state in disease.states:
        if returns(state):
            low.resolver.report(
                "E705", f"from {state} back to {state} takes no time", disease, Where.key(disease, "course"),
                remedy="give one of the arrows on the way a duration or rate",
            )  # fmt: skip
            return


def _effects(low: Lowering) -> None:
    """An effect must have a rate to act on."""
    effects: list[Effect | Protection] = []
    for treatment in low.scenario.treatments.values():
        effects += treatment.effects
        effects += [effect for each in treatment.interacts for effect in each.effects]
    for immunisation in low.scenario.immunisations.values():
        effects += immunisation.effects
    for effect in effects:
        if effect.hazard is None:
            continue
        text = " ".join(effect.hazard.replace("->", " -> ").split())
        if text in low.effects.others and text not in low.effects.rates:
            low.resolver.report(
                "E706", f"{text} does not go by rate, so there is no hazard to change", effect,
                Where.key(effect, "hazard"), remedy="give it a `rate:`",
            )  # fmt: skip


def _thresholds(low: Lowering, levels: Sequence[m.LevelSpec | None]) -> None:
    """A true value that moves with exact age cannot be solved for the time it reaches a bound."""
    smooth = {level.name: level.smooth for level in levels if level is not None}
    for threshold in low.resolver.thresholds:
        if not smooth.get(threshold.measurement, True):
            low.resolver.report(
                "E715", f"the mean of {threshold.measurement} moves with age, so no instant can be found "
                "at which it passes a bound", threshold.node, threshold.where,
                remedy="give the mean a table by age, or a `drift`",
            )  # fmt: skip
