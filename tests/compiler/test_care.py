"""Care, diagnoses and treatments: who is seen when, what is recorded, what it does."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from simulator.engine.reference import PatientHistory, run_patient
from tests.compiler.lowered import arrow, arrows, codes_of, machine_of, process, state

DAY = 86_400_000_000
MONTH = round(365.2425 * DAY / 12)
BIRTH = "population: {size: 50, from: 2000-01-01, to: 2020-01-01, age: 0 years}\n"
CF = """
diseases:
  cf:
    codes: {icd10cm: E84.9}
    onset: {at: birth}
    states: [present]
    events:
      exacerbation: {rate: 2 per year, codes: {icd10cm: E84.0}}
    diagnosis:
      ROUTE
"""
FEV1 = """
measurements:
  fev1:
    codes: {loinc: 20150-9}
    unit: "%"
    plausible: 5..150
    precision: 0
    value: {mean: 95, between_patients: 8, noise: 3, drift: [{by: -2 per year, while: cf}]}
"""


def cf(route: str, more: str = "") -> str:
    return CF.replace("ROUTE", route) + FEV1 + more


CLINIC = """
care:
  clinic: {class: ambulatory, for: cf diagnosed, every: 3 months, measures: [fev1]}
"""
BY_EVENT = "- {on: cf.onset, after: 6 months, visit: clinic}"


def lives(machine: m.Machine, count: int = 30) -> list[PatientHistory]:
    return [run_patient(machine, 7, patient) for patient in range(count)]


def rows(machine: m.Machine, life: PatientHistory) -> list[tuple[int, str, int]]:
    return [(e.time, machine.codes[e.code].code, e.encounter) for e in life.events]


# --- visits ------------------------------------------------------------------------------------


def test_a_schedule_begins_within_one_interval() -> None:
    machine = machine_of("care:\n  checkup: {class: ambulatory, every: 3 months ± 2 weeks}\n")
    first, waiting = process(machine, "checkup").states
    assert first.arrows[0].trigger == m.AfterDuration(
        m.Distribution("uniform", (m.Const(0.0), m.Const(3.0 * MONTH)))
    )
    assert waiting.arrows[0].target == 1


def test_a_schedule_for_some_stops_when_it_is_no_longer_for_them() -> None:
    machine = machine_of(cf(BY_EVENT, CLINIC), BIRTH)
    clinic = process(machine, "clinic")
    assert [s.name for s in clinic.states] == ["off", "first", "waiting"]
    diagnosed = m.InState(machine.processes.index(process(machine, "cf.diagnosis")), 0b10)
    assert clinic.states[0].arrows[0].trigger == m.WhenTrue(diagnosed)
    assert clinic.states[2].arrows[0].trigger == m.WhenTrue(m.Apply("not", (diagnosed,)))


def test_visits_by_rate_stop_with_their_reason() -> None:
    text = "care:\n  acute: {class: ambulatory, for: age >= 65 years, rate: 2 per year}\n"
    trigger = arrow(machine_of(text), "acute: visit").trigger
    assert isinstance(trigger, m.ByRate)
    assert trigger.multiplier == m.Apply("if", (m.AgeAtLeast(65.0), m.Const(2.0), m.Const(0.0)))


def test_visits_at_ages_come_in_their_order() -> None:
    text = "care:\n  child: {class: ambulatory, at: [2 years, 3 days, 2 months]}\n"
    machine = machine_of(text, BIRTH)
    child = process(machine, "child")
    assert [a.target for a in child.states[0].arrows] == [1, 2, 3]
    assert [[a.target for a in s.arrows] for s in child.states[1:]] == [[2], [3], []]
    ages = [a.trigger.years for a in child.states[0].arrows if isinstance(a.trigger, m.AtAge)]
    assert ages == pytest.approx([3 / 365.2425, 2 / 12, 2.0])
    life = lives(machine, 1)[0]
    assert [round((e.start - life.birth) / DAY) for e in life.encounters] == [3, 61, 731]


def test_who_enters_later_skips_the_ages_that_are_past() -> None:
    text = "care:\n  child: {class: ambulatory, at: [3 days, 2 months, 2 years]}\n"
    people = "population: {size: 9, from: 2000-01-01, to: 2020-01-01, age: 1 year}\n"
    assert [len(life.encounters) for life in lives(machine_of(text, people), 5)] == [1] * 5


def test_an_event_leads_to_a_visit_that_records_it() -> None:
    care = "care:\n  admission: {class: inpatient, on: cf.exacerbation, after: 0..3 days, probability: 50%}\n"
    machine = machine_of(cf("- {at: admission}", care), BIRTH)
    heard, comes = (s.arrows[0] for s in process(machine, "admission").states)
    assert isinstance(heard.trigger, m.OnEvent)
    assert heard.trigger.probability == m.Const(0.5)
    assert heard.actions == ()
    assert isinstance(comes.actions[0], m.Visit)
    assert isinstance(comes.actions[1], m.Emit)
    recorded = machine.codes[comes.actions[1].code]
    assert (recorded.code, recorded.kind, recorded.lasting) == ("ICD10CM//E84.0", "diagnosis", False)
    assert machine.encounters[0].reason == "ICD10CM//E84.0"


def test_measurements_and_orders_may_depend_on_the_chart() -> None:
    care = """
