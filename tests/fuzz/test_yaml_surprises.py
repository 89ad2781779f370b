"""What other YAML readers turn into something else is read as it is written."""

from __future__ import annotations

import pytest

from simulator.errors import Findings
from simulator.scenario import Scenario, parse_scenario
from simulator.scenario.syntax import Number, Quantity


def read(text: str) -> tuple[Scenario | None, Findings]:
    return parse_scenario(f"id: example\n{text}")


@pytest.mark.parametrize(
    "word",
    [
        "NO",
        "no",
        "Yes",
        "on",
        "off",
        "~",
        "null",
        "true",
        "20:30",
        "0o17",
        "017",
        "1e3",
        "=",
        "2001-01-01",
        "1_000",
        ".inf",
        "<<",
    ],
)
def test_texts_stay_as_they_are(word: str) -> None:
    scenario, findings = read(f"title: {word}   \ndescription: '{word}'\n")
    assert not findings.items
    assert scenario is not None
    assert (scenario.title, scenario.description) == (word, word)


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 0.001), ("1E5", 1e5), ("017", 17.0), ("1_000", 1000.0), ("-0", 0.0)]
)
def test_numbers_are_those_of_arithmetic(text: str, value: float) -> None:
    scenario, findings = read(f"parameters: {{x: {{value: {text}   , source: s}}}}\n")
    assert scenario is not None, findings.items
    found = scenario.parameters["x"].value
    assert isinstance(found, Number) or text == "-0"
    if isinstance(found, Number):
        assert found.value == value


def test_states_and_categories_may_be_called_no() -> None:
    scenario, findings = read("attributes: {smoker: {draw: {NO: 60%, YES: 40%}, source: s}}\n")
    assert scenario is not None, findings.items
    draw = scenario.attributes["smoker"].draw
    assert isinstance(draw, dict)
    assert draw == {"NO": Quantity(60.0, "%"), "YES": Quantity(40.0, "%")}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("communities: {count: 0o17}", "E205"),
        ("communities: {count: 0x1F}", "E205"),
        ("communities: {count: 1e3}", "E205"),
        ("mortality: {rate: 20:30}", "E301"),
        ("mortality: {rate: ~}", "E301"),
        ("mortality: {rate: .inf}", "E301"),
        ("title: x\ntitle: y", "E102"),
        ("title: &a x", "E103"),
        ("title: *a", "E103"),
        ("title: !!str x", "E104"),
        ("<<: {title: x}", "E105"),
        ("population:\n\tsize: 3", "E106"),
        ("title: x\n---\ntitle: y", "E107"),
        ("title: a\x07b", "E109"),
    ],
)
def test_the_rest_is_a_finding(text: str, code: str) -> None:
    scenario, findings = read(text)
    assert scenario is None
    assert code in {finding.code for finding in findings.items}
