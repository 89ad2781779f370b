"""Wrong diagnoses, stages, attributes that change, axes of tables, constraints, shared progressions."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from simulator.compiler.constraints import replaced
from simulator.compiler.expectations import expectations
from simulator.scenario import parse_scenario
from tests.compiler import courses
from tests.compiler.lowered import PEOPLE, arrow, codes_of, machine_of, process

APPENDICITIS = """
diseases:
  appendicitis:
    codes: {icd10cm: K35.80}
    onset: {rate: 0.01 per year}
    states: [acute, perforated]
    course:
      - acute -> perforated: {after: 3 days}
      - perforated -> absent: {after: 2 weeks}
    diagnosis:
      - on: appendicitis.onset
        after: 6..24 hours
        visit: emergency
        mistaken_for:
          - {title: gastroenteritis, codes: {icd10cm: A09}, probability: 25%, lasts: 1..2 days}
          - {title: constipation, codes: {icd10cm: K59.00}, probability: 5%}
      - {at: [emergency], false_positive: 2%, refuted: 1 day}
    stage: {at: [emergency]}
care:
  emergency: {class: emergency, rate: 0.3 per year}
"""


def test_an_occasion_for_a_diagnosis_may_give_a_wrong_one_first() -> None:
    chart = process(machine_of(APPENDICITIS), "appendicitis.diagnosis")
    names = [s.name for s in chart.states]
    assert names == ["undiagnosed", "diagnosed", "diagnosed", "deciding", "mistaken", "mistaken"]
    weights = [a.trigger.weight for a in chart.states[3].arrows if isinstance(a.trigger, m.ByChance)]
    assert [w.value for w in weights if isinstance(w, m.Const)] == pytest.approx([0.25, 0.05, 0.7])


def test_the_wrong_diagnosis_is_refuted_when_the_right_one_is_made() -> None:
    machine = machine_of(APPENDICITIS)
    recognised = arrow(machine, "appendicitis: recognised")
    rows = [machine.codes[a.code] for a in recognised.actions if isinstance(a, m.Emit)]
    assert [(c.code, c.status) for c in rows] == [("ICD10CM//A09", "refuted"), ("ICD10CM//K35.80", "active")]
    corrected = [
        a for a in process(machine, "appendicitis.diagnosis").states[5].arrows if "corrected" in a.name
    ]
    assert len(corrected) == 2
    first = corrected[0].actions[0]
    assert isinstance(first, m.Emit)
    assert machine.codes[first.code].code == "ICD10CM//K59.00"


def test_who_is_diagnosed_without_the_disease_counts_as_diagnosed() -> None:
    text = APPENDICITIS + "treatments:\n  surgery: {start: {when: appendicitis diagnosed}}\n"
    machine = machine_of(text)
    index = [p.name for p in machine.processes].index("appendicitis.diagnosis")
    trigger = arrow(machine, "surgery: started").trigger
    assert isinstance(trigger, m.WhenTrue)
    assert m.InState(index, 0b110) in (trigger.condition, *getattr(trigger.condition, "args", ()))


def test_the_stage_is_what_the_chart_says() -> None:
    text = APPENDICITIS + (
        "treatments:\n  antibiotic: {start: {when: 'appendicitis.stage in [perforated]'}}\n"
    )
    machine = machine_of(text)
    var = [v.name for v in machine.vars].index("appendicitis.stage")
    trigger = arrow(machine, "antibiotic: started").trigger
    assert isinstance(trigger, m.WhenTrue)
    assert repr(m.Var(var)) in repr(trigger.condition)


SMOKER = """
attributes:
  smoker:
    draw: {never: 60%, former: 10%, current: 30%}
    codes: {loinc: 72166-2}
    changes:
      - current -> former: {rate: 0.04 per year}
      - former -> current: {after: 1..9 years}
treatments:
  varenicline:
    start: {when: smoker == current}
    effects: [{hazard: smoker.current -> former, by: 2.2}]
care:
  gp: {class: ambulatory, every: 1 year}
  quitline: {class: virtual, on: [smoker.former]}
