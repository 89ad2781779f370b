"""What an epidemiologist counts in a finished log: person-time, prevalence, rates, survival.

Instants are datetime64[us]; arrays are by subject, in the order of the subjects table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.store import EventLog

YEAR = np.timedelta64(31_556_952, "s")  # 365.2425 days
NEVER = np.datetime64("9999-01-01", "us")

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.datetime64]


def years(duration: npt.NDArray[np.timedelta64]) -> Floats:
    """Durations in years."""
    return np.asarray(duration / YEAR, dtype=np.float64)


@dataclass
class Cohort:
    """A finished log, with the tables that counting needs."""

    log: EventLog

    @cached_property
    def subjects(self) -> pd.DataFrame:
        return self.log.to_pandas("subjects")

    @cached_property
    def events(self) -> pd.DataFrame:
        return self.log.to_pandas("events", ["subject_id", "time", "code", "numeric_value", "status"])

    @cached_property
    def truth(self) -> pd.DataFrame:
        return self.log.to_pandas("truth")

    @cached_property
    def encounters(self) -> pd.DataFrame:
        return self.log.to_pandas("encounters")

    @cached_property
    def birth(self) -> Instants:
        return self.subjects.birth.to_numpy()

    @cached_property
    def death(self) -> Instants:
        return self.subjects.death.fillna(pd.Timestamp(NEVER)).to_numpy().astype("datetime64[us]")

    @cached_property
    def female(self) -> Bools:
        return (self.subjects.sex == "female").to_numpy()

    def ages(self, day: str) -> Floats:
        """Age in years on a day; negative before birth."""
        return years(np.datetime64(day, "us") - self.birth)

    def living(self, day: str, low: float = 0.0, high: float = 200.0) -> Bools:
        """Who is alive on a day, and at least `low` and less than `high` years old."""
        ages = self.ages(day)
        return (self.death > np.datetime64(day, "us")) & (ages >= low) & (ages < high)

    def present(self, process: str, day: str, states: tuple[str, ...] = ()) -> Bools:
        """Who truly has a disease on a day (in one of `states`, if any are given)."""
        rows = self.truth[(self.truth.process == process) & (self.truth.time <= np.datetime64(day, "us"))]
        last = rows.groupby("subject_id", observed=True).to.last()
        there = last[last.isin(states)] if states else last[~last.isin(["absent", "dead"])]
        return self._flags(there.index)

    def recorded(self, code: str, day: str) -> Bools:
        """On whose chart a code stands by a day."""
        rows = self.events[(self.events.code == code) & (self.events.time <= np.datetime64(day, "us"))]
        return self._flags(rows.subject_id.unique())

    def taking(self, code: str, day: str) -> Bools:
        """Who is on a medication on a day, by its last start or stop."""
        rows = self.events[(self.events.code == code) & (self.events.time <= np.datetime64(day, "us"))]
        rows = rows[rows.status.isin(["active", "stopped"])]
        last = rows.groupby("subject_id", observed=True).status.last()
        return self._flags(last[last == "active"].index)

    def first(self, code: str, status: str = "active") -> pd.Series:
        """When a code was first recorded with a status, by subject_id."""
        rows = self.events[(self.events.code == code) & (self.events.status == status)]
        return rows.groupby("subject_id").time.first()

    def values(self, code: str, start: str, end: str) -> pd.DataFrame:
        """Measured values in a period: subject number from 0, age, value."""
        rows = self.events[self.events.code == code]
        rows = rows[(rows.time >= np.datetime64(start, "us")) & (rows.time < np.datetime64(end, "us"))]
        subject = rows.subject_id.to_numpy() - 1
        age = years(rows.time.to_numpy() - self.birth[subject])
        return pd.DataFrame(
            {"subject": subject, "time": rows.time.to_numpy(), "age": age, "value": rows.numeric_value}
        )

    def person_years(self, start: str, end: str, low: float = 0.0, high: float = 200.0) -> float:
        """Time lived in a period at ages from `low` to below `high`."""
        return float(self._exposure(start, end, low, high).sum())

    def visits(
        self, kinds: tuple[str, ...], start: str, end: str, low: float = 0.0, high: float = 200.0
    ) -> int:
        """Encounters of some kinds (or classes) begun in a period at these ages."""
        rows = self.encounters
        rows = rows[rows.kind.isin(kinds) | rows["class"].isin(kinds)]
        return self._counted(rows.subject_id, rows.start, start, end, low, high)

    def happened(
        self, process: str, to: str, start: str, end: str, low: float = 0.0, high: float = 200.0
    ) -> int:
        """Transitions of a process to a state in a period at these ages."""
        rows = self.truth[(self.truth.process == process) & (self.truth.to == to)]
        return self._counted(rows.subject_id, rows.time, start, end, low, high)

    def period_survival(self, start: str, end: str, high: int) -> tuple[Floats, Floats]:
        """Survival to each age 0 … high by the deaths and person-years of a period, with standard errors.

        Ages that nobody lived through in the period count as survived. Errors after Greenwood.
        """
        hazard, variance = np.zeros(high + 1), np.zeros(high + 1)
        for age in range(high):
            deaths = self._counted(self.subjects.subject_id, self.subjects.death, start, end, age, age + 1)
            exposure = max(self.person_years(start, end, age, age + 1), 1e-9)
            hazard[age + 1], variance[age + 1] = deaths / exposure, deaths / exposure**2
        alive = np.exp(-np.cumsum(hazard))
        return alive, alive * np.sqrt(np.cumsum(variance))

    def _exposure(self, start: str, end: str, low: float, high: float) -> Floats:
        begin = np.maximum(np.datetime64(start, "us"), self.birth + (low * YEAR).astype("timedelta64[us]"))
        stop = np.minimum(np.datetime64(end, "us"), self.birth + (high * YEAR).astype("timedelta64[us]"))
        return np.maximum(years(np.minimum(stop, self.death) - begin), 0.0)

    def _counted(
        self, ids: pd.Series, times: pd.Series, start: str, end: str, low: float, high: float
    ) -> int:
        age = years(times.to_numpy() - self.birth[ids.to_numpy() - 1])
        when = (times >= np.datetime64(start, "us")) & (times < np.datetime64(end, "us"))
        return int((when.to_numpy() & (age >= low) & (age < high)).sum())

    def _flags(self, ids: npt.ArrayLike) -> Bools:
        flags = np.zeros(len(self.subjects), dtype=np.bool_)
        flags[np.asarray(ids, dtype=np.int64) - 1] = True
        return flags


def share(having: Bools, among: Bools) -> tuple[float, float]:
    """A proportion and its standard error (that of the target if the proportion is 0)."""
    n = int(among.sum())
    p = float((having & among).sum()) / n
    return p, float(np.sqrt(max(p * (1 - p), 1.0 / n) / n))
