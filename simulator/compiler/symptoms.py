"""Symptoms and phenotypes → processes.

Symptom S of disease X is the latent process `X.S`. While it is not there, it is in one of several states
called ``absent``: free until `while` begins, deciding by `frequency`, spared, coming (`onset`), between two
bouts (`rate`), choosing its severity, over. While it is there, its state is its severity, or ``present``.
Arrows among the absent states leave no trace in the truth.

Beginning raises `X.S` and `X.S.SEVERITY`, ending `X.S.ended`. `X.S.care` hears a severity, waits, and asks
for the visit, unless the complaint has gone by then. `X.S.chart` writes the symptom down, once each time it
is there (and again when its severity has changed), at visits where it is noticed: `X.S.recorded`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.compiler import algebra, hazards, severity, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.scenario.model import Disease, Phenotype, Scenario, Symptom, Transition

ABSENT, PRESENT, ANY = "absent", "present", "any"


@dataclass(slots=True)
class Layout:
    """Where the states of a symptom's process stand.

    Attributes:
        names: the states in order; all that are not there are called ``absent``.
        at: place of each step that this symptom has: free, deciding, spared, coming, between, choosing, over.
        present: place of each severity (or ``present``).
    """

    names: list[str] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)
    present: dict[str, int] = field(default_factory=dict)

    @property
    def mask(self) -> int:
        """The states in which it is there."""
        return sum(1 << place for place in self.present.values())

    @property
    def absent(self) -> int:
        """The states in which it is not there."""
        return sum(1 << place for place in self.at.values())

    def next(self, step: str) -> int:
        """The place that follows a step on the way to the symptom."""
        way = ["free", "deciding", "coming", "between", "choosing"]
        for each in way[way.index(step) + 1 :]:
            if each in self.at:
                return self.at[each]
        return min(self.present.values())


def all_of(disease: Disease) -> dict[str, Symptom]:
    """Symptoms and phenotypes of a disease, by name."""
    return disease.symptoms | {name: _as_symptom(block) for name, block in disease.phenotypes.items()}


def _as_symptom(block: Phenotype) -> Symptom:
    """A phenotype is a symptom that stays."""
    codes = block.codes if block.hpo is None else {"hpo": block.hpo.strip(), **block.codes}
    return Symptom(
        title=block.title, codes=codes, frequency=block.frequency, onset=block.onset,
        recorded_at=block.recorded_at, source=block.source,
        span=block.span, path=block.path, spans=block.spans,
    )  # fmt: skip


def visits(scenario: Scenario) -> set[str]:
    """Care that somebody seeks for a symptom."""
    return {
        seeks.visit
        for disease in scenario.diseases.values()
        for symptom in disease.symptoms.values()
        for seeks in symptom.seeks_care.values()
    }


def layout(symptom: Symptom) -> Layout:
    """The states of a symptom's process."""
    form = Layout()
    steps = {
        "free": True,
        "deciding": symptom.frequency is not None,
        "spared": symptom.frequency is not None,
        "coming": symptom.onset is not None,
        "between": symptom.rate is not None,
        "choosing": symptom.severity is not None,
        "over": symptom.lasts is not None and symptom.rate is None,
    }
    for step, has in steps.items():
        if has:
            form.at[step] = len(form.names)
            form.names.append(ABSENT)
    for name in severity.names_of(symptom) or (PRESENT,):
        form.present[name] = len(form.names)
        form.names.append(name)
    if "over" not in form.at and any(arrow.to == ABSENT for arrow in symptom.course) and symptom.rate is None:
        form.at["over"] = len(form.names)
        form.names.append(ABSENT)
    return form


def declare(low: Lowering, disease: str, name: str, symptom: Symptom) -> None:
    """Give a symptom's processes, states and events their names."""
    names, full = low.names, f"{disease}.{name}"
    form = layout(symptom)
    names.add(full, "symptom", names.process(full))
    states = {"": form.mask, ABSENT: form.absent}
    names.states[full] = states | {each: 1 << place for each, place in form.present.items()}
    for event in (full, *(f"{full}.{each}" for each in severity.names_of(symptom)), f"{full}.ended"):
        names.event(event)
    if symptom.seeks_care:
        names.process(f"{full}.care")
    if _recorded(symptom):
        names.event(f"{full}.recorded")
        names.process(f"{full}.chart")


