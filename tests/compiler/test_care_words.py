"""Starting at visits, refuting by a test, staging that errs, attributes drawn later, one of several drugs,
and what ends with a pathway."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from simulator.scenario import parse_scenario
from tests.compiler.courses import DAY, PEOPLE, life
from tests.compiler.lowered import codes_of, findings_of, machine_of


def rows(machine: m.Machine, code: str, patient: int = 0) -> list[tuple[float, str | None, str | None]]:
    """Days since 2000-01-01, status and text of each row of a code."""
    found = []
    for row in life(machine, patient).events:
        spec, time = machine.codes[row.code], (row.time - machine.population.start) / DAY
        if spec.code == code and time >= 0:
            found.append((round(time, 3), spec.status, spec.text))
    return found


def read(text: str) -> list[str]:
    return [f.code for f in parse_scenario("format: 1\nid: t\n" + PEOPLE + text)[1].errors]


# --- a treatment started at visits --------------------------------------------------------

AT = """
treatments:
  drug: {start: {when: date >= 2000-03-01, at: [clinic] MORE}}
care:
  clinic: {class: ambulatory, at: [41 years, 42 years]}
  other: {class: ambulatory, every: 1 month}
"""


def test_a_treatment_is_started_at_a_visit() -> None:
    machine = machine_of(AT.replace("MORE", ""), PEOPLE)
    (visit, *_), (start, *_) = rows(machine, "ENCOUNTER//ambulatory//clinic"), rows(machine, "SIM//drug")
    assert start[0] == visit[0] > 300


def test_who_does_not_accept_it_then_never_does() -> None:
    machine = machine_of(AT.replace("MORE", ", uptake: 50%"), PEOPLE)
    taken = [rows(machine, "SIM//drug", patient) for patient in range(300)]
    first = {round(each[0][0]) for each in taken if each}
    assert len(first) == 1
    assert abs(sum(bool(each) for each in taken) - 150) < 5 * 75**0.5


def test_a_start_at_visits_has_no_delay_and_knows_its_care() -> None:
    assert read(AT.replace("MORE", ", delay: 1 week")) == ["E210"]
    assert "E501" in codes_of(AT.replace("MORE", "").replace("at: [clinic]", "at: [clinc]"), PEOPLE)


# --- a wrong diagnosis taken back by a test -----------------------------------------------

GUT = """
diseases:
  coeliac:
    onset: {rate: 0.0001 per year}
    states: [present]
    diagnosis: [{at: [gp], if: last antibodies >= 10, refuted: REFUTED}]
measurements:
  antibodies: {unit: "1", plausible: 0..50, value: {mean: 20}}
procedures:
  biopsy: {finds: {villous_atrophy: {if: coeliac}}}
care:
  gp: {class: ambulatory, at: [41 years], measures: [antibodies]}
  endoscopy: {class: ambulatory, on: [coeliac.diagnosed], after: 3 weeks, does: [biopsy]}
"""


def test_a_negative_test_refutes() -> None:
    text = GUT.replace("REFUTED", "{on: biopsy.done, if: last biopsy == nothing}")
    (made, refuted) = rows(machine_of(text, PEOPLE), "SIM//coeliac")
    assert (made[1], refuted[1]) == ("active", "refuted")
    assert round(refuted[0] - made[0], 3) == 21.0


@pytest.mark.parametrize("written", ["3 weeks", "{after: 3 weeks}", "{when: last biopsy == nothing}"])
def test_a_duration_or_a_condition_refutes(written: str) -> None:
    made, refuted = rows(machine_of(GUT.replace("REFUTED", written), PEOPLE), "SIM//coeliac")
    assert round(refuted[0] - made[0], 3) == 21.0


def test_a_distribution_may_stand_alone() -> None:
    machine = machine_of(GUT.replace("REFUTED", "{lognormal: {median: 3 weeks, sigma: 0.5}}"), PEOPLE)
    assert [status for _, status, _ in rows(machine, "SIM//coeliac")] == ["active", "refuted"]


def test_it_is_refuted_by_the_chart_only() -> None:
    assert "E701" in codes_of(GUT.replace("REFUTED", "{when: not coeliac}"), PEOPLE)
    assert read(GUT.replace("REFUTED", "{when: last biopsy == nothing, rate: 1 per year}")) == ["E210"]


# --- stages that are taken for others -----------------------------------------------------

STAGES = """
diseases:
  cancer:
    onset: {at: birth, to: ii}
    states: [i, ii, iii]
    course: [ii -> iii: {when: age >= 45 years}]
    diagnosis: [{at: [clinic]}]
    stage: {codes: {loinc: 21908-9}, STAGE}
