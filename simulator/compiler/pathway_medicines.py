"""What pathways do with treatments that are taken: start them, one of several, another one; end them.

A treatment asked for by `start:T` begins if it is allowed. What a pathway began ends with it as the step's
`ends` says: a variable keeps whether this pathway began it, and how far that binds it. `start_one_of` and
`give_one_of` pick by the shares, the first time; a variable keeps the choice, which is taken again whenever
the patient comes through this step, by whichever pathway. `switch_to` ends what of the mapping is taken and
picks among what was never taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.pathway_walk import ALL_STEPS, walk
from simulator.compiler.picking import is_picked, pick
from simulator.compiler.terms import Where
from simulator.scenario.model_courses import Give, Step
from simulator.scenario.trigger import Value

IF_STOPPED, ALWAYS = 1.0, 2.0
_BINDS = {"by_itself": 0.0, "if_stopped": IF_STOPPED, "with_pathway": ALWAYS}


def started_by(step: Step) -> list[str]:
    """The treatments that a step may start."""
    return [*([step.start] if step.start is not None else []), *step.start_one_of, *step.switch_to]


def began(low: Lowering, name: str) -> dict[str, int]:
    """For each treatment that may end with a pathway, a variable that keeps whether the pathway began it."""
    bound = {
        each: None
        for step in all_steps(low, name)
        for each in started_by(step)
        if each in low.scenario.treatments and _binds(low, step, each)
    }
    return {each: low.names.var(f"{name}: began {each}") for each in bound}


def all_steps(low: Lowering, name: str) -> Iterator[Step]:
    """Every step of a pathway, and those of followed pathways, each pathway once."""
    seen, way = {name}, [walk(low.scenario.pathways[name].steps)]
    while way:
        step = next(way[-1], None)
        if step is None:
            way.pop()
            continue
        low.steps_seen += 1
        if low.steps_seen > 2 * ALL_STEPS:
            return  # it is asked twice; there are too many steps, which has a finding
        yield step
        follow = step.follow
        if follow is not None and follow in low.scenario.pathways and follow not in seen:
            seen.add(follow)
            way.append(walk(low.scenario.pathways[follow].steps))


def _binds(low: Lowering, step: Step, treatment: str) -> float:
    """How far a step binds a treatment to the pathway: what says itself how it begins or ends is free."""
    if step.ends is not None:
        return _BINDS[step.ends]
    block = low.scenario.treatments[treatment]
    return IF_STOPPED if block.start is None and not block.stop else 0.0


def ends(low: Lowering, name: str, variables: Mapping[str, int], how: float) -> tuple[m.Action, ...]:
    """Actions by which a pathway that ends (`how`: bound by what) ends what it began."""
    return tuple(
        m.If(
            m.Apply("ge", (m.Var(var), m.Const(how))), None, f"{name}: ends {treatment}",
            (m.Set(var, algebra.FALSE), m.Raise(low.names.event(f"stop:{treatment}"))),
        )
        for treatment, var in variables.items()
    )  # fmt: skip


def start(low: Lowering, variables: Mapping[str, int], step: Step, treatment: str) -> list[m.Action]:
    """Actions that start one."""
    asks: list[m.Action] = [m.Raise(low.names.event(f"start:{treatment}"))]
    if treatment in variables:
        asks.insert(0, m.Set(variables[treatment], m.Const(_binds(low, step, treatment))))
    return asks


def stop(low: Lowering, variables: Mapping[str, int], treatment: str) -> list[m.Action]:
    """Actions that stop one."""
    asks: list[m.Action] = [m.Raise(low.names.event(f"stop:{treatment}"))]
    return [m.Set(variables[treatment], algebra.FALSE), *asks] if treatment in variables else asks


def pick_one(
    low: Lowering, variables: Mapping[str, int], step: Step, give: Callable[[Give], list[m.Action]]
) -> list[m.Action]:
    """What a step does that picks one of several treatments; `give` administers one."""
    if step.switch_to:
        return _switch(low, variables, step, _one_of(low, step, "switch_to", step.switch_to))
    if step.start_one_of:
        known = _one_of(low, step, "start_one_of", step.start_one_of)
        return _kept(low, step, known, lambda name: start(low, variables, step, name))
    known = _one_of(low, step, "give_one_of", step.give_one_of)
    return _kept(low, step, known, lambda name: give(Give(span=step.span, path=step.path, treatment=name)))


def _one_of(low: Lowering, step: Step, key: str, shares: Mapping[str, Value]) -> list[tuple[str, m.Term]]:
    """The treatments of a step that picks one, with their shares; findings for what is wrong with them."""
    known: list[tuple[str, m.Term]] = []
    values: list[float | None] = []
    for name, value in shares.items():
        chance = low.resolver.probability(value, Where.key(step, key, once=True))
        if low.resolver.is_a(name, "treatment", None, Where.key(step, key)) and chance is not None:
            known.append((name, chance))
            values.append(algebra.constant(chance))
    total = sum(value or 0.0 for value in values)
    if None not in values and len(known) == len(shares) and abs(total - 1.0) > 1e-9:
        low.resolver.report(
            "E703", f"the shares of `{key}` add up to {total:g}", None, Where.key(step, key),
            expected="1, or 100%",
        )  # fmt: skip
    return known


def _kept(
    low: Lowering, step: Step, known: Sequence[tuple[str, m.Term]], does: Callable[[str], list[m.Action]]
) -> list[m.Action]:
    """Picks one the first time, and does it with the same one each time."""
    name = f"{step.path}: chosen"
    chosen = low.names.vars.index(name) if name in low.names.vars else low.names.var(name)
    unknown = algebra.negation(m.Apply("ge", (m.Var(chosen), algebra.FALSE)))
    first = pick(low, chosen, [chance for _, chance in known], f"{step.path}: drawn")
    return [
        m.If(unknown, None, f"{step.path}: first", tuple(first)),
        *(
            m.If(is_picked(chosen, i), None, f"{step.path}: {each}", tuple(does(each)))
            for i, (each, _) in enumerate(known)
        ),
    ]


def _switch(
    low: Lowering, variables: Mapping[str, int], step: Step, known: Sequence[tuple[str, m.Term]]
) -> list[m.Action]:
    """Ends what of them is taken and starts one that was never taken, if there is one."""
    ended = [action for name, _ in known for action in stop(low, variables, name)]
    var = low.names.var(f"{step.path}: next ({len(low.names.vars)})")
    weights = [
        algebra.choose(m.Stamped(low.names.stamp(f"{name}.started")), algebra.FALSE, chance)
        for name, chance in known
    ]
    starts = [
        m.If(
            is_picked(var, i), None, f"{step.path}: {name}", (*ended, *start(low, variables, step, name)),
        )
        for i, (name, _) in enumerate(known)
    ]  # fmt: skip
    return [*pick(low, var, weights, f"{step.path}: drawn"), *starts]
