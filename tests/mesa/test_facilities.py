"""Beds against the encounters table of an independent run, counted the slow way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulator as sim
from simulator import PopulationModel
from simulator.engine.beds import NULL, UNLIMITED, bed_use
from simulator.errors import UsageError
from tests.mesa.conftest import SEED, Lived

Hospital = Callable[[str], Path]


def stays(lived: Lived) -> pd.DataFrame:
    """Encounters that take a bed, with the name of their facility; open ends are in the far future."""
    table = lived.log.to_pandas("encounters")
    table = table.merge(lived.log.to_pandas("subjects")[["subject_id", "community"]], on="subject_id")
    table = table[table["class"].isin(["inpatient", "emergency"])]
    table["facility"] = table["class"].astype(str) + " " + table["community"].astype(str)
    table["end"] = table["end"].fillna(pd.Timestamp("2200-01-01"))
    return table


def frame(model: PopulationModel, column: str) -> pd.DataFrame:
    """One column of the facilities' report: a row per step, a column per facility."""
    return model.facility_frame().reset_index().pivot(index="Step", columns="name", values=column)


def settled(lived: Lived) -> int:
    """First step at which nobody is in hospital since before the record began, unrecorded."""
    open_at_start = lived.model.program.machine.population.history
    return 6 if open_at_start else 1


def test_admissions_less_discharges_are_the_change(lived: Lived) -> None:
    occupied, admitted, discharged = (
        frame(lived.model, name).to_numpy() for name in ("occupied", "admissions", "discharges")
    )
    first = PopulationModel(lived.path, seed=SEED)
    before = np.vstack([[first.occupancy[name] for name in sorted(first.occupancy)], occupied[:-1]])
    assert (occupied - before == admitted - discharged).all()
    assert (occupied >= 0).all()
    assert admitted.sum() > 100
    peak = frame(lived.model, "peak_occupied").to_numpy()
    assert (peak >= np.maximum(occupied, before)).all()
    assert (peak > np.maximum(occupied, before)).any()


def test_occupancy_at_each_edge_is_what_the_record_says(lived: Lived) -> None:
    """All of a stay before the edge: begun before it, not ended before it."""
    table, occupied = stays(lived), frame(lived.model, "occupied")
    for step, edge in enumerate(lived.edges, start=1):
        there = table[(table["start"] < edge) & (table["end"] >= edge)]
        expected = there.groupby("facility").size().reindex(occupied.columns, fill_value=0)
        surplus = occupied.loc[step] - expected
        if step >= settled(lived):
            assert (surplus == 0).all(), edge
        else:  # stays begun before the record, in which nothing is recorded
            assert (surplus >= 0).all(), edge


def test_admissions_and_discharges_are_those_of_the_record(lived: Lived) -> None:
    table = stays(lived)
    start = pd.Timestamp(lived.model.program.machine.population.start, unit="us")
    admitted, discharged = frame(lived.model, "admissions"), frame(lived.model, "discharges")
    bins = [start, *lived.edges]
    for step, (low, high) in enumerate(pairwise(bins), start=1):
        for column, seen in (("start", admitted), ("end", discharged)):
            inside = table[(table[column] >= low) & (table[column] < high)]
            expected = inside.groupby("facility").size().reindex(seen.columns, fill_value=0)
            surplus = seen.loc[step] - expected
            unrecorded = column == "end" and step < settled(lived)
            assert (surplus >= 0).all() if unrecorded else (surplus == 0).all(), (step, column)


def test_peaks_and_overflow_are_exact_within_a_window(hospital: Hospital) -> None:
    """At every admission, those there are counted one by one."""
    beds = {"inpatient": 12, "inpatient 1": 9, "emergency": 1}
    model = PopulationModel(hospital("coupled"), seed=SEED, beds=beds).run()
    lived = Lived(hospital("coupled"), model, sim.run(hospital("coupled"), seed=SEED))
    table = stays(lived)
    peak, overflow = frame(model, "peak_occupied"), frame(model, "overflow")
    bins = [pd.Timestamp("2020-01-01"), *lived.edges]
    limits = {facility.name: facility.beds for facility in model.facilities}
    assert limits["inpatient 0"] == 12
    assert limits["inpatient 1"] == 9
    for name, mine in table.groupby("facility"):
        for step, (low, high) in enumerate(pairwise(bins), start=1):
            at_low = int(((mine["start"] < low) & (mine["end"] > low)).sum())
            came = mine[(mine["start"] >= low) & (mine["start"] < high)]
            counts = [int(((mine["start"] <= t) & (mine["end"] > t)).sum()) for t in came["start"]]
            assert peak.loc[step, name] == max([at_low, *counts])
            assert overflow.loc[step, name] == sum(n > limits[name] for n in counts)
    assert overflow[["inpatient 0", "inpatient 1", "emergency 0"]].sum().gt(0).all()


