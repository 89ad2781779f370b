"""Kidney transplant with rejection.

People with end-stage renal disease wait some four years for a kidney. After the operation the creatinine
falls, and they take tacrolimus for life, if they do not give it up. They are seen monthly for a year, then
every three months. Rejection is commonest in the first year, and six times as common without
tacrolimus; the creatinine
rises. A rise by a quarter leads to a biopsy; if that shows rejection, to hospital and a pulse of steroids,
500 mg on three days, which stops it in four of five. What was lost does not come back; some lose the kidney.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.statistics import against
from tests.stories import spells
from tests.stories.conftest import Story

SIZE = 1_000
DAY = np.timedelta64(1, "D")
CREATININE, TRANSPLANTED, BIOPSY = "LOINC//2160-0", "ICD10PCS//0TY00Z0", "ICD10PCS//0TB13ZX"
SHOWS, DIAGNOSIS, STEROID, TACROLIMUS = (
    "SIM//kidney_biopsy_rejection", "ICD10CM//T86.11", "RxNorm//6902", "RxNorm//42316"
)  # fmt: skip


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("transplant", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "from": str, "to": str})


@pytest.fixture(scope="module")
def lives(log: EventLog) -> pd.DataFrame:
    return spells.followed(log.to_pandas("subjects"), "2005-01-01", "2025-01-01")


def rows(events: pd.DataFrame, code: str) -> pd.DataFrame:
    return events[events.code == code][["subject_id", "time", "numeric_value"]].sort_values("time")


def test_the_wait_is_some_four_years(events: pd.DataFrame, truth: pd.DataFrame, lives: pd.DataFrame) -> None:
    """Exponential from the diagnosis: transplantations are as many as the years waited, over four."""
    diagnosed = rows(events, "ICD10CM//N18.6").rename(columns={"time": "start"})
    done = rows(events, TRANSPLANTED)
    waiting = diagnosed.merge(done[["subject_id", "time"]], on="subject_id", how="left")
    waiting = waiting.merge(lives[["subject_id", "end"]], on="subject_id")
    waiting = waiting.assign(end=waiting.time.fillna(waiting.end))
    assert done.subject_id.is_unique
    spells.agrees(len(done), spells.years(waiting) / 4)


def test_the_new_kidney_works(events: pd.DataFrame) -> None:
    met = rows(events, CREATININE).merge(rows(events, TRANSPLANTED), on="subject_id", suffixes=("", "_done"))
    before = met[met.time < met.time_done].numeric_value
    after = met[(met.time > met.time_done) & (met.time < met.time_done + 60 * DAY)].numeric_value
    assert len(before) > 500
    assert before.min() > 6
    assert after.mean() < 1.5


def test_checks_monthly_for_a_year_then_every_three_months(events: pd.DataFrame) -> None:
    checks = rows(events, CREATININE).merge(
        rows(events, TRANSPLANTED), on="subject_id", suffixes=("", "_done")
    )
    checks = checks[checks.time > checks.time_done]
    gap = checks.groupby("subject_id").time.diff() / DAY
    since = (checks.time - checks.time_done) / DAY
    assert gap[since < 330].dropna().between(27, 34).all()
    assert gap[since > 500].dropna().between(84, 99).all()
    assert (since > 10 * 365).any()


def test_rejection_is_rarer_with_time_and_with_tacrolimus(
    events: pd.DataFrame, truth: pd.DataFrame, lives: pd.DataFrame
) -> None:
    done = rows(events, TRANSPLANTED)
    at_risk = spells.both(
        spells.present(truth, "kidney_failure", ["transplanted"], lives),
        spells.present(truth, "rejection", ["absent"], lives),
    )
    on = spells.taken(events, TACROLIMUS, lives)
    onset = truth[(truth.process == "rejection") & (truth.to == "active")]
    treated = untreated = 0.0
    for rate, first, last in ((0.12, 0, 1), (0.04, 1, 5), (0.02, 5, 99)):
        band = done.assign(start=done.time + first * spells.YEAR, end=done.time + last * spells.YEAR)
        there = spells.both(at_risk, band)
        protected = spells.years(spells.both(there, on))
        treated += rate * protected
        untreated += 6 * rate * (spells.years(there) - protected)
    on_it = spells.struck(on, onset)
    spells.agrees(on_it, treated)
    spells.agrees(len(onset) - on_it, untreated)


def test_a_rise_by_a_quarter_leads_to_a_biopsy(events: pd.DataFrame) -> None:
    done = rows(events, TRANSPLANTED)
    values = rows(events, CREATININE).merge(
        done[["subject_id", "time"]], on="subject_id", suffixes=("", "_tx")
    )
    values = values[values.time > values.time_tx].sort_values(["subject_id", "time"])
    rise = values.numeric_value / values.groupby("subject_id").numeric_value.shift()
    biopsies = rows(events, BIOPSY)
    assert len(biopsies) > 100
    done_there = (
        values.merge(biopsies, on=["subject_id", "time"], how="left", indicator=True)["_merge"] == "both"
    )
    assert done_there.sum() == len(biopsies)
    clear = (rise - 1.25).abs().to_numpy() > 1e-3  # 1.5 over 1.2: a matter of the last digit
    assert (done_there.to_numpy() == (rise > 1.25).to_numpy())[clear].all()


def test_biopsy_shows_what_is_there(events: pd.DataFrame, truth: pd.DataFrame) -> None:
    biopsies = rows(events, BIOPSY)
    moves = truth[truth.process == "rejection"][["subject_id", "time", "to"]].sort_values("time")
    there = pd.merge_asof(biopsies, moves, on="time", by="subject_id", allow_exact_matches=False)
    shows = rows(events, SHOWS)
    positive = pd.Series(list(zip(there.subject_id, there.time, strict=True))).isin(
        list(zip(shows.subject_id, shows.time, strict=True))
    )
    rejecting = (there.to == "active").to_numpy()
    against.probability(positive[rejecting].to_numpy(), 0.92, "seen in the biopsy")
    assert not positive[~rejecting].any()


def test_rejection_is_treated_with_three_pulses(events: pd.DataFrame, truth: pd.DataFrame) -> None:
    shows, steroid, diagnosed = (rows(events, code) for code in (SHOWS, STEROID, DIAGNOSIS))
    assert len(shows) > 100
    assert (steroid.numeric_value == 500).all()
    for wait in (0, 1, 2):  # days after the biopsy, unless the patient has died
        due = shows.assign(time=shows.time + wait * DAY)[["subject_id", "time"]]
        assert len(due.merge(steroid, on=["subject_id", "time"])) >= 0.98 * len(shows)
    assert len(steroid) <= 3 * len(shows)
    assert len(diagnosed) == len(diagnosed.merge(shows, on=["subject_id", "time"]))
    over = truth[(truth.process == "rejection") & (truth["from"] == "active")]
    third = shows.assign(time=shows.time + 2 * DAY)
    third = third[third.time < "2025-01-01"]
    third = third.merge(steroid[["subject_id", "time"]], on=["subject_id", "time"])
    cured = third.merge(over[["subject_id", "time"]], on=["subject_id", "time"], how="left", indicator=True)
    against.probability((cured["_merge"] == "both").to_numpy(), 0.8, "stopped by the pulse")


def test_rejection_lowers_function_for_good(events: pd.DataFrame, truth: pd.DataFrame) -> None:
    """The first check after a rejection, and the last before it."""
    moves = truth[truth.process == "rejection"][["subject_id", "time", "to"]].sort_values("time")
    values = rows(events, CREATININE)
    onset, over = moves[moves.to == "active"], moves[moves.to == "absent"]
    before = pd.merge_asof(onset, values, on="time", by="subject_id")
    pairs = pd.merge_asof(
        over, before[["subject_id", "time", "numeric_value"]], on="time", by="subject_id"
    ).rename(columns={"numeric_value": "before"})  # fmt: skip
    after = pd.merge_asof(pairs, values, on="time", by="subject_id", direction="forward").dropna()
    change = (after.numeric_value - after.before).to_numpy()
    assert len(change) > 100
    assert change.mean() > 5 * change.std() / np.sqrt(len(change))
    assert change.mean() > 0.3


def test_a_kidney_that_is_lost_ends_treatment(events: pd.DataFrame, truth: pd.DataFrame) -> None:
    lost = (
        truth[(truth.process == "kidney_failure") & (truth.to == "lost_graft")].set_index("subject_id").time
    )
    assert len(lost) >= 10
    last = events[events.subject_id.isin(lost.index) & (events.code == TACROLIMUS)]
    for code in (TACROLIMUS, CREATININE, STEROID):
        later = events[(events.code == code) & events.subject_id.isin(lost.index)]
        assert (later.time.to_numpy() <= lost[later.subject_id].to_numpy()).all(), code
    assert not last.empty
