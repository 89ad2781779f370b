"""Whatever comes in, `check` answers with findings or success, and says the same twice."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.compiler.lower import check_reading
from simulator.errors import Findings, Span
from simulator.scenario.expression import parse_text
from simulator.scenario.expression_text import format_expression
from simulator.scenario.reading import read_scenario
from simulator.scenario.statement import parse_amount, parse_bounds, parse_statement
from tests.fuzz.blocks import CONDITIONS, DURATIONS, EVENTS, NUMBERS, RATES, STATISTICS, drawn
from tests.fuzz.mutants import ODD, dump, mutated, slipped
from tests.fuzz.seeds import Seed, examples, seeds
from tests.fuzz.verdict import assert_judged

HALF = max(1, settings.default.max_examples // 2) if settings.default else 50
_numbers = st.integers(0, 2**20)
_steps = st.lists(st.tuples(_numbers, _numbers, _numbers), min_size=1, max_size=3)
# the long ones take ten times the time
_seeds = st.sampled_from([seed for seed in seeds() if len(seed.text) < 4000])
_long = st.sampled_from([seed for seed in seeds() if len(seed.text) >= 4000])


@given(_long, _steps)
@settings(max_examples=max(1, HALF // 5))
def test_mutated_long_scenarios(seed: Seed, steps: list[tuple[int, int, int]]) -> None:
    assert_judged(mutated(seed.text, steps), seed.file)


@given(_seeds, _steps)
def test_mutated_scenarios(seed: Seed, steps: list[tuple[int, int, int]]) -> None:
    assert_judged(mutated(seed.text, steps), seed.file)


@given(_seeds, _steps)
def test_scenarios_with_slips_of_the_pen(seed: Seed, steps: list[tuple[int, int, int]]) -> None:
    assert_judged(slipped(seed.text, steps), seed.file)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.2]))
def test_scenarios_drawn_from_the_model(number: int, odd: float) -> None:
    assert_judged(dump(drawn(Random(number), odd=odd)).removeprefix("\n"), "drawn.yaml")


_plain = st.one_of(st.sampled_from(ODD), st.text(st.characters(codec="utf-8"), max_size=20))
_nodes = st.recursive(
    _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_plain, inner, max_size=3),
    max_leaves=12,
)


def _flow(node: object) -> str:
    """As YAML in one line, nothing in quotes that YAML can do without."""
    if isinstance(node, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in node.items()) + "}"
    return "[" + ", ".join(map(_flow, node)) + "]" if isinstance(node, list) else str(node)


@given(st.sampled_from(examples()), st.sampled_from(["diseases", "care", "use", "arms", "id", "x"]), _nodes)
@settings(max_examples=HALF)
def test_any_yaml(seed: Seed, key: str, node: object) -> None:
    assert_judged(f"{key}: {_flow(node)}\n{seed.text}", seed.file)


@given(st.binary(max_size=200))
@settings(max_examples=HALF)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("bytes") / "any.yaml"
    file.write_bytes(data)
    findings = check_reading(read_scenario(file))
    assert findings.errors


# --- expressions and statements -----------------------------------------------------------

_WORDS = (
    *CONDITIONS,
    *EVENTS,
    *NUMBERS,
    *DURATIONS,
    *RATES,
    *ODD,
    *STATISTICS,
    "and",
    "or",
    "not",
    "in [",
    "]",
    "(",
    ")",
    ",",
    "..",
    "per",
    "year",
    "==",
    ">=",
    "<",
    "+",
    "-",
    "*",
    "/",
    "**",
    "±",
    "at least",
    "among",
    "at 5..9 years",
    "%",
)
_phrases = st.lists(st.one_of(st.sampled_from(_WORDS), st.text(max_size=4)), min_size=1, max_size=8).map(
    " ".join
)


@given(_phrases)
def test_any_expression(text: str) -> None:
    findings = Findings()
    tree = parse_text(text, findings, "f.yaml")
    assert (tree is None) == bool(findings.errors)
    if tree is not None:
        again = Findings()
        assert parse_text(format_expression(tree), again, "f.yaml") == tree, again.items


@given(_phrases)
def test_any_expression_in_a_scenario(text: str) -> None:
    """Where a condition, a number, a rate, a duration, a dose and an event belong."""
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    scenario = "\n".join(
        f"  {line}"
        for line in (
            "d0:",
            f"  onset: {{rate: {quoted}, multiplied: [{{by: {quoted}, while: {quoted}}}]}}",
            "  states: [mild, severe]",
            f"  course: [{{mild -> severe: {{after: {quoted}}}}}, {{severe -> absent: {{on: {quoted}}}}}]",
            f"  events: {{flare: {{rate: 1 per year, lasts: {quoted}, fatal: {quoted}}}}}",
        )
    )
    people = f"population: {{size: 5, from: 2000-01-01, to: 2005-01-01, age: {quoted}}}"
    assert_judged(f"id: drawn\n{people}\ndiseases:\n{scenario}\n", "drawn.yaml")


@given(_phrases)
def test_any_statistic(text: str) -> None:
    for parse in (parse_statement, parse_bounds, parse_amount):
        findings = Findings()
        found = parse(text, lambda a, b: Span("f.yaml", 1, a + 1, 1, b + 1), findings)
        assert (found is None) == bool(findings.errors)
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    targets = f"{{t: {{statistic: {quoted}, value: {quoted}, accept: {quoted}, source: x}}}}"
    people = "population: {size: 5, from: 2000-01-01, to: 2005-01-01, age: 5 years}"
    assert_judged(f"id: drawn\n{people}\nexpect: {{{quoted}: {quoted}}}\ntargets: {targets}\n", "drawn.yaml")
