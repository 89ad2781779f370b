"""Whatever comes in, the result is a scenario or findings: never a traceback, never slow."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cli.findings_view import findings_json, render_findings
from simulator.errors import Findings
from simulator.scenario import Scenario, model, parse_scenario
from simulator.scenario.keys import keys_of

ROOT = Path(__file__).resolve().parents[2]


def example() -> str:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(format: 1.*?)```", text, re.DOTALL)
    assert found is not None
    return re.sub(r"^use:.*$", "", found[1], flags=re.MULTILINE)


def assert_holds(text: str, result: tuple[Scenario | None, Findings]) -> None:
    scenario, findings = result
    assert (scenario is None) == bool(findings.errors)
    lines = text.split("\n")
    for finding in findings.items:
        assert re.fullmatch(r"[EW]\d{3}", finding.code)
        assert finding.message
        if finding.span.file == "f.yaml":
            assert 1 <= finding.span.line <= len(lines) + 1
            assert finding.span.column >= 1
    render_findings(findings.items, {"f.yaml": text})
    json.loads(findings_json(findings.items))


_KEYS = sorted(
    {
        name
        for block in vars(model).values()
        if isinstance(block, type) and issubclass(block, model.Block)
        for name in keys_of(block)
    }
    | {
        "by",
        "table",
        "csv",
        "columns",
        "per",
        "gompertz",
        "weibull",
        "normal",
        "mild -> severe",
        "cf",
        "0.. years",
    }
)
_scalars = st.one_of(
    st.sampled_from(
        ["0.1 per year", "cf", "mild", "1", "-3", "40 years", "2019-10-21", "normal(1, 2)", "on eti", "male",
         "age",
         "birth", "", "year", "cf.onset", "0..2 years", "85%", "ambulatory", "mg/dL", "[", "no"]
    ),
    st.text(max_size=8),
)  # fmt: skip
_structures = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(list(keys_of(model.Scenario))), _structures, max_size=5))
@settings(max_examples=150)
def test_any_structure(data: dict[str, object]) -> None:
    text = json.dumps(data, ensure_ascii=False)
    assert_holds(text, parse_scenario(text, "f.yaml"))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_text(text: str) -> None:
    assert_holds(text, parse_scenario(text, "f.yaml"))


_PIECES = re.findall(r"\w+|\s+|[^\w\s]", example())
_INSERTS = st.sampled_from([*"[]{}'\":#|>%0,\n", "\n  ", "- ", "..", "per", "&a ", "*a", "!!x ", "years"])


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(_PIECES) - 1), st.none() | _INSERTS | st.sampled_from(_PIECES), st.booleans()
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=200)
def test_a_valid_scenario_with_slips_of_the_pen(slips: list[tuple[int, str | None, bool]]) -> None:
    pieces = list(_PIECES)
    for place, piece, insert in slips:
        if piece is None:
            pieces[place] = ""
        elif insert:
            pieces[place] += piece
        else:
            pieces[place] = piece
    text = "".join(pieces)
    assert_holds(text, parse_scenario(text, "f.yaml"))


def test_a_thousand_lines_are_read_at_once() -> None:
    text = example()
    begin, end = text.index("diseases:\n") + len("diseases:\n"), text.index("measurements:")
    many = "".join(text[begin:end].replace("  cf:", f"  cf_{i}:", 1) for i in range(45))
    text = text[:begin] + many + text[end:]
    assert text.count("\n") > 1000
    begun = time.process_time()
    _, findings = parse_scenario(text, "f.yaml")
    assert time.process_time() - begun < 0.5
    assert {finding.code for finding in findings.errors} == {"E411"}  # the tables are not beside it


@pytest.mark.parametrize(
    "text",
    [
        "id: x\na: " + "[" * 500_000,
        "? " * 200_000,
        "- " * 200_000,
        "id: x\nmortality: {rate: " + "(" * 100_000 + "}",
        "id: x\nl: [" + "*a," * 200_000 + "]",
        "id: &a x\n" + "a: *a\n" * 100_000,
        "id: x\n" + "".join(f"k{i}: 1\n" for i in range(60_000)),
        'id: "' + "\\x41" * 200_000 + '"',
    ],
    ids=["brackets", "questions", "dashes", "parentheses", "aliases", "duplicates", "unknown", "escapes"],
)
def test_hostile_files_take_no_time(text: str) -> None:
    begun = time.process_time()
    scenario, findings = parse_scenario(text, "f.yaml")
    assert time.process_time() - begun < 5
    assert scenario is None
    assert 1 <= len(findings.items) < 1100
