"""Parsed medicine back in words: rates, tables and triggers as an author would say them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from simulator.scenario import model, syntax
from simulator.scenario.expression_text import format_expression as words
from simulator.scenario.statement import Amount, Bounds


def value_words(value: model.Value | None) -> str:
    """An expression, or what the table in its place spans."""
    if value is None:
        return ""
    if isinstance(value, model.Table):
        return table_words(value)
    return words(value)


def amount_words(amount: Amount) -> str:
    """A value of a statistic: ``21%``, ``7.2 mmol/L``, ``0.000049 per year``."""
    value = float(f"{amount.value:.12g}")  # 4.9 / 1000 is not quite 0.0049
    written = words(syntax.Quantity(value, amount.unit) if amount.unit else syntax.Number(value))
    return f"{written} per {amount.time}" if amount.time else written


def bounds_words(bounds: Bounds) -> str:
    """``18%..24%``, ``at least 90%``, ``at most 1 year``."""
    if bounds.low is not None and bounds.high is not None:
        return f"{amount_words(bounds.low)}..{amount_words(bounds.high)}"
    if bounds.low is not None:
        return f"at least {amount_words(bounds.low)}"
    return f"at most {amount_words(bounds.high)}" if bounds.high is not None else ""


def table_words(table: model.Table) -> str:
    """What a table is over, and its span of values where they are plain numbers."""
    count = len(table.rows)
    return f"{span_words(table)} by {by_words(table)} ({count} cell{'s' if count != 1 else ''})"


def span_words(table: model.Table) -> str:
    """Least and largest value of a table, ``0.002..0.02``; ``table`` where they are no plain numbers."""
    cells = [cell for _, cell in table.rows]
    values = [c.value for c in cells if isinstance(c, syntax.Number | syntax.Quantity)]
    units = {c.unit if isinstance(c, syntax.Quantity) else "" for c in cells}
    if not values or len(values) < len(cells) or len(units) > 1:
        return "table"
    unit = units.pop()
    ends = [
        _three_digits(end) + (unit if unit == "%" else "")
        for end in dict.fromkeys((min(values), max(values)))
    ]
    return "..".join(ends) + (f" {unit}" if unit not in ("", "%") else "")


def _three_digits(value: float) -> str:
    """``0.00001`` rather than ``1e-05``."""
    text = f"{value:.3g}"
    return f"{value:.12f}".rstrip("0") if "e-" in text and abs(value) >= 1e-10 else text


def by_words(table: model.Table) -> str:
    """The axes of a table: ``age and sex``."""
    *first, last = table.axes
    return f"{', '.join(first)} and {last}" if first else last


def rate_words(rate: model.RateValue, *, short: bool = False) -> str:
    """A hazard: an expression, a table of rates or probabilities, or Gompertz growth.

    `short` leaves out how many cells a table has.
    """
    if isinstance(rate, model.Gompertz):
        return f"{words(rate.rate)} at {words(rate.at)}, growing by {words(rate.growth)}"
    if isinstance(rate, model.Hazard):
        table = rate.table
        value = span_words(table)
        unit = (
            f"probability {value} per {rate.probability_per}"
            if rate.probability_per
            else (f"{value} per {rate.per}")
        )
        cells = "" if short else f" ({len(table.rows)} cells)"
        return f"{unit} by {by_words(table)}{cells}"
    return words(rate)


def multiplier_words(multiplied: list[model.Multiplier], *, short: bool = False) -> list[str]:
    """Each factor on a hazard with the condition under which it applies.

    `short` says ``only while t2d`` for a factor of 0 while not t2d, and leaves out cells of tables.
    """
    return [(_short_multiplier if short else _multiplier)(m) for m in multiplied]


def _multiplier(multiplier: model.Multiplier) -> str:
    condition = "" if multiplier.while_ is None else f" while {words(multiplier.while_)}"
    return f"× {value_words(multiplier.by)}{condition}"


def _short_multiplier(multiplier: model.Multiplier) -> str:
    condition = multiplier.while_
    if condition is None:
        return f"× {factor_words(multiplier.by)}"
    if isinstance(multiplier.by, syntax.Number) and multiplier.by.value == 0.0:
        match condition:
            case syntax.Unary(op="not", operand=needed):
                return f"only while {words(needed)}"
            case syntax.In(negated=True):
                return f"only while {words(replace(condition, negated=False))}"
        return f"never while {words(condition)}"
    return f"× {factor_words(multiplier.by)} while {words(condition)}"


def factor_words(value: model.Value) -> str:
    """A value without the number of its cells: ``0.71..0.94 by age``."""
    if isinstance(value, model.Table):
        return f"{span_words(value)} by {by_words(value)}"
    return words(value)


def duration_words(duration: syntax.Expr) -> str:
    """A duration to draw, by what it centres on: ``a median of 9 years``, ``0 to 3 days``."""
    match duration:
        case syntax.Range(low=low, high=high) if high is not None:
            return f"{words(low)} to {words(high)}"
        case syntax.Call(function="uniform", args=(low, high), kwargs=()):
            return f"{words(low)} to {words(high)}"
        case syntax.Call(function="exponential", args=(mean,), kwargs=()):
            return f"a mean of {words(mean)}"
        case syntax.Call(args=(), kwargs=kwargs):
            for name in ("median", "mean"):
                if name in dict(kwargs):
                    return f"a {name} of {words(dict(kwargs)[name])}"
    return words(duration)


def trigger_words(trigger: model.Trigger) -> str:
    """What makes a transition fire, as one phrase."""
    parts = [_fires(trigger, rate_words, words, value_words), *multiplier_words(trigger.multiplied)]
    return " ".join(filter(None, parts))


def trigger_lines(trigger: model.Trigger) -> list[str]:
    """The same, short, for an arrow of a diagram: what fires it, then a line per factor."""
    main = _fires(trigger, partial(rate_words, short=True), duration_words, factor_words)
    return [*filter(None, [main]), *multiplier_words(trigger.multiplied, short=True)]


def _fires(
    trigger: model.Trigger,
    say_rate: Callable[[model.RateValue], str],
    say_duration: Callable[[syntax.Expr], str],
    say_value: Callable[[model.Value], str],
) -> str:
    parts: list[str] = []
    if isinstance(trigger, model.Onset) and trigger.at:
        parts.append(f"at {trigger.at}")
    if trigger.rate is not None:
        parts.append(say_rate(trigger.rate))
    if trigger.while_ is not None:
        parts.append(f"while {words(trigger.while_)}")
    if trigger.after is not None and trigger.on is None:
        parts.append(f"after {say_duration(trigger.after)}")
    if trigger.when is not None:
        parts.append(f"when {words(trigger.when)}")
    if trigger.delay is not None:
        parts.append(f"for {say_duration(trigger.delay)}")
    if trigger.on is not None and trigger.after is not None:
        parts.append(f"{say_duration(trigger.after)} after {words(trigger.on)}")
    elif trigger.on is not None:
        parts.append(f"on {words(trigger.on)}")
    if trigger.if_ is not None:
        parts.append(f"if {words(trigger.if_)}")
    if trigger.probability is not None:
        parts.append(f"with probability {say_value(trigger.probability)}")
    return " ".join(parts)


def codes_words(codes: dict[str, str]) -> str:
    """Codes as ``icd10cm E84.9, orphanet 586``."""
    return ", ".join(f"{system} {code}" for system, code in codes.items())
