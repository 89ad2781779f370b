"""Bands of age and calendar years, into which people's time is divided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.authoring.preview.people import People
from simulator.authoring.statistics.columns import Ints

LAST_BAND = 90  #: the open-ended band begins at this age
FINEST = 100  #: single years of age are told apart up to here


@dataclass(frozen=True, slots=True)
class Band:
    """Ages at last birthday, or calendar years, from `low` to below `high`; None where open-ended."""

    low: int
    high: int | None

    @property
    def label(self) -> str:
        """``40–44``, ``90+``, ``2011``."""
        if self.high is None:
            return f"{self.low}+"
        return str(self.low) if self.high == self.low + 1 else f"{self.low}–{self.high - 1}"

    @property
    def middle(self) -> float:
        """Where a point that stands for the band is drawn."""
        return (self.low + (self.high if self.high is not None else self.low + 5)) / 2


def band_index(bands: tuple[Band, ...], ages: Ints) -> Ints:
    """The band of each age at last birthday; int64[m]."""
    lows = np.array([band.low for band in bands])
    return np.clip(np.searchsorted(lows, ages, side="right") - 1, 0, len(bands) - 1)


class Divisions:
    """How a population's time is divided: five-year age bands, single years of age, calendar years.

    Attributes:
        people: whose time it is.
        ages: bands of five years in which somebody was observed, the last open-ended.
        years: calendar years in which somebody was observed.
    """

    def __init__(self, people: People, width: int = 5) -> None:
        self.people = people
        self._birthdays: dict[int, Ints] = {}
        everyone = np.arange(len(people))
        youngest = int(people.completed_age(everyone, people.entry).min())
        oldest = int(people.completed_age(everyone, people.exit).max())
        first, last = youngest // width * width, min(oldest, LAST_BAND) // width * width
        lows = range(min(first, last), last + 1, width)
        self.ages = tuple(Band(low, None if low >= LAST_BAND else low + width) for low in lows)
        self.single_ages = tuple(
            Band(a, a + 1) for a in range(max(youngest, 0), min(oldest + 1, FINEST))
        ) or (Band(0, 1),)
        begin, end = int(people.entry.min()), int(people.exit.max())
        first_year, last_year = people.calendar_year(np.array([begin, max(begin, end - 1)])).tolist()
        self.years = tuple(Band(y, y + 1) for y in range(first_year, last_year + 1))

    @cached_property
    def _always(self) -> Ints:
        return np.full(len(self.people), 2**62, dtype=np.int64)

    def birthday(self, age: int) -> Ints:
        """Everybody's birthday, worked out once; int64[n]."""
        if age not in self._birthdays:
            self._birthdays[age] = self.people.birthday(age)
        return self._birthdays[age]

    def age_span(self, band: Band) -> tuple[Ints, Ints]:
        """When each person enters and leaves an age band; int64[n] each."""
        return self.birthday(band.low), self._always if band.high is None else self.birthday(band.high)

    def year_span(self, band: Band) -> tuple[Ints, Ints]:
        """The begin and end of calendar years, for each person; int64[n] each."""
        assert band.high is not None  # calendar years are closed
        n = len(self.people)
        return np.full(n, self.people.year_start(band.low)), np.full(n, self.people.year_start(band.high))