"""


def test_an_attribute_that_changes_is_a_process_that_sets_the_variable() -> None:
    machine = machine_of(SMOKER)
    smoker = process(machine, "smoker")
    assert [s.name for s in smoker.states] == ["start", "never", "former", "current"]
    assert [a.trigger for a in smoker.states[0].arrows] == [
        m.ByChance(m.Apply("eq", (m.Var(1), m.Const(float(i))))) for i in range(3)
    ]
    quits = arrow(machine, "smoker: current -> former")
    assert quits.actions[0] == m.Set(1, m.Const(1.0))
    assert isinstance(quits.trigger, m.ByRate)
    assert "2.2" in repr(quits.trigger.multiplier)


def test_a_change_is_written_down_at_the_next_visit() -> None:
    machine = machine_of(SMOKER)
    known, changed = process(machine, "smoker.chart").states
    assert [a.target for a in known.arrows] == [1]
    assert [a.name for a in changed.arrows] == ["smoker: noted at gp", "smoker: noted at quitline"]
    texts = [c.text for c in machine.codes if c.kind == "event" and c.code.startswith("LOINC//72166-2")]
    assert texts == ["never", "former", "current"]


T2D = """
diseases:
  t2d:
    onset: {rate: 0.01 per year}
    states: [early, late]
    course:
      - early -> late: {rate: 0.1 per year}
    events:
      hypo: {rate: {per: year, by: t2d, table: {early: 0.1, late: 0.5}}}
  retinopathy:
    onset:
      rate:
        per: year
        by: [age, time since t2d.onset]
        table:
          0..49 years: {never: 0, 0..4 years: 0.01, 5.. years: 0.05}
          50.. years: {never: 0, 0..11 months: 0.02, 1.. years: 0.06}
    states: [present]
care:
  gp: {class: ambulatory, every: 1 year}
"""


def test_a_table_may_go_by_the_time_since_an_event() -> None:
    trigger = arrow(machine_of(T2D), "retinopathy: onset").trigger
    assert isinstance(trigger, m.ByRate)
    assert trigger.base.knots == (0.0, 50.0)
    assert trigger.base.rates == ((0.0, 0.0), (0.01, 0.02), (0.01, 0.06), (0.05, 0.06))
    year = 31_556_952_000_000
    assert trigger.stratum == m.Apply(
        "if",
        (
            m.Apply("not", (m.Stamped(0),)),
            m.Const(0.0),
            m.Apply(
                "if",
                (
                    m.SinceLess(0, year),
                    m.Const(1.0),
                    m.Apply("if", (m.SinceLess(0, 5 * year), m.Const(2.0), m.Const(3.0))),
                ),
            ),
        ),
    )


def test_a_table_may_go_by_the_state_of_a_disease() -> None:
    trigger = arrow(machine_of(T2D), "t2d: hypo").trigger
    assert isinstance(trigger, m.ByRate)
    assert "InState(process=0, mask=2), Const(value=0.1), Const(value=0.5)" in repr(
        trigger.multiplier
    ).replace("Apply(op='if', args=(", "")


DRUGS = """
diseases:
  ill:
    codes: {icd10cm: A09}
    onset: {rate: 0.1 per year}
    states: [present]
    diagnosis: [{at: [gp]}]
treatments:
  first: {codes: {rxnorm: "1"}, start: {when: age >= 1 year}, stop: [{rate: 1 per year}]}
  second: {codes: {rxnorm: "2"}, start: {when: ill diagnosed}, stop: [{rate: 1 per year}]}
constraints:
  - {never: on first and age < 2 years, because: too young}
  - {never: on first and on second}
  - {never: on second and (ill diagnosed and sex == female)}
care:
  gp: {class: ambulatory, every: 1 year}
