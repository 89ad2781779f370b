"""Small hospitals that are never quiet, and the records that are checked against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import simulator as sim
from simulator import PopulationModel
from simulator.store import EventLog

SEED = 11

#: a fast epidemic in three communities: many short stays, some longer, a tenth of the ill die
COUPLED = """
format: 1
id: busy-hospital
title: A fast epidemic in three communities
population:
  {size: 600, from: 2020-01-01, to: 2020-07-01, step: 1 week, age: 1..80 years, source: made up}
communities: {count: 3, contacts: {graph: path, within: 70%}}
exchange:
  pressure: {share: "flu in [ill]", source: made up}
attributes:
  frail: {draw: {frail: 30%, robust: 70%}, codes: {loinc: 89247-1}, source: made up}
diseases:
  flu:
    codes: {icd10cm: J11.1}
    source: made up
    onset: {rate: 60 per year, multiplied: [{by: pressure + 0.02}]}
    states: [ill, immune]
    course:
      - ill -> immune: {after: 10 days}
      - immune -> absent: {after: "exponential(40 days)"}
    death: {ill: {rate: 0.5 per year}}
    diagnosis: [{at: [ward], probability: 90%}]
measurements:
  temperature:
    codes: {loinc: 8310-5}
    unit: Cel
    plausible: 33..43
    precision: 1
    value: {mean: 36.6, between_patients: 0.2, noise: 0.2}
    source: made up
care:
  ambulance:
    class: emergency
    on: [flu.onset]
    probability: 30%
    after: 0..1 days
    duration: 6 hours
    source: made up
  ward:
    class: inpatient
    on: [flu.onset]
    probability: 50%
    after: 12 hours..3 days
    duration: {lognormal: {median: 5 days, sigma: 0.8}}
    measures: [temperature]
    source: made up
"""
#: nobody meets anybody, windows are months, people have a past and stay for long
UNCOUPLED = (
    COUPLED.replace("id: busy-hospital", "id: long-stays")
    .replace("step: 1 week", "history: from birth")
    .replace('exchange:\n  pressure: {share: "flu in [ill]", source: made up}\n', "")
    .replace("onset: {rate: 60 per year, multiplied: [{by: pressure + 0.02}]}", "onset: {rate: 2 per year}")
    .replace("death: {ill: {rate: 0.5 per year}}", "death: {ill: {rate: 0.3 per year}}")
    .replace("median: 5 days", "median: 20 days")
)
#: half of the people are born within the period, many of them ill and at once in hospital
BIRTHS = (
    COUPLED.replace("age: 1..80 years", 'age: "uniform(-0.45 years, 0.45 years)"')
    .replace(
        "onset: {rate: 60 per year, multiplied: [{by: pressure + 0.02}]}",
        "onset: {at: birth, probability: 60%, to: ill}",
    )
    .replace("    after: 12 hours..3 days\n", "")
)
TEXTS = {"coupled": COUPLED, "uncoupled": UNCOUPLED, "births": BIRTHS}


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A scenario file by name: coupled, uncoupled or births."""
    folder = tmp_path_factory.mktemp("hospital")

    def path(name: str) -> Path:
        file = folder / f"{name}.yaml"
        if not file.exists():
            file.write_text(TEXTS[name])
        return file

    return path


@dataclass(frozen=True)
class Lived:
    """A scenario that was stepped to its end, and the record of an independent run of it."""

    path: Path
    model: PopulationModel
    log: EventLog

    @property
    def edges(self) -> list[pd.Timestamp]:
        """The end of each window."""
        return [pd.Timestamp(int(edge), unit="us") for edge in self.model.cohort.edges[1:]]

    @property
    def windows(self) -> pd.DataFrame:
        """What the model reported."""
        return self.model.datacollector.get_model_vars_dataframe()


@pytest.fixture(scope="session", params=list(TEXTS))
def lived(request: pytest.FixtureRequest, hospital: Callable[[str], Path]) -> Lived:
    """Each of the scenarios; not to be changed."""
    path = hospital(request.param)
    return Lived(path, PopulationModel(path, seed=SEED).run(), sim.run(path, seed=SEED, workers=1))