def test_beds_change_nothing_but_what_is_counted(hospital: Hospital) -> None:
    """Observation only: a full hospital turns nobody away yet."""
    none, few = (PopulationModel(hospital("coupled"), seed=SEED, beds=n).run() for n in (None, 1))
    assert np.array_equal(none.cohort.rows, few.cohort.rows)
    assert frame(none, "overflow").to_numpy().sum() == 0
    assert frame(few, "overflow").to_numpy().sum() > 50


def test_beds_may_be_changed_between_steps(hospital: Hospital) -> None:
    model = PopulationModel(hospital("coupled"), seed=SEED)
    model.run_model()
    busy = int(frame(model, "admissions")["inpatient 0"].idxmax())
    model = PopulationModel(hospital("coupled"), seed=SEED)
    while model.steps < busy - 1:
        model.step()
    [ward] = [facility for facility in model.facilities if facility.name == "inpatient 0"]
    ward.beds = 0
    model.step()
    assert ward.overflow == ward.admissions > 0
    assert repr(ward) == f"<Facility inpatient 0: {ward.occupied} of 0 beds taken>"


def test_beds_per_1000(hospital: Hospital) -> None:
    """Of 200 people in each community: 0.0125 · 200 = 2.5, rounded up."""
    model = PopulationModel(hospital("coupled"), seed=SEED, beds_per_1000=12.5)
    assert {f.name: f.beds for f in model.facilities if f.class_ == "inpatient"} == {
        f"inpatient {c}": 3 for c in range(3)
    }
    assert {f.beds for f in model.facilities if f.class_ == "emergency"} == {None}


@pytest.mark.parametrize(
    ("given_beds", "message"),
    [
        ({"beds": {"icu": 3}}, r"no facility 'icu'(.|\n)*emergency, inpatient, emergency 0"),
        ({"beds": {"inpatient 3": 3}}, "no facility 'inpatient 3'"),
        ({"beds": -1}, "inpatient has -1 beds"),
        ({"beds": 2.5}, "inpatient has 2.5 beds"),
        ({"beds": "inpatient"}, r"has 'inpatient' beds(.|\n)*sweeps over the keys of a dict"),
        ({"beds": 1, "beds_per_1000": 1.0}, "both beds and beds_per_1000"),
        ({"beds_per_1000": -0.1}, "beds_per_1000 is -0.1"),
    ],
)
def test_beds_that_cannot_be(hospital: Hospital, given_beds: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PopulationModel(hospital("coupled"), size=30, **given_beds)  # type: ignore[arg-type]


def test_no_beds_where_nobody_stays(scenarios: Path) -> None:
    model = PopulationModel(scenarios / "neutral-w1.yaml", size=50, seed=1)
    model.step()
    assert model.facilities == ()
    assert len(model.agents) == 0
    assert (model.admissions, model.discharges, model.occupancy) == (0, 0, {})


@st.composite
def windows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Stays of one window from 0 to 10 in two facilities; those begun before it are there at 0."""
    stay = st.tuples(st.integers(0, 1), st.integers(-2, 9), st.one_of(st.none(), st.integers(0, 9)))
    found = [s for s in draw(st.lists(stay, max_size=20)) if s[2] is None or s[2] >= s[1]]
    facility = np.array([s[0] for s in found], np.int64)
    start = np.array([s[1] for s in found], np.int64)
    end = np.array([NULL if s[2] is None else s[2] for s in found], np.int64)
    occupied = np.bincount(facility[start < 0], minlength=2)
    beds = np.array([draw(st.sampled_from([0, 1, 3, UNLIMITED])) for _ in range(2)], np.int64)
    return occupied, beds, facility, start, end


@given(windows())
def test_bed_use_counts_right(
    window: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Against a walk through the window that looks at every stay at every instant."""
    occupied, beds, facility, start, end = window
    use = bed_use(*window, since=0)
    last = np.where(end == NULL, 99, end)
    for f in range(2):
        mine = facility == f
        there = [int((mine & (start <= t) & (last > t)).sum()) for t in range(10)]
        assert use.occupied[f] == there[9]
        assert use.peak_occupied[f] == max(int(occupied[f]), *there)
        assert use.admissions[f] == int((mine & (start >= 0)).sum())
        assert use.discharges[f] == int((mine & (end != NULL)).sum())
        full = [
            max(0, there[t] - max(int(beds[f]), there[t] - _begun(mine, start, last, t))) for t in range(10)
        ]
        assert use.overflow[f] == sum(full)


def _begun(mine: np.ndarray, start: np.ndarray, last: np.ndarray, t: int) -> int:
    """Stays that begin at t and last."""
    return int((mine & (start == t) & (last > t)).sum())
