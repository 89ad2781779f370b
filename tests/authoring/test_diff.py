"""`simulator diff`: what changed clinically between two scenarios."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.authoring.diff_model import differences
from simulator.authoring.diff_words import canonical
from simulator.scenario import load_scenario
from simulator.scenario.block import Block
from simulator.scenario.examples import examples, stage
from simulator.scenario.keys import keys_of
from simulator.scenario.model import Arm, Use
from tests.authoring.diff_case import TEXT, Row, changes, edited, read

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
