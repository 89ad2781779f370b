"""A scenario file read with all it uses, from which scenarios are built: as it is, set, or as an arm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Mapping as TextMap
from dataclasses import dataclass, field

from simulator.errors import Findings, Span, UsageError
from simulator.scenario.arms import BASE, arm_names, check_arms, with_arm
from simulator.scenario.build import build_scenario
from simulator.scenario.files import MAX_BYTES, FileProblem, Files, decode, nearest_file, normalise
from simulator.scenario.include import SUFFIXES, Includer
from simulator.scenario.merge import append, overlay
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Settings, entries_of, values_of, warn_of_unused
from simulator.scenario.parsed import Parsed
from simulator.scenario.progression import follow_progressions
from simulator.scenario.remainder import OF_BLOCKS, UNKNOWN_EXTENT, Lost, incomplete, without_followers
from simulator.scenario.sources import warn_of_missing_sources
from simulator.scenario.values import Context
from simulator.scenario.yaml_nodes import MAX_FINDINGS, TOO_LARGE, Mapping, Node, Scalar, Sequence


@dataclass(slots=True)
class Reading:
    """A file's tree, merged with those it uses; None where it cannot be read, and the findings say why."""

    name: str
    files: Files = field(default_factory=Files)
    findings: Findings = field(default_factory=Findings)
    root: Mapping | None = None
    _parsed: Parsed = field(default_factory=Parsed, init=False, repr=False)
    _whole: tuple[Mapping, Findings] | None = field(default=None, init=False, repr=False)

    @property
    def arms(self) -> list[str]:
        """Names of the arms, `base` first."""
        return [BASE] if self.root is None else arm_names(self.root)

    def arm_place(self, arm: str) -> tuple[Span, Span]:
        """Where an arm is written: its key, and all of it."""
        assert self.root is not None
        arms = self.root.get("arms")
        assert isinstance(arms, Mapping)
        entry = arms.entries[arm]
        key, last = entry.key.span, max(_ends(entry.value), default=(0, 0))
        return key, Span(key.file, key.line, key.column, *max(last, (key.end_line, key.end_column)))

    def build(
        self, settings: Settings | None = None, arm: str | None = None
    ) -> tuple[Scenario | None, Findings]:
        """The scenario (None if anything is wrong with it) and all findings.

        Args:
            settings: values of parameters, instead of those in the files, e.g. ``{"uptake": "50%"}``.
            arm: the arm; the scenario as it is if None or ``base``.

        Raises: UsageError if there is no such arm.
        """
        scenario, findings, _ = self.attempt(settings, arm)
        return (None if findings.errors else scenario), findings

    def attempt(
        self, settings: Settings | None = None, arm: str | None = None
    ) -> tuple[Scenario | None, Findings, Lost]:
        """As `build`, but the scenario may have errors; then it lacks what could not be read.

        It is None only if nothing can be said of it.
        """
        findings = self.findings.copy()
        scenario, lost = None, Lost()
        if self.root is not None:
            root = self._completed(findings)
            top = values_of(entries_of(settings or {}), root, findings, "parameters", "the scenario")
            root = overlay(top, root, {}) if top is not None else root
            root = append(with_arm(root, BASE if arm is None else arm, findings), findings)
            lost.whole = any(finding.code in UNKNOWN_EXTENT for finding in findings.errors)
            root = incomplete(root) if lost.whole else root
            context = Context(findings, self.files, lost=lost, parsed=self._parsed)
            scenario = build_scenario(context, root)
            lost.places.update(f.path for f in findings.errors if f.code not in OF_BLOCKS)
            without_followers(findings)
            if scenario is not None:
                found = Findings()
                follow_progressions(scenario, found)
                for finding in lost.of_progressions(found.items, is_fine=not findings.errors):
                    findings.append(finding)
            if scenario is not None and not findings.errors:
                scenario.files = self.files.texts
                scenario.file_sources = self.files.sources
                warn_of_missing_sources(scenario, findings)
                warn_of_unused(root, context.parameters, findings)
        if len(findings.errors) > MAX_FINDINGS:
            findings.add(
                "E199", f"more than {MAX_FINDINGS:,} errors; the rest was not looked at",
                Span(self.name, 1, 1, 1, 1), remedy="Mend the first ones, then check again.",
            )  # fmt: skip
            scenario = None
        return scenario, findings, lost

    def _completed(self, findings: Findings) -> Mapping:
        """The tree with all that is appended to its lists. Its arms are looked at once, for all builds."""
        assert self.root is not None
        if self._whole is None:
            found = Findings()
            root = append(self.root, found)
            check_arms(root, found)
            self._whole = root, found
            self._parsed.keeps = len(arm_names(root)) > 1
        root, found = self._whole
        for finding in found.items:
            findings.append(finding)
        return root


def _ends(node: Node) -> Iterator[tuple[int, int]]:
    """Where each text below a node ends."""
    if isinstance(node, Scalar):
        yield node.span.end_line, node.span.end_column
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _ends(item)
    elif isinstance(node, Mapping):
        for entry in node.entries.values():
            yield from _ends(entry.key)
            yield from _ends(entry.value)


def read_scenario(path: str | os.PathLike[str]) -> Reading:
    """Reads a file with everything it uses; whatever it holds, the result is findings, never an exception.

    Raises: UsageError if the file itself is missing or cannot be opened.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    reading = Reading(name)
    if len(data) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes"
        reading.findings.add("E110", message, Span(name, 1, 1, 1, 1), remedy=TOO_LARGE)
        return reading
    try:
        text = decode(data, name)
    except FileProblem as problem:
        span = Span(name, problem.line, problem.column, problem.line, problem.column + 1)
        reading.findings.add("E109", str(problem), span, remedy="Save the file again as UTF-8 text.")
        return reading
    return read_text(text, name)


def read_text(text: str, filename: str, others: TextMap[str, str] | None = None) -> Reading:
    """As `read_scenario`, for a text; files it uses are among `others` (by path) or beside `filename`."""
    known = {name: normalise(other) for name, other in (others or {}).items() if name != filename}
    reading = Reading(filename, Files({filename: normalise(text), **known}))
    reading.root = Includer(reading.files, reading.findings).load(filename)
    return reading


def _unreadable(name: str, error: OSError | ValueError) -> UsageError:
    if isinstance(error, FileNotFoundError):
        close = nearest_file(name, SUFFIXES)
        folder = os.path.dirname(name)
        hint = f"Did you mean {os.path.join(folder, close)}?" if close else "Check the path."
        return UsageError(f"there is no file {name}", remedy=hint)
    if isinstance(error, IsADirectoryError):
        return UsageError(f"{name} is a folder", remedy="Name a scenario file in it.")
    reason = getattr(error, "strerror", None) or str(error)
    return UsageError(f"{name} cannot be read: {reason}", remedy="Check the path and your permissions.")
