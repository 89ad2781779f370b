"""`follows:` – a disease takes the states, course and deaths of a progression, with its own numbers.

In the progression's expressions a parameter's name is replaced by the value that the disease gives, or by
its own; `disease` is replaced by the name of the disease. What the disease writes itself comes on top.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

from simulator.errors import Findings
from simulator.scenario.block import Block
from simulator.scenario.model import Disease, Progression, Scenario, Trigger
from simulator.scenario.nearest import nearest
from simulator.scenario.syntax import Expr, Name, Node

SELF = "disease"

#: parts of a block that say where it stands
_PLACES = ("span", "spans", "path", "parameter")


def follow_progressions(scenario: Scenario, findings: Findings) -> None:
    """Give each disease that follows a progression what it takes over; wrong names become findings."""
    for name, disease in scenario.diseases.items():
        if disease.follows is None:
            continue
        progression = scenario.progressions.get(disease.follows.progression)
        if progression is None:
            follows = disease.follows
            findings.add(
                "E222", f"there is no progression `{follows.progression}`",
                follows.spans.get("progression", follows.span), path=follows.path,
                expected=_listed(scenario.progressions) or "one under `progressions:`",
                nearest=nearest(follows.progression, scenario.progressions),
            )  # fmt: skip
        else:
            _follow(name, disease, progression, findings)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _follow(name: str, disease: Disease, progression: Progression, findings: Findings) -> None:
    assert disease.follows is not None
    values = dict(progression.parameters)
    for key, value in disease.follows.with_.items():
        if key not in values:
            findings.add(
                "E222", f"the progression {disease.follows.progression} has no parameter `{key}`", value.span,
                path=f"{disease.follows.path}.with.{key}", expected=_listed(values) or "no parameters",
                nearest=nearest(key, values),
            )  # fmt: skip
        values[key] = value
    twice = [state for state in disease.states if state in progression.states]
    for state in twice:
        span = disease.spans.get(f"states[{disease.states.index(state)}]", disease.span)
        findings.add(
            "E220", f"the state `{state}` is already one of the progression's", span,
            path=f"{disease.path}.states", remedy="Leave it out here.",
        )  # fmt: skip
    taken = _Replaced(name, values)
    course = [taken.block(arrow) for arrow in progression.course]
    death = {state: taken.block(trigger) for state, trigger in progression.death.items()}
    for trigger in (*(arrow.trigger for arrow in course), *death.values()):
        _note_source(trigger, progression)
    disease.states = [*progression.states, *(state for state in disease.states if state not in twice)]
    disease.course = [*course, *disease.course]
    disease.death = death | disease.death


def _note_source(trigger: Trigger, progression: Progression) -> None:
    """What a progression says of its numbers is true of each of them."""
    if trigger.source is None:
        trigger.source = progression.source


@dataclasses.dataclass(frozen=True, slots=True)
class _Replaced:
    """Copies blocks with the names in them replaced."""

    disease: str
    values: Mapping[str, Expr]

    def block(self, block: Any) -> Any:
        """A copy of a block or of whatever stands in one."""
        if isinstance(block, Block):
            result = copy.copy(block)
            for field in dataclasses.fields(block):
                if field.name not in _PLACES:
                    setattr(result, field.name, self.block(getattr(block, field.name)))
            return result
        if isinstance(block, Node):
            return self.node(block, whole=True)
        if isinstance(block, list | tuple):
            return type(block)(self.block(each) for each in block)
        if isinstance(block, dict):
            return {key: self.block(value) for key, value in block.items()}
        return block

    def node(self, node: Node, *, whole: bool) -> Node:
        """A copy of an expression; where only a name can stand (`whole` false), no value is put."""
        if isinstance(node, Name):
            if node.parts[0] == SELF:
                return dataclasses.replace(node, parts=(self.disease, *node.parts[1:]))
            value = self.values.get(node.text) if whole else None
            return node if value is None else dataclasses.replace(value, span=node.span)
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(node):
            value = getattr(node, field.name)
            if field.name in _PLACES:
                continue
            if isinstance(value, Node):
                changed[field.name] = self.node(value, whole=field.type not in ("Name", Name))
            elif isinstance(value, tuple):
                changed[field.name] = self.block(value)
        return dataclasses.replace(node, **changed)
