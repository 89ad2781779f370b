"""Checks of diagnoses: V66, V71 and V72."""

from __future__ import annotations

import re

import numpy as np

from simulator.quality.knowledge import Key, Knowledge
from simulator.quality.report import instant_text
from simulator.quality.shard import LATEST, Shard, is_word, word

#: ICD-10-CM categories that only one sex can have (Medicare Code Editor, "sex conflict"; recalled):
#: pregnancy, birth and the puerperium, and organs
_FEMALE = re.compile(r"ICD10CM//(O\d\w|Z3[3479]|C5[1-8]|D2[5-8]|N[78]\d|N9[0-8])\b")
_MALE = re.compile(r"ICD10CM//(C6[0-3]|D29|N4\d|N5[0-3])\b")


def check_diagnoses(shard: Shard, known: Knowledge) -> None:
    """V66: not before the onset. V71: once in an encounter. V72: of the right sex."""
    for key, process in known.truly.items():
        _check_truly(shard, key, process)
    _check_once(shard)
    _check_sex(shard)


def _check_truly(shard: Shard, key: Key, process: str) -> None:
    events, truth = shard.events, shard.truth
    begins = is_word(truth.process, process) & ~is_word(truth.to, "absent") & (truth.subject_row >= 0)
    onset = np.full(len(shard.subjects) + 1, LATEST, dtype=np.int64)
    np.minimum.at(onset, truth.subject_row[begins], truth.time[begins])
    rows = events.select(key)
    who = events.subject_row[rows]
    wrong = rows[(who >= 0) & (events.time[rows] < onset[who])]

    def shown(row: int) -> str:
        at = int(onset[events.subject_row[row]])
        return f"{events.code_of(row)}, but {process} " + (
            "never begins" if at == LATEST else f"begins {instant_text(at)}"
        )

    shard.tally.rows("V66", wrong, events.subject, events.time, shown)


def _check_once(shard: Shard) -> None:
    events = shard.events
    kinds: dict[tuple[str | None, ...], set[str]] = {}
    for code in shard.vocabulary.codes:
        kinds.setdefault((code.code, code.text, code.unit, code.status), set()).add(code.kind)
    # something else with the code of a diagnosis, a sign for instance, reads the same and may come with it
    alone = [
        kinds[code.code, code.text, code.unit, code.status] == {"diagnosis"}
        for code in shard.vocabulary.codes
    ]
    diagnosis = (events.known >= 0) & np.array([*alone, False])[events.known]
    rows = np.flatnonzero(diagnosis & (events.encounter_row >= 0))
    pairs = np.stack([events.encounter_row[rows], events.known[rows]])
    _, first = np.unique(pairs, axis=1, return_index=True)
    again = np.setdiff1d(np.arange(len(rows)), first)
    shard.tally.rows("V71", rows[again], events.subject, events.time, events.code_of)


def _check_sex(shard: Shard) -> None:
    events, subjects = shard.events, shard.subjects
    diagnosis = shard.of_kind("diagnosis") & (events.subject_row >= 0)
    for sex, pattern in (("male", _FEMALE), ("female", _MALE)):
        codes = {code: 0 for code in events.code.words if pattern.match(code)}
        if not codes:
            continue
        theirs = np.append(is_word(subjects.sex, sex), False)
        wrong = diagnosis & (events.code.among(codes) == 0) & theirs[events.subject_row]
        shard.tally.rows(
            "V72",
            wrong,
            events.subject,
            events.time,
            lambda i: f"{events.code_of(i)}, sex {word(subjects.sex, int(events.subject_row[i]))}",
        )
