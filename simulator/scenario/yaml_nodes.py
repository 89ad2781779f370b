"""YAML as text with positions: no implicit types, no anchors, no tags, no surprises.

PyYAML's events are turned into three kinds of nodes. Every scalar keeps its text exactly as it
was meant (``no`` stays "no", ``1e-3`` stays "1e-3") and knows where each of its characters
stands in the file. What YAML allows and the language does not becomes a finding.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from simulator.errors import Findings, Span

MAX_CHARACTERS = 5_000_000
MAX_NODES = 200_000
MAX_DEPTH = 50
MAX_KEY = 1024  # as YAML has it
MAX_FINDINGS = 1000  # after so many, reading stops

TOO_LARGE = "Move large tables to a CSV file beside it (`csv: file.csv`)."
#: control characters, line ends that not all editors know, marks that show a line in another order than it is
#: read (Boucher & Anderson 2021, "Trojan Source"), byte order marks, halves of characters
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\r\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_WIDE_COLON = re.compile("[ -]*[a-z_][a-z0-9_]*：")
_BLANKS = "\t\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000"  # that are no space
_INDENT = re.compile(rf"^ *[{_BLANKS}][ {_BLANKS}]*(?=[^\s#])", re.MULTILINE)


@dataclass(slots=True)
class Source:
    """A file's name and text; `lines` holds the index at which each line begins."""

    file: str
    text: str
    lines: list[int] = field(default_factory=list)

    def span(self, start: int, end: int) -> Span:
        """The span of the characters start..end (exclusive)."""
        if not self.lines:
            self.lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
        first = bisect_right(self.lines, start)
        last = bisect_right(self.lines, max(start, end))
        end_column = max(start, end) - self.lines[last - 1] + 1
        return Span(self.file, first, start - self.lines[first - 1] + 1, last, end_column)


@dataclass(slots=True)
class Scalar:
    """A text. `start` and `end` are its place in the source, quotes and block header included."""

    text: str
    span: Span
    source: Source
    start: int
    end: int
    plain: bool  # unquoted on one line
    _places: list[int] | None = None

    def locate(self, start: int, end: int) -> Span:
        """The place in the file of the characters start..end (exclusive) of the text."""
        if self.plain:
            line, column = self.span.line, self.span.column
            return Span(self.source.file, line, column + start, line, column + max(end, start + 1))
        places = self.places()
        last = len(places) - 1
        first = places[min(start, last)]
        final = places[min(max(end - 1, start), last)] + 1
        return self.source.span(first, final)

    def places(self) -> list[int]:
        """For each character of the text, its index in the source."""
        if self._places is None:
            self._places = _align(self.text, self.source.text, self.start, self.end)
        return self._places


@dataclass(slots=True)
class Entry:
    """One ``key: value`` of a mapping."""

    key: Scalar
    value: Node


@dataclass(slots=True)
class Mapping:
    span: Span
    entries: dict[str, Entry] = field(default_factory=dict)
    incomplete: bool = False  # some of what was written in it could not be read

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry.value if entry else None


@dataclass(slots=True)
class Sequence:
    span: Span
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Invalid:
    """Stands where a finding has already been made; whoever meets it says nothing more."""

    span: Span


Node = Scalar | Mapping | Sequence | Invalid


def kind_of(node: Node) -> str:
    """What a node is, in an author's words."""
    if isinstance(node, Scalar):
        return "nothing" if is_empty(node) else f"`{shorten(node.text)}`"
    return {"Mapping": "a mapping", "Sequence": "a list"}.get(type(node).__name__, "something")


def is_empty(node: Node) -> bool:
    """Whether nothing was written: ``key:`` with no value."""
    return isinstance(node, Scalar) and node.text == "" and node.start == node.end


def size_of(node: Node) -> int:
    """How many keys and values a node holds."""
    if isinstance(node, Mapping):
        return sum(1 + size_of(entry.value) for entry in node.entries.values())
    return sum(map(size_of, node.items)) if isinstance(node, Sequence) else 1


