"""`use:` – merging, precedence, conflicts, cycles."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import Findings
from simulator.scenario import Scenario, load_scenario
from simulator.scenario.syntax import Number, Rate


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "main.yaml"


def load(path: Path) -> tuple[Scenario, Findings]:
    scenario, findings = load_scenario(path)
    assert scenario is not None, findings.errors
    return scenario, findings


LIBRARY = """
id: library
title: not merged
mortality: {rate: 0.01 per year, source: library}
attributes:
  bmi: {value: "normal(26, 4)", between: 14..60, unit: kg/m2, source: library}
  smoker: {draw: {never: 60%, ever: 40%}, source: library}
care:
  clinic: {class: ambulatory, measures: [weight]}
"""


def test_the_using_file_wins_key_by_key(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="""
id: main
use: library
attributes:
  bmi: {between: 10..70}
  smoker: {draw: {yes: 30%, no: 70%}}
care:
  clinic: {measures: [height, fev1]}
  ward: {class: inpatient}
""",
        library=LIBRARY,
    )
    scenario, _ = load(main)
    assert (scenario.id, scenario.title) == ("main", None)
    bmi = scenario.attributes["bmi"]
    assert bmi.unit == "kg/m2"
    assert bmi.spans["between"].file == str(main)
    assert bmi.spans["unit"].file == str(tmp_path / "library.yaml")
    assert isinstance(scenario.attributes["smoker"].draw, dict)
    assert list(scenario.attributes["smoker"].draw) == ["yes", "no"]  # shares are never mixed
    assert [m.measure for m in scenario.care["clinic"].measures] == ["height", "fev1"]
    assert list(scenario.care) == ["clinic", "ward"]
    assert list(scenario.files) == [str(main), str(tmp_path / "library.yaml")]
    assert scenario.files[str(main)].startswith("\nid: main")


def test_a_table_is_replaced_as_a_whole(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [library]\n"
        "mortality: {rate: {per: year, by: sex, table: {male: 1, female: 2}}}\n",
        library="mortality: {source: s, rate: {probability_per: year, by: age, table: {0.. years: 0.1}}}\n",
    )
    scenario, _ = load(main)
    assert scenario.mortality is not None
    assert scenario.mortality.source == "s"
    assert getattr(scenario.mortality.rate, "probability_per", "") is None


def test_folders_and_suffixes(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main="id: main\nuse: [lib/a, lib/b.yaml]\n",
        lib__a="use: common\nattributes: {x: {value: 1, source: s}}\n",
        lib__b="use: [common]\nattributes: {y: {value: 1, source: s}}\n",
        lib__common="mortality: {rate: 0.01 per year, source: s}\n",
    )
    scenario, findings = load(main)
    assert not findings.items  # common is used twice, and is the same
    assert list(scenario.attributes) == ["x", "y"]
    assert scenario.mortality is not None
    assert scenario.mortality.rate == Rate(Number(0.01), "year")
    assert len(scenario.files) == 4


def test_two_libraries_that_disagree(tmp_path: Path) -> None:
    libraries = {
        "a": "attributes: {bmi: {value: 26, unit: kg/m2, source: s}}\n",
        "b": "attributes: {bmi: {value: 27, unit: kg/m2, source: s}}\n",
    }
    main = write(tmp_path, main="id: main\nuse: [a, b]\n", **libraries)
    scenario, findings = load_scenario(main)
    assert scenario is None
    (finding,) = findings.items
    assert (finding.code, finding.path) == ("E122", "attributes.bmi.value")
    assert finding.span.file == str(tmp_path / "b.yaml")
    write(tmp_path, main="id: main\nuse: [a, b]\nattributes: {bmi: {value: 30}}\n")
    scenario, _ = load(main)
    assert scenario.attributes["bmi"].value == Number(30)


@pytest.mark.parametrize("target", ["main", "other", "./main.yaml"])
def test_cycles(tmp_path: Path, target: str) -> None:
    main = write(tmp_path, main="id: main\nuse: other\n", other=f"use: {target}\n")
    _, findings = load_scenario(main)
    assert [f.code for f in findings.items] == ["E121"]


def test_a_symlink_loop(tmp_path: Path) -> None:
    main = write(tmp_path, main="id: main\nuse: loop\n")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    _, findings = load_scenario(main)
    (finding,) = findings.items
    assert finding.code == "E120"
    assert "cannot be read" in finding.message


def test_many_files_that_use_one_another_twice_are_read_once(tmp_path: Path) -> None:
    chain = {f"f{i}": f"use: [f{i + 1}, f{i + 2}]\n" for i in range(40)}
    main = write(tmp_path, main="id: main\nuse: f0\n", **chain, f40="{}", f41="{}")
    scenario, _ = load(main)
    assert len(scenario.files) == 43


def test_a_used_file_that_cannot_be_read(tmp_path: Path) -> None:
    main = write(tmp_path, main="id: main\nuse: [bad, folder.yaml, binary]\n", bad="a: [1\n")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    _, findings = load_scenario(main)
    assert [f.code for f in findings.sorted()] == ["E101", "E120", "E120"]


def test_everything_wrong_in_all_files_is_told_at_once(tmp_path: Path) -> None:
    main = write(tmp_path, main="id: Main\nuse: a\n", a="attributes: {x: {value: 1, sorce: s}}\n")
    _, findings = load_scenario(main)
    assert {(f.code, Path(f.span.file).name) for f in findings.items} == {
        ("E216", "main.yaml"),
        ("E201", "a.yaml"),
    }
