"""Holidays and closed days: which days they are, and that nobody is seen on them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from simulator.compiler import machine as m
from simulator.compiler.closed_days import easter
from simulator.compiler.time_zones import local_time
from simulator.engine.reference import run_patient
from tests.compiler.lowered import arrow, arrows, findings_of, machine_of

ONE = dt.timedelta(days=1)
PEOPLE = (
    "population: {size: 10, from: 2000-01-01, to: 2030-01-01, age: 40 years, ZONE holidays: [DAYS],"
    " source: made up}\n"
)
CLINIC = """
care:
  clinic: {class: ambulatory, every: 1 month ± 2 weeks, hours: [daily 8:00..17:00], MORE}
"""


def closed(days: str, more: str = "", zone: str = "") -> set[dt.date]:
    """The days from 2000 to 2029 on which the clinic is closed, read off the condition."""
    machine = machine_of(CLINIC.replace("MORE", more), PEOPLE.replace("DAYS", days).replace("ZONE", zone))
    condition = arrow(machine, "clinic: visit: closed").trigger.condition
    found = set()

    def spans(term: m.Term) -> None:
        if isinstance(term, m.Apply):
            spans(term.args[1])
            spans(term.args[2])
            return
        assert isinstance(term, m.Lookup)
        assert term.values == tuple(float(i % 2) for i in range(len(term.axes[0].knots)))
        edges = term.axes[0].knots[1:]
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            day = local_time(int(begin), zone.partition(": ")[2].rstrip(",") or None)
            last = local_time(int(end), zone.partition(": ")[2].rstrip(",") or None)
            while day < last:
                found.add(day.date())
                day += ONE

    spans(condition)
    return {day for day in found if 2000 <= day.year < 2030}


def days(*texts: str) -> set[dt.date]:
    return {dt.date.fromisoformat(text) for text in texts}


def in_years(found: set[dt.date], first: int, last: int) -> set[dt.date]:
    return {day for day in found if first <= day.year <= last}


# --- which days -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "year", "expected"),
    [
        ("12-25", 2010, ["2010-12-25"]),
        ("02-29", 2012, ["2012-02-29"]),
        ("02-29", 2013, []),
        ("08-01..08-03", 2011, ["2011-08-01", "2011-08-02", "2011-08-03"]),
        ("12-31..01-01", 2011, ["2011-01-01", "2011-12-31"]),
        ("2020-03-16..2020-03-18", 2020, ["2020-03-16", "2020-03-17", "2020-03-18"]),
        ("2020-03-16", 2021, []),
        ("fourth thursday of november", 2023, ["2023-11-23"]),
        ("last monday of may", 2021, ["2021-05-31"]),
        ("fifth monday of may", 2022, ["2022-05-30"]),
        ("fifth monday of may", 2024, []),
        ("easter", 2024, ["2024-03-31"]),
        ("2 days before easter", 2024, ["2024-03-29"]),
        ("1 day after easter", 2024, ["2024-04-01"]),
        ("39 days after easter", 2024, ["2024-05-09"]),
        ("07-04 or nearest weekday", 2020, ["2020-07-03", "2020-07-04"]),  # a Saturday
        ("07-04 or nearest weekday", 2021, ["2021-07-04", "2021-07-05"]),  # a Sunday
        ("07-04 or nearest weekday", 2023, ["2023-07-04"]),
        ("12-25 or next weekday, 12-26 or next weekday", 2021,
         ["2021-12-25", "2021-12-26", "2021-12-27", "2021-12-28"]),
        ("12-25 or next weekday, 12-26 or next weekday", 2022, ["2022-12-25", "2022-12-26", "2022-12-27"]),
        ("06-19 from 2021", 2020, []),
        ("06-19 from 2021", 2021, ["2021-06-19"]),
        ("06-19 until 2020", 2021, []),
    ],
)  # fmt: skip
def test_days(rule: str, year: int, expected: list[str]) -> None:
    # a day of another year, so that there is something to be read
    assert in_years(closed(f"{rule}, 2001-05-05"), year, year) == days(*expected)


def test_easter() -> None:
    # https://www.census.gov/data/software/x13as/genhol/easter-dates.html
    known = ["1961-04-02", "1981-04-19", "2000-04-23", "2008-03-23", "2011-04-24", "2038-04-25", "2049-04-18"]
    assert [easter(int(text[:4])) for text in known] == [dt.date.fromisoformat(text) for text in known]


def test_federal_holidays_of_the_united_states() -> None:
    file = Path(__file__).resolve().parents[2] / "scenarios" / "library" / "us-holidays.yaml"
    rules = ", ".join(yaml.safe_load(file.read_text(encoding="utf-8"))["population"]["holidays"])
    # https://www.opm.gov/policy-data-oversight/pay-leave/federal-holidays/
    expected = days(
        "2021-01-01", "2021-01-18", "2021-02-15", "2021-05-31", "2021-06-18", "2021-06-19", "2021-07-04",
        "2021-07-05", "2021-09-06", "2021-10-11", "2021-11-11", "2021-11-25", "2021-12-24", "2021-12-25",
        "2021-12-31",
    )  # fmt: skip
    assert in_years(closed(rules), 2021, 2021) == expected


def test_many_days_are_found_by_halves() -> None:
    assert len(closed("12-25, 12-26, 01-01, 05-01, 10-03")) == 30 * 5
    assert closed("12-25, 12-26", "closed: [05-01]") == closed("12-25, 12-26, 05-01")


def test_days_are_local() -> None:
    assert closed("12-25", zone="time_zone: Pacific/Auckland,") == closed("12-25")


# --- nobody is seen -----------------------------------------------------------------------------


def visits(machine: m.Machine) -> list[dt.datetime]:
    """When the first ten patients were at the clinic, by its clocks."""
    seen = [run_patient(machine, 1, patient) for patient in range(10)]
    return [local_time(each.start, "America/New_York") for life in seen for each in life.encounters]


def test_nobody_is_seen_on_closed_days() -> None:
    zone = "time_zone: America/New_York,"
    rules = "12-20..01-06, 03-01..10-31, 2010-11-01..2011-11-30, first monday of february"
    people = PEOPLE.replace("ZONE", zone).replace("DAYS", rules)
    found = visits(machine_of(CLINIC.replace("MORE", ""), people))
    assert len(found) > 300
    shut = closed(rules, zone=zone)
    assert not {time.date() for time in found} & shut
    assert all(8 <= time.hour < 17 for time in found)
    after = [time for time in found if (time.month, time.day) == (11, 1)]
    assert len(after) > 20  # what came due in summer
    assert len({time.time() for time in after}) > 10  # at any time of the day


def test_a_care_may_be_open_on_holidays() -> None:
    machine = machine_of(
        CLINIC.replace("MORE", "closed: never"), PEOPLE.replace("DAYS", "12-25").replace("ZONE", "")
    )
    assert not [each for each in arrows(machine) if each.name.endswith(": closed")]


def test_appointments_of_a_pathway_count_as_its_states() -> None:
    steps = ", ".join("{visit: clinic}, {wait: 1 week}" for _ in range(16))
    text = (
        CLINIC.replace("every: 1 month ± 2 weeks, ", "").replace(", MORE", "")
        + f"""
pathways:
  course: {{start: {{when: age >= 41 years}}, steps: [{steps}]}}
"""
    )
    people = PEOPLE.replace("ZONE", "").replace("holidays: [DAYS],", "")
    assert not findings_of(text, people).errors
    found = findings_of(text, people.replace("source:", "holidays: [12-25], source:")).errors
    assert [(each.code, each.message) for each in found] == [
        ("E716", "pathway course has too many waits, branches and appointments")
    ]


# --- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("02-30", "there is no such day as `02-30`"),
        ("2021-02-29", "there is no such day as `2021-02-29`"),
        ("12-25 from 2010 until 2005", "ends before it begins"),
        ("2010-05-02..2010-05-01", "ends before it begins"),
        ("christmas", "`christmas` is no day of the year"),
        ("sixth monday of may", "is no day of the year"),
        ("never", "`never` is no day of the year"),
    ],
)
def test_what_is_no_day(day: str, message: str) -> None:
    text = CLINIC.replace("MORE", "")
    people = PEOPLE.replace("DAYS", day).replace("ZONE", "")
    (finding,) = [each for each in findings_of(text, people).sorted() if each.code == "E724"]
    assert message in finding.message
