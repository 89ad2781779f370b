"""Where a dataset comes from."""

from __future__ import annotations

import json
import platform

import numpy as np
import pyarrow as pa

from simulator import provenance as module
from simulator.provenance import provenance, scenario_hash, versions


def test_hash_does_not_depend_on_order() -> None:
    assert scenario_hash({"a.yaml": "1", "b.yaml": "2"}) == scenario_hash({"b.yaml": "2", "a.yaml": "1"})


def test_hash_depends_on_names_texts_and_where_they_end() -> None:
    hashes = {
        scenario_hash({"a": "bc"}),
        scenario_hash({"ab": "c"}),
        scenario_hash({"a": "bd"}),
        scenario_hash({"a": "", "b": "c"}),
        scenario_hash({"a": "b", "c": ""}),
        scenario_hash({}),
    }
    assert len(hashes) == 6


def test_versions_name_what_the_result_depends_on() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert found["pyarrow"] == pa.__version__
    assert set(found) == {"simulator", "python", "numpy", "numba", "pyarrow", "tzdata"}


def test_package_that_is_not_installed_is_said_to_be_unknown() -> None:
    assert module._version("no-such-distribution-anywhere") == "unknown"


def test_provenance_is_json() -> None:
    made = provenance(
        scenario="cf",
        title="Cystic fibrosis",
        main="cf.yaml",
        files={"cf.yaml": "id: cf"},
        seed=7,
        size=100,
        command=["simulator", "run", "cf.yaml"],
    )
    assert json.loads(json.dumps(made)) == made
    assert made["scenario"]["hash"] == scenario_hash({"cf.yaml": "id: cf"})
    assert made["command"] == "simulator run cf.yaml"
    assert (made["seed"], made["size"], made["options"], made["checks"]) == (7, 100, {}, {})
