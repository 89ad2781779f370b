"""What is legal word by word, but cannot be meant: checks on the whole scenario."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.compiler import diseases
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.names import RESERVED
from simulator.compiler.terms import Where
from simulator.scenario.model import Block, Disease, Scenario
from simulator.scenario.syntax import Number, Quantity


def names(low: Lowering) -> None:
    """One name, one thing."""
    seen: dict[str, str] = {}
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
            seen.setdefault(name, kind)


def blocks_by_kind(scenario: Scenario) -> dict[str, dict[str, Block]]:
    """Everything that has a name, by kind."""
    return {
        "attribute": dict(scenario.attributes),
        "disease": dict(scenario.diseases),
        "measurement": dict(scenario.measurements),
        "treatment": dict(scenario.treatments),
        "care": dict(scenario.care),
        "procedure": dict(scenario.procedures),
        "pathway": dict(scenario.pathways),
        "care plan": dict(scenario.care_plans),
        "allergy": dict(scenario.allergies),
        "immunisation": dict(scenario.immunisations),
        "panel": dict(scenario.panels),
        "order set": dict(scenario.order_sets),
        "exchange": dict(scenario.exchange),
    }


def scenario(low: Lowering, levels: Sequence[m.LevelSpec | None]) -> None:
    """Everything that needs the whole scenario."""
    for name, disease in low.scenario.diseases.items():
        _reachable(low, name, disease)
        _instantaneous(low, name, disease)
        _born_late(low, name, disease)
    _effects(low)
    _thresholds(low, levels)
    _unmeasured(low)
    _approval(low)


def _reachable(low: Lowering, name: str, disease: Disease) -> None:
    first = disease.onset.to or (disease.states[0] if disease.states else "")
    form = diseases.shape(name, disease)
    reached, frontier = {first}, [first]
    frontier += [mv.to for mv in form.moves if mv.from_ == diseases.ABSENT]
    reached.update(frontier)
    while frontier:
        here = frontier.pop()
        for move in form.moves:
            if move.from_ == here and move.to not in reached:
                reached.add(move.to)
                frontier.append(move.to)
    ends = {mv.to for mv in form.moves} | {mv.from_ for mv in form.moves} | {first}
    if not ends <= set(form.states):
        return  # an arrow is broken, and said to be so
    for i, state in enumerate(disease.states):
        if state not in reached:
            low.resolver.report(
                "W301", f"no arrow of {name} leads to {state}", None, Where.key(disease, f"states[{i}]"),
                remedy=f"add an arrow `… -> {state}`, or leave the state out",
            )  # fmt: skip


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


def _born_late(low: Lowering, name: str, disease: Disease) -> None:
    population = low.scenario.population
    if disease.onset.at is None or population is None or population.history != "none":
        return
    if isinstance(population.age, Quantity) and population.age.value == 0:
        return
    low.resolver.report(
        "W306", f"{name} is there from birth, but lives are followed from {population.from_} on only",
        disease.onset, Where(disease.onset.path, disease.onset.span),
        remedy="write `history: from birth`, or everyone has the disease as on its first day, at any age",
    )  # fmt: skip


def _effects(low: Lowering) -> None:
    """An effect must have a rate to act on."""
    for treatment in low.scenario.treatments.values():
        for effect in treatment.effects:
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


def _unmeasured(low: Lowering) -> None:
    for name, block in low.scenario.measurements.items():
        if name not in low.measured:
            low.resolver.report(
                "W303", f"{name} is never measured", block, Where(block.path, block.span),
                remedy="name it in the `measures` of some care",
            )  # fmt: skip


def _approval(low: Lowering) -> None:
    population = low.scenario.population
    if population is None:
        return
    for name, block in low.scenario.treatments.items():
        if block.available is not None and block.available >= population.to:
            low.resolver.report(
                "W304", f"{name} is approved on {block.available}, after the period has ended", block,
                Where.key(block, "available"), remedy="nobody will get it; let the period end later",
            )  # fmt: skip
