"""The independent checker: what must hold of any finished dataset.

It reads the files as any other program would, shares no code with the engine or the
compiler, and knows of the scenario only what the manifest says (`knowledge`). Memory is
bounded by the largest shard.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from simulator.errors import DatasetError
from simulator.quality.clinical import check_treatments, check_values, check_words
from simulator.quality.folder import (
    check_exchange,
    check_files,
    check_meds,
    check_nulls,
    check_schema,
    check_splits,
    described_codes,
)
from simulator.quality.knowledge import Knowledge
from simulator.quality.latent import check_truth
from simulator.quality.people import check_life, check_order, check_period, check_subjects
from simulator.quality.report import Report, Tally
from simulator.quality.shard import Shard
from simulator.quality.visits import (
    Providers,
    check_encounters,
    check_membership,
    check_overlap,
    check_providers,
)
from simulator.store.columns import read_table
from simulator.store.digest import dataset_digest
from simulator.store.layout import SHARDED, SINGLE, shard_count, shard_path
from simulator.store.manifest import read_manifest
from simulator.store.recompute import DAMAGED, read_signals, shard_blocks
from simulator.store.vocabulary import Vocabulary

Progress = Callable[[int, int], None]


def verify(path: Path | str, *, progress: Progress | None = None) -> Report:
    """Checks every rule of `simulator.quality.rules` on the dataset in a folder.

    Args:
        path: the dataset.
        progress: told (shards done, shards) after each shard.

    Returns: what was found; never raises for what is wrong inside the dataset.

    Raises: DatasetError if the folder is no finished dataset of ours, or its manifest is malformed.
    """
    path = Path(path)
    manifest = read_manifest(path)
    vocabulary, knowledge = _parse(path, manifest)
    tally = Tally()
    report = Report(path, rows=dict.fromkeys(("subjects", "events", "encounters", "truth"), 0))
    check_files(path, manifest, tally)
    unchecked = check_meds(path, manifest, tally)
    if unchecked:
        report.unchecked["V08"] = unchecked
    single = _read_single(path, manifest, tally)
    described = described_codes(single["codes"], tally) if "codes" in single else None
    if "splits" in single:
        check_splits(single["splits"], manifest["plan"]["patients"], tally)
    check_exchange(path, manifest, tally)
    providers = Providers(single["providers"]) if "providers" in single else None
    blocks: list[bytes] = []
    shards = manifest["plan"]["shards"]
    for index in range(shards):
        tables = _read_shard(path, index, tally)
        if tables is None:
            plan = manifest["plan"]
            first = index * plan["shard_size"]
            here = min(plan["shard_size"], plan["patients"] - first)
            blocks += [DAMAGED] * shard_count(here, plan["block"])
        else:
            for name in report.rows:
                report.rows[name] += len(tables[name])
            blocks += shard_blocks(tables, vocabulary, manifest["plan"], index)
            shard = Shard(tables, vocabulary, tally)
            check_subjects(shard, manifest["plan"], index)
            _check_rows(shard, knowledge, described, providers)
        if progress is not None:
            progress(index + 1, shards)
    _check_digest(path, manifest, vocabulary, blocks, tally)
    report.violations = tally.violations()
    return report


def _parse(path: Path, manifest: dict[str, Any]) -> tuple[Vocabulary, Knowledge]:
    try:
        vocabulary = Vocabulary.from_json(manifest["vocabulary"])
        codes = {c.code for c in vocabulary.codes}
        return vocabulary, Knowledge.of(manifest["provenance"].get("checks", {}), codes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(
            f"the manifest of {path} is malformed: {error!r}",
            remedy="the dataset is damaged; run the scenario again",
        ) from error


def _read_single(path: Path, manifest: dict[str, Any], tally: Tally) -> dict[str, pa.Table]:
    """The tables that are one file, as far as they can be judged."""
    tables = {}
    for table, name in SINGLE.items():
        if table not in manifest["counts"] or not (path / name).exists():
            continue
        if not check_schema(path, name, table, tally):
            continue
        try:
            rows = read_table(path / name, table)
        except (OSError, pa.ArrowException) as error:
            tally.add("V06", f"{name}: {error}")
            continue
        if check_nulls(rows, name, table, tally):
            tables[table] = rows
    return tables


def _read_shard(path: Path, index: int, tally: Tally) -> dict[str, pa.Table] | None:
    """The tables of a shard; None if one of them cannot be judged."""
    tables: dict[str, pa.Table] = {}
    for table in SHARDED:
        name = shard_path(table, index)
        if not (path / name).exists() or not check_schema(path, name, table, tally):
            continue
        try:
            rows = read_table(path / name, table)
        except (OSError, pa.ArrowException) as error:
            tally.add("V06", f"{name}: {error}")
            continue
        if check_nulls(rows, name, table, tally):
            tables[table] = rows
    return tables if len(tables) == len(SHARDED) else None


def _check_rows(
    shard: Shard, knowledge: Knowledge, described: set[str] | None, providers: Providers | None
) -> None:
    check_order(shard)
    check_life(shard)
    check_period(shard)
    check_encounters(shard)
    check_overlap(shard)
    check_membership(shard)
    if providers is not None:
        check_providers(shard, providers)
    check_words(shard, described if described is not None else set(shard.events.code.words))
    check_values(shard, knowledge)
    check_treatments(shard, knowledge)
    check_truth(shard, knowledge)


def _check_digest(
    path: Path, manifest: dict[str, Any], vocabulary: Vocabulary, blocks: list[bytes], tally: Tally
) -> None:
    """V05: the digest of what was read is the manifest's; names the blocks that differ."""
    try:
        signals = read_signals(path)
    except (OSError, pa.ArrowException, ValueError):
        signals = None
    scenario = manifest["provenance"].get("scenario", {})
    found = dataset_digest(vocabulary, str(scenario.get("hash", "")), blocks, signals)
    if found == manifest["digest"]:
        return
    size = manifest["plan"]["block"]
    for number, (block, expected) in enumerate(zip(blocks, manifest["blocks"], strict=False)):
        if block.hex() != expected:
            tally.add("V05", f"subjects {number * size + 1} to {(number + 1) * size} differ")
    if [block.hex() for block in blocks] == manifest["blocks"]:
        tally.add("V05", "the histories are unchanged, but vocabulary, scenario or signals differ")
