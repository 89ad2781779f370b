"""`--set`, `--arm`, `--arms` and `--sweep`: the same patients with other numbers, or one thing changed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import simulator as sim
from simulator.cli import main as cli
from simulator.errors import UsageError
from tests.invariance.runs import files

SCENARIO = """
format: 1
id: colds
parameters:
  onset_rate: {value: 0.5 per year, between: 0..2 per year, source: made up}
  uptake: {value: 50%, source: made up}
population: {size: 30, from: 2010-01-01, to: 2014-01-01, age: 40 years, sex: {male: 50%, female: 50%}}
diseases:
  cold:
    source: made up
    onset: {rate: onset_rate}
    states: [ill]
    course: [{ill -> absent: {after: 7 days}}]
    diagnosis: [{at: [clinic], probability: 90%}]
treatments:
  syrup: {start: {when: cold diagnosed, uptake: uptake}, stop: [{after: 5 days}], source: made up}
care:
  clinic: {class: ambulatory, on: [cold.onset]}
arms:
  base: {title: as usual}
  no_syrup: {title: without syrup, set: {uptake: 0%}}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "colds.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def test_what_is_set_is_recorded_so_that_the_run_can_be_repeated(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    given = ["--set", "onset_rate=1/year", "--set", "uptake=80%", "--arm", "no_syrup", "--seed", "3"]
    assert cli.main(["run", str(scenario), "--out", str(one), *given]) == 0
    made = sim.open(one).manifest["provenance"]
    assert made["options"] == {"set": {"onset_rate": "1 per year", "uptake": "80%"}, "arm": "no_syrup"}
    assert made["scenario"]["title"] == "colds: without syrup"
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(made["command"])
    assert program == "simulator"
    assert cli.main([*arguments, "--out", str(two)]) == 0
    assert files(one) == files(two)


def test_python_and_the_command_line_agree(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli.main(["run", str(scenario), "--out", str(out), "--set", "onset_rate=1 per year"]) == 0
    log = sim.run(scenario, set={"onset_rate": "1 per year"})
    assert log.digest == sim.open(out).digest
    assert log.digest != sim.run(scenario).digest
    alone = sim.regenerate(scenario, 7, set={"onset_rate": "1 per year"})
    assert alone.events.to_pylist() == log.patient(7).events.to_pylist()


def test_every_arm_has_a_folder(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert cli.main(["run", str(scenario), "--out", str(out), "--arms", "--seed", "4"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines if line[:1] in (["base"], ["no_syrup"])] == [
        ["base", "30"],
        ["no_syrup", "30"],
    ]
    assert sorted(path.name for path in out.iterdir()) == ["base", "no_syrup", "runs.json"]
    index = json.loads((out / "runs.json").read_text(encoding="utf-8"))
    assert [(run["folder"], run["arm"], run["set"]) for run in index["runs"]] == [
        ("base", "base", {}),
        ("no_syrup", "no_syrup", {}),
    ]
    for run in index["runs"]:
        dataset = sim.open(out / run["folder"])
        assert dataset.digest == run["digest"] == sim.run(scenario, seed=4, arm=run["arm"]).digest
        assert cli.main(["verify", str(out / run["folder"])]) == 0


def test_a_sweep_makes_every_combination(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    given = ["--sweep", "uptake=10%,90%", "--sweep", "onset_rate=0.1/year,1 per year", "--arms", "--json"]
    assert cli.main(["run", str(scenario), "--out", str(out), *given]) == 0
    facts = json.loads(capsys.readouterr().out)
    folders = [run["folder"] for run in facts["runs"]]
    assert folders[:3] == [
        "uptake=10%/onset_rate=0.1_per_year/base",
        "uptake=10%/onset_rate=0.1_per_year/no_syrup",
        "uptake=10%/onset_rate=1_per_year/base",
    ]
    assert len(folders) == 8
    digests = {run["folder"]: run["digest"] for run in facts["runs"]}
    expected = sim.run(scenario, set={"uptake": "90%", "onset_rate": "0.1 per year"}).digest
    assert digests["uptake=90%/onset_rate=0.1_per_year/base"] == expected
    assert len(set(digests.values())) == 6  # without syrup, the uptake of syrup changes nothing


def test_runs_are_replaced_only_if_they_are_runs(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = ["run", str(scenario), "--out", str(out), "--size", "5", "--sweep"]
    assert cli.main([*given, "uptake=10%,20%"]) == 0
    assert cli.main([*given, "uptake=30%"]) == 2
    assert cli.main([*given, "uptake=30%", "--force"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["runs.json", "uptake=30%"]
    (out / "runs.json").write_text("{}", encoding="utf-8")
    assert cli.main([*given, "uptake=40%", "--force"]) == 2
    assert (out / "uptake=30%").exists()


def test_nothing_is_left_of_runs_that_failed(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    assert cli.main(["run", str(scenario), "--out", str(out), "--sweep", "onset_rate=1/year,9/year"]) == 2
    assert not out.parent.exists()

    def stop(folder: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        sim.sweep(scenario, out, arms=True, size=5, watch=stop)  # type: ignore[arg-type]
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "uptke=3"], "--set uptke:1:1: error E128: the scenario has no parameter `uptke`"),
        (["--set", "onset_rate=3/year"], "which is outside its bounds"),
        (["--set", "uptake"], "'uptake' is not NAME=VALUE"),
        (["--set", "uptake=1%", "--set", "uptake=2%"], "uptake is given twice"),
        (["--arm", "nosyrup"], "Did you mean no_syrup?"),
        (["--arm", "no_syrup", "--arms"], "--arm and --arms are given"),
        (["--sweep", "uptake=1%,,2%"], "has an empty value"),
        (["--sweep", "uptake=1%,1%"], "uptake=1% is given twice"),
        (["--sweep", "uptake=1%", "--set", "uptake=2%"], "uptake is both set and swept"),
        (["--sweep", "uptake=1%,101%"], "E603"),
    ],
)
def test_what_cannot_be_run(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    try:
        code = cli.main(["run", str(scenario), "--out", str(tmp_path / "out"), *options])
    except SystemExit as error:  # argparse
        code = int(error.code or 0)
    assert code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_scenario_without_arms(tmp_path: Path, scenario: Path) -> None:
    scenario.write_text(SCENARIO.split("arms:")[0], encoding="utf-8")
    with pytest.raises(UsageError, match="has no arms"):
        sim.sweep(scenario, tmp_path / "out", arms=True)


def test_check_and_describe_take_values_too(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(scenario)]) == 0
    assert cli.main(["check", str(scenario), "--set", "uptake=3 days"]) == 1
    assert "uptake" in capsys.readouterr().out
    assert cli.main(["describe", str(scenario), "--set", "uptake=33%"]) == 0
    assert "33%" in capsys.readouterr().out
    assert cli.main(["describe", str(scenario), "--arm", "no_syrup"]) == 0
    assert "33%" not in capsys.readouterr().out


def test_an_arm_that_breaks_the_scenario_is_found_by_check(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario.write_text(SCENARIO + "  no_clinic: {remove: [care.clinic]}\n", encoding="utf-8")
    assert cli.main(["check", str(scenario)]) == 1
    assert "E790: the arm `no_clinic` breaks the scenario" in capsys.readouterr().out
