"""Which keys of a block go together: exactly one trigger, `multiplied` only with `rate`, …

These rules look at the keys that were written, not at their values; names and meanings are
checked when the scenario is lowered.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.errors import Span
from simulator.scenario import model, rules_medicines
from simulator.scenario.code_systems import SYSTEMS, problem_of
from simulator.scenario.keys import keys_of
from simulator.scenario.model_disease import Refutation
from simulator.scenario.model_targets import Target
from simulator.scenario.rules_courses import AT_MOST_ONE, ONE_OF, ONLY_WITH, SOME_OF
from simulator.scenario.values import Context, listed, parse_integer
from simulator.scenario.yaml_nodes import Mapping, Scalar, Sequence

Rule = Callable[[Context, Mapping, Span, str], None]


def check_rules(context: Context, block: type[model.Block], node: Mapping, span: Span, path: str) -> None:
    """Adds a finding for every rule of the block that the written keys break."""
    rule = _RULES.get(block)
    if rule is not None:
        rule(context, node, span, path)
    for one_of in (ONE_OF, rules_medicines.ONE_OF):
        if block in one_of:
            _one_of(context, node, span, path, one_of[block])
    for at_most_one in (AT_MOST_ONE, rules_medicines.AT_MOST_ONE):
        if block in at_most_one:
            _one_of(context, node, span, path, at_most_one[block], least=0)
    for only_with in (ONLY_WITH, rules_medicines.ONLY_WITH):
        for key, companions in only_with.get(block, {}).items():
            _only_with(context, node, path, key, companions)
    some = SOME_OF.get(block, ())
    if some and not any(key in node.entries for key in some):
        context.findings.add(
            "E210", f"none of {listed(some)} is given", span, path=path, expected="at least one of them"
        )
        context.lost.amended[some[0]] = True


def _one_of(
    context: Context, node: Mapping, span: Span, path: str, choices: tuple[str, ...], least: int = 1
) -> None:
    given = [key for key in choices if key in node.entries]
    for key in given:
        value = node.get(key)
        if isinstance(value, Sequence) and not value.items:
            context.findings.add(
                "E204", f"`{key}` is an empty list", value.span, path=f"{path}.{key}",
                remedy="Name something in it or delete the key.",
            )  # fmt: skip
            context.lost.amended[key] = True
    if len(given) > 1:
        first, second = node.entries[given[0]].key.span, node.entries[given[1]].key.span
        remedy = "Delete all but one."
        if first.file != second.file:
            remedy += f" (`{given[0]}` comes from {first.file}, `{given[1]}` from {second.file}.)"
        context.findings.add(
            "E210", f"{listed(given)} exclude one another", second, path=path,
            expected=f"one of {listed(choices)}", remedy=remedy,
        )  # fmt: skip
        context.lost.amended.update(dict.fromkeys(given[1:], False))
    elif len(given) < least:
        context.findings.add(
            "E210", f"none of {listed(choices)} is given", span, path=path, expected="exactly one of them"
        )
        context.lost.amended["rate" if "rate" in choices else choices[0]] = True


def _only_with(context: Context, node: Mapping, path: str, key: str, companions: tuple[str, ...]) -> None:
    if key in node.entries and not any(name in node.entries for name in companions):
        context.findings.add(
            "E211", f"`{key}` is given without {' or '.join(f'`{name}`' for name in companions)}",
            node.entries[key].key.span, path=f"{path}.{key}",
            expected=f"`{key}` belongs to {' or '.join(f'`{name}`' for name in companions)}",
        )  # fmt: skip
        _amend_lonely(context, node, key, companions)


def _amend_lonely(context: Context, node: Mapping, key: str, companions: tuple[str, ...]) -> None:
    """Of what is missing it is most likely the companion of a key that needs one; else that is left out."""
    amended = context.lost.amended
    filled = [name for name, is_missing in amended.items() if is_missing and name not in node.entries]
    if not filled:
        amended[key] = False
    elif not set(filled) & set(companions):
        del amended[filled[0]]
        amended[companions[0]] = True


def _trigger(context: Context, node: Mapping, span: Span, path: str) -> None:
    triggers: tuple[str, ...] = ("rate", "after", "when", "on")
    alone = "probability" in node.entries and not any(key in node.entries for key in triggers)
    choices = triggers if not alone else (*triggers, "probability")
    _one_of(context, node, span, path, _kinds(node, choices))
    _companions(context, node, path)
    if not alone:
        _only_with(context, node, path, "probability", ("on", "after", "when"))


def _kinds(node: Mapping, choices: tuple[str, ...]) -> tuple[str, ...]:
    """What fires a trigger, of which it needs one: `after` beside `on` says how long after the event."""
    return tuple(key for key in choices if key != "after" or "on" not in node.entries)


def _companions(context: Context, node: Mapping, path: str) -> None:
    _only_with(context, node, path, "multiplied", ("rate",))
    _only_with(context, node, path, "while", ("rate",))
    _only_with(context, node, path, "delay", ("when",))
    _only_with(context, node, path, "if", ("on",))


def _onset(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, _kinds(node, ("at", "rate", "after", "when", "on")))
    _companions(context, node, path)
    _only_with(context, node, path, "probability", ("at", "on", "after", "when"))


def _recurrent_event(context: Context, node: Mapping, span: Span, path: str) -> None:
    _only_with(context, node, path, "multiplied", ("rate",))
    _at_least(context, node, path, "at_most", 1)


def _diagnosis(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("at", "on"))
    _only_with(context, node, path, "after", ("on",))
    _only_with(context, node, path, "visit", ("on",))
    _only_with(context, node, path, "false_positive", ("at",))
    _only_with(context, node, path, "refuted", ("false_positive", "if"))
    if "false_positive" in node.entries:
        _one_of(context, node, span, path, ("if", "false_positive"))
    if "on" in node.entries and "visit" not in node.entries:
        context.findings.add(
            "E202", "`visit` is missing", span, path=path,
            expected="with `on`: the care in which the disease is recorded",
        )  # fmt: skip
        context.lost.amended["visit"] = True
    if context.lost.amended.get("on"):
        context.lost.amended["visit"] = True


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
    _only_with(context, node, path, "closed", ("hours",))


def _attribute(context: Context, node: Mapping, span: Span, path: str) -> None:
    _one_of(context, node, span, path, ("draw", "value"))
    _only_with(context, node, path, "between", ("value",))
    _only_with(context, node, path, "changes", ("draw",))
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
    number = parse_integer(value.text) if isinstance(value, Scalar) else None
    if number is None or not isinstance(value, Scalar):
        return  # not a whole number: the finding is made where it is read
    if number < least:
        context.findings.add(
            "E218", f"`{key}` is {value.text}", value.span, path=f"{path}.{key}", expected=f"{least} or more"
        )


def _states(context: Context, node: Mapping, span: Span, path: str) -> None:
    _state_names(context, node, path, "progression")


def _state_names(context: Context, node: Mapping, path: str, what: str) -> set[str]:
    """The names under `states`: at least one, none twice."""
    states = node.get("states")
    names: set[str] = set()
    if not isinstance(states, Sequence):
        return names
    if not states.items:
        context.findings.add(
            "E221", f"a {what} without states", states.span, path=f"{path}.states", expected="at least one"
        )
    for item in states.items:
        if isinstance(item, Scalar) and item.text in names:
            context.findings.add(
                "E220", f"the state `{item.text}` is named twice", item.span, path=f"{path}.states"
            )
        elif isinstance(item, Scalar):
            names.add(item.text)
    return names


def _disease(context: Context, node: Mapping, span: Span, path: str) -> None:
    names = _state_names(context, node, path, "disease")
    if "states" not in node.entries and "follows" not in node.entries and not node.incomplete:
        expected = keys_of(model.Disease)["states"].doc
        context.findings.add("E202", "`states` is missing", span, path=path, expected=expected)
        context.lost.amended["states"] = True
    taken = dict.fromkeys(names, "a state")
    for key, what in (("events", "an event"), ("symptoms", "a symptom"), ("phenotypes", "a phenotype")):
        part = node.get(key)
        for name, entry in part.entries.items() if isinstance(part, Mapping) else ():
            if name in taken:
                context.findings.add(
                    "E220", f"`{name}` is both {taken[name]} and {what}", entry.key.span,
                    path=f"{path}.{key}.{name}", remedy="Rename one; both are listened to by that name.",
                )  # fmt: skip
            taken[name] = what


def _symptom(context: Context, node: Mapping, span: Span, path: str) -> None:
    _only_with(context, node, path, "multiplied", ("rate",))
    _only_with(context, node, path, "course", ("severity",))
    if "rate" in node.entries and "lasts" not in node.entries:
        context.findings.add(
            "E202", "`lasts` is missing", span, path=path, expected="with `rate`: how long a bout lasts"
        )
        context.lost.amended["lasts"] = True


def _phenotype(context: Context, node: Mapping, span: Span, path: str) -> None:
    term = node.get("hpo")
    problem = problem_of(SYSTEMS["hpo"], term.text.strip()) if isinstance(term, Scalar) else None
    if isinstance(term, Scalar) and problem:
        context.findings.add(
            "E214", f"`{term.text.strip()}` is not a code of HPO: {problem}", term.span, path=f"{path}.hpo",
            expected=f"e.g. `{SYSTEMS['hpo'].example}`",
        )  # fmt: skip


def _target(context: Context, node: Mapping, span: Span, path: str) -> None:
    choices = ("ci95", "tolerance", "accept")
    if not any(key in node.entries for key in choices):
        context.findings.add(
            "E210", f"none of {listed(choices)} is given", span, path=path,
            expected="how near to `value` the model must come", remedy="Give `tolerance`, e.g. `10%`.",
        )  # fmt: skip
    if "accept" in node.entries:
        _one_of(context, node, span, path, ("accept", "tolerance"))


_RULES: dict[type[model.Block], Rule] = {
    model.Trigger: _trigger,
    model.Onset: _onset,
    Refutation: _trigger,
    model.RecurrentEvent: _recurrent_event,
    model.Symptom: _symptom,
    model.Phenotype: _phenotype,
    model.DiagnosisRoute: _diagnosis,
    model.Disease: _disease,
    model.Progression: _states,
    model.Measurement: _measurement,
    model.Effect: _effect,
    model.Care: _care,
    model.Attribute: _attribute,
    model.Population: _population,
    model.Communities: _communities,
    Target: _target,
}
