"""Words of an expression: numbers with their units, dates, names and operators.

A unit is read only directly behind a number, so ``/`` and ``[`` inside ``10*9/L`` or
``mm[Hg]`` are never mistaken for arithmetic or a list. A ``/`` belongs to a name only if no
blank surrounds it and both neighbours begin with a letter (``F508del/other``); with blanks it
divides.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass

from simulator import units
from simulator.scenario.lookalikes import is_word, latin, strange

MAX_LENGTH = 4000
MAX_TOKENS = 300
_LONGEST_SHOWN = 40

WORDS = frozenset((
    "and", "or", "not", "in", "on", "ever", "last", "time", "since", "count", "of", "diagnosed", "per",
    "min", "max", "exp", "log", "sqrt", "round", "if",
    "normal", "uniform", "exponential", "weibull", "gamma", "lognormal", "beta",
))  # fmt: skip
"""Words with a meaning of their own in expressions."""

RESERVED = WORDS | frozenset((
    "age", "sex", "date", "month", "year", "true", "false", "yes", "no", "none", "unknown", "birth", "death",
))  # fmt: skip
"""Names that nothing in a scenario may be given."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
NAME = re.compile(rf"{_NAME}(?:\.(?!\.){_NAME}|/{_NAME})*")
CATEGORY = re.compile(rf"{_NAME}(?:/{_NAME})*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9A-Za-z_])")
_NUMBER = re.compile(r"[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?(?:[eE][+-]?[0-9]+(?![A-Za-z_]))?")
_TERM = r"(?:10[*^][+-]?[0-9]+|(?:[A-Za-zµμ°%]|\[[A-Za-z0-9_'%.]+\])+[0-9]*(?:\{[^{}\s]*\})?|\{[^{}\s]*\})"
_UNIT = re.compile(rf"{_TERM}(?:[/.]{_TERM})*")
_PER_UNIT = re.compile(rf"/{_TERM}(?:[/.]{_TERM})*")
_OPERATOR = re.compile(r"\*\*|==|!=|<=|>=|\+-|\.\.|[-+*/()\[\],=<>±]")

_FOREIGN = {
    "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "≥": ">=", "≤": "<=", "≠": "!=",
    "<>": "!=", "=>": ">=", "=<": "<=", "^": "**", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-",
    "…": "..",
}  # fmt: skip


class ExpressionError(Exception):
    """What is wrong with an expression, and where: characters start..end of its text."""

    def __init__(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        *,
        expected: str = "",
        nearest: str | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = max(end, start + 1)
        self.expected = expected
        self.nearest = nearest
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Token:
    """kind: number, date, name, word, op or end. `unit` of a number is "" if it has none."""

    kind: str
    text: str
    start: int
    end: int
    value: float = 0.0
    unit: str = ""
    day: dt.date | None = None

    @property
    def shown(self) -> str:
        return "the end" if self.kind == "end" else f"`{self.text}`"


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, with an end token. Raises: ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            "E315", f"an expression of {len(text):,} characters; at most {MAX_LENGTH:,} are read", 0, 1,
            remedy="Name its parts: an attribute, or a state of a disease.",
        )  # fmt: skip
    tokens: list[Token] = []
    place = 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        if place >= len(text):
            tokens.append(Token("end", "", len(text), len(text)))
            return tokens
        token = _next(text, place)
        tokens.append(token)
        place = token.end
        if len(tokens) > MAX_TOKENS:
            raise ExpressionError(
                "E315", f"an expression of more than {MAX_TOKENS} words", place - 1, place,
                remedy="Name its parts: an attribute, or a state of a disease.",
            )  # fmt: skip


def _next(text: str, place: int) -> Token:
    character = text[place]
    if "0" <= character <= "9":
        return _date(text, place) or _number(text, place)
    match = NAME.match(text, place)
    if match:
        kind = "word" if match[0] in WORDS else "name"
        return Token(kind, match[0], place, match.end())
    for foreign, ours in _FOREIGN.items():
        if text.startswith(foreign, place) and not text.startswith("!=", place):
            raise ExpressionError(
                "E301", f"`{foreign}` is not an operator of the language", place, place + len(foreign),
                nearest=ours,
            )  # fmt: skip
    match = _OPERATOR.match(text, place)
    if match:
        return Token("op", match[0], place, match.end())
    if character == "." and text[place + 1 : place + 2].isdigit():
        raise ExpressionError(
            "E308", "a number cannot begin with a point", place, place + 2, expected="e.g. `0.5`"
        )
    if character in "\"'":
        raise ExpressionError(
            "E301", "quotes do not belong in an expression", place, place + 1,
            remedy="Write names and categories without quotes.",
        )  # fmt: skip
    raise _meaningless(text, place)


