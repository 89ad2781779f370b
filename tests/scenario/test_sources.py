"""Numbers without a source are warned of, unless their file names one for all of them."""

from __future__ import annotations

import pytest

from simulator.scenario import parse_scenario

NUMBERS = "attributes:\n  NAME: {value: 'normal(3, 1)'}\n"


@pytest.mark.parametrize(
    ("own", "used", "lacking"),
    [
        ("", "", ["attributes.bmi", "attributes.height"]),
        ("source: a survey\n", "", ["attributes.height"]),
        ("", "source: a survey\n", ["attributes.bmi"]),
        ("source: a survey\n", "source: another survey\n", []),
    ],
)
def test_the_source_of_a_file_is_that_of_its_numbers_and_of_no_other_files(
    own: str, used: str, lacking: list[str]
) -> None:
    text = f"id: mine\nuse: [parts]\n{own}{NUMBERS.replace('NAME', 'bmi')}"
    others = {"parts.yaml": f"id: parts\n{used}{NUMBERS.replace('NAME', 'height')}"}
    scenario, findings = parse_scenario(text, "mine.yaml", others)
    assert scenario is not None, findings.items
    assert sorted(f.path or "" for f in findings.items if f.code == "W201") == lacking


def test_a_source_of_a_file_that_is_still_to_be_filled_in_is_warned_of() -> None:
    _, findings = parse_scenario(f"id: mine\nsource: FILL IN\n{NUMBERS.replace('NAME', 'bmi')}")
    assert [f.code for f in findings.items] == ["W204"]
