"""What is shown of a run is in the time zone of its patients; what its tables hold is in UTC."""

from __future__ import annotations

import datetime as dt
import json
import re
import zoneinfo
from pathlib import Path

import pytest

import simulator
from simulator.cli import main as cli

ZONE = "Asia/Tokyo"
SCENARIO = """
format: 1
id: tokyo
source: made up
population:
  size: 30
  from: 2015-01-01
  to: 2020-01-01
  age: 40 years
  time_zone: Asia/Tokyo
  holidays: [12-29..01-03]
diseases:
  cold:
    onset: {rate: {per: year, by: month, table: {december: 0, january: 30, february: 0, march: 0, april: 0,
      may: 0, june: 0, july: 0, august: 0, september: 0, october: 0, november: 0}}}
    states: [present]
    course: [present -> absent: {after: 1 day}]
treatments:
  syrup: {codes: {rxnorm: "519"}, start: {when: date >= 2017-06-01, delay: 1 day}}
care:
  clinic: {class: ambulatory, every: 3 months ± 2 weeks, hours: weekdays 9:00..17:00}
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokyo")
    (folder / "tokyo.yaml").write_text(SCENARIO)
    simulator.run(folder / "tokyo.yaml", out=folder / "out", seed=2)
    return folder / "out"


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert cli.main(list(argv)) == 0
    return capsys.readouterr().out


def test_the_dataset_knows_the_zone_and_is_in_utc(dataset: Path) -> None:
    log = simulator.open(dataset)
    assert log.time_zone == ZONE
    entry = log.subjects(["entry"]).to_pylist()[0]["entry"]
    assert entry == dt.datetime(2014, 12, 31, 15)
    starts = [
        row["start"].hour for row in log.encounters(["start", "kind"]).to_pylist() if row["kind"] == "clinic"
    ]
    assert set(starts) == set(range(8))


def test_patient(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "patient", str(dataset), "1", "--all")
    assert "alive on 2020-01-01 aged 45 y" in out
    assert "recorded from 2015-01-01 to 2020-01-01; times are those of Asia/Tokyo" in out
    assert re.search(r"2017-06-02 .*\n.*syrup started", out)  # 2017-06-01T15:00Z
    plain = json.loads(shown(capsys, "patient", str(dataset), "1", "--json"))
    assert plain["subject"]["exit"] == "2019-12-31T15:00:00"


def test_explain(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = simulator.explain(dataset, 1)
    assert found.person.time_zone == ZONE
    assert found.person.until == dt.datetime(2020, 1, 1)
    visits = [each for each in found.happenings if each.arrow == "clinic: visit: seen"]
    assert {each.because for each in visits} == {"once clinic is open that day"}
    assert all(9 <= each.time.hour < 17 for each in visits)
    assert "times are those of Asia/Tokyo" in shown(capsys, "explain", str(dataset), "--patient", "1")
    out = shown(capsys, "explain", str(dataset), "--patient", "1", "--why-not", "syrup")
    assert re.search(r"date >= 2017-06-01 +2017-06-01 on", out)


def test_regenerate_says_that_it_is_in_utc(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = dataset.parent / "tokyo.yaml"
    out = shown(capsys, "regenerate", str(file), "--patient", "1", "--seed", "2", "--size", "30")
    assert "time (UTC)" in out
    assert "2017-06-01 15:00" in out


def test_preview_counts_in_local_years(dataset: Path) -> None:
    found = simulator.preview(dataset.parent / "tokyo.yaml", size=30, seed=2)
    (cold,) = found.diseases
    years = [band.low for band, _ in cold.incidence_by_year]
    assert years == list(range(2015, 2020))
    zone = zoneinfo.ZoneInfo(ZONE)
    onsets = [
        row["time"].replace(tzinfo=dt.UTC).astimezone(zone).year
        for row in simulator.open(dataset).truth().to_pylist()
        if row["to"] == "present"
    ]
    assert [estimate.events for _, estimate in cold.incidence_by_year] == [onsets.count(y) for y in years]
    # some of them in the first hours of January, which are the old year in UTC
    late = [row["time"] for row in simulator.open(dataset).truth().to_pylist() if row["time"].month == 12]
    assert len(late) > 0
