"""An event log to read from, wherever it lies: on disk (`Dataset`) or in memory (`MemoryLog`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from simulator.errors import UsageError
from simulator.schema import TABLES
from simulator.store.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Patient:
    """All that is known of one patient: record and truth.

    Attributes:
        subject: the row of the subjects table; instants are datetimes (UTC, no zone).
        events, encounters, truth: this subject's rows, in order.
    """

    subject: dict[str, Any]
    events: pa.Table
    encounters: pa.Table
    truth: pa.Table


class EventLog(ABC):
    """Tables of a run, with the columns that `simulator.schema` defines.

    Strings are dictionary-encoded in the Arrow tables and categories in pandas, so that a
    code costs four bytes a row, not a Python object.

    Attributes:
        manifest: provenance, plan, vocabulary, counts, content digest.
    """

    manifest: dict[str, Any]

    @abstractmethod
    def _table(self, name: str, columns: list[str] | None, subjects: list[int] | None) -> pa.Table:
        """Rows of a table that exists, columns that exist; `subjects` sorted, within the population."""

    def table(
        self, name: str, columns: Sequence[str] | None = None, subjects: Iterable[int] | None = None
    ) -> pa.Table:
        """A table, or some of its columns, or the rows of some subjects.

        Args:
            name: events, subjects, encounters, truth, providers, codes, splits or exchange.
            columns: names; all if None.
            subjects: subject_ids; all if None. Only for tables that have subjects.

        Raises: UsageError for a table, column or subject that does not exist.
        """
        if name not in TABLES:
            raise UsageError(f"there is no table {name!r}", remedy=f"tables are {', '.join(TABLES)}")
        known = [c.name for c in TABLES[name]]
        unknown = [c for c in columns or () if c not in known]
        if unknown:
            raise UsageError(
                f"table {name} has no column {unknown[0]!r}", remedy=f"columns are {', '.join(known)}"
            )
        if subjects is not None and "subject_id" not in known:
            raise UsageError(f"table {name} does not belong to subjects", remedy="leave out `subjects`")
        chosen = None if subjects is None else self._checked(subjects)
        return self._table(name, None if columns is None else list(columns), chosen)

    def events(self, columns: Sequence[str] | None = None, subjects: Iterable[int] | None = None) -> pa.Table:
        """The record: a MEDS data table, by subject and time."""
        return self.table("events", columns, subjects)

    def subjects(
        self, columns: Sequence[str] | None = None, subjects: Iterable[int] | None = None
    ) -> pa.Table:
        """One row per patient: birth, sex, death, period of observation."""
        return self.table("subjects", columns, subjects)

    def encounters(
        self, columns: Sequence[str] | None = None, subjects: Iterable[int] | None = None
    ) -> pa.Table:
        """Visits and stays, by subject and start."""
        return self.table("encounters", columns, subjects)

    def truth(self, columns: Sequence[str] | None = None, subjects: Iterable[int] | None = None) -> pa.Table:
        """What really happened: transitions of latent processes, by subject and time."""
        return self.table("truth", columns, subjects)

    def providers(self) -> pa.Table:
        """The made-up staff."""
        return self.table("providers")

    def to_pandas(
        self,
        table: str = "events",
        columns: Sequence[str] | None = None,
        subjects: Iterable[int] | None = None,
    ) -> pd.DataFrame:
        """A table as a DataFrame.

        Instants are datetime64[us], strings categories (those that occur), integers that may be absent Int64
        or Int32.
        """
        import pandas as pd

        rows = self.table(table, columns, subjects)
        frame = rows.to_pandas()
        nullable = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}
        for field in rows.schema:
            if field.nullable and field.type in nullable:
                frame[field.name] = rows.column(field.name).to_pandas(types_mapper=nullable.get)
            elif isinstance(frame[field.name].dtype, pd.CategoricalDtype):
                frame[field.name] = _occurring(frame[field.name].cat)
        return frame

    def patient(self, subject_id: int) -> Patient:
        """One patient's record and truth. Raises: UsageError if there is no such subject."""
        ids = [subject_id]
        return Patient(
            subject=self.table("subjects", subjects=ids).to_pylist()[0],
            events=self.table("events", subjects=ids),
            encounters=self.table("encounters", subjects=ids),
            truth=self.table("truth", subjects=ids),
        )

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Codes, kinds of encounter, processes and transitions of the scenario."""
        return Vocabulary.from_json(self.manifest["vocabulary"])

    @property
    def time_zone(self) -> str | None:
        """Where the patients live (IANA name), None for UTC. Instants of all tables are those of UTC."""
        zone = self.manifest["provenance"].get("scenario", {}).get("time_zone")
        return None if zone is None else str(zone)

    @property
    def digest(self) -> str:
        """The content digest, as the manifest gives it."""
        return str(self.manifest["digest"])

    @property
    def counts(self) -> dict[str, int]:
        """Rows per table, as the manifest gives them."""
        return dict(self.manifest["counts"])

    def __len__(self) -> int:
        """Number of patients."""
        return int(self.manifest["plan"]["patients"])

    def _describe(self, where: str) -> str:
        events = self.counts["events"]
        return f"{type(self).__name__}({where}: {len(self):,} patients, {events:,} events)"

    def _checked(self, subjects: Iterable[int]) -> list[int]:
        ids: Collection[int] = sorted({int(s) for s in subjects})
        outside = [s for s in ids if not 1 <= s <= len(self)]
        if outside:
            raise UsageError(
                f"there is no subject {outside[0]}", remedy=f"subjects are numbered 1 to {len(self)}"
            )
        return list(ids)


def _occurring(words: Any) -> Any:
    """A column of categories (`Series.cat`) without those that do not occur, in time linear in its rows.

    The vocabulary is one for the whole run: a table of deaths would list every transition there is.
    """
    import pandas as pd

    codes = words.codes.to_numpy()
    occurs = np.bincount(codes[codes >= 0], minlength=len(words.categories)) > 0
    places = np.append(np.cumsum(occurs) - 1, -1)  # the last one is for -1, no value
    kept = pd.Index(words.categories[occurs])
    return pd.Categorical.from_codes(places[codes], kept)
