"""The checker finds nothing in a good dataset, and each planted corruption by its own rule."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from simulator.quality import pieces
from simulator.quality.invariants import verify
from simulator.quality.rules import RULES
from simulator.store import shard
from simulator.store.dataset import Dataset
from simulator.store.parquet import TableFile
from simulator.store.tables import arrow_schema
from tests.quality import corrupt_clinical, corrupt_folder, corrupt_people, corrupt_visits
from tests.quality.corruptions import CORRUPTIONS
from tests.quality.planting import Copy
from tests.store import clinic

#: importing these registers their corruptions
FAMILIES = (corrupt_clinical, corrupt_folder, corrupt_people, corrupt_visits)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic.write(tmp_path_factory.mktemp("good") / "clinic", signals=clinic.signals())


def test_good_dataset_has_no_violations(good: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = verify(good, progress=lambda done, of: seen.append((done, of)))
    assert report.codes == ()
    assert report.ok
    assert report.unchecked == {}
    assert report.rows["subjects"] == clinic.PATIENTS
    assert report.rows["events"] == int(clinic.population().event_counts.sum())
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert str(report).endswith("nothing found")


@pytest.mark.parametrize("name", sorted(CORRUPTIONS))
def test_corruption_is_found(name: str, good: Path, tmp_path: Path) -> None:
    codes, repaired, plant = CORRUPTIONS[name]
    copy = Copy(good, tmp_path / "clinic")
    plant(copy)
    if repaired:
        copy.repair()
    report = verify(copy.path)
    assert set(report.codes) == set(codes), str(report)
    for violation in report.violations:
        assert violation.count >= len(violation.examples) >= 1
        assert violation.title in str(report)
        assert violation.remedy in str(report)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A dataset of one shard with a row group per block of patients, to be read group by group."""
    monkeypatch.setattr(shard, "GROUP_ROWS", 1)
    monkeypatch.setattr(pieces, "PIECE_ROWS", 1)
    return clinic.write(tmp_path / "small", shard_size=3_000)


def parts(path: Path) -> list[tuple[int, int, int]]:
    found = pieces.pieces_of(path, Dataset(path).manifest["plan"], 0)
    return [(piece.first, piece.stop, len(piece.tables["events"])) for piece in found]


def test_shard_is_read_in_pieces(small_pieces: Path) -> None:
    events = clinic.population().event_counts
    expected = [(a, b, int(events[a:b].sum())) for a, b in ((0, 1_000), (1_000, 2_000), (2_000, 2_500))]
    assert parts(small_pieces) == expected
    assert verify(small_pieces).ok


def test_corruption_between_pieces_is_found(small_pieces: Path, tmp_path: Path) -> None:
    copy = Copy(small_pieces, tmp_path / "clinic")
    rows = pq.read_table(copy.file("events"))
    cut = int(clinic.population().event_counts[:1_500].sum())
    with TableFile(copy.file("events"), "events") as file:
        for part in (rows.slice(cut), rows.slice(0, cut)):  # the later patients first
            file.append(part.cast(arrow_schema("events", dictionary=True)))
    copy.repair()
    assert len(parts(copy.path)) == 1
    assert verify(copy.path).codes == ("V20",)


def test_every_rule_has_a_corruption() -> None:
    assert {code for codes, _, _ in CORRUPTIONS.values() for code in codes} == set(RULES)
    assert len(CORRUPTIONS) >= 30
