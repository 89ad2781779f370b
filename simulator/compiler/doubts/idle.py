"""What does nothing: measurements nobody takes, blocks nothing uses, effects without effect."""

from __future__ import annotations

from simulator.compiler import machine as m
from simulator.compiler import pathway_walk
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario import syntax as s
from simulator.scenario.model import Block, Effect, Measure, Multiplier, Protection, Table, UseOrderSet
from simulator.scenario.model_disease import Follows
from simulator.scenario.walk import blocks_in, walk


def doubt(low: Lowering) -> None:
    """Goes through measurements, blocks that others name, and effects."""
    meant = _meant(low)
    for name, measurement in low.scenario.measurements.items():
        if name not in low.measured | meant:
            low.resolver.report(
                "W303", f"{name} is never measured", measurement, Where(measurement.path, measurement.span),
                remedy="name it in the `measures` of some care",
            )  # fmt: skip
    for name, treatment in low.scenario.treatments.items():
        parts = (treatment.effects, treatment.interacts, treatment.supply)
        if treatment.adherence is not None and parts == ([], [], None) and not low.findings.errors:
            low.resolver.report(
                "W315", f"this changes nothing: {name} has neither effects nor a supply", treatment.adherence,
                Where.key(treatment, "adherence"), remedy="leave it out, or say what the treatment does",
            )  # fmt: skip
    blocks = list(blocks_in(low.scenario))
    _unused(low, blocks)
    _unheard(low)
    for block in blocks:
        _without_effect(low, block)


def _meant(low: Lowering) -> set[str]:
    """Names that are misspelt where they are used."""
    return {finding.nearest for finding in low.findings.items if finding.nearest is not None}


def _unused(low: Lowering, blocks: list[Block]) -> None:
    """What is only there to be named by others. Used files may hold more than is needed."""
    scenario = low.scenario
    if scenario.population is None or low.findings.errors:  # what is wrong may be what would use it
        return
    named = {block.measure for block in blocks if isinstance(block, Measure)}
    named |= {block.order_set for block in blocks if isinstance(block, UseOrderSet)}
    meant = _meant(low)
    followed = {block.progression for block in blocks if isinstance(block, Follows)}
    asked = {node.parts[0] for node in walk(scenario) if isinstance(node, s.Name)}
    asked |= {axis for block in blocks if isinstance(block, Table) for axis in block.axes[:-1]}
    asked |= {block.axes[-1] for block in blocks if isinstance(block, Table) and not _draws(block)}
    latent = {name: block for name, block in scenario.attributes.items() if not block.codes}
    kinds = (
        ("panel", scenario.panels, named, "name it in the `measures` of some care"),
        ("order set", scenario.order_sets, named, "name it in the `order_sets` of some care"),
        ("progression", scenario.progressions, followed, "let a disease follow it: `follows: {name}`"),
        ("attribute", latent, asked, "give it `codes`, so that it is recorded"),
        ("exchange", scenario.exchange, asked, "use its name in a rate, e.g. `rate: 100 * {name} per year`"),
    )
    for kind, section, used, remedy in kinds:
        for name, block in section.items():
            if name not in used | meant and block.span.file == scenario.span.file:
                low.resolver.report(
                    "W316", f"nothing uses the {kind} {name}", None, Where(block.path, block.span),
                    remedy=f"{remedy.format(name=name)}, or delete it",
                )  # fmt: skip


def _unheard(low: Lowering) -> None:
    """What only others hear, when they listen or look back: nothing is recorded of it otherwise."""
    scenario, names = low.scenario, low.names
    if scenario.population is None or low.findings.errors:
        return
    triggers = (a.trigger for p in low.processes.values() for state in p.states for a in state.arrows)
    heard = {trigger.event for trigger in triggers if isinstance(trigger, m.OnEvent)}
    told: list[tuple[str, Block]] = []
    for name, pathway in scenario.pathways.items():
        told += [
            (f"{name}.{key}", step) for step in pathway_walk.walk(pathway.steps) for key in step.may_follow
        ]
    for name, procedure in scenario.procedures.items():
        harmless = {key: each for key, each in procedure.complications.items() if each.fatal is None}
        told += [(f"{name}.{key}", each) for key, each in harmless.items() if each.after is not None]
    for event, block in told:
        remembered = event in names.stamps or event in names.rings
        if names.events.get(event) not in heard and not remembered and block.span.file == scenario.span.file:
            low.resolver.report(
                "W316", f"nothing hears {event}", None, Where(block.path, block.span),
                remedy=f"let it lead to care, e.g. `on: [{event}]`, or to a disease, or delete it",
            )  # fmt: skip


def _draws(table: Table) -> bool:
    """Whether the last axis of a table is the attribute that it draws."""
    return table.path == f"attributes.{table.axes[-1]}.draw"


def _without_effect(low: Lowering, block: Block) -> None:
    """A factor of 1, a shift or drift of 0; a parameter may be set to anything."""
    if isinstance(block, Effect | Protection | Multiplier):
        for key, nothing in (("by", 1.0), ("shift", 0.0), ("drift", 0.0)):
            value = getattr(block, key, None)
            if isinstance(value, s.Node) and not value.parameter and _number(value) == nothing:
                low.resolver.report(
                    "W315", "this changes nothing", value, Where.key(block, key),
                    remedy="leave it out, or correct the number",
                )  # fmt: skip


def _number(value: s.Node) -> float | None:
    if isinstance(value, s.Rate):
        return _number(value.value)
    if isinstance(value, s.Quantity) and value.unit == "%":
        return value.value / 100.0
    return value.value if isinstance(value, s.Number | s.Quantity) else None
