"""Draws belong to named streams: a scenario may change beside a process without changing its luck."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import simulator as sim
from simulator.store import EventLog
from tests.invariance.runs import frame, same

SEED, PEOPLE = 9, 500

BASE = """
format: 1
id: people
use: [LIBRARIES]
population: {size: 100, from: SINCE-01-01, to: 2020-01-01, history: HISTORY}
"""

#: a disease that has nothing to do with the others: nobody dies of it, and it is recognised at
#: visits that take place anyway
GOUT = """
attributes:
  gout_gene: {draw: {carrier: 20%, other: 80%}, codes: {loinc: 48018-6}}
  joint_count: {value: "normal(10, 2)"}
diseases:
  gout:
    codes: {icd10cm: M10.9}
    onset:
      rate: 0.02 per year
      multiplied: [{by: 3, while: gout_gene == carrier}, {by: exp(0.1 * (joint_count - 10))}]
    states: [quiet, inflamed]
    course:
      - quiet -> inflamed: {on: gout.attack}
      - inflamed -> quiet: {after: "weibull(median=10 days, shape=2)"}
    events: {attack: {while: gout, rate: 2 per year}}
    diagnosis:
      - {at: [primary_care], probability: 60%}
measurements:
  uric_acid:
    unit: mg/dL
    plausible: 1..20
    value:
      mean: 5
      between_patients: 1
      noise: 0.3
      shift: [{by: 3, while: gout}]
      drift: [{by: 0.1 per year, while: gout}]
"""

Run = Callable[..., EventLog]


@pytest.fixture
def run(scenarios: Path, tmp_path: Path) -> Run:
    """Run a scenario that uses some of the shipped libraries and adds a text of its own."""
    shutil.copytree(scenarios / "library", tmp_path / "library")

    def run(*libraries: str, more: str = "", history: str = "none", since: int = 2010) -> EventLog:
        text = BASE.replace("LIBRARIES", ", ".join(f"library/{name}" for name in libraries))
        path = tmp_path / "people.yaml"
        path.write_text(text.replace("HISTORY", history).replace("SINCE", str(since)) + more)
        return sim.run(path, size=PEOPLE, seed=SEED)

    return run


def of(found: pd.DataFrame, subjects: set[int]) -> pd.DataFrame:
    return found[found["subject_id"].isin(subjects)]


def events_known_to(log: EventLog, found: pd.DataFrame) -> pd.DataFrame:
    """Those events whose code the other log could have, too."""
    known = {code.code for code in log.vocabulary.codes}
    return found[found["code"].isin(known)]


@pytest.mark.parametrize("history", ["none", "from birth"])
def test_an_unrelated_disease_changes_nothing_else(run: Run, history: str) -> None:
    libraries = ("us-population", "ambulatory-care", "hypertension")
    without = run(*libraries, history=history)
    with_gout = run(*libraries, more=GOUT, history=history)
    truth, events = frame(with_gout, "truth"), frame(with_gout, "events")
    of_gout = truth["process"].str.startswith("gout")  # its states, and its attacks
    assert of_gout.sum() > 500
    assert len(events_known_to(without, events)) < len(events), "gout is diagnosed, and its gene recorded"
    assert same(truth[~of_gout], frame(without, "truth"))
    # of the time before 2010, only visits are recorded in which something lasting was: here, gout as well
    encounters = frame(with_gout, "encounters")
    further = encounters[~encounters["encounter_id"].isin(frame(without, "encounters")["encounter_id"])]
    assert (len(further) > 0) == (history == "from birth")
    assert (further["start"] < "2010").all()
    others = events[~events["encounter_id"].isin(further["encounter_id"])]
    assert same(events_known_to(without, others), frame(without, "events"))
    assert same(encounters.drop(further.index), frame(without, "encounters"))
    for table in ("subjects", "providers"):
        assert same(frame(with_gout, table), frame(without, table))


def test_removing_a_disease_leaves_those_alone_whom_it_did_not_touch(run: Run) -> None:
    """Influenza ends lives and fills beds, so it does change the records of those who have it."""
    libraries = ("us-population", "ambulatory-care", "hypertension")
    both, without = run(*libraries, "seasonal-influenza"), run(*libraries)
    truth, events = frame(both, "truth"), frame(both, "events")
    dated = events[events["time"].notna()]
    foreign = dated.drop(events_known_to(without, dated).index)
    touched = {*truth.loc[truth["process"] == "influenza", "subject_id"], *foreign["subject_id"]}
    untouched = set(range(1, PEOPLE + 1)) - touched
    assert 50 < len(untouched) < PEOPLE - 50
    for table in ("subjects", "truth", "encounters"):
        assert same(of(frame(both, table), untouched), of(frame(without, table), untouched))
    assert same(of(events_known_to(without, events), untouched), of(frame(without, "events"), untouched))


def test_removing_a_disease_leaves_the_clocks_of_others_as_they_are(run: Run) -> None:
    """The onset of hypertension depends on age and body mass alone: it is the same in everybody."""
    libraries = ("us-population", "ambulatory-care", "hypertension")
    one, other = run("type-2-diabetes", "hypertension", "seasonal-influenza"), run(*libraries)
    exits = pd.concat([frame(log, "subjects")["exit"] for log in (one, other)], axis=1).min(axis=1)
    assert same(frame(one, "subjects")[["birth", "sex"]], frame(other, "subjects")[["birth", "sex"]])
    onsets = [frame(log, "truth").query("process == 'hypertension'") for log in (one, other)]
    living = [o[o["time"].to_numpy() < exits.to_numpy()[o["subject_id"] - 1]] for o in onsets]
    assert len(living[0]) > 50
    assert same(living[0], living[1])


def test_two_arms_share_their_luck(run: Run) -> None:
    """Nobody takes metformin, or everybody who should: until it is begun, nothing is different."""
    arms = [
        run(
            "type-2-diabetes",
            more=f"treatments: {{metformin: {{start: {{uptake: {uptake}%}}}}}}\n",
            since=1985,
        )
        for uptake in (0, 100)
    ]
    control, treated = (
        {t: frame(log, t) for t in ("subjects", "events", "encounters", "truth")} for log in arms
    )
    begun = first_doses(treated["events"])
    assert len(first_doses(control["events"])) == 0
    assert 20 < len(begun) < PEOPLE - 100
    untreated = set(range(1, PEOPLE + 1)) - set(begun.index)
    for table in control:
        assert same(of(control[table], untreated), of(treated[table], untreated))
    for table in ("events", "truth"):
        before = [
            rows[rows["time"].isna() | ~(rows["time"] >= rows["subject_id"].map(begun))]
            for rows in (control[table], treated[table])
        ]
        assert same(*before)
    assert not same(control["events"], treated["events"].query("code != 'RxNorm//6809'"))


def first_doses(events: pd.DataFrame) -> pd.Series:
    """When each patient began to take metformin."""
    return events[events["code"] == "RxNorm//6809"].groupby("subject_id")["time"].min()