care:
  clinic:
    class: ambulatory
    every: 1 year
    measures: [fev1, {measure: fev1, if: last fev1 < 70 %, probability: 50%}]
    orders:
      sputum: {codes: {loinc: 624-7}, probability: 30%}
"""
    machine = machine_of(cf("- {at: clinic}", care), BIRTH)
    visit, measure, again, sputum, *_ = arrow(machine, "clinic: visit").actions
    assert (visit, measure) == (m.Visit(0), m.Measure(0, 0))
    assert isinstance(again, m.If)
    assert (again.probability, again.actions) == (m.Const(0.5), (m.Measure(0, 0),))
    assert isinstance(again.condition, m.Apply)
    assert again.condition.op == "lt"
    assert isinstance(sputum, m.If)
    (order,) = sputum.actions
    assert isinstance(order, m.Emit)
    assert machine.codes[order.code].kind == "order"


@pytest.mark.parametrize(
    ("class_", "priority"),
    [("ambulatory", 1), ("virtual", 0), ("home", 1), ("emergency", 2), ("inpatient", 3)],
)
def test_classes_of_encounter(class_: str, priority: int) -> None:
    machine = machine_of(f"care:\n  visit: {{class: {class_}, rate: 1 per year}}\n")
    assert machine.encounters[0].priority == priority
    assert machine.codes[machine.encounters[0].code].code == f"ENCOUNTER//{class_}//visit"


# --- diagnoses ---------------------------------------------------------------------------------


def test_a_route_ends_in_a_visit_where_the_diagnosis_is_recorded() -> None:
    machine = machine_of(cf(BY_EVENT, CLINIC), BIRTH)
    for life in lives(machine, 10):
        code, encounter = next(
            (time, number) for time, text, number in rows(machine, life) if text == "ICD10CM//E84.9"
        )
        assert code - life.birth == 6 * MONTH
        measured = [
            e for e in life.events if e.encounter == encounter and machine.codes[e.code].kind == "measurement"
        ]
        assert [e.time for e in measured] == [code]
        assert machine.encounters[life.encounters[encounter].kind].name == "clinic"


def test_visits_for_a_diagnosis_leave_the_schedule_alone() -> None:
    machine = machine_of(cf(BY_EVENT, CLINIC.replace("for: cf diagnosed, ", "")), BIRTH)
    request = process(machine, "clinic.request")
    assert [a.target for a in request.states[0].arrows] == [0]
    assert machine.events == ("cf.onset", "cf.route1:done", "visit:clinic")


def test_care_that_only_diagnoses_answers_itself() -> None:
    machine = machine_of(cf(BY_EVENT, "care:\n  clinic: {class: ambulatory, measures: fev1}\n"), BIRTH)
    assert "clinic.request" not in [p.name for p in machine.processes]
    assert [len(life.encounters) for life in lives(machine, 5)] == [1] * 5


def test_without_if_the_disease_must_be_there() -> None:
    machine = machine_of(
        cf("- {at: clinic, probability: 30%}", CLINIC.replace("cf diagnosed", "age >= 1 year"))
    )
    trigger = arrow(machine, "cf: diagnosed at clinic").trigger
    assert isinstance(trigger, m.OnEvent)
    assert trigger.condition == m.InState(0, 0b100)
    assert trigger.probability == m.Const(0.3)


def test_with_if_the_chart_decides() -> None:
    care = CLINIC.replace("for: cf diagnosed, ", "")
    machine = machine_of(cf("- {at: clinic, if: last fev1 < 80 %}", care), BIRTH)
    trigger = arrow(machine, "cf: diagnosed at clinic").trigger
    assert isinstance(trigger, m.OnEvent)
    assert trigger.condition == m.Apply("lt", (m.Var(1), m.Const(80.0)))
    for life in lives(machine, 10):
        found = [(e.time, machine.codes[e.code].kind, e.value) for e in life.events]
        diagnosed = [time for time, kind, _ in found if kind == "diagnosis"]
        low = [time for time, kind, value in found if kind == "measurement" and value < 80]
        assert diagnosed == low[:1]


def test_what_people_recover_from_is_diagnosed_again() -> None:
    machine = machine_of(
        """
        diseases:
          flu:
            onset: {rate: 2 per year}
            states: [ill]
            course:
              - ill -> absent: {after: 7 days}
            diagnosis:
              - {at: doctor}
        care:
          doctor: {class: ambulatory, on: flu.onset}
        """,
        BIRTH,
    )
    (code,) = [c for c in machine.codes if c.kind == "diagnosis"]
    assert not code.lasting
    for life in lives(machine, 3):
        onsets = [t for t in life.truth if t.before == 0]
        diagnoses = [e for e in life.events if machine.codes[e.code].kind == "diagnosis"]
        assert len(diagnoses) == len(onsets) > 10


# --- treatments --------------------------------------------------------------------------------

ETI = """
treatments:
  eti:
    codes: {rxnorm: "2256950"}
    available: 2010-06-01
    start: {when: cf diagnosed, uptake: 90%, delay: 1 month}
    stop:
      - {rate: 0.2 per year}
    again: 1 year
    adherence: uniform(0.5, 1)
    contraindicated: last fev1 < 20 %
    effects:
      - {hazard: cf.exacerbation, by: 0.4}
      - {measurement: fev1, shift: 10}
      - {measurement: fev1, drift: 1.5 per year}
    supply: 28 days
