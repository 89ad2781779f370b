"""Tables become the full product of their axes' cells, whichever way they were written."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from simulator.errors import Findings
from simulator.scenario import parse_scenario
from simulator.scenario.bands import MONTHS
from simulator.scenario.model import Hazard, Scenario, Table
from simulator.scenario.syntax import Expr, Number


def mortality(body: str, filename: str = "<test>") -> tuple[Table | None, Findings]:
    text = "id: x\nmortality:\n  source: made up\n  rate:\n    per: year\n" + textwrap.indent(
        textwrap.dedent(body), "    "
    )
    scenario, findings = parse_scenario(text, filename)
    if scenario is None:
        return None, findings
    assert isinstance(scenario, Scenario)
    assert scenario.mortality is not None
    rate = scenario.mortality.rate
    assert isinstance(rate, Hazard)
    assert rate.per == "year"
    return rate.table, findings


def value(tree: Expr) -> float:
    assert isinstance(tree, Number)
    return tree.value


def rows(body: str, filename: str = "<test>") -> list[tuple[object, ...]]:
    table, findings = mortality(body, filename)
    assert not findings.items
    assert table is not None
    return [(*keys, value(tree)) for keys, tree in table.rows]


def test_one_value_for_all_below() -> None:
    assert rows("""
        by: [age, sex]
        table:
          60.. years: 0.3
          0..39 years: {male: 0.1, female: 0.2}
          40..59 years: 0.25
        """) == [
        ((0.0, 40.0), "male", 0.1),
        ((0.0, 40.0), "female", 0.2),
        ((40.0, 60.0), "male", 0.25),
        ((40.0, 60.0), "female", 0.25),
        ((60.0, None), "male", 0.3),
        ((60.0, None), "female", 0.3),
    ]


def test_bands_that_differ_between_branches_are_split() -> None:
    assert rows("""
        by: [sex, age]
        table:
          male: {0..49 years: 1, 50.. years: 2}
          female: {0.. years: 3}
        """) == [
        ("male", (0.0, 50.0), 1.0),
        ("male", (50.0, None), 2.0),
        ("female", (0.0, 50.0), 3.0),
        ("female", (50.0, None), 3.0),
    ]


def test_months_are_fractions_of_years() -> None:
    found = rows("""
        by: age
        table: {0..11 months: 1, 1 year: 2, 2.. years: 3}
        """)
    assert found == [((0.0, 1.0), 1.0), ((1.0, 2.0), 2.0), ((2.0, None), 3.0)]


def test_days_and_weeks_snap_to_the_year_they_nearly_meet() -> None:
    found = rows("""
        by: age
        table: {0..27 days: 1, 28..364 days: 2, 1.. years: 3}
        """)
    assert found[0] == ((0.0, 28 / 365.2425), 1.0)
    assert found[1] == ((28 / 365.2425, 1.0), 2.0)


def test_months_of_the_year_are_in_order() -> None:
    body = "by: month\ntable: {" + ", ".join(f"{m}: {i}" for i, m in enumerate(reversed(MONTHS))) + "}"
    assert [row[0] for row in rows(body)] == list(MONTHS)


def test_years_extend_to_the_nearest_band() -> None:
    assert rows("""
        by: [sex, year]
        table:
          male: {2000..2009: 1, 2010..: 2}
          female: {2005: 3}
        """) == [
        ("male", (2000.0, 2005.0), 1.0),
        ("male", (2005.0, 2006.0), 1.0),
        ("male", (2006.0, 2010.0), 1.0),
        ("male", (2010.0, None), 2.0),
        ("female", (2000.0, 2005.0), 3.0),
        ("female", (2005.0, 2006.0), 3.0),
        ("female", (2006.0, 2010.0), 3.0),
        ("female", (2010.0, None), 3.0),
    ]


def test_categories_of_an_attribute() -> None:
    assert rows("""
        by: [smoker, gene]
        table: {never: 1, ever: {F508del/other: 2, other/other: 3}}
        """) == [
        ("never", "F508del/other", 1.0),
        ("never", "other/other", 1.0),
        ("ever", "F508del/other", 2.0),
        ("ever", "other/other", 3.0),
    ]


def test_a_table_of_too_many_cells() -> None:
    ages = ", ".join(f"{age} years: 1" for age in range(700)) + ", 700.. years: 1"
    years = ", ".join(f"{year}: 1" for year in range(1500, 2000))
    table, findings = mortality(
        f"by: [sex, age, year]\ntable:\n  male: {{{ages}}}\n  female: {{0.. years: {{{years}}}}}"
    )
    assert table is None
    assert [(f.code, f.message[:31]) for f in findings.items] == [("E417", "the table has 701,000 cells; at")]


# --- CSV ----------------------------------------------------------------------------------


def write(folder: Path, text: str) -> str:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return str(folder / "scenario.yaml")


def test_single_ages_with_a_column_per_sex(tmp_path: Path) -> None:
    file = write(tmp_path, "age,m,f,note\n0,0.1,0.2,x\n1,0.3,0.4,\n2+,1e0,1.0,\n")
    body = "by: [age, sex]\ncsv: t.csv\ncolumns: {age: age, female: f, male: m}"
    assert rows(body, file) == [
        ((0.0, 1.0), "female", 0.2),
        ((0.0, 1.0), "male", 0.1),
        ((1.0, 2.0), "female", 0.4),
        ((1.0, 2.0), "male", 0.3),
        ((2.0, None), "female", 1.0),
        ((2.0, None), "male", 1.0),
    ]


def test_bands_and_every_key_in_a_column(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '\ufefflow,high,"sex",rate\r\n0,39,male,1\r\n0,39,female,2\r\n40,,male,3\r\n40,,female,4\r\n',
    )
    body = "by: [age, sex]\ncsv: t.csv\ncolumns: {age: [low, high], sex: sex, value: rate}"
    assert rows(body, file) == [
        ((0.0, 40.0), "male", 1.0),
        ((0.0, 40.0), "female", 2.0),
        ((40.0, None), "male", 3.0),
        ((40.0, None), "female", 4.0),
    ]


def test_people_by_age_need_not_cover_all_ages(tmp_path: Path) -> None:
    file = write(tmp_path, "lo,hi,m,f\n20,39,10,11\n40,64,20,21\n")
    scenario, findings = parse_scenario(
        "id: x\npopulation:\n  from: 2000-01-01\n  to: 2001-01-01\n"
        "  age_sex: {csv: t.csv, by: [age, sex], columns: {age: [lo, hi], male: m, female: f}}\n",
        file,
    )
    assert not findings.items
    assert scenario is not None
    assert scenario.population is not None
    assert scenario.population.age_sex is not None
    assert [keys[0] for keys, _ in scenario.population.age_sex.rows[::2]] == [(20.0, 40.0), (40.0, 65.0)]
    assert list(scenario.files) == [file, str(tmp_path / "t.csv")]


@pytest.mark.parametrize(
    ("text", "columns", "code", "words", "place"),
    [
        ("age,rate\n0,1\n0,2\n", "{age: age, value: rate}", "E416", "line 2", "t.csv:3:3"),
        ("age,rate\n0,x\n", "{age: age, value: rate}", "E413", "`x`", "t.csv:2:3"),
        ("age,rate\n0, \n", "{age: age, value: rate}", "E413", "empty", "t.csv:2:3"),
        ("age,rate\n0.5,1\n", "{age: age, value: rate}", "E413", "`0.5`", "t.csv:2:1"),
        ("age,rate\n5,1\n", "{age: age, value: rate}", "E407", "below 5 years", "t.csv:2:1"),
        ("age,rate\n0,1\n1\n", "{age: age, value: rate}", "E414", "1 cells", "t.csv:3:1"),
        ("age,rate\n", "{age: age, value: rate}", "E414", "no rows", ".yaml"),
        ('age,rate\n0,"1\n', "{age: age, value: rate}", "E414", "not CSV", "t.csv:2:1"),
        ("age;rate\n0;1\n", "{age: age, value: rate}", "E414", "semicolons", "t.csv:1:4"),
        ("age,rate,rate\n0,1,2\n", "{age: age, value: rate}", "E412", "second column", "t.csv:1:10"),
        ("age,rate\n0,1\n", "{age: age}", "E415", "`value`", ".yaml"),
        ("age,rate\n0,1\n", "{age: age, valu: rate}", "E201", "`valu`", ".yaml"),
        ("age,rate\n0,1\n", "{age: age, value: rat}", "E412", "`rat`", ".yaml"),
        ("age,rate\n0,1\n", "{age: [age, age, age], value: rate}", "E203", "a list", ".yaml"),
        ("age,rate\n0,1\n1+,2\n9,3\n", "{age: age, value: rate}", "E405", "no end", "t.csv:3:1"),
        ("lo,hi,r\n0,9,1\n5,,2\n", "{age: [lo, hi], value: r}", "E405", "overlaps", "t.csv:3:1"),
        ("lo,hi,r\n0,9,1\n12,,2\n", "{age: [lo, hi], value: r}", "E406", "from 10 to 12", "t.csv:3:1"),
        ("lo,hi,r\n9,0,1\n", "{age: [lo, hi], value: r}", "E403", "9..0", "t.csv:2:3"),
        ("lo,hi,r\n0+,4,1\n", "{age: [lo, hi], value: r}", "E403", "0+..4", "t.csv:2:4"),
    ],
)
def test_csv_findings_point_at_the_cell(
    tmp_path: Path, text: str, columns: str, code: str, words: str, place: str
) -> None:
    file = write(tmp_path, text)
    _, findings = mortality(f"by: age\ncsv: t.csv\ncolumns: {columns}", file)
    (finding,) = findings.items
    assert finding.code == code
    assert words in finding.message
    if place == ".yaml":
        assert finding.span.file == file
    else:
        assert str(finding.span) == str(tmp_path / place)


def test_the_place_of_a_cell_in_quotes_that_goes_on_over_lines(tmp_path: Path) -> None:
    text = 'note,age,rate\n"one, ""two""\nthree",0,"4"\n"a\nb", 7 ,x\n'
    file = write(tmp_path, text)
    _, findings = mortality("by: age\ncsv: t.csv\ncolumns: {age: age, value: rate}", file)
    (finding,) = findings.items
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (5, 8, 9)


def test_every_wrong_number_is_found_in_one_go(tmp_path: Path) -> None:
    file = write(tmp_path, "age,rate\n0,x\n1,2\n2,NaN\n3,inf\n")
    _, findings = mortality("by: age\ncsv: t.csv\ncolumns: {age: age, value: rate}", file)
    assert [finding.span.line for finding in findings.items] == [2, 4, 5]
