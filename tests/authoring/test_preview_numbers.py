"""The preview's numbers against slow, separate calculations over the rows of the same log."""

from __future__ import annotations

import datetime as dt
import math
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import simulator
from simulator.authoring.preview.disease import DiseaseFigures
from simulator.authoring.preview.intervals import event_rate, kaplan_meier, rate, share, time_share
from simulator.authoring.preview.life import _calendar_year
from simulator.authoring.preview.people import People
from simulator.authoring.preview.treatment import courses_of
from simulator.authoring.statistics.columns import Words
from simulator.authoring.statistics.tables import Events
from simulator.scenario.model import Treatment
from tests.authoring.preview_case import SIZE, YEAR, Case, birthday, case, lived, overlap

ILL = {"mild", "severe"}
MISTAKEN = """\
id: mistaken
population: {size: 60, from: 2000-01-01, to: 2010-01-01, age: 50 years}
diseases:
  gout:
    onset: {after: 1 year}
    states: [present]
    diagnosis:
      - on: gout.onset
        after: 1 year
        visit: clinic
        mistaken_for: [{title: sprain, probability: 70%, lasts: 1 year}]
care:
  clinic: {class: ambulatory}
"""


@pytest.fixture(scope="module")
def run() -> Case:
    return case()


@pytest.fixture(scope="module")
def lung(run: Case) -> DiseaseFigures:
    return next(d for d in run.preview.diseases if d.name == "lung")


def test_prevalence_by_age_is_the_share_of_observed_time(run: Case, lung: DiseaseFigures) -> None:
    ill = {s: lived(run, "lung", ILL, s) for s in run.subjects}
    assert sum(bool(spells) for spells in ill.values()) == lung.people > 60
    seen = 0
    for band, estimate in lung.prevalence_by_age:
        inside = total = 0.0
        for subject, who in run.subjects.items():
            low = birthday(who["birth"], band.low)
            high = birthday(who["birth"], band.high) if band.high is not None else who["exit"]
            inside += overlap(ill[subject], low, high)
            total += overlap([(who["entry"], who["exit"])], low, high)
        if total:
            assert estimate.value == pytest.approx(inside / total, abs=1e-9), band.label
            assert estimate.low <= estimate.value <= estimate.high
            seen += inside > 0
    assert seen > 10


def test_prevalence_by_year_counts_those_alive_on_the_first_of_july(run: Case, lung: DiseaseFigures) -> None:
    for band, estimate in lung.prevalence_by_year:
        when = dt.datetime(band.low, 7, 1)
        alive = [s for s, who in run.subjects.items() if who["entry"] <= when < who["exit"]]
        ill = [s for s in alive if any(a <= when < b for a, b in lived(run, "lung", ILL, s))]
        assert (estimate.events, estimate.base) == (len(ill), len(alive))


def test_incidence_is_onsets_over_time_free_of_it(run: Case, lung: DiseaseFigures) -> None:
    onsets = [
        (r["subject_id"], r["time"])
        for r in run.truth
        if r["process"] == "lung"
        and r["from"] == "absent"
        and r["time"] >= run.subjects[r["subject_id"]]["entry"]
    ]
    free = {s: lived(run, "lung", {"absent"}, s) for s in run.subjects}
    for band, estimate in lung.incidence_by_year:
        low, high = dt.datetime(band.low, 1, 1), dt.datetime(band.low + 1, 1, 1)
        assert estimate.events == sum(low <= t < high for _, t in onsets)
        assert estimate.base == pytest.approx(sum(overlap(spells, low, high) for spells in free.values()))
    for band, estimate in lung.incidence_by_age:
        expected = 0
        for subject, time in onsets:
            birth = run.subjects[subject]["birth"]
            before = band.high is None or time < birthday(birth, band.high)
            expected += birthday(birth, band.low) <= time and before
        assert estimate.events == expected
    assert lung.incidence.events == len(onsets) == lung.onsets


def test_states_add_up_to_prevalence(run: Case, lung: DiseaseFigures) -> None:
    assert lung.by_year.states == ("mild", "severe")
    when = dt.datetime(1970, 1, 1) + (lung.by_year.x[30] - 1970) * YEAR
    alive = [s for s, who in run.subjects.items() if who["entry"] <= when < who["exit"]]
    for state, part in zip(lung.by_year.states, lung.by_year.shares[:, 30], strict=True):
        there = sum(any(a <= when < b for a, b in lived(run, "lung", {state}, s)) for s in alive)
        assert part == pytest.approx(there / len(alive))
    assert 0 < lung.by_year.shares[:, 30].sum() < 1