procedures: {surgery: {duration: 1 hour}}
care:
  clinic: {class: ambulatory, at: [41 years]}
  later: {class: ambulatory, at: [43 years]}
  theatre: {class: inpatient, at: [44 years], does: [surgery]}
"""


def stages(stage: str, patient: int = 0) -> list[str | None]:
    people = PEOPLE.replace("age: 40 years", "age: 40 years, history: from birth")
    machine = machine_of(STAGES.replace("STAGE", stage), people)
    return [text for _, _, text in rows(machine, "LOINC//21908-9", patient)]


def test_a_stage_is_taken_for_the_one_before_or_after_and_proven_later() -> None:
    assert stages("understaged: 100%, on: [surgery.done]") == ["i", "ii"]
    assert stages("overstaged: 100%, on: [surgery.done]") == ["iii", "ii"]
    assert stages("on: [surgery.done]") == ["ii"]


def test_staging_again_may_err_again() -> None:
    assert stages("understaged: 100%, at: [later]") == ["i"]
    found = [tuple(stages("understaged: 50%, at: [later]", patient)) for patient in range(30)]
    assert set(found) == {("i",), ("ii",), ("i", "ii")}


def test_what_is_wrong_with_staging_is_said() -> None:
    assert "E505" in codes_of(STAGES.replace("STAGE", "on: [surgery.don]"))
    assert "E603" in codes_of(STAGES.replace("STAGE", "understaged: 140%"))


# --- attributes drawn by an event ---------------------------------------------------------

TUMOUR = """
attributes:
  receptor:
    draw: {positive: "if(sex == male, 0, 1)", negative: "if(sex == male, 1, 0)"}
    on: tumour.onset
    codes: {loinc: 85319-2}
  grade: {value: "uniform(0, 10)", between: 4..6, on: tumour.onset}
diseases:
  tumour:
    onset: {when: date >= 2000-03-01 and date < 2001-03-01}
    states: [small, large]
    course:
      - small -> large: {after: 30 days * grade}
      - large -> absent: {after: 1 day, probability: "if(receptor == negative, 1, 0)"}
care:
  clinic: {class: ambulatory, at: [41 years]}
"""


def test_an_attribute_is_drawn_when_a_disease_begins() -> None:
    machine = machine_of(TUMOUR, PEOPLE)
    for patient in range(8):
        history = life(machine, patient)
        moves = [(machine.processes[t.process], t) for t in history.truth]
        truth = [(process.name, process.states[t.after].name, t.time) for process, t in moves]
        expected = "negative" if history.sex == 0 else "positive"
        begun, grown = (
            next(t for p, s, t in truth if (p, s) == ("tumour", state)) for state in ("small", "large")
        )
        assert 4 * 30 <= (grown - begun) / DAY <= 6 * 30 + 0.001
        assert [text for _, _, text in rows(machine, "LOINC//85319-2", patient)] == [expected]


def test_an_attribute_is_drawn_by_an_event_that_exists() -> None:
    assert "E505" in codes_of(TUMOUR.replace("tumour.onset", "tumor.onset"), PEOPLE)


# --- one of several drugs, and what ends with a pathway -----------------------------------

DRUGS = """
treatments: {a: {}, b: {}, c: {stop: [{after: 9 days}]}}
pathways:
  plan:
    start: {on: [clinic.visit]}
    steps: [STEPS]
    stop: [{when: date >= 2001-06-01}]
    MORE
  unused: {start: {on: [never.visit]}, steps: [{start: a}, {start: b}, {start: c}]}
