"""Brings scenario files from older formats of the language to this one.

There is one pure function for each step from a format to the next, from text to text. It changes
what is written otherwise now, at its place, and nothing else: comments, order, blank lines and quotes stay.
A function never changes once its format has been replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import Findings, ScenarioError, UsageError
from simulator.scenario.files import FileProblem, decode
from simulator.scenario.include import VERSION
from simulator.scenario.migrate_0 import from_0
from simulator.scenario.text_edits import Edits
from simulator.scenario.yaml_nodes import Mapping, Scalar, read_yaml

#: by format, the step to the next one: the changes to a text, whose tree is given, too
STEPS: dict[int, Callable[[Edits, Mapping], list[str]]] = {0: from_0}
OLDEST = min(STEPS)


@dataclass(frozen=True, slots=True)
class Migration:
    """A file as it is and as it becomes.

    Attributes:
        file: its name.
        before, after: its text; the same if there is nothing to do.
        since, to: formats.
        left: what could not be changed and needs its author, as ``line: what``.
    """

    file: str
    before: str
    after: str
    since: int
    to: int
    left: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        return self.since == self.to


def migrate_text(text: str, file: str, *, since: int | None = None, to: int = VERSION) -> Migration:
    """Bring a text to another format. Line ends and a byte order mark stay as they are.

    Args:
        text: of a scenario file.
        file: its name, for findings.
        since: the format it is in; what its `format:` says if None, and the current one without that key.
        to: the format wanted.

    Raises:
        ScenarioError: the text is no YAML of ours.
        UsageError: there is no such format, the file is in a newer one, or its line ends are mixed.
    """
    if not OLDEST <= to <= VERSION:
        raise UsageError(
            f"there is no format {to}", remedy=f"This program knows the formats {OLDEST} to {VERSION}."
        )
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    windows = "\r\n" in text
    plain = text.removeprefix(mark).replace("\r\n", "\n") if windows else text.removeprefix(mark)
    if "\r" in plain or (windows and text.count("\n") != text.count("\r\n")):
        raise UsageError(
            f"{file} has line ends of several kinds", remedy="Save it with one kind of line end."
        )
    known = since if since is not None else _format(_root(plain, file), file)
    if known > VERSION:
        raise UsageError(
            f"{file} is in format {known}; this program knows formats up to {VERSION}",
            remedy="Install a newer version of the simulator.",
        )
    if known > to:
        raise UsageError(f"{file} is in format {known}; there is no way back to {to}", remedy="Keep a copy.")
    if known not in STEPS and known != VERSION:
        raise UsageError(f"there is no format {known}", remedy=f"The oldest is {OLDEST}.")
    after, left = plain, []
    for version in range(known, to):
        root = _root(after, file)
        edits = Edits(after)
        left += STEPS[version](edits, root)
        _say_format(edits, root, version + 1)
        after = edits.applied()
    if windows:
        after = after.replace("\n", "\r\n")
    return Migration(file, text, mark + after, known, to, tuple(left))


def migrate_file(path: str, *, since: int | None = None, to: int = VERSION) -> Migration:
    """As `migrate_text`, for a file. Raises: also UsageError if it cannot be read."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
        decode(data, path)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", remedy="Check the path.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", remedy="Check the path.") from None
    except FileProblem as problem:
        raise UsageError(str(problem), remedy="Save the file again as UTF-8 text.") from None
    return migrate_text(data.decode("utf-8"), path, since=since, to=to)


def _root(text: str, file: str) -> Mapping:
    findings = Findings()
    root = read_yaml(text, file, findings)
    if root is None or findings.errors:
        raise ScenarioError(findings.sorted())
    return root


def _format(root: Mapping, file: str) -> int:
    node = root.get("format")
    if node is None:
        return VERSION
    if isinstance(node, Scalar) and node.text.isdecimal() and len(node.text) < 9:
        return int(node.text)
    raise UsageError(f"{file} does not say its format", remedy=f"Write `format: {VERSION}`, or say --from N.")


def _say_format(edits: Edits, root: Mapping, version: int) -> None:
    node = root.get("format")
    if isinstance(node, Scalar):
        edits.replace(node.start, node.end, str(version))
