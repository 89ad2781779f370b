"""Values on the command line: what people type, and what it means."""

from __future__ import annotations

import argparse
import re
from typing import Any

MOST = 2**40  #: patients have 40 bits (docs/engine.md, randomness)
SUFFIXES = {"k": 1_000, "m": 1_000_000}


def count(text: str) -> int:
    """A whole number of at least 1, as people write it.

    >>> count("10_000"), count("10,000"), count("1e5"), count("100k"), count("1.5M")
    (10000, 10000, 100000, 100000, 1500000)

    Raises: argparse.ArgumentTypeError for anything else.
    """
    value = _whole(text)
    if not 1 <= value < MOST:
        raise argparse.ArgumentTypeError(
            f"'{_brief(text)}' is out of range; it must be at least 1 and below 2^40"
        )
    return value


def seed(text: str) -> int:
    """A whole number from 0 to 2^64 - 1. Raises: argparse.ArgumentTypeError for anything else."""
    value = _whole(text)
    if not 0 <= value < 2**64:
        raise argparse.ArgumentTypeError(f"'{_brief(text)}' is not a seed; it must be from 0 to 2^64-1")
    return value


def setting(text: str) -> tuple[str, str]:
    """A parameter and its value. Raises: argparse.ArgumentTypeError.

    >>> setting("onset_rate=0.03/year")
    ('onset_rate', '0.03/year')
    """
    name, equals, value = text.partition("=")
    if not name.strip() or not equals or not value.strip():
        raise argparse.ArgumentTypeError(f"'{_brief(text)}' is not NAME=VALUE, e.g. uptake=50%")
    return name.strip(), value.strip()


def sweep(text: str) -> tuple[str, list[str]]:
    """A parameter and its values. Raises: argparse.ArgumentTypeError.

    >>> sweep("uptake=50%, 70%")
    ('uptake', ['50%', '70%'])
    """
    name, values = setting(text)
    found = [value.strip() for value in values.split(",")]
    if "" in found:
        raise argparse.ArgumentTypeError(f"'{_brief(text)}' has an empty value; write e.g. uptake=50%,70%")
    return name, found


class Once(argparse.Action):
    """Collects pairs of a name and a value in a dict; a name may be given once only."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        name, value = values
        known = dict(getattr(namespace, self.dest) or {})
        if name in known:
            parser.error(f"argument {option}: {name} is given twice")
        setattr(namespace, self.dest, {**known, name: value})


def _brief(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _whole(text: str) -> int:
    cleaned = text.strip().replace("_", "").replace(",", "").lower()
    scale = SUFFIXES.get(cleaned[-1:], 1)
    digits = cleaned[:-1] if scale > 1 else cleaned
    if re.fullmatch(r"[+-]?\d{1,20}", digits):
        return int(digits) * scale
    if re.fullmatch(r"[+-]?\d{1,20}(\.\d{1,20})?(e\+?\d{1,2})?", digits):
        value = float(digits) * scale
        if value.is_integer():
            return int(value)
    raise argparse.ArgumentTypeError(
        f"'{_brief(text)}' is not a whole number; write e.g. 10000, 10_000, 1e4 or 10k"
    )
