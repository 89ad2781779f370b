"""The way in: a scenario file becomes a typed scenario and a list of findings."""

from __future__ import annotations

import os

from simulator.errors import Findings, Span, UsageError
from simulator.scenario.build import build_scenario
from simulator.scenario.files import MAX_BYTES, FileProblem, Files, decode, nearest_file, normalise
from simulator.scenario.include import SUFFIXES, Includer
from simulator.scenario.model import Scenario
from simulator.scenario.sources import warn_of_missing_sources
from simulator.scenario.values import Context
from simulator.scenario.yaml_nodes import MAX_FINDINGS, TOO_LARGE


def load_scenario(path: str | os.PathLike[str]) -> tuple[Scenario | None, Findings]:
    """Reads a scenario with everything it uses.

    Returns the scenario (None if anything is wrong with it) and all findings. Whatever the file
    holds, the result is findings, never an exception.

    Raises: UsageError if the file itself is missing or cannot be opened.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    if len(data) > MAX_BYTES:
        findings = Findings()
        message = f"the file has more than {MAX_BYTES:,} bytes"
        findings.add("E110", message, Span(name, 1, 1, 1, 1), remedy=TOO_LARGE)
        return None, findings
    try:
        text = decode(data, name)
    except FileProblem as problem:
        findings = Findings()
        span = Span(name, problem.line, problem.column, problem.line, problem.column + 1)
        findings.add("E109", str(problem), span, remedy="Save the file again as UTF-8 text.")
        return None, findings
    return parse_scenario(text, name)


def parse_scenario(text: str, filename: str = "<scenario>") -> tuple[Scenario | None, Findings]:
    """As `load_scenario`, for a text; files it uses are looked for beside `filename`.

    >>> scenario, findings = parse_scenario("id: empty")
    >>> scenario.id, findings.items
    ('empty', [])
    """
    findings = Findings()
    files = Files({filename: normalise(text)})
    scenario = None
    root = Includer(files, findings).load(filename)
    if root is not None:
        scenario = build_scenario(Context(findings, files), root)
    if len(findings.items) > MAX_FINDINGS:
        findings.add(
            "E199", f"more than {MAX_FINDINGS:,} findings; the rest was not looked at",
            Span(filename, 1, 1, 1, 1), remedy="Mend the first ones, then check again.",
        )  # fmt: skip
    if scenario is None or findings.errors:
        return None, findings
    scenario.files = files.texts
    warn_of_missing_sources(scenario, findings)
    return scenario, findings


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
