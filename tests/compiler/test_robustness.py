"""Whatever an author writes, lowering answers with findings, and says the same twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.compiler import compile_file, lower
from simulator.errors import Findings
from simulator.scenario import parse_scenario

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
LIBRARY = ROOT / "scenarios" / "library" / "cystic-fibrosis.yaml"
WORDS = re.compile(r"[A-Za-z0-9_.%]+")
TEXT = LIBRARY.read_text(encoding="utf-8")
PLACES = [match.span() for match in WORDS.finditer(TEXT)]
VOCABULARY = sorted({TEXT[a:b] for a, b in PLACES})


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_every_shipped_scenario_is_lowered_without_a_finding(file: Path) -> None:
    scenario, machine = compile_file(file)
    findings = Findings()
    assert lower(scenario, findings) == machine
    assert findings.items == []


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(VOCABULARY)), min_size=1, max_size=3))
def test_exchanged_words_are_findings_or_another_scenario(changes: list[tuple[tuple[int, int], str]]) -> None:
    text = TEXT
    for (a, b), word in sorted(set(changes), reverse=True):
        text = text[:a] + word + text[b:]
    scenario, findings = parse_scenario(text, str(LIBRARY))
    if scenario is None:
        assert findings.errors
        return
    machine = lower(scenario, findings, library=True)
    assert (machine is None) == bool(findings.errors)
    for finding in findings.items:
        assert finding.message
        assert finding.span.line >= 1
