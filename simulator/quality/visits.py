"""Checks of encounters, of events in them, and of providers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulator.quality.report import instant_text
from simulator.quality.shard import BIRTH, DEATH, LATEST, Shard, find, is_word, word
from simulator.store.chunk import ENCOUNTER_BITS, NULL, Array
from simulator.store.columns import Words, integers, words


def check_encounters(shard: Shard) -> None:
    """V30–V34 and V38: ids, order of start and end, life and period, kind."""
    subjects, encounters, tally = shard.subjects, shard.encounters, shard.tally
    subject, row = encounters.subject, encounters.subject_row
    start, end = encounters.start[:-1], encounters.end[:-1]
    ids, counts = np.unique(encounters.id, return_counts=True)
    tally.rows(
        "V30", counts > 1, ids >> ENCOUNTER_BITS, None, lambda i: f"encounter_id {ids[i]} {counts[i]}×"
    )
    foreign = (encounters.id >> ENCOUNTER_BITS) != subject
    tally.rows("V31", foreign, subject, start, lambda i: f"encounter_id {encounters.id[i]}")
    closed = end != NULL
    tally.rows("V32", closed & (end < start), subject, start, lambda i: f"ends {instant_text(end[i])}")
    last = np.where(closed, end, start)
    birth, life_end = subjects.birth[row], subjects.end_of_life[row]
    died = subjects.death[row] != NULL
    tally.rows(
        "V33",
        (start < birth) | (died & (last > life_end)),
        subject,
        start,
        lambda i: (
            f"until {instant_text(end[i])}, life {instant_text(birth[i])} to {instant_text(life_end[i])}"
        ),
    )
    entry, exit_ = subjects.entry[row], subjects.exit[row]
    tally.rows(
        "V34",
        ((start < entry) & ~shard.kept[:-1]) | (~died & (last > exit_)),
        subject,
        start,
        lambda i: (
            f"until {instant_text(end[i])}, period {instant_text(entry[i])} to {instant_text(exit_[i])}"
        ),
    )
    kinds = {(k.name, k.class_, k.reason): 0 for k in shard.vocabulary.encounters}
    _check_kinds(shard, kinds)


def _check_kinds(shard: Shard, kinds: dict[tuple[str, str, str | None], int]) -> None:
    """V38, by the distinct combinations."""
    e = shard.encounters
    key = _combined([e.kind, e.class_, e.reason])
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    legal = np.array(
        [(word(e.kind, i), word(e.class_, i), word(e.reason, i)) in kinds for i in first.tolist()],
        dtype=np.bool_,
    )
    wrong = ~legal[inverse] if len(e) else np.zeros(0, dtype=np.bool_)
    shard.tally.rows(
        "V38",
        wrong,
        e.subject,
        e.start,
        lambda i: f"{word(e.kind, i)} of class {word(e.class_, i)}, reason {word(e.reason, i)}",
    )


def _combined(columns: list[Words]) -> Array:
    """One number per combination of strings."""
    key = np.zeros(len(columns[0].index), dtype=np.int64)
    for column in columns:
        key = key * (len(column.words) + 1) + column.index + 1
    return key


def check_overlap(shard: Shard) -> None:
    """V35–V37 and V40: sorted, one encounter at a time, only the last one open."""
    subjects, encounters, tally = shard.subjects, shard.encounters, shard.tally
    unsorted = np.zeros(len(encounters), dtype=np.bool_)
    subject, start = encounters.subject, encounters.start[:-1]
    unsorted[1:] = (subject[1:] < subject[:-1]) | ((subject[1:] == subject[:-1]) & (start[1:] < start[:-1]))
    tally.rows("V40", unsorted, subject, start, lambda i: f"row {i} of the shard's encounters")
    order = np.lexsort((start, subject)) if unsorted.any() else np.arange(len(encounters))
    subject, start = subject[order], start[order]
    end = np.where(encounters.end[order] == NULL, LATEST, encounters.end[order])
    inpatient = is_word(encounters.class_, "inpatient")[order]
    overlap = np.zeros(len(encounters), dtype=np.bool_)
    overlap[1:] = (subject[1:] == subject[:-1]) & (start[1:] < end[:-1])
    both = np.zeros(len(encounters), dtype=np.bool_)
    both[1:] = inpatient[1:] & inpatient[:-1]
    open_before = np.append(False, end[:-1] == LATEST)
    for code, wrong in (("V35", overlap & ~both & ~open_before), ("V36", overlap & both & ~open_before)):
        tally.rows(code, wrong, subject, start, lambda i: f"the one before ends {instant_text(end[i - 1])}")
    followed = np.zeros(len(encounters), dtype=np.bool_)
    followed[:-1] = subject[1:] == subject[:-1]
    died = subjects.death[encounters.subject_row[order]] != NULL
    wrong = (end == LATEST) & (followed | died)
    tally.rows("V37", wrong, subject, start, "no end, though it must have ended")


def check_own_rows(shard: Shard) -> None:
    """V39: an encounter is announced by a row of events at its start."""
    encounters, events = shard.encounters, shard.events
    own = np.zeros(len(encounters) + 1, dtype=np.bool_)
    row = events.encounter_row
    announced = (row >= 0) & shard.of_kind("encounter") & (events.time == encounters.start[row])
    own[row[announced]] = True
    first = find(encounters.id, encounters.id) == np.arange(len(encounters))
    shard.tally.rows(
        "V39",
        first & ~own[:-1],
        encounters.subject,
        encounters.start,
        "no row of events at its start",
    )


def check_membership(shard: Shard) -> None:
    """V41–V44 and V47: clinical events lie inside an encounter of the same subject."""
    encounters, events, tally = shard.encounters, shard.events, shard.tally
    row = events.encounter_row
    timed = events.time != NULL
    vital = is_word(events.code, BIRTH) | is_word(events.code, DEATH)
    tally.rows("V41", (row == -1) & timed & ~vital, events.subject, events.time, events.code_of)
    tally.rows(
        "V42",
        row == -2,
        events.subject,
        events.time,
        lambda i: f"{events.code_of(i)} in encounter {events.encounter[i]}",
    )
    inside = row >= 0
    place = np.where(inside, row, -1)
    owner = np.append(encounters.subject, -1)[place]
    tally.rows(
        "V43",
        inside & (owner != events.subject),
        events.subject,
        events.time,
        lambda i: f"{events.code_of(i)} in an encounter of subject {owner[i]}",
    )
    start, end = encounters.start[place], encounters.end[place]
    outside = (events.time < start) | ((end != NULL) & (events.time > end))
    tally.rows(
        "V44",
        inside & timed & outside,
        events.subject,
        events.time,
        lambda i: (
            f"{events.code_of(i)} in an encounter of {instant_text(start[i])} to {instant_text(end[i])}"
        ),
    )
    provider = encounters.provider[place]
    tally.rows(
        "V47",
        (row != -2) & (events.provider != provider),
        events.subject,
        events.time,
        lambda i: f"{events.code_of(i)} by provider {events.provider[i]}, the encounter by {provider[i]}",
    )


def check_stays(shard: Shard) -> None:
    """V70: transfers and discharges belong to an inpatient stay; a discharge ends it and comes last."""
    encounters, events = shard.encounters, shard.events
    parts = [
        events.code.among({w: 0 for w in events.code.words if w.startswith(prefix)}) == 0
        for prefix in ("TRANSFER_TO//", "DISCHARGE//")
    ]
    rows = np.flatnonzero((parts[0] | parts[1]) & (events.encounter_row >= 0))
    place = events.encounter_row[rows]
    outpatient = ~np.append(is_word(encounters.class_, "inpatient"), True)[place]
    leaves = parts[1][rows]
    left = np.full(len(encounters) + 1, LATEST, dtype=np.int64)
    np.minimum.at(left, place[leaves], rows[leaves])
    late = (rows > left[place]) | (leaves & (encounters.end[place] != events.time[rows]))
    shard.tally.rows("V70", rows[outpatient | late], events.subject, events.time, events.code_of)


class Providers:
    """The staff, as the providers table has it."""

    def __init__(self, table: pa.Table) -> None:
        self.id = integers(table, "provider_id")
        self.community = np.append(integers(table, "community"), -1)
        self.class_ = words(table, "class")


def check_providers(shard: Shard, providers: Providers) -> None:
    """V45 and V46: an encounter's provider exists, offers its class, works where the patient lives."""
    subjects, encounters, tally = shard.subjects, shard.encounters, shard.tally
    provider = encounters.provider[:-1]
    place = find(providers.id, provider)
    tally.rows(
        "V45",
        place < 0,
        encounters.subject,
        encounters.start,
        lambda i: f"there is no provider {provider[i]}",
    )
    offered = {name: i for i, name in enumerate(providers.class_.words)}
    class_ = np.append(providers.class_.index, -1)[place]
    wanted = encounters.class_.among(offered)
    community = subjects.community[encounters.subject_row]
    elsewhere = providers.community[place] != community
    tally.rows(
        "V46",
        (place >= 0) & ((class_ != wanted) | ((encounters.subject_row >= 0) & elsewhere)),
        encounters.subject,
        encounters.start,
        lambda i: (
            f"provider {provider[i]} for class {word(encounters.class_, i)} in community {community[i]}"
        ),
    )