def _recorded(symptom: Symptom) -> bool:
    return bool(symptom.recorded_at or symptom.seeks_care)


def lower(low: Lowering, disease: str, name: str, symptom: Symptom) -> None:
    """Add the processes of a symptom."""
    full = f"{disease}.{name}"
    low.labels[full] = symptom.title or name.replace("_", " ")
    _Symptom(low, disease, full, symptom).lower()
    if symptom.seeks_care:
        _seek_care(low, full, symptom)
    if _recorded(symptom):
        _record(low, full, symptom)


class _Symptom:
    """One symptom on its way to a process."""

    def __init__(self, low: Lowering, disease: str, full: str, symptom: Symptom) -> None:
        self.low, self.full, self.block = low, full, symptom
        self.form = layout(symptom)
        self.arrows: list[list[m.Arrow]] = [[] for _ in self.form.names]
        present: m.Term | None = m.InState(low.names.processes[disease], low.names.states[disease][""])
        if symptom.while_ is not None:
            present = low.resolver.condition(symptom.while_, Where.key(symptom, "while"))
        self.gate = algebra.FALSE if present is None else present

    def lower(self) -> None:
        form, raised = self.form, self.low.names.event
        self._wait()
        self._choose()
        for each, place in form.present.items():
            self._stay(each, place)
        leaves = m.WhenTrue(algebra.negation(self.gate))
        for step in ("spared", "coming", "between", "over"):
            if step in form.at:
                self.add(step, m.Arrow(self.label(f"{step} no more"), 0, leaves, silent=True))
        for place in form.present.values():
            over = (m.Raise(raised(f"{self.full}.ended")),)
            self.arrows[place].append(m.Arrow(self.label("ends with the illness"), 0, leaves, over))
        states = []
        for place, name in enumerate(form.names):
            tells = name in form.present and name != PRESENT
            on_entry = (m.Raise(raised(f"{self.full}.{name}")),) if tells else ()
            states.append(m.State(name, tuple(self.arrows[place]), on_entry))
        self.low.add_process(m.Process(self.full, tuple(states), latent=True))

    def label(self, what: str) -> str:
        return self.low.arrow_name(f"{self.full}: {what}")

    def add(self, step: str, arrow: m.Arrow) -> None:
        self.arrows[self.form.at[step]].append(arrow)

    def begin(self, step: str, what: str, trigger: m.Trigger) -> None:
        """The arrow that leads on from a step; where nothing comes between, the symptom begins."""
        target = self.form.next(step)
        begins = target in self.form.present.values()
        actions = (m.Raise(self.low.names.event(self.full)),) if begins else ()
        self.add(step, m.Arrow(self.label(what), target, trigger, actions, silent=not begins))

    def _wait(self) -> None:
        """Free, deciding, coming, between."""
        block, resolver = self.block, self.low.resolver
        if self.gate != algebra.TRUE:
            self.begin("free", "may come", m.WhenTrue(self.gate))
        else:
            self.begin("free", "may come", m.AfterDuration(m.Distribution("fixed", (m.Const(0.0),))))
        if block.frequency is not None:
            share = resolver.probability(block.frequency, Where.key(block, "frequency", once=True))
            if share is not None:
                self.begin("deciding", "will come", m.ByChance(share))
                rest = m.ByChance(algebra.apply("sub", algebra.TRUE, share))
                spared = self.form.at["spared"]
                self.add("deciding", m.Arrow(self.label("spared"), spared, rest, silent=True))
        if block.onset is not None:
            onset = distribution(resolver, block.onset, Where.key(block, "onset"), DURATION)
            if onset is not None:
                self.begin("coming", "onset", m.AfterDuration(onset))
        if block.rate is not None:
            effects, where = self.low.effects.on(self.full), Where.key(block, "rate")
            rate = hazards.by_rate(
                resolver, block.rate, block.multiplied, where, effects=effects, gate=self.gate
            )
            if rate is not None:
                self.begin("between", "bout", rate)

    def _choose(self) -> None:
        if self.block.severity is None:
            return
        chances = severity.weights(self.low, self.block)
        for (each, place), chance in zip(self.form.present.items(), chances or (), strict=False):
            actions = (m.Raise(self.low.names.event(self.full)),)
            self.add("choosing", m.Arrow(self.label(f"begins {each}"), place, m.ByChance(chance), actions))

    def _stay(self, name: str, place: int) -> None:
        """How it ends or changes once it is there."""
        block, raised = self.block, self.low.names.event
        rest = self.form.at.get("between", self.form.at.get("over", 0))
        over = (m.Raise(raised(f"{self.full}.ended")),)
        if block.lasts is not None:
            lasts = distribution(self.low.resolver, block.lasts, Where.key(block, "lasts"), DURATION)
            if lasts is not None:
                self.arrows[place].append(m.Arrow(self.label("passes"), rest, m.AfterDuration(lasts), over))
        for arrow in block.course:
            if arrow.from_ == name and self._known(arrow):
                hazard = f"{self.full}.{arrow.from_} -> {arrow.to}"
                fires = triggers.trigger(
                    self.low, arrow.trigger, f"{self.full}: {arrow.from_} -> {arrow.to}",
                    m.InState(self.low.names.processes[self.full], 1 << place),
                    hazard_names=(hazard,), effects=self.low.effects, allowed=("rate", "after", "when", "on"),
                )  # fmt: skip
                target, actions = (rest, over) if arrow.to == ABSENT else (self.form.present[arrow.to], ())
                if fires is not None:
                    label = self.label(f"{arrow.from_} -> {arrow.to}")
                    self.arrows[place].append(m.Arrow(label, target, fires, actions))
        for arrow in block.course:
            if arrow.from_ not in self.form.present:
                self._known(arrow)

    def _known(self, arrow: Transition) -> bool:
        legal = list(self.form.present)
        for end, choices in ((arrow.from_, legal), (arrow.to, [*legal, ABSENT])):
            if end not in choices:
                self.low.resolver.report(
                    "E503", f"{self.full} has no severity `{end}`", arrow, Where(arrow.path, arrow.span),
                    expected=listing(choices), nearest=nearest(end, choices),
                )  # fmt: skip
                return False
        return True


