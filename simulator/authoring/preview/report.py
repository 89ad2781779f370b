"""A preview: everything that one small run of a scenario says, as numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.authoring.preview.bands import Divisions
from simulator.authoring.preview.deaths import deaths_by_disease
from simulator.authoring.preview.disease import DiseaseFigures, disease_figures
from simulator.authoring.preview.life import SampleLife, sample_lives
from simulator.authoring.preview.measurement import MeasurementFigures, measurement_figures
from simulator.authoring.preview.people import People
from simulator.authoring.preview.population import (
    CareFigures,
    PopulationFigures,
    care_figures,
    population_figures,
)
from simulator.authoring.preview.spells import moves_of
from simulator.authoring.preview.treatment import TreatmentFigures, treatment_figures
from simulator.authoring.statistics.tables import Events
from simulator.authoring.targets import Outcome, evaluate
from simulator.errors import Finding
from simulator.scenario.model import Block, Scenario
from simulator.store import EventLog

SIZE = 2_000  #: people in a preview


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers are from: the YAML path of a block, and what it says."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """All numbers and findings of a preview; `page.page_of` makes a page of them.

    Attributes:
        scenario: as loaded, `size` as run.
        seed: of the run.
        findings: warnings about the scenario.
        outcomes: of the author's targets and expectations.
        diseases: in the order of the scenario, those that pass within a year last.
        measurements, treatments: in the order of the scenario.
        lives: sample patients.
    """

    scenario: Scenario
    seed: int
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    population: PopulationFigures
    diseases: tuple[DiseaseFigures, ...]
    care: CareFigures
    measurements: tuple[MeasurementFigures, ...]
    treatments: tuple[TreatmentFigures, ...]
    lives: tuple[SampleLife, ...]
    sources: tuple[Source, ...]

    @property
    def title(self) -> str:
        return self.scenario.title or self.scenario.id


def preview_of(scenario: Scenario, log: EventLog, findings: Sequence[Finding] = ()) -> Preview:
    """Works out everything that a preview shows.

    Args:
        scenario: that was run.
        log: of the run.
        findings: from `check`.
    """
    people = People.of(log, None if scenario.population is None else scenario.population.time_zone)
    divisions = Divisions(people)
    record = Events.of(log).timed()
    processes = [
        *scenario.diseases,
        *(f"{name}.{event}" for name, block in scenario.diseases.items() for event in block.events),
    ]
    moves = moves_of(log, processes)
    deaths = deaths_by_disease(scenario.diseases, record, people)
    diseases = tuple(
        disease_figures(name, block, moves, record, divisions, deaths[name])
        for name, block in scenario.diseases.items()
    )
    spells = {d.name: d.spells for d in diseases}
    # what comes and goes stands after what lasts
    diseases = tuple(sorted(diseases, key=lambda d: d.passing))
    return Preview(
        scenario=scenario,
        seed=int(log.manifest["provenance"]["seed"]),
        findings=tuple(findings),
        outcomes=evaluate(scenario, log),
        population=population_figures(scenario, divisions),
        diseases=diseases,
        care=care_figures(scenario, log, divisions),
        measurements=tuple(
            measurement_figures(scenario, name, record, spells, people) for name in scenario.measurements
        ),
        treatments=tuple(
            treatment_figures(name, block, record, divisions) for name, block in scenario.treatments.items()
        ),
        lives=sample_lives(scenario, log, people, record, spells),
        sources=tuple(sources_in(scenario)),
    )


def sources_in(what: Any) -> Iterator[Source]:
    """Every `source:` of a scenario, with the path of its block, in the order of the file."""
    if isinstance(what, Block):
        text = getattr(what, "source", None)
        if text:
            yield Source(what.path, " ".join(str(text).split()))
    if dataclasses.is_dataclass(what):
        for field in dataclasses.fields(what):
            yield from sources_in(getattr(what, field.name))
    elif isinstance(what, dict):
        for value in what.values():
            yield from sources_in(value)
    elif isinstance(what, list | tuple):
        for value in what:
            yield from sources_in(value)
