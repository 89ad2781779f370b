"""Scenarios of thousands of blocks, names and chains: answered by findings or success, in linear time.

Each is read in a process of its own that the system ends after so many seconds of the processor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.compiler.context import Lowering
from simulator.compiler.lower import check_reading
from simulator.compiler.names import listing
from simulator.compiler.terms import Where
from simulator.scenario.nearest import listed, nearest
from simulator.scenario.reading import read_text

HEAD = (
    "id: large\nsource: x\n"
    "population: {size: 50, from: 2000-01-01, to: 2003-01-01, age: 0..80 years, source: x}\n"
)
SECONDS, MEGABYTES = 12, 400  # quadratic takes a minute
MANY = 2_000
CHECK = """
import collections, json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES << 20, MEGABYTES << 20))
from simulator.cli.findings_view import findings_json, render_findings
from simulator.compiler import check_file
findings = check_file(sys.argv[1])
render_findings(findings.items, color=True, columns=100)
findings_json(findings.items)
print(json.dumps(collections.Counter(finding.code for finding in findings.items)))
""".replace("SECONDS", str(SECONDS)).replace("MEGABYTES", str(MEGABYTES))


def _section(name: str, block: Callable[[int], str], count: int = MANY) -> str:
    return f"{name}:\n" + "".join(f"  {name[0]}{i}: {block(i)}\n" for i in range(count))


def _diseases(onset: Callable[[int], str]) -> str:
    return _section("diseases", lambda i: f"{{onset: {onset(i)}, states: [s]}}")


def _chain(first: str, next_: Callable[[int], str]) -> Callable[[int], str]:
    return lambda i: first if i == 0 else next_(i)


def _pathways(follows: Callable[[int], int], count: int = 2000) -> str:
    start = "start: {when: age > 1 year}, "
    steps = lambda i: f"{{{start if i == 0 else ''}steps: [{{wait: 1 day}}, {{follow: p{follows(i)}}}]}}"  # noqa: E731
    return _section("pathways", steps, count) + f"  p{count}: {{steps: [{{wait: 1 day}}]}}\n"


def _measurements(asks: Callable[[int], int]) -> str:
    def block(i: int) -> str:
        shift = f"[{{by: 1, while: m{asks(i)} > 2 mg}}]"
        return f"{{unit: mg, plausible: 0..900, value: {{mean: 3, shift: {shift}}}}}"

    return _section("measurements", block, 2000)


ARMS = (
    _section("parameters", lambda i: "{value: 0.1 per year}", 500)
    + "arms:\n"
    + "".join(f"  a{j}: {{set: {{" + ", ".join(f"p{i}x: 1" for i in range(200)) + "}}\n" for j in range(25))
)

#: name: what follows the head, and how often a code is found at least (None: nothing but warnings)
TEXTS: dict[str, tuple[Callable[[], str], tuple[str, int] | None]] = {
    "misspelt names": (
        lambda: _diseases(lambda i: f"{{rate: 1 per year, while: dd{i}x}}"),
        ("E501", MANY),
    ),
    "misspelt events": (lambda: _diseases(lambda i: f"{{on: d{i}.onnset}}"), ("E505", MANY)),
    "events of what is not there": (lambda: _diseases(lambda i: f"{{on: xyz{i}.onnset}}"), ("E505", MANY)),
    "misspelt parameters": (lambda: _section("parameters", lambda i: f"p{i}x + 1"), ("E130", MANY)),
    "parameters of one another": (
        lambda: _section("parameters", _chain("1", lambda i: f"p{i - 1} + 1")),
        ("E130", 1),
    ),
    "diseases that cause the one before": (
        lambda: _diseases(lambda i: "{rate: 1 per year}" if i == MANY - 1 else f"{{on: d{i + 1}.onset}}"),
        None,
    ),
    "diseases in a circle": (lambda: _diseases(lambda i: f"{{on: d{(i + 1) % MANY}.onset}}"), ("W317", MANY)),
    "treatments for one another": (
        lambda: _section("treatments", lambda i: f"{{start: {{when: on t{(i + 1) % MANY}}}}}"),
        ("W317", MANY),
    ),
    "measurements that ask for the one before": (lambda: _measurements(lambda i: max(i - 1, 0)), ("E729", 1)),
    "measurements in a circle": (lambda: _measurements(lambda i: (i + 1) % 2000), ("E729", 2000)),
    "pathways that follow one another": (lambda: _pathways(lambda i: i + 1), ("E716", 1)),
    "pathways in a circle": (lambda: _pathways(lambda i: (i + 1) % 2000), ("E731", 1)),
    "misspelt parameters of arms": (lambda: ARMS, ("E128", 5000)),
    "states": (
        lambda: "diseases: {d: {onset: {rate: 1 per year}, states: ["
        + ", ".join(f"s{i}" for i in range(MANY))
        + "], course: ["
        + ", ".join(f"s{i} -> s{i + 1}: {{rate: 1 per year}}" for i in range(MANY - 1))
        + "]}}\n",
        ("E716", 1),
    ),
}  # fmt: skip


def check(file: Path) -> dict[str, int]:
    """How often each code is found. Raises: AssertionError if that takes too much."""
    ran = subprocess.run(
        [sys.executable, "-c", CHECK, file.name],
        cwd=file.parent,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    codes = json.loads(ran.stdout)
    assert isinstance(codes, dict)
    return codes


@pytest.mark.parametrize("name", TEXTS)
def test_large_scenarios_take_neither_time_nor_memory(name: str, tmp_path: Path) -> None:
    write, expected = TEXTS[name]
    file = tmp_path / "large.yaml"
    file.write_text(HEAD + write(), encoding="utf-8")
    codes = check(file)
    if expected is None:
        assert not [code for code in codes if code.startswith("E")]
    else:
        code, count = expected
        assert codes.get(code, 0) >= count, codes


def test_items_of_a_list_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "used.yaml").write_text(_diseases(lambda i: "{rate: 1 per year}"), encoding="utf-8")
    file = tmp_path / "large.yaml"
    missing = ", ".join(f"diseases.e{i}" for i in range(MANY))
    file.write_text(f"{HEAD}use: [used]\nremove: [{missing}]\n", encoding="utf-8")
    assert check(file)["E126"] == MANY


def test_one_file_under_many_names(tmp_path: Path) -> None:
    (tmp_path / "used.yaml").write_text(
        _section("diseases", lambda i: "{onset: {rate: 1 per year}, states: [s]}", 40), encoding="utf-8"
    )
    file = tmp_path / "large.yaml"
    uses = ", ".join(f"{{file: used, as: a{i}}}" for i in range(100))
    file.write_text(f"{HEAD}use: [{uses}]\n", encoding="utf-8")
    assert not [code for code in check(file) if code.startswith("E")]


def test_what_nests_too_deeply_is_a_finding_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(low: Lowering, where: Where | None = None) -> None:
        place = where or Where.key(low.scenario.diseases["d"], "onset")
        endless(low, place)

    monkeypatch.setattr(sys.modules["simulator.compiler.lower"], "_declare", endless)
    text = f"{HEAD}diseases: {{d: {{onset: {{rate: 0.1 per year}}, states: [s]}}}}\n"
    (finding,) = check_reading(read_text(text, "deep.yaml")).items
    assert (finding.code, finding.path, finding.span.line) == ("E111", "diseases.d.onset", 4)
    assert finding.remedy


def test_the_nearest_of_many_names() -> None:
    known = tuple(f"disease_{i}" for i in range(5000))
    assert nearest("disaese_4711", known) == "disease_4711"
    assert nearest("Disease_17", known) == "disease_17"
    assert nearest("xyz", known) is None
    assert nearest("onst_rate", ["uptake", "onset_rate"]) == "onset_rate"


def test_very_many_choices_are_not_all_listed() -> None:
    names = [f"n{i}" for i in range(5000)]
    assert len(listed(names)) < 600
    assert listed(names).endswith("(5,000 in all)")
    assert listed(["a", "b"]) == "`a`, `b`"
    assert len(listing(names)) < 200
