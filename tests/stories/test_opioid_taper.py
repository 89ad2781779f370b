"""Tapering of long-term opioids.

People with chronic pain take 45 mg of morphine twice a day and come to the pain clinic every four weeks. From
March 2016, when the guideline came out, one in four of those left is tapered each year: every four weeks
the dose goes down by a tenth of what it was, unless withdrawal was noted at the clinic since the last step,
and after ten steps it is nothing. The risk of an overdose goes down with the dose.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.stories import spells
from tests.stories.conftest import Story

SIZE = 800
DAY = np.timedelta64(1, "D")
MORPHINE, WITHDRAWAL = "RxNorm//7052", "ICD10CM//F11.23"
GUIDELINE = np.datetime64("2016-03-15", "us")
STEP = 4.5


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("opioid-taper", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str})


@pytest.fixture(scope="module")
def lives(log: EventLog) -> pd.DataFrame:
    return spells.followed(log.to_pandas("subjects"), "2014-01-01", "2022-01-01")


@pytest.fixture(scope="module")
def doses(events: pd.DataFrame) -> pd.DataFrame:
    """Each prescription and each end of morphine: patient, time, dose (0 at the end), weeks in between."""
    rows = events[(events.code == MORPHINE) & events.status.isin(["active", "stopped"])]
    rows = rows.assign(dose=rows.numeric_value.where(rows.status == "active", 0.0))
    by_patient = rows.groupby("subject_id")
    return rows[["subject_id", "time", "dose"]].assign(
        before=by_patient.dose.shift(), weeks=by_patient.time.diff() / (7 * DAY), number=by_patient.cumcount()
    )


def test_the_dose_falls_step_by_step_and_never_below_zero(doses: pd.DataFrame) -> None:
    assert (doses.dose >= 0).all()
    assert (doses.dose[doses.number == 0] == 45).all()
    assert np.allclose((doses.before - doses.dose).dropna(), STEP)
    off = doses[doses.dose == 0].set_index("subject_id")
    assert len(off) > 400
    assert (off.number == 10).all()
    assert (off.time == doses.groupby("subject_id").time.max()[off.index]).all()  # the end is the end


def test_a_step_every_four_weeks_unless_there_was_withdrawal(
    doses: pd.DataFrame, events: pd.DataFrame
) -> None:
    steps = doses[doses.number >= 2]
    assert np.allclose(steps.weeks % 4 % 4, 0, atol=1e-6)
    noted = events[events.code == WITHDRAWAL][["subject_id", "time"]].sort_values("time")
    held = 0
    for _, step in steps.groupby(steps.weeks.round()):
        weeks = round(step.weeks.iloc[0])
        for look in range(4, weeks + 1, 4):  # weeks after the last change at which it was looked at
            seen = step.assign(time=step.time - np.timedelta64(7 * (weeks - look), "D")).sort_values("time")
            latest = pd.merge_asof(
                seen, noted.assign(noted=noted.time), on="time", by="subject_id", allow_exact_matches=False
            )
            recent = latest.time - latest.noted < 28 * DAY
            assert (recent == (look < weeks)).all(), f"after {look} of {weeks} weeks"
            held += int(recent.sum())
    assert held > 100


def test_tapers_begin_after_the_guideline_one_in_four_a_year(
    doses: pd.DataFrame, lives: pd.DataFrame
) -> None:
    first = doses[doses.number == 1]
    assert (first.time >= GUIDELINE).all()
    untouched = doses[doses.number == 0].rename(columns={"time": "start"})[["subject_id", "start"]]
    untouched = untouched.merge(first[["subject_id", "time"]], on="subject_id", how="left")
    untouched = untouched.merge(lives[["subject_id", "end"]], on="subject_id")
    offered = pd.DataFrame({
        "start": np.maximum(untouched.start, GUIDELINE), "end": untouched.time.fillna(untouched.end)
    })  # fmt: skip
    spells.agrees(len(first), 0.25 * spells.years(offered[offered.end > offered.start]))


def test_withdrawal_comes_after_a_step_down(log: EventLog, doses: pd.DataFrame) -> None:
    truth = log.to_pandas("truth").astype({"process": str, "to": str})
    begins = truth[(truth.process == "opioid_dependence.withdrawal") & (truth.to == "present")]
    steps = doses[doses.number > 0][["subject_id", "time"]].assign(step=lambda d: d.time)
    after = pd.merge_asof(begins.sort_values("time"), steps.sort_values("time"), on="time", by="subject_id")
    assert len(after) > 200
    assert ((after.time - after.step) <= 14 * DAY).all()


def test_overdoses_are_as_frequent_as_the_dose_says(
    log: EventLog, doses: pd.DataFrame, lives: pd.DataFrame
) -> None:
    """0.2 % a year, times 1.6 for every 10 mg of a dose."""
    ends = doses.groupby("subject_id").time.shift(-1)
    last = doses.merge(lives[["subject_id", "end"]], on="subject_id").end
    held = pd.DataFrame(
        {"dose": doses.dose, "start": doses.time, "end": ends.fillna(pd.Series(last.to_numpy(), doses.index))}
    )
    held = held[held.dose > 0]
    at_risk = ((held.end - held.start) / spells.YEAR).to_numpy()
    expected = float((0.002 * 1.6 ** (held.dose.to_numpy() / 10) * at_risk).sum())
    encounters = log.to_pandas("encounters").astype({"kind": str})
    spells.agrees(int((encounters.kind == "emergency").sum()), expected)
