"""A dataset appears whole or not at all, and nothing that exists is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import DatasetError, UsageError
from simulator.quality.invariants import verify
from simulator.store.chunk import Chunk
from simulator.store.dataset import Dataset
from simulator.store.writer import DatasetWriter
from tests.store import clinic


def writer(out: Path, *, patients: int = 10, shard_size: int = 1_000, force: bool = False) -> DatasetWriter:
    return DatasetWriter(
        out,
        clinic.VOCABULARY,
        clinic.PROVENANCE,
        patients=patients,
        shard_size=shard_size,
        communities=clinic.COMMUNITIES,
        force=force,
    )


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_what_was_written_is_all_there(tmp_path: Path) -> None:
    out = clinic.write(tmp_path / "deep" / "down" / "clinic", patients=30)
    assert names(tmp_path / "deep" / "down") == ["clinic"]
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == [
        "data/shard-00000.parquet",
        "manifest.json",
        "metadata/codes.parquet",
        "metadata/dataset.json",
        "metadata/subject_splits.parquet",
        "tables/encounters/shard-00000.parquet",
        "tables/providers.parquet",
        "tables/subjects/shard-00000.parquet",
        "tables/truth/shard-00000.parquet",
    ]
    manifest = Dataset(out).manifest
    assert manifest["summary"] == {"made": "by hand"}
    assert manifest["provenance"] == clinic.PROVENANCE
    assert manifest["plan"]["patients"] == 30


def test_failed_run_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "clinic"

    def fail() -> None:
        with writer(out) as dataset:
            dataset.shard(0).write(clinic.population().slice(0, 3))
            assert [n.startswith(".clinic.partial-") for n in names(tmp_path)] == [True]
            raise RuntimeError("the engine stopped")

    with pytest.raises(RuntimeError, match="the engine stopped"):
        fail()
    assert names(tmp_path) == []


def test_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with writer(tmp_path / "clinic") as dataset, dataset.shard(0) as shard:
            shard.write(clinic.population().slice(0, 10))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        interrupted()
    assert names(tmp_path) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.store import clinic
from tests.store.test_writer import writer
with writer(Path(sys.argv[1]), patients=20, force=True) as dataset:
    with dataset.shard(0) as shard:
        shard.write(clinic.population(20))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("existing", [False, True])
def test_killed_run_leaves_nothing_that_opens(existing: bool, tmp_path: Path, root: Path) -> None:
    out = tmp_path / "clinic"
    if existing:
        before = Dataset(clinic.write(out, patients=10)).digest
    done = subprocess.run([sys.executable, "-c", KILLED, str(out)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    left = [n for n in names(tmp_path) if n != "clinic"]
    assert len(left) == 1
    with pytest.raises(DatasetError, match="left over from a run that did not finish"):
        Dataset(tmp_path / left[0])
    with pytest.raises(DatasetError, match="left over from a run that did not finish"):
        verify(tmp_path / left[0])
    if existing:
        assert Dataset(out).digest == before
    else:
        assert not out.exists()
    moved = tmp_path / "moved"
    os.rename(tmp_path / left[0], moved)  # even under another name it is not whole
    with pytest.raises(DatasetError, match=r"is not a dataset: it has no manifest\.json"):
        Dataset(moved)


FULL = """
import resource, sys
from pathlib import Path
from simulator.errors import DatasetError
from tests.store import clinic
clinic.population()
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    clinic.write(Path(sys.argv[1]))
except DatasetError as error:
    print(error)
"""


def test_full_disk_leaves_nothing(tmp_path: Path, root: Path) -> None:
    """A limit on the size of files stands in for a disk without room."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "clinic")],
        cwd=root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "cannot write" in done.stdout
    assert "make room on the disk" in done.stdout
    assert names(tmp_path) == []


def test_stale_folder_of_the_same_process_number_is_left_alone(tmp_path: Path) -> None:
    stale = tmp_path / f".clinic.partial-{os.getpid()}"
    stale.mkdir()
    (stale / "precious").touch()
    clinic.write(tmp_path / "clinic", patients=10)
    assert names(tmp_path) == [stale.name, "clinic"]
    assert names(stale) == ["precious"]


def test_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    out = clinic.write(tmp_path / "clinic", patients=10)
    with pytest.raises(DatasetError, match=r"(?s)clinic already exists.*--force"):
        writer(out)
    assert len(Dataset(out)) == 10
    assert names(tmp_path) == ["clinic"]


def test_force_replaces_a_dataset(tmp_path: Path) -> None:
    out = clinic.write(tmp_path / "clinic", patients=10)
    clinic.write(out, patients=12, force=True)
    assert len(Dataset(out)) == 12
    assert names(tmp_path) == ["clinic"]


def test_force_keeps_the_old_dataset_if_the_new_one_fails(tmp_path: Path) -> None:
    out = clinic.write(tmp_path / "clinic", patients=10)
    with pytest.raises(UsageError, match="1 of 1 shards are not closed"), writer(out, force=True) as dataset:
        dataset.finish()
    assert len(Dataset(out)) == 10
    assert names(tmp_path) == ["clinic"]


def test_force_does_not_replace_a_folder_of_somebody_else(tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.txt").write_text("hello")
    with pytest.raises(DatasetError, match="is not a dataset of this program, so it is not replaced"):
        writer(out, force=True)
    assert names(out) == ["chapter1.txt"]


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir()
    assert len(Dataset(clinic.write(tmp_path / "clinic", patients=10))) == 10


def test_folder_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "clinic"

    def run() -> None:
        with writer(out) as dataset:
            with dataset.shard(0) as shard:
                shard.write(clinic.population(10))
            out.mkdir()
            (out / "chapter1.txt").touch()
            dataset.finish()

    with pytest.raises(DatasetError, match="clinic already exists"):
        run()
    assert names(tmp_path) == ["clinic"]
    assert names(out) == ["chapter1.txt"]


def test_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "clinic").write_text("a file")
    with pytest.raises(DatasetError, match="clinic already exists"):
        writer(tmp_path / "clinic")
    with pytest.raises(DatasetError, match="cannot write beside"):
        writer(tmp_path / "clinic" / "below")


