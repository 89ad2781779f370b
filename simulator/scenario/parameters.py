"""`parameters:` – constants with a name, which take the place of the name wherever it is written.

The value of a parameter may be reckoned from other parameters. It is put into expressions while they
are parsed, so that what is checked and compiled is what would have been written there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from collections.abc import Mapping as NameMap
from dataclasses import dataclass, field, fields, replace

from simulator.errors import Findings, Span
from simulator.scenario.constants import Constant, NotConstantError, constant
from simulator.scenario.expression_text import format_expression
from simulator.scenario.lexer import RESERVED
from simulator.scenario.nearest import listed, nearest
from simulator.scenario.parsed import Parsed
from simulator.scenario.syntax import Expr, Range, Unread
from simulator.scenario.syntax import Node as Tree
from simulator.scenario.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, Source

MAX_CHAIN = 50  # parameters reckoned from one another
MAX_SIZE = 50  # parts of the value of a parameter

_WORD = re.compile(r"[a-z][a-z0-9_]*")

#: values from outside: texts as an author would write them, or numbers and dates
Settings = NameMap[str, str | float | dt.date]


@dataclass(slots=True)
class Parameters:
    """The values of all parameters, and which of them were asked for."""

    values: dict[str, Expr] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    used: set[str] = field(default_factory=set)

    def take(self, name: str, span: Span) -> Expr | None:
        """The value of a parameter, put where its name is written; None if there is no such parameter."""
        if name not in self.places:
            return None
        self.used.add(name)
        value = self.values.get(name)
        if value is None:
            return Unread(span=span)  # it has a finding of its own
        place = self.places[name]
        self.findings.notes[span] = f"(`{name}` is a parameter; its value is given at {place}.)"
        return replace(value, span=span, parameter=name)


def read_parameters(root: Mapping, findings: Findings, parsed: Parsed) -> Parameters:
    """The parameters of a merged file. What is wrong with them is added to `findings`."""
    node = root.get("parameters")
    if not isinstance(node, Mapping):
        return Parameters()
    reader = _Reader(node, findings, parsed)
    for name, entry in node.entries.items():
        reader.resolve(name, entry.key.span)
        reader.check_bounds(name)
    _check_names(root, node, findings)
    return Parameters(reader.values, reader.places, findings)


class _Reader:
    def __init__(self, node: Mapping, findings: Findings, parsed: Parsed) -> None:
        self.findings = findings
        self.parsed = parsed
        self.values: dict[str, Expr] = {}
        self.constants: dict[str, Constant] = {}
        self.places: dict[str, Span] = {}
        self.texts: dict[str, Scalar | None] = {}
        self.bounds: dict[str, Scalar] = {}
        self.open: list[str] = []
        for name, entry in node.entries.items():
            block = entry.value
            value = block.get("value") if isinstance(block, Mapping) else block
            self.texts[name] = value if isinstance(value, Scalar) and value.text.strip() else None
            self.places[name] = value.span if isinstance(value, Scalar) else entry.key.span
            bounds = block.get("between") if isinstance(block, Mapping) else None
            if isinstance(bounds, Scalar):
                self.bounds[name] = bounds

    def resolve(self, name: str, span: Span) -> Expr | None:
        """The value of a parameter, with other parameters put in; None if there is none, or it is wrong."""
        text = self.texts.get(name)
        if name in self.values or text is None:
            value = self.values.get(name)
            return value if value is None else replace(value, span=span, parameter=name)
        if name in self.open or len(self.open) > MAX_CHAIN:
            circle = (
                " → ".join(f"`{each}`" for each in [*self.open[self.open.index(name) :], name])
                if name in self.open
                else ""
            )
            self.findings.add(
                "E131",
                f"the value of `{name}` needs itself: {circle}" if circle
                else f"`{name}` is reckoned from more than {MAX_CHAIN} parameters in a row",
                span, path=f"parameters.{self.open[-1]}.value", remedy="Give one of them a number.",
            )  # fmt: skip
            self.texts[name] = None
            return None
        path, before = f"parameters.{name}.value", len(self.findings.items)
        self.open.append(name)
        tree = self.parsed.expression(text, self.findings, path, self.resolve)
        self.open.pop()
        self.texts[name] = None  # read once, right or wrong
        if tree is None or len(self.findings.items) > before:
            return None
        try:
            self.constants[name] = constant(tree)
        except NotConstantError as problem:
            self.report_not_constant(problem, path)
            return None
        if _size(tree) > MAX_SIZE:
            self.findings.add(
                "E130", f"the value of `{name}` has more than {MAX_SIZE} parts", text.span, path=path,
                remedy="Reckon it out.",
            )  # fmt: skip
            return None
        self.values[name] = tree
        return replace(tree, span=span, parameter=name)

    def report_not_constant(self, problem: NotConstantError, path: str) -> None:
        if problem.name in self.places:
            return  # that parameter has a finding of its own
        is_own = problem.name in RESERVED  # `age`, say, is not a misspelt parameter
        close = nearest(problem.name, self.places) if problem.name and not is_own else None
        self.findings.add(
            "E130", problem.message, problem.span, path=path, nearest=close,
            expected="a number, share, quantity, duration, rate or date, e.g. `0.02 per year`; it may be "
            "reckoned from other parameters",
        )  # fmt: skip

    def check_bounds(self, name: str) -> None:
        scalar, value = self.bounds.get(name), self.constants.get(name)
        if scalar is None or not scalar.text.strip():
            return
        path = f"parameters.{name}.between"
        tree = self.parsed.expression(scalar, self.findings, path, self.resolve)
        if tree is None:
            return
        try:
            if not isinstance(tree, Range):
                raise NotConstantError("bounds have two ends", tree.span)
            low = constant(tree.low)
            high = constant(tree.high) if tree.high is not None else low
        except NotConstantError as problem:
            self.findings.add(
                "E133",
                problem.message,
                problem.span,
                path=path,
                expected="bounds, e.g. `0.001..0.1 per year`",
            )
            return
        if value is None:
            return
        if not low.kind == value.kind == high.kind:
            self.findings.add(
                "E133", f"the value of `{name}` cannot be compared with `{scalar.text.strip()}`",
                self.places[name], path=f"parameters.{name}.value",
                expected="a value of the same kind as its bounds",
                remedy=f"The bounds are given at {scalar.span}.",
            )  # fmt: skip
        elif value.value < low.value or (tree.high is not None and value.value > high.value):
            shown = format_expression(self.values[name])
            self.findings.add(
                "E132", f"`{name}` is {shown}, which is outside its bounds", self.places[name],
                path=f"parameters.{name}.value", expected=f"a value in {format_expression(tree)}",
                remedy=f"The bounds are given at {scalar.span}.",
            )  # fmt: skip


def _size(tree: object) -> int:
    if isinstance(tree, Tree):
        return 1 + sum(_size(getattr(tree, each.name)) for each in fields(tree))
    return sum(map(_size, tree)) if isinstance(tree, tuple) else 0


# --- names --------------------------------------------------------------------------------


def _check_names(root: Mapping, parameters: Mapping, findings: Findings) -> None:
    """A parameter's name is its own: it would be taken for the parameter wherever it stands."""
    for name, what, span in _names(root):
        if name in parameters.entries:
            findings.add(
                "E129", f"`{name}` is also {what}", parameters.entries[name].key.span,
                path=f"parameters.{name}", remedy=f"Rename one of them; the other is at {span}.",
            )  # fmt: skip
    if "mortality" in parameters.entries:
        findings.add(
            "E129", "`mortality` has a meaning of its own", parameters.entries["mortality"].key.span,
            path="parameters.mortality", remedy="Rename it.",
        )  # fmt: skip