care:
  clinic: {class: ambulatory, at: [41 years, 43 years]}
  never: {class: ambulatory, at: [100 years]}
"""


def drugs(steps: str, more: str = "", tail: str = "") -> m.Machine:
    return machine_of(DRUGS.replace("STEPS", steps).replace("MORE", more) + tail, PEOPLE)


def statuses(machine: m.Machine, name: str, patient: int = 0) -> list[str | None]:
    return [status for _, status, _ in rows(machine, f"SIM//{name}", patient)]


def test_one_of_several_is_drawn_and_kept() -> None:
    text = DRUGS.replace("date >= 2001-06-01", "date >= 2009-06-01").replace("MORE", "")
    steps = "{start_one_of: {a: 70%, b: 30%}}, {wait: 5 days}, {stop: a}, {stop: b}"
    machine = machine_of(text.replace("STEPS", steps), PEOPLE)
    counts = {"a": 0, "b": 0}
    for patient in range(200):
        taken = {name: statuses(machine, name, patient) for name in "ab"}
        (chosen,) = [name for name, found in taken.items() if found]
        assert taken[chosen] == ["active", "stopped"] * 2
        counts[chosen] += 1
    assert abs(counts["a"] - 140) < 5 * 42**0.5


def test_a_switch_ends_what_is_taken_and_tries_what_is_new() -> None:
    machine = drugs("{start: a}, {wait: 5 days}, {switch_to: {a: 50%, b: 50%}}, {wait: 5 days}, "
                    "{switch_to: {a: 50%, b: 50%}}, {wait: 1 day}, end")  # fmt: skip
    assert statuses(machine, "a") == ["active", "stopped"]
    assert statuses(machine, "b") == ["active"]  # nothing else is left: it is kept


@pytest.mark.parametrize(
    ("step", "drug", "found"),
    [
        ("{start: a}", "a", ["active", "stopped"]),
        ("{start: a, ends: by_itself}", "a", ["active"]),
        ("{start: a, ends: with_pathway}", "a", ["active", "stopped"]),
        ("{start: c, ends: if_stopped}", "c", ["active", "stopped"]),
    ],
)
def test_what_a_pathway_began_ends_when_it_is_stopped(step: str, drug: str, found: list[str]) -> None:
    assert statuses(drugs(f"{step}, {{wait: 2 years}}"), drug) == found


def test_what_a_completed_pathway_began_goes_on_unless_it_is_said() -> None:
    assert statuses(drugs("{start: a}, {wait: 2 days}"), "a") == ["active"]
    assert statuses(drugs("{start: a, ends: with_pathway}, {wait: 2 days}"), "a") == ["active", "stopped"]


LOST = """
  begin: {class: ambulatory, at: [41 years]}
