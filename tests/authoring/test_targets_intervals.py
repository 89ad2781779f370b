"""Intervals against SciPy's, coverage of those that SciPy has not, and verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulator.authoring.amounts import Scale
from simulator.authoring.statistics import intervals
from simulator.authoring.statistics.intervals import Estimate
from simulator.authoring.statistics.spells import Spells, both, either, latest, without
from simulator.authoring.statistics.survival import survival
from simulator.authoring.targets import evaluate, judge
from tests.authoring.counted_log import CountedLog, scenario


@pytest.mark.parametrize(("cases", "people"), [(0, 20), (3, 40), (40, 40), (700, 3_000)])
def test_share_of_people_has_wilsons_interval(cases: int, people: int) -> None:
    part = np.r_[np.ones(cases), np.zeros(people - cases)]
    found = intervals.share(part, np.ones(people))
    expected = stats.binomtest(cases, people).proportion_ci(method="wilson")
    # n/(n - 1) of the sample's variance is the only difference
    assert found.low == pytest.approx(expected.low, rel=2 / people, abs=1e-12)
    assert found.high == pytest.approx(expected.high, rel=2 / people)
    assert (found.value, found.n) == (cases / people, people)


@pytest.mark.parametrize("events", [0, 1, 12, 400])
def test_rate_has_the_exact_poisson_interval(events: int) -> None:
    counts, time = np.zeros(1_000), np.full(1_000, 2.0)
    counts[:events] = 1
    found = intervals.rate(counts, time, recurrent=False)
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    assert found.value == events / 2_000
    assert found.low == pytest.approx(low / 2_000)
    assert found.high == pytest.approx(stats.chi2.ppf(0.975, 2 * events + 2) / 2 / 2_000)


def test_mean_of_independent_values_has_students_interval() -> None:
    values = np.random.default_rng(3).normal(5.0, 2.0, 12)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval()
    found = intervals.mean(values, np.arange(12))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("size", [6, 25, 60, 5_000])
def test_median_of_independent_values_has_the_interval_of_order_statistics(size: int) -> None:
    found = intervals.median(np.arange(1.0, size + 1), np.arange(size))
    left_out = int(stats.binom.ppf(0.025, size, 0.5))
    assert (found.low, found.high) == (left_out, size + 1 - left_out)


def _covers(draw: object, truth: float, times: int = 400) -> float:
    """How often intervals of made-up samples contain the truth."""
    hits = 0
    for k in range(times):
        found = draw(np.random.default_rng(k))  # type: ignore[operator]
        low = -np.inf if found.low is None else found.low
        high = np.inf if found.high is None else found.high
        hits += low <= truth <= high
    return hits / times


#: 95 % ± five standard errors of a share of 400
LEAST = 0.95 - 5 * (0.95 * 0.05 / 400) ** 0.5


def test_clumped_events_widen_the_interval_of_their_rate() -> None:
    """Rates that differ between people (gamma, mean 1, variance 1): Poisson's interval would cover 83 %."""

    def draw(rng: np.random.Generator) -> Estimate:
        time = np.full(300, 1.0)
        return intervals.rate(rng.poisson(rng.gamma(1.0, 1.0, 300)).astype(float), time, recurrent=True)

    assert _covers(draw, 1.0) >= LEAST


def test_shares_of_time_count_people_not_days() -> None:
    """Each has it all the time or never: a thousand days of a person are one observation."""

    def draw(rng: np.random.Generator) -> Estimate:
        whole = rng.uniform(1.0, 20.0, 200)
        return intervals.share(whole * (rng.random(200) < 0.3), whole)

    assert _covers(draw, 0.3) >= LEAST


@pytest.mark.parametrize("function", [intervals.mean, intervals.median])
def test_clustered_values(function: object) -> None:
    """Ten values each of 80 people who differ: as 800 independent values the interval would cover half."""

    def draw(rng: np.random.Generator) -> Estimate:
        person = np.repeat(np.arange(80), 10)
        values = rng.normal(0, 1, 80)[person] + rng.normal(0, 0.5, 800)
        return function(values, person)  # type: ignore[operator]

    assert _covers(draw, 0.0) >= LEAST


