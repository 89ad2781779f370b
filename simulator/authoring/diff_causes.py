"""Leads the first difference in a history back to what was changed in the scenario.

The row that differs names what made it: the process whose transition fired, or what was measured. From
there the influences of the two scenarios (who acts on whom) are followed backwards to the nearest block
that was changed.

What leaves a row whenever it changes cannot have acted before its own rows differ: a disease, a visit. So
no path leads through those, and through a treatment only by what it does to those who take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.authoring.diff_histories import Divergence, Row
from simulator.authoring.diff_model import Difference
from simulator.authoring.graph_influences import influence
from simulator.authoring.graph_references import OUTSIDE, references, things
from simulator.scenario import model

#: kinds of blocks all of whose deeds are in the truth or the record
_VISIBLE = frozenset({"diseases", "care", "procedures", "immunisations", "allergies", "care_plans"})
#: differences of a treatment that change what it does to those who take it, by how they begin
_DOES = ("effect", "adherence", "dose", "interacts")


@dataclass(frozen=True, slots=True)
class Cause:
    """A changed block, and through what it reached the row that differs.

    Attributes:
        section, name: of the block.
        via: names of the blocks between it and the row's own, nearest to the change first; the row's
            own last. Empty if the row is of the changed block itself.
    """

    section: str
    name: str
    via: tuple[str, ...] = ()


class Tracer:
    """Knows who acts on whom in two scenarios, and what was changed between them."""

    def __init__(self, one: model.Scenario, two: model.Scenario, changed: Sequence[Difference]) -> None:
        self.changed: dict[str, str] = {}
        self.acts_otherwise: set[str] = set()  # treatments that do something else to those who take them
        for each in changed:
            if each.section in OUTSIDE:
                continue
            if each.section == "treatments" and (each.what.startswith(_DOES) or each.kind == "renamed"):
                self.acts_otherwise.add(each.name)
            for name in {each.name or each.section, each.before if each.kind == "renamed" else each.name}:
                self.changed.setdefault(name or each.section, each.section)
        self.acting: dict[str, dict[str, None]] = {}  # by block, those that act on it
        self.codes: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        for scenario in (one, two):
            known = things(scenario)
            self.kinds |= {name: thing.kind for name, thing in known.items()}
            for reference in references(known):
                acts = influence(reference, known)
                self.acting.setdefault(acts.target, {})[acts.source] = None
            for kind in ("measurements", "attributes"):
                for name, block in getattr(scenario, kind).items():
                    for system, code in block.codes.items():
                        self.codes[f"{system}//{code}".lower()] = name
        self.constraints = "constraints" in self.changed

    def causes(self, divergence: Divergence) -> tuple[Cause, ...]:
        """The nearest changed blocks; several if they are equally near, none if none leads there."""
        if divergence.where == "subjects":
            return (Cause("population", "population"),) if "population" in self.changed else ()
        own = list(self.origins(divergence))
        found = [Cause(self.changed[name], name) for name in own if name in self.changed]
        paths: dict[str, tuple[str, ...]] = dict.fromkeys(own, ())
        seen = set(paths)
        while paths and not found:
            further: dict[str, tuple[str, ...]] = {}
            for name, via in paths.items():
                for source in self.acting.get(name, ()):
                    if source in seen:
                        continue
                    seen.add(source)
                    through = (name, *via)
                    if self.may_have_acted(source, name, divergence):
                        if source in self.changed:
                            found.append(Cause(self.changed[source], source, through))
                        further[source] = through
            paths = further
        if not found and self.constraints:
            return (Cause("constraints", "constraints"),)
        return tuple(found)

    def may_have_acted(self, source: str, target: str, divergence: Divergence) -> bool:
        """Whether a block may have acted on another although nothing of it differs yet."""
        if _is_among(source, divergence.at_once):  # what differs at the same instant may be first
            return True
        kind = self.kinds.get(source, "")
        if self.kinds.get(target) == "exchange":  # it acts through other patients
            return True
        if kind == "treatments":
            return source in self.acts_otherwise and _is_among(source, divergence.made)
        return kind not in _VISIBLE

    def origins(self, divergence: Divergence) -> Iterable[str]:
        """Names of the blocks that the rows at the difference are of."""
        rows = [row for row in (divergence.one, divergence.two) if row is not None]
        if len(rows) == 2 and _is_same_but_value(*rows):
            rows = rows[:1]
            measured = self.measured(rows[0])
            if measured:
                return (measured,)
        return dict.fromkeys(filter(None, map(self.maker, rows)))

    def measured(self, row: Row) -> str:
        """The measurement or attribute a row is about, if it is one."""
        code = str(row.get("code") or "").lower()
        system, _, rest = code.partition("//")
        if system in ("measurement", "attribute") and rest.split("//")[0] in self.kinds:
            return rest.split("//")[0]
        return self.codes.get(code) or self.codes.get(code.rpartition("//")[0], "")

    def maker(self, row: Row) -> str:
        """The block whose process made a row: the longest known beginning of the process's name."""
        process = row.get("process") or str(row.get("cause") or "").partition(":")[0]
        parts = str(process).split(".")
        for length in range(len(parts), 0, -1):
            if ".".join(parts[:length]) in self.kinds:
                return ".".join(parts[:length])
        return self.measured(row)


def _is_among(name: str, makers: Iterable[str]) -> bool:
    """Whether a block has a process among those of these names."""
    return any(made == name or made.startswith(f"{name}.") for made in makers)


def _is_same_but_value(one: Row, two: Row) -> bool:
    """Whether two rows of the record differ in what was found, not in what was done."""
    return "code" in one and all(one[name] == two[name] for name in ("time", "code", "cause"))
