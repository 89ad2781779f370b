"""What the fuzzers have found, so that it stays found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import simulator as sim
from simulator.cli.describe import plain
from simulator.compiler.flatten import flatten
from simulator.compiler.streams import colliding
from simulator.errors import UsageError
from simulator.scenario.reading import read_text
from tests.engine.compare import assert_equal, kernel_lives, reference_lives
from tests.fuzz.verdict import assert_judged

HEAD = "id: found\npopulation: {size: 9, from: 2000-01-01, to: 2005-01-01, age: 0..80 years, source: x}\n"
FLU = "diseases:\n  flu: {onset: {rate: 1 per year, source: x}, states: [s], source: x}\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            FLU
            + "mortality: {rate: {per: year, by: time since flu.onset, table: {never: 0.1}}, source: x}\n",
            "E407",
        ),
        (FLU + "mortality: {rate: {per: year, by: time since flu.onset, table: {}}, source: x}\n", "E203"),
        ("diseases: {d: {onset: {after: {mixture: [{}]}}, states: [s]}}\n", "E203"),
        ("diseases: {d: {onset: {rate: 1 per year}, states: [s], diagnosis: [{at: []}]}}\n", "E204"),
        ("progressions: {p: {states: []}}\ndiseases: {d: {onset: {rate: 1 per year}, follows: p}}\n", "E221"),
        ("progressions: {p: {states: [a, a]}}\n", "E220"),
        ("communities: {count: 1__0}\n", "E205"),
        (
            "care: {c: {class: inpatient, on: [flu.onset], stay: {units: [w], "
            "course: [{w -> discharged: {after: 1 day}}], discharge: "
            "{home: {by: sex, table: {male: 0.5, female: 0.5}}}}}}\n" + FLU,
            "E703",
        ),
        (
            "mortality:\n  rate: 1 per year\n  source: x\n"
            "  multiplied: [{by: {by: sex, table: {male: -1, female: 1}}}]\n",
            "E606",
        ),
        (
            "measurements:\n"
            "  a: {unit: mg, plausible: 0..9, value: {mean: 3, shift: [{by: 1, while: b > 5 mg}]}}\n"
            "  b: {unit: mg, plausible: 0..9, value: {mean: 3, shift: [{by: 1, while: a > 3 mg}]}}\n"
            "care: {c: {class: ambulatory, every: 1 year, measures: [a, b]}}\n",
            "E729",
        ),
    ],
)
def test_a_finding_and_no_traceback(text: str, code: str) -> None:
    assert code in {finding.code for finding in assert_judged(HEAD + text, "found.yaml").errors}


def test_statistics_as_json() -> None:
    scenario, _ = read_text(
        HEAD
        + "expect: {prevalence of sex == male: at least 10%}\ntargets: {t: {statistic: incidence of death, "
        "value: 4.9 per 1000 per year, accept: 1..9 per 1000 per year, source: x}}\n",
        "found.yaml",
    ).build()
    told = json.loads(json.dumps(plain(scenario)))
    assert told["expect"]["prevalence of sex == male"]["within"] == "at least 10%"
    assert told["targets"]["t"]["statistic"] == "incidence of death"
    assert told["targets"]["t"]["value"] == "0.0049 per year"


def test_an_arm_without_a_name() -> None:
    with pytest.raises(UsageError, match="there is no arm"):
        read_text(HEAD, "found.yaml").build(arm="")


#: of two transitions of one name, the first happens: the digest of the files is that of the run
TAPERED = """
treatments:
  drug:
    start: {when: age >= 1 years}
    dose: {steps: [5 mg, 10 mg], start: 10 mg, taper: {every: 1 week}}
    stop: [{after: 1 year}]
    contraindicated: count of clinic.visit >= 4
care:
  clinic: {class: ambulatory, every: 40 days, measures: [weight_now]}
attributes: {weight: {value: "normal(70, 5)", unit: kg, codes: {loinc: 29463-7}}}
measurements:
  weight_now: {unit: kg, codes: {loinc: 29463-7}, plausible: 20..200, precision: 0, value: {mean: 70}}
"""


def test_transitions_of_one_name_and_codes_of_two_things(tmp_path: Path) -> None:
    """The attribute has the measurement's code, but not its decimals."""
    file = tmp_path / "found.yaml"
    file.write_text(HEAD.replace("2005", "2002") + TAPERED, encoding="utf-8")
    log = sim.run(file, out=tmp_path / "out", size=9, seed=3, workers=1)
    assert len(set(log.vocabulary.arrows)) < len(log.vocabulary.arrows)
    report = sim.verify(tmp_path / "out")
    assert report.ok, str(report)


# --- streams ------------------------------------------------------------------------------------

CLINIC = "care: {clinic: {class: ambulatory, every: 40 days}}\n"


