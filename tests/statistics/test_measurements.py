"""Measured values: mean, variation between and within patients, drift, shift, rounding, bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simulator.compiler.machine import (
    AfterDuration,
    Age,
    Apply,
    Arrow,
    Const,
    InState,
    LevelSpec,
    Measure,
    State,
    TimeAtLeast,
    Var,
    VarSpec,
    WhenTrue,
)
from tests.statistics import against
from tests.statistics.build import LEVEL, YEAR, by, duration, instant, machine, process
from tests.statistics.observe import Observed, observe

BETWEEN, NOISE = 8.0, 3.0
SWITCH = (instant(2002, 7) - instant(2000)) / YEAR


def yearly() -> Any:
    """Measures level 0 at entry and then every year."""
    again = Arrow("again", 0, AfterDuration(duration("fixed", 1.0)))
    return process("clinic", State("waiting", (again,), on_entry=(Measure(0, 0),)))


def level(**changes: Any) -> LevelSpec:
    fields: dict[str, Any] = {
        "name": "fev1",
        "code": LEVEL,
        "mean": Apply("add", (Const(95.0), by(4.0, Var(0)))),
        "deviation_sd": BETWEEN,
        "noise_sd": NOISE,
        "slope": Apply("if", (InState(1, 0b10), Const(-1.9), Const(0.0))),
        "shift": Apply("if", (InState(1, 0b10), Const(-6.0), Const(0.0))),
        "low": -1e9,
        "high": 1e9,
        "precision": 4,
        "last_var": 1,
        "smooth": True,
    }
    return LevelSpec(**{**fields, **changes})


@pytest.fixture(scope="module")
def seen() -> Observed:
    """From July 2002 on everybody has a disease that takes 6 at once and 1.9 a year."""
    disease = process(
        "disease",
        State("absent", (Arrow("onset", 1, WhenTrue(TimeAtLeast(instant(2002, 7)))),)),
        State("present"),
    )
    return observe(
        machine(yearly(), disease, size=50_000, years=5.5, levels=(level(),), variables=(VarSpec("last"),))
    )


def by_year(seen: Observed) -> np.ndarray:
    """Values, shape (patients, years)."""
    patients, years, values = seen.values(LEVEL)
    assert (patients == np.repeat(np.arange(seen.size), 6)).all()
    np.testing.assert_allclose(years.reshape(-1, 6)[0], np.arange(6.0), atol=1e-9)
    return values.reshape(-1, 6)


def expected_shift(year: int) -> float:
    return 0.0 if year < SWITCH else -6.0 - 1.9 * (year - SWITCH)


@pytest.mark.parametrize("year", range(6))
def test_mean_and_spread(seen: Observed, year: int) -> None:
    """By sex and year. Detects 0.38 in the mean and 3.1 % of the standard deviation (n = 25,000)."""
    values = by_year(seen)[:, year]
    sd = math.hypot(BETWEEN, NOISE)
    for sex in (0, 1):
        mine = values[seen.sex == sex]
        against.mean(mine, 95.0 + 4.0 * sex + expected_shift(year), sd, f"mean in year {year}, sex {sex}")
        against.normal_sd(mine, sd, f"spread in year {year}, sex {sex}")


def test_variation_within_patients(seen: Observed) -> None:
    """The difference of two measurements has no share of the patient's own level in it.

    Detects 2.2 % of the noise and 0.13 in the change (n = 50,000).
    """
    values = by_year(seen)
    change = values[:, 5] - values[:, 3]
    against.mean(change, -1.9 * 2.0, NOISE * math.sqrt(2.0), "change over two years")
    against.normal_sd(change, NOISE * math.sqrt(2.0), "noise")


def test_the_law_is_normal(seen: Observed) -> None:
    """Men in year 0. Detects a gap of 0.035 between the distribution functions (n = 25,000)."""
    mine = by_year(seen)[seen.sex == 0, 0]
    against.distribution(mine, stats.norm(95.0, math.hypot(BETWEEN, NOISE)).cdf, 150.0, "value")


def test_rounding_and_bounds() -> None:
    """Whole numbers from 80 to 110, those beyond at the bound.

    A value k is P(k − 0.5 ≤ x < k + 0.5). Detects 0.0041 at p = 0.035 (n = 100,000).
    """
    spec = level(precision=0, low=80.0, high=110.0, mean=Const(95.0))
    disease = process("disease", State("absent"), State("present"))
    seen = observe(machine(yearly(), disease, years=0.5, levels=(spec,), variables=(VarSpec("last"),)))
    _, _, values = seen.values(LEVEL)
    law = stats.norm(95.0, math.hypot(BETWEEN, NOISE))
    assert (values == np.round(values)).all()
    assert values.min() == 80.0
    assert values.max() == 110.0
    against.probability(values == 80.0, law.cdf(80.5), "at the lower bound")
    against.probability(values == 110.0, law.sf(109.5), "at the upper bound")
    for k in range(81, 110):
        against.probability(values == k, law.cdf(k + 0.5) - law.cdf(k - 0.5), f"value {k}")


def test_a_mean_that_depends_on_age() -> None:
    """Mean 200 − 0.7·age, people of 40 followed for five years. Detects 0.27 (n = 50,000)."""
    spec = level(mean=Apply("sub", (Const(200.0), by(0.7, Age()))), smooth=False)
    disease = process("disease", State("absent"), State("present"))
    seen = observe(
        machine(yearly(), disease, size=50_000, years=5.5, levels=(spec,), variables=(VarSpec("last"),))
    )
    for year, values in enumerate(by_year(seen).T):
        against.mean(values, 200.0 - 0.7 * (40.0 + year), math.hypot(BETWEEN, NOISE), f"year {year}")
