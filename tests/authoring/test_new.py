"""`simulator new`: what it writes is right as it stands, and nothing is ever overwritten."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

import simulator
from simulator.authoring.new import KINDS, new, new_text, next_steps
from simulator.cli.main import main
from simulator.errors import UsageError
from simulator.scenario import parse_scenario
from simulator.scenario.keys import keys_of
from simulator.scenario.model import Care, Disease, Pathway, Treatment

LIBRARIES = [kind for kind in KINDS if kind != "scenario"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_valid_and_lacks_nothing_but_its_sources(kind: str, tmp_path: Path) -> None:
    path = new(kind, "gout", tmp_path / "gout.yaml")
    findings = simulator.check(path)
    assert findings.errors == ()
    text = path.read_text()
    assert {finding.code for finding in findings.items} == {"W204"}
    assert len(findings.items) == text.count('source: "FILL IN')
    assert "$" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_block_has_a_source_and_most_lines_a_word_of_explanation(kind: str) -> None:
    text = new_text(kind, "gout")
    lines = [line for line in text.splitlines() if line.strip()]
    assert sum("#" in line for line in lines) >= len(lines) / 3
    assert max(map(len, lines)) <= 120
    assert yaml.safe_load(text)["title"] == "Gout"


@pytest.mark.parametrize(
    ("kind", "block", "without"),
    [
        ("disease", Disease, {"follows", "state_codes", "symptoms", "phenotypes", "stage"}),
        ("treatment", Treatment, {"for", "again", "after_birth", "interacts"}),
        ("care", Care, {"multiplied", "if", "after", "order_sets", "stay", "when_lost", "closed"}),
        ("pathway", Pathway, {"again", "when_lost"}),
    ],
)
def test_every_key_is_shown_but_the_rarer_ones(kind: str, block: type, without: set[str]) -> None:
    text = new_text(kind, "gout")
    assert {key for key in keys_of(block) if f"{key}:" not in text} <= without


def test_a_scenario_runs_as_it_is(tmp_path: Path) -> None:
    path = new("scenario", "my-study", tmp_path / "my-study.yaml")
    log = simulator.run(path, size=500)
    assert len(log) == 500
    codes = set(log.to_pandas("events").code)
    assert {"ICD10CM//R69", "LOINC//1988-5", "RxNorm//161"} <= codes
    assert {each.verdict for each in simulator.test(path, size=600)} == {"pass"}


@pytest.mark.parametrize("kind", LIBRARIES)
def test_a_library_is_taken_over_by_a_scenario(kind: str, tmp_path: Path) -> None:
    new(kind, "gout", tmp_path / "gout.yaml")
    path = new("scenario", "my-study", tmp_path / "my-study.yaml")
    path.write_text(path.read_text().replace("# use: [my-disease, my-treatment]", "use: [gout]"))
    assert "use: [gout]\n" in path.read_text()
    assert simulator.check(path).errors == ()
    log = simulator.run(path, size=300)
    causes = set(log.to_pandas("events").cause.dropna()) | set(log.to_pandas("truth").cause)
    assert any(cause.startswith("gout") for cause in causes)


@pytest.mark.parametrize(
    ("kind", "name", "mended"),
    [
        ("disease", "Gout Flare", "gout_flare"),
        ("care", "gout-clinic", "gout_clinic"),
        ("treatment", "2nd", "treatment_2nd"),
        ("disease", "age", "my_age"),
        ("disease", "mortality", "my_mortality"),
        ("pathway", "", "pathway"),
        ("scenario", "My_Study", "my-study"),
        ("disease", "x" * 500 + "!", "x" * 500),
        ("disease", "../evil", "evil"),
    ],
)
def test_a_name_that_cannot_be_is_mended(kind: str, name: str, mended: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name") as caught:
        new_text(kind, name)
    assert caught.value.remedy == f"Write {mended}."
    assert parse_scenario(new_text(kind, mended))[0] is not None


def test_a_scenario_without_a_usable_letter_is_told_so() -> None:
    with pytest.raises(UsageError, match="lower-case letters") as caught:
        new_text("scenario", "???")
    assert caught.value.remedy == "Choose another name."


def test_there_is_no_other_kind() -> None:
    with pytest.raises(UsageError, match="no template 'drug'"):
        new_text("drug", "gout")


def test_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "disease", "gout"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("wrote gout.yaml\n")
    assert "simulator check gout.yaml" in said
    Path("gout.yaml").write_text("mine")
    assert main(["new", "treatment", "gout"]) == 2
    assert "gout.yaml exists" in capsys.readouterr().err
    assert Path("gout.yaml").read_text() == "mine"
    assert main(["new", "treatment", "gout", "--out", "allopurinol.yml"]) == 0
    assert Path("allopurinol.yml").exists()
    assert main(["new", "care", "gout", "--out", "nowhere/gout.yaml"]) == 2
    assert "there is no folder nowhere" in capsys.readouterr().err
    assert main(["new", "care", "gout", "--out", "gout.txt"]) == 2
    assert "Call it gout.txt.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["disease", "scenario"])
def test_what_it_says_to_do_next_works(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = new(kind, "gout")
    commands = [step for step, _ in next_steps(kind, path) if step.startswith("simulator ")]
    assert len(commands) >= 3
    for command in commands:
        words = shlex.split(command)[1:]
        small = ["--size", "200"] if words[0] in ("preview", "run", "test") else []
        assert main([*words, *small]) == 0, command
    capsys.readouterr()
