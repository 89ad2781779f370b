"""`simulator describe FILE`: what is in a scenario, in words and tables."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from simulator.cli import console
from simulator.cli.describe_courses import describe_courses
from simulator.scenario import load_scenario, model, syntax
from simulator.scenario.expression_text import format_expression as words
from simulator.scenario.statement import Amount, Bounds, Statement
from simulator.scenario.wording import (
    amount_words,
    bounds_words,
    codes_words,
    multiplier_words,
    rate_words,
    table_words,
    trigger_words,
    value_words,
)


def main(args: argparse.Namespace) -> int:
    scenario, findings = load_scenario(args.file, settings=args.set, arm=args.arm)
    findings.raise_if_errors()
    assert scenario is not None  # no errors, so there is one
    if args.json:
        console.print_json(plain(scenario))
    else:
        describe(scenario, console.stdout())
    return 0


def describe(scenario: model.Scenario, out: Console) -> None:
    """Print everything in the scenario that an author would want to see again."""
    out.print(f"[bold]{escape(scenario.title or scenario.id)}[/bold]  [dim]({escape(scenario.id)})[/dim]")
    if scenario.description:
        out.print(escape(scenario.description.strip()))
    out.print()
    _describe_population(scenario, out)
    _describe_attributes(scenario, out)
    for name, disease in scenario.diseases.items():
        _describe_disease(name, disease, out)
    _describe_measurements(scenario, out)
    _describe_treatments(scenario, out)
    _describe_care(scenario, out)
    _describe_prevention(scenario, out)
    describe_courses(scenario, out)
    _describe_constraints(scenario, out)
    _describe_sources(scenario, out)


def _describe_population(scenario: model.Scenario, out: Console) -> None:
    rows: list[tuple[str, str]] = []
    population = scenario.population
    if population is not None:
        rows.append(("size", f"{population.size:,} patients"))
        rows.append(("period", f"{population.from_} to {population.to}"))
        rows.append(("time zone", population.time_zone or "UTC"))
        if population.holidays:
            rows.append(("holidays", ", ".join(population.holidays)))
        if population.age_sex is not None:
            rows.append(("age and sex", table_words(population.age_sex)))
        if population.age is not None:
            rows.append(("age", words(population.age)))
        if population.sex:
            rows.append(("sex", ", ".join(f"{k} {words(v)}" for k, v in population.sex.items())))
        rows.append(("history", population.history))
        if population.step is not None:
            rows.append(("step", words(population.step)))
    if scenario.mortality is not None:
        mortality = scenario.mortality
        factors = multiplier_words(mortality.multiplied)
        rows.append(("mortality", "\n".join([rate_words(mortality.rate), *factors])))
    if scenario.communities is not None:
        contacts = scenario.communities.contacts
        within = f", {words(contacts.within)} of contacts within" if contacts.within is not None else ""
        rows.append(("communities", f"{scenario.communities.count}, joined as {contacts.graph}{within}"))
    for name, exchange in scenario.exchange.items():
        rows.append((f"exchange {name}", f"share of people with {words(exchange.share)}"))
    if rows:
        console.show_table(out, "Population", ("", ""), rows)


def _describe_attributes(scenario: model.Scenario, out: Console) -> None:
    rows = []
    for name, attribute in scenario.attributes.items():
        if isinstance(attribute.draw, model.Table):
            drawn = table_words(attribute.draw)
        elif attribute.draw is not None:
            drawn = ", ".join(f"{k} {words(v)}" for k, v in attribute.draw.items())
        else:
            drawn = words(attribute.value) if attribute.value is not None else ""
            if attribute.between is not None:
                drawn += f" between {words(attribute.between)}"
        if attribute.on is not None:
            drawn += f"\non {words(attribute.on)}"
        for arrow in attribute.changes:
            drawn += f"\n{arrow.from_} → {arrow.to} {trigger_words(arrow.trigger)}"
        rows.append((name, attribute.title or "", drawn, "" if attribute.unit == "1" else attribute.unit))
    if rows:
        console.show_table(out, "Attributes", ("name", "title", "drawn from", "unit"), rows)


def _describe_disease(name: str, disease: model.Disease, out: Console) -> None:
    codes = f" · {codes_words(disease.codes)}" if disease.codes else ""
    rows = [
        ("absent", disease.onset.to or disease.states[0], "onset", trigger_words(disease.onset)),
        *((t.from_, t.to, "course", trigger_words(t.trigger)) for t in disease.course),
        *((state, "death", "death", trigger_words(trigger)) for state, trigger in disease.death.items()),
    ]
    for event_name, event in disease.events.items():
        condition = f" while {words(event.while_)}" if event.while_ is not None else ""
        extras = block_words(event, ("rate", "while", "multiplied"))
        how = " ".join([rate_words(event.rate) + condition, *multiplier_words(event.multiplied)])
        how = f"{how}; {extras}" if extras else how
        rows.append(("", f"{name}.{event_name}", "event", how))
    for kind, blocks in (("symptom", disease.symptoms), ("phenotype", disease.phenotypes)):
        rows += [("", f"{name}.{key}", kind, block_words(block)) for key, block in blocks.items()]
    rows += [("", f"{name}.diagnosed", "diagnosis", _route_words(route)) for route in disease.diagnosis]
    if disease.stage is not None:
        rows.append(("", f"{name}.staged", "stage", block_words(disease.stage)))
    title = f"Disease {name}: {disease.title or name}{codes}\nstates: {', '.join(disease.states)}"
    console.show_table(out, title, ("from", "to", "", "how"), rows)


def _route_words(route: model.DiagnosisRoute) -> str:
    parts = []
    if route.on is not None:
        parts.append(f"on {words(route.on)}")
    if route.after is not None:
        parts.append(f"after {words(route.after)}")
    if route.visit:
        parts.append(f"visit {route.visit}")
    if route.at:
        parts.append(f"at {', '.join(route.at)}")
    if route.if_ is not None:
        parts.append(f"if {words(route.if_)}")
    if route.probability is not None:
        parts.append(f"with probability {value_words(route.probability)}")
    if route.false_positive is not None:
        parts.append(f"false positive {value_words(route.false_positive)}")
    if route.refuted is not None:
        parts.append(f"refuted {trigger_words(route.refuted)}")
    for wrong in route.mistaken_for:
        named = wrong.title or codes_words(wrong.codes)
        parts.append(f"mistaken for {named} with probability {value_words(wrong.probability)}")
    return " ".join(parts)


def block_words(block: model.Block, without: tuple[str, ...] = ()) -> str:
    """What a block says beside its title, codes and source, key by key."""
    said = {k: v for k, v in plain(block).items() if k not in ("title", "codes", "source", *without)}
    return "; ".join(f"{key.replace('_', ' ')} {_short(value)}" for key, value in said.items())


def _short(value: Any) -> str:
    """A plain value on one line."""
    if isinstance(value, dict):
        if "table" in value and isinstance(value.get("by"), list):
            return f"by {', '.join(value['by'])}"
        if value.keys() == {"from", "to", "trigger"}:
            return f"{value['from']} → {value['to']} {_short(value['trigger'])}"
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    return ", ".join(map(_short, value)) if isinstance(value, list) else str(value)


def _describe_measurements(scenario: model.Scenario, out: Console) -> None:
    rows = []
    for name, measurement in scenario.measurements.items():
        value = measurement.value
        spread = [f"patients ± {words(value.between_patients)}"] if value.between_patients is not None else []
        spread += [f"noise ± {words(value.noise)}"] if value.noise is not None else []
        moves = [
            f"{kind} {value_words(c.by)}" + (f" while {words(c.while_)}" if c.while_ is not None else "")
            for kind, changes in (("drift", value.drift), ("shift", value.shift))
            for c in changes
        ]
        behaviour = "\n".join([f"mean {value_words(value.mean)}", *spread, *moves])
        title = "\n".join(filter(None, (measurement.title or "", codes_words(measurement.codes))))
        rows.append((name, title, measurement.unit, words(measurement.plausible), behaviour))
    if rows:
        console.show_table(
            out, "Measurements", ("name", "title", "unit", "plausible", "true value"), rows, spaced=True
        )


def _describe_treatments(scenario: model.Scenario, out: Console) -> None:
    rows = []
    for name, treatment in scenario.treatments.items():
        begins = treatment.start
        start = f"when {words(begins.when)}" if begins is not None else "by pathways"
        if begins is not None and begins.at:
            start += f"\nat {', '.join(begins.at)}"
        if begins is not None and begins.uptake is not None:
            start += f"\nuptake {value_words(begins.uptake)}"
        if begins is not None and begins.delay is not None:
            start += f"\ndelay {words(begins.delay)}"
        if treatment.available is not None:
            start += f"\nfrom {treatment.available} on"
        if treatment.contraindicated is not None:
            start += f"\nnever while {words(treatment.contraindicated)}"
        if treatment.paused is not None:
            start += f"\npaused while {words(treatment.paused)}"
        if treatment.never_with:
            start += f"\nnever with {', '.join(treatment.never_with)}"
        stop = "\n".join(trigger_words(s) for s in treatment.stop)
        effects = "\n".join(_effect_words(e) for e in treatment.effects)
        for other in treatment.interacts:
            effects += f"\nwith {other.with_}: {'; '.join(_effect_words(e) for e in other.effects)}"
        if treatment.dose is not None:
            start += f"\ndose {block_words(treatment.dose)}"
        if treatment.adherence is not None:
            start += f"\nadherence {value_words(treatment.adherence)}"
        if treatment.supply is not None:
            refills = f", {treatment.refills} refills" if treatment.refills is not None else ""
            start += f"\nsupply {words(treatment.supply)}{refills}"
        title = "\n".join(filter(None, (treatment.title or "", codes_words(treatment.codes))))
        rows.append((name, title, start, stop, effects))
    if rows:
        console.show_table(
            out, "Treatments", ("name", "title", "start", "stop", "effects"), rows, spaced=True
        )


def _effect_words(effect: model.Effect) -> str:
    per = f" per {words(effect.per)}" if effect.per is not None else ""
    if effect.hazard is not None:
        return f"hazard of {effect.hazard} × {words(effect.by) if effect.by is not None else '1'}{per}"
    moves = [
        f"{kind} {words(value)}"
        for kind, value in (("shift", effect.shift), ("drift", effect.drift))
        if value
    ]
    return f"{effect.measurement} {' and '.join(moves)}{per}"


def _describe_care(scenario: model.Scenario, out: Console) -> None:
    rows = []
    for name, care in scenario.care.items():
        when = [f"for {words(care.for_)}"] if care.for_ is not None else []
        when += [f"every {words(care.every)}"] if care.every is not None else []
        when += (
            [" ".join([rate_words(care.rate), *multiplier_words(care.multiplied)])]
            if care.rate is not None
            else []
        )
        when += [f"on {', '.join(words(e) for e in care.on)}"] if care.on else []
        when += [f"at {', '.join(words(a) for a in care.at)}"] if care.at else []
        when += [f"if {words(care.if_)}"] if care.if_ is not None else []
        when += [f"with probability {value_words(care.probability)}"] if care.probability is not None else []
        when += [f"after {words(care.after)}"] if care.after is not None else []
        when += [f"open {', '.join(care.hours)}"] if care.hours else []
        if care.closed:
            never = care.closed == ["never"]
            when += ["holidays as well" if never else f"closed {', '.join(care.closed)}"]
        done = [m.measure + (f" if {words(m.if_)}" if m.if_ is not None else "") for m in care.measures] + [
            order.title or key for key, order in care.orders.items()
        ]
        done += [each.order_set for each in care.order_sets]
        done += [each.do for each in care.does] + [f"refers to {each.to}" for each in care.refers]
        rows.append((name, care.class_, "\n".join(when), "\n".join(done), codes_words(care.reason)))
    if rows:
        console.show_table(
            out, "Care", ("name", "class", "when", "measured and done", "reason"), rows, spaced=True
        )


def _describe_prevention(scenario: model.Scenario, out: Console) -> None:
    """Allergies, immunisations, panels and order sets, each in a table; loss to follow-up in one line."""
    sections: tuple[tuple[str, Mapping[str, model.Block]], ...] = (
        ("Allergies", scenario.allergies),
        ("Immunisations", scenario.immunisations),
        ("Panels", scenario.panels),
        ("Order sets", scenario.order_sets),
        ("Access", {"follow-up": scenario.follow_up} if scenario.follow_up is not None else {}),
    )
    for title, blocks in sections:
        rows = []
        for name, block in blocks.items():
            known = "\n".join(
                filter(None, (getattr(block, "title", None), codes_words(getattr(block, "codes", {}))))
            )
            rows.append((name, known, block_words(block).replace("; ", "\n")))
        if rows:
            console.show_table(out, title, ("name", "title", "what"), rows, spaced=True)


def _describe_constraints(scenario: model.Scenario, out: Console) -> None:
    rows = [(words(block.never), block.because or "") for block in scenario.constraints]
    if rows:
        console.show_table(out, "What must never be", ("never", "because"), rows)


def _describe_sources(scenario: model.Scenario, out: Console) -> None:
    by_source: dict[str, list[str]] = {}
    for path, source in sources(scenario):
        by_source.setdefault(" ".join(source.split()), []).append(path)
    if by_source:
        rows = [(", ".join(paths), source) for source, paths in by_source.items()]
        console.show_table(out, "Sources", ("of", "source"), rows)


def sources(block: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every `source` in a block and what it is the source of (its YAML path)."""
    if isinstance(block, model.Block):
        source = getattr(block, "source", None)
        if source:
            yield block.path or name, source
        for field in dataclasses.fields(block):
            yield from sources(getattr(block, field.name), f"{name}.{field.name}".strip("."))
    elif isinstance(block, dict):
        for key, value in block.items():
            yield from sources(value, f"{name}.{key}".strip("."))
    elif isinstance(block, list):
        for index, value in enumerate(block):
            yield from sources(value, f"{name}[{index}]")


POSITIONS = ("span", "spans", "path", "files", "file_sources")


def plain(value: Any) -> Any:
    """A block of the model as JSON values: keys as in YAML, expressions in words, positions left out."""
    if isinstance(value, Statement):
        return value.text
    if isinstance(value, Bounds):
        return bounds_words(value)
    if isinstance(value, Amount):
        return amount_words(value)
    if isinstance(value, syntax.Node):
        return words(value)  # type: ignore[arg-type]
    if isinstance(value, model.Table):
        rows = [{"at": [_band(k) for k in key], "value": words(cell)} for key, cell in value.rows]
        return {"by": list(value.axes), "table": rows, "source": value.source}
    if isinstance(value, model.Block):
        return {
            field.metadata.get("key") or field.name.rstrip("_"): plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name not in POSITIONS and getattr(value, field.name) not in (None, [], {})
        }
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _band(key: str | tuple[float, float | None]) -> str | list[float | None]:
    return key if isinstance(key, str) else list(key)
