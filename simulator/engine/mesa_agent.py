"""What the Mesa agents here have in common."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import mesa


class _Numbers(WeakKeyDictionary[Any, Iterator[int]]):
    """Numbers for the agents of each model, from 1."""

    def __getitem__(self, model: Any) -> Iterator[int]:
        if model not in self:
            self[model] = count(1)
        return super().__getitem__(model)


class ModelAgent(mesa.Agent):
    """A Mesa agent that lets go of its model.

    Mesa 3.3 numbers agents with a dictionary that holds on to every model for ever, and a model
    holds its whole population; later versions have no such dictionary.
    """

    _ids: ClassVar[Any] = _Numbers()
