"""Doses, supplies and interactions: what a treatment's dose is lowered to."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from tests.compiler.lowered import arrow, codes_of, condition_of, machine_of, process, state

DRUG = """
measurements:
  inr: {unit: "1", plausible: 0.8..12, value: {mean: 1}}
attributes:
  habits: {draw: {regular: 60%, irregular: 40%}}
  weight: {value: "normal(75, 12)", between: 40..150, unit: kg}
treatments:
  drug:
    start: {when: age >= 60 years}
    stop: [{after: 1 year}]
    MORE
care:
  clinic: {class: ambulatory, every: 1 year, measures: [inr]}
"""


def drug(more: str) -> m.Machine:
    return machine_of(DRUG.replace("MORE", more))


def first_dose(machine: m.Machine) -> m.Term:
    action = state(machine, "drug", "on").on_entry[0]
    assert isinstance(action, m.Set)
    assert machine.vars[action.var].name == "drug.dose"
    return action.value


def test_the_prescription_carries_dose_unit_frequency_and_route() -> None:
    machine = drug("dose: {amount: 500 mg, times: 2 per day, route: oral}")
    assert first_dose(machine) == m.Const(500.0)
    emit = state(machine, "drug", "on").on_entry[1]
    assert isinstance(emit, m.Emit)
    spec = machine.codes[emit.code]
    assert (spec.unit, spec.text, spec.status) == ("mg", "2 per day, oral", "active")
    assert isinstance(emit.value, m.Var)


def test_a_treatment_without_a_dose_is_as_it_was() -> None:
    emit = state(drug("again: 1 year"), "drug", "on").on_entry[0]
    assert isinstance(emit, m.Emit)
    assert emit.value is None


def test_the_first_of_the_steps_is_the_lowest_unless_said() -> None:
    assert first_dose(drug("dose: {steps: [500 mg, 1 g, 2 g]}")) == m.Const(500.0)
    assert first_dose(drug("dose: {steps: [500 mg, 1 g, 2 g], start: 1 g}")) == m.Const(1000.0)


def test_a_dose_by_weight_is_the_nearest_step() -> None:
    term = first_dose(drug("dose: {steps: [500 mg, 750 mg, 1000 mg], start: 12 mg * weight / 1 kg}"))
    assert isinstance(term, m.Apply)
    assert term.op == "if"
    assert isinstance(term.args[0], m.Apply)
    assert term.args[0].args[1] == m.Const(625.0)  # below the middle of the two lowest
    assert term.args[1] == m.Const(500.0)


@pytest.mark.parametrize(
    "amount", ["15 mg/kg * weight", "weight * 15 mg/kg", "'round(15 mg/kg * weight, 50 mg)'"]
)
def test_a_dose_per_kilogram_times_weight_is_in_milligrams(amount: str) -> None:
    machine = drug(f"dose: {{amount: {amount}, times: 1 per day}}")
    emit = state(machine, "drug", "on").on_entry[1]
    assert isinstance(emit, m.Emit)
    assert machine.codes[emit.code].unit == "mg"
    products = [t for t in _walk(first_dose(machine)) if isinstance(t, m.Apply) and t.op == "mul"]
    assert [{type(a) for a in each.args} for each in products] == [{m.Const, m.Var}]
    assert m.Const(15.0) in products[0].args


def test_a_dose_per_kilogram_alone_is_no_dose() -> None:
    assert codes_of(DRUG.replace("MORE", "dose: {amount: 15 mg/kg}")) == ["E602"]


def test_dose_of_is_zero_while_not_taken() -> None:
    condition = condition_of("dose of drug >= 1 g", DRUG.replace("MORE", "dose: {amount: 500 mg}"))
    assert isinstance(condition, m.Apply)
    dose, bound = condition.args
    assert bound == m.Const(1000.0)
    assert isinstance(dose, m.Apply)
    assert dose.args[2] == m.Const(0.0)


def test_changes_wait_since_the_start_and_since_the_last_change() -> None:
    machine = drug("dose: {amount: 5 mg, up: {when: last inr < 2, after: 2 weeks, by: 10%}, most: 10 mg}")
    trigger = arrow(machine, "drug: dose up").trigger
    assert isinstance(trigger, m.WhenTrue)
    clocks = [t for t in _walk(trigger.condition) if isinstance(t, m.SinceAtLeast | m.SinceLess)]
    assert {machine.stamps[t.stamp] for t in clocks} == {"drug.started", "drug.dose_changed"}


def _walk(term: m.Term) -> list[m.Term]:
    inner = term.args if isinstance(term, m.Apply) else ()
    return [term, *(t for each in inner for t in _walk(each))]


def test_changes_at_visits_are_heard_there() -> None:
    machine = drug("dose: {steps: [5 mg, 10 mg], up: {when: last inr < 2, at: [clinic]}}")
    trigger = arrow(machine, "drug: dose up at clinic").trigger
    assert isinstance(trigger, m.OnEvent)
    assert machine.events[trigger.event] == "clinic.visit"


def test_a_taper_comes_between_the_stop_and_the_end() -> None:
    machine = drug("dose: {amount: 20 mg, taper: {every: 1 week, by: 25%}}")
    names = [s.name for s in process(machine, "drug").states]
    assert names == ["off", "on", "stopped", "tapering", "reducing"]
    assert arrow(machine, "drug: stopped").target == 4
    end = arrow(machine, "drug: tapered off")
    assert end.target == 2
    assert isinstance(end.trigger, m.ByChance)


def test_what_is_contraindicated_ends_at_once_even_while_tapering() -> None:
    machine = drug("contraindicated: last inr > 5\n    dose: {steps: [5 mg, 10 mg], taper: {every: 1 week}}")
    ends = [a.name for s in process(machine, "drug").states for a in s.arrows if "contraindicated" in a.name]
    assert len(ends) == 2
    assert all(arrow(machine, name).target == 2 for name in ends)


def test_refills_are_counted_and_the_prescription_renewed() -> None:
    machine = drug("supply: 90 days\n    refills: 3")
    left = next(i for i, v in enumerate(machine.vars) if v.name == "drug.refills")
    first = arrow(machine, "drug: first supply").actions
    assert first[0] == m.Set(left, m.Const(3.0))
    renewal = arrow(machine, "drug: refill due").actions[0]
    assert isinstance(renewal, m.If)
    assert m.Set(left, m.Const(4.0)) in renewal.actions


def test_adherence_by_class_is_drawn_when_the_treatment_starts() -> None:
    machine = drug("adherence: {by: habits, table: {regular: 95%, irregular: 50%}}")
    draw = next(a for a in state(machine, "drug", "on").on_entry if isinstance(a, m.Draw))
    assert draw.distribution.kind == "fixed"
    assert draw.distribution.params[0] == m.Lookup((m.Axis("var", 2, (), 1),), (0.95, 0.5))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("dose: {amount: 500}", "E720"),
        ("dose: {amount: -5 mg}", "E606"),
        ("dose: {amount: 5 mg, up: {when: last inr < 2, after: 1 week}}", "E720"),
        ("dose: {steps: [5 mg, 10 mg], up: {when: last inr < 2}}", "E721"),
        ("dose: {amount: 5 mg, up: {when: inr < 2, after: 1 week, by: 1 mg}}", "E701"),
        ("dose: {amount: 5 mg, up: {when: last inr < 2, at: [ward], by: 1 mg}}", "E501"),
        ("dose: {amount: 5 mg, up: {when: last inr < 2, after: 1 week, by: 1 mmol}}", "E602"),
        ("interacts: [{with: drug, effects: [{measurement: inr, shift: 1}]}]", "E722"),
        ("supply: 30 days\n    refills: -1", "E606"),
        ("adherence: {by: habits, table: {regular: 95%, irregular: 150%}}", "E603"),
    ],
)
def test_what_is_wrong_is_said(more: str, code: str) -> None:
    assert codes_of(DRUG.replace("MORE", more)) == [code]
