"""What the reference records of a life: encounters, the problem list, death; and where lives begin."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import pytest

from simulator import rng
from simulator.compiler.machine import (
    AfterDuration,
    AgeSex,
    Apply,
    Arrow,
    Base,
    ByRate,
    Const,
    Die,
    Distribution,
    Emit,
    OnEvent,
    Raise,
    Set,
    State,
    TimeAtLeast,
    Var,
    VarSpec,
    Visit,
    WhenTrue,
)
from simulator.engine.ages import NULL, YEAR
from simulator.engine.reference import EncounterRow, TruthRow, run_patient, window_edges
from simulator.errors import EngineError

SEED = 11
HOUR = 3_600_000_000
DAY = 24 * HOUR
# of every small machine, see conftest.py
BIRTH, DEATH, CLINIC_CODE, WARD_CODE, FACT, DIAGNOSIS = range(6)
CLINIC, WARD = range(2)
CONSTANT = Base("constant")


def instant(*parts: int) -> int:
    return (dt.datetime(*parts) - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)


START, END = instant(2000, 1, 1), instant(2010, 1, 1)


def fixed(value):
    return Distribution("fixed", (Const(float(value)),))


def after(name, target, duration, *actions):
    return Arrow(name, target, AfterDuration(fixed(duration)), actions)


def run(machine, patient=0, **kwargs):
    return run_patient(machine, SEED, patient, **kwargs)


def codes_and_times(history):
    return [(row.code, row.time) for row in history.events if row.time != NULL]


# --- encounters -------------------------------------------------------------------------


def test_a_visit_joins_what_is_open_and_a_stronger_kind_closes_a_weaker(small_machine, process):
    half_past = DAY + HOUR // 2
    machine = small_machine(
        process("c", a=(after("clinic", 1, DAY, Visit(CLINIC), Emit(FACT)),), b=()),
        process("w", a=(after("ward", 1, half_past, Visit(WARD), Emit(FACT, None, Const(5.0 * DAY))),), b=()),
        process("d", a=(after("seen on ward", 1, 2 * DAY, Visit(CLINIC), Emit(FACT)),), b=()),
        process("e", a=(after("later", 1, 9 * DAY, Emit(FACT, Const(4.0), None, CLINIC)),), b=()),
    )  # fmt: skip
    history = run(machine)
    admitted, later = START + half_past, START + 9 * DAY
    assert history.encounters == [
        EncounterRow(0, CLINIC, START + DAY, admitted),
        EncounterRow(1, WARD, admitted, admitted + 2 * DAY),
        EncounterRow(2, CLINIC, later, later + HOUR),
    ]
    rows = [(row.time, row.code, row.encounter, row.end, row.arrow) for row in history.events[1:]]
    assert rows == [
        (START + DAY, CLINIC_CODE, 0, NULL, 0),
        (START + DAY, FACT, 0, NULL, 0),
        (admitted, WARD_CODE, 1, NULL, 1),
        (admitted, FACT, 1, admitted + 5 * DAY, 1),
        (START + 2 * DAY, FACT, 1, NULL, 2),
        (later, CLINIC_CODE, 2, NULL, 3),
        (later, FACT, 2, NULL, 3),
    ]
    assert history.events[-1].value == 4.0


def test_an_encounter_lasts_a_minute_at_least_and_may_outlast_the_period(small_machine, process):
    machine = small_machine(process("p", a=(after("go", 1, DAY, Visit(WARD)),), b=()), end=START + 2 * DAY)
    assert run(machine).encounters == [EncounterRow(0, WARD, START + DAY, NULL)]
    brief = replace(machine.encounters[0], duration=fixed(0.0))
    machine = small_machine(
        process("p", a=(after("go", 1, DAY, Visit(0)),), b=()), encounters=(brief, machine.encounters[1])
    )
    assert run(machine).encounters == [EncounterRow(0, 0, START + DAY, START + DAY + HOUR // 60)]


def test_a_code_of_once_is_recorded_once_in_an_encounter(small_machine, process):
    machine = small_machine(
        process("p", a=(after("first", 1, DAY, Visit(WARD), Emit(DIAGNOSIS), Emit(DIAGNOSIS)),), b=()),
        process("q", a=(after("same stay", 1, 2 * DAY, Emit(DIAGNOSIS), Emit(FACT), Emit(FACT)),), b=()),
        process("r", a=(after("another", 1, 9 * DAY, Visit(CLINIC), Emit(DIAGNOSIS)),), b=()),
    )
    machine = replace(machine, codes=tuple(replace(c, once=c.kind == "diagnosis") for c in machine.codes))
    rows = [(row.code, row.encounter) for row in run(machine).events[1:]]
    assert rows == [
        (WARD_CODE, 0), (DIAGNOSIS, 0), (FACT, 0), (FACT, 0), (CLINIC_CODE, 1), (DIAGNOSIS, 1),
    ]  # fmt: skip


# --- death and history ------------------------------------------------------------------


def test_death_closes_the_encounter_and_nothing_comes_after(small_machine, process):
    dead = State("dead", (), (Emit(FACT),))
    machine = small_machine(
        process("p", a=(after("admit", 1, DAY, Visit(WARD)),), b=()),
        process("d", a=(after("die", 1, 2 * DAY, Raise(0), Die(), Emit(FACT)),), b=dead),
        process("q", a=(Arrow("hears", 1, OnEvent(0), (Emit(FACT),)),), b=()),
        events=("e",),
    )  # fmt: skip
    history = run(machine)
    assert history.encounters == [EncounterRow(0, WARD, START + DAY, START + 2 * DAY)]
    assert (history.death, history.death_arrow, history.exit) == (START + 2 * DAY, 1, START + 2 * DAY)
    assert history.events[-1][:2] == (START + 2 * DAY, DEATH)
    assert history.events[-1].encounter == -1
    assert FACT not in {row.code for row in history.events}
    assert [row.arrow for row in history.truth] == [0, 1]


def test_before_the_period_only_the_problem_list_is_recorded(small_machine, process):
    day = 3 * YEAR - DAY
    machine = small_machine(
        process("a", a=(after("fact", 1, 10 * DAY, Emit(FACT)),), b=()),
        process("b", a=(after("first", 1, 20 * DAY, Emit(FACT), Emit(DIAGNOSIS), Emit(FACT)),), b=()),
        process("c", a=(after("late", 1, day, Visit(WARD), Emit(FACT)),), b=()),
        process("d", a=(Arrow("straddles", 1, WhenTrue(TimeAtLeast(START + HOUR)), (Emit(FACT),)),), b=()),
        age=fixed(3.0),
        history=True,
    )
    history = run(machine)
    birth = START - 3 * YEAR
    assert (history.birth, history.entry, history.record_from) == (birth, birth, START)
    admitted = birth + day
    assert admitted == START - DAY
    assert [(row.time, row.code, row.encounter) for row in history.events] == [
        (birth, BIRTH, -1),
        (birth + 20 * DAY, CLINIC_CODE, 1),
        (birth + 20 * DAY, DIAGNOSIS, 1),
        (admitted, WARD_CODE, 2),  # written when a row within the period falls into it
        (START + HOUR, FACT, 2),
    ]
    assert [row.number for row in history.encounters] == [1, 2]
    assert len(history.truth) == 4


def test_who_dies_before_the_period_is_begun_again(small_machine, process):
    mortality = Arrow("die", 1, ByRate(CONSTANT, None, Const(0.5)), (Die(),))
    machine = small_machine(
        process("life", alive=(mortality,), dead=()), history=True, age=fixed(4.0), female=0.0
    )
    attempts = set()
    for patient in range(40):
        attempt = 0
        while True:
            u = rng.uniform(SEED, patient, rng.stream_id("arrow:die"), 0, attempt)
            years = -math.log(u) / 0.5
            if years >= 4.0:
                break
            attempt += 1
        attempts.add(attempt)
        history = run(machine, patient)
        assert history.birth == START - 4 * YEAR
        assert [row.code for row in history.events].count(BIRTH) == 1
        if history.death is None:
            assert history.birth + years * YEAR >= END - 1
        else:
            assert abs(history.death - (history.birth + years * YEAR)) <= 1
    assert len(attempts) > 5


def test_someone_who_cannot_live_to_the_period_is_an_error(small_machine, process, monkeypatch):
    monkeypatch.setattr("simulator.engine.reference.MAX_ATTEMPTS", 50)
    machine = small_machine(
        process("life", a=(after("die", 1, DAY, Die()),), b=()), history=True, age=fixed(1.0)
    )
    with pytest.raises(EngineError, match="50 lives ended before the period began"):
        run(machine)


# --- beginning --------------------------------------------------------------------------


def test_age_and_sex_from_a_table(small_machine):
    cells = ((0, 10.0, 20.0, 1.0), (1, 0.0, 5.0, 3.0))
    machine = small_machine(age_sex=AgeSex(cells), age=None)
    stream = rng.stream_id("population")
    for patient in range(20):
        history = run(machine, patient)
        u, v = (rng.uniform(SEED, patient, stream, n) for n in range(2))
        sex, low, high, _ = cells[0 if u * 4.0 < 1.0 else 1]
        early, late = instant(2000 - int(high), 1, 1), instant(2000 - int(low), 1, 1)
        assert history.sex == sex
        assert history.birth == early + math.floor(v * (late - early))
        assert history.entry == START


def test_age_from_a_distribution_and_sex_by_share(small_machine):
    machine = small_machine(age=Distribution("uniform", (Const(20.0), Const(80.0))), female=0.3)
    stream = rng.stream_id("population")
    for patient in range(20):
        history = run(machine, patient)
        u, v = (rng.uniform(SEED, patient, stream, n) for n in range(2))
        assert history.sex == int(u < 0.3)
        assert history.birth == START - math.floor((20.0 + 60.0 * v) * YEAR + 0.5)


def test_a_population_without_ages_is_an_error(small_machine):
    with pytest.raises(EngineError, match="neither an age nor an age and sex structure"):
        run(small_machine(age=None))


def test_processes_act_on_one_another_while_they_begin(small_machine, process):
    # b is armed after a has set the variable: its delay is drawn once, when it is armed
    entered = State("a", (), (Set(1, Const(1.0)),))
    delay = Distribution("uniform", (Const(0.0), Const(10.0 * DAY)))
    waiting = Arrow("go", 1, WhenTrue(Apply("eq", (Var(1), Const(1.0))), delay))
    machine = small_machine(process("p", a=entered), process("q", a=(waiting,), b=()), vars=(VarSpec("x"),))
    u = rng.uniform(SEED, 0, rng.stream_id("arrow:go"), 0)
    assert run(machine).truth == [TruthRow(START + math.floor(u * 10.0 * DAY + 0.5), 1, 0, 1, 0)]


# --- trouble ----------------------------------------------------------------------------


def test_processes_that_set_each_other_off_for_ever_are_an_error(small_machine, process, monkeypatch):
    monkeypatch.setattr("simulator.engine.reference_life.MAX_FIRINGS_AT_ONE_INSTANT", 100)
    machine = small_machine(process("p", a=(after("x", 1, 0),), b=(after("y", 0, 0),)))
    with pytest.raises(EngineError, match="patient 0: more than 100 transitions at one instant"):
        run(machine)


def test_an_unknown_duration_is_an_error(small_machine, process):
    machine = small_machine(
        process("p", a=(Arrow("x", 1, AfterDuration(Distribution("fixed", (Var(1),)))),), b=()),
        vars=(VarSpec("nothing"),),
    )
    with pytest.raises(EngineError, match="patient 0: unknown duration drawn from arrow:x"):
        run(machine)


def test_windows_are_months_or_steps(small_machine):
    months = window_edges(small_machine(start=instant(2000, 1, 15), end=instant(2000, 4, 1)))
    assert months == [instant(2000, 1, 15)] + [instant(2000, m, 1) for m in (2, 3, 4)]
    steps = window_edges(small_machine(start=START, end=START + 5 * DAY, step=2 * DAY))
    assert steps == [START, START + 2 * DAY, START + 4 * DAY, START + 5 * DAY]
