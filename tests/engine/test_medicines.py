"""Medicines, prevention and access as clinicians write them: kernel = reference, and what must come out.

Each scenario is run on both engines; the assertions are about the rows, which are then the same.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.compiler import lower
from simulator.compiler.machine import Machine
from simulator.engine import reference
from simulator.engine.ages import NULL
from simulator.scenario import parse_scenario
from tests.engine.compare import assert_same

PEOPLE = """
population:
  {size: 40, from: 2005-01-01, to: 2015-01-01, age: "uniform(40 years, 80 years)", time_zone: ZONE}
"""
CLINIC = """
care:
  clinic: {class: ambulatory, every: 2 months ± 2 weeks, measures: [MEASURES], hours: weekdays 8:00..17:00}
"""

METFORMIN = """
diseases:
  t2d:
    onset: {rate: 2 per year}
    states: [present]
    diagnosis: [{at: [clinic], if: last hba1c >= 6.5 %}]
measurements:
  hba1c:
    unit: "%"
    plausible: 3..20
    value: {mean: 5.6, between_patients: 0.5, noise: 0.1, shift: [{by: 3, while: t2d}]}
  egfr:
    unit: mL/min
    plausible: 5..150
    value: {mean: 75, between_patients: 20, noise: 5, drift: [{by: -3 per year}]}
treatments:
  metformin:
    start: {when: t2d diagnosed}
    dose:
      steps: [500 mg, 1000 mg, 2000 mg]
      times: 2 per day
      route: oral
      up: {when: last hba1c >= 7 % and last egfr >= 45 mL/min, after: 3 months}
      down: {when: last egfr < 45 mL/min, to: 500 mg}
    stop: [{when: last egfr < 30 mL/min}]
    effects: [{measurement: hba1c, shift: -0.6, per: 1000 mg}]
    supply: 90 days
    refills: 3
  insulin:
    start: {when: on metformin and dose of metformin >= 2 g and last hba1c > 8 % and previous hba1c > 8 %}
    dose:
      amount: 10 [iU]
      times: 1 per day
      up: {when: last hba1c > 7 %, at: [clinic], after: 1 week, by: "2 [iU]"}
      most: 40 [iU]
    effects: [{measurement: hba1c, shift: -0.5, per: "10 [iU]"}]
""" + CLINIC.replace("MEASURES", "hba1c, egfr")

WARFARIN = """
attributes:
  habits: {draw: {regular: 60%, irregular: 40%}}
diseases:
  af:
    onset: {rate: 1 per year}
    states: [present]
    diagnosis: [{on: af.onset, after: 0..60 days, visit: clinic}]
    events: {bleed: {rate: 0.2 per year}}
  cough:
    onset: {rate: 1 per year}
    states: [present]
    course: [present -> absent: {after: 5..20 days}]
    diagnosis: [{on: cough.onset, after: 0..2 days, visit: clinic}]
measurements:
  inr: {unit: "1", plausible: 0.8..12, missing: 10%, value: {mean: 1, between_patients: 0.1, noise: 0.1}}
treatments:
  warfarin:
    start: {when: af diagnosed}
    adherence: {by: habits, table: {regular: 95%, irregular: 50%}}
    dose:
      steps: [2.5 mg, 5 mg, 7.5 mg, 10 mg]
      start: 5 mg
      up: {when: last inr < 2, at: [clinic]}
      down: {when: last inr > 3, at: [clinic]}
    effects: [{measurement: inr, shift: 1.5, per: 5 mg}, {hazard: af.bleed, by: 2, per: 5 mg}]
    interacts:
      - with: clarithromycin
        effects: [{measurement: inr, shift: 4}, {hazard: af.bleed, by: 3}]
  clarithromycin: {start: {when: cough diagnosed}, stop: [{after: 10 days}], again: 1 week}
  oxycodone:
    start: {when: count of af.bleed >= 1}
    stop: [{after: 3 months}]
    again: 1 year
    dose: {amount: 20 mg, taper: {every: 4 weeks, by: 25%}}
  prednisolone:
    start: {when: count of af.bleed >= 2}
    stop: [{after: 2 weeks}]
    dose: {steps: [5 mg, 10 mg, 20 mg], start: 20 mg, taper: {every: 1 week}}
