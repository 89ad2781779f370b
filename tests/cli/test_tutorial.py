"""docs/tutorial.md, walked step by step: what it says to type is typed, what it shows is what comes.

The output of simulations is shown to the last digit, for runs are the same on every machine. Where it
has changed in numbers alone, `make golden` writes the new ones into the page.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import simulator
from simulator.cli.main import build_parser, main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8")
GAP = "⋮"
STEP = re.compile(
    r"^```(?P<language>\w+)\n(?P<body>.*?)^```$|[Cc]hange `(?P<old>[^`]+)`\s+to\s+`(?P<new>[^`]+)`",
    re.MULTILINE | re.DOTALL,
)
FILE = "angioedema.yaml"
BAD = r"^\d+ errors?$|\d fail|^Whose history is different$"  #: with these the exit code is 1


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, and the lines that are shown for it."""

    words: tuple[str, ...]
    shown: tuple[str, ...]


def commands(body: str) -> Iterator[Command]:
    for typed, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", body, re.MULTILINE):
        yield Command(tuple(shlex.split(typed)), tuple(line.rstrip() for line in shown.splitlines()))


def edit(step: re.Match[str], before: str) -> None:
    """Do to the reader's file what the page says."""
    file = Path(FILE)
    if step["old"] is not None:
        text = file.read_text(encoding="utf-8")
        assert text.count(step["old"]) == 1, f"{step['old']!r} is not there exactly once"
        file.write_text(text.replace(step["old"], step["new"]), encoding="utf-8")
    elif re.search(rf"Write this into a new file `{FILE}`:\s*$", before):
        assert not file.exists()
        file.write_text(step["body"], encoding="utf-8")
    else:
        assert re.search(rf"Add this at the end of `{FILE}`[^.]*:\s*$", before), before[-200:]
        file.write_text(file.read_text(encoding="utf-8") + step["body"], encoding="utf-8")


def steps() -> Iterator[tuple[re.Match[str], str]]:
    """Every step of the page with the text before it."""
    at = 0
    for step in STEP.finditer(TEXT):
        yield step, TEXT[at : step.start()]
        at = step.end()


def alike(line: str) -> str:
    """A line without its numbers, bars and widths."""
    return " ".join(re.sub(r"[▁-█]+", "▁", re.sub(r"\d[\d,.]*", "#", line)).split())


def found(shown: tuple[str, ...], lines: list[str]) -> list[str] | None:
    """The lines of the output that stand for those shown, gaps kept; None if there are no such lines."""
    parts: list[list[str]] = [[]]
    for line in shown:
        if line == GAP:
            parts.append([])
        else:
            parts[-1].append(line)
    result, at = [], 0
    for number, part in enumerate(parts):
        starts = list(range(at, len(lines) - len(part) + 1))
        if number == 0:
            starts = starts[:1]
        if number == len(parts) - 1:
            starts = [start for start in starts if start + len(part) == len(lines)]
        wanted = [alike(line) for line in part]
        # numbers that are the same, if there are any, before numbers that are only in the same place
        same = [start for start in starts if lines[start : start + len(part)] == part]
        near = [s for s in starts if [alike(line) for line in lines[s : s + len(part)]] == wanted]
        if not near:
            return None
        start = (same or near)[0]
        result += [GAP] * (number > 0) + lines[start : start + len(part)]
        at = start + len(part)
    return result


def test_languages_of_the_blocks() -> None:
    assert {step["language"] for step, _ in steps()} <= {None, "sh", "yaml", "console", "mermaid"}
    assert "pip install ." in TEXT


def test_every_command_is_one() -> None:
    walked = [c for step, _ in steps() if step["language"] == "console" for c in commands(step["body"])]
    parser = build_parser()
    for command in walked:
        assert command.words[0] == "simulator"
        parser.parse_args(command.words[1:])
    assert {command.words[1] for command in walked} >= {
        "check", "run", "patient", "summary", "graph", "describe", "preview", "test", "explain", "diff",
        "verify",
    }  # fmt: skip