def _meaningless(text: str, place: int) -> ExpressionError:
    """Of a character that begins no word of the language, with the word that it stands in."""
    start, end = place, place + 1
    if not text[place].isascii() and is_word(text[place]):
        while start and is_word(text[start - 1]):
            start -= 1
        while end < len(text) and is_word(text[end]):
            end += 1
    word = text[start:end] if end - start <= _LONGEST_SHOWN else f"{text[start : start + _LONGEST_SHOWN]}…"
    plain = latin(word)
    remedy = strange(word)
    if plain in ("'", '"') and plain != word:
        remedy, plain = "Write straight quotes around the whole value, or none.", word
    elif not plain.isascii() and is_word(text[place]):
        remedy = remedy or "Names are written in the letters a to z."
    return ExpressionError(
        "E301", f"`{word}` has no meaning in an expression", start, end,
        nearest=plain if plain != word and plain.isascii() and plain.strip() else None, remedy=remedy,
    )  # fmt: skip


def _date(text: str, place: int) -> Token | None:
    match = _DATE.match(text, place)
    if match is None:
        return None
    try:
        day = dt.date.fromisoformat(match[0])
    except ValueError:
        raise ExpressionError(
            "E309", f"there is no such day as {match[0]}", place, match.end(), expected="year-month-day"
        ) from None
    return Token("date", match[0], place, match.end(), day=day)


def _number(text: str, place: int) -> Token:
    match = _NUMBER.match(text, place)
    assert match is not None
    end = match.end()
    following = text[end : end + 2]
    if following[:1] == "_" or (following[:1] == "." and not following.startswith("..")):
        raise ExpressionError(
            "E308", f"`{text[place : end + 1]}` is not a number", place, end + 1,
            expected="digits, with `_` only between digits and a point followed by digits",
        )  # fmt: skip
    value = float(match[0].replace("_", ""))
    if value == float("inf"):
        raise ExpressionError("E308", f"`{match[0]}` is too large for a number", place, end)
    unit, end = _unit(text, end)
    return Token("number", text[place:end], place, end, value, unit)


def _unit(text: str, place: int) -> tuple[str, int]:
    """The unit behind a number that ends at `place` ("" if none), and where it ends."""
    start = place
    while start < len(text) and text[start] in " \t\n":
        start += 1
    spaced = start > place
    if text.startswith("/", start) and spaced:
        match = _PER_UNIT.match(text, start)
    else:
        match = _UNIT.match(text, start)
    if match is None or (match[0][0] in "[{1" and not spaced):
        return "", place
    written = match[0]
    word = re.match(_NAME, written)
    if word and word[0] in WORDS:
        if word[0] == written:
            return "", place
        if written[word.end()] in "[.":  # `in[a, b]` without a blank
            return "", place
    time = units.time_unit(written)
    if time is not None:
        return time, match.end()
    if written == "times":  # how often: `2 times`
        return written, match.end()
    if units.ucum(written) is None:
        _refuse_unit(written, start, match.end())
    return written, match.end()


def _refuse_unit(written: str, start: int, end: int) -> None:
    nearest = units.nearest_unit(written)
    if nearest is None:
        close = difflib.get_close_matches(written, sorted(WORDS), 1, 0.75)
        nearest = close[0] if close else None
    raise ExpressionError(
        "E312", f"`{written}` is not a unit", start, end,
        expected="a time unit (`years`, `days`, …) or a UCUM unit such as `mg/dL`, `mm[Hg]`, `10*9/L`",
        nearest=nearest,
        remedy="" if nearest else "Things that are counted are written in braces, e.g. `3 {doses}`.",
    )  # fmt: skip
