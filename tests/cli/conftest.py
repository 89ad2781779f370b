"""A small dataset made by hand: three people whose lives can be read off these lines."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.provenance import provenance
from simulator.store import Chunk, MemoryLog, Vocabulary
from simulator.store.chunk import NULL
from simulator.store.vocabulary import Code, EncounterKind

CODES = (
    Code("MEDS_BIRTH", "Birth", kind="event"),
    Code("MEDS_DEATH", "Death", kind="event"),
    Code("ATTRIBUTE//smoker//never", "Smoker: never", kind="static"),
    Code("ENCOUNTER//clinic", "Clinic", kind="encounter"),
    Code("ENCOUNTER//ward", "Ward", kind="encounter"),
    Code("ICD10CM//E84.9", "Cystic fibrosis", status="active", kind="diagnosis", lasting=True),
    Code("LOINC//20150-9", "FEV1", unit="%", kind="measurement"),
    Code("RXNORM//2256950", "ETI", status="active", kind="treatment"),
)
VOCABULARY = Vocabulary(
    codes=CODES,
    encounters=(EncounterKind("clinic", "ambulatory", "ICD10CM//E84.9"), EncounterKind("ward", "inpatient")),
    processes=(("cf", ("absent", "mild", "death")),),
    arrows=("cf.onset", "cf.death"),
)


def instant(text: str) -> int:
    """Microseconds since 1970 of an ISO date or time."""
    when = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return (when - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


#: time, code, value, encounter; per patient
EVENTS: tuple[tuple[tuple[str, int, float, int], ...], ...] = (
    (
        ("", 2, np.nan, -1),
        ("2000-06-15", 0, np.nan, -1),
        ("2001-03-01", 3, np.nan, 0),
        ("2001-03-01", 5, np.nan, 0),
        ("2002-03-01", 3, np.nan, 1),
        ("2002-03-01", 6, 92.0, 1),
        ("2003-03-01", 3, np.nan, 2),
        ("2003-03-01", 6, 88.0, 2),
        ("2004-03-01", 3, np.nan, 3),
        ("2004-03-01", 7, np.nan, 3),
        ("2005-07-01", 4, np.nan, 4),
        ("2005-07-09", 1, np.nan, -1),
    ),
    (("2000-01-01", 0, np.nan, -1),),
    (("2000-02-29", 0, np.nan, -1), ("2003-05-05", 3, np.nan, 0), ("2003-05-05", 5, np.nan, 0)),
)
#: number, kind, start, end; per patient
ENCOUNTERS = (
    (
        (0, 0, "2001-03-01", "2001-03-01T00:40"),
        (1, 0, "2002-03-01", "2002-03-01T00:40"),
        (2, 0, "2003-03-01", "2003-03-01T00:40"),
        (3, 0, "2004-03-01", "2004-03-01T00:40"),
        (4, 1, "2005-07-01", "2005-07-09"),
    ),
    (),
    ((0, 0, "2003-05-05", "2003-05-05T00:40"),),
)
#: time, process, from, to, arrow; per patient
TRUTH = ((("2000-06-15", 0, 0, 1, 0), ("2005-07-09", 0, 1, 2, 1)), (), (("2000-02-29", 0, 0, 1, 0),))
END = "2010-01-01"


def _columns(rows: tuple[tuple[tuple[Any, ...], ...], ...], dates: tuple[int, ...]) -> list[list[Any]]:
    flat = [row for patient in rows for row in patient]
    width = len(flat[0])
    return [
        [(instant(row[i]) if row[i] else NULL) if i in dates else row[i] for row in flat]
        for i in range(width)
    ]


def small_chunk() -> Chunk:
    """The three people as the engine would hand them over."""
    births = [instant(t) for t in ("2000-06-15", "2000-01-01", "2000-02-29")]
    death = instant("2005-07-09")
    time, code, value, encounter = _columns(EVENTS, (0,))
    number, kind, start, end = _columns(ENCOUNTERS, (2, 3))
    true_time, process, from_, to, arrow = _columns(TRUTH, (0,))
    rows = len(time)
    return Chunk(
        first=0,
        birth=np.array(births),
        death=np.array([death, NULL, NULL]),
        entry=np.array(births),
        exit=np.array([death, instant(END), instant(END)]),
        sex=np.array([1, 0, 0], dtype=np.int8),
        death_cause=np.array([1, -1, -1], dtype=np.int32),
        community=np.zeros(3, dtype=np.int32),
        event_counts=np.array([len(p) for p in EVENTS]),
        ev_time=np.array(time),
        ev_code=np.array(code, dtype=np.int32),
        ev_value=np.array(value, dtype=np.float32),
        ev_encounter=np.array(encounter, dtype=np.int32),
        ev_end=np.full(rows, NULL),
        ev_cause=np.full(rows, -1, dtype=np.int32),
        encounter_counts=np.array([len(p) for p in ENCOUNTERS]),
        enc_number=np.array(number, dtype=np.int32),
        enc_kind=np.array(kind, dtype=np.int32),
        enc_start=np.array(start),
        enc_end=np.array(end),
        truth_counts=np.array([len(p) for p in TRUTH]),
        tr_time=np.array(true_time),
        tr_process=np.array(process, dtype=np.int32),
        tr_from=np.array(from_, dtype=np.int32),
        tr_to=np.array(to, dtype=np.int32),
        tr_arrow=np.array(arrow, dtype=np.int32),
    )


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three people on disk."""
    made = provenance(
        scenario="by-hand", title="Three people", main="x.yaml", files={"x.yaml": ""}, seed=7, size=3
    )
    log = MemoryLog([small_chunk()], VOCABULARY, made)
    return log.save(tmp_path_factory.mktemp("dataset") / "three")