"""


def test_a_treatment_waits_for_indication_approval_and_allowance() -> None:
    machine = machine_of(cf(BY_EVENT, CLINIC + ETI), BIRTH)
    eti = process(machine, "eti")
    assert [s.name for s in eti.states] == ["off", "on", "stopped", "deciding", "declined"]
    trigger = eti.states[0].arrows[0].trigger
    assert isinstance(trigger, m.WhenTrue)
    assert trigger.delay == m.Distribution("fixed", (m.Const(float(MONTH)),))
    assert isinstance(trigger.condition, m.Apply)
    chances = [a.trigger for a in state(machine, "eti", "deciding").arrows]
    assert chances == [m.ByChance(m.Const(0.9)), m.ByChance(m.Const(pytest.approx(0.1)))]
    approved = 14_761 * DAY  # 2010-06-01
    for life in lives(machine):
        starts = [e.time for e in life.events if machine.codes[e.code].status == "active"]
        diagnosis, *taken = starts
        assert all(time >= max(approved, diagnosis + MONTH) for time in taken)


def test_supplies_last_until_the_next() -> None:
    machine = machine_of(cf(BY_EVENT, CLINIC + ETI), BIRTH)
    dispensed = [
        e
        for life in lives(machine)
        for e in life.events
        if machine.codes[e.code].status == "completed" and machine.codes[e.code].kind == "treatment"
    ]
    assert len(dispensed) > 100
    assert all(e.end - e.time == 28 * DAY for e in dispensed)
    assert all(e.encounter >= 0 for e in dispensed)


def test_effects_act_by_adherence_while_on() -> None:
    machine = machine_of(cf(BY_EVENT, CLINIC + ETI), BIRTH)
    index = machine.processes.index(process(machine, "eti"))
    on, taken = m.InState(index, 0b10), m.Var(2)
    assert [v.name for v in machine.vars] == ["sex", "last fev1", "eti.adherence"]
    trigger = arrow(machine, "cf: exacerbation").trigger
    assert isinstance(trigger, m.ByRate)
    ratio = m.Apply("sub", (m.Const(1.0), m.Apply("mul", (m.Const(0.6), taken))))
    assert ratio in _inside(trigger.multiplier)
    (level,) = machine.levels
    assert level.shift == m.Apply("if", (on, m.Apply("mul", (m.Const(10.0), taken)), m.Const(0.0)))
    assert on in _inside(level.slope)


def _inside(term: m.Term | None) -> list[m.Term]:
    found = [] if term is None else [term]
    for child in term.args if isinstance(term, m.Apply) else ():
        found += _inside(child)
    return found


def test_two_treatments_that_exclude_each_other_are_never_taken_together() -> None:
    two = (
        ETI.replace("    again: 1 year\n", "")
        + """
  luma:
    start: {when: cf diagnosed}
    never_with: eti
