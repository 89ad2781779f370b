"""Diseases → processes.

Disease X becomes the latent process `X`: ``absent``, its states, and ``dead`` if it can kill.
With `onset: {at: birth}` a hidden ``start`` decides at once between ``absent`` and the first
state. A state that some arrows leave by chance on entry, others later, is two states of one
name: one that decides, one to stay in.

Entering a state raises `X.STATE`; leaving absence, `X.onset`; returning to it, `X.resolved`.
Recurrent events and symptoms are processes of their own (`recurrent.py`, `symptoms.py`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from simulator.compiler import algebra, recurrent, symptoms, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.scenario.model import Disease, Onset, Transition, Trigger

ABSENT, DEAD, START = "absent", "dead", "start"
_ROUTE = re.compile(r"route[0-9]+")
_MOST_STATES = 60  # states of one process fit a 64-bit mask


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow as written: from, to (a state, ``absent`` or ``dead``), what fires it."""

    name: str
    from_: str
    to: str
    trigger: Trigger
    hazard_names: tuple[str, ...]
    by_chance: bool


@dataclass(slots=True)
class Shape:
    """The states of a disease's process.

    Attributes:
        states: names in order.
        enter: where arrows to a state lead.
        stay: where the arrows that are not by chance leave a state from.
        moves: all arrows but the onset.
    """

    states: list[str] = field(default_factory=list)
    enter: dict[str, int] = field(default_factory=dict)
    stay: dict[str, int] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    _masks: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, *, decides: bool = False) -> None:
        """Add a state; one that `decides` by chance first is two of one name."""
        self.enter[name] = len(self.states)
        self.states.append(name)
        if decides:
            self.states.append(name)
        self.stay[name] = len(self.states) - 1

    def mask(self, *names: str) -> int:
        """The mask of all states with these names."""
        if not self._masks:  # asked for once all states are there
            for i, state in enumerate(self.states):
                self._masks[state] = self._masks.get(state, 0) | 1 << i
        return sum(self._masks.get(name, 0) for name in dict.fromkeys(names))


def hazards_of(name: str, disease: Disease) -> list[str]:
    """What the hazards of a disease are called, for the effects of treatments."""
    known = [f"{name}.onset", *(f"{name}.{e}" for e in disease.events)]
    for key, symptom in disease.symptoms.items():
        known += [f"{name}.{key}"] if symptom.rate is not None else []
        known += [f"{name}.{key}.{arrow.from_} -> {arrow.to}" for arrow in symptom.course]
    return [*known, *(h for mv in shape(name, disease).moves for h in mv.hazard_names)]


def at_birth(onset: Onset) -> bool:
    """Whether it is decided at birth who has the disease."""
    return onset.at is not None


def shape(name: str, disease: Disease) -> Shape:
    """The states of a disease's process and its arrows, without judging them."""
    result = Shape()
    for arrow in disease.course:
        hazard = f"{name}.{arrow.from_} -> {arrow.to}"
        chance = triggers.kinds_of(arrow.trigger) == ["probability"]
        label = f"{name}: {arrow.from_} -> {arrow.to}"
        result.moves.append(Move(label, arrow.from_, arrow.to, arrow.trigger, (hazard,), chance))
    for state, trigger in disease.death.items():
        known = (f"{name}.death", f"{name}.{state} -> death")
        chance = triggers.kinds_of(trigger) == ["probability"]
        result.moves.append(Move(f"{name}: {state} -> death", state, DEAD, trigger, known, chance))
    if at_birth(disease.onset):
        result.add(START)
    result.add(ABSENT)
    by_chance: dict[str, list[bool]] = {}
    for move in result.moves:
        by_chance.setdefault(move.from_, []).append(move.by_chance)
    for state in dict.fromkeys(disease.states):
        leaving = by_chance.get(state, [])
        result.add(state, decides=any(leaving) and not all(leaving))
    if disease.death:
        result.add(DEAD)
    return result


def resolves(disease: Disease) -> bool:
    """Whether people recover from it."""
    return any(arrow.to == ABSENT for arrow in disease.course)


def declare(low: Lowering, name: str, disease: Disease) -> None:
    """Give the disease's processes, states and events their names."""
    names = low.names
    process = names.process(name)
    names.add(name, "disease", process)
    form = shape(name, disease)
    masks = {"": form.mask(*disease.states), ABSENT: form.mask(ABSENT)}
    masks.update({state: form.mask(state) for state in disease.states})
    names.states[name] = masks
    if any(end not in masks for arrow in disease.course for end in (arrow.from_, arrow.to)):
        names.adrift.add(disease.path)
    for event in ("onset", *disease.states):
        names.event(f"{name}.{event}")
    if resolves(disease):
        names.event(f"{name}.resolved")
    for key, block in disease.events.items():
        recurrent.declare(low, name, key, block)
    for key, symptom in symptoms.all_of(disease).items():
        symptoms.declare(low, name, key, symptom)


