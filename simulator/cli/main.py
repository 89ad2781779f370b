"""`simulator`: reads the arguments, hands over to one command, turns what went wrong into an exit code.

Exit codes: 0 fine · 1 findings · 2 bad input · 3 a fault of ours · 130 interrupted. Nothing
heavy is imported here: `simulator --help` answers at once, and each command loads what it needs.
"""

from __future__ import annotations

import argparse
import codecs
import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

from simulator.cli.parser import BAD_INPUT, build_parser
from simulator.errors import ScenarioError, SimulatorError

FINE, FAULT, INTERRUPTED, TERMINATED = 0, 3, 130, 143


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; raises SystemExit only for `--help` and usage errors."""
    for stream in (sys.stdout, sys.stderr):
        _write_anything(stream)
    args = build_parser().parse_args(argv)
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return _serve(args)
    finally:
        signal.signal(signal.SIGTERM, before)


def _write_anything(stream: object) -> None:
    """Lets a stream of another encoding (a pipe of Windows, LC_ALL=C) show what it has no character for.

    As ``\\u00e9``: readable, and right in JSON.
    """
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        codecs.register_error("escaped", _escaped)
        stream.reconfigure(errors="escaped")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)), error.end


def _serve(args: argparse.Namespace) -> int:
    try:
        command = import_module(f"simulator.cli.{args.command}")
        code: int = command.main(args)
        sys.stdout.flush()
    except ScenarioError as error:
        _print_findings(error)
        return BAD_INPUT
    except SimulatorError as error:
        _say(f"simulator {args.command}: {error.code} {error}")
        return BAD_INPUT
    except BrokenPipeError:
        # the reader (`| head`) has enough; a second complaint at exit would only confuse
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except KeyboardInterrupt as interrupt:
        terminated = bool(interrupt.args)
        _say("\nstopped; nothing was left half-written")
        return TERMINATED if terminated else INTERRUPTED
    except Exception as error:
        if args.debug:
            raise
        _say(
            f"simulator {args.command}: {type(error).__name__}: {error}\n"
            "  This is a fault of ours, not of your input. Run it again with --debug and report what it says."
        )
        return FAULT
    return code


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    """A polite end (SIGTERM) tidies up the way Ctrl-C does."""
    raise KeyboardInterrupt(number)


def _print_findings(error: ScenarioError) -> None:
    from simulator.cli.findings_view import print_findings

    print_findings(error.findings, stream=sys.stderr)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
