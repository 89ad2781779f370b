"""The JSON Schema of the language: it accepts what is right, refuses what it can judge, and explains."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import simulator as sim
from simulator.cli.main import main
from simulator.compiler import check_file
from simulator.errors import NOWHERE, Finding, Findings
from simulator.scenario import model
from simulator.scenario.block_names import block_names
from simulator.scenario.examples import example_value, examples, stage
from simulator.scenario.files import Files
from simulator.scenario.json_schema import DRAFT, json_schema
from simulator.scenario.keys import keys_of
from simulator.scenario.rules import check_rules
from simulator.scenario.together import together
from simulator.scenario.values import Context
from simulator.scenario.yaml_nodes import read_yaml
from tests.engine import course_texts, disease_texts
from tests.scenario.editor_yaml import editor_values

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json_schema()
WHOLE = jsonschema.Draft7Validator(SCHEMA)
LIBRARY = jsonschema.Draft7Validator(json_schema(library=True))

SHIPPED = sorted((ROOT / "scenarios").rglob("*.yaml"))
BROKEN = ROOT / "tests" / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))

#: what the schema can see: keys, kinds of values, choices, names, what goes together
JUDGED = {
    "E113", "E201", "E202", "E203", "E204", "E207", "E208", "E209", "E210", "E211", "E212", "E213", "E214",
    "E215", "E216", "E221", "E350", "E401", "E402", "E418",
}  # fmt: skip
#: files with such a finding that cannot be seen without knowing what a name stands for, or what another
#: file says
BEYOND = {
    "e207_parameter": "the name of a parameter may stand for a date",
    "e210_from_two_files": "neither file is wrong alone",
    "e201_in_used_file": "the other file is",
}


def errors(validator: jsonschema.Draft7Validator, value: Any) -> list[str]:
    """What is wrong, with the path; nothing if all is well."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def test_values_are_those_of_yaml_1_2() -> None:
    text = "{a: no, b: 1e-3, c: 20:30, d: 0o17, e: 1_000, f: 2019-10-21, g: , 1: true, h: 3}"
    assert editor_values(text) == {
        "a": "no", "b": 0.001, "c": "20:30", "d": 15, "e": "1_000", "f": "2019-10-21", "g": None, "1": True,
        "h": 3,
    }  # fmt: skip


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == DRAFT
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA == sim.json_schema()


# --- what is right ------------------------------------------------------------------------


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenarios_are_accepted(file: Path) -> None:
    value = editor_values(file.read_text(encoding="utf-8"))
    assert errors(LIBRARY, value) == []
    if not sim.check(file).errors:  # else it is a library file that is not whole in itself
        assert errors(WHOLE, value) == []


def test_few_shipped_files_are_not_whole() -> None:
    assert {file.parent.name for file in SHIPPED if sim.check(file).errors} <= {"library"}


@pytest.mark.parametrize("name", [*course_texts.TEXTS, *disease_texts.TEXTS])
def test_scenarios_of_other_tests_are_accepted(name: str) -> None:
    text = {**course_texts.TEXTS, **disease_texts.TEXTS}[name]
    assert errors(WHOLE, {"id": "example", **editor_values(text)}) == []


