"""`simulator check` and `simulator describe`: what is wrong with a scenario, and what is in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import main as cli
from simulator.cli.describe import plain, sources
from simulator.scenario import load_scenario

FINE = """\
id: fine
population: {size: 10, from: 2000-01-01, to: 2001-01-01, age: 40 years, sex: {male: 1, female: 0}, source: x}
"""
BROKEN = """\
id: broken
population: {size: 10, from: 2000-01-01, to: 2001-01-01, age: 40 yeers, sex: {male: 1, female: 0}, source: x}
diseasse: {}
"""


@pytest.fixture
def fine(tmp_path: Path) -> Path:
    path = tmp_path / "fine.yaml"
    path.write_text(FINE)
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    return path


def test_nothing_wrong_is_exit_0(fine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(fine)]) == 0
    assert capsys.readouterr().out == "no findings\n"


def test_everything_wrong_is_said_at_once(
    fine: Path, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(fine), str(broken)]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert f"{broken}:2:" in captured.out
    assert f"{broken}:3:1: error" in captured.out
    assert "did you mean `diseases`?" in captured.out
    assert captured.out.endswith("2 errors\n")


def test_findings_as_json(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(broken), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(f["line"], f["severity"]) for f in found] == [(2, "error"), (3, "error")]
    assert found[1]["nearest"] == "diseases"


def test_a_missing_file_is_bad_input_but_the_others_are_checked(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(tmp_path / "brokn.yaml"), str(broken)]) == 2
    captured = capsys.readouterr()
    assert captured.err == (
        f"simulator check: S200 there is no file {tmp_path}/brokn.yaml\n  Did you mean {broken}?\n"
    )
    assert f"{broken}:3:1: error" in captured.out


def test_a_finding_in_a_shared_library_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shared.yaml").write_text("id: shared\ndiseasse: {}\n")
    files = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(FINE.replace("id: fine", f"id: {name}\nuse: [shared]"))
        files.append(str(path))
    assert cli.main(["check", *files]) == 1
    assert capsys.readouterr().out.endswith("1 error\n")


def test_checking_loads_no_engine(fine: Path) -> None:
    heavy = ("numba", "pandas", "pyarrow", "mesa")
    code = (
        "import sys\nfrom simulator.cli.main import main\n"
        f"code = main(['check', {str(fine)!r}])\n"
        f"print(code, sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"


def test_describe_shows_every_block(scenarios: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scenarios / "demo.yaml"
    scenario, _ = load_scenario(path)
    assert scenario is not None
    assert cli.main(["describe", str(path)]) == 0
    out = capsys.readouterr().out
    words = set(out.replace(",", " ").replace(":", " ").split())
    for blocks in (
        scenario.attributes,
        scenario.diseases,
        scenario.measurements,
        scenario.treatments,
        scenario.care,
    ):
        assert blocks
        assert set(blocks) <= words
    for disease in scenario.diseases.values():
        assert set(disease.states) <= words
    assert f"{scenario.population.size:,} patients" in out if scenario.population else False


def test_describe_says_arrows_as_they_were_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "cf.yaml"
    path.write_text(
        FINE
        + """\
diseases:
  cf:
    onset: {at: birth, probability: 1/3000, to: mild}
    states: [mild, severe]
    course:
      - mild -> severe:
          rate: 0.06 per year
          multiplied: [{by: 1.6, while: age >= 40 years}]
          source: Author 2019
    diagnosis: [{on: cf.onset, after: 6 months, visit: clinic}]
care:
  clinic: {class: ambulatory}
"""
    )
    assert cli.main(["describe", str(path)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "absent mild onset at birth with probability 1 / 3000" in lines
    assert "mild severe course 0.06 per year × 1.6 while age >= 40 years" in lines
    assert "cf.diagnosed diagnosis on cf.onset after 6 months visit clinic" in lines
    assert any(line.endswith("Author 2019") for line in lines)


def test_describe_as_json(scenarios: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scenarios / "cystic-fibrosis.yaml"
    assert cli.main(["describe", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    scenario, _ = load_scenario(path)
    assert scenario is not None
    assert told["id"] == scenario.id
    assert set(told["diseases"]) == set(scenario.diseases)
    # keys are those of the language, not of the Python model
    assert {"from", "to"} <= set(told["population"])
    assert all("class" in care for care in told["care"].values())
    assert told == json.loads(json.dumps(plain(scenario)))


def test_every_source_is_found_with_its_place(scenarios: Path) -> None:
    scenario, _ = load_scenario(scenarios / "cystic-fibrosis.yaml")
    assert scenario is not None
    found = dict(sources(scenario))
    assert len(found) > 20
    assert any(path.startswith("diseases.cf") for path in found)
    assert all(text for text in found.values())


def test_a_broken_scenario_is_not_described(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", str(broken)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "did you mean `diseases`?" in captured.err


LIBRARY = """\
id: part
diseases:
  gout:
    onset: {rate: 0.01 per year, multiplied: [{by: 1 + (bmi - 26) / 20}]}
    states: [present]
    source: x
care:
  clinic: {class: ambulatory, every: 1 year, measures: [urate, weight, urate], source: x}
measurements:
  urat: {unit: mg/dL, plausible: 1..20, value: {mean: 5}, source: x}
"""


def test_a_library_may_leave_something_to_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "part.yaml"
    file.write_text(LIBRARY)
    assert cli.main(["check", str(file)]) == 1
    assert "Only meant to be used by others? Then check it with --library." in capsys.readouterr().out
    assert cli.main(["check", "--library", str(file)]) == 0
    found = capsys.readouterr().out
    assert "error" not in found
    assert f"measurement urate    {file}:8:57 and 1 more   did you mean `urat`?" in found
    assert f"measurement weight   {file}:8:64\n" in found
    assert "\n  bmi " in found
    assert cli.main(["check", "--library", "--json", str(file)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [finding["severity"] for finding in facts["findings"] if finding["severity"] == "error"] == []
    assert {need["what"]: need["places"] for need in facts["needs"]} == {
        "bmi": 1,
        "measurement urate": 2,
        "measurement weight": 1,
    }


def test_a_library_with_a_mistake_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "part.yaml"
    file.write_text(LIBRARY.replace("0.01 per year", "1% a year"))
    assert cli.main(["check", "--library", str(file)]) == 1
    out = capsys.readouterr().out
    assert "Write `1% per year`." in out
    assert "measurement weight" in out


def test_a_whole_scenario_gets_no_such_hint(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken.write_text(FINE + LIBRARY.removeprefix("id: part\n"))
    assert cli.main(["check", str(broken)]) == 1
    assert "--library" not in capsys.readouterr().out
