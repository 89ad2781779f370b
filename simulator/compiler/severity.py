"""How bad an event or a symptom is: chosen by chance when it begins."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.compiler import attributes
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.terms import Where
from simulator.scenario.model import RecurrentEvent, Symptom, Table

#: events of a symptom or recurrent event that no severity can be called
TAKEN = ("absent", "any", "ended", "present", "recorded")


def names_of(block: Symptom | RecurrentEvent) -> tuple[str, ...]:
    """The severities of a block, in order; none if it has no `severity`."""
    if block.severity is None:
        return ()
    if isinstance(block.severity, Table):
        words = [key[-1] for key, _ in block.severity.rows]
        return tuple(dict.fromkeys(w for w in words if isinstance(w, str)))
    return tuple(block.severity)


def weights(low: Lowering, block: Symptom | RecurrentEvent) -> tuple[m.Term, ...] | None:
    """The chance of each severity when it begins; None, with findings, if something is wrong."""
    assert block.severity is not None
    where = Where.key(block, "severity", once=True)
    before = len(low.findings.errors)
    names, found = attributes.shares(low, "severity", block.severity, where)
    taken(low, names, where)
    return found if len(found) == len(names) and len(low.findings.errors) == before else None


def taken(low: Lowering, names: Iterable[str], where: Where) -> None:
    """A finding for each severity whose name means something else."""
    for name in names:
        if name in TAKEN:
            message = f"`{name}` has a meaning of its own and cannot be a severity"
            low.resolver.report("E506", message, None, where, remedy="choose another name")