def naive_kaplan_meier(rows: list[tuple[float, float, bool]], begin: float, until: float) -> float:
    """The product over event times, each risk set counted anew."""
    value = 1.0
    for time in sorted({left for _, left, event in rows if event and begin < left <= until}):
        risk = sum(entered < time <= left for entered, left, _ in rows)
        value *= 1 - sum(left == time and event for _, left, event in rows) / risk
    return value


def test_survival_from_onset(run: Case, lung: DiseaseFigures) -> None:
    first: dict[int, dt.datetime] = {}
    for row in run.truth:
        if row["process"] == "lung" and row["from"] == "absent":
            first.setdefault(row["subject_id"], row["time"])
    rows = []
    for subject, onset in first.items():
        who = run.subjects[subject]
        if onset < who["exit"]:
            entered = max((who["entry"] - onset) / YEAR, 0.0)
            rows.append((entered, (who["exit"] - onset) / YEAR, who["death"] is not None))
    curve = lung.survival
    assert curve is not None
    assert curve.subjects == len(rows)
    for years in (2.0, 5.0, 10.0):
        expected = naive_kaplan_meier(rows, float(curve.time[0]), years)
        assert curve.at(years) == pytest.approx(expected, abs=1e-9)
    assert curve.at(5.0) < 1
    k = int(np.searchsorted(curve.time, 5.0, side="right") - 1)
    assert curve.low[k] < curve.value[k] < curve.high[k]


def test_from_onset_to_diagnosis(run: Case, lung: DiseaseFigures) -> None:
    curve = lung.undiagnosed
    assert curve is not None
    diagnosed: dict[int, dt.datetime] = {}
    for row in run.events:
        if row["code"] == "ICD10CM//J44.9":
            diagnosed.setdefault(row["subject_id"], row["time"])
    assert lung.recorded == len(diagnosed)
    onsets = [r for r in run.truth if r["process"] == "lung" and r["from"] == "absent"]
    rows, mistaken = [], 0
    for subject, who in run.subjects.items():
        onset = next(
            (r["time"] for r in onsets if r["subject_id"] == subject),
            dt.datetime.max,
        )
        found = diagnosed.get(subject, dt.datetime.max)
        mistaken += found < onset and found < dt.datetime.max
        if onset < who["exit"] and found >= onset:
            left = min(found, who["exit"])
            entered = max((who["entry"] - onset) / YEAR, 0.0)
            if (left - onset) / YEAR > entered:
                rows.append((entered, (left - onset) / YEAR, found < who["exit"]))
    assert lung.mistaken == mistaken
    assert curve.subjects == len(rows)
    assert curve.at(1.0) == pytest.approx(naive_kaplan_meier(rows, float(curve.time[0]), 1.0), abs=1e-9)


def test_what_passes(run: Case) -> None:
    cold = next(d for d in run.preview.diseases if d.name == "cold")
    assert cold.passing
    assert cold.ill is not None
    # uniform between 5 and 15 days
    assert 9 < cold.ill.median * 365.2425 < 11
    assert cold.undiagnosed is not None
    # all are recorded 1 to 5 days after onset, or die before
    assert 2.7 < cold.undiagnosed.median * 365.2425 < 3.3
    assert cold.survival is None
    assert run.preview.diseases[0].name == "lung"  # what passes stands last
    assert run.preview.diseases[-1].name == "cold"


def test_recurrent_events(run: Case, lung: DiseaseFigures) -> None:
    [(title, estimate)] = lung.events
    assert title == "Flare"
    entries = {s: who["entry"] for s, who in run.subjects.items()}
    flares = [r for r in run.truth if r["process"] == "lung.flare" and r["time"] >= entries[r["subject_id"]]]
    assert estimate.events == len(flares)
    # the scenario says 0.5 a year
    assert abs(estimate.value - 0.5) < 5 * math.sqrt(0.5 / estimate.base)


