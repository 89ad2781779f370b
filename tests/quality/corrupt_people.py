"""Corruptions of subjects and of events in a subject's time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.quality.corruptions import DAY, HBA1C, METFORMIN, T2D, moment, planted
from tests.quality.planting import Copy, pick
from tests.store import clinic

# --- subjects -----------------------------------------------------------------------------


@planted("V15")
def subject_twice(d: Copy) -> None:
    d.change("subjects", lambda s: pd.concat([s.iloc[:10], s.iloc[9:]]))


@planted("V16")
def subject_missing(d: Copy) -> None:
    d.change("subjects", lambda s: s.drop(index=17))


@planted("V17")
def subject_in_two_files(d: Copy) -> None:
    moved = d.read("events", 0)
    moved = moved[(moved.subject_id == 1_000) & (moved.code == "MEDS_BIRTH")]
    d.change("events", lambda e: pd.concat([moved, e]), shard=1)


@planted("V18")
def entry_before_birth(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        row = pick(s, s.birth == s.entry)
        s.loc[row, "entry"] = s.loc[row, "birth"] - DAY

    d.change("subjects", edit)


@planted("V19")
def third_sex(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        s.loc[3, "sex"] = "unknown"

    d.change("subjects", edit)


@planted("V19", "V46")
def community_that_does_not_exist(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        s.loc[3, "community"] = clinic.COMMUNITIES

    d.change("subjects", edit)


@planted("V19")
def death_without_cause(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        s.loc[pick(s, s.death.notna()), "death_cause"] = None

    d.change("subjects", edit)


# --- events in time -----------------------------------------------------------------------


@planted("V20")
def rows_not_contiguous(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        last = e.index[e.subject_id == 7][-1:]
        return pd.concat([e.drop(last), e.loc[last]])

    d.change("events", edit)


@planted("V21")
def rows_not_sorted(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        later = e.subject_id.eq(e.subject_id.shift()) & e.time.gt(e.time.shift()) & (e.code == HBA1C)
        row = pick(e, later)
        order = np.arange(len(e))
        order[[row - 1, row]] = [row, row - 1]
        return e.iloc[order]

    d.change("events", edit)


@planted("V22")
def static_row_late(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        order = np.arange(len(e))
        order[1:3] = [2, 1]
        return e.iloc[order]

    d.change("events", edit)


@planted("V23")
def birth_row_missing(d: Copy) -> None:
    d.change("events", lambda e: e.drop(index=pick(e, e.code == "MEDS_BIRTH")))


@planted("V23")
def born_twice(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.code == "MEDS_BIRTH")
        return pd.concat([e.iloc[: row + 1], e.iloc[row:]])

    d.change("events", edit)


@planted("V24")
def birth_differs(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == "MEDS_BIRTH"), "time"] -= DAY

    d.change("events", edit)


@planted("V18", "V24", "V25", "V33")
def born_after_the_first_visit(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        s.loc[0, "birth"] = d.read("encounters").start[0] + DAY

    d.change("subjects", edit)


@planted("V26", "V29", "V41")
def row_after_death(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.code == "MEDS_DEATH")
        after = e.iloc[[row]].assign(code="SMOKER//never", cause=None)
        after["time"] += DAY
        return pd.concat([e.iloc[: row + 1], after, e.iloc[row + 1 :]])

    d.change("events", edit)


@planted("V26", "V44")
def row_at_the_instant_of_death_but_behind_it(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.code == "MEDS_DEATH")
        order = np.arange(len(e))
        order[[row - 1, row]] = [row, row - 1]
        e.loc[row - 1, "time"] = e.loc[row, "time"]
        return e.iloc[order]

    d.change("events", edit)


@planted("V27")
def died_twice(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.code == "MEDS_DEATH")
        return pd.concat([e.iloc[: row + 1], e.iloc[row:]])

    d.change("events", edit)


@planted("V28")
def death_not_recorded(d: Copy) -> None:
    d.change("events", lambda e: e.drop(index=pick(e, e.code == "MEDS_DEATH")))


@planted("V28", "V69")
def death_recorded_of_the_living(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        s.loc[pick(s, s.death.notna()), ["death", "death_cause"]] = [pd.NaT, None]

    d.change("subjects", edit)


@planted("V29", "V39", "V44")
def measured_before_the_period(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        row = pick(
            e, (e.code.shift() == "MEDS_BIRTH") & (e.code == "VISIT//clinic") & (e.code.shift(-1) == HBA1C)
        )
        e.loc[[row, row + 1], "time"] = moment(clinic.START) - DAY

    d.change("events", edit)


@planted("V29", "V34")
def visit_before_the_period_for_no_reason(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        untreated = ~e.subject_id.isin(e.subject_id[e.code == METFORMIN])
        return e.drop(index=pick(e, (e.code == T2D) & (e.time < moment(clinic.START)) & untreated))

    d.change("events", edit)


@planted("V68")
def smokes_and_never_did(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> pd.DataFrame:
        row = pick(e, e.code == "SMOKER//current")
        return pd.concat([e.iloc[: row + 1], e.iloc[[row]].assign(code="SMOKER//never"), e.iloc[row + 1 :]])

    d.change("events", edit)


@planted("V68")
def recorded_with_the_other_sex(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        row = pick(e, e.code == "SEX//male")
        e.loc[row, ["code", "text_value"]] = ["SEX//female", "female"]

    d.change("events", edit)


@planted("V28")
def dies_of_something_else(d: Copy) -> None:
    def edit(s: pd.DataFrame) -> None:
        s.loc[pick(s, s.death.notna()), "death_cause"] = "care.clinic"

    d.change("subjects", edit)
