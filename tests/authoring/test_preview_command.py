"""`simulator preview`: the short form, the page, JSON, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import simulator
from simulator.cli import main as cli
from simulator.cli.preview import bar, spark
from simulator.errors import UsageError
from tests.authoring.preview_case import SCENARIO, SEED, SIZE, case

RUN = ["preview", str(SCENARIO), "--size", str(SIZE), "--seed", str(SEED), "--workers", "1"]


def test_the_short_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(RUN) == 0
    told = capsys.readouterr()
    lung = next(d for d in case().preview.diseases if d.name == "lung")
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert lines[0] == "A lung disease & its <care> · preview · seed 5"
    assert lines[1].startswith(
        f"300 patients · {case().preview.population.person_years:,.0f} person-years · "
    )
    assert any(line.startswith("pass prevalence of lung at 60..69 years: ") for line in lines)
    assert any(line.startswith("fail incidence of lung at 30..39 years: ") for line in lines)
    [row] = [line for line in lines if line.startswith("Lung disease ") and "%" in line and "▁" in line]
    assert row.split()[2] == str(lung.people)
    assert "nobody had: Never seen" in lines
    assert any(line.startswith("Inhaler ") for line in lines)
    assert lines[-1] == f"simulator preview {SCENARIO} --out preview-preview.html"
    assert told.err == ""
    assert max(map(len, told.out.splitlines()[:-1])) <= 120


def test_the_page_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    assert cli.main([*RUN, "--out", str(out)]) == 0
    assert "wrote " in capsys.readouterr().out
    first = out.read_text("utf-8")
    assert first.startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
    assert cli.main([*RUN, "--out", str(out)]) == 2
    assert "exists, and is left as it is\n  choose another name, or say --force" in capsys.readouterr().err
    out.write_text("old", "utf-8")
    assert cli.main([*RUN, "--out", str(out), "--force"]) == 0
    assert out.read_text("utf-8") == first


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (".", "is a folder"),
        ("missing/page.html", "there is no folder"),
        ("page.pdf", "page.pdf is not the name of a page"),
    ],
)
def test_refused_before_the_run(out: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        simulator.preview(SCENARIO, out=tmp_path / out, size=10**9)
    assert list(tmp_path.iterdir()) == []


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*RUN, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    lung = next(d for d in case().preview.diseases if d.name == "lung")
    assert told["patients"] == SIZE
    assert told["diseases"]["lung"]["onsets"] == lung.onsets
    assert told["diseases"]["lung"]["prevalence"]["value"] == pytest.approx(lung.prevalence.value)
    assert [o["verdict"] for o in told["outcomes"]] == ["pass", "fail", "pass", "pass"]
    assert told["diseases"]["unseen"]["median_years"]["survival"] is None


def test_what_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["preview", str(tmp_path / "none.yaml")]) == 2
    assert "there is no file" in capsys.readouterr().err
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        SCENARIO.read_text("utf-8").replace("states: [mild, severe]", "states: [mild]"), "utf-8"
    )
    assert cli.main(["preview", str(broken), "--out", str(tmp_path / "page.html")]) == 2
    assert "broken.yaml:" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


#: as little as can be said: nothing but people
PEOPLE = """
format: 1
id: people
population:
  size: 30
  from: 2000-01-01
  to: 2000-03-01
  age_sex: {by: [sex, age], table: {male: {30..39 years: 1}, female: {30..39 years: 0}}}
"""


def test_nothing_but_people(tmp_path: Path) -> None:
    scenario = tmp_path / "people.yaml"
    scenario.write_text(PEOPLE, "utf-8")
    found = simulator.preview(scenario, out=tmp_path / "page.html", size=30, workers=1)
    assert found.population.deaths == 0
    assert sum(found.population.last.male) == 30
    assert found.diseases == found.treatments == found.measurements == ()
    assert "Nobody died." in (tmp_path / "page.html").read_text("utf-8")


def test_sparks_and_bars() -> None:
    assert spark([0, 1, 2, float("nan"), 8]) == "▁▁▂ █"
    assert spark([0, 0]) == "▁▁"
    assert [bar(5, 10, 4), bar(0, 10, 4), bar(0.01, 10, 4), bar(1, 0, 4)] == ["██", "", "█", ""]


def test_the_example_in_the_docs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (root / "docs" / "preview.md").read_text("utf-8")
    [example] = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert "size=2_000" in example
    (tmp_path / "scenarios").symlink_to(root / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(example.replace("size=2_000", "size=100"), names)
    assert names["t2d"].people > 0  # type: ignore[attr-defined]
    assert (tmp_path / "diabetes.html").stat().st_size < 3_000_000


@pytest.mark.slow
def test_every_scenario(scenarios: Path, tmp_path: Path) -> None:
    for path in sorted(scenarios.glob("*.yaml")):
        out = tmp_path / f"{path.stem}.html"
        found = simulator.preview(path, out=out, size=150, seed=1, workers=1)
        assert found.population.people == 150
        assert 30_000 < out.stat().st_size < 3_000_000
