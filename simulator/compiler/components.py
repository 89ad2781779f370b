"""Circles in a graph of things that lead to one another, however long they are."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def components(edges: Mapping[T, Iterable[T]]) -> list[list[T]]:
    """The strongly connected components of a graph, each after those it leads to (Tarjan 1972).

    Recursion would end at a thousand; here the way back is a list. What is no key of `edges` does not count.

    >>> components({"a": ["b"], "b": ["a", "c"], "c": []})
    [['c'], ['b', 'a']]
    """
    number: dict[T, int] = {}
    low: dict[T, int] = {}
    stack: dict[T, None] = {}
    found: list[list[T]] = []
    for root in edges:
        way: list[tuple[T, Iterator[T]]] = []
        if root not in number:
            number[root] = low[root] = len(number)
            stack[root] = None
            way.append((root, iter(edges[root])))
        while way:
            here, targets = way[-1]
            for target in targets:
                if target in edges and target not in number:
                    number[target] = low[target] = len(number)
                    stack[target] = None
                    way.append((target, iter(edges[target])))
                    break
                if target in stack:
                    low[here] = min(low[here], number[target])
            else:
                way.pop()
                if way:
                    low[way[-1][0]] = min(low[way[-1][0]], low[here])
                if low[here] == number[here]:
                    found.append(_popped(stack, here))
    return found


def circles(edges: Mapping[T, Iterable[T]]) -> list[list[T]]:
    """The components in which everything leads back to itself."""
    return [each for each in components(edges) if len(each) > 1 or each[0] in edges[each[0]]]


def _popped(stack: dict[T, None], last: T) -> list[T]:
    """What was put on the stack since `last`, and that, taken off it."""
    taken: list[T] = []
    while not taken or taken[-1] != last:
        taken.append(stack.popitem()[0])
    return taken
