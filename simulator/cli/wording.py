"""Parsed medicine back in words: rates, tables and triggers as an author would say them."""

from __future__ import annotations

from simulator.scenario import model, syntax
from simulator.scenario.expression_text import format_expression as words


def value_words(value: model.Value | None) -> str:
    """An expression, or what kind of table stands in its place."""
    if value is None:
        return ""
    if isinstance(value, model.Table):
        return table_words(value)
    return words(value)


def table_words(table: model.Table) -> str:
    """What a table is over, and its span of values where they are plain numbers."""
    axes = ", ".join(table.axes)
    cells = [cell for _, cell in table.rows]
    values = [c.value for c in cells if isinstance(c, syntax.Number | syntax.Quantity)]
    if values and len(values) == len(cells):
        return f"table over {axes} ({len(cells)} cells, {min(values):.3g}..{max(values):.3g})"
    return f"table over {axes} ({len(cells)} cells)"


def rate_words(rate: model.RateValue) -> str:
    """A hazard: an expression, a table of rates or probabilities, or Gompertz growth."""
    if isinstance(rate, model.Gompertz):
        return f"{words(rate.rate)} at {words(rate.at)}, growing by {words(rate.growth)}"
    if isinstance(rate, model.Hazard):
        per = f"probability per {rate.probability_per}" if rate.probability_per else f"rate per {rate.per}"
        return f"{per}, {table_words(rate.table)}"
    return words(rate)


def multiplier_words(multiplied: list[model.Multiplier]) -> list[str]:
    """Each factor on a hazard with the condition under which it applies."""
    return [
        f"× {value_words(m.by)}" + (f" while {words(m.while_)}" if m.while_ is not None else "")
        for m in multiplied
    ]


def trigger_words(trigger: model.Trigger) -> str:
    """What makes a transition fire, as one phrase."""
    parts: list[str] = []
    if isinstance(trigger, model.Onset) and trigger.at:
        parts.append(f"at {trigger.at}")
    if trigger.rate is not None:
        parts.append(rate_words(trigger.rate))
    if trigger.after is not None:
        parts.append(f"after {words(trigger.after)}")
    if trigger.when is not None:
        parts.append(f"when {words(trigger.when)}")
    if trigger.delay is not None:
        parts.append(f"for {words(trigger.delay)}")
    if trigger.on is not None:
        parts.append(f"on {words(trigger.on)}")
    if trigger.if_ is not None:
        parts.append(f"if {words(trigger.if_)}")
    if trigger.probability is not None:
        parts.append(f"with probability {value_words(trigger.probability)}")
    return " ".join([*parts, *multiplier_words(trigger.multiplied)])


def codes_words(codes: dict[str, str]) -> str:
    """Codes as ``icd10cm E84.9, orphanet 586``."""
    return ", ".join(f"{system} {code}" for system, code in codes.items())
