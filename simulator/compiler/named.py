"""Names in expressions → what they stand for, or what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.compiler import machine as m
from simulator.compiler.kinds import Typed, number, truth
from simulator.compiler.names import nearest
from simulator.scenario import syntax as s

if TYPE_CHECKING:
    from simulator.compiler.terms import Resolver, Where

_NO = ("no", "none", "never", "false", "off")


def value(resolver: Resolver, expr: s.Name, where: Where) -> Typed | None:
    """What a name stands for."""
    text = expr.text
    if text == "age":
        return Typed(m.Age(), "age", name="age")
    if text == "date":
        return Typed(m.Const(0.0), "now", name="date")
    if text == "year":
        return Typed(m.Const(0.0), "year", name="year")
    if text == "month":
        return Typed(m.Lookup((m.Axis("month", 12),), tuple(map(float, range(12)))), "category", name="month")
    if text == "lost_to_follow_up" and "follow_up" in resolver.names.symbols:
        return truth(m.InState(resolver.names.symbols["follow_up"].index, 0b10))
    symbol = resolver.names.symbols.get(text)
    if symbol is None:
        _unknown(resolver, expr, where)
        return None
    if symbol.kind == "attribute":
        if text in resolver.names.categories:
            return Typed(m.Var(symbol.index), "category", name=text)
        return number(m.Var(symbol.index), resolver.names.units[text])
    if symbol.kind in ("disease", "symptom"):
        instead = f"`{text} diagnosed`" if symbol.kind == "disease" else f"`count of {text}.recorded >= 1`"
        resolver.must_be_chart(f"the true state of {text}", instead, expr, where)
        present = resolver.names.states[text][""]
        return Typed(m.InState(symbol.index, present), "disease", name=text, index=symbol.index)
    if symbol.kind == "measurement":
        resolver.must_be_chart(f"the true value of {text}", f"`last {text}`", expr, where)
        return Typed(m.Level(symbol.index), "level", resolver.names.units[text], text, symbol.index)
    if symbol.kind == "exchange":
        return number(m.Signal(symbol.index), "1")
    if text in resolver.names.stays:
        process, there = resolver.names.stays[text], resolver.names.states[text][""]
        return Typed(m.InState(process, there), "disease", name=text, index=process)
    remedy = {
        "care": f"write `time since {text}.visit` or `count of {text}.visit`",
        "procedure": f"write `ever {text}` or `time since {text}.done`",
    }.get(symbol.kind, f"write `on {text}` or `ever on {text}`")
    resolver.report("E502", f"{symbol.kind} `{text}` has no value of its own", expr, where, remedy=remedy)
    return None


def _unknown(resolver: Resolver, expr: s.Name, where: Where) -> None:
    text, names = expr.text, resolver.names
    if len(expr.parts) > 1:
        owner = names.symbols.get(expr.parts[0])
        if text in names.events:
            remedy = f"write `time since {text} > …` or `count of {text} in last … >= …`"
            if expr.parts[1] in names.states.get(expr.parts[0], ()):
                remedy = f"write `{expr.parts[0]} in [{expr.parts[1]}]`, or {remedy.removeprefix('write ')}"
            resolver.report("E502", f"`{text}` is an event, not a value", expr, where, remedy=remedy)
            return
        if owner is not None and owner.kind == "disease":
            states = [x for x in names.states[owner.name] if x]
            resolver.report(
                "E503", f"`{text}` is not a value", expr, where,
                expected=f"a state of {owner.name}, as `{owner.name} in [{states[-1]}]`",
                nearest=nearest(expr.parts[1], states),
            )  # fmt: skip
            return
    if text in names.later:
        resolver.report(
            "E501", f"`{text}` is not known yet when this is drawn", expr, where,
            expected="`age`, `sex` or an attribute declared before this one",
        )  # fmt: skip
        return
    owner_of_state = names.owner_of(text)
    remedy = f"write `{owner_of_state} in [{text}]`" if owner_of_state else ""
    if text.lower() in _NO:
        remedy = "leave the key out if it holds for nobody, or never"
    resolver.report(
        "E501", f"there is no `{text}`", expr, where,
        expected="" if remedy else "an attribute, disease, measurement or exchange of this scenario",
        nearest=None if remedy else nearest(text, names.usable()),
        remedy=remedy,
    )  # fmt: skip
