"""Views on patients, against the record of an independent run at the same instant."""

from __future__ import annotations

import datetime as dt
import gc
import math
import weakref
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import simulator as sim
from simulator import PopulationModel
from simulator.engine.facility import Facility
from simulator.engine.patient_agent import PatientAgent
from simulator.errors import UsageError
from simulator.store import EventLog
from tests.mesa.conftest import SEED

Hospital = Callable[[str], Path]


def check_against(log: EventLog, patient: PatientAgent, edge: pd.Timestamp) -> None:
    """What a view shows at an instant is what the tables say of that instant."""
    known = log.patient(patient.subject_id)
    subject = known.subject
    assert patient.birth == subject["birth"]
    assert (patient.sex, patient.community) == (subject["sex"], subject["community"])
    dead = subject["death"] is not None and subject["death"] < edge
    assert patient.alive == (not dead and subject["entry"] <= edge)
    assert patient.death == (subject["death"] if dead else None)
    for process in {row["process"] for row in known.truth.to_pylist()}:
        rows = [r for r in known.truth.to_pylist() if r["process"] == process and r["time"] < edge]
        if rows:
            assert patient.states[process] == rows[-1]["to"]
    stays = [
        row
        for row in known.encounters.to_pylist()
        if row["start"] < edge and (row["end"] is None or row["end"] >= edge) and not dead
    ]
    seen = patient.encounter
    found = [] if seen is None else [{"kind": seen.kind, "class": seen.class_, "start": seen.start}]
    assert found == [{key: row[key] for key in ("kind", "class", "start")} for row in stays]
    events = known.events.to_pylist()
    temperatures = [
        row["numeric_value"]
        for row in events
        if row["code"] == "LOINC//8310-5" and row["time"] is not None and row["time"] < edge
    ]
    assert list(patient.measured.values()) == pytest.approx(temperatures[-1:], abs=1e-4)
    static = [row["code"] for row in events if row["time"] is None]
    if patient.alive:
        assert any(code.endswith(f"//{patient.attributes['frail']}") for code in static)


@pytest.mark.parametrize("name", ["coupled", "births"])
def test_a_view_agrees_with_the_record(hospital: Hospital, name: str) -> None:
    log = sim.run(hospital(name), seed=SEED)
    model = PopulationModel(hospital(name), seed=SEED)
    patients = [model.patient(i) for i in range(1, 601, 3)]
    in_hospital = ill = 0
    while model.running:
        model.step()
        if model.steps in (1, 5, 6, 12, 26):
            for patient in patients:
                check_against(log, patient, pd.Timestamp(model.date))
            in_hospital += sum(patient.encounter is not None for patient in patients)
            ill += sum(patient.states["flu"] == "ill" for patient in patients)
    assert in_hospital > 10
    assert ill > 30


def test_age_is_exact(hospital: Hospital) -> None:
    """Whole years at each birthday; of the dead it stands still."""
    model = PopulationModel(hospital("coupled"), seed=SEED)
    patient = model.patient(3)
    young = patient.age
    first = patient.birth
    years = model.date.year - first.year - ((model.date.month, model.date.day) < (first.month, first.day))
    assert math.floor(young) == years
    model.run()
    days = (dt.datetime(2020, 7, 1) - dt.datetime(2020, 1, 1)).days
    assert patient.age - young == pytest.approx(days / 365.25, abs=0.003)
    dead = next(p for p in map(model.patient, range(1, 601)) if not p.alive)
    assert dead.death is not None
    assert dead.age == pytest.approx((dead.death - dead.birth).days / 365.2425, abs=0.01)


def test_who_is_not_born_yet(hospital: Hospital) -> None:
    model = PopulationModel(hospital("births"), seed=SEED)
    unborn = [p for p in map(model.patient, range(1, 601)) if p.birth > model.date]
    assert len(unborn) > 200
    assert not any(patient.alive for patient in unborn)
    assert all(math.isnan(patient.age) for patient in unborn)
    assert all(patient.encounter is None and not patient.measured for patient in unborn)
    assert model.living == 600 - len(unborn)


def test_a_view_is_an_agent_only_if_it_joins(hospital: Hospital) -> None:
    model = PopulationModel(hospital("coupled"), size=60, seed=SEED)
    before = len(model.agents)
    assert before == len(model.facilities) == 6
    alone = model.patient(5)
    assert len(model.agents) == before
    joined = model.patient(6, join=True)
    assert list(model.agents_by_type[PatientAgent]) == [joined]
    assert len(model.agents_by_type[Facility]) == 6
    assert len({agent.unique_id for agent in (*model.agents, alone)}) == before + 2
    model.step()  # the report is of facilities, whoever has joined
    assert len(model.facility_frame()) == 6
    assert repr(joined) == "<PatientAgent 6>"


@pytest.mark.parametrize("subject_id", [0, 61, -3])
def test_patients_that_are_not_there(hospital: Hospital, subject_id: int) -> None:
    model = PopulationModel(hospital("coupled"), size=60, seed=SEED)
    with pytest.raises(UsageError, match=rf"no patient {subject_id}(.|\n)*1 to 60"):
        model.patient(subject_id)


@pytest.mark.parametrize("name", ["alive", "age", "sex", "states", "encounter", "subject_id", "measured"])
def test_a_view_is_read_only(hospital: Hospital, name: str) -> None:
    patient = PopulationModel(hospital("coupled"), size=60, seed=SEED).patient(1)
    with pytest.raises(AttributeError, match=f"property '{name}' of 'PatientAgent' object has no setter"):
        setattr(patient, name, None)


def test_a_model_that_is_no_longer_used_is_let_go(hospital: Hospital) -> None:
    """Mesa 3.3 would keep it, and the whole population with it, for as long as Python runs."""
    model = PopulationModel(hospital("coupled"), size=60, seed=SEED)
    model.patient(1, join=True)
    model.step()
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
