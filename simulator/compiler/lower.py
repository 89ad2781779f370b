"""Scenario → Machine.

Order of processes: mortality; each disease, its recurrent events, its diagnosis routes and its
diagnosis; treatments and their supplies; care. Order of variables: sex, attributes, the last
value of each measurement, adherences. All mistakes are found in one go.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from simulator.compiler import (
    attributes,
    care,
    checks,
    diagnosis,
    diseases,
    hazards,
    measurements,
    population,
    treatments,
)
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import fixed
from simulator.compiler.events import connect
from simulator.compiler.seasons import seasonal_bases
from simulator.compiler.terms import Where
from simulator.errors import Findings, ScenarioError, UsageError
from simulator.scenario.model import Population, Scenario
from simulator.scenario.syntax import Quantity
from simulator.units import time_unit

_MINUTE = 60_000_000


def lower(scenario: Scenario, findings: Findings, *, library: bool = False) -> m.Machine | None:
    """Lower a scenario to a Machine.

    Args:
        scenario: as loaded.
        findings: everything that is wrong or doubtful is added here.
        library: the file is only checked: it may do without a population.

    Returns:
        The Machine, or None if there are errors among the findings.
    """
    low = Lowering.of(scenario, findings)
    checks.names(low)
    low.codes.append(m.CodeSpec("MEDS_BIRTH", "birth"))
    low.codes.append(m.CodeSpec("MEDS_DEATH", "death"))
    low.names.later = {name for kind in checks.blocks_by_kind(scenario).values() for name in kind}
    variables = [attributes.sex(low)]
    variables += [attributes.lower(low, name, block) for name, block in scenario.attributes.items()]
    _declare(low)
    for name, treatment in scenario.treatments.items():
        treatments.effects(low, name, treatment)
    _encounters(low)
    _processes(low)
    levels = [measurements.lower(low, name, block) for name, block in scenario.measurements.items()]
    signals = _signals(low)
    checks.scenario(low, levels)
    who = _population(low, library)
    if findings.errors or who is None:
        return None
    return _assemble(low, who, variables, [x for x in levels if x is not None], signals)


def _declare(low: Lowering) -> None:
    """Give everything its name and number before anything refers to it."""
    low.names.later = set()
    scenario = low.scenario
    routes = [route for disease in scenario.diseases.values() for route in disease.diagnosis]
    low.requested = {route.visit for route in routes if route.visit is not None and not route.at}
    if scenario.mortality is not None:
        low.names.process("mortality")
    for name, disease in scenario.diseases.items():
        diseases.declare(low, name, disease)
    for index, (name, measurement) in enumerate(scenario.measurements.items()):
        measurements.declare(low, index, name, measurement)
    for name, treatment in scenario.treatments.items():
        treatments.declare(low, name, treatment)
    for name, block in scenario.care.items():
        care.declare(low, name, block)
    for index, name in enumerate(scenario.exchange):
        low.names.add(name, "exchange", index)


def _encounters(low: Lowering) -> None:
    """Kinds of encounter: those of the care blocks, and where treatments are prescribed and dispensed."""
    scenario = low.scenario
    for name, block in scenario.care.items():
        care.encounter(low, name, block)
    if scenario.treatments and "prescribing" not in scenario.care:
        care.add_encounter(low, "prescribing", "ambulatory", None, None, None)
    if scenario.treatments and "medication_review" not in scenario.care:
        care.add_encounter(low, "medication_review", "virtual", fixed(5 * _MINUTE), None, None)
    supplied = any(t.supply is not None for t in scenario.treatments.values())
    if supplied and "pharmacy" not in scenario.care:
        care.add_encounter(low, "pharmacy", "virtual", fixed(5 * _MINUTE), None, None)


def _processes(low: Lowering) -> None:
    scenario = low.scenario
    _mortality(low)
    for name, disease in scenario.diseases.items():
        diseases.lower(low, name, disease)
        diagnosis.lower(low, name, disease)
    for name, treatment in scenario.treatments.items():
        treatments.lower(low, name, treatment)
    for name, block in scenario.care.items():
        care.lower(low, name, block)


def _mortality(low: Lowering) -> None:
    block = low.scenario.mortality
    if block is None:
        return
    low.labels["mortality"] = "other causes of death"
    effects = low.effects.on("mortality")
    where = Where.key(block, "rate")
    rate = hazards.by_rate(low.resolver, block.rate, block.multiplied, where, effects=effects)
    arrows = () if rate is None else (m.Arrow("mortality: death", 1, rate, (m.Die(),)),)
    low.add_process(m.Process("mortality", (m.State("alive", arrows), m.State("dead")), latent=True))


def _signals(low: Lowering) -> list[m.SignalSpec]:
    found = []
    for name, block in low.scenario.exchange.items():
        condition = low.resolver.condition(block.share, Where.key(block, "share", once=True))
        if condition is not None:
            found.append(m.SignalSpec(name, condition))
    return found


def _population(low: Lowering, library: bool) -> m.PopulationSpec | None:
    scenario = low.scenario
    if scenario.population is not None:
        return population.lower(low, scenario.population, scenario.communities)
    if not library:
        low.resolver.report(
            "E711", "the scenario has no population", scenario, Where("population", scenario.span),
            remedy="add `population:`, or put this file under `use:` of one that has it",
        )  # fmt: skip
        return None
    return population.PLACEHOLDER


def _assemble(
    low: Lowering,
    who: m.PopulationSpec,
    variables: list[m.VarSpec],
    levels: list[m.LevelSpec],
    signals: list[m.SignalSpec],
) -> m.Machine:
    drawn = {v.name for v in variables}
    later = [m.VarSpec(name) for name in low.names.vars if name not in drawn]
    processes, events = connect(low.in_order(), low.names)
    machine = m.Machine(
        id=low.scenario.id,
        population=who,
        processes=processes,
        vars=(*variables, *later),
        levels=tuple(levels),
        codes=tuple(low.codes.items),
        encounters=tuple(low.encounters),
        signals=tuple(signals),
        events=events,
        stamps=tuple(low.names.stamps),
        rings=tuple((ring.event, ring.capacity) for ring in low.names.ring_list),
        labels=dict(low.labels),
    )
    return seasonal_bases(machine)


def check_file(path: str | Path) -> Findings:
    """Everything that is wrong or doubtful in a scenario file, and in the files it uses.

    A file without `population:` is taken for a library, and may do without.
    """
    from simulator.scenario import load_scenario

    scenario, findings = load_scenario(path)
    if scenario is not None:
        lower(scenario, findings, library=scenario.population is None)
    return findings


def compile_file(
    path: str | Path,
    *,
    size: int | None = None,
    from_: dt.date | None = None,
    to: dt.date | None = None,
    step: str | None = None,
) -> tuple[Scenario, m.Machine]:
    """Load a scenario file and lower it.

    Args:
        path: the file.
        size: number of patients, instead of the one in the file.
        from_, to: the recorded period, instead of the one in the file.
        step: length of a window as the language writes it (``1 week``), instead of the file's.

    Raises:
        ScenarioError: with every finding, if the scenario has errors.
        UsageError: if the file cannot be read or an argument is not possible.
    """
    from simulator.scenario import load_scenario

    scenario, findings = load_scenario(path)
    if scenario is None:
        raise ScenarioError(findings.sorted())
    if scenario.population is not None:
        _override(scenario.population, size, from_, to, step)
    machine = lower(scenario, findings)
    if machine is None:
        raise ScenarioError(findings.sorted())
    return scenario, machine


def _override(
    who: Population, size: int | None, from_: dt.date | None, to: dt.date | None, step: str | None
) -> None:
    """Put the arguments of a call in the place of what the file says."""
    if size is not None:
        if size < 1:
            raise UsageError(f"{size} is not a number of patients", remedy="Give 1 or more.")
        who.size = size
    who.from_ = from_ or who.from_
    who.to = to or who.to
    if (from_ or to) and who.to <= who.from_:
        raise UsageError(f"the period from {who.from_} to {who.to} is empty", remedy="Let it end later.")
    if step is not None:
        from simulator.scenario.expression import parse_text

        problems = Findings()
        tree = parse_text(step, problems, "<step>")
        if not isinstance(tree, Quantity) or time_unit(tree.unit) is None or tree.value <= 0:
            raise UsageError(f"`{step}` is not a length of time", remedy="Write e.g. `1 month` or `1 week`.")
        who.step = tree
