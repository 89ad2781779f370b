"""`explain`: a life lived again, and every happening told with its cause."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from simulator.authoring.explain import explain
from simulator.authoring.explain_story import Story
from simulator.authoring.explain_terms import age_words, span_words
from simulator.authoring.explain_why_not import why_not
from simulator.authoring.replay import replay
from simulator.cli import main as cli
from simulator.engine import reference
from simulator.errors import DatasetError, UsageError
from simulator.store import Dataset
from tests.authoring.lived import lived

SCENARIO = """\
id: small
population: {size: 12, from: 2000-01-01, to: 2010-01-01, age: 50 years, history: from birth, source: made up}
attributes:
  smoker: {draw: {never: 50%, current: 50%}, source: made up}
diseases:
  gout:
    title: Gout
    onset:
      rate: 0.02 per year
      multiplied: [{by: 3, while: smoker == current}, {by: 0, while: age < 18 years}]
    states: [early, late]
    course: [early -> late: {after: "exponential(10 years)"}]
    source: made of whole cloth
    events: {attack: {rate: 1 per year, multiplied: [{by: 2, while: gout == late}]}}
    diagnosis: [{at: [clinic], probability: 60%}]
measurements:
  urate: {unit: mg/dL, plausible: 1..20, value: {mean: 5, shift: [{by: 4, while: gout}]}, source: made up}
care:
  clinic: {class: ambulatory, on: [gout.attack], after: 1..3 days, measures: [urate], source: made up}
treatments:
  allopurinol:
    available: 1966-08-19
    start: {when: gout diagnosed and last urate >= 6 mg/dL, uptake: 70%, delay: 1 month}
    contraindicated: smoker == current and age >= 55 years
    effects: [{hazard: gout.attack, by: 0.25, source: made up}]
    source: made up
"""

COUPLED = """\
id: coupled
population: {size: 8, from: 2000-01-01, to: 2001-01-01, age: 30 years, step: 1 month, source: made up}
communities: {count: 2, contacts: {graph: complete, within: 70%}}
exchange: {pressure: {share: flu, source: made up}}
diseases:
  flu:
    onset: {rate: 3 per year, multiplied: [{by: 0.3 + 4 * pressure}]}
    states: [ill]
    course: [ill -> absent: {after: 40 days}]
    source: made up
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return lived(tmp_path_factory.mktemp("small"), SCENARIO)


def stories(dataset: Dataset, arrow: str, most: int = 5) -> list[Story]:
    """The stories of the first happenings of an arrow, over all patients."""
    found: list[Story] = []
    for patient in range(1, len(dataset) + 1):
        for each in explain(dataset, patient).happenings:
            if each.arrow == arrow and len(found) < most:
                story = explain(dataset, patient, each.number).story
                assert story is not None
                found.append(story)
    assert found, f"nobody took {arrow}"
    return found


def test_a_watched_life_is_the_same_life(dataset: Dataset) -> None:
    for patient in range(1, len(dataset) + 1):
        again = replay(dataset, patient)
        assert again.trace.history == reference.run_patient(again.machine, 0, patient - 1)
        for row, cause in zip(again.trace.history.events, again.trace.causes, strict=True):
            assert again.trace.firings[cause].arrow == row.arrow


def test_every_row_of_the_log_is_told_once(dataset: Dataset) -> None:
    for patient in range(1, len(dataset) + 1):
        told = explain(dataset, patient).happenings
        stored = dataset.patient(patient)
        assert sum(len(h.recorded) + len(h.results) for h in told) == len(stored.events)
        truth = [(r["time"], r["cause"]) for r in stored.truth.to_pylist()]
        assert [(h.time, h.arrow) for h in told if h.true] == truth


