"""What the README and the other pages say must be so: commands parse, links lead somewhere, Python runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import simulator as sim
from simulator.cli.parser import build_parser

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "docs", "scenarios")
    for path in (ROOT / folder).glob("**/*.md" if folder != "." else "*.md")
)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_readme_is_one(root: Path) -> None:
    readme = (root / "README.md").read_text()
    lines = "".join(blocks(readme, "sh")).splitlines() + re.findall(r"^\| `([^`]+)`", readme, re.MULTILINE)
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("simulator ")]
    [known] = [action.choices for action in build_parser()._actions if action.dest == "command"]
    assert known is not None
    # `patient` is spoken of in a sentence
    assert {command[1] for command in commands} | {"patient"} == set(known)
    for command in commands:
        args = build_parser().parse_args(command[1:])
        assert args.command == command[1]
        file = getattr(args, "file", None)
        assert file in (None, "FILE", "A") or (root / file).exists()


def test_every_target_of_make_exists(root: Path) -> None:
    makefile = (root / "Makefile").read_text()
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"`?\bmake ([a-z][a-z-]+)\b`?", (root / page).read_text()):
            if target in ("sure", "and"):
                continue
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page} names make {target}"


def test_the_python_of_the_readme_runs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [python] = blocks((root / "README.md").read_text(), "python")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(root / "scenarios")
    sim.run("scenarios/demo.yaml", size=20, out="out/demo")
    names: dict[str, object] = {}
    exec(compile(python.replace("size=1_000", "size=30"), "README.md", "exec"), names)
    log, dataset = names["log"], names["dataset"]
    assert isinstance(log, sim.MemoryLog)
    assert isinstance(dataset, sim.Dataset)
    assert (len(log), len(dataset)) == (30, 20)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str, root: Path) -> None:
    path = root / page
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
        if not target.startswith(("http:", "https:")):
            assert (path.parent / target).exists(), f"{page} links to {target}"
