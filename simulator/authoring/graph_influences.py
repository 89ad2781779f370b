"""Who acts on whom in a scenario, with how, in two drawings.

The language's own line is drawn between them: *what is true* (risks, courses, values, what
treatments do) and *what is done* (events, visits, measurements, diagnoses, treatments), which goes by
what is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.authoring.graph import Diagram, Edge, Node, plain_name
from simulator.authoring.graph_references import Reference, Thing, references, things
from simulator.scenario import model, syntax
from simulator.scenario.expression_text import format_expression as words

TRUTH, DONE = "risks", "care"
_TITLES = {
    TRUTH: (
        "What acts on health",
        "Risks, courses and values: what is true of people, and what treatments do to it.",
    ),
    DONE: (
        "What leads to what in care",
        "Visits, measurements, diagnoses and treatments go by what is recorded.",
    ),
}
#: kinds whose own rules are about what is true
_TRUE_KINDS = ("attributes", "diseases", "measurements", "exchange", "mortality")
_MOST_LINES = 3
_MOST_TAKERS = 3  # more kinds of visit than these, and a measurement's edges only confuse
#: what an owner does with whom it names by a text under this key
_DEEDS = {
    "measure": "measures",
    "measures": "measures",
    "visit": "leads to visit",
    "never_with": "excludes",
    "treatment": "gives",
    "start": "starts",
    "start_one_of": "starts",
    "give_one_of": "gives",
    "switch_to": "starts",
    "stop": "stops",
    "do": "does",
    "does": "does",
    "follow": "follows",
    "to": "refers to",
    "refer": "refers to",
    "progression": "follows",
    "order_set": "uses",
    "with": "interacts with",
    "between": "correlates",
}
#: what a condition or number under this key does; {} is the owner's arrow, event or rule it is about
_ACTS = {
    "if": "decides {}",
    "for": "indicates {}",
    "while": "allows {}",
    "until": "ends {}",
    "contraindicated": "rules out",
    "paused": "pauses",
    "share": "is passed on",
    "mean": "sets mean",
    "draw": "sets shares",
    "value": "sets value",
    "uptake": "chance of start",
    "probability": "chance of {}",
    "rate": "rate of {}",
    "delay": "delay of {}",
    "after": "delay of {}",
}
#: deeds with a colour of their own
_COLOURS = {
    "measures": "measures",
    "diagnoses": "diagnoses",
    "leads to diagnosis": "diagnoses",
    "starts": "starts",
    "gives": "starts",
    "stops": "stops",
    "rules out": "stops",
    "excludes": "stops",
}


@dataclass(frozen=True, slots=True)
class Influence:
    """`source` acts on `target`; `kind` is a colour of `graph.EDGE_COLOURS`, `view` the drawing."""

    source: str
    target: str
    label: str
    kind: str
    view: str


def influence_diagrams(scenario: model.Scenario, about: str | None = None) -> list[Diagram]:
    """The drawings of a scenario's influences, those that have any; with `about`, of its neighbourhood."""
    known = things(scenario)
    found = list(dict.fromkeys(influence(reference, known) for reference in references(known)))
    drawn = [_diagram(view, [i for i in found if i.view == view], known, about) for view in (TRUTH, DONE)]
    return [diagram for diagram in drawn if diagram.edges]


def influence(reference: Reference, known: dict[str, Thing]) -> Influence:
    """What a reference says, as an arrow from who acts to who is acted on."""
    if reference.how == "text":
        return _deed(reference)
    multiplier = _last_of(reference, model.Multiplier)
    change = _last_of(reference, model.Change)
    if isinstance(multiplier, model.Multiplier):
        label, kind = _factor(reference, multiplier)
    elif isinstance(change, model.Change):
        label, kind = _change(reference, change)
    elif _is_effect(reference.blocks[-1]):
        label, kind = "scales effect", "acts"
    else:
        label, kind = _act(reference), "acts"
    if kind == "acts" and _view(reference) == DONE:
        kind = _COLOURS.get(label, "care")
    if reference.compared and reference.compared not in label and len(reference.compared) <= 30:
        label += f" ({'not ' if reference.negated else ''}{reference.compared})"
    elif reference.how == "diagnosed" and label != "diagnoses":
        label = f"{'not ' if reference.negated else ''}diagnosed: {label}"
    elif reference.how == "event" and reference.part:
        label = f"{plain_name(reference.part)}: {label}"
    return Influence(reference.name, reference.owner.name, label, kind, _view(reference))


