"""A small made-up population, patient by patient, that obeys every rule of a dataset.

It stands in for the engine: type 2 diabetes that is diagnosed some time after its onset,
treated with metformin from its approval on, and seen in three classes of encounter.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simulator.provenance import provenance
from simulator.store.chunk import NULL, Chunk, SignalSeries, concatenate
from simulator.store.vocabulary import Code, EncounterKind, Vocabulary
from simulator.store.writer import DatasetWriter

MINUTE = 60_000_000
DAY = 1_440 * MINUTE
YEAR = 365 * DAY
START = 20 * YEAR  # of the recorded period
END = 40 * YEAR
APPROVED = 25 * YEAR  # metformin may be given from then on
PATIENTS = 2_500
COMMUNITIES = 2

BIRTH, DEATH, SMOKER, NEVER, CLINIC, EMERGENCY, ADMISSION, T2D, HBA1C, START_, REFILL, STOP, NOTE = range(13)
MALE, FEMALE, WARD, HOME, MMR, HOLD, GESTATIONAL = range(13, 20)

VOCABULARY = Vocabulary(
    codes=(
        Code("MEDS_BIRTH", "Birth"),
        Code("MEDS_DEATH", "Death"),
        Code("SMOKER//current", "Current smoker", kind="static"),
        Code("SMOKER//never", "Never smoked", kind="static"),
        Code("VISIT//clinic", "Clinic visit", kind="encounter"),
        Code("VISIT//emergency", "Emergency visit", kind="encounter"),
        Code("VISIT//admission", "Admission", kind="encounter"),
        Code(
            "ICD10CM//E11.9",
            "Type 2 diabetes",
            status="active",
            kind="diagnosis",
            lasting=True,
            codes=(("icd10cm", "E11.9"), ("snomed", "44054006")),
        ),
        Code("LOINC//4548-4", "HbA1c", unit="%", status="final", kind="measurement"),
        Code("RXNORM//6809", "Metformin", status="active", kind="treatment"),
        Code("RXNORM//6809", "Metformin", status="dispensed", kind="treatment"),
        Code("RXNORM//6809", "Metformin", status="stopped", kind="treatment"),
        Code("NOTE//visit", "Note", text="seen, no complaints"),
        Code("SEX//male", "sex male", text="male", kind="static"),
        Code("SEX//female", "sex female", text="female", kind="static"),
        Code("TRANSFER_TO//ward", "transfer to ward"),
        Code("DISCHARGE//home", "discharge: home"),
        Code("CVX//03", "MMR", status="completed", kind="immunisation"),
        Code("RXNORM//6809", "Metformin", status="on-hold", kind="treatment"),
        Code("ICD10CM//O24.419", "Gestational diabetes", status="active", kind="diagnosis"),
    ),
    encounters=(
        EncounterKind("clinic", "ambulatory", "ICD10CM//E11.9"),
        EncounterKind("emergency", "emergency"),
        EncounterKind("admission", "inpatient", "ICD10CM//E11.9"),
    ),
    processes=(("t2d", ("absent", "present")), ("mortality", ("alive", "dead"))),
    arrows=("t2d.onset", "life.death", "care.clinic", "care.emergency", "care.admission"),
)

CHECKS: dict[str, Any] = {
    "code_bounds": {"LOINC//4548-4": [3.0, 20.0]},
    "precision": {"LOINC//4548-4": 1},
    "units": {"LOINC//4548-4": "%"},
    "available": {"RXNORM//6809": APPROVED},
    "requires_diagnosis": {"RXNORM//6809|active": {"any": ["ICD10CM//E11.9"]}},
    "stops": {
        "RXNORM//6809|stopped": "RXNORM//6809|active",
        "RXNORM//6809|on-hold": "RXNORM//6809|active",
    },
    "supplies": {"RXNORM//6809|dispensed": "RXNORM//6809|active"},
    "truly": {"ICD10CM//E11.9|active": "t2d"},
    "doses": {"CVX//03": {"age": 1.0, "apart": 28.0}},
    "facts": [["SEX//male", "SEX//female"], ["SMOKER//current", "SMOKER//never"]],
    "absorbing": {"mortality": ["dead"]},
}

PROVENANCE = provenance(
    scenario="clinic",
    title="A made-up clinic",
    main="clinic.yaml",
    files={"clinic.yaml": "format: 1\nid: clinic\n"},
    seed=1,
    size=PATIENTS,
    command="none",
    checks=CHECKS,
)


class _Life:
    """One patient's rows while they are made up."""

    def __init__(self, number: int) -> None:
        self.rng = np.random.default_rng(number)
        self.number = number
        self.vaccinated = NULL
        rng = self.rng
        self.birth = int(rng.integers(-40 * YEAR, 30 * YEAR))
        self.dies = bool(rng.random() < 0.3)
        self.entry = max(START, self.birth)
        self.death = int(rng.integers(self.entry + DAY, END)) if self.dies else NULL
        self.exit = self.death if self.dies else END
        self.events: list[tuple[int, int, float, int, int, int]] = []
        self.encounters: list[tuple[int, int, int, int]] = []
        self.truth: list[tuple[int, int, int, int, int]] = []
        onset = self.birth + int(rng.integers(10 * YEAR, 60 * YEAR))
        self.onset = onset if onset < self.exit and rng.random() < 0.7 else NULL
        self.diagnosed = self.onset == NULL
        self.treated = False

    def live(self) -> None:
        self.event(NULL, FEMALE if self.number % 2 else MALE)
        self.event(NULL, SMOKER if self.rng.random() < 0.3 else NEVER)
        self.event(self.birth, BIRTH)
        if self.onset != NULL:
            self.truth.append((self.onset, 0, 0, 1, 0))
        number = int(self.rng.integers(0, 3))  # numbers used up by unrecorded visits
        at = self.entry + int(self.rng.integers(DAY, YEAR))
        if self.onset != NULL and self.onset + DAY < self.entry - 40 * DAY:  # history: the problem list alone
            begin = int(self.rng.integers(self.onset + DAY, self.entry - 40 * DAY))
            self.event(begin, CLINIC, encounter=number, cause=2)
            self.event(begin + MINUTE, T2D, encounter=number, cause=2)
            self.encounters.append((number, 0, begin, begin + 30 * MINUTE))
            self.diagnosed = True
            number += 2
        while at < self.exit:
            at = self.visit(number, at)
            number += 1
        if self.dies:
            self.truth.append((self.death, 1, 0, 1, 1))
            self.event(self.death, DEATH, cause=1)

    def visit(self, number: int, begin: int) -> int:
        """Records a visit; returns when the next one begins."""
        kind = int(np.searchsorted([0.8, 0.95], self.rng.random()))
        length = (30 * MINUTE, 300 * MINUTE, 4 * DAY)[kind]
        end = begin + length
        cause = 2 + kind
        self.event(begin, (CLINIC, EMERGENCY, ADMISSION)[kind], encounter=number, cause=cause)
        if kind == 2:
            self.event(begin, WARD, encounter=number, cause=cause)
        if self.rng.random() < 0.2:
            self.event(begin, NOTE, encounter=number, cause=cause)
        at = begin + min(length, max(0, self.exit - begin)) // 2
        value = float(np.clip(np.floor(self.rng.normal(6.5, 1.5) * 10 + 0.5) / 10, 3, 20))
        self.event(at, HBA1C, value=value, encounter=number, cause=cause)
        if self.onset != NULL and self.onset <= begin:
            if not self.diagnosed:
                self.event(at, T2D, encounter=number, cause=cause)
                self.diagnosed = True
            self.treat(at, number, cause)
        if begin > self.birth + 2 * YEAR and (self.vaccinated == NULL or begin > self.vaccinated + YEAR):
            self.event(at, MMR, encounter=number, cause=cause)
            self.vaccinated = at
        if kind == 0 and self.number % 40 == 1:
            self.event(at, GESTATIONAL, encounter=number, cause=cause)
        if kind == 2 and end <= self.exit:
            self.event(end, HOME, encounter=number, cause=cause)
        over = self.death if self.dies and end > self.death else NULL if end > END else end
        self.encounters.append((number, kind, begin, over))
        return end + int(self.rng.choice([0, 200 * DAY, 1_500 * DAY], p=[0.05, 0.35, 0.6]))

    def treat(self, at: int, number: int, cause: int) -> None:
        if not self.treated and at >= APPROVED:
            self.event(at, START_, value=500.0, encounter=number, cause=cause, end=at + 28 * DAY)
            self.treated = True
        elif self.treated and self.rng.random() < 0.05:
            self.event(at, STOP, encounter=number, cause=cause)
            self.treated = False
        elif self.treated:
            self.event(at, REFILL, value=500.0, encounter=number, cause=cause, end=at + 28 * DAY)

    def event(
        self,
        time: int,
        code: int,
        value: float = np.nan,
        encounter: int = -1,
        cause: int = -1,
        end: int = NULL,
    ) -> None:
        self.events.append((time, code, value, encounter, end, cause))


