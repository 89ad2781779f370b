"""Every key does something: without it, or with another number, a scenario means something else.

Each value of each block in the examples of the language is left out, and each number changed. Then the
machine is another one, or there is another finding. What makes no difference is listed, with the reason.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.compiler import lower
from simulator.compiler import machine as m
from simulator.errors import Findings
from simulator.scenario import model, parse_scenario
from simulator.scenario.block import Block
from simulator.scenario.examples import examples, stage
from simulator.scenario.syntax import Node, Number, Quantity
from simulator.scenario.walk import blocks_in
from tests.compiler.lowered import PEOPLE

#: keys for people, places in the file, and what is used up before a scenario is lowered
NOT_LOWERED = {
    "title", "source", "description", "because", "span", "path", "spans", "files", "file_sources", "axes",
    "format", "id", "use", "remove", "parameters", "arms", "expect", "targets", "progressions",
}  # fmt: skip
#: what may be left out because it says what is so anyway
DEFAULTS = {
    ("Hazard", "per"), ("Communities", "contacts"), ("Contacts", "within"), ("Onset", "to"), ("Round", "in_"),
}  # fmt: skip
#: what is put in its place before a scenario is lowered
TAKEN_OVER = {("Follows", "with_"), ("Disease", "follows"), ("Use", "as_"), ("Use", "with_")}
#: what nothing else in the example asks for: codes of what no care listens to, a step that no rise reaches
UNASKED = {
    ("Complication", "codes"), ("RecurrentEvent", "codes"), ("Disease", "codes"), ("Disease", "state_codes"),
    ("Dose", "steps"), ("Attribute", "unit"),
}  # fmt: skip

LANGUAGE = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
CHAPTER = LANGUAGE[LANGUAGE.index("## Diseases in full") : LANGUAGE.index("\n## Courses of care\n")]
SNIPPETS = re.findall(r"```yaml\n(.*?)```", CHAPTER, re.DOTALL)


def read(text: str) -> model.Scenario:
    scenario, findings = parse_scenario(text, "example.yaml", {"stage.yaml": stage()})
    assert scenario is not None, findings.items
    return scenario


def meaning(scenario: model.Scenario) -> tuple[m.Machine | None, frozenset[tuple[str, str]]] | None:
    """The machine and the findings; None if a key is missing that cannot be left out."""
    findings = Findings()
    try:
        machine = lower(scenario, findings)
    except AssertionError:
        return None
    return machine, frozenset((finding.code, finding.message) for finding in findings.items)


def other_numbers(value: Any) -> Iterator[Any]:
    """An expression with one of its numbers changed."""
    if isinstance(value, Number | Quantity):
        yield dataclasses.replace(value, value=value.value * 0.75 if value.value else 0.25)
    elif isinstance(value, Node):
        for field in dataclasses.fields(value):
            for part in other_numbers(getattr(value, field.name)):
                yield dataclasses.replace(value, **{field.name: part})
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            for part in other_numbers(item):
                yield (*value[:i], part, *value[i + 1 :])


def others(field: dataclasses.Field[Any], value: Any) -> Iterator[Any]:
    """The value of a key left out, without one of its items, or with another number."""
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    if value == default:
        return  # not written, or what is so anyway
    if isinstance(value, int | float):
        yield value * 2 + 1
    elif isinstance(value, Node | tuple):
        yield from other_numbers(value)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from ([*value[:i], part, *value[i + 1 :]] for part in other_numbers(item))
            if len(value) > 1:
                yield [*value[:i], *value[i + 1 :]]
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from ({**value, name: part} for part in other_numbers(item))
            if len(value) > 1:
                yield {key: each for key, each in value.items() if key != name}
    if default is not dataclasses.MISSING:
        yield default


def ignored(scenario: model.Scenario) -> set[str]:
    """The keys of the example that make no difference, as ``Block.key``."""
    base = meaning(scenario)
    assert base is not None
    assert base[0] is not None, base[1]
    found = set()
    for block in blocks_in(scenario):
        if block.span.file != "example.yaml" or block is scenario:
            continue
        if block.path.partition(".")[0] in NOT_LOWERED:
            continue
        for field in dataclasses.fields(block):
            key = type(block).__name__, field.name
            if field.name in NOT_LOWERED or key in DEFAULTS | TAKEN_OVER | UNASKED:
                continue
            if is_ignored(scenario, block, field, base):
                found.add(".".join(key))
    return found


def is_ignored(scenario: model.Scenario, block: Block, field: dataclasses.Field[Any], base: object) -> bool:
    """Whether some other value of a key makes no difference."""
    written = getattr(block, field.name)
    found = False
    for other in others(field, written):
        setattr(block, field.name, other)
        found = found or meaning(scenario) == base
    setattr(block, field.name, written)
    return found


@pytest.mark.parametrize(
    "block", [b for b in examples() if b is not model.Scenario], ids=lambda b: b.__name__
)
def test_every_key_of_an_example_makes_a_difference(block: type[Block]) -> None:
    used = "" if block is model.Use else "use: [stage]\n"
    assert ignored(read(f"id: example\n{used}{examples()[block].text}")) == set()


@pytest.mark.parametrize("text", SNIPPETS, ids=range(len(SNIPPETS)))
def test_every_key_of_the_chapter_on_diseases_makes_a_difference(text: str) -> None:
    assert ignored(read(f"id: example\n{PEOPLE}{text}")) == set()


def test_a_key_that_makes_no_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.compiler.allergies.on_chart", lambda low, treatment: [])
    monkeypatch.setattr("simulator.compiler.supplies.lower", lambda *arguments: None)
    monkeypatch.setattr("simulator.compiler.supplies.declare", lambda *arguments: None)
    text = (
        "id: example\nuse: [stage]\ntreatments: {insulin: {start: {when: t2d diagnosed}, supply: 30 days}}\n"
    )
    assert "Treatment.supply" in ignored(read(text))
