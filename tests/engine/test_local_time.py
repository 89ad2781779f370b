"""Months, years and holidays where patients live: the kernel as the reference, and both as the calendar."""

from __future__ import annotations

import datetime as dt
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from simulator.compiler import lower
from simulator.compiler.machine import Machine, Schedule
from simulator.compiler.time_zones import local_time, offsets
from simulator.engine.reference import run_patient, window_edges
from simulator.engine.reference_draws import until_open
from simulator.errors import Findings
from simulator.scenario import parse_scenario
from tests.engine.compare import assert_same

DAY = 86_400_000_000
SCENARIO = """
format: 1
id: local-time
source: made up
population:
  size: 12
  from: 2008-01-01
  to: 2013-01-01
  age: uniform(0 years, 5 years)
  history: from birth
  time_zone: ZONE
  holidays: [12-20..01-06, fourth thursday of november, 1 day after easter]
diseases:
  turn:
    title: Comes with the first instant of March, goes with that of October
    onset: {when: "month in [march, april, may, june, july, august, september]"}
    states: [present]
    course: [present -> absent: {when: "not month in [march, april, may, june, july, august, september]"}]
  summer:
    title: Strikes in July alone
    onset: {rate: {per: year, by: month, table: MONTHS}}
    states: [present]
    course: [present -> absent: {after: 1 day}]
  autumn:
    title: By age and month
    onset: {rate: {per: year, by: [age, month], table: {0..9 years: MONTHS, 10.. years: MONTHS}}}
    states: [present]
    course: [present -> absent: {after: 1 day}]
  decade:
    title: Strikes in 2010 and later
    onset: {rate: {per: year, by: year, table: {1900..2009: 0, 2010..: 30}}}
    states: [present]
    course: [present -> absent: {after: 1 day}]
care:
  clinic: {class: ambulatory, every: 1 month ± 2 weeks, hours: weekdays 8:00..17:00}
"""
MONTHS = (
    "{january: 0, february: 0, march: 0, april: 0, may: 0, june: 0, july: 60, august: 0, september: 0,"
    " october: 0, november: 0, december: 0}"
)
ZONES = ("America/New_York", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia")


@cache
def machine_of(zone: str) -> Machine:
    findings = Findings()
    scenario, read = parse_scenario(SCENARIO.replace("ZONE", zone).replace("MONTHS", MONTHS), "local.yaml")
    assert scenario is not None, read.sorted()
    machine = lower(scenario, findings)
    assert machine is not None, findings.sorted()
    return machine


def strikes(zone: str, disease: str) -> list[dt.datetime]:
    """When a disease began, by the clocks of the zone."""
    machine = machine_of(zone)
    index = [process.name for process in machine.processes].index(disease)
    lives = [run_patient(machine, 3, patient) for patient in range(6)]
    return [
        local_time(row.time, zone)
        for life in lives
        for row in life.truth
        if row.process == index and row.after == 1 and row.time > life.birth
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_kernel_and_reference_agree(zone: str) -> None:
    assert assert_same(machine_of(zone), 3, range(6)) > 1000


@pytest.mark.parametrize("zone", ZONES)
def test_months_turn_at_local_midnight(zone: str) -> None:
    found = strikes(zone, "turn")
    assert len(found) > 30
    assert {(t.month, t.day, t.time()) for t in found} == {(3, 1, dt.time())}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("disease", ["summer", "autumn"])
def test_hazards_by_month_strike_in_local_months(zone: str, disease: str) -> None:
    found = strikes(zone, disease)
    assert len(found) > 100
    assert {t.month for t in found} == {7}
    # from its first day to its last
    assert min(t.replace(year=2000) for t in found) < dt.datetime(2000, 7, 2)
    assert max(t.replace(year=2000) for t in found) > dt.datetime(2000, 7, 31)


@pytest.mark.parametrize("zone", ZONES)
def test_years_turn_at_local_midnight(zone: str) -> None:
    found = strikes(zone, "decade")
    assert min(found) >= dt.datetime(2010, 1, 1)
    assert min(found) < dt.datetime(2010, 1, 20)


@pytest.mark.parametrize("zone", ZONES)
def test_windows_of_a_month_are_local(zone: str) -> None:
    edges = window_edges(machine_of(zone))
    assert [local_time(edge, zone) for edge in edges] == [
        dt.datetime(2008 + i // 12, i % 12 + 1, 1) for i in range(5 * 12 + 1)
    ]
    assert all(26 * DAY < b - a < 32 * DAY for a, b in pairwise(edges))


@pytest.mark.parametrize(
    ("asked", "opens", "expected"),
    [
        ((2020, 3, 7, 12), 150, (2020, 3, 8, 3, 30)),  # 2:30 does not exist: an hour later
        ((2020, 3, 7, 12), 180, (2020, 3, 8, 3, 0)),
        ((2020, 10, 31, 12), 90, (2020, 11, 1, 1, 30)),  # 1:30 comes twice
        ((2020, 10, 31, 12), 120, (2020, 11, 1, 2, 0)),
        ((2020, 6, 1, 12), 540, (2020, 6, 2, 9, 0)),
    ],
)
def test_appointments_while_the_clocks_change(
    asked: tuple[int, ...], opens: int, expected: tuple[int, ...]
) -> None:
    zone = ZoneInfo("America/New_York")
    schedule = Schedule("night", ((opens, opens + 5),) * 7, offsets("America/New_York", 2021))
    now = round(dt.datetime(*asked, tzinfo=zone).timestamp()) * 1_000_000
    begins = now + until_open(schedule, now, 0.5)
    assert begins == round(dt.datetime(*expected, tzinfo=zone).timestamp()) * 1_000_000


def test_appointments_keep_local_hours_and_holidays() -> None:
    zone = "America/St_Johns"
    seen = [
        local_time(row.start, zone)
        for patient in range(12)
        for row in run_patient(machine_of(zone), 3, patient).encounters
    ]
    assert len(seen) > 300
    assert all(time.weekday() < 5 and 8 <= time.hour < 17 for time in seen)
    assert not [
        time for time in seen if (time.month, time.day) >= (12, 20) or (time.month, time.day) <= (1, 6)
    ]