def lower(low: Lowering, name: str, disease: Disease) -> None:
    """Add the processes of a disease and of its recurrent events."""
    form = shape(name, disease)
    low.labels[name] = disease.title or name
    _check_names(low, name, disease)
    _check_moves(low, name, disease, form)
    outgoing: dict[int, list[m.Arrow]] = {i: [] for i in range(len(form.states))}
    _onset(low, name, disease, form, outgoing)
    for move in form.moves:
        _move(low, name, form, move, outgoing)
    for state in disease.states:
        _stay_after_deciding(name, form, state, outgoing)
    states = []
    for i, state in enumerate(form.states):
        entered = state in disease.states and form.enter[state] == i
        on_entry = (m.Raise(low.names.event(f"{name}.{state}")),) if entered else ()
        states.append(m.State(state, tuple(outgoing[i]), on_entry))
    low.add_process(m.Process(name, tuple(states), latent=True))
    for key, event in disease.events.items():
        recurrent.lower(low, name, key, event)
    for key, symptom in symptoms.all_of(disease).items():
        symptoms.lower(low, name, key, symptom)


def _check_names(low: Lowering, name: str, disease: Disease) -> None:
    place = Where.key(disease, "states")
    report = low.resolver.report
    if len(disease.states) + 4 > _MOST_STATES:
        report("E716", f"{len(disease.states)} states are too many", None, place, expected="at most 56")
    for i, state in enumerate(disease.states):
        if state in (START, DEAD):
            message = f"`{state}` has a meaning of its own and cannot be a state"
            report("E506", message, None, Where.key(disease, f"states[{i}]"), remedy="choose another name")
    for key, event in (disease.events | symptoms.all_of(disease)).items():
        if key in (
            "onset",
            "resolved",
            "diagnosis",
            "stage",
            "mistaken",
            ABSENT,
            START,
            DEAD,
        ) or _ROUTE.fullmatch(key):
            message = f"`{key}` has a meaning of its own and cannot be an event or symptom"
            report("E506", message, None, Where(event.path, event.span), remedy="choose another name")


def _check_moves(low: Lowering, name: str, disease: Disease, form: Shape) -> None:
    """States that exist, arrows said once, chances that add up."""
    legal = [ABSENT, *disease.states]
    for arrow in disease.course:
        for end in (arrow.from_, arrow.to):
            if end not in legal:
                _no_state(low, name, end, arrow, legal)
        if arrow.from_ == arrow.to:
            place = Where(arrow.path, arrow.span)
            low.resolver.report(
                "E704", f"the arrow leads from {arrow.from_} to itself", arrow, place,
                remedy="say what happens again and again under `events:`",
            )  # fmt: skip
    for state, trigger in disease.death.items():
        if state not in disease.states:
            place = Where(trigger.path, trigger.span)
            low.resolver.report(
                "E503", f"{name} has no state `{state}`", trigger, place,
                expected=listing(disease.states), nearest=nearest(state, disease.states),
            )  # fmt: skip
    for state in disease.state_codes:
        if state not in disease.states:
            low.resolver.report(
                "E503", f"{name} has no state `{state}`", None, Where.key(disease, "state_codes"),
                expected=listing(disease.states), nearest=nearest(state, disease.states),
            )  # fmt: skip
    _check_twice(low, form)
    leaving: dict[str, list[Move]] = {}
    for move in form.moves:
        leaving.setdefault(move.from_, []).append(move)
    for state in disease.states:
        _check_chances(low, state, leaving.get(state, []))


def _no_state(low: Lowering, name: str, state: str, arrow: Transition, legal: list[str]) -> None:
    remedy = "write it under `death:`" if state in ("death", DEAD, "died") else ""
    low.resolver.report(
        "E503", f"{name} has no state `{state}`", arrow, Where(arrow.path, arrow.span),
        expected=listing(legal, 12), nearest=nearest(state, legal), remedy=remedy,
    )  # fmt: skip


def _check_twice(low: Lowering, form: Shape) -> None:
    seen: set[tuple[str, str, str]] = set()
    for move in form.moves:
        kinds = triggers.kinds_of(move.trigger)
        key = (move.from_, move.to, "/".join(kinds))
        if key in seen and kinds in (["rate"], ["after"], ["probability"]):
            low.resolver.report(
                "E704", f"the arrow {move.from_} -> {move.to} is written twice", move.trigger,
                Where(move.trigger.path, move.trigger.span), remedy="keep one of them",
            )  # fmt: skip
        seen.add(key)


