"""Distributions of the language → distributions of the machine.

===============================================  =========================================
written                                          drawn from
===============================================  =========================================
``3 months``                                     fixed
``0..3 days``, ``3 months ± 2 weeks``            uniform
``uniform(a, b)``                                uniform
``normal(mean, sd)``                             normal
``exponential(mean)``                            exponential
``weibull(median=m, shape=k)`` or ``scale=``     Weibull; scale = median / ln(2)^(1/shape)
``gamma(mean=m, shape=k)`` or ``scale=``         gamma; scale = mean / shape
``lognormal(median=m, sigma=s)``                 log-normal; sigma is the SD of the logarithm
``beta(a, b)``                                   beta on 0..1
``{empirical: …}``, ``{kaplan_meier: …}``        empirical (`curves.py`)
``{mixture: […]}``                               one of its parts, by share (`curves.py`)
===============================================  =========================================
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from simulator import units
from simulator.compiler import algebra, curves
from simulator.compiler import machine as m
from simulator.compiler.arithmetic import DISTRIBUTIONS
from simulator.compiler.kinds import years_of
from simulator.compiler.terms import Resolver, Where
from simulator.scenario import syntax as s
from simulator.scenario.expression_text import format_expression


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: a duration (microseconds), or a number in `unit`."""

    what: str  # duration or number
    unit: str | None = None
    signed: bool = False  # a duration that may be negative: the age at `from` of someone born later
    mixed: bool = False  # whether a mixture can be drawn here


DURATION = Drawn("duration", mixed=True)  # a time that a process waits
LENGTH = Drawn("duration")  # how long an encounter takes

#: names of the parameters: those of the drawn thing's own kind, and pure numbers
_PARAMETERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "normal": (("mean", "sd"),),
    "uniform": (("low", "high"),),
    "exponential": (("mean",),),
    "weibull": (("median", "shape"), ("scale", "shape")),
    "gamma": (("mean", "shape"), ("scale", "shape")),
    "lognormal": (("median", "sigma"),),
    "beta": (("a", "b"),),
}
_PURE = frozenset({"shape", "sigma", "a", "b"})
_POSITIVE = frozenset({"shape", "scale", "median", "a", "b"})
_NAMED_ONLY = ("weibull", "gamma")


def distribution(resolver: Resolver, expr: s.Expr, where: Where, drawn: Drawn) -> m.Distribution | None:
    """What `expr` draws; a plain value is a fixed one. Parameters may be expressions."""
    where = where.at_once()
    if isinstance(expr, s.Range):
        return _range(resolver, expr, where, drawn)
    if isinstance(expr, s.PlusMinus):
        centre = _parameter(resolver, expr.centre, where, drawn)
        spread = _parameter(resolver, expr.spread, where, drawn)
        if centre is None or spread is None:
            return None
        low, high = algebra.apply("sub", centre, spread), algebra.apply("add", centre, spread)
        even = _checked(resolver, "uniform", {"low": low, "high": high}, expr, where, drawn)
        if even is not None:
            _doubt_spread(resolver, expr, where)
        return even
    if isinstance(expr, s.Curve):
        timed = drawn.what == "duration"
        return curves.curve(
            resolver, expr, where, lambda e: _parameter(resolver, e, where, drawn), of_duration=timed
        )
    if isinstance(expr, s.Mixture):
        if not drawn.mixed:
            message = "a mixture can only be waited for: under `after` or `delay`"
            resolver.report("E605", message, expr, where, remedy="use one distribution, e.g. `empirical`")
            return None
        return curves.mixture(resolver, expr, where, lambda e: distribution(resolver, e, where, drawn))
    if isinstance(expr, s.Call) and expr.function in DISTRIBUTIONS:
        return _call(resolver, expr, where, drawn)
    term = _parameter(resolver, expr, where, drawn)
    if term is None:
        return None
    return _checked(resolver, "fixed", {"value": term}, expr, where, drawn)


#: what people are like and diseases do; appointments are made evenly around a day
_OF_NATURE = re.compile(r"attributes\.|diseases\.\w+\.(onset|course|death|events|symptoms|phenotypes)\b")


def _doubt_spread(resolver: Resolver, expr: s.PlusMinus, where: Where) -> None:
    """Journals write a mean and its standard deviation like that."""
    if not _OF_NATURE.match(where.path):
        return
    centre, spread = format_expression(expr.centre), format_expression(expr.spread)
    resolver.report(
        "W318", f"`{centre} ± {spread}` is drawn evenly between its ends", expr, where,
        remedy=f"if {spread} is a standard deviation, write `normal({centre}, {spread})`; if not, write "
        "the range with `..`",
    )  # fmt: skip


def _range(resolver: Resolver, expr: s.Range, where: Where, drawn: Drawn) -> m.Distribution | None:
    if expr.high is None:
        resolver.report(
            "E605", "a range to draw from needs both ends", expr, where, expected="e.g. `0..3 months`"
        )
        return None
    low_expr, high_expr = expr.low, expr.high
    # a bare number takes the unit of the other end
    if isinstance(low_expr, s.Number) and isinstance(high_expr, s.Quantity):
        low_expr = s.Quantity(low_expr.value, high_expr.unit, span=low_expr.span)
    low = _parameter(resolver, low_expr, where, drawn)
    high = _parameter(resolver, high_expr, where, drawn)
    if low is None or high is None:
        return None
    return _checked(resolver, "uniform", {"low": low, "high": high}, expr, where, drawn)


def _parameter(resolver: Resolver, expr: s.Expr, where: Where, drawn: Drawn) -> m.Term | None:
    if drawn.what == "duration":
        return resolver.duration(expr, where)
    return resolver.number(expr, where, drawn.unit)


