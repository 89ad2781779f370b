"""Gestational diabetes, from the glucose challenge to diabetes in later life.

At 24 to 28 weeks a pregnant woman drinks 50 g of glucose. From 140 mg/dL an hour later she is sent for a
tolerance test, which makes the diagnosis. Within ten days the clinic puts her on a diet; it sees her every
two weeks, and if her fasting glucose is still 95 mg/dL or more she injects insulin, a step more each time
it is. With the birth all of it ends, and the diabetes goes. But type 2 diabetes comes to her more than nine
times as often as to others; half have a test within weeks, later one a year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.stories.conftest import Story
from tests.stories.spells import YEAR, agrees, both, followed, present, struck, taken, years

SIZE = 10_000
DAY = np.timedelta64(1, "D")
CHALLENGE, TWO_HOURS, FASTING = "LOINC//20438-8", "LOINC//20437-0", "LOINC//1558-6"
DIAGNOSIS, T2D, DIET, INSULIN = "ICD10CM//O24.419", "ICD10CM//E11.9", "SIM//diet", "RxNorm//139825"
TEST = "ENCOUNTER//ambulatory//glucose_tolerance_test"
CLINIC = "ENCOUNTER//ambulatory//diabetes_in_pregnancy_clinic"
STEPS = [10, 14, 18, 24, 30]


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("gestational-diabetes", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str, "status": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "from": str, "to": str})


@pytest.fixture(scope="module")
def lives(log: EventLog) -> pd.DataFrame:
    return followed(log.to_pandas("subjects"), "2012-01-01", "2027-01-01")


def _rows(events: pd.DataFrame, code: str, *more: str) -> pd.DataFrame:
    """Rows of a code, in order of time."""
    return events[events.code == code][["subject_id", "time", *more]].sort_values("time")


def _value(events: pd.DataFrame, code: str, name: str) -> pd.DataFrame:
    return _rows(events, code, "numeric_value").rename(columns={"numeric_value": name})


@pytest.fixture(scope="module")
def tests(events: pd.DataFrame) -> pd.DataFrame:
    """Tolerance tests: patient, time, fasting and two-hour glucose, and whether the diagnosis was made."""
    found = _rows(events, TEST).merge(_value(events, FASTING, "fasting"), on=["subject_id", "time"])
    found = found.merge(_value(events, TWO_HOURS, "two_hours"), on=["subject_id", "time"])
    made = _rows(events, DIAGNOSIS).assign(diagnosed=True)
    found = found.merge(made, on=["subject_id", "time"], how="left")
    return found.assign(diagnosed=found.diagnosed.notna())


def test_as_many_have_it_as_their_age_says(log: EventLog, truth: pd.DataFrame) -> None:
    """4, 8 and 13 % of pregnancies that reach the second trimester, of women under 25, under 35 and older."""
    begun = truth[(truth.process == "pregnancy") & (truth.to == "second_trimester")]
    has = truth[(truth.process == "gestational_diabetes") & (truth.to == "present")]
    begun = begun.merge(has[["subject_id", "time"]].assign(has=True), on=["subject_id", "time"], how="left")
    begun = begun.merge(log.to_pandas("subjects")[["subject_id", "birth"]], on="subject_id")
    age = (begun.time - begun.birth) / YEAR
    for low, high, chance in ((0, 25, 0.04), (25, 35, 0.08), (35, 60, 0.13)):
        at_that_age = begun[(age >= low) & (age < high)].has.notna()
        error = np.sqrt(chance * (1 - chance) / len(at_that_age))
        assert len(at_that_age) > 300
        assert abs(at_that_age.mean() - chance) <= 5 * error


def test_only_a_high_challenge_leads_to_the_tolerance_test(events: pd.DataFrame, tests: pd.DataFrame) -> None:
    challenges = _value(events, CHALLENGE, "load").assign(challenged=lambda t: t.time)
    met = pd.merge_asof(tests.sort_values("time"), challenges, on="time", by="subject_id")
    assert met.load.min() >= 140
    assert ((met.time - met.challenged) / DAY).between(3 - 1e-6, 10 + 1e-6).all()
    high = challenges[(challenges.load >= 140) & (challenges.time < np.datetime64("2026-12-20"))]
    came = pd.merge_asof(
        high, tests.assign(tested=tests.time)[["subject_id", "time", "tested"]].sort_values("time"),
        on="time", by="subject_id", direction="forward", tolerance=pd.Timedelta(days=11),
    ).tested.notna()  # fmt: skip
    assert abs(came.mean() - 0.95) <= 5 * np.sqrt(0.95 * 0.05 / len(came)) + 0.005  # deaths, moves


def test_the_diagnosis_follows_the_thresholds(events: pd.DataFrame, tests: pd.DataFrame) -> None:
    overt = tests.fasting >= 126
    meets = ~overt & ((tests.fasting >= 95) | (tests.two_hours >= 155))
    assert len(tests) > 1_000
    assert meets[tests.diagnosed].all()
    known = _rows(events, DIAGNOSIS).groupby("subject_id").time.min()
    earlier = known.reindex(tests.subject_id).to_numpy() < tests.time.to_numpy()
    assert tests.diagnosed[meets & ~earlier].all()
    late = _rows(events, T2D).merge(tests[overt], on=["subject_id", "time"])
    assert len(late) > 0


def test_diet_first_then_insulin_if_the_fasting_glucose_stays_high(
    events: pd.DataFrame, lives: pd.DataFrame
) -> None:
    diet, insulin = taken(events, DIET, lives), taken(events, INSULIN, lives)
    found = _rows(events, DIAGNOSIS).assign(found=lambda t: t.time)
    begun = pd.merge_asof(diet.sort_values("start"), found, left_on="start", right_on="time", by="subject_id")
    assert len(begun) > 300
    assert ((begun.start - begun.found) / DAY).between(3 - 1e-6, 10 + 1e-6).all()
    ways = insulin.merge(diet, on="subject_id", suffixes=("", "_diet"))
    ways = ways[(ways.start >= ways.start_diet) & (ways.start < ways.end_diet)]
    assert len(ways) == len(insulin) > 100
    weeks = (ways.start - ways.start_diet) / (7 * DAY)
    assert np.allclose(weeks, 2 * np.round(weeks / 2), atol=1e-6)  # at the visits, every two weeks
    assert weeks.min() >= 2 - 1e-6
    assert (ways.end == ways.end_diet).all()


def test_insulin_goes_up_a_step_whenever_the_fasting_glucose_is_high(events: pd.DataFrame) -> None:
    visits = _rows(events, CLINIC).merge(_value(events, FASTING, "fasting"), on=["subject_id", "time"])
    doses = events[(events.code == INSULIN) & events.status.isin(["active", "stopped"])]
    doses = doses.assign(dose=doses.numeric_value.where(doses.status == "active", 0.0)).sort_values("time")
    doses = doses[["subject_id", "time", "dose"]]
    visits = visits.sort_values("time")
    before = pd.merge_asof(visits, doses, on="time", by="subject_id", allow_exact_matches=False).dose.fillna(
        0
    )
    after = pd.merge_asof(visits, doses, on="time", by="subject_id").dose.fillna(0).to_numpy()
    injecting, high = (before > 0).to_numpy(), (visits.fasting >= 95).to_numpy()
    assert (after[injecting & ~high] == before[injecting & ~high]).all()
    steps = before[injecting & high & (before < 30).to_numpy()]
    assert len(steps) > 50
    assert (after[steps.index] == steps.map(lambda d: STEPS[STEPS.index(d) + 1])).all()
    assert (visits.fasting[after > 0][(before == 0).to_numpy()[after > 0]] >= 95).all()


def test_all_treatment_ends_with_the_pregnancy(
    events: pd.DataFrame, truth: pd.DataFrame, lives: pd.DataFrame
) -> None:
    states = ["first_trimester", "second_trimester", "third_trimester"]
    pregnant = present(truth, "pregnancy", states, lives)
    for code in (DIET, INSULIN):
        spells = taken(events, code, lives)
        assert years(both(spells, pregnant)) == pytest.approx(years(spells))


def test_type_2_diabetes_comes_nine_times_as_often_afterwards(
    truth: pd.DataFrame, lives: pd.DataFrame
) -> None:
    free = present(truth, "t2d", ["absent"], lives)
    had = truth[(truth.process == "gestational_diabetes") & (truth.to == "present")]
    since = had.groupby("subject_id").time.min().rename("start").reset_index()
    after = both(free, since.merge(lives[["subject_id", "end"]], on="subject_id"))
    onsets = truth[(truth.process == "t2d") & (truth.to == "present")]
    agrees(struck(after, onsets), 0.002 * 9.5 * years(after))
    agrees(len(onsets) - struck(after, onsets), 0.002 * (years(free) - years(after)))
