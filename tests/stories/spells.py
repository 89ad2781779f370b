"""Spells of time in people's lives, and what several of them share."""

from __future__ import annotations

import numpy as np
import pandas as pd

YEAR = np.timedelta64(31_556_952, "s")  # 365.2425 days
LONG_AGO = np.datetime64("1800-01-01", "us")  # before anyone's birth


def followed(subjects: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """One spell a person: the recorded period `first` to `last`, cut off by death."""
    death = subjects.death.fillna(pd.Timestamp("2262-01-01")).astype("datetime64[us]")
    ends = np.minimum(death.to_numpy(), np.datetime64(last, "us"))
    return pd.DataFrame({"subject_id": subjects.subject_id, "start": np.datetime64(first, "us"), "end": ends})


def taken(events: pd.DataFrame, code: str, lives: pd.DataFrame) -> pd.DataFrame:
    """The spells for which a treatment was taken: from `active` (also each new dose) to another status."""
    rows = events[(events.code == code) & events.status.isin(["active", "on-hold", "stopped"])]
    begins = (rows.status == "active") & (rows.groupby("subject_id").status.shift() != "active")
    started = rows[begins][["subject_id", "time"]].rename(columns={"time": "start"})
    stopped = rows[rows.status != "active"][["subject_id", "time"]].rename(columns={"time": "stopped"})
    found = pd.merge_asof(
        started.sort_values("start"), stopped.sort_values("stopped"), left_on="start", right_on="stopped",
        by="subject_id", direction="forward", allow_exact_matches=False,
    ).merge(lives[["subject_id", "end"]], on="subject_id")  # fmt: skip
    return found.assign(end=found.stopped.fillna(found.end))[["subject_id", "start", "end"]]


def present(truth: pd.DataFrame, process: str, states: list[str], lives: pd.DataFrame) -> pd.DataFrame:
    """The spells of the recorded period that a process, `absent` at first, spent in some of its states."""
    rows = truth[(truth.process == process) & (truth["from"] != truth.to)]
    rows = rows[["subject_id", "time", "to"]].rename(columns={"time": "start"})
    first = lives[["subject_id"]].assign(start=LONG_AGO, to="absent")
    rows = pd.concat([first, rows]).sort_values(["subject_id", "start"], kind="stable")
    ends = rows.groupby("subject_id").start.shift(-1)
    lasts = lives.set_index("subject_id").end.reindex(rows.subject_id).to_numpy()
    spells = rows.assign(end=ends.fillna(pd.Series(lasts, rows.index)))[rows.to.isin(states)]
    return both(spells.drop(columns="to"), lives)


def both(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """What two sets of spells share."""
    met = one.merge(other, on="subject_id", suffixes=("", "_other"))
    start = np.maximum(met.start, met.start_other)
    end = np.minimum(met.end, met.end_other)
    shared = pd.DataFrame({"subject_id": met.subject_id, "start": start, "end": end})
    return shared[shared.start < shared.end]


def years(spells: pd.DataFrame) -> float:
    """Their length together."""
    return float(((spells.end - spells.start) / YEAR).sum())


def struck(spells: pd.DataFrame, moments: pd.DataFrame) -> int:
    """How many of `moments` (subject_id, time) end or lie in one of the spells."""
    met = moments[["subject_id", "time"]].merge(spells, on="subject_id")
    return int(((met.start < met.time) & (met.time <= met.end)).sum())


def years_by_person(spells: pd.DataFrame) -> pd.Series:
    """The length of everyone's spells together."""
    return ((spells.end - spells.start) / YEAR).groupby(spells.subject_id).sum()


def struck_by_person(spells: pd.DataFrame, moments: pd.DataFrame) -> pd.Series:
    """How many of everyone's `moments` end or lie in one of their spells; whoever has a spell is there."""
    met = moments[["subject_id", "time"]].merge(spells, on="subject_id")
    inside = met[(met.start < met.time) & (met.time <= met.end)]
    return inside.groupby("subject_id").size().reindex(spells.subject_id.unique(), fill_value=0)


def agrees(seen: float, expected: float) -> None:
    """A count within five standard errors of what is expected of it (Poisson)."""
    assert expected > 25, f"only {expected:.1f} expected: too few to tell"
    assert abs(seen - expected) <= 5 * np.sqrt(expected), f"{seen} seen, {expected:.1f} expected"
