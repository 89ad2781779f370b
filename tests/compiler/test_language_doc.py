"""Every example of the chapter on diseases in docs/language.md is free of findings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.compiler import lower
from simulator.scenario import parse_scenario
from tests.compiler.lowered import PEOPLE

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
CHAPTER = TEXT[TEXT.index("The axes may also be") : TEXT.index("\n## Courses of care\n")]
EXAMPLES = re.findall(r"```yaml\n(.*?)```", CHAPTER, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_are_free_of_findings(example: str) -> None:
    scenario, findings = parse_scenario(f"id: example\n{PEOPLE}{example}")
    assert scenario is not None, findings.items
    assert lower(scenario, findings) is not None, findings.items
    assert [f for f in findings.items if f.code != "W201"] == []


def test_the_chapter_has_examples() -> None:
    assert len(EXAMPLES) >= 8
