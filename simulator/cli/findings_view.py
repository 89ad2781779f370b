"""Findings for people (source line and caret) and for programs (JSON)."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from simulator.errors import Finding, Span

NARROW = 40  # no terminal is taken to be narrower
WIDTH = 100  # columns of source shown; longer lines are cut around the caret

_STYLES = {"error": "bold red", "warning": "bold yellow", "place": "bold", "margin": "blue", "hint": "green"}

#: control characters, line ends, marks of direction, halves of characters: they would steer a terminal
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)

_WITHOUT_WIDTH = ("Mn", "Me", "Cf")  # marks on the letter before, and characters nobody sees
_AS_EMOJI = "\ufe0f"  # makes a picture in two columns of the character before

#: at the beginning of a remedy: a word of English, no name
_PLAIN_WORD = re.compile(r"[a-z][a-z’'-]*[,;]?(?= |$)")

Piece = tuple[str, str]  # text, style ("" for none)


def render_findings(
    findings: Iterable[Finding],
    files: Mapping[str, str] | None = None,
    *,
    color: bool = False,
    columns: int | None = None,
) -> str:
    """All findings as text, in the order of the file, with a closing count.

    `files` holds the text of files by the name in their spans; others are read from disk.
    `color` adds the escape codes of a terminal (unless the environment sets NO_COLOR). `columns` is the
    width of a terminal: lines are cut and wrapped to it; if None, remedies stand on one line.
    """
    pieces = _pieces(findings, dict(files or {}), columns)
    if not (color and styled()):
        return without_trailing_blanks("".join(text for text, _ in pieces))
    from rich.console import Console  # only here: it costs time to import
    from rich.text import Text

    text = Text()
    for piece, style in pieces:
        text.append(piece, style=_STYLES.get(style))
    sink = io.StringIO()
    Console(file=sink, force_terminal=True, soft_wrap=True, highlight=False).print(text, end="")
    return sink.getvalue()


def styled() -> bool:
    """Whether the environment lets a terminal show colours and bold: no NO_COLOR (no-color.org)."""
    return not os.environ.get("NO_COLOR")


def without_trailing_blanks(text: str) -> str:
    """`text` with no line that ends in blanks."""
    return _TRAILING.sub("", text)


def print_findings(
    findings: Iterable[Finding], files: Mapping[str, str] | None = None, stream: IO[str] | None = None
) -> None:
    """Writes all findings to `stream` (stdout if None), in colour and to its width if it is a terminal."""
    stream = stream or sys.stdout
    terminal = stream.isatty()
    columns = max(NARROW, shutil.get_terminal_size().columns) if terminal else None
    stream.write(render_findings(findings, files, color=terminal, columns=columns))


def findings_json(findings: Iterable[Finding]) -> str:
    """A JSON array of all findings, in the order of the file."""
    return json.dumps([_as_dict(finding) for finding in _in_order(findings)], indent=2, ensure_ascii=False)


def _as_dict(finding: Finding) -> dict[str, str | int | None]:
    span = finding.span
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "path": finding.path,
        "expected": finding.expected,
        "nearest": finding.nearest,
        "remedy": sentence(finding.remedy),
    }


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: (f.span.file, f.span.line, f.span.column, f.code))


def _pieces(findings: Iterable[Finding], files: dict[str, str], columns: int | None) -> Iterator[Piece]:
    ordered = _in_order(findings)
    lines: dict[str, list[str]] = {}
    for finding in ordered:
        file = finding.span.file
        if file not in lines:
            lines[file] = _text_of(file, files).split("\n")
        yield f"{_printable(str(finding.span))}: ", "place"
        yield f"{finding.severity} {finding.code}", finding.severity
        yield f": {_printable(finding.message)}\n", "place"
        room = (
            WIDTH if columns is None else columns - len(str(finding.span.line)) - 6
        )  # number, bar, ellipses
        yield from _source(finding.span, lines[file], finding.severity, room)
        margin = " " * (len(str(finding.span.line)) + 3) + "= "
        notes = (
            (f"at {finding.path}" if finding.path else "", ""),
            (f"expected: {finding.expected}" if finding.expected else "", ""),
            (f"did you mean `{finding.nearest}`?" if finding.nearest else "", "hint"),
            (sentence(finding.remedy), "hint"),
        )
        for note, style in notes:
            if note:
                yield margin, "margin"
                yield f"{_wrapped(_printable(note), len(margin), columns)}\n", style
        yield "\n", ""
    yield _count(ordered), ""


def sentence(text: str) -> str:
    """A remedy as a sentence: with a capital, unless it begins with a name, and a full stop.

    >>> sentence("write `1 year`"), sentence("docs/targets.md has more"), sentence("(Or so.)")
    ('Write `1 year`.', 'docs/targets.md has more.', '(Or so.)')
    """
    if not text:
        return ""
    if _PLAIN_WORD.match(text):
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?", "!", ":", "…", ".)", "?)")) else f"{text}."


def _wrapped(text: str, indent: int, columns: int | None) -> str:
    """`text` on as many lines as it needs, all but the first indented."""
    if columns is None:
        return text
    return f"\n{' ' * indent}".join(
        textwrap.wrap(text, columns - indent, break_long_words=False, break_on_hyphens=False)
    )


def _count(findings: list[Finding]) -> str:
    if not findings:
        return "no findings\n"
    errors = sum(finding.severity == "error" for finding in findings)
    counts = ((errors, "error"), (len(findings) - errors, "warning"))
    return ", ".join(f"{n} {word}{'s' * (n > 1)}" for n, word in counts if n) + "\n"


def _source(span: Span, lines: list[str], severity: str, room: int) -> Iterator[Piece]:
    """The source line with carets under the span, if the file is known; `room` is for so many columns."""
    if not 1 <= span.line <= len(lines) or lines == [""]:
        return
    line = lines[span.line - 1]
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    end = max(min(end, len(line)), start + 1)
    left, right = _cut(line, start, room)
    shown, before = _printable(line[left:right]), line[left:start]
    number = str(span.line)
    yield f" {number} | ", "margin"
    yield f"{'…' * (left > 0)}{shown.rstrip()}{'…' * (right < len(line))}\n", ""
    yield " " * (len(number) + 2) + "| ", "margin"
    caret = max(1, _width(line[start : min(end, right)]))
    yield " " * (_width(before) + (left > 0)) + "^" * caret + "\n", severity


def _cut(line: str, start: int, room: int) -> tuple[int, int]:
    """The part of a line that is shown around the character `start`, in so many columns of a terminal."""
    left = max(0, min(start - room // 3, len(line) - room))
    piece = line[left : left + room]
    if piece.isascii():
        return left, left + len(piece)
    before = _width(line[left:start])
    while left < start and before > room // 3 and before + _width(line[start : left + room]) > room:
        before -= _width(line[left])
        left += 1
    right, used = left, 0
    while right < len(line) and (used := used + _width(line[right])) <= room:
        right += 1
    return left, right


def _text_of(file: str, files: dict[str, str]) -> str:
    if file not in files:
        try:
            with open(file, encoding="utf-8-sig", errors="replace") as stream:
                files[file] = stream.read()
        except (OSError, ValueError):
            files[file] = ""
    return files[file]


def _printable(text: str) -> str:
    """`text` with control characters (which could steer a terminal) made harmless."""
    return _CONTROL.sub(lambda match: "→" if match[0] == "\t" else "\ufffd", text)


def _width(text: str) -> int:
    """Columns of a terminal that `text` takes."""
    if text.isascii():
        return len(text)
    width = last = 0
    for character in text:
        if character == _AS_EMOJI:
            width += 2 - last if last else 0
            last = 2 if last else 0
        elif unicodedata.category(character) in _WITHOUT_WIDTH or "\u1160" <= character <= "\u11ff":
            continue  # the last are the vowels and ends of Korean syllables: they join what they follow
        else:
            last = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            width += last
    return width
