"""A two-drug interaction: simvastatin and clarithromycin.

People with high cholesterol take simvastatin. Now and then they have bronchitis; for two in five the doctor
prescribes a week of clarithromycin, which blocks the breakdown of the statin. In that week muscle
complaints are ten times as likely as on simvastatin alone, and more often become rhabdomyolysis, with
creatine kinase in the thousands and a stay in hospital. Whoever was found to have myopathy never gets the
statin again. In the arm `paused` the same people, with the same luck, pause simvastatin for that week:
there is no time on both.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simulator
from simulator import EventLog
from tests.stories.conftest import Story
from tests.stories.spells import agrees, both, followed, present, struck, taken, years

SIZE = 20_000
DAY = np.timedelta64(1, "D")
PERIOD = ("2000-01-01", "2010-01-01")
SIMVASTATIN, CLARITHROMYCIN, CK, MYOPATHY = (
    "RxNorm//36567",
    "RxNorm//21212",
    "LOINC//2157-6",
    "ICD10CM//G72.0",
)
ALONE = 0.09  # muscle complaints per year on simvastatin alone


class Told:
    """What one arm tells."""

    def __init__(self, log: EventLog) -> None:
        self.events = log.to_pandas("events").astype({"code": str, "status": str})
        self.truth = log.to_pandas("truth").astype({"process": str, "from": str, "to": str})
        self.lives = followed(log.to_pandas("subjects"), *PERIOD)
        self.statin = taken(self.events, SIMVASTATIN, self.lives)
        self.antibiotic = taken(self.events, CLARITHROMYCIN, self.lives)
        self.together = both(self.statin, self.antibiotic)
        self.healthy = present(self.truth, "myopathy", ["absent"], self.lives)
        self.onsets = self.truth[(self.truth.process == "myopathy") & (self.truth.to == "muscle_pain")]


@pytest.fixture(scope="module")
def base(story: Story) -> Told:
    return Told(story("drug-interaction", SIZE))


@pytest.fixture(scope="module")
def paused(story: Story) -> Told:
    return Told(story("drug-interaction", SIZE, "paused"))


def test_clarithromycin_is_taken_for_a_week(base: Told) -> None:
    days = (base.antibiotic.end - base.antibiotic.start) / DAY
    whole = base.antibiotic.end < base.antibiotic.end.max() - 8 * DAY
    assert whole.sum() > 1_000
    assert days[whole].median() == pytest.approx(7, abs=1e-6)
    assert days.max() <= 7 + 1e-6


def test_muscle_complaints_come_with_their_hazards(base: Told) -> None:
    """Ten times as often with the antibiotic; never without a statin."""
    on_both = both(base.together, base.healthy)
    on_statin = both(base.statin, base.healthy)
    seen_on_both, seen_on_statin = struck(on_both, base.onsets), struck(on_statin, base.onsets)
    agrees(seen_on_both, ALONE * 10 * years(on_both))
    agrees(seen_on_statin - seen_on_both, ALONE * (years(on_statin) - years(on_both)))
    assert seen_on_statin == len(base.onsets)


def test_the_week_on_both_is_dangerous_beyond_chance(base: Told) -> None:
    on_both = both(base.together, base.healthy)
    as_on_the_statin_alone = ALONE * years(on_both)
    assert struck(on_both, base.onsets) > as_on_the_statin_alone + 5 * np.sqrt(as_on_the_statin_alone)


def test_creatine_kinase_tells_muscle_pain_from_rhabdomyolysis(base: Told) -> None:
    ck = base.events[base.events.code == CK][["subject_id", "time", "numeric_value"]]
    for state, low, high in (
        ("absent", 10, 300),
        ("muscle_pain", 700, 1_400),
        ("rhabdomyolysis", 14_000, 16_000),
    ):
        spells = present(base.truth, "myopathy", [state], base.lives)
        met = ck.merge(spells, on="subject_id")
        values = met[(met.start < met.time) & (met.time < met.end)].numeric_value
        assert len(values) > 20
        assert values.between(low, high).all(), state


def test_nobody_is_given_the_statin_after_myopathy_was_found(base: Told, paused: Told) -> None:
    for told in (base, paused):
        found = told.events[told.events.code == MYOPATHY].groupby("subject_id").time.min().rename("found")
        after = told.statin.merge(found, on="subject_id")
        assert len(after) > 100
        assert not (after.start > after.found).any()
        assert (after.end <= after.found).all()


def test_pausing_keeps_them_apart_and_changes_nothing_for_others(base: Told, paused: Told) -> None:
    assert years(base.together) > 20
    assert years(paused.together) == 0.0
    met = set(base.together.subject_id)
    for table in ("events", "truth"):
        one, other = getattr(base, table), getattr(paused, table)
        one, other = (t[~t.subject_id.isin(met)].drop(columns="cause") for t in (one, other))
        pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


def test_pausing_prevents_what_the_interaction_adds(base: Told, paused: Told) -> None:
    """In the very weeks that were dangerous: the same people have almost no complaints there."""
    dangerous = both(base.together, base.healthy)
    kept = struck(dangerous, paused.onsets)
    assert kept < struck(dangerous, base.onsets) / 3


def test_explain_names_both_medicines(base: Told, scenarios: Path, tmp_path: Path) -> None:
    met = base.onsets.merge(base.together, on="subject_id")
    struck_then = met[(met.start < met.time) & (met.time <= met.end)].iloc[0]
    patient = int(struck_then.subject_id)
    story = scenarios / "stories" / "drug-interaction.yaml"
    data = simulator.run(story, out=tmp_path / "data", size=patient, seed=7)
    happenings = simulator.explain(tmp_path / "data", patient).happenings
    onset = next(h for h in happenings if h.arrow == "myopathy: onset" and h.time == struck_then.time)
    told = simulator.explain(tmp_path / "data", patient, onset.number).story
    assert data.counts["subjects"] == patient
    assert told is not None
    assert told.reason.hazard is not None
    (factor,) = [f for f in told.reason.hazard.factors if f.treatment]
    assert (factor.factor, factor.while_) == (10.0, "on simvastatin and on clarithromycin")
    assert told.reason.hazard.per_year == pytest.approx(10 * ALONE)
