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
        row = pick(e, (e.code == T2D) & began.shift(-1) & (e.code.shift(-2) != "CVX//03"))
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


@planted("V58", "V69")
def onset_after_death(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> None:
        t.loc[pick(t, (t.process == "mortality")), "time"] += DAY

    d.change("truth", edit)


@planted("V59")
def back_from_the_dead(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> pd.DataFrame:
        row = pick(t, t.process == "mortality")
        back = t.iloc[[row]].assign(**{"from": "dead", "to": "alive"})
        return pd.concat([t.iloc[: row + 1], back, t.iloc[row + 1 :]])

    d.change("truth", edit)


@planted("V60")
def truth_not_sorted(d: Copy) -> None:
    d.change("truth", lambda t: t.iloc[::-1])


@planted("V69")
def death_without_its_cause(d: Copy) -> None:
    d.change("truth", lambda t: t.drop(index=pick(t, t.process == "mortality")))


@planted("V69")
def death_in_truth_alone(d: Copy) -> None:
    """A truth of the dead, given to somebody who lives."""
    alive = d.read("subjects").query("death.isna()").subject_id

    def edit(t: pd.DataFrame) -> pd.DataFrame:
        row = pick(t, t.subject_id.isin(alive))
        dead = t.iloc[[pick(t, t.process == "mortality")]]
        died = dead.assign(subject_id=t.subject_id[row], time=t.time[row])
        return pd.concat([t.iloc[: row + 1], died, t.iloc[row + 1 :]])

    d.change("truth", edit)


# --- what no hospital's record can say ----------------------------------------------------


@planted("V50")
def paused_after_it_was_stopped(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.status == "stopped")
        return pd.concat([e.iloc[: row + 1], e.iloc[[row]].assign(status="on-hold"), e.iloc[row + 1 :]])

    d.change("events", edit)


@planted("V65")
def dispensed_after_it_was_stopped(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.status == "stopped")
        return pd.concat([e.iloc[: row + 1], e.iloc[[row]].assign(status="dispensed"), e.iloc[row + 1 :]])

    d.change("events", edit)


@planted("V66")
def diagnosed_without_having_it(d: Copy) -> None:
    def edit(t: pd.DataFrame) -> pd.DataFrame:
        known = d.read("events").query("code == @T2D").subject_id
        return t.drop(index=pick(t, (t.process == "t2d") & t.subject_id.isin(known)))

    d.change("truth", edit)


@planted("V67")
def vaccinated_too_young(d: Copy) -> None:
    d.manifest(lambda m: m["provenance"]["checks"]["doses"].update({"CVX//03": {"age": 20.0}}))


@planted("V67")
def vaccinated_too_soon_after(d: Copy) -> None:
    d.manifest(lambda m: m["provenance"]["checks"]["doses"].update({"CVX//03": {"apart": 500.0}}))


@planted("V71")
def diagnosed_twice_in_a_visit(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.code == T2D)
        return pd.concat([e.iloc[: row + 1], e.iloc[row:]])

    d.change("events", edit)


@planted("V72")
def a_man_with_gestational_diabetes(d: Copy) -> None:
    """A woman who had it, a man in all that is said of sex."""
    events = d.read("events")
    who = events.subject_id[pick(events, events.code == "ICD10CM//O24.419")]

    def rows(e: pd.DataFrame) -> None:
        row = pick(e, (e.code == "SEX//female") & (e.subject_id == who))
        e.loc[row, ["code", "text_value"]] = ["SEX//male", "male"]

    def subjects(s: pd.DataFrame) -> None:
        s.loc[pick(s, s.subject_id == who), "sex"] = "male"

    d.change("events", rows)
    d.change("subjects", subjects)
