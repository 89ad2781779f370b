"""Statements: a statistic in words, and the bounds it must lie in.

    prevalence of t2d at 60..69 years in 2017..2019
    median time from cf.onset to cf.diagnosed among sex == female

A statement is one of `FORMS`, followed by clauses in any order: `among CONDITION`, `at AGES`,
`in YEARS`, `on DATE`, `in females`, `in males`. What is counted is an expression of the language
(`expression.py`); names are given their meaning by the compiler. docs/targets.md defines each
statistic.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import NoReturn, TypedDict

from simulator.errors import Findings, Span
from simulator.scenario import habits
from simulator.scenario.expression import Locate, parse_expression
from simulator.scenario.habits_statistics import statistic
from simulator.scenario.lexer import ExpressionError, Token, tokenize
from simulator.scenario.syntax import Expr, Name, Node
from simulator.units import YEARS, time_unit

_EVENT = r"\S+"
_DURATION = r"[0-9][0-9_.]*\s*[A-Za-z]+"
#: so long after an event, give or take a window
_LATER = rf"(?P<within>{_DURATION})(?:\s*(?:±|\+/?-)\s*(?P<window>{_DURATION}))? after (?P<origin>{_EVENT})"

#: kind, how it is written (``E`` an event, ``D`` a duration), and its pattern
FORMS: tuple[tuple[str, str, str], ...] = (
    ("prevalence", "prevalence of CONDITION", r"prevalence of (?P<subject>.+)"),
    ("incidence", "incidence of EVENT", rf"incidence of (?P<subject>{_EVENT})"),
    ("rate", "rate of EVENT", rf"rate of (?P<subject>{_EVENT})"),
    ("median age", "median age at EVENT", rf"median age at (?P<subject>{_EVENT})"),
    ("mean age", "mean age at EVENT", rf"mean age at (?P<subject>{_EVENT})"),
    (
        "median time", "median time from EVENT to EVENT",
        rf"median time from (?P<origin>{_EVENT}) to (?P<subject>{_EVENT})",
    ),
    (
        "mean time", "mean time from EVENT to EVENT",
        rf"mean time from (?P<origin>{_EVENT}) to (?P<subject>{_EVENT})",
    ),
    (
        "survival", "survival 10 years after EVENT",
        rf"(?P<period>period )?survival (?P<within>{_DURATION}) after (?P<origin>{_EVENT})",
    ),
    (
        "median survival", "median survival after EVENT",
        rf"median (?P<period>period )?survival after (?P<origin>{_EVENT})",
    ),
    ("median", "median of MEASUREMENT", rf"median of (?P<subject>{_EVENT})"),
    ("mean", "mean of MEASUREMENT", rf"mean of (?P<subject>{_EVENT})"),
    (
        "median after", "median of MEASUREMENT 2 years after EVENT",
        rf"median of (?P<subject>{_EVENT}) {_LATER}",
    ),
    ("mean after", "mean of MEASUREMENT 2 years after EVENT", rf"mean of (?P<subject>{_EVENT}) {_LATER}"),
    (
        "median change", "median change of MEASUREMENT 2 years after EVENT",
        rf"median change of (?P<subject>{_EVENT}) {_LATER}",
    ),
    (
        "mean change", "mean change of MEASUREMENT 2 years after EVENT",
        rf"mean change of (?P<subject>{_EVENT}) {_LATER}",
    ),
    (
        "share", "share of EVENT followed by EVENT within 1 year",
        rf"share of (?P<origin>{_EVENT}) followed by (?P<subject>{_EVENT}) within (?P<within>{_DURATION})",
    ),
)  # fmt: skip
#: kinds that are about the values of a measurement
VALUES = ("median", "mean", "median after", "mean after", "median change", "mean change")
CHANGES = ("median change", "mean change")
_PATTERNS = tuple(
    (kind, re.compile(text.replace(" ", r"\s+") + r"\s*", re.DOTALL)) for kind, _, text in FORMS
)

_CLAUSE = re.compile(
    r"(?<![\w.])(?:(?P<among>among)\b|(?P<ages>at)\s+(?=[0-9])|(?P<years>in)\s+(?=[0-9]{4}\b)"
    r"|(?P<sex>in)\s+(?=(?:females|males)\b)|(?P<day>on)\s+(?=[0-9]{4}-[0-9]{2}-[0-9]{2}))"
)
_WORDS = {"among": "among", "ages": "at", "years": "in", "sex": "in", "day": "on"}
_AGES = re.compile(r"([0-9]{1,6})(?:\s*(\.\.)\s*([0-9]{1,6})?)?\s*([A-Za-z]+)\s*")
_CALENDAR = re.compile(r"([0-9]{4})(?:\s*(\.\.)\s*([0-9]{4})?)?\s*")
_PEOPLE = {
    "women": "females", "woman": "females", "girls": "females", "female": "females",
    "men": "males", "man": "males", "boys": "males", "male": "males",
}  # fmt: skip
_MEANT = re.compile(rf"\bin\s+({'|'.join(_PEOPLE)})\b")

_BOUNDS = "e.g. `18%..24%`, `at least 90%`, `at most 1 year`, `8..14 per 1000 per year`"
_VALUES = "e.g. `21%`, `6 months`, `4.9 per 100_000 per year`, `7.2 %`"

Band = tuple[float, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Node):
    """A statistic in words.

    Attributes:
        text: as written, blanks tidied.
        kind: the first of its form in `FORMS`.
        subject: a condition (prevalence), a measurement (`VALUES`), else an event; death for survival.
        origin: the event from which time is counted.
        within: the time counted, in years.
        window: how much earlier or later a value may be, in years; None if it is not said.
        among: only people (or time) for whom this holds.
        ages: at least the first, less than the second, in years.
        years: calendar years, the second included.
        day: the day of a point prevalence.
        sex: female or male.
        period: survival by what happened in a period, not by whose time began in it.
    """

    text: str
    kind: str
    subject: Expr
    origin: Name | None = None
    within: float | None = None
    window: float | None = None
    among: Expr | None = None
    ages: Band | None = None
    years: tuple[int, int | None] | None = None
    day: dt.date | None = None
    sex: str | None = None
    period: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Node):
    """A value as written: ``21%``, ``4.9 per 100_000 per year``, ``6 months``, ``7.2 %``."""

    value: float
    unit: str = ""  # as in `Quantity`; "" if none
    time: str = ""  # per this time unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Node):
    """``18%..24%``, ``at least 90%``, ``at most 1 year``; None where open."""

    low: Amount | None = None
    high: Amount | None = None


class _Clauses(TypedDict, total=False):
    """What the clauses of a statement say."""

    among: Expr | None
    ages: Band
    years: tuple[int, int | None]
    day: dt.date
    sex: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A clause: what it says, from `start` to `end`, behind its word at `place`."""

    kind: str
    place: int
    start: int
    end: int


