"""Stays in hospital, procedures, care plans: what is recorded, when, and in which encounter."""

from __future__ import annotations

import pytest

from tests.compiler.courses import DAY, PEOPLE, life, lives, rows
from tests.compiler.lowered import codes_of, machine_of

STAY = """
care:
  admission:
    class: inpatient
    at: [40.1 years]
    stay:
      units: [ward, icu]
      begins: {icu: 100%}
      course:
        - icu -> ward: {after: 2 days}
        - ward -> discharged: {after: 3 days}
      rounds: [{orders: {pulse: {}}}, {in: [icu], every: 16 hours, orders: {gas: {}}}]
"""


def test_units_rounds_and_discharge_lie_in_one_encounter() -> None:
    machine = machine_of(STAY, PEOPLE)
    (encounter,) = life(machine).encounters
    assert encounter.end - encounter.start == 5 * DAY
    begin = rows(machine)[0][0]
    assert [(round(day - begin, 2), code) for day, code, _ in rows(machine)] == [
        (0.0, "TRANSFER_TO//icu"),
        (0.67, "SIM//gas"),
        (1.0, "SIM//pulse"),
        (1.33, "SIM//gas"),
        (2.0, "TRANSFER_TO//ward"),
        (2.0, "SIM//pulse"),
        (3.0, "SIM//pulse"),
        (4.0, "SIM//pulse"),
        (5.0, "DISCHARGE//home"),
    ]


def test_the_last_of_two_stays_closes_the_encounter() -> None:
    """Another admission two days later, for ten days: one encounter, one discharge."""
    text = (
        STAY
        + """
  other:
    class: inpatient
    on: [admission.ward]
    stay: {units: [bed], course: [{bed -> discharged: {after: 10 days}}], discharge: {hospice: 100%}}
"""
    )
    machine = machine_of(text, PEOPLE)
    (encounter,) = life(machine).encounters
    assert encounter.end - encounter.start == 12 * DAY
    assert [code for _, code, _ in rows(machine) if code.startswith("DISCHARGE")] == ["DISCHARGE//hospice"]


def test_where_the_patient_is_can_be_asked() -> None:
    text = (
        STAY + "pathways:\n  p:\n    start: {when: 'admission in [ward]'}\n    steps: [note: on the ward]\n"
    )
    machine = machine_of(text, PEOPLE)
    begin = rows(machine)[0][0]
    assert (2.0, "on the ward") in [(round(day - begin, 2), code) for day, code, _ in rows(machine)]


def test_death_in_hospital_ends_everything() -> None:
    machine = machine_of(
        STAY.replace("      rounds", "      death: {icu: {after: 1 day}}\n      rounds"), PEOPLE
    )
    history = life(machine)
    assert history.death is not None
    assert history.encounters[-1].end == history.death
    assert "DISCHARGE//home" not in {code for _, code, _ in rows(machine)}


PROCEDURE = """
diseases:
  polyp:
    onset: {at: birth, probability: 60%}
    states: [small]
procedures:
  colonoscopy:
    duration: 30 minutes
    finds:
      cancer: {probability: 10%}
      polyp: {if: polyp, probability: 80%}
    complications:
      bleeding: {probability: 20%, codes: {icd10cm: K92.2}}
      perforation: {probability: 30%, after: 2 days, codes: {icd10cm: K63.1}, fatal: 50%}
care:
  endoscopy:
    class: ambulatory
    at: [40.1 years]
    does: [colonoscopy, {do: biopsy, if: "last colonoscopy in [cancer, polyp]"}]
  surgery: {class: emergency, on: [colonoscopy.perforation]}
"""
PROCEDURE = PROCEDURE.replace("  colonoscopy:\n", "  biopsy: {}\n  colonoscopy:\n", 1)


def test_what_is_found_is_there_and_the_most_important_counts() -> None:
    found = lives(machine_of(PROCEDURE, PEOPLE), 400)
    both = [
        codes for codes in found if "SIM//colonoscopy_cancer" in codes or "SIM//colonoscopy_polyp" in codes
    ]
    assert all(("SIM//biopsy" in codes) == (codes in both) for codes in found)
    polyps = sum("SIM//colonoscopy_polyp" in codes for codes in found)
    assert abs(polyps - 0.48 * 400) < 5 * (0.48 * 0.52 * 400) ** 0.5


def test_complications_at_once_and_later() -> None:
    machine = machine_of(PROCEDURE, PEOPLE)
    bled = dead = torn = 0
    for patient in range(400):
        found = {code: day for day, code, _ in rows(machine, patient)}
        bled += "ICD10CM//K92.2" in found
        if "ICD10CM//K92.2" in found:
            assert found["ICD10CM//K92.2"] == found["SIM//colonoscopy"]
        if "ICD10CM//K63.1" in found:
            torn += 1
            assert found["ICD10CM//K63.1"] == pytest.approx(found["SIM//colonoscopy"] + 2, abs=2e-3)
        dead += life(machine, patient).death is not None
    assert abs(bled - 80) < 40
    assert abs(torn + dead - 120) < 46  # who dies of it comes to no care
    assert abs(dead - 60) < 36


def test_a_plan_is_set_up_and_revoked_and_its_goals_are_reached_once() -> None:
    text = """
care:
  visit: {class: ambulatory, at: [40.1 years, 40.2 years]}
care_plans:
  plan:
    for: age < 42 years
    at: [visit]
    activities: [Walk]
    goals: {older: age >= 41 years}
"""
    machine = machine_of(text, PEOPLE)
    plans = {i for i, code in enumerate(machine.codes) if code.kind == "care plan"}
    found = []
    for row in life(machine).events:
        if row.code in plans:
            code, years = machine.codes[row.code], (row.time - machine.population.start) / DAY / 365.2425
            found.append((round(years, 1), code.status, code.text or code.code))
    assert found == [
        (0.1, "active", "SIM//plan"),
        (0.1, "active", "Walk"),
        (0.1, "active", "age >= 41 years"),
        (1.0, "completed", "age >= 41 years"),
        (2.0, "revoked", "SIM//plan"),
    ]


def test_what_may_leave_no_row_is_not_counted() -> None:
    """With two stays, the first of two discharges leaves the encounter open and is not recorded."""
    one = """
care:
  ward:
    class: inpatient
    rate: 0.1 per year
    stay: {units: [bed], course: [bed -> discharged: {after: 3 days}]}
"""
    other = one.replace("care:\n", "").replace("ward:", "clinic_ward:")
    expect = "expect:\n  rate of ward.admitted: 1..2 per year\n  rate of ward.discharged: 1..2 per year\n"
    assert codes_of(one + expect) == []
    assert codes_of(one + other + expect) == ["E762"]
