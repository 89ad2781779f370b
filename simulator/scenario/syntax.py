"""The expression tree: what one line of an author's medicine parses to.

Only shapes live here; `expression.py` parses text to them, `compiler/` gives them meaning.
Every node knows where it stands in the file, so any later finding can point at it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from simulator.errors import NOWHERE, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(default=NOWHERE, compare=False)
    #: the parameter whose value this is; `span` is then where its name is written
    parameter: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A bare number: ``3``, ``0.5``, ``1e-3``, ``10_000``. (``1/3000`` is a Binary.)"""

    value: float


@dataclass(frozen=True, slots=True)
class Quantity(Node):
    """A number with a unit: ``40 years``, ``85%``, ``6.5 %``, ``1.0 10*9/L``, ``120 mm[Hg]``.

    `unit` is the text as written, with time units normalised to the singular
    (``year``, ``month``, ``week``, ``day``, ``hour``, ``minute``).
    """

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Rate(Node):
    """``0.06 per year``: `value` is any expression, `unit` a singular time unit."""

    value: Expr
    unit: str


@dataclass(frozen=True, slots=True)
class Date(Node):
    value: dt.date


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A dotted name: ``age``, ``sex``, ``smoker``, ``cf.onset``, ``F508del/other`` (one part)."""

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Unary(Node):
    op: str  # "-" or "not"
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    op: str  # + - * / ** and or == != < <= > >=
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class In(Node):
    """``cf in [moderate, severe]``; ``not in`` sets `negated`."""

    item: Expr
    choices: tuple[Expr, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``min(a, b)``, ``normal(95, 8)``, ``weibull(median=14 years, shape=2.1)``."""

    function: str
    args: tuple[Expr, ...] = ()
    kwargs: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True)
class On(Node):
    """``on eti``; with `ever`: ``ever on eti``."""

    treatment: Name
    ever: bool = False


@dataclass(frozen=True, slots=True)
class Ever(Node):
    """``ever colonoscopy``, ``ever cf.exacerbation``: it has been done, or has happened."""

    event: Name


@dataclass(frozen=True, slots=True)
class Diagnosed(Node):
    """``cf diagnosed``: the chart carries the diagnosis."""

    disease: Name


@dataclass(frozen=True, slots=True)
class Since(Node):
    """``time since cf.diagnosed``: duration since the latest such event; unknown if never."""

    event: Name


@dataclass(frozen=True, slots=True)
class Count(Node):
    """``count of cf.exacerbation in last 12 months``; without `within`, over the whole life."""

    event: Name
    within: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Last(Node):
    """``last hba1c``: the latest recorded value; ``previous hba1c``: the one before; unknown if none."""

    measurement: Name
    previous: bool = False


@dataclass(frozen=True, slots=True)
class Dose(Node):
    """``dose of warfarin``: the amount of one dose as prescribed now; 0 while it is not taken."""

    treatment: Name


@dataclass(frozen=True, slots=True)
class Range(Node):
    """``0..2 years``, ``5..150``, ``80.. years`` (`high` None). A bare unit after it covers both ends."""

    low: Expr
    high: Expr | None


@dataclass(frozen=True, slots=True)
class PlusMinus(Node):
    """``3 months ± 2 weeks`` (``+-`` is accepted too): uniform from centre - spread to centre + spread."""

    centre: Expr
    spread: Expr


@dataclass(frozen=True, slots=True)
class Curve(Node):
    """``{empirical: {1 day: 10%, 3 days: 100%}}`` or ``{kaplan_meier: {1 year: 95%, 5 years: 80%}}``.

    `kind` is ``empirical`` (`points` are values with the share that has come by then) or ``kaplan_meier``
    (times with the share still free of the event). In between it is linear.
    """

    kind: str
    points: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class Mixture(Node):
    """``{mixture: [{share: 30%, after: …}, …]}``: with each share, another distribution."""

    parts: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class Unread(Node):
    """Stands where an expression could not be read: a finding says why, and nothing follows from it.

    `parts` is what could be read of it.
    """

    parts: tuple[Expr, ...] = ()


Expr = (
    Number
    | Quantity
    | Rate
    | Date
    | Name
    | Unary
    | Binary
    | In
    | Call
    | On
    | Ever
    | Diagnosed
    | Since
    | Count
    | Last
    | Dose
    | Range
    | PlusMinus
    | Curve
    | Mixture
    | Unread
)
