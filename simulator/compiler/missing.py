"""What follows from something that could not be read, and is not said again.

A scenario with structural mistakes is lowered without the blocks they are in. Names of these blocks exist,
so what is said about them would be wrong; and what judges the scenario as a whole cannot be judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from simulator.errors import Findings
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Settings
from simulator.scenario.reading import Reading
from simulator.scenario.remainder import remainder
from simulator.scenario.syntax import Name, Node
from simulator.scenario.walk import walk

#: checks a scenario without the blocks of these names
Check = Callable[[Scenario, Findings, Set[str]], object]

#: findings that something is nowhere to be found: it may be in what could not be read
_OF_THE_WHOLE = frozenset({"E706", "E709", "E711", "E719", "E733"})
_WORD = re.compile(r"[A-Za-z_]\w*")


def follows(missing: Set[str], code: str, message: str, node: object) -> bool:
    """Whether a finding may only be there because something of this name is missing."""
    if code.startswith("W") or code in _OF_THE_WHOLE:
        return True
    if isinstance(node, Node) and any(isinstance(n, Name) and n.parts[0] in missing for n in walk(node)):
        return True
    return any(word in missing for word in _WORD.findall(message))


def check_remainder(reading: Reading, findings: Findings, settings: Settings | None, check: Check) -> None:
    """Adds the errors of what can be read of a scenario that has structural mistakes."""
    rest = remainder(reading, findings, settings)
    if rest is None:
        return
    scenario, missing = rest
    found = Findings(notes=dict(findings.notes))
    check(scenario, found, missing)
    for finding in found.errors:
        findings.append(finding)
