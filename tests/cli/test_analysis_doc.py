"""docs/analysis.md and docs/dataset.md: what they show runs, and every column is described as it is."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import simulator
from simulator.schema import TABLES

ROOT = Path(__file__).resolve().parents[2]
DATASET = (ROOT / "docs" / "dataset.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```\w+ file=(?P<file>\S+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page, beside the scenarios that they use."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    for block in BLOCK.finditer((ROOT / "docs" / "analysis.md").read_text(encoding="utf-8")):
        with (tmp_path / block["file"]).open("a", encoding="utf-8") as file:
            file.write(block["body"] + "\n")
    return tmp_path


def test_the_scenarios_have_no_findings(study: Path) -> None:
    assert not simulator.check("screening.yaml").items
    assert not simulator.check("cases.yaml").errors
    scenario, _ = simulator.compile("cases.yaml", size=10)
    assert scenario.diseases["cf"].onset.at == "birth"


def test_the_study_runs(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = runpy.run_path("study.py")
    cases, early = found["cases"], found["early"]
    assert early.age_at_diagnosis.median() < cases.age_at_diagnosis.median() < 1
    assert found["gained"] > 0.5
    assert found["spared"] > 5
    causes = cases.death_cause
    assert set(causes.cat.categories) == set(causes.dropna())  # not every transition there is
    assert (found["delay"].unit, found["delay"].n) == ("year", len(early))
    assert found["delay"].value < 0.5
    assert simulator.open("out/usual").digest == found["usual"].digest
    assert "deaths spared" in capsys.readouterr().out


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_described(table: str) -> None:
    section = DATASET.split(f"### {table}\n", 1)[1].split("\n#", 1)[0]
    shown = re.findall(r"^\| `(\w+)` \| ([\w\[\]<>]+)(, may be null)? \| (.+) \|$", section, re.MULTILINE)
    columns = TABLES[table]
    assert shown == [(c.name, c.type, ", may be null" if c.nullable else "", c.meaning) for c in columns]
