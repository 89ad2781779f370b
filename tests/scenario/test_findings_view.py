"""How findings look on a terminal, in a pipe and as JSON."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pytest

from simulator.cli.findings_view import findings_json, print_findings, render_findings
from simulator.errors import Finding, Span

FILES = {"f.yaml": "id: x\ntitel: ä title\n" + "k: " + "x" * 300 + " here\n"}
TYPO = Finding(
    "E201", "unknown key `titel`", Span("f.yaml", 2, 1, 2, 6), "titel", "a key", "title", "Rename it."
)
DOUBT = Finding("W201", "no source", Span("f.yaml", 1, 5, 1, 6))


def test_text() -> None:
    assert render_findings([TYPO, DOUBT], FILES) == (
        "f.yaml:1:5: warning W201: no source\n"
        " 1 | id: x\n"
        "   |     ^\n"
        "\n"
        "f.yaml:2:1: error E201: unknown key `titel`\n"
        " 2 | titel: ä title\n"
        "   | ^^^^^\n"
        "    = at titel\n"
        "    = expected: a key\n"
        "    = did you mean `title`?\n"
        "    = Rename it.\n"
        "\n"
        "1 error, 1 warning\n"
    )


def test_nothing_to_tell() -> None:
    assert render_findings([]) == "no findings\n"


def test_a_long_line_is_cut_around_the_caret() -> None:
    finding = Finding("E301", "m", Span("f.yaml", 3, 305, 3, 309))
    lines = render_findings([finding], FILES).splitlines()
    assert len(lines[1]) < 120
    assert lines[1].endswith("here")
    assert lines[1].index("here") == lines[2].index("^^^^")


def test_wide_characters_keep_the_caret_in_place() -> None:
    finding = Finding("E301", "m", Span("f", 1, 4, 1, 5))
    assert render_findings([finding], {"f": "a: 日x"}).splitlines()[1:3] == [" 1 | a: 日x", "   |    ^^"]
    after = Finding("E301", "m", Span("f", 1, 5, 1, 6))
    assert render_findings([after], {"f": "a: 日x"}).splitlines()[2] == "   |      ^"


def test_control_characters_reach_no_terminal() -> None:
    finding = Finding("E109", "bad \x1b[31m", Span("f", 1, 1, 1, 2))
    assert "\x1b" not in render_findings([finding], {"f": "\x1b[2J"})


def test_an_unknown_file_has_no_source_line() -> None:
    finding = Finding("E120", "m", Span("no/such/file", 9, 1, 9, 2))
    assert render_findings([finding]).splitlines()[0] == "no/such/file:9:1: error E120: m"


def test_a_span_beyond_the_file_is_no_accident() -> None:
    finding = Finding("E101", "m", Span("f.yaml", 99, 80, 99, 81))
    assert "99 |" not in render_findings([finding], FILES)


def test_json() -> None:
    (first, second) = json.loads(findings_json([TYPO, DOUBT]))
    assert first["severity"] == "warning"
    assert second == {
        "code": "E201", "severity": "error", "message": "unknown key `titel`", "file": "f.yaml", "line": 2,
        "column": 1, "end_line": 2, "end_column": 6, "path": "titel", "expected": "a key", "nearest": "title",
        "remedy": "Rename it.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ("rename it", "Rename it."),
        ("Rename it.", "Rename it."),
        ("otherwise, is it a number of percent?", "Otherwise, is it a number of percent?"),
        ("`flu.late` never happens", "`flu.late` never happens."),
        ("cf.onset never happens", "cf.onset never happens."),
        ("docs/targets.md says more", "docs/targets.md says more."),
        ("Write `==`. (`=` names an argument.)", "Write `==`. (`=` names an argument.)"),
        ("", ""),
    ],
)
def test_a_remedy_is_a_sentence(remedy: str, shown: str) -> None:
    finding = replace(TYPO, remedy=remedy)
    [fact] = json.loads(findings_json([finding]))
    assert fact["remedy"] == shown
    assert f"= {shown}\n" in render_findings([finding], FILES) or not shown


def test_a_line_without_anything_ends_in_no_blank() -> None:
    finding = Finding("E301", "m", Span("f.yaml", 1, 1, 1, 2), "k")
    assert render_findings([finding], {"f.yaml": "\nid: x\n"}).splitlines()[1] == " 1 |"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal, pipe = Terminal(), io.StringIO()
    print_findings([TYPO], FILES, terminal)
    print_findings([TYPO], FILES, pipe)
    assert "\x1b[" in terminal.getvalue()
    assert pipe.getvalue() == render_findings([TYPO], FILES)


def test_on_a_terminal_everything_fits_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    keys = "one of " + ", ".join(f"`key{i}`" for i in range(20))
    finding = Finding(
        "E301", "m", Span("f.yaml", 3, 305, 3, 309), "k", keys, remedy="Write one of them, " * 6
    )
    terminal = Terminal()
    print_findings([finding], FILES, terminal)
    lines = re.sub("\x1b\\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert max(len(line) for line in lines) <= 60
    assert lines[1].index("here") == lines[2].index("^^^^")
    assert lines[5].startswith("      `key")  # goes on below the text, not below the margin
    assert "`key19`" in terminal.getvalue()
