"""What must hold of every log of a scenario: kept in the manifest, for the independent checker.

It is read off what the author wrote, not off what the kernel does (its form:
`simulator/quality/knowledge.py`). Only what holds without exception is said: where two blocks
share a code, or a row may lie before the recorded period, nothing is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from simulator.compiler import pathway_walk
from simulator.compiler.machine import Machine
from simulator.compiler.time_zones import midnight
from simulator.knowledge.codes import SYSTEMS, preferred
from simulator.scenario.model import Scenario, Treatment
from simulator.scenario.syntax import Binary, Diagnosed, Expr, Name, Number, On, Quantity, Range
from simulator.scenario.walk import blocks_in
from simulator.units import YEARS

#: least time between two doses of a vaccine if the scenario says nothing, in days (docs/language.md)
LEAST_INTERVAL = 28.0
#: groups of disease names; of each group at least one must be diagnosed
Needs = list[frozenset[str]]


def expectations(scenario: Scenario, machine: Machine) -> dict[str, Any]:
    """The checks of a scenario, JSON-like; empty parts are left out.

    Args:
        scenario: as loaded.
        machine: what it was lowered to; tells which codes are kept from before the recorded period.
    """
    found: dict[str, Any] = {
        **_measurements(scenario, machine),
        "available": _approvals(scenario),
        "requires_diagnosis": _indications(scenario, machine),
        "stops": {**_stops(scenario, machine), **_refuted(scenario, machine)},
        "supplies": _supplies(scenario),
        "truly": _truly(scenario, machine),
        "doses": _doses(scenario),
        "facts": _facts(scenario),
        "never": _never(scenario, machine),
        "absorbing": {
            process.name: [state.name for state in process.states if not state.arrows]
            for process in machine.processes
            if process.latent and not all(state.arrows for state in process.states)
        },
    }
    return {name: part for name, part in found.items() if part}


def needed_diagnoses(condition: Expr) -> Needs:
    """Diagnoses without which a condition cannot hold.

    ``a diagnosed and (b diagnosed or c diagnosed)`` needs a, and one of b and c.
    """
    match condition:
        case Diagnosed(disease=disease):
            return [frozenset([disease.text])]
        case Binary(op="and", left=left, right=right):
            return needed_diagnoses(left) + needed_diagnoses(right)
        case Binary(op="or", left=left, right=right):
            return [a | b for a in needed_diagnoses(left) for b in needed_diagnoses(right)]
        case _:
            return []


def _code(name: str, codes: Mapping[str, str]) -> str:
    return preferred({k: v for k, v in codes.items() if k in SYSTEMS}, name)


def _measurements(scenario: Scenario, machine: Machine) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"code_bounds": {}, "precision": {}, "units": {}}
    codes = {name: _code(name, block.codes) for name, block in scenario.measurements.items()}
    coded = [getattr(block, "codes", None) for block in blocks_in(scenario)]
    shared = Counter(_code("", each) for each in coded if each)  # also with an attribute, a panel, an order
    for level in machine.levels:
        code = codes[level.name]
        if shared[code] > 1:
            continue
        found["code_bounds"][code] = [level.low, level.high]
        found["precision"][code] = scenario.measurements[level.name].precision
        found["units"][code] = scenario.measurements[level.name].unit
    return found


def _treatments(scenario: Scenario) -> dict[str, tuple[str, Treatment]]:
    """Treatments whose code is theirs alone: code → name and block."""
    codes = {name: _code(name, block.codes) for name, block in scenario.treatments.items()}
    shared = Counter(codes.values())
    return {code: (name, scenario.treatments[name]) for name, code in codes.items() if shared[code] == 1}


def _approvals(scenario: Scenario) -> dict[str, int]:
    zone = None if scenario.population is None else scenario.population.time_zone
    return {
        f"{code}|{status}": midnight(block.available, zone)
        for code, (_, block) in _treatments(scenario).items()
        if block.available is not None
        for status in ("active", "stopped")
    }


def _lasting(machine: Machine, kind: str) -> set[str]:
    """Codes of which every row is kept, even from before the recorded period."""
    some = {c.code for c in machine.codes if c.kind == kind and c.lasting}
    return some - {c.code for c in machine.codes if c.kind == kind and not c.lasting and c.status == "active"}


def _indications(scenario: Scenario, machine: Machine) -> dict[str, dict[str, list[str]]]:
    kept = _lasting(machine, "diagnosis")
    found: dict[str, dict[str, list[str]]] = {}
    prescribed = pathway_walk.uses(scenario)[1]
    for code, (treatment, block) in _treatments(scenario).items():
        if block.start is None or treatment in prescribed:
            continue
        groups = [
            frozenset(_code(name, scenario.diseases[name].codes) for name in group)
            for group in needed_diagnoses(block.start.when)
            if all(name in scenario.diseases for name in group)
        ]
        groups = [group for group in groups if group <= kept]
        needs: dict[str, list[str]] = {}
        certain = sorted({next(iter(group)) for group in groups if len(group) == 1})
        if certain:
            needs["all"] = certain
        either = [group for group in groups if len(group) > 1]
        if either:
            needs["any"] = min((sorted(group) for group in either), key=lambda group: (len(group), group))
        if needs:
            found[f"{code}|active"] = needs
    return found


def _stops(scenario: Scenario, machine: Machine) -> dict[str, str]:
    kept = _lasting(machine, "treatment")
    return {
        f"{code}|{status}": f"{code}|active"
        for code, (_, block) in _treatments(scenario).items()
        if code in kept or not machine.population.history
        for status in ("stopped", "on-hold")
        if status == "stopped" or block.paused is not None
    }


def _refuted(scenario: Scenario, machine: Machine) -> dict[str, str]:
    """Diagnoses that are refuted, and what must have been diagnosed before."""
    begins = {"refuted": "active", "mistaken": "provisional"}
    found = {}
    owners = _diagnosed_as(scenario)
    for name, disease in scenario.diseases.items():
        own = [(name, disease.codes, "refuted")] if any(r.refuted for r in disease.diagnosis) else []
        wrong = [w for route in disease.diagnosis for w in route.mistaken_for]
        own += [(f"{name}.mistaken", w.codes, "mistaken") for w in wrong if w.codes]
        for called, codes, what in own:
            code = _code(called, codes)
            rows = [c for c in machine.codes if c.code == code and c.kind == "diagnosis"]
            alone = sorted(c.status or "" for c in rows) == sorted((begins[what], "refuted"))
            kept = all(c.lasting for c in rows) or not machine.population.history
            if alone and kept and owners[code] == 1:
                found[f"{code}|refuted"] = f"{code}|{begins[what]}"
    return found


def _diagnosed_as(scenario: Scenario) -> Counter[str]:
    """How many diseases and allergies are diagnosed under a code, or mistaken for what has that code."""
    owners = Counter(_code(name, allergy.codes) for name, allergy in scenario.allergies.items())
    for name, disease in scenario.diseases.items():
        wrong = [w for route in disease.diagnosis for w in route.mistaken_for if w.codes]
        owners.update({_code(name, disease.codes), *(_code(f"{name}.mistaken", w.codes) for w in wrong)})
    return owners


def _supplies(scenario: Scenario) -> dict[str, str]:
    """What is dispensed only while it is prescribed: the row of a supply, and that of the prescription."""
    given = pathway_walk.uses(scenario)[2]
    return {
        f"{code}|completed": f"{code}|active"
        for code, (name, block) in _treatments(scenario).items()
        if block.supply is not None and name not in given
    }


def _truly(scenario: Scenario, machine: Machine) -> dict[str, str]:
    """Diagnoses that are made only in who truly has, or has had, the disease: row and process."""
    found = {}
    for name, disease in scenario.diseases.items():
        by_truth = all(r.if_ is None and r.false_positive is None for r in disease.diagnosis)
        code = _code(name, disease.codes)
        rows = [c for c in machine.codes if c.code == code and c.status == "active"]
        if disease.diagnosis and by_truth and len(rows) == 1:
            found[f"{code}|active"] = name
    shared = Counter(_code(name, block.codes) for name, block in scenario.diseases.items())
    return {key: name for key, name in found.items() if shared[key.removesuffix("|active")] == 1}


def _doses(scenario: Scenario) -> dict[str, dict[str, float]]:
    """Vaccines: the age of the first dose in years, and the least time between two in days."""
    codes = {name: _code(name, block.codes) for name, block in scenario.immunisations.items()}
    shared = Counter(codes.values())
    found = {}
    for name, block in scenario.immunisations.items():
        if shared[codes[name]] > 1:
            continue
        first = block.schedule[0] if block.schedule else block.from_
        if isinstance(first, Range):
            unit = first.high.unit if isinstance(first.high, Quantity) else ""
            first = Quantity(first.low.value, unit) if isinstance(first.low, Number) else first.low
        limits = {}
        if isinstance(first, Quantity) and first.unit in YEARS:
            limits["age"] = first.value * YEARS[first.unit]
        if block.interval is None and block.schedule:
            limits["apart"] = LEAST_INTERVAL
        elif isinstance(block.interval, Quantity) and block.interval.unit in YEARS:
            limits["apart"] = block.interval.value * YEARS[block.interval.unit] / YEARS["day"]
        if limits:
            found[codes[name]] = limits
    return found


def _facts(scenario: Scenario) -> list[list[str]]:
    """Static facts of which everybody has one at most: the categories of each attribute, and sexes."""
    prefixes = {
        name: preferred({k: v for k, v in block.codes.items() if k in SYSTEMS}, name)
        for name, block in scenario.attributes.items()
        if block.codes
    }
    shared = Counter(prefixes.values())
    facts = [["SEX//male", "SEX//female"]]
    for name, prefix in prefixes.items():
        drawn = scenario.attributes[name].draw
        if isinstance(drawn, dict) and shared[prefix] == 1:
            facts.append([f"{prefix}//{category}" for category in drawn])
    return facts


def _never(scenario: Scenario, machine: Machine) -> list[list[dict[str, Any]]]:
    """Constraints that can be judged by the record alone, as parts that must not hold at once."""
    if scenario.follow_up is not None:
        return []  # who is lost stops unrecorded
    found = []
    for constraint in scenario.constraints:
        parts = [_part(scenario, machine, each) for each in _conjuncts(constraint.never)]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts) and any("on" in part for part in known):
            found.append(known)
    return found


def _conjuncts(condition: Expr) -> list[Expr]:
    if isinstance(condition, Binary) and condition.op == "and":
        return _conjuncts(condition.left) + _conjuncts(condition.right)
    return [condition]


def _part(scenario: Scenario, machine: Machine, condition: Expr) -> dict[str, Any] | None:
    """One part of a constraint as the checker reads it; None if the record does not tell."""
    match condition:
        case On(treatment=treatment, ever=False):
            codes = {name: code for code, (name, _) in _treatments(scenario).items()}
            code = codes.get(treatment.text, "")
            kept = code in _lasting(machine, "treatment") or not machine.population.history
            return {"on": code} if code and kept else None
        case Diagnosed(disease=disease):
            name = disease.text
            block = scenario.diseases[name] if name in scenario.diseases else scenario.allergies[name]
            code = _code(name, block.codes)
            rows = [c for c in machine.codes if c.code == code and c.status == "active"]
            alone = len(rows) == 1 and _diagnosed_as(scenario)[code] == 1  # not a care plan's, say, as well
            return {"diagnosed": code} if alone and code in _lasting(machine, "diagnosis") else None
        case Binary(left=Name(parts=("age",)), op=op, right=Quantity(value=value, unit="year")):
            if op in ("<", "<="):
                return {"age": [None, value]}
            return {"age": [value, None]} if op in (">", ">=") else None
        case Binary(left=Name(parts=("sex",)), op="==", right=Name() as sex):
            return {"sex": sex.text}
    return None
