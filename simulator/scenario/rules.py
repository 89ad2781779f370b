"""Which keys of a block go together: exactly one trigger, `multiplied` only with `rate`, …

These rules look at the keys that were written, not at their values; names and meanings are
checked when the scenario is lowered.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.errors import Span
from simulator.scenario import model
from simulator.scenario.values import Context, listed
from simulator.scenario.yaml_nodes import Mapping, Scalar, Sequence

Rule = Callable[[Context, Mapping, Span, str], None]


def check_rules(context: Context, block: type[model.Block], node: Mapping, span: Span, path: str) -> None:
    """Adds a finding for every rule of the block that the written keys break."""
    rule = _RULES.get(block)
    if rule is not None:
        rule(context, node, span, path)


def _one_of(
    context: Context, node: Mapping, span: Span, path: str, choices: tuple[str, ...], least: int = 1
) -> None:
    given = [key for key in choices if key in node.entries]
    if len(given) > 1:
        first, second = node.entries[given[0]].key.span, node.entries[given[1]].key.span
        remedy = "Delete all but one."
        if first.file != second.file:
            remedy += f" (`{given[0]}` comes from {first.file}, `{given[1]}` from {second.file}.)"
        context.findings.add(
            "E210", f"{listed(given)} exclude one another", second, path=path,
            expected=f"one of {listed(choices)}", remedy=remedy,
        )  # fmt: skip
    elif len(given) < least:
        context.findings.add(
            "E210", f"none of {listed(choices)} is given", span, path=path, expected="exactly one of them"
        )


def _only_with(context: Context, node: Mapping, path: str, key: str, companions: tuple[str, ...]) -> None:
    if key in node.entries and not any(name in node.entries for name in companions):
        context.findings.add(
            "E211", f"`{key}` is given without {' or '.join(f'`{name}`' for name in companions)}",
            node.entries[key].key.span, path=f"{path}.{key}",
            expected=f"`{key}` belongs to {' or '.join(f'`{name}`' for name in companions)}",
        )  # fmt: skip


def _trigger(context: Context, node: Mapping, span: Span, path: str) -> None:
    triggers: tuple[str, ...] = ("rate", "after", "when", "on")
    alone = "probability" in node.entries and not any(key in node.entries for key in triggers)
    _one_of(context, node, span, path, triggers if not alone else (*triggers, "probability"))
    _companions(context, node, path)
    if not alone:
        _only_with(context, node, path, "probability", ("on",))


def _companions(context: Context, node: Mapping, path: str) -> None:
    _only_with(context, node, path, "multiplied", ("rate",))
    _only_with(context, node, path, "delay", ("when",))
    _only_with(context, node, path, "if", ("on",))


def _onset(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("at", "rate", "after", "when", "on"))
    _companions(context, node, path)
    _only_with(context, node, path, "probability", ("at", "on"))


def _recurrent_event(context: Context, node: Mapping, span: Span, path: str) -> None:
    _only_with(context, node, path, "multiplied", ("rate",))


def _diagnosis(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("at", "on"))
    _only_with(context, node, path, "after", ("on",))
    _only_with(context, node, path, "visit", ("on",))
    if "on" in node.entries and "visit" not in node.entries:
        context.findings.add(
            "E202", "`visit` is missing", span, path=path,
            expected="with `on`: the care in which the disease is recorded",
        )  # fmt: skip


def _effect(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("hazard", "measurement"))
    if "hazard" in node.entries:
        _one_of(context, node, span, path, ("by", "shift", "drift"))
    elif "measurement" in node.entries:
        _one_of(context, node, span, path, ("shift", "drift", "by"))
    _only_with(context, node, path, "by", ("hazard",))
    _only_with(context, node, path, "shift", ("measurement",))
    _only_with(context, node, path, "drift", ("measurement",))


def _care(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("every", "rate", "on", "at"), least=0)
    _only_with(context, node, path, "multiplied", ("rate",))
    _only_with(context, node, path, "if", ("on",))
    _only_with(context, node, path, "after", ("on",))
    _only_with(context, node, path, "probability", ("every", "on", "at"))


def _attribute(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("draw", "value"))
    _only_with(context, node, path, "between", ("value",))
    _only_with(context, node, path, "unit", ("value",))


def _population(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("age_sex", "age"))
    _only_with(context, node, path, "sex", ("age",))
    _at_least(context, node, path, "size", 1)


def _communities(context: Context, node: Mapping, span: Span, path: str) -> None:
    _at_least(context, node, path, "count", 1)


def _measurement(context: Context, node: Mapping, span: Span, path: str) -> None:
    _at_least(context, node, path, "precision", 0)


def _at_least(context: Context, node: Mapping, path: str, key: str, least: int) -> None:
    value = node.get(key)
    if not isinstance(value, Scalar) or not value.text.lstrip("+-").replace("_", "").isdecimal():
        return  # not a whole number: the finding is made where it is read
    if int(value.text) < least:
        context.findings.add(
            "E218", f"`{key}` is {value.text}", value.span, path=f"{path}.{key}", expected=f"{least} or more"
        )


def _disease(context: Context, node: Mapping, span: Span, path: str) -> None:
    states = node.get("states")
    names: set[str] = set()
    if isinstance(states, Sequence):
        if not states.items:
            context.findings.add(
                "E221",
                "a disease without states",
                states.span,
                path=f"{path}.states",
                expected="at least one",
            )
        for item in states.items:
            if isinstance(item, Scalar) and item.text in names:
                context.findings.add(
                    "E220", f"the state `{item.text}` is named twice", item.span, path=f"{path}.states"
                )
            elif isinstance(item, Scalar):
                names.add(item.text)
    events = node.get("events")
    if isinstance(events, Mapping):
        for name, entry in events.entries.items():
            if name in names:
                context.findings.add(
                    "E220", f"`{name}` is both a state and an event", entry.key.span,
                    path=f"{path}.events.{name}", remedy="Rename one; both are listened to by that name.",
                )  # fmt: skip


_RULES: dict[type[model.Block], Rule] = {
    model.Trigger: _trigger,
    model.Onset: _onset,
    model.RecurrentEvent: _recurrent_event,
    model.DiagnosisRoute: _diagnosis,
    model.Disease: _disease,
    model.Measurement: _measurement,
    model.Effect: _effect,
    model.Care: _care,
    model.Attribute: _attribute,
    model.Population: _population,
    model.Communities: _communities,
}