def _is_effect(block: model.Block) -> bool:
    """Whether a block says what something does to a hazard or a measurement."""
    return hasattr(block, "by") and hasattr(block, "hazard")


def _view(reference: Reference) -> str:
    kind, block = reference.owner.kind, reference.blocks[-1]
    if _is_effect(block) or reference.keys[-1] == "progression":
        return TRUTH
    if kind in _TRUE_KINDS:
        return DONE if reference.keys[0] == "diagnosis" or reference.how == "text" else TRUTH
    if kind in ("treatments", "care"):
        return DONE
    # a block that the language learned later: by whether it asks what is true or what is recorded
    return TRUTH if reference.how in ("is", "axis") else DONE


def _deed(reference: Reference) -> Influence:
    """The owner names whom it acts on, or (`at`) where it takes place."""
    owner, block, key = reference.owner.name, reference.blocks[-1], reference.keys[-1]
    if _is_effect(block) and key in ("hazard", "measurement"):
        label, kind = _effect(reference, block)
        return Influence(owner, reference.name, label, kind, TRUTH)
    view = _view(reference)
    if key in ("at", "in"):
        label = {"diseases": "diagnoses", "immunisations": "gives"}.get(
            reference.owner.kind, "is the occasion"
        )
        return Influence(reference.name, owner, label, _COLOURS.get(label, "care"), view)
    rules_out = reference.owner.kind == "allergies" and key == "to"
    label = "rules out" if rules_out else _DEEDS.get(key, plain_name(key))
    return Influence(owner, reference.name, label, _COLOURS.get(label, "care"), view)


def _effect(reference: Reference, effect: model.Block) -> tuple[str, str]:
    by, shift, drift = (getattr(effect, name, None) for name in ("by", "shift", "drift"))
    if by is not None:
        subject = plain_name(reference.part).replace("->", "→") or "hazard"
        return _times(subject, by)
    parts = [_signed(value) for value in (shift, drift) if value is not None]
    return ", ".join(parts) or "acts on", "acts"


def _factor(reference: Reference, multiplier: model.Multiplier) -> tuple[str, str]:
    """A factor on a hazard: raises, lowers, needed, prevents."""
    subject = _subject(reference)
    if isinstance(multiplier.by, syntax.Number) and multiplier.by.value == 0.0:
        if reference.conjoined:
            return f"can stop {subject}", "lowers"
        return (f"needed for {subject}", "acts") if reference.negated else (f"prevents {subject}", "lowers")
    if reference.keys[-1] == "by" or reference.how == "axis":
        return f"scales {subject}", "acts"
    return _times(subject, multiplier.by, inverse=reference.negated and not reference.compared)


def _times(subject: str, by: model.Value, *, inverse: bool = False) -> tuple[str, str]:
    value = by.value if isinstance(by, syntax.Number) else None
    if value is None:
        return f"changes {subject}", "acts"
    if inverse:
        return f"{subject} × {value:g} without", "lowers" if value > 1 else "raises"
    return f"{'raises' if value > 1 else 'lowers'} {subject} × {value:g}", "raises" if value > 1 else "lowers"


def _change(reference: Reference, change: model.Change) -> tuple[str, str]:
    """A drift or shift of a measurement's value."""
    kind = reference.keys[-2] if len(reference.keys) > 1 else "shift"
    if reference.keys[-1] == "by":
        return f"scales {kind}", "acts"
    return _signed(change.by), "acts"


def _signed(value: model.Value) -> str:
    if isinstance(value, model.Table):
        return "by table"
    text = words(value)
    return text if text.startswith("-") else f"+{text}"


def _act(reference: Reference) -> str:
    """What a condition, an event or a number that names somebody does to its owner."""
    key, subject = reference.keys[-1], _subject(reference)
    if reference.how == "axis" and key not in _ACTS:
        return f"sets {plain_name(key)}"
    if key in ("when", "on"):
        return _moves(reference, subject)
    if reference.keys[0] == "diagnosis" and key == "if":
        return "diagnoses"
    return _ACTS.get(key, plain_name(key) + " of {}").format(subject)


