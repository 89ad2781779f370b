"""The blocks of the language by name, for the editor schema and the reference."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from simulator.scenario import model
from simulator.scenario.keys import Kind, keys_of


@cache
def block_names() -> dict[type[model.Block], str]:
    """Every block with a name of its own, in the order of the model."""
    names: dict[type[model.Block], str] = {model.Scenario: "Scenario"}
    for parent in iter(list(_reached(model.Scenario, {}))):
        block, above = parent
        name = block.__name__
        names[block] = name if name not in names.values() else f"{above.__name__}{name}"
    return names


def _reached(
    block: type[model.Block], seen: dict[type[model.Block], None]
) -> Iterator[tuple[type[model.Block], type[model.Block]]]:
    """The blocks below a block, each with the one that it is first met in."""
    for key in keys_of(block).values():
        for below in blocks_of(key.kind):
            if below not in seen and below is not model.Scenario:
                seen[below] = None
                yield below, block
                yield from _reached(below, seen)


def blocks_of(kind: Kind) -> tuple[type[model.Block], ...]:
    """The blocks that a value of a kind may hold."""
    while kind.item is not None:
        kind = kind.item
    if kind.block is not None:
        return (kind.block,)
    return {
        "arrow": (model.Trigger,),
        "rate": (model.Hazard, model.Gompertz),
        "value": (model.Table,),
        "table": (model.Table,),
        "draw": (model.Table,),
    }.get(kind.name, ())


def about(block: type[model.Block]) -> str:
    """What a block's docstring says, as Markdown; nothing if it has none."""
    text = block.__doc__ or ""
    if text.startswith(f"{block.__name__}("):  # made up by `dataclass`
        return ""
    paragraphs = [" ".join(part.split()) for part in text.replace("``", "`").split("\n\n")]
    return "\n\n".join(paragraphs).strip()


def first_line(block: type[model.Block]) -> str:
    """The first paragraph of what is said about a block."""
    return about(block).split("\n\n")[0]
