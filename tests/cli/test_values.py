"""What people may type where a number is wanted."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from simulator.cli import console, values

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("10000", 10_000),
        ("10_000", 10_000),
        ("10,000", 10_000),
        ("1e5", 100_000),
        ("1E5", 100_000),
        ("2.5e3", 2_500),
        ("100k", 100_000),
        ("1.5M", 1_500_000),
        (" 7 ", 7),
        ("1099511627775", 2**40 - 1),
    ],
)
def test_count_reads_what_people_write(text: str, value: int) -> None:
    assert values.count(text) == value


@pytest.mark.parametrize("text", ["", "ten", "3.4", "1e-3", "0x10", "1k5", "nan", "inf", "--", "1" * 5000])
def test_count_refuses_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a whole number; write e"):
        values.count(text)


@pytest.mark.parametrize("text", ["0", "-5", "1099511627776", "1e90"])
def test_count_refuses_what_is_out_of_range(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"out of range; it must be at least 1 and below 2\^40"):
        values.count(text)


def test_seed_takes_64_bits() -> None:
    assert values.seed("0") == 0
    assert values.seed("18446744073709551615") == 2**64 - 1
    for text in ("-1", "18446744073709551616"):
        with pytest.raises(ArgumentTypeError, match=r"must be from 0 to 2\^64-1"):
            values.seed(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(12, "12 B"), (999, "999 B"), (12_345, "12.3 kB"), (4_560_000, "4.56 MB"), (2e9, "2 GB")],
)
def test_size_on_disk(value: int, text: str) -> None:
    assert console.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4249, "0.42 s"), (9.5, "9.5 s"), (12.3, "12 s"), (119, "119 s"), (185.2, "3 min 05 s")],
)
def test_seconds(value: float, text: str) -> None:
    assert console.seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(789, "789"), (4_560, "4.56 k"), (12_345_678, "12.3 M")])
def test_short_counts(value: float, text: str) -> None:
    assert console.short(value) == text


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        (".venv/bin/simulator", ".venv/bin/simulator"),
        ("/opt/far/away/bin/simulator", "simulator"),
        ("/opt/site-packages/simulator/__main__.py", "python -m simulator"),
        ("/usr/bin/pytest", "simulator"),
    ],
)
def test_how_the_program_is_called_from_here(
    called: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("sys.argv", [called, "run"])
    assert console.program() == shown
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert console.program() == "simulator"
