"""Chemotherapy in cycles, with neutropenia and dose delay.

A woman is operated on for early breast cancer. Four to six weeks later she comes to the day hospital for
the first of six cycles of FEC, three weeks apart, each dose after her body surface, rounded to 5 mg. Her
neutrophils fall, are near nothing in the second week and have usually recovered by the next cycle. If they
are below 1.0, or she is in hospital, the cycle is put off by a week; after two weeks in vain chemotherapy
is stopped. Some have fever at the nadir, are admitted, and from then on get three quarters of the
epirubicin, and a growth factor. It also ends when metastases are found.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.stories.conftest import Story

SIZE = 1_500
DAY = np.timedelta64(1, "D")
NEUTROPHILS, EPIRUBICIN, CYCLOPHOSPHAMIDE = "LOINC//751-8", "RxNorm//3995", "RxNorm//3002"
PEGFILGRASTIM, SURGERY, PUT_OFF = "RxNorm//338036", "ICD10PCS//0HBT0ZZ", "NOTE//chemotherapy"


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("chemotherapy", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "to": str, "from": str, "cause": str})


@pytest.fixture(scope="module")
def cycles(events: pd.DataFrame) -> pd.DataFrame:
    """Cycles given: patient, time, neutrophils of that visit, the cycle's number, days since the last."""
    given = events[events.code == EPIRUBICIN][["subject_id", "time", "encounter_id", "numeric_value"]]
    counts = events[events.code == NEUTROPHILS][["encounter_id", "time", "numeric_value"]]
    cycles = given.merge(counts, on=["encounter_id", "time"], suffixes=("", "_neutrophils"))
    by_patient = cycles.groupby("subject_id").time
    return cycles.assign(number=by_patient.cumcount() + 1, gap=by_patient.diff() / DAY)


def test_it_begins_four_to_six_weeks_after_the_operation(events: pd.DataFrame, cycles: pd.DataFrame) -> None:
    operated = events[events.code == SURGERY].set_index("subject_id").time
    first = cycles[cycles.number == 1].set_index("subject_id").time
    waited = ((first - operated[first.index]) / DAY).to_numpy()
    assert len(waited) > 500
    assert (waited >= 28 - 3).all()  # "from the operation" is from its stay's beginning
    assert (waited <= 42 + 3).all()


def test_cycles_are_three_weeks_apart_or_one_or_two_weeks_late(cycles: pd.DataFrame) -> None:
    gaps = cycles.gap.dropna().round(6)
    assert set(gaps) == {21.0, 28.0, 35.0}
    assert cycles.number.max() == 6


def test_no_cycle_is_given_while_the_neutrophils_are_low(events: pd.DataFrame, cycles: pd.DataFrame) -> None:
    assert cycles.numeric_value_neutrophils.min() >= 1.0
    seen = events[events.code == NEUTROPHILS]
    low = seen[seen.numeric_value < 1.0]
    assert len(low) > 100
    assert not low.encounter_id.isin(cycles.encounter_id).any()


def test_each_week_of_delay_is_written_down_and_there_are_at_most_two(
    events: pd.DataFrame, cycles: pd.DataFrame
) -> None:
    late = cycles.gap.dropna().sub(21).div(7).round().astype(int)
    assert late.max() == 2
    notes = events[events.code == PUT_OFF]
    before_last = notes.merge(cycles.groupby("subject_id").time.max().rename("last"), on="subject_id")
    assert late.sum() == (before_last.time < before_last["last"]).sum()


