"""Allergies, immunisations, panels, order sets, loss to follow-up, opening hours, time zones."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from simulator.compiler import machine as m
from simulator.compiler.panels import cholesky
from simulator.compiler.time_zones import midnight, next_midnight, offsets
from tests.compiler.lowered import arrow, arrows, codes_of, condition_of, machine_of, process

HOUR = 3_600_000_000
DAY = 24 * HOUR

CLINIC = """
care:
  clinic: {class: ambulatory, every: 1 year}
"""
VACCINE = """
diseases:
  flu:
    onset: {rate: 0.1 per year}
    states: [ill]
    course: [ill -> absent: {after: 7 days}]
immunisations:
  vaccine: {MORE}
"""


# --- the calendar ----------------------------------------------------------------------------


def test_months_are_looked_up_and_years_are_instants() -> None:
    condition = condition_of("month in [june, july]")
    assert isinstance(condition, m.Apply)
    june = condition.args[0]
    assert isinstance(june, m.Apply)
    assert june.args == (m.Lookup((m.Axis("month", 12),), tuple(map(float, range(12)))), m.Const(5.0))
    begin = midnight(dt.date(2015, 1, 1))
    assert condition_of("year >= 2015") == m.TimeAtLeast(begin)
    assert condition_of("year > 2014") == m.TimeAtLeast(begin)
    assert condition_of("year < 2015") == m.Apply("not", (m.TimeAtLeast(begin),))
    assert condition_of("year == 2015 and year != 2016") != condition_of("year == 2015")


def test_dates_begin_at_local_midnight() -> None:
    people = (
        "population: {size: 10, from: 2000-07-01, to: 2001-01-01, age: 40 years, time_zone: America/New_York,"
        " source: made up}\n"
    )
    machine = machine_of(CLINIC, people)
    assert machine.population.start == midnight(dt.date(2000, 7, 1)) + 4 * HOUR
    assert machine.population.end == midnight(dt.date(2001, 1, 1)) + 5 * HOUR


def test_a_day_may_have_23_or_25_hours() -> None:
    zone = "Europe/Berlin"
    for day, hours in ((dt.date(2020, 3, 29), 23), (dt.date(2020, 10, 25), 25), (dt.date(2020, 6, 1), 24)):
        begin = midnight(day, zone)
        assert next_midnight(begin, zone) - begin == hours * HOUR


def test_offsets_change_when_clocks_do() -> None:
    assert offsets(None, 2010) == ((0, 0),)
    found = offsets("Europe/Berlin", 2020)
    assert [(instant, us // HOUR) for instant, us in found[-4:]] == [
        (midnight(dt.date(2019, 3, 31)) + HOUR, 2),
        (midnight(dt.date(2019, 10, 27)) + HOUR, 1),
        (midnight(dt.date(2020, 3, 29)) + HOUR, 2),
        (midnight(dt.date(2020, 10, 25)) + HOUR, 1),
    ]


# --- access ----------------------------------------------------------------------------------


def test_visits_wait_for_opening_hours() -> None:
    hours = "hours: [weekdays 8:00..17:00, sunday 9:30..12:00]"
    machine = machine_of(CLINIC.replace("1 year", f"1 year, {hours}"))
    (schedule,) = machine.schedules
    assert schedule.days == (*[(480, 1020)] * 5, None, (570, 720))
    due, seen = arrow(machine, "clinic: visit"), arrow(machine, "clinic: visit: seen")
    assert due.actions == ()
    assert seen.trigger == m.AfterDuration(m.Distribution("opening", (m.Const(0.0),)))
    assert isinstance(seen.actions[0], m.Visit)


def test_those_who_ask_for_a_visit_wait_too() -> None:
    machine = machine_of(
        VACCINE.replace("immunisations:\n  vaccine: {MORE}\n", "")
        + "    diagnosis: [{on: flu.onset, after: 1 day, visit: clinic}]\n"
        + CLINIC.replace("every: 1 year", "hours: daily 8:00..17:00")
    )
    seen = next(a for a in arrows(machine) if a.name.endswith(": seen"))
    assert [type(a).__name__ for a in seen.actions] == ["If"]  # still ill, then the visit and the diagnosis


def test_care_without_hours_has_no_schedule() -> None:
    machine = machine_of(CLINIC)
    assert machine.schedules == ()
    assert isinstance(arrow(machine, "clinic: visit").actions[0], m.Visit)


def test_who_is_lost_is_seen_only_where_care_goes_on() -> None:
    machine = machine_of("""
        care:
          clinic: {class: ambulatory, every: 1 year}
          ward: {class: inpatient, every: 1 year}
        follow_up:
          lost: {rate: 0.1 per year}
          returns: {after: 1..3 years}
          keeps: [inpatient]
        """)
    lost = m.InState(next(i for i, p in enumerate(machine.processes) if p.name == "follow_up"), 0b10)
    (visit,) = arrow(machine, "clinic: visit").actions
    assert isinstance(visit, m.If)
    assert visit.condition == m.Apply("not", (lost,))
    assert isinstance(arrow(machine, "ward: visit").actions[0], m.Visit)


# --- allergies -------------------------------------------------------------------------------

ALLERGY = (
    """