def test_median_of_independent_values() -> None:
    def draw(rng: np.random.Generator) -> Estimate:
        return intervals.median(rng.exponential(1.0, 60), np.arange(60))

    assert _covers(draw, np.log(2)) >= LEAST
    assert intervals.median(np.array([1.0, 2.0, 3.0]), np.arange(3)) == Estimate(2.0, None, None, 3)
    assert intervals.mean(np.array([1.0]), np.zeros(1, np.int64)) == Estimate(1.0, None, None, 1)


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined:RuntimeWarning")
def test_kaplan_meier_is_scipys() -> None:
    rng = np.random.default_rng(4)
    life, censored = rng.weibull(1.5, 120) * 8, rng.uniform(0, 12, 120)
    died = life <= censored
    time = np.minimum(life, censored)
    curve = survival(np.zeros(120), time, died)
    theirs = stats.ecdf(stats.CensoredData(time[died], right=time[~died])).sf
    interval = theirs.confidence_interval(method="log-log")
    for when in (0.5, 3.0, 7.0):
        found = curve.at(when)
        place = np.searchsorted(theirs.quantiles, when, side="right") - 1
        assert found.value == pytest.approx(theirs.probabilities[place])
        assert found.low == pytest.approx(interval.low.probabilities[place])
        assert found.high == pytest.approx(interval.high.probabilities[place])
    median = curve.median()
    assert median.value == theirs.quantiles[np.flatnonzero(theirs.probabilities <= 0.5)[0]]
    assert median.low is not None
    assert median.high is not None
    assert median.low < median.value < median.high


def test_late_entries_are_not_at_risk_before() -> None:
    """Hazard 0.1 a year, people first seen at any age: median 6.93 years."""

    def draw(rng: np.random.Generator) -> Estimate:
        entry = rng.uniform(0, 8, 900)
        life = rng.exponential(10.0, 900)
        seen = life > entry
        return survival(entry[seen], life[seen], np.ones(int(seen.sum()), np.bool_), smooth=True).median()

    assert _covers(draw, 10 * np.log(2), 200) >= 0.95 - 5 * (0.95 * 0.05 / 200) ** 0.5


def test_where_nobody_was_under_observation_survival_is_unknown() -> None:
    """Ten people seen from 0 to 2, ten others from 12 on, five of whom die at 15."""
    entry, exit_ = np.repeat([0.0, 12.0], 10), np.repeat([2.0, 15.0], 10)
    died = np.arange(20) >= 15
    curve = survival(entry, exit_, died, smooth=True)
    assert curve.at(2.0).value == 1.0
    assert (curve.at(3.0).value, curve.at(15.0).value, curve.at(15.0).n) == (None, None, 20)
    assert curve.median() == Estimate(None, None, None, 20)
    closed = survival(np.where(entry > 2, 2.0, entry), exit_, died, smooth=True)
    assert closed.at(15.0).value == pytest.approx(np.exp(-0.5))


def test_nobody_has_died_of_those_who_were_followed() -> None:
    """Of 1,000 people 999 leave at once: that one has lived for 5 years says little."""
    exit_ = np.r_[np.full(999, 0.001), 5.0]
    lost = survival(np.zeros(1_000), exit_, np.zeros(1_000, np.bool_)).at(5.0)
    low = stats.binomtest(1, 1).proportion_ci(method="wilson").low
    assert (lost.value, lost.n, lost.high) == (1.0, 1_000, 1.0)
    assert lost.low == pytest.approx(low, rel=0.01)
    whole = survival(np.zeros(40), np.full(40, 5.0), np.zeros(40, np.bool_)).at(5.0)
    assert whole.low == pytest.approx(stats.binomtest(40, 40).proportion_ci(method="wilson").low)
    # half of them followed for half of the time: 2 / (1/40 + 1/20) = 26.7 people
    halves = survival(np.zeros(40), np.repeat([2.5, 5.0], 20), np.zeros(40, np.bool_)).at(5.0)
    n = 2 / (1 / 40 + 1 / 20)
    assert halves.low == pytest.approx(1 / (1 + intervals.Z95**2 / n))


def test_nobody_and_everybody() -> None:
    none = np.zeros(0)
    assert intervals.share(none, none).n == 0
    assert intervals.rate(none, none, recurrent=True).value is None
    assert intervals.mean(none, none.astype(np.int64)).value is None
    assert intervals.median(none, none.astype(np.int64)).value is None
    assert survival(none, none, none.astype(np.bool_)).at(1.0).n == 0
    all_dead = survival(np.zeros(8), np.full(8, 2.0), np.ones(8, np.bool_)).at(2.0)
    assert all_dead.value == 0.0
    assert all_dead.high == pytest.approx(stats.binomtest(0, 8).proportion_ci(method="wilson").high)


