"""Chunks: shapes, dtypes, cutting and joining; vocabularies from machines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.compiler.machine import (
    AfterDuration,
    Arrow,
    CodeSpec,
    Const,
    Distribution,
    EncounterSpec,
    Machine,
    PopulationSpec,
    Process,
    State,
)
from simulator.errors import UsageError
from simulator.store.chunk import EVENT_COLUMNS, FLAT, PATIENT_COLUMNS, Chunk, concatenate
from simulator.store.vocabulary import Code, EncounterKind, Vocabulary
from tests.store import clinic

COLUMNS = [*PATIENT_COLUMNS, *(name for table in FLAT.values() for name in table)]


def same(a: Chunk, b: Chunk) -> bool:
    """Whether two chunks hold the same patients, bit by bit."""
    return a.first == b.first and all(getattr(a, n).tobytes() == getattr(b, n).tobytes() for n in COLUMNS)


def test_slices_joined_are_the_chunk() -> None:
    everyone = clinic.population()
    parts = [everyone.slice(a, b) for a, b in ((0, 1), (1, 999), (999, 1_700), (1_700, len(everyone)))]
    assert same(concatenate(parts), everyone)
    assert len(parts[2]) == 701
    assert parts[2].first == 999


def test_copy_has_arrays_of_its_own() -> None:
    part = clinic.population().slice(0, 5)
    copy = part.copy()
    assert same(copy, part)
    assert not any(np.shares_memory(getattr(copy, n), getattr(part, n)) for n in COLUMNS)


def test_normalized_casts_and_does_not_copy_what_fits() -> None:
    part = clinic.population().slice(0, 5)
    wide = replace(part, ev_value=part.ev_value.astype(np.float64), sex=part.sex.astype(np.int64))
    assert wide.normalized().ev_value.dtype == np.float32
    assert same(wide.normalized(), part)
    assert wide.normalized().ev_time is wide.ev_time


def test_gap_between_chunks_is_an_error() -> None:
    everyone = clinic.population()
    with pytest.raises(UsageError, match="begins at patient 11, but the one before it ends at 10"):
        concatenate([everyone.slice(0, 10), everyone.slice(11, 12)])


@pytest.mark.parametrize("column", [c for c in COLUMNS if c != "birth"])
def test_wrong_length_is_an_error(column: str) -> None:
    part = clinic.population().slice(0, 5)
    with pytest.raises(UsageError, match=f"chunk column {column} has shape"):
        replace(part, **{column: getattr(part, column)[:-1]}).normalized()


def test_counts_that_do_not_add_up_are_an_error() -> None:
    part = clinic.population().slice(0, 5)
    with pytest.raises(UsageError, match=r"(?s)chunk column tr_time has shape .* must add up to the rows"):
        replace(part, truth_counts=part.truth_counts + 1).normalized()


def test_every_event_column_is_described() -> None:
    assert set(EVENT_COLUMNS) == {n for n in Chunk.__dataclass_fields__ if n.startswith("ev_")}


def machine() -> Machine:
    """A machine of two processes."""
    year = AfterDuration(Distribution("fixed", (Const(1.0),)))
    ill = Process(
        "flu",
        (
            State("well", (Arrow("flu.onset", 1, year), Arrow("flu.carrier", 2, year))),
            State("ill", (Arrow("flu.over", 0, year),)),
            State("carrier"),
        ),
        latent=True,
    )
    life = Process("life", (State("alive", (Arrow("life.death", 1, year),)), State("dead")))
    return Machine(
        id="flu",
        population=PopulationSpec(10, 0, 1, 0, False, None, None, 0.5),
        processes=(ill, life),
        vars=(),
        levels=(),
        codes=(
            CodeSpec("MEDS_BIRTH", "Birth"),
            CodeSpec(
                "ICD10CM//J11", "Influenza", None, None, "active", "diagnosis", True, (("icd10cm", "J11"),)
            ),
        ),
        encounters=(
            EncounterSpec("clinic", "ambulatory", 0, Distribution("fixed", (Const(1.0),)), 0, "Z00"),
        ),
        signals=(),
        events=(),
        stamps=(),
        rings=(),
    )


def test_vocabulary_of_a_machine() -> None:
    vocabulary = Vocabulary.from_machine(machine())
    assert vocabulary.arrows == ("flu.onset", "flu.carrier", "flu.over", "life.death")
    assert vocabulary.processes == (("flu", ("well", "ill", "carrier")), ("life", ("alive", "dead")))
    assert vocabulary.codes[1] == Code(
        "ICD10CM//J11", "Influenza", None, None, "active", "diagnosis", True, (("icd10cm", "J11"),)
    )
    assert vocabulary.encounters == (EncounterKind("clinic", "ambulatory", "Z00"),)


@pytest.mark.parametrize("vocabulary", [clinic.VOCABULARY, Vocabulary.from_machine(machine())])
def test_vocabulary_survives_json(vocabulary: Vocabulary) -> None:
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary
