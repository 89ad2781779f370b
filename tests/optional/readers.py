"""Do other people's tools read a dataset of ours? Run by hand, in an environment of its own.

    python -m venv .venv-readers
    .venv-readers/bin/pip install meds-reader polars duckdb
    .venv-readers/bin/python tests/optional/readers.py out/demo

meds-reader converts the dataset and compares the result with the source; polars and duckdb
count what they read and must see plain text. Exit code 1 if any of them disagrees.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def read_with_meds_reader(path: Path, events: int) -> None:
    tools = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        made = str(Path(folder) / "database")
        subprocess.run([tools / "meds_reader_convert", path, made, "--num_threads", "2"], check=True)
        subprocess.run([tools / "meds_reader_verify", path, made], check=True)
        import meds_reader

        with meds_reader.SubjectDatabase(made) as database:
            found = sum(len(database[subject].events) for subject in database)
    assert found == events, f"{found} events, expected {events}"


def read_with_polars(path: Path, events: int) -> None:
    import polars

    frame = polars.scan_parquet(path / "data" / "*.parquet")
    schema = frame.collect_schema()
    assert schema["code"] == polars.String, f"code is {schema['code']}"
    assert schema["time"] == polars.Datetime("us"), f"time is {schema['time']}"
    found = frame.select(polars.len(), polars.col("code").null_count().alias("nulls")).collect().row(0)
    assert found == (events, 0), f"events and null codes {found}, expected {(events, 0)}"


def read_with_duckdb(path: Path, events: int) -> None:
    import duckdb

    query = f"select typeof(code), typeof(status), count(*) from '{path}/data/*.parquet' group by all"
    found = duckdb.sql(query).fetchall()
    assert found == [("VARCHAR", "VARCHAR", events)], f"{found}"


READERS: dict[str, Callable[[Path, int], None]] = {
    "meds_reader": read_with_meds_reader,
    "polars": read_with_polars,
    "duckdb": read_with_duckdb,
}


def main(path: Path) -> int:
    events = json.loads((path / "manifest.json").read_text())["counts"]["events"]
    failed = 0
    for name, read in READERS.items():
        try:
            read(path, events)
        except (AssertionError, ImportError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"{name}: {error}")
        else:
            print(f"{name}: {events} events, as written")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: readers.py DATASET")
    sys.exit(main(Path(sys.argv[1])))
