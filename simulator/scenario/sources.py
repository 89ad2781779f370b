"""Warns of clinical numbers that do not say where they are from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from simulator.errors import Findings
from simulator.scenario.model import Block, Scenario, Table
from simulator.scenario.syntax import Node, Number, Quantity, Rate

#: fields that define or schedule something rather than state a finding about patients
_DEFINITIONS = frozenset(
    (
        "when",
        "while_",
        "wait_until",
        "hold",
        "until",
        "if_",
        "for_",
        "on",
        "plausible",
        "between",
        "every",
        "supply",
        "contraindicated",
        "paused",
        "at",
    )
)


#: how a source begins that nobody has looked up yet (`simulator new` writes it)
TO_FILL_IN = "FILL IN"


def warn_of_missing_sources(scenario: Scenario, findings: Findings) -> None:
    """One W201 for each disease, treatment, … without any source, or for each part that lacks one.

    A file whose numbers have one source says so once, as its own `source`.

    One W204 for each source that is still to be filled in.
    """
    for block in _blocks(scenario):
        source = getattr(block, "source", None)
        if isinstance(source, str) and source.startswith(TO_FILL_IN):
            findings.add(
                "W204", "the source is still to be filled in", block.spans.get("source", block.span),
                path=f"{block.path}.source",
                remedy="Write the publication or data set that the numbers are from.",
            )  # fmt: skip
    sections: tuple[tuple[str, dict[str, Any]], ...] = (
        ("disease", scenario.diseases),
        ("treatment", scenario.treatments),
        ("measurement", scenario.measurements),
        ("procedure", scenario.procedures),
        ("pathway", scenario.pathways),
        ("allergy", scenario.allergies),
        ("immunisation", scenario.immunisations),
        ("panel", scenario.panels),
        ("loss to follow-up", {"follow_up": scenario.follow_up} if scenario.follow_up else {}),
        ("attribute", scenario.attributes),
        ("mortality", {"mortality": scenario.mortality} if scenario.mortality else {}),
    )
    sourced = frozenset(name for name, block in scenario.parameters.items() if block.source)
    for kind, blocks in sections:
        for name, block in blocks.items():
            lacking = [p for p in _lacking(block, sourced) if p.span.file not in scenario.file_sources]
            if not lacking:
                continue
            partly = any(_has_source(part) for part in _blocks(block))
            for part in lacking if partly else [block]:
                what = "this part of " if partly else ""
                whose = f"the {kind} `{name}`" if kind != name else "the mortality"
                findings.add(
                    "W201", f"{what}{whose} has numbers without a source", part.span, path=part.path,
                    remedy="Add `source:` here or above, with the publication or data set they are from.",
                )  # fmt: skip


def _lacking(block: Block, sourced: frozenset[str]) -> Iterator[Block]:
    """The outermost blocks with a `source` key whose own numbers have none; `sourced` parameters do."""
    if _has_source(block):
        return
    if hasattr(block, "source") and any(_has_number(value, sourced) for value in _own_values(block)):
        yield block
        return
    for child in _children(block):
        yield from _lacking(child, sourced)


def _has_source(block: Block) -> bool:
    return bool(getattr(block, "source", None))


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for child in _children(block):
        yield from _blocks(child)


def _fields(block: Block) -> Iterator[Any]:
    for each in dataclasses.fields(block):
        if each.name not in _DEFINITIONS and each.name not in (
            "span",
            "path",
            "spans",
            "files",
            "file_sources",
        ):
            yield getattr(block, each.name)


def _children(block: Block) -> Iterator[Block]:
    for value in _fields(block):
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
        yield from (each for each in values if isinstance(each, Block))


def _own_values(block: Block) -> Iterator[Any]:
    """What a block says itself, and what its parts say that cannot name a source of their own."""
    for value in _fields(block):
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
        for each in values:
            if isinstance(each, Table):
                if not each.source:
                    yield each
            elif isinstance(each, Block):
                if not hasattr(each, "source"):
                    yield from _own_values(each)
            else:
                yield each


def _has_number(value: Any, sourced: frozenset[str]) -> bool:
    if isinstance(value, Table):
        return True
    if isinstance(value, Node) and value.parameter in sourced:
        return False
    if isinstance(value, Number | Quantity | Rate):
        return True
    if isinstance(value, Node):
        return any(_has_number(getattr(value, each.name), sourced) for each in dataclasses.fields(value))
    if isinstance(value, tuple):
        return any(_has_number(each, sourced) for each in value)
    return False
