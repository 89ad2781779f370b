"""E729, W319: conditions that undo one another, so that the engine would go round in a circle at one instant.

A *toggle* is a process that goes from one state to another and back as soon as something holds, without
delay: a pause, a care plan with its `for`, a disease with `when` both ways. Toggles that ask for one another
are a small logical circuit. If other processes may stand so that no setting of the toggles satisfies all
of them, the circuit never comes to rest: E729 if at most one other condition must hold for that, W319 if
several must, for it is not known whether they ever hold together. What cannot be judged so (too much to
try, a toggle inside a number, a condition that the toggles change in other ways) is left to the run, which
stops and names the processes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.compiler import algebra, components
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario.model import Block

_MOST_TOGGLES, _MOST_SETTINGS = 6, 4_096
_LOGIC = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class Toggle:
    """A process that goes to and fro between states `a` and `b` by what holds."""

    process: int
    a: int
    b: int
    leaves_a: m.Term
    leaves_b: m.Term
    actions: tuple[m.Action, ...]


def check(low: Lowering) -> None:
    """Adds a finding for every circle of toggles that cannot come to rest."""
    toggles = {each.process: each for each in _toggles(low)}
    asks = {p: _asked(t) & toggles.keys() for p, t in toggles.items()}
    circles = {p: set(circle) for circle in components.circles(asks) for p in circle}
    done: set[int] = set()
    for process in toggles:
        circle = circles.get(process, set())
        if circle and not circle & done:
            done |= circle
            members = [toggles[p] for p in sorted(circle)]
            if len(members) <= _MOST_TOGGLES and (restless := _restless(low, members)):
                _report(low, members, restless)


def _toggles(low: Lowering) -> Iterator[Toggle]:
    for index, process in low.processes.items():
        ways: dict[tuple[int, int], tuple[m.Term, tuple[m.Action, ...]]] = {}
        for number, state in enumerate(process.states):
            for arrow in state.arrows:
                if isinstance(arrow.trigger, m.WhenTrue) and arrow.trigger.delay is None:
                    ways[number, arrow.target] = (arrow.trigger.condition, arrow.actions)
        for (a, b), (condition, actions) in ways.items():
            if a < b and (b, a) in ways:
                back, more = ways[b, a]
                yield Toggle(index, a, b, condition, back, (*actions, *more))
                break


def _asked(toggle: Toggle) -> set[int]:
    """The processes whose states the toggle asks for."""
    terms = (*algebra.walk(toggle.leaves_a), *algebra.walk(toggle.leaves_b))
    return {term.process for term in terms if isinstance(term, m.InState)}


# --- does it come to rest? -----------------------------------------------------------------


def _restless(low: Lowering, members: list[Toggle]) -> str:
    """The code of the finding if everything else may stand so that no setting of the toggles is stable."""
    own = {each.process for each in members}
    leaves: dict[m.Term, None] = {}
    for each in members:
        for term in (each.leaves_a, each.leaves_b):
            leaves.update(dict.fromkeys(_leaves(term)))
    if any(_depends(low, leaf, own, members) for leaf in leaves):
        return ""
    free = [leaf for leaf in leaves if not isinstance(leaf, m.Const | m.InState)]
    others = {leaf.process for leaf in leaves if isinstance(leaf, m.InState)} - own
    places = [_classes(low, p, [x.mask for x in leaves if isinstance(x, m.InState) and x.process == p])
              for p in sorted(others)]  # fmt: skip
    count = 2 ** len(free)
    for each_place in places:
        count *= len(each_place)
    if count > _MOST_SETTINGS:
        return ""
    found = ""
    for states in itertools.product(*places):
        around = dict(zip(sorted(others), states, strict=True))
        restless = {
            truths: not any(
                _stable(members, {**around, **dict(zip(sorted(own), setting, strict=True))}, free, truths)
                for setting in itertools.product(*((t.a, t.b) for t in members))
            )
            for truths in itertools.product((False, True), repeat=len(free))
        }
        if _needs_one(restless):
            return "E729"
        if any(restless.values()):
            found = "W319"
    return found


def _needs_one(restless: Mapping[tuple[bool, ...], bool]) -> bool:
    """Whether there is no rest whatever holds, or as soon as a single condition does (or does not)."""
    n = len(next(iter(restless)))
    return all(restless.values()) or any(
        all(never for truths, never in restless.items() if truths[i] == value)
        for i in range(n)
        for value in (False, True)
    )


def _leaves(term: m.Term) -> Iterator[m.Term]:
    if isinstance(term, m.Apply) and term.op in _LOGIC:
        for part in term.args:
            yield from _leaves(part)
    else:
        yield term


def _depends(low: Lowering, leaf: m.Term, own: set[int], members: list[Toggle]) -> bool:
    """Whether a condition that is no question about states is changed by the toggles."""
    if isinstance(leaf, m.InState):
        return False
    names = low.names
    events = {a.event for t in members for a in t.actions if isinstance(a, m.Raise)}
    stamps = {stamp for event, stamp in names.stamps.items() if names.events.get(event) in events}
    rings = {ring for event, ring in names.rings.items() if names.events.get(event) in events}
    for term in algebra.walk(leaf):
        match term:
            case m.InState(process) if process in own:
                return True
            case m.Stamped(stamp) | m.SinceAtLeast(stamp) | m.SinceLess(stamp) if stamp in stamps:
                return True
            case m.CountAtLeast(ring) if ring in rings:
                return True
    return False


def _classes(low: Lowering, process: int, masks: list[int]) -> list[int]:
    """One state of a process for each different answer to the questions that are asked about it."""
    found: dict[tuple[bool, ...], int] = {}
    for state in range(len(low.processes[process].states)):
        found.setdefault(tuple(bool(mask >> state & 1) for mask in masks), state)
    return list(found.values())


def _stable(
    members: list[Toggle], states: Mapping[int, int], free: Sequence[m.Term], truths: tuple[bool, ...]
) -> bool:
    known = dict(zip(free, truths, strict=True))

    def holds(term: m.Term) -> bool:
        match term:
            case m.Const(value):
                return value == 1.0
            case m.InState(process, mask):
                return bool(mask >> states[process] & 1)
            case m.Apply("and", args):
                return all(holds(arg) for arg in args)
            case m.Apply("or", args):
                return any(holds(arg) for arg in args)
            case m.Apply("not", (arg,)):
                return not holds(arg)
        return known[term]

    return not any(holds(t.leaves_a if states[t.process] == t.a else t.leaves_b) for t in members)


# --- in words ------------------------------------------------------------------------------


def _report(low: Lowering, members: list[Toggle], code: str) -> None:
    names = [low.processes[t.process].name for t in members]
    if len(names) == 1 and names[0].endswith(".pause"):
        return  # E728 says so
    words = [f"the pause of {n.removesuffix('.pause')}" if n.endswith(".pause") else n for n in names]
    listed = " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    undo = "undoes itself" if len(words) == 1 else "undo one another"
    if code == "W319":
        undo = "may undo itself" if len(words) == 1 else "may undo one another"
    block, key = _block(low, names[0])
    remedy = "change one of their conditions"
    if all(name in low.scenario.diseases for name in names):
        remedy += ", or let it hold for a while first (`delay`)"
    low.resolver.report(
        code, f"{listed} {undo}, to and fro without end", None,
        Where.key(block, key) if key else Where(block.path, block.span), remedy=remedy,
    )  # fmt: skip


def _block(low: Lowering, process: str) -> tuple[Block, str]:
    """Where a toggle is written: its block and, where there is one, the key of its condition."""
    name, scenario = process.partition(".")[0], low.scenario
    if process.endswith(".pause"):
        return scenario.treatments[name], "paused"
    if name in scenario.care_plans:
        return scenario.care_plans[name], "for"
    for blocks in (scenario.diseases, scenario.attributes, scenario.care, scenario.pathways):
        if name in blocks:
            return blocks[name], ""
    return scenario, ""
