"""What is left to chance: branches, uptake, adherence, delays, attributes."""

from __future__ import annotations

import numpy as np
from scipy import stats

from simulator.compiler.machine import (
    Apply,
    Arrow,
    Base,
    ByChance,
    ByRate,
    Const,
    Draw,
    Emit,
    If,
    InState,
    OnEvent,
    Raise,
    State,
    TimeAtLeast,
    Var,
    VarSpec,
    WhenTrue,
)
from tests.statistics import against
from tests.statistics.build import VALUE, YEAR, by, duration, instant, law, machine, process, rate
from tests.statistics.observe import observe

FEMALE = Var(0)


def test_branches_are_taken_by_weight() -> None:
    """Weights need not add up to one and may depend on the patient.

    Detects 0.0157 at p = 0.5 (n = 50,000 of each sex).
    """
    weights = (Const(3.0), Apply("if", (FEMALE, Const(6.0), Const(1.0))), Const(0.0), Const(1.0))
    fork = State("fork", tuple(Arrow(f"to {i}", i + 1, ByChance(w)) for i, w in enumerate(weights)))
    seen = observe(machine(process("p", fork, *(State(f"end{i}") for i in range(4))), years=0.1))
    ends = seen.state_at(0, 0.05)
    for sex, share in ((0, (0.6, 0.2, 0.0, 0.2)), (1, (0.3, 0.6, 0.0, 0.1))):
        for i, p in enumerate(share):
            mine = ends[seen.sex == sex] == i + 1
            if p == 0.0:
                assert not mine.any()
            else:
                against.probability(mine, p, f"branch {i}, sex {sex}")


def test_uptake_at_each_occasion() -> None:
    """An offer comes at random, again and again; each time 30 % accept, men only from 2002 on.

    The number of offers until the first acceptance is geometric, and acceptances thin the
    Poisson process of offers: women wait Exp(0.3·2). Detects 0.0157 at p = 0.5 (n = 50,000).
    """
    offer = process("offer", State("at", (rate(2.0, "offer", 0, (Raise(0),)),)))
    condition = Apply("or", (FEMALE, TimeAtLeast(instant(2002))))
    accept = Arrow("accept", 1, OnEvent(0, condition, Const(0.3)))
    seen = observe(
        machine(
            offer,
            process("uptake", State("no", (accept,)), State("yes")),
            years=5.0,
            events=("offer",),
            size=100_000,
        )
    )
    times = seen.first(1, 1)
    against.distribution(times[seen.sex == 1], lambda t: -np.expm1(-0.6 * t), 4.9, "women")
    late = (instant(2002) - instant(2000)) / YEAR
    against.distribution(
        times[seen.sex == 0] - late, lambda t: -np.expm1(-0.6 * np.clip(t, 0.0, None)), 2.9, "men"
    )
    moves, offers = seen.moves(1, 1), seen.moves(0, 0)
    assert np.isin(moves["time"], offers["time"]).all()
    first = np.full(seen.size, 0)
    accepted = np.full(seen.size, np.iinfo(np.int64).max)
    accepted[moves["patient"]] = moves["time"]
    np.add.at(first, offers["patient"], offers["time"] <= accepted[offers["patient"]])
    many = (seen.sex == 1) & np.isfinite(times)
    for k in (1, 2, 3):
        # those accepted within the period: P(k-th offer comes within it, and is the one taken)
        p = 0.7 ** (k - 1) * 0.3 * stats.gamma.cdf(5.0, k, scale=0.5)
        against.probability(many[seen.sex == 1] & (first[seen.sex == 1] == k), p, f"accepted offer {k}")


def test_two_processes_decide_independently() -> None:
    """The same event, two listeners with probabilities 0.5 and 0.2: the joint is the product.

    Detects 0.0067 at p = 0.1 (n = 100,000).
    """
    offer = process(
        "offer", State("before", (Arrow("offer", 1, WhenTrue(Const(1.0)), (Raise(0),)),)), State("made")
    )
    listeners = [
        process(name, State("no", (Arrow(name, 1, OnEvent(0, None, Const(p))),)), State("yes"))
        for name, p in (("one", 0.5), ("two", 0.2))
    ]
    seen = observe(machine(offer, *listeners, years=0.1, events=("offer",)))
    one, two = seen.state_at(1, 0.05) == 1, seen.state_at(2, 0.05) == 1
    against.probability(one, 0.5, "one")
    against.probability(two, 0.2, "two")
    against.probability(one & two, 0.1, "both")


