"""What the checker knows beforehand, what it says, and that it says something whatever the damage."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import DatasetError
from simulator.quality.invariants import verify
from simulator.quality.knowledge import Key, Knowledge
from simulator.quality.report import EXAMPLES, Tally, instant_text
from simulator.quality.rules import RULES
from simulator.store.chunk import NULL
from simulator.store.layout import MANIFEST
from tests.quality.planting import Copy
from tests.store import clinic


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic.write(tmp_path_factory.mktemp("good") / "clinic", patients=200, signals=clinic.signals())


@pytest.fixture
def copy(good: Path, tmp_path: Path) -> Copy:
    return Copy(good, tmp_path / "clinic")


def test_knowledge_of_the_clinic() -> None:
    known = Knowledge.of(clinic.CHECKS, {c.code for c in clinic.VOCABULARY.codes})
    metformin = Key("RXNORM//6809", "active")
    assert known.bounds == {Key("LOINC//4548-4"): (3.0, 20.0)}
    assert known.any_diagnosis == {metformin: (Key("ICD10CM//E11.9"),)}
    assert set(known.stops.values()) == {metformin}
    assert {key.status for key in known.stops} == {"stopped", "on-hold"}
    assert known.supplies == {Key("RXNORM//6809", "dispensed"): metformin}
    assert known.truly == {Key("ICD10CM//E11.9", "active"): "t2d"}
    assert known.absorbing == {"mortality": ("dead",)}


def test_a_list_of_diagnoses_means_any() -> None:
    known = Knowledge.of({"requires_diagnosis": {"A": ["B", "C"], "D": {"all": ["E"]}}}, set())
    assert known.any_diagnosis == {Key("A"): (Key("B"), Key("C"))}
    assert known.all_diagnoses == {Key("D"): (Key("E"),)}


def test_a_code_may_contain_a_bar() -> None:
    assert Key.parse("LOCAL//a|b", {"LOCAL//a|b"}) == Key("LOCAL//a|b")
    assert Key.parse("LOCAL//a|b|final", {"LOCAL//a|b"}) == Key("LOCAL//a|b", "final")


@pytest.mark.parametrize(
    "checks", [{"code_bounds": {"A": [1]}}, {"precision": {"A": "two"}}, {"stops": ["A"]}, ["A"]]
)
def test_malformed_checks_are_an_error(checks: object, copy: Copy) -> None:
    copy.manifest(lambda m: m["provenance"].update(checks=checks))
    with pytest.raises(DatasetError, match=r"the manifest of .* is malformed"):
        verify(copy.path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[(key, None) for key in ("plan", "counts", "files", "vocabulary", "provenance", "blocks", "digest")],
        ("plan", {}),
        ("plan", {"patients": 200, "shard_size": 0, "shards": 1, "communities": 2, "block": 1_000}),
        ("plan", {"patients": 200, "shard_size": 100, "shards": 1, "communities": 2, "block": 1_000}),
        ("plan", {"patients": 5_000, "shard_size": 5_000, "shards": 1, "communities": 2, "block": 1_000}),
        ("counts", {}),
        ("counts", {"events": "many"}),
        ("files", {"data/shard-00000.parquet": 7}),
        ("vocabulary", {}),
        ("vocabulary", {"codes": [{"name": "x"}], "encounters": [], "processes": [], "arrows": []}),
        ("provenance", {"scenario": 7}),
        ("blocks", []),
    ],
)
def test_malformed_manifest_is_an_error(key: str, value: object, copy: Copy) -> None:
    copy.manifest(lambda m: m.update({key: value}))
    with pytest.raises(DatasetError, match="malformed"):
        verify(copy.path)


def test_rules_are_numbered_without_gaps() -> None:
    assert list(RULES) == [f"V{n:02}" for n in range(1, len(RULES) + 1)]
    assert all(rule.meaning.endswith(".") and rule.remedy.endswith(".") for rule in RULES.values())
    assert len({rule.title for rule in RULES.values()}) == len(RULES)


def test_tally_counts_all_and_keeps_a_few() -> None:
    tally = Tally()
    subject, time = np.arange(10), np.full(10, NULL)
    time[4] = 0
    tally.rows("V21", subject > 3, subject, time, lambda row: f"row {row}", "!")
    tally.rows("V21", np.array([1, 2]), subject, time, "more")
    tally.add("V01", "a file")
    first, second = tally.violations()
    assert (first.code, first.count, [str(e) for e in first.examples]) == ("V01", 1, ["a file"])
    assert (second.code, second.count) == ("V21", 8)
    assert [str(e) for e in second.examples] == [
        "subject 4, 1970-01-01T00:00:00: row 4!",
        "subject 5: row 5!",
        "subject 6: row 6!",
    ]
    assert len(second.examples) == EXAMPLES


def test_instants_in_words() -> None:
    assert instant_text(1_571_616_000_000_000) == "2019-10-21T00:00:00"
    assert instant_text(NULL) == "none"
    assert instant_text(2**62) == f"{2**62} µs"


def test_report_as_json(copy: Copy) -> None:
    copy.change("events", lambda e: e.iloc[1:])
    report = verify(copy.path)
    data = json.loads(json.dumps(report.to_json()))
    assert data["ok"] is False
    assert data["rules"] == len(RULES)
    assert data["rows"]["subjects"] == 200
    assert [v["code"] for v in data["violations"]] == list(report.codes)
    assert all(v["examples"] and v["remedy"] and v["meaning"] for v in data["violations"])


def test_without_the_meds_package(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "meds", None)
    report = verify(copy.path)
    assert report.ok
    assert "meds` is not installed" in report.unchecked["V08"]
    assert "V08 not judged" in str(report)
    time = copy.read("events").time
    assert time.dtype == "datetime64[us]"
    copy.rewrite("events", lambda t: t.set_column(2, "code", t.column("code").dictionary_encode()))
    assert "V08" in verify(copy.path).codes


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_damage_there_is_an_answer(seed: int, copy: Copy) -> None:
    """Bytes changed or cut off anywhere: a report that is not ok, or an error of ours."""
    rng = np.random.default_rng(seed)
    files = sorted(p for p in copy.path.rglob("*") if p.is_file())
    file = files[seed % len(files)]
    data = bytearray(file.read_bytes())
    where = int(rng.integers(len(data)))
    if seed % 3 == 0:
        data = data[:where]
    else:
        for place in range(where, min(where + 8, len(data))):
            data[place] ^= int(rng.integers(1, 256))
    file.write_bytes(data)
    if file.name == MANIFEST:  # a changed title or command is no damage that anybody could see
        try:
            report = verify(copy.path)
        except DatasetError:
            return
        assert not report.ok
    else:
        assert "V03" in verify(copy.path).codes


def test_verify_wants_a_dataset(tmp_path: Path, good: Path) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        verify(tmp_path / "nothing")
    shutil.copytree(good / "data", tmp_path / "data")
    with pytest.raises(DatasetError, match=r"has no manifest\.json"):
        verify(tmp_path)
