"""Checks of subjects, and of events in a subject's time."""

from __future__ import annotations

import numpy as np

from simulator.quality.knowledge import Knowledge
from simulator.quality.report import instant_text
from simulator.quality.shard import BIRTH, DEATH, Shard, find, is_word, run_starts, word
from simulator.store.chunk import NULL
from simulator.store.vocabulary import SEXES


def check_subjects(shard: Shard, first: int, stop: int, communities: int) -> None:
    """V15–V19: who is here, and what is said of them; it should be subjects `first` … `stop` − 1."""
    subjects, tally = shard.subjects, shard.tally
    ids, counts = np.unique(subjects.id, return_counts=True)
    tally.rows("V15", counts > 1, ids, None, lambda i: f"{counts[i]} rows in the subjects table")
    missing = np.setdiff1d(np.arange(first, stop), ids)
    tally.rows("V16", missing > 0, missing, None, "no row in the subjects table")
    misplaced = (ids < first) | (ids >= stop)
    tally.rows("V16", misplaced, ids, None, f"among subjects {first} to {stop - 1}")
    for name, table in (
        ("events", shard.events),
        ("encounters", shard.encounters),
        ("truth", shard.truth),
    ):
        wrong = (table.subject < first) | (table.subject >= stop)
        where = f"a row in {name} among subjects {first} to {stop - 1}"
        tally.rows("V17", wrong, table.subject, None, where)

    birth, death = subjects.birth[:-1], subjects.death[:-1]
    entry, exit_ = subjects.entry[:-1], subjects.exit[:-1]
    wrong = (birth > entry) | (entry > exit_) | ((death != NULL) & (death != exit_))
    tally.rows(
        "V18",
        wrong,
        subjects.id,
        None,
        lambda i: (
            f"birth {instant_text(birth[i])}, entry {instant_text(entry[i])}, "
            f"exit {instant_text(exit_[i])}, death {instant_text(death[i])}"
        ),
    )
    sexless = subjects.sex.among(dict.fromkeys(SEXES, 0)) != 0
    tally.rows("V19", sexless, subjects.id, None, lambda i: f"sex is {word(subjects.sex, i)}")
    community = subjects.community[:-1]
    nowhere = (community < 0) | (community >= communities)
    tally.rows("V19", nowhere, subjects.id, None, lambda i: f"community {community[i]}")
    arrows = dict.fromkeys(shard.vocabulary.arrows, 0)
    cause = subjects.death_cause.among(arrows)
    wrong = (cause == -2) | ((cause == -1) != (death == NULL))
    tally.rows(
        "V19",
        wrong,
        subjects.id,
        None,
        lambda i: f"death {instant_text(death[i])}, death_cause {word(subjects.death_cause, i)}",
    )


def check_order(shard: Shard) -> None:
    """V20–V22: a subject's rows stand together, static ones first, then by time."""
    events, tally = shard.events, shard.tally
    starts = run_starts(events.subject)
    runs = events.subject[starts]
    again = find(runs, runs) != np.arange(len(runs))
    again[1:] |= runs[1:] < runs[:-1]
    tally.rows("V20", again, runs, None, lambda i: f"begins after subject {runs[i - 1]}")
    before = np.append(NULL, events.time[:-1])
    back = events.same_subject & (events.time < before)
    static = events.time == NULL
    tally.rows(
        "V21",
        back & ~static,
        events.subject,
        events.time,
        lambda i: f"{events.code_of(i)} after a row of {instant_text(before[i])}",
    )
    tally.rows("V22", back & static, events.subject, None, lambda i: f"{events.code_of(i)} after timed rows")


