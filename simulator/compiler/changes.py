"""Attributes that change → processes.

Attribute A with `changes` is the latent process `A`, whose states are its categories. It begins in the
category that was drawn; each arrow sets the variable, so that everything that reads the attribute follows.
Entering a category raises `A.CATEGORY`, any change `A.changed`. An attribute with codes is written down anew
at the next visit after it has changed.

One with `on` begins unknown; each such event draws it (anew), which is a change, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from simulator.compiler import attributes, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.curves import drawing
from simulator.compiler.distributions import Drawn, distribution
from simulator.compiler.names import listing, nearest
from simulator.compiler.picking import is_picked, pick
from simulator.compiler.terms import Where
from simulator.scenario.model import Attribute

START = "start"
_EVENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def declare(low: Lowering, name: str, attribute: Attribute) -> None:
    """Give the processes and events of an attribute that changes their names."""
    if not attribute.changes and attribute.on is None:
        return
    if attribute.changes:
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
    """Add the processes of an attribute that changes, or is drawn by an event."""
    if attribute.on is not None:
        _draws(low, name, attribute)
        if not attribute.changes and _written_down(low, attribute):
            _chart(low, name, attribute, low.names.vars.index(name), low.names.categories.get(name, ()))
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
            low, arrow.trigger, f"{name}: {arrow.from_} -> {arrow.to}",
            m.InState(low.names.processes[name], 2 << categories.index(arrow.from_) if not unknown else 0),
            hazard_names=(f"{name}.{arrow.from_} -> {arrow.to}",), effects=low.effects,
            allowed=("rate", "after", "when", "on"),
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
    if attribute.on is not None:
        states = _drawn(low, name, attribute, index, states)
    low.add_process(m.Process(name, tuple(states), latent=True))
    if _written_down(low, attribute):
        _chart(low, name, attribute, index, categories)


def _drawn(
    low: Lowering, name: str, attribute: Attribute, index: int, states: list[m.State]
) -> list[m.State]:
    """The states of an attribute that an event draws: unknown first, then that of what was drawn."""
    heard = m.OnEvent(low.names.event(f"{name}:drawn"))
    chooses = len(states)
    redrawn = [
        replace(each, arrows=(*kept, m.Arrow(low.arrow_name(f"{name}: drawn"), chooses, heard, silent=True)))
        for each, kept in zip(states, [(), *(s.arrows for s in states[1:])], strict=True)
    ]
    return [*redrawn, m.State("drawn", states[0].arrows)]


def _draws(low: Lowering, name: str, attribute: Attribute) -> None:
    """Note what the event of `on` does: draws the attribute, and says so."""
    assert attribute.on is not None
    event = low.resolver.event(attribute.on, Where.key(attribute, "on"))
    index = low.names.vars.index(name)
    told = [m.Raise(low.names.event(f"{name}.changed")), m.Raise(low.names.event(f"{name}:drawn"))]
    actions: list[m.Action] = []
    if attribute.draw is not None:
        where = Where.key(attribute, "draw", once=True)
        categories, weights = attributes.shares(low, name, attribute.draw, where)
        actions = _category(low, name, index, categories, weights)
    elif attribute.value is not None:
        where = Where.key(attribute, "value", once=True)
        drawn = distribution(low.resolver, attribute.value, where, Drawn("number", attribute.unit))
        actions = [] if drawn is None else drawing(index, drawn, f"{name}: drawn")
        if attribute.between is not None:
            ends = attributes.bounds(low, attribute.between, Where.key(attribute, "between"), attribute.unit)
            if ends is not None:
                least = m.Apply("max", (m.Var(index), m.Const(ends[0])))
                actions.append(m.Set(index, m.Apply("min", (least, m.Const(ends[1])))))
    if event is not None:
        low.drawn.setdefault(low.names.event(event), []).extend([*actions, *told])


def _category(
    low: Lowering, name: str, index: int, categories: tuple[str, ...], weights: tuple[m.Term, ...]
) -> list[m.Action]:
    """Sets the variable to a category by weight, and tells which."""
    actions = pick(low, index, weights, f"{name}: drawn")
    for place, each in enumerate(categories):
        if f"{name}.{each}" in low.names.events:
            tells = (m.Raise(low.names.events[f"{name}.{each}"]),)
            actions.append(m.If(is_picked(index, place), None, f"{name}: is {each}", tells))
    return actions


def draw_on_events(low: Lowering) -> None:
    """The last step: whatever raises an event that draws attributes draws them first.

    They are drawn there, not by a process that hears it, because what the event's process waits for next
    is drawn before anybody hears of it, and may depend on them.
    """
    if not low.drawn:
        return

    def expand(actions: Iterable[m.Action], busy: frozenset[int]) -> Iterator[m.Action]:
        for action in actions:
            if isinstance(action, m.Raise) and action.event not in busy:
                yield from expand(low.drawn.get(action.event, ()), busy | {action.event})
                yield action
            elif isinstance(action, m.If):
                yield replace(action, actions=tuple(expand(action.actions, busy)))
            else:
                yield action

    def drawn(actions: Iterable[m.Action]) -> tuple[m.Action, ...]:
        return tuple(expand(actions, frozenset()))

    for index, process in low.processes.items():
        states = tuple(
            replace(
                state,
                on_entry=drawn(state.on_entry),
                arrows=tuple(replace(arrow, actions=drawn(arrow.actions)) for arrow in state.arrows),
            )
            for state in process.states
        )
        low.processes[index] = replace(process, states=states)


def _chart(low: Lowering, name: str, attribute: Attribute, index: int, categories: tuple[str, ...]) -> None:
    """`A.chart`: at the first visit after a change, the new category is written down."""
    title = attribute.title or name.replace("_", " ")
    arrows = []
    for care in low.scenario.care:
        rows: list[m.Action] = []
        if not categories:
            code = low.code(name, attribute.codes, title, "event", status="final", unit=attribute.unit)
            rows.append(m.Emit(code, m.Var(index), encounter=low.encounter_index[care]))
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