def test_spells() -> None:
    def of(*rows: tuple[int, int, int]) -> Spells:
        person, start, end = (np.array(x, np.int64) for x in zip(*rows, strict=True))
        return Spells.of(person, start, end)

    def shown(spells: Spells) -> set[tuple[int, ...]]:
        return {tuple(map(int, row)) for row in zip(spells.person, spells.start, spells.end, strict=True)}

    a, b = of((0, 0, 10), (0, 20, 30), (1, 0, 5)), of((0, 5, 25), (2, 0, 9))
    assert shown(both(a, b)) == {(0, 5, 10), (0, 20, 25)}
    assert shown(without(a, b)) == {(0, 0, 5), (0, 25, 30), (1, 0, 5)}
    union = either(a, b)
    assert union.years(3) * 365.2425 * 86_400e6 == pytest.approx([30, 5, 9])
    person, time = np.array([0, 0, 0, 0, 1, 3]), np.array([0, 1, 10, 11, 5, 5])
    assert a.before(person, time).tolist() == [False, True, True, False, True, False]
    assert of((9, 3, 3)).before(person, time).tolist() == [False] * 6
    assert latest(a.person, a.start, person, time, inclusive=True).tolist() == [0, 0, 0, 0, 2, -1]
    assert latest(a.person, a.start, person, time, inclusive=False).tolist() == [-1, 0, 0, 0, 2, -1]
    assert latest(person[:0], time[:0], person, time, inclusive=True).tolist() == [-1] * 6


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.19, 0.21, "pass"), (0.18, 0.24, "pass"), (0.17, 0.20, "too few"), (0.10, 0.17, "fail"),
        (0.25, 0.30, "fail"), (0.10, 0.30, "too few"), (None, 0.17, "fail"), (None, 0.20, "too few"),
        (0.20, None, "too few"), (None, None, "too few"),
    ],
)  # fmt: skip
def test_verdicts(low: float | None, high: float | None, verdict: str) -> None:
    assert judge(Estimate(0.2, low, high, 100), 0.18, 0.24) == verdict
    assert judge(Estimate(None, None, None, 0), 0.18, 0.24) == "too few"


def test_only_one_bound() -> None:
    assert judge(Estimate(0.95, 0.91, 0.98, 9), 0.9, None) == "pass"
    assert judge(Estimate(0.8, 0.7, 0.89, 9), 0.9, None) == "fail"
    assert judge(Estimate(2.0, 1.0, None, 9), None, 3.0) == "too few"
    assert judge(Estimate(2.0, None, 2.5, 9), None, 3.0) == "pass"


def test_patients_needed() -> None:
    """Mean of hba1c is 7.2; its interval is cut down to the distance from the nearest bound it holds."""

    def needed(within: str) -> int | None:
        [found] = evaluate(scenario(expect=f"mean of hba1c: {within}"), CountedLog())
        assert found.verdict == "too few"
        return found.needed

    [found] = evaluate(scenario(expect="mean of hba1c: 6 %..8.2 %"), CountedLog())
    assert found.high is not None
    people = 4 * (found.high - 7.2) ** 2
    shown = needed("6 %..8.2 %")
    assert shown is not None
    assert people <= shown < 1.1 * people
    assert len(str(shown).rstrip("0")) <= 2
    assert needed("8.2 %..9 %") == needed("6 %..8.2 %")  # outside, the near bound counts
    assert needed("7.2 %..9 %") is None  # on its bound: nothing helps


def test_patients_needed_where_nothing_was_seen() -> None:
    """No death of girls in 15 years; twice the people, half the upper end."""
    [found] = evaluate(
        scenario(expect="rate of cf.crisis in males: at most 4 per 100 per year"), CountedLog()
    )
    assert (found.value, found.verdict) == (0.0, "too few")
    assert found.high is not None
    assert found.needed is not None
    assert 4 * found.high / 0.04 <= found.needed < 1.1 * 4 * found.high / 0.04 + 1


@pytest.mark.parametrize(
    ("values", "unit", "interval", "bounds"),
    [
        ((0.2168, 0.1777, 0.2618, 0.18, 0.24), "share", "21.7 (17.8 to 26.2) %", "18 to 24 %"),
        ((2e-5, 1e-5, 4e-5, None, 5e-5), "share", "2.0 (1.0 to 4.0) per 100,000", "at most 5 per 100,000"),
        ((7.0, 6.83, 7.17, 6.0, None), "/year", "7.00 (6.83 to 7.17) per year", "at least 6 per year"),
        ((0.009, 0.005, 0.0136, 0.008, 0.014), "/year", "9.0 (5.0 to 13.6) per 1,000 per year",
         "8 to 14 per 1,000 per year"),
        ((21e-6, 18e-6, 24e-6, 1e-5, 1e-4), "/year", "2.10 (1.80 to 2.40) per 100,000 per year",
         "1 to 10 per 100,000 per year"),
        ((0.25, 0.2, 0.3, None, 0.5), "year", "3.0 (2.4 to 3.6) months", "at most 6 months"),
        ((0.02, 0.01, 0.03, None, 0.04), "year", "7.3 (3.7 to 11.0) days", "at most 14.6097 days"),
        ((None, 13.4, None, 75.0, 82.0), "year", "? (13.4 to ?) years", "75 to 82 years"),
        ((None, None, None, 75.0, 82.0), "year", "unknown", "75 to 82 years"),
        ((1200.0, 1100.0, 1300.0, None, None), "mL", "1,200 (1,100 to 1,300) mL", "anything"),
    ],
)  # fmt: skip
def test_values_as_people_write_them(
    values: tuple[float | None, ...], unit: str, interval: str, bounds: str
) -> None:
    scale = Scale.of(values, unit)
    assert scale.interval(values[0], values[1], values[2]) == interval
    assert scale.bounds(values[3], values[4]) == bounds
