"""Conditions are brought to the forms whose next change the engine can tell."""

from __future__ import annotations

import datetime as dt

import pytest

from simulator.compiler import machine as m
from tests.compiler.lowered import FLU, codes_of, condition_of, findings_of

DAY = 86_400_000_000
YEAR = round(365.2425 * DAY)
MONTH = YEAR // 12
MORE = """
attributes:
  smoker: {draw: {never: 60%, former: 25%, current: 15%}}
  bmi: {value: "normal(26, 4)", unit: kg/m2}
measurements:
  fev1: {unit: "%", plausible: 5..150, value: {mean: 95}}
  glucose: {unit: mg/dL, plausible: 20..600, value: {mean: 90}}
care:
  checkup: {class: ambulatory, every: 1 year, measures: [fev1, glucose]}
"""


def not_(term: m.Term) -> m.Apply:
    return m.Apply("not", (term,))


def both(a: m.Term, b: m.Term) -> m.Apply:
    return m.Apply("and", (a, b))


def instant(year: int, month: int, day: int) -> int:
    return round(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("expression", "term"),
    [
        ("age >= 40 years", m.AgeAtLeast(40.0)),
        ("40 years <= age", m.AgeAtLeast(40.0)),
        ("age < 2 years", not_(m.AgeAtLeast(2.0))),
        ("2 years > age", not_(m.AgeAtLeast(2.0))),
        ("age >= 6 months", m.AgeAtLeast(0.5)),
        ("age >= 18 months", m.AgeAtLeast(1.5)),
        ("age >= 30 + 10 years", None),
        ("age >= 30 years + 10 years", m.AgeAtLeast(40.0)),
        ("not age >= 40 years", not_(m.AgeAtLeast(40.0))),
        ("not not age >= 40 years", m.AgeAtLeast(40.0)),
        ("date >= 2019-10-21", m.TimeAtLeast(instant(2019, 10, 21))),
        ("date > 2019-10-21", m.TimeAtLeast(instant(2019, 10, 22))),
        ("date <= 2019-10-21", not_(m.TimeAtLeast(instant(2019, 10, 22)))),
        ("date < 2019-10-21", not_(m.TimeAtLeast(instant(2019, 10, 21)))),
        (
            "date == 2019-10-21",
            both(m.TimeAtLeast(instant(2019, 10, 21)), not_(m.TimeAtLeast(instant(2019, 10, 22)))),
        ),
        ("time since flu.onset > 6 months", m.SinceAtLeast(0, 6 * MONTH)),
        ("6 months <= time since flu.onset", m.SinceAtLeast(0, 6 * MONTH)),
        ("time since flu.fever < 2 weeks", m.SinceLess(0, 14 * DAY)),
        ("count of flu.fever in last 12 months >= 3", m.CountAtLeast(0, 3, YEAR)),
        ("count of flu.fever in last 12 months > 3", m.CountAtLeast(0, 4, YEAR)),
        ("count of flu.fever < 3", not_(m.CountAtLeast(0, 3, None))),
        ("count of flu.fever == 0", not_(m.CountAtLeast(0, 1, None))),
        ("count of flu.fever == 2", both(m.CountAtLeast(0, 2, None), not_(m.CountAtLeast(0, 3, None)))),
        ("flu", m.InState(0, 0b110)),
        ("flu in [severe]", m.InState(0, 0b100)),
        ("flu == mild", m.InState(0, 0b010)),
        ("flu in [mild, severe]", m.InState(0, 0b110)),
        ("flu in [mild] or flu in [severe]", m.InState(0, 0b110)),
        ("flu and flu not in [mild]", both(m.InState(0, 0b110), not_(m.InState(0, 0b010)))),
        ("flu in [absent]", m.InState(0, 0b001)),
        ("sex == female", m.Apply("eq", (m.Var(0), m.Const(1.0)))),
        ("sex != female", not_(m.Apply("eq", (m.Var(0), m.Const(1.0))))),
        ("female == sex", m.Apply("eq", (m.Var(0), m.Const(1.0)))),
        (
            "smoker in [former, current]",
            m.Apply("or", (m.Apply("eq", (m.Var(1), m.Const(1.0))), m.Apply("eq", (m.Var(1), m.Const(2.0))))),
        ),
        ("bmi >= 30 kg/m2", m.Apply("ge", (m.Var(2), m.Const(30.0)))),
        ("bmi >= 3 g/cm2", m.Apply("ge", (m.Var(2), m.Const(30.0)))),
        ("bmi in [20 kg/m2]", m.Apply("eq", (m.Var(2), m.Const(20.0)))),
        ("fev1 < 40 %", not_(m.LevelAtLeast(0, 40.0))),
        ("fev1 < 40%", not_(m.LevelAtLeast(0, 40.0))),
        ("fev1 >= 40", m.LevelAtLeast(0, 40.0)),
        ("70 mg/dL >= glucose", not_(m.LevelAtLeast(1, 70.0))),
        ("glucose >= 1.26 g/L", m.LevelAtLeast(1, 126.0)),
        ("last glucose >= 126 mg/dL", m.Apply("ge", (m.Var(4), m.Const(126.0)))),
        ("last fev1 < 40 %", m.Apply("lt", (m.Var(3), m.Const(40.0)))),
    ],
)
def test_a_condition_is_lowered_to(expression: str, term: m.Term | None) -> None:
    if term is None:  # a number and a duration do not add up
        assert codes_of(FLU.replace("CONDITION", expression) + MORE) == ["E601"]
        return
    found = condition_of(expression, MORE)
    if isinstance(found, m.Apply) and isinstance(found.args[-1], m.Const):
        assert found.op == term.op if isinstance(term, m.Apply) else False
        assert found.args[-1].value == pytest.approx(term.args[-1].value)  # type: ignore[union-attr]
        assert found.args[:-1] == term.args[:-1]  # type: ignore[union-attr]
    else:
        assert found == term


