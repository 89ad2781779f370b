"""Ages of many people at once against those of one at a time, by the calendar."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from simulator.authoring.statistics.ages import anniversary, birthday, completed_age, exact_age

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def instants(*moments: dt.datetime) -> np.ndarray:
    return np.array([(m - EPOCH) // dt.timedelta(microseconds=1) for m in moments], np.int64)


def test_anniversaries() -> None:
    births = instants(dt.datetime(1960, 2, 29, 7, 30, tzinfo=UTC), dt.datetime(1999, 12, 31, tzinfo=UTC))
    for years, leap in ((1, dt.datetime(1961, 3, 1, 7, 30)), (40, dt.datetime(2000, 2, 29, 7, 30))):
        expected = instants(leap.replace(tzinfo=UTC), dt.datetime(1999 + years, 12, 31, tzinfo=UTC))
        assert anniversary(births, years).tolist() == expected.tolist()
    each = anniversary(births, np.array([1, 40]))
    assert each.tolist() == [anniversary(births, 1)[0], anniversary(births, 40)[1]]


def test_ages_at_and_around_anniversaries() -> None:
    rng = np.random.default_rng(2)
    days = rng.integers(0, 40_000, 500) * 86_400_000_000 - 2_000_000_000_000_000
    births = np.r_[days, instants(dt.datetime(2000, 2, 29, tzinfo=UTC))]
    for years in (0, 1, 4, 63, 104):
        that_day = anniversary(births, years)
        assert (completed_age(births, that_day) == years).all()
        assert (completed_age(births, that_day - 1) == years - 1).all()
        assert exact_age(births, that_day) == pytest.approx(np.full(len(births), float(years)), abs=1e-12)
        middle = birthday(births, years + 0.25)
        assert exact_age(births, middle) == pytest.approx(np.full(len(births), years + 0.25), abs=1e-9)
