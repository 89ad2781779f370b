"""The event log: columns in memory, a dataset on disk, and what is in it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.store.chunk import Chunk as Chunk
    from simulator.store.chunk import SignalSeries as SignalSeries
    from simulator.store.dataset import Dataset as Dataset
    from simulator.store.log import EventLog as EventLog
    from simulator.store.log import Patient as Patient
    from simulator.store.memory import MemoryLog as MemoryLog
    from simulator.store.vocabulary import Vocabulary as Vocabulary
    from simulator.store.writer import DatasetWriter as DatasetWriter

_HOMES = {
    "Chunk": "chunk",
    "Dataset": "dataset",
    "DatasetWriter": "writer",
    "EventLog": "log",
    "MemoryLog": "memory",
    "Patient": "log",
    "SignalSeries": "chunk",
    "Vocabulary": "vocabulary",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Fetches a public name when it is first used: importing `simulator.store` loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"simulator.store.{_HOMES[name]}"), name)
