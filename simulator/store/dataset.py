"""A dataset on disk, read only as far as it is asked for."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from simulator.errors import DatasetError
from simulator.store.layout import SHARDED, SINGLE, shard_path
from simulator.store.log import EventLog
from simulator.store.manifest import read_manifest
from simulator.store.tables import arrow_schema, string_columns


class Dataset(EventLog):
    """The dataset in a folder that `simulator run` wrote.

    Opening it reads the manifest alone.

    Example:
        >>> log = Dataset("runs/demo")                        # doctest: +SKIP
        >>> log.patient(42).events.to_pandas()                # doctest: +SKIP

    Raises: DatasetError if the folder is missing, unfinished, not ours or of a newer format.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.manifest = read_manifest(self.path)

    def scan(self, table: str = "events") -> pads.Dataset:
        """A pyarrow dataset over the files of a table, for queries larger than memory.

        Strings are plain here, as MEDS has them.
        """
        return self._open(table, self._paths(table, None), dictionary=False)

    def _table(self, name: str, columns: list[str] | None, subjects: list[int] | None) -> pa.Table:
        schema = arrow_schema(name, dictionary=True)
        if columns is not None:
            schema = pa.schema([schema.field(c) for c in columns])
        if subjects == [] or (name == "exchange" and "exchange" not in self.counts):
            return schema.empty_table()
        scan = self._open(name, self._paths(name, subjects), dictionary=True)
        condition = None
        if subjects is not None:
            subject = pc.field("subject_id")
            condition = (subject >= subjects[0]) & (subject <= subjects[-1])
            if len(subjects) > 1:
                condition &= subject.isin(subjects)
        try:
            return scan.to_table(columns=columns, filter=condition).cast(schema)
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(
                f"table {name} of {self.path} cannot be read: {error}",
                remedy=f"`simulator verify {self.path}` says what is damaged",
            ) from error

    def _paths(self, table: str, subjects: list[int] | None) -> list[Path]:
        if table in SINGLE:
            return [self.path / SINGLE[table]]
        plan = self.manifest["plan"]
        shards = range(plan["shards"])
        if subjects is not None:
            shards = sorted({(s - 1) // plan["shard_size"] for s in subjects})  # type: ignore[assignment]
        if table not in SHARDED:
            raise DatasetError(f"{self.path} has no table {table}", remedy="see `simulator.schema.TABLES`")
        return [self.path / shard_path(table, shard) for shard in shards]

    def _open(self, table: str, paths: list[Path], *, dictionary: bool) -> pads.Dataset:
        for path in paths:
            if not path.exists():
                raise DatasetError(
                    f"{path} is missing", remedy=f"`simulator verify {self.path}` says what is damaged"
                )
        strings = string_columns(table) if dictionary else []
        options = pads.ParquetReadOptions(dictionary_columns=strings)
        return pads.dataset(
            [str(path) for path in paths],
            schema=arrow_schema(table, dictionary=dictionary),
            format=pads.ParquetFileFormat(read_options=options),
        )

    def __repr__(self) -> str:
        return self._describe(str(self.path))
