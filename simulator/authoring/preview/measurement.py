"""Recorded values of each measurement, by the state of the diseases that have to do with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.authoring.preview.people import People
from simulator.authoring.preview.spells import DEAD, NOT_THERE, Spells
from simulator.authoring.statistics.columns import Floats
from simulator.authoring.statistics.tables import Events
from simulator.knowledge.codes import SYSTEMS, preferred
from simulator.scenario.model import Measurement, Scenario
from simulator.scenario.syntax import Name

MOST_DISEASES = 4  #: diseases by which one measurement is divided
PERCENTILES = (5, 25, 50, 75, 95)
FEWEST = 5  #: values of which a distribution is drawn


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values recorded of people in one state.

    Attributes:
        label: ``everyone``, or the state.
        disease: name of the disease, None for everyone.
        state: None where the disease is absent, and for everyone.
        percentiles: the 5th, 25th, 50th, 75th and 95th; empty if too few values.
        values, people: how many.
    """

    label: str
    disease: str | None
    state: str | None
    percentiles: tuple[float, ...]
    values: int
    people: int


@dataclass(frozen=True, slots=True)
class MeasurementFigures:
    """The numbers of one measurement: name, title, unit, plausible span of what is drawn, distributions."""

    name: str
    title: str
    unit: str
    precision: int
    distributions: tuple[Distribution, ...]


def measurement_figures(
    scenario: Scenario, name: str, record: Events, spells: dict[str, Spells], people: People
) -> MeasurementFigures:
    """The distributions of what was recorded under observation.

    Args:
        spells: by disease.
    """
    block = scenario.measurements[name]
    code = preferred({k: v for k, v in block.codes.items() if k in SYSTEMS}, name)
    rows = record.code.equal(code) & (record.time >= people.entry[record.person])
    who, time, value = record.person[rows], record.time[rows], record.value[rows]
    valued = np.isfinite(value)
    who, time, value = who[valued], time[valued], value[valued]
    found = [_distribution("everyone", None, None, value, who)]
    for disease in related_diseases(scenario, name)[:MOST_DISEASES]:
        spell = spells[disease]
        state = spell.state_of(who, time)
        title = scenario.diseases[disease].title or disease
        without = [i for i, s in enumerate(spell.states) if s in NOT_THERE and s != DEAD]
        chosen = np.isin(state, without)
        found.append(_distribution(f"without: {title}", disease, None, value[chosen], who[chosen]))
        for name_of_state in dict.fromkeys(scenario.diseases[disease].states):
            chosen = state == spell.states.index(name_of_state)
            found.append(
                _distribution(f"{title}: {name_of_state}", disease, name_of_state, value[chosen], who[chosen])
            )
    return MeasurementFigures(name, block.title or name, _unit(block), block.precision, tuple(found))


def _unit(block: Measurement) -> str:
    return "" if block.unit == "1" else block.unit


def _distribution(
    label: str, disease: str | None, state: str | None, value: Floats, who: np.ndarray
) -> Distribution:
    percentiles: tuple[float, ...] = ()
    if len(value) >= FEWEST:
        percentiles = tuple(float(x) for x in np.percentile(value, PERCENTILES))
    return Distribution(label, disease, state, percentiles, len(value), len(np.unique(who)))


def related_diseases(scenario: Scenario, measurement: str) -> list[str]:
    """Diseases that move a measurement, and those whose course or diagnosis reads it; the former first."""
    block = scenario.measurements[measurement]
    moving = [n.parts[0] for n in names_in(block) if n.parts[0] in scenario.diseases]
    reading = [
        name
        for name, disease in scenario.diseases.items()
        if any(
            n.parts[0] == measurement for n in names_in([disease.course, disease.diagnosis, disease.onset])
        )
    ]
    return list(dict.fromkeys([*moving, *reading]))


def names_in(what: Any) -> Iterator[Name]:
    """Every name in the expressions of a block."""
    if isinstance(what, Name):
        yield what
    elif dataclasses.is_dataclass(what):
        for field in dataclasses.fields(what):
            yield from names_in(getattr(what, field.name))
    elif isinstance(what, dict):
        for value in what.values():
            yield from names_in(value)
    elif isinstance(what, list | tuple):
        for value in what:
            yield from names_in(value)
