"""Stepwise asthma therapy.

Whoever has asthma carries salbutamol. At reviews every three months or so the control test is filled in:
below 20 an inhaled steroid is begun, 200 ug; still below 20 two months later, formoterol is added; then the
steroid goes up, to 400 and 800 ug, at least two months apart. On 800 ug there is tiotropium (once approved)
and, after two exacerbations in a year, omalizumab. When it has been controlled for half a year the steroid
goes a step down again. Colds bring exacerbations, September more than summer; four in five of them are seen
within two days and given prednisone for five days.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.stories.conftest import Story
from tests.stories.spells import both, followed, present, struck_by_person, taken, years_by_person

SIZE = 9_000
DAY = np.timedelta64(1, "D")
MONTH = 365.2425 / 12  # days
START = np.datetime64("2010-01-01", "us")
CONTROL, ICS, FORMOTEROL = "LOINC//82674-3", "RxNorm//19831", "RxNorm//25255"
TIOTROPIUM, OMALIZUMAB, PREDNISONE = "RxNorm//69120", "RxNorm//302379", "RxNorm//8640"
REVIEW = "ENCOUNTER//ambulatory//asthma_review"
STEPS = [200.0, 400.0, 800.0]


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("asthma-steps", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str, "status": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "from": str, "to": str, "cause": str})


@pytest.fixture(scope="module")
def lives(log: EventLog) -> pd.DataFrame:
    return followed(log.to_pandas("subjects"), "2010-01-01", "2020-01-01")


def _latest(moments: pd.DataFrame, events: pd.DataFrame, code: str, name: str) -> pd.DataFrame:
    """`moments` with the latest value of `code` at or before each, and its time."""
    rows = events[(events.code == code) & events.numeric_value.notna()].sort_values("time")
    rows = rows[["subject_id", "time", "numeric_value"]].rename(columns={"numeric_value": name})
    rows[f"{name}_time"] = rows.time
    return pd.merge_asof(moments.sort_values("time"), rows, on="time", by="subject_id")


@pytest.fixture(scope="module")
def changes(events: pd.DataFrame) -> pd.DataFrame:
    """Changes of the steroid's dose: patient, time, from, to, days since the last, the control test then."""
    doses = events[(events.code == ICS) & (events.status == "active")].sort_values(["subject_id", "time"])
    same = doses.groupby("subject_id")
    doses = doses.assign(old=same.numeric_value.shift(), days=same.time.diff() / DAY)
    doses = doses[doses.time > START].dropna(subset="old")[
        ["subject_id", "time", "old", "numeric_value", "days"]
    ]
    return _latest(doses.rename(columns={"numeric_value": "new"}), events, CONTROL, "control")


@pytest.fixture(scope="module")
def exacerbations(truth: pd.DataFrame) -> pd.DataFrame:
    rows = truth[truth.cause.isin(["asthma: exacerbation moderate", "asthma: exacerbation severe"])]
    return rows[["subject_id", "time"]].sort_values("time")


def test_the_steroid_goes_a_step_at_a_time_at_reviews(events: pd.DataFrame, changes: pd.DataFrame) -> None:
    moved = changes.new.map(STEPS.index) - changes.old.map(STEPS.index)
    assert set(moved) == {-1, 1}
    assert min((moved == 1).sum(), (moved == -1).sum()) > 50
    reviews = events[events.code == REVIEW][["subject_id", "time"]].assign(review=True)
    at_review = changes.merge(reviews, on=["subject_id", "time"], how="left").review.notna()
    assert at_review.mean() > 0.95  # a few reviews fall into a stay in hospital
    assert (changes.control_time == changes.time).all()


def test_up_while_not_controlled_and_down_after_half_a_year_of_control(
    events: pd.DataFrame, changes: pd.DataFrame, lives: pd.DataFrame, exacerbations: pd.DataFrame
) -> None:
    up, down = changes[changes.new > changes.old], changes[changes.new < changes.old]
    assert up.control.max() < 20
    assert up.days.min() >= 2 * MONTH - 1e-6
    assert down.control.min() >= 20
    assert down.days.min() >= 6 * MONTH - 1e-6
    met = down.merge(exacerbations.rename(columns={"time": "struck"}), on="subject_id")
    assert not ((met.time - met.struck) / DAY).between(0, 6 * MONTH - 1e-6).any()
    begun = events[(events.code == ICS) & (events.status == "active")].groupby("subject_id").time.min()
    fresh = up[up.subject_id.isin(begun[begun > START].index)]  # whose formoterol was all seen
    on_it = fresh.merge(taken(events, FORMOTEROL, lives), on="subject_id")
    on_it = on_it[(on_it.start <= on_it.time) & (on_it.time <= on_it.end)]
    assert len(on_it) == len(fresh) > 50