def test_measurements_by_state(run: Case) -> None:
    [breath] = run.preview.measurements
    by_label = {d.label: d for d in breath.distributions}
    states = {s: [(a, b) for a, b in lived(run, "lung", {"severe"}, s)] for s in run.subjects}
    values = [
        r["numeric_value"]
        for r in run.events
        if r["code"] == "LOINC//20150-9"
        and r["time"] is not None
        and any(a <= r["time"] < b for a, b in states[r["subject_id"]])
    ]
    severe = by_label["Lung disease: severe"]
    assert severe.values == len(values)
    assert severe.percentiles == pytest.approx(np.percentile(values, (5, 25, 50, 75, 95)))
    assert severe.percentiles[2] < 65 < 95 < by_label["without: Lung disease"].percentiles[2]


def test_treatment_by_year(run: Case) -> None:
    [inhaler] = run.preview.treatments
    rows = [r for r in run.events if r["code"] == "RxNorm//6809"]
    assert inhaler.people == len({r["subject_id"] for r in rows})
    when = dt.datetime(2010, 7, 1)
    on: set[int] = set()
    ever: set[int] = set()
    for row in rows:
        if row["time"] <= when:
            (on.add if row["status"] == "active" else on.discard)(row["subject_id"])
            ever.add(row["subject_id"])
    alive = {s for s, who in run.subjects.items() if who["entry"] <= when < who["exit"]}
    now = next(e for band, e in inhaler.now if band.low == 2010)
    once = next(e for band, e in inhaler.ever if band.low == 2010)
    assert (now.events, once.events, now.base) == (len(on & alive), len(ever & alive), len(alive))
    assert now.events < once.events


def test_courses_through_doses_and_pauses() -> None:
    """One person starts, gets more, pauses, goes on, and stops; another takes it to the end."""
    rows = [
        (0, 1, "active"), (0, 2, "active"), (0, 3, "on-hold"), (0, 5, "active"), (0, 8, "stopped"),
        (1, 4, "active"),
    ]  # fmt: skip
    person, time = (np.array([row[k] for row in rows], np.int64) for k in (0, 1))
    status = ("active", "on-hold", "stopped")
    one = Words(np.zeros(len(rows), np.int32), ("RxNorm//1",))
    record = Events(
        person, time, one, Words(np.array([status.index(row[2]) for row in rows], np.int32), status),
        Words(one.places, ("drug: …",)), np.full(len(rows), math.nan),
    )  # fmt: skip
    zero = np.zeros(2, np.int64)
    people = People(zero, zero, zero + 9, zero > 0, zero > 0, np.array([None, None]))
    drug = Treatment(codes={"rxnorm": "1"})

    def found(pauses: bool) -> list[tuple[int, ...]]:
        courses = courses_of("drug", drug, record, people, pauses=pauses)
        columns = (courses.who, courses.start, courses.stop, courses.stopped)
        return [tuple(map(int, row)) for row in zip(*columns, strict=True)]

    assert found(False) == [(0, 1, 8, 1), (1, 4, 9, 0)]
    assert found(True) == [(0, 1, 3, 1), (0, 5, 8, 1), (1, 4, 9, 0)]


def test_population_and_care(run: Case) -> None:
    population = run.preview.population
    alive = [who for who in run.subjects.values() if who["death"] is None]
    assert population.people == SIZE
    assert population.last.people == len(alive)
    assert sum(population.last.male) == sum(who["sex"] == "male" for who in alive)
    assert population.deaths == SIZE - len(alive)
    causes = Counter(str(who["death_cause"]).split(":")[0] for who in run.subjects.values() if who["death"])
    assert dict(population.causes) == {
        "Lung disease": causes["lung"],
        "Other causes (background mortality)": causes["mortality"],
    }
    encounters = run.log.encounters().to_pylist()
    seen = Counter(e["class"] for e in encounters if e["start"] >= run.subjects[e["subject_id"]]["entry"])
    by_class = {name: sum(e.events for _, e in series) for name, series in run.preview.care.by_class.items()}
    assert by_class == dict(seen)


def test_sample_lives(run: Case) -> None:
    lives = run.preview.lives
    assert len({life.subject for life in lives}) == 5
    for life in lives:
        diagnosed = {
            r["code"]
            for r in run.events
            if r["subject_id"] == life.subject and r["code"].startswith("ICD10CM")
        }
        assert any(lane.title == "Lung disease" and lane.moments for lane in life.record) == bool(diagnosed)
        who = run.subjects[life.subject]
        assert life.exit == pytest.approx((who["exit"] - who["birth"]) / YEAR)
        ill = sum(b - a for a, b in ((max(x.start, life.entry), x.stop) for x in next(
            (lane.bars for lane in life.truth if lane.title == "Lung disease"), ()))  if b > a)  # fmt: skip
        assert ill == pytest.approx(sum((b - a) / YEAR for a, b in lived(run, "lung", ILL, life.subject)))
    assert lives[0].diagnoses == 2