"""


def test_a_constraint_guards_the_treatments_it_names() -> None:
    machine = machine_of(DRUGS)
    names = [p.name for p in machine.processes]
    first, second = (m.InState(names.index(name), 0b10) for name in ("first", "second"))
    starts = arrow(machine, "first: started").trigger
    assert isinstance(starts, m.WhenTrue)
    for guard in (m.Apply("not", (m.Apply("not", (m.AgeAtLeast(2.0),)),)), m.Apply("not", (second,))):
        assert repr(guard) in repr(starts.condition) or repr(m.AgeAtLeast(2.0)) in repr(starts.condition)
    ends = [a.trigger for a in process(machine, "second").states[1].arrows]
    assert m.WhenTrue(first) in ends


def test_constraints_are_kept_for_the_checker() -> None:
    scenario, findings = parse_scenario(f"id: test\n{PEOPLE}{DRUGS}")
    assert scenario is not None, findings.items
    assert expectations(scenario, machine_of(DRUGS))["never"] == [
        [{"on": "RxNorm//1"}, {"age": [None, 2.0]}],
        [{"on": "RxNorm//1"}, {"on": "RxNorm//2"}],
        [{"on": "RxNorm//2"}, {"diagnosed": "ICD10CM//A09"}, {"sex": "female"}],
    ]


def test_terms_are_replaced_and_simplified() -> None:
    on, old = m.InState(3, 2), m.AgeAtLeast(70.0)
    assert replaced(m.Apply("and", (on, old)), on, m.Const(1.0)) == old
    assert replaced(m.Apply("or", (on, old)), on, m.Const(1.0)) == m.Const(1.0)
    assert replaced(m.Apply("and", (m.Apply("not", (on,)), old)), on, m.Const(1.0)) == m.Const(0.0)


FOLLOWS = """
progressions:
  decline:
    parameters: {speed: 0.1 per year, deadly: 0.05 per year}
    states: [mild, severe]
    course:
      - mild -> severe: {rate: speed, multiplied: [{by: 2, while: time since disease.onset > 5 years}]}
    death:
      severe: {rate: deadly}
diseases:
  ckd:
    onset: {rate: 0.01 per year}
    follows: {progression: decline, with: {speed: 0.4 per year}}
  copd:
    onset: {rate: 0.01 per year}
    follows: decline
    states: [remission]
    course:
      - severe -> remission: {rate: 0.2 per year}
"""


def test_diseases_follow_a_progression_with_numbers_of_their_own() -> None:
    machine = machine_of(FOLLOWS)
    assert [s.name for s in process(machine, "ckd").states] == ["absent", "mild", "severe", "dead"]
    assert [s.name for s in process(machine, "copd").states] == [
        "absent", "mild", "severe", "remission", "dead",
    ]  # fmt: skip
    fast, slow = (arrow(machine, f"{name}: mild -> severe").trigger for name in ("ckd", "copd"))
    assert isinstance(fast, m.ByRate)
    assert isinstance(slow, m.ByRate)
    assert "Const(value=0.4)" in repr(fast.multiplier)
    assert "Const(value=0.1)" in repr(slow.multiplier)
    assert machine.stamps == ("ckd.onset", "copd.onset")


@pytest.mark.parametrize(
    ("text", "before", "after", "codes"),
    [
        (SMOKER, "current -> former: {rate", "current -> formr: {rate", ["E504", "E507"]),
        (
            SMOKER,
            "effects: [{hazard: smoker.current -> former",
            "effects: [{hazard: smoker.never -> current",
            ["E507"],
        ),
        (T2D, "by: t2d, table: {early: 0.1, late: 0.5}", "by: t2d, table: {early: 0.1, lat: 0.5}", ["E504"]),
        (T2D, "by: t2d, table: {early: 0.1, late: 0.5}", "by: t2d, table: {early: 0.1}", ["E609"]),
        (T2D, "time since t2d.onset", "time since t2d.onst", ["E505"]),
        (DRUGS, "never: on first and age < 2 years", "never: on first or age < 2 years", ["E719"]),
        (DRUGS, "never: on first and age < 2 years", "never: age < 2 years", ["E719"]),
        (DRUGS, "never: on first and age < 2 years", "never: on first and ill", ["E701"]),
        (DRUGS, "never: on first and age < 2 years", "never: on first", ["E709", "E709"]),
        (APPENDICITIS, "probability: 25%", "probability: 97%", ["E703"]),
        (APPENDICITIS, "stage: {at: [emergency]}", "stage: {at: [ward]}", ["E501"]),
        (APPENDICITIS, "false_positive: 2%", "false_positive: 200%", ["E603"]),
    ],
)
def test_what_cannot_be_is_a_finding(text: str, before: str, after: str, codes: list[str]) -> None:
    assert before in text
    assert sorted(codes_of(text.replace(before, after))) == sorted(codes)


def test_nobody_is_born_after_the_end() -> None:
    people = "population: {size: 9, from: 2000-01-01, to: 2010-01-01, age: 'AGE', source: made up}\n"
    assert codes_of("", people.replace("AGE", "uniform(-9 years, 50 years)")) == []
    assert codes_of("", people.replace("AGE", "uniform(-11 years, 50 years)")) == ["E712"]


# --- rules whose diagnoses are refuted ------------------------------------------------------

GESTATIONAL = """
diseases:
  gdm:
    codes: {icd10cm: O24.410}
    onset: {rate: 0.02 per year}
    states: [present]
    course: [present -> absent: {after: 9 months}]
    diagnosis:
      - {at: [clinic], if: last glucose >= 95 mg/dL, refuted: 6 months}
