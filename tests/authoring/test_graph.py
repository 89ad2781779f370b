"""What the drawings say: states, arrows, influences; and that Mermaid is written by its grammar."""

# ruff: noqa: RUF009 - `key` is `dataclasses.field` with the language's metadata

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.authoring.graph import Diagram, Edge, Group, Node, wrapped
from simulator.authoring.graph_influences import influence, influence_diagrams
from simulator.authoring.graph_page import choose, markdown
from simulator.authoring.graph_references import references, things
from simulator.authoring.graph_states import state_diagram
from simulator.authoring.mermaid import escaped, mermaid
from simulator.errors import UsageError
from simulator.scenario import load_scenario, model
from simulator.scenario.load import parse_scenario
from simulator.scenario.syntax import Diagnosed, Expr, Name
from tests.authoring.mermaid_grammar import plain, read

HERE = Path(__file__).parent
SHIPPED = ["demo", "type-2-diabetes", "cystic-fibrosis", "community-influenza", "neutral-w1", "lifetimes"]


@pytest.fixture(scope="module")
def scenario() -> model.Scenario:
    return loaded(HERE / "graph.yaml")


def loaded(path: Path) -> model.Scenario:
    scenario, findings = load_scenario(path)
    findings.raise_if_errors()
    assert scenario is not None
    return scenario


def said(text: str) -> model.Scenario:
    scenario, findings = parse_scenario(text)
    findings.raise_if_errors()
    assert scenario is not None
    return scenario


def arrows(diagram: Diagram) -> set[tuple[str, str, str]]:
    return {(e.source, e.target, " / ".join(e.lines)) for e in diagram.edges}


def test_a_disease_is_drawn_with_all_that_moves_it(scenario: model.Scenario) -> None:
    diagram = state_diagram(scenario, "copd")
    onset = "0.00001..0.02 per year by age / × 2.5 while smoker == current / only while asthma"
    assert arrows(diagram) == {
        ("absent", "s_mild", onset),
        ("s_mild", "s_severe", "when fev1 <= 50% for 3 months"),
        ("s_severe", "s_mild", "after a median of 14 years / × 1.2 while on inhaler"),
        ("s_severe", "death", "0.1 per year"),
        ("states", "e_flare", "again and again"),
        ("states", "diagnosis", ""),
    }
    kinds = {node.id: node.kind for node in diagram.nodes.values()}
    assert [kinds[i] for i in ("absent", "s_mild", "s_severe", "death")] == [
        "absent",
        "stage1",
        "stage4",
        "death",
    ]
    flare = ("1.2 per year", "× 1.5 while copd == severe", "× 0.7 while on inhaler")
    assert diagram.nodes["e_flare"] == Node("e_flare", "event", "Flare-up", flare)
    assert diagram.nodes["diagnosis"].lines == (
        "• at clinic if last fev1 < 70%",
        "• a median of 2 years after copd.onset at clinic",
    )


def test_a_disease_from_birth_says_who_is_spared(scenario: model.Scenario) -> None:
    assert arrows(state_diagram(scenario, "asthma")) == {
        ("birth", "s_present", "with probability 1 / 20"),
        ("birth", "absent", "otherwise"),
        ("s_present", "absent", "on copd.onset"),
    }


def test_who_acts_on_whom(scenario: model.Scenario) -> None:
    truth, done = influence_diagrams(scenario)
    assert arrows(truth) == {
        ("n_smoker", "n_copd", "raises onset × 2.5 (current)"),
        ("n_asthma", "n_copd", "needed for onset"),
        ("n_fev1", "n_copd", "mild → severe (≤ 50%)"),
        ("n_copd", "n_asthma", "onset: present → absent"),
        ("n_copd", "n_fev1", "-2 per year (mild or severe)"),
        ("n_inhaler", "n_copd", "lowers flare × 0.7 / raises severe → mild × 1.2"),
        ("n_inhaler", "n_fev1", "+5"),
    }
    assert arrows(done) == {
        ("n_clinic", "n_copd", "diagnoses"),
        ("n_fev1", "n_copd", "diagnoses (< 70%)"),
        ("n_copd", "n_clinic", "leads to visit / diagnosed: indicates visit"),
        ("n_copd", "n_inhaler", "diagnosed: starts"),
        ("n_fev1", "n_inhaler", "starts (< 60%)"),
        ("n_oxygen", "n_inhaler", "rules out / excludes"),
        ("n_copd", "n_oxygen", "flare: starts"),
        ("n_asthma", "n_oxygen", "resolved: stops"),
        ("n_clinic", "n_fev1", "measures"),
        ("n_copd", "n_admission", "flare: leads to visit"),
    }
    # nothing goes by the pulse: it is listed where it is taken, and not drawn
    assert "n_pulse" not in done.nodes
    assert done.nodes["n_admission"].lines == ("measures pulse",)


