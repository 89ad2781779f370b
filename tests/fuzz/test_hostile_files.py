"""Files that are made to hurt: `check` answers within seconds and a few hundred MB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS = 10  # of the processor; most take a tenth of one
MEGABYTES = 600

HEAD = (
    "id: hostile\npopulation: {size: 5000, from: 2000-01-01, to: 2010-01-01, age: 0..80 years, source: x}\n"
)
CHECK = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from simulator.cli.findings_view import render_findings
from simulator.compiler import check_file
findings = check_file(sys.argv[1])
render_findings(findings.items)
used = resource.getrusage(resource.RUSAGE_SELF)
with open("/proc/self/status") as status:
    peak = next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), used.ru_maxrss)
codes = sorted({finding.code for finding in findings.items})
print(json.dumps([codes, used.ru_utime + used.ru_stime, peak / 1024]))
"""

DISEASE = "{onset: {rate: 0.1 per year, source: x}, states: [s]}"


def _diseases(count: int, *, extra: str = "") -> str:
    rate = f"{{rate: 0.1 per year, source: x{extra}}}"
    return "diseases:\n" + "".join(f"  d{i}: {{onset: {rate}, states: [s]}}\n" for i in range(count))


def _table() -> str:
    years = ", ".join(f"{1500 + j}: 0.1" for j in range(1900))
    rows = "".join(f"      {i}..{i} years: 0.1\n" for i in range(1, 99))
    head = "mortality:\n  source: x\n  rate:\n    per: year\n    by: [age, year]\n    table:\n"
    return f"{head}      0..0 years: {{{years}}}\n{rows}      99.. years: 0.1\n"


def _pathways(last: str) -> str:
    twice = "".join(
        f"  p{i}: {{steps: [{{follow: p{i + 1}}}, {{follow: p{i + 1}}}]}}\n" for i in range(1, 30)
    )
    first = "pathways:\n  p0: {start: {when: age >= 1 year}, steps: [{follow: p1}, {follow: p1}]}\n"
    return f"{first}{twice}  p30: {{steps: [{last}]}}\n"


LAUGHS = 'a: &a ["l","l","l"]\n' + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
#: name: what follows the head, and a code that is found (None: none but warnings)
TEXTS: dict[str, tuple[Callable[[], str], str | None]] = {
    "ten megabytes in a value": (lambda: f'title: "{"x" * 10_000_000}"\n', "E110"),
    "ten megabytes of keys": (lambda: "".join(f"k{i}: 1\n" for i in range(900_000)), "E110"),
    "billion laughs": (lambda: LAUGHS, "E103"),
    "brackets": (lambda: "a: " + "[" * 200_000, "E111"),
    "stairs": (lambda: "".join(" " * i + "a:\n" for i in range(2000)), "E111"),
    "escapes": (lambda: 'mortality: {rate: "' + "\\x41" * 1_000_000 + '"}\n', "E315"),
    "digits": (lambda: "communities: {count: " + "9" * 5_000 + "}\n", "E205"),
    "many misspelt names": (
        lambda: _diseases(1000, extra=", multiplied: [{by: 2, while: disease}]").replace("disease}", "e1}"),
        "E501",
    ),
    "a table of a great many cells": (_table, None),
    "arms": (lambda: DISEASES_WITH_ARMS, "E134"),
    "pathways that follow one another twice": (lambda: _pathways("{wait: 1 day}"), "E716"),
    "pathways without any time": (lambda: _pathways("{note: x}"), "E716"),
    "factors": (
        lambda: (
            "diseases: {d: {states: [s], onset: {rate: 1 per year, multiplied: ["
            + ", ".join(f"{{by: 2, while: age >= {i} days}}" for i in range(5000))
            + "]}}}\n"
        ),
        "E716",
    ),
    "states": (
        lambda: (
            "diseases: {d: {onset: {rate: 1 per year}, states: ["
            + ", ".join(f"s{i}" for i in range(2000))
            + "]}}\n"
        ),
        "E716",
    ),
    "correlations": (
        lambda: (
            "measurements:\n"
            + "".join(f"  m{i}: {{unit: mg, plausible: 0..9, value: {{mean: 3}}}}\n" for i in range(800))
            + "panels: {p: {measures: ["
            + ", ".join(f"m{i}" for i in range(800))
            + "], correlated: [{between: [m0, m1], by: 0.5}]}}\n"
            + "care: {c: {class: ambulatory, every: 1 year, measures: [p]}}\n"
        ),
        "E727",
    ),
    "communities": (
        lambda: (
            "communities: {count: 1000, contacts: {graph: complete}}\nexchange: {p: {share: age > 1 year}}\n"
        ),
        None,
    ),
    "too many communities": (
        lambda: "communities: {count: 5000}\nexchange: {p: {share: age > 1 year}}\n",
        "E718",
    ),
    "warnings": (lambda: _diseases(1500).replace(", source: x", ""), "W201"),
}
DISEASES_WITH_ARMS = (
    _diseases(100)
    + "arms:\n"
    + "".join(
        f"  a{i}: {{change: {{diseases: {{d{i % 100}: {{onset: {{rate: 0.2 per year}}}}}}}}}}\n"
        for i in range(300)
    )
)


