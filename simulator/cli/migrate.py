"""`simulator migrate FILE…`: files of older formats brought to this one, comments and order kept."""

from __future__ import annotations

import argparse
import difflib
import shutil
import sys
from pathlib import Path

from simulator.authoring.text_file import check_free, write
from simulator.errors import UsageError
from simulator.scenario.include import VERSION
from simulator.scenario.migrate import Migration, migrate_file

FINE, FOUND = 0, 1


def main(args: argparse.Namespace) -> int:
    if args.out is not None and len(args.files) > 1:
        raise UsageError("--out is for one file", remedy="Use --in-place for several.")
    to = VERSION if args.to is None else args.to
    found = [migrate_file(file, since=args.since, to=to) for file in args.files]
    if args.in_place:
        _check_backups(found)
    for each in found:
        for line in each.left:
            sys.stderr.write(f"{each.file}:{line}\n")
    if args.out is not None:
        _write_new(Path(args.out), found[0])
        return FINE
    for each in found:
        if each.is_current:
            sys.stdout.write(f"{each.file} is in format {each.to} already\n")
        elif args.in_place:
            _write_in_place(each)
        else:
            _print_difference(each)
    waiting = [each for each in found if not each.is_current]
    if waiting and not args.in_place:
        sys.stdout.flush()
        sys.stderr.write("nothing was written; say --in-place or --out FILE\n")
        return FOUND
    return FINE


def _print_difference(each: Migration) -> None:
    before, after = each.before.splitlines(keepends=True), each.after.splitlines(keepends=True)
    names = f"{each.file} (format {each.since})", f"{each.file} (format {each.to})"
    for line in difflib.unified_diff(before, after, *names):
        sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")


def _backup(file: str) -> Path:
    return Path(f"{file}.bak")


def _check_backups(found: list[Migration]) -> None:
    """Before anything is written: every copy has a place. Raises: UsageError."""
    for each in found:
        if not each.is_current and _backup(each.file).exists():
            raise UsageError(
                f"{_backup(each.file)} exists, and is not overwritten", remedy="Move it away first."
            )


def _write_in_place(each: Migration) -> None:
    backup = _backup(each.file)
    try:
        shutil.copy2(each.file, backup)
    except OSError as error:
        raise UsageError(f"{backup} cannot be written: {error.strerror}") from None
    try:
        write(Path(each.file), each.after)
    except UsageError:
        backup.unlink()
        raise
    sys.stdout.write(f"{each.file}: format {each.since} to {each.to}; as it was: {backup}\n")
    sys.stdout.write(f"next: simulator check {each.file}\n")


def _write_new(out: Path, each: Migration) -> None:
    check_free(out, remedy="choose another name")
    write(out, each.after)
    done = "is in it already, copied" if each.is_current else f"was in format {each.since}"
    sys.stdout.write(f"wrote {out} in format {each.to}; {each.file} {done}\n")