""" + CLINIC.replace("MEASURES", "{measure: inr, if: on warfarin and not time since inr.measured < 1 week}")

ALLERGY = """
diseases:
  infection:
    onset: {rate: 2 per year}
    states: [present]
    course: [present -> absent: {after: 5..20 days}]
    diagnosis: [{on: infection.onset, after: 0..2 days, visit: clinic}]
treatments:
  amoxicillin:
    start: {when: infection diagnosed}
    stop: [{after: 7 days}]
    again: 2 weeks
    dose: {amount: 500 mg, times: 3 per day, route: oral}
  clarithromycin:
    start: {when: infection diagnosed and penicillin_allergy diagnosed}
    stop: [{after: 7 days}]
    again: 2 weeks
allergies:
  penicillin_allergy:
    codes: {icd10cm: Z88.0}
    to: [amoxicillin]
    prevalence: 40%
    known: [{at: [clinic], probability: 5%}]
    reactions:
      rash: {probability: 60%, after: 1..3 days, visit: clinic, codes: {icd10cm: L27.0}, recognised: 80%}
      anaphylaxis:
        {probability: 10%, after: 1 hour, visit: emergency_visit, codes: {icd10cm: T78.2XXA}, death: 20%}
follow_up:
  lost: {rate: 0.2 per year}
  returns: {after: 1..2 years}
  keeps: [emergency]
care:
  clinic: {class: ambulatory, every: 1 year ± 1 month, hours: [weekdays 8:00..17:00, saturday 9:00..12:00]}
  emergency_visit: {class: emergency}
"""

PREVENTION = """
diseases:
  measles: {onset: {rate: 0.4 per year}, states: [present], course: [present -> absent: {after: 2 weeks}]}
  flu: {onset: {rate: 0.8 per year}, states: [present], course: [present -> absent: {after: 1 week}]}
immunisations:
  mmr:
    codes: {cvx: "03"}
    schedule: [12..15 months, 4..6 years]
    catch_up: 18 years
    uptake: 90%
    each: 70%
    available: 2006-06-01
    effects: [{hazard: measles.onset, by: 0.07}, {hazard: measles.onset, by: 0.03, doses: 2}]
  influenza:
    codes: {cvx: "150"}
    every: 1 year
    months: [september, october, november]
    from: 6 months
    at: [check_up]
    each: 60%
    effects: [{hazard: flu.onset, by: 0.4, lasts: 6 months}]
  pertussis:
    every: 5 years
    from: 2 years
    effects: [{hazard: flu.onset, by: 0.5, wanes: 2 years}]
care:
  check_up:
    class: ambulatory
    every: 3 months ± 4 weeks
    orders: {booster_talk: {if: "doses of mmr >= 2 and month in [june, july] and year >= 2012"}}
"""
CHILDREN = PEOPLE.replace("uniform(40 years, 80 years)", "uniform(-5 years, 10 years)")

PANEL = """
measurements:
  sodium: {unit: mmol/L, plausible: 100..180, precision: 2, value: {mean: 140, noise: 2}}
  creatinine: {unit: mg/dL, plausible: 0..15, precision: 4, value: {mean: 5, noise: 0.1}}
  urea: {unit: mg/dL, plausible: 2..200, precision: 3, value: {mean: 90, noise: 3}}
panels:
  chemistry:
    codes: {loinc: 51990-0}
    measures: [sodium, creatinine, urea]
    correlated: [{between: [creatinine, urea], by: 0.6}]
order_sets:
  admission: {measures: [chemistry], orders: {cannula: {probability: 50%}}}
care:
  clinic: {class: ambulatory, every: 1 month}
  ward: {class: ambulatory, every: 1 month, order_sets: [{order_set: admission, if: age < 200 years}]}
