"""docs/reference.md is what the model says, its links lead somewhere, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.authoring.reference import EXPLAINED, anchor, reference
from simulator.cli.main import main
from simulator.compiler.lower import check_reading
from simulator.errors import Finding
from simulator.scenario import model
from simulator.scenario.block_names import block_names
from simulator.scenario.examples import Example, examples, stage
from simulator.scenario.keys import keys_of
from simulator.scenario.reading import read_text

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "reference.md").read_text(encoding="utf-8")


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference() == TEXT, "run `make reference`"
    assert main(["schema", "--reference"]) == 0
    assert capsys.readouterr().out == TEXT


def findings(block: type[model.Block]) -> list[Finding]:
    """What is wrong with the example of a block; sources are left out of examples."""
    text = examples()[block].text
    if block is not model.Scenario:
        used = "" if block is model.Use else "use: [stage]\n"
        text = f"id: example\n{used}{text}"
    reading = read_text(text, "example.yaml", {"stage.yaml": stage()})
    return [finding for finding in check_reading(reading).items if finding.code != "W201"]


@pytest.mark.parametrize("block", examples(), ids=lambda block: block.__name__)
def test_examples_are_free_of_findings(block: type[model.Block]) -> None:
    assert findings(block) == []
    assert f"```yaml\n{examples()[block].text}```" in TEXT


def test_a_mistake_in_an_example_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    example = examples()[model.Care]
    broken = Example(example.place, example.text.replace("copd diagnosed", "copt diagnosed"))
    monkeypatch.setitem(examples(), model.Care, broken)
    assert [finding.code for finding in findings(model.Care)] == ["E501"]


def test_the_stage_is_free_of_findings() -> None:
    reading = read_text(stage(), "stage.yaml")
    assert [finding for finding in check_reading(reading).items if finding.code != "W201"] == []
    assert stage() in TEXT


def test_every_block_has_an_example_that_shows_it() -> None:
    assert set(examples()) == set(block_names())


@pytest.mark.parametrize("block", block_names(), ids=lambda block: block.__name__)
def test_every_key_is_listed(block: type[model.Block]) -> None:
    for key in keys_of(block).values():
        assert re.search(rf"^\| `{key.name}` \| .* \| {re.escape(key.doc)}", TEXT, re.MULTILINE)


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([\w.]*)(?:#([^)]*))?\)", TEXT)
    assert len(links) > 100
    for page, place in links:
        text = TEXT if not page else (DOCS / page).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
        assert not place or place in {anchor(heading) for heading in headings}, (page, place)


def test_headings_are_told_apart() -> None:
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL), re.MULTILINE)
    assert len({anchor(heading) for heading in headings}) == len(headings)
    assert set(EXPLAINED) <= set(keys_of(model.Scenario))
