"""Valid scenarios to begin with: those that are shipped, the examples of the docs, those of other tests."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.engine import course_texts, disease_texts

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = "population: {size: 100, from: 2000-01-01, to: 2010-01-01, age: 0..80 years}\n"


class Seed(NamedTuple):
    name: str
    text: str
    file: str  # the name it is read under: what it uses is found beside it


@cache
def shipped() -> tuple[Seed, ...]:
    """Every scenario and library file."""
    files = sorted((ROOT / "scenarios").rglob("*.yaml"))
    return tuple(Seed(f.stem, f.read_text(encoding="utf-8"), str(f)) for f in files)


@cache
def examples() -> tuple[Seed, ...]:
    """The examples of docs/language.md; most say only a part of a scenario."""
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    beside = str(ROOT / "scenarios" / "library" / "example.yaml")
    found = []
    for index, example in enumerate(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)):
        head = "" if re.search(r"^id:", example, re.M) else "id: example\n"
        people = "" if re.search(r"^population:", example, re.M) else PEOPLE
        found.append(Seed(f"language-{index}", head + people + example, beside))
    return tuple(found)


@cache
def courses() -> tuple[Seed, ...]:
    """The scenarios on which kernel and reference are compared."""
    texts = {**course_texts.TEXTS, **disease_texts.TEXTS}
    return tuple(Seed(name, text, f"{name}.yaml") for name, text in texts.items())


@cache
def seeds() -> tuple[Seed, ...]:
    return (*shipped(), *examples(), *courses())