def _call(resolver: Resolver, expr: s.Call, where: Where, drawn: Drawn) -> m.Distribution | None:
    name = expr.function
    given = _arguments(resolver, expr, where)
    if given is None:
        return None
    if name == "beta" and drawn.what == "duration":
        resolver.report("E605", "a beta distribution draws shares, not durations", expr, where)
        return None
    params: dict[str, m.Term] = {}
    for key, value in given.items():
        term = resolver.number(value, where) if key in _PURE else _parameter(resolver, value, where, drawn)
        if term is not None:
            params[key] = term
    if len(params) < len(given):
        return None
    return _checked(resolver, name, params, expr, where, drawn)


def _arguments(resolver: Resolver, expr: s.Call, where: Where) -> dict[str, s.Expr] | None:
    """The parameters by name; the parser has seen to it that they are complete."""
    name, forms = expr.function, _PARAMETERS[expr.function]
    if expr.args and name in _NAMED_ONLY:
        usage = " or ".join(f"`{name}({', '.join(f'{p}=…' for p in form)})`" for form in forms)
        resolver.report("E605", f"the parameters of {name} need their names", expr, where, expected=usage)
        return None
    return dict(zip(forms[0], expr.args, strict=False)) | dict(expr.kwargs)


def _checked(
    resolver: Resolver, name: str, params: dict[str, m.Term], expr: s.Expr, where: Where, drawn: Drawn
) -> m.Distribution | None:
    """The distribution, once its constant parameters are found to be possible."""
    values = {k: v for k, t in params.items() if (v := algebra.constant(t)) is not None}
    problem = _problem(name, values)
    code = "E605"
    if problem is None and drawn.what == "duration" and not drawn.signed:
        problem, code = _negative(name, values), "E606"
    if problem is not None:
        resolver.report(code, problem, expr, where)
        return None
    drawing = m.Distribution(name, _machine_parameters(name, params))
    if drawn.what == "duration":
        resolver.durations.append((drawing, expr, where))
    if resolver.origins is not None:
        resolver.origins.place(drawing, format_expression(expr), where.span, where.path)
    return drawing


def _problem(name: str, values: dict[str, float]) -> str | None:
    for key, value in values.items():
        if (key in _POSITIVE or (name in ("exponential", "gamma") and key == "mean")) and value <= 0.0:
            return f"the {key} of {name} must be greater than 0"
        if key in ("sd", "sigma") and value < 0.0:
            return f"the {key} of {name} cannot be negative"
    if "low" in values and "high" in values and values["high"] < values["low"]:
        return "the upper end is below the lower end"
    return None


def _negative(name: str, values: dict[str, float]) -> str | None:
    """Why a duration could be negative; a normal tail is cut off by the engine."""
    for key in ("value", "low", "mean"):
        if values.get(key, 0.0) < 0.0:
            return "a duration cannot be negative"
    return None


def _machine_parameters(name: str, params: dict[str, m.Term]) -> tuple[m.Term, ...]:
    if name == "weibull" and "median" in params:
        power = algebra.apply("div", algebra.TRUE, params["shape"])
        root = algebra.apply("pow", m.Const(math.log(2.0)), power)
        return algebra.apply("div", params["median"], root), params["shape"]
    if name == "gamma" and "mean" in params:
        return algebra.apply("div", params["mean"], params["shape"]), params["shape"]
    order = {
        "fixed": ("value",), "uniform": ("low", "high"), "normal": ("mean", "sd"),
        "exponential": ("mean",), "weibull": ("scale", "shape"), "gamma": ("scale", "shape"),
        "lognormal": ("median", "sigma"), "beta": ("a", "b"),
    }[name]  # fmt: skip
    return tuple(params[p] for p in order)


def mean_of(distribution: m.Distribution) -> float | None:
    """Expected value of a distribution with constant parameters, else None."""
    if distribution.kind in ("empirical", "mixture"):
        return curves.mean_of(distribution)
    values = [algebra.constant(p) for p in distribution.params]
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return None
    a, b = known[0], known[-1]
    return {
        "fixed": lambda: a,
        "uniform": lambda: (a + b) / 2.0,
        "normal": lambda: a,
        "exponential": lambda: a,
        "weibull": lambda: a * math.gamma(1.0 + 1.0 / b),
        "gamma": lambda: a * b,
        "lognormal": lambda: a * math.exp(b * b / 2.0),
        "beta": lambda: a / (a + b),
    }[distribution.kind]()


def fixed(microseconds: float) -> m.Distribution:
    """A duration that is always the same."""
    return m.Distribution("fixed", (m.Const(float(microseconds)),))


def uniform(low: float, high: float) -> m.Distribution:
    """A duration anywhere between two, in microseconds."""
    return m.Distribution("uniform", (m.Const(float(low)), m.Const(float(high))))


def lognormal(median: float, unit: str, sigma: float) -> m.Distribution:
    """A log-normal duration with this median in time units."""
    return m.Distribution("lognormal", (m.Const(median * units.MICROSECONDS[unit]), m.Const(sigma)))


def in_years(distribution: m.Distribution) -> m.Distribution:
    """A distribution of durations in microseconds, with its constants in years instead."""
    known = {"weibull": 1, "gamma": 1, "lognormal": 1, "empirical": len(distribution.params) // 2}
    scaled = known.get(distribution.kind, len(distribution.params))
    params = tuple(
        m.Const(years_of(p.value)) if i < scaled and isinstance(p, m.Const) else p
        for i, p in enumerate(distribution.params)
    )
    return m.Distribution(distribution.kind, params)
