"""Procedures → what is recorded when they are done, what they find, what may go wrong.

A procedure P is done by a care (`does`) or a step of a pathway (`do`): its code is recorded (status
completed, with an end if it has a duration) and `P.done` is said. What it may find is tried in
turn: whatever is truly there and is recognised is recorded and said as `P.FINDING`; `last P` is the
first of these in the author's order, or `nothing`.

A complication happens at once, and its codes are recorded there; or `after` a while, in a process
`P.COMPLICATION` that says `P.COMPLICATION`: care listens, and records the codes as the diagnosis of the
visit that it leads to (`care.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, LENGTH, distribution
from simulator.compiler.names import listing
from simulator.compiler.terms import Where
from simulator.scenario.model import Complication, Discovery, Do, Procedure

#: `last P` when nothing was found
NOTHING = "nothing"


def declare(low: Lowering, index: int, name: str, procedure: Procedure) -> None:
    """Give the procedure, its findings and complications their names."""
    names = low.names
    names.add(name, "procedure", index)
    names.event(f"{name}.done")
    if procedure.finds:
        names.categories[f"last {name}"] = (NOTHING, *procedure.finds)
        names.last[name] = names.var(f"last {name}")
    taken = {"done": procedure.span}
    for key, block in [*procedure.finds.items(), *procedure.complications.items()]:
        if key in taken or (key == NOTHING and key in procedure.finds):
            low.resolver.report(
                "E736", f"`{key}` already means something for procedure {name}", block,
                Where(block.path, block.span), remedy="rename it",
            )  # fmt: skip
        taken[key] = block.span
        names.event(f"{name}.{key}")
    for key, block in procedure.complications.items():
        if block.after is not None:
            names.process(f"{name}.{key}")


def do(low: Lowering, owner: str, blocks: Sequence[Do], encounter: int) -> list[m.Action]:
    """What doing these procedures at a visit means; `owner` is the care or pathway."""
    found: list[m.Action] = []
    for block in blocks:
        if not low.resolver.is_a(block.do, "procedure", None, Where.key(block, "do")):
            continue
        condition: m.Term | None = None
        chance: m.Term | None = None
        if block.if_ is not None:
            where = Where.key(block, "if", once=True, chart=f"`if` of {block.do} at {owner}")
            condition = low.resolver.condition(block.if_, where)
        if block.probability is not None:
            where = Where.key(block, "probability", once=True)
            chance = low.resolver.probability(block.probability, where)
        done = actions(low, block.do, encounter)
        low.done.add(block.do)
        if condition is None and chance is None:
            found += done
        else:
            found.append(m.If(condition, chance, f"{owner}: {block.do}", tuple(done)))
    return found


def actions(low: Lowering, name: str, encounter: int) -> list[m.Action]:
    """What doing the procedure does."""
    procedure = low.scenario.procedures[name]
    code = low.code(name, procedure.codes, procedure.title, "procedure", status="completed")
    found: list[m.Action] = []
    duration: m.Term | None = None
    if procedure.duration is not None:
        length = distribution(low.resolver, procedure.duration, Where.key(procedure, "duration"), LENGTH)
        if length is not None and length.kind == "fixed":
            duration = length.params[0]
        elif length is not None:
            variable = f"{name}: duration"
            index = low.names.vars.index(variable) if variable in low.names.vars else low.names.var(variable)
            found.append(m.Draw(index, length, variable))
            duration = m.Var(index)
    found.append(m.Emit(code, None, duration, encounter))
    found += _findings(low, name, procedure, encounter)
    for key, block in procedure.complications.items():
        if block.after is None:
            found += _at_once(low, name, key, block, encounter)
    found.append(m.Raise(low.names.event(f"{name}.done")))
    return found


def _findings(low: Lowering, name: str, procedure: Procedure, encounter: int) -> list[m.Action]:
    if not procedure.finds:
        return []
    last = low.names.last[name]
    found: list[m.Action] = [m.Set(last, algebra.FALSE)]
    for number, (key, block) in reversed(list(enumerate(procedure.finds.items(), start=1))):
        condition, chance = _seen(low, block)
        title = block.title or key.replace("_", " ")
        text = title if _shares_code(procedure, block) else None
        code = low.code(f"{name}_{key}", block.codes, title, "event", status="final", text=text)
        seen = (
            m.Emit(code, encounter=encounter),
            m.Set(last, m.Const(float(number))),
            m.Raise(low.names.event(f"{name}.{key}")),
        )
        found.append(m.If(condition, chance, f"{name}: finds {key}", seen))
    return found


def _shares_code(procedure: Procedure, block: Discovery) -> bool:
    """Whether another finding has the same codes, so that only words tell them apart."""
    return bool(block.codes) and any(
        each is not block and each.codes == block.codes for each in procedure.finds.values()
    )


def _seen(low: Lowering, block: Discovery) -> tuple[m.Term | None, m.Term | None]:
    """Whether it is there, and the chance that it is seen."""
    condition: m.Term | None = None
    chance: m.Term | None = None
    if block.if_ is not None:
        condition = low.resolver.condition(block.if_, Where.key(block, "if", once=True))
    if block.probability is not None:
        chance = low.resolver.probability(block.probability, Where.key(block, "probability", once=True))
    return condition, chance


def _happens(low: Lowering, name: str, key: str, block: Complication) -> list[m.Action]:
    """Word of a complication, and death if it is fatal."""
    found: list[m.Action] = [m.Raise(low.names.event(f"{name}.{key}"))]
    if block.fatal is not None:
        chance = low.resolver.probability(block.fatal, Where.key(block, "fatal", once=True))
        if chance not in (None, algebra.FALSE):
            found.append(m.If(None, chance, f"{name}: dies of {key}", (m.Die(),)))
    return found


def _at_once(low: Lowering, name: str, key: str, block: Complication, encounter: int) -> list[m.Action]:
    chance = low.resolver.probability(block.probability, Where.key(block, "probability", once=True))
    if chance is None:
        return []
    title = block.title or key.replace("_", " ")
    code = low.code(f"{name}_{key}", block.codes, title, "diagnosis", status="final")
    happens = (m.Emit(code, encounter=encounter), *_happens(low, name, key, block))
    return [m.If(None, chance, f"{name}: {key}", happens)]


def lower(low: Lowering, name: str, procedure: Procedure) -> None:
    """Add the processes of complications that come later."""
    low.labels[name] = procedure.title or name
    for key, block in procedure.complications.items():
        if block.after is None:
            continue
        process = f"{name}.{key}"
        low.labels[process] = block.title or key.replace("_", " ")
        after = distribution(low.resolver, block.after, Where.key(block, "after"), DURATION)
        chance = low.resolver.probability(block.probability, Where.key(block, "probability", once=True))
        if after is None or chance is None:
            low.add_process(m.Process(process, (m.State("none"),)))
            continue
        heard = m.OnEvent(low.names.event(f"{name}.done"), None, chance)
        happens = tuple(_happens(low, name, key, block))
        states = (
            m.State("none", (m.Arrow(f"{name}: {key} will follow", 1, heard),)),
            m.State("coming", (m.Arrow(f"{name}: {key}", 0, m.AfterDuration(after), happens),)),
        )
        low.add_process(m.Process(process, states))


def check(low: Lowering) -> None:
    """A procedure that nobody does."""
    for name, block in low.scenario.procedures.items():
        if name not in low.done:
            actions(low, name, 0)  # what is wrong with it is told, though nobody does it
            low.resolver.report(
                "W333", f"procedure {name} is never done", block, Where(block.path, block.span),
                remedy=f"name it under {listing(['does', 'do'])} of a care, or as `do` in a pathway",
            )  # fmt: skip
