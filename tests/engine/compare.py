"""The same lives from the kernel and from the reference, and where they part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from simulator.compiler.flatten import flatten
from simulator.compiler.machine import Machine
from simulator.compiler.program import Program
from simulator.engine import reference
from simulator.engine.ages import NULL
from simulator.engine.run import chunks_of, edges_of, no_signals
from simulator.engine.windows import exchange
from simulator.store.chunk import Chunk

Row = tuple[Any, ...]
SUBJECT = ("birth", "death", "cause of death", "entry", "exit", "sex", "community")


class Life(NamedTuple):
    """All that is written down of a patient; a value is its exact bits, as hexadecimal text."""

    subject: Row  # as named by SUBJECT
    events: list[Row]  # time, code, value, encounter, end, arrow
    encounters: list[Row]  # number, kind, start, end
    truth: list[Row]  # time, process, from, to, arrow


def bits(value: float) -> str:
    """A number such that only equal bits are equal; every NaN is the same."""
    return "unknown" if math.isnan(value) else float(value).hex()


def of_reference(history: reference.PatientHistory) -> Life:
    return Life(
        (
            history.birth,
            NULL if history.death is None else history.death,
            -1 if history.death_arrow is None else history.death_arrow,
            history.record_from,
            history.exit,
            history.sex,
            history.community,
        ),
        [(*row[:2], bits(row.value), *row[3:]) for row in history.events],
        [tuple(row) for row in history.encounters],
        [tuple(row) for row in history.truth],
    )


def _columns(*columns: Any) -> list[Row]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


def of_chunk(chunk: Chunk) -> list[Life]:
    """The lives in a chunk, in order."""
    subjects = _columns(
        chunk.birth, chunk.death, chunk.death_cause, chunk.entry, chunk.exit, chunk.sex, chunk.community
    )
    events = [
        (time, code, bits(value), *rest)
        for time, code, value, *rest in _columns(
            chunk.ev_time, chunk.ev_code, chunk.ev_value, chunk.ev_encounter, chunk.ev_end, chunk.ev_cause
        )
    ]
    encounters = _columns(chunk.enc_number, chunk.enc_kind, chunk.enc_start, chunk.enc_end)
    truth = _columns(chunk.tr_time, chunk.tr_process, chunk.tr_from, chunk.tr_to, chunk.tr_arrow)
    ends = [np.cumsum(n) for n in (chunk.event_counts, chunk.encounter_counts, chunk.truth_counts)]
    lives, begin = [], (0, 0, 0)
    for subject, *end in zip(subjects, *(e.tolist() for e in ends), strict=True):
        parts = [table[a:b] for table, a, b in zip((events, encounters, truth), begin, end, strict=True)]
        lives.append(Life(subject, *parts))
        begin = tuple(end)
    return lives


def kernel_lives(
    program: Program, seed: int, patients: range, signals: Any = None, chunk_size: int = 3
) -> list[Life]:
    """Consecutive patients on the kernel."""
    chunks = chunks_of(
        program, seed, patients.start, len(patients), edges=edges_of(program),
        signals=no_signals() if signals is None else signals, chunk_size=chunk_size,
    )  # fmt: skip
    return [life for chunk in chunks for life in of_chunk(chunk)]


def reference_lives(machine: Machine, seed: int, patients: Iterable[int]) -> list[Life]:
    """Patients that nothing couples, on the reference."""
    return [of_reference(reference.run_patient(machine, seed, patient)) for patient in patients]


def reference_population(machine: Machine, seed: int) -> tuple[list[Life], list[list[list[float]]]]:
    """Everybody of a coupled machine on the reference, side by side, and what they pass on."""
    everybody = range(machine.population.size)
    lives = [reference.alive_at_start(machine, seed, patient) for patient in everybody]
    signals = reference.run_windows(machine, lives)
    return [of_reference(reference.finish(life)) for life in lives], signals


# --- what is asserted ---------------------------------------------------------------------


def assert_same(machine: Machine, seed: int, patients: range) -> int:
    """Kernel and reference agree on these patients, who are not coupled; returns their rows."""
    expected = reference_lives(machine, seed, patients)
    assert_equal(kernel_lives(flatten(machine), seed, patients), expected, machine, patients.start)
    return rows(expected)


def assert_same_population(machine: Machine, seed: int) -> int:
    """Kernel and reference agree on a whole coupled population and on its signals; returns its rows."""
    expected, passed_on = reference_population(machine, seed)
    assert_kernel_gives(machine, seed, expected, passed_on)
    return rows(expected)


def assert_kernel_gives(
    machine: Machine, seed: int, expected: list[Life], passed_on: list[list[list[float]]]
) -> None:
    """The kernel, on two threads, agrees with what the reference makes of a coupled population."""
    program = flatten(machine)
    signals = exchange(program, seed, workers=2)
    assert signals.tolist() == passed_on, f"{machine.id}, seed {seed}: other signals"
    assert_equal(kernel_lives(program, seed, range(len(expected)), signals), expected, machine)


def rows(lives: Iterable[Life]) -> int:
    """How much was compared."""
    return sum(len(life.events) + len(life.encounters) + len(life.truth) for life in lives)


def assert_equal(kernel: Sequence[Life], expected: Sequence[Life], machine: Machine, first: int = 0) -> None:
    """Raises: AssertionError that says which patient's which row differs first, and how."""
    assert len(kernel) == len(expected)
    for patient, (one, other) in enumerate(zip(kernel, expected, strict=True), start=first):
        if one != other:
            raise AssertionError(f"{machine.id}, patient {patient}: {difference(one, other, machine)}")


def difference(kernel: Life, expected: Life, machine: Machine) -> str:
    """The first difference between two lives, in words."""
    for name, one, other in zip(SUBJECT, kernel.subject, expected.subject, strict=True):
        if one != other:
            return f"{name} is {one} on the kernel, {other} on the reference"
    for table in ("truth", "events", "encounters"):  # truth first: the others follow from it
        one, other = getattr(kernel, table), getattr(expected, table)
        if one != other:
            k = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
            k = min(len(one), len(other)) if k is None else k
            return (
                f"row {k} of {table} ({len(one)} rows on the kernel, {len(other)} on the reference):\n"
                f"  kernel    {said(table, one[k : k + 1], machine)}\n"
                f"  reference {said(table, other[k : k + 1], machine)}"
            )
    return "equal"


def said(table: str, found: list[Row], machine: Machine) -> str:
    """A row with the name of the arrow in which it arose."""
    if not found:
        return "nothing"
    row = found[0]
    if table == "encounters":
        return f"{row} {machine.encounters[row[1]].name}"
    names = [arrow.name for p in machine.processes for state in p.states for arrow in state.arrows]
    return f"{row} of {names[row[-1]] if row[-1] >= 0 else 'the beginning'}"
