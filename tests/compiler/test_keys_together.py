"""Keys of one block, or of two, that once had no effect beside one another."""

from __future__ import annotations

import textwrap

import pytest

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.scenario import parse_scenario
from tests.compiler.lowered import PEOPLE, arrow, arrows, codes_of, findings_of, machine_of, process

GOUT = """
diseases:
  gout:
    onset: {rate: 0.1 per year}
    states: [early, late]
    course:
      - early -> late: {rate: 0.1 per year}
    diagnosis: [{at: [clinic]}]
care:
  clinic: {class: ambulatory, every: 1 year}
"""


def gout(more: str) -> str:
    return GOUT + textwrap.dedent(more)


# --- allergies -------------------------------------------------------------------------------


def test_an_allergy_begins_only_while_its_onset_may() -> None:
    machine = machine_of(
        gout("""
        treatments: {allopurinol: {start: {when: gout diagnosed}}}
        allergies:
          rash:
            to: [allopurinol]
            onset: {rate: 0.1 per year, while: age < 10 years}
            known: [{at: [clinic]}]
        """)
    )
    begins = arrow(machine, "rash: onset").trigger
    assert isinstance(begins, m.ByRate)
    assert m.AgeAtLeast(10.0) in list(algebra.walk(begins.multiplier))


def test_who_is_lost_to_follow_up_may_die_of_a_reaction_that_nobody_sees() -> None:
    machine = machine_of(
        gout("""
        treatments: {allopurinol: {start: {when: gout diagnosed}}}
        allergies:
          shock:
            to: [allopurinol]
            prevalence: 10%
            reactions: {collapse: {probability: 50%, visit: clinic, death: 10%}}
        follow_up: {lost: {rate: 0.1 per year}}
        """)
    )
    alone, care = arrow(machine, "shock: collapse").actions
    lost = m.InState(next(i for i, p in enumerate(machine.processes) if p.name == "follow_up"), 0b10)
    assert isinstance(alone, m.If)
    assert alone.condition == lost
    (dies,) = alone.actions
    assert isinstance(dies, m.If)
    assert (dies.probability, dies.actions) == (m.Const(0.1), (m.Die(),))
    assert isinstance(care, m.If)
    assert care.condition == m.Apply("not", (lost,))


# --- arms that differ in a share --------------------------------------------------------------


@pytest.mark.parametrize(
    "block",
    [
        "treatments: {x: {start: {when: gout diagnosed, uptake: SHARE, delay: 0..3 months}}}",
        "immunisations: {x: {schedule: [1..2 years], uptake: SHARE}}",
        "immunisations: {x: {schedule: [1..2 years], each: SHARE}}",
        "pathways: {x: {start: {when: gout diagnosed, uptake: SHARE, delay: 9 days}, steps: [{note: x}]}}",
    ],
)
def test_those_who_take_it_up_anyway_have_the_same_luck_when_everybody_does(block: str) -> None:
    some, all_ = (machine_of(gout(block.replace("SHARE", share))) for share in ("90%", "100%"))
    assert [a.name for a in arrows(some)] == [a.name for a in arrows(all_)]


# --- effects on what is no rate ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        """
        diseases: {mumps: {onset: {after: 5 years}, states: [present]}}
        immunisations: {mmr: {schedule: [1 year], effects: [{hazard: mumps.onset, by: 0.1}]}}
        """,
        """
        diseases: {cf: {onset: {at: birth, probability: 1%}, states: [present], diagnosis: [{at: [clinic]}]}}
        treatments: {eti: {start: {when: cf diagnosed}, effects: [{hazard: cf.onset, by: 0.1}]}}
        care: {clinic: {class: ambulatory, every: 1 year}}
        """,
        GOUT.replace("{rate: 0.1 per year}\n    diagnosis", "{after: 9 years}\n    diagnosis")
        + """
treatments:
  a: {start: {when: gout diagnosed}, interacts: [{with: b, effects: [{hazard: gout.early -> late, by: 2}]}]}
  b: {start: {when: gout diagnosed}}