def parse_statement(text: str, locate: Locate, findings: Findings, path: str = "") -> Statement | None:
    """The statistic that `text` says; None, and findings, if it says none.

    `locate` turns character positions in `text` (start, end exclusive) into a place in a file.
    """
    try:
        return _Reader(text, locate, findings, path).whole()
    except ExpressionError as error:
        remedy = statistic(text) if error.code in ("E350", "E351", "E304") else ""
        _add(error, locate, findings, path, remedy)
        return None


def parse_bounds(text: str, locate: Locate, findings: Findings, path: str = "") -> Bounds | None:
    """The bounds that `text` says; None, and a finding, if it says none."""
    try:
        return _Amounts(text, locate, _BOUNDS).bounds()
    except ExpressionError as error:
        _add(error, locate, findings, path, habits.rewritten(text, error.start, error.end))
        return None


def parse_amount(text: str, locate: Locate, findings: Findings, path: str = "") -> Amount | None:
    """The value that `text` says; None, and a finding, if it says none."""
    try:
        return _Amounts(text, locate, _VALUES).single()
    except ExpressionError as error:
        _add(error, locate, findings, path, habits.rewritten(text, error.start, error.end))
        return None


def _add(error: ExpressionError, locate: Locate, findings: Findings, path: str, remedy: str) -> None:
    findings.add(
        error.code, error.message, locate(error.start, error.end), path=path,
        expected=error.expected, nearest=None if remedy else error.nearest, remedy=remedy or error.remedy,
    )  # fmt: skip


