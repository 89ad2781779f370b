"""YAML without surprises: texts stay as written and know where they stand."""

from __future__ import annotations

import pytest

from simulator.errors import Findings, Span
from simulator.scenario.yaml_nodes import MAX_CHARACTERS, MAX_FINDINGS, MAX_NODES, Mapping, Scalar, read_yaml


def read(text: str) -> tuple[Mapping | None, Findings]:
    findings = Findings()
    return read_yaml(text, "f.yaml", findings), findings


def scalar(text: str, key: str = "k") -> Scalar:
    root, findings = read(text)
    assert not findings.items
    assert root is not None
    node = root.get(key)
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    "text", ["no", "yes", "~", "null", "1e-3", "010", "0x1F", "20:30", "2019-10-21", "true", ".inf", "1_000"]
)
def test_nothing_is_converted(text: str) -> None:
    assert scalar(f"k: {text}").text == text


@pytest.mark.parametrize(
    ("yaml", "word", "line", "column"),
    [
        ("k: age >= beta", "beta", 1, 11),
        ("k: 'age >= beta'", "beta", 1, 12),
        ('k: "age >= beta"', "beta", 1, 12),
        ("k: 'it''s beta'", "beta", 1, 11),
        ('k: "a \\" beta"', "beta", 1, 10),
        ("k: älter als beta", "beta", 1, 14),
        ("a: 1\nk: >-\n  age >= 2\n  and beta", "beta", 4, 7),
        ("a: 1\nk: |\n  age\n    beta\n", "beta", 4, 5),
        ("k: age and\n   beta", "beta", 2, 4),
        ("a: {b: [x], k: beta}", "beta", 1, 16),
    ],
)
def test_every_character_knows_its_place(yaml: str, word: str, line: int, column: int) -> None:
    root, _ = read(yaml)
    assert root is not None
    node = root.get("k")
    if node is None:
        inner = root.get("a")
        assert isinstance(inner, Mapping)
        node = inner.get("k")
    assert isinstance(node, Scalar)
    start = node.text.index(word)
    assert node.locate(start, start + len(word)) == Span("f.yaml", line, column, line, column + len(word))


def test_the_span_of_a_key_and_its_value() -> None:
    root, _ = read("a:\n  b: value")
    assert root is not None
    inner = root.get("a")
    assert isinstance(inner, Mapping)
    entry = inner.entries["b"]
    assert entry.key.span == Span("f.yaml", 2, 3, 2, 4)
    assert entry.value.span == Span("f.yaml", 2, 6, 2, 11)


def test_all_refusals_are_reported_in_one_go() -> None:
    _, findings = read("a: &x 1\nb: *x\nc: !!int 3\n<<: {d: 4}\na: 2\n")
    assert [f.code for f in findings.items] == ["E103", "E103", "E104", "E105", "E102"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "x" * MAX_CHARACTERS, "E110"),
        ("a: [" + "1," * MAX_NODES + "]", "E110"),
        ("a: " + "[" * 100_000, "E111"),
        ("\n".join(" " * i + "a:" for i in range(100)), "E111"),
        ("a:\n \tb: 1", "E106"),
        ("a: \x1b[31m", "E109"),
        ("a: \x85", "E109"),
    ],
)
def test_refused(text: str, code: str) -> None:
    root, findings = read(text)
    assert root is None
    assert [f.code for f in findings.items] == [code]


def test_reading_stops_after_many_findings() -> None:
    root, findings = read("x: &a 1\ny: [" + "*a," * 5000 + "]")
    assert root is None
    assert len(findings.items) == MAX_FINDINGS + 1


def test_a_tab_inside_a_line_is_a_blank() -> None:
    assert scalar("k:\tvalue").text == "value"