def shorten(text: str, width: int = 40) -> str:
    """`text` on one line, cut to `width`."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def read_yaml(text: str, file: str, findings: Findings) -> Mapping | None:
    """The root mapping of a YAML text, or None if it cannot be read (the findings say why)."""
    before = len(findings.items)
    if not _is_readable(text, file, findings):
        return None
    source = Source(file, text)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    composer = _Composer(source, yaml.parse(text, Loader=loader), findings)
    try:
        root = composer.document()
    except yaml.YAMLError as error:
        _syntax_finding(source, error, findings)
        return None
    except _Unreadable:
        return None
    if isinstance(root, Mapping):
        return root
    if len(findings.items) == before:
        empty = is_empty(root)
        findings.add(
            "E108",
            "the file is empty" if empty else f"the file holds {kind_of(root)}, not a mapping",
            root.span,
            expected="keys such as `id: my-scenario` and `diseases:` at the beginning of lines",
        )
    return None


def _is_readable(text: str, file: str, findings: Findings) -> bool:
    top = Span(file, 1, 1, 1, 1)
    if len(text) > MAX_CHARACTERS:
        findings.add(
            "E110",
            f"the file has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            top,
            remedy=TOO_LARGE,
        )
        return False
    match = _CONTROL.search(text)
    if match:
        name = unicodedata.name(match[0], "")
        findings.add(
            "E109",
            f"the character U+{ord(match[0]):04X}{f' ({name})' if name else ''} cannot stand in a text file",
            Source(file, text).span(match.start(), match.end()),
            remedy="Delete it, or save the file again as UTF-8 text.",
        )
        return False
    indents = list(_INDENT.finditer(text))
    if indents:
        more = f" (and {len(indents) - 1} more lines)" if len(indents) > 1 else ""
        wrong = next(i for i in range(indents[0].start(), indents[0].end()) if text[i] != " ")
        name = "a tab" if text[wrong] == "\t" else f"the blank U+{ord(text[wrong]):04X}"
        findings.add(
            "E106",
            f"{name} indents this line{more}",
            Source(file, text).span(wrong, wrong + 1),
            remedy="Indent with spaces, two per level.",
        )
        return False
    return True


class _Unreadable(Exception):
    """Reading stops here; the finding has been made."""


class _Composer:
    """Builds nodes from YAML events, noting what the language does not allow."""

    def __init__(self, source: Source, events: Iterator[Any], findings: Findings) -> None:
        self.source = source
        self.events = events
        self.findings = findings
        self.count = 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version is not None or event.tags:
                    self.refuse("E107", "a `%` directive is not part of the language", event, "Delete it.")
                if root is not None:
                    self.refuse(
                        "E107",
                        "a second document begins here",
                        event,
                        "Delete the `---` line, or put the second scenario in a file of its own.",
                    )
                    raise _Unreadable
            elif isinstance(event, yaml.NodeEvent):
                root = self.node(event, 1)
        return root or Scalar("", self.source.span(0, 0), self.source, 0, 0, True)

    def node(self, event: Any, depth: int) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            self.refuse("E110", f"the file has more than {MAX_NODES:,} keys and values", event, TOO_LARGE)
            raise _Unreadable
        if isinstance(event, yaml.AliasEvent):
            self.refuse(
                "E103",
                f"`*{event.anchor}` is a YAML alias, which is not part of the language",
                event,
                "Write the value out, or move what is shared to a file that both `use:`.",
            )
            return Invalid(self.span(event))
        self._refuse_properties(event)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        if depth > MAX_DEPTH:
            self.refuse("E111", f"nested more than {MAX_DEPTH} levels deep", event, "Flatten it.")
            raise _Unreadable
        if isinstance(event, yaml.SequenceStartEvent):
            sequence = Sequence(self.span(event))
            for item in self.events:
                if isinstance(item, yaml.SequenceEndEvent):
                    break
                sequence.items.append(self.node(item, depth + 1))
            return sequence
        return self.mapping(event, depth)

    def mapping(self, event: Any, depth: int) -> Mapping:
        mapping = Mapping(self.span(event))
        for key_event in self.events:
            if isinstance(key_event, yaml.MappingEndEvent):
                break
            key = self.node(key_event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                mapping.incomplete = True
                if not isinstance(key, Invalid):
                    self.refuse("E112", f"{kind_of(key)} cannot be a key", key_event, "A key is a word.")
                continue
            self._enter(mapping, key, value)
        return mapping

    def _enter(self, mapping: Mapping, key: Scalar, value: Node) -> None:
        if key.text == "<<" and key.plain:
            mapping.incomplete = True
            self.findings.add(
                "E105",
                "`<<` (a YAML merge key) is not part of the language",
                key.span,
                remedy="Write the keys out, or move what is shared to a file that is named in `use:`.",
            )
        elif key.text in mapping.entries:
            first = mapping.entries[key.text].key.span
            self.findings.add(
                "E102",
                f"the key `{shorten(key.text)}` is here twice; it was first given on line {first.line}",
                key.span,
                remedy="Delete or rename one of the two.",
            )
        else:
            mapping.entries[key.text] = Entry(key, value)
        self._stop_if_full()

    def scalar(self, event: Any) -> Scalar:
        start, end = event.start_mark, event.end_mark
        plain = not event.style and start.line == end.line
        if not event.value and plain:  # nothing written: the mark may lie beyond trailing spaces
            end = start
        return Scalar(event.value, self.span(event), self.source, start.index, end.index, plain)

    def span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        if end.line > start.line and end.column == 0:  # a block scalar ends where the next line begins
            return self.source.span(start.index, max(start.index + 1, end.index - 1))
        return Span(self.source.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def refuse(self, code: str, message: str, event: Any, remedy: str) -> None:
        self.findings.add(code, message, self.span(event), remedy=remedy)
        self._stop_if_full()

    def _stop_if_full(self) -> None:
        if len(self.findings.items) > MAX_FINDINGS:
            raise _Unreadable

    def _refuse_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self.refuse(
                "E103",
                f"`&{event.anchor}` is a YAML anchor, which is not part of the language",
                event,
                f"Delete `&{event.anchor}`; share blocks between scenarios by `use:`.",
            )
        if event.tag is not None:
            self.refuse(
                "E104",
                f"the YAML tag `{shorten(event.tag)}` is not part of the language",
                event,
                "Delete the tag; the language knows which kind each value is.",
            )


# --- places -----------------------------------------------------------------------------


#: digits behind the letter of an escape in double quotes
_ESCAPE_DIGITS = {"x": 2, "u": 4, "U": 8}


def _align(text: str, raw: str, start: int, end: int) -> list[int]:
    """For each character of a scalar's text, its index in the raw source.

    Quotes, escapes, block headers, indentation and folded line breaks are skipped: each
    character is matched with the next equal one (a blank matches any white space). A
    character that was written as an escape stands where the escape begins.
    """
    place = start
    escapes = raw[start : start + 1] == '"'
    if raw[start : start + 1] in ("|", ">"):
        place = raw.find("\n", start, end) + 1 or start
    elif raw[start : start + 1] in ("'", '"'):
        place = start + 1
    places: list[int] = []
    for character in text:
        probe = place
        while probe < end and raw[probe] != character and not (character.isspace() and raw[probe].isspace()):
            if escapes and raw[probe] == "\\" and raw[probe + 1] != "\n":
                break
            probe += 1
        places.append(min(probe, max(start, end - 1)))
        if escapes and probe < end and raw[probe] == "\\":
            probe += 1 + _ESCAPE_DIGITS.get(raw[probe + 1], 0)
        place = probe + 1
    return places or [start]


# --- syntax errors ----------------------------------------------------------------------

_PROBLEMS: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a second `: ` on one line, or a line indented too far",
        "Put a text that contains `: ` in quotes, and line keys of one block up under each other.",
    ),
    (
        "cannot start any token",
        "a value cannot begin with this character",
        'Put the value in quotes, e.g. `unit: "%"`.',
    ),
    (
        "expected ',' or '}'",
        "a `{…}` is not closed here",
        "Close it; inside `{…}` put an expression that contains `,` `[` `]` `{` or `}` in quotes.",
    ),
    (
        "expected ',' or ']'",
        "a `[…]` is not closed here",
        "Close it; inside `[…]` put an expression that contains `,` `[` `]` `{` or `}` in quotes.",
    ),
    (
        "unexpected end of stream",
        "a quoted text is never closed",
        "Add the closing quote.",
    ),
    (
        "expected '-' indicator",
        "this line does not belong to the list above it",
        "Indent it as the block it belongs to, or begin it with `- `.",
    ),
    (
        "expected <document start>",
        "the file goes on after its end",
        "Delete the `...`, or the `}` or `]` too many, before it.",
    ),
    (
        "expected node content",
        "a value was expected here",
        "Delete the `]`, `}` or `,` that has nothing before it, or put the value in quotes.",
    ),
    (
        "unknown escape character",
        "a backslash in double quotes begins an escape that does not exist",
        "Use single quotes.",
    ),
    (
        "invalid Unicode character escape",
        "this escape stands for no character",
        "Write the character itself; where a backslash is meant, use single quotes.",
    ),
)


def _syntax_finding(source: Source, error: yaml.YAMLError, findings: Findings) -> None:
    problem = str(getattr(error, "problem", None) or "the text cannot be read")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = source.text.split("\n")
    if line > len(lines) or (line == len(lines) and line > 1 and not lines[-1].strip()):
        line = max(1, len(lines) - 1)  # the end of the file: show the last line instead
        column = len(lines[line - 1]) + 1
    wide = _wide_colon(lines, line) if "mapping values" in problem or "expected ':'" in problem else None
    if wide is not None:
        span = Span(source.file, *wide, wide[0], wide[1] + 1)
        findings.add("E101", "the full-width `：` is no `:`", span, remedy="Write `key: value`.")
        return
    span = Span(source.file, line, column, line, column + 1)
    context = getattr(error, "context_mark", None)
    known = (entry[1:] for entry in _PROBLEMS if entry[0] in problem)
    begun = lines[context.line] if context is not None and context.line < len(lines) else ""
    message, remedy = next(known, None) or _unlisted(problem, begun)
    if context is not None and context.line + 1 < line and "closed" in message:
        message += f" (it begins on line {context.line + 1})"
    findings.add("E101", message, span, remedy=remedy)


def _wide_colon(lines: list[str], line: int) -> tuple[int, int] | None:
    """Line and column of a `：` behind a key: there, or on the line before, as a key without `:` goes on."""
    for number in (line, line - 1):
        found = _WIDE_COLON.match(lines[number - 1]) if number >= 1 else None
        if found:
            return number, found.end()
    return None


def _unlisted(problem: str, begun: str) -> tuple[str, str]:
    """Message and remedy; what is wrong begins on the line `begun`."""
    if "expected key" in problem or "expected <block end>" in problem:
        return (
            "this line is not indented like the lines before it, or text follows a quoted value",
            "Line the keys of one block up under each other; quote a value as a whole.",
        )
    if "could not find expected ':'" in problem:
        if ": " in begun[MAX_KEY:]:
            return f"a key of more than {MAX_KEY:,} characters", "A key is a word."
        return "a key without a `:`", "Write `key: value`."
    return f"this is not valid YAML: {problem}", "Check quotes, brackets and indentation around it."
