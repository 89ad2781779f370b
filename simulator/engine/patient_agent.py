"""One patient of a running model, as a Mesa agent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.compiler.layout import (
    F_VAR,
    I_STATE,
    NULL,
    R_ALIVE,
    R_BIRTH,
    R_COMMUNITY,
    R_DEATH,
    R_ENC,
    R_ENC_START,
    R_SEX,
    R_T0,
)
from simulator.engine.ages import age_at
from simulator.engine.mesa_agent import ModelAgent

if TYPE_CHECKING:
    from simulator.engine.mesa_model import PopulationModel

_EPOCH = dt.datetime(1970, 1, 1)


def datetime_of(instant: int) -> dt.datetime:
    """An instant as a datetime (UTC, no zone)."""
    return _EPOCH + dt.timedelta(microseconds=instant)


@dataclass(frozen=True, slots=True)
class OpenEncounter:
    """An encounter that goes on: name of the care, its class, and when it began (UTC, no zone)."""

    kind: str
    class_: str
    start: dt.datetime


class PatientAgent(ModelAgent):
    """A read-only view of one patient, true at the date that the model has reached.

    Patients live as rows of arrays; a view copies nothing but its number, and shows the present
    whenever it is asked. It sees the truth: what is recorded of the patient is in the model's log.
    Made by `PopulationModel.patient`, and in `model.agents` only if it was told to join.
    """

    def __init__(self, model: PopulationModel, subject_id: int) -> None:
        super().__init__(model)
        self._cohort = model.cohort
        self._row = subject_id - 1

    @property
    def subject_id(self) -> int:
        """The patient's number in the log, from 1."""
        return self._row + 1

    @property
    def alive(self) -> bool:
        """Whether born and not dead."""
        return self._int(R_ALIVE) == 1 and self._born

    @property
    def birth(self) -> dt.datetime:
        """Instant of birth (UTC); may be to come."""
        return datetime_of(self._int(R_BIRTH))

    @property
    def death(self) -> dt.datetime | None:
        """Instant of death (UTC); None if not dead."""
        instant = self._int(R_DEATH)
        return None if instant == NULL else datetime_of(instant)

    @property
    def age(self) -> float:
        """Exact age in years, of the dead at their death; NaN before birth."""
        birth, death = self._int(R_BIRTH), self._int(R_DEATH)
        at = self._cohort.now if death == NULL else death
        return float(age_at(at, birth)) if at >= birth else float("nan")

    @property
    def sex(self) -> str:
        """male or female."""
        return self._cohort.program.machine.vars[0].categories[self._int(R_SEX)]

    @property
    def community(self) -> int:
        """The community the patient lives in, from 0."""
        return self._int(R_COMMUNITY)

    @property
    def attributes(self) -> dict[str, str | float]:
        """What was drawn at the beginning of life, by name: a category or a number."""
        return {
            spec.name: spec.categories[int(value)] if spec.categories else value
            for spec, value in self._variables()[1:]
            if spec.categories or spec.initial is not None
        }

    @property
    def measured(self) -> dict[str, float]:
        """The latest recorded value of each measurement that was ever made, by name."""
        if not self._born:
            return {}
        values = [value for _, value in self._variables()]
        levels = self._cohort.program.machine.levels
        last = {level.name: values[level.last_var] for level in levels}
        return {name: value for name, value in last.items() if value == value}

    @property
    def states(self) -> dict[str, str]:
        """The state of each process, by name: diseases, and what diagnoses, treats and cares for them.

        Of who is not born yet, the state at birth.
        """
        first, processes = self._cohort.program[I_STATE], self._cohort.program.machine.processes
        return {
            process.name: process.states[self._int(first + p)].name for p, process in enumerate(processes)
        }

    @property
    def encounter(self) -> OpenEncounter | None:
        """The encounter that the patient is in; None if there is none."""
        kind = self._int(R_ENC)
        if not self.alive or kind < 0:
            return None
        spec = self._cohort.program.machine.encounters[kind]
        return OpenEncounter(spec.name, spec.class_, datetime_of(self._int(R_ENC_START)))

    @property
    def _born(self) -> bool:
        return self._int(R_T0) <= self._cohort.now

    def _int(self, column: int) -> int:
        return int(self._cohort.rows[self._row, column])

    def _variables(self) -> list[tuple[Any, float]]:
        specs, first = self._cohort.program.machine.vars, self._cohort.program[F_VAR]
        values = self._cohort.reals[self._row, first : first + len(specs)].tolist()
        return list(zip(specs, values, strict=True))

    def __repr__(self) -> str:
        return f"<PatientAgent {self.subject_id}>"
