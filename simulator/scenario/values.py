"""Reads single values: texts, numbers, dates, expressions, codes, units and names."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from simulator import units
from simulator.errors import Findings, Span
from simulator.scenario import habits
from simulator.scenario.code_systems import RESTRICTED, SYSTEMS, problem_of
from simulator.scenario.files import Files
from simulator.scenario.functions import DISTRIBUTIONS, TABULATED, check_arguments, signature
from simulator.scenario.keys import Key
from simulator.scenario.lexer import CATEGORY, RESERVED, ExpressionError
from simulator.scenario.lookalikes import latin, strange
from simulator.scenario.nearest import listed as listed
from simulator.scenario.nearest import nearest as nearest
from simulator.scenario.parameters import Parameters
from simulator.scenario.parsed import Parsed
from simulator.scenario.remainder import Lost
from simulator.scenario.statement import (
    Amount,
    Bounds,
    Statement,
    parse_amount,
    parse_bounds,
    parse_statement,
)
from simulator.scenario.syntax import Call, Date, Expr, Number, Quantity, Unread
from simulator.scenario.yaml_nodes import (
    MAX_FINDINGS,
    Invalid,
    Mapping,
    Node,
    Scalar,
    Sequence,
    is_empty,
    kind_of,
    shorten,
)

_INTEGER = re.compile(r"[+-]?[0-9]+(_[0-9]+)*")
_NUMBER = re.compile(r"[+-]?[0-9]+(_[0-9]+)*(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_STATE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UCUM_TIME = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min"}

#: names of a disease's own events, which a state or recurrent event cannot have as well
DISEASE_EVENTS = ("absent", "onset", "diagnosed", "resolved", "death")


@dataclass(slots=True)
class Context:
    """What reading needs at hand: where findings go, and the files beside the scenario."""

    findings: Findings
    files: Files
    parameters: Parameters = field(default_factory=Parameters)
    #: what could not be read
    lost: Lost = field(default_factory=Lost)
    parsed: Parsed = field(default_factory=Parsed)

    def is_full(self) -> bool:
        """Whether so much is wrong that nobody will read on."""
        return len(self.findings.items) > MAX_FINDINGS


def wrong_kind(context: Context, node: Node, path: str, expected: str, remedy: str = "") -> None:
    """The finding that `node` is not `expected`; says that the value is missing if it is empty."""
    if isinstance(node, Invalid):
        return
    if is_empty(node):
        context.findings.add(
            "E204", f"`{_last(path)}` has no value", node.span, path=path, expected=expected,
            remedy=remedy or "Give it a value or delete the key.",
        )  # fmt: skip
        return
    context.findings.add(
        "E203", f"{kind_of(node)} cannot stand here", _first_line(node.span), path=path, expected=expected,
        remedy=remedy,
    )  # fmt: skip


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1]


def _first_line(span: Span) -> Span:
    """A block may be long: point at where it begins."""
    if span.end_line == span.line:
        return span
    return Span(span.file, span.line, span.column, span.line, span.column + 1)


def read_text(context: Context, node: Node, path: str) -> str | None:
    if isinstance(node, Scalar) and node.text.strip():
        return node.text.strip()
    wrong_kind(context, node, path, "a text")
    return None


def read_keyword(context: Context, node: Node, path: str, key: Key) -> str | None:
    """A text, checked against the key's choices or form."""
    text = read_text(context, node, path)
    if text is None or not isinstance(node, Scalar):
        return None
    if key.choices and text not in key.choices:
        context.findings.add(
            "E209", f"`{shorten(text)}` is not a choice for `{key.name}`", node.span, path=path,
            expected=listed(key.choices),
            nearest=habits.choice(text, key.choices) or nearest(text, key.choices),
        )  # fmt: skip
        return None
    if key.form == "unit":
        return read_unit(context, node, path)
    if key.form == "id" and not _ID.fullmatch(text):
        fixed = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        context.findings.add(
            "E216", f"`{shorten(text)}` is not an id", node.span, path=path,
            expected="lower-case letters, digits and hyphens", nearest=fixed or None,
        )  # fmt: skip
        return None
    if key.form == "name" and not check_name(context, node, path, key.form):
        return None
    return text


def read_unit(context: Context, node: Scalar, path: str) -> str | None:
    text = node.text.strip()
    if units.ucum(text) is not None:
        return text
    time = units.time_unit(text)
    near = _UCUM_TIME[time] if time else units.nearest_unit(text)
    context.findings.add(
        "E219", f"`{shorten(text)}` is not a UCUM unit", node.span, path=path,
        expected="a UCUM unit such as `mg/dL`, `mm[Hg]` or `1`",
        nearest=f'"{near}"' if near and near.startswith("{") else near,  # braces are YAML's, too
    )  # fmt: skip
    return None