def test_name_of_an_unfinished_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has the name of an unfinished dataset"):
        writer(tmp_path / ".clinic.partial-1")


def test_chunks_out_of_order(tmp_path: Path) -> None:
    everyone = clinic.population()
    with writer(tmp_path / "clinic") as dataset:
        shard = dataset.shard(0)
        with pytest.raises(UsageError, match="was handed patients 1 to 2, but patient 0 is next"):
            shard.write(everyone.slice(1, 3))
        with pytest.raises(UsageError, match=r"patients 0 to 10, but .* 9 is the shard's last"):
            shard.write(everyone.slice(0, 11))
        shard.write(everyone.slice(0, 3))
        with pytest.raises(UsageError, match="shard 0 ends at patient 2, expected 9"):
            shard.close()
        with pytest.raises(UsageError, match="shard 0 is written twice"):
            dataset.shard(0)
        with pytest.raises(UsageError, match="there is no shard 1"):
            dataset.shard(1)


@pytest.mark.parametrize(("patients", "shard_size"), [(0, 1_000), (10, 0), (-1, 1_000)])
def test_impossible_sizes(patients: int, shard_size: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="all three must be at least 1"):
        writer(tmp_path / "clinic", patients=patients, shard_size=shard_size)


def test_shard_size_is_a_multiple_of_a_block(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="shard_size 1500 is not a multiple of 1000"):
        writer(tmp_path / "clinic", patients=3_000, shard_size=1_500)
    with writer(tmp_path / "clinic", patients=10, shard_size=10) as dataset:
        assert dataset.shards == 1


BAD = {
    "ev_code": (99, "ev_code holds index 99, expected 0 to 19"),
    "ev_cause": (77, "ev_cause holds index 77"),
    "ev_encounter": (15, "refers to an encounter that is not among the patient's encounters"),
    "enc_kind": (3, "enc_kind holds index 3"),
    "enc_number": (-1, "enc_number holds number -1"),
    "tr_process": (2, "tr_process holds index 2"),
    "tr_to": (2, "tr_to holds index -1"),
    "tr_arrow": (-1, "tr_arrow holds index -1"),
    "sex": (2, "sex holds index 2"),
}


@pytest.mark.parametrize("column", sorted(BAD))
def test_indices_without_a_word(column: str, tmp_path: Path) -> None:
    value, message = BAD[column]
    part = clinic.population().slice(0, 10)
    values = getattr(part, column).copy()
    values[-1] = value
    with writer(tmp_path / "clinic") as dataset:
        shard = dataset.shard(0)
        with pytest.raises(UsageError, match=message):
            _write_all(shard, replace(part, **{column: values}))


def _write_all(shard: object, chunk: Chunk) -> None:
    shard.write(chunk)  # type: ignore[attr-defined]
    shard.close()  # type: ignore[attr-defined]


def test_buffers_may_be_reused_after_write(tmp_path: Path) -> None:
    expected = Dataset(clinic.write(tmp_path / "expected", patients=10)).digest
    buffer = clinic.population(10).copy()
    with writer(tmp_path / "clinic") as dataset:
        shard = dataset.shard(0)
        shard.write(buffer)
        for name in ("ev_time", "ev_value", "birth", "enc_start", "tr_time"):
            getattr(buffer, name)[:] = 0
        shard.close()
        dataset.finish()
    assert Dataset(tmp_path / "clinic").digest == expected


def test_shards_written_side_by_side(tmp_path: Path) -> None:
    everyone = clinic.population()
    expected = Dataset(clinic.write(tmp_path / "expected")).digest
    with writer(tmp_path / "clinic", patients=clinic.PATIENTS) as dataset:

        def work(index: int) -> None:
            first = index * 1_000
            with dataset.shard(index) as shard:
                shard.write(everyone.slice(first, min(first + 1_000, clinic.PATIENTS)))

        threads = [threading.Thread(target=work, args=(i,)) for i in reversed(range(dataset.shards))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        dataset.finish()
    assert Dataset(tmp_path / "clinic").digest == expected
    assert verify(tmp_path / "clinic").ok


def test_no_encounters_and_no_truth(tmp_path: Path) -> None:
    part = clinic.population().slice(0, 10)
    none = np.zeros(10, dtype=np.int64)
    vital = np.isin(part.ev_code, [clinic.BIRTH, clinic.DEATH])
    subject = np.repeat(np.arange(10), part.event_counts)
    columns = {n: getattr(part, n)[vital] for n in Chunk.__dataclass_fields__ if n.startswith("ev_")}
    empty = {n: getattr(part, n)[:0] for n in Chunk.__dataclass_fields__ if n.startswith(("enc_", "tr_"))}
    bare = replace(
        part,
        **columns,
        **empty,
        event_counts=np.bincount(subject[vital], minlength=10),
        encounter_counts=none,
        truth_counts=none,
    )
    with writer(tmp_path / "clinic") as dataset:
        with dataset.shard(0) as shard:
            shard.write(bare)
        dataset.finish()
    assert verify(tmp_path / "clinic").ok
    log = Dataset(tmp_path / "clinic")
    assert len(log.encounters()) == len(log.truth()) == 0
    assert len(log.events()) == int(vital.sum())
