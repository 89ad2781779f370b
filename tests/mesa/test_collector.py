"""What the data collector reports, against the tables of an independent run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator import PopulationModel
from simulator.errors import UsageError
from tests.mesa.conftest import SEED, Lived


def test_a_row_per_window(lived: Lived) -> None:
    windows = lived.windows
    assert windows["date"].tolist() == lived.edges
    names = ["date", "living", "deaths", "admissions", "discharges", "occupancy"]
    signals = ["prevalence_pressure", "prevalence_pressure_by_community"]
    assert list(windows) == names + (signals if lived.model.program.machine.signals else [])


def test_the_living_and_the_dead(lived: Lived) -> None:
    windows, people = lived.windows, lived.log.to_pandas("subjects")
    for step, edge in enumerate(lived.edges):
        dead = people["death"] < edge
        assert windows["living"][step] == ((people["entry"] <= edge) & ~dead).sum()
    bins = [pd.Timestamp("2020-01-01"), *lived.edges]
    dying = [int(((people["death"] >= a) & (people["death"] < b)).sum()) for a, b in pairwise(bins)]
    assert windows["deaths"].tolist() == dying
    assert sum(dying) > 0
    if (people["entry"] == bins[0]).all():  # nobody is born: only deaths change the number
        assert (windows["living"].diff().dropna() == -windows["deaths"][1:]).all()
    else:
        assert windows["living"].max() > windows["living"][0]


def test_totals_are_those_of_the_facilities(lived: Lived) -> None:
    windows, facilities = lived.windows, lived.model.facility_frame()
    for name in ("admissions", "discharges"):
        assert windows[name].tolist() == facilities[name].groupby("Step").sum().tolist()
    last = facilities.loc[len(windows)]
    assert windows["occupancy"].iloc[-1] == dict(zip(last["name"], last["occupied"], strict=True))
    assert lived.model.occupancy == windows["occupancy"].iloc[-1]


def ill_at(lived: Lived, edge: pd.Timestamp) -> tuple[np.ndarray, np.ndarray]:
    """By community: the ill among the living, and the living, from truth and subjects."""
    people, truth = lived.log.to_pandas("subjects"), lived.log.to_pandas("truth")
    living = people[(people["entry"] <= edge) & ~(people["death"] < edge)]
    before = truth[(truth["time"] < edge) & (truth["process"] == "flu")]
    state = before.groupby("subject_id")["to"].last()
    ill = living[living["subject_id"].isin(state.index[state == "ill"])]
    return np.bincount(ill["community"], minlength=3), np.bincount(living["community"], minlength=3)


@pytest.mark.parametrize("step", [0, 3, 9, 15])
def test_prevalence_is_the_share_of_the_ill(lived: Lived, step: int) -> None:
    if not lived.model.program.machine.signals:
        with pytest.raises(UsageError, match=r"nothing named 'pressure' is exchanged(.|\n)*there is nothing"):
            lived.model.prevalence("pressure")
        return
    ill, living = ill_at(lived, lived.edges[step])
    row = lived.windows.loc[step]
    assert row["prevalence_pressure"] == pytest.approx(ill.sum() / living.sum(), abs=1e-15)
    assert row["prevalence_pressure_by_community"] == pytest.approx(ill / living, abs=1e-15)
    assert ill.sum() > 0


def test_prevalence_mixed_over_contacts_is_what_is_exchanged(lived: Lived) -> None:
    """A path of three communities, 70 % of contacts at home: rows .7 .3 0, .15 .7 .15, 0 .3 .7."""
    if not lived.model.program.machine.signals:
        assert len(lived.log.table("exchange")) == 0
        return
    contacts = np.array([[0.7, 0.3, 0.0], [0.15, 0.7, 0.15], [0.0, 0.3, 0.7]])
    met = lived.log.to_pandas("exchange").pivot(index="time", columns="community", values="value")
    for step, edge in enumerate(lived.edges[:-1]):
        shares = lived.windows["prevalence_pressure_by_community"][step]
        assert met.loc[edge].to_numpy() == pytest.approx(contacts @ shares, abs=1e-15)


def test_prevalence_now_is_that_of_the_latest_row(hospital: Callable[[str], Path]) -> None:
    model = PopulationModel(hospital("coupled"), seed=SEED)
    assert model.prevalence("pressure").tolist() == [0.0, 0.0, 0.0]
    for _ in range(4):
        model.step()
    rows = model.datacollector.get_model_vars_dataframe()["prevalence_pressure_by_community"]
    assert len(rows) == 4
    now = model.prevalence("pressure")
    assert rows.iloc[-1].tolist() == now.tolist()
    now[:] = 9.0  # a copy: what is passed on cannot be changed from outside
    assert model.prevalence("pressure").max() <= 1.0
    with pytest.raises(UsageError, match=r"nothing named 'flu'(.|\n)*there is pressure"):
        model.prevalence("flu")
