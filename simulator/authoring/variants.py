"""Runs one scenario several times: over values of its parameters, and over its arms.

Every run has the same seed and the same patients, and is a dataset in a folder of its own::

    DIR/uptake=50%/   DIR/uptake=70%/     over the values of a parameter
    DIR/base/         DIR/no_eti/         over arms
    DIR/uptake=50%/onset_rate=0.1_per_year/no_eti/     over all of them
    DIR/runs.json                         which is which
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import DatasetError, UsageError
from simulator.scenario.arms import BASE
from simulator.scenario.parameters import Settings, text_of
from simulator.store.layout import partial_name

if TYPE_CHECKING:
    from simulator.engine.run import Progress

INDEX = "runs.json"
KIND = "simulator-runs"
FORMAT = 1
MOST = 1_000  # runs

#: told how far one run is
Told = Callable[["Progress"], None]

_UNSAFE = re.compile(r"[^A-Za-z0-9._%+=-]+")


@dataclass(frozen=True, slots=True)
class Variant:
    """One run: the folder it is written to, the values that are set, and the arm."""

    folder: str
    settings: Mapping[str, str] = field(default_factory=dict)
    arm: str = BASE


def variants(
    sweep: Mapping[str, Sequence[str | float | int]], arms: Sequence[str], settings: Settings | None = None
) -> list[Variant]:
    """Every combination of the values of `sweep` with every one of `arms` (only the base if empty).

    Args:
        sweep: values by parameter.
        arms: names of arms.
        settings: what is set in all runs.

    Raises: UsageError if a value or arm is given twice, a parameter has no values or is also in
        `settings`, or there are more than 1,000 runs.
    """
    fixed = {name: text_of(value) for name, value in (settings or {}).items()}
    axes = {name: [text_of(value) for value in values] for name, values in sweep.items()}
    for name, values in axes.items():
        if name in fixed:
            raise UsageError(f"{name} is both set and swept", remedy="Give it once.")
        if not values or "" in values:
            raise UsageError(f"{name} has an empty value", remedy=f"Write e.g. --sweep {name}=50%,70%,90%.")
        _only_once([_folder(name, value) for value in values])
    _only_once(arms)
    found = []
    for combination in product(*axes.values()):
        chosen = dict(zip(axes, combination, strict=True))
        for arm in arms or [BASE]:
            parts = [_folder(name, value) for name, value in chosen.items()]
            folder = "/".join([*parts, *([arm] if arms else [])])
            found.append(Variant(folder, {**fixed, **chosen}, arm))
            if len(found) > MOST:
                raise UsageError(f"more than {MOST:,} runs", remedy="Sweep over fewer values.")
    return found


def _folder(name: str, value: str) -> str:
    return _UNSAFE.sub("_", f"{name}={value}")


def _only_once(names: Sequence[str]) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            raise UsageError(f"{name} is given twice", remedy="Leave one out.")


def record_variants(
    path: Path,
    out: Path,
    chosen: Sequence[Variant],
    *,
    size: int | None = None,
    seed: int = 0,
    workers: int = 1,
    step: str | None = None,
    force: bool = False,
    watch: Callable[[str], AbstractContextManager[Told | None]] | None = None,
) -> dict[str, Any]:
    """Run every variant of a scenario file, after all of them have been checked.

    Args:
        path: the scenario.
        out: folder to write; it appears when everything is done.
        chosen: from :func:`variants`.
        size, seed, workers, step: as in :func:`simulator.run`, the same for all.
        force: replace `out` if it holds such runs.
        watch: given a folder's name, a context in which its run is told about.

    Returns: the index, as it is in ``runs.json``.

    Raises: as :func:`simulator.run`; then, and if interrupted, nothing is left at `out`.
    """
    from simulator.compiler import compile_file
    from simulator.compiler.flatten import flatten
    from simulator.compiler.origin import origin
    from simulator.engine.recording import record

    _check_out(out, force)
    for each in chosen:
        compile_file(path, size=size, step=step, settings=each.settings, arm=each.arm)
    runs = []
    title = ""
    with _growing(out, force) as folder:
        for each in chosen:
            scenario, machine = compile_file(path, size=size, step=step, settings=each.settings, arm=each.arm)
            made = origin(path, scenario, machine, seed, step, each.settings, each.arm)
            title = scenario.title or scenario.id
            with watch(each.folder) if watch else nullcontext() as told:
                log = record(
                    flatten(machine), made,
                    seed=seed, workers=workers, out=folder / each.folder, progress=told,
                )  # fmt: skip
            runs.append(
                {
                    "folder": each.folder,
                    "set": dict(each.settings),
                    "arm": each.arm,
                    "title": made["scenario"]["title"],
                    "digest": log.digest,
                    **log.manifest["summary"],
                }
            )
        index = {"kind": KIND, "format": FORMAT, "title": title, "seed": seed, "runs": runs}
        (folder / INDEX).write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return index


def _check_out(out: Path, force: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not force:
        raise DatasetError(
            f"{out} already exists", remedy="choose another folder, or say --force to replace it"
        )
    try:
        index = json.loads((out / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        index = None
    if not isinstance(index, dict) or index.get("kind") != KIND:
        raise DatasetError(
            f"{out} does not hold runs of this program, so it is not replaced",
            remedy="choose another folder, or remove it yourself",
        )


@contextmanager
def _growing(out: Path, force: bool) -> Iterator[Path]:
    """A hidden folder beside `out` that takes its place in the end, or disappears."""
    out = Path(os.path.abspath(out))
    partial = out.parent / partial_name(out.name, os.getpid())
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise DatasetError(
            f"cannot write beside {out}: {error.strerror or error}",
            remedy="choose a folder that can be written to",
        ) from error
    try:
        yield partial
        _check_out(out, force)
        if out.exists():
            replaced = partial.with_name(partial.name.replace(".partial-", ".replaced-"))
            os.rename(out, replaced)
            os.rename(partial, out)
            shutil.rmtree(replaced)
        else:
            os.rename(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
