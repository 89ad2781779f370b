"""`simulator graph`: where the drawing goes, and what is said when it cannot be had."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simulator as sim
from simulator.cli.main import main
from tests.authoring.mermaid_grammar import read

FILE = str(Path(__file__).parent / "graph.yaml")
LANGUAGES = ("sh", "yaml", "mermaid")


def test_one_drawing_is_mermaid_and_several_are_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", FILE, "--disease", "copd"]) == 0
    assert read(capsys.readouterr().out).groups == {"states"}
    assert main(["graph", FILE]) == 0
    assert capsys.readouterr() == (sim.graph(FILE), "")
    assert sim.graph(FILE).startswith("# Things to draw")
    assert main(["graph", FILE, "--disease", "copd", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("# Things to draw")


def test_the_name_of_the_file_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, beginning in (
        ("a.md", "# Things"),
        ("a.mmd", "---\ntitle"),
        ("a.dot", "digraph"),
        ("a.gv", "digraph"),
    ):
        assert main(["graph", FILE, "--disease", "copd", "--out", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text().startswith(beginning)
    assert main(["graph", FILE, "--disease", "copd", "--out", str(tmp_path / "a"), "--format", "dot"]) == 0
    assert (tmp_path / "a").read_text() == (tmp_path / "a.dot").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "a.dot", "a.gv", "a.md", "a.mmd"]
    assert capsys.readouterr() == ("", "")


def test_nothing_is_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.md"
    out.write_text("mine")
    assert main(["graph", FILE, "--out", str(out)]) == 2
    assert (
        f"{out} exists, and is left as it is\n  choose another name, or say --force to replace it"
        in capsys.readouterr().err
    )
    assert out.read_text() == "mine"
    assert main(["graph", FILE, "--out", str(out), "--force"]) == 0
    assert out.read_text() == sim.graph(FILE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "a.png"], "the name a.png does not say which format is wanted\n  end it in one of .mmd"),
        (["--out", "a.svg", "--format", "dot"], "--format dot is not what a.svg stands for"),
        (["--out", "a.mmd"], "a.mmd can hold one drawing, and these are 4\n  write a page (--out FILE.md)"),
        (["--out", "none/a.md"], "there is no folder none"),
        (["--out", "here.md"], "here.md is a folder"),
        (
            ["--disease", "astma"],
            "there is no disease 'astma'\n  did you mean 'asthma'? the diseases are: copd, asthma",
        ),
        (["--format", "png"], "invalid choice: 'png'"),
    ],
)
def test_what_cannot_be_had_is_said(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.md").mkdir()
    try:
        code = main(["graph", FILE, *arguments])
    except SystemExit as usage:
        code = int(str(usage.code))
    assert code == 2
    assert message in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["here.md"]


def test_a_file_that_cannot_be_understood_gives_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "x.yaml"
    broken.write_text("format: 1\nid: x\ndiseases: {flu: {onset: {rat: 1 per year}, states: [ill]}}\n")
    assert main(["graph", str(broken)]) == 2
    assert re.search(r"x\.yaml:3:\d+: error E\d+:.*`rat`", capsys.readouterr().err)


def test_drawing_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom simulator.cli.main import main\n"
        f"assert main(['graph', {FILE!r}]) == 0\n"
        "assert not {'numba', 'numpy', 'pandas', 'pyarrow', 'matplotlib', 'networkx'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_on_drawings_is_so(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (root / "docs" / "graphs.md").read_text()
    [shell, yaml, drawn] = [re.search(rf"```{lang}\n(.*?)```", page, re.DOTALL) for lang in LANGUAGES]
    assert shell is not None
    assert yaml is not None
    assert drawn is not None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(root / "scenarios")
    for line in shell[1].splitlines():
        command = shlex.split(line, comments=True)[1:]
        if not any(part.endswith((".svg", ".html")) for part in command) or shutil.which("dot"):
            assert main(command) == 0
    Path("copd.yaml").write_text(f"format: 1\nid: x\n{yaml[1]}")
    whole = sim.graph("copd.yaml", disease="copd").splitlines()
    left_out = ("  classDef ", "  class ", "  style ", "  linkStyle ", "  s_severe ~~~ ")
    assert [line for line in whole if not line.startswith(left_out)] == drawn[1].splitlines()