# --- care --------------------------------------------------------------------------------------


def _present(low: Lowering, full: str) -> m.Term:
    return m.InState(low.names.processes[full], low.names.states[full][""])


@dataclass(slots=True)
class _Wish:
    """What one severity makes somebody do."""

    label: str
    heard: m.OnEvent
    asks: tuple[m.Action, ...]
    after: m.Distribution | None


def _seek_care(low: Lowering, full: str, symptom: Symptom) -> None:
    """`X.S.care`: waits for a severity to come, then for the visit; a change of severity changes the plan."""
    wishes = [w for key in symptom.seeks_care if (w := _wish(low, full, symptom, key)) is not None]
    pending = {w.label: i for i, w in enumerate((w for w in wishes if w.after is not None), start=1)}
    hears = [m.Arrow(w.label, pending.get(w.label, 0), w.heard, () if w.after else w.asks) for w in wishes]
    states = [m.State("waiting", tuple(hears))]
    gone = m.WhenTrue(algebra.negation(_present(low, full)))
    for wish in wishes:
        if wish.after is None:
            continue
        others = [
            m.Arrow(f"{arrow.name} (instead of {wish.label})", arrow.target, arrow.trigger, arrow.actions)
            for arrow in hears
            if arrow.name != wish.label
        ]
        due = m.Arrow(f"{wish.label}: goes", 0, m.AfterDuration(wish.after), wish.asks)
        better = m.Arrow(f"{wish.label}: better again", 0, gone)
        states.append(m.State("pending", (due, better, *others)))
    low.add_process(m.Process(f"{full}.care", tuple(states)))


