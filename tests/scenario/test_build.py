"""From YAML to the typed scenario: values, spans, paths, shorthands."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

import pytest

from simulator.errors import NOWHERE, Span, UsageError
from simulator.scenario import Scenario, load_scenario, model, parse_scenario
from simulator.scenario.code_systems import mod10
from simulator.scenario.keys import keys_of
from simulator.scenario.syntax import Call, Name, Number, Quantity, Rate


def build(text: str) -> Scenario:
    scenario, findings = parse_scenario(text, "f.yaml")
    assert scenario is not None, findings.errors
    return scenario


def codes(text: str) -> list[str]:
    return [finding.code for finding in parse_scenario(text, "f.yaml")[1].sorted()]


DISEASE = """\
id: x
diseases:
  cf:
    source: made up
    codes: {icd10cm: E84.9, orphanet: "586"}
    onset: {at: birth, probability: 1/3000, to: mild}
    states: [mild, Severe_2]
    course:
      - mild -> Severe_2:
          rate: 0.06 per year
          multiplied:
            - {by: 1.6, while: count of cf.flare in last 12 months >= 3}
    death:
      Severe_2: {rate: {gompertz: {rate: 0.1 per year, at: 50 years, growth: 0.04 per year}}}
    events:
      flare: {while: cf, rate: 1 per year}
    diagnosis:
      - {at: clinic, probability: 95%}
      - {on: cf.onset, after: {lognormal: {median: 6 months, sigma: 1.2}}, visit: clinic}
"""


def test_a_disease() -> None:
    disease = build(DISEASE).diseases["cf"]
    assert disease.codes == {"icd10cm": "E84.9", "orphanet": "586"}
    assert (disease.onset.at, disease.onset.to) == ("birth", "mild")
    assert disease.states == ["mild", "Severe_2"]
    (arrow,) = disease.course
    assert (arrow.from_, arrow.to) == ("mild", "Severe_2")
    assert arrow.trigger.rate == Rate(Number(0.06), "year")
    assert arrow.trigger.multiplied[0].by == Number(1.6)
    gompertz = disease.death["Severe_2"].rate
    assert isinstance(gompertz, model.Gompertz)
    assert gompertz.at == Quantity(50, "year")
    first, second = disease.diagnosis
    assert first.at == ["clinic"]
    assert second.on == Name(("cf", "onset"))
    assert second.after == Call("lognormal", (), (("median", Quantity(6, "month")), ("sigma", Number(1.2))))


def test_places_and_paths() -> None:
    disease = build(DISEASE).diseases["cf"]
    assert disease.span == Span("f.yaml", 3, 3, 3, 5)
    assert disease.path == "diseases.cf"
    assert disease.spans["codes"] == Span("f.yaml", 5, 5, 5, 10)  # a block: its key
    assert disease.onset.spans["to"] == Span("f.yaml", 6, 49, 6, 53)  # a text: its value
    assert disease.spans["states[1]"] == Span("f.yaml", 7, 20, 7, 28)
    arrow = disease.course[0]
    assert arrow.path == "diseases.cf.course[0]"
    assert arrow.spans["to"] == Span("f.yaml", 9, 17, 9, 25)
    multiplier = arrow.trigger.multiplied[0]
    assert multiplier.path == "diseases.cf.course[0].multiplied[0]"
    assert multiplier.span == Span("f.yaml", 12, 16, 12, 18)
    assert multiplier.while_ is not None
    assert multiplier.while_.span == Span("f.yaml", 12, 32, 12, 72)


def test_every_block_knows_where_it_stands() -> None:
    def blocks(value: object) -> list[model.Block]:
        if isinstance(value, model.Block):
            inner = [blocks(getattr(value, f.name)) for f in dataclasses.fields(value)]
            return [value, *(block for each in inner for block in each)]
        if isinstance(value, dict):
            return [block for each in value.values() for block in blocks(each)]
        if isinstance(value, list):
            return [block for each in value for block in blocks(each)]
        return []

    found = blocks(build(DISEASE).diseases)
    assert len(found) == 10
    assert all(block.span != NOWHERE and block.path.startswith("diseases.cf") for block in found)


def test_shorthands() -> None:
    scenario = build("""
