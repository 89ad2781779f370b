"""Which keys of a block go together, as data: for the editor schema and the reference.

The checks themselves are those of `rules.py`; the tests hold the two against one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.scenario import model, rules_medicines
from simulator.scenario.model_disease import Refutation
from simulator.scenario.model_targets import Target
from simulator.scenario.rules_courses import AT_MOST_ONE, ONE_OF, ONLY_WITH, SOME_OF


@dataclass(frozen=True, slots=True)
class Together:
    """Rules over the keys that are written.

    some_of: at least one of them is given.
    exclusive: of each group at most one is given.
    only_with: a key is only given with (one of) these others.
    """

    some_of: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    only_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_TRIGGERS = ("rate", "after", "when", "on")
#: `after` may stand beside `on`
_EXCLUSIVE = (("rate", "after", "when"), ("rate", "when", "on"))
_COMPANIONS = {"multiplied": ("rate",), "while": ("rate",), "delay": ("when",), "if": ("on",)}

_RULES: dict[type[model.Block], Together] = {
    model.Trigger: Together(
        (*_TRIGGERS, "probability"), (*_EXCLUSIVE, ("rate", "probability")), _COMPANIONS
    ),
    model.Onset: Together(
        ("at", *_TRIGGERS),
        tuple(("at", *group) for group in _EXCLUSIVE),
        {**_COMPANIONS, "probability": ("at", "on", "after", "when")},
    ),
    model.Symptom: Together(
        only_with={"multiplied": ("rate",), "course": ("severity",), "rate": ("lasts",)},
    ),
    model.DiagnosisRoute: Together(
        ("at", "on"),
        (("at", "on"), ("if", "false_positive")),
        {
            "after": ("on",), "visit": ("on",), "false_positive": ("at",),
            "refuted": ("false_positive", "if"), "on": ("visit",),
        },
    ),
    model.Disease: Together(("states", "follows")),
    model.Effect: Together(
        ("hazard", "measurement"),
        (("hazard", "measurement"), ("shift", "drift")),
        {
            "hazard": ("by",), "measurement": ("shift", "drift"), "by": ("hazard",),
            "shift": ("measurement",), "drift": ("measurement",),
        },
    ),
    model.Care: Together(
        (),
        (("every", "rate", "on", "at"),),
        {
            "multiplied": ("rate",), "if": ("on",), "after": ("on",), "probability": ("every", "on", "at"),
            "closed": ("hours",),
        },
    ),
    model.Attribute: Together(
        ("draw", "value"),
        (("draw", "value"),),
        {"between": ("value",), "changes": ("draw",), "unit": ("value",)},
    ),
    model.Population: Together(("age_sex", "age"), (("age_sex", "age"),), {"sex": ("age",)}),
    Target: Together(("ci95", "tolerance", "accept"), (("accept", "tolerance"),)),
}  # fmt: skip


def together(block: type[model.Block]) -> Together:
    """The rules of a block."""
    if block is Refutation:
        return _RULES[model.Trigger]
    if block in _RULES:
        return _RULES[block]
    one_of = [table[block] for table in (ONE_OF, rules_medicines.ONE_OF) if block in table]
    at_most = [table[block] for table in (AT_MOST_ONE, rules_medicines.AT_MOST_ONE) if block in table]
    only_with = {**ONLY_WITH.get(block, {}), **rules_medicines.ONLY_WITH.get(block, {})}
    some = one_of[0] if one_of else SOME_OF.get(block, ())
    return Together(some, (*one_of, *at_most), only_with)


def excluded_by(key: str, rules: Together) -> tuple[str, ...]:
    """The keys that are not given beside `key`."""
    groups = [group for group in rules.exclusive if key in group]
    return tuple(dict.fromkeys(name for group in groups for name in group if name != key))