def test_a_hazard_is_the_product_of_its_factors_and_its_clock_ran_out(dataset: Dataset) -> None:
    for story in stories(dataset, "gout: onset"):
        hazard = story.reason.hazard
        assert hazard is not None
        factors = {f.while_: f for f in hazard.factors}
        assert hazard.base_per_year == pytest.approx(0.02)
        assert hazard.per_year == pytest.approx(0.02 * math.prod(f.factor for f in hazard.factors))
        smokes = "smoker current" in factors["smoker == current"].value
        assert factors["smoker == current"].applies == smokes
        assert not factors["age < 18 years"].applies
        # the clock starts at the 18th birthday: what has added up since is what was drawn
        years = (story.happening.time - hazard.since).days / 365.2425
        assert hazard.drawn == pytest.approx(years * hazard.per_year, abs=1e-3)
        assert hazard.share == pytest.approx(1 - math.exp(-hazard.drawn))


def test_an_effect_of_a_treatment_is_a_factor_with_its_name(dataset: Dataset) -> None:
    treated = []
    for story in stories(dataset, "gout: attack", most=200):
        hazard = story.reason.hazard
        assert hazard is not None
        effect = next(f for f in hazard.factors if f.treatment)
        assert effect.treatment == "allopurinol"
        assert effect.factor == pytest.approx(0.25 if effect.applies else 1.0)
        treated.append(effect.applies)
        assert [(p.text, p.holds) for p in story.reason.parts] == [("gout", True)]
    assert set(treated) == {True, False}


def test_a_duration_tells_its_distribution_and_draw(dataset: Dataset) -> None:
    for story in stories(dataset, "gout: early -> late"):
        wait = story.reason.wait
        assert wait is not None
        assert wait.distribution == "exponential(10 years)"
        assert wait.longer_than == pytest.approx(1 - math.exp(-wait.drawn_days / 3652.425), rel=1e-6)


def test_a_chance_is_above_its_draw(dataset: Dataset) -> None:
    for story in stories(dataset, "gout: diagnosed at clinic"):
        chance = story.reason.chance
        assert chance is not None
        assert chance.probability == pytest.approx(0.6)
        assert 0.0 < chance.draw < 0.6
        assert story.reason.heard == "clinic.visit"


def test_a_condition_says_which_part_became_true(dataset: Dataset) -> None:
    for story in stories(dataset, "allopurinol: indicated"):
        parts = {part.text: part for part in story.reason.parts}
        assert parts["gout diagnosed"].turned
        assert not parts["last urate >= 6 mg/dL"].turned
        assert all(part.holds for part in story.reason.parts if not part.depth)
        assert story.reason.wait is not None
        assert story.reason.wait.drawn_days == pytest.approx(365.2425 / 12)


def test_the_chain_leads_back_to_birth_and_never_forward(dataset: Dataset) -> None:
    for story in stories(dataset, "allopurinol: started"):
        steps = [link.happening for link in story.chain]
        assert steps[-1].number == 1
        assert [s.number for s in steps] == sorted((s.number for s in steps), reverse=True)
        arrows = [s.arrow for s in steps]
        for cause in ("allopurinol: indicated", "gout: diagnosed at clinic", "gout: attack", "gout: onset"):
            assert cause in arrows


def test_the_place_and_the_source_of_a_rule_are_told(dataset: Dataset) -> None:
    lines = SCENARIO.splitlines()
    for arrow, key in (
        ("gout: onset", "rate: 0.02"),
        ("gout: diagnosed at clinic", "probability: 60%"),
        ("clinic: visit for gout.attack", "after: 1..3 days"),
        ("allopurinol: started", "start: {when"),
    ):
        place = stories(dataset, arrow)[0].reason.place
        assert place is not None
        assert place.file == "scenario.yaml"
        assert key in lines[place.line - 1]
    onset = stories(dataset, "gout: onset")[0].reason.place
    assert onset is not None
    assert (onset.path, onset.source) == ("diseases.gout.onset.rate", "made of whole cloth")


