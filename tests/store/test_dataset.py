"""Reading a log, from disk and from memory."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from simulator.errors import DatasetError, UsageError
from simulator.schema import TABLES
from simulator.store.chunk import NULL
from simulator.store.dataset import Dataset
from simulator.store.layout import FORMAT, MANIFEST
from simulator.store.log import EventLog
from simulator.store.memory import MemoryLog
from simulator.store.tables import arrow_schema
from tests.store import clinic


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("dataset") / "clinic"
    return Dataset(clinic.write(path, signals=clinic.signals()))


@pytest.fixture(scope="module")
def memory() -> MemoryLog:
    return MemoryLog(
        [clinic.population().slice(0, 900), clinic.population().slice(900, clinic.PATIENTS)],
        clinic.VOCABULARY,
        clinic.PROVENANCE,
        communities=clinic.COMMUNITIES,
        signals=clinic.signals(),
    )


@pytest.fixture(params=["disk", "memory"])
def log(request: pytest.FixtureRequest) -> EventLog:
    return request.getfixturevalue(request.param)


def words(index: np.ndarray, names: list[str | None]) -> list[str | None]:
    return [None if i < 0 else names[i] for i in index.tolist()]


def instants(values: np.ndarray) -> list[dt.datetime | None]:
    epoch = dt.datetime(1970, 1, 1)
    return [None if v == NULL else epoch + dt.timedelta(microseconds=v) for v in values.tolist()]


def test_events_are_what_was_written(log: EventLog) -> None:
    chunk = clinic.population()
    codes = clinic.VOCABULARY.codes
    table = log.events()
    subject = np.repeat(np.arange(1, len(chunk) + 1), chunk.event_counts)
    assert table.column("subject_id").to_pylist() == subject.tolist()
    assert table.column("time").to_pylist() == instants(chunk.ev_time)
    assert table.column("code").to_pylist() == words(chunk.ev_code, [c.code for c in codes])
    assert table.column("text_value").to_pylist() == words(chunk.ev_code, [c.text for c in codes])
    assert table.column("unit").to_pylist() == words(chunk.ev_code, [c.unit for c in codes])
    assert table.column("status").to_pylist() == words(chunk.ev_code, [c.status for c in codes])
    assert table.column("cause").to_pylist() == words(chunk.ev_cause, list(clinic.VOCABULARY.arrows))
    assert table.column("end").to_pylist() == instants(chunk.ev_end)
    values = table.column("numeric_value").to_numpy()
    np.testing.assert_array_equal(values, chunk.ev_value)
    assert table.column("numeric_value").null_count == int(np.isnan(chunk.ev_value).sum())
    encounter = np.where(chunk.ev_encounter < 0, -1, (subject << 20) + chunk.ev_encounter)
    assert table.column("encounter_id").fill_null(-1).to_pylist() == encounter.tolist()


def test_other_tables_are_what_was_written(log: EventLog) -> None:
    chunk = clinic.population()
    subjects = log.subjects().to_pydict()
    assert subjects["subject_id"] == list(range(1, len(chunk) + 1))
    assert subjects["sex"] == words(chunk.sex, ["male", "female"])
    assert subjects["death"] == instants(chunk.death)
    assert subjects["death_cause"] == words(chunk.death_cause, list(clinic.VOCABULARY.arrows))
    assert subjects["exit"] == instants(chunk.exit)
    assert subjects["community"] == chunk.community.tolist()
    encounters = log.encounters().to_pydict()
    assert encounters["kind"] == words(chunk.enc_kind, [k.name for k in clinic.VOCABULARY.encounters])
    assert encounters["class"] == words(chunk.enc_kind, [k.class_ for k in clinic.VOCABULARY.encounters])
    assert encounters["reason"] == words(chunk.enc_kind, [k.reason for k in clinic.VOCABULARY.encounters])
    assert encounters["start"] == instants(chunk.enc_start)
    assert encounters["end"] == instants(chunk.enc_end)
    truth = log.truth().to_pydict()
    states = [states for _, states in clinic.VOCABULARY.processes]
    assert truth["time"] == instants(chunk.tr_time)
    assert truth["from"] == [states[p][s] for p, s in zip(chunk.tr_process, chunk.tr_from, strict=True)]
    assert truth["to"] == [states[p][s] for p, s in zip(chunk.tr_process, chunk.tr_to, strict=True)]
    assert truth["cause"] == words(chunk.tr_arrow, list(clinic.VOCABULARY.arrows))


def test_disk_and_memory_are_the_same(disk: Dataset, memory: MemoryLog) -> None:
    for name in TABLES:
        assert disk.table(name).to_pydict() == memory.table(name).to_pydict()
        assert disk.table(name).schema == memory.table(name).schema == arrow_schema(name, dictionary=True)


def test_providers_work_where_and_as_needed(log: EventLog) -> None:
    visits = log.to_pandas("encounters").merge(log.to_pandas("providers"), on="provider_id")
    home = log.to_pandas("subjects").set_index("subject_id").community
    assert len(visits) == len(log.encounters())
    assert (visits["class_x"].astype(str) == visits["class_y"].astype(str)).all()
    assert (visits.community == visits.subject_id.map(home)).all()
    seen = visits.groupby(["subject_id", "class_x"], observed=True).provider_id.nunique()
    assert (seen == 1).all()
    assert visits.provider_id.nunique() == len(log.providers())


def test_splits_are_80_10_10_and_do_not_move(log: EventLog) -> None:
    splits = log.table("splits").to_pandas()
    shares = splits.split.value_counts(normalize=True)
    # five standard errors of 2,500 draws; a share off by 4 % of the population would be seen
    for name, share in (("train", 0.8), ("tuning", 0.1), ("held_out", 0.1)):
        assert shares[name] == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / len(log)))
    # the first outputs of SplitMix64 seeded with 0, as published with the algorithm
    outputs = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC)
    tenths = ["train"] * 8 + ["tuning", "held_out"]
    assert splits.split[:4].tolist() == [tenths[output % 10] for output in outputs]


def test_codes_describe_each_code_once(log: EventLog) -> None:
    codes = log.table("codes").to_pandas().set_index("code")
    assert codes.index.is_unique
    assert set(codes.index) == {c.code for c in clinic.VOCABULARY.codes}
    assert codes.loc["ICD10CM//E11.9", "parent_codes"].tolist() == ["SNOMED//44054006"]
    assert codes.loc["LOINC//4548-4", "unit"] == "%"
    assert codes.loc["RXNORM//6809", "description"] == "Metformin"


def test_exchange_holds_the_signals(log: EventLog) -> None:
    exchange = log.to_pandas("exchange")
    signals = clinic.signals()
    for (step, name, community), value in np.ndenumerate(signals.values):
        row = exchange[
            (exchange.time == pd.Timestamp(int(signals.starts[step]), unit="us"))
            & (exchange.signal == signals.names[name])
            & (exchange.community == community)
        ]
        assert row.value.tolist() == [value]


def test_uncoupled_run_has_no_exchange(tmp_path: Path) -> None:
    log = Dataset(clinic.write(tmp_path / "clinic", patients=10))
    assert len(log.table("exchange")) == 0
    assert log.table("exchange").schema == arrow_schema("exchange", dictionary=True)


def test_some_columns_of_some_subjects(log: EventLog) -> None:
    ids = [2_400, 5, 1_001, 5]
    part = log.events(columns=["time", "subject_id"], subjects=ids)
    assert part.column_names == ["time", "subject_id"]
    whole = log.events().to_pandas()
    expected = whole[whole.subject_id.isin(ids)]
    assert part.column("subject_id").to_pylist() == expected.subject_id.tolist()
    assert sorted(set(part.column("subject_id").to_pylist())) == [5, 1_001, 2_400]
    assert len(log.events(subjects=[])) == 0


def test_patient(log: EventLog) -> None:
    patient = log.patient(1_500)
    assert patient.subject["subject_id"] == 1_500
    chunk = clinic.population().slice(1_499, 1_500)
    assert patient.subject["birth"] == instants(chunk.birth)[0]
    assert patient.events.column("time").to_pylist() == instants(chunk.ev_time)
    assert patient.encounters.column("start").to_pylist() == instants(chunk.enc_start)
    assert patient.truth.column("time").to_pylist() == instants(chunk.tr_time)


def test_pandas_types(log: EventLog) -> None:
    events = log.to_pandas(subjects=[1, 2])
    assert events.dtypes.astype(str).to_dict() == {
        "subject_id": "int64",
        "time": "datetime64[us]",
        "code": "category",
        "numeric_value": "float32",
        "text_value": "category",
        "unit": "category",
        "end": "datetime64[us]",
        "encounter_id": "Int64",
        "provider_id": "Int32",
        "status": "category",
        "cause": "category",
    }


def test_scan_is_plain_and_lazy(disk: Dataset) -> None:
    scan = disk.scan()
    assert scan.schema == arrow_schema("events")
    assert len(scan.files) == 3
    assert scan.count_rows() == disk.counts["events"]
    assert disk.scan("subjects").count_rows() == len(disk) == clinic.PATIENTS


def test_repr(disk: Dataset, memory: MemoryLog) -> None:
    assert repr(disk) == f"Dataset({disk.path}: 2,500 patients, {disk.counts['events']:,} events)"
    assert repr(memory) == f"MemoryLog(in memory: 2,500 patients, {disk.counts['events']:,} events)"
    assert disk.vocabulary == memory.vocabulary == clinic.VOCABULARY


def test_what_does_not_exist(log: EventLog) -> None:
    with pytest.raises(UsageError, match="there is no table 'event'"):
        log.table("event")
    with pytest.raises(UsageError, match="table events has no column 'value'"):
        log.events(columns=["value"])
    with pytest.raises(UsageError, match=r"(?s)there is no subject 0.*1 to 2500"):
        log.patient(0)
    with pytest.raises(UsageError, match="there is no subject 2501"):
        log.events(subjects=[7, 2_501])
    with pytest.raises(UsageError, match="table providers does not belong to subjects"):
        log.table("providers", subjects=[1])


def test_saved_memory_is_the_dataset(memory: MemoryLog, disk: Dataset, tmp_path: Path) -> None:
    saved = Dataset(memory.save(tmp_path / "saved"))
    assert saved.digest == disk.digest == memory.digest
    with pytest.raises(DatasetError, match="already exists"):
        memory.save(tmp_path / "saved")
    memory.save(tmp_path / "saved", force=True)


def test_memory_begins_with_patient_zero() -> None:
    with pytest.raises(UsageError, match="a log begins with patient 0"):
        MemoryLog([clinic.population().slice(1, 3)], clinic.VOCABULARY, clinic.PROVENANCE)
    with pytest.raises(UsageError, match="a log begins with patient 0"):
        MemoryLog([], clinic.VOCABULARY, clinic.PROVENANCE)


def test_folders_that_are_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nothing does not exist"):
        Dataset(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="file is not a folder"):
        Dataset(tmp_path / "file")
    with pytest.raises(DatasetError, match=r"is not a dataset: it has no manifest\.json"):
        Dataset(tmp_path)
    (tmp_path / "arms" / "base").mkdir(parents=True)
    (tmp_path / "arms" / "base" / MANIFEST).touch()
    with pytest.raises(DatasetError, match="no manifest") as several:
        Dataset(tmp_path / "arms")
    assert f"give one of the datasets in it, e.g. {tmp_path / 'arms' / 'base'}" in str(several.value)
    manifest = tmp_path / MANIFEST
    for text, message in (
        ("{", "cannot be read"),
        ("[]", "is not the manifest of a dataset of this program"),
        ('{"name": "web extension"}', "is not the manifest of a dataset of this program"),
    ):
        manifest.write_text(text)
        with pytest.raises(DatasetError, match=message):
            Dataset(tmp_path)


def test_newer_and_damaged_manifests(disk: Dataset, tmp_path: Path) -> None:
    newer = disk.manifest | {"format": FORMAT + 1}
    (tmp_path / MANIFEST).write_text(json.dumps(newer))
    with pytest.raises(DatasetError, match=r"(?s)has format 2, this program reads up to 1.*upgrade"):
        Dataset(tmp_path)
    partial = {key: value for key, value in disk.manifest.items() if key != "plan"}
    (tmp_path / MANIFEST).write_text(json.dumps(partial))
    with pytest.raises(DatasetError, match=r"manifest\.json is malformed: plan is NoneType, expected dict"):
        Dataset(tmp_path)


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    log = Dataset(clinic.write(tmp_path / "clinic", patients=10))
    file = log.path / "data" / "shard-00000.parquet"
    file.write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(DatasetError, match=r"(?s)table events of .* cannot be read.*simulator verify"):
        log.events()
    file.unlink()
    with pytest.raises(DatasetError, match=r"shard-00000\.parquet is missing"):
        log.events()
    assert len(log.subjects()) == 10


def test_patient_reads_one_row_group(disk: Dataset) -> None:
    """Looking up one patient must not read the whole shard: the subject_id statistics are there."""
    import pyarrow.parquet as pq

    for shard in range(3):
        groups = pq.read_metadata(disk.path / f"data/shard-0000{shard}.parquet")
        for g in range(groups.num_row_groups):
            assert groups.row_group(g).column(0).statistics.has_min_max
            assert groups.row_group(g).column(2).statistics is None
    assert isinstance(disk.patient(1).events, pa.Table)
