"""What every block of the language is made of: its place in the file, and keys that document themselves."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from typing import Any

from simulator.errors import NOWHERE, Span


def key(
    doc: str,
    default: Any = MISSING,
    factory: Any = MISSING,
    name: str | None = None,
    choices: tuple[str, ...] = (),
    form: str = "",
) -> Any:
    """A key of the language: its documentation, default and (if not the field's) YAML name.

    `choices` are the only legal texts (of a text) or keys (of a mapping). `form` says what a text
    must look like: ``codes`` (a mapping of code system to code), ``unit`` (UCUM), ``id`` (lower case
    with hyphens), ``name`` (an identifier), ``treatments`` (the keys of a mapping are names of
    treatments), ``states`` and ``categories`` (the keys of a mapping or items
    of a list are names of states or categories), ``statements`` (the keys of a mapping are statistics in
    words).
    """
    meta = {"doc": doc, "key": name, "choices": choices, "form": form}
    if factory is not MISSING:
        return field(default_factory=factory, metadata=meta)
    if default is not MISSING:
        return field(default=default, metadata=meta)
    return field(metadata=meta)


@dataclass(slots=True, kw_only=True)
class Block:
    """Where a block stands: `span` its key, `path` its YAML path."""

    span: Span = NOWHERE
    path: str = ""
    #: where each key was written, by YAML key name: its value if that is a text, else the key itself;
    #: items of a list of texts are there too, as ``at[0]``
    spans: dict[str, Span] = field(default_factory=dict)