@pytest.mark.parametrize("event", ["recognised", "refuted", "unaffected"])
def test_an_event_called_as_a_diagnosis_goes(event: str) -> None:
    """Both draw, side by side: each has a stream and an origin of its own."""
    assert_unique_names(
        f"""{CLINIC}
diseases:
  flu:
    onset: {{rate: 1 per year}}
    states: [s]
    diagnosis:
      - at: [clinic]
        if: age > 1 years
        refuted: {{rate: 1 per year}}
        mistaken_for: [{{title: asthma, codes: {{icd10cm: J45.909}}, probability: 90%, lasts: 1..20 weeks}}]
    events: {{{event}: {{rate: 3 per year}}}}
"""
    )


@pytest.mark.parametrize("reaction", ["onset", "tolerated"])
def test_a_reaction_called_as_an_allergy_goes(reaction: str) -> None:
    assert_unique_names(
        f"""
treatments: {{drug: {{start: {{when: age >= 1 years}}}}}}
allergies:
  nuts:
    onset: {{rate: 0.1 per year}}
    to: [drug]
    reactions: {{{reaction}: {{probability: 30%, after: 1..3 days}}}}
"""
    )


def assert_unique_names(text: str) -> None:
    """No two arrows of the machine have one name."""
    machine = assert_judged(HEAD + text, "found.yaml").machine
    assert machine is not None
    names = [a.name for process in machine.processes for state in process.states for a in state.arrows]
    assert len(set(names)) == len(names)


def test_two_streams_of_one_number() -> None:
    """The digests of the two names begin with the same four bytes."""
    names = ("work_unit_first", "tumour_hospital_review")
    care = "".join(f"  {name}: {{class: ambulatory, every: 1 year}}\n" for name in names)
    answer = assert_judged(f"{HEAD}care:\n{care}", "found.yaml")
    assert [finding.code for finding in answer.errors] == ["E739"]
    one, other = (f"encounter:{name}" for name in names)
    assert f"`{one}` and of `{other}`" in answer.errors[0].message
    fine = assert_judged(f"{HEAD}{CLINIC}", "found.yaml").machine
    assert fine is not None
    assert colliding(fine) == []


# --- what is still unknown, and codes of two things ------------------------------------------------


def test_a_rate_by_what_is_still_unknown() -> None:
    """An attribute that an event draws has no stratum before: nothing happens at that rate until then."""
    answer = assert_judged(
        HEAD
        + """
attributes: {smoker: {draw: {never: 50%, current: 50%}, on: flu.onset}}
diseases:
  flu: {onset: {after: 1 year}, states: [s]}
  copd:
    onset:
      rate:
        per: year
        by: [age, smoker]
        table: {0..39 years: {never: 3, current: 4}, 40.. years: {never: 5, current: 6}}
    states: [s]
""",
        "found.yaml",
    )
    assert answer.machine is not None
    lives = reference_lives(answer.machine, 3, range(12))
    assert_equal(kernel_lives(flatten(answer.machine), 3, range(12)), lives, answer.machine)
    begun = [[answer.machine.processes[row[1]].name for row in life.truth] for life in lives]
    assert any("copd" in names for names in begun)
    assert all(names.index("flu") < names.index("copd") for names in begun if "copd" in names)


CODED = """
treatments: {drug: {codes: {rxnorm: "723"}, start: {when: age >= 1 years}, stop: [{after: 1 year}]}}
care: {clinic: {class: ambulatory, every: 40 days}}
"""


@pytest.mark.parametrize(
    "text",
    [
        """
constraints: [{never: on drug and nuts diagnosed, because: x}]
allergies: {nuts: {onset: {rate: 1 per year}, to: [drug], known: [{at: [clinic]}]}}
""",
        """
constraints: [{never: on drug and flu diagnosed, because: x}]
diseases: {flu: {codes: {icd10cm: J11.1}, onset: {rate: 1 per year}, states: [s], diagnosis: [at: [clinic]]}}
care_plans: {rest: {codes: {icd10cm: J11.1}, for: age >= 2 years}}
""",
        """
diseases:
  flu:
    codes: {icd10cm: J11.1}
    onset: {rate: 1 per year}
    states: [s]
    diagnosis: [{at: [clinic], if: age > 1 years, refuted: {rate: 20 per year}}]
  cold:
    codes: {icd10cm: J11.1}
    onset: {rate: 1 per year}
    states: [s]
    diagnosis: [{at: [clinic], if: age > 1 years, refuted: {rate: 20 per year}}]
""",
    ],
    ids=["an allergy in a constraint", "a care plan's code in one", "two diseases refuted under one code"],
)
def test_right_to_the_checker(text: str, tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    file.write_text(HEAD + CODED + text, encoding="utf-8")
    assert assert_judged(file.read_text(encoding="utf-8"), str(file)).errors == ()
    sim.run(file, out=tmp_path / "out", size=9, seed=3, workers=1)
    report = sim.verify(tmp_path / "out")
    assert report.ok, str(report)