"""

STATIN = """
diseases:
  cough:
    onset: {rate: 2 per year}
    states: [present]
    course: [present -> absent: {after: 5..20 days}]
    diagnosis: [{on: cough.onset, after: 0..2 days, visit: clinic}]
treatments:
  antibiotic: {start: {when: cough diagnosed}, stop: [{after: 10 days}], again: 1 week}
  statin:
    start: {when: age >= 35 years}
    paused: on antibiotic
    never_with: [fibrate]
    stop: [{after: 2 years}]
    again: 4 months
    adherence: beta(5, 2)
    dose:
      steps: [10 mg, 20 mg, 40 mg]
      up: {when: age >= 40 years, after: 3 months}
    effects: [{measurement: ldl, shift: -40}]
    supply: 30 days
    refills: 2
  steroid:
    start: {when: age >= 40 years}
    paused: on antibiotic or on statin
    stop: [{after: 9 weeks}]
    again: 1 month
    dose: {amount: 20 mg, taper: {every: 1 week, by: 25%}}
  fibrate: {start: {when: "last ldl >= 130 mg/dL"}, stop: [{after: 3 weeks}], again: 1 month}
measurements:
  ldl: {unit: mg/dL, plausible: 20..300, value: {mean: 120, between_patients: 20, noise: 5}}
