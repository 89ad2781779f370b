"""Words that stories asked for: `while` beside a rate, ways by the chart, held tapers, effects that last."""

from __future__ import annotations

import pytest

from simulator.compiler import machine as m
from simulator.scenario import parse_scenario
from tests.compiler.courses import PEOPLE, days, lives, rows
from tests.compiler.lowered import arrow, codes_of, findings_of, machine_of, process
from tests.compiler.test_pathways import pathway

POLYP = """
diseases:
  polyp: {onset: {rate: 0.1 per year}, states: [small, large]}
  cancer:
    onset: {rate: 0.03 per year, WHILE}
    states: [present]
"""
POLYP = POLYP.replace(
    "states: [small, large]", "states: [small, large], course: [small -> large: {after: 1 year}]"
)


def read(text: str) -> list[str]:
    """Codes of what is found when a text is read, before anything is looked up."""
    return [f.code for f in parse_scenario("format: 1\nid: t\n" + PEOPLE + text)[1].errors]


# --- a rate while something holds ---------------------------------------------------------


def test_a_rate_is_zero_unless_its_while_holds() -> None:
    machine = machine_of(POLYP.replace("WHILE", 'while: "polyp in [large]"'))
    trigger = arrow(machine, "cancer: onset").trigger
    assert isinstance(trigger, m.ByRate)
    large = m.InState([p.name for p in machine.processes].index("polyp"), 1 << 2)
    assert trigger.multiplier == m.Apply("if", (large, m.Const(0.03), m.Const(0.0)))


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("while: 1 > 2", ["W307"]),
        ("while: polip", ["E501"]),
    ],
)
def test_what_is_wrong_with_a_while_is_said(written: str, codes: list[str]) -> None:
    assert [c for c in codes_of(POLYP.replace("WHILE", written)) if c in ("W307", "E501")] == codes


def test_while_belongs_to_a_rate() -> None:
    text = POLYP.replace("rate: 0.03 per year, WHILE", "after: 1 year, while: polyp")
    assert read(text) == ["E211"]


# --- ways of a pathway --------------------------------------------------------------------

WAYS = """
- visit: clinic
- choose:
    - {if: last wbc < 2 10*9/L, then: [{wait: 1 day}, {note: low}]}
    - {if: last wbc < 3 10*9/L, then: [{wait: 2 days}, {note: middling}]}
    - else: [{wait: 3 days}, {note: fine}]
- note: both
"""


def test_the_first_way_that_the_chart_allows_is_taken() -> None:
    """wbc is 1 until the 19th day, then 4."""
    text = pathway(WAYS, "    repeat: {times: 2, every: 4 weeks}\n")
    notes = [(day, note) for day, note, _ in rows(machine_of(text, PEOPLE)) if note in WAYS]
    assert notes == [(1.0, "low"), (1.0, "both"), (31.0, "fine"), (31.0, "both")]


def test_who_goes_none_of_the_ways_goes_on() -> None:
    text = pathway(
        WAYS.replace("    - else: [{wait: 3 days}, {note: fine}]\n", "").replace("< 2 10", "< 1 10")
    )
    text = text.replace("< 3 10*9/L", "< 0 10*9/L")
    assert days(machine_of(text, PEOPLE), "both") == [0.0]


def test_else_of_a_choice_by_chance_takes_the_rest() -> None:
    steps = "- choose:\n    - {share: 70%, then: [{note: one}]}\n    - else: [{note: other}]"
    found = lives(machine_of(pathway(steps), PEOPLE), 400)
    counts = [sum(word in codes for codes in found) for word in ("one", "other")]
    assert sum(counts) == 400
    assert abs(counts[0] - 280) < 5 * (0.21 * 400) ** 0.5


@pytest.mark.parametrize(
    ("ways", "code"),
    [
        ("[{share: 70%, then: [{note: a}]}, {if: last wbc > 3 10*9/L, then: [{note: b}]}]", "E703"),
        ("[{if: last wbc > 3 10*9/L, then: [{note: b}]}, {else: [{note: a}]}, {else: [{note: c}]}]", "E703"),
        ("[{share: 70%, then: [{note: a}]}, {share: 60%}, {else: [{note: b}]}]", "E703"),
        ("[{if: wbc > 3 10*9/L, then: [{note: a}]}]", "E701"),
    ],
)
def test_what_is_wrong_with_ways_is_said(ways: str, code: str) -> None:
    assert code in codes_of(pathway(f"- visit: clinic\n- choose: {ways}"), PEOPLE)