class _Reader:
    """Reads one statement."""

    def __init__(self, text: str, locate: Locate, findings: Findings, path: str) -> None:
        self.text = text
        self.locate = locate
        self.findings = findings
        self.path = path

    def whole(self) -> Statement | None:
        for match in _MEANT.finditer(self.text):
            raise ExpressionError(
                "E351", f"`{match[0]}` does not say whom", *match.span(), nearest=f"in {_PEOPLE[match[1]]}"
            )
        parts = list(self.parts())
        head_end = parts[0].place if parts else len(self.text)
        kind, found = self.head(head_end)
        subject = self.expression(*found.span("subject")) if "subject" in found.groupdict() else None
        origin = self.expression(*found.span("origin")) if "origin" in found.groupdict() else None
        clauses = self.clauses(kind, parts)
        if "subject" not in found.groupdict():
            subject = Name(("death",))
        missing = subject is None or ("origin" in found.groupdict() and origin is None)
        if missing or clauses is None or subject is None:
            return None
        if kind != "prevalence":
            subject = self.name(subject)
        return Statement(
            text=" ".join(self.text.split()), kind=kind, subject=subject,
            origin=None if origin is None else self.name(origin),
            within=self.duration(found, "within"), window=self.window(found),
            period=bool(found.groupdict().get("period")),
            span=self.locate(0, len(self.text)), **clauses,
        )  # fmt: skip

    def parts(self) -> Iterator[_Part]:
        """The clauses, found by their words outside of brackets."""
        depths, depth = [], 0
        for character in self.text:
            depth += (character in "([") - (character in ")]")
            depths.append(depth)
        words = [m for m in _CLAUSE.finditer(self.text) if not depths[m.start()]]
        for match, following in zip(words, [*words, None][1:], strict=True):
            end = len(self.text) if following is None else following.start()
            yield _Part(str(match.lastgroup), match.start(), match.end(), end)

    def head(self, end: int) -> tuple[str, re.Match[str]]:
        for kind, pattern in _PATTERNS:
            match = pattern.fullmatch(self.text, 0, end)
            if match:
                return kind, match
        words, forms = self.text[:end].split(), [form for _, form, _ in FORMS]
        close = get_close_matches(words[0], [form.split()[0] for form in forms], 1, 0.7) if words else []
        near = [form for form in forms if form.split()[0] in close]
        raise ExpressionError(
            "E350", "this is not a statistic", 0, max(len(self.text[:end].rstrip()), 1),
            expected=", ".join(f"`{form}`" for form in near or forms),
            nearest=close[0] if close and close[0] != words[0] else None,
            remedy="" if near else "docs/targets.md says what each of them counts.",
        )  # fmt: skip

    def expression(self, start: int, end: int) -> Expr | None:
        def locate(a: int, b: int) -> Span:
            return self.locate(start + a, start + b)

        return parse_expression(self.text[start:end], locate, self.findings, self.path)

    def name(self, expr: Expr) -> Name:
        if isinstance(expr, Name):
            return expr
        raise ExpressionError("E350", "a name belongs here", 0, len(self.text), expected="e.g. `cf.onset`")

    def duration(self, found: re.Match[str], group: str) -> float | None:
        """A length of time in years; None if the statement has none."""
        text = found.groupdict().get(group)
        if text is None:
            return None
        words = re.fullmatch(r"([0-9_.]+)\s*([A-Za-z]+)", text)
        unit = time_unit(words[2]) if words else None
        try:
            value = float(words[1]) if words else 0.0
        except ValueError:
            unit, value = None, 0.0
        if unit is None or value <= 0:
            raise ExpressionError(
                "E350", f"`{text}` is not a length of time", *found.span(group),
                expected="e.g. `10 years`, `30 days`",
            )  # fmt: skip
        return value * YEARS[unit]

    def window(self, found: re.Match[str]) -> float | None:
        """What stands behind ±; it must not reach back to the event."""
        later, window = self.duration(found, "within"), self.duration(found, "window")
        if later is not None and window is not None and window >= later:
            raise ExpressionError(
                "E350", f"a window of `{found['window']}` reaches back to the event", *found.span("window"),
                expected=f"less than `{found['within']}`",
            )  # fmt: skip
        return window

    # --- clauses

    def clauses(self, kind: str, parts: list[_Part]) -> _Clauses | None:
        """What the clauses say; None if one of them is wrong."""
        said: _Clauses = {}
        for part in parts:
            if part.kind in said:
                raise ExpressionError(
                    "E351", f"`{_WORDS[part.kind]} …` is said twice", part.place, part.end,
                    remedy="Join two conditions by `and`." if part.kind == "among" else "Keep one of them.",
                )  # fmt: skip
            self.clause(part, said)
        if "day" in said and (kind != "prevalence" or "years" in said):
            [place] = [part for part in parts if part.kind == "day"]
            remedy = "Keep one of them." if kind == "prevalence" else "Give years, e.g. `in 2015..2019`."
            raise ExpressionError(
                "E351", "a day belongs to a prevalence without years", place.place, place.end, remedy=remedy
            )
        return None if "among" in said and said["among"] is None else said

    def clause(self, part: _Part, said: _Clauses) -> None:
        text = self.text[part.start : part.end]
        if part.kind == "among":
            said["among"] = self.expression(part.start, part.end)
        elif part.kind == "ages":
            said["ages"] = self.ages(text, part)
        elif part.kind == "years":
            said["years"] = self.years(text, part)
        elif part.kind == "sex":
            if text.strip() not in ("females", "males"):
                self.left_over(part, text.split()[0])
            said["sex"] = text.strip()[:-1]
        else:
            said["day"] = self.day(text, part)

    def day(self, text: str, part: _Part) -> dt.date:
        try:
            return dt.date.fromisoformat(text.strip())
        except ValueError:
            if len(text.strip()) > 10:
                self.left_over(part, text.strip()[:10])
            raise ExpressionError("E309", f"there is no such day as {text.strip()}", part.start, part.end) \
                from None  # fmt: skip

    def left_over(self, part: _Part, kept: str) -> NoReturn:
        start = self.text.index(kept, part.start) + len(kept)
        raise ExpressionError(
            "E351", f"`{self.text[start : part.end].strip()}` does not belong here", start + 1, part.end,
            expected="`among …`, `at 60..69 years`, `in 2015..2019`, `on 2018-01-01`, `in females`",
        )  # fmt: skip

    def ages(self, text: str, part: _Part) -> Band:
        match = _AGES.match(text)
        unit = time_unit(match[4]) if match else None
        if match is None or unit is None:
            raise ExpressionError(
                "E351", f"`{text.strip()}` is not a range of ages", part.start, part.end,
                expected="ages at last birthday, e.g. `60..69 years`, `0..11 months`, `80.. years`",
            )  # fmt: skip
        if match.end() < len(text):
            self.left_over(part, match[0].strip())
        low = int(match[1])
        high = int(match[3]) + 1 if match[3] else None if match[2] else low + 1
        if high is not None and high <= low:
            raise ExpressionError("E351", f"`{text.strip()}` ends before it begins", part.start, part.end)
        scale = YEARS[unit]
        if unit == "month":  # exact where twelve months meet a year
            return low / 12, None if high is None else high / 12
        return low * scale, None if high is None else high * scale

    def years(self, text: str, part: _Part) -> tuple[int, int | None]:
        match = _CALENDAR.match(text)
        if match is None or (match.end() < len(text) and text[match.end()] in "-./"):
            raise ExpressionError(
                "E351", f"`{text.strip()}` is not a range of years", part.start, part.end,
                expected="calendar years, both included, e.g. `2019`, `2015..2019`, `2015..`",
            )  # fmt: skip
        if match.end() < len(text):
            self.left_over(part, match[0].strip())
        low = int(match[1])
        high = int(match[3]) if match[3] else None if match[2] else low
        if high is not None and high < low:
            raise ExpressionError("E351", f"`{text.strip()}` ends before it begins", part.start, part.end)
        return low, high