def test_files_that_are_used_are_found_by_their_name(tmp_path: Path) -> None:
    people = "{size: 2, from: 2000-01-01, to: 2010-01-01, age: 5 years, source: x}"
    main = f"id: main\nuse: [part]\npopulation: {people}\n"
    part = (
        "id: part\ndiseases:\n  cold:\n    onset: {rate: 1 per year}\n    states: [ill]\n"
        "    course: [ill -> absent: {after: 9 days}]\n    source: x\n"
    )
    dataset = lived(tmp_path, main, part=part)
    (tmp_path / "part.yaml").unlink()  # the dataset holds its own copy
    place = stories(dataset, "cold: onset")[0].reason.place
    assert place is not None
    assert str(place) == "part.yaml:4"


def test_patients_of_a_coupled_run_are_lived_again_with_its_signals(tmp_path: Path) -> None:
    dataset = lived(tmp_path, COUPLED)
    values = [
        factor.value
        for story in stories(dataset, "flu: onset")
        for factor in (story.reason.hazard.factors if story.reason.hazard else ())
    ]
    assert all(value.startswith("pressure ") for value in values)
    assert len(set(values)) > 1


# --- why not ------------------------------------------------------------------------------


def test_why_not_tells_which_rule_stopped_a_treatment(dataset: Dataset) -> None:
    verdicts = []
    for patient in range(1, len(dataset) + 1):
        answer = why_not(dataset, patient, "allopurinol")
        started = [h for h in explain(dataset, patient).happenings if h.arrow == "allopurinol: started"]
        assert ("It was started" in answer.verdict[0]) == bool(started)
        labels = [rule.label for rule in answer.rules if rule.label]
        assert labels == ["indicated", "available", "not contraindicated"]
        for begin, end in answer.together:
            for rule in answer.rules:
                if not rule.depth:
                    assert any(a <= begin and end <= b for a, b in rule.held)
        verdicts.append(answer.verdict[0])
    assert any("`gout diagnosed` (gout undiagnosed, in truth absent)" in v for v in verdicts)
    assert any("chance decided against it, as in 30 % of those to whom" in v for v in verdicts)


def test_a_delay_that_outlasts_the_period_is_the_reason(tmp_path: Path) -> None:
    dataset = lived(tmp_path, SCENARIO.replace("delay: 1 month", "delay: 80 years"))
    verdicts = [why_not(dataset, p, "allopurinol").verdict[0] for p in range(1, 13)]
    assert any("the delay drawn before its start was 80 years: the period ended first" in v for v in verdicts)
    assert not any("It was started" in v for v in verdicts)


BY_PATHWAY = """\
id: pathway
population: {size: 12, from: 2000-01-01, to: 2010-01-01, age: 50 years, source: made up}
diseases:
  sepsis:
    onset: {rate: 0.1 per year}
    states: [ill]
    course: [ill -> absent: {after: 1 week}]
    source: made up
treatments:
  antibiotic: {codes: {rxnorm: "1"}, source: made up}
  statin: {start: {when: age >= 20 years, at: [clinic]}, source: made up}
pathways:
  bundle: {start: {on: [sepsis.onset]}, steps: [{give: [antibiotic]}], source: made up}
care:
  clinic: {class: ambulatory, on: [sepsis.onset], source: made up}
"""


def test_what_only_a_pathway_gives_is_said_to_be_so(tmp_path: Path) -> None:
    dataset = lived(tmp_path, BY_PATHWAY)
    for patient in range(1, 13):
        onsets = [h for h in explain(dataset, patient).happenings if h.arrow == "sepsis: onset"]
        verdict = why_not(dataset, patient, "antibiotic").verdict[0]
        other = why_not(dataset, patient, "statin").verdict[0]
        if onsets:
            assert verdict.startswith(f"It was given by a pathway: {onsets[0].time:%Y-%m-%d} (#")
            assert other.startswith("It was started")
        else:
            assert verdict == "Nothing but a pathway begins it (`bundle`), and none came to that step."
            assert other.endswith("it is started at visits of `clinic` only, and none came then.")
    assert "Nothing but" in str([why_not(dataset, p, "antibiotic").verdict for p in range(1, 13)])