def read_integer(context: Context, node: Node, path: str) -> int | None:
    named = _parameter(context, node)
    if isinstance(named, Unread):
        return None
    if isinstance(named, Number) and named.value == int(named.value):
        return int(named.value)
    value = parse_integer(node.text) if isinstance(node, Scalar) else None
    if value is not None:
        return value
    if isinstance(node, Scalar) and not is_empty(node):
        context.findings.add(
            "E205", f"`{shorten(node.text)}` is not a whole number", node.span, path=path,
            expected="a whole number, e.g. `10_000`",
        )  # fmt: skip
    else:
        wrong_kind(context, node, path, "a whole number, e.g. `10_000`")
    return None


def parse_integer(text: str) -> int | None:
    """A whole number written as in the language; None if it is none, or has too many digits."""
    return int(text.replace("_", "")) if _INTEGER.fullmatch(text) and len(text) <= 18 else None


def read_number(context: Context, node: Node, path: str) -> float | None:
    named = _parameter(context, node)
    if isinstance(named, Unread):
        return None
    if isinstance(named, Number):
        return named.value
    if isinstance(named, Quantity) and named.unit == "%":
        return named.value / 100
    if isinstance(node, Scalar) and not is_empty(node):
        text, scale = (node.text[:-1], 0.01) if node.text.endswith("%") else (node.text, 1.0)
        value = parse_number(text)
        if value is not None:
            return value * scale
        context.findings.add(
            "E206", f"`{shorten(node.text)}` is not a number", node.span, path=path,
            expected="a number, e.g. `0.1`",
        )  # fmt: skip
    else:
        wrong_kind(context, node, path, "a number, e.g. `0.1`")
    return None


def _parameter(context: Context, node: Node) -> Expr | None:
    """The value of the parameter whose name stands alone in `node`."""
    return context.parameters.take(node.text, node.span) if isinstance(node, Scalar) else None