def check_life(shard: Shard) -> None:
    """V23–V28: one birth, at most one death, nothing before or after."""
    subjects, events, tally = shard.subjects, shard.events, shard.tally
    people = len(subjects)
    row, time = events.subject_row, events.time
    timed = time != NULL
    births = events.is_code(BIRTH)
    count = np.bincount(row[births & (row >= 0)], minlength=people)
    once = subjects.first_mention
    tally.rows("V23", once & (count != 1), subjects.id, None, lambda i: f"{count[i]} MEDS_BIRTH rows")
    birth = subjects.birth[row]
    tally.rows(
        "V24",
        births & (row >= 0) & (time != birth),
        events.subject,
        time,
        lambda i: f"MEDS_BIRTH, but the subjects table says {instant_text(birth[i])}",
    )
    tally.rows(
        "V25",
        timed & (time < birth) & ~births,
        events.subject,
        time,
        lambda i: f"{events.code_of(i)} before birth at {instant_text(birth[i])}",
    )
    deaths = events.is_code(DEATH)
    followed = np.zeros(len(events), dtype=np.bool_)
    followed[1:] = deaths[:-1] & events.same_subject[1:]
    death = subjects.death[row]
    tally.rows(
        "V26",
        (followed | (timed & (death != NULL) & (time > death))) & ~deaths,
        events.subject,
        time,
        lambda i: f"{events.code_of(i)} after death at {instant_text(death[i])}",
    )
    died = np.bincount(row[deaths & (row >= 0)], minlength=people)
    tally.rows("V27", once & (died > 1), subjects.id, None, lambda i: f"{died[i]} MEDS_DEATH rows")
    unsaid = once & (subjects.death[:-1] != NULL) & (died == 0)
    tally.rows("V28", unsaid, subjects.id, subjects.death, "dies, but has no MEDS_DEATH row")
    tally.rows(
        "V28",
        deaths & (row >= 0) & (time != death),
        events.subject,
        time,
        lambda i: f"MEDS_DEATH, but the subjects table says {instant_text(death[i])}",
    )
    cause = events.cause.among({name: i for i, name in enumerate(subjects.death_cause.words)})
    other = np.append(subjects.death_cause.index, -1)[row]
    tally.rows(
        "V28",
        deaths & (other >= 0) & (cause != other) & (time == death),
        events.subject,
        time,
        lambda i: f"MEDS_DEATH by {word(events.cause, i)}, not by {word(subjects.death_cause, int(row[i]))}",
    )


def check_facts(shard: Shard, known: Knowledge) -> None:
    """V68: static facts do not exclude each other, and that of sex is the subject's."""
    subjects, events, tally = shard.subjects, shard.events, shard.tally
    people = len(subjects)
    static = (events.time == NULL) & (events.subject_row >= 0)
    for codes in known.facts:
        mine = np.flatnonzero(static & (events.code.among(dict.fromkeys(codes, 0)) == 0))
        count = np.bincount(events.subject_row[mine], minlength=people)
        several = mine[count[events.subject_row[mine]] > 1]
        tally.rows("V68", several, events.subject, None, events.code_of)
    for sex in SEXES:
        [another] = [each for each in SEXES if each != sex]
        of_other = np.append(is_word(subjects.sex, another), False)[events.subject_row]
        wrong = static & events.is_code(f"SEX//{sex}") & of_other
        tally.rows(
            "V68", wrong, events.subject, None,
            lambda i: f"{events.code_of(i)}, sex {word(subjects.sex, int(events.subject_row[i]))}",
        )  # fmt: skip


def check_period(shard: Shard) -> None:
    """V29: rows lie in the period; before it only birth, the problem list and the visits it needs."""
    subjects, events = shard.subjects, shard.events
    row, time = events.subject_row, events.time
    entry, exit_ = subjects.entry[row], subjects.exit[row]
    early = (time != NULL) & (time < entry) & ~is_word(events.code, BIRTH)
    place = np.maximum(events.encounter_row, -1)
    visit = shard.of_kind("encounter") & (place >= 0) & shard.kept[place]
    wrong = (early & ~shard.lasting & ~visit) | (time > exit_)
    shard.tally.rows(
        "V29",
        wrong,
        events.subject,
        time,
        lambda i: f"{events.code_of(i)} outside {instant_text(entry[i])} to {instant_text(exit_[i])}",
    )
