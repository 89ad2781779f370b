"""docs/diff.md: its commands exist, and its example comes out as it is printed there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.cli.parser import build_parser

HERE = Path(__file__).parent
TEXT = (HERE.parents[1] / "docs" / "diff.md").read_text(encoding="utf-8")


def test_its_commands_exist() -> None:
    lines = re.findall(r"^simulator [^#\n]*|`(simulator [^`]*)`", TEXT, re.MULTILINE)
    [console] = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    commands = [*re.findall(r"^simulator [^#\n]*", console, re.MULTILINE), *filter(None, lines)]
    assert len(commands) >= 7
    for command in commands:
        build_parser().parse_args(shlex.split(command)[1:])


def test_its_example_comes_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    assert main(["diff", "diff_base.yaml", "--arm", "nobody", "--size", "250"]) == 1
    said = "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
    blocks = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert block.rstrip() in said
