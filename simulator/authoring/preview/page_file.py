"""The page as a file: nothing is overwritten silently, nothing is left half-written."""

from __future__ import annotations

import os
from pathlib import Path

from simulator.errors import UsageError


def check_free(out: Path, force: bool) -> None:
    """Whether a page may be written here; asked before the run, which takes time.

    Raises: UsageError if it is a folder, exists (unless `force`), or its folder does not exist.
    """
    if out.is_dir():
        raise UsageError(f"{out} is a folder", remedy=f"name a file in it, e.g. {out / 'preview.html'}")
    if out.exists() and not force:
        raise UsageError(f"{out} exists", remedy="choose another name, or say --force to replace it")
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{out.name} is not the name of a page", remedy="end it in .html")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", remedy="make it first")


def write(out: Path, text: str) -> None:
    """All of it or nothing. Raises: UsageError if it cannot be written."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
