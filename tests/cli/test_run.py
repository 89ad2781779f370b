"""`simulator run`, `regenerate` and `verify`, for real: a small population from YAML to disk and back."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import simulator as sim
from simulator.cli import main as cli
from simulator.cli.run import first_words, progress_bar

SIZE, SEED = 120, 11


@pytest.fixture(scope="module")
def scenario(scenarios: Path) -> Path:
    return scenarios / "cystic-fibrosis.yaml"


@pytest.fixture(scope="module")
def written(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "cohort"
    assert cli.main(["run", str(scenario), "--out", str(out), "--size", str(SIZE), "--seed", str(SEED)]) == 0
    return out


def run(scenario: Path, out: Path, *options: str) -> int:
    return cli.main(["run", str(scenario), "--out", str(out), "--size", "40", *options])


def test_a_run_says_what_it_wrote(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cohort"
    assert run(scenario, out, "--seed", "3") == 0
    captured = capsys.readouterr()
    assert captured.err == ""  # no terminal, no progress
    lines = [" ".join(line.split()) for line in captured.out.splitlines()]
    assert lines[0].endswith("· seed 3")
    assert lines[1].startswith(f"wrote {out} · ")
    assert any(line.startswith("patients 40 ") for line in lines)
    log = sim.open(out)
    assert any(line.startswith(f"events {log.counts['events']:,} ") for line in lines)
    assert any("simulator patient" in line for line in lines)
    # what is offered next must work
    [offer] = [line for line in lines if line.startswith(f"simulator patient {out}")]
    assert cli.main(["patient", str(out), offer.removeprefix(f"simulator patient {out} ").split()[0]]) == 0


def test_json_for_programs(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cohort"
    assert run(scenario, out, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    log = sim.open(out)
    assert facts["digest"] == log.digest
    assert (facts["patients"], facts["events"]) == (40, log.counts["events"])


def test_the_number_of_workers_changes_nothing(scenario: Path, tmp_path: Path) -> None:
    for workers in ("1", "2"):
        assert run(scenario, tmp_path / workers, "--workers", workers) == 0
    first = {
        f.relative_to(tmp_path / "1"): f.read_bytes() for f in (tmp_path / "1").rglob("*") if f.is_file()
    }
    second = {
        f.relative_to(tmp_path / "2"): f.read_bytes() for f in (tmp_path / "2").rglob("*") if f.is_file()
    }
    assert first == second


def test_another_seed_gives_other_people(scenario: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        assert run(scenario, tmp_path / seed, "--seed", seed) == 0
    assert sim.open(tmp_path / "1").digest != sim.open(tmp_path / "2").digest


def test_nothing_is_overwritten_silently(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "cohort"
    assert run(scenario, out, "--seed", "1") == 0
    before = sim.open(out).digest
    capsys.readouterr()
    assert run(scenario, out, "--seed", "2") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"simulator run: S300 {out} already exists\n  choose another folder, or say --force to replace it\n"
    )
    assert sim.open(out).digest == before
    assert run(scenario, out, "--seed", "2", "--force") == 0
    assert sim.open(out).digest != before


def test_force_spares_what_is_no_dataset(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("dear diary")
    assert run(scenario, tmp_path, "--force") == 2
    assert "is not a dataset of this program, so it is not replaced" in capsys.readouterr().err
    assert (tmp_path / "letter.txt").read_text() == "dear diary"


def test_what_cannot_be_is_refused_before_work_begins(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scenario, tmp_path / "out", "--step", "a while") == 2
    assert "`a while` is not a length of time" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_with_errors_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("id: broken\npopulation: {size: many, from: 2000-01-01, to: 2001-01-01}\n")
    assert run(broken, tmp_path / "out") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{broken}:2:20: error E" in captured.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_leaves_nothing(number: int, code: int, scenario: Path, tmp_path: Path) -> None:
    # a job in the background inherits an ignored SIGINT, which Python then leaves ignored
    heed = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code_of = heed + "from simulator.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code_of, "run", str(scenario), "--out", str(tmp_path / "out")]
    child = subprocess.Popen(
        [*command, "--size", "1M"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while not list(tmp_path.rglob("shard-*.parquet")):  # it has begun to write
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    child.send_signal(number)
    try:
        out, err = child.communicate(timeout=20)
    except subprocess.TimeoutExpired:  # it fell into a destructor, where Python drops exceptions
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
    assert child.returncode == code
    assert out == ""
    assert err == "\nstopped; nothing was left half-written\n"
    assert list(tmp_path.iterdir()) == []


def test_progress_is_shown_on_a_terminal_only(scenario: Path, tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "simulator", "run", str(scenario), "--out", str(tmp_path / "out")]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    child = subprocess.Popen(
        [*command, "--size", "3000"], stdout=subprocess.PIPE, stderr=terminal, text=True, env=environment
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(controller, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(controller)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert b"patients/s" in shown
    assert b"events/s" in shown
    assert "\x1b" not in out
    assert out.splitlines()[1].startswith("wrote ")


def test_no_terminal_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("x.yaml") as told:
        assert told is None
    assert capsys.readouterr().err == ""


def test_the_first_run_says_why_it_takes_longer(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim.run(scenario, size=1)
    assert first_words() == "getting ready"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert first_words() == "compiling the kernel, about a minute, this once"


def test_regenerated_alone_a_patient_is_the_same(
    scenario: Path, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = sim.open(written)
    given = ["--size", str(SIZE), "--seed", str(SEED)]
    for patient in (1, 57, SIZE):
        assert cli.main(["regenerate", str(scenario), "--patient", str(patient), *given, "--json"]) == 0
        alone = json.loads(capsys.readouterr().out)
        together = log.patient(patient)
        for name, table in (
            ("events", together.events), ("encounters", together.encounters), ("truth", together.truth),
        ):  # fmt: skip
            plain = json.loads(json.dumps(table.to_pylist(), default=lambda instant: instant.isoformat()))
            assert alone[name] == plain
        assert len(alone["events"]) > 1
        assert alone["subject"]["birth"] == together.subject["birth"].isoformat()


def test_regenerate_prints_lines_and_tables(
    scenario: Path, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["regenerate", str(scenario), "--patient", "5", "--size", str(SIZE), "--seed", str(SEED)]
    n = len(sim.open(written).patient(5).events)
    assert cli.main([*given, "--format", "jsonl"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == n
    assert json.loads(lines[0])["subject_id"] == 5
    assert cli.main(given) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Patient 5: {n:,} events\n")
    assert "MEDS_BIRTH" in out


def test_regenerate_someone_who_is_not_there(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["regenerate", str(scenario), "--patient", "41", "--size", "40"]) == 2
    assert capsys.readouterr().err == (
        "simulator regenerate: S200 there is no patient 41\n  patients are numbered 1 to 40\n"
    )


def test_verify_finds_nothing_in_a_run_and_something_in_a_damaged_one(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["verify", str(written)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing found"
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(written), str(copy)], check=True)
    next((copy / "data").glob("*.parquet")).unlink()
    assert cli.main(["verify", str(copy), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert "V01" in [violation["code"] for violation in report["violations"]]


def test_verify_what_is_no_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", str(tmp_path)]) == 2
    assert "is not a dataset" in capsys.readouterr().err


def test_a_scenario_that_records_no_diagnosis_is_told_and_summed_up(
    scenarios: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(scenarios / "neutral-w1.yaml", out) == 0
    assert "Most frequent diagnoses" not in capsys.readouterr().out
    assert cli.main(["summary", str(out)]) == 0
    assert cli.main(["patient", str(out), "1"]) == 0
    assert "true" in capsys.readouterr().out
