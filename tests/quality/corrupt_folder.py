"""Corruptions of files, words, splits and signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.store.layout import MEDS_DATASET
from tests.quality.corruptions import HBA1C, T2D, planted
from tests.quality.planting import Copy, pick

# --- the folder ---------------------------------------------------------------------------


@planted("V01", repaired=False)
def events_file_missing(d: Copy) -> None:
    d.file("events", 1).unlink()


@planted("V02")
def stray_file(d: Copy) -> None:
    pq.write_table(pa.table({"subject_id": [1]}), d.path / "data" / "shard-00099.parquet")


@planted("V03", repaired=False)
def changed_byte_of_no_consequence(d: Copy) -> None:
    file = d.file("providers")
    data = file.read_bytes()
    pq.write_table(pq.read_table(file), file)
    assert file.read_bytes() != data


@planted("V03", "V04", "V05", "V28", repaired=False)
def rows_lost(d: Copy) -> None:
    d.change("events", lambda e: e.iloc[:-1])


@planted("V03", "V05", repaired=False)
def value_changed(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        row = pick(e, e.code == HBA1C)
        e.loc[row, "numeric_value"] = 4.2 if e.loc[row, "numeric_value"] != np.float32(4.2) else 4.3

    d.change("events", edit)


@planted("V03", "V06", repaired=False)
def truncated_file(d: Copy) -> None:
    file = d.file("truth", 1)
    file.write_bytes(file.read_bytes()[:-100])


@planted("V07")
def column_missing(d: Copy) -> None:
    d.rewrite("events", lambda t: t.drop_columns("cause"))


@planted("V07")
def time_in_nanoseconds(d: Copy) -> None:
    d.rewrite("encounters", lambda t: t.set_column(4, "start", t.column("start").cast(pa.timestamp("ns"))))


@planted("V07")
def undefined_column(d: Copy) -> None:
    d.rewrite("subjects", lambda t: t.append_column("name", pa.array(["x"] * len(t))))


@planted("V07", "V08")
def code_stored_as_dictionary(d: Copy) -> None:
    d.rewrite("events", lambda t: t.set_column(2, "code", t.column("code").dictionary_encode()))


@planted("V08")
def metadata_without_version(d: Copy) -> None:
    (d.path / MEDS_DATASET).write_text('{"dataset_name": "clinic"}')


@planted("V09")
def null_code(d: Copy) -> None:
    def edit(t: pa.Table) -> pa.Table:
        codes = t.column("code").to_pylist()
        codes[5] = None
        return t.set_column(2, pa.field("code", pa.string()), pa.array(codes, pa.string()))

    d.rewrite("events", edit)


@planted("V05", "V10", repaired=False)
def scenario_text_changed(d: Copy) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["provenance"]["scenario"]["files"]["clinic.yaml"] += "# changed"
        manifest["vocabulary"]["codes"][7]["title"] = "Type 1 diabetes"

    d.manifest(edit)


# --- words --------------------------------------------------------------------------------


@planted("V11")
def code_not_described(d: Copy) -> None:
    d.change("codes", lambda c: c[c.code != HBA1C])


@planted("V11")
def code_described_twice(d: Copy) -> None:
    d.change("codes", lambda c: pd.concat([c, c.iloc[[3]]]))


@planted("V11")
def unheard_of_code(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == "NOTE//visit"), ["code", "text_value"]] = ["NOTE//other", None]

    d.change("events", edit)


@planted("V12")
def illegal_status(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == T2D), "status"] = "final"

    d.change("events", edit)


@planted("V13")
def text_of_another_code(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == T2D), "text_value"] = "seen, no complaints"

    d.change("events", edit)


@planted("V14")
def unknown_cause(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "cause"] = "care.nowhere"

    d.change("events", edit)


# --- splits and exchange ------------------------------------------------------------------


@planted("V61")
def subject_in_no_split(d: Copy) -> None:
    d.change("splits", lambda s: s.iloc[1:])


@planted("V61")
def subject_in_two_splits(d: Copy) -> None:
    d.change("splits", lambda s: pd.concat([s, s.iloc[[5]]]))


@planted("V62")
def subject_in_the_wrong_split(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        s.loc[pick(s, s.split == "held_out"), "split"] = "train"

    d.change("splits", edit)


@planted("V63")
def signal_not_finite(d: Copy) -> None:
    def edit(x: pd.DataFrame) -> None:
        x.loc[4, "value"] = np.inf

    d.change("exchange", edit)


@planted("V63")
def signal_incomplete(d: Copy) -> None:
    d.change("exchange", lambda x: x[x.community == 0])
