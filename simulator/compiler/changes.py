"""Attributes that change → processes.

Attribute A with `changes` is the latent process `A`, whose states are its categories. It begins in the
category that was drawn; each arrow sets the variable, so that everything that reads the attribute follows.
Entering a category raises `A.CATEGORY`, any change `A.changed`. An attribute with codes is written down anew
at the next visit after it has changed.
"""

from __future__ import annotations

import re

from simulator.compiler import machine as m
from simulator.compiler import triggers
from simulator.compiler.context import Lowering
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.scenario.model import Attribute

START = "start"
_EVENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def declare(low: Lowering, name: str, attribute: Attribute) -> None:
    """Give the processes and events of an attribute that changes their names."""
    if not attribute.changes:
        return
    low.names.process(name)
    for category in low.names.categories.get(name, ()):
        if _EVENT.fullmatch(category):
            low.names.event(f"{name}.{category}")
    low.names.event(f"{name}.changed")
    if _written_down(low, attribute):
        low.names.process(f"{name}.chart")


def _written_down(low: Lowering, attribute: Attribute) -> bool:
    return bool(attribute.codes and low.scenario.care)


def hazards_of(name: str, attribute: Attribute) -> list[str]:
    """What the hazards of its changes are called, for the effects of treatments."""
    return [f"{name}.{arrow.from_} -> {arrow.to}" for arrow in attribute.changes]


def lower(low: Lowering, name: str, attribute: Attribute) -> None:
    """Add the processes of an attribute that changes."""
    if not attribute.changes:
        return
    categories = low.names.categories.get(name, ())
    symbol = low.names.symbols.get(name)
    index = 0 if symbol is None else symbol.index
    low.labels[name] = attribute.title or name.replace("_", " ")
    begins = tuple(
        m.Arrow(
            f"{name}: is {each}",
            i + 1,
            m.ByChance(m.Apply("eq", (m.Var(index), m.Const(float(i))))),
            silent=True,
        )
        for i, each in enumerate(categories)
    )
    outgoing: dict[str, list[m.Arrow]] = {each: [] for each in categories}
    for arrow in attribute.changes:
        unknown = [end for end in (arrow.from_, arrow.to) if end not in outgoing]
        for end in unknown:
            low.resolver.report(
                "E504", f"{name} has no category `{end}`", arrow, Where(arrow.path, arrow.span),
                expected=listing(categories, 12), nearest=nearest(end, categories),
            )  # fmt: skip
        fires = triggers.trigger(
            low.resolver, arrow.trigger, hazard_names=(f"{name}.{arrow.from_} -> {arrow.to}",),
            effects=low.effects, allowed=("rate", "after", "when", "on"),
        )  # fmt: skip
        if fires is None or unknown:
            continue
        told = (f"{name}.{arrow.to}", f"{name}.changed")
        place = categories.index(arrow.to)
        actions: list[m.Action] = [m.Set(index, m.Const(float(place)))]
        actions += [m.Raise(low.names.events[event]) for event in told if event in low.names.events]
        label = low.arrow_name(f"{name}: {arrow.from_} -> {arrow.to}")
        outgoing[arrow.from_].append(m.Arrow(label, place + 1, fires, tuple(actions)))
    states = [m.State(START, begins), *(m.State(each, tuple(outgoing[each])) for each in categories)]
    low.add_process(m.Process(name, tuple(states), latent=True))
    if _written_down(low, attribute):
        _chart(low, name, attribute, index, categories)


def _chart(low: Lowering, name: str, attribute: Attribute, index: int, categories: tuple[str, ...]) -> None:
    """`A.chart`: at the first visit after a change, the new category is written down."""
    title = attribute.title or name.replace("_", " ")
    arrows = []
    for care in low.scenario.care:
        rows = []
        for i, each in enumerate(categories):
            code = low.code(name, attribute.codes, title, "event", status="final", text=each)
            now = m.Apply("eq", (m.Var(index), m.Const(float(i))))
            row = m.Emit(code, encounter=low.encounter_index[care])
            rows.append(m.If(now, None, f"{name}: {each}", (row,)))
        heard = m.OnEvent(low.names.event(f"{care}.visit"))
        arrows.append(m.Arrow(f"{name}: noted at {care}", 0, heard, tuple(rows)))
    changed = m.Arrow(f"{name}: has changed", 1, m.OnEvent(low.names.event(f"{name}.changed")))
    low.add_process(
        m.Process(f"{name}.chart", (m.State("known", (changed,)), m.State("changed", tuple(arrows))))
    )
