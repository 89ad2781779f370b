"""Sepsis with a stay in intensive care.

An elderly patient falls ill with sepsis and is in hospital within a day: cultures, lactate, blood pressure,
antibiotics every eight hours for a week. One in three goes to intensive care at once, others from the ward
as soon as the blood pressure is below 65 or the lactate 4 and above; there both are
measured every six hours, and norepinephrine is given until the pressure is safe. More than half see the
intensive care unit, about one in six dies in hospital, most of them in shock. The others go home, to a
nursing facility or a hospice; one in five of the first two is back within a month.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.statistics import against
from tests.stories import spells
from tests.stories.conftest import Story

SIZE = 8_000
HOUR, DAY = np.timedelta64(1, "h"), np.timedelta64(1, "D")
LACTATE, PRESSURE = "LOINC//2524-7", "LOINC//8478-0"
ANTIBIOTIC, NOREPINEPHRINE = "RxNorm//74169", "RxNorm//7512"


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("sepsis", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "from": str, "to": str})


@pytest.fixture(scope="module")
def deaths(log: EventLog) -> pd.Series:
    """Instant of death by patient, of those who died of sepsis in hospital."""
    subjects = log.to_pandas("subjects").astype({"death_cause": str})
    died = subjects[subjects.death_cause.str.startswith("sepsis_admission: death")]
    return died.set_index("subject_id").death


@pytest.fixture(scope="module")
def stays(log: EventLog) -> pd.DataFrame:
    encounters = log.to_pandas("encounters").astype({"kind": str})
    stays = encounters[encounters.kind == "sepsis_admission"]
    return stays.assign(end=stays.end.fillna(pd.Timestamp("2022-01-01")))[
        ["subject_id", "encounter_id", "start", "end"]
    ]


@pytest.fixture(scope="module")
def units(events: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Spells in a unit: patient, stay, unit, start, end."""
    moves = events[events.code.str.startswith("TRANSFER_TO")]
    moves = moves[["subject_id", "encounter_id", "time", "code"]].rename(columns={"time": "start"})
    next_move = moves.groupby("encounter_id").start.shift(-1)
    ends = stays.set_index("encounter_id").end.reindex(moves.encounter_id).to_numpy()
    unit = moves.code.str.partition("//")[2]
    return moves.assign(end=next_move.fillna(pd.Series(ends, moves.index)), unit=unit)


def test_everybody_with_sepsis_is_in_hospital_within_a_day(truth: pd.DataFrame, stays: pd.DataFrame) -> None:
    onset = truth[(truth.process == "sepsis") & (truth["from"] == "absent")][["subject_id", "time"]]
    onset = onset.sort_values("time")
    met = pd.merge_asof(stays.sort_values("start"), onset, left_on="start", right_on="time", by="subject_id")
    waited = (met.start - met.time) / HOUR
    assert len(stays) > 500
    assert len(stays) >= 0.97 * len(onset)  # a few die of something else before, or are still in
    assert waited.between(2, 24).all()


def test_intensive_care(stays: pd.DataFrame, units: pd.DataFrame) -> None:
    first = units.groupby("encounter_id").unit.first()
    against.probability((first == "icu").to_numpy(), 0.35, "at once in intensive care")
    ever = stays.encounter_id.isin(units.encounter_id[units.unit == "icu"])
    assert 0.45 <= ever.mean() <= 0.65  # 55 % of patients: Rhee, JAMA 2017


def test_who_gets_worse_on_the_ward_is_moved_at_once(events: pd.DataFrame, units: pd.DataFrame) -> None:
    """Whatever is alarming is measured at the end of a spell on the ward, never before."""
    ward = units[units.unit == "ward"]
    alarming = ((events.code == PRESSURE) & (events.numeric_value < 65)) | (
        (events.code == LACTATE) & (events.numeric_value >= 4)
    )
    met = events[alarming][["subject_id", "time"]].merge(ward, on="subject_id")
    met = met[(met.start <= met.time) & (met.time <= met.end)]
    before = met[met.time < met.end]
    assert len(met) > 50
    assert before.empty


