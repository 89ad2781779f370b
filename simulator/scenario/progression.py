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
from simulator.scenario.nearest import listed, nearest
from simulator.scenario.syntax import Expr, Name, Node
from simulator.scenario.walk import walk

SELF = "disease"

#: parts of a block that say where it stands
_PLACES = ("span", "spans", "path", "parameter")


def follow_progressions(scenario: Scenario, findings: Findings) -> None:
    """Give each disease that follows a progression what it takes over; wrong names become findings."""
    for name, progression in scenario.progressions.items():
        used = {node.text for node in walk([progression.course, progression.death]) if isinstance(node, Name)}
        for key, value in progression.parameters.items():
            if key not in used:
                findings.add(
                    "W202", f"the progression {name} does not use its parameter `{key}`", value.span,
                    path=f"{progression.path}.parameters.{key}", nearest=nearest(key, used),
                    remedy="Use it in `course` or `death`, or delete it.",
                )  # fmt: skip
    for name, disease in scenario.diseases.items():
        if disease.follows is None:
            continue
        followed = scenario.progressions.get(disease.follows.progression)
        if followed is None:
            follows = disease.follows
            findings.add(
                "E222", f"there is no progression `{follows.progression}`",
                follows.spans.get("progression", follows.span), path=follows.path,
                expected=listed(scenario.progressions) or "one under `progressions:`",
                nearest=nearest(follows.progression, scenario.progressions),
            )  # fmt: skip
        else:
            _follow(name, disease, followed, findings)


def _follow(name: str, disease: Disease, progression: Progression, findings: Findings) -> None:
    assert disease.follows is not None
    values = dict(progression.parameters)
    for key, value in disease.follows.with_.items():
        if key not in progression.parameters:
            findings.add(
                "E222", f"the progression {disease.follows.progression} has no parameter `{key}`", value.span,
                path=f"{disease.follows.path}.with.{key}", nearest=nearest(key, progression.parameters),
                expected=listed(progression.parameters) or "no parameters",
            )  # fmt: skip
        values[key] = value
    taken_over = set(progression.states)
    for index, state in enumerate(disease.states):
        if state not in taken_over:
            continue
        span = disease.spans.get(f"states[{index}]", disease.span)
        findings.add(
            "E220", f"the state `{state}` is already one of the progression's", span,
            path=f"{disease.path}.states", remedy="Leave it out here.",
        )  # fmt: skip
    taken = _Replaced(name, values)
    course = [taken.block(arrow) for arrow in progression.course]
    death = {state: taken.block(trigger) for state, trigger in progression.death.items()}
    for trigger in (*(arrow.trigger for arrow in course), *death.values()):
        _note_source(trigger, progression)
    disease.states = [*progression.states, *(state for state in disease.states if state not in taken_over)]
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
