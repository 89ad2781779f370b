"""Screening colonoscopy with surveillance intervals.

Between 50 and 75, people are invited to a screening colonoscopy; two in three accept. Whatever polyp is
seen is removed. Who had an advanced adenoma comes back after three years, who had a small one after
seven, who had none after ten. A tumour ends screening: the patient is operated on. Others notice blood in the
stool, go to the doctor and are sent to the endoscopy unit. Removing adenomas prevents cancers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.statistics import against
from tests.stories import spells
from tests.stories.conftest import Story

SIZE = 3_000
YEAR = spells.YEAR
COLONOSCOPY, ADVANCED, SMALL = "ICD10PCS//0DJD8ZZ", "ICD10CM//D12.6", "ICD10CM//K63.5"
TUMOUR, COLECTOMY, CANCER = "SIM//colonoscopy_cancer", "ICD10PCS//0DBN0ZZ", "ICD10CM//C18.9"
INTERVALS = {"advanced": 3.0, "small": 7.0, "nothing": 10.0}


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("colonoscopy-screening", SIZE)


@pytest.fixture(scope="module")
def subjects(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("subjects")


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str, "cause": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "from": str, "to": str})


@pytest.fixture(scope="module")
def seen(events: pd.DataFrame, subjects: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """One row per colonoscopy: what it found, what was there, the age, whether it was for screening."""
    done = events[events.code == COLONOSCOPY][["subject_id", "time", "encounter_id", "cause"]]
    found = pd.Series("nothing", done.encounter_id)
    for code, name in ((SMALL, "small"), (ADVANCED, "advanced"), (TUMOUR, "tumour")):
        found[found.index.isin(events[events.code == code].encounter_id)] = name
    moves = truth[truth.process == "adenoma"][["subject_id", "time", "to"]].sort_values("time")
    there = pd.merge_asof(
        done.sort_values("time"), moves, on="time", by="subject_id", allow_exact_matches=False
    ).set_index("encounter_id")  # fmt: skip
    age = (done.time.to_numpy() - subjects.set_index("subject_id").birth[done.subject_id].to_numpy()) / YEAR
    return done.assign(
        found=found.to_numpy(), age=age, screening=done.cause.str.startswith("screening").to_numpy(),
        there=there.to.reindex(done.encounter_id).fillna("absent").to_numpy(),
    )  # fmt: skip


def test_the_next_colonoscopy_is_due_by_what_the_last_one_found(seen: pd.DataFrame) -> None:
    screening = seen[seen.screening].sort_values(["subject_id", "time"])
    gap = (screening.groupby("subject_id").time.shift(-1) - screening.time) / YEAR
    for found, interval in INTERVALS.items():
        gaps = gap[screening.found == found].dropna()
        assert len(gaps) > 50
        assert np.allclose(gaps, interval, atol=0.001), found
    assert gap[screening.found == "tumour"].dropna().empty


def test_screening_is_from_50_to_75_and_two_in_three_accept(
    seen: pd.DataFrame, subjects: pd.DataFrame
) -> None:
    screening = seen[seen.screening]
    assert screening.age.between(49.997, 75.003).all()  # birthdays are those of the calendar
    entered = (subjects.entry - subjects.birth) / YEAR
    left = (subjects.exit - subjects.birth) / YEAR
    invited = subjects.subject_id[(entered < 50) & (left >= 51)]
    assert len(invited) > 1_000
    against.probability(invited.isin(screening.subject_id[screening.age < 51]).to_numpy(), 0.67, "accepted")


def test_what_is_there_is_mostly_seen_and_then_removed(seen: pd.DataFrame, truth: pd.DataFrame) -> None:
    for there, share in (("advanced", 0.95), ("small", 0.76)):
        examined = seen[(seen.there == there) & (seen.found != "tumour")]
        against.probability((examined.found == there).to_numpy(), share, there)
        removed = truth[(truth.process == "adenoma") & (truth["from"] == there) & (truth.to == "absent")]
        taken = examined[examined.found == there].merge(removed, on=["subject_id", "time"])
        assert len(taken) == (examined.found == there).sum() > 50
    assert (seen[seen.there == "absent"].found.isin(["nothing", "tumour"])).all()


def test_a_tumour_is_diagnosed_at_once_and_operated_on(seen: pd.DataFrame, events: pd.DataFrame) -> None:
    tumours = seen[seen.found == "tumour"]
    diagnosed = events[events.code == CANCER]
    assert len(tumours) > 20
    assert set(tumours.encounter_id) >= set(diagnosed.encounter_id)
    assert set(tumours.subject_id) == set(diagnosed.subject_id)
    operated = events[events.code == COLECTOMY].merge(tumours, on="subject_id", suffixes=("", "_seen"))
    assert len(operated) > 0.7 * len(tumours)
    waited = (operated.time - operated.time_seen) / np.timedelta64(1, "D")
    assert waited.groupby(operated.subject_id).min().between(7, 29).all()


def test_screening_prevents_cancer(seen: pd.DataFrame, subjects: pd.DataFrame, truth: pd.DataFrame) -> None:
    lives = spells.followed(subjects, "2010-01-01", "2025-01-01")
    lives = lives[lives.start < lives.end]
    onset = truth[(truth.process == "colorectal_cancer") & (truth["from"] == "absent")]
    screened = lives.subject_id.isin(seen.subject_id[seen.screening & (seen.time < "2010-01-01")])
    rates = [
        spells.struck(group, onset) / spells.years(group) for group in (lives[screened], lives[~screened])
    ]
    assert 0 < rates[0] < 0.6 * rates[1]
