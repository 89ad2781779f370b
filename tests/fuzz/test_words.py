"""The drawn scenarios of `world_scenario.py` say every word of the language, and are nearly all valid."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

from simulator.scenario import model
from simulator.scenario.keys import Kind, keys_of
from simulator.scenario.reading import read_text
from tests.fuzz.mutants import dump
from tests.fuzz.repair import repaired
from tests.fuzz.verdict import checked
from tests.fuzz.world_scenario import scenario

DRAWN = 160
Word = tuple[str, str]

#: block and key → why it is never drawn
NOT_DRAWN: dict[Word, str] = {
    ("Scenario", "use"): "reads other files: tests/scenario/test_include*.py",
    ("Scenario", "remove"): "only with `use`",
    ("Use", "file"): "only with `use`",
    ("Use", "as"): "only with `use`",
    ("Use", "with"): "only with `use`",
    ("Target", "ci95"): "says nothing about lives; tests/authoring/test_targets_*.py",
}


def blocks(block: type[model.Block], seen: set[type[model.Block]]) -> set[type[model.Block]]:
    """A kind of block and all kinds that may stand in it."""
    if block not in seen:
        seen.add(block)
        for key in keys_of(block).values():
            for kind in _kinds(key.kind):
                if kind.block is not None:
                    blocks(kind.block, seen)
                if kind.name == "arrow":
                    blocks(model.Trigger, seen)
                if kind.name == "rate":
                    blocks(model.Gompertz, seen)
    return seen


def _kinds(kind: Kind) -> Iterator[Kind]:
    yield kind
    if kind.item is not None:
        yield from _kinds(kind.item)


def words_of(value: Any) -> Iterator[Word]:
    """Block and key of everything that a scenario says."""
    if isinstance(value, model.Block):
        for field in dataclasses.fields(value):
            found = getattr(value, field.name)
            if "doc" in field.metadata and found not in (None, [], {}):
                key = field.metadata["key"] or field.name
                if key in value.spans or field.default is dataclasses.MISSING:
                    yield type(value).__name__, key
            yield from words_of(found)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from words_of(item)


@cache
def drawn() -> tuple[str, ...]:
    return tuple(
        dump(scenario(Random(number), coupled=number % 4 == 0)).removeprefix("\n") for number in range(DRAWN)
    )


def test_every_word_of_the_language_is_drawn() -> None:
    said: set[Word] = set()
    for number, text in enumerate(drawn()):
        if checked(text, "drawn.yaml")[1].errors:
            repair = repaired(scenario(Random(number), coupled=number % 4 == 0))
            assert repair is not None
            text = repair
        found, _ = read_text(text, "drawn.yaml").build()
        said.update(words_of(found))
    known = {(block.__name__, key) for block in blocks(model.Scenario, set()) for key in keys_of(block)}
    assert known - said == set(NOT_DRAWN)


def test_nearly_all_that_is_drawn_is_valid() -> None:
    wrong = [n for n, text in enumerate(drawn()) if checked(text, "drawn.yaml")[1].errors]
    assert len(wrong) < DRAWN / 10, wrong
