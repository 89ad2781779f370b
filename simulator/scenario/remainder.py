"""What is left of a scenario with structural mistakes: everything but the blocks that the mistakes are in.

It cannot be run, but its expressions can be looked at, so that all mistakes are told in one go.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.errors import Finding, Findings
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Settings
from simulator.scenario.reading import Reading
from simulator.scenario.yaml_nodes import Mapping

_MOST_ROUNDS = 5
#: sections that are judged as a whole
_WHOLE = frozenset({"population", "communities", "mortality", "follow_up", "expect", "use", "remove"})


def remainder(
    reading: Reading, findings: Findings, settings: Settings | None = None
) -> tuple[Scenario, set[str]] | None:
    """What can be read of a scenario that has errors, and the names of what cannot.

    Args:
        reading: the file.
        findings: what was found when it was built; every error must say in which block it is.
        settings: values of parameters, as for `Reading.build`.

    Returns: None if it is not known what is left: a file was not found, YAML is broken, …
    """
    root, missing = reading.root, set[str]()
    for _ in range(_MOST_ROUNDS):
        for finding in findings.errors:
            root = None if root is None or finding.code.startswith("E1") else _without(root, finding, missing)
        if root is None:
            return None
        rest = replace(reading, root=root, findings=Findings())
        scenario, findings = rest.build(settings)
        if scenario is not None:
            return scenario, missing
    return None


def _without(root: Mapping, finding: Finding, missing: set[str]) -> Mapping | None:
    """The tree without the block that a finding is in, whose name is noted; None if it is not known."""
    section, _, rest = finding.path.partition(".")
    section = section.partition("[")[0]
    if not section:
        return None
    entries = dict(root.entries)
    if section not in entries:  # gone already, with an earlier finding
        return root if section in missing else None
    blocks = entries[section].value
    name = _named(blocks, rest) if isinstance(blocks, Mapping) and section not in _WHOLE and rest else None
    if name is None:
        if rest and set(rest.split(".")[:1]) & missing:
            return root
        missing.add(section)
        if isinstance(blocks, Mapping) and section not in _WHOLE:
            missing.update(blocks.entries)
        del entries[section]
    else:
        assert isinstance(blocks, Mapping)
        missing.add(name)
        left = {key: entry for key, entry in blocks.entries.items() if key != name}
        entries[section] = replace(entries[section], value=replace(blocks, entries=left))
    return replace(root, entries=entries)


def _named(blocks: Mapping, path: str) -> str | None:
    """The block that a path begins with: names that are not allowed may have dots in them."""
    for name in blocks.entries:
        if path == name or path.startswith((f"{name}.", f"{name}[")):
            return name
    return None