def test_a_state_is_no_reference_to_a_thing_of_the_same_name(scenario: model.Scenario) -> None:
    known = things(scenario)
    assert known["severe"].kind == "attributes"
    assert not [r for r in references(known) if r.name == "severe"]


def test_what_is_measured_everywhere_is_not_drawn_everywhere(scenario: model.Scenario) -> None:
    care = {f"ward{i}": dataclasses.replace(scenario.care["clinic"]) for i in range(4)}
    done = influence_diagrams(dataclasses.replace(scenario, care=care | scenario.care))[1]
    assert done.nodes["n_fev1"].lines == ("measured at 5 kinds of visit",)
    assert not [e for e in done.edges if e.lines == ("measures",)]
    assert done.nodes["n_ward1"].lines == ("measures fev1, pulse",)


@dataclasses.dataclass(slots=True, kw_only=True)
class Ritual(model.Block):
    """A block that the language does not have."""

    asks: Expr = model.key("a condition")
    blesses: list[str] = model.key("names", factory=list)


@dataclasses.dataclass(slots=True, kw_only=True)
class Later(model.Scenario):
    rituals: dict[str, Ritual] = model.key("something of a later language", factory=dict)


def test_blocks_that_the_language_learns_later_are_drawn(scenario: model.Scenario) -> None:
    old = {f.name: getattr(scenario, f.name) for f in dataclasses.fields(scenario)}
    rite = Ritual(asks=Diagnosed(Name(("copd",))), blesses=["inhaler", "nobody"])
    known = things(Later(**old, rituals={"rite": rite}))
    found = {influence(r, known) for r in references(known) if "rite" in (r.owner.name, r.name)}
    assert {(i.source, i.target, i.label) for i in found} == {
        ("copd", "rite", "diagnosed: asks of it"),
        ("rite", "inhaler", "blesses"),
    }


def test_the_other_blocks_of_the_language_are_drawn() -> None:
    scenario = said(
        "format: 1\nid: x\n"
        "progressions: {steps: {states: [early, late], course: [early -> late: {rate: 0.1 per year}]}}\n"
        "diseases:\n"
        "  measles:\n"
        "    onset: {rate: 0.01 per year}\n"
        "    states: [ill]\n"
        "    symptoms: {cough: {title: Cough, frequency: 80%, seeks_care: {any: {visit: office}}}}\n"
        "    phenotypes: {rash: {frequency: 95%, onset: 3 days}}\n"
        "  cancer: {onset: {rate: 0.001 per year}, follows: {progression: steps}, "
        "diagnosis: [{at: [office], if: last scopy == polyp}]}\n"
        "treatments: {penicillin: {start: {when: measles diagnosed}}}\n"
        "allergies: {allergic: {to: [penicillin], prevalence: 8%, "
        "reactions: {rash: {probability: 50%, visit: office}}}}\n"
        "immunisations: {mmr: {schedule: [1 year], at: [office], "
        "effects: [{hazard: measles.onset, by: 0.05, doses: 2}]}}\n"
        "procedures: {scopy: {finds: {polyp: {if: cancer}}}}\n"
        "pathways: {chemo: {start: {when: cancer diagnosed}, "
        "steps: [visit: office, give: [treatment: penicillin]]}}\n"
        "care: {office: {class: ambulatory, does: [scopy]}}\n"
    )
    measles = state_diagram(scenario, "measles")
    assert ("absent", "s_ill", "0.01 per year / × 0.05 after 2 doses of mmr") in arrows(measles)
    assert measles.nodes["symptoms"].lines == ("• Cough, in 80%, leads to office",)
    assert measles.nodes["phenotypes"].lines == ("• rash, in 95%, after 3 days",)
    cancer = state_diagram(scenario, "cancer")
    assert ("s_early", "s_late", "0.1 per year") in arrows(cancer)
    assert cancer.note == "follows steps"
    truth, done = influence_diagrams(scenario)
    assert arrows(truth) == {
        ("n_cancer", "n_steps", "follows"),
        ("n_mmr", "n_measles", "lowers onset × 0.05"),
        ("n_cancer", "n_scopy", "decides polyp"),
    }
    assert arrows(done) >= {
        ("n_measles", "n_office", "leads to visit"),
        ("n_scopy", "n_cancer", "diagnoses (polyp)"),
        ("n_allergic", "n_penicillin", "rules out"),
        ("n_allergic", "n_office", "leads to visit"),
        ("n_office", "n_mmr", "gives"),
        ("n_office", "n_scopy", "does"),
        ("n_chemo", "n_penicillin", "gives"),
        ("n_cancer", "n_chemo", "diagnosed: starts"),
    }