def test_sources_and_findings(run: Case) -> None:
    texts = {s.path: s.text for s in run.preview.sources}
    assert texts["mortality"] == "made up for mortality"
    assert texts["diseases.lung"] == "made up for lungs"
    assert {f.severity for f in run.preview.findings} <= {"warning"}


# --- interval estimates against those of SciPy ----------------------------------------------


def test_wilson_is_scipys() -> None:
    for cases, people in ((0, 12), (3, 40), (40, 40)):
        expected = stats.binomtest(cases, people).proportion_ci(method="wilson")
        found = share(cases, people)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("events", [0, 3, 400])
def test_rates_have_the_exact_interval(events: int) -> None:
    found = rate(events, 100.0)
    low = stats.chi2.ppf(0.025, 2 * events) / 200 if events else 0.0
    high = stats.chi2.ppf(0.975, 2 * events + 2) / 200
    assert (found.value, found.low, found.high) == pytest.approx((events / 100, low, high))


def test_events_of_the_same_people_widen_the_interval() -> None:
    years = np.full(100, 5.0)
    once = event_rate(np.r_[np.ones(40), np.zeros(60)], years)
    assert once == rate(40, 500.0)
    clumped = event_rate(np.r_[np.full(4, 10.0), np.zeros(96)], years)
    assert (clumped.value, clumped.events, clumped.base) == (once.value, 40, 500.0)
    assert clumped.low < 0.6 * once.low
    assert clumped.high > 1.5 * once.high
    assert math.isnan(event_rate(np.zeros(3), np.zeros(3)).value)


def test_time_share_knows_that_a_persons_moments_are_alike() -> None:
    whole = np.array([1.0] * 20 + [0.0] * 80)
    clustered = time_share(whole * 10, np.full(100, 10.0))
    simple = share(20, 100)
    # all or nothing: people are the sample, however long each is seen
    assert clustered.value == pytest.approx(0.2)
    assert clustered.low == pytest.approx(simple.low, rel=0.01)
    assert clustered.high == pytest.approx(simple.high, rel=0.01)
    even = time_share(np.full(100, 2.0) + np.linspace(-0.5, 0.5, 100), np.full(100, 10.0))
    assert even.high - even.low < 0.02


def test_kaplan_meier_is_scipys_without_late_entry() -> None:
    rng = np.random.default_rng(1)
    event, censor = rng.exponential(5, 200), rng.uniform(0, 12, 200)
    left, seen = np.minimum(event, censor), event <= censor
    curve = kaplan_meier(np.zeros(200), left, seen)
    assert curve is not None
    data = stats.CensoredData.right_censored(left, ~seen)
    reference = stats.ecdf(data).sf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its interval is undefined where nobody is left
        ci = reference.confidence_interval(method="log-log")
    for t in (1.0, 3.0, 6.0):
        k = int(np.searchsorted(curve.time, t, side="right") - 1)
        assert curve.value[k] == pytest.approx(float(reference.evaluate(t)))
        assert curve.low[k] == pytest.approx(float(ci.low.evaluate(t)))
        assert curve.high[k] == pytest.approx(float(ci.high.evaluate(t)))
        assert curve.risk(t) == int((left >= t).sum())


def test_too_few_give_no_curve() -> None:
    assert kaplan_meier(np.zeros(9), np.ones(9), np.ones(9, dtype=bool)) is None


def test_a_diagnosis_after_a_wrong_one_is_on_record_too(tmp_path: Path) -> None:
    (tmp_path / "mistaken.yaml").write_text(MISTAKEN)
    preview = simulator.preview(tmp_path / "mistaken.yaml", size=60)
    [gout] = preview.diseases
    assert (gout.people, gout.recorded) == (60, 60)
    assert all(life.diagnoses == 1 for life in preview.lives)


@pytest.mark.parametrize("day", ["1980-01-01", "1979-12-31T23:59", "1932-01-01", "2001-01-01"])
def test_the_year_of_birth_is_that_of_the_calendar(day: str) -> None:
    assert int(_calendar_year(dt.datetime.fromisoformat(day))) == int(day[:4])