def test_what_is_measured_how_often(events: pd.DataFrame, units: pd.DataFrame) -> None:
    values = events[events.code == LACTATE][["subject_id", "time"]]
    for unit, hours in (("ward", 24), ("icu", 6)):
        met = values.merge(units[units.unit == unit], on="subject_id")
        met = met[(met.start < met.time) & (met.time < met.end)]
        gaps = met.groupby(["encounter_id", "start"]).time.diff().dropna() / HOUR
        assert len(gaps) > 200
        assert np.allclose(gaps, hours), unit


def test_deaths_in_hospital(
    deaths: pd.Series, stays: pd.DataFrame, units: pd.DataFrame, truth: pd.DataFrame, log: EventLog
) -> None:
    lives = spells.followed(log.to_pandas("subjects"), "2012-01-01", "2022-01-01")
    shock = spells.present(truth, "sepsis", ["shock"], lives)
    ward, icu = (units[units.unit == unit] for unit in ("ward", "icu"))
    a_day = 365.2425
    in_shock = spells.years(spells.both(icu, shock)) * a_day
    expected = 0.006 * spells.years(ward) * a_day + 0.018 * (spells.years(icu) * a_day - in_shock)
    spells.agrees(len(deaths), expected + 0.072 * in_shock)
    assert 0.10 <= len(deaths) / len(stays) <= 0.20  # 15 %: Rhee, JAMA 2017
    met = deaths.rename("time").reset_index()
    assert spells.struck(icu, met) > 0.6 * len(deaths)


def test_antibiotics_for_a_week_or_until_discharge(events: pd.DataFrame, stays: pd.DataFrame) -> None:
    given = events[events.code == ANTIBIOTIC]
    doses = given.groupby("encounter_id").time.agg(["min", "max", "size"]).reindex(stays.encounter_id)
    assert (doses["min"].to_numpy() == stays.start.to_numpy()).all()
    assert np.allclose(given.groupby("encounter_id").time.diff().dropna() / HOUR, 8)
    lasted = (stays.end - stays.start).to_numpy() / HOUR
    expected = np.minimum(21, np.floor(lasted / 8 - 1e-9) + 1)
    assert (doses["size"].to_numpy() == expected).all()


def test_norepinephrine_is_started_in_intensive_care_for_low_pressure(
    events: pd.DataFrame, units: pd.DataFrame
) -> None:
    started = events[(events.code == NOREPINEPHRINE) & (events.status == "active")]
    pressure = events[events.code == PRESSURE][["subject_id", "time", "numeric_value"]]
    latest = pd.merge_asof(
        started[["subject_id", "time"]].sort_values("time"), pressure.sort_values("time"),
        on="time", by="subject_id",
    )  # fmt: skip
    assert len(latest) > 50
    assert (latest.numeric_value < 65).all()
    icu = units[units.unit == "icu"]
    met = latest.merge(icu, on="subject_id")
    assert ((met.start <= met.time) & (met.time < met.end)).sum() == len(latest)


def test_where_they_go_and_who_comes_back(events: pd.DataFrame, log: EventLog) -> None:
    left = events[events.code.str.startswith("DISCHARGE")]
    for place, share in (("home", 0.62), ("skilled_nursing", 0.31), ("hospice", 0.07)):
        against.probability((left.code == f"DISCHARGE//{place}").to_numpy(), share, place)
    encounters = log.to_pandas("encounters").astype({"kind": str})
    back = encounters[encounters.kind == "readmission"]
    gone = left[(left.code != "DISCHARGE//hospice") & (left.time < "2021-11-30")]
    returned = pd.merge_asof(
        gone[["subject_id", "time"]].sort_values("time"), back[["subject_id", "start"]].sort_values("start"),
        left_on="time", right_on="start", by="subject_id", direction="forward",
        tolerance=pd.Timedelta(days=31),
    )  # fmt: skip
    against.probability(returned.start.notna().to_numpy(), 0.2, "back within a month")