# --- what cannot be explained --------------------------------------------------------------


def test_what_is_not_there_is_one_clear_error(dataset: Dataset) -> None:
    number = len(explain(dataset, 1).happenings)
    with pytest.raises(UsageError, match=f"no event {number + 1}\n  events are numbered 1 to {number}"):
        explain(dataset, 1, number + 1)
    with pytest.raises(UsageError, match="there is no subject 13"):
        explain(dataset, 13)
    with pytest.raises(UsageError, match="no treatment alopurinol\n  did you mean allopurinol"):
        why_not(dataset, 1, "alopurinol")


def tampered(dataset: Dataset, old: str, new: str) -> Dataset:
    """The dataset, as if its manifest said something else."""
    text = json.dumps(dataset.manifest)
    assert old in text
    other = Dataset(dataset.path)
    other.manifest = json.loads(text.replace(old, new))
    return other


def test_a_dataset_of_another_version_is_refused(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="lived again is not the patient of"):
        explain(tampered(dataset, '"seed": 0', '"seed": 1'), 1)
    with pytest.raises(DatasetError, match="lived again is not the patient of"):
        explain(tampered(dataset, "rate: 0.02 per year", "rate: 0.03 per year"), 1)
    with pytest.raises(DatasetError, match="other codes or transitions"):
        explain(tampered(dataset, "states: [early, late]", "states: [early, late, last]"), 1)
    with pytest.raises(DatasetError, match=r"not one of this version: scenario\.yaml:\d+:\d+"):
        explain(tampered(dataset, "smoker == current}", "smoker == curent}"), 1)
    with pytest.raises(DatasetError, match="does not hold the scenario"):
        explain(tampered(dataset, '"main": "scenario.yaml"', '"main": ""'), 1)


# --- the command ----------------------------------------------------------------------------


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert cli.main(["explain", *argv]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_command_prints_a_table_and_a_story(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    patient, onset = next(
        (p, h) for p in range(1, 13) for h in explain(dataset, p).happenings if h.arrow == "gout: onset"
    )
    where = str(dataset.path)
    table = shown(capsys, where, "--patient", str(patient))
    assert "Gout: begins, early" in table
    assert "usual events" in table
    assert "usual events" not in shown(capsys, where, "--patient", str(patient), "--all")
    story = shown(capsys, where, "--patient", str(patient), "--event", str(onset.number))
    for words in ("It struck by chance", "0.02", "3 while smoker == current", "The chain of causes", "born"):
        assert words in story
    assert "scenario.yaml:9  diseases.gout.onset.rate" in story


def test_json_holds_all_of_it(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    where = str(dataset.path)
    table = json.loads(shown(capsys, where, "--patient", "1", "--json"))
    assert table["happenings"][0]["title"] == "born"
    story = json.loads(shown(capsys, where, "--patient", "1", "--event", "1", "--json"))
    assert story["reason"]["kind"] == "birth"
    answer = json.loads(shown(capsys, where, "--patient", "1", "--why-not", "allopurinol", "--json"))
    assert answer["treatment"] == "allopurinol"


def test_wrong_input_is_two_lines_and_exit_code_2(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", str(dataset.path), "--patient", "1", "--event", "99999"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(
        "simulator explain: S200 patient 1 has no event 99999\n  events are numbered"
    )


@pytest.mark.parametrize(
    ("microseconds", "words"),
    [
        (0, "0 minutes"),
        (3_600_000_000, "1 hour"),
        (86_400_000_000 * 12, "12 days"),
        (86_400_000_000 * 800, "2.2 years"),
    ],
)
def test_lengths_of_time_in_words(microseconds: int, words: str) -> None:
    assert span_words(microseconds) == words


def test_ages_in_words() -> None:
    day = 86_400_000_000
    assert [age_words(0, t * day) for t in (0, 1, 31, 364, 729, 730, 20_000)] == [
        "0 days", "1 day", "1 month", "11 months", "23 months", "2 years", "54 years",
    ]  # fmt: skip