def test_as_many_second_cycles_are_late_as_the_marrow_says(
    cycles: pd.DataFrame, truth: pd.DataFrame, events: pd.DataFrame
) -> None:
    """In women without fever until then, against the same marrow drawn here a million times."""
    n = 1_000_000
    rng = np.random.default_rng(1)
    usual = np.clip(rng.normal(4.2, 0.9, n), 2.0, 7.5)
    fallen = rng.uniform(6, 9, n)
    nadir = rng.lognormal(np.log(9), 0.35, n)
    recovered = fallen + nadir + rng.uniform(3, 6, n)
    level = np.select([fallen + nadir > 21, recovered > 21], [0.08, 0.5], 1.0)
    low = np.round(usual * level + rng.normal(0, 0.15, n), 1) < 1.0
    no_fever = np.exp(-0.008 * np.minimum(nadir, 21 - fallen))  # chance of none until day 21
    expected = np.average(low, weights=no_fever)

    first = cycles[cycles.number == 1].set_index("subject_id").time
    visits = events[events.code == NEUTROPHILS].merge(first.rename("first"), on="subject_id")
    second = visits[np.isclose((visits.time - visits["first"]) / DAY, 21, atol=1e-6)].set_index("subject_id")
    fevers = truth[truth.cause == "neutropenia: fever"].groupby("subject_id").time.min()
    without = second[~(fevers.reindex(second.index) < second.time)]
    seen = (without.numeric_value < 1.0).mean()
    error = np.sqrt(expected * (1 - expected) / len(without))
    assert len(without) > 500
    assert abs(seen - expected) <= 5 * error, (seen, expected, error)


def test_fever_strikes_at_the_nadir_with_its_hazard(truth: pd.DataFrame, log: EventLog) -> None:
    rows = truth[truth.process == "neutropenia"]
    begun = rows[rows.to == "nadir"][["subject_id", "time"]]
    ended = rows[rows["from"] == "nadir"].rename(columns={"time": "end"})
    spells = pd.merge_asof(
        begun.sort_values("time"), ended[ended.to == "recovering"][["subject_id", "end"]].sort_values("end"),
        left_on="time", right_on="end", by="subject_id", direction="forward",
    ).dropna()  # fmt: skip
    fevers = truth[truth.cause == "neutropenia: fever"][["subject_id", "time"]].rename(
        columns={"time": "fever"}
    )
    struck = pd.merge_asof(
        spells, fevers.sort_values("fever"), left_on="time", right_on="fever", by="subject_id",
        direction="forward",
    )  # fmt: skip
    inside = struck.fever < struck.end
    days = np.where(inside, (struck.fever - struck.time) / DAY, (struck.end - struck.time) / DAY).sum()
    expected = 0.008 * days
    assert inside.sum() > 100
    assert abs(inside.sum() - expected) <= 5 * np.sqrt(expected)


def test_after_a_fever_the_dose_is_three_quarters_and_a_growth_factor_is_given(
    events: pd.DataFrame, cycles: pd.DataFrame, truth: pd.DataFrame
) -> None:
    fevers = truth[truth.cause == "neutropenia: fever"].groupby("subject_id").time.min()
    after = (fevers.reindex(cycles.subject_id).to_numpy() < cycles.time).to_numpy()
    assert 50 < after.sum() < len(cycles) / 2
    supported = cycles.encounter_id.isin(events[events.code == PEGFILGRASTIM].encounter_id).to_numpy()
    assert (supported == after).all()
    # the surface, from the cyclophosphamide of the same visit: 500 mg/m2, within its rounding
    other = events[events.code == CYCLOPHOSPHAMIDE].set_index("encounter_id").numeric_value
    whole = 2 * 100 / 1000 * other.reindex(cycles.encounter_id).to_numpy()
    wanted = np.where(after, 0.75, 1.0) * whole
    assert np.abs(cycles.numeric_value.to_numpy() - wanted).max() <= 2.5 + 0.5 + 1e-6
    assert (cycles.numeric_value % 5 == 0).all()
    assert set(events[events.code == EPIRUBICIN].unit) == {"mg"}


def test_no_cycle_follows_metastases(cycles: pd.DataFrame, truth: pd.DataFrame) -> None:
    spread = truth[truth.to == "metastatic"].groupby("subject_id").time.min()
    span = cycles.groupby("subject_id").time.agg(["min", "max"]).join(spread)
    under_way = span[span.time > span["min"]]
    assert len(under_way) > 20
    assert (under_way["max"] <= under_way.time).all()
    begun, done = cycles.subject_id.nunique(), (cycles.groupby("subject_id").size() == 6).sum()
    assert 0.8 < done / begun < 1.0