def _wish(low: Lowering, full: str, symptom: Symptom, key: str) -> _Wish | None:
    block, resolver = symptom.seeks_care[key], low.resolver
    known = [*severity.names_of(symptom), ANY]
    if key not in known:
        resolver.report(
            "E503", f"{full} has no severity `{key}`", block, Where(block.path, block.span),
            expected=listing(known), nearest=nearest(key, known),
        )  # fmt: skip
        return None
    chance: m.Term | None = algebra.TRUE
    if block.probability is not None:
        chance = resolver.probability(block.probability, Where.key(block, "probability", once=True))
    after: m.Distribution | None = None
    if block.after is not None:
        after = distribution(resolver, block.after, Where.key(block, "after"), DURATION)
    if not resolver.is_a(block.visit, "care", None, Where.key(block, "visit")) or chance is None:
        return None
    heard = low.names.event(full if key == ANY else f"{full}.{key}")
    asks: tuple[m.Action, ...] = (m.Raise(low.names.event(f"visit:{block.visit}")),)
    if block.visit in _noticed_by_chance(symptom):
        asks = (*asks, m.Raise(low.names.event(f"{full}:brought to {block.visit}")))
    trigger = m.OnEvent(heard, None, None if chance == algebra.TRUE else chance)
    return _Wish(f"{full}: {key} leads to {block.visit}", trigger, asks, after)


def _record(low: Lowering, full: str, symptom: Symptom) -> None:
    """`X.S.chart`: written down at the first visit at which it is noticed."""
    resolver, names = low.resolver, low.names
    noticed: dict[str, m.Term] = {seeks.visit: algebra.TRUE for seeks in symptom.seeks_care.values()}
    brought = [care for care in noticed if care in _noticed_by_chance(symptom)]
    for i, block in enumerate(symptom.recorded_at):
        if block.care in [each.care for each in symptom.recorded_at[:i]]:
            resolver.report(
                "E704", f"{full} is recorded at {block.care} twice", None, Where.key(block, "care"),
                remedy="keep one of them",
            )  # fmt: skip
        chance: m.Term | None = algebra.TRUE
        if block.probability is not None:
            chance = resolver.probability(block.probability, Where.key(block, "probability", once=True))
        if resolver.is_a(block.care, "care", None, Where.key(block, "care")) and chance is not None:
            noticed[block.care] = chance
    heard = [(care, f"{care}.visit", chance) for care, chance in noticed.items()]
    heard += [(care, f"{full}:brought to {care}", algebra.TRUE) for care in brought]
    arrows = []
    for care, event, chance in heard:
        if care not in low.encounter_index:
            continue  # no such care: said where it is written
        trigger = m.OnEvent(
            names.event(event), _present(low, full), None if chance == algebra.TRUE else chance
        )
        actions = (*_rows(low, full, symptom, care), m.Raise(names.event(f"{full}.recorded")))
        arrows.append(m.Arrow(low.arrow_name(f"{full}: recorded at {care}"), 1, trigger, actions))
    again = [f"{full}.ended", *(f"{full}.{each}" for each in severity.names_of(symptom))]
    back = tuple(m.Arrow(f"{full}: {event} is news", 0, m.OnEvent(names.event(event))) for event in again)
    states = (m.State("unknown", tuple(arrows)), m.State("known", back))
    low.add_process(m.Process(f"{full}.chart", states))


def _noticed_by_chance(symptom: Symptom) -> set[str]:
    """Care at whose visits it may go unnoticed, unless it was what the patient came for."""
    return {block.care for block in symptom.recorded_at if block.probability is not None}


def _rows(low: Lowering, full: str, symptom: Symptom, care: str) -> list[m.Action]:
    """The row of the symptom, with its severity as text."""
    grades = severity.names_of(symptom)
    encounter = low.encounter_index[care]
    title = symptom.title or full.rpartition(".")[2].replace("_", " ")
    actions: list[m.Action] = []
    for each in grades or (None,):
        code = low.code(full, symptom.codes, title, "diagnosis", status="final", text=each)
        emit = m.Emit(code, encounter=encounter)
        if each is None:
            return [emit]
        mask = low.names.states[full][each]
        now = m.InState(low.names.processes[full], mask)
        actions.append(m.If(now, None, f"{full}: {each}", (emit,)))
    return actions