id: x
population:
  from: 1995-01-01
  to: 2025-01-01
  age: uniform(20 years, 80 years)
  sex: {male: 49%, female: 51%}
care:
  clinic:
    class: ambulatory
    on: cf.flare
    measures: [fev1, {measure: hba1c, if: age < 2 years}]
  screening:
    class: home
    at: 3 days
  vaccination:
    class: ambulatory
    at: [2 months, 4 months]
    measures: weight
""")
    clinic = scenario.care["clinic"]
    assert clinic.on == [Name(("cf", "flare"))]
    assert [measure.measure for measure in clinic.measures] == ["fev1", "hba1c"]
    assert clinic.measures[0].span == Span("f.yaml", 12, 16, 12, 20)
    assert scenario.care["screening"].at == [Quantity(3, "day")]
    assert len(scenario.care["vaccination"].at) == 2
    assert scenario.care["vaccination"].measures[0].measure == "weight"
    assert scenario.population is not None
    assert scenario.population.from_ == dt.date(1995, 1, 1)
    assert scenario.population.size == 10_000


def test_the_example_of_the_language_reference(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "language.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(format: 1.*?)```", text, re.DOTALL)
    assert example is not None
    scenario = re.sub(r"^use:.*$", "", example[1], flags=re.MULTILINE)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "us_age_sex_2022.csv").write_text("age_lo,age_hi,male,female\n0,39,5,5\n40,120,4,5\n")
    (folder / "us_life_table_2022.csv").write_text("age,qx_male,qx_female\n0,0.006,0.005\n110+,1,1\n")
    built, findings = parse_scenario(scenario, str(tmp_path / "cf.yaml"))
    assert not findings.errors
    assert built is not None
    assert built.id == "cystic-fibrosis"


def test_keys_follow_the_model() -> None:
    for name, block in vars(model).items():
        if isinstance(block, type) and issubclass(block, model.Block) and name not in ("Block", "Table"):
            for key in keys_of(block).values():
                assert key.doc
                assert not key.name.endswith("_")


def test_all_findings_in_one_go() -> None:
    text = """\
id: X
population: {size: many, from: 2000-01-01, to: 2001-02-30, age: 40 yaers}
diseases:
  Cf: {onset: {at: brith, probability: 1%}, states: [mild], cours: []}
"""
    assert codes(text) == ["E216", "E205", "E207", "E312", "E208", "E209", "E201"]


@pytest.mark.parametrize("code", ["4548-4", "20150-9", "8480-6", "2160-0", "33914-3"])
def test_loinc_check_digits(code: str) -> None:
    digits, check = code.split("-")
    assert mod10(digits) == int(check)


def test_what_could_not_be_read_is_not_also_missing() -> None:
    assert codes("id: x\npopulation:\n  <<: {size: 3}\n") == ["E105"]


def test_too_many_findings_end_with_a_word_about_it() -> None:
    scenario, findings = parse_scenario("id: x\n" + "".join(f"key_{i}: 1\n" for i in range(3000)))
    assert scenario is None
    assert findings.items[-1].code == "E199"
    assert len(findings.items) < 1100


# --- files --------------------------------------------------------------------------------


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "flu.yaml").write_text("id: flu")
    with pytest.raises(UsageError, match=r"there is no file .*flo\.yaml\n  Did you mean .*flu\.yaml\?"):
        load_scenario(tmp_path / "flo.yaml")


def test_a_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        load_scenario(tmp_path)


def test_a_path_that_cannot_exist_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_scenario("a\0b")


def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfid: x\r\ntitle: y\r\nnope: 1\r\n")
    _, findings = load_scenario(file)
    assert [(f.code, f.span.line, f.span.column) for f in findings.items] == [("E201", 3, 1)]


def test_a_file_that_is_far_too_large(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    with file.open("wb") as stream:
        stream.truncate(30_000_000)
    scenario, findings = load_scenario(file)
    assert scenario is None
    assert [f.code for f in findings.items] == ["E110"]
