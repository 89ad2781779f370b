"""A disease as a state diagram: states, what leads from one to the next, events, diagnosis, death."""

from __future__ import annotations

from simulator.authoring.graph import Diagram, Edge, Group, Node, plain_name
from simulator.authoring.graph_cards import cards, effects_on
from simulator.scenario import model
from simulator.scenario.expression_text import format_expression as words
from simulator.scenario.wording import codes_words, factor_words, trigger_lines

ABSENT, BIRTH, DEATH, STATES = "absent", "birth", "death", "states"
_STAGES = 4


def state_diagram(scenario: model.Scenario, name: str) -> Diagram:
    """The diagram of the disease `name`. Names that do not exist are drawn as such, never left out."""
    disease = scenario.diseases[name]
    states, course, death, followed = _course(scenario, disease)
    note = "; ".join(filter(None, [codes_words(disease.codes), followed]))
    diagram = Diagram(f"disease_{name}", disease.title or plain_name(name), note=note)
    diagram.groups.append(Group(STATES, diagram.title))
    _onset(diagram, scenario, name, disease, states)
    for i, state in enumerate(states):
        diagram.add(Node(f"s_{state}", _stage(i, len(states)), plain_name(state), group=STATES))
    for arrow in course:
        lines = trigger_lines(arrow.trigger)
        lines += effects_on(scenario, f"{name}.{arrow.from_} -> {arrow.to}")
        _edge(diagram, arrow.from_, arrow.to, lines, "course")
    for state, trigger in death.items():
        diagram.add(Node(DEATH, "death", "death"))
        lines = trigger_lines(trigger)
        lines += effects_on(scenario, f"{name}.death", f"{name}.{state} -> death")
        _edge(diagram, state, DEATH, lines, "death")
    if not diagram.members(diagram.groups[0]):
        diagram.groups.clear()  # a disease without states yet: there is nothing to lead on from
        return diagram
    for card, label, kind in cards(scenario, name, disease):
        diagram.add(card)
        diagram.edges.append(Edge(STATES, card.id, label, kind, dashed=True))
    return diagram


def _course(
    scenario: model.Scenario, disease: model.Disease
) -> tuple[list[str], list[model.Transition], dict[str, model.Trigger], str]:
    """States, arrows and deaths with those of the progression it follows, and that in words."""
    states, course, death = list(disease.states), list(disease.course), dict(disease.death)
    if disease.follows is None:
        return list(dict.fromkeys(states)), course, death, ""
    said = f"follows {disease.follows.progression}"
    if disease.follows.with_:
        given = [f"{key} = {words(value)}" for key, value in disease.follows.with_.items()]
        said += f" with {', '.join(given)}"
    shared = scenario.progressions.get(disease.follows.progression)
    if shared is not None:
        own = {(arrow.from_, arrow.to) for arrow in course}
        states = [*shared.states, *states]
        course = [*(a for a in shared.course if (a.from_, a.to) not in own), *course]
        death = {**shared.death, **death}
    return list(dict.fromkeys(states)), course, death, said


def _stage(index: int, count: int) -> str:
    """The first state is pale, the last one dark."""
    step = 0 if count == 1 else round(index * (_STAGES - 1) / (count - 1))
    return f"stage{step + 1}"


def _edge(diagram: Diagram, source: str, target: str, lines: list[str], kind: str) -> None:
    ends = []
    for end in (source, target):
        if end == ABSENT:
            diagram.add(Node(ABSENT, "absent", "absent"))
        elif end != DEATH:
            diagram.add(Node(f"s_{end}", "unknown", f"{plain_name(end)}?", group=STATES))
        ends.append(end if end in (ABSENT, DEATH) else f"s_{end}")
    diagram.edges.append(Edge(ends[0], ends[1], tuple(lines), kind))


def _onset(
    diagram: Diagram, scenario: model.Scenario, name: str, disease: model.Disease, states: list[str]
) -> None:
    onset = disease.onset
    first = onset.to or (states[0] if states else "")
    if onset.at is None:
        diagram.add(Node(ABSENT, "absent", "absent"))
        source, lines = ABSENT, trigger_lines(onset)
    else:
        diagram.add(Node(BIRTH, "birth", onset.at))
        source = BIRTH
        lines = (
            [f"with probability {factor_words(onset.probability)}"] if onset.probability is not None else []
        )
    lines += effects_on(scenario, f"{name}.onset")
    if first:
        if first not in states:
            diagram.add(Node(f"s_{first}", "unknown", f"{plain_name(first)}?", group=STATES))
        diagram.edges.append(Edge(source, f"s_{first}", tuple(lines)))
    if onset.at is not None and onset.probability is not None and factor_words(onset.probability) != "100%":
        diagram.add(Node(ABSENT, "absent", "absent"))
        diagram.edges.append(Edge(BIRTH, ABSENT, ("otherwise",), "aside"))
