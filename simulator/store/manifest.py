"""The manifest: what a dataset says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.errors import DatasetError
from simulator.store.layout import BLOCK, FORMAT, KIND, MANIFEST, SHARDED, SINGLE, is_partial, shard_count

#: what must be in a manifest, and its type
_FORM: dict[str, type] = {
    "digest": str,
    "counts": dict,
    "plan": dict,
    "provenance": dict,
    "vocabulary": dict,
    "blocks": list,
    "files": dict,
}


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
        inside = sorted(each.parent.name for each in path.glob(f"*/{MANIFEST}"))  # of arms, or a sweep
        raise DatasetError(
            f"{path} is not a dataset: it has no {MANIFEST}",
            remedy=f"give one of the datasets in it, e.g. {path / inside[0]}"
            if inside
            else "give the folder that a run wrote",
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
    wrong = _malformed(data)
    if wrong:
        raise DatasetError(
            f"{file} is malformed: {wrong}", remedy="the dataset is damaged; run the scenario again"
        )
    return data


def _malformed(data: dict[str, Any]) -> str:
    """What is wrong with the form of a manifest; empty if nothing is."""
    for key, kind in _FORM.items():
        if not isinstance(data.get(key), kind):
            return f"{key} is {type(data.get(key)).__name__}, expected {kind.__name__}"
    plan, counts = data["plan"], data["counts"]
    for key in ("patients", "shard_size", "shards", "communities", "block"):
        if not isinstance(plan.get(key), int) or plan[key] < 1:
            return f"plan.{key} is {plan.get(key)!r}"
    if plan["block"] != BLOCK or plan["shards"] != shard_count(plan["patients"], plan["shard_size"]):
        return f"the plan of {plan['shards']} shards and blocks of {plan['block']} does not add up"
    known = {*SHARDED, *SINGLE}
    for table in known - {"exchange"} | set(counts):
        if table not in known or not isinstance(counts.get(table), int):
            return f"counts.{table} is {counts.get(table)!r}"
    for name, facts in data["files"].items():
        if not isinstance(facts, dict) or not {"bytes", "sha256"} <= set(facts):
            return f"files.{name} is {facts!r}"
    if len(data["blocks"]) != shard_count(plan["patients"], BLOCK):
        return f"{len(data['blocks'])} blocks for {plan['patients']} patients"
    scenario = data["provenance"].get("scenario", {})
    if not isinstance(scenario, dict) or not isinstance(scenario.get("files", {}), dict):
        return "provenance.scenario is not what a run wrote"
    return ""
