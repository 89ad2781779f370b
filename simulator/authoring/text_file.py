"""Texts as files: nothing is overwritten silently, nothing is left half-written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from simulator.errors import UsageError


def check_free(
    out: Path, force: bool = False, *, remedy: str = "choose another name, or say --force to replace it"
) -> None:
    """Whether a file may be written here; to be asked before work that takes time.

    Args:
        force: it may replace another.
        remedy: what to do if there is another.

    Raises: UsageError if it is a folder, exists (unless `force`), or its folder does not exist.
    """
    if out.is_dir():
        raise UsageError(f"{out} is a folder", remedy="name a file in it")
    if out.exists() and not force:
        raise UsageError(f"{out} exists, and is left as it is", remedy=remedy)
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", remedy="make it first")


def write(out: Path, text: str) -> None:
    """All of it or nothing, as UTF-8, line ends as they are; what it replaces lends its permissions.

    Raises: UsageError if it cannot be written.
    """
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(text.encode("utf-8"))
        if out.exists():
            shutil.copymode(out, partial)
        partial.replace(out)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}", remedy="choose another place"
        ) from None
    finally:
        partial.unlink(missing_ok=True)