""",
    ],
)
def test_an_effect_on_what_does_not_go_by_rate_is_a_finding(text: str) -> None:
    assert [code for code in codes_of(text) if code != "W306"] == ["E706"]


# --- doses -------------------------------------------------------------------------------------

TITRATED = """
treatments:
  x:
    start: {when: gout diagnosed}
    dose: {steps: [1 mg, 2 mg, 4 mg], MORE, up: {when: gout diagnosed, after: 1 month}}
"""


def constants(term: m.Term) -> set[float]:
    return {part.value for part in algebra.walk(term) if isinstance(part, m.Const)}


def test_the_dose_is_not_raised_to_a_step_beyond_its_limit() -> None:
    machine = machine_of(gout(TITRATED.replace("MORE", "most: 2 mg")))
    change = arrow(machine, "x: dose up").actions[0]
    assert isinstance(change, m.Set)
    assert constants(change.value) == {1.0, 2.0}
    machine = machine_of(gout(TITRATED.replace("MORE", "least: 2 mg")))
    first = next(a for s in process(machine, "x").states for a in s.on_entry if isinstance(a, m.Set))
    assert first.value == m.Const(2.0)


@pytest.mark.parametrize("more", ["start: 3 mg", "most: 0.5 mg", "least: 5 mg"])
def test_doses_by_number_must_be_among_the_steps(more: str) -> None:
    assert codes_of(gout(TITRATED.replace("MORE", more))) == ["E720"]


# --- diagnoses ---------------------------------------------------------------------------------


def test_each_route_says_itself_when_its_wrong_diagnoses_are_taken_back() -> None:
    machine = machine_of("""
        diseases:
          gout:
            onset: {rate: 0.1 per year}
            states: [present]
            diagnosis:
              - {at: [clinic], false_positive: 10%, refuted: 1 day}
              - {at: [ward], false_positive: 10%, refuted: 7 days}
              - {at: [home], false_positive: 10%}
        care:
          clinic: {class: ambulatory, every: 1 year}
          ward: {class: inpatient, every: 1 year}
          home: {class: home, every: 1 year}
        """)
    chart = process(machine, "gout.diagnosis")
    ends = {}
    for wrong in chart.states[0].arrows:
        if "wrongly" in wrong.name:
            waits = [a.trigger for a in chart.states[wrong.target].arrows]
            times = [t.duration.params[0] for t in waits if isinstance(t, m.AfterDuration)]
            ends[wrong.name.rpartition(" ")[2]] = times
    day = 86_400_000_000.0
    assert ends == {"clinic": [m.Const(day)], "ward": [m.Const(7 * day)], "home": []}
    asks = machine_of(gout("treatments: {x: {start: {when: gout diagnosed}}}").replace(
        "[{at: [clinic]}]",
        "[{at: [clinic], false_positive: 1%, refuted: 1 day}, {at: [clinic], false_positive: 1%}]",
    ))  # fmt: skip
    starts = arrow(asks, "x: started").trigger
    assert isinstance(starts, m.WhenTrue)
    assert any(isinstance(t, m.InState) and t.mask == 0b1110 for t in algebra.walk(starts.condition))


# --- what is given, not taken --------------------------------------------------------------------

GIVEN = """
treatments:
  x: {MORE, effects: [{hazard: gout.early -> late, by: 0.5, lasts: 3 weeks}]}
  y: {start: {when: gout diagnosed}}
pathways:
  p: {start: {when: gout diagnosed}, steps: [{give: [x]}]}
