"""The content digest of a dataset, computed again from the files on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from simulator.store.chunk import ENCOUNTER_BITS, Array, Chunk, SignalSeries
from simulator.store.columns import floats, instants, integers, read_shard, read_table, words
from simulator.store.digest import BlockDigester, dataset_digest
from simulator.store.layout import BLOCK, SINGLE
from simulator.store.manifest import read_manifest
from simulator.store.vocabulary import SEXES, Vocabulary

_DENSE = 1 << 22  # combinations of strings that are looked up in a table
DAMAGED = b"\0" * 32  #: stands for a block whose rows do not add up to patients


def recompute_digest(path: Path) -> str:
    """The content digest of the files in a dataset's folder, as hex.

    Raises: DatasetError if it is no dataset; OSError or pa.ArrowException if a file is damaged.
    """
    manifest = read_manifest(path)
    vocabulary = Vocabulary.from_json(manifest["vocabulary"])
    plan = manifest["plan"]
    blocks: list[bytes] = []
    for shard in range(plan["shards"]):
        first = shard * plan["shard_size"]
        stop = min(first + plan["shard_size"], plan["patients"])
        blocks += block_digests(read_shard(path, shard), vocabulary, first, stop)
    return dataset_digest(
        vocabulary, manifest["provenance"].get("scenario", {}).get("hash", ""), blocks, read_signals(path)
    )


def block_digests(
    tables: dict[str, pa.Table], vocabulary: Vocabulary, first: int, stop: int, codes: Array | None = None
) -> list[bytes]:
    """Digests of the blocks of patients `first` … `stop` − 1, from the tables that hold just their rows.

    `codes` is `code_index` of the events, if it is known already. A word that the vocabulary
    lacks changes the digest; rows that do not belong to these patients spoil all of them.
    """
    starts = range(first, stop, BLOCK)
    chunk = decode(tables, vocabulary, first, stop - first, codes)
    if chunk is None:
        return [DAMAGED for _ in starts]
    digester = BlockDigester(vocabulary)
    return [digester.digest(chunk.slice(s - first, min(s + BLOCK, stop) - first)) for s in starts]


def read_signals(path: Path) -> SignalSeries | None:
    """The signals that a coupled run left behind, or None."""
    file = path / SINGLE["exchange"]
    if not file.exists():
        return None
    table = read_table(file, "exchange")
    starts = np.unique(instants(table, "time"))
    names = tuple(dict.fromkeys(table.column("signal").to_pylist()))
    values = floats(table, "value").reshape(len(starts), len(names), -1)
    return SignalSeries(starts, names, values)


def decode(
    tables: dict[str, pa.Table],
    vocabulary: Vocabulary,
    first: int,
    patients: int,
    codes: Array | None = None,
) -> Chunk | None:
    """The tables of some patients as the chunk they were made from.

    Strings that the vocabulary lacks become −2. None if rows belong to other patients, are
    not in patient order, or the subjects are not exactly these.
    """
    events, subjects = tables["events"], tables["subjects"]
    counts: dict[str, Array] = {}
    for name, table in (("event", "events"), ("encounter", "encounters"), ("truth", "truth")):
        number = integers(tables[table], "subject_id") - (first + 1)
        if len(number) and (number.min() < 0 or number.max() >= patients or (np.diff(number) < 0).any()):
            return None
        counts[name] = np.bincount(number, minlength=patients)
    expected = np.arange(first + 1, first + 1 + patients)
    if not np.array_equal(integers(subjects, "subject_id"), expected):
        return None
    arrows = {name: i for i, name in enumerate(vocabulary.arrows)}
    process, from_, to = _truth_states(tables["truth"], vocabulary)
    kinds = {k.name: i for i, k in enumerate(vocabulary.encounters)}
    encounters, truth = tables["encounters"], tables["truth"]
    mask = (1 << ENCOUNTER_BITS) - 1
    return Chunk(
        first=first,
        birth=instants(subjects, "birth"),
        death=instants(subjects, "death"),
        entry=instants(subjects, "entry"),
        exit=instants(subjects, "exit"),
        sex=words(subjects, "sex").among({s: i for i, s in enumerate(SEXES)}),
        death_cause=words(subjects, "death_cause").among(arrows),
        community=integers(subjects, "community"),
        event_counts=counts["event"],
        ev_time=instants(events, "time"),
        ev_code=code_index(events, vocabulary) if codes is None else codes,
        ev_value=floats(events, "numeric_value"),
        ev_encounter=_encounter_numbers(events, mask),
        ev_end=instants(events, "end"),
        ev_cause=words(events, "cause").among(arrows),
        encounter_counts=counts["encounter"],
        enc_number=integers(encounters, "encounter_id") & mask,
        enc_kind=words(encounters, "kind").among(kinds),
        enc_start=instants(encounters, "start"),
        enc_end=instants(encounters, "end"),
        truth_counts=counts["truth"],
        tr_time=instants(truth, "time"),
        tr_process=process,
        tr_from=from_,
        tr_to=to,
        tr_arrow=words(truth, "cause").among(arrows),
    ).normalized()


def code_index(events: pa.Table, vocabulary: Vocabulary) -> Array:
    """Index of the code with each row's code, text, unit and status; −2 if there is none. int32."""
    columns = [words(events, name) for name in ("code", "text_value", "unit", "status")]
    sizes = [len(c.words) + 1 for c in columns]
    key = np.zeros(len(events), dtype=np.int64)
    for column, size in zip(columns, sizes, strict=True):
        key = key * size + (column.index + 1)
    places = [{word: i + 1 for i, word in enumerate(c.words)} | {None: 0} for c in columns]
    known: dict[int, int] = {}
    for index, code in enumerate(vocabulary.codes):
        here = [p.get(w) for p, w in zip(places, (code.code, code.text, code.unit, code.status), strict=True)]
        if None in here:
            continue
        number = 0
        for place, size in zip(here, sizes, strict=True):
            number = number * size + (place or 0)
        known.setdefault(number, index)
    if not known:
        return np.full(len(key), -2, dtype=np.int32)
    combinations = int(np.prod(sizes, dtype=np.float64))
    if combinations <= _DENSE:
        table = np.full(combinations, -2, dtype=np.int32)
        table[list(known)] = list(known.values())
        return table.take(key)
    keys = np.array(sorted(known), dtype=np.int64)
    values = np.array([known[k] for k in sorted(known)], dtype=np.int32)
    nearest = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    return np.where(keys[nearest] == key, values[nearest], np.int32(-2))


def _encounter_numbers(events: pa.Table, mask: int) -> Array:
    ids = integers(events, "encounter_id")
    return np.where(ids >= 0, ids & mask, -1)


def _truth_states(truth: pa.Table, vocabulary: Vocabulary) -> tuple[Array, Array, Array]:
    """Process, state before and state after, as indices; states count within their process."""
    process = words(truth, "process").among({name: i for i, (name, _) in enumerate(vocabulary.processes)})
    columns = []
    for name in ("from", "to"):
        state = words(truth, name)
        index = np.full(len(process), -2, dtype=np.int32)
        for number, (_, states) in enumerate(vocabulary.processes):
            here = process == number
            index[here] = state.among({s: i for i, s in enumerate(states)})[here]
        columns.append(index)
    return process, columns[0], columns[1]
