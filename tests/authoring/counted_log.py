"""A log of four made-up lives in which everything can be counted by hand.

Period 2000 to 2010. A: woman of 1950, ill 2002, diagnosed 2003, on the drug from mid-2003, severe
2005, dies of it 2006. B: man of 1960, ill 2001, diagnosed and on the drug 2004, off it 2005. C: woman
of 1990, a smoker until 2004. D: man born 2005, on the pill from 2006, with a pause in 2007.
A's cough was mild from 2004, severe from mid-2004 and over in 2005; B's is severe from 2008.
B was in intensive care in 2007.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from simulator.scenario import parse_scenario
from simulator.scenario.model import Scenario
from simulator.store.log import EventLog
from simulator.store.tables import arrow_schema
from simulator.store.vocabulary import Code, Vocabulary

TEXT = """
format: 1
id: counted
population: {size: 4, from: 2000-01-01, to: 2010-01-01, age: 40 years, history: from birth}
attributes:
  smoker:
    draw: {never: 50%, current: 50%, former: 0%}
    changes: [current -> former: {rate: 0.1 per year}]
    codes: {loinc: 72166-2}
    source: made up
diseases:
  cf:
    codes: {icd10cm: E84.9}
    source: made up
    onset: {rate: 0.1 per year}
    states: [mild, severe]
    course: [mild -> severe: {rate: 0.1 per year}]
    death: {severe: {rate: 0.1 per year}}
    events: {crisis: {rate: 0.1 per year}}
    symptoms: {cough: {severity: {mild: 60%, severe: 40%}, rate: 0.1 per year, lasts: 1 year}}
    diagnosis: [{at: [clinic], probability: 50%}]
measurements:
  hba1c:
    codes: {loinc: 4548-4}
    unit: "%"
    plausible: 3..20
    value: {mean: 7}
    source: made up
treatments:
  drug:
    codes: {rxnorm: "6809"}
    start: {when: cf diagnosed}
    source: made up
  pill:
    codes: {rxnorm: "1"}
    start: {when: age >= 1 year}
    paused: cf diagnosed
    source: made up
care:
  clinic: {class: ambulatory, every: 1 year, measures: [hba1c]}
  ward:
    class: inpatient
    on: [cf.crisis]
    stay:
      units: [general, icu]
      begins: {general: 50%, icu: 50%}
      course: [icu -> general: {after: 2 days}, general -> discharged: {after: 5 days}]
      discharge: {home: 50%, nursing_home: 50%}
