"""scenarios/README.md: names every scenario, links to nothing else, and shows what `check --library` says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.cli.main import main

FOLDER = Path(__file__).resolve().parents[2] / "scenarios"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_scenario_is_named() -> None:
    linked = set(re.findall(r"\]\(([\w/-]+\.yaml)\)", PAGE))
    assert linked == {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*.yaml")}


def test_what_a_library_leaves_to_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [shown] = re.findall(r"^\$ simulator (check [^\n]*)\n(.*?)⋮", PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(FOLDER.parent)
    assert main(shown[0].split()) == 0
    assert capsys.readouterr().out.startswith(shown[1])


@pytest.mark.parametrize("file", sorted((FOLDER / "library").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_file_of_the_library_is_right_by_itself(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--library", str(file)]) == 0
    assert "error" not in capsys.readouterr().out
