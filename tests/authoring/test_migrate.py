"""`simulator migrate`: what is written otherwise now is changed at its place, and nothing else."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cli.main import main
from simulator.errors import Findings, ScenarioError, SimulatorError, UsageError
from simulator.scenario import parse_scenario
from simulator.scenario.include import VERSION
from simulator.scenario.migrate import STEPS, migrate_text
from simulator.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

HERE = Path(__file__).parent
DRAFT = (HERE / "draft_0.yaml").read_text(encoding="utf-8")
CURRENT = (HERE / "draft_1.yaml").read_text(encoding="utf-8")
COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)


def plain(node: Node | None) -> object:
    """A tree without places."""
    if isinstance(node, Mapping):
        return [(name, plain(entry.value)) for name, entry in node.entries.items()]
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text


def tree(text: str) -> object:
    findings = Findings()
    root = read_yaml(text, "file", findings)
    assert not findings.errors
    return plain(root)


def removed(before: str, after: str) -> set[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return {COMMENT.sub("", line[2:]).rstrip() for line in lines if line.startswith("- ")}


def body(text: str) -> str:
    """What a draft's block becomes, from its second line on."""
    found = migrate_text(f"format: 0\n{text}", "file")
    assert found.left == ()
    assert found.after.startswith("format: 1\n")
    return found.after.removeprefix("format: 1\n")


def test_a_draft_becomes_this_and_runs() -> None:
    found = migrate_text(DRAFT, "draft.yaml")
    assert found.after == CURRENT
    assert (found.since, found.to, found.left) == (0, VERSION, ())
    scenario, findings = parse_scenario(found.after, "draft.yaml")
    assert scenario is not None, findings.items
    assert set(scenario.targets) == {"survival", "other"}
    assert set(scenario.diseases["cf"].phenotypes) == {"hp_0001738", "hp_0001217"}


def test_there_is_a_step_from_every_format_to_the_next() -> None:
    assert sorted(STEPS) == list(range(VERSION))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("targets: [{id: a, value: 1}, {value: 2, id: b}]", "targets: {a: {value: 1}, b: {value: 2}}"),
        (
            "targets:\n  - value: 1\n    id: a # x\n    source: s",
            "targets:\n  a:\n    value: 1 # x\n    source: s",
        ),
        ("targets:\n- {id: a,\n   value: 1}", "targets:\n  a: {\n     value: 1}"),
        ("targets: []", "targets: []"),
        ("targets: {a: {ci95: [57 years, 65 years]}}", "targets: {a: {ci95: [57 years, 65 years]}}"),
        ("targets:\n  - id: a\n    ci95: [57 years, 65 years]", "targets:\n  a:\n    accept: 57..65 years"),
        ("diseases:\n  d: {onset: 1 per year}", "diseases:\n  d: {onset: {rate: 1 per year}}"),
        (
            'diseases:\n  d: {death: {a: "max(1, 2) per year"}}',
            'diseases:\n  d: {death: {a: {rate: "max(1, 2) per year"}}}',
        ),
        (
            "diseases:\n  d:\n    death:\n      a: max(1, 2) per year",
            'diseases:\n  d:\n    death:\n      a: {rate: "max(1, 2) per year"}',
        ),
        ("diseases:\n  d: {stop: {a: b}}", "diseases:\n  d: {stop: {a: b}}"),
        (
            "treatments:\n  t:\n    stop: [{rate: 1 per year}]",
            "treatments:\n  t:\n    stop: [{rate: 1 per year}]",
        ),
        (
            "measurements:\n  m:\n    value:\n      start: normal(5, 1)  # c\n",
            "measurements:\n  m:\n    value:\n      mean: 5\n      between_patients: 1  # c\n",
        ),
        (
            "care:\n  c: {for: biopsy done or not on done_drug}",
            "care:\n  c: {for: ever biopsy or not on done_drug}",
        ),
        ("care:\n  c: {title: work done}", "care:\n  c: {title: work done}"),
        ("", ""),
    ],
)
def test_piece_by_piece(before: str, after: str) -> None:
    assert body(before) == after


def test_windows_line_ends_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff" + DRAFT.replace("\n", "\r\n")
    assert migrate_text(text, "file").after == "\ufeff" + CURRENT.replace("\n", "\r\n")


def test_what_cannot_be_changed_is_said() -> None:
    found = migrate_text("format: 0\ntargets:\n  - {value: 3}\n  - {value: 4}\n", "file")
    assert found.after == "format: 1\ntargets:\n  - {value: 3}\n  - {value: 4}\n"
    assert found.left == (
        "3: `targets` is a list whose items have no names that tell them apart; give it names",
    )


# --- nothing but the named places ---------------------------------------------------------------

