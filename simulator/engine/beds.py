"""How many beds are taken: from the stays of a window to admissions, discharges and peaks.

A stay takes a bed from its start (inclusive) to its end (exclusive); where one ends and another
begins at the same instant, one bed is enough for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.compiler.layout import (
    H_START,
    NULL,
    R_ALIVE,
    R_DEATH,
    R_ENC,
    R_ENC_END,
    R_ENC_NUMBER,
    R_ENC_START,
    R_ENC_WRITTEN,
)
from simulator.engine.windows import Cohort, Stays

IntArray = npt.NDArray[np.int64]

#: number of beds of a facility that has no limit
UNLIMITED = 2**62


@dataclass(frozen=True, slots=True)
class BedUse:
    """One window in each facility; int64[facilities] each.

    Attributes:
        occupied: beds taken at the window's end, or before the first window.
        admissions, discharges: stays that began and ended in the window.
        peak_occupied: most beds taken at any instant of the window, its beginning included.
        overflow: admissions that found every bed taken.
    """

    occupied: IntArray
    admissions: IntArray
    discharges: IntArray
    peak_occupied: IntArray
    overflow: IntArray


def no_use(occupied: IntArray) -> BedUse:
    """Before the first window."""
    none = np.zeros_like(occupied)
    return BedUse(occupied, none, none, occupied, none)


def bed_use(
    occupied: IntArray, beds: IntArray, facility: IntArray, start: IntArray, end: IntArray, since: int
) -> BedUse:
    """What the stays of one window do to the beds.

    Args:
        occupied: int64[facilities], beds taken at the window's start.
        beds: int64[facilities], `UNLIMITED` where there is no limit.
        facility: int64[stays], where each stay is, from 0.
        start, end: int64[stays], microseconds; end NULL if the stay goes on beyond the window.
        since: the window's start; stays that began before are in `occupied`.
    """
    n = len(occupied)
    begins, ends = start >= since, end != NULL
    admissions = np.bincount(facility[begins], minlength=n)
    discharges = np.bincount(facility[ends], minlength=n)
    # one that ends as it begins (at once moved to the ward, say) takes no bed
    takes = ~(begins & ends & (start == end))
    a, d = np.flatnonzero(begins & takes), np.flatnonzero(ends & takes)
    where = np.concatenate([facility[d], facility[a]])
    when = np.concatenate([end[d], start[a]])
    change = np.concatenate([np.full(len(d), -1), np.ones(len(a), np.int64)])
    order = np.lexsort((change, when, where))  # discharges before admissions of the same instant
    where, change = where[order], change[order]
    running = np.cumsum(change)
    # every facility's count begins anew: take off what was counted in those before it
    before = np.searchsorted(where, where)
    running += occupied[where] - (running[before] - change[before])
    peak = occupied.copy()
    np.maximum.at(peak, where, running)
    overflow = np.bincount(where[(change > 0) & (running > beds[where])], minlength=n)
    return BedUse(occupied + admissions - discharges, admissions, discharges, peak, overflow)


class UnrecordedStays:
    """Stays begun before the recorded period in which nothing is recorded since.

    The log leaves them out, and so do the cohort's stays once they are over. Their beds are taken
    all the same.
    """

    def __init__(self, cohort: Cohort) -> None:
        rows = cohort.rows
        old = (rows[:, R_ALIVE] == 1) & (rows[:, R_ENC] >= 0) & (rows[:, R_ENC_WRITTEN] == 0)
        old &= rows[:, R_ENC_START] < cohort.program[H_START]
        self.patient: IntArray = np.flatnonzero(old)
        self.kind, self.number, self.start, self.end = (
            rows[self.patient, column] for column in (R_ENC, R_ENC_NUMBER, R_ENC_START, R_ENC_END)
        )

    def ended(self, cohort: Cohort) -> Stays:
        """Those that were over in the window that the cohort has just lived through."""
        rows, stays, mine = cohort.rows, cohort.stays, self.patient
        open_now = (rows[mine, R_ALIVE] == 1) & (rows[mine, R_ENC] >= 0)
        open_now &= rows[mine, R_ENC_NUMBER] == self.number
        recorded = (stays.start < cohort.program[H_START]) & (stays.end != NULL)
        over = ~open_now & ~np.isin(mine, stays.patient[recorded])
        end = self.end.copy()
        for k in np.flatnonzero(over):  # cut short by death, or by an encounter of higher priority
            later = stays.start[(stays.patient == mine[k]) & (stays.start > self.start[k])]
            death = rows[mine[k], R_DEATH]
            end[k] = min([end[k], *later, *([death] if death != NULL else [])])
        found = Stays(mine[over], self.kind[over], self.start[over], end[over])
        keep = open_now & (rows[mine, R_ENC_WRITTEN] == 0)  # once something is recorded, the log has it
        self.patient, self.kind, self.number = mine[keep], self.kind[keep], self.number[keep]
        self.start, self.end = self.start[keep], self.end[keep]
        return found
