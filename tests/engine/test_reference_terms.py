"""Terms, levels, distributions and signals of the reference; and its lives against exact distributions."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from simulator import rng
from simulator.compiler.machine import (
    AfterDuration,
    Age,
    AgeAtLeast,
    Apply,
    Arrow,
    Base,
    ByRate,
    Const,
    Die,
    Distribution,
    Emit,
    InState,
    Level,
    LevelAtLeast,
    LevelSpec,
    Measure,
    SignalSpec,
    TimeAtLeast,
    Var,
    VarSpec,
    WhenTrue,
)
from simulator.compiler.machine import Signal as SignalTerm
from simulator.engine import numeric
from simulator.engine.ages import YEAR
from simulator.engine.reference import run_patient, run_population, run_signals, window_edges
from simulator.engine.reference_draws import Streams, whole_microseconds
from simulator.engine.reference_state import PatientState
from simulator.engine.reference_terms import apply, evaluate, value_of
from simulator.errors import EngineError, UsageError

SEED = 5
DAY = 86_400_000_000
FACT = 4
NAN, INF = math.nan, math.inf


def instant(*parts: int) -> int:
    return (dt.datetime(*parts) - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)


START = instant(2000, 1, 1)


def dist(kind, *params):
    return Distribution(kind, tuple(Const(float(p)) for p in params))


def level(**settings):
    values = {
        "mean": Const(100.0), "slope": Const(0.0), "shift": Const(0.0),
        "name": "x", "code": FACT, "deviation_sd": 0.0, "noise_sd": 0.0, "low": -1e6, "high": 1e6,
        "precision": 3, "last_var": 1, "smooth": True,
    }  # fmt: skip
    return LevelSpec(**{**values, **settings})


LAST = VarSpec("last x")


# --- operators --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "values", "result"),
    [
        ("add", [1.0, 2.0, 3.0], 6.0), ("sub", [5.0, 2.0], 3.0), ("mul", [2.0, 3.0, 4.0], 24.0),
        ("div", [1.0, 4.0], 0.25), ("div", [1.0, 0.0], NAN), ("div", [0.0, 0.0], NAN),
        ("pow", [2.0, 3.0], 8.0), ("neg", [2.0], -2.0),
        ("lt", [1.0, 2.0], 1.0), ("lt", [2.0, 2.0], 0.0), ("le", [2.0, 2.0], 1.0), ("gt", [2.0, 1.0], 1.0),
        ("ge", [1.0, 2.0], 0.0), ("eq", [1.0, 1.0], 1.0), ("ne", [1.0, 2.0], 1.0), ("ne", [1.0, 1.0], 0.0),
        ("lt", [NAN, 1.0], 0.0), ("ge", [NAN, 1.0], 0.0), ("eq", [NAN, NAN], 0.0), ("ne", [NAN, 1.0], 0.0),
        ("and", [1.0, 1.0, 0.0], 0.0), ("and", [1.0, 1.0, 1.0], 1.0), ("or", [0.0, 0.0, 1.0], 1.0),
        ("and", [NAN, 1.0], 0.0), ("or", [NAN, 1.0], 1.0), ("not", [0.0], 1.0), ("not", [NAN], 1.0),
        ("min", [3.0, 1.0, 2.0], 1.0), ("max", [3.0, 1.0, 4.0], 4.0), ("min", [NAN, 1.0], NAN),
        ("round", [7.3, 2.5], 7.5), ("round", [-7.3, 2.5], -7.5), ("round", [3.75, 2.5], 5.0),
        ("round", [1.0, 0.0], NAN),
        ("max", [1.0, NAN], NAN), ("if", [1.0, 2.0, 3.0], 2.0), ("if", [NAN, 2.0, 3.0], 3.0),
        ("sqrt", [9.0], 3.0), ("sqrt", [-1.0], NAN), ("exp", [0.0], 1.0), ("log", [1.0], 0.0),
    ],
)  # fmt: skip
def test_operators(op, values, result):
    assert apply(op, values) == pytest.approx(result, nan_ok=True, abs=0.0, rel=0.0)


def test_a_term_wakes_at_the_earliest_change_of_any_of_its_clocks(small_machine):
    patient = PatientState(small_machine(), 0, START, 0, START + DAY)
    term = Apply("or", (TimeAtLeast(START + 9 * DAY), TimeAtLeast(START + 4 * DAY), AgeAtLeast(0.0)))
    assert evaluate(term, patient) == (1.0, START + 4 * DAY)
    patient.now = START + 4 * DAY
    assert evaluate(term, patient) == (1.0, START + 9 * DAY)
    both = Apply("if", (TimeAtLeast(START), Const(1.0), AgeAtLeast(2.0)))
    assert evaluate(both, patient) == (1.0, instant(2002, 1, 1))


def test_exact_age(small_machine):
    patient = PatientState(small_machine(), 0, START, 0, instant(2001, 7, 2) + DAY // 2)
    assert value_of(Age(), patient) == 1.5


# --- levels -----------------------------------------------------------------------------


def test_a_level_drifts_with_the_slope_of_each_time(small_machine, process):
    switch = process("s", off=(Arrow("on", 1, AfterDuration(dist("fixed", YEAR))),), on=())
    slope = Apply("if", (InState(0, 2), Const(-4.0), Const(2.0)))
    shift = Apply("if", (InState(0, 2), Const(50.0), Const(0.0)))
    times = (0.5, 1.5, 3.0)
    measuring = [
        process(f"m{k}", a=(Arrow(f"go{k}", 1, AfterDuration(dist("fixed", t * YEAR)), (Measure(0),)),), b=())
        for k, t in enumerate(times)
    ]
    machine = small_machine(switch, *measuring, vars=(LAST,), levels=(level(slope=slope, shift=shift),))
    rows = [row for row in run_patient(machine, SEED, 0).events if row.code == FACT]
    assert [row.value for row in rows] == [101.0, 150.0, 144.0]
    assert [(row.time - START) / YEAR for row in rows] == list(times)


def test_a_measurement_has_deviation_and_noise_and_is_rounded_and_bounded(small_machine, process):
    spec = level(
        mean=Apply("add", (Const(100.0), Age())), deviation_sd=8.0, noise_sd=3.0, precision=1, high=110.0
    )
    twice = (Measure(0), Emit(FACT, Var(1)), Measure(0))
    machine = small_machine(
        process("m", a=(Arrow("go", 1, AfterDuration(dist("fixed", 0.0)), twice),), b=()),
        vars=(LAST,),
        levels=(spec,),
    )  # fmt: skip
    bounded = 0
    for patient in range(40):
        deviation, *noise = (
            numeric.normal_quantile(rng.uniform(SEED, patient, rng.stream_id(name), n))
            for name, n in (("level:x", 0), ("measure:x", 0), ("measure:x", 1))
        )
        expected = [min(round((100.0 + 8.0 * deviation + 3.0 * z) * 10) / 10, 110.0) for z in noise]
        values = [row.value for row in run_patient(machine, SEED, patient).events if row.code == FACT]
        assert values == [expected[0], expected[0], expected[1]]
        bounded += 110.0 in values
    assert 0 < bounded < 40


@pytest.mark.parametrize(
    ("mean", "slope", "threshold", "negate", "years"),
    [
        (100.0, 2.0, 103.0, False, 1.5),
        (100.0, -2.0, 99.0, True, 0.5),
        (100.0, 0.0, 100.0, False, 0.0),
        (100.0, 1.0, 99.0, False, 0.0),
        (100.0, 0.0, 101.0, False, None),
        (100.0, -1.0, 101.0, False, None),
        (100.0, 1e-9, 101.0, False, None),
        (NAN, 1.0, 101.0, False, None),
    ],
)
def test_a_threshold_is_crossed_at_the_instant_that_solves_it(
    small_machine, process, mean, slope, threshold, negate, years
):
    condition = LevelAtLeast(0, threshold)
    if negate:
        condition = Apply("not", (condition,))
    machine = small_machine(
        process("p", a=(Arrow("go", 1, WhenTrue(condition)),), b=()),
        vars=(LAST,),
        levels=(level(mean=Const(mean), slope=Const(slope)),),
    )
    times = [row.time for row in run_patient(machine, SEED, 0).truth]
    if years is None:
        assert times == []
    else:
        assert times == [START + int(years * YEAR) + (1 if negate else 0)]  # below only just after


def test_a_threshold_is_aimed_anew_when_the_slope_or_a_shift_changes(small_machine, process):
    switch = process("s", off=(Arrow("on", 1, AfterDuration(dist("fixed", YEAR))),), on=())
    waiting = process("p", a=(Arrow("go", 1, WhenTrue(LevelAtLeast(0, 110.0))),), b=())

    def crossing(**kwargs):
        machine = small_machine(switch, waiting, vars=(LAST,), levels=(level(**kwargs),))
        [time] = [row.time for row in run_patient(machine, SEED, 0).truth if row.process == 1]
        return (time - START) / YEAR

    def when_on(on, off):
        return Apply("if", (InState(0, 2), Const(on), Const(off)))

    assert crossing(slope=Const(2.5)) == 4.0
    assert crossing(slope=when_on(4.0, 2.0)) == 3.0
    assert crossing(slope=Const(2.0), shift=when_on(6.0, 0.0)) == 2.0
    assert crossing(slope=Const(2.0), shift=when_on(9.0, 0.0)) == 1.0
    late = Apply("if", (TimeAtLeast(START + YEAR), Const(8.0), Const(1.0)))  # a slope with a clock
    assert crossing(slope=late) == 1.0 + 9.0 / 8.0


def test_measuring_something_unknown_is_an_error(small_machine, process):
    machine = small_machine(
        process("m", a=(Arrow("go", 1, AfterDuration(dist("fixed", 0.0)), (Measure(0),)),), b=()),
        vars=(LAST,),
        levels=(level(mean=Const(NAN)),),
    )
    with pytest.raises(EngineError, match="patient 0: unknown x"):
        run_patient(machine, SEED, 0)


def test_levels_are_read_by_terms_that_are_evaluated_once(small_machine, process):
    machine = small_machine(
        process("p", a=(Arrow("go", 1, AfterDuration(dist("fixed", YEAR)), (Emit(FACT, Level(0)),)),), b=()),
        vars=(LAST,),
        levels=(level(slope=Const(0.1234567)),),
    )
    [row] = [row for row in run_patient(machine, SEED, 0).events if row.code == FACT]
    assert row.value == 100.0 + 0.1234567  # not rounded


# --- distributions ----------------------------------------------------------------------


def frozen(stats, kind, p):
    match kind:
        case "uniform":
            return stats.uniform(p[0], p[1] - p[0])
        case "normal":
            return stats.norm(p[0], p[1])
        case "exponential":
            return stats.expon(scale=p[0])
        case "weibull":
            return stats.weibull_min(p[1], scale=p[0])
        case "gamma":
            return stats.gamma(p[1], scale=p[0])
        case "lognormal":
            return stats.lognorm(p[1], scale=p[0])
        case "beta":
            return stats.beta(p[0], p[1])
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("uniform", (2.0, 5.0)),
        ("normal", (10.0, 3.0)),
        ("exponential", (4.0,)),
        ("weibull", (3.0, 2.1)),
        ("gamma", (2.0, 0.4)),
        ("gamma", (2.0, 3.5)),
        ("lognormal", (6.0, 1.2)),
        ("beta", (8.0, 2.0)),
    ],
)
def test_draws_follow_their_distribution(small_machine, kind, params):
    stats = pytest.importorskip("scipy.stats")
    patient = PatientState(small_machine(), 0, START, 0, START)
    streams = Streams(SEED, 0, 0)
    sample = [streams.draw(dist(kind, *params), "x", patient) for _ in range(4000)]
    # Kolmogorov-Smirnov at p = 1e-6: a shift of 0.045 in the distribution function would be seen
    assert stats.kstest(sample, frozen(stats, kind, params).cdf).pvalue > 1e-6


def test_an_empirical_distribution_is_linear_between_its_quantiles(small_machine):
    patient, streams = PatientState(small_machine(), 0, START, 0, START), Streams(SEED, 0, 0)
    given = dist("empirical", 0.0, 10.0, 100.0, 0.2, 0.6, 0.9)
    for n in range(200):
        u = rng.uniform(SEED, 0, rng.stream_id("x"), n)
        assert streams.draw(given, "x", patient) == pytest.approx(
            np.interp(u, [0.2, 0.6, 0.9], [0.0, 10.0, 100.0])
        )


def test_a_fixed_distribution_draws_nothing(small_machine):
    patient, streams = PatientState(small_machine(), 0, START, 0, START), Streams(SEED, 0, 0)
    assert streams.draw(dist("fixed", 3.0), "x", patient) == 3.0
    assert streams.counters["x"] == 0


def test_an_unknown_distribution_is_refused(small_machine):
    patient, streams = PatientState(small_machine(), 0, START, 0, START), Streams(SEED, 0, 0)
    with pytest.raises(ValueError, match=r"not a distribution: Distribution.kind='cauchy'"):
        streams.draw(dist("cauchy", 1.0), "x", patient)


@pytest.mark.parametrize(
    ("x", "expected"), [(0.4, 0), (0.5, 1), (-3.0, 0), (1e300, 2**62), (-INF, 0), (INF, 2**62)]
)
def test_durations_are_whole_microseconds_from_0_to_never(x, expected):
    assert whole_microseconds(x) == expected


# --- signals ----------------------------------------------------------------------------


@pytest.fixture
def epidemic(small_machine, process):
    """Two communities; the second mixes with the first; a few are ill at first, some die."""
    seeds = Apply("lt", (Var(1), Const(0.2)))
    pressure = Apply("mul", (Const(6.0), SignalTerm(0)))
    return small_machine(
        process(
            "flu",
            well=(
                Arrow("seed", 1, WhenTrue(seeds)),
                Arrow("catch", 1, ByRate(Base("constant"), None, pressure)),
            ),
            ill=(
                Arrow("recover", 2, AfterDuration(dist("fixed", 60 * DAY))),
                Arrow("die", 2, ByRate(Base("constant"), None, Const(0.5)), (Die(),)),
            ),
            immune=(),
        ),
        vars=(VarSpec("luck", initial=dist("uniform", 0.0, 1.0)),),
        signals=(SignalSpec("pressure", InState(0, 0b010)),),
        communities=2,
        mixing=((1.0, 0.0), (0.25, 0.75)),
        size=40,
        end=instant(2000, 6, 1),
    )


def test_signals_are_shares_of_the_living_at_the_start_of_each_window(epidemic):
    histories = run_population(epidemic, SEED, range(40))
    signals = run_signals(epidemic, SEED, range(40))
    edges = window_edges(epidemic)
    assert len(signals) == len(edges) - 1 == 5
    assert {h.community for h in histories[:20]} == {0}
    assert {h.community for h in histories[20:]} == {1}
    assert any(h.death is not None for h in histories)
    for w, now in enumerate(edges[:-1]):
        shares = []
        for community in (0, 1):
            ill = living = 0
            for history in histories:
                if history.community == community and (history.death is None or history.death >= now):
                    # who is ill from the beginning is so before the first window starts
                    moves = [row for row in history.truth if row.time < now or row.arrow == 0]
                    living += 1
                    ill += bool(moves) and moves[-1].after == 1 and w > 0
            shares.append(ill / living)
        assert signals[w] == [[shares[0]], [0.25 * shares[0] + 0.75 * shares[1]]]
    assert signals[3][0][0] > 0.0


def test_one_patient_is_regenerated_from_the_signals_alone(epidemic):
    histories = run_population(epidemic, SEED, range(40))
    signals = run_signals(epidemic, SEED, range(40))
    caught = 0
    for patient in range(0, 40, 3):
        again = run_patient(epidemic, SEED, patient, signals)
        assert again.truth == histories[patient].truth
        assert [row[:2] for row in again.events] == [row[:2] for row in histories[patient].events]
        caught += any(row.arrow == 1 for row in again.truth)
    assert caught > 0


def test_a_coupled_patient_needs_signals(epidemic):
    with pytest.raises(UsageError, match="patients are coupled by signals, and none were given"):
        run_patient(epidemic, SEED, 0)


def test_patients_that_nothing_couples_are_run_one_by_one(small_machine, process):
    machine = small_machine(process("p", a=(Arrow("go", 1, ByRate(Base("constant"), None, None)),), b=()))
    together = run_population(machine, SEED, [3, 1])
    assert [h.truth for h in together] == [run_patient(machine, SEED, p).truth for p in (3, 1)]


# --- statistics -------------------------------------------------------------------------


def test_competing_risks_with_a_risk_that_begins_with_age(small_machine, process):
    """Rates 0.3 and, from age 2 on, 0.2 a year: shares by cause and time, within 5 standard errors.

    With 1500 people a share that is off by 0.065 would be found.
    """
    late = Base("age", (0.0, 2.0), ((0.0, 0.2),))
    machine = small_machine(
        process(
            "p",
            a=(
                Arrow("early", 1, ByRate(Base("constant"), None, Const(0.3))),
                Arrow("late", 2, ByRate(late, None, None)),
            ),
            b=(),
            c=(),
        ),
        end=instant(2006, 1, 1),
    )
    n = 1500
    moves = [row for patient in range(n) for row in run_patient(machine, SEED, patient).truth]
    before = sum(row.after == 1 and row.time < instant(2002, 1, 1) for row in moves) / n
    first = sum(row.after == 1 for row in moves) / n
    second = sum(row.after == 2 for row in moves) / n
    survive_2 = math.exp(-0.6)
    later = survive_2 * (1.0 - math.exp(-0.5 * 4.0))
    for observed, expected in (
        (before, 1.0 - survive_2),
        (first, 1.0 - survive_2 + later * 0.6),
        (second, later * 0.4),
    ):
        assert abs(observed - expected) < 5.0 * math.sqrt(expected * (1.0 - expected) / n)
