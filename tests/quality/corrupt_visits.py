"""Corruptions of encounters, providers, and of what lies in an encounter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.store.chunk import ENCOUNTER_BITS
from tests.quality.corruptions import DAY, HBA1C, moment, planted
from tests.quality.planting import Copy, pick
from tests.store import clinic

# --- encounters ---------------------------------------------------------------------------


def closed(c: pd.DataFrame) -> int:
    """The first encounter that is followed by another of the same subject."""
    return pick(c, c.subject_id == c.subject_id.shift(-1))


@planted("V30", "V35")
def encounter_twice(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> pd.DataFrame:
        row = closed(c)
        return pd.concat([c.iloc[: row + 1], c.iloc[row:]])

    d.change("encounters", edit)


@planted("V31")
def encounter_id_of_another_subject(d: Copy) -> None:
    old, new = 0, (999 << ENCOUNTER_BITS) + 500_000

    def edit(c: pd.DataFrame) -> None:
        nonlocal old
        old = c.loc[0, "encounter_id"]
        c.loc[0, "encounter_id"] = new

    d.change("encounters", edit)
    d.change("events", lambda e: e.assign(encounter_id=e.encounter_id.replace(old, new)))


@planted("V32", "V44")
def ends_before_it_starts(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> None:
        c.loc[closed(c), "end"] = c.loc[closed(c), "start"] - pd.Timedelta(minutes=1)

    d.change("encounters", edit)


@planted("V33")
def encounter_goes_on_after_death(d: Copy) -> None:
    dead = d.read("subjects").set_index("subject_id").death

    def edit(c: pd.DataFrame) -> None:
        last = c.subject_id != c.subject_id.shift(-1)
        row = pick(c, last & c.subject_id.map(dead).notna())
        c.loc[row, "end"] = dead[c.loc[row, "subject_id"]] + DAY

    d.change("encounters", edit)


@planted("V34")
def encounter_goes_on_after_the_period(d: Copy) -> None:
    dead = d.read("subjects").set_index("subject_id").death

    def edit(c: pd.DataFrame) -> None:
        last = c.subject_id != c.subject_id.shift(-1)
        row = pick(c, last & c.subject_id.map(dead).isna() & c.end.notna())
        c.loc[row, "end"] = moment(clinic.END) + DAY

    d.change("encounters", edit)


@planted("V35")
def overlapping_visits(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> None:
        next_start = c.start.shift(-1)
        row = pick(c, (c.subject_id == c.subject_id.shift(-1)) & (c["class"] == "ambulatory"))
        c.loc[row, "end"] = next_start[row] + pd.Timedelta(minutes=1)

    d.change("encounters", edit)


@planted("V36", "V70")
def overlapping_stays(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> None:
        again = (c.subject_id == c.subject_id.shift(-1)) & (c["class"].shift(-1) == "inpatient")
        row = pick(c, again & (c["class"] == "inpatient"))
        c.loc[row, "end"] = c.loc[row + 1, "start"] + DAY

    d.change("encounters", edit)


@planted("V37")
def encounter_left_open(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> None:
        c.loc[closed(c), "end"] = pd.NaT

    d.change("encounters", edit)


@planted("V38")
def class_of_another_kind(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> None:
        c.loc[pick(c, c.kind == "clinic"), "reason"] = None

    d.change("encounters", edit)


@planted("V39")
def encounter_without_its_row(d: Copy) -> None:
    d.change("events", lambda e: e.drop(index=pick(e, e.code == "VISIT//clinic")))


@planted("V40")
def encounters_not_sorted(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> pd.DataFrame:
        order = np.arange(len(c))
        row = closed(c)
        order[[row, row + 1]] = [row + 1, row]
        return c.iloc[order]

    d.change("encounters", edit)


# --- events in encounters, providers ------------------------------------------------------


@planted("V41")
def event_outside_any_encounter(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), ["encounter_id", "provider_id"]] = [pd.NA, pd.NA]

    d.change("events", edit)


@planted("V42")
def event_in_an_encounter_that_does_not_exist(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "encounter_id"] += 1_000

    d.change("events", edit)


@planted("V42")
def encounter_lost(d: Copy) -> None:
    d.change("encounters", lambda c: c.iloc[1:])


@planted("V43", "V44", "V47")
def event_in_another_subjects_encounter(d: Copy) -> None:
    other = d.read("encounters").encounter_id.iloc[-1]

    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "encounter_id"] = other

    d.change("events", edit)


@planted("V44")
def event_outside_its_encounter(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        row = pick(e, (e.code == HBA1C) & (e.code.shift(-1) == "VISIT//clinic"))
        e.loc[row, "time"] = e.loc[row + 1, "time"]

    d.change("events", edit)


@planted("V45", "V47")
def provider_that_does_not_exist(d: Copy) -> None:
    def edit(c: pd.DataFrame) -> None:
        c.loc[0, "provider_id"] = 10_000

    d.change("encounters", edit)


@planted("V45")
def provider_lost(d: Copy) -> None:
    d.change("providers", lambda p: p.iloc[1:])


@planted("V46")
def provider_of_another_class(d: Copy) -> None:
    def edit(p: pd.DataFrame) -> None:
        p.loc[0, "class"] = "inpatient"

    d.change("providers", edit)


@planted("V46")
def provider_of_another_community(d: Copy) -> None:
    def edit(p: pd.DataFrame) -> None:
        p.loc[0, "community"] = 1

    d.change("providers", edit)


@planted("V47")
def provider_differs_from_the_encounters(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        e.loc[pick(e, e.code == HBA1C), "provider_id"] += 1

    d.change("events", edit)


@planted("V70")
def transferred_after_discharge(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        leaves = pick(e, e.code == "DISCHARGE//home")
        enters = pick(e, (e.code == "TRANSFER_TO//ward") & (e.encounter_id == e.encounter_id[leaves]))
        e.loc[[enters, leaves], "code"] = ["DISCHARGE//home", "TRANSFER_TO//ward"]

    d.change("events", edit)


@planted("V70")
def discharged_before_the_end(d: Copy) -> None:
    def edit(e: pd.DataFrame) -> None:
        leaves = e.code == "DISCHARGE//home"
        row = pick(e, leaves & ~leaves.shift(1, fill_value=False))
        e.loc[row, "time"] = e.time[row - 1]

    d.change("events", edit)
