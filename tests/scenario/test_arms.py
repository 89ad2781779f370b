"""`arms:` – the scenario with one thing changed."""

from __future__ import annotations

import pytest

from simulator.errors import UsageError
from simulator.scenario import Scenario, parse_scenario
from simulator.scenario.model import Table
from simulator.scenario.syntax import Expr, Number, Quantity, Rate

SCENARIO = """
id: main
parameters: {uptake: {value: 90%, between: 0..100%, source: s}}
diseases:
  cf: {onset: {rate: 1 per year, source: s}, states: [ill]}
treatments:
  eti: {start: {when: age > 3 years, uptake: uptake}, effects: [{hazard: cf.onset, by: 0.5}], source: s}
arms:
  base: {title: as it is}
  none_treated: {title: nobody, set: {uptake: 0%}}
  no_eti: {remove: [treatments.eti]}
  strong:
    change:
      treatments: {eti: {+effects: [{hazard: cf.death, by: 0.1}]}}
      parameters: {uptake: 10%}
"""


def uptake_of(scenario: Scenario | None) -> Expr | Table | None:
    """The uptake of ETI; None where nobody can get it."""
    eti = scenario.treatments.get("eti") if scenario else None
    return eti.start.uptake if eti and eti.start else None


def test_each_arm_is_the_scenario_with_its_change() -> None:
    base, findings = parse_scenario(SCENARIO)
    assert base is not None
    assert not findings.items
    assert list(base.arms) == ["base", "none_treated", "no_eti", "strong"]
    arms = {name: parse_scenario(SCENARIO, arm=name)[0] for name in base.arms}
    assert {name: uptake_of(arm) for name, arm in arms.items()} == {
        "base": Quantity(90, "%"),
        "none_treated": Quantity(0, "%"),
        "no_eti": None,
        "strong": Quantity(10, "%"),
    }
    strong = arms["strong"]
    assert strong is not None
    assert [e.hazard for e in strong.treatments["eti"].effects] == ["cf.onset", "cf.death"]
    assert strong.diseases["cf"].onset.rate == Rate(Number(1), "year")


def test_what_an_arm_sets_goes_before_what_is_set_from_outside() -> None:
    for arm, uptake in (("base", 20), ("none_treated", 0)):
        scenario, _ = parse_scenario(SCENARIO, settings={"uptake": "20%"}, arm=arm)
        assert uptake_of(scenario) == Quantity(uptake, "%")


def test_an_unknown_arm_is_told_its_nearest() -> None:
    with pytest.raises(UsageError, match=r"there is no arm noeti\n  Did you mean no_eti\?"):
        parse_scenario(SCENARIO, arm="noeti")
    with pytest.raises(UsageError, match="There is base"):
        parse_scenario("id: x", arm="zzz")
    assert parse_scenario("id: x", arm="base")[0] is not None


@pytest.mark.parametrize(
    ("arm", "code", "path"),
    [
        ("{change: {population: {size: 3}}}", "E134", "arms.odd.change.population"),
        ("{change: {use: [x]}}", "E134", "arms.odd.change.use"),
        ("{change: [x]}", "E203", "arms.odd.change"),
        ("{chance: {}}", "E201", "arms.odd.chance"),
        ("{title: nothing}", "W203", "arms.odd"),
        ("{change: {treatments: {eti: {+effects: {}}}}}", "E125", "arms.odd.change.treatments.eti.+effects"),
        ("3", "E203", "arms.odd"),
    ],
)
def test_arms_that_cannot_be(arm: str, code: str, path: str) -> None:
    _, findings = parse_scenario(f"{SCENARIO}  odd: {arm}\n")
    assert (code, path) in {(f.code, f.path) for f in findings.items}


def test_the_base_cannot_be_changed() -> None:
    _, findings = parse_scenario(SCENARIO.replace("title: as it is", "set: {uptake: 3%}"))
    assert [(f.code, f.path) for f in findings.errors] == [("E134", "arms.base.set")]
