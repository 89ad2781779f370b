"""What the fuzzers have found, so that it stays found."""

from __future__ import annotations

import json

import pytest

from simulator.cli.describe import plain
from simulator.errors import UsageError
from simulator.scenario.reading import read_text
from tests.fuzz.verdict import judged

HEAD = "id: found\npopulation: {size: 9, from: 2000-01-01, to: 2005-01-01, age: 0..80 years, source: x}\n"
FLU = "diseases:\n  flu: {onset: {rate: 1 per year, source: x}, states: [s], source: x}\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            FLU
            + "mortality: {rate: {per: year, by: time since flu.onset, table: {never: 0.1}}, source: x}\n",
            "E407",
        ),
        (FLU + "mortality: {rate: {per: year, by: time since flu.onset, table: {}}, source: x}\n", "E203"),
        ("diseases: {d: {onset: {after: {mixture: [{}]}}, states: [s]}}\n", "E203"),
        ("diseases: {d: {onset: {rate: 1 per year}, states: [s], diagnosis: [{at: []}]}}\n", "E204"),
        ("progressions: {p: {states: []}}\ndiseases: {d: {onset: {rate: 1 per year}, follows: p}}\n", "E221"),
        ("progressions: {p: {states: [a, a]}}\n", "E220"),
        ("communities: {count: 1__0}\n", "E205"),
        (
            "care: {c: {class: inpatient, on: [flu.onset], stay: {units: [w], "
            "course: [{w -> discharged: {after: 1 day}}], discharge: "
            "{home: {by: sex, table: {male: 0.5, female: 0.5}}}}}}\n" + FLU,
            "E703",
        ),
    ],
)
def test_a_finding_and_no_traceback(text: str, code: str) -> None:
    assert code in {finding.code for finding in judged(HEAD + text, "found.yaml").errors}


def test_statistics_as_json() -> None:
    scenario, _ = read_text(
        HEAD
        + "expect: {prevalence of sex == male: at least 10%}\ntargets: {t: {statistic: incidence of death, "
        "value: 4.9 per 1000 per year, accept: 1..9 per 1000 per year, source: x}}\n",
        "found.yaml",
    ).build()
    told = json.loads(json.dumps(plain(scenario)))
    assert told["expect"]["prevalence of sex == male"]["within"] == "at least 10%"
    assert told["targets"]["t"]["statistic"] == "incidence of death"
    assert told["targets"]["t"]["value"] == "0.0049 per year"


def test_an_arm_without_a_name() -> None:
    with pytest.raises(UsageError, match="there is no arm"):
        read_text(HEAD, "found.yaml").build(arm="")
