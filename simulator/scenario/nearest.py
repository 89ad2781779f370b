"""The name that was probably meant, and those that could be."""

from __future__ import annotations

import difflib
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable

from simulator.scenario.lookalikes import latin

FEW = 6  # so many names are all compared; of more, as many of the likeliest
MANY = 500  # of more names than these, three letters in a row tell more than two
COMMON = 200  # letters that so many names have say little
LONGEST = 100
MOST_LISTED = 60  # no block has as many keys
KEPT = 8  # indices of the collections that were asked for last


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The most similar of `known`, whatever the case of its letters, or None if none is similar.

    A tuple or dict is indexed once, however often it is asked for: a scenario may have thousands of names,
    and as many that are misspelt.

    >>> nearest("onst_rate", ["uptake", "onset_rate"])
    'onset_rate'
    """
    if len(word) > LONGEST:
        return None
    return _index(known).nearest(latin(word).lower(), cutoff)


def listed(words: Iterable[str]) -> str:
    """`a`, `b` and `c` as they are shown in findings; of very many, the first."""
    known = list(words)
    more = f", … ({len(known):,} in all)" if len(known) > MOST_LISTED else ""
    return ", ".join(f"`{word}`" for word in known[:MOST_LISTED]) + more


class _Index:
    """Names by the letters that follow one another; comparing a word with each would take far too long."""

    def __init__(self, known: Iterable[str]) -> None:
        self.names: dict[str, str] = {}
        for name in known:
            self.names.setdefault(name.lower(), name)
        self.length = 2 if len(self.names) <= MANY else 3
        self.having: dict[str, list[str]] = {}
        self.answers: dict[tuple[str, float], str | None] = {}
        if len(self.names) > FEW:
            for name in self.names:
                for piece in self.pieces(name):
                    self.having.setdefault(piece, []).append(name)

    def pieces(self, name: str) -> set[str]:
        """``{" a", "ab", "b "}`` of ``ab``."""
        padded = f" {name} "
        return {padded[i : i + self.length] for i in range(max(len(padded) - self.length, 0) + 1)}

    def nearest(self, word: str, cutoff: float) -> str | None:
        if (word, cutoff) not in self.answers:
            close = difflib.get_close_matches(word, self.likely(word), 1, cutoff)
            self.answers[word, cutoff] = self.names[close[0]] if close else None
        return self.answers[word, cutoff]

    def likely(self, word: str) -> list[str]:
        """The names that have most in common with `word`."""
        if len(self.names) <= FEW:
            return list(self.names)
        if word in self.names:
            return [word]
        shared: Counter[str] = Counter()
        for piece in self.pieces(word):
            names = self.having.get(piece, ())
            if len(names) <= COMMON:
                shared.update(names)
        ranked = sorted(shared, key=lambda name: (-shared[name] / (len(name) + len(word)), name))
        return [name for name in ranked[:FEW] if len(name) <= LONGEST]


_indices: OrderedDict[int, tuple[Collection[str], int, _Index]] = OrderedDict()


def _index(known: Iterable[str]) -> _Index:
    """The index of a collection: kept, if it can be known again by its identity."""
    if not isinstance(known, tuple | dict) or len(known) <= FEW:
        return _Index(known)
    kept = _indices.get(id(known))
    if kept is None or kept[0] is not known or kept[1] != len(known):
        kept = _indices[id(known)] = (known, len(known), _Index(known))
        if len(_indices) > KEPT:
            _indices.popitem(last=False)
    return kept[2]
