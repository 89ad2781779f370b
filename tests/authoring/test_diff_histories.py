"""`simulator diff`: whose history is different, and what it is led back to; datasets, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import simulator as sim
from simulator.authoring.diff import Comparison, Side, compare
from simulator.authoring.diff_histories import divergences
from simulator.authoring.diff_model import Difference
from simulator.cli.main import main
from simulator.errors import DatasetError, UsageError
from tests.authoring.diff_case import BASE, HERE, TEXT, edited

# --- the histories --------------------------------------------------------------------------------


def run_against(text: str, tmp_path: Path, size: int = 250) -> Comparison:
    other = tmp_path / "joints.yaml"
    other.write_text(text, encoding="utf-8")
    return compare(Side(BASE), Side(other), size=size, seed=3)


def test_the_same_scenario_has_the_same_histories(tmp_path: Path) -> None:
    found = run_against("# another layout\n" + TEXT, tmp_path)
    assert found.same
    assert found.histories is not None
    assert (found.histories.patients, found.histories.different) == (250, 0)


@pytest.mark.parametrize(
    ("old", "new", "block", "first"),
    [
        (
            "uptake: uptake, delay",
            "uptake: 20%, delay",
            "treatments.allopurinol",
            "Allopurinol begins, A only",
        ),
        # an effect on a measurement is seen first in what is measured, or in what it acts on
        (
            "{measurement: urate, shift: -2}",
            "{measurement: urate, shift: -3}",
            "treatments.allopurinol",
            "Urate: another value",
        ),
        ("{rate: 0.2 per year}", "{rate: 0.4 per year}", "diseases.gout", "Gout: mild → severe, B only"),
        ("noise: 0.2", "noise: 0.4", "measurements.urate", "Urate: another value"),
        ("every: 12 months", "every: 9 months", "care.clinic", "clinic, B only"),
        (
            "{rate: 0.01 per year, source: made up}",
            "{rate: 0.02 per year, source: made up}",
            "mortality",
            "dies: background mortality, B only",
        ),
        (
            "light: 60%, heavy: 40%",
            "light: 30%, heavy: 70%",
            "attributes.weight_class",
            "Gout: absent → mild, B only",
        ),
    ],
)
def test_a_difference_is_led_back_to_the_change(
    old: str, new: str, block: str, first: str, tmp_path: Path
) -> None:
    found = run_against(edited((old, new)), tmp_path).histories
    assert found is not None
    assert found.different >= 5
    [led] = found.led
    assert (led.block, led.patients) == (block, found.different)
    assert first in dict(led.first)


def test_of_two_changes_each_patient_is_led_back_to_the_one_that_mattered(tmp_path: Path) -> None:
    found = run_against(
        edited(
            ("uptake: uptake, delay", "uptake: 20%, delay"), ("{rate: 0.2 per year}", "{rate: 0.4 per year}")
        ),
        tmp_path,
    ).histories
    assert found is not None
    by_block = {
        led.block: {words.partition(":")[0].split(" ")[0] for words, _ in led.first} for led in found.led
    }
    assert by_block == {"diseases.gout": {"Gout"}, "treatments.allopurinol": {"Allopurinol"}}


def test_what_follows_at_the_same_instant_is_led_back_too(tmp_path: Path) -> None:
    at_once = "      - severe -> mild: {when: on allopurinol}\n    death:\n      severe"
    files = []
    for uptake in ("uptake", "20%"):
        files.append(tmp_path / f"{uptake}.yaml")
        text = edited(("    death:\n      severe", at_once), ("uptake: uptake,", f"uptake: {uptake},"))
        files[-1].write_text(text.replace("mild -> severe: {rate: 0.2", "mild -> severe: {rate: 0.8"))
    found = compare(Side(files[0]), Side(files[1]), size=300, seed=3).histories
    assert found is not None
    [led] = found.led
    assert led.block == "treatments.allopurinol"
    assert dict(led.first)["Gout: severe → mild, A only"] >= 3


def test_who_differs_is_who_has_other_rows() -> None:
    logs = [sim.run(BASE, size=200, seed=1, arm=arm) for arm in (None, "nobody")]
    columns = {
        "truth": ["time", "process", "from", "to"],
        "events": ["time", "code", "numeric_value", "end", "status"],
    }
    expected, truly = set(), set()
    for name, kept in columns.items():
        one, two = (
            {
                key: rows[kept].astype(str).to_numpy().tolist()
                for key, rows in log.to_pandas(name).groupby("subject_id")
            }
            for log in logs
        )
        other = {patient for patient in range(1, 201) if one.get(patient) != two.get(patient)}
        expected |= other
        truly |= other if name == "truth" else set()
    found = list(divergences(*logs))
    assert {each.patient for each in found} == expected
    assert {each.patient for each in found if each.truth} == truly
    assert 5 < len(truly) < len(expected) < 150


def test_before_the_first_difference_nothing_differs() -> None:
    logs = [sim.run(BASE, size=150, seed=2, arm=arm) for arm in ("half", "nobody")]
    for each in divergences(*logs):
        assert each.time is not None
        for name in ("truth", "events"):
            one, two = (log.to_pandas(name, subjects=[each.patient]) for log in logs)
            one, two = (frame[frame.time < each.time].drop(columns="cause") for frame in (one, two))
            assert one.astype(str).to_numpy().tolist() == two.astype(str).to_numpy().tolist()
        assert all(row["time"] >= each.time for row in (*each.rows_one, *each.rows_two) if row["time"])


def test_examples_are_told_why() -> None:
    found = compare(Side(BASE), Side(BASE, arm="nobody"), size=250).histories
    assert found is not None
    [first, *_] = found.examples
    assert first.because_one.startswith("once gout diagnosed, for ")
    assert first.because_one.endswith("chance 80 %")
    assert first.because_two == ""
    time, one, two = first.rows[0]
    assert (one, two) == ("Allopurinol begins", "")
    assert first.time is not None
    assert time == first.time.replace(microsecond=0)


# --- datasets, and the command ----------------------------------------------------------------------


def test_two_datasets_are_compared_as_they_are(tmp_path: Path) -> None:
    for arm in ("base", "nobody"):
        sim.run(BASE, out=tmp_path / arm, size=120, seed=4, arm=arm)
    sim.run(BASE, out=tmp_path / "other", size=100, seed=5)
    sim.run(BASE, out=tmp_path / "fewer", size=100, seed=4)
    found = sim.diff(tmp_path / "base", tmp_path / "nobody")
    assert {(d.section, d.what) for d in found.changes} == {
        ("parameters", "value"),
        ("treatments", "start, uptake"),
    }
    assert found.histories is not None
    assert [led.block for led in found.histories.led] == ["treatments.allopurinol"]
    others = sim.diff(tmp_path / "base", tmp_path / "other")
    assert others.histories is None
    assert others.note == "the seeds differ (4 and 5), so the patients are other people"
    fewer = sim.diff(tmp_path / "base", tmp_path / "fewer")
    assert fewer.same
    assert "those with the same number" in fewer.note
    with pytest.raises(UsageError, match="the other one is not"):
        sim.diff(tmp_path / "base", BASE)
    with pytest.raises(UsageError, match="compared as they are"):
        sim.diff(tmp_path / "base", tmp_path / "other", set={"uptake": "1%"})
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError):
        sim.diff(tmp_path / "base", tmp_path / "empty")


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    same = tmp_path / "same.yaml"
    same.write_text(TEXT, encoding="utf-8")
    assert main(["diff", str(BASE), str(same), "--no-run"]) == 0
    assert "nothing that says anything about patients" in capsys.readouterr().out
    assert main(["diff", str(BASE), "--set", "uptake=20%", "--size", "200"]) == 1
    said = capsys.readouterr()
    assert said.err == ""
    assert "80% → 20%" in said.out
    assert "Allopurinol begins, A only" in said.out
    assert main(["diff", str(BASE), "--arm", "half", "--arm", "nobody", "--size", "200", "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert (facts["same"], facts["changes"][0]["before"], facts["changes"][0]["after"]) == (
        False,
        "40%",
        "0%",
    )
    assert facts["histories"]["led"][0]["block"] == "treatments.allopurinol"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to compare it with"),
        (["--arm", "a", "--arm", "b", "--arm", "c"], "too many arms"),
        (["nowhere.yaml"], "there is no file nowhere.yaml"),
        (["--arm", "nobdy"], "Did you mean nobody?"),
        (["--set", "uptke=2%"], "uptke"),
        ([str(HERE)], "the other one is not"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(BASE), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_library_cannot_be_run(tmp_path: Path) -> None:
    library = tmp_path / "library.yaml"
    library.write_text("id: a\nattributes: {x: {value: 1, source: s}}\n", encoding="utf-8")
    found = sim.diff(library, BASE)
    assert found.histories is None
    assert "nobody can be run" in found.note
    assert isinstance(found.changes[0], Difference)