"""

BIRTHS = {1: "1950-01-01", 2: "1960-01-01", 3: "1990-01-01", 4: "2005-01-01"}
SEX = {1: "female", 2: "male", 3: "female", 4: "male"}
DEATHS = {1: "2006-01-01"}
TRUTH = (
    (1, "2002-01-01", "cf", "absent", "mild", "cf: onset"),
    (1, "2005-01-01", "cf", "mild", "severe", "cf: mild -> severe"),
    (1, "2006-01-01", "cf", "severe", "dead", "cf: severe -> death"),
    (1, "2003-01-01", "cf.crisis", "waiting", "under way", "cf: crisis"),
    (1, "2003-02-01", "cf.crisis", "under way", "waiting", "cf.crisis: passes"),
    (2, "2001-01-01", "cf", "absent", "mild", "cf: onset"),
    (1, "2004-01-01", "cf.cough", "absent", "mild", "cf.cough: begins mild"),
    (1, "2004-07-01", "cf.cough", "mild", "severe", "cf.cough: mild -> severe"),
    (1, "2005-01-01", "cf.cough", "severe", "absent", "cf.cough: passes"),
    (2, "2008-01-01", "cf.cough", "absent", "severe", "cf.cough: begins severe"),
    (3, "2004-01-01", "smoker", "current", "former", "smoker: current -> former"),
)
DIAGNOSIS, DRUG, HBA1C, PILL = "ICD10CM//E84.9", "RxNorm//6809", "LOINC//4548-4", "RxNorm//1"
#: subject, time, code, status, cause, value
EVENTS = (
    (3, None, "LOINC//72166-2//current", None, None, None),
    (4, None, "LOINC//72166-2//never", None, None, None),
    (1, "2003-01-01", DIAGNOSIS, "active", "cf: diagnosed at clinic", None),
    (1, "2003-01-01", HBA1C, None, "clinic: visit", 7.0),
    (1, "2003-07-01", DRUG, "active", "drug: started", None),
    (1, "2004-01-01", HBA1C, None, "clinic: visit", 8.0),
    (2, "2004-01-01", DIAGNOSIS, "active", "cf: diagnosed at clinic", None),
    (2, "2004-01-01", DRUG, "active", "drug: started", None),
    (2, "2004-01-01", HBA1C, None, "clinic: visit", 6.0),
    (2, "2005-01-01", DRUG, "stopped", "drug: stopped", None),
    (2, "2005-01-01", HBA1C, None, "clinic: visit", 6.0),
    (2, "2006-01-01", HBA1C, None, "clinic: visit", 9.0),
    (2, "2007-01-01", "TRANSFER_TO//icu", None, "ward: to icu", None),
    (2, "2007-01-03", "TRANSFER_TO//general", None, "ward: icu -> general", None),
    (2, "2007-01-10", "DISCHARGE//home", None, "ward: discharged, home", None),
    (4, "2006-01-01", PILL, "active", "pill: started", None),
    (4, "2007-01-01", PILL, "on-hold", "pill: paused", None),
    (4, "2008-01-01", PILL, "active", "pill: resumed", None),
)
VISITS = ((1, "2003-01-01"), (1, "2004-01-01"), (2, "2004-01-01"), (2, "2005-01-01"), (2, "2006-01-01"))
CODES = (
    Code("LOINC//72166-2//never", "never", kind="static"),
    Code("LOINC//72166-2//current", "current", kind="static"),
    Code(DIAGNOSIS, "CF", status="active", kind="diagnosis"),
    Code(DRUG, "drug", status="active", kind="treatment"),
    Code(DRUG, "drug", status="stopped", kind="treatment"),
    Code(PILL, "pill", status="active", kind="treatment"),
    Code(PILL, "pill", status="on-hold", kind="treatment"),
    Code("TRANSFER_TO//icu", "icu"),
    Code("TRANSFER_TO//general", "general"),
    Code("DISCHARGE//home", "home"),
    Code(HBA1C, "HbA1c", unit="%", kind="measurement"),
)


class CountedLog(EventLog):
    """The log of those lives."""

    def __init__(self) -> None:
        vocabulary = Vocabulary(CODES, (), (), ())
        self.manifest = {"vocabulary": vocabulary.to_json(), "plan": {"patients": 4}}
        self._rows = {
            "subjects": [_subject(i) for i in BIRTHS],
            "truth": [
                {"subject_id": i, "time": day(t), "process": p, "from": a, "to": b, "cause": cause}
                for i, t, p, a, b, cause in TRUTH
            ],
            "events": [
                {"subject_id": i, "time": None if t is None else day(t), "code": code, "status": status,
                 "cause": cause, "numeric_value": value}
                for i, t, code, status, cause, value in EVENTS
            ],
            "encounters": [
                {"subject_id": i, "start": day(t), "kind": "clinic", "class": "ambulatory"} for i, t in VISITS
            ],
        }  # fmt: skip

    def _table(self, name: str, columns: list[str] | None, subjects: list[int] | None) -> pa.Table:
        fields = [arrow_schema(name, dictionary=True).field(c) for c in columns or ()]
        arrays = [pa.array([row.get(f.name) for row in self._rows[name]]) for f in fields]
        plain = pa.table(dict(zip([f.name for f in fields], arrays, strict=True)))
        return plain.cast(pa.schema([f.with_nullable(True) for f in fields]))


def _subject(number: int) -> dict[str, Any]:
    born, died = day(BIRTHS[number]), day(DEATHS[number]) if number in DEATHS else None
    return {
        "subject_id": number,
        "birth": born,
        "sex": SEX[number],
        "death": died,
        "entry": max(born, day("2000-01-01")),
        "exit": died or day("2010-01-01"),
    }


def day(text: str) -> dt.datetime:
    """Midnight of a day."""
    return dt.datetime.fromisoformat(text)


def years(start: str, end: str) -> float:
    """The time between two days, in years of 365.2425 days."""
    return (day(end) - day(start)).days / 365.2425


def scenario(*, expect: str = "", targets: str = "") -> Scenario:
    """The scenario of the log, with expectations and targets (YAML, unindented)."""
    text = TEXT
    for key, block in (("expect", expect), ("targets", targets)):
        if block:
            text += f"{key}:\n" + "".join(f"  {line}\n" for line in block.splitlines())
    found, findings = parse_scenario(text)
    assert found is not None, [f"{f.span}: {f.code} {f.message}" for f in findings.items]
    return found
