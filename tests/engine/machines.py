"""Machines drawn by hypothesis: every kind of term, trigger, action and distribution, combined at will.

What is drawn need not mean anything medical. Rates and durations are kept such that a life has
hundreds of firings at most, and that processes seldom set each other off for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from simulator.compiler import machine as m
from simulator.compiler.layout import DAY, YEAR
from tests.engine.conftest import (
    CLINIC,
    CODES,
    DIAGNOSIS,
    ENCOUNTERS,
    FACT,
    WARD,
    build_machine,
    fixed,
    instant,
)

# what every drawn machine has
SEX, KIND, SCORE, LAST_0, LAST_1, LATER = range(6)  # variables
MINUTE = 60e6
STAMPS, RINGS, LEVELS, EVENTS = 3, 2, 2, 4
CATEGORICAL = (SEX, KIND, LATER)
RING_CAPACITY = 4


@dataclass(frozen=True)
class Frame:
    """What terms and actions may refer to."""

    states: tuple[int, ...]  # number of states of each process
    coupled: bool = False
    levels: bool = True  # whether conditions may ask for a level: a level's own slope and shift must not


class Names:
    """Arrow and stream names, each given once."""

    def __init__(self) -> None:
        self.given = 0

    def new(self, kind: str) -> str:
        self.given += 1
        return f"{kind} {self.given}"


# --- terms ----------------------------------------------------------------------------------

constants = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, -1.0, 100.0]).map(m.Const)
variables = st.sampled_from([SEX, KIND, SCORE, LAST_0, LAST_1, LATER]).map(m.Var)
cells = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5, 2.0])
days = st.integers(1, 400).map(lambda n: n * DAY + 1_234_567)
AXES = [
    m.Axis("age", 3, (0.0, 1.0, 40.0)),
    m.Axis("age", 3, (0.0, 2.5, 18.0)),
    m.Axis("month", 12),
    m.Axis("year", 2, (2001.0, 2003.0)),
    *(m.Axis("var", 2, index=index) for index in CATEGORICAL),
]


@st.composite
def lookups(draw: DrawFn) -> m.Lookup:
    axes = draw(st.lists(st.sampled_from(AXES), min_size=1, max_size=2))
    size = 1
    for axis in axes:
        size *= axis.size
    # few cells are drawn, and repeated: what is looked up is then still different from cell to cell
    pattern = draw(st.lists(cells, min_size=2, max_size=5))
    return m.Lookup(tuple(axes), tuple(pattern[i % len(pattern)] for i in range(size)))


@cache
def numbers(frame: Frame, depth: int = 2, *, once: bool = False) -> SearchStrategy[m.Term]:
    """Terms that give a number, or nothing known; `once`: evaluated at one instant, so that age is known."""
    leaves: list[SearchStrategy[m.Term]] = [constants, variables, lookups()]
    if once:
        leaves += [st.just(m.Age()), st.integers(0, LEVELS - 1).map(m.Level)]
    if frame.coupled:
        leaves.append(st.just(m.Signal(0)))
    if depth == 0:
        return st.one_of(leaves)
    inner = st.deferred(lambda: numbers(frame, depth - 1, once=once))
    truth = st.deferred(lambda: conditions(frame, depth - 1, once=once))
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        *leaves,
        st.tuples(truth, inner, inner).map(lambda args: m.Apply("if", args)),
        st.builds(m.Apply, st.sampled_from(["add", "sub", "mul", "div", "min", "max", "round"]), several),
        st.builds(m.Apply, st.sampled_from(["neg", "exp", "log", "sqrt"]), st.tuples(inner)),
        st.tuples(inner, st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0]).map(m.Const) | inner).map(
            lambda args: m.Apply("pow", args)
        ),
    )


@cache
def conditions(frame: Frame, depth: int = 2, *, once: bool = False) -> SearchStrategy[m.Term]:
    """Terms that are true or false, or numbers in their place: what is not 1 is not true."""
    leaves: list[SearchStrategy[m.Term]] = [
        variables,
        st.integers(0, len(frame.states) - 1).flatmap(
            lambda p: st.integers(1, 2 ** frame.states[p] - 1).map(lambda mask: m.InState(p, mask))
        ),
        st.sampled_from([0.5, 1.0, 2.0, 3.3, 20.0, 21.25, 40.0]).map(m.AgeAtLeast),
        st.builds(instant, st.integers(2000, 2005), st.integers(1, 12)).map(m.TimeAtLeast),
        st.builds(m.SinceAtLeast, st.integers(0, STAMPS - 1), days),
        st.builds(m.SinceLess, st.integers(0, STAMPS - 1), days),
        st.integers(0, STAMPS - 1).map(m.Stamped),
        st.builds(m.CountAtLeast, st.integers(0, RINGS - 1), st.integers(1, RING_CAPACITY), st.none() | days),
    ]
    if frame.levels:
        leaves.append(st.builds(m.LevelAtLeast, st.integers(0, LEVELS - 1), st.integers(90, 115).map(float)))
    if depth == 0:
        return st.one_of(leaves)
    inner = st.deferred(lambda: conditions(frame, depth - 1, once=once))
    number = st.deferred(lambda: numbers(frame, depth - 1, once=once))
    return st.one_of(
        *leaves,
        st.builds(
            m.Apply, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)
        ),
        st.tuples(inner).map(lambda args: m.Apply("not", args)),
        st.builds(m.Apply, st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]), st.tuples(number, number)),
    )


# --- distributions and hazards -------------------------------------------------------------------


def law(kind: str, *params: float) -> m.Distribution:
    return m.Distribution(kind, tuple(m.Const(float(p)) for p in params))


@st.composite
def durations(draw: DrawFn) -> m.Distribution:
    """Durations of every kind, mostly of weeks to years; some depend on the patient."""
    kind = draw(st.sampled_from(
        ["fixed", "uniform", "exponential", "weibull", "gamma", "lognormal", "empirical", "by category",
         "opening"]
    ))  # fmt: skip
    scale = draw(st.sampled_from([45.0 * DAY, 0.7 * YEAR, 3.0 * YEAR]))
    shape = draw(st.sampled_from([0.4, 0.9, 1.0, 2.5]))
    match kind:
        case "fixed":
            return law(kind, scale)
        case "uniform":
            return law(kind, 0.1 * scale, scale)
        case "exponential":
            return law(kind, scale)
        case "weibull" | "gamma" | "lognormal":
            return law(kind, scale, shape)
        case "empirical":
            return law(kind, 0.0, scale, 2 * scale, 0.1, 0.6, 1.0)
    if kind == "opening":
        return law(kind, draw(st.sampled_from([0, 1])))
    # unknown while LATER is not set, which stops the run: SEX and KIND are always known
    index = draw(st.sampled_from([SEX, KIND]))
    factor = m.Lookup((m.Axis("var", 2, index=index),), (1.0, 2.0))
    return m.Distribution("exponential", (m.Apply("mul", (m.Const(scale), factor)),))


@cache
def values(frame: Frame) -> SearchStrategy[m.Distribution]:
    """What a variable may be set to by a draw."""
    return st.one_of(
        st.just(law("normal", 1.0, 2.0)),
        st.just(law("beta", 2.0, 0.5)),
        st.just(law("gamma", 1.5, 0.3)),
        numbers(frame, 1, once=True).map(lambda mean: m.Distribution("normal", (mean, m.Const(0.5)))),
    )


@st.composite
def rates(draw: DrawFn, frame: Frame) -> m.ByRate:
    """Hazards of up to a few firings a year."""
    axis = draw(st.sampled_from(["constant", "age", "calendar", "gompertz"]))
    stratum: m.Term | None = None
    base = m.Base("constant")
    if axis == "gompertz":
        growth = draw(st.sampled_from([0.0, 0.05, 0.3, -0.4]))
        base = m.Base(
            axis, rates=((draw(st.sampled_from([0.1, 0.8])), draw(st.sampled_from([2.0, 21.0])), growth),)
        )
    elif axis in ("age", "calendar"):
        size = 3 if axis == "age" else 12
        row = st.lists(cells, min_size=size, max_size=size).map(tuple)
        knots = (0.0, draw(st.sampled_from([1.0, 2.0, 5.5])), 21.0) if axis == "age" else ()
        base = m.Base(axis, knots, (draw(row), draw(row)))
        stratum = m.Var(draw(st.sampled_from([SEX, KIND])))
    multiplier = draw(st.none() | numbers(frame))
    if multiplier is not None:
        multiplier = m.Apply("min", (multiplier, m.Const(4.0)))
    return m.ByRate(base, stratum, multiplier)


# --- actions ----------------------------------------------------------------------------------


@st.composite
def actions(
    draw: DrawFn, frame: Frame, names: Names, events: range, *, mortal: bool = False, nested: bool = True
) -> tuple[m.Action, ...]:
    """Up to three actions. `events` may be raised; `mortal`: now and then one of them is fatal."""
    which = list(m.Action.__args__)
    if not nested:
        which.remove(m.If)
    if not events:
        which.remove(m.Raise)
    which.remove(m.Die)
    chosen = draw(st.lists(st.sampled_from(which), max_size=3))
    done = [draw(action(kind, frame, names, events, mortal=mortal)) for kind in chosen]
    if mortal and draw(st.integers(0, 9)) == 9:
        done.append(m.Die())
    return tuple(done)


def action(
    kind: type, frame: Frame, names: Names, events: range, *, mortal: bool
) -> SearchStrategy[m.Action]:
    """Actions of one kind."""
    if kind is m.Visit:
        return VISITS
    if kind is m.Close:
        return st.just(m.Close())
    if kind is m.Emit:
        return emissions(frame)
    if kind is m.Measure:
        return measures(frame)
    if kind is m.Draw:
        return values(frame).map(lambda law: m.Draw(SCORE, law, names.new("draw")))
    if kind is m.Set:
        return numbers(frame, 2, once=True).map(lambda term: m.Set(SCORE, term)) | SETS
    if kind is m.Stamp:
        return STAMPINGS
    if kind is m.Push:
        return PUSHES
    if kind is m.Raise:
        return st.sampled_from(events).map(m.Raise)
    return st.builds(
        lambda condition, share, inner: m.If(condition, share, names.new("if"), inner),
        st.none() | conditions(frame, 2, once=True),
        st.sampled_from([None, m.Const(0.0), m.Const(0.2), m.Const(0.7), m.Const(1.0)]),
        actions(frame, names, events, mortal=mortal, nested=False),
    )


KINDS_OF_ENCOUNTER = st.sampled_from([CLINIC, WARD])
VISITS = KINDS_OF_ENCOUNTER.map(m.Visit)
SETS = st.builds(
    m.Set, st.sampled_from([KIND, LATER]), st.sampled_from([m.Const(0.0), m.Const(1.0), m.Var(SEX)])
)
STAMPINGS = st.integers(0, STAMPS - 1).map(m.Stamp)
PUSHES = st.integers(0, RINGS - 1).map(m.Push)


@cache
def measures(frame: Frame) -> SearchStrategy[m.Action]:
    """Measurements, some of which share noise with others: an offset, and less noise of their own."""
    shared = m.Apply("if", (m.Apply("eq", (m.Var(SCORE), m.Var(SCORE))), m.Var(SCORE), m.Const(0.0)))
    return st.builds(
        m.Measure,
        st.integers(0, LEVELS - 1),
        KINDS_OF_ENCOUNTER,
        st.sampled_from([None, m.Const(1.25), shared]),
        st.none() | conditions(frame, 1, once=True) | st.just(m.Const(0.75)),
    )


@cache
def emissions(frame: Frame) -> SearchStrategy[m.Action]:
    return st.builds(
        m.Emit,
        st.sampled_from([FACT, DIAGNOSIS]),
        st.none() | numbers(frame, 2, once=True),
        st.sampled_from([None, m.Const(0.0), m.Const(1.5 * DAY), m.Const(90.0 * DAY)]),
        KINDS_OF_ENCOUNTER,
    )


# --- arrows, states, processes ----------------------------------------------------------------------


@st.composite
def arrows(draw: DrawFn, frame: Frame, names: Names, states: int, state: int) -> m.Arrow:
    """An arrow out of `state`. What takes no time leads to a later state or raises later events only."""
    kind = draw(
        st.sampled_from(
            ["rate", "rate", "rate", "after", "after", "when", "at once", "age", "event", "event"]
        )
    )
    target, raised, mortal = draw(st.integers(0, states - 1)), range(EVENTS), False
    match kind:
        case "rate":
            trigger: m.Trigger = draw(rates(frame))
            mortal = True
        case "after":
            trigger = m.AfterDuration(draw(durations()))
        case "when":
            trigger = m.WhenTrue(draw(conditions(frame)), law("uniform", 1.0 * DAY, 100.0 * DAY))
        case "at once" if state < states - 1:
            trigger = m.WhenTrue(draw(conditions(frame)))
            target, raised = draw(st.integers(state + 1, states - 1)), range(EVENTS - 1, EVENTS)
        case "age" | "at once":
            trigger = m.AtAge(draw(st.sampled_from([0.5, 1.0, 2.2, 20.5, 23.0])))
        case _:
            event = draw(st.integers(0, EVENTS - 1))
            condition = draw(st.none() | conditions(frame, 2, once=True))
            trigger = m.OnEvent(event, condition, draw(st.sampled_from([None, m.Const(0.5), m.Const(0.9)])))
            raised = range(event + 1, EVENTS)
    done = draw(actions(frame, names, raised, mortal=mortal))
    return m.Arrow(names.new("arrow"), target, trigger, done, silent=draw(st.integers(0, 9)) == 9)


@st.composite
def states(draw: DrawFn, frame: Frame, names: Names, process: int, state: int) -> m.State:
    """A state: now and then one that is left by chance at once, for a later one."""
    count = frame.states[process]
    leaving: list[m.Arrow] = []
    if state < count - 1 and draw(st.integers(0, 6)) == 6:
        for weight in draw(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=3)):
            chance = m.ByChance(m.Const(weight))
            done = draw(actions(frame, names, range(0)))
            target = draw(st.integers(state + 1, count - 1))
            leaving.append(m.Arrow(names.new("chance"), target, chance, done))
    else:
        for _ in range(draw(st.sampled_from([1, 1, 2, 3] if state == 0 else [0, 1, 2, 3]))):
            leaving.append(draw(arrows(frame, names, count, state)))
    on_entry = draw(actions(frame, names, range(EVENTS - 1, EVENTS))) if draw(st.booleans()) else ()
    return m.State(f"s{state}", tuple(leaving), on_entry)


@st.composite
def processes(draw: DrawFn, frame: Frame, names: Names, process: int) -> m.Process:
    own = tuple(draw(states(frame, names, process, state)) for state in range(frame.states[process]))
    return m.Process(f"p{process}", own, latent=draw(st.integers(0, 4)) > 0)


@st.composite
def heartbeats(draw: DrawFn, frame: Frame, names: Names) -> m.Process:
    """A process that keeps stamping, counting, measuring and raising: something to react to."""
    beat = m.ByRate(m.Base("constant"), None, m.Const(draw(st.sampled_from([1.0, 3.0]))))
    done = (
        m.Push(draw(st.integers(0, RINGS - 1))),
        m.Stamp(draw(st.integers(0, STAMPS - 1))),
        m.Draw(SCORE, law("normal", 0.5, 1.0), names.new("draw")),
        m.Measure(draw(st.integers(0, LEVELS - 1)), CLINIC),
        m.Raise(draw(st.integers(0, EVENTS - 1))),
        m.If(draw(conditions(frame, 2, once=True)), None, names.new("if"), (draw(SETS),)),
    )
    return m.Process("heartbeat", (m.State("going", (m.Arrow(names.new("beat"), 0, beat, done),)),))


@st.composite
def levels(draw: DrawFn, frame: Frame, index: int) -> m.LevelSpec:
    """A measurement around 100, with a mean that may step with age, a slope and a shift."""
    by_age = m.Apply("add", (m.Const(90.0), m.Lookup((m.Axis("age", 2, (0.0, 3.0)),), (5.0, 12.0))))
    steady = Frame(frame.states, frame.coupled, levels=False)
    slope = st.sampled_from([m.Const(0.0), m.Const(-6.5)]) | numbers(steady)
    return m.LevelSpec(
        name=f"level {index}",
        code=FACT,
        mean=draw(st.sampled_from([m.Const(100.0), m.Const(100.5), by_age])),  # halves: how are they rounded?
        deviation_sd=draw(st.sampled_from([0.0, 5.0])),
        noise_sd=draw(st.sampled_from([0.0, 2.0])),
        slope=draw(slope),
        # unknown, it would stop the run at the first measurement
        shift=m.Apply("if", (draw(conditions(steady)), m.Const(4.0), m.Const(-3.0))),
        low=0.0,
        high=200.0,
        precision=draw(st.integers(0, 2)),
        last_var=(LAST_0, LAST_1)[index],
        smooth=True,
    )


OFFICE = (540, 1020)
SCHEDULES = (
    m.Schedule("weekdays", (OFFICE, OFFICE, OFFICE, OFFICE, (540, 720), None, None)),
    m.Schedule(
        "abroad",
        (None, (0, 1440), None, (600, 604), None, (90, 200), None),
        ((instant(2000), 2 * 60 * 60_000_000), (instant(2001, 3, 25), 3 * 60 * 60_000_000),
         (instant(2002, 10, 27, 1), 2 * 60 * 60_000_000), (instant(2003), -9 * 60 * 60_000_000)),
    ),
)  # fmt: skip


# --- the whole ----------------------------------------------------------------------------------


@st.composite
def populations(draw: DrawFn) -> dict[str, object]:
    """Who is there: ages of every kind, with and without a history, some born later."""
    ages = [
        {"age": fixed(0.0)},
        {"age": fixed(20.0)},
        {"age": law("uniform", -2.0, 6.0)},
        {"age": None, "age_sex": m.AgeSex(((0, 0.0, 5.0, 1.0), (1, 2.0, 8.0, 2.0)))},
    ]
    return {
        **draw(st.sampled_from(ages)),
        "history": draw(st.booleans()),
        "end": instant(2005, 3, 14),
        "female": 0.4,
        "zone": draw(st.sampled_from([None, "America/New_York", "Pacific/Kiritimati"])),
    }


@st.composite
def machines(draw: DrawFn, *, coupled: bool = False) -> m.Machine:
    """Any machine; `coupled`: eight people in two communities who pass on a signal."""
    counts = tuple(draw(st.lists(st.integers(2, 4), min_size=2, max_size=4)))
    frame, names = Frame(counts, coupled), Names()
    settings = draw(populations())
    if coupled:
        step = draw(st.sampled_from([0, 45 * DAY, 100 * DAY + 3]))
        settings |= {"size": 8, "communities": 2, "mixing": ((0.8, 0.2), (0.3, 0.7)), "step": step}
    lengths = [0.0, 20 * MINUTE, 1.5 * DAY, 40.0 * DAY]
    encounters = tuple(
        replace(spec, duration=law("exponential", draw(st.sampled_from(lengths)))) for spec in ENCOUNTERS
    )
    passed_on = draw(conditions(frame, 2, once=True)) if coupled else None
    return build_machine(
        *(draw(processes(frame, names, p)) for p in range(len(counts))),
        draw(heartbeats(frame, names)),
        vars=(
            m.VarSpec("kind", ("a", "b"), (m.Const(1.0), m.Const(2.0)), recorded=True, code=FACT),
            m.VarSpec("score", initial=law("normal", 0.0, 1.0), low=-1.0, high=1.5, recorded=True, code=FACT),
            m.VarSpec("last 0"),
            m.VarSpec("last 1"),
            m.VarSpec("later"),
        ),
        levels=tuple(draw(levels(frame, index)) for index in range(LEVELS)),
        signals=() if passed_on is None else (m.SignalSpec("pressure", passed_on),),
        events=tuple(f"event {i}" for i in range(EVENTS)),
        stamps=tuple(f"stamp {i}" for i in range(STAMPS)),
        encounters=encounters,
        rings=tuple((f"ring {i}", RING_CAPACITY) for i in range(RINGS)),
        schedules=SCHEDULES,
        codes=tuple(replace(spec, once=spec.kind == "diagnosis") for spec in CODES),
        **settings,
    )
