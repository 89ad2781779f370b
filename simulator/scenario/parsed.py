"""Expressions that have been parsed before: the arms of a scenario have most of theirs in common."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.errors import Findings, Span
from simulator.scenario.expression import Lookup, parse_expression
from simulator.scenario.syntax import Expr
from simulator.scenario.yaml_nodes import Scalar

#: names of parameters that were asked for, where, and what was answered
Asked = list[tuple[str, Span, Expr | None]]


@dataclass(slots=True)
class Parsed:
    """What was parsed, by the identity of the text; `keeps` says whether anything is to be remembered."""

    keeps: bool = False
    _known: dict[int, tuple[Scalar, Asked, Expr]] = field(default_factory=dict)

    def expression(self, node: Scalar, findings: Findings, path: str, lookup: Lookup) -> Expr | None:
        """As `parse_expression`. What is known is parsed again only if a parameter in it has changed."""
        if not self.keeps:
            return parse_expression(node.text, node.locate, findings, path, lookup)
        known = self._known.get(id(node))
        if known is not None and known[0] is node and _still(known[1], lookup):
            return known[2]
        asked: Asked = []

        def ask(name: str, span: Span) -> Expr | None:
            value = lookup(name, span)
            asked.append((name, span, value))
            return value

        before = len(findings.items)
        tree = parse_expression(node.text, node.locate, findings, path, ask)
        if tree is not None and len(findings.items) == before:
            self._known[id(node)] = node, asked, tree
        return tree


def _still(asked: Asked, lookup: Lookup) -> bool:
    """Whether the same questions get the same answers."""
    return all(lookup(name, span) == value for name, span, value in asked)