def test_delay_after_a_condition() -> None:
    """True from 2001 on, and 0 to 6 months (uniform) until something is done about it.

    Detects a gap of 0.0174 between the distribution functions (n = 100,000).
    """
    arrow = Arrow("start", 1, WhenTrue(TimeAtLeast(instant(2001)), duration("uniform", 0.0, 0.5, scaled=2)))
    seen = observe(machine(process("treatment", State("off", (arrow,)), State("on")), years=3.0))
    since = seen.first(0, 1) - (instant(2001) - instant(2000)) / YEAR
    against.distribution(since, lambda t: np.clip(t / 0.5, 0.0, 1.0), 0.6, "delay")


def test_actions_with_a_probability() -> None:
    """A row is written with probability 0.7 in women only. Detects 0.0143 (n = 50,000)."""
    write = If(FEMALE, Const(0.7), "coin", (Emit(VALUE, Const(1.0)),))
    seen = observe(machine(process("p", State("at", on_entry=(write,))), years=0.1))
    patients, _, _ = seen.values(VALUE)
    wrote = np.bincount(patients, minlength=seen.size)
    assert wrote.max() == 1
    assert not wrote[seen.sex == 0].any()
    against.probability(wrote[seen.sex == 1] == 1, 0.7, "women")


def test_adherence_is_drawn_at_the_start_and_scales_the_effect() -> None:
    """Adherence A ~ beta(8, 2), drawn as a treatment starts; the hazard is then 1 − 0.8·A.

    Survival from the start is E[exp(−(1 − 0.8·A)·t)], by quadrature. Detects a gap of 0.0174
    in either distribution (n = 100,000).
    """
    a, b = 8.0, 2.0
    adherence = VarSpec("adherence")
    take = Draw(1, law("beta", a, b), "adherence")
    start = Arrow("start", 1, WhenTrue(Const(1.0)), (take, Emit(VALUE, Var(1))))
    treatment = process("treatment", State("off", (start,)), State("on"))
    effect = Apply("if", (InState(0, 0b10), Apply("sub", (Const(1.0), by(0.8, Var(1)))), Const(1.0)))
    event = process(
        "event", State("before", (Arrow("event", 1, ByRate(Base("constant"), None, effect)),)), State("after")
    )
    seen = observe(machine(treatment, event, years=4.0, variables=(adherence,)))
    _, _, drawn = seen.values(VALUE)
    against.distribution(drawn, stats.beta(a, b).cdf, 1.0, "adherence")
    nodes, weights = np.polynomial.legendre.leggauss(60)
    x = (nodes + 1.0) / 2.0
    mass = weights / 2.0 * stats.beta(a, b).pdf(x)

    def cdf(t: np.ndarray) -> np.ndarray:
        return 1.0 - np.exp(-np.multiply.outer(t, 1.0 - 0.8 * x)) @ mass

    against.distribution(seen.first(1, 1), cdf, 3.9, "event")


def test_attributes() -> None:
    """A category whose weights depend on sex; a number whose mean depends on that category, clipped.

    Detects 0.0157 at p = 0.5, and 0.03 standard deviations of the number (n = 50,000).
    """
    smoker = VarSpec(
        "smoker",
        categories=("never", "current"),
        weights=(Const(1.0), Apply("if", (FEMALE, Const(0.25), Const(1.0)))),
        initial=None,
    )
    mean = Apply("add", (Const(26.0), by(2.0, Var(1))))
    bmi = VarSpec("bmi", initial=_normal(mean, 4.0), low=18.0, high=40.0)
    state = State("at", on_entry=(Emit(VALUE, Var(1)), Emit(VALUE, Var(2))))
    seen = observe(machine(process("p", state), years=0.1, variables=(smoker, bmi)))
    _, _, values = seen.values(VALUE)
    smokes, weight = values[0::2], values[1::2]
    against.probability(smokes[seen.sex == 0] == 1.0, 0.5, "men")
    against.probability(smokes[seen.sex == 1] == 1.0, 0.2, "women")
    for value, centre in ((0.0, 26.0), (1.0, 28.0)):
        mine = weight[smokes == value]
        normal = stats.norm(centre, 4.0)
        against.distribution(
            mine,
            lambda x, normal=normal: np.where(x < 18.0, 0.0, np.where(x >= 40.0, 1.0, normal.cdf(x))),
            39.9,
            "bmi",
        )
        against.probability(mine == 18.0, float(normal.cdf(18.0)), "at the lower bound")
        against.probability(mine == 40.0, float(normal.sf(40.0)), "at the upper bound")


def _normal(mean: Apply, sd: float) -> object:
    from simulator.compiler.machine import Distribution

    return Distribution("normal", (mean, Const(sd)))
