"""What a library file leaves to scenarios that use it: names it does not define, keys it does not give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from simulator.errors import Finding, Span

_MISSING = ("E202", "E210", "E222", "E501")
_NAMED = re.compile(r"there is no (?:(?P<kind>[a-z][a-z ]*) )?`(?P<name>[^`]+)`")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that another file must give.

    Attributes:
        what: e.g. ``measurement heart_rate``, ``insurance``, ``population.from``.
        span: where it is asked for first.
        places: in how many places it is.
        nearest: a name of this file that is much like it, in case it is only misspelt.
    """

    what: str
    span: Span
    places: int
    nearest: str | None


def split_needs(findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Need, ...]]:
    """Findings of a library file, without those that only say what other files must give; and these.

    Both stay in the order of the findings.
    """
    own: list[Finding] = []
    needs: dict[str, Need] = {}
    for finding in findings:
        what = _what(finding)
        if not what:
            own.append(finding)
        elif what in needs:
            needs[what] = replace(needs[what], places=needs[what].places + 1)
        else:
            needs[what] = Need(what, finding.span, 1, finding.nearest)
    return tuple(own), tuple(needs.values())


def _what(finding: Finding) -> str:
    """What a finding says is missing; "" if it says something else."""
    if finding.code not in _MISSING:
        return ""
    if finding.code == "E202":
        missing = re.fullmatch(r"`([^`]+)` is missing", finding.message)
        return ".".join(filter(None, (finding.path, missing[1]))) if missing else ""
    if finding.code == "E210":
        choice = re.fullmatch(r"none of `(.+)` is given", finding.message)
        # who the people are may be said by another file; any other block is to be whole
        if choice is None or finding.path != "population":
            return ""
        return f"population.{choice[1].replace('`, `', ' or ')}"
    named = _NAMED.fullmatch(finding.message)
    return " ".join(filter(None, named.group("kind", "name"))) if named else ""
