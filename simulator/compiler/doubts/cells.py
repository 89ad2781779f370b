"""Whether a condition can be true, and can be false: all cases are gone through.

The simple questions that a condition consists of are sorted by what they ask of: age, the state of a
process, the last value of a measurement, … What is asked of one thing cuts it into cells (ages below 18,
from 18 to 64, from 65), in each of which all answers are the same. The condition is worked out in every
combination of cells. Things are taken to be independent of one another, and anything that is not understood
may be true or false; so "never" and "always" are certain, but not everything that never holds is found.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.compiler import algebra
from simulator.compiler import machine as m

#: nobody grows older
OLDEST_YEARS = 130.0
#: a condition with more combinations of cells is not gone through
_MOST_CASES = 5_000
_MOST_STATES = 64  # a mask has no more bits

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
_MIRROR = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}

#: what a question is about, e.g. ``("age",)`` or ``("var", 3)``
Subject = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """What a variable may be: words by index, or numbers between bounds; also unknown."""

    choices: tuple[float, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    unknown: bool = True


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known beforehand: what variables and true values may be, how many states processes have."""

    variables: Mapping[int, Values] = field(default_factory=dict)
    levels: Mapping[int, Values] = field(default_factory=dict)
    states: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A simple truth: what it is about, and how it is answered; `edge` is where the answer changes."""

    subject: Subject
    answer: Callable[[float], bool]
    edge: float | None = None


def possible(term: m.Term, knowledge: Knowledge) -> tuple[bool, bool]:
    """Whether a condition may be false, and may be true."""
    questions: dict[m.Term, Question] = {}
    _ask(term, questions)
    subjects: dict[Subject, set[float]] = {}
    for question in questions.values():
        edges = subjects.setdefault(question.subject, set())
        if question.edge is not None:
            edges.add(question.edge)
    cells = [_cells(subject, sorted(edges), knowledge) for subject, edges in subjects.items()]
    if math.prod(len(each) for each in cells) > _MOST_CASES:
        return True, True
    found = set[bool]()
    for case in itertools.product(*cells):
        known = dict(zip(subjects, case, strict=True))
        found.add(_holds(term, {t: q.answer(known[q.subject]) for t, q in questions.items()}))
        if len(found) == 2:
            break
    return False in found, True in found


def _holds(term: m.Term, answers: Mapping[m.Term, bool]) -> bool:
    if isinstance(term, m.Const):
        return term.value != 0.0
    if isinstance(term, m.Apply) and term.op in ("and", "or", "not"):
        parts = [_holds(each, answers) for each in term.args]
        return not parts[0] if term.op == "not" else all(parts) if term.op == "and" else any(parts)
    return answers[term]


def _ask(term: m.Term, questions: dict[m.Term, Question]) -> None:
    """Note the simple questions in a condition."""
    if isinstance(term, m.Apply) and term.op in ("and", "or", "not"):
        for each in term.args:
            _ask(each, questions)
    elif not isinstance(term, m.Const) and term not in questions:
        questions[term] = _question(term)


def _question(term: m.Term) -> Question:
    match term:
        case m.AgeAtLeast(years):
            return _from(("age",), years)
        case m.TimeAtLeast(instant):
            return _from(("date",), float(instant))
        case m.LevelAtLeast(index, threshold):
            return _from(("level", index), threshold)
        case m.Stamped(stamp):
            return Question(("since", stamp), lambda x: not math.isnan(x))
        case m.SinceAtLeast(stamp, duration):
            return _from(("since", stamp), float(duration))
        case m.SinceLess(stamp, duration):
            return Question(("since", stamp), lambda x: x < duration, float(duration))
        case m.CountAtLeast(ring, n, within):
            return _from(("count", ring, within), float(n))
        case m.InState(process, mask):
            return Question(("process", process), lambda x: bool(mask >> int(x) & 1))
        case m.Apply(op, (left, right)) if op in _COMPARISONS:
            return _comparison(term, op, left, right)
    return Question(("opaque", term), bool)


def _from(subject: Subject, edge: float) -> Question:
    return Question(subject, lambda x: x >= edge, edge)


def _comparison(term: m.Term, op: str, left: m.Term, right: m.Term) -> Question:
    if isinstance(left, m.Const):
        op, left, right = _MIRROR[op], right, left
    value = algebra.constant(right)
    if value is None:
        return Question(("opaque", term), bool)
    compare = _COMPARISONS[op]
    if isinstance(left, m.Var):
        return Question(("var", left.index), lambda x: not math.isnan(x) and compare(x, value), value)
    if isinstance(left, m.Lookup) and [axis.kind for axis in left.axes] == ["month"]:
        return Question(("month",), lambda x: compare(left.values[int(x)], value))
    return Question(("opaque", term), bool)


def _cells(subject: Subject, edges: list[float], knowledge: Knowledge) -> list[float]:
    """One value from each cell that a thing can be in."""
    match subject:
        case ("age",):
            return _between(edges, Values(low=0.0, high=OLDEST_YEARS, unknown=False))
        case ("month",):
            return [float(month) for month in range(12)]
        case ("since", _):
            return _between(edges, Values(low=0.0))
        case ("count", *_):
            return [n for n in _between(edges, Values(low=0.0, unknown=False)) if n == int(n)]
        case ("process", int(process)):
            return [float(state) for state in range(knowledge.states.get(process, _MOST_STATES))]
        case ("level", int(index)):
            return _between(edges, knowledge.levels.get(index, Values(unknown=False)))
        case ("var", int(index)):
            values = knowledge.variables.get(index, Values())
            return list(values.choices) or _between(edges, values)
        case ("opaque", _):
            return [0.0, 1.0]
    return _between(edges, Values(unknown=False))


def _between(edges: list[float], values: Values) -> list[float]:
    """The edges themselves and a value on either side of each, as far as they lie within bounds."""
    inside = [edge for edge in edges if values.low <= edge <= values.high]
    ends = [x for x in (values.low, values.high) if math.isfinite(x)]
    points = sorted({*inside, *ends})
    found = list(points)
    found += [(a + b) / 2.0 for a, b in itertools.pairwise(points)]
    if not math.isfinite(values.low):
        found.append(points[0] - 1.0 if points else 0.0)
    if not math.isfinite(values.high):
        found.append(points[-1] + 1.0 if points else 0.0)
    return [*found, math.nan] if values.unknown else found
