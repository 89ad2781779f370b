"""docs/findings.md lists every code, and its examples do what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.errors import Findings
from simulator.scenario import parse_scenario

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
#: sections by code; those of the lowering (E5xx–E7xx, W3xx) are run by its own tests
SECTIONS = {
    match[1]: match[2] for match in re.finditer(r"^### ([EW]\d{3}) (.*?)(?=^##|\Z)", TEXT, re.M | re.S)
}
OURS = {code: body for code, body in SECTIONS.items() if code[:2] in ("E1", "E2", "E3", "E4", "W2")}


def examples(body: str, kind: str) -> list[str]:
    return re.findall(rf"```yaml {kind}\n(.*?)```", body, re.DOTALL)


def check(example: str) -> Findings:
    text = example
    if text.startswith("---"):
        text += "id: example\n"
    elif not re.match(r"id:|-|%", text):
        text = f"id: example\n{text}"
    return parse_scenario(text, str(ROOT / "tests" / "broken" / "example.yaml"))[1]


@pytest.mark.parametrize("code", OURS)
def test_bad_examples_have_the_finding_and_good_ones_have_none(code: str) -> None:
    body = OURS[code]
    bad, good = examples(body, "bad"), examples(body, "good")
    if "```text bad" in body:  # cannot be shown in a few lines of YAML
        assert code in {"E109", "E110", "E199", "E417"}
        return
    assert bad
    assert good
    for example in bad:
        assert code in {finding.code for finding in check(example).items}, example
    for example in good:
        assert not check(example).items, example


def test_every_code_of_the_reader_is_listed() -> None:
    used = {
        code
        for file in (ROOT / "simulator" / "scenario").glob("*.py")
        for code in re.findall(r'"([EW]\d{3})"', file.read_text(encoding="utf-8"))
    }
    assert used == set(OURS)


def test_every_code_has_a_broken_scenario() -> None:
    shown = {file.name[:4].upper() for file in (ROOT / "tests" / "broken").glob("*.yaml")}
    # these need files too large to keep; test_yaml_nodes, test_build and test_tables make them
    assert set(OURS) - shown == {"E110", "E199", "E417"}


def test_codes_are_in_order_and_listed_once() -> None:
    listed = re.findall(r"^### (E\d{3})", TEXT, re.M)
    assert listed == sorted(set(listed))
