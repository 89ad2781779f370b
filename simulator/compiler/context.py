"""What is shared while one scenario is lowered: names, findings, codes, encounters, effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.compiler import machine as m
from simulator.compiler.hazards import Effects
from simulator.compiler.names import Names
from simulator.compiler.terms import Resolver
from simulator.errors import Findings
from simulator.knowledge import codes as knowledge
from simulator.scenario.model import Scenario

if TYPE_CHECKING:
    from simulator.compiler.doses import Amount


@dataclass(slots=True)
class Codes:
    """The codes that may be recorded; each (code, kind, status, unit, text) has one place."""

    items: list[m.CodeSpec] = field(default_factory=list)
    _places: dict[tuple[str | None, ...], int] = field(default_factory=dict)

    def place(self, spec: m.CodeSpec) -> int:
        """The index of a code, added if it is new."""
        key = (spec.code, spec.kind, spec.status, spec.unit, spec.text)
        if key not in self._places:
            self._places[key] = self.append(spec)
        return self._places[key]

    def append(self, spec: m.CodeSpec) -> int:
        """A new place at the end."""
        self.items.append(spec)
        return len(self.items) - 1


@dataclass(slots=True)
class Lowering:
    """One scenario on its way to a Machine."""

    scenario: Scenario
    findings: Findings
    names: Names
    resolver: Resolver
    effects: Effects = field(default_factory=Effects)
    codes: Codes = field(default_factory=Codes)
    encounters: list[m.EncounterSpec] = field(default_factory=list)
    encounter_index: dict[str, int] = field(default_factory=dict)
    processes: dict[int, m.Process] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)  # care that diagnosis routes send people to
    remembered: set[str] = field(default_factory=set)  # measurements whose `previous` value is asked for
    guards: dict[str, list[m.Term]] = field(default_factory=dict)  # by treatment: what constraints forbid
    measured: set[str] = field(default_factory=set)  # measurements that some visit takes
    doses: dict[str, Amount] = field(default_factory=dict)  # by treatment that has a dose
    schedules: dict[str, m.Schedule] = field(default_factory=dict)  # opening hours, by care that has any
    diagnosing: set[str] = field(default_factory=set)  # those of them that diagnosis routes name
    visited: set[str] = field(default_factory=set)  # care that pathways visit
    prescribed: set[str] = field(default_factory=set)  # treatments that pathways start or stop
    given: set[str] = field(default_factory=set)  # treatments that pathways give
    done: set[str] = field(default_factory=set)  # procedures that somebody does
    course_names: dict[str, str] = field(default_factory=dict)  # YAML path of a referral, …: its process
    hazards: dict[str, None] = field(default_factory=dict)  # names of all hazards, once they are asked for
    excluding: dict[str, list[str]] | None = None  # by treatment: those that say they are never with it
    drawn: dict[int, list[m.Action]] = field(default_factory=dict)  # by event: what it draws
    circles: dict[str, list[str]] | None = None  # by pathway that follows itself, the way around
    followed: set[str | None] | None = None  # pathways that others follow
    steps: int = 0  # of all pathways, those of followed ones counted each time
    steps_seen: int = 0  # when they are looked through
    _arrow_names: dict[str, int] = field(default_factory=dict)
    _course_counts: dict[str, int] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)  # names of courses

    @classmethod
    def of(cls, scenario: Scenario, findings: Findings) -> Lowering:
        """The beginning: nothing is known yet."""
        names = Names()
        return cls(scenario, findings, names, Resolver(names, findings))

    def arrow_name(self, name: str) -> str:
        """`name`, made unique: a second one of the same name is called ``name (2)``."""
        self._arrow_names[name] = self._arrow_names.get(name, 0) + 1
        count = self._arrow_names[name]
        return name if count == 1 else f"{name} ({count})"

    def course_name(self, name: str, path: str) -> str:
        """`name` for the process of what stands at `path`, made unique by a number."""
        number = self._course_counts.get(name, 1)
        while (unique := name if number == 1 else f"{name}{number}") in self._taken:
            number += 1
        self._course_counts[name] = number + 1
        self._taken.add(unique)
        self.course_names[path] = unique
        return unique

    def add_process(self, process: m.Process) -> None:
        """Put a process in the place that its name was given."""
        self.processes[self.names.processes[process.name]] = process

    def in_order(self) -> list[m.Process]:
        """All processes; every name that was given must have got one."""
        return [self.processes[index] for index in range(len(self.names.processes))]

    def code(
        self,
        name: str,
        codes: Mapping[str, str],
        title: str | None,
        kind: str,
        *,
        status: str | None = None,
        unit: str | None = None,
        lasting: bool = False,
        text: str | None = None,
    ) -> int:
        """The place of the code that records something called `name`."""
        known = tuple((k, v) for k, v in codes.items() if k in knowledge.SYSTEMS)
        return self.codes.place(
            m.CodeSpec(
                knowledge.preferred(dict(known), name),
                title or name.replace("_", " "),
                unit,
                text,
                status,
                kind,
                lasting,
                known,
                once=kind == "diagnosis",
            )
        )