@pytest.mark.parametrize(
    ("way", "code"), [("{then: [{note: a}]}", "E210"), ("{share: 70%, else: [{note: a}]}", "E210"),
                      ("{else: [{note: a}], then: [{note: b}]}", "E211")]
)  # fmt: skip
def test_a_way_has_a_share_or_a_condition_or_is_the_rest(way: str, code: str) -> None:
    assert code in read(pathway(f"- choose: [{way}]"))


# --- tapers that wait ---------------------------------------------------------------------

TAPER = """
measurements:
  pain: {unit: "1", plausible: 0..10, value: {mean: 3, shift: [{by: 5, while: date < 2000-02-10}]}}
treatments:
  drug:
    codes: {rxnorm: "1"}
    start: {when: date >= 2000-01-01}
    stop: [{when: date >= 2000-02-01}]
    dose: {amount: 20 mg, taper: {every: 1 week, by: 25%, hold: last pain >= 5}}
care:
  clinic: {class: ambulatory, every: 1 day, measures: [pain]}
"""


def test_a_taper_waits_while_it_must_not_go_on() -> None:
    """Due on 1 February; pain is 8 until the 10th, so that the third look, on the 15th, is the first step."""
    machine = machine_of(TAPER, PEOPLE)
    doses = [(day, value) for day, code, value in rows(machine) if code == "RxNorm//1"]
    assert doses == [(0.0, 20.0), (45.0, 15.0), (52.0, 10.0), (59.0, 5.0), (66.0, None)]


def test_a_taper_is_held_by_the_chart_only() -> None:
    assert "E701" in codes_of(TAPER.replace("last pain", "pain"), PEOPLE)


# --- effects of what is given -------------------------------------------------------------

ANAEMIA = """
diseases:
  anaemia: {onset: {rate: 0.1 per year}, states: [present], death: {present: {rate: 0.2 per year}}}
"""


def anaemia(iron: str, steps: str = "- give: [iron]") -> str:
    return ANAEMIA + pathway(steps).replace("treatments:\n", f"treatments:\n  iron: {iron}\n")


def found(iron: str, steps: str = "- give: [iron]") -> list[str]:
    return [f.code for f in findings_of(anaemia(iron, steps), PEOPLE).items]


def test_an_administration_acts_for_as_long_as_it_says() -> None:
    machine = machine_of(anaemia("{effects: [{hazard: anaemia.death, by: 0.5, lasts: 3 weeks}]}"), PEOPLE)
    trigger = arrow(machine, "anaemia: present -> death").trigger
    assert isinstance(trigger, m.ByRate)
    recently = m.SinceLess(machine.stamps.index("iron.given"), 21 * 86_400_000_000)
    on = m.InState(machine.processes.index(process(machine, "iron")), 1 << 1)
    acts = m.Apply("or", (on, recently))
    assert trigger.multiplier is not None
    assert acts in list(_terms(trigger.multiplier))


def _terms(term: m.Term) -> list[m.Term]:
    inner = [each for arg in term.args for each in _terms(arg)] if isinstance(term, m.Apply) else []
    return [term, *inner]


def test_an_effect_of_what_is_only_given_says_how_long_it_lasts() -> None:
    assert "W334" in found("{effects: [{hazard: anaemia.death, by: 0.5}]}")
    assert "W334" not in found("{effects: [{hazard: anaemia.death, by: 0.5, lasts: 3 weeks}]}")
    assert "W334" not in found("{effects: [{hazard: anaemia.death, by: 0.5}]}", "- start: iron")


def test_lasts_is_for_what_is_given() -> None:
    assert "W334" in found("{effects: [{hazard: anaemia.death, by: 0.5, lasts: 3 weeks}]}", "- start: iron")
