"""Tables beside a scenario, mutated: findings that point into them, or the right scenario."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.compiler.machine import Machine
from tests.fuzz.sheets import FOUND, MUTATIONS, SAME, USES, Mutation, Use, written
from tests.fuzz.verdict import Answer, assert_judged

EXAMPLES = settings.default.max_examples if settings.default else 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv")


def read(use: Use, data: bytes, folder: Path) -> Answer:
    (folder / "table.csv").write_bytes(data)
    return assert_judged(use.text, str(folder / "drawn.yaml"))


@cache
def sound(name: str, folder: Path) -> Machine:
    """What the table means as it was before anything happened to it."""
    answer = read(USES[name], written(USES[name].rows), folder)
    assert answer.machine is not None, answer.errors
    return answer.machine


@given(st.sampled_from(sorted(USES)), st.sampled_from(MUTATIONS), st.integers(0, 2**32))
@settings(max_examples=4 * EXAMPLES)
def test_mutated_tables(folder: Path, name: str, mutation: Mutation, number: int) -> None:
    use = USES[name]
    machine = sound(name, folder)
    mutant = mutation(Random(number), use)
    answer = read(use, mutant.data, folder)
    if mutant.outcome == SAME:
        assert not answer.errors
        assert answer.machine == machine
    elif mutant.outcome == FOUND:
        assert answer.errors
    if mutant.line is not None:
        places = {(Path(f.span.file).name, f.span.line) for f in answer.errors}
        assert ("table.csv", mutant.line) in places, answer.errors


@pytest.mark.parametrize("name", sorted(USES))
def test_a_million_rows_are_too_many(name: str, folder: Path) -> None:
    use = USES[name]
    answer = read(use, written(use.rows) + written([use.rows[-1]]) * 1_000_000, folder)
    assert {finding.code for finding in answer.errors} <= {"E411", "E414"}
    assert answer.seconds < 5


def test_what_is_not_a_file(tmp_path: Path) -> None:
    use = USES["a life table"]
    table = tmp_path / "table.csv"

    def code() -> set[str]:
        return {f.code for f in assert_judged(use.text, str(tmp_path / "drawn.yaml")).errors}

    assert code() == {"E411"}
    table.mkdir()
    assert code() == {"E411"}
    table.rmdir()
    table.symlink_to("table.csv")
    assert code() == {"E411"}
    table.unlink()
    table.symlink_to("/dev/zero")
    assert code() == {"E411"}
