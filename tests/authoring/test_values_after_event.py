"""Values at a time after an event: by hand in a log of four lives, by brute force in one of many."""

from __future__ import annotations

import datetime as dt
import random
import statistics

import pytest

from simulator.authoring.statistics import intervals
from simulator.authoring.targets import Outcome, evaluate
from tests.authoring.counted_log import DRUG, HBA1C, CountedLog, day, scenario
from tests.authoring.test_targets_counted import outcome

#: statement, value, people; A starts the drug on 2003-07-01 (7.0 half a year before, 8.0 half a year
#: after), B on 2004-01-01 (6.0 that day, 6.0 a year later, 9.0 two years later)
COUNTED = [
    ("mean of hba1c 1 year after drug.started", 6.0, 1),
    ("mean of hba1c 2 years after drug.started", 9.0, 1),  # A's last value comes a year and a half too soon
    ("mean of hba1c 1 year ± 7 months after drug.started", 7.0, 2),
    ("median of hba1c 6 months ± 3 days after drug.started", 8.0, 1),
    ("mean of hba1c 1 year after drug.started in females", None, 0),
    ("mean of hba1c 2 years after drug.started at 43..44 years", 9.0, 1),
    ("mean of hba1c 2 years after drug.started at 45.. years", None, 0),
    ("mean of hba1c 1 year after birth", None, 0),
    ("mean of hba1c 1 year after death", None, 0),
    ("mean change of hba1c 2 years after drug.started", 3.0, 1),
    ("mean change of hba1c 1 year ± 7 months after drug.started", 0.5, 2),
    (
        "mean change of hba1c 6 months ± 5 months after drug.started",
        None,
        0,
    ),  # A's is 6 months old; B has none
    ("median change of hba1c 1 year after cf.diagnosed", 0.5, 2),
]
YEAR = dt.timedelta(days=365.2425)


@pytest.mark.parametrize(("statement", "value", "n"), COUNTED)
def test_counted_by_hand(statement: str, value: float | None, n: int) -> None:
    found = outcome(statement, "-6 %..8 %")
    assert found.value == pytest.approx(value)
    assert (found.n, found.unit) == (n, "%")
    assert (found.kind, found.subject) == (
        f"{statement.split()[0]} {'change' if 'change' in statement else 'after'}", "hba1c",
    )  # fmt: skip


class ManyLives(CountedLog):
    """Lives of some years, with drugs begun now and then and values at random, often at once.

    Some of both are from before the record begins.
    """

    def __init__(self, seed: int, people: int = 200) -> None:
        super().__init__()
        draw = random.Random(seed)
        self.manifest["plan"]["patients"] = people
        start = self.start = day("2001-01-01")
        self._rows = {"subjects": [], "truth": [], "events": [], "encounters": []}
        self.begun: dict[int, list[dt.datetime]] = {}
        self.values: dict[int, list[tuple[dt.datetime, float]]] = {}
        for who in range(1, people + 1):
            exit_ = start + dt.timedelta(days=draw.randint(300, 2_000))
            self._rows["subjects"].append(
                {"subject_id": who, "birth": day("1960-01-01"), "sex": draw.choice(["female", "male"]),
                 "death": None, "entry": start, "exit": exit_}
            )  # fmt: skip
            days = (exit_ - start).days
            rows = [(draw.randint(-60, days // 2), DRUG, 0.0) for _ in range(draw.randint(0, 2))]
            # by tens of days, so that many values are equally near, or of one instant
            rows += [(10 * draw.randint(-6, days // 10), HBA1C, float(draw.randint(40, 90)) / 10)
                     for _ in range(draw.randint(0, 12))]  # fmt: skip
            rows.sort(key=lambda row: row[0])
            self.begun[who], self.values[who] = [], []
            for at, code, value in rows:
                time = start + dt.timedelta(days=at)
                drug = code == DRUG
                if drug:
                    self.begun[who].append(time)
                else:
                    self.values[who].append((time, value))
                self._rows["events"].append(
                    {"subject_id": who, "time": time, "code": code, "status": "active" if drug else None,
                     "cause": "drug: started" if drug else "clinic: visit",
                     "numeric_value": None if drug else value}
                )  # fmt: skip

    def expected(self, later: dt.timedelta, window: dt.timedelta, *, change: bool) -> list[float]:
        """One number a person, by looking at every value of each."""
        found = []
        for who, begun in self.begun.items():
            if not begun or begun[0] < self.start:
                continue
            best: tuple[dt.timedelta, float] | None = None
            base: tuple[dt.datetime, float] | None = None
            last_at: dt.datetime | None = None
            for time, value in self.values[who]:
                if time < self.start:
                    continue
                off = abs(time - (begun[0] + later))
                # the first of two that are equally near, but the last of those of one instant
                if off <= window and (best is None or off < best[0] or time == last_at):
                    best, last_at = (off, value), time
                if time <= begun[0] and begun[0] - time <= window:
                    base = (time, value)
            if best is not None and not change:
                found.append(best[1])
            elif best is not None and base is not None:
                found.append(best[1] - base[1])
        return found


def judged(log: CountedLog, statement: str, within: str = "-2 %..8 %") -> Outcome:
    [found] = evaluate(scenario(expect=f"{statement}: {within}"), log)
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("words", "later", "window"),
    [
        ("1 year", 1.0, 0.25),
        ("200 days", 200 / 365.2425, 50 / 365.2425),
        ("200 days ± 20 days", 200 / 365.2425, 20 / 365.2425),
        ("205 days ± 195 days", 205 / 365.2425, 195 / 365.2425),
        ("2 years ± 6 months", 2.0, 0.5),
    ],
)
def test_as_by_looking_at_every_value(seed: int, words: str, later: float, window: float) -> None:
    log = ManyLives(seed)
    for kind, change in (("mean", False), ("median", False), ("mean change", True), ("median change", True)):
        values = log.expected(later * YEAR, window * YEAR, change=change)
        found = judged(log, f"{kind} of hba1c {words} after drug.started")
        assert found.n == len(values) > 2
        middle = statistics.fmean(values) if kind.startswith("mean") else statistics.median(values)
        assert found.value == pytest.approx(middle)


def test_the_interval_is_that_of_independent_people() -> None:
    log = ManyLives(1)
    values = log.expected(YEAR, 0.5 * YEAR, change=True)
    found = judged(log, "mean change of hba1c 1 year ± 6 months after drug.started")
    from scipy.special import stdtrit

    half = stdtrit(len(values) - 1, 0.975) * statistics.stdev(values) / len(values) ** 0.5
    middle = statistics.fmean(values)
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half))
    plain = sorted(log.expected(YEAR, 0.5 * YEAR, change=False))
    median = judged(log, "median of hba1c 1 year ± 6 months after drug.started")
    left_out = intervals._rank(len(plain))
    assert (median.low, median.high) == (plain[left_out - 1], plain[-left_out])


def test_too_few_says_how_many_would_do() -> None:
    few, many = (
        judged(ManyLives(2, people), "mean of hba1c 1 year after drug.started", "6 %..6.8 %")
        for people in (200, 4_000)
    )
    assert (few.verdict, many.verdict) == ("too few", "pass")  # 4 to 9 %, on average 6.5
    assert few.needed is not None
    assert 200 < few.needed < 4_000