follow_up: {lost: {rate: "if(date >= 2001-02-01, 1000, 0) per year"}, returns: {after: 20 days}KEEPS}
"""


@pytest.mark.parametrize(
    ("more", "keeps", "goes_on"),
    [
        ("", "", False),
        ("when_lost: stops", ", keeps: [ambulatory]", False),
        ("when_lost: goes_on", "", True),
        ("", ", keeps: [ambulatory]", True),
    ],
)
def test_a_pathway_stops_when_the_patient_is_lost(more: str, keeps: str, goes_on: bool) -> None:
    """There would be a note in April; the patient is lost in February."""
    text = DRUGS.replace("STEPS", "{wait: 90 days}, {visit: clinic}, {note: still here}").replace(
        "MORE", more
    )
    text = text.replace("2001-06-01", "2005-06-01").replace("on: [clinic.visit]", "on: [begin.visit]")
    text = text.replace(", 43 years", "") + LOST.replace("KEEPS", keeps).lstrip("\n")
    assert bool(rows(machine_of(text, PEOPLE), "NOTE//plan")) is goes_on


def test_a_pathway_may_begin_again_on_return() -> None:
    text = DRUGS.replace("STEPS", "{note: first}, {wait: 90 days}").replace("2001-06-01", "2005-06-01")
    text = text.replace("start: {on: [clinic.visit]}", "start: {when: age >= 41 years}")
    machine = machine_of(
        text.replace("MORE", "when_lost: begins_again") + LOST.replace("KEEPS", "").lstrip("\n"), PEOPLE
    )
    assert len(rows(machine, "NOTE//plan")) > 2


def test_what_is_wrong_with_these_steps_is_said() -> None:
    def errors(steps: str) -> list[str]:
        text = DRUGS.replace("STEPS", steps).replace("MORE", "")
        return [f.code for f in findings_of(text, PEOPLE).errors]

    assert errors("{start_one_of: {a: 70%, b: 40%}}") == ["E703"]
    assert errors("{start_one_of: {a: 70%, d: 30%}}") == ["E501"]
    assert errors("{switch_to: {a: 70%, clinic: 30%}}") == ["E502"]
    assert read(DRUGS.replace("STEPS", "{stop: a, ends: by_itself}").replace("MORE", "")) == ["E211"]
    assert read(DRUGS.replace("STEPS", "{start: a}").replace("MORE", "when_lost: pauses")) == ["E209"]


# --- notes and findings -------------------------------------------------------------------


def test_a_note_outside_a_visit_is_no_visit() -> None:
    machine = drugs("{wait: 3 days}, {note: infusion missed}")
    assert [e for e, *_ in rows(machine, "ENCOUNTER//virtual//chart_note")] == [
        e for e, *_ in rows(machine, "NOTE//plan")
    ]
    assert not rows(machine, "ENCOUNTER//ambulatory//plan")


def test_a_note_is_where_more_is_done_at_once() -> None:
    steps = "{wait: 3 days}, {note: planned}, {choose: [{share: 100%, then: [{do: scan}, {wait: 1 day}]}]}"
    text = DRUGS.replace("STEPS", steps).replace("MORE", "") + "procedures: {scan: {}}\n"
    machine = machine_of(text, PEOPLE)
    assert rows(machine, "NOTE//plan")
    assert not rows(machine, "ENCOUNTER//virtual//chart_note")


def test_findings_of_one_code_are_told_apart() -> None:
    text = """
    procedures:
      scope: {finds: {one: {title: Polyp, codes: {icd10cm: K63.5}}, two: {codes: {icd10cm: K63.5}}}}
    care:
      clinic: {class: ambulatory, at: [41 years], does: [scope]}
    """
    found = {text for _, _, text in rows(machine_of(text, PEOPLE), "ICD10CM//K63.5")}
    assert found == {"Polyp", "two"}


# --- results of orders --------------------------------------------------------------------

CONTACT = """
attributes: {blood_group: {draw: {o: 100%, ab: 0%}}}
care:
  tracing:
    class: ambulatory
    at: [41 years]
    orders:
      igra: {result: {positive: 50%, negative: 50%}}
      typing: {shows: blood_group}
treatments:
  isoniazid: {start: {when: last igra == positive and last typing == o}}
"""


def test_care_goes_by_the_result_of_an_order() -> None:
    machine = machine_of(CONTACT, PEOPLE)
    found = set()
    for patient in range(40):
        (result,) = [text for _, _, text in rows(machine, "SIM//igra", patient)]
        found.add((result, bool(rows(machine, "SIM//isoniazid", patient))))
    assert found == {("positive", True), ("negative", False)}


def test_a_result_is_one_of_its_words() -> None:
    assert "E504" in codes_of(CONTACT.replace("igra == positive", "igra == positve"), PEOPLE)
    assert "E501" in codes_of(CONTACT.replace("last igra", "last igrra"), PEOPLE)
