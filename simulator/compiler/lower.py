"""Scenario → Machine.

Order of processes: mortality; each disease, its recurrent events, its diagnosis routes and its
diagnosis; treatments and their supplies; care. Order of variables: sex, attributes, the last
value of each measurement, adherences. All mistakes are found in one go.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from simulator.compiler import (
    access,
    allergies,
    attributes,
    care,
    care_plans,
    changes,
    checks,
    circles,
    constraints,
    depth,
    diagnosis,
    diseases,
    follow_up,
    hazards,
    immunisations,
    measurements,
    order_results,
    panels,
    pathway_steps,
    pathway_walk,
    pathways,
    population,
    procedures,
    schedules,
    symptoms,
    targets,
    treatment_effects,
    treatments,
)
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.curves import draw_mixtures
from simulator.compiler.distributions import fixed
from simulator.compiler.doubts import doubt
from simulator.compiler.events import connect
from simulator.compiler.missing import settle
from simulator.compiler.origins import Origins
from simulator.compiler.seasons import seasonal_bases
from simulator.compiler.streams import colliding
from simulator.compiler.terms import Where
from simulator.errors import Findings, ScenarioError, UsageError
from simulator.scenario.model import Population, Scenario
from simulator.scenario.parameters import Settings
from simulator.scenario.reading import Reading
from simulator.scenario.remainder import Lost
from simulator.scenario.syntax import Last, Quantity
from simulator.scenario.walk import walk
from simulator.units import time_unit

_MINUTE = 60_000_000


def lower(
    scenario: Scenario,
    findings: Findings,
    *,
    library: bool = False,
    origins: Origins | None = None,
    lost: Lost | None = None,
) -> m.Machine | None:
    """Lower a scenario to a Machine.

    Args:
        scenario: as loaded.
        findings: everything that is wrong or doubtful is added here.
        library: the file is only checked: it may do without a population.
        origins: filled with where everything was written, if given.
        lost: what could not be read of it; nothing is said of what may follow from that.

    Returns:
        The Machine, or None if there are errors among the findings.
    """
    low = Lowering.of(scenario, findings)
    low.resolver.origins = origins
    low.names.lost = lost or Lost()
    try:
        return _lower(low, library, whole=lost is None)
    except RecursionError as error:
        depth.report(error, scenario, findings)
        return None


def _lower(low: Lowering, library: bool, whole: bool) -> m.Machine | None:
    """As `lower`; `whole`, if all of it could be read."""
    scenario, findings = low.scenario, low.findings
    low.names.parameters = tuple(scenario.parameters)
    checks.names(low)
    scenario = low.scenario
    low.codes.append(m.CodeSpec("MEDS_BIRTH", "birth"))
    low.codes.append(m.CodeSpec("MEDS_DEATH", "death"))
    low.names.later = {name for kind in checks.blocks_by_kind(scenario).values() for name in kind}
    if scenario.population is not None and schedules.zone_is_known(low):
        low.resolver.zone = scenario.population.time_zone
    low.remembered = {n.measurement.text for n in walk(scenario) if isinstance(n, Last) and n.previous}
    variables = [attributes.sex(low)]
    variables += [attributes.lower(low, name, block) for name, block in scenario.attributes.items()]
    _declare(low)
    for name, treatment in scenario.treatments.items():
        treatment_effects.effects(low, name, treatment)
    for name, immunisation in scenario.immunisations.items():
        immunisations.effects(low, name, immunisation)
    _encounters(low)
    _processes(low)
    levels = [measurements.lower(low, name, block) for name, block in scenario.measurements.items()]
    measurements.circles(low, levels)
    signals = _signals(low)
    checks.scenario(low, levels)
    if whole and not findings.errors:
        circles.check(low)
    if whole and len(low.processes) == len(low.names.processes):  # nothing was left out for an error
        doubt(low, variables, levels)
    targets.check(low)
    who = _population(low, library)
    settle(findings, low.names.lost)
    if findings.errors or who is None or not whole:
        return None
    machine = _assemble(low, who, variables, [x for x in levels if x is not None], signals)
    for one, other in colliding(machine):
        findings.add(
            "E739", f"the random numbers of `{one}` and of `{other}` would be the same", scenario.span,
            remedy="Their names happen to share a number (1 pair in 4,294,967,296 does): change one of them.",
        )  # fmt: skip
    return None if findings.errors else machine


def _declare(low: Lowering) -> None:
    """Give everything its name and number before anything refers to it."""
    low.names.later = set()
    scenario = low.scenario
    routes = [route for disease in scenario.diseases.values() for route in disease.diagnosis]
    low.requested = {route.visit for route in routes if route.visit is not None and not route.at}
    low.diagnosing = set(low.requested)
    low.requested |= symptoms.visits(scenario)
    low.requested |= allergies.visits(scenario)
    low.requested |= pathway_walk.referred(scenario)
    low.visited, low.prescribed, low.given = pathway_walk.uses(scenario)
    if scenario.mortality is not None:
        low.names.process("mortality")
    for name, attribute in scenario.attributes.items():
        changes.declare(low, name, attribute)
    for name, disease in scenario.diseases.items():
        diseases.declare(low, name, disease)
        diagnosis.declare(low, name, disease)
    for index, (name, measurement) in enumerate(scenario.measurements.items()):
        measurements.declare(low, index, name, measurement)
    for name, treatment in scenario.treatments.items():
        treatments.declare(low, name, treatment)
    for name, block in scenario.care.items():
        care.declare(low, name, block)
    for index, (name, procedure) in enumerate(scenario.procedures.items()):
        procedures.declare(low, index, name, procedure)
    for name, pathway in scenario.pathways.items():
        pathways.declare(low, name, pathway)
    for name, plan in scenario.care_plans.items():
        care_plans.declare(low, name, plan)
    for name, allergy in scenario.allergies.items():
        allergies.declare(low, name, allergy)
    for name, immunisation in scenario.immunisations.items():
        immunisations.declare(low, name, immunisation)
    for index, (name, panel) in enumerate(scenario.panels.items()):
        panels.declare(low, index, name, panel)
    follow_up.declare(low)
    order_results.declare(low)
    for index, name in enumerate(scenario.exchange):
        low.names.add(name, "exchange", index)


def _encounters(low: Lowering) -> None:
    """Kinds of encounter: those of the care blocks, and where treatments are prescribed and dispensed."""
    scenario = low.scenario
    for name, block in scenario.care.items():
        care.encounter(low, name, block)
    for name, pathway in scenario.pathways.items():
        pathways.encounter(low, name, pathway)
    if pathway_walk.notes(scenario):
        care.add_encounter(low, pathway_steps.NOTE, "virtual", fixed(5 * _MINUTE), None, None)
    for name, plan in scenario.care_plans.items():
        care_plans.encounter(low, name, plan)
    if scenario.treatments and "prescribing" not in scenario.care:
        care.add_encounter(low, "prescribing", "ambulatory", None, None, None)
    if scenario.treatments and "medication_review" not in scenario.care:
        care.add_encounter(low, "medication_review", "virtual", fixed(5 * _MINUTE), None, None)
    supplied = any(t.supply is not None for t in scenario.treatments.values())
    if supplied and "pharmacy" not in scenario.care:
        care.add_encounter(low, "pharmacy", "virtual", fixed(5 * _MINUTE), None, None)
    if immunisations.own_visits(low) and immunisations.ENCOUNTER not in scenario.care:
        care.add_encounter(low, immunisations.ENCOUNTER, "ambulatory", fixed(10 * _MINUTE), None, None)


def _processes(low: Lowering) -> None:
    scenario = low.scenario
    constraints.lower(low)
    _mortality(low)
    for name, attribute in scenario.attributes.items():
        changes.lower(low, name, attribute)
    for name, disease in scenario.diseases.items():
        diseases.lower(low, name, disease)
        diagnosis.lower(low, name, disease)
    for name, treatment in scenario.treatments.items():
        treatments.lower(low, name, treatment)
    for name, block in scenario.care.items():
        care.lower(low, name, block)
    for name, procedure in scenario.procedures.items():
        procedures.lower(low, name, procedure)
    for name, pathway in scenario.pathways.items():
        pathways.lower(low, name, pathway)
    for name, plan in scenario.care_plans.items():
        care_plans.lower(low, name, plan)
    procedures.check(low)
    for name, allergy in scenario.allergies.items():
        allergies.lower(low, name, allergy)
    for name, immunisation in scenario.immunisations.items():
        immunisations.lower(low, name, immunisation)
    for name, panel in scenario.panels.items():
        panels.check(low, name, panel)
    follow_up.lower(low)
    access.limit(low)
    changes.draw_on_events(low)


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
    lowered = [draw_mixtures(process, low.names) for process in low.in_order()]
    later = [m.VarSpec(name) for name in low.names.vars if name not in drawn]
    if low.resolver.origins is not None:
        low.resolver.origins.settle(low.scenario, low.in_order())
    processes, events = connect(lowered, low.names)
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
        schedules=tuple(low.schedules.values()),
        rings=tuple((ring.event, ring.capacity) for ring in low.names.ring_list),
        labels=dict(low.labels),
    )
    return seasonal_bases(machine)


def check_file(path: str | Path, *, settings: Settings | None = None) -> Findings:
    """Everything that is wrong or doubtful in a scenario file, its arms, and the files it uses.

    A file without `population:` is taken for a library, and may do without. `settings` are values of
    parameters, instead of those in the file.
    """
    from simulator.scenario.reading import read_scenario

    return check_reading(read_scenario(path), settings)


def check_reading(reading: Reading, settings: Settings | None = None) -> Findings:
    """As `check_file`, for a file that is read."""
    from simulator.compiler.arms import check_arms

    def check(scenario: Scenario, findings: Findings) -> None:
        lower(scenario, findings, library=scenario.population is None)

    scenario, findings, lost = reading.attempt(settings)
    if scenario is not None and findings.errors:
        found = Findings(notes=dict(findings.notes))
        lower(scenario, found, library=scenario.population is None, lost=lost)
        for finding in found.errors:
            findings.append(finding)
    elif scenario is not None:
        check(scenario, findings)
        if not findings.errors:
            check_arms(reading, settings, scenario, findings, check)
    return findings


def compile_file(
    path: str | Path,
    *,
    size: int | None = None,
    from_: dt.date | None = None,
    to: dt.date | None = None,
    step: str | None = None,
    settings: Settings | None = None,
    arm: str | None = None,
) -> tuple[Scenario, m.Machine]:
    """Load a scenario file and lower it.

    Args:
        path: the file.
        size: number of patients, instead of the one in the file.
        from_, to: the recorded period, instead of the one in the file.
        step: length of a window as the language writes it (``1 week``), instead of the file's.
        settings: values of parameters, e.g. ``{"uptake": "50%"}``, instead of those in the file.
        arm: the arm, instead of the scenario as it is.

    Raises:
        ScenarioError: with every finding, if the scenario has errors.
        UsageError: if the file cannot be read or an argument is not possible.
    """
    from simulator.scenario import load_scenario

    loaded = load_scenario(path, settings=settings, arm=arm)
    return compile_scenario(*loaded, size=size, from_=from_, to=to, step=step)


def compile_scenario(
    scenario: Scenario | None,
    findings: Findings,
    *,
    size: int | None = None,
    from_: dt.date | None = None,
    to: dt.date | None = None,
    step: str | None = None,
    origins: Origins | None = None,
) -> tuple[Scenario, m.Machine]:
    """As `compile_file`, for a scenario that is loaded already (or failed to); `origins` as in `lower`."""
    if scenario is None:
        raise ScenarioError(findings.sorted())
    if scenario.population is not None:
        _override(scenario.population, size, from_, to, step)
    machine = lower(scenario, findings, origins=origins)
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
