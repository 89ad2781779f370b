"""Conditions on time come true at the exact microsecond: nothing here is statistical.

What is expected is computed with `datetime`, not with the engine's own calendar.
"""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from simulator.compiler.machine import (
    AgeAtLeast,
    AgeSex,
    Apply,
    Arrow,
    AtAge,
    Const,
    CountAtLeast,
    LevelAtLeast,
    LevelSpec,
    Measure,
    Push,
    SinceAtLeast,
    SinceLess,
    Stamp,
    State,
    Term,
    TimeAtLeast,
    VarSpec,
    WhenTrue,
)
from tests.statistics.build import DAY, EPOCH, LEVEL, YEAR, instant, law, machine, process, rate
from tests.statistics.observe import Observed, observe

MICROSECOND = dt.timedelta(microseconds=1)
EVERYONE = AgeSex(((0, 0.0, 90.0, 1.0), (1, 0.0, 90.0, 1.0)))


def birthday(birth: int, age: int) -> int:
    """The instant of that birthday; those born on 29 February have it on 1 March in common years."""
    born = EPOCH + birth * MICROSECOND
    try:
        day = born.replace(year=born.year + age)
    except ValueError:
        day = born.replace(year=born.year + age, month=3, day=1)
    return (day - EPOCH) // MICROSECOND


def of_age(birth: int, age: float) -> int:
    whole = math.floor(age)
    low, high = birthday(birth, whole), birthday(birth, whole + 1)
    return low + math.floor((age - whole) * (high - low) + 0.5)


def once(name: str, condition: Term) -> object:
    return process(name, State("waiting", (Arrow(name, 1, WhenTrue(condition)),)), State("over"))


def fired(seen: Observed, number: int, to: int = 1) -> np.ndarray:
    """Instant at which each patient's process first entered `to`; -1 if it never did."""
    moves = seen.moves(number, to)
    out = np.full(seen.size, -1)
    out[moves["patient"][::-1]] = moves["time"][::-1]
    return out


def test_ages_are_reached_on_the_birthday() -> None:
    """Whole and broken ages, reached and passed, waited for in both ways; births on all days of
    90 years, some on 29 February."""
    ages = (18.0, 40.0, 40.5, 64.25)
    waits = [once(f"condition {a}", AgeAtLeast(a)) for a in ages]
    waits += [
        process(f"at {a}", State("waiting", (Arrow(f"at {a}", 1, AtAge(a)),)), State("over")) for a in ages
    ]
    seen = observe(machine(*waits, size=20_000, years=30.0, age_sex=EVERYONE))
    start, end = seen.machine.population.start, seen.machine.population.end
    births = [EPOCH + int(b) * MICROSECOND for b in seen.birth]
    assert sum((b.month, b.day) == (2, 29) for b in births) > 5
    for i, age in enumerate(ages):
        due = np.array([of_age(int(b), age) for b in seen.birth])
        condition = np.where(due < end, np.maximum(due, start), -1)
        np.testing.assert_array_equal(fired(seen, i), condition)
        np.testing.assert_array_equal(
            fired(seen, len(ages) + i), np.where((due >= start) & (due < end), due, -1)
        )


def test_dates_and_durations_are_exact() -> None:
    """A date; a time since an event that happens at random; a window that closes after it."""
    date, wait = instant(2003, 7, 15), 400 * DAY
    stamped = process("event", State("before", (rate(0.3, "event", 1, (Stamp(0),)),)), State("after"))
    since = once("since", SinceAtLeast(0, wait))
    recent = once("recent", SinceLess(0, wait))
    over = process(
        "no longer",
        State("waiting", (Arrow("recent at last", 1, WhenTrue(SinceLess(0, wait))),)),
        State("recent", (Arrow("not recent", 2, WhenTrue(Apply("not", (SinceLess(0, wait),)))),)),
        State("over"),
    )
    seen = observe(
        machine(stamped, since, recent, over, once("date", TimeAtLeast(date)), size=5_000, stamps=("event",))
    )
    end = seen.machine.population.end
    event = fired(seen, 0)
    later = np.where((event >= 0) & (event + wait < end), event + wait, -1)
    assert (later >= 0).sum() > 1_000
    np.testing.assert_array_equal(fired(seen, 1), later)
    np.testing.assert_array_equal(fired(seen, 2), event)
    np.testing.assert_array_equal(fired(seen, 3, to=2), later)
    np.testing.assert_array_equal(fired(seen, 4), np.full(seen.size, date))


def test_counts_within_a_window() -> None:
    """Three events within a year: true at the third, false when the first of them is a year old."""
    recurrent = process("recurrent", State("at", (rate(2.0, "again", 0, (Push(0),)),)))
    often = CountAtLeast(0, 3, YEAR)
    phase = process(
        "phase",
        State("rare", (Arrow("often", 1, WhenTrue(often)),)),
        State("frequent", (Arrow("rare again", 2, WhenTrue(Apply("not", (often,)))),)),
        State("over"),
    )
    ever = once("ever", CountAtLeast(0, 5, None))
    seen = observe(machine(recurrent, phase, ever, size=3_000, years=6.0, rings=(("again", 5),)))
    end = seen.machine.population.end
    again = seen.moves(0, 0)
    begin, stop, fifth = (np.full(seen.size, -1) for _ in range(3))
    for patient in range(seen.size):
        times = again["time"][again["patient"] == patient]
        if len(times) >= 5:
            fifth[patient] = times[4]
        reached = [i for i in range(2, len(times)) if times[i - 2] > times[i] - YEAR]
        if not reached:
            continue
        i = reached[0]
        begin[patient] = times[i]
        while i + 1 < len(times) and times[i + 1] < times[i - 2] + YEAR:
            i += 1
        if times[i - 2] + YEAR < end:
            stop[patient] = times[i - 2] + YEAR
    assert (stop >= 0).sum() > 1_000
    np.testing.assert_array_equal(fired(seen, 1), begin)
    np.testing.assert_array_equal(fired(seen, 1, to=2), stop)
    np.testing.assert_array_equal(fired(seen, 2), fifth)


def test_a_falling_level_crosses_its_threshold() -> None:
    """Value 100 ± 10 between patients falls by 8 a year, from 2002 on by 20: below 80 exactly then.

    Each patient's own level is read from a noiseless measurement at the start (six decimals), so
    the crossing is known to within 2·10⁻⁷ years.
    """
    switch = instant(2002)
    slope = Apply("if", (TimeAtLeast(switch), Const(-20.0), Const(-8.0)))
    level = LevelSpec(
        "level", LEVEL, Const(100.0), 10.0, 0.0, slope, Const(0.0), -1e9, 1e9, 6, last_var=1, smooth=True
    )
    below = Apply("not", (LevelAtLeast(0, 80.0),))
    measure = process("measure", State("at", on_entry=(Measure(0, 0),)))
    seen = observe(
        machine(
            measure,
            once("below", below),
            size=5_000,
            levels=(level,),
            variables=(VarSpec("last"),),
            age=law("fixed", 50.0),
        )
    )
    patients, _, values = seen.values(LEVEL)
    np.testing.assert_array_equal(patients, np.arange(seen.size))
    early = (switch - instant(2000)) / YEAR
    above = values - 80.0
    expected = np.where(above <= 8.0 * early, above / 8.0, early + (above - 8.0 * early) / 20.0)
    np.testing.assert_allclose(seen.first(1, 1), np.maximum(expected, 0.0), atol=1e-6)
