"""Durations copied from a publication, written in YAML, against the distribution that was copied."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulator.compiler import lower
from simulator.scenario import parse_scenario
from tests.statistics import against
from tests.statistics.observe import Array, Observed, observe

TEXT = """
id: curves
population: {size: 100_000, from: 2000-01-01, to: 2012-01-01, age: 40 years}
diseases:
  tabulated:
    onset: {after: {empirical: {1 year: 10%, 3 years: 50%, 10 years: 100%}}}
    states: [present]
  survival:
    onset: {after: {kaplan_meier: {1 year: 95%, 5 years: 80%, 10 years: 71%}}}
    states: [present]
  mixed:
    onset:
      after:
        mixture:
          - {share: 30%, after: "uniform(1 year, 2 years)"}
          - {share: 50%, after: "weibull(scale=4 years, shape=2)"}
          - {share: 20%, after: {kaplan_meier: {10 years: 50%}}}
    states: [present]
"""


def _tabulated(t: Array) -> Array:
    return np.interp(t, [0.0, 1.0, 3.0, 10.0], [0.0, 0.1, 0.5, 1.0])


def _survival(t: Array) -> Array:
    return np.interp(t, [0.0, 1.0, 5.0, 10.0], [0.0, 0.05, 0.2, 0.29])


def _mixed(t: Array) -> Array:
    parts = (
        stats.uniform(1.0, 1.0).cdf(t),
        stats.weibull_min(2.0, scale=4.0).cdf(t),
        np.interp(t, [0, 10], [0, 0.5]),
    )
    return 0.3 * parts[0] + 0.5 * parts[1] + 0.2 * parts[2]


LAWS = {"tabulated": _tabulated, "survival": _survival, "mixed": _mixed}


@pytest.fixture(scope="module")
def seen() -> Observed:
    scenario, findings = parse_scenario(TEXT)
    assert scenario is not None, findings.items
    machine = lower(scenario, findings)
    assert machine is not None, findings.errors
    return observe(machine)


@pytest.mark.parametrize("name", LAWS)
def test_durations_follow_the_curve(seen: Observed, name: str) -> None:
    """n = 100,000. Detects a gap of 0.0174 between the distribution functions anywhere, and 0.005
    of probability missing from or too many in a twentieth of the range."""
    against.distribution(seen.first(list(LAWS).index(name), 1), LAWS[name], 11.0, name)


def test_whom_a_curve_leaves_never_has_the_event(seen: Observed) -> None:
    """71 of 100 survive the end of the curve. Detects 0.008 (n = 100,000)."""
    against.probability(~np.isfinite(seen.first(1, 1)), 0.71, "survivors")