"""
    )
    machine = machine_of(cf(BY_EVENT, CLINIC + two), BIRTH)
    for name, other in (("eti", "luma"), ("luma", "eti")):
        trigger = state(machine, name, "off").arrows[0].trigger
        assert isinstance(trigger, m.WhenTrue)
        excluded = m.InState(machine.processes.index(process(machine, other)), 0b10)
        assert m.Apply("not", (excluded,)) in _inside(trigger.condition)


def test_ever_on_remembers_the_start() -> None:
    more = "  after_eti: {class: ambulatory, for: ever on eti, every: 1 year}\n"
    machine = machine_of(cf(BY_EVENT, CLINIC + more + ETI), BIRTH)
    assert machine.stamps == ("eti.started",)
    assert state(machine, "after_eti", "off").arrows[0].trigger == m.WhenTrue(m.Stamped(0))
    assert m.Stamp(0) in state(machine, "eti", "on").on_entry


def test_a_constant_adherence_needs_no_variable() -> None:
    machine = machine_of(cf(BY_EVENT, CLINIC + ETI.replace("uniform(0.5, 1)", "80%")), BIRTH)
    assert len(machine.vars) == 2
    assert machine.levels[0].shift == m.Apply(
        "if", (m.InState(machine.processes.index(process(machine, "eti")), 0b10), m.Const(8.0), m.Const(0.0))
    )


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("when: cf diagnosed", "when: cf", {"E701"}),
        ("last fev1 < 20 %", "fev1 < 20 %", {"E701"}),
        ("adherence: uniform(0.5, 1)", "adherence: uniform(0.5, 1.5)", {"E603"}),
        ("uptake: 90%", "uptake: 90", {"E603"}),
        ("supply: 28 days", "supply: 28 days..30 days", {"E601"}),
        ("supply: 28 days", "supply: 1 minute", {"E606"}),
        ("by: 0.4", "by: -0.4", {"E606"}),
        ("hazard: cf.exacerbation", "hazard: cf.death", {"E507"}),
        ("measurement: fev1, shift: 10", "measurement: fev2, shift: 10", {"E501"}),
        ("shift: 10", "shift: 10 mmol/L", {"E602"}),
        ("drift: 1.5 per year", "drift: 1.5", {"E601"}),
        ("available: 2010-06-01", "available: 2030-06-01", {"W304"}),
        ("contraindicated: last fev1 < 20 %", "contraindicated: 2 > 1", {"E709"}),
        ("    supply: 28 days", "    never_with: eti", {"E709"}),
        ("    supply: 28 days", "    never_with: iti", {"E501"}),
        ("- {rate: 0.2 per year}", "- {probability: 0.2}", {"E702"}),
    ],
)
def test_what_cannot_be_is_a_finding(before: str, after: str, codes: set[str]) -> None:
    assert before in ETI
    assert set(codes_of(cf(BY_EVENT, CLINIC + ETI.replace(before, after)), BIRTH)) == codes


def test_every_arrow_has_a_name_of_its_own() -> None:
    routes = BY_EVENT + "\n      - {at: clinic}\n      - {at: clinic, if: last fev1 < 80 %}"
    machine = machine_of(cf(routes, CLINIC + ETI), BIRTH)
    names = [a.name for a in arrows(machine)]
    assert len(names) == len(set(names))
