"""Who is there, what is true of them, who meets whom."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pytest

from simulator.compiler import check_file, compile_file
from simulator.compiler import machine as m
from simulator.errors import ScenarioError, UsageError
from simulator.knowledge import SYSTEMS, attributions
from simulator.scenario.code_systems import SYSTEMS as READABLE
from tests.compiler.lowered import codes_of, machine_of

DAY = 86_400_000_000
YEAR = round(365.2425 * DAY)


def people(text: str) -> str:
    return f"population: {{size: 100, from: 2000-01-01, to: 2020-01-01, {text}}}\n"


def test_the_period_is_in_microseconds() -> None:
    found = machine_of("").population
    assert (found.start, found.end) == (10_957 * DAY, 18_262 * DAY)
    assert (found.size, found.step, found.history, found.communities) == (100, 0, False, 1)


@pytest.mark.parametrize(
    ("text", "kind", "params"),
    [
        ("age: 40 years", "fixed", [40.0]),
        ("age: 0..6 months", "uniform", [0.0, 0.5]),
        ('age: "normal(40 years, 10 years)"', "normal", [40.0, 10.0]),
        ('age: "gamma(scale=10 years, shape=4)"', "gamma", [10.0, 4.0]),
    ],
)
def test_ages_are_in_years(text: str, kind: str, params: list[float]) -> None:
    found = machine_of("", people(text)).population.age
    assert found is not None
    assert found.kind == kind
    assert [p.value for p in found.params if isinstance(p, m.Const)] == params


def test_people_are_counted_by_age_and_sex() -> None:
    table = "{0..4 years: {male: 3, female: 2}, 5.. years: {male: 7, female: 8}}"
    found = machine_of("", people(f"age_sex: {{by: [age, sex], table: {table}}}")).population.age_sex
    assert found is not None
    assert found.cells == ((0, 0, 5, 3), (1, 0, 5, 2), (0, 5, 100, 7), (1, 5, 100, 8))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("age: 40", "E601"),
        ("age: 40 years, sex: {male: 40%, female: 50%}", "E604"),
        ("age: 40 years, sex: {male: 100%}", "E604"),
        ("age: 40 years, step: 3", "E601"),
        ("age: 40 years, step: 1 minute", "E606"),
        ('age: "uniform(1 year, if(sex == male, 2 years, 3 years))"', "E607"),
        ("age_sex: {by: [age, sex], table: {0.. years: {male: -1, female: 1}}}", "E606"),
        ("age_sex: {by: [age, sex], table: {0.. years: {male: 0, female: 0}}}", "E609"),
        ("age_sex: {by: [age], table: {0.. years: 1}}", "E609"),
        ("age_sex: {by: [age, sex], table: {0..11 months: {male: 1, female: 1}, 1.. years: 1}}", None),
        ("age_sex: {by: [age, sex], table: {0..5 months: {male: 1, female: 1}, 6.. months: 1}}", "E609"),
    ],
)
def test_people_that_cannot_be_are_a_finding(text: str, code: str | None) -> None:
    assert codes_of("", people(text)) == ([code] if code else [])


@pytest.mark.parametrize(("text", "us"), [("1 month", 0), ("1 week", 7 * DAY), ("1 year", YEAR)])
def test_a_step_of_a_month_is_a_calendar_month(text: str, us: int) -> None:
    assert machine_of("", people(f"age: 40 years, step: {text}")).population.step == us


# --- attributes --------------------------------------------------------------------------------


def test_attributes_are_drawn_in_order_and_may_build_on_earlier_ones() -> None:
    machine = machine_of(
        """
        attributes:
          smoker: {draw: {never: "if(sex == male, 50%, 70%)", ever: "if(sex == male, 50%, 30%)"}}
          bmi: {value: "normal(24 + 0.05 * age / 1 year, 4)", between: 14..60, unit: kg/m2}
          sbp: {value: "normal(90 + bmi, 5)", unit: "mm[Hg]"}
        """
    )
    assert [v.name for v in machine.vars] == ["sex", "smoker", "bmi", "sbp"]
    _, smoker, bmi, sbp = machine.vars
    assert smoker.categories == ("never", "ever")
    assert all(isinstance(w, m.Apply) for w in smoker.weights)
    assert (bmi.low, bmi.high) == (14.0, 60.0)
    assert bmi.initial is not None
    assert sbp.initial == m.Distribution("normal", (m.Apply("add", (m.Const(90.0), m.Var(2))), m.Const(5.0)))


def test_a_table_gives_categories_by_other_attributes() -> None:
    machine = machine_of(
        """
        attributes:
          smoker:
            draw: {by: [sex, smoker], table: {male: {no: 60%, now: 40%}, female: {no: 80%, now: 20%}}}
        """
    )
    _, smoker = machine.vars
    assert smoker.categories == ("no", "now")
    axis = m.Axis("var", 2, index=0)
    assert smoker.weights == (m.Lookup((axis,), (0.6, 0.8)), m.Lookup((axis,), (0.4, 0.2)))


def test_only_attributes_with_codes_are_recorded() -> None:
    machine = machine_of(
        """
        attributes:
          frailty: {value: "normal(0, 1)"}
          smoking: {draw: {never: 60%, current: 40%}, codes: {loinc: 72166-2}}
          height: {value: "normal(170, 10)", unit: cm, codes: {loinc: 8302-2}}
        """
    )
    sex, frailty, smoking, height = machine.vars
    assert (sex.recorded, frailty.recorded, smoking.recorded, height.recorded) == (True, False, True, True)
    codes = [c.code for c in machine.codes]
    assert codes[:2] == ["MEDS_BIRTH", "MEDS_DEATH"]
    assert codes[sex.code : sex.code + 2] == ["SEX//male", "SEX//female"]
    assert codes[smoking.code : smoking.code + 2] == ["LOINC//72166-2//never", "LOINC//72166-2//current"]
    assert (codes[height.code], machine.codes[height.code].unit) == ("LOINC//8302-2", "cm")


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ("{draw: {a: 50%, b: 49%}}", "E604"),
        ("{draw: {a: 150%, b: -50%}}", "E603"),
        ("{draw: {by: [sex], table: {male: 1, female: 1}}}", "E609"),
        ("{draw: {by: [sex, x], table: {male: {a: 1, b: 0}, female: {a: 0.5, b: 0.6}}}}", "E604"),
        ("{value: 3 kg}", "E602"),
        ("{value: 3 years}", "E601"),
        ("{value: 3, between: 4}", "E611"),
        ("{value: 3, between: 5..4}", "E611"),
        ("{value: y + 1}", "E501"),
        ("{value: x + 1}", "E501"),
        ('{value: "normal(3, -1)"}', "E605"),
    ],
)
def test_an_attribute_that_cannot_be_is_a_finding(attribute: str, code: str) -> None:
    found = codes_of(f"attributes:\n  x: {attribute}\n  y: {{value: 3}}\n")
    assert set(found) == {code}


# --- measurements ------------------------------------------------------------------------------


def fev1(text: str) -> str:
    return f"""
