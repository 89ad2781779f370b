"""What can be wrong, where it is, and how to mend it.

Everything an author can get wrong becomes a :class:`Finding`: a stable code, a place in
the file, what was found, what was expected and the remedy. Findings are collected, never
raised one by one; :class:`ScenarioError` carries all of them at once.

Everything else that can go wrong for a reason outside the program (a folder that exists,
a patient number out of range) is a :class:`SimulatorError` with a code and a remedy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a scenario file. Lines and columns count from 1; `end` is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Span("<none>", 1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or surely unintended, in a scenario.

    Attributes:
        code: stable code, ``E…`` for errors and ``W…`` for warnings (see `docs/findings.md`).
        message: one sentence that names what was found.
        span: where it stands.
        path: the YAML path, e.g. ``diseases.cf.course[1].rate``.
        expected: what would have been right, in words; empty if the message says it.
        nearest: the nearest legal name, or None.
        remedy: how to mend it; empty if `expected` says it.
    """

    code: str
    message: str
    span: Span
    path: str = ""
    expected: str = ""
    nearest: str | None = None
    remedy: str = ""

    @property
    def severity(self) -> Severity:
        return "warning" if self.code.startswith("W") else "error"


class SimulatorError(Exception):
    """Root of every error this package raises on purpose. `code` is stable."""

    code = "S000"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  {self.remedy}" if self.remedy else self.message


class ScenarioError(SimulatorError):
    """A scenario that cannot be run; `findings` holds everything that is wrong with it."""

    code = "S100"

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        errors = [f for f in self.findings if f.severity == "error"]
        lines = [f"{f.span}: {f.code} {f.message}" for f in errors]
        super().__init__("\n".join(lines) or "the scenario has no errors")


class UsageError(SimulatorError):
    """An argument of a call or a command line that cannot be honoured."""

    code = "S200"


class DatasetError(SimulatorError):
    """A folder that is not a dataset of ours, is unfinished, or would be overwritten."""

    code = "S300"


class EngineError(SimulatorError):
    """The kernel stopped: an instantaneous cycle, or a bound that was exceeded."""

    code = "S400"


@dataclass(slots=True)
class Findings:
    """A growing list of findings, handed along while a scenario is read."""

    items: list[Finding] = field(default_factory=list)
    #: what to add to the remedy of a finding at a place: there the name of a parameter is written, and
    #: what is wrong may be the value that stands elsewhere
    notes: dict[Span, str] = field(default_factory=dict, repr=False, compare=False)
    _seen: set[Finding] = field(default_factory=set, init=False, repr=False, compare=False)

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        path: str = "",
        expected: str = "",
        nearest: str | None = None,
        remedy: str = "",
    ) -> None:
        if span in self.notes:
            remedy = f"{remedy} {self.notes[span]}".lstrip()
        self.append(Finding(code, message, span, path, expected, nearest, remedy))

    def append(self, finding: Finding) -> None:
        """Add a finding, unless it is known already."""
        if finding not in self._seen:
            self._seen.add(finding)
            self.items.append(finding)

    def copy(self) -> Findings:
        """The same findings in a list of their own."""
        twin = Findings(list(self.items), notes=dict(self.notes))
        twin._seen = set(self._seen)
        return twin

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.items if f.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.items if f.severity == "warning")

    def sorted(self) -> tuple[Finding, ...]:
        key = lambda f: (f.span.file, f.span.line, f.span.column, f.code)  # noqa: E731
        return tuple(sorted(self.items, key=key))

    def raise_if_errors(self) -> None:
        """Raises: ScenarioError with every finding, if any of them is an error."""
        if self.errors:
            raise ScenarioError(self.sorted())
