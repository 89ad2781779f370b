"""A whole drawn scenario, nearly always valid, in which most of the language occurs."""

from __future__ import annotations

from random import Random

from tests.fuzz import world_care as c
from tests.fuzz import world_clinical as k
from tests.fuzz.mutants import Pairs
from tests.fuzz.world import World, pairs
from tests.fuzz.world_pathways import pathway


def scenario(rng: Random, *, coupled: bool = False) -> Pairs:
    """A scenario that can be run; `coupled` if people pass something on to one another."""
    w = World(rng, coupled=coupled)
    diseases = Pairs([ill.name, k.disease(w, ill)] for ill in w.diseases)
    constraint = w.opt(0.4, lambda: c.constraint(w))
    return pairs(
        format=w.opt(0.5, lambda: "1"),
        id="drawn",
        title=w.title(),
        description=w.title(),
        source=w.opt(0.5, lambda: "made up"),
        population=k.population(w),
        communities=k.communities(w) if coupled else None,
        exchange=Pairs([name, pairs(share=w.truth(), source=w.source())] for name in w.exchanges) or None,
        parameters=_parameters(w),
        attributes=Pairs([n, k.attribute(w, n)] for n in (*w.numeric, *w.categories)) or None,
        mortality=k.mortality(w) if w.mortality else None,
        progressions=Pairs([name, k.progression(w)] for name in w.progressions) or None,
        diseases=diseases,
        measurements=Pairs([name, k.measurement(w, name)] for name in w.measures),
        treatments=Pairs([drug.name, c.treatment(w, drug)] for drug in w.drugs) or None,
        care=Pairs([care.name, c.care(w, care)] for care in w.care),
        allergies=Pairs([name, c.allergy(w, found)] for name, found in w.allergies.items()) or None,
        immunisations=Pairs([name, c.immunisation(w)] for name in w.vaccines) or None,
        panels=Pairs([name, c.panel(w)] for name in w.panels) or None,
        order_sets=Pairs([name, c.order_set(w)] for name in w.bundles) or None,
        follow_up=c.follow_up(w) if w.follow_up else None,
        procedures=Pairs([name, c.procedure(w, name)] for name in w.procedures) or None,
        pathways=Pairs([name, pathway(w, name)] for name in w.pathways) or None,
        care_plans=Pairs([name, c.care_plan(w, goals)] for name, goals in w.care_plans.items()) or None,
        constraints=[constraint] if constraint else None,
        expect=w.opt(0.2, lambda: k.expectations(w)),
        targets=w.opt(0.2, lambda: k.targets(w)),
        arms=w.opt(0.4, lambda: _arms(w)),
    )


def _parameters(w: World) -> Pairs | None:
    bounds = {"speed": "0.1..2 per year", "uptake": "10%..90%", "factor": "1..3"}

    def full(name: str, value: str) -> Pairs:
        return pairs(value=value, between=bounds[name], title=w.title(), source=w.source())

    return Pairs([n, v if w.maybe(0.3) else full(n, v)] for n, v in w.parameters.items()) or None


def _arms(w: World) -> Pairs:
    """The care once a fortnight, or a parameter set otherwise, or something taken away."""
    other = pairs(title=w.title(), change=pairs(care=pairs(clinic=pairs(title="another name"))))
    if w.parameters and w.maybe(0.5):
        name = w.pick(list(w.parameters))
        other.append(["set", Pairs([[name, {"speed": "1 per year", "uptake": "20%", "factor": "3"}[name]]])])
    if w.maybe(0.3):
        other.append(["remove", ["care.ward.title"]])
    return pairs(other=other)