def test_formoterol_is_added_after_two_months(events: pd.DataFrame, lives: pd.DataFrame) -> None:
    formoterol = taken(events, FORMOTEROL, lives)
    first = formoterol[formoterol.start > START].rename(columns={"start": "time"}).sort_values("time")
    first = _latest(first[["subject_id", "time"]], events, CONTROL, "control")
    begun = events[(events.code == ICS) & (events.status == "active")].groupby("subject_id").time.min()
    waited = (first.time - begun.reindex(first.subject_id).to_numpy()) / DAY
    assert len(first) > 100
    assert waited.notna().all()
    assert waited.min() >= 2 * MONTH - 1e-6
    assert first.control.max() < 20


def test_the_fifth_step_is_for_those_on_the_highest_dose(
    events: pd.DataFrame, lives: pd.DataFrame, exacerbations: pd.DataFrame
) -> None:
    for code, approved in ((TIOTROPIUM, "2015-09-15"), (OMALIZUMAB, "2003-06-20")):
        begun = taken(events, code, lives)[["subject_id", "start"]].rename(columns={"start": "time"})
        assert begun.time.min() >= np.datetime64(approved)
        begun = _latest(begun[begun.time > START], events, ICS, "dose")
        assert len(begun) > 10
        assert (begun.dose == 800).all()
        if code == OMALIZUMAB:  # two in the year before, when it was decided one to three months ago
            met = begun.merge(exacerbations.rename(columns={"time": "struck"}), on="subject_id")
            ago = (met.time - met.struck) / DAY
            counted = met[(ago > 0) & (ago <= 365.2425 + 1)].groupby("subject_id").size()
            assert (counted.reindex(begun.subject_id).fillna(0) >= 2).all()


def test_colds_bring_exacerbations_twenty_times_as_often(
    truth: pd.DataFrame, lives: pd.DataFrame, exacerbations: pd.DataFrame
) -> None:
    """Of a person's n exacerbations, in time s with and w without a cold, n·20s/(20s + w) are with one."""
    free = present(truth, "asthma.exacerbation", ["absent"], lives)
    asthma = both(present(truth, "asthma", ["present"], lives), free)
    cold = both(asthma, present(truth, "respiratory_infection", ["ill"], lives))
    in_all, in_colds = struck_by_person(asthma, exacerbations), struck_by_person(cold, exacerbations)
    with_cold = years_by_person(cold).reindex(in_all.index).fillna(0.0)
    without = years_by_person(asthma).reindex(in_all.index) - with_cold
    chance = 20 * with_cold / (20 * with_cold + without)
    seen, expected = in_colds.sum(), (in_all * chance).sum()
    by_chance = (in_all * with_cold / (with_cold + without)).sum()
    assert expected > 25
    assert abs(seen - expected) <= 5 * np.sqrt((in_all * chance * (1 - chance)).sum()), (seen, expected)
    assert seen > by_chance + 5 * np.sqrt(by_chance)


def test_september_is_worse_than_summer(truth: pd.DataFrame, exacerbations: pd.DataFrame) -> None:
    month = exacerbations[exacerbations.time > START].time.dt.month
    september, summer = (month == 9).sum(), month.isin([7, 8]).sum() / 62 * 30
    assert september > summer + 5 * np.sqrt(september / 4)


def test_four_in_five_exacerbations_get_prednisone_for_five_days(
    events: pd.DataFrame, truth: pd.DataFrame, lives: pd.DataFrame, exacerbations: pd.DataFrame
) -> None:
    courses = taken(events, PREDNISONE, lives)
    courses = courses[(courses.start > START) & (courses.end < courses.end.max() - 7 * DAY)]
    assert ((courses.end - courses.start) / DAY).max() <= 5 + 1e-6
    diagnosed = events[events.code == "ICD10CM//J45.909"].groupby("subject_id").time.min()
    resolved = truth[(truth.process == "asthma") & (truth.to == "absent")].groupby("subject_id").time.min()
    known = diagnosed[~diagnosed.index.isin(resolved.index)]
    due = exacerbations[exacerbations.subject_id.isin(known.index)]
    due = due[(due.time > known.reindex(due.subject_id).to_numpy()) & (due.time > START)]
    due = due[due.time < lives.set_index("subject_id").end.reindex(due.subject_id).to_numpy() - 3 * DAY]
    close = due.groupby("subject_id").time.diff() / DAY < 10  # still in the last one's care
    due = due[~close]
    begun = courses[["subject_id", "start"]].rename(columns={"start": "time"}).sort_values("time")
    begun = begun.assign(given=begun.time)
    treated = pd.merge_asof(
        due, begun, on="time", by="subject_id", direction="forward", tolerance=pd.Timedelta(days=2)
    ).given.notna()
    assert len(treated) > 200
    assert abs(treated.mean() - 0.8) <= 5 * np.sqrt(0.8 * 0.2 / len(treated)), treated.mean()
