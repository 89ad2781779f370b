"""Sweeps with mesa.batch_run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mesa.batchrunner import batch_run

from simulator import PopulationModel
from simulator.errors import UsageError

Hospital = Callable[[str], Path]
SEEDS, SIZES = (1, 2), (60, 90)


def sweep(parameters: dict[str, Any], seeds: tuple[int, ...], **given: Any) -> list[dict[str, Any]]:
    """A sweep that also goes over seeds: Mesa 3.4 and later take them apart from the parameters."""
    if "rng" in inspect.signature(batch_run).parameters:
        given["rng"] = list(seeds)
    else:
        parameters = parameters | {"seed": list(seeds)}
    return batch_run(PopulationModel, parameters, display_progress=False, **given)


@pytest.mark.parametrize("processes", [1, 2])
def test_seeds_and_sizes(hospital: Hospital, processes: int) -> None:
    """Each run is the one that its parameters give alone, also in other processes (spawned)."""
    path = str(hospital("coupled"))
    parameters = {"scenario": path, "size": list(SIZES), "step": "2 weeks"}
    rows = sweep(parameters, SEEDS, number_processes=processes)
    runs = {(row["seed"], row["size"]): row for row in rows}
    assert set(runs) == {(seed, size) for seed in SEEDS for size in SIZES}
    for (seed, size), row in runs.items():
        model = PopulationModel(path, seed=seed, size=size, step="2 weeks").run()
        assert row["date"] == model.date
        assert row["living"] == model.living
        assert row["prevalence_pressure_by_community"].tolist() == model.prevalence("pressure").tolist()
        assert row["occupancy"] == model.occupancy
    assert len({row["living"] - size for (_, size), row in runs.items()}) > 1


def test_every_window_of_every_run(hospital: Hospital) -> None:
    """Longer than the thousand steps after which batch_run stops, if it is told so."""
    parameters = {"scenario": str(hospital("coupled")), "size": 30, "step": "4 hours"}
    rows = sweep(parameters, (7,), data_collection_period=1, max_steps=2_000)
    dates = sorted({row["date"] for row in rows})
    assert len(dates) == 182 * 6
    assert dates[-1].isoformat() == "2020-07-01T00:00:00"


def test_a_dict_among_the_parameters_must_stand_in_a_list(hospital: Hospital) -> None:
    path = str(hospital("coupled"))
    with pytest.raises(UsageError, match=r"inpatient has 'inpatient' beds(.|\n)*\[\{'inpatient': 20\}\]"):
        sweep({"scenario": path, "size": 30, "beds": {"inpatient": 3}}, (1,))
    rows = sweep({"scenario": path, "size": 30, "beds": [{"inpatient": 3}, {"inpatient": 5}]}, (1,))
    assert [row["beds"] for row in rows if row.get("name", "inpatient 0") == "inpatient 0"] in (
        [{"inpatient": 3}, {"inpatient": 5}],
        [3, 5],  # from Mesa 3.4 on each facility has a row, with its own beds
    )