measurements:
  fev1: {{unit: "%", plausible: 5..150, value: {{{text}}}}}
care:
  checkup: {{class: ambulatory, every: 1 year, measures: fev1}}
"""


def test_a_measurement_is_a_level() -> None:
    machine = machine_of(
        fev1(
            "mean: 95 - 0.1 * (age - 20 years) / 1 year, between_patients: 8, noise: 3%, "
            "drift: [{by: -2% per year, while: age >= 30 years}], shift: [{by: -6, while: sex == male}]"
        )
    )
    (level,) = machine.levels
    assert (level.deviation_sd, level.noise_sd) == (8.0, 3.0)
    assert (level.low, level.high, level.precision) == (5.0, 150.0, 1)
    assert not level.smooth
    assert level.slope == m.Apply("if", (m.AgeAtLeast(30.0), m.Const(-2.0), m.Const(0.0)))
    male = m.Apply("eq", (m.Var(0), m.Const(0.0)))
    assert level.shift == m.Apply("if", (male, m.Const(-6.0), m.Const(0.0)))
    assert machine.vars[level.last_var].name == "last fev1"


def test_a_mean_by_age_in_a_table_is_smooth() -> None:
    (level,) = machine_of(fev1("mean: {by: age, table: {0..39 years: 95, 40.. years: 90}}")).levels
    assert level.smooth
    assert level.mean == m.Lookup((m.Axis("age", 2, (0.0, 40.0)),), (95.0, 90.0))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("mean: 95 mmol/L", "E602"),
        ("mean: 95, noise: -3", "E606"),
        ("mean: 95, noise: 3 kg", "E602"),
        ("mean: 95, drift: [{by: -2}]", "E601"),
        ("mean: 95, drift: [{by: -2 per year, while: age}]", "E601"),
        ("mean: 95, shift: [{by: age / 1 year}]", "E608"),
        ("mean: fev1", "E610"),
        ("mean: 950", "W310"),
    ],
)
def test_a_measurement_that_cannot_be_is_a_finding(value: str, code: str) -> None:
    assert codes_of(fev1(value)) == [code]


# --- communities -------------------------------------------------------------------------------


def mixing(contacts: str, count: int = 5) -> tuple[tuple[float, ...], ...]:
    text = f"communities: {{count: {count}, contacts: {{{contacts}}}}}\n"
    found = machine_of(text).population
    assert found.communities == count
    return found.mixing


@pytest.mark.parametrize(
    "contacts",
    [
        "graph: complete",
        "graph: cycle",
        "graph: path, within: 50%",
        "graph: star, within: 100%",
        "graph: watts_strogatz, neighbours: 2, rewire: 0.3",
        "graph: barabasi_albert, neighbours: 2",
    ],
)
def test_contacts_of_each_community_add_up(contacts: str) -> None:
    found = mixing(contacts)
    assert all(math.fsum(row) == pytest.approx(1.0) for row in found)
    assert found == mixing(contacts)


def test_contacts_follow_the_graph() -> None:
    found = mixing("graph: path, within: 60%", 3)
    assert found[0] == pytest.approx((0.6, 0.4, 0.0))
    assert found[1] == pytest.approx((0.2, 0.6, 0.2))


def test_one_community_keeps_to_itself() -> None:
    assert mixing("graph: cycle", 1) == ((1.0,),)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("count: 101", "E718"),
        ("count: 4, contacts: {graph: watts_strogatz, neighbours: 4}", "E718"),
        ("count: 4, contacts: {graph: watts_strogatz, rewire: 1.5}", "E718"),
        ("count: 4, contacts: {within: 80}", "E603"),
    ],
)
def test_communities_that_cannot_be_are_a_finding(text: str, code: str) -> None:
    assert codes_of(f"communities: {{{text}}}\n") == [code]


def test_an_exchange_is_a_signal_that_expressions_can_use() -> None:
    machine = machine_of(
        """
        exchange:
          pressure: {share: flu}
        diseases:
          flu:
            onset: {rate: 90 * pressure per year}
            states: [ill]
            course:
              - ill -> absent: {after: 7 days}
        """
    )
    assert machine.signals == (m.SignalSpec("pressure", m.InState(0, 0b10)),)
    trigger = machine.processes[0].states[0].arrows[0].trigger
    assert isinstance(trigger, m.ByRate)
    assert trigger.multiplier == m.Apply("mul", (m.Const(90.0), m.Signal(0)))


# --- files -------------------------------------------------------------------------------------

SCENARIO = "id: small\npopulation: {from: 2000-01-01, to: 2020-01-01, age: 40 years, source: made up}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def test_arguments_take_the_place_of_what_the_file_says(file: Path) -> None:
    _, machine = compile_file(file, size=7, from_=dt.date(2001, 1, 1), to=dt.date(2002, 1, 1), step="1 week")
    found = machine.population
    assert (found.size, found.step, found.end - found.start) == (7, 7 * DAY, 365 * DAY)


@pytest.mark.parametrize(
    ("size", "to", "step", "message"),
    [
        (0, None, None, "0 is not a number of patients"),
        (None, dt.date(1999, 1, 1), None, "the period from 2000-01-01 to 1999-01-01 is empty"),
        (None, None, "soon", "`soon` is not a length of time"),
        (None, None, "0 days", "`0 days` is not a length of time"),
    ],
)
def test_impossible_arguments_are_an_error(
    file: Path, size: int | None, to: dt.date | None, step: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        compile_file(file, size=size, to=to, step=step)


def test_a_scenario_with_errors_raises_all_of_them(file: Path) -> None:
    file.write_text(SCENARIO + "attributes:\n  x: {value: y}\n  z: {draw: {a: 2}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="E501") as caught:
        compile_file(file)
    assert [f.code for f in caught.value.findings if f.severity == "error"] == ["E501", "E603"]


def test_a_file_without_people_can_be_checked_but_not_run(file: Path) -> None:
    file.write_text("id: library\n", encoding="utf-8")
    assert check_file(file).items == []
    with pytest.raises(ScenarioError, match="E711 the scenario has no population"):
        compile_file(file)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        check_file(tmp_path / "nowhere.yaml")


# --- terminologies -----------------------------------------------------------------------------


def test_every_terminology_that_can_be_read_can_be_written() -> None:
    assert set(SYSTEMS) == set(READABLE)
    assert len({s.prefix for s in SYSTEMS.values()}) == len(SYSTEMS)


def test_owners_are_acknowledged() -> None:
    (found,) = attributions({"orphanet": 1, "icd10cm": 2})
    assert "INSERM" in found
