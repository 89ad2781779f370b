"""The names behind the numbers of a chunk: codes, kinds of encounter, states, transitions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.compiler.machine import Machine

SEXES = ("male", "female")


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of row: `code` (``VOCABULARY//CODE``) and what is always recorded with it."""

    code: str
    title: str
    unit: str | None = None
    text: str | None = None
    status: str | None = None
    kind: str = "event"
    lasting: bool = False
    codes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EncounterKind:
    """A kind of encounter: name in the scenario, class, code of the reason."""

    name: str
    class_: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the indices of a chunk stand for.

    Attributes:
        codes: of `ev_code`.
        encounters: of `enc_kind`.
        processes: of `tr_process`: name, and names of its states (`tr_from`, `tr_to`).
        arrows: of `ev_cause`, `death_cause` and `tr_arrow`: all transitions, flat, in the
            order of processes, states, arrows.
    """

    codes: tuple[Code, ...]
    encounters: tuple[EncounterKind, ...]
    processes: tuple[tuple[str, tuple[str, ...]], ...]
    arrows: tuple[str, ...]

    @classmethod
    def from_machine(cls, machine: Machine) -> Vocabulary:
        """The vocabulary of a lowered scenario."""
        return cls(
            codes=tuple(
                Code(c.code, c.title, c.unit, c.text, c.status, c.kind, c.lasting, tuple(c.codes))
                for c in machine.codes
            ),
            encounters=tuple(EncounterKind(e.name, e.class_, e.reason) for e in machine.encounters),
            processes=tuple((p.name, tuple(s.name for s in p.states)) for p in machine.processes),
            arrows=tuple(a.name for p in machine.processes for s in p.states for a in s.arrows),
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Vocabulary:
        """The vocabulary that :meth:`to_json` wrote. Raises KeyError or TypeError if it is none."""
        return cls(
            codes=tuple(
                Code(**{**c, "codes": tuple((s, v) for s, v in c.get("codes", ()))}) for c in data["codes"]
            ),
            encounters=tuple(EncounterKind(**e) for e in data["encounters"]),
            processes=tuple((name, tuple(states)) for name, states in data["processes"]),
            arrows=tuple(data["arrows"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain lists, dicts and strings, as kept in the manifest."""
        return {
            "codes": [asdict(c) for c in self.codes],
            "encounters": [asdict(e) for e in self.encounters],
            "processes": [[name, list(states)] for name, states in self.processes],
            "arrows": list(self.arrows),
        }

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes of encounter in use, sorted."""
        return tuple(sorted({e.class_ for e in self.encounters}))