@pytest.mark.parametrize("unit", ["1", "{score}"])
def test_what_has_no_unit_is_compared_with_plain_numbers(unit: str) -> None:
    more = f"""
measurements:
  control: {{unit: "{unit}", plausible: 5..25, value: {{mean: 20}}}}
care:
  checkup: {{class: ambulatory, every: 1 year, measures: [control]}}
"""
    condition = condition_of("last control < 20", more)
    assert isinstance(condition, m.Apply)
    assert condition.args[1] == m.Const(20.0)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("age == 40 years", "E610"),
        ("age >= 40", "E601"),
        ("age >= 2019-10-21", "E601"),
        ("date >= 40 years", "E601"),
        ("time since flu.onset > 6", "E601"),
        ("time since flu.onset == 6 months", "E610"),
        ("time since flu.onset > time since flu.fever", "E601"),
        ("count of flu.fever >= 2.5", "E610"),
        ("count of flu.fever >= 3 months", "E601"),
        ("count of flu.fever", "E601"),
        ("flu >= mild", "E610"),
        ("flu in [bad]", "E503"),
        ("smoker == curent", "E504"),
        ("smoker", "E601"),
        ("smoker > 3", "E610"),
        ("bmi >= 30", "E602"),
        ("bmi >= 30 mmol/L", "E602"),
        ("bmi", "E601"),
        ("bmi >= sex", "E610"),
        ("fev1 + 1 > 40", "E608"),
        ("fev1 == 40 %", "E610"),
        ("glucose >= fev1", "E608"),
        ("glucose >= 7 mmol/L", "E602"),
        ("flu diagnosed", "E708"),
        ("on flu", "E502"),
        ("age", "E601"),
        ("date", "E601"),
        ("3", "E601"),
        ("normal(3, 1) > 2", "E601"),
        ("0..3 > 2", "E601"),
        ("flu.onset", "E502"),
        ("flu.severe", "E502"),
        ("flu.sever", "E503"),
        ("checkup", "E502"),
        ("last flu > 3", "E502"),
        ("time since flu.end > 3 days", "E505"),
        ("nothing", "E501"),
        ("age >= 20_000 years", "E605"),
        ("age >= 10 years - 20 years", "E606"),
        ("time since flu.onset > 9_000 years * 2", "E605"),
        ("time since flu.onset > 1 day - 2 days", "E606"),
        ("count of flu.fever in last 1e300 years >= 2", "E605"),
    ],
)
def test_what_means_nothing_is_a_finding(expression: str, code: str) -> None:
    assert set(codes_of(FLU.replace("CONDITION", expression) + MORE)) == {code}


def test_all_mistakes_of_one_expression_are_found() -> None:
    assert codes_of(FLU.replace("CONDITION", "age >= 40 and nothing and bmi > 30") + MORE) == [
        "E601",
        "E501",
        "E602",
    ]


def test_a_finding_points_at_the_part_that_is_wrong() -> None:
    found = findings_of(FLU.replace("CONDITION", "age >= 40 years and smokr == current") + MORE).items
    assert [f.nearest for f in found] == ["smoker"]
    line = FLU.splitlines()[3].replace("CONDITION", "age >= 40 years and smokr == current")
    assert line[found[0].span.column - 1 : found[0].span.end_column - 1] == "smokr"
    assert found[0].path == "diseases.flu.onset.multiplied[0].while"


def test_a_ring_is_as_long_as_the_most_that_is_counted() -> None:
    from tests.compiler.lowered import machine_of

    text = FLU.replace("CONDITION", "count of flu.fever >= 3 or count of flu.fever in last 1 year > 4")
    assert machine_of(text).rings == (("flu.fever", 5),)
