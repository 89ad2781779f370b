"""Parses one line of an author's medicine to the tree of `syntax.py`.

A Pratt parser. Binding, loosest first: ``or``, ``and``, ``not``, comparisons and ``in``,
``..`` and ``±``, ``+ -``, ``per``, ``* /``, unary ``-``, ``**``. So ``5.9 / 1000 per year`` is a
rate of 0.0059 per year, and ``0.1 per year + 0.2 per year`` a sum of two rates.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from simulator import units
from simulator.errors import Findings, Span
from simulator.scenario import habits
from simulator.scenario.functions import ANY_NUMBER, FUNCTIONS, check_arguments, signature
from simulator.scenario.lexer import ExpressionError, Token, tokenize
from simulator.scenario.syntax import (
    Binary,
    Call,
    Count,
    Date,
    Diagnosed,
    Dose,
    Ever,
    Expr,
    In,
    Last,
    Name,
    Number,
    On,
    PlusMinus,
    Quantity,
    Range,
    Rate,
    Since,
    Unary,
)

MAX_DEPTH = 40

Locate = Callable[[int, int], Span]

#: the value of the parameter of that name, if there is one; told where the name is written
Lookup = Callable[[str, Span], Expr | None]

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_BINDING = {
    "or": 1, "and": 2, **dict.fromkeys(_COMPARISONS, 4), "=": 4, "in": 4, "not": 4, "..": 5, "±": 5, "+-": 5,
    "+": 6, "-": 6, "per": 7, "*": 8, "/": 8, "**": 10,
}  # fmt: skip
_NOT, _UNARY = 3, 9


def parse_expression(
    text: str, locate: Locate, findings: Findings, path: str = "", lookup: Lookup | None = None
) -> Expr | None:
    """The tree of `text`; None, and a finding, if it is not an expression.

    `locate` turns character positions in `text` (start, end exclusive) into a place in a file. The
    values of parameters, which `lookup` knows, take the place of their names.
    """
    try:
        return _Parser(text, locate, lookup).whole()
    except ExpressionError as error:
        known = error.code in habits.REWRITABLE
        remedy = habits.rewritten(text, error.start, error.end) if known else ""
        findings.add(
            error.code,
            error.message,
            locate(error.start, error.end),
            path=path,
            expected="" if remedy else error.expected,
            nearest=None if remedy else error.nearest,
            remedy=remedy or error.remedy,
        )
        return None


def parse_text(text: str, findings: Findings, file: str = "<expression>") -> Expr | None:
    """As `parse_expression`, for a text that stands alone on line 1 of `file`."""
    return parse_expression(text, lambda a, b: Span(file, 1, a + 1, 1, b + 1), findings)


class _Parser:
    def __init__(self, text: str, locate: Locate, lookup: Lookup | None = None) -> None:
        self.text = text
        self.locate = locate
        self.lookup = lookup
        self.tokens = tokenize(text)
        self.place = 0
        self.depth = 0

    # --- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def advance(self) -> Token:
        token = self.tokens[self.place]
        if token.kind != "end":
            self.place += 1
        return token

    def at(self, *texts: str) -> bool:
        token = self.token
        return token.kind in ("op", "word") and token.text in texts

    def take(self, text: str, expected: str) -> Token:
        if not self.at(text):
            self.fail_here(expected)
        return self.advance()

    def fail_here(self, expected: str, remedy: str = "") -> NoReturn:
        """Raises: ExpressionError at the current token."""
        token = self.token
        if token.kind == "end":
            start = len(self.text.rstrip())
            raise ExpressionError(
                "E303", "the expression ends too early", start, start + 1, expected=expected, remedy=remedy
            )
        message = f"{token.shown} cannot stand here"
        raise ExpressionError("E302", message, token.start, token.end, expected=expected, remedy=remedy)

    def span(self, start: int) -> Span:
        """From `start` to the end of the last token taken."""
        return self.locate(start, self.tokens[self.place - 1].end)

    # --- grammar

    def whole(self) -> Expr:
        if self.token.kind == "end":
            raise ExpressionError("E318", "nothing is written here", 0, 1, expected="an expression")
        tree = self.expression(0)
        token = self.token
        if token.kind != "end":
            self._left_over(token)
        return tree

    def _left_over(self, token: Token) -> NoReturn:
        if token.text in (")", "]"):
            raise ExpressionError(
                "E305", f"`{token.text}` closes nothing", token.start, token.end, remedy="Delete it."
            )
        remedies = {
            ",": "A comma belongs between arguments of a function or choices of `in […]`.",
            "[": "A list belongs behind `in`, e.g. `cf in [mild, severe]`.",
        }
        remedy = remedies.get(token.text, "")
        raise ExpressionError(
            "E304", f"{token.shown} does not belong here", token.start, token.end,
            expected="an operator such as `and`, `>=` or `+`, or the end", remedy=remedy,
        )  # fmt: skip

    def _unknown_function(self, token: Token) -> NoReturn:
        known = [*FUNCTIONS, *ANY_NUMBER]
        close = difflib.get_close_matches(token.text, known, 1, 0.6)
        raise ExpressionError(
            "E306", f"there is no function {token.shown}", token.start, token.end,
            expected=", ".join(f"`{name}`" for name in sorted(known)), nearest=close[0] if close else None,
        )  # fmt: skip

    def expression(self, binding: int) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            token = self.token
            raise ExpressionError(
                "E315", f"nested more than {MAX_DEPTH} levels deep", token.start, token.end,
                remedy="Name its parts: an attribute, or a state of a disease.",
            )  # fmt: skip
        start = self.token.start
        left = self.prefix()
        while self.token.kind in ("op", "word"):
            operator = self.token.text
            power = _BINDING.get(operator, 0)
            if operator == "not" and self.tokens[self.place + 1].text != "in":
                power = 0
            if power <= binding:
                break
            left = self.infix(left, start, power)
        self.depth -= 1
        return left

    def infix(self, left: Expr, start: int, power: int) -> Expr:
        token = self.advance()
        operator = token.text
        if operator == "=":
            raise ExpressionError(
                "E302", "`=` does not compare", token.start, token.end, nearest="==",
                remedy="Write `==`. (`=` names an argument inside the brackets of a function.)",
            )  # fmt: skip
        if operator == "per":
            return self.per(left, start, token)
        if operator in ("in", "not"):
            return self.choices(left, start, operator)
        if operator == "..":
            return self.range(left, start)
        right = self.expression(power - 1 if operator == "**" else power)
        if operator in ("±", "+-"):
            left, right = self.share_unit(left, right)
            return PlusMinus(left, right, span=self.span(start))
        if operator in _COMPARISONS and self.at(*_COMPARISONS):
            again = self.token
            raise ExpressionError(
                "E310", "two comparisons in a row", again.start, again.end,
                remedy="Join two comparisons by `and`, e.g. `age >= 18 years and age < 65 years`.",
            )  # fmt: skip
        return Binary(operator, left, right, span=self.span(start))

    def per(self, value: Expr, start: int, per: Token) -> Expr:
        token = self.token
        unit = units.time_unit(token.text) if token.kind == "name" else None
        if unit is not None:
            self.advance()
            return Rate(value, unit, span=self.span(start))
        remedy = ""
        if token.kind == "number":
            number = self.text[token.start : token.end]
            divisor = number.split()[0]
            remedy = f"Write `… / {divisor} per year` for a rate per {divisor}."
            if in_time := units.time_unit(token.unit):
                remedy = f"Write `… / {divisor} per {in_time}` for a rate per {number}."
        message = f"`per` is followed by {token.shown}"
        close = difflib.get_close_matches(token.text, list(units.MICROSECONDS), 1, 0.6)
        raise ExpressionError(
            "E311", message, token.start if token.kind != "end" else per.start, max(token.end, per.end),
            expected="one time unit: " + ", ".join(f"`{name}`" for name in units.MICROSECONDS),
            nearest=close[0] if close and not remedy else None, remedy=remedy,
        )  # fmt: skip

    def choices(self, item: Expr, start: int, operator: str) -> Expr:
        if operator == "not":
            self.advance()  # the `in` that was seen
        if not self.at("["):
            token = self.token
            raise ExpressionError(
                "E314", f"`in` is followed by {token.shown}", token.start, token.end,
                expected="a list, e.g. `in [mild, moderate]`",
                remedy="Compare numbers by `>=` and `<`." if token.kind == "number" else "",
            )  # fmt: skip
        bracket = self.advance()
        found = [] if self.at("]") else self.listed()
        self.close("]", bracket)
        if not found:
            raise ExpressionError("E314", "the list is empty", bracket.start, bracket.end + 1)
        return In(item, tuple(found), operator == "not", span=self.span(start))

    def listed(self) -> list[Expr]:
        found = [self.expression(0)]
        while self.at(","):
            self.advance()
            found.append(self.expression(0))
        return found

    def close(self, text: str, opened: Token) -> None:
        if self.at(text):
            self.advance()
            return
        if self.token.kind == "end":
            raise ExpressionError(
                "E305", f"`{opened.text}` is never closed", opened.start, opened.end,
                expected=f"`{text}`",
                remedy="Inside YAML's `{…}` and `[…]`, put an expression with commas or brackets in quotes.",
            )  # fmt: skip
        self.fail_here(f"`,` or `{text}`")

    def range(self, low: Expr, start: int) -> Expr:
        token = self.token
        unit = units.time_unit(token.text) if token.kind == "name" else None
        if unit is not None:  # `80.. years`
            self.advance()
            if isinstance(low, Number):
                low = Quantity(low.value, unit, span=low.span)
            return Range(low, None, span=self.span(start))
        if token.kind == "end" or self.at(")", ",", "]"):
            return Range(low, None, span=self.span(start))
        high = self.expression(_BINDING[".."])
        if self.at("..", "±", "+-"):
            again = self.token
            raise ExpressionError("E317", "a range has two ends, no more", again.start, again.end)
        low, high = self.share_unit(low, high)
        return Range(low, high, span=self.span(start))

    def share_unit(self, low: Expr, high: Expr) -> tuple[Expr, Expr]:
        """A bare unit after the second number covers both: ``0..2 years``."""
        if _has_unit(low) and isinstance(high, Number):
            token = self.tokens[self.place - 1]
            raise ExpressionError(
                "E317", "the second number has no unit, the first one has", token.start, token.end,
                remedy="Write the unit behind the second number; it then covers both.",
            )  # fmt: skip
        if isinstance(high, Quantity):
            return _with_unit(low, high.unit), high
        if isinstance(high, Rate) and isinstance(low, Number):
            return Rate(low, high.unit, span=low.span), high
        return low, high

    # --- what an expression can begin with

    def prefix(self) -> Expr:
        token = self.token
        if token.kind == "number":
            self.advance()
            if token.unit:
                return Quantity(token.value, token.unit, span=self.span(token.start))
            return Number(token.value, span=self.span(token.start))
        if token.kind == "date" and token.day is not None:
            self.advance()
            return Date(token.day, span=self.span(token.start))
        if token.kind == "name":
            return self.name_or_call()
        if token.kind == "word":
            return self.word()
        if self.at("-", "+"):
            self.advance()
            operand = self.expression(_UNARY)
            return operand if token.text == "+" else Unary("-", operand, span=self.span(token.start))
        if not self.at("("):
            self.fail_here("a number, a name, `not` or `(`")
        self.advance()
        inner = self.expression(0)
        self.close(")", token)
        # the brackets belong to what they hold: a caret under it should cover them
        return replace(inner, span=self.span(token.start))

    def name_or_call(self) -> Expr:
        token = self.advance()
        if self.at("("):
            self._unknown_function(token)
        name = _name(token, self.span(token.start))
        if token.text in ("dose", "doses") and self.at("of"):
            return self.doses(token)
        if token.text == "previous" and self.token.kind == "name":
            measurement = self.name("the name of a measurement, e.g. `previous hba1c`")
            return Last(measurement, previous=True, span=self.span(token.start))
        if self.at("diagnosed"):
            self.advance()
            return Diagnosed(name, span=self.span(token.start))
        return self.parameter(token) or name

    def parameter(self, token: Token) -> Expr | None:
        """The value of the parameter that a name stands for."""
        return self.lookup(token.text, self.locate(token.start, token.end)) if self.lookup else None

    def word(self) -> Expr:
        token = self.token
        word = token.text
        if word in FUNCTIONS or word in ANY_NUMBER:
            return self.call()
        if word not in ("not", "on", "ever", "last", "time", "count"):
            self.fail_here("a number, a name, `not` or `(`")
        self.advance()
        if word == "not":
            operand = self.expression(_NOT)
            return Unary("not", operand, span=self.span(token.start))
        if word == "ever" and self.token.kind == "name":
            return Ever(self.name("the name of a procedure or event"), span=self.span(token.start))
        if word == "on" or word == "ever":
            if word == "ever":
                self.take("on", "`ever on` and the name of a treatment, or `ever` and that of a procedure")
            return On(self.name("the name of a treatment"), word == "ever", span=self.span(token.start))
        if word == "last":
            measurement = self.name("the name of a measurement, e.g. `last hba1c`")
            return Last(measurement, span=self.span(token.start))
        if word == "time":
            self.take("since", "`time since` and an event, e.g. `time since cf.onset`")
            return Since(self.name("an event, e.g. `cf.onset`"), span=self.span(token.start))
        return self.count(token)

    def count(self, token: Token) -> Expr:
        self.take("of", "`count of` and an event, e.g. `count of cf.exacerbation`")
        event = self.name("an event, e.g. `cf.exacerbation`")
        within = None
        following = self.tokens[min(self.place + 1, len(self.tokens) - 1)]
        if self.at("in") and following.text != "[":
            self.advance()
            self.take("last", "`in last` and a duration, e.g. `in last 12 months`")
            number = self.token
            known = self.parameter(number) if number.kind == "name" else None
            if isinstance(known, Quantity) and units.time_unit(known.unit) is not None:
                within = known
            elif number.kind != "number" or units.time_unit(number.unit) is None:
                self.fail_here("a duration, e.g. `12 months`")
            else:
                within = Quantity(number.value, number.unit, span=self.locate(number.start, number.end))
            self.advance()
        return Count(event, within, span=self.span(token.start))

    def doses(self, token: Token) -> Expr:
        """``dose of warfarin``, a quantity; ``doses of mmr``, the count of its doses given."""
        self.advance()
        if token.text == "dose":
            treatment = self.name("the name of a treatment, e.g. `dose of warfarin`")
            return Dose(treatment, span=self.span(token.start))
        vaccine = self.name("the name of an immunisation, e.g. `doses of mmr`")
        return Count(Name((*vaccine.parts, "given"), span=vaccine.span), span=self.span(token.start))

    def name(self, expected: str) -> Name:
        token = self.token
        if token.kind != "name":
            self.fail_here(expected)
        self.advance()
        return _name(token, self.span(token.start))

    def call(self) -> Expr:
        function = self.advance()
        if not self.at("("):
            self.fail_here(signature(function.text))
        bracket = self.advance()
        args: list[Expr] = []
        kwargs: dict[str, Expr] = {}
        while not self.at(")"):
            token = self.token
            following = self.tokens[min(self.place + 1, len(self.tokens) - 1)]
            if token.kind in ("name", "word") and following.text == "=":
                self.place += 2
                if token.text in kwargs:
                    raise ExpressionError(
                        "E307", f"{token.shown} is given twice", token.start, token.end,
                        expected=signature(function.text),
                    )  # fmt: skip
                kwargs[token.text] = self.expression(0)
            else:
                if kwargs:
                    self.fail_here(f"`name=value` after a named argument: {signature(function.text)}")
                args.append(self.expression(0))
            if not self.at(","):
                break
            self.advance()
        self.close(")", bracket)
        end = self.tokens[self.place - 1].end
        check_arguments(function.text, len(args), kwargs, (function.start, end))
        return Call(function.text, tuple(args), tuple(kwargs.items()), span=self.span(function.start))


def _name(token: Token, span: Span) -> Name:
    return Name(tuple(token.text.split(".")), span=span)


def _has_unit(value: Expr) -> bool:
    return isinstance(value, Quantity) or (isinstance(value, Unary) and _has_unit(value.operand))


def _with_unit(value: Expr, unit: str) -> Expr:
    if isinstance(value, Number):
        return Quantity(value.value, unit, span=value.span)
    if isinstance(value, Unary) and value.op == "-":
        return replace(value, operand=_with_unit(value.operand, unit))
    return value
