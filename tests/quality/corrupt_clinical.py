"""Corruptions of treatments, values and truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.corruptions import DAY, HBA1C, METFORMIN, T2D, moment, planted
from tests.quality.planting import Copy, pick
from tests.store import clinic

# --- treatments and values ----------------------------------------------------------------


@planted("V48")
def given_before_approval(d: Copy) -> None:
    first = d.read("events").query("code == @METFORMIN").time.min()

    def edit(manifest: dict[str, Any]) -> None:
        checks = manifest["provenance"]["checks"]
        checks["available"] = {METFORMIN: int((first + DAY).value // 1_000)}

    d.manifest(edit)


@planted("V49")
def treated_but_never_diagnosed(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        treated = e.subject_id.isin(e.subject_id[e.code == METFORMIN])
        return e.drop(index=pick(e, (e.code == T2D) & (e.time > moment(clinic.START)) & treated))

    d.change("events", edit)


@planted("V49")
def treated_before_diagnosis(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        began = (e.code == METFORMIN) & (e.status == "active")
        row = pick(e, (e.code == T2D) & began.shift(-1))
        order = np.arange(len(e))
        order[[row, row + 1]] = [row + 1, row]
        e.loc[row, "time"] += pd.Timedelta(minutes=1)
        return e.iloc[order]

    d.change("events", edit)


@planted("V50")
def stopped_twice(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.status == "stopped")
        return pd.concat([e.iloc[: row + 1], e.iloc[row:]])

    d.change("events", edit)


@planted("V51")
def supply_ends_before_it_begins(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        row = pick(e, e.end.notna())
        e.loc[row, "end"] = e.loc[row, "time"] - DAY

    d.change("events", edit)


@planted("V64")
def treated_at_a_forbidden_age(d: Copy) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["provenance"]["checks"]["never"] = [[{"on": METFORMIN}, {"age": [1.0, None]}]]

    d.manifest(edit)


@planted("V64")
def treated_with_a_forbidden_diagnosis(d: Copy) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        never = [[{"on": METFORMIN}, {"age": [None, 1.0]}], [{"diagnosed": T2D}, {"on": METFORMIN}]]
        manifest["provenance"]["checks"]["never"] = never

    d.manifest(edit)


@planted("V52")
def implausible_value(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "numeric_value"] = 64.0

    d.change("events", edit)


@planted("V13", "V53")
def value_in_another_unit(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "unit"] = "mmol/mol"

    d.change("events", edit)


@planted("V13", "V53")
def value_without_unit(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "unit"] = None

    d.change("events", edit)


@planted("V54")
def too_many_decimals(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "numeric_value"] = 6.5437

    d.change("events", edit)


@planted("V55")
def measurement_without_value(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "numeric_value"] = np.nan

    d.change("events", edit)


# --- truth --------------------------------------------------------------------------------


@planted("V56")
def unknown_state(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> None:
        t.loc[pick(t, t.process == "t2d"), "to"] = "severe"

    d.change("truth", edit)


@planted("V57")
def broken_chain(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> pd.DataFrame:
        row = pick(t, t.process == "t2d")
        return pd.concat([t.iloc[: row + 1], t.iloc[row:]])

    d.change("truth", edit)


@planted("V58")
def onset_before_birth(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> None:
        t.loc[pick(t, t.process == "t2d"), "time"] = moment(-60 * clinic.YEAR)

    d.change("truth", edit)


@planted("V58")
def onset_after_death(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> None:
        t.loc[pick(t, (t.process == "life")), "time"] += DAY

    d.change("truth", edit)


@planted("V59")
def back_from_the_dead(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> pd.DataFrame:
        row = pick(t, t.process == "life")
        back = t.iloc[[row]].assign(**{"from": "dead", "to": "alive"})
        return pd.concat([t.iloc[: row + 1], back, t.iloc[row + 1 :]])

    d.change("truth", edit)


@planted("V60")
def truth_not_sorted(d: Copy) -> None:
    d.change("truth", lambda t: t.iloc[::-1])
