"""What follows from something that could not be read, and is not said again.

A scenario with structural mistakes is lowered without the parts they are in (`scenario/remainder.py`). Names
that are given there exist, so what is said about them would be wrong; and what judges a block as a whole
cannot be judged if a part of it is not there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from simulator.compiler.names import Names
from simulator.errors import Finding, Findings
from simulator.scenario.remainder import UNREAD_TEXT, Lost, top
from simulator.scenario.syntax import Name, Node, Unread
from simulator.scenario.walk import walk

#: findings that a block lacks something, which may be under a key that could not be read
_OF_KEYS = frozenset(
    {"E502", "E702", "E708", "E709", "E711", "E719", "E720", "E722", "E725", "E726", "E732", "E733"}
)
#: … and the words of which they use one
_SAYS_NO = frozenset({"an", "nobody", "not", "no", "nothing", "never", "none"})
#: findings that parts do not add up, which may be for want of one that could not be read
_OF_SUMS = frozenset({"E604", "E609", "E703", "E732"})
#: findings that there is no such name
_OF_WORDS = frozenset({"E501", "E502", "E503", "E504", "E505", "E507"})
_OF_NAMES = _OF_WORDS | {"E609"}
#: what happens to diseases, treatments, … that say how: it may be said under a key that could not be read
_COMMON = frozenset(
    {"absent", "completed", "death", "diagnosed", "discharged", "dose_changed", "ended", "mistaken", "onset",
     "paused", "recorded", "refuted", "resolved", "resumed", "stage", "started", "stopped"}
)  # fmt: skip
#: findings that rounds would never end, unless something in them that was not judged takes time
_OF_ROUNDS = frozenset({"E705"})
#: findings about what is written in one place, whatever else there is
_OF_PLACES = frozenset({"E601", "E602", "E603", "E605", "E606", "E607", "E608", "E610", "E611", "E613"})
#: findings that something is nowhere to be found: two things of one name may hide it
_OF_THE_WHOLE = frozenset({"E706", "E709", "E711", "E719", "E733"})
_ARROW = re.compile(r"(\w+)\.(\w+) -> (\w+)")
_WORD = re.compile(r"\w+")


def follows(names: Names, code: str, message: str, node: object, path: str) -> bool:
    """Whether a finding may only be there because something is missing."""
    lost, words = names.lost, _WORD.findall(message)
    if (code.startswith("W") and (names.missing or lost)) or (code in _OF_THE_WHOLE and names.missing):
        return True
    missing = names.missing | lost.names if lost else names.missing
    for part in walk(node) if isinstance(node, Node) else ():
        if isinstance(part, Unread) or (isinstance(part, Name) and not missing.isdisjoint(part.parts)):
            return True
    if UNREAD_TEXT in words or not missing.isdisjoint(words):
        return True
    if code in ("E503", "E505", "E507") and not _COMMON.isdisjoint(words):
        return _concerns(names.adrift | lost.hollow, words, "")
    if code == "E507" and names.adrift and _may_be_adrift(names, message):
        return True
    if _says_unused(code, words) and not lost.mentioned.isdisjoint(words):
        return True
    return bool(lost) and _lacks(lost, code, words, path)


def settle(findings: Findings, lost: Lost) -> None:
    """Take back errors that only follow from others, which is known once all are made.

    What nobody uses is used where a misspelt name suggests it; and what is not judged because of one error
    has no other for want of that.
    """
    suggested = {finding.nearest for finding in findings.errors} - {None}
    wrong = Counter(top(finding.path) for finding in findings.errors if finding.code not in _OF_ROUNDS)
    places = Counter(finding.path for finding in findings.errors)
    gaps = {top(path) for path in lost.hollow | lost.short | lost.places}

    def is_follower(finding: Finding) -> bool:
        words = _WORD.findall(finding.message)
        if _says_unused(finding.code, words) and not suggested.isdisjoint(words):
            return True
        if finding.code in _OF_ROUNDS and finding.path.startswith("pathways."):
            return wrong[top(finding.path)] > 0 or top(finding.path) in gaps
        return finding.code == "E720" and places[finding.path] > 1

    findings.items[:] = [finding for finding in findings.items if not is_follower(finding)]


def _says_unused(code: str, words: list[str]) -> bool:
    """Whether a finding says that nothing starts or gives a treatment."""
    return code == "E709" or (code == "E505" and words[-1:] == ["given"])


def _may_be_adrift(names: Names, message: str) -> bool:
    """Whether the hazard of an arrow is unknown whose ends exist: it may be one that leads to no state."""
    arrow = _ARROW.search(message)
    if arrow is None or f"diseases.{arrow[1]}" not in names.adrift:
        return False
    return arrow[2] in names.states[arrow[1]] and arrow[3] in names.states[arrow[1]]


def _lacks(lost: Lost, code: str, words: list[str], path: str) -> bool:
    """Whether a finding may be for want of a part that could not be read."""
    if (path in lost.places and code not in _OF_WORDS) or (lost.whole and code not in _OF_PLACES):
        return True
    if code == "E711":
        return "" in lost.hollow or any(place.startswith("population") for place in lost.hollow)
    gaps = lost.hollow | lost.short
    if code == "E721" and _concerns(gaps, (), path):
        return True
    if code in _OF_KEYS and not _SAYS_NO.isdisjoint(words) and _concerns(gaps, words, path):
        return True
    if code in _OF_SUMS and _concerns(lost.short | lost.opaque, words, path):
        return True
    return code in _OF_NAMES and _concerns(lost.opaque, words, "")


def _concerns(blocks: Iterable[str], words: Iterable[str], path: str) -> bool:
    """Whether a finding at a path, in these words, is about one of the blocks at these paths."""
    named = set(words)
    return any(
        f"{path}.".startswith(f"{block}.") or path.startswith(f"{block}[") or _name(block) in named
        for block in blocks
        if block
    )


def _name(path: str) -> str:
    """The name of the block at a path: that of a disease, an event, …; "" if it has none."""
    steps = path.split(".")
    has_name = len(steps) == 2 or (len(steps) == 4 and steps[2] in ("events", "symptoms", "phenotypes"))
    return steps[-1] if has_name and "[" not in steps[-1] else ""