NOISE = st.lists(
    st.tuples(
        st.integers(0, len(DRAFT.splitlines()) - 1),
        st.sampled_from(["", "   ", "# note", "      # deep: {note}", "# - id: x"]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(NOISE)
def test_comments_and_blank_lines_stay_where_they_are(noise: list[tuple[int, str, bool]]) -> None:
    lines = DRAFT.splitlines()
    for at, text, behind in sorted(noise, reverse=True):
        if behind and text.strip() and "#" not in lines[at] and lines[at].strip():
            lines[at] += f"  {text.strip()}"
        else:
            lines.insert(at, text)
    before = "\n".join(lines) + "\n"
    after = migrate_text(before, "file").after
    assert COMMENT.findall(after) == COMMENT.findall(before)
    assert tree(after) == tree(CURRENT)
    assert removed(before, after) - {""} <= removed(DRAFT, CURRENT)
    blank = [line for line in before.splitlines() if not line.strip()]
    assert [line for line in after.splitlines() if not line.strip()] == blank
    again = migrate_text(after, "file")
    assert again.is_current
    assert again.after == after


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, len(DRAFT.splitlines()) - 1), max_size=6),
    st.integers(0, len(DRAFT)),
    st.text(max_size=3),
)
def test_a_broken_draft_is_never_a_fault_of_ours(gone: list[int], at: int, more: str) -> None:
    text = DRAFT[:at] + more + DRAFT[at:]
    text = "\n".join(line for i, line in enumerate(text.split("\n")) if i not in gone)
    try:
        found = migrate_text(text, "file", since=0)
    except SimulatorError:
        return
    findings = Findings()
    assert read_yaml(found.after.replace("\r\n", "\n").removeprefix("\ufeff"), "file", findings) is not None


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "to", "said"),
    [
        (f"format: {VERSION + 1}\n", VERSION, f"in format {VERSION + 1}; this program knows formats up to"),
        ("format: 1\n", 0, "no way back to 0"),
        ("format: 1\n", VERSION + 1, f"there is no format {VERSION + 1}"),
        ("format: new\n", VERSION, "does not say its format"),
        ("id: a\r\ntitle: b\n", VERSION, "line ends of several kinds"),
    ],
)
def test_what_cannot_be_migrated(text: str, to: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        migrate_text(text, "file", to=to)


def test_what_is_no_yaml_is_a_finding() -> None:
    with pytest.raises(ScenarioError, match="E102"):
        migrate_text("format: 0\nid: a\nid: b\n", "file")


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "draft.yaml"
    path.write_text(DRAFT, encoding="utf-8")
    return path


def test_it_shows_before_it_writes(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", str(draft)]) == 1
    said = capsys.readouterr()
    assert said.out.startswith(f"--- {draft} (format 0)\n+++ {draft} (format 1)\n@@")
    assert "-format: 0          # before the release\n+format: 1          # before the release\n" in said.out
    assert "nothing was written" in said.err
    assert draft.read_text(encoding="utf-8") == DRAFT
    assert list(draft.parent.iterdir()) == [draft]


def test_in_place_keeps_a_copy_and_overwrites_none(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", str(draft), "--in-place"]) == 0
    assert draft.read_text(encoding="utf-8") == CURRENT
    backup = draft.with_name("draft.yaml.bak")
    assert backup.read_text(encoding="utf-8") == DRAFT
    assert main(["check", str(draft)]) == 0
    capsys.readouterr()
    assert main(["migrate", str(draft), "--in-place"]) == 0
    assert capsys.readouterr().out == f"{draft} is in format 1 already\n"
    draft.write_text(DRAFT, encoding="utf-8")
    assert main(["migrate", str(draft), "--in-place"]) == 2
    assert "draft.yaml.bak exists, and is not overwritten" in capsys.readouterr().err
    assert draft.read_text(encoding="utf-8") == DRAFT


def test_out_writes_a_new_file_only(draft: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new.yaml"
    assert main(["migrate", str(draft), "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == CURRENT
    assert main(["migrate", str(draft), "--out", str(out)]) == 2
    assert "is left as it is" in capsys.readouterr().err
    assert main(["migrate", str(draft), str(out), "--out", "x.yaml"]) == 2
    assert "--out is for one file" in capsys.readouterr().err


def test_a_file_without_format_is_current_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("id: a\ncare:\n  c: {class: home, for: x done}\n", encoding="utf-8")
    assert main(["migrate", str(path)]) == 0
    assert "already" in capsys.readouterr().out
    assert main(["migrate", str(path), "--from", "0"]) == 1
    assert "+  c: {class: home, for: ever x}" in capsys.readouterr().out


def test_check_says_how_to_mend_an_old_format(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(draft)]) == 1
    assert "Run `simulator migrate` on it." in capsys.readouterr().out
