"""The kernel equals the reference, event for event, on machines and on scenarios drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, event, given, note, reject, settings
from hypothesis import strategies as st

from simulator.compiler import lower
from simulator.compiler import machine as m
from simulator.compiler.flatten import flatten
from simulator.compiler.layout import DAY
from simulator.engine import reference, reference_life
from simulator.errors import EngineError
from simulator.scenario import parse_scenario
from tests.engine.compare import (
    assert_equal,
    assert_kernel_gives,
    assert_same,
    assert_same_population,
    kernel_lives,
    reference_lives,
    reference_population,
    rows,
)
from tests.engine.machines import law, machines
from tests.engine.scenario_texts import scenarios

SEED = 7
PATIENTS = range(4)
EXAMPLES = settings.default.max_examples if settings.default else 100
# machines of a few hundred parts take a while to draw, and some of them run in circles: both are as intended
DRAWN = settings(
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ]
)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the reference give up early on lives that run in circles or never reach the start."""
    monkeypatch.setattr(reference_life, "MAX_FIRINGS_AT_ONE_INSTANT", 300)
    monkeypatch.setattr(reference, "MAX_ATTEMPTS", 40)


def magnitude(n: int) -> str:
    return f"rows: {10 ** (len(str(n)) - 1)} and more"


@pytest.mark.usefixtures("hasty")
@settings(DRAWN, max_examples=max(1, EXAMPLES * 6 // 10))
@given(machine=machines())
def test_machines(machine: m.Machine) -> None:
    try:
        expected = reference_lives(machine, SEED, PATIENTS)
    except EngineError:
        reject()
    event(magnitude(rows(expected)))
    assert_equal(kernel_lives(flatten(machine), SEED, PATIENTS), expected, machine)


@pytest.mark.usefixtures("hasty")
@settings(DRAWN, max_examples=max(1, EXAMPLES * 2 // 10))
@given(machine=machines(coupled=True))
def test_coupled_machines(machine: m.Machine) -> None:
    try:
        expected, passed_on = reference_population(machine, SEED)
    except EngineError:
        reject()
    event(magnitude(rows(expected)))
    assert_kernel_gives(machine, SEED, expected, passed_on)


@settings(DRAWN, max_examples=max(1, EXAMPLES * 2 // 10))
@given(text=scenarios(), seed=st.integers(0, 2**64 - 1), first=st.integers(0, 2**40 - 9))
def test_scenarios(text: str, seed: int, first: int) -> None:
    note(text)
    event(magnitude(assert_same(machine_of(text), seed, range(first, first + 6))))


@settings(DRAWN, max_examples=max(1, EXAMPLES * 5 // 100))
@given(text=scenarios(coupled=True), seed=st.integers(0, 2**64 - 1))
def test_coupled_scenarios(text: str, seed: int) -> None:
    note(text)
    event(magnitude(assert_same_population(machine_of(text), seed)))


def machine_of(text: str) -> m.Machine:
    scenario, findings = parse_scenario(text)
    machine = None if scenario is None else lower(scenario, findings)
    assert machine is not None, findings.errors
    return machine


# --- what drawn machines seldom show ------------------------------------------------------------


@pytest.mark.parametrize("history", [False, True])
def test_those_born_later_join_an_epidemic_at_birth(
    small_machine: Callable[..., m.Machine], process: Callable[..., m.Process], history: bool
) -> None:
    pressure = m.Signal(0)
    force = m.Apply("add", (m.Apply("mul", (m.Const(5.0), pressure)), m.Const(0.3)))
    infection = m.ByRate(m.Base("constant"), None, force)
    recovery = m.AfterDuration(law("exponential", 200.0 * DAY))
    waning = m.WhenTrue(m.Apply("lt", (pressure, m.Const(0.1))), law("uniform", 1.0 * DAY, 50.0 * DAY))
    machine = small_machine(
        process(
            "flu",
            susceptible=(m.Arrow("infection", 1, infection),),
            infectious=(m.Arrow("recovery", 2, recovery),),
            immune=(m.Arrow("waning", 0, waning),),
        ),
        signals=(m.SignalSpec("pressure", m.InState(0, 0b010)),),
        age=law("uniform", -6.0, 3.0),
        size=20,
        communities=2,
        mixing=((0.8, 0.2), (0.3, 0.7)),
        history=history,
    )
    assert assert_same_population(machine, SEED) > 100


def circle(process: Callable[..., m.Process]) -> m.Process:
    back_and_forth = [m.Arrow(name, 1 - i, m.WhenTrue(m.Const(1.0))) for i, name in enumerate(["to", "fro"])]
    return process("circle", here=(back_and_forth[0],), there=(back_and_forth[1],))


def never_measured(process: Callable[..., m.Process]) -> m.Process:
    unknown = m.Distribution("exponential", (m.Var(1),))
    return process("waiting", here=(m.Arrow("wait", 1, m.AfterDuration(unknown)),), there=())


def never_alive(process: Callable[..., m.Process]) -> m.Process:
    return process("life", alive=(m.Arrow("death", 1, m.AtAge(1.0), (m.Die(),)),), dead=())


@pytest.mark.parametrize(
    ("build", "on_the_reference", "on_the_kernel"),
    [
        (circle, "transitions at one instant", "fires without end at one instant"),
        (never_measured, "is not a number|unknown", "parameters are not numbers"),
        (never_alive, "lives ended before the period", "never lives to the start"),
    ],
)
def test_both_stop_with_an_error(
    small_machine: Callable[..., m.Machine],
    process: Callable[..., m.Process],
    hasty: None,
    build: Callable[[Callable[..., m.Process]], m.Process],
    on_the_reference: str,
    on_the_kernel: str,
) -> None:
    machine = small_machine(build(process), vars=(m.VarSpec("last"),), age=law("fixed", 20.0), history=True)
    with pytest.raises(EngineError, match=on_the_reference):
        reference_lives(machine, SEED, range(1))
    with pytest.raises(EngineError, match=on_the_kernel):
        kernel_lives(flatten(machine), SEED, range(1))
