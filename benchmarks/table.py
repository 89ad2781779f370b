"""The results as Markdown, and ``python -m benchmarks.table`` to put them into the README."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
LATEST = HERE / "results" / "latest.json"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def markdown(results: dict[str, Any]) -> str:
    """All results that are there, as Markdown."""
    writers = {"w1": _w1, "l1": _l1, "start": _start}
    parts = [writers[what](results[what]) for what in writers if what in results]
    facts = next(iter(results.values()))["machine"]
    parts.append(
        f"Measured {facts['date'][:10]} on {facts['cores']} cores of {facts['cpu']}, "
        f"{facts['memory_gb']} GB, Python {facts['python']}, Numba {facts['packages'].get('numba', '?')}; "
        "medians, lowest to highest in brackets. Everything is in "
        "[benchmarks/results](benchmarks/results), how it was measured in "
        "[benchmarks/README.md](benchmarks/README.md)."
    )
    return "\n\n".join(parts)


def _w1(result: dict[str, Any]) -> str:
    lines = [
        "**W1, the neutral workload**, millions of live patient-steps per second:",
        "",
        "| program | threads | rate | engine is … times as fast | events/s | largest z |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in result["rows"]:
        ratio = row["engine_over_this"]
        factor = "" if ratio is None or row["name"] == "engine" else _span(ratio, 1.0, 2)
        name = f"**{row['what']}**" if row["name"] == "engine" else row["what"]
        lines.append(
            f"| {name} | {row['threads']} | {_span(row['rate'], 1e-6, 3)} | {factor} "
            f"| {row['events_per_second'] / 1e6:.2f} million | {row['worst_z']:.1f} |"
        )
    lines.append("")
    scaling = result["scaling"]
    if scaling:
        lines.append(
            "Two threads over one: "
            + ", ".join(f"{name} {_span(value, 1.0, 3)}" for name, value in scaling.items())
            + "."
        )
    lines += [f"Left out: {name} ({reason})." for name, reason in result["absent"].items()]
    return "\n".join(lines)


def _l1(result: dict[str, Any]) -> str:
    lines = [
        "**L1, lifetimes** from birth to death to Parquet (`simulator run`, start-up included):",
        "",
        "| people | workers | lifetimes/s | events/s | events a life | peak memory | on disk |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['people']:,} | {row['workers']} | {_span(row['lifetimes_per_second'], 1.0, 3)} "
        f"| {_span(row['events_per_second'], 1e-6, 3)} million | {row['events_per_life']:.0f} "
        f"| {row['peak_mb']['high']:,.0f} MB | {row['disk_mb']['median']:,.0f} MB |"
        for row in result["rows"]
    ]
    where = result["where"]
    shares = ", ".join(f"{name} {share:.0%}" for name, share in where["shares"].items())
    lines += ["", f"Where the time goes ({where['people']:,} people, one worker): {shares}."]
    peer = result["peer"]
    if "lifetimes_per_second" in peer:
        lines.append(
            f"Beside it {peer['name']} ({peer['what']}): {peer['lifetimes_per_second']:.2g} lifetimes/s."
        )
    return "\n".join(lines)


def _start(result: dict[str, Any]) -> str:
    return (
        f"**Start**: `simulator run` with 100 patients of the demo scenario takes "
        f"{_span(result['warm'], 1.0, 3)} s warm and {result['cold']['median']:.0f} s the first time "
        f"ever (it compiles the kernel); `simulator --help` {_span(result['help'], 1.0, 2)} s."
    )


def _span(value: dict[str, Any], factor: float, digits: int) -> str:
    low, mid, high = (_number(value[key] * factor, digits) for key in ("low", "median", "high"))
    return f"{mid} ({low}–{high})" if low != high else mid


def _number(x: float, digits: int) -> str:
    """`x` to so many significant digits, without exponent."""
    if x == 0.0:
        return "0"
    if abs(x) >= 10**digits:
        return f"{float(f'{x:.{digits}g}'):,.0f}"
    text = f"{x:#.{digits}g}"
    return text.rstrip(".")


def insert(readme: str, block: str) -> str:
    """The README with `block` between its two markers.

    Raises: ValueError if the markers are not there, once each and in order.
    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise ValueError(f"README.md needs {BEGIN} and, further down, {END}, once each")
    head, rest = readme.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n\n{block}\n\n{END}{tail}"


def main() -> int:
    """Put the latest results into the README."""
    if not LATEST.exists():
        print("there are no results yet: run `python -m benchmarks.run`", file=sys.stderr)
        return 2
    README.write_text(insert(README.read_text(), markdown(json.loads(LATEST.read_text()))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