measurements:
  glucose: {unit: mg/dL, plausible: 40..400, value: {mean: 100, shift: [{by: 40, while: gdm}]}}
care:
  clinic: {class: ambulatory, every: 1 year, measures: [glucose]}
"""


def test_a_rule_tells_who_has_the_disease_from_who_has_not() -> None:
    machine = machine_of(GESTATIONAL)
    right, wrong = (
        arrow(machine, "gdm: diagnosed at clinic"),
        arrow(machine, "gdm: diagnosed at clinic, wrongly"),
    )
    assert (right.target, wrong.target) == (1, 2)
    assert right.actions == wrong.actions
    present = m.InState([p.name for p in machine.processes].index("gdm"), 0b10)
    for trigger, there in ((right.trigger, present), (wrong.trigger, m.Apply("not", (present,)))):
        assert isinstance(trigger, m.OnEvent)
        assert isinstance(trigger.condition, m.Apply)
        assert trigger.condition.args[1] == there


def test_a_false_diagnosis_by_a_rule_is_refuted() -> None:
    machine = machine_of(GESTATIONAL.replace("rate: 0.02", "rate: 0"), courses.PEOPLE)
    found = [
        (round((row.time - machine.population.start) / courses.DAY, 3), machine.codes[row.code].status)
        for row in courses.life(machine).events
        if machine.codes[row.code].code == "ICD10CM//O24.410"
    ]
    assert len(found) > 4
    assert [status for _, status in found] == ["active", "refuted"] * (len(found) // 2) + ["active"] * (
        len(found) % 2
    )
    made, taken_back = found[0][0], found[1][0]
    assert taken_back - made == pytest.approx(365.2425 / 2, abs=2)


def test_a_rule_after_an_event_may_be_refuted_too() -> None:
    machine = machine_of(
        GESTATIONAL.replace(
            "{at: [clinic], if: last glucose >= 95 mg/dL, refuted: 6 months}",
            "{on: gdm.onset, after: 1 week, visit: clinic, if: last glucose >= 95 mg/dL, refuted: 6 months}",
        )
    )
    assert arrow(machine, "gdm: diagnosed at clinic, wrongly").target == 2
    assert arrow(machine, "gdm: refuted").target == 0


def test_every_diagnosis_without_the_disease_is_refuted_whichever_route_says_when() -> None:
    text = GESTATIONAL.replace(
        "    diagnosis:\n", "    diagnosis:\n      - {at: [clinic], false_positive: 5%}\n"
    )
    assert isinstance(arrow(machine_of(text), "gdm: refuted").trigger, m.AfterDuration)
