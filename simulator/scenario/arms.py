"""`arms:` – counterfactual copies of the same patients: the scenario with one thing changed.

What an arm gives is laid over the whole scenario, after everything that is used and set. Random draws
belong to named streams, so the arms share all their luck.
"""

from __future__ import annotations

from simulator.errors import Findings, UsageError
from simulator.scenario.include import remove_paths
from simulator.scenario.merge import overlay
from simulator.scenario.nearest import nearest
from simulator.scenario.parameters import values_of, written_out
from simulator.scenario.yaml_nodes import Mapping, Node, is_empty, size_of

#: the arm in which nothing is changed
BASE = "base"

MAX_ARMS = 50
MAX_SIZE = 1_000_000  # keys and values of all arms together

#: what would make other patients, or another scenario
SHARED = ("format", "id", "use", "remove", "arms", "population", "communities")


def arm_names(root: Mapping) -> list[str]:
    """The arms of a scenario, `base` first."""
    arms = root.get("arms")
    names = list(arms.entries) if isinstance(arms, Mapping) else []
    return [BASE, *(name for name in names if name != BASE)]


def check_arms(root: Mapping, findings: Findings) -> None:
    """Findings for arms that change what all arms share, or nothing, or are `base`, which is the scenario."""
    arms = root.get("arms")
    if isinstance(arms, Mapping) and len(arms.entries) > MAX_ARMS:
        findings.add(
            "E134", f"{len(arms.entries):,} arms are too many", root.entries["arms"].key.span, path="arms",
            expected=f"at most {MAX_ARMS}", remedy="To go through many values of a parameter, use `--sweep`.",
        )  # fmt: skip
        return
    size = sum(size_of(entry.value) for name, entry in root.entries.items() if name != "arms")
    if isinstance(arms, Mapping) and len(arms.entries) * size > MAX_SIZE:
        findings.add(
            "E134", f"{len(arms.entries)} arms of a scenario of {size:,} keys and values are too many",
            root.entries["arms"].key.span, path="arms", expected=f"at most {MAX_SIZE // size}",
            remedy="Write the other arms in a file that uses this one.",
        )  # fmt: skip
        return
    for name, entry in arms.entries.items() if isinstance(arms, Mapping) else ():
        arm, path = entry.value, f"arms.{name}"
        if not isinstance(arm, Mapping):
            continue
        change = arm.get("change")
        if isinstance(change, Mapping):
            for key in SHARED:
                if key in change.entries:
                    findings.add(
                        "E134", f"an arm cannot change `{key}`", change.entries[key].key.span,
                        path=f"{path}.change.{key}",
                        remedy="All arms have the same patients. For others, write a scenario that uses this "
                        "one.",
                    )  # fmt: skip
        with_arm(root, name, findings)
        given = [key for key in ("set", "remove", "change") if not _is_nothing(arm.get(key))]
        if name == BASE and given:
            findings.add(
                "E134", f"`{BASE}` is the scenario as it is, so `{given[0]}` cannot stand here",
                arm.entries[given[0]].key.span, path=f"{path}.{given[0]}",
                remedy="Give the arm another name.",
            )  # fmt: skip
        elif name != BASE and not given:
            findings.add(
                "W203", f"the arm `{name}` changes nothing", entry.key.span, path=path,
                expected="what is different, under `set`, `remove` or `change`",
            )  # fmt: skip


def _is_nothing(node: Node | None) -> bool:
    return node is None or is_empty(node) or (isinstance(node, Mapping) and not node.entries)


def with_arm(root: Mapping, name: str, findings: Findings) -> Mapping:
    """The scenario as it is in an arm.

    Raises: UsageError if there is no such arm.
    """
    arms = root.get("arms")
    entry = arms.entries.get(name) if isinstance(arms, Mapping) else None
    if entry is None and name != BASE:
        names = arm_names(root)
        close = nearest(name, names)
        raise UsageError(
            f"there is no arm {name}",
            remedy=f"Did you mean {close}?" if close else f"There is {', '.join(names)}.",
        )
    if entry is None or not isinstance(entry.value, Mapping):
        return root
    arm, path = entry.value, f"arms.{name}"
    root = remove_paths(arm.get("remove"), root, {}, findings, f"{path}.remove", "the scenario")
    values = arm.get("set")
    if isinstance(values, Mapping):
        top = values_of(values.entries, root, findings, f"{path}.set", "the scenario")
        root = overlay(top, root, {}) if top is not None else root
    change = arm.get("change")
    if isinstance(change, Mapping):
        root = overlay(written_out(change), root, {})
    return root
