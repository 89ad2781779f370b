"""`simulator diff`: what changed clinically, whose history is different, and what it is led back to."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator as sim
from simulator.authoring.diff import Comparison, Side, compare
from simulator.authoring.diff_histories import divergences
from simulator.authoring.diff_model import Difference, differences
from simulator.authoring.diff_words import canonical
from simulator.cli.main import main
from simulator.errors import DatasetError, UsageError
from simulator.scenario import load_scenario, parse_scenario
from simulator.scenario.block import Block
from simulator.scenario.examples import examples, stage
from simulator.scenario.keys import keys_of
from simulator.scenario.model import Arm, Scenario, Use

HERE = Path(__file__).parent
BASE = HERE / "diff_base.yaml"
TEXT = BASE.read_text(encoding="utf-8")
Row = tuple[str, str, str, str, str]


def read(text: str, others: dict[str, str] | None = None) -> Scenario:
    scenario, findings = parse_scenario(text, "joints.yaml", others)
    assert scenario is not None, findings.errors
    return scenario


def edited(*edits: tuple[str, str]) -> str:
    text = TEXT
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def changes(*edits: tuple[str, str]) -> list[Row]:
    found = differences(read(TEXT), read(edited(*edits)))
    return [(f"{d.section}.{d.name}".rstrip("."), d.what, d.kind, d.before, d.after) for d in found]


# --- the models -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "40..59 years: 0.04",
            "40..59 years: 0.05",
            ("diseases.gout", "onset, hazard, 40..59 years", "changed", "0.04 per year", "0.05 per year"),
        ),
        (
            "{rate: 0.2 per year}",
            "{rate: 0.3 per year}",
            ("diseases.gout", "mild → severe, hazard", "changed", "0.2 per year", "0.3 per year"),
        ),
        (
            "{rate: 0.2 per year}",
            '{after: "weibull(median=4 years, shape=2)"}',
            ("diseases.gout", "mild → severe, duration", "added", "", "weibull(median=4 years, shape=2)"),
        ),
        (
            "{by: 2, while: weight_class == heavy}",
            "{by: 3, while: weight_class == heavy}",
            ("diseases.gout", "onset, factor while weight_class == heavy", "changed", "× 2", "× 3"),
        ),
        (
            "        - {by: 2, while: weight_class == heavy}\n",
            "",
            (
                "diseases.gout",
                "onset, factor while weight_class == heavy",
                "removed",
                "× 2 while weight_class == heavy",
                "",
            ),
        ),
        (
            "urate >= 7 mg/dL",
            "urate >= 8 mg/dL",
            (
                "diseases.gout",
                "onset, factor while urate >= 8 mg/dL, while",
                "changed",
                "urate >= 7 mg/dL",
                "urate >= 8 mg/dL",
            ),
        ),
        (
            "states: [mild, severe]",
            "states: [mild, severe, tophaceous]",
            ("diseases.gout", "states", "added", "", "tophaceous"),
        ),
        (
            "      - mild -> severe: {rate: 0.2 per year}\n",
            "      - mild -> severe: {rate: 0.2 per year}\n      - severe -> mild: {after: 2 years}\n",
            ("diseases.gout", "severe → mild", "added", "", "severe → mild after 2 years"),
        ),
        (
            "uptake: uptake, delay",
            "uptake: 60%, delay",
            ("treatments.allopurinol", "start, uptake", "changed", "80%", "60%"),
        ),
        (
            "{measurement: urate, shift: -2}",
            "{measurement: urate, shift: -3}",
            ("treatments.allopurinol", "effect on urate, shift", "changed", "-2 mg/dL", "-3 mg/dL"),
        ),
        (
            "gout.mild -> severe, by: 0.5",
            "gout.mild -> severe, by: 0.7",
            (
                "treatments.allopurinol",
                "effect on gout.mild -> severe, hazard ratio",
                "changed",
                "× 0.5",
                "× 0.7",
            ),
        ),
        (
            "noise: 0.2",
            "noise: 0.4",
            ("measurements.urate", "value, SD of one measurement", "changed", "0.2 mg/dL", "0.4 mg/dL"),
        ),
        ("every: 12 months", "every: 6 months", ("care.clinic", "every", "changed", "12 months", "6 months")),
        (
            "{wait: 6 months}",
            "{wait: 3 months}",
            ("pathways.review", "step 2, wait", "changed", "6 months", "3 months"),
        ),
        ("      - {wait: 6 months}\n", "", ("pathways.review", "step 2", "removed", "wait 6 months", "")),
        (
            "from: 2010-01-01",
            "from: 2011-01-01",
            ("population", "recorded from", "changed", "2010-01-01", "2011-01-01"),
        ),
        (
            "{rate: 0.01 per year, source: made up}",
            "{rate: {gompertz: {rate: 0.01 per year, at: 50 years, growth: 0.09 per year}}, source: made up}",
            (
                "mortality",
                "hazard",
                "changed",
                "0.01 per year",
                "0.01 per year at 50 years, growing by 0.09 per year",
            ),
        ),
        (
            "icd10cm: M10.9",
            "icd10cm: M10.00",
            ("diseases.gout", "codes, icd10cm", "changed", "M10.9", "M10.00"),
        ),
        ("light: 60%, heavy: 40%", "light: 60%, heavy: 40%, ", None),
    ],
)
def test_one_change_is_said_in_words(old: str, new: str, expected: Row | None) -> None:
    found = changes((old, new))
    if expected is None:
        assert found == []
    else:
        assert expected in found
        assert {row[0] for row in found} == {expected[0]}
        assert len(found) <= 2


def test_a_changed_parameter_is_named_with_what_it_changes() -> None:
    assert changes(("uptake: {value: 80%", "uptake: {value: 50%")) == [
        ("parameters.uptake", "value", "changed", "80%", "50%"),
        ("treatments.allopurinol", "start, uptake", "changed", "80%", "50%"),
    ]


def test_many_cells_are_one_line_with_their_factor() -> None:
    old = "{0..39 years: 0.02, 40..59 years: 0.04, 60.. years: 0.06}"
    four = "{0..19 years: 0.01, 20..39 years: 0.02, 40..59 years: 0.04, 60.. years: 0.06}"
    double = "{0..19 years: 0.02, 20..39 years: 0.04, 40..59 years: 0.08, 60.. years: 0.12}"
    found = differences(read(edited((old, four))), read(edited((old, double))))
    assert [(d.what, d.after.rpartition(", ")[2]) for d in found] == [("onset, hazard, 4 of 4 cells", "× 2")]


def test_added_removed_and_renamed_blocks() -> None:
    gone = re.sub(r"pathways:.*(?=arms:)", "", TEXT, flags=re.DOTALL)
    [removed] = differences(read(TEXT), read(gone))
    assert (removed.section, removed.name, removed.kind, removed.after) == (
        "pathways",
        "review",
        "removed",
        "",
    )
    [added] = differences(read(gone), read(TEXT))
    assert (added.kind, added.before, added.place_after) == ("added", "", "joints.yaml:55")
    [renamed] = differences(read(TEXT), read(re.sub(r"\bgout\b", "arthritis", TEXT)))
    assert (renamed.kind, renamed.before, renamed.after) == ("renamed", "gout", "arthritis")


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n" + TEXT.replace("\n", "   # here\n", 1),
        edited(("every: 12 months", "every: 1 year"), ("uptake: {value: 80%", "uptake: {value: 0.8")),
        edited(
            ("rate: 0.2 per year", "rate: 20 / 100 per year"),
            ("delay: 0..2 months", "delay: 0 months..2 months"),
        ),
        TEXT.replace("source: made up", "source: invented"),
        edited(("title: Gout and what is done about it", "title: Other\ndescription: words")),
        edited(("{rate: 0.02 per year}", "\n        rate: 0.02 per year")),
    ],
    ids=["comments", "units", "arithmetic", "sources", "titles", "layout"],
)
def test_what_says_nothing_about_patients_is_no_difference(text: str) -> None:
    assert differences(read(TEXT), read(text)) == ()


def test_neither_order_nor_files_matter() -> None:
    sections = re.split(r"(?m)^(?=\w)", TEXT)
    head = [s for s in sections if s.startswith(("id:", "title:"))]
    rest = [s for s in sections if s not in head]
    assert differences(read(TEXT), read("".join([*head, *reversed(rest)]))) == ()
    here = "".join([*head, "use: [rest]\n", *(s for s in rest if s.startswith("population"))])
    other = "id: rest\n" + "".join(s for s in rest if not s.startswith("population"))
    assert differences(read(TEXT), read(here, {"rest.yaml": other})) == ()


JOINTS = """\
id: joints
source: made up
diseases:
  cf:
    onset: {rate: 0.1 per year}
    states: [mild]
    symptoms: {cough: {severity: {slight: 60%, bad: 40%}, lasts: 1 week, rate: 1 per year}}