treatments:
  amoxicillin: {start: {when: age >= 60 years}, stop: [{after: 7 days}]}
allergies:
  penicillin_allergy:
    to: [amoxicillin]
    prevalence: 5%
    known: [{at: [clinic], probability: 20%}]
    reactions: {rash: {probability: 60%, after: 1..3 days, visit: clinic, recognised: 90%, death: 1%}}
"""
    + CLINIC
)


def test_a_recorded_allergy_forbids_the_treatment() -> None:
    machine = machine_of(ALLERGY)
    names = [p.name for p in machine.processes]
    chart = m.InState(names.index("penicillin_allergy.diagnosis"), 0b10)
    starts = arrow(machine, "amoxicillin: started").trigger
    assert isinstance(starts, m.WhenTrue)
    assert isinstance(starts.condition, m.Apply)
    assert m.Apply("not", (chart,)) in starts.condition.args
    assert arrow(machine, "amoxicillin: allergy").trigger == m.WhenTrue(chart)


def test_reactions_follow_exposure_and_are_seen_at_a_visit() -> None:
    machine = machine_of(ALLERGY)
    exposure = arrow(machine, "penicillin_allergy: amoxicillin started").trigger
    assert isinstance(exposure, m.OnEvent)
    assert machine.events[exposure.event] == "amoxicillin.started"
    follows = arrow(machine, "penicillin_allergy: rash follows")
    assert follows.trigger == m.ByChance(m.Const(0.6))
    death = arrow(machine, "penicillin_allergy: rash seen").actions[-1]
    assert isinstance(death, m.If)
    assert death.actions == (m.Die(),)


# --- immunisations ---------------------------------------------------------------------------


def test_doses_are_due_in_their_windows_and_while_they_can_be_caught_up() -> None:
    machine = machine_of(VACCINE.replace("MORE", "schedule: [12..15 months, 4..6 years], catch_up: 18 years"))
    assert [s.name for s in process(machine, "vaccine").states] == ["0 doses", "1 doses", "2 doses"]
    due = arrow(machine, "vaccine: dose 2").trigger
    assert isinstance(due, m.WhenTrue)
    ages = {t.years for t in _walk(due.condition) if isinstance(t, m.AgeAtLeast)}
    assert ages == {4.0, 6.0, 18.0}
    assert {t.duration for t in _walk(due.condition) if isinstance(t, m.SinceAtLeast)} == {28 * DAY}


def _walk(term: m.Term) -> list[m.Term]:
    inner = term.args if isinstance(term, m.Apply) else ()
    return [term, *(t for each in inner for t in _walk(each))]


def test_who_refuses_gets_none_and_a_dose_not_given_is_offered_again() -> None:
    machine = machine_of(VACCINE.replace("MORE", "schedule: [1 year], uptake: 90%, each: 80%"))
    names = [s.name for s in process(machine, "vaccine").states]
    assert names == ["deciding", "0 doses", "1 doses", "0 doses, offered", "0 doses, missed", "refused"]
    assert arrow(machine, "vaccine: refused").target == 5
    assert arrow(machine, "vaccine: dose 1 given").target == 2
    assert arrow(machine, "vaccine: dose 1 offered again").target == 1
    assert process(machine, "vaccine").states[5].arrows == ()


def test_protection_by_dose_and_its_waning() -> None:
    more = (
        "schedule: [1 year, 4 years], effects: [{hazard: flu.onset, by: 0.2},"
        " {hazard: flu.onset, by: 0.1, doses: 2, wanes: 2 years}]"
    )
    machine = machine_of(VACCINE.replace("MORE", more))
    trigger = arrow(machine, "flu: onset").trigger
    assert isinstance(trigger, m.ByRate)
    assert trigger.multiplier is not None
    terms = _walk(trigger.multiplier)
    assert {t.n for t in terms if isinstance(t, m.CountAtLeast)} == {1, 2}
    steps = sorted(t.duration for t in terms if isinstance(t, m.SinceLess))
    assert len(steps) == 10
    assert steps[1] == round(2 * 365.2425 * DAY)  # one half-life


def test_one_dose_in_each_season() -> None:
    machine = machine_of(
        VACCINE.replace("MORE", "every: 1 year, months: [october, november], from: 6 months")
    )
    trigger = arrow(machine, "vaccine: dose 1").trigger
    assert isinstance(trigger, m.WhenTrue)
    months = next(t for t in _walk(trigger.condition) if isinstance(t, m.Lookup))
    assert [i for i, v in enumerate(months.values) if v] == [9, 10]


# --- panels, order sets, measurements --------------------------------------------------------


def test_cholesky() -> None:
    rng = np.random.default_rng(3)
    for size in (1, 2, 5):
        a = rng.normal(size=(size, size))
        matrix = a @ a.T
        found = cholesky(matrix.tolist())
        assert found is not None
        assert np.allclose(found, np.linalg.cholesky(matrix))
    assert cholesky([[1.0, 2.0], [2.0, 1.0]]) is None
    assert cholesky([[1.0, 1.0], [1.0, 1.0]]) == [[1.0, 0.0], [1.0, 0.0]]


LAB = """
measurements:
  urea: {unit: mg/dL, plausible: 2..200, missing: MISSING, value: {mean: 15, noise: 3}}
  creatinine: {unit: mg/dL, plausible: 0.2..15, value: {mean: 1, noise: 0.1}}
