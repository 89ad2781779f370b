"""Every story has no findings, leaves a record without a flaw, and is the same on kernel and reference."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulator
from tests.conftest import ROOT
from tests.engine.compare import assert_same

STORIES = sorted((ROOT / "scenarios" / "stories").glob("*.yaml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_check_finds_nothing(path: Path) -> None:
    assert [f"{f.span}: {f.code} {f.message}" for f in simulator.check(path).sorted()] == []


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_verify_finds_nothing(path: Path, tmp_path: Path) -> None:
    simulator.run(path, out=tmp_path / "data", size=100, seed=11)
    report = simulator.verify(tmp_path / "data")
    assert [f"{v.code} {v.title}: {v.count}" for v in report.violations] == []


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_kernel_equals_reference(path: Path) -> None:
    """On the first patients, and on those with the most to tell."""
    _, machine = simulator.compile(path)
    rows = simulator.run(path, size=300, seed=11).to_pandas("events").groupby("subject_id").size()
    told = sum(assert_same(machine, 11, range(i - 1, i)) for i in rows.nlargest(3).index)
    assert told + assert_same(machine, 2**63 + 5, range(2**33, 2**33 + 4)) > 100