def _check_chances(low: Lowering, state: str, moves: list[Move]) -> None:
    """Chances of leaving on entry: exactly 1 if there is no other way out, at most 1 otherwise."""
    chances = [mv for mv in moves if mv.by_chance]
    if not chances:
        return
    values = []
    for move in chances:
        value = move.trigger.probability
        where = Where.key(move.trigger, "probability", once=True)
        term = None if value is None else low.resolver.probability(value, where)
        values.append(None if term is None else algebra.constant(term))
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return
    total, others = math.fsum(known), len(moves) > len(chances)
    where = Where(chances[0].trigger.path, chances[0].trigger.span)
    if total > 1.0 + 1e-9:
        low.resolver.report(
            "E703", f"the chances of leaving {state} add up to {total:g}", chances[0].trigger, where,
            expected="at most 1",
        )  # fmt: skip
    elif not others and total < 1.0 - 1e-9:
        low.resolver.report(
            "E703", f"the chances of leaving {state} add up to {total:g}, and nothing else leads on",
            chances[0].trigger, where, expected="1", remedy="add the arrow that takes the rest",
        )  # fmt: skip


def _onset(
    low: Lowering, name: str, disease: Disease, form: Shape, outgoing: dict[int, list[m.Arrow]]
) -> None:
    onset = disease.onset
    to = onset.to if onset.to is not None else (disease.states[0] if disease.states else "")
    if to not in disease.states:
        if disease.states:
            low.resolver.report(
                "E503", f"{name} has no state `{to}`", onset, Where.key(onset, "to"),
                expected=listing(disease.states, 12), nearest=nearest(to, disease.states),
            )  # fmt: skip
        to = ABSENT  # what else is wrong with it is told all the same
    begins = (m.Raise(low.names.event(f"{name}.onset")),)
    target = form.enter[to]
    if at_birth(onset):
        low.effects.others.add(f"{name}.onset")
        chance = _chance_at_birth(low, onset)
        if chance is not None:
            rest = algebra.apply("sub", algebra.TRUE, chance)
            outgoing[0] = [
                m.Arrow(low.arrow_name(f"{name}: onset"), target, m.ByChance(chance), begins),
                m.Arrow(f"{name}: unaffected", form.enter[ABSENT], m.ByChance(rest), silent=True),
            ]
        return
    fires = triggers.trigger(
        low, onset, f"{name}: onset", m.InState(low.names.processes[name], form.mask(ABSENT)),
        hazard_names=(f"{name}.onset",), effects=low.effects, allowed=("rate", "after", "when", "on"),
    )  # fmt: skip
    if fires is not None:
        label = low.arrow_name(f"{name}: onset")
        outgoing[form.stay[ABSENT]].append(m.Arrow(label, target, fires, begins))


def _chance_at_birth(low: Lowering, onset: Onset) -> m.Term | None:
    if onset.probability is None:
        return algebra.TRUE
    return low.resolver.probability(onset.probability, Where.key(onset, "probability", once=True))


def _move(low: Lowering, name: str, form: Shape, move: Move, outgoing: dict[int, list[m.Arrow]]) -> None:
    if move.from_ == ABSENT and move.by_chance:
        place = Where(move.trigger.path, move.trigger.span)
        message = "absence is not left by chance"
        low.resolver.report("E702", message, move.trigger, place, remedy="use `onset:`")
        return
    there = m.InState(low.names.processes[name], form.mask(move.from_))
    fires = triggers.trigger(
        low, move.trigger, move.name, there, hazard_names=move.hazard_names, effects=low.effects
    )
    if fires is None or move.from_ not in form.enter or move.to not in form.enter:
        return
    actions: list[m.Action] = []
    if move.from_ == ABSENT and move.to != DEAD:
        actions.append(m.Raise(low.names.event(f"{name}.onset")))
    if move.to == ABSENT:
        actions.append(m.Raise(low.names.event(f"{name}.resolved")))
    if move.to == DEAD:
        actions.append(m.Die())
    source = form.enter[move.from_] if move.by_chance else form.stay[move.from_]
    outgoing[source].append(m.Arrow(low.arrow_name(move.name), form.enter[move.to], fires, tuple(actions)))


def _stay_after_deciding(name: str, form: Shape, state: str, outgoing: dict[int, list[m.Arrow]]) -> None:
    """The rest of the chance: into the second state of the same name, unseen."""
    if form.enter[state] == form.stay[state]:
        return
    deciding = outgoing[form.enter[state]]
    weights = [a.trigger.weight for a in deciding if isinstance(a.trigger, m.ByChance)]
    rest = algebra.apply("sub", algebra.TRUE, algebra.total(weights))
    if isinstance(rest, m.Const):
        rest = m.Const(max(0.0, rest.value))
    else:
        rest = m.Apply("max", (algebra.FALSE, rest))
    deciding.append(m.Arrow(f"{name}: stays {state}", form.stay[state], m.ByChance(rest), silent=True))