def _names(root: Mapping) -> Iterator[tuple[str, str, Span]]:
    """Everything else that is called by a name in expressions: what it is, and where it is given."""
    for section, entry in root.entries.items():
        if section in ("parameters", "arms") or not isinstance(entry.value, Mapping):
            continue
        singular = {"diseases": "a disease", "care": "care", "exchange": "an exchange"}
        kind = singular.get(section, f"one of the {section}")
        for name, item in entry.value.entries.items():
            yield name, kind, item.key.span
            if isinstance(item.value, Mapping):
                yield from _words_of(name, item.value)


def _words_of(name: str, block: Mapping) -> Iterator[tuple[str, str, Span]]:
    """What only one block knows: its states, categories and parameters."""
    states = block.get("states")
    if isinstance(states, Sequence):
        for state in states.items:
            if isinstance(state, Scalar):
                yield state.text, f"a state of `{name}`", state.span
    for key, what in (("draw", "category"), ("parameters", "parameter")):
        words = block.get(key)
        if isinstance(words, Mapping):
            for word, entry in words.entries.items():
                yield word, f"a {what} of `{name}`", entry.key.span


def warn_of_unused(root: Mapping, parameters: Parameters, findings: Findings) -> None:
    """One W202 for each parameter that nothing asks for."""
    node = root.get("parameters")
    if not isinstance(node, Mapping):
        return
    arms = root.get("arms")
    elsewhere = set(_words(arms)) if arms is not None else set()
    for name, entry in node.entries.items():
        if name not in parameters.used and name not in elsewhere and name in parameters.values:
            findings.add(
                "W202", f"nothing uses the parameter `{name}`", entry.key.span, path=f"parameters.{name}",
                remedy="Write its name where the number belongs, or delete it.",
            )  # fmt: skip


