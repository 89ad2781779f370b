"""Small machines, built by hand, whose histories can be worked out on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from simulator.compiler.machine import (
    Arrow,
    CodeSpec,
    Const,
    Distribution,
    EncounterSpec,
    Machine,
    PopulationSpec,
    Process,
    Schedule,
    State,
    VarSpec,
)

HOUR = 3_600_000_000
DAY = 24 * HOUR


def instant(year: int, month: int = 1, day: int = 1, hour: int = 0) -> int:
    """Microseconds from 1970 to a date."""
    return (dt.datetime(year, month, day, hour) - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)


def fixed(value: float) -> Distribution:
    return Distribution("fixed", (Const(float(value)),))


# codes and encounters that every small machine has
BIRTH, DEATH, CLINIC_CODE, WARD_CODE, FACT, DIAGNOSIS = range(6)
CLINIC, WARD = range(2)
CODES = (
    CodeSpec("MEDS_BIRTH", "birth"),
    CodeSpec("MEDS_DEATH", "death"),
    CodeSpec("VISIT//clinic", "clinic", kind="encounter"),
    CodeSpec("VISIT//ward", "ward", kind="encounter"),
    CodeSpec("FACT", "a fact"),
    CodeSpec("DIAGNOSIS", "a diagnosis", lasting=True, kind="diagnosis"),
)
ENCOUNTERS = (
    EncounterSpec("clinic", "ambulatory", 0, fixed(HOUR), CLINIC_CODE),
    EncounterSpec("ward", "inpatient", 2, fixed(2 * DAY), WARD_CODE),
)
SEX = VarSpec("sex", ("male", "female"))


def build_process(name: str, latent: bool = True, **states: tuple[Arrow, ...] | State) -> Process:
    """A process from its states, in order: their arrows, or a whole State."""
    return Process(
        name,
        tuple(given if isinstance(given, State) else State(state, given) for state, given in states.items()),
        latent,
    )


def build_machine(
    *processes: Process,
    vars: tuple[VarSpec, ...] = (),
    levels: tuple = (),
    signals: tuple = (),
    events: tuple[str, ...] = (),
    stamps: tuple[str, ...] = (),
    rings: tuple[tuple[str, int], ...] = (),
    encounters: tuple[EncounterSpec, ...] = ENCOUNTERS,
    codes: tuple[CodeSpec, ...] = CODES,
    schedules: tuple[Schedule, ...] = (),
    **population: object,
) -> Machine:
    """A machine whose people are born at the start, 2000-01-01, and followed to 2010-01-01."""
    settings: dict = {
        "size": 100,
        "start": instant(2000),
        "end": instant(2010),
        "step": 0,
        "history": False,
        "age_sex": None,
        "age": fixed(0.0),
        "female": 0.5,
    }
    return Machine(
        id="small",
        population=PopulationSpec(**{**settings, **population}),
        processes=processes,
        vars=(SEX, *vars),
        levels=levels,
        codes=codes,
        encounters=encounters,
        signals=signals,
        events=events,
        stamps=stamps,
        rings=rings,
        schedules=schedules,
    )


@pytest.fixture(scope="session")
def small_machine() -> Callable[..., Machine]:
    return build_machine


@pytest.fixture(scope="session")
def process() -> Callable[..., Process]:
    return build_process
