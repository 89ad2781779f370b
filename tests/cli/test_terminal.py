"""What a terminal, a narrow one, and a pipe are given."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import console
from simulator.cli.main import main

BROKEN = Path(__file__).parents[1] / "broken" / "e221_no_states.yaml"
SCENARIO = Path(__file__).parents[2] / "scenarios" / "type-2-diabetes.yaml"


def on_terminal(*args: str, columns: int = 80, **environment: str) -> str:
    """What a command writes to a terminal of so many columns."""
    pty = pytest.importorskip("pty", reason="terminals of Unix")
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *args],
        stdin=theirs, stdout=theirs, stderr=theirs, env=kept | {"TERM": "xterm-256color"} | environment,
    )  # fmt: skip
    os.close(theirs)
    parts: list[bytes] = []
    try:
        while part := os.read(ours, 1 << 16):
            parts.append(part)
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    process.wait()
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("command", [("check", str(BROKEN)), ("describe", str(SCENARIO))])
def test_no_color_is_plain_text(command: tuple[str, ...]) -> None:
    assert "\x1b[1m" in on_terminal(*command)
    assert "\x1b[1m" in on_terminal(*command, NO_COLOR="")  # empty: as if it were not there
    plain = on_terminal(*command, NO_COLOR="1")
    assert "\x1b" not in plain
    assert len(plain) > 200


def test_a_narrow_terminal_parts_no_word() -> None:
    shown = on_terminal("describe", str(SCENARIO), NO_COLOR="1")
    lines = [line.rstrip() for line in shown.splitlines()]
    assert max(map(len, lines)) <= 80
    assert "            respiratory_infection.   diagnosis   at acute_visit," in lines
    assert "            diagnosed                            emergency_department with" in lines
    start = lines.index("   albumin_creatinine")
    assert lines[start + 1] == "      title        Albumin to creatinine ratio in urine"
    assert lines[start + 5] == "      true value   mean 9"


@pytest.mark.parametrize("command", ["describe", "check"])
def test_piped_lines_end_in_no_blanks(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(SCENARIO if command == "describe" else BROKEN)]) in (0, 1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if line != line.rstrip()] == []


def test_names_are_parted_where_they_are_put_together() -> None:
    assert console.fold_name("ENCOUNTER//ambulatory//primary_care", 24) == [
        "ENCOUNTER//ambulatory//",
        "primary_care",
    ]
    assert console.fold_name("estimated_filtration_rate", 20) == ["estimated_", "filtration_rate"]
    assert console.fold_name("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
