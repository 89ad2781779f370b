"""From newborn screening to lifelong enzyme replacement.

Every child of this cohort is born with infantile-onset Pompe disease. Where newborns are screened, it is
found within two weeks; otherwise the parents notice that the child is floppy, and the metabolic clinic finds
it months later. The enzyme in leukocytes confirms it. One to three weeks later the first infusion is given,
20 mg per kg of the child's weight, and then every two weeks for life; one in twenty-five is missed.
Some react to an infusion,
those with antibodies more often, and they do worse. The heart becomes smaller. Who is not treated
dies within a year or two.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator import EventLog
from tests.statistics import against
from tests.stories import spells
from tests.stories.conftest import Story

SIZE = 600
DAY = np.timedelta64(1, "D")
ENZYME, MISSED, WEIGHT = "RxNorm//612073", "NOTE//enzyme_replacement", "LOINC//29463-7"
DIAGNOSIS, CONFIRMED, HEART = "ICD10CM//E74.02", "LOINC//24051-5", "LOINC//59105-7"


@pytest.fixture(scope="module")
def log(story: Story) -> EventLog:
    return story("enzyme-replacement", SIZE)


@pytest.fixture(scope="module")
def events(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("events").astype({"code": str})


@pytest.fixture(scope="module")
def truth(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("truth").astype({"process": str, "from": str, "to": str})


@pytest.fixture(scope="module")
def subjects(log: EventLog) -> pd.DataFrame:
    return log.to_pandas("subjects").set_index("subject_id")


@pytest.fixture(scope="module")
def rounds(events: pd.DataFrame) -> pd.DataFrame:
    """Every infusion that was due: patient, time, number, days since the one before, whether it was given."""
    due = events[events.code.isin([ENZYME, MISSED])][["subject_id", "time", "code", "numeric_value"]]
    by_patient = due.groupby("subject_id")
    return due.assign(
        number=by_patient.cumcount(), gap=by_patient.time.diff() / DAY, given=due.code == ENZYME
    ).drop(columns="code")  # fmt: skip


def test_screening_finds_it_months_earlier(
    events: pd.DataFrame, log: EventLog, subjects: pd.DataFrame
) -> None:
    diagnosed = events[events.code == DIAGNOSIS].set_index("subject_id").time
    age = (diagnosed - subjects.birth[diagnosed.index]) / DAY
    encounters = log.to_pandas("encounters").astype({"kind": str})
    screened = age.index.isin(encounters.subject_id[encounters.kind == "newborn_screening"])
    assert min(screened.sum(), (~screened).sum()) > 50
    assert age[screened].median() < 16
    assert (
        60 < age[~screened].median() < 150
    )  # 4.7 months (Kishnani 2006), and the first to die are never found
    confirmed = events[events.code == CONFIRMED].drop_duplicates("subject_id").set_index("subject_id")
    assert (confirmed.numeric_value[diagnosed.index] < 1).all()
    assert (confirmed.time[diagnosed.index] <= diagnosed).all()


def test_infusions_are_two_weeks_apart_for_life(
    rounds: pd.DataFrame, events: pd.DataFrame, subjects: pd.DataFrame
) -> None:
    assert len(rounds) > 20_000
    assert np.allclose(rounds.gap.dropna(), 14)
    by_patient = rounds.groupby("subject_id").time
    diagnosed = events[events.code == DIAGNOSIS].set_index("subject_id").time
    first, last = by_patient.min(), by_patient.max()
    assert ((first - diagnosed[first.index]) / DAY).between(7, 21).all()
    assert ((subjects.exit[last.index] - last) / DAY <= 14).all()
    waiting = diagnosed.index.difference(first.index)  # died, or the record ended, before the first
    assert ((subjects.exit[waiting] - diagnosed[waiting]) / DAY <= 21).all()


def test_one_in_twenty_five_is_missed(rounds: pd.DataFrame) -> None:
    against.probability(rounds.given.to_numpy(), 0.96, "given")


def test_the_dose_follows_the_weight(rounds: pd.DataFrame, events: pd.DataFrame) -> None:
    weights = events[events.code == WEIGHT][["subject_id", "time", "numeric_value"]]
    given = rounds[rounds.given].merge(weights, on=["subject_id", "time"], suffixes=("", "_weight"))
    assert len(given) == rounds.given.sum()
    assert np.allclose(given.numeric_value, 20 * given.numeric_value_weight, rtol=1e-5)


def test_reactions_are_more_frequent_with_antibodies(
    rounds: pd.DataFrame, events: pd.DataFrame, truth: pd.DataFrame
) -> None:
    since = truth[truth.process == "antibodies"].set_index("subject_id").time
    given = rounds[rounds.given]
    first = rounds.groupby("subject_id").time.min()
    against.probability(first.index.isin(since.index), 0.75 * 0.25 + 0.25 * 0.9, "antibodies")
    assert (since == first[since.index]).all()
    reactions = events[events.code == "ICD10CM//T80.89XA"][["subject_id", "time"]]
    met = given.merge(reactions, on=["subject_id", "time"], how="left", indicator=True)
    immune = met.subject_id.isin(since.index).to_numpy()
    reacted = (met["_merge"] == "both").to_numpy()
    assert reacted.sum() == len(reactions)
    against.probability(reacted[immune], 0.05, "with antibodies")
    against.probability(reacted[~immune], 0.01, "without antibodies")


def test_who_is_not_treated_dies_of_it(
    rounds: pd.DataFrame, truth: pd.DataFrame, subjects: pd.DataFrame
) -> None:
    first = rounds.groupby("subject_id").time.min()
    untreated = pd.DataFrame({
        "subject_id": subjects.index, "start": subjects.birth,
        "end": np.minimum(first.reindex(subjects.index).fillna(subjects.exit), subjects.exit),
    }).rename_axis(None)  # fmt: skip
    moves = truth[truth.process == "pompe"]
    breathing = moves[moves.to == "ventilated"].set_index("subject_id").time.reindex(subjects.index)
    split = np.minimum(breathing.fillna(subjects.exit), untreated.end)
    alone, ventilated = untreated.assign(end=split), untreated.assign(start=split)
    expected = 0.8 * spells.years(alone) + 2.0 * spells.years(ventilated)
    spells.agrees(spells.struck(untreated, moves[moves.to == "dead"]), expected)


def test_treatment_keeps_them_alive_and_the_heart_recovers(
    rounds: pd.DataFrame, events: pd.DataFrame, truth: pd.DataFrame, subjects: pd.DataFrame
) -> None:
    """Of those treated in time and without antibodies nine in ten live through the next two years."""
    immune = truth[truth.process == "antibodies"].subject_id
    first = rounds.groupby("subject_id").time.min()
    first = first[~first.index.isin(immune) & (first < "2023-01-01")]
    lived = (subjects.exit[first.index] - first) / spells.YEAR >= 2
    assert len(lived) > 100
    assert lived.mean() > 0.9
    heart = events[(events.code == HEART)].merge(
        first.rename("first"), left_on="subject_id", right_index=True
    )
    assert (
        heart.numeric_value[heart.time > heart["first"] + 60 * DAY].median()
        < 0.5 * heart.numeric_value[heart.time < heart["first"]].median()
    )