""" + CLINIC.replace("MEASURES", "ldl")

PAUSED_FOR = ("SIM//statin", "SIM//antibiotic", "SIM//fibrate")
SCENARIOS = {
    "metformin": (PEOPLE, METFORMIN),
    "warfarin": (PEOPLE, WARFARIN),
    "statin": (PEOPLE, STATIN),
    "allergy": (PEOPLE, ALLERGY),
    "prevention": (CHILDREN, PREVENTION),
    "panel": (PEOPLE, PANEL),
}


class Seen(NamedTuple):
    patient: int
    time: dt.datetime
    code: str
    status: str | None
    value: float
    end: int


def machine_of(name: str, zone: str = "America/New_York") -> Machine:
    people, text = SCENARIOS[name]
    scenario, findings = parse_scenario(f"format: 1\nid: {name}\n{people.replace('ZONE', zone)}{text}")
    assert scenario is not None, findings.items
    machine = lower(scenario, findings)
    assert machine is not None, findings.errors
    return machine


def rows_of(name: str, patients: int = 40) -> list[Seen]:
    """Everything recorded, in order of patient and time; times are UTC."""
    machine = machine_of(name)
    found = []
    for patient in range(patients):
        for row in reference.run_patient(machine, 7, patient).events:
            if row.time != NULL:
                spec = machine.codes[row.code]
                time = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=row.time)
                found.append(Seen(patient, time, spec.code, spec.status, row.value, row.end))
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_kernel_and_reference_agree(name: str) -> None:
    assert assert_same(machine_of(name), 7, range(25)) > 1000


def test_metformin_is_titrated_step_by_step_at_least_three_months_apart() -> None:
    doses: dict[int, list[Seen]] = {}
    for row in rows_of("metformin"):
        if row.code == "SIM//metformin" and row.status == "active":
            known = doses.setdefault(row.patient, [])
            if not known or known[-1].value != row.value:  # a renewal is no change
                known.append(row)
    changed = 0
    for rows in doses.values():
        assert rows[0].value == 500.0
        for before, after in itertools.pairwise(rows):
            if after.value > before.value:
                assert (before.value, after.value) in ((500.0, 1000.0), (1000.0, 2000.0))
                assert after.time - before.time >= dt.timedelta(days=91)
                changed += 1
            else:
                assert after.value == 500.0
    assert changed > 40


def test_a_prescription_is_renewed_after_its_refills() -> None:
    rows = [r for r in rows_of("metformin") if r.code == "SIM//metformin" and r.patient == 0]
    supplies = [r.time for r in rows if r.status == "completed"]
    renewed = [r.time for r in rows if r.status == "active"]
    every_fourth = supplies[4::4]
    assert len(every_fourth) >= 3
    assert set(every_fourth) <= set(renewed)
    assert all(b - a == dt.timedelta(days=90) for a, b in itertools.pairwise(supplies))


def test_insulin_rises_by_two_units_to_forty() -> None:
    doses = [r.value for r in rows_of("metformin") if r.code == "SIM//insulin" and r.status == "active"]
    assert set(doses) <= {10.0 + 2.0 * i for i in range(16)}
    assert max(doses) > 12.0


def test_warfarin_follows_the_inr_and_clarithromycin_raises_it() -> None:
    rows = rows_of("warfarin")
    doses = {r.value for r in rows if r.code == "SIM//warfarin" and r.status == "active"}
    assert doses == {2.5, 5.0, 7.5, 10.0}
    high = [r.value for r in rows if r.code == "SIM//inr"]
    assert 1.5 < float(np.median(high)) < 3.5
    assert max(high) > 4.5  # with clarithromycin, which adds 4


def test_tapers_go_down_to_the_end() -> None:
    courses: dict[tuple[int, str], list[list[float]]] = {}
    for row in rows_of("warfarin"):
        if row.code in ("SIM//oxycodone", "SIM//prednisolone"):
            known = courses.setdefault((row.patient, row.code), [])
            if row.status == "active" and row.value == 20.0:
                known.append([])
            known[-1].append(row.value if row.status == "active" else 0.0)
    ended = [(code, c) for (_, code), found in courses.items() for c in found if c[-1] == 0.0]
    opioid = [c for code, c in ended if code == "SIM//oxycodone"]
    steroid = [c for code, c in ended if code == "SIM//prednisolone"]
    assert len(opioid) > 20
    assert all(course == [20.0, 15.0, 10.0, 5.0, 0.0] for course in opioid)
    assert len(steroid) > 5
    assert all(course == [20.0, 10.0, 5.0, 0.0] for course in steroid)


def test_a_statin_is_paused_for_an_antibiotic_and_taken_up_again_as_it_was() -> None:
    paused = resumed = ended = 0
    for patient in range(25):
        rows = [r for r in rows_of("statin") if r.patient == patient and r.code in PAUSED_FOR]
        taken: dict[str, bool] = {}
        held, dose = False, 0.0
        for row in rows:
            if row.code != "SIM//statin":
                taken[row.code] = row.status == "active"
            elif row.status == "on-hold":
                assert taken["SIM//antibiotic"]
                held, paused = True, paused + 1
            elif row.status == "completed":
                assert not held  # nothing is dispensed meanwhile
            elif row.status == "stopped":
                held, ended = False, ended + held
            else:
                assert not taken.get("SIM//antibiotic", False)
                assert not taken.get("SIM//fibrate", False)
                assert row.value == dose or not held
                held, resumed, dose = False, resumed + held, row.value
    assert paused > 100
    assert resumed > 0.8 * paused
    assert ended > 0


def test_a_recorded_allergy_is_respected() -> None:
    labelled: dict[int, dt.datetime] = {}
    later = before = 0
    for row in rows_of("allergy"):
        if row.code == "ICD10CM//Z88.0":
            labelled[row.patient] = row.time
        if row.code == "SIM//amoxicillin" and row.status == "active":
            if row.patient in labelled:
                assert row.time < labelled[row.patient]
                later += 1
            before += 1
        if row.code == "SIM//clarithromycin" and row.status == "active":
            assert row.time >= labelled[row.patient]
    assert len(labelled) >= 10
    assert later == 0
    assert before > 100


def test_clinics_are_open_on_weekdays_in_local_time() -> None:
    eastern = {True: 4, False: 5}  # hours behind UTC in July and in January
    visits = [r.time for r in rows_of("metformin") if r.code == "ENCOUNTER//ambulatory//clinic"]
    assert len(visits) > 1000
    for time in visits:
        if time.month in (1, 2, 6, 7, 8, 12):  # away from the days on which clocks change
            local = time - dt.timedelta(hours=eastern[time.month in (6, 7, 8)])
            assert local.weekday() < 5
            assert 8 <= local.hour < 17


def test_who_is_lost_is_only_seen_in_emergencies() -> None:
    machine = machine_of("allergy")
    follow_up = next(i for i, p in enumerate(machine.processes) if p.name == "follow_up")
    emergency = [e.class_ for e in machine.encounters].index("emergency")
    away = 0
    for patient in range(40):
        life = reference.run_patient(machine, 7, patient)
        turns = [(row.time, row.after) for row in life.truth if row.process == follow_up]
        for begin, (_, state) in enumerate(turns):
            if state != 1:
                continue
            until = turns[begin + 1][0] if begin + 1 < len(turns) else life.exit
            seen = [e for e in life.encounters if turns[begin][0] < e.start < until]
            assert all(e.kind == emergency for e in seen)
            away += until - turns[begin][0]
    assert away > 20 * 365 * 86_400_000_000


def test_children_get_two_doses_in_their_windows_or_catch_up() -> None:
    doses: dict[int, list[dt.datetime]] = {}
    births: dict[int, dt.datetime] = {}
    for row in rows_of("prevention"):
        if row.code == "MEDS_BIRTH":
            births[row.patient] = row.time
        if row.code == "CVX//03":
            doses.setdefault(row.patient, []).append(row.time)
    assert len(doses) > 25
    for patient, times in doses.items():
        ages = [(t - births[patient]).days / 365.25 for t in times]
        assert len(times) <= 2
        assert ages[0] >= 0.99
        assert times[0] >= dt.datetime(2006, 6, 1)
        if len(times) == 2:
            assert times[1] - times[0] >= dt.timedelta(days=28)
    assert sum(len(times) == 2 for times in doses.values()) > 10


def test_influenza_vaccine_is_given_once_each_autumn() -> None:
    given: dict[int, list[dt.datetime]] = {}
    for row in rows_of("prevention"):
        if row.code == "CVX//150":
            time = row.time.replace(tzinfo=dt.UTC).astimezone(ZoneInfo("America/New_York"))
            given.setdefault(row.patient, []).append(time)
    assert sum(map(len, given.values())) > 100
    for times in given.values():
        assert all(t.month in (9, 10, 11) for t in times)
        assert len({t.year for t in times}) == len(times)


def test_vaccines_protect() -> None:
    """Of 0.4 infections a year, two doses leave 3%: with 40 children of ten years, clear beyond chance."""
    machine = machine_of("prevention")
    measles = next(i for i, p in enumerate(machine.processes) if p.name == "measles")
    mmr = next(i for i, c in enumerate(machine.codes) if c.code == "CVX//03")
    after = time_after = 0.0
    for patient in range(40):
        life = reference.run_patient(machine, 7, patient)
        doses = [row.time for row in life.events if row.code == mmr]
        if len(doses) == 2:
            after += sum(r.process == measles and r.after == 1 and r.time > doses[1] for r in life.truth)
            time_after += (life.exit - doses[1]) / (365.25 * 86_400_000_000)
    assert time_after > 50
    expected = 0.4 * 0.03 * time_after
    assert after < expected + 5 * math.sqrt(expected)  # without protection: 33 times as many


def test_results_of_a_panel_share_their_noise() -> None:
    """Correlation 0.6 between two of three results; Fisher's z, five standard errors, detects ±0.1."""
    values: dict[str, list[float]] = {"sodium": [], "creatinine": [], "urea": []}
    for row in rows_of("panel", 20):
        name = row.code.removeprefix("SIM//")
        if name in values:
            values[name].append(row.value)
    table = np.array(list(values.values()))
    n = table.shape[1]
    assert n > 2000
    found = np.corrcoef(table)
    error = 5.0 / math.sqrt(n - 3)
    assert abs(math.atanh(found[1, 2]) - math.atanh(0.6)) < error
    assert abs(math.atanh(found[0, 1])) < error
    assert abs(math.atanh(found[0, 2])) < error
    for i, noise in enumerate((2.0, 0.1, 3.0)):  # sharing it does not change how much there is
        assert abs(np.std(table[i]) / noise - 1.0) < 5.0 / math.sqrt(2 * n)
