"""Every scenario in tests/broken has the findings that stand in the .txt beside it.

``SIMULATOR_REGENERATE=1 python -m pytest tests/scenario/test_broken.py`` writes those files anew;
read the difference before you commit it. Files named sem_* are read and lowered, all others only
read.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from simulator.cli.findings_view import render_findings
from simulator.errors import Findings
from simulator.scenario import load_scenario

BROKEN = Path(__file__).parent.parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))
OURS = [file for file in FILES if not file.name.startswith("sem_")]
CAN_LOWER = importlib.util.find_spec("simulator.compiler") is not None
REGENERATE = os.environ.get("SIMULATOR_REGENERATE") == "1"


def check(name: str) -> Findings:
    """What is wrong with a file in the current folder."""
    if not name.startswith("sem_"):
        return load_scenario(name)[1]
    from simulator.compiler import check_file

    return check_file(name)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_findings_are_as_recorded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    rendered = render_findings(check(file.name).items)
    golden = file.with_suffix(".txt")
    if REGENERATE:
        golden.write_text(rendered, encoding="utf-8")
    assert golden.exists(), f"no {golden.name}; see the docstring of this file"
    assert rendered == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_the_finding_that_names_the_file_is_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    codes = {finding.code for finding in check(file.name).items}
    assert file.stem.split("_")[0].upper() in codes


@pytest.mark.skipif(not CAN_LOWER, reason="there is no compiler to ask")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_checking_repeats_what_reading_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.compiler import check_file

    monkeypatch.chdir(BROKEN)
    scenario, findings = load_scenario(file.name)
    assert set(findings.items) <= set(check_file(file.name).items)
    assert (scenario is None) == bool(findings.errors)


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in BROKEN.glob("*.txt")} == {file.stem for file in FILES}


def test_there_are_enough() -> None:
    assert len(OURS) >= 45
