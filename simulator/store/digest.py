"""The content digest: what is in a dataset, whatever the shards, chunks, workers or files.

Patients are taken in blocks of 1,000 by patient number. A block's digest is the SHA-256
of its numbers: first patient and number of patients, then each column of the chunk in
the order of `chunk.PATIENT_COLUMNS`, `EVENT_COLUMNS`, `ENCOUNTER_COLUMNS` and
`TRUTH_COLUMNS`, little-endian, in the declared dtypes. Two codes that would read the same
in every column count as one (the first), as do two states of one name in a process and two transitions of
one name, and every NaN is the same NaN.

The dataset's digest is the SHA-256 of a line that names the format, the vocabulary and the
scenario's hash as canonical JSON, the blocks' digests in order, and the signals of a
coupled run. Wall-clock time, versions and paths have no part in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from simulator.store.chunk import FLAT, PATIENT_COLUMNS, Array, Chunk, SignalSeries
from simulator.store.vocabulary import Vocabulary


def canonical_codes(vocabulary: Vocabulary) -> Array:
    """For each code, the first that has the same code, text, unit and status. int32[codes]."""
    first: dict[tuple[str | None, ...], int] = {}
    return np.array(
        [first.setdefault((c.code, c.text, c.unit, c.status), i) for i, c in enumerate(vocabulary.codes)],
        dtype=np.int32,
    )


def canonical_states(vocabulary: Vocabulary) -> tuple[Array, Array] | None:
    """For each state, the first of its process with the same name; None if all names differ.

    Returns: where each process's states begin (int64[processes]), and the states of all processes, counted
    within their process (int32[states]).
    """
    canonical = [[states.index(s) for s in states] for _, states in vocabulary.processes]
    if all(row == list(range(len(row))) for row in canonical):
        return None
    starts = np.cumsum([0, *(len(row) for row in canonical[:-1])], dtype=np.int64)
    return starts, np.array([s for row in canonical for s in row], dtype=np.int32)


def canonical_arrows(vocabulary: Vocabulary) -> Array | None:
    """For each transition, the first of the same name; None if all names differ. int32[transitions]."""
    first: dict[str, int] = {}
    canonical = [first.setdefault(name, i) for i, name in enumerate(vocabulary.arrows)]
    return None if len(first) == len(canonical) else np.array(canonical, dtype=np.int32)


class BlockDigester:
    """Digests of blocks, for one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        canonical = canonical_codes(vocabulary)
        unique = bool((canonical == np.arange(len(canonical))).all())
        self._canonical = None if unique else canonical
        self._states = canonical_states(vocabulary)
        self._arrows = canonical_arrows(vocabulary)

    def digest(self, block: Chunk) -> bytes:
        """SHA-256 of the patients of one block; `block` must be normalized. 32 bytes."""
        sha = hashlib.sha256(np.array([block.first, len(block)], dtype="<i8").tobytes())
        for name, dtype in PATIENT_COLUMNS.items():
            sha.update(_little_endian(self._arrow(name, getattr(block, name)), dtype))
        for table in FLAT.values():
            for name, dtype in table.items():
                column = getattr(block, name)
                if name == "ev_value":
                    column = np.where(column == column, column, np.float32(np.nan))
                elif name == "ev_code" and self._canonical is not None:
                    column = self._canonical.take(column)
                elif name in ("tr_from", "tr_to") and self._states is not None:
                    column = self._named(block.tr_process, column)
                column = self._arrow(name, column)
                sha.update(_little_endian(column, dtype))
        return sha.digest()

    def _arrow(self, name: str, column: Array) -> Array:
        """A column of transitions by the first of their name; any other column, and none, as it is."""
        if self._arrows is None or name not in ("ev_cause", "death_cause", "tr_arrow"):
            return column
        return np.where(column >= 0, self._arrows.take(np.maximum(column, 0)), column)

    def _named(self, process: Array, state: Array) -> Array:
        """States by the first of their name; what is no state stays as it is."""
        assert self._states is not None
        starts, states = self._states
        known = (process >= 0) & (state >= 0)
        at = np.where(known, starts.take(np.where(known, process, 0)) + state, 0)
        return np.where(known, states.take(at), state)


def dataset_digest(
    vocabulary: Vocabulary, scenario_hash: str, blocks: Iterable[bytes], signals: SignalSeries | None = None
) -> str:
    """The digest of a whole dataset, as hex."""
    head: dict[str, Any] = {"format": 1, "vocabulary": vocabulary.to_json(), "scenario": scenario_hash}
    sha = hashlib.sha256(json.dumps(head, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    for block in blocks:
        sha.update(block)
    if signals is not None:
        sha.update(json.dumps([list(signals.names), list(signals.values.shape)]).encode())
        sha.update(_little_endian(signals.starts, "int64"))
        sha.update(_little_endian(signals.values, "float64"))
    return sha.hexdigest()


def _little_endian(column: Array, dtype: str) -> memoryview:
    array = np.ascontiguousarray(column, dtype=np.dtype(dtype).newbyteorder("<"))
    return array.reshape(-1).view(np.uint8).data
