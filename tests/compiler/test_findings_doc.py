"""docs/findings.md lists every code of the lowering, and its examples do what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.compiler.lower import check_reading
from simulator.errors import Findings
from simulator.scenario.reading import read_text

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
SECTIONS = {
    match[1]: match[2]
    for match in re.finditer(r"^### ((?:E[5-7]|W3)\d\d) (.*?)(?=^##|\Z)", TEXT, re.M | re.S)
}


def examples(body: str, kind: str) -> list[str]:
    return re.findall(rf"```yaml {kind}\n(.*?)```", body, re.DOTALL)


def check(example: str) -> Findings:
    reading = read_text(f"id: example\n{example}", str(ROOT / "tests" / "broken" / "x.yaml"))
    scenario, findings = reading.build()
    assert scenario is not None, findings.items
    return check_reading(reading)


@pytest.mark.parametrize("code", SECTIONS)
def test_bad_examples_have_the_finding_and_good_ones_have_none(code: str) -> None:
    bad, good = examples(SECTIONS[code], "bad"), examples(SECTIONS[code], "good")
    assert bad
    assert good
    for example in bad:
        findings = check(example)
        assert code in {finding.code for finding in findings.items}, example
        assert {finding.code for finding in findings.errors} <= {code}, example
    for example in good:
        assert not check(example).items, example


def test_every_code_of_the_lowering_is_listed() -> None:
    used = {
        code
        for file in (ROOT / "simulator" / "compiler").rglob("*.py")
        for code in re.findall(r'"([EW]\d{3})"', file.read_text(encoding="utf-8"))
    }
    assert used - {"E111"} == set(SECTIONS)  # E111, nested too deep, is found by whoever comes to it first


def test_every_code_has_a_broken_scenario() -> None:
    shown = {file.name.split("_")[1].upper() for file in (ROOT / "tests" / "broken").glob("sem_*.yaml")}
    assert shown == set(SECTIONS)
    assert len(list((ROOT / "tests" / "broken").glob("sem_*.yaml"))) >= 40
