"""Writes a new file for an author to start from: commented, valid, and ready to run.

What it holds stands in ``templates/``, one file per kind, where ``$name`` is the name that was chosen.
Numbers in it are examples; every `source:` begins with `FILL IN`, of which `simulator check` warns (W204).
"""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from simulator.authoring.text_file import check_free, write
from simulator.compiler.names import RESERVED
from simulator.errors import Findings, UsageError
from simulator.scenario.files import Files
from simulator.scenario.values import Context, check_name
from simulator.scenario.yaml_nodes import Scalar, Source

#: what can be begun, with what it is
KINDS = {
    "disease": "a disease with its course and diagnosis",
    "treatment": "a treatment: who gets it, its doses and effects",
    "care": "visits and stays, and what is done there",
    "pathway": "a protocol of steps, with rounds and branches",
    "scenario": "a whole scenario: population, disease, treatment, care",
}

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def new_text(kind: str, name: str, file: str = "") -> str:
    """The text of a new file.

    Args:
        kind: one of `KINDS`.
        name: what it is called; of a scenario an id (``my-study``), else a name (``my_disease``).
        file: how another file would name it under ``use:``; the name if empty.

    Raises: UsageError if there is no such kind, or the name cannot be one; it gives the name mended.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no template {kind!r}", remedy=f"There is {', '.join(KINDS)}.")
    _check(kind, name)
    words = re.sub(r"[-_]+", " ", name).strip()
    template = (files(__package__) / "templates" / f"{kind}.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(
        name=name,
        id=re.sub(r"_+", "-", name).strip("-"),
        title=words[0].upper() + words[1:],
        lower_title=words,
        file=file or name,
    )


def new(kind: str, name: str, out: Path | None = None) -> Path:
    """Write a new file; nothing is ever overwritten.

    Args:
        kind, name: as in `new_text`.
        out: file to write; ``NAME.yaml`` in this folder if None.

    Returns: the file.

    Raises: UsageError as `new_text`, and if the file exists or cannot be written.
    """
    path = out if out is not None else Path(f"{name}.yaml")
    text = new_text(kind, name, path.stem)
    if out is not None and path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{path} is not the name of a scenario file", remedy=f"Call it {path}.yaml.")
    other = path.with_name(f"{path.stem}-2{path.suffix}")
    check_free(path, remedy=f"choose another name, or say --out {other}")
    write(path, text)
    return path


def _check(kind: str, name: str) -> None:
    """Raises: UsageError if a name cannot be one."""
    if kind == "scenario":
        if not _ID.fullmatch(name):
            mended = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            _refuse(name, "a scenario is called by lower-case letters, digits and hyphens", mended)
        return
    findings = Findings()
    source = Source("NAME", name)
    scalar = Scalar(name, source.span(0, len(name)), source, 0, len(name), True)
    fine = check_name(Context(findings, Files()), scalar, "NAME", "name")
    if fine and name not in RESERVED:
        return
    mended = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if fine or findings.items[0].remedy:  # a word of the language
        _refuse(name, "it has a meaning of its own in the language", f"my_{name}")
    _refuse(name, f"the name of a {kind} has lower-case letters, digits and `_`, and begins with a letter",
            mended if mended[:1].isalpha() else f"{kind}_{mended}".rstrip("_"))  # fmt: skip


def _refuse(name: str, why: str, mended: str) -> None:
    shown = name if len(name) <= 40 and name.isprintable() else f"{ascii(name)[:40]}…"
    raise UsageError(
        f"'{shown}' cannot be the name: {why}",
        remedy=f"Write {mended}." if mended else "Choose another name.",
    )


def next_steps(kind: str, path: Path) -> list[tuple[str, str]]:
    """What to do with the new file: commands, or YAML, each with what it is good for."""
    file = os.fspath(path)
    steps = [(f"simulator check {file}", "lists every FILL IN that is left")]
    if kind == "scenario":
        return [
            *steps,
            (f"simulator preview {file} --out preview.html", "a small run, as a page of pictures"),
            (f"simulator run {file} --out out/{path.stem}", "writes the records"),
            (f"simulator test {file}", "holds it against what it says under expect:"),
        ]
    if kind == "disease":
        steps.append((f"simulator graph {file}", "draws its states"))
    return [
        *steps,
        ("simulator new scenario my-study", "a scenario to try it in"),
        (f"use: [{path.stem}]", "in that scenario takes it over"),
    ]
