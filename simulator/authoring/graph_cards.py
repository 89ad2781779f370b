"""What hangs on a disease beside its course: recurrent events, symptoms, signs, diagnosis, each a card."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.authoring.graph import Node, plain_name
from simulator.scenario import model
from simulator.scenario.expression_text import format_expression as words
from simulator.scenario.wording import (
    duration_words,
    factor_words,
    multiplier_words,
    rate_words,
    trigger_words,
)

Card = tuple[Node, tuple[str, ...], str]  #: the card, the label of the line to it, and its kind


def cards(scenario: model.Scenario, name: str, disease: model.Disease) -> Iterator[Card]:
    """The cards of a disease."""
    for key, event in disease.events.items():
        lines = tuple(_event(scenario, name, key, event))
        yield Node(f"e_{key}", "event", event.title or plain_name(key), lines), ("again and again",), "aside"
    if disease.symptoms:
        lines = tuple(f"• {_symptom(key, symptom)}" for key, symptom in disease.symptoms.items())
        yield Node("symptoms", "event", "Symptoms", lines), (), "aside"
    if disease.phenotypes:
        lines = tuple(f"• {_sign(key, sign)}" for key, sign in disease.phenotypes.items())
        yield Node("phenotypes", "event", "Signs", lines), (), "aside"
    if disease.diagnosis:
        lines = tuple(f"• {route_words(route)}" for route in disease.diagnosis)
        yield Node("diagnosis", "diagnosis", "Diagnosis", lines), (), "diagnoses"


def effects_on(scenario: model.Scenario, *hazards: str) -> list[str]:
    """What treatments and vaccines do to an arrow, in the words of its own factors."""
    return [
        f"× {words(effect.by)} {when}"
        for effect, when in _effects(scenario)
        if effect.by is not None and " ".join((effect.hazard or "").replace("->", " -> ").split()) in hazards
    ]


def _effects(scenario: model.Scenario) -> Iterator[tuple[model.Effect | model.Protection, str]]:
    for name, treatment in scenario.treatments.items():
        for effect in treatment.effects:
            yield effect, f"while on {name}"
        for interaction in treatment.interacts:
            for effect in interaction.effects:
                yield effect, f"while on {name} and {interaction.with_}"
    for name, vaccine in scenario.immunisations.items():
        for protection in vaccine.effects:
            doses = f"{protection.doses} doses of " if protection.doses > 1 else ""
            yield protection, f"after {doses}{name}"


def _event(scenario: model.Scenario, name: str, key: str, event: model.RecurrentEvent) -> Iterator[str]:
    yield rate_words(event.rate, short=True)
    if event.while_ is not None and words(event.while_) != name:
        yield f"while {words(event.while_)}"
    yield from multiplier_words(event.multiplied, short=True)
    yield from effects_on(scenario, f"{name}.{key}")
    if event.lasts is not None:
        yield f"lasts {duration_words(event.lasts)}"
    if event.at_most is not None:
        yield f"at most {event.at_most} in a life"
    if event.fatal is not None:
        yield f"fatal in {factor_words(event.fatal)}"
    for title, complication in event.complications.items():
        yield f"{complication.title or plain_name(title)} in {factor_words(complication.probability)}"


def _symptom(key: str, symptom: model.Symptom) -> str:
    parts = [symptom.title or plain_name(key)]
    if symptom.frequency is not None:
        parts.append(f"in {factor_words(symptom.frequency)}")
    if symptom.rate is not None:
        parts.append(rate_words(symptom.rate, short=True))
    if symptom.onset is not None:
        parts.append(f"after {duration_words(symptom.onset)}")
    if symptom.lasts is not None:
        parts.append(f"for {duration_words(symptom.lasts)}")
    visits = dict.fromkeys(plain_name(care.visit) for care in symptom.seeks_care.values())
    if visits:
        parts.append(f"leads to {' or '.join(visits)}")
    return ", ".join(parts)


def _sign(key: str, sign: model.Phenotype) -> str:
    parts = [sign.title or plain_name(key)]
    if sign.frequency is not None:
        parts.append(f"in {factor_words(sign.frequency)}")
    if sign.onset is not None:
        parts.append(f"after {duration_words(sign.onset)}")
    return ", ".join(parts)


def route_words(route: model.DiagnosisRoute) -> str:
    """One way to a diagnosis, as a phrase: ``at sweat_test if last sweat_chloride >= 60 mmol/L``."""
    parts = [f"at {' or '.join(route.at)}"] if route.at else []
    if route.after is not None:
        parts.append(duration_words(route.after))
    if route.on is not None:
        parts.append(f"after {words(route.on)}" if route.after is not None else f"on {words(route.on)}")
    if route.visit is not None:
        parts.append(f"at {route.visit}")
    if route.if_ is not None:
        parts.append(f"if {words(route.if_)}")
    if route.probability is not None:
        parts.append(f"with probability {factor_words(route.probability)}")
    if route.refuted is not None:
        parts.append(f"refuted {trigger_words(route.refuted)}")
    if route.mistaken_for:
        others = [plain_name(m.title) for m in route.mistaken_for if m.title is not None]
        parts.append(f"(first taken for {' or '.join(others) or 'something else'})")
    return " ".join(parts)