def check(file: Path) -> list[str]:
    """Codes of what `check` finds. Raises: AssertionError if it takes too long or too much memory."""
    ran = subprocess.run(
        [sys.executable, "-c", CHECK, file.name],
        cwd=file.parent,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    codes, seconds, megabytes = json.loads(ran.stdout)
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
    assert isinstance(codes, list)
    return codes


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_files_take_neither_time_nor_memory(name: str, tmp_path: Path) -> None:
    write, code = TEXTS[name]
    file = tmp_path / "hostile.yaml"
    file.write_text(HEAD + write(), encoding="utf-8")
    codes = check(file)
    if code is None:
        assert all(each.startswith("W") for each in codes)
    else:
        assert code in codes


def test_symlinks_fifos_and_folders_in_use(tmp_path: Path) -> None:
    """Two links that name one another, a link to itself, to its own folder, to a device, and a FIFO."""
    for link, target in (
        ("one.yaml", "two.yaml"),
        ("two.yaml", "one.yaml"),
        ("self.yaml", "self.yaml"),
        ("here", "."),
        ("zero.yaml", "/dev/zero"),
    ):
        (tmp_path / link).symlink_to(target)
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "around.yaml").write_text("use: here/around\n")
    (tmp_path / "growing.yaml").write_text("use: {file: here/growing, as: x}\n")
    file = tmp_path / "hostile.yaml"
    file.write_text(f"{HEAD}use: [one, self, here, zero, fifo, around, growing, here/here/hostile]\n")
    assert set(check(file)) == {"E120", "E121"}


def test_files_that_use_one_another_twice_under_other_names(tmp_path: Path) -> None:
    for i in range(25):
        uses = f"use: [{{file: f{i + 1}, as: a}}, {{file: f{i + 1}, as: b}}]\n"
        (tmp_path / f"f{i}.yaml").write_text(f"{uses}diseases: {{d{i}: {DISEASE}}}\n")
    (tmp_path / "f25.yaml").write_text(f"diseases: {{z: {DISEASE}}}\n")
    file = tmp_path / "hostile.yaml"
    file.write_text(f"{HEAD}use: f0\n")
    assert not [code for code in check(file) if code.startswith("E")]


def test_a_long_chain_of_files(tmp_path: Path) -> None:
    for i in range(250):
        (tmp_path / f"f{i}.yaml").write_text(f"use: f{i + 1}\n")
    file = tmp_path / "hostile.yaml"
    file.write_text(f"{HEAD}use: f0\n")
    assert "E120" in check(file)


def test_a_csv_file_that_never_ends_its_quotes(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text('age,rate\n0,"' + "x" * 5_000_000 + "\n")
    rate = "{per: year, by: age, csv: rates.csv, columns: {age: age}, value: rate}"
    file = tmp_path / "hostile.yaml"
    file.write_text(f"{HEAD}mortality: {{source: x, rate: {rate}}}\n")
    assert [code for code in check(file) if code.startswith("E")]
