"""The name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The most similar of `known`, or None if none is similar.

    >>> nearest("onst_rate", ["uptake", "onset_rate"])
    'onset_rate'
    """
    close = difflib.get_close_matches(word, list(known), 1, cutoff)
    return close[0] if close else None