def test_a_state_that_does_not_exist_is_drawn_as_such() -> None:
    scenario = said(
        "format: 1\nid: x\ndiseases:\n  flu:\n    onset: {rate: 0.1 per year, to: il}\n    states: [ill]\n"
        "    course: [ill -> absnt: {after: 7 days}]\n"
    )
    diagram = state_diagram(scenario, "flu")
    assert {n.title for n in diagram.nodes.values() if n.kind == "unknown"} == {"il?", "absnt?"}
    assert read(mermaid(diagram)).nodes.keys() == {"absent", "s_il", "s_ill", "s_absnt"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_is_written_by_the_grammar(name: str, scenarios: Path) -> None:
    scenario = loaded(scenarios / f"{name}.yaml")
    diagrams = choose(scenario)
    assert [d.id for d in diagrams][: len(scenario.diseases)] == [f"disease_{d}" for d in scenario.diseases]
    for diagram in diagrams:
        chart = read(mermaid(diagram))
        assert len(chart.edges) == len(diagram.edges) > 0
        for (_, _, label), edge in zip(chart.edges, diagram.edges, strict=True):
            shown = " ".join(" ".join(wrapped(line, 99)) for line in edge.lines)
            assert plain(label).split() == shown.split()
            assert max(map(len, label.split("<br/>"))) <= 80  # an edge label that is read, not scrolled


def test_the_drawings_of_the_largest_scenario_stay_legible(scenarios: Path) -> None:
    """Two edges a thing are followed by eye; five are a hairball."""
    for diagram in influence_diagrams(loaded(scenarios / "demo.yaml")):
        assert len(diagram.edges) < 2.0 * len(diagram.nodes)
        assert all(len(edge.lines) <= 3 for edge in diagram.edges)


def test_a_page_holds_every_drawing(scenario: model.Scenario) -> None:
    page = markdown(scenario, choose(scenario))
    assert page.startswith('# Things to draw: "quotes", &lt;tags&gt; &amp; 100% # more\n')
    blocks = re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    assert {read(block).direction for block in blocks} == {"TB", "LR"}
    assert re.findall("^## (.*)", page, re.MULTILINE)[0] == 'Lung disease "COPD" &lt;b&gt;'


def test_only_what_is_asked_for(scenario: model.Scenario) -> None:
    assert [d.id for d in choose(scenario, disease="asthma")] == ["disease_asthma"]
    assert [d.id for d in choose(scenario, influences=True)] == ["risks", "care"]
    near = choose(scenario, influences=True, disease="asthma")
    assert [set(d.nodes) for d in near] == [{"n_asthma", "n_copd"}, {"n_asthma", "n_oxygen"}]


def test_nothing_to_draw() -> None:
    with pytest.raises(UsageError, match="nothing to draw: no diseases, and no influences"):
        choose(said("format: 1\nid: x\n"))


def test_a_misspelt_disease_is_told_its_nearest(scenario: model.Scenario) -> None:
    with pytest.raises(UsageError, match=r"there is no disease 'copt'\n.*did you mean 'copd'"):
        choose(scenario, disease="copt")


@given(st.text(min_size=1))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    assert not re.search(r'["<>*`~]|%%', escaped(text))
    assert plain(escaped(text)) == text


@given(st.text(alphabet='ab1 .×≥<\n%"#<>&{}[]()|;:`*~\\-_é', min_size=1))
def test_any_title_makes_a_flowchart(text: str) -> None:
    diagram = Diagram("x", text, groups=[Group("g", text)])
    title = text if text.split() else "-"
    diagram.add(Node("end", "absent", title))
    diagram.add(Node("b", "stage1", title, (title,), group="g"))
    diagram.edges += [Edge("end", "b", (title,)), Edge("g", "end", (title,), dashed=True)]
    chart = read(mermaid(diagram))
    assert (len(chart.nodes), len(chart.edges), chart.hidden) == (2, 2, 1)


@given(st.text(alphabet="abc 12.×"), st.integers(10, 40))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width + 6 or " " not in line for line in lines)