def _moves(reference: Reference, subject: str) -> str:
    if "dose" in reference.keys:
        return f"changes dose {reference.keys[-2]}" if reference.keys[-2] != "dose" else "changes dose"
    if "stop" in reference.keys:
        return "stops"
    if reference.owner.kind == "care":
        return "leads to visit"
    if reference.keys[0] == "diagnosis":
        return "leads to diagnosis"
    if "start" in reference.keys:
        return "starts"
    return f"brings {subject}" if subject in ("onset", "death") else subject


def _subject(reference: Reference) -> str:
    """Which of the owner's arrows, events or rules a reference is about."""
    arrow = _last_of(reference, model.Transition)
    if isinstance(arrow, model.Transition):
        return f"{plain_name(arrow.from_)} → {plain_name(arrow.to)}"
    keys = reference.keys
    if keys[0] in ("events", "orders") and len(keys) > 1:
        return plain_name(keys[1])
    if keys[0] in ("onset", "death", "diagnosis", "start", "stop"):
        return keys[0]
    by_kind = {"care": "visit", "mortality": "death", "measurements": "value", "treatments": "treatment"}
    if keys[0] == "measures":
        return "measuring"
    return by_kind.get(reference.owner.kind, plain_name(keys[-2]) if len(keys) > 1 else "it")


def _last_of(reference: Reference, block: type[model.Block]) -> model.Block | None:
    return next((b for b in reversed(reference.blocks) if isinstance(b, block)), None)


# --- the drawing -----------------------------------------------------------------------------


def _diagram(view: str, found: list[Influence], known: dict[str, Thing], about: str | None) -> Diagram:
    title, note = _TITLES[view]
    diagram = Diagram(view, title, direction="LR", note=note)
    lines: dict[str, tuple[str, ...]] = {}
    if view == DONE:
        found, lines = _fold(found, known)
    if about is not None:
        found = [i for i in found if about in (i.source, i.target)]
        diagram.title = f"{title}: {known[about].title or plain_name(about)}"
    linked = dict.fromkeys(name for i in found for name in (i.source, i.target))
    for name in linked:
        thing = known[name]
        diagram.add(Node(f"n_{name}", thing.kind, plain_name(name), lines.get(name, ())))
    pairs: dict[tuple[str, str], list[Influence]] = {}
    for i in found:
        pairs.setdefault((i.source, i.target), []).append(i)
    diagram.edges += [_edge(source, target, said) for (source, target), said in pairs.items()]
    return diagram


def _edge(source: str, target: str, said: list[Influence]) -> Edge:
    labels = list(dict.fromkeys(i.label for i in said))
    if len(labels) > _MOST_LINES:
        labels = [*labels[: _MOST_LINES - 1], f"and {len(labels) - _MOST_LINES + 1} more"]
    kinds = {i.kind for i in said}
    kind = kinds.pop() if len(kinds) == 1 else "acts"
    return Edge(f"n_{source}", f"n_{target}", tuple(labels), kind)


def _fold(
    found: list[Influence], known: dict[str, Thing]
) -> tuple[list[Influence], dict[str, tuple[str, ...]]]:
    """The influences to draw, and lines below things instead of the rest.

    What is measured at a visit is listed there, and not drawn, if nothing goes by it or if it is
    measured almost everywhere.
    """
    read = {i.source for i in found}
    taking: dict[str, list[str]] = {}
    for i in found:
        if i.label == "measures" and known[i.target].kind == "measurements":
            taking.setdefault(i.target, []).append(i.source)
    folded = {m for m, takers in taking.items() if m not in read or len(takers) > _MOST_TAKERS}
    kept = [i for i in found if not (i.target in folded and i.label == "measures")]
    lines: dict[str, tuple[str, ...]] = {
        m: (f"measured at {len(takers)} kinds of visit",) for m, takers in taking.items() if m in folded
    }
    listed: dict[str, list[str]] = {}
    for measurement in folded:
        for taker in taking[measurement]:
            listed.setdefault(taker, [])
    for taker, names in listed.items():
        names += [plain_name(m) for m in taking if m in folded and taker in taking[m]]
        lines[taker] = (f"measures {', '.join(names)}",)
    return kept, lines