"""


@pytest.mark.parametrize(
    "more",
    [
        "adherence: 80%",
        "supply: 30 days",
        "stop: [{after: 1 year}]",
        "again: 1 year",
        "paused: on y",
        "dose: {amount: 5 mg, taper: {every: 1 week, by: 25%}}",
        "dose: {steps: [5 mg, 10 mg], down: {when: on y}}",
        "interacts: [{with: y, effects: [{hazard: gout.early -> late, by: 0.7}]}]",
    ],
)
def test_what_belongs_to_being_taken_means_nothing_for_what_is_given(more: str) -> None:
    assert codes_of(gout(GIVEN.replace("MORE", more))) == ["W334"]


def test_what_is_given_acts_whole_whatever_the_adherence() -> None:
    machine = machine_of(gout(GIVEN.replace("MORE", "adherence: 'beta(8, 2)'")))
    rate = arrow(machine, "gout: early -> late").trigger
    assert isinstance(rate, m.ByRate)
    assert not [t for t in algebra.walk(rate.multiplier) if isinstance(t, m.Var)]
    machine = machine_of(gout(GIVEN.replace("MORE", "adherence: 'beta(8, 2)', start: {when: on y}")))
    rate = arrow(machine, "gout: early -> late").trigger
    assert isinstance(rate, m.ByRate)
    choices = [t for t in algebra.walk(rate.multiplier) if isinstance(t, m.Apply) and t.op == "if"]
    assert any(isinstance(c.args[1], m.Var) and c.args[2] == algebra.TRUE for c in choices)


def test_an_effect_in_proportion_to_the_dose_knows_the_dose_that_is_given() -> None:
    text = gout(GIVEN.replace("MORE", "dose: {amount: 10 mg}").replace("by: 0.5", "by: 0.5, per: 5 mg"))
    machine = machine_of(text)
    dose = [v.name for v in machine.vars].index("x.dose")
    sets, row = next(a for a in arrows(machine) if a.name == "p: started").actions[:2]
    assert sets == m.Set(dose, m.Const(10.0))
    assert isinstance(row, m.Emit)
    assert (row.value, machine.codes[row.code].unit) == (m.Const(10.0), "mg")
    machine = machine_of(text.replace("give: [x]", "give: [{treatment: x, dose: 0.02 g}]"))
    sets = next(a for a in arrows(machine) if a.name == "p: started").actions[0]
    assert sets == m.Set(dose, m.Const(20.0))


def test_what_must_not_be_taken_together_is_not_given_either() -> None:
    machine = machine_of(gout(GIVEN.replace("MORE", "never_with: [y]")))
    gives = next(a for a in arrows(machine) if a.name == "p: started").actions[0]
    assert isinstance(gives, m.If)
    y = next(i for i, p in enumerate(machine.processes) if p.name == "y")
    assert gives.condition == m.Apply("not", (m.InState(y, 0b10),))


def test_an_interaction_acts_while_both_are_taken_and_no_longer() -> None:
    assert codes_of(gout("""
        treatments:
          x:
            start: {when: gout diagnosed}
            interacts: [{with: y, effects: [{hazard: gout.onset, by: 2, lasts: 1 day}]}]
          y: {start: {when: gout diagnosed}}
        """)) == ["W334"]  # fmt: skip


# --- pathways ------------------------------------------------------------------------------------


def test_steps_are_repeated_at_least_once() -> None:
    rounds = "{repeat: {times: 0, every: 1 day}, steps: [{note: y}]}"
    text = f"pathways: {{p: {{start: {{when: on x}}, steps: [{rounds}]}}}}"
    treated = gout("treatments: {x: {start: {when: gout diagnosed}}}\n") + text
    assert codes_of(treated) == ["E738"]
    assert codes_of(treated.replace("times: 0", "times: 1")) == []


def test_a_named_end_is_an_event() -> None:
    machine = machine_of(
        gout("""
        pathways:
          p: {start: {when: gout diagnosed}, steps: [{wait: 1 day}, {end: stopped, name: gave_up}]}
          q: {start: {on: [p.gave_up]}, steps: [{note: there}]}
        """)
    )
    (leaves,) = (a for a in arrows(machine) if a.name.startswith("p: waits"))
    assert [machine.events[a.event] for a in leaves.actions if isinstance(a, m.Raise)] == ["p.gave_up"]


@pytest.mark.parametrize("last", ["{end: stopped}", "{postpone: 1 week}"])
def test_nobody_comes_to_what_is_written_behind_a_step_that_leads_away(last: str) -> None:
    found = findings_of(
        gout(f"""
        pathways:
          p: {{start: {{when: gout diagnosed}}, steps: [{{visit: clinic}}, {last}, {{note: never}}]}}
        """)
    )
    assert [(f.code, f.path) for f in found.items] == [("W317", "pathways.p.steps[2]")]


# --- one key without the other ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("immunisations: {v: {schedule: [1..2 years], catch_up: 18 months}}", "E726"),
        ("communities: {count: 4, contacts: {graph: cycle, neighbours: 2}}", "E718"),
        ("communities: {count: 4, contacts: {graph: barabasi_albert, rewire: 0.2}}", "E718"),
        ("treatments: {x: {start: {when: gout diagnosed}, adherence: 80%}}", "W315"),
        ("treatments: {x: {start: {when: gout diagnosed}, dose: {steps: [1 mg, 2 mg]}}}", "W315"),
        (
            "immunisations: {v: {schedule: [1 year], effects: [{hazard: gout.onset, by: 2, doses: 3}]}}",
            "W317",
        ),
        ("immunisations: {v: {every: 1 year, effects: [{hazard: gout.onset, by: 2, doses: 9999}]}}", "E716"),
    ],
)
def test_a_key_that_can_have_no_effect_is_a_finding(text: str, code: str) -> None:
    assert codes_of(gout(text)) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "immunisations: {v: {schedule: [1..2 years], retry: 1 month}}",
        "allergies: {hives: {to: [x], prevalence: 1%, reactions: {itch: {probability: 1%, recognised: 9%}}}}",
    ],
)
def test_a_key_without_the_one_it_belongs_to_is_a_finding(text: str) -> None:
    scenario, findings = parse_scenario(f"id: test\n{PEOPLE}{text}")
    assert scenario is None
    assert [f.code for f in findings.items if f.code != "W201"] == ["E211"]


def test_events_are_counted_up_to_a_bound() -> None:
    often = GOUT.replace(
        "    diagnosis", "    events: {flare: {rate: 2 per year, at_most: 100_000_000}}\n    diagnosis"
    )
    assert codes_of(often) == ["E716"]
    assert codes_of(often.replace("100_000_000", "1_000")) == []


def test_what_nothing_hears_is_a_finding() -> None:
    text = gout("""
        procedures: {tap: {complications: {bleed: {probability: 1%, after: 1 day}}}}
        pathways:
          p: {start: {when: gout diagnosed}, steps: [{do: tap}, {may_follow: {fever: 5%}, after: 2 days}]}
        """)
    found = [finding.message for finding in findings_of(text).items]
    assert found == ["nothing hears p.fever", "nothing hears tap.bleed"]
    heard = text.replace("every: 1 year", "on: [tap.bleed]").replace(
        "at: [clinic]", "on: p.fever, visit: clinic"
    )
    assert "W316" not in codes_of(heard)  # but they wait for one another now
    assert (
        codes_of(
            text.replace("after: 1 day", "after: 1 day, fatal: 1%").replace(
                "may_follow: {fever: 5%}, after", "wait"
            )
        )
        == []
    )


def test_care_is_named_once_where_a_symptom_is_recorded() -> None:
    symptom = "    symptoms: {pain: {recorded_at: [clinic, {care: clinic, probability: 5%}]}}\n    diagnosis"
    assert codes_of(GOUT.replace("    diagnosis", symptom)) == ["E704"]


def test_care_that_others_send_patients_to_is_for_whom_they_say() -> None:
    assert codes_of("""
        diseases:
          gout:
            onset: {rate: 0.1 per year}
            states: [present]
            diagnosis: [{on: gout.onset, visit: clinic}]
        care: {clinic: {class: ambulatory, for: age >= 60 years}}
        """) == ["W315"]


def test_a_parameter_that_a_progression_does_not_use_is_a_finding() -> None:
    found = findings_of("""
        progressions:
          p:
            parameters: {speed: 0.1 per year, deadly: 1 per year}
            states: [mild, severe]
            course:
              - mild -> severe: {rate: speed}
        diseases:
          gout: {onset: {rate: 0.1 per year}, follows: {progression: p, with: {deadly: 2 per year}}}
        """)
    assert [(f.code, f.path) for f in found.items] == [("W202", "progressions.p.parameters.deadly")]
