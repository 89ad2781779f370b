"""`simulator patient`: a life as a timeline, truth and record side by side."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from simulator.cli import main as cli
from simulator.cli.timeline import Life, age_words


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert cli.main(["patient", *argv]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_a_life_is_shown_with_truth_beside_record(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.rstrip() for line in shown(capsys, str(dataset), "1").splitlines()]
    assert lines[0] == "Patient 1 · female · born 2000-06-15 · died 2005-07-09 aged 5 y (cf.death)"
    assert lines[1] == "recorded from 2000-06-15 to 2005-07-09"
    assert lines[2] == "Smoker: never"
    body = [" ".join(line.split()) for line in lines[5:] if line.strip(" ─")]
    assert body == [
        "0 d 2000-06-15 cf: absent → mild",
        "0 d 2000-06-15 Birth",
        "8 mo 2001-03-01 Clinic (ambulatory)",
        "diagnosis: Cystic fibrosis",
        "20 mo 2002-03-01 2 visits: 2 clinic",
        "to 2003-03-01 FEV1 88..92 %",
        "3 y 2004-03-01 Clinic (ambulatory)",
        "ETI started",
        "5 y 2005-07-01 Ward (inpatient, 8 days)",
        "5 y 2005-07-09 cf: mild → death",
        "5 y 2005-07-09 Death",
        "what is usual in this life is drawn together; --all shows everything",
    ]


def test_all_shows_every_visit(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, str(dataset), "1", "--all")
    assert "visits:" not in out
    assert out.count("Clinic (ambulatory)") == 4
    assert "FEV1 92 %" in out
    assert "FEV1 88 %" in out


def test_someone_alive_without_a_visit(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, str(dataset), "2")
    assert out.startswith("Patient 2 · male · born 2000-01-01 · alive on 2010-01-01 aged 10 y\n")
    assert "cf" not in out


def test_json_holds_everything(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    life = json.loads(shown(capsys, str(dataset), "1", "--json"))
    assert life["subject"]["death_cause"] == "cf.death"
    assert [row["code"] for row in life["static"]] == ["ATTRIBUTE//smoker//never"]
    assert [row["code"] for row in life["events"]] == ["MEDS_BIRTH", "MEDS_DEATH"]
    assert [len(e["events"]) for e in life["encounters"]] == [1, 1, 1, 1, 0]
    measured = life["encounters"][1]["events"][0]
    assert measured["numeric_value"] == 92.0
    assert measured["title"] == "FEV1"
    assert [(row["from"], row["to"]) for row in life["truth"]] == [("absent", "mild"), ("mild", "death")]


def test_a_patient_who_is_not_there(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["patient", str(dataset), "4"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ("simulator patient: S200 there is no subject 4\n  subjects are numbered 1 to 3\n")


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["patient", str(tmp_path / "none"), "1"]) == 2
    assert "does not exist\n  give the folder that a run wrote" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2000-06-15", "0 d"),
        ("2000-07-14", "29 d"),
        ("2000-07-15", "1 mo"),
        ("2002-06-14", "23 mo"),
        ("2002-06-15", "2 y"),
        ("2040-06-14", "39 y"),
        ("2040-06-15", "40 y"),
    ],
)
def test_age_is_said_as_clinicians_say_it(at: str, words: str) -> None:
    assert age_words(dt.datetime(2000, 6, 15), dt.datetime.fromisoformat(at)) == words


def test_an_event_that_lasts_begins_and_is_over() -> None:
    subject = {"subject_id": 1}
    moves = [("copd.exacerbation", "waiting", "severe"), ("copd.exacerbation", "severe", "waiting"),
             ("copd", "absent", "mild"), ("copd.flare", "present", "present")]  # fmt: skip
    truth = [
        {"time": dt.datetime(2020, 1, day), "process": process, "from": old, "to": new}
        for day, (process, old, new) in enumerate(moves, start=1)
    ]
    life = Life.of(subject, [], [], truth, {})
    assert [entry.true for entry in life.entries(every=True)] == [
        ["copd.exacerbation: severe"], ["copd.exacerbation over"], ["copd: absent → mild"], ["copd.flare"],
    ]  # fmt: skip