panels:
  kidneys: {measures: [urea, creatinine], correlated: [{between: [urea, creatinine], by: 0.6}]}
order_sets:
  admission: {measures: [kidneys], orders: {cannula: {probability: 50%}}}
care:
  ward: {class: inpatient, every: 1 year, order_sets: [{order_set: admission, if: age >= 18 years}]}
"""


def test_results_of_a_panel_follow_its_order_and_share_noise() -> None:
    machine = machine_of(LAB.replace("MISSING", "0%"))
    (used,) = [a for a in arrow(machine, "ward: visit").actions if isinstance(a, m.If)]
    order, draw, urea, creatinine = [a for a in used.actions if not isinstance(a, m.If)]
    assert isinstance(order, m.Emit)
    assert machine.codes[order.code].kind == "order"
    assert isinstance(draw, m.Draw)
    shared = m.Var(draw.var)
    assert urea == m.Measure(0, 0, m.Apply("mul", (m.Const(3.0), shared)), m.Const(0.0))
    assert isinstance(creatinine, m.Measure)
    assert creatinine.noise == m.Const(0.8)


def test_a_lost_result_leaves_nothing() -> None:
    machine = machine_of(LAB.replace("MISSING", "3%"))
    chances = [a.probability for a in _actions(arrow(machine, "ward: visit").actions) if isinstance(a, m.If)]
    assert m.Const(0.97) in chances


def _actions(actions: tuple[m.Action, ...]) -> list[m.Action]:
    found: list[m.Action] = []
    for each in actions:
        found += [each, *(_actions(each.actions) if isinstance(each, m.If) else ())]
    return found


def test_the_previous_value_is_kept_only_where_it_is_asked_for() -> None:
    plain = machine_of(LAB.replace("MISSING", "3%"))
    rising = LAB.replace("MISSING", "3%").replace("if: age", "if: last urea > previous urea and age")
    asked = machine_of(rising)
    assert "previous urea" not in [v.name for v in plain.vars]
    assert "previous urea" in [v.name for v in asked.vars]
    assert len([a for a in _actions(arrow(asked, "ward: visit").actions) if isinstance(a, m.Set)]) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (VACCINE.replace("MORE", "schedule: [4 years, 1 year]"), "E726"),
        (VACCINE.replace("MORE", "schedule: [1 year], at: [clinic]"), "E501"),
        (VACCINE.replace("MORE", "schedule: [1 year], effects: [{hazard: flue.onset, by: 0.1}]"), "E507"),
        (VACCINE.replace("MORE", "every: 1 hour"), "E606"),
        (VACCINE.replace("MORE", "every: 1 year, for: flu"), "E701"),
        (ALLERGY.replace("to: [amoxicillin]", "to: []"), "E725"),
        (ALLERGY.replace("visit: clinic, recog", "visit: ward, recog"), "E501"),
        (ALLERGY.replace("probability: 60%", "probability: 160%"), "E603"),
        (CLINIC.replace("1 year", "1 year, hours: weekdays 8:00..25:00"), "E724"),
        (LAB.replace("MISSING", "3%").replace("by: 0.6", "by: 1.6"), "E727"),
        (LAB.replace("MISSING", "3%").replace("order_set: admission", "order_set: admision"), "E501"),
    ],
)
def test_what_is_wrong_is_said(text: str, code: str) -> None:
    assert set(codes_of(text)) - {"W303", "W309"} == {code}
