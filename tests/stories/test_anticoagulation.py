"""Anticoagulation with INR-guided dosing.

Somebody over 65 with atrial fibrillation begins warfarin, 5 mg a day. The clinic measures the INR after a
few days: below 2 the dose goes up a step, above 3 down, and they come again in a week; between 2 and 3 it
stays and they come again in four weeks. So everybody finds a dose of their own, most of them between 2 and
10 mg, and is in range about two times in three. Warfarin prevents most strokes, at the price of bleeding;
after a major bleed half of them never take it again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.stories.conftest import Story
from tests.stories.spells import YEAR, agrees, both, followed, present, struck, taken, years

SIZE = 40_000
DAY = np.timedelta64(1, "D")
WARFARIN, INR, CLINIC = "RxNorm//11289", "LOINC//6301-6", "ENCOUNTER//ambulatory//anticoagulation_clinic"
STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15]
STROKE = {(0, 65): 0.02, (65, 75): 0.04, (75, 200): 0.07}


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("anticoagulation", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str, "status": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "from": str, "to": str, "cause": str})


@pytest.fixture(scope="module")
def lives(log: EventLog) -> pd.DataFrame:
    return followed(log.to_pandas("subjects"), "2000-01-01", "2012-01-01")


@pytest.fixture(scope="module")
def treated(events: pd.DataFrame, lives: pd.DataFrame) -> pd.DataFrame:
    """Courses of warfarin whose beginning was seen."""
    spells = taken(events, WARFARIN, lives)
    return spells[spells.start > np.datetime64("2000-01-01")]


@pytest.fixture(scope="module")
def visits(events: pd.DataFrame, treated: pd.DataFrame) -> pd.DataFrame:
    """Visits of the clinic: patient, time, INR, the dose before and after it, days to the next."""
    came = events[events.code == CLINIC][["subject_id", "encounter_id", "time"]]
    inr = events[events.code == INR][["encounter_id", "time", "numeric_value"]]
    came = came.merge(inr.rename(columns={"numeric_value": "inr"}), on=["encounter_id", "time"])
    came = came[came.subject_id.isin(treated.subject_id)].sort_values("time")
    doses = events[(events.code == WARFARIN) & (events.status == "active")].sort_values("time")
    doses = doses[["subject_id", "time", "numeric_value"]].rename(columns={"numeric_value": "dose"})
    before = pd.merge_asof(came, doses, on="time", by="subject_id", allow_exact_matches=False)
    after = pd.merge_asof(came, doses, on="time", by="subject_id").dose
    visits = before.assign(after=after).sort_values(["subject_id", "time"])
    return visits.assign(until_next=-visits.groupby("subject_id").time.diff(-1) / DAY)


def test_it_begins_with_5_mg_and_a_visit_within_a_week(events: pd.DataFrame, treated: pd.DataFrame) -> None:
    doses = events[(events.code == WARFARIN) & (events.status == "active")]
    first = doses.merge(treated, left_on=["subject_id", "time"], right_on=["subject_id", "start"])
    assert len(first) == len(treated) > 200
    assert set(first.numeric_value) == {5.0}
    met = events[events.code == CLINIC][["subject_id", "time"]].merge(treated, on="subject_id")
    seen = met[met.time > met.start].groupby("subject_id").agg(time=("time", "min"), start=("start", "min"))
    waited = (seen.time - seen.start) / DAY
    assert waited.between(4, 6).all()


def test_the_dose_follows_the_inr_step_by_step(visits: pd.DataFrame) -> None:
    step = visits.after.map(STEPS.index) - visits.dose.map(STEPS.index)
    low, high = (visits.inr < 1.95), (visits.inr > 3.05)
    assert set(step[~low & ~high]) == {0}
    assert set(step[low & (visits.dose < 15)]) == {1}
    assert set(step[high & (visits.dose > 1)]) == {-1}
    assert min(low.sum(), high.sum()) > 500


def test_who_is_in_range_comes_again_in_four_weeks_others_in_one(visits: pd.DataFrame, log: EventLog) -> None:
    stays = log.to_pandas("encounters")
    in_hospital = stays[stays["class"] == "inpatient"].subject_id  # what is done there is no clinic visit
    seen = visits[~visits.subject_id.isin(in_hospital)].dropna(subset="until_next")
    assert len(seen) > 5_000
    within = (seen.inr > 1.95) & (seen.inr < 3.05)
    assert seen[within].until_next.between(25 - 1e-6, 31 + 1e-6).all()
    assert seen[~within].until_next.between(6 - 1e-6, 8 + 1e-6).all()


def test_two_inrs_in_three_are_in_range_once_the_dose_is_found(
    visits: pd.DataFrame, treated: pd.DataFrame
) -> None:
    """As shares of patients: their visits are not independent."""
    met = visits.merge(treated[["subject_id", "start"]], on="subject_id")
    settled = met[met.time > met.start + 90 * DAY]
    shares = settled.assign(within=settled.inr.between(1.95, 3.05)).groupby("subject_id").within.mean()
    error = shares.std() / np.sqrt(len(shares))
    assert len(shares) > 200
    assert abs(shares.mean() - 0.66) <= 0.05 + 5 * error
    doses = settled.groupby("subject_id").dose.median()
    assert 4 <= doses.median() <= 7
    assert doses.quantile(0.95) >= 2.5 * doses.quantile(0.05)  # everyone their own


def test_strokes_without_warfarin_come_at_the_rates_of_the_untreated(
    log: EventLog, truth: pd.DataFrame, lives: pd.DataFrame, events: pd.DataFrame
) -> None:
    """…and warfarin prevents most: of those expected without it, not even two in three come."""
    af = present(truth, "af", ["present"], lives)
    every = taken(events, WARFARIN, lives)
    strokes = truth[truth.cause.str.startswith("af: stroke")]
    born = log.to_pandas("subjects")[["subject_id", "birth"]]
    expected = {"all": 0.0, "treated": 0.0}
    for (low, high), rate in STROKE.items():
        age = born.assign(start=born.birth + low * YEAR, end=born.birth + high * YEAR).drop(columns="birth")
        here = both(af, age)
        expected["all"] += rate * years(here)
        expected["treated"] += rate * years(both(here, every))
    on_warfarin = struck(both(af, every), strokes)
    agrees(struck(af, strokes) - on_warfarin, expected["all"] - expected["treated"])
    limit = 0.66 * expected["treated"]
    assert on_warfarin + 5 * np.sqrt(on_warfarin) < limit + 5 * np.sqrt(limit)
    assert on_warfarin < expected["treated"] - 5 * np.sqrt(expected["treated"])


def test_warfarin_makes_bleeding_likelier_and_half_of_them_stop_it(
    truth: pd.DataFrame, lives: pd.DataFrame, events: pd.DataFrame
) -> None:
    af = present(truth, "af", ["present"], lives)
    on_warfarin = both(af, taken(events, WARFARIN, lives))
    bleeds = truth[truth.cause.str.startswith("af: bleed")]
    seen = struck(on_warfarin, bleeds)
    agrees(struck(af, bleeds) - seen, 0.01 * (years(af) - years(on_warfarin)))
    without = 0.01 * years(on_warfarin)
    assert seen > without + 5 * np.sqrt(without)
    stopped = events[(events.code == WARFARIN) & (events.status == "stopped")]
    stopped = stopped[stopped.time > np.datetime64("2000-01-01")]
    at_bleed = stopped.merge(bleeds[["subject_id", "time"]], on=["subject_id", "time"])
    assert abs(len(at_bleed) - 0.5 * seen) <= 5 * np.sqrt(0.25 * seen)
    assert len(at_bleed) == len(stopped)
