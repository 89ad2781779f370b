"""The name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 200
LONGEST = 100


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The most similar of `known`, or None if none is similar.

    >>> nearest("onst_rate", ["uptake", "onset_rate"])
    'onset_rate'
    """
    close = difflib.get_close_matches(word, comparable(word, known), 1, cutoff)
    return close[0] if close else None


def comparable(word: str, known: Iterable[str]) -> list[str]:
    """Those of `known` that are worth comparing: of very many, only the likely ones; comparing is slow."""
    names = list(known)
    if len(names) > MOST:
        first = word[:1].lower()
        names = [n for n in names if n[:1].lower() == first and abs(len(n) - len(word)) <= 2]
    return names if len(names) <= MOST and len(word) <= LONGEST else []
