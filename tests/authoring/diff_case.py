"""The scenario that the tests of `diff` change, and how they change it."""

from __future__ import annotations

from pathlib import Path

from simulator.authoring.diff_model import differences
from simulator.scenario import parse_scenario
from simulator.scenario.model import Scenario

HERE = Path(__file__).parent
BASE = HERE / "diff_base.yaml"
TEXT = BASE.read_text(encoding="utf-8")
Row = tuple[str, str, str, str, str]


def read(text: str, others: dict[str, str] | None = None) -> Scenario:
    scenario, findings = parse_scenario(text, "joints.yaml", others)
    assert scenario is not None, findings.errors
    return scenario


def edited(*edits: tuple[str, str]) -> str:
    text = TEXT
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def changes(*edits: tuple[str, str]) -> list[Row]:
    found = differences(read(TEXT), read(edited(*edits)))
    return [(f"{d.section}.{d.name}".rstrip("."), d.what, d.kind, d.before, d.after) for d in found]
