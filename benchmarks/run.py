"""One command for all benchmarks: ``python -m benchmarks.run [w1|l1|start|all]``.

Everything runs side by side in one go, repetitions interleaved, and ends up in one JSON file
with the machine it ran on; the tables are printed as Markdown. `python -m benchmarks.table`
puts the latest ones into the README.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import lifetimes, machine, start, table
from benchmarks.w1 import compare

RESULTS = Path(__file__).parent / "results"


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["w1", "l1", "start", "all"])
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, two repetitions: does it work at all"
    )
    parser.add_argument("--repetitions", type=int, default=5, metavar="R", help="of W1 (default: 5)")
    parser.add_argument("--million", action="store_true", help="L1 also for 1,000,000 people")
    parser.add_argument(
        "--peer-python",
        default="",
        metavar="PYTHON",
        help="an interpreter that has the extra bench-peers, for peers that this one lacks",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="results (default: benchmarks/results/latest.json, merged into it)",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run, write the JSON, print the tables."""
    args = parse(argv)
    out = args.out or RESULTS / ("quick.json" if args.quick else "latest.json")
    results: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {}
    wanted = ("start", "w1", "l1") if args.what == "all" else (args.what,)
    for what in wanted:
        say(f"{what}:")
        facts = machine.describe()
        results[what] = {"machine": facts, **_run(what, args)}
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(results, indent=1) + "\n")
    print(table.markdown({what: results[what] for what in wanted}))
    say(f"written to {out}")
    return 0


def _run(what: str, args: argparse.Namespace) -> dict[str, Any]:
    if what == "w1":
        repetitions, scale = (2, 0.05) if args.quick else (args.repetitions, 1.0)
        return compare.compare(say, repetitions=repetitions, scale=scale, peer_python=args.peer_python)
    if what == "l1":
        size, repetitions = (2_000, 1) if args.quick else (100_000, 3)
        return lifetimes.benchmark(
            say, size=size, repetitions=repetitions, million=args.million, peer_python=args.peer_python
        )
    return start.benchmark(say, repetitions=2 if args.quick else 5)


def say(text: str) -> None:
    """Progress, to standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
