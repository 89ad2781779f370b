"""Blocks and values of a scenario in the words of a comparison, and in a form that can be compared."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from typing import Any

from simulator.scenario import model, syntax
from simulator.scenario.constants import NotConstantError, constant
from simulator.scenario.expression_text import format_expression as words
from simulator.scenario.keys import keys_of
from simulator.scenario.model_courses import Choice
from simulator.scenario.statement import Amount, Bounds, Statement
from simulator.scenario.wording import rate_words, table_words, trigger_words

#: keys that say nothing about patients
PROSE = ("source", "because", "description")
_PLACES = ("span", "spans", "path", "source", "because", "description")

_LABELS = {
    "rate": "hazard",
    "by": "",
    "multiplied": "factor",
    "after": "duration",
    "when": "condition",
    "to": "leads to",
    "if": "only if",
    "for": "for whom",
    "from": "recorded from",
    "history": "past",
    "mean": "mean value",
    "between_patients": "SD between patients",
    "noise": "SD of one measurement",
    "does": "procedures",
    "within": "bounds",
}
#: texts under these keys name a thing of the scenario
#: mappings whose order means something: the most important finding first, the worst severity last
ORDERED = ("finds", "severity")
_ITEM = {"multiplied": "factor", "course": "", "changes": "", "effects": "effect", "diagnosis": "diagnosis"}


def canonical(value: Any) -> Any:
    """A value without places, sources and ways of writing it: equal if it means the same; hashable."""
    if isinstance(value, syntax.Node):
        try:
            known = constant(value)  # type: ignore[arg-type]  # every node that is a constant is an expression
        except (NotConstantError, AttributeError, KeyError):
            own = [each.name for each in dataclasses.fields(value) if each.compare]
            return (type(value).__name__, *(canonical(getattr(value, name)) for name in own))
        exact = known.value if not math.isfinite(known.value) else float(f"{known.value:.12g}")
        return ("constant", exact, known.kind)
    if isinstance(value, model.Block):
        fields = [each.name for each in dataclasses.fields(value) if each.name not in _PLACES]
        parts = [(name, canonical(getattr(value, name))) for name in fields]
        orders = [tuple(getattr(value, n)) for n in ORDERED if isinstance(getattr(value, n, None), dict)]
        return (type(value).__name__, *parts, *orders)
    if isinstance(value, dict):
        return ("mapping", *sorted(((name, canonical(each)) for name, each in value.items()), key=repr))
    if isinstance(value, list | tuple):
        return ("list", *(canonical(each) for each in value))
    return value


def say(value: Any) -> str:
    """A value as a clinician would read it; empty for none."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case dt.date():
            return value.isoformat()
        case model.Table():
            return table_words(value)
        case model.Hazard() | model.Gompertz():
            return rate_words(value)
        case Statement():
            return value.text
        case Amount():
            return _amount_words(value)
        case Bounds(low=None, high=high):
            return f"at most {say(high)}"
        case Bounds(low=low, high=None):
            return f"at least {say(low)}"
        case Bounds(low=low, high=high):
            return f"{say(low)}..{say(high)}"
        case syntax.Node():
            return words(value)  # type: ignore[arg-type]  # nodes that stand in blocks are expressions
        case model.Block():
            return block_words(value)
        case list() | tuple():
            return ", ".join(say(each) for each in value)
        case dict():
            return ", ".join(f"{name} {say(each)}" for name, each in value.items())
    return str(getattr(value, "text", value))


def _amount_words(amount: Amount) -> str:
    """An amount with its unit: ``21%``, ``7.2 %``, ``6 months``, ``0.049 per year``."""
    unit = amount.unit if amount.unit in ("", "%") else f" {amount.unit}"
    time = f" per {amount.time}" if amount.time else ""
    return f"{amount.value:.6g}{unit}{time}"


def block_words(block: model.Block) -> str:
    """What a block says, on one line."""
    if isinstance(block, model.Transition):
        return f"{block.from_} → {block.to} {trigger_words(block.trigger)}"
    if isinstance(block, model.Multiplier):
        condition = f" while {words(block.while_)}" if block.while_ is not None else ""
        return f"× {say(block.by)}{condition}"
    if isinstance(block, model.Trigger):
        return trigger_words(block)
    parts = []
    for key in keys_of(type(block)).values():
        value = getattr(block, key.field)
        if value is None or value == [] or value == {} or key.name in PROSE or key.name == "codes":
            continue
        parts.append(f"{key.name} {say(value)}")
    return ", ".join(parts)


def key_label(key: str, block: type[model.Block]) -> str:
    """What a key is called between the name of its block and its value."""
    if key == "after" and not issubclass(block, model.Trigger):
        return "delay"
    if key == "to" and issubclass(block, model.Population):
        return "recorded to"
    if key == "by" and issubclass(block, model.Effect):
        return "hazard ratio"
    if key == "rate" and not issubclass(block, model.Trigger | model.RecurrentEvent | model.Mortality):
        return "rate"
    return _LABELS.get(key, key.replace("_", " "))


def item_label(item: Any, key: str) -> str:
    """What an item of a list is called: the arrow, the factor's condition, what an effect is on."""
    match item:
        case model.Transition():
            return f"{item.from_} → {item.to}"
        case model.Multiplier():
            return "factor" + (f" while {words(item.while_)}" if item.while_ is not None else "")
        case model.Change():
            return key + (f" while {words(item.while_)}" if item.while_ is not None else "")
        case model.Effect():
            target = item.hazard if item.hazard is not None else item.measurement
            return f"effect on {say(target)}"
        case model.DiagnosisRoute():
            where = f"at {', '.join(item.at)}" if item.at else f"on {say(item.on)}"
            return f"diagnosis {where}"
        case model.Measure():
            return f"measures {item.measure}"
        case Choice(if_=None, share=None):
            return "choose, else"
        case Choice(if_=None):
            return f"choose, {shortened(say(item.then))}"
        case Choice():
            return f"choose, if {say(item.if_)}"
    noun = _ITEM.get(key, key.replace("_", " "))
    about = [
        getattr(item, name)
        for name in ("treatment", "do", "care", "order_set", "to", "with_")
        if getattr(item, name, None) is not None
    ]
    return " ".join([noun, *(say(each) for each in about[:1])]).strip()


def shortened(text: str, most: int = 40) -> str:
    """A text that is not too long for a label."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def cell_words(axes: tuple[str, ...], cell: tuple[Any, ...]) -> str:
    """Where in a table: ``male, 40..49 years``."""
    found = []
    for axis, at in zip(axes, cell, strict=True):
        if isinstance(at, str):
            found.append(at)
            continue
        low, high = at
        last = "" if high is None else f"{high - 1:g}"
        found.append(f"{low:g}..{last}" + ("" if axis == "year" else " years"))
    return ", ".join(found)
