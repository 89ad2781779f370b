"""The people of a run: when each was born, seen from and to, and the exact instants of their birthdays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulator.authoring.statistics import ages
from simulator.authoring.statistics.ages import YEAR
from simulator.authoring.statistics.columns import Bools, Floats, Ints, instants
from simulator.compiler.time_zones import local_time, midnight
from simulator.store import EventLog


@dataclass(frozen=True, slots=True)
class People:
    """One entry per subject, subject i + 1 at index i. Instants are int64 microseconds since 1970 (UTC).

    Attributes:
        birth: int64[n].
        entry, exit: int64[n], between which a person is observed.
        died: bool[n], whether `exit` is a death.
        male: bool[n].
        cause: the transition that ended each life, or None; object[n].
        zone: the time zone in which they live; None: UTC.
    """

    birth: Ints
    entry: Ints
    exit: Ints
    died: Bools
    male: Bools
    cause: npt.NDArray[np.object_]
    zone: str | None = None

    @classmethod
    def of(cls, log: EventLog, zone: str | None = None) -> People:
        """Reads the subjects table; calendar years are those of the time zone `zone` (None: UTC)."""
        table = log.subjects(["birth", "sex", "death", "death_cause", "entry", "exit"])
        return cls(
            birth=instants(table["birth"]),
            entry=instants(table["entry"]),
            exit=instants(table["exit"]),
            died=pc.is_valid(table["death"]).to_numpy(zero_copy_only=False),
            male=pc.equal(table["sex"].cast(pa.string()), "male").to_numpy(zero_copy_only=False),
            cause=table["death_cause"].cast(pa.string()).to_numpy(zero_copy_only=False),
            zone=zone,
        )

    def __len__(self) -> int:
        return len(self.birth)

    @property
    def observed(self) -> Ints:
        """Time under observation, microseconds; int64[n]."""
        return self.exit - self.entry

    @property
    def person_years(self) -> float:
        """Time under observation, all together."""
        return float(self.observed.sum() / YEAR)

    def birthday(self, years: int) -> Ints:
        """The instant of the `years`-th anniversary of birth of each person; int64[n].

        Same time of day; who was born on 29 February has it on 1 March in common years (docs/engine.md).
        """
        return ages.anniversary(self.birth, years)

    def age_at(self, who: Ints, when: Ints) -> Floats:
        """Age in years of 365.2425 days of people `who` (indices) at instants `when`; float64[m]."""
        return np.asarray((when - self.birth[who]) / YEAR, dtype=np.float64)

    def completed_age(self, who: Ints, when: Ints) -> Ints:
        """Age at last birthday of people `who` (indices) at instants `when`; int64[m]."""
        return ages.completed_age(self.birth[who], when)

    def alive_at(self, when: int) -> Bools:
        """Who is observed and alive at an instant: has entered, and neither died nor left; bool[n]."""
        return (self.entry <= when) & (when < self.exit)

    def year_start(self, year: int) -> int:
        """When 1 January of a year begins where they live."""
        return midnight(dt.date(year, 1, 1), self.zone)

    def mid_year(self, year: int) -> int:
        """When 1 July of a year begins where they live."""
        return midnight(dt.date(year, 7, 1), self.zone)

    def calendar_year(self, when: Ints) -> Ints:
        """The calendar years, where they live, of instants; int64[m]."""
        if not len(when):
            return np.zeros(0, np.int64)
        first, last = (local_time(int(each), self.zone).year for each in (when.min(), when.max()))
        starts = [self.year_start(year) for year in range(first, last + 1)]
        return np.asarray(np.searchsorted(starts, when, side="right") - 1 + first, np.int64)
