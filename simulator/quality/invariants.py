"""The independent checker: what must hold of any finished dataset.

It reads the files as any other program would, shares no code with the engine or the
compiler, and knows of the scenario only what the manifest says (`knowledge`). Memory is
bounded by the largest row groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from simulator.errors import DatasetError
from simulator.quality.clinical import check_treatments, check_values, check_words
from simulator.quality.constraints import check_constraints
from simulator.quality.diagnoses import check_diagnoses
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
from simulator.quality.medicines import check_medicines
from simulator.quality.people import check_facts, check_life, check_order, check_period, check_subjects
from simulator.quality.pieces import Piece, pieces_of
from simulator.quality.report import Report, Tally
from simulator.quality.shard import Shard
from simulator.quality.visits import (
    Providers,
    check_encounters,
    check_membership,
    check_overlap,
    check_own_rows,
    check_providers,
    check_stays,
)
from simulator.store.columns import read_table
from simulator.store.digest import dataset_digest
from simulator.store.layout import SHARDED, SINGLE, shard_path
from simulator.store.manifest import read_manifest
from simulator.store.recompute import block_digests, read_signals
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
    judge = _Judge(vocabulary, knowledge, described, providers, tally, report)
    shards = manifest["plan"]["shards"]
    for index in range(shards):
        if _readable(path, index, tally):
            judge.shard(path, manifest["plan"], index)
        else:
            report.unchecked["V05"] = f"the rows of shard {index} cannot be judged"
        if progress is not None:
            progress(index + 1, shards)
    if "V05" not in report.unchecked:
        _check_digest(path, manifest, vocabulary, judge.blocks, tally)
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


def _readable(path: Path, index: int, tally: Tally) -> bool:
    """Whether all files of a shard are there with the right columns."""
    names = {table: shard_path(table, index) for table in SHARDED}
    present = [t for t, name in names.items() if (path / name).exists()]
    right = [t for t in present if check_schema(path, names[t], t, tally)]
    return len(right) == len(SHARDED)


@dataclass(slots=True)
class _Judge:
    """Applies the rules for rows, piece by piece."""

    vocabulary: Vocabulary
    knowledge: Knowledge
    described: set[str] | None
    providers: Providers | None
    tally: Tally
    report: Report
    blocks: list[bytes] = field(default_factory=list)

    def shard(self, path: Path, plan: dict[str, Any], index: int) -> None:
        try:
            for piece in pieces_of(path, plan, index):
                self._piece(piece, plan["communities"], index)
        except (OSError, pa.ArrowException) as error:
            self.tally.add("V06", f"shard {index}: {str(error).splitlines()[0]}")
            self.report.unchecked["V05"] = f"the rows of shard {index} cannot be judged"

    def _piece(self, piece: Piece, communities: int, index: int) -> None:
        for name, table in piece.tables.items():
            self.report.rows[name] += len(table)
        whole = [check_nulls(rows, shard_path(t, index), t, self.tally) for t, rows in piece.tables.items()]
        if not all(whole):
            self.report.unchecked["V05"] = f"rows of shard {index} cannot be judged"
            return
        shard = Shard(piece.tables, self.vocabulary, self.tally)
        self.blocks += block_digests(
            piece.tables, self.vocabulary, piece.first, piece.stop, shard.events.known
        )
        check_subjects(shard, piece.first + 1, piece.stop + 1, communities)
        check_order(shard)
        check_life(shard)
        check_facts(shard, self.knowledge)
        check_period(shard)
        check_encounters(shard)
        check_overlap(shard)
        check_own_rows(shard)
        check_membership(shard)
        check_stays(shard)
        if self.providers is not None:
            check_providers(shard, self.providers)
        described = set(shard.events.code.words) if self.described is None else self.described
        check_words(shard, described)
        check_values(shard, self.knowledge)
        check_treatments(shard, self.knowledge)
        check_medicines(shard, self.knowledge)
        check_diagnoses(shard, self.knowledge)
        check_constraints(shard, self.knowledge)
        check_truth(shard, self.knowledge)


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