def documented() -> list[tuple[str, str]]:
    """Every example of the documentation that is meant to be right, with its page.

    Not those that begin inside a block: the tutorial shows what is added to a file.
    """
    pages = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
    pages.remove(ROOT / "docs" / "reference.md")  # its examples are those of examples.yaml
    return [
        (page.name, text)
        for page in pages
        for text in re.findall(r"```yaml(?: good)?\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        if not text.startswith(" ")
    ]


@pytest.mark.parametrize(("page", "text"), documented())
def test_documented_examples_are_accepted(page: str, text: str) -> None:
    value = editor_values(text)
    if page == "language.md" and set(value) == {"rate", "by"}:  # two keys of a block, without the block
        value = {"mortality": {"rate": value["rate"], "multiplied": [{"by": value["by"]}]}}
    cut = "…" in re.sub("#.*", "", text)  # `{class: ambulatory, …}`
    value = without_ellipsis({"id": "example", **value})
    assert errors(LIBRARY if cut else WHOLE, value) == []


def without_ellipsis(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_ellipsis(each) for key, each in value.items() if key != "…"}
    return [without_ellipsis(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("block", examples(), ids=lambda block: block.__name__)
def test_examples_of_blocks_are_accepted(block: type[model.Block]) -> None:
    text = examples()[block].text
    value = editor_values(text)
    if block is not model.Scenario:
        value = {"id": "example", "use": "stage", **value}
    assert errors(WHOLE, value) == []
    name = {model.Table: "Table", model.Hazard: "HazardTable"}.get(block, block_names()[block])
    alone = jsonschema.Draft7Validator(
        {"$ref": f"#/definitions/{name}", "definitions": SCHEMA["definitions"]}
    )
    if name != "Expectation" and "Effect" not in name:
        assert errors(alone, example_value(block)) == []


def test_the_stage_is_accepted() -> None:
    assert errors(WHOLE, editor_values(stage())) == []


def test_examples_in_hover_texts_are_accepted() -> None:
    count = 0
    for name, definition in SCHEMA["definitions"].items():
        for key, schema in definition.get("properties", {}).items():
            for example in schema.get("examples", []) if isinstance(schema, dict) else []:
                found = jsonschema.Draft7Validator({**schema, "definitions": SCHEMA["definitions"]})
                assert errors(found, example) == [], f"{name}.{key}"
                count += 1
    assert count > 60


# --- what is wrong ------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_broken_scenarios_are_refused_for_what_can_be_judged(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BROKEN)
    found = check_file(file.name).items
    ours = [f for f in found if f.severity == "error" and f.span.file == file.name]
    judged = [f for f in ours if f.code in JUDGED]
    try:
        value = editor_values(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError):
        assert {f.code[:2] for f in ours} & {"E1"}  # not YAML: every editor says so
        return
    if file.stem in BEYOND:
        assert WHOLE.is_valid(value)
    elif judged:
        places = {where(error) for top in WHOLE.iter_errors(value) for error in leaves(top)}
        assert any(at in places for f in judged for at in near(f)), errors(WHOLE, value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_only_what_is_broken_in_shape_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    codes = {f.code for f in check_file(file.name).items if f.severity == "error"}
    if not any(code < "E319" or code in JUDGED for code in codes):  # a matter of meaning
        assert errors(WHOLE, editor_values(file.read_text(encoding="utf-8"))) == []


def leaves(error: jsonschema.ValidationError) -> list[jsonschema.ValidationError]:
    return [error, *(leaf for each in error.context or [] for leaf in leaves(each))]


def where(error: jsonschema.ValidationError) -> tuple[str, ...]:
    return tuple(str(step) for step in error.absolute_path if "->" not in str(step))


def near(finding: Finding) -> tuple[tuple[str, ...], ...]:
    """The place of a finding, and of the block that it is in."""
    if finding.code == "E113":  # its last step is a piece of an expression
        finding = replace(finding, path=finding.path[: finding.path.rindex("]") + 1])
    steps = tuple(re.findall(r"[^.\[\]]+", finding.path))
    return steps, steps[:-1]


def refused(text: str) -> bool:
    return not WHOLE.is_valid(editor_values(f"id: example\n{text}"))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("care: {c: {class: ambulatory}}", "care: {c: {class: ambulant}}"),
        ("use: a\ncare: {c: {every: 1 year}}", "care: {c: {every: 1 year}}"),
        ("use: a\ncare: {c: {+measures: [a]}}", "care: {c: {class: home, +measures: [a]}}"),
        ("use: a\ncare: {c: {measures: [{measure: a}]}}", "use: a\ncare: {c: {measures: [{if: x}]}}"),
        ("arms: {a: {change: {care: {c: {every: 1 year}}}}}", "arms: {a: {change: {population: {size: 5}}}}"),
        ("parameters: {a: 90%}", "parameters: {a: [90%]}"),
        ("constraints: [{never: on a}]", "constraints: {never: on a}"),
        ("mortality: {rate: 0.1 per year}", "mortality: {rate: {normal: {mean: 1, sd: 2}}}"),
        ("mortality: {rate: {per: years, by: age, table: {0.. years: 1}}}",
         "mortality: {rate: {by: age, table: {0.. years: 1}}}"),
        ("attributes: {a: {value: {weibull: {scale: 1, shape: 2}}}}",
         "attributes: {a: {value: {weibull: {scala: 1, shape: 2}}}}"),
        ("attributes: {a: {value: {empirical: {1: 10%, 2: 100%}}}}",
         "attributes: {a: {value: {empirical: {}}}}"),
        ("expect: {prevalence of a: 5%..6%}", "expect: {prevalenc of a: 5%..6%}"),
        ("diseases: {a: {onset: {rate: x}, states: [B], death: {B: {rate: x}}}}",
         "diseases: {a: {onset: {rate: x}, states: [B], death: {2B: {rate: x}}}}"),
        ("treatments: {a: {codes: {rxnorm: 6809}}}", "treatments: {a: {codes: {rxnorm: x6809}}}"),
    ],
)  # fmt: skip
def test_one_step_from_right_to_wrong(right: str, wrong: str) -> None:
    assert not refused(right)
    assert refused(wrong)


@pytest.mark.parametrize("block", [b for b in block_names() if b.__name__ not in ("Table", "Hazard")])
def test_what_goes_together_is_what_the_checker_wants(block: type[model.Block]) -> None:
    rules = together(block)
    schema = SCHEMA["definitions"][block_names()[block]]
    judge = jsonschema.Draft7Validator(
        {key: schema[key] for key in ("anyOf", "dependencies") if key in schema}
    )
    mentioned = {*rules.some_of, *rules.only_with, *(key for group in rules.exclusive for key in group)}
    mentioned |= {other for others in rules.only_with.values() for other in others}
    assert mentioned <= set(keys_of(block))
    optional = [key.name for key in keys_of(block).values() if not key.required]
    for size in (0, 1, 2, 3):
        chosen = optional if size < 3 else [key for key in optional if key in mentioned]
        for keys in combinations(chosen, size):
            assert judge.is_valid(dict.fromkeys(keys, "x")) == goes_together(block, keys), keys


def goes_together(block: type[model.Block], keys: tuple[str, ...]) -> bool:
    """Whether the checker has nothing against these keys beside the required ones."""
    required = tuple(key.name for key in keys_of(block).values() if key.required)
    findings = Findings()
    node = read_yaml("".join(f"{key}: x\n" for key in ("_", *required, *keys)), "x.yaml", findings)
    assert node is not None
    del node.entries["_"]
    check_rules(Context(findings, Files({})), block, node, NOWHERE, "")
    return not {f.code for f in findings.items} & {"E202", "E210", "E211"}


# --- what it says -------------------------------------------------------------------------


@pytest.mark.parametrize("block", block_names(), ids=lambda block: block.__name__)
def test_every_key_is_explained(block: type[model.Block]) -> None:
    if block in (model.Table, model.Hazard):
        return
    for name in (block_names()[block], block_names()[block] + "Piece"):
        schema = SCHEMA["definitions"][name]
        assert schema["title"]
        assert schema["description"]
        assert schema["examples"]
        assert schema["additionalProperties"] is False
        assert [key for key in schema["properties"] if not key.startswith("+")] == list(keys_of(block))
        for key in keys_of(block).values():
            found = schema["properties"][key.name]
            assert key.doc[1:] in found["markdownDescription"]
            assert found.get("default") == key.default


def test_hover_text_of_a_key() -> None:
    care = SCHEMA["definitions"]["Care"]["properties"]
    assert care["after"]["markdownDescription"] == (
        "With `on`: delay from event to visit.\n\nTogether with `on`."
    )
    assert care["every"]["examples"] == ["3 months ± 2 weeks"]
    assert care["class"]["enum"] == ["ambulatory", "emergency", "inpatient", "virtual", "home"]
    population = SCHEMA["definitions"]["Population"]["properties"]
    assert population["size"]["default"] == 10_000


# --- the command ----------------------------------------------------------------------------


def test_the_command_prints_or_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
    out = tmp_path / "scenario.json"
    assert main(["schema", "--library", "--out", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8")) == json_schema(library=True)
    assert capsys.readouterr().out == ""
    assert main(["schema", "--out", str(out)]) == 2
    assert "say --force" in capsys.readouterr().err
    assert main(["schema", "--out", str(out), "--force"]) == 0
    assert main(["schema", "--out", str(tmp_path / "no" / "x.json")]) == 2
    assert main(["schema", "--out", str(tmp_path)]) == 2
    assert main(["schema", "--library", "--reference"]) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["scenario.json"]


def test_nothing_heavy_is_loaded() -> None:
    code = (
        "import sys; from simulator.cli.main import main; main(['schema']); main(['schema', '--reference']);"
        "sys.exit(any(name in sys.modules for name in ('numba', 'pandas', 'pyarrow', 'scipy', 'matplotlib')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0
    )