def parse_number(text: str) -> float | None:
    """A finite number written as in the language; None if it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace("_", ""))
    return value if abs(value) != float("inf") else None


def read_date(context: Context, node: Node, path: str) -> dt.date | None:
    expected = "a date as year-month-day, e.g. `2019-10-21`"
    if not isinstance(node, Scalar) or is_empty(node):
        wrong_kind(context, node, path, expected)
        return None
    named = _parameter(context, node)
    if isinstance(named, Unread):
        return None
    if isinstance(named, Date):
        return named.value
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", node.text):
            return dt.date.fromisoformat(node.text)
    except ValueError:
        pass  # the shape is right but there is no such day
    message = f"`{shorten(node.text)}` is not a date"
    meant = habits.date(node.text)
    context.findings.add("E207", message, node.span, path=path, expected=expected, nearest=meant)
    return None


def read_quantity(context: Context, node: Node, path: str) -> Quantity | None:
    tree = read_expression(context, node, path)
    if tree is None or isinstance(tree, Quantity):
        return tree
    if isinstance(tree, Unread):
        return None
    wrong_kind(context, node, path, "an age or duration, e.g. `3 days`")
    return None


def read_words(context: Context, node: Node, kind: str, path: str) -> Statement | Bounds | Amount | None:
    """A statistic in words, its bounds, or a published value: `kind` is statement, bounds or amount."""
    if isinstance(node, Scalar) and not is_empty(node):
        read = {"statement": parse_statement, "bounds": parse_bounds, "amount": parse_amount}[kind]
        return read(node.text, node.locate, context.findings, path)
    expected = {
        "statement": "a statistic, e.g. `prevalence of t2d at 60..69 years`",
        "bounds": "bounds, e.g. `18%..24%` or `at least 90%`",
        "amount": "a value, e.g. `21%` or `4.9 per 100_000 per year`",
    }
    wrong_kind(context, node, path, expected[kind])
    return None


def read_expression(context: Context, node: Node, path: str) -> Expr | None:
    """An expression, written as a text or as ``{distribution: {…}}``."""
    if isinstance(node, Scalar) and not is_empty(node):
        return context.parsed.expression(node, context.findings, path, context.parameters.take)
    if isinstance(node, Mapping) and is_distribution(node):
        (name,) = node.entries
        if name in TABULATED:
            from simulator.scenario.curves import read_tabulated  # reads expressions in its turn

            return read_tabulated(context, name, node, path)
        return _distribution(context, name, node, path)
    expected = "an expression, e.g. `0.5`, `3 months`, `age >= 40 years`, or `{normal: {mean: …, sd: …}}`"
    if isinstance(node, Mapping) and node.entries.keys() & {"by", "table", "csv"}:
        wrong_kind(context, node, path, expected, "A table cannot stand here.")
    elif isinstance(node, Mapping) and len(node.entries) == 1:
        (name,) = node.entries
        context.findings.add(
            "E203", f"`{shorten(name)}` is not a distribution", node.entries[name].key.span, path=path,
            expected=f"{listed((*DISTRIBUTIONS, *TABULATED))}, or an expression",
            nearest=nearest(name, (*DISTRIBUTIONS, *TABULATED)),
        )  # fmt: skip
    else:
        wrong_kind(context, node, path, expected)
    return None


def is_distribution(node: Mapping) -> bool:
    return len(node.entries) == 1 and next(iter(node.entries)) in (*DISTRIBUTIONS, *TABULATED)


def _distribution(context: Context, name: str, node: Mapping, path: str) -> Call | None:
    entry = node.entries[name]
    arguments, path = entry.value, f"{path}.{name}"
    args: list[Expr | None] = []
    kwargs: dict[str, Expr | None] = {}
    if isinstance(arguments, Mapping):
        kwargs = {
            key: read_expression(context, each.value, f"{path}.{key}")
            for key, each in arguments.entries.items()
        }
    elif isinstance(arguments, Sequence):
        args = [read_expression(context, item, f"{path}[{i}]") for i, item in enumerate(arguments.items)]
    elif isinstance(arguments, Scalar) and not is_empty(arguments):
        args = [read_expression(context, arguments, path)]
    else:
        wrong_kind(context, arguments, path, f"the parameters of {signature(name)}")
        return None
    try:
        check_arguments(name, len(args), kwargs)
    except ExpressionError as error:
        span = entry.key.span
        unknown = [key for key in kwargs if f"`{key}`" in error.message]
        if unknown and isinstance(arguments, Mapping):
            span = arguments.entries[unknown[-1]].key.span
        context.findings.add(
            error.code, error.message, span, path=path, expected=error.expected, nearest=error.nearest
        )
        return None
    given = tuple(arg for arg in args if arg is not None)
    named = tuple((key, arg) for key, arg in kwargs.items() if arg is not None)
    if len(given) < len(args) or len(named) < len(kwargs):
        return None
    return Call(name, given, named, span=entry.key.span)


def read_codes(context: Context, node: Node, path: str) -> dict[str, str] | None:
    """``{icd10cm: E84.9, …}``: known systems, codes of the right shape."""
    if not isinstance(node, Mapping):
        wrong_kind(context, node, path, "codes by system, e.g. `{icd10cm: E84.9}`")
        return None
    codes: dict[str, str] = {}
    for name, entry in node.entries.items():
        here = f"{path}.{name}"
        if name in RESTRICTED:
            context.findings.add(
                "E213",
                f"codes of `{name}` cannot be used",
                entry.key.span,
                path=here,
                remedy=RESTRICTED[name],
            )
            continue
        system = SYSTEMS.get(name)
        if system is None:
            context.findings.add(
                "E212", f"`{shorten(name)}` is not a known code system", entry.key.span, path=here,
                expected=listed(SYSTEMS), nearest=nearest(name.lower().replace("-", ""), SYSTEMS),
            )  # fmt: skip
            continue
        code = read_text(context, entry.value, here)
        if code is None:
            continue
        problem = problem_of(system, code)
        if problem:
            context.findings.add(
                "E214", f"`{shorten(code)}` is not a code of {system.title}: {problem}", entry.value.span,
                path=here, expected=f"e.g. `{system.example}`",
            )  # fmt: skip
        else:
            codes[name] = code
    return codes if len(codes) == len(node.entries) else None


def check_name(context: Context, key: Scalar, path: str, form: str) -> bool:
    """Whether a name may be given; the finding says why not. `form`: name, states or categories."""
    name = key.text
    pattern, expected = {
        "states": (_STATE, "letters, digits and `_`, beginning with a letter"),
        "categories": (CATEGORY, "letters, digits, `_` and `/`, beginning with a letter"),
    }.get(form, (_IDENTIFIER, "lower-case letters, digits and `_`, beginning with a letter"))
    if not pattern.fullmatch(name):
        fixed = re.sub(r"[^A-Za-z0-9_]+", "_", latin(name)).strip("_")
        fixed = fixed if form in ("states", "categories") else fixed.lower()
        good = fixed if pattern.fullmatch(fixed) and fixed not in RESERVED else None
        context.findings.add(
            "E208",
            f"`{shorten(name)}` cannot be a name",
            key.span,
            path=path,
            expected=expected,
            nearest=good,
            remedy=strange(name),
        )
        return False
    taken = DISEASE_EVENTS if form == "states" else () if form == "categories" else RESERVED
    if name in taken:
        context.findings.add(
            "E208", f"`{name}` has a meaning of its own in the language", key.span, path=path,
            remedy="Choose another name.",
        )  # fmt: skip
        return False
    return True