def patient(number: int) -> Chunk:
    """One patient, as a chunk."""
    life = _Life(number)
    life.live()
    one: dict[str, Any] = {
        "birth": life.birth,
        "death": life.death,
        "entry": life.entry,
        "exit": life.exit,
        "sex": number % 2,
        "death_cause": 1 if life.dies else -1,
        "community": number // 1_000 % COMMUNITIES,
        "event_counts": len(life.events),
        "encounter_counts": len(life.encounters),
        "truth_counts": len(life.truth),
    }
    columns: dict[str, Any] = {name: np.array([value]) for name, value in one.items()}
    for names, rows in (
        (("ev_time", "ev_code", "ev_value", "ev_encounter", "ev_end", "ev_cause"), life.events),
        (("enc_number", "enc_kind", "enc_start", "enc_end"), life.encounters),
        (("tr_time", "tr_process", "tr_from", "tr_to", "tr_arrow"), life.truth),
    ):
        for i, name in enumerate(names):
            columns[name] = np.array(
                [row[i] for row in rows], dtype=np.float32 if name == "ev_value" else np.int64
            )
    return Chunk(first=number, **columns).normalized()


@cache
def population(patients: int = PATIENTS) -> Chunk:
    """All patients as one chunk; made once per session."""
    return concatenate([patient(number) for number in range(patients)])


def signals() -> SignalSeries:
    """What two communities passed on in three steps."""
    return SignalSeries(
        starts=START + np.arange(3, dtype=np.int64) * 30 * DAY,
        names=("pressure", "load"),
        values=np.linspace(0, 1, 12).reshape(3, 2, COMMUNITIES),
    )


def write(
    out: Path, *, patients: int = PATIENTS, shard_size: int = 1_000, chunk_size: int = 700, **more: Any
) -> Path:
    """The population as a dataset, cut into shards and chunks of these sizes."""
    everyone = population(patients)
    with DatasetWriter(
        out,
        VOCABULARY,
        PROVENANCE,
        patients=patients,
        shard_size=shard_size,
        communities=COMMUNITIES,
        force=more.get("force", False),
    ) as writer:
        for index in range(writer.shards):
            stop = min((index + 1) * shard_size, patients)
            with writer.shard(index) as shard:
                for first in range(index * shard_size, stop, chunk_size):
                    shard.write(everyone.slice(first, min(first + chunk_size, stop)))
        return writer.finish({"made": "by hand"}, more.get("signals"))
