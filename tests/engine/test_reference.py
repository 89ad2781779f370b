"""The reference engine on machines whose histories can be worked out by hand."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from simulator import rng
from simulator.compiler.machine import (
    AfterDuration,
    AgeAtLeast,
    Apply,
    Arrow,
    AtAge,
    Axis,
    Base,
    ByChance,
    ByRate,
    Const,
    CountAtLeast,
    Distribution,
    Draw,
    Emit,
    If,
    InState,
    Lookup,
    OnEvent,
    Push,
    Raise,
    Set,
    SinceAtLeast,
    SinceLess,
    Stamp,
    Stamped,
    TimeAtLeast,
    Var,
    VarSpec,
    WhenTrue,
)
from simulator.engine.ages import NULL, YEAR
from simulator.engine.reference import TruthRow, run_patient

SEED = 11
DAY = 86_400_000_000
BIRTH, FACT = 0, 4  # codes of every small machine, see conftest.py
CONSTANT = Base("constant")


def instant(*parts: int) -> int:
    return (dt.datetime(*parts) - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)


START, END = instant(2000, 1, 1), instant(2010, 1, 1)


def fixed(value):
    return Distribution("fixed", (Const(float(value)),))


def after(name, target, duration, *actions):
    return Arrow(name, target, AfterDuration(fixed(duration)), actions)


def clock(stream, patient=0, n=0):
    """The unit exponential that a stream begins with."""
    return -math.log(rng.uniform(SEED, patient, rng.stream_id(stream), n))


def run(machine, patient=0, **kwargs):
    return run_patient(machine, SEED, patient, **kwargs)


def codes_and_times(history):
    return [(row.code, row.time) for row in history.events if row.time != NULL]


# --- triggers ---------------------------------------------------------------------------


def test_a_constant_rate_fires_when_its_exponential_is_spent(small_machine, process):
    machine = small_machine(
        process("flu", well=(Arrow("ill", 1, ByRate(CONSTANT, None, Const(2.0))),), ill=())
    )
    for patient in range(20):
        history = run(machine, patient)
        expected = START + clock("arrow:ill", patient) / 2.0 * YEAR
        if expected >= END:
            assert history.truth == []
        else:
            [row] = history.truth
            assert abs(row.time - expected) <= 1
            assert row[1:] == (0, 0, 1, 0)


def test_a_hazard_that_doubles_runs_the_same_clock_down_faster(small_machine, process):
    factor = Apply("if", (TimeAtLeast(instant(2001, 1, 1)), Const(2.0), Const(1.0)))
    machine = small_machine(process("flu", well=(Arrow("ill", 1, ByRate(CONSTANT, None, factor)),), ill=()))
    seen = set()
    for patient in range(30):
        events, first = clock("arrow:ill", patient), (instant(2001, 1, 1) - START) / YEAR
        years = events if events < first else first + (events - first) / 2.0
        seen.add(events < first)
        [row] = run(machine, patient).truth
        assert abs(row.time - (START + years * YEAR)) <= 2
    assert seen == {True, False}


def test_a_rate_that_is_switched_off_keeps_its_clock(small_machine, process):
    off = Apply("and", (TimeAtLeast(instant(2000, 2, 1)), Apply("not", (TimeAtLeast(instant(2002, 2, 1)),))))
    factor = Apply("if", (off, Const(0.0), Const(1.0)))
    machine = small_machine(process("flu", well=(Arrow("ill", 1, ByRate(CONSTANT, None, factor)),), ill=()))
    pause = (instant(2002, 2, 1) - instant(2000, 2, 1)) / YEAR
    for patient in range(10):
        events, first = clock("arrow:ill", patient), (instant(2000, 2, 1) - START) / YEAR
        years = events if events < first else events + pause
        [row] = run(machine, patient).truth
        assert abs(row.time - (START + years * YEAR)) <= 2


@pytest.mark.parametrize("factor", [0.0, -3.0, math.nan])
def test_no_hazard_no_event(small_machine, process, factor):
    machine = small_machine(
        process("flu", well=(Arrow("ill", 1, ByRate(CONSTANT, None, Const(factor))),), ill=())
    )
    assert run(machine).truth == []


def test_a_table_by_age_and_stratum(small_machine, process):
    base = Base("age", (0.0, 1.0, 3.0), ((0.0, 0.1, 5.0), (0.0, 0.2, 0.0)))
    machine = small_machine(process("flu", well=(Arrow("ill", 1, ByRate(base, Var(0), None)),), ill=()))
    outcomes = set()
    for patient in range(60):
        history, events = run(machine, patient), clock("arrow:ill", patient)
        if history.sex == 0:
            age = 1.0 + events / 0.1 if events < 0.2 else 3.0 + (events - 0.2) / 5.0
        else:
            age = 1.0 + events / 0.2 if events < 0.4 else None
        outcomes.add((history.sex, age is None or age >= 3.0))
        if age is None:
            assert history.truth == []
        else:
            k = int(age)
            low, high = instant(2000 + k, 1, 1), instant(2001 + k, 1, 1)
            assert abs(history.truth[0].time - (low + (age - k) * (high - low))) <= 1
    assert len(outcomes) == 4


def test_a_table_by_month(small_machine, process):
    january_only = Base("calendar", (), ((31.0,) + (0.0,) * 11,))
    machine = small_machine(process("flu", well=(Arrow("ill", 1, ByRate(january_only, None, None)),), ill=()))
    january = 31.0 * 31 / 365.2425  # events expected each January
    for patient in range(30):
        events = clock("arrow:ill", patient)
        year = int(events / january)
        time = instant(2000 + year, 1, 1) + (events - year * january) / 31.0 * YEAR
        [row] = run(machine, patient).truth
        assert abs(row.time - time) <= 2


@pytest.mark.parametrize("growth", [0.3, 0.0, -0.5])
def test_a_gompertz_hazard(small_machine, process, growth):
    base = Base("gompertz", (), ((0.4, 2.0, growth),))
    machine = small_machine(process("flu", well=(Arrow("ill", 1, ByRate(base, None, None)),), ill=()))
    never = 0
    for patient in range(30):
        events, history = clock("arrow:ill", patient), run(machine, patient)
        if growth == 0.0:
            age = events / 0.4
        else:
            inside = math.exp(-2.0 * growth) + events * growth / 0.4
            age = 2.0 + math.log(inside) / growth if inside > 0.0 else math.inf
        if age >= 10.0:
            never += 1
            assert history.truth == []
        else:
            k = int(age)
            low, high = instant(2000 + k, 1, 1), instant(2001 + k, 1, 1)
            assert abs(history.truth[0].time - (low + (age - k) * (high - low))) <= 2
    assert never < 30


def test_after_a_duration_the_state_is_left_and_entered_anew(small_machine, process):
    machine = small_machine(
        process("cycle", low=(after("up", 1, 3 * DAY),), high=(after("down", 0, 4 * DAY),)),
        end=START + 10 * DAY,
    )
    assert run(machine).truth == [
        TruthRow(START + 3 * DAY, 0, 0, 1, 0),
        TruthRow(START + 7 * DAY, 0, 1, 0, 1),
    ]  # the third, on day 10, is no longer inside


def test_a_silent_arrow_and_a_process_that_is_not_latent_leave_no_truth(small_machine, process):
    silent = Arrow("quiet", 1, AfterDuration(fixed(DAY)), silent=True)
    machine = small_machine(
        process("a", x=(silent,), y=(after("loud", 0, 400 * DAY),)),
        process("b", latent=False, x=(after("hidden", 1, DAY, Emit(FACT)),), y=()),
    )
    history = run(machine)
    assert {row.arrow for row in history.truth} == {1}
    assert (FACT, START + DAY) in codes_and_times(history)
    assert history.events[-1].arrow == 2


def test_a_condition_must_hold_for_its_delay(small_machine, process):
    # on for 2 days of every 3; a delay of 2.5 days is never reached, one of 1 day is
    switch = process("switch", off=(after("on", 1, DAY),), on=(after("off", 0, 2 * DAY),))
    on = InState(0, 0b10)

    def first(delay):
        waiting = process("w", wait=(Arrow("go", 1, WhenTrue(on, delay)),), done=())
        truth = run(small_machine(switch, waiting, end=START + 30 * DAY)).truth
        return next((row.time for row in truth if row.process == 1), None)

    assert first(None) == START + DAY
    assert first(fixed(DAY)) == START + 2 * DAY
    assert first(fixed(2 * DAY)) is None  # goes off in the same instant, and comes first
    assert first(fixed(2.5 * DAY)) is None


def test_a_delay_is_drawn_anew_each_time_the_condition_comes_true(small_machine, process):
    switch = process("switch", off=(after("on", 1, DAY),), on=(after("off", 0, 2 * DAY),))
    delay = Distribution("uniform", (Const(0.0), Const(10.0 * DAY)))
    waiting = process("w", wait=(Arrow("go", 1, WhenTrue(InState(0, 2), delay)),), done=())
    history = run(small_machine(switch, waiting))
    stream = rng.stream_id("arrow:go")
    n, delays = 0, []
    while True:
        delays.append(10.0 * DAY * rng.uniform(SEED, 0, stream, n))
        if delays[-1] < 2 * DAY:
            break
        n += 1
    [row] = [row for row in history.truth if row.process == 1]
    assert abs(row.time - (START + n * 3 * DAY + DAY + delays[-1])) <= 1


def test_an_age_is_reached_at_the_birthday_or_not_at_all(small_machine, process):
    def first(years, age):
        machine = small_machine(
            process("p", a=(Arrow("go", 1, AtAge(years)),), b=()), age=fixed(age), start=START
        )
        truth = run(machine).truth
        return truth[0].time if truth else None

    assert first(3.0, 0.0) == instant(2003, 1, 1)
    assert first(0.5, 0.0) == instant(2000, 7, 2)  # half of 366 days
    assert first(0.0, 0.0) == START
    assert first(5.0, 6.0) is None


def test_events_reach_each_process_once_and_in_order(small_machine, process):
    source = process("source", a=(after("fire", 1, DAY, Raise(0)),), b=())
    # raises event 1 when it hears event 0; its second state would hear event 0 too
    relay = process(
        "relay",
        a=(Arrow("first", 1, OnEvent(0), (Raise(1),)),),
        b=(Arrow("second", 2, OnEvent(0)), Arrow("third", 3, OnEvent(1))),
        c=(),
        d=(),
    )
    deaf = process("deaf", a=(Arrow("never", 1, OnEvent(0, Const(0.0))),), b=())
    machine = small_machine(source, relay, deaf, events=("zero", "one"))
    assert [(row.process, row.after) for row in run(machine).truth] == [(0, 1), (1, 1), (1, 3)]


def test_the_first_willing_listener_of_a_state_takes_the_event(small_machine, process):
    source = process("source", a=(after("fire", 1, DAY, Raise(0)),), b=())
    listener = process(
        "listener",
        a=(
            Arrow("unwilling", 1, OnEvent(0, None, Const(0.0))),
            Arrow("maybe", 2, OnEvent(0, None, Const(0.5))),
            Arrow("willing", 3, OnEvent(0)),
        ),
        b=(),
        c=(),
        d=(),
    )
    machine = small_machine(source, listener, events=("zero",))
    taken = set()
    for patient in range(20):
        lucky = rng.uniform(SEED, patient, rng.stream_id("arrow:maybe"), 0) < 0.5
        target = run(machine, patient).truth[1].after
        assert target == (2 if lucky else 3)
        taken.add(target)
    assert taken == {2, 3}


def test_chance_is_taken_at_once_by_weight(small_machine, process):
    def chance(name, target, weight):
        return Arrow(name, target, ByChance(Const(weight)))

    machine = small_machine(
        process("p", a=(chance("x", 1, 1.0), chance("y", 2, 0.0), chance("z", 3, 3.0)), b=(), c=(), d=())
    )
    stream = rng.stream_id("state:p/a")
    for patient in range(30):
        [row] = run(machine, patient).truth
        u = rng.uniform(SEED, patient, stream, 0)
        assert (row.time, row.after) == (START, 1 if u * 4.0 < 1.0 else 3)


# --- variables, stamps, counts ----------------------------------------------------------


def test_variables_are_drawn_in_order_and_recorded(small_machine, process):
    group = VarSpec("group", ("a", "b"), (Const(1.0), Const(3.0)), recorded=True, code=3)
    # the number is 10 in group a, 20 in group b, and clipped
    mean = Apply("add", (Const(10.0), Apply("mul", (Const(10.0), Var(1)))))
    number = VarSpec("number", initial=Distribution("fixed", (mean,)), high=15.0, recorded=True, code=5)
    machine = small_machine(vars=(group, number, VarSpec("none")))
    for patient in range(10):
        history = run(machine, patient)
        category = int(rng.uniform(SEED, patient, rng.stream_id("var:group"), 0) * 4.0 >= 1.0)
        first, second, birth = history.events
        assert (first.time, first.code, first.encounter, first.arrow) == (NULL, 3 + category, -1, -1)
        assert math.isnan(first.value)
        assert (second.time, second.code, second.value) == (NULL, 5, 10.0 if category == 0 else 15.0)
        assert (birth.time, birth.code) == (START, BIRTH)


def test_set_and_draw_change_what_conditions_read(small_machine, process):
    writer = process(
        "writer", a=(after("write", 1, DAY, Set(1, Const(5.0)), Draw(2, fixed(7.0), "draw")),), b=()
    )
    reached = Apply("ge", (Apply("add", (Var(1), Var(2))), Const(12.0)))
    reader = process("reader", a=(Arrow("read", 1, WhenTrue(reached)),), b=())
    machine = small_machine(reader, writer, vars=(VarSpec("x"), VarSpec("y")))
    assert [(row.process, row.time) for row in run(machine).truth] == [(1, START + DAY), (0, START + DAY)]


def test_time_since_a_stamp(small_machine, process):
    stamper = process("s", a=(after("stamp", 1, DAY, Stamp(0)),), b=(after("again", 1, 5 * DAY, Stamp(0)),))

    def first(condition):
        waiting = process("w", a=(Arrow("go", 1, WhenTrue(condition)),), b=())
        truth = run(small_machine(stamper, waiting, stamps=("s",), end=START + 60 * DAY)).truth
        return next((row.time - START for row in truth if row.process == 1), None)

    assert first(Stamped(0)) == DAY
    assert first(SinceLess(0, DAY)) == DAY
    assert first(SinceAtLeast(0, 3 * DAY)) == 4 * DAY
    assert first(SinceAtLeast(0, 5 * DAY)) is None  # the lower process comes first, and stamps again
    assert first(SinceAtLeast(0, 6 * DAY)) is None
    over = Apply("and", (Stamped(0), Apply("not", (SinceLess(0, 2 * DAY),))))
    assert first(over) == 3 * DAY


def test_counting_events_in_a_window_of_time(small_machine, process):
    # entries on days 1, 3, 5, …
    counter = process("c", a=(after("first", 1, DAY, Push(0)),), b=(after("next", 1, 2 * DAY, Push(0)),))

    def times(condition, end=20):
        waiting = process(
            "w",
            a=(Arrow("up", 1, WhenTrue(condition)),),
            b=(Arrow("down", 0, WhenTrue(Apply("not", (condition,)))),),
        )
        machine = small_machine(counter, waiting, rings=(("r", 3),), end=START + end * DAY)
        return [(row.time - START) / DAY for row in run(machine).truth if row.process == 1]

    assert times(CountAtLeast(0, 3, None)) == [5.0]
    assert times(CountAtLeast(0, 2, 3 * DAY))[:3] == [3.0, 4.0, 5.0]  # day 1 leaves on day 4
    assert times(CountAtLeast(0, 2, 2 * DAY)) == []  # the older one leaves as the newer one comes
    assert times(CountAtLeast(0, 3, 5 * DAY), end=8) == [5.0, 6.0, 7.0]


def test_lookups_by_age_month_year_and_category(small_machine, process):
    def first(axis, values, **kwargs):
        reached = Apply("gt", (Lookup((axis,), values), Const(0.0)))
        waiting = process("w", a=(Arrow("go", 1, WhenTrue(reached)),), b=())
        truth = run(small_machine(waiting, **kwargs)).truth
        return truth[0].time if truth else None

    assert first(Axis("age", 3, (0.0, 2.0, 4.0)), (0.0, 0.0, 1.0)) == instant(2004, 1, 1)
    assert first(Axis("age", 2, (2.0, 4.0)), (1.0, 0.0)) == START  # below the first edge
    assert first(Axis("month", 12), (0.0,) * 6 + (1.0,) + (0.0,) * 5) == instant(2000, 7, 1)
    assert first(Axis("year", 2, (2000.0, 2003.0)), (0.0, 1.0)) == instant(2003, 1, 1)
    unknown = VarSpec("unknown", ("a", "b"))
    assert first(Axis("var", 2, index=1), (1.0, 1.0), vars=(unknown,)) is None


def test_a_lookup_over_two_axes_is_row_major(small_machine, process):
    table = Lookup((Axis("var", 2, index=0), Axis("age", 3, (0.0, 1.0, 2.0))), (0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    waiting = process("w", a=(Arrow("go", 1, WhenTrue(Apply("eq", (table, Const(1.0))))),), b=())
    for patient in range(8):
        history = run(small_machine(waiting), patient)
        assert history.truth[0].time == instant(2001 + history.sex, 1, 1)


def test_if_acts_by_condition_and_by_chance(small_machine, process):
    actions = (
        If(Const(0.0), None, "never", (Emit(FACT, Const(1.0)),)),
        If(None, Const(0.5), "half", (Emit(FACT, Const(2.0)),)),
        If(AgeAtLeast(0.0), None, "always", (Emit(FACT, Const(3.0)),)),
    )
    machine = small_machine(process("p", a=(after("go", 1, DAY, *actions),), b=()))
    seen = set()
    for patient in range(20):
        values = [row.value for row in run(machine, patient).events if row.code == FACT]
        lucky = rng.uniform(SEED, patient, rng.stream_id("half"), 0) < 0.5
        assert values == ([2.0, 3.0] if lucky else [3.0])
        seen.add(lucky)
    assert seen == {True, False}
