"""The engine: a Program and a seed in, chunks of rows out (docs/engine.md).

Importing it loads the compiled kernel. Compiled code is cached in a folder whose name is a
digest of every source it was made from: Numba itself notices a change in a function's own file
only, and would go on using callers with an old helper inside.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numba

from simulator.compiler import layout

_SOURCES = ("ages", "clock", "draws", "hazards", "kernel", "numeric", "pointers", "process", "record",
            "sampling", "terms", "windows")  # fmt: skip


def cache_folder() -> Path:
    """Folder for compiled code: below $NUMBA_CACHE_DIR, else below the user's cache folder."""
    here = Path(__file__).parent
    digest = hashlib.sha256(numba.__version__.encode())
    for source in [Path(layout.__file__), *(here / f"{name}.py" for name in _SOURCES)]:
        digest.update(source.read_bytes())
    own = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "patient-simulator" / f"kernel-{digest.hexdigest()[:16]}"


def _load_kernel() -> None:
    """Import every compiled module with the cache folder set, and leave Numba as it was."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        from simulator.engine import kernel, windows  # noqa: F401
    finally:
        numba.config.CACHE_DIR = before


_load_kernel()
