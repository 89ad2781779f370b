"""The manifest: what a dataset says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.errors import DatasetError
from simulator.store.layout import FORMAT, KIND, MANIFEST, is_partial

_REQUIRED = ("digest", "counts", "plan", "provenance", "vocabulary", "blocks", "files")


def is_dataset(path: Path) -> bool:
    """Whether the folder holds a finished dataset of ours, of any format."""
    try:
        data = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("kind") == KIND and not is_partial(path.name)


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of the dataset in a folder.

    Raises: DatasetError if the folder is missing, unfinished, not a dataset of ours, or of
        a newer format.
    """
    if not path.exists():
        raise DatasetError(f"{path} does not exist", remedy="give the folder that a run wrote")
    if not path.is_dir():
        raise DatasetError(f"{path} is not a folder", remedy="give the folder that a run wrote")
    if is_partial(path.resolve().name):
        raise DatasetError(
            f"{path} is left over from a run that did not finish",
            remedy="run it again; this folder may be removed",
        )
    file = path / MANIFEST
    if not file.exists():
        raise DatasetError(
            f"{path} is not a dataset: it has no {MANIFEST}", remedy="give the folder that a run wrote"
        )
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{file} cannot be read: {error}", remedy="the dataset is damaged; run the scenario again"
        ) from error
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise DatasetError(
            f"{file} is not the manifest of a dataset of this program",
            remedy="give the folder that a run wrote",
        )
    if not isinstance(data.get("format"), int) or data["format"] > FORMAT:
        raise DatasetError(
            f"{path} has format {data.get('format')}, this program reads up to {FORMAT}",
            remedy="upgrade the program",
        )
    missing = [key for key in _REQUIRED if key not in data]
    if missing:
        raise DatasetError(
            f"{file} lacks {', '.join(missing)}", remedy="the dataset is damaged; run the scenario again"
        )
    return data