def test_every_step_has_its_time_and_together_an_hour() -> None:
    numbers = re.findall(r"^## (\d+)\. .*?(?:\((\d+) minutes\))?$", TEXT, re.MULTILINE)
    assert [int(number) for number, _ in numbers] == list(range(1, len(numbers) + 1))
    assert all(minutes for _, minutes in numbers[:-1])
    assert sum(int(minutes) for _, minutes in numbers[:-1]) == 60


def test_the_file_grows_without_a_finding_but_the_one_on_purpose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen = []
    for step, before in steps():
        if step["old"] is not None or step["language"] == "yaml":
            edit(step, before)
            seen.append([finding.code for finding in simulator.check(Path(FILE)).items])
    assert [codes for codes in seen if codes] == [["E503"]]
    text = Path(FILE).read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+):", text, re.MULTILINE)) >= {
        "population", "parameters", "diseases", "measurements", "treatments", "care", "arms", "expect",
        "targets",
    }  # fmt: skip


def test_the_library_takes_the_place_of_what_is_deleted(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(root / "scenarios")
    for step, before in steps():
        if step["old"] is not None or step["language"] == "yaml":
            edit(step, before)
    [use] = re.findall(r"`(use: \[[^`]*\])`", TEXT)
    text = Path(FILE).read_text(encoding="utf-8")
    text, gone = re.subn(r"^mortality:\n(?:  .*\n)+|^  (?:age|sex):.*\n", "", text, flags=re.MULTILINE)
    assert gone == 3
    people = text.index("  source:")
    text = text[:people] + text[text.index("\n", people) + 1 :]
    Path(FILE).write_text(f"{text}\n{use}\n", encoding="utf-8")
    assert simulator.check(Path(FILE)).items == []


@pytest.mark.slow
def test_what_is_shown_is_what_comes_golden(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(root / "scenarios")
    page = TEXT
    lines: list[str] = []
    for step, before in steps():
        if step["language"] == "mermaid":
            drawn = iter(lines)
            assert all(line in drawn for line in step["body"].splitlines())
        elif step["language"] != "console":
            if step["language"] != "sh":
                edit(step, before)
        else:
            for command in commands(step["body"]):
                code = main(command.words[1:])
                out, errors = capsys.readouterr()
                lines = [line.rstrip() for line in out.strip("\n").splitlines()]
                typed = shlex.join(command.words)
                assert not errors, typed
                bad = re.search(BAD, "\n".join(command.shown), re.MULTILINE)
                assert code == bool(bad), typed
                actual = found(command.shown, lines)
                assert actual is not None, f"{typed}\n{out}"
                if os.environ.get("SIMULATOR_REGENERATE"):
                    page = page.replace("\n".join(command.shown), "\n".join(actual), 1)
                else:
                    assert actual == list(command.shown), typed
    if page != TEXT:
        PAGE.write_text(page, encoding="utf-8")
    assert (tmp_path / "angioedema-preview.html").stat().st_size > 50_000


def test_what_was_found_follows_changed_numbers() -> None:
    lines = ["a 1", "b 2", "c 3", "b 4"]
    assert found(("a 1", GAP), lines) == ["a 1", GAP]
    assert found((GAP, "b 4"), lines) == [GAP, "b 4"]
    assert found((GAP, "b 9", GAP), lines) == [GAP, "b 2", GAP]
    assert found((GAP, "d 1", GAP), lines) is None
    assert found(("b 2", GAP), lines) is None
    assert found(("a 1",), lines) is None


@pytest.mark.parametrize("page", ["tutorial.md", "README.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (PAGE.parent / page).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not t.startswith("http")]
    assert targets
    assert [target for target in targets if not (PAGE.parent / target).exists()] == []


def test_the_index_names_every_page() -> None:
    index = (PAGE.parent / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in PAGE.parent.glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([^)#]+)", index))
