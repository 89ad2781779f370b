"""Who is there at the start, and what they have lived through."""

from __future__ import annotations

import math

import numpy as np

from simulator.compiler.machine import AgeSex, Apply, Const, Die, InState, State
from tests.statistics import against
from tests.statistics.build import YEAR, instant, law, machine, process, rate
from tests.statistics.observe import NULL, observe

PYRAMID = AgeSex(((0, 0.0, 20.0, 30.0), (1, 0.0, 20.0, 25.0), (0, 20.0, 60.0, 20.0), (1, 20.0, 90.0, 45.0)))
IDLE = process("idle", State("at"))


def test_age_and_sex_structure() -> None:
    """Cells by weight, ages uniform within. Detects 0.011 at p = 0.45 (n = 100,000)."""
    seen = observe(machine(IDLE, years=1.0, age_sex=PYRAMID))
    age = (instant(2000) - seen.birth) / YEAR
    total = sum(cell[3] for cell in PYRAMID.cells)
    for sex, low, high, weight in PYRAMID.cells:
        inside = (seen.sex == sex) & (age >= low) & (age < high)
        against.probability(inside, weight / total, f"sex {sex}, {low} to {high}")
        against.distribution(
            (age[inside] - low) / (high - low), lambda x: np.clip(x, 0.0, 1.0), 1.0, f"ages {low} to {high}"
        )


def test_ages_from_a_distribution() -> None:
    """Uniform from 20 to 80, 30 % women. Detects a gap of 0.0174 (n = 100,000)."""
    seen = observe(machine(IDLE, years=1.0, age=law("uniform", 20.0, 80.0), female=0.3))
    age = (instant(2000) - seen.birth) / YEAR
    against.distribution(age, lambda x: np.clip((x - 20.0) / 60.0, 0.0, 1.0), 81.0, "age")
    against.probability(seen.sex == 1, 0.3, "women")


def test_the_living_have_survived_their_past() -> None:
    """With history, those alive at the start are conditioned on having survived until then.

    People of exactly 50: healthy fall ill at a a year, die at m0; the ill die at m1. Among
    those alive at age T, with d = m1 − m0, the ill are a·(e^{−dT} − e^{−aT})/(a − d) over that plus
    e^{−aT}. Detects 0.0105 (n = 100,000), where forgetting the condition would be off by 0.25.
    """
    a, m0, m1, age = 0.04, 0.005, 0.06, 50.0
    disease = process("disease", State("absent", (rate(a, "onset", 1),)), State("present"))
    dying = Apply("if", (InState(0, 0b10), Const(m1), Const(m0)))
    death = process("life", State("alive", (rate(dying, "death", 1, (Die(),)),)), State("dead"))
    seen = observe(machine(disease, death, years=10.0, age=law("fixed", age), history=True))
    d = m1 - m0
    ill = a * (math.exp(-d * age) - math.exp(-a * age)) / (a - d)
    expected = ill / (ill + math.exp(-a * age))
    at_start = seen.state_at(0, 0.0) == 1
    against.probability(at_start, expected, "ill at the start")
    assert ((seen.death == NULL) | (seen.death >= instant(2000))).all()
    # onset of those who fell ill in their past, given that they live: density ∝ e^{(d−a)·s}
    onset = seen.first(0, 1)[at_start] + age
    against.distribution(
        onset,
        lambda s: np.clip(np.expm1((d - a) * s) / np.expm1((d - a) * age), 0.0, 1.0),
        age,
        "age at onset",
    )
    # and they go on dying at their rate
    lived = np.where(seen.death == NULL, np.inf, seen.years(seen.death))
    against.distribution(lived[at_start], lambda t: -np.expm1(-m1 * t), 9.9, "death of the ill")
