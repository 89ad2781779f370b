"""All mistakes are told in one go: several say what each says alone, no less and nothing else.

Mistakes are planted in shipped scenarios (`planted.py`). What is said of one is about its own line; what is
said of two or three in one block, or anywhere, is what is said of each. A key that nobody can make out hides
what stands under it, and the keys it goes with are missing; a measurement without a known unit has no wrong
units. These are the only exceptions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.planted import Mistake, Said, independent, mistakes_of, planted, said

ROOT = Path(__file__).parents[2]
STORIES = sorted((ROOT / "scenarios" / "stories").glob("*.yaml"))
SYNTHEA = sorted((ROOT / "scenarios" / "synthea").glob("*.yaml"))
FILES = [str(file) for file in (*STORIES, *SYNTHEA)]
PAIRS = 12  # of each file
#: what follows from a key that nobody can make out: that it is missing, and what goes with it
OF_UNKNOWN_KEYS = {"E202", "E210", "E211"}


@cache
def text_of(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


@cache
def alone(file: str, mistake: Mistake) -> frozenset[Said]:
    return frozenset(said(planted(text_of(file), [mistake]), file))


@cache
def plantable(file: str) -> tuple[Mistake, ...]:
    """The mistakes that can be planted in a file."""
    return tuple(mistakes_of(text_of(file), file))


def in_blocks(file: str) -> list[list[Mistake]]:
    """Mistakes by the block they are in."""
    blocks: dict[str, list[Mistake]] = {}
    for mistake in plantable(file):
        blocks.setdefault(".".join(mistake.path.split(".")[:2]), []).append(mistake)
    return [block for block in blocks.values() if len(block) > 3]


def assert_all_told(file: str, mistakes: list[Mistake]) -> None:
    expected = frozenset[Said]().union(*(alone(file, mistake) for mistake in mistakes))
    found = frozenset(said(planted(text_of(file), mistakes), file))
    assert not expected - found, f"hidden by one another: {mistakes}"
    assert not found - expected, f"follows from these together: {mistakes}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file).stem)
def test_one_mistake_is_told_and_nothing_else(file: str) -> None:
    for mistake in Random(file).sample(plantable(file), 15):
        found = alone(file, mistake)
        assert {line for _, _, line, _ in found} >= {mistake.line}, mistake
        others = {each for each in found if each[2] != mistake.line}
        if mistake.what == "unknown key":
            others = {each for each in others if each[0] not in OF_UNKNOWN_KEYS}
        assert not others, f"follows from {mistake}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file).stem)
def test_two_mistakes_in_one_block_are_both_told(file: str) -> None:
    luck, blocks = Random(f"pairs in {Path(file).name}"), in_blocks(file)
    tried = 0
    while tried < PAIRS:
        pair = luck.sample(luck.choice(blocks), 2)
        if independent(*pair):
            assert_all_told(file, pair)
            tried += 1


@given(st.data())
@settings(deadline=None)
def test_mistakes_anywhere_are_all_told(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    drawn = st.lists(st.sampled_from(plantable(file)), min_size=2, max_size=3, unique=True)
    mistakes = data.draw(drawn.filter(lambda them: all(independent(*pair) for pair in combinations(them, 2))))
    assert_all_told(file, mistakes)


# --- the same answer in every process ------------------------------------------------------------

_TELL = """
import json, os, sys
from pathlib import Path
from simulator.cli.findings_view import findings_json
from simulator.compiler import check_file
os.chdir(sys.argv[1])
print(json.dumps([findings_json(check_file(f.name).items) for f in sorted(Path(".").glob("*.yaml"))]))
"""


def test_findings_do_not_depend_on_the_order_of_sets() -> None:
    """Text and order, of all broken scenarios: one process per seed of the hashes."""
    told = []
    for seed in "012":
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", _TELL, str(ROOT / "tests" / "broken")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT, check=True)
        told.append(json.loads(done.stdout))
    assert len(told[0]) > 200
    assert told[0] == told[1] == told[2]


# --- what it costs -------------------------------------------------------------------------------


def _long(diseases: int) -> str:
    """A scenario of some thousand lines."""
    one = """  d{}:
    source: made up
    onset:
      rate: 0.1 per year
      multiplied:
        - by: 2
          while: sex == female and age >= 40 years
    states: [mild, severe]
    course:
      - mild -> severe:
          rate: 0.2 per year
      - severe -> absent:
          after: weibull(median=3 years, shape=2)
    events:
      upset:
        rate: 1 per year
        while: d{} in [severe]
"""
    people = "population: {size: 100, from: 2000-01-01, to: 2010-01-01, age: 0..80 years}\n"
    return f"id: long\n{people}diseases:\n" + "".join(one.format(i, i) for i in range(diseases))


def _seconds(text: str) -> float:
    """Time of the processor for one check, the best of three."""
    taken = []
    for _ in range(3):
        begun = process_time()
        said(text, "long.yaml")
        taken.append(process_time() - begun)
    return min(taken)


def test_a_structural_mistake_does_not_make_a_long_scenario_slow_to_check() -> None:
    fine = _long(270)
    assert fine.count("\n") > 4500
    assert not said(fine, "long.yaml")
    broken = fine.replace("    onset:\n", "    onsett:\n", 1)
    assert [code for code, *_ in said(broken, "long.yaml")] == ["E201"]
    assert _seconds(broken) < 2.0 * _seconds(fine)
