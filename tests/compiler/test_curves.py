"""Empirical and Kaplan–Meier durations, mixtures, from YAML and from CSV."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.compiler import lower
from simulator.compiler import machine as m
from simulator.compiler.curves import NEVER
from simulator.scenario import parse_scenario
from simulator.units import MICROSECONDS
from tests.compiler.lowered import PEOPLE, arrow, codes_of, machine_of, state

DAY, YEAR = float(MICROSECONDS["day"]), float(MICROSECONDS["year"])
ILL = """
diseases:
  ill:
    onset: {rate: 1 per year}
    states: [early, late]
    course:
      - early -> late: {after: AFTER}
"""


def after(text: str) -> m.Trigger:
    return arrow(machine_of(ILL.replace("AFTER", text)), "ill: early -> late").trigger


def points(text: str) -> tuple[list[float], list[float]]:
    """Values and cumulative shares of the distribution that `text` is lowered to."""
    trigger = after(text)
    assert isinstance(trigger, m.AfterDuration)
    assert trigger.duration.kind == "empirical"
    numbers = [p.value for p in trigger.duration.params if isinstance(p, m.Const)]
    return numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]


def test_an_empirical_duration_begins_at_once() -> None:
    values, shares = points("{empirical: {1 day: 10%, 3 days: 50%, 10 days: 100%}}")
    assert values == [0.0, DAY, 3 * DAY, 10 * DAY]
    assert shares == [0.0, 0.1, 0.5, 1.0]


def test_an_empirical_duration_may_say_when_it_begins() -> None:
    values, shares = points("{empirical: {1 day: 0%, 3 days: 50%, 10 days: 1}}")
    assert values == [DAY, 3 * DAY, 10 * DAY]
    assert shares == [0.0, 0.5, 1.0]


def test_whoever_a_kaplan_meier_curve_leaves_never_has_the_event() -> None:
    values, shares = points("{kaplan_meier: {1 year: 95%, 5 years: 80%, 10 years: 71%}}")
    assert values == [0.0, YEAR, 5 * YEAR, 10 * YEAR, NEVER]
    assert shares == pytest.approx([0.0, 0.05, 0.2, 0.29, 0.29])
    assert shares[-1] == shares[-2]


def test_curves_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "os.csv").write_text("month,survival,n\n0,1,200\n12,0.9,180\n60,0.4,20\n", encoding="utf-8")
    curve = "{kaplan_meier: {csv: os.csv, unit: months, columns: {time: month, survival: survival}}}"
    text = f"id: test\n{PEOPLE}{ILL.replace('AFTER', curve)}"
    scenario, findings = parse_scenario(text, str(tmp_path / "x.yaml"))
    assert scenario is not None, findings.items
    machine = lower(scenario, findings)
    assert machine is not None, findings.items
    trigger = arrow(machine, "ill: early -> late").trigger
    assert isinstance(trigger, m.AfterDuration)
    assert [p.value for p in trigger.duration.params if isinstance(p, m.Const)] == pytest.approx(
        [0.0, YEAR, 5 * YEAR, NEVER, 0.0, 0.1, 0.6, 0.6]
    )


def test_a_mixture_is_drawn_on_entry() -> None:
    text = (
        "{mixture: [{share: 30%, after: 2 days}, {share: 50%, after: 1 week}, {share: 20%, after: 1 year}]}"
    )
    machine = machine_of(ILL.replace("AFTER", text))
    early = state(machine, "ill", "early")
    first, second, third = early.on_entry
    assert isinstance(first, m.Draw)
    assert isinstance(second, m.If)
    assert isinstance(third, m.If)
    assert second.probability == m.Const(0.5 / 0.8)
    assert third.probability == m.Const(0.2)
    assert early.arrows[0].trigger == m.AfterDuration(m.Distribution("fixed", (m.Var(first.var),)))


def test_a_mixture_of_mixtures_and_of_delays() -> None:
    inner = "{mixture: [{share: 50%, after: 1 day}, {share: 50%, after: 2 days}]}"
    outer = f"{{mixture: [{{share: 1/4, after: {inner}}}, {{share: 3/4, after: 0..3 days}}]}}"
    machine = machine_of(ILL.replace("{after: AFTER}", f"{{when: age >= 1 year, delay: {outer}}}"))
    early = state(machine, "ill", "early")
    assert [type(a) for a in early.on_entry] == [m.Draw, m.If, m.If]
    trigger = early.arrows[0].trigger
    assert isinstance(trigger, m.WhenTrue)
    assert trigger.delay is not None
    assert trigger.delay.kind == "fixed"


def test_an_attribute_may_follow_an_empirical_distribution() -> None:
    machine = machine_of(
        "attributes:\n  bmi: {value: {empirical: {15: 0%, 25: 50%, 50: 100%}}, unit: kg/m2}\n"
    )
    assert machine.vars[1].initial == m.Distribution(
        "empirical", tuple(map(m.Const, (15.0, 25.0, 50.0, 0.0, 0.5, 1.0)))
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{empirical: {1 day: 10%, 3 days: 50%}}", "E613"),
        ("{empirical: {3 days: 10%, 1 day: 100%}}", "E613"),
        ("{empirical: {1 day: 60%, 3 days: 50%, 9 days: 100%}}", "E613"),
        ("{kaplan_meier: {1 year: 80%, 5 years: 95%}}", "E613"),
        ("{kaplan_meier: {1: 80%}}", "E601"),
        ("{kaplan_meier: {1 year: 120%}}", "E603"),
        ("{mixture: [{share: 30%, after: 2 days}, {share: 60%, after: 1 day}]}", "E604"),
    ],
)
def test_what_cannot_be_is_a_finding(text: str, code: str) -> None:
    assert codes_of(ILL.replace("AFTER", text)) == [code]


def test_a_visit_cannot_last_a_mixture() -> None:
    mixture = "{mixture: [{share: 1, after: 20 minutes}]}"
    text = f"care:\n  gp: {{class: ambulatory, every: 1 year, duration: {mixture}}}\n"
    assert codes_of(text) == ["E605"]


def test_a_duration_with_a_probability_ends_for_so_many_only() -> None:
    text = ILL.replace("AFTER", "2 days, probability: {by: sex, table: {male: 10%, female: 40%}}")
    machine = machine_of(text)
    early = state(machine, "ill", "early")
    first, second = early.on_entry
    assert isinstance(first, m.Draw)
    assert first.distribution == m.Distribution("fixed", (m.Const(2 * DAY),))
    assert isinstance(second, m.If)
    (never,) = second.actions
    assert isinstance(never, m.Draw)
    assert never.distribution == m.Distribution("fixed", (m.Const(NEVER),))
    assert early.arrows[0].trigger == m.AfterDuration(m.Distribution("fixed", (m.Var(first.var),)))


def test_a_probability_that_is_none_is_found() -> None:
    assert codes_of(ILL.replace("AFTER", "2 days, probability: 140%")) == ["E603"]
