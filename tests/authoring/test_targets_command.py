"""`simulator test`: exact solutions met by a run, exit codes, what is printed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import simulator
from simulator.authoring.targets import Outcome, evaluate
from simulator.cli.main import main
from simulator.errors import UsageError

#: hazards 0.05 (onset) and 0.1 (death of it) a year, nothing else; everybody is 40 and well at first
MARKOV = """
format: 1
id: markov
population: {size: 4_000, from: 2000-01-01, to: 2020-01-01, age: 40 years, sex: {male: 50%, female: 50%}}
diseases:
  ill:
    source: made up
    onset: {rate: 0.05 per year}
    states: [there]
    death: {there: {rate: 0.1 per year}}
    diagnosis: [{on: ill.onset, after: "exponential(2 years)", visit: clinic}]
treatments:
  drug:
    source: made up
    start: {when: ill diagnosed, uptake: 70%}
care:
  clinic: {class: ambulatory, measures: [score]}
  yearly: {class: ambulatory, rate: 3 per year}
measurements:
  score: {unit: "1", plausible: 0..200, precision: 1, source: made up, value: {mean: 100, noise: 10}}
"""
#: alive after t years: e^(−at) + a(e^(−at) − e^(−bt))/(b − a), of whom the second part is ill
A, B, T = 0.05, 0.1, 20.0
WELL = math.exp(-A * T)
ILL = A * (math.exp(-A * T) - math.exp(-B * T)) / (B - A)
#: of those who fall ill, half are dead after ln 2/b
EXACT = {
    "incidence of ill": A,
    "rate of death among ill": B,
    "survival 5 years after ill.onset": math.exp(-B * 5),
    "median survival after ill": math.log(2) / B,
    "prevalence of ill on 2019-12-31": ILL / (WELL + ILL),
    # diagnosed before dying, within 5 years: rates 0.5 and 0.1 compete
    "share of ill.onset followed by ill.diagnosed within 5 years": 0.5 / 0.6 * (1 - math.exp(-0.6 * 5)),
    "median time from ill.onset to ill.diagnosed": 2 * math.log(2),
    "share of ill.diagnosed followed by drug.started within 1 day": 0.7,
    "rate of yearly.visit at 50..54 years": 3.0,
    "mean of score": 100.0,
}
SPREAD = {"year": "1 day..90 years", "share": "1%..99%", "/year": "0.01..9 per year", "1": "1..200"}


def write(folder: Path, more: str) -> Path:
    path = folder / "markov.yaml"
    path.write_text(MARKOV + more, encoding="utf-8")
    return path


def unit_of(statement: str) -> str:
    kinds = {"incidence": "/year", "rate": "/year", "median": "year", "mean": "1"}
    return kinds.get(statement.split()[0], "share")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    expect = "".join(f"  {each}: {SPREAD[unit_of(each)]}\n" for each in EXACT)
    path = write(tmp_path_factory.mktemp("markov"), f"expect:\n{expect}")
    return {each.id: each for each in simulator.test(path, seed=3)}


@pytest.mark.parametrize("statement", EXACT)
def test_a_run_meets_the_exact_solution(statement: str, outcomes: dict[str, Outcome]) -> None:
    """Within five standard errors, each a quarter of the interval's width; a tenth off would be found out."""
    found = outcomes[statement]
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    error = (found.high - found.low) / (2 * 1.96)
    assert abs(found.value - EXACT[statement]) <= 5 * error
    assert 5 * error < 0.3 * EXACT[statement]
    assert found.verdict == "pass"


GOOD = "expect:\n  incidence of ill: 30..70 per 1000 per year\n"
BAD = "expect:\n  incidence of ill: at least 90 per 1000 per year\n"
NARROW = """expect:
  incidence of ill: 49..51 per 1000 per year
  prevalence of ill at 10..19 years: at least 1%
"""
TARGET = """targets:
  mortality:
    statistic: rate of death among ill
    value: 100 per 1000 per year
    ci95: 80..120 per 1000 per year
    source: a register [of 1990]
"""


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--size", "600", "--seed", "1"]
    assert main(["test", str(write(tmp_path, GOOD + TARGET)), *small]) == 0
    shown = capsys.readouterr().out
    assert "2 pass" in shown
    assert "mortality: rate of death among ill" in " ".join(shown.split())
    assert "80 to 120 per 1,000 per year" in " ".join(shown.split())
    assert "published 100" in shown
    assert main(["test", str(write(tmp_path, BAD)), *small]) == 1
    assert "1 fail" in capsys.readouterr().out
    path = str(write(tmp_path, NARROW))
    assert main(["test", path, *small]) == 0
    shown = capsys.readouterr().out
    assert "2 cannot be told" in shown
    assert "patients needed" in shown
    assert "nobody was there to be counted" in shown
    assert main(["test", path, *small, "--strict"]) == 1


def test_a_narrow_terminal_is_given_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.cli.console.PIPED_WIDTH", 80)
    assert main(["test", str(write(tmp_path, GOOD + TARGET)), "--size", "600", "--seed", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    [at] = [i for i, line in enumerate(lines) if "mortality: rate of death among ill" in line]
    assert lines[at].startswith("pass   mortality: ")
    below = " ".join(" ".join(lines[at + 1 : at + 4]).split())
    assert ", expected 80 to 120 per 1,000 per year; published 100; people " in below


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(write(tmp_path, GOOD + TARGET)), "--size", "600", "--seed", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["summary"] == {"pass": 2, "fail": 0, "too few": 0}
    first, second = found["outcomes"]
    assert (first["id"], first["verdict"], first["unit"]) == ("incidence of ill", "pass", "/year")
    assert first["expected"] == pytest.approx([0.03, 0.07])
    assert second["source"] == "a register [of 1990]"


def test_a_dataset_is_judged_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, data = write(tmp_path, GOOD), tmp_path / "data"
    log = simulator.run(path, out=data, size=300, seed=1)
    assert main(["test", str(path), "--dataset", str(data), "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["outcomes"]
    scenario, _ = simulator.compile(path)
    assert found["value"] == evaluate(scenario, log)[0].value
    assert simulator.test(path, size=300, seed=1)[0].value == found["value"]
    assert main(["test", str(path), "--dataset", str(data), "--size", "10"]) == 2
    assert "Leave out --size" in capsys.readouterr().err
    other = tmp_path / "other.yaml"
    other.write_text(MARKOV.replace("id: markov", "id: other") + GOOD, encoding="utf-8")
    with pytest.raises(UsageError, match="is a run of markov, not of other"):
        simulator.test(other, dataset=data)


def test_nothing_to_test_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(write(tmp_path, ""))]) == 2
    assert "has nothing to test" in capsys.readouterr().err


def test_expectations_do_not_change_what_happens(tmp_path: Path) -> None:
    plain = simulator.run(write(tmp_path, ""), size=50, seed=2)
    asked = simulator.run(write(tmp_path, GOOD + TARGET), size=50, seed=2)
    assert plain.table("truth").equals(asked.table("truth"))
    assert plain.events().equals(asked.events())