def _words(node: Node) -> Iterator[str]:
    """All words that what arms change consists of."""
    if isinstance(node, Scalar):
        yield from _WORD.findall(node.text)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _words(item)
    elif isinstance(node, Mapping):
        for name, entry in node.entries.items():
            if name != "set":
                yield from _words(entry.value)


# --- values from elsewhere ----------------------------------------------------------------


def written_out(root: Mapping) -> Mapping:
    """`root` with each parameter written as a block, so that its value alone can be replaced."""
    node = root.get("parameters")
    if not isinstance(node, Mapping):
        return root
    entries = {
        name: Entry(entry.key, _block(entry.value)) if isinstance(entry.value, Scalar) else entry
        for name, entry in node.entries.items()
    }
    place = root.entries["parameters"].key
    parameters = Mapping(node.span, entries, incomplete=node.incomplete)
    return Mapping(root.span, {**root.entries, "parameters": Entry(place, parameters)}, root.incomplete)


def values_of(
    given: NameMap[str, Entry], root: Mapping, findings: Findings, path: str, whose: str
) -> Mapping | None:
    """Values of parameters as a tree to lay over `root`; an unknown one is a finding."""
    known = root.get("parameters")
    names = known.entries if isinstance(known, Mapping) else {}
    entries: dict[str, Entry] = {}
    for name, entry in given.items():
        if name in names:
            entries[name] = Entry(entry.key, _block(entry.value))
            continue
        choices = listed(names)
        findings.add(
            "E128", f"{whose} has no parameter `{name}`", entry.key.span, path=f"{path}.{name}".lstrip("."),
            expected=f"one of {choices}" if names else "", nearest=nearest(name, names),
            remedy="" if names else f"Declare it under `parameters:` in {whose}.",
        )  # fmt: skip
    if not entries:
        return None
    (first, *_) = given.values()
    return Mapping(first.key.span, {"parameters": Entry(first.key, Mapping(first.key.span, entries))})


def _block(value: Node) -> Mapping:
    key = value if isinstance(value, Scalar) else _scalar("value", "value")
    return Mapping(value.span, {"value": Entry(key, value)})


_PER = re.compile(r"(.*[\d)%])\s*/\s*(minute|hour|day|week|month|year)s?\s*")


def entries_of(settings: Settings) -> dict[str, Entry]:
    """Values from a command line or a call as if they were written in a file called ``--set NAME``."""
    return {name: Entry(_scalar(f"--set {name}", name), _scalar(f"--set {name}", text_of(value)))
            for name, value in settings.items()}  # fmt: skip


def text_of(value: str | float | dt.date) -> str:
    """A value as an author would write it; ``0.03/year`` is short for ``0.03 per year``.

    >>> text_of("0.03/year"), text_of(0.5), text_of(dt.date(2020, 1, 1))
    ('0.03 per year', '0.5', '2020-01-01')
    """
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    text = str(value).strip()
    match = _PER.fullmatch(text)
    return f"{match[1]} per {match[2]}" if match else text


def _scalar(file: str, text: str) -> Scalar:
    source = Source(file, text)
    return Scalar(text, source.span(0, len(text)), source, 0, len(text), True)
