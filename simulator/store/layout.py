"""Where things lie in a dataset's folder.

::

    OUT/manifest.json                      what it is: scenario, seed, versions, counts, digest
    OUT/data/shard-00000.parquet           the events, a MEDS data table
    OUT/metadata/dataset.json              MEDS metadata
    OUT/metadata/codes.parquet
    OUT/metadata/subject_splits.parquet
    OUT/tables/subjects/shard-00000.parquet
    OUT/tables/encounters/shard-00000.parquet
    OUT/tables/truth/shard-00000.parquet
    OUT/tables/providers.parquet
    OUT/tables/exchange.parquet            coupled runs only
"""

from __future__ import annotations

FORMAT = 1  #: of the folder; a reader refuses what is newer
KIND = "simulator-dataset"
BLOCK = 1_000  #: patients of one block of the content digest; shard sizes are multiples of it

MANIFEST = "manifest.json"
MEDS_DATASET = "metadata/dataset.json"
#: tables that are one file
SINGLE: dict[str, str] = {
    "providers": "tables/providers.parquet",
    "exchange": "tables/exchange.parquet",
    "codes": "metadata/codes.parquet",
    "splits": "metadata/subject_splits.parquet",
}
#: folders of tables that have a file per shard
SHARDED: dict[str, str] = {
    "events": "data",
    "subjects": "tables/subjects",
    "encounters": "tables/encounters",
    "truth": "tables/truth",
}


def shard_path(table: str, shard: int) -> str:
    """Path of a shard's file within the dataset, e.g. ``data/shard-00003.parquet``."""
    return f"{SHARDED[table]}/shard-{shard:05d}.parquet"


def shard_count(patients: int, shard_size: int) -> int:
    return -(-patients // shard_size)


def partial_name(name: str, pid: int, attempt: int = 0) -> str:
    """Name of the sibling folder in which a dataset grows until it is whole."""
    suffix = f"-{attempt}" if attempt else ""
    return f".{name}.partial-{pid}{suffix}"


def is_partial(name: str) -> bool:
    return name.startswith(".") and (".partial-" in name or ".replaced-" in name)