procedures: {scope: {finds: {cancer: {if: cf, probability: 90%}, polyp: {if: cf, probability: 80%}}}}
care: {gp: {class: ambulatory, every: 1 year, does: [scope]}}
pathways:
  review:
    start: {when: age >= 41 years}
    steps:
      - choose: [{if: age >= 50 years, then: [{visit: gp}]}, {if: age >= 42 years, then: [{note: young}]}]
      - {if: age >= 44 years, then: [{note: a}], else: [{note: b}]}
expect: {prevalence of cf: 18%..24%}
targets:
  register: {statistic: incidence of cf, value: 4 per 100 per year, tolerance: 10%, source: a register}
"""


@pytest.mark.parametrize(
    ("old", "new", "what", "before", "after"),
    [
        ("{slight: 60%, bad: 40%}", "{bad: 40%, slight: 60%}", "symptoms, cough, severity, order",
         "slight, bad", "bad, slight"),
        ("{cancer: {if: cf, probability: 90%}, polyp: {if: cf, probability: 80%}}",
         "{polyp: {if: cf, probability: 80%}, cancer: {if: cf, probability: 90%}}", "finds, order",
         "cancer, polyp", "polyp, cancer"),
        ("[{if: age >= 50 years, then: [{visit: gp}]}, {if: age >= 42 years, then: [{note: young}]}]",
         "[{if: age >= 42 years, then: [{note: young}]}, {if: age >= 50 years, then: [{visit: gp}]}]",
         "step 1, choose, order", "if age >= 50 years, if age >= 42 years",
         "if age >= 42 years, if age >= 50 years"),
        ("note: young", "note: old", "step 1, choose, if age >= 42 years, then, step 1, note",
         "young", "old"),
        ("note: b", "note: c", "step 2, else, step 1, note", "b", "c"),
        ("18%..24%", "at least 19%", "bounds", "18%..24%", "at least 19%"),
        ("4 per 100 per year", "7.5 per 100 per year", "value", "0.04 per year", "0.075 per year"),
        ("incidence of cf", "incidence of cf in males", "statistic", "incidence of cf",
         "incidence of cf in males"),
    ],
)  # fmt: skip
def test_order_where_it_matters_and_what_is_expected(
    old: str, new: str, what: str, before: str, after: str
) -> None:
    assert JOINTS.count(old) == 1
    [found] = differences(read(JOINTS), read(JOINTS.replace(old, new)))
    assert (found.what, found.kind, found.before, found.after) == (what, "changed", before, after)
    assert found.path


def _blocks(value: object) -> Iterator[Block]:
    if isinstance(value, Block):
        yield value
        for key in keys_of(type(value)).values():
            yield from _blocks(getattr(value, key.field))
    elif isinstance(value, list | tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _blocks(each)


def test_no_key_is_forgotten() -> None:
    """Whatever a block of the examples says is told once it says what another of its kind does."""
    apart = {"format", "id", "title", "description", "source", "because", "use", "remove", "arms"}
    scenarios = [read(stage())]
    for example in examples().values():
        if not re.search("^(use|id):", example.text, re.MULTILINE):
            text = f"id: example\nuse: [stage]\n{example.text}"
            scenarios.append(read(text, {"joints.yaml": text, "stage.yaml": stage()}))
    known: dict[tuple[type, str], list[object]] = {}
    for scenario in scenarios:
        for block in _blocks(scenario):
            for key in keys_of(type(block)).values():
                known.setdefault((type(block), key.field), []).append(getattr(block, key.field))
    tried: set[tuple[type, str]] = set()
    for scenario in scenarios:
        before = copy.deepcopy(scenario)
        for block in _blocks(scenario):
            for key in keys_of(type(block)).values():
                kind, old = (type(block), key.field), getattr(block, key.field)
                others = (each for each in known[kind] if repr(canonical(each)) != repr(canonical(old)))
                other = next(others, old)
                if key.name in apart or isinstance(block, Use | Arm) or kind in tried or other is old:
                    continue
                setattr(block, key.field, copy.deepcopy(other))
                assert differences(before, scenario), (type(block).__name__, key.name, old, other)
                setattr(block, key.field, old)
                tried.add(kind)
    assert len(tried) > 200


def test_places_are_those_of_the_files() -> None:
    [found] = differences(read(TEXT), read(edited(("{rate: 0.2 per year}", "{rate: 0.3 per year}"))))
    line = TEXT[: TEXT.index("{rate: 0.2 per year}")].count("\n") + 1
    assert (found.place_before, found.place_after) == (f"joints.yaml:{line}", f"joints.yaml:{line}")
    assert found.path == "diseases.gout.course[0].rate"


def test_every_shipped_scenario_equals_itself_and_no_other(scenarios: Path) -> None:
    files = sorted(scenarios.glob("*.yaml"))
    loaded = [load_scenario(file)[0] for file in files]
    for i, one in enumerate(loaded):
        assert one is not None
        again = load_scenario(files[i])[0]
        assert again is not None
        assert differences(one, again) == ()
        other = loaded[i - 1]
        assert other is not None
        assert differences(one, other)


# --- the histories --------------------------------------------------------------------------------


def run_against(text: str, tmp_path: Path, size: int = 250) -> Comparison:
    other = tmp_path / "joints.yaml"
    other.write_text(text, encoding="utf-8")
    return compare(Side(BASE), Side(other), size=size, seed=3)


def test_the_same_scenario_has_the_same_histories(tmp_path: Path) -> None:
    found = run_against("# another layout\n" + TEXT, tmp_path)
    assert found.same
    assert found.histories is not None
    assert (found.histories.patients, found.histories.different) == (250, 0)


@pytest.mark.parametrize(
    ("old", "new", "block", "first"),
    [
        (
            "uptake: uptake, delay",
            "uptake: 20%, delay",
            "treatments.allopurinol",
            "Allopurinol begins, A only",
        ),
        # an effect on a measurement is seen first in what is measured, or in what it acts on
        (
            "{measurement: urate, shift: -2}",
            "{measurement: urate, shift: -3}",
            "treatments.allopurinol",
            "Urate: another value",
        ),
        ("{rate: 0.2 per year}", "{rate: 0.4 per year}", "diseases.gout", "Gout: mild → severe, B only"),
        ("noise: 0.2", "noise: 0.4", "measurements.urate", "Urate: another value"),
        ("every: 12 months", "every: 9 months", "care.clinic", "clinic, B only"),
        (
            "{rate: 0.01 per year, source: made up}",
            "{rate: 0.02 per year, source: made up}",
            "mortality",
            "dies: background mortality, B only",
        ),
        (
            "light: 60%, heavy: 40%",
            "light: 30%, heavy: 70%",
            "attributes.weight_class",
            "Gout: absent → mild, B only",
        ),
    ],
)
def test_a_difference_is_led_back_to_the_change(
    old: str, new: str, block: str, first: str, tmp_path: Path
) -> None:
    found = run_against(edited((old, new)), tmp_path).histories
    assert found is not None
    assert found.different >= 5
    [led] = found.led
    assert (led.block, led.patients) == (block, found.different)
    assert first in dict(led.first)


def test_of_two_changes_each_patient_is_led_back_to_the_one_that_mattered(tmp_path: Path) -> None:
    found = run_against(
        edited(
            ("uptake: uptake, delay", "uptake: 20%, delay"), ("{rate: 0.2 per year}", "{rate: 0.4 per year}")
        ),
        tmp_path,
    ).histories
    assert found is not None
    by_block = {
        led.block: {words.partition(":")[0].split(" ")[0] for words, _ in led.first} for led in found.led
    }
    assert by_block == {"diseases.gout": {"Gout"}, "treatments.allopurinol": {"Allopurinol"}}


def test_what_follows_at_the_same_instant_is_led_back_too(tmp_path: Path) -> None:
    at_once = "      - severe -> mild: {when: on allopurinol}\n    death:\n      severe"
    files = []
    for uptake in ("uptake", "20%"):
        files.append(tmp_path / f"{uptake}.yaml")
        text = edited(("    death:\n      severe", at_once), ("uptake: uptake,", f"uptake: {uptake},"))
        files[-1].write_text(text.replace("mild -> severe: {rate: 0.2", "mild -> severe: {rate: 0.8"))
    found = compare(Side(files[0]), Side(files[1]), size=300, seed=3).histories
    assert found is not None
    [led] = found.led
    assert led.block == "treatments.allopurinol"
    assert dict(led.first)["Gout: severe → mild, A only"] >= 3


def test_who_differs_is_who_has_other_rows() -> None:
    logs = [sim.run(BASE, size=200, seed=1, arm=arm) for arm in (None, "nobody")]
    columns = {
        "truth": ["time", "process", "from", "to"],
        "events": ["time", "code", "numeric_value", "end", "status"],
    }
    expected, truly = set(), set()
    for name, kept in columns.items():
        one, two = (
            {
                key: rows[kept].astype(str).to_numpy().tolist()
                for key, rows in log.to_pandas(name).groupby("subject_id")
            }
            for log in logs
        )
        other = {patient for patient in range(1, 201) if one.get(patient) != two.get(patient)}
        expected |= other
        truly |= other if name == "truth" else set()
    found = list(divergences(*logs))
    assert {each.patient for each in found} == expected
    assert {each.patient for each in found if each.truth} == truly
    assert 5 < len(truly) < len(expected) < 150


def test_before_the_first_difference_nothing_differs() -> None:
    logs = [sim.run(BASE, size=150, seed=2, arm=arm) for arm in ("half", "nobody")]
    for each in divergences(*logs):
        assert each.time is not None
        for name in ("truth", "events"):
            one, two = (log.to_pandas(name, subjects=[each.patient]) for log in logs)
            one, two = (frame[frame.time < each.time].drop(columns="cause") for frame in (one, two))
            assert one.astype(str).to_numpy().tolist() == two.astype(str).to_numpy().tolist()
        assert all(row["time"] >= each.time for row in (*each.rows_one, *each.rows_two) if row["time"])


def test_examples_are_told_why() -> None:
    found = compare(Side(BASE), Side(BASE, arm="nobody"), size=250).histories
    assert found is not None
    [first, *_] = found.examples
    assert first.because_one.startswith("once gout diagnosed, for ")
    assert first.because_one.endswith("chance 80 %")
    assert first.because_two == ""
    time, one, two = first.rows[0]
    assert (one, two) == ("Allopurinol begins", "")
    assert first.time is not None
    assert time == first.time.replace(microsecond=0)


# --- datasets, and the command ----------------------------------------------------------------------


def test_two_datasets_are_compared_as_they_are(tmp_path: Path) -> None:
    for arm in ("base", "nobody"):
        sim.run(BASE, out=tmp_path / arm, size=120, seed=4, arm=arm)
    sim.run(BASE, out=tmp_path / "other", size=100, seed=5)
    sim.run(BASE, out=tmp_path / "fewer", size=100, seed=4)
    found = sim.diff(tmp_path / "base", tmp_path / "nobody")
    assert {(d.section, d.what) for d in found.changes} == {
        ("parameters", "value"),
        ("treatments", "start, uptake"),
    }
    assert found.histories is not None
    assert [led.block for led in found.histories.led] == ["treatments.allopurinol"]
    others = sim.diff(tmp_path / "base", tmp_path / "other")
    assert others.histories is None
    assert others.note == "the seeds differ (4 and 5), so the patients are other people"
    fewer = sim.diff(tmp_path / "base", tmp_path / "fewer")
    assert fewer.same
    assert "those with the same number" in fewer.note
    with pytest.raises(UsageError, match="the other one is not"):
        sim.diff(tmp_path / "base", BASE)
    with pytest.raises(UsageError, match="compared as they are"):
        sim.diff(tmp_path / "base", tmp_path / "other", set={"uptake": "1%"})
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError):
        sim.diff(tmp_path / "base", tmp_path / "empty")


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    same = tmp_path / "same.yaml"
    same.write_text(TEXT, encoding="utf-8")
    assert main(["diff", str(BASE), str(same), "--no-run"]) == 0
    assert "nothing that says anything about patients" in capsys.readouterr().out
    assert main(["diff", str(BASE), "--set", "uptake=20%", "--size", "200"]) == 1
    said = capsys.readouterr()
    assert said.err == ""
    assert "80% → 20%" in said.out
    assert "Allopurinol begins, A only" in said.out
    assert main(["diff", str(BASE), "--arm", "half", "--arm", "nobody", "--size", "200", "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert (facts["same"], facts["changes"][0]["before"], facts["changes"][0]["after"]) == (
        False,
        "40%",
        "0%",
    )
    assert facts["histories"]["led"][0]["block"] == "treatments.allopurinol"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to compare it with"),
        (["--arm", "a", "--arm", "b", "--arm", "c"], "too many arms"),
        (["nowhere.yaml"], "there is no file nowhere.yaml"),
        (["--arm", "nobdy"], "Did you mean nobody?"),
        (["--set", "uptke=2%"], "uptke"),
        ([str(HERE)], "the other one is not"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(BASE), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_library_cannot_be_run(tmp_path: Path) -> None:
    library = tmp_path / "library.yaml"
    library.write_text("id: a\nattributes: {x: {value: 1, source: s}}\n", encoding="utf-8")
    found = sim.diff(library, BASE)
    assert found.histories is None
    assert "nobody can be run" in found.note
    assert isinstance(found.changes[0], Difference)