class _Amounts:
    """Reads bounds and values: numbers with units, `..`, `at least`, `per 100_000 per year`."""

    def __init__(self, text: str, locate: Locate, expected: str) -> None:
        self.expected = expected
        self.text = text
        self.locate = locate
        self.tokens = tokenize(text)
        self.place = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def advance(self) -> Token:
        token = self.token
        self.place += token.kind != "end"
        return token

    def bounds(self) -> Bounds:
        words = [t.text for t in self.tokens[:2]]
        if words in (["at", "least"], ["at", "most"]):
            self.place = 2
            only = self.finish(self.number())
            span = self.locate(0, self.tokens[-2].end)
            return Bounds(low=only, span=span) if words[1] == "least" else Bounds(high=only, span=span)
        low = self.number()
        if self.token.text != "..":
            written = self.text.strip()
            raise ExpressionError(
                "E352", f"`{written}` is one end of a range", 0, len(self.text.rstrip()),
                expected=self.expected,
                remedy="" if ".." in written else f"Write `at least {written}` or `at most {written}`.",
            )  # fmt: skip
        self.advance()
        high = self.number()
        if low.unit and not high.unit:
            self.fail("the second number has no unit, the first one has", self.place - 1)
        if not low.unit:
            low = replace(low, unit=high.unit)
        before = self.place
        high = self.finish(high)
        self.place = before
        return Bounds(low=self.finish(low), high=high, span=self.locate(0, self.tokens[-2].end))

    def single(self) -> Amount:
        return self.finish(self.number())

    def number(self) -> Amount:
        """``-5.9 %`` or ``1/3000``."""
        start, sign = self.token.start, 1.0
        if self.token.text in ("-", "+"):
            sign = -1.0 if self.advance().text == "-" else 1.0
        first = self.advance()
        if first.kind != "number":
            self.fail(f"{first.shown} stands where a number belongs", self.place - (first.kind != "end"))
        value, unit = sign * first.value, first.unit
        if self.token.text == "/" and self.tokens[self.place + 1].kind == "number" and not unit:
            self.advance()
            divisor = self.advance()
            if divisor.value == 0:
                self.fail("this divides by zero", self.place - 1)
            value, unit = value / divisor.value, divisor.unit
        return Amount(value=value, unit=unit, span=self.locate(start, self.tokens[self.place - 1].end))

    def finish(self, amount: Amount) -> Amount:
        """The amount with what follows it: `per 1000`, `per year`, or both."""
        while self.token.text == "per":
            self.advance()
            token = self.advance()
            unit = time_unit(token.text) if token.kind == "name" else None
            if unit is not None and not amount.time:
                amount = replace(amount, time=unit)
            elif token.kind == "number" and token.value > 0 and not token.unit and not amount.time:
                amount = replace(amount, value=amount.value / token.value)
            else:
                self.fail(f"`per` is followed by {token.shown}", self.place - (token.kind != "end"))
        if self.token.kind != "end":
            self.fail(f"{self.token.shown} does not belong here")
        return amount

    def fail(self, message: str, place: int | None = None) -> NoReturn:
        token = self.tokens[self.place if place is None else place]
        start = min(token.start, max(len(self.text.rstrip()) - 1, 0))
        raise ExpressionError("E352", message, start, token.end, expected=self.expected)
