"""Treatments → processes.

Treatment T is the process `T`: ``off`` → (once `start.when` has held for `delay`, or at a visit of `start.at`
if it holds then) → by chance
`uptake`, ``on`` or ``declined`` → ``stopped``. Its start waits for approval (`available`), and
for what it must not be taken with to have ended; `never_with` holds both ways, whichever of
the two names it. After `again`, ``stopped`` and ``declined`` lead back to ``off``. With a taper,
``on`` leads to ``tapering``, and ``stopped`` comes when no step is left.

Going on records the code (status active; its value is the dose), draws the adherence and says
`T.started`; any way off records it again (status stopped) and says `T.stopped`. Outside a visit this
happens in an encounter of its own: ``prescribing`` (ambulatory), ``medication_review`` and
``pharmacy`` (virtual); a care block of one of these names takes its place. Doses: `doses.py`;
pauses: `pauses.py`; dispensing: `supplies.py`; what it does: `treatment_effects.py`.

What is taken for good belongs to the problem list; courses that come again (`again`) do not.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.compiler import algebra, allergies, doses, follow_up, pauses, supplies, triggers
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution
from simulator.compiler.terms import Where
from simulator.compiler.treatment_effects import adherence, adherence_drawn, is_taken
from simulator.scenario.block import Block
from simulator.scenario.model import Start, Treatment

OFF, ON, STOPPED = range(3)


def declare(low: Lowering, name: str, treatment: Treatment) -> None:
    """Give the treatment's processes, adherence, dose and events their names."""
    names = low.names
    names.add(name, "treatment", names.process(name))
    places = _places(treatment)
    names.states[name] = {"on": 1 << ON | (1 << places["tapering"] if "tapering" in places else 0)}
    names.event(f"{name}.started")
    names.event(f"{name}.stopped")
    if name in low.given:
        names.event(f"{name}.given")
    pauses.declare(low, name, treatment)
    doses.declare(low, name, treatment)
    supplies.declare(low, name, treatment)


def _places(treatment: Treatment) -> dict[str, int]:
    """Where each state of the process stands."""
    order = ["off", "on", "stopped"]
    if treatment.start is not None and treatment.start.uptake is not None:
        order += ["deciding", "declined"]
    if treatment.dose is not None and treatment.dose.taper is not None:
        order += ["tapering", "reducing"]
    return {state: i for i, state in enumerate(order)}


def lower(low: Lowering, name: str, treatment: Treatment) -> None:
    """Add the processes of a treatment."""
    resolver = low.resolver
    low.labels[name] = treatment.title or name
    doses.check(low, name, treatment)
    _check_given(low, name, treatment)
    again: m.Distribution | None = None
    if treatment.again is not None:
        again = distribution(resolver, treatment.again, Where.key(treatment, "again"), DURATION)
    prescription = _prescription(low, name, treatment)
    places = _places(treatment)
    states = {state: m.State(state) for state in places}
    states["off"], states["deciding"] = _beginning(low, name, treatment, places)
    states["on"] = m.State("on", (), _begin(low, name, treatment, prescription))
    for state in ("stopped", "declined"):
        asked = (_asked(low, name, _allowed(low, name, treatment)),) if name in low.prescribed else ()
        states[state] = m.State(state, (*asked, *_back(name, state, again)))
    _ending(low, name, treatment, prescription.code, places, states)
    low.add_process(m.Process(name, tuple(states[state] for state in places)))
    guards = low.guards.get(name, ())
    others = (low.resolver.on_treatment(other) for other in never_with(low, name, treatment))
    pauses.lower(low, name, treatment, prescription, (*others, *guards))
    untapered = algebra.all_of(m.InState(low.names.processes[name], 1 << ON), pauses.going(low, name))
    doses.lower(low, name, treatment, prescription.code, untapered)
    supplies.lower(low, name, treatment, prescription)


def _check_given(low: Lowering, name: str, treatment: Treatment) -> None:
    """What is only given by pathways has nothing of what belongs to being taken."""
    if is_taken(low, name, treatment) or name not in low.given:
        return
    parts: list[tuple[Block | None, str]] = [
        (treatment, key) for key in ("adherence", "supply", "stop", "again", "paused")
    ]
    parts += [(treatment.dose, key) for key in ("up", "down", "taper")]
    for block, key in parts:
        if block is not None and getattr(block, key) not in (None, []):
            low.resolver.report(
                "W334", f"this means nothing: {name} is given, never taken", None, Where.key(block, key),
                remedy=f"leave `{key}` out, or let a pathway `start` the treatment",
            )  # fmt: skip


def _prescription(low: Lowering, name: str, treatment: Treatment) -> m.Emit:
    unit = low.doses[name].unit if name in low.doses else None
    code = low.code(
        name, treatment.codes, treatment.title, "treatment", status="active",
        lasting=treatment.again is None, unit=unit, text=doses.text(treatment),
    )  # fmt: skip
    return doses.prescribed(low, name, treatment, code)


def _back(name: str, state: str, again: m.Distribution | None) -> tuple[m.Arrow, ...]:
    if again is None:
        return ()
    return (m.Arrow(f"{name}: open again after being {state}", OFF, m.AfterDuration(again)),)


# --- on --------------------------------------------------------------------------------------


def _beginning(
    low: Lowering, name: str, treatment: Treatment, places: dict[str, int]
) -> tuple[m.State, m.State]:
    """The states before it: off, and deciding."""
    start = treatment.start
    allowed = _allowed(low, name, treatment)
    off: list[m.Arrow] = []
    deciding: tuple[m.Arrow, ...] = ()
    if start is not None:
        starts = _start(low, name, start, allowed, pauses.holds(low, name, treatment))
        uptake: m.Term | None = algebra.TRUE
        if start.uptake is not None:
            uptake = low.resolver.probability(start.uptake, Where.key(start, "uptake", once=True))
        if start.uptake is None:
            off += [m.Arrow(low.arrow_name(f"{name}: started"), ON, each) for each in starts]
        elif starts and uptake is not None:  # 100% too, so that arms differ in nothing else
            indicated = f"{name}: indicated"
            off += [m.Arrow(low.arrow_name(indicated), places["deciding"], each) for each in starts]
            rest = algebra.apply("sub", algebra.TRUE, uptake)
            deciding = (
                m.Arrow(f"{name}: started", ON, m.ByChance(uptake)),
                m.Arrow(f"{name}: declined", places["declined"], m.ByChance(rest)),
            )
    if name in low.prescribed:
        off.append(_asked(low, name, allowed))
    elif start is None and name not in low.given:
        low.resolver.report(
            "E709", f"treatment {name} can never start", None, Where(treatment.path, treatment.span),
            remedy="give it `start: {when: …}`, or a pathway with a step `start: " + name + "`",
        )  # fmt: skip
    return m.State("off", tuple(off)), m.State("deciding", deciding)


def _asked(low: Lowering, name: str, allowed: list[m.Term]) -> m.Arrow:
    """A pathway's step starts it."""
    condition = algebra.all_of(*allowed)
    asked = m.OnEvent(low.names.event(f"start:{name}"), None if condition == algebra.TRUE else condition)
    return m.Arrow(low.arrow_name(f"{name}: started by a pathway"), ON, asked)


def _allowed(low: Lowering, name: str, treatment: Treatment) -> list[m.Term]:
    """What must hold for it to start, whoever asks for it."""
    allowed: list[m.Term] = []
    if treatment.available is not None:
        allowed.append(m.TimeAtLeast(low.resolver.midnight(treatment.available)))
    if treatment.contraindicated is not None:
        forbidden = _contraindicated(low, name, treatment)
        allowed += [] if forbidden is None else [algebra.negation(forbidden)]  # None: it has its own finding
    allowed += [algebra.negation(known) for known in allergies.on_chart(low, name)]
    allowed += [
        algebra.negation(low.resolver.on_treatment(other)) for other in never_with(low, name, treatment)
    ]
    allowed += [algebra.negation(guard) for guard in low.guards.get(name, ())]
    return [*allowed, follow_up.attending(low)]


def _start(low: Lowering, name: str, start: Start, allowed: list[m.Term], paused: m.Term) -> list[m.Trigger]:
    """When it is due: indicated, approved, allowed and not to be paused, for as long as the delay; or so at
    a visit of `at`."""
    resolver = low.resolver
    where = Where.key(start, "when", once=bool(start.at), chart=f"`start.when` of treatment {name}")
    condition = resolver.condition(start.when, where)
    delay: m.Distribution | None = None
    if start.delay is not None:
        delay = distribution(resolver, start.delay, Where.key(start, "delay"), DURATION)
        if delay is None:
            return []
    if condition is None:
        return []
    both = algebra.all_of(condition, *allowed, algebra.negation(paused))
    if both == algebra.FALSE:
        resolver.report("E709", f"treatment {name} can never start", start.when, where)
        return []
    if not start.at:
        return [m.WhenTrue(both, delay)]
    known = [
        care
        for i, care in enumerate(start.at)
        if resolver.is_a(care, "care", None, Where.key(start, f"at[{i}]"))
    ]
    return [m.OnEvent(low.names.event(f"{care}.visit"), both) for care in known]


def _contraindicated(low: Lowering, name: str, treatment: Treatment) -> m.Term | None:
    assert treatment.contraindicated is not None
    where = Where.key(treatment, "contraindicated", chart=f"`contraindicated` of treatment {name}")
    return low.resolver.condition(treatment.contraindicated, where)


def never_with(low: Lowering, name: str, treatment: Treatment) -> list[str]:
    """Treatments that exclude this one, whichever of the two says so."""
    named = []
    for i, other in enumerate(treatment.never_with):
        where = Where.key(treatment, f"never_with[{i}]")
        if other == name:
            message = f"treatment {name} excludes itself and can never start"
            low.resolver.report("E709", message, None, where)
        elif low.resolver.is_a(other, "treatment", None, where):
            named.append(other)
    if low.excluding is None:
        low.excluding = {}
        for other, block in low.scenario.treatments.items():
            for each in block.never_with:
                low.excluding.setdefault(each, []).append(other)
    return [t for t in dict.fromkeys([*named, *low.excluding.get(name, ())]) if t != name]


def _begin(low: Lowering, name: str, treatment: Treatment, prescription: m.Emit) -> tuple[m.Action, ...]:
    actions: list[m.Action] = [*doses.first(low, name, treatment), prescription]
    taken = adherence(low, name, treatment)
    drawn = adherence_drawn(low, treatment)
    if isinstance(taken, m.Var) and drawn is not None:
        actions.append(m.Draw(taken.index, drawn, f"{name}: adherence"))
    return (*actions, m.Raise(low.names.event(f"{name}.started")))


# --- off -------------------------------------------------------------------------------------


def _ending(
    low: Lowering,
    name: str,
    treatment: Treatment,
    prescription: int,
    places: dict[str, int],
    states: dict[str, m.State],
) -> None:
    """The ways off it: at once, or by a taper."""
    code = low.code(
        name, treatment.codes, treatment.title, "treatment", status="stopped", lasting=treatment.again is None
    )
    row = (m.Emit(code, encounter=low.encounter_index["medication_review"]),)
    told = m.Raise(low.names.event(f"{name}.stopped"))
    end = (*follow_up.only_attending(low, row, f"{name}: end is recorded"), told)
    at_once = _forbidden(low, name, treatment, end)
    stops = _stops(low, name, treatment)
    taper = doses.taper(low, name, treatment, prescription)
    if taper is None:
        over = tuple(replace(arrow, target=STOPPED, actions=end) for arrow in stops)
        states["on"] = replace(states["on"], arrows=(*at_once, *over))
        return
    down = tuple(replace(arrow, target=places["reducing"], actions=taper.begin) for arrow in stops)
    states["on"] = replace(states["on"], arrows=(*at_once, *down))
    again = tuple(replace(arrow, name=low.arrow_name(arrow.name)) for arrow in at_once)
    next_step = m.Arrow(f"{name}: next step of the taper", places["reducing"], m.AfterDuration(taper.every))
    states["tapering"] = m.State("tapering", (*again, next_step))
    held = algebra.any_of(taper.held, algebra.negation(pauses.going(low, name)))
    goes_on = algebra.negation(held)
    less, off = algebra.all_of(goes_on, taper.more), algebra.all_of(goes_on, algebra.negation(taper.more))
    ways = [
        m.Arrow(f"{name}: reduced", places["tapering"], m.ByChance(less), taper.step),
        m.Arrow(f"{name}: tapered off", STOPPED, m.ByChance(off), end),
    ]
    if held != algebra.FALSE:
        ways.append(m.Arrow(f"{name}: step of the taper held", places["tapering"], m.ByChance(held)))
    states["reducing"] = m.State("reducing", tuple(ways))


def _forbidden(
    low: Lowering, name: str, treatment: Treatment, end: tuple[m.Action, ...]
) -> tuple[m.Arrow, ...]:
    """What ends it at once: it must not be taken."""
    arrows = []
    if treatment.contraindicated is not None:
        forbidden = _contraindicated(low, name, treatment)
        if forbidden is not None:
            arrows.append(m.Arrow(f"{name}: contraindicated", STOPPED, m.WhenTrue(forbidden), end))
    for number, guard in enumerate(low.guards.get(name, ()), start=1):
        if guard != algebra.TRUE:
            broken = algebra.all_of(guard, pauses.going(low, name))
            arrows.append(m.Arrow(f"{name}: constraint {number}", STOPPED, m.WhenTrue(broken), end))
    known = algebra.any_of(*allergies.on_chart(low, name))
    if known != algebra.FALSE:
        arrows.append(m.Arrow(f"{name}: allergy", STOPPED, m.WhenTrue(known), end))
    return tuple(arrows)


def _stops(low: Lowering, name: str, treatment: Treatment) -> list[m.Arrow]:
    """What ends it, without targets and actions yet."""
    arrows: list[m.Arrow] = []
    for block in treatment.stop:
        fires = triggers.trigger(
            low, block, f"{name}: stopped", m.InState(low.names.processes[name], 1 << ON),
            chart=f"`stop` of treatment {name}", allowed=("rate", "after", "when", "on"),
        )  # fmt: skip
        if fires is not None:
            arrows.append(m.Arrow(low.arrow_name(f"{name}: stopped"), STOPPED, fires))
    if name in low.prescribed:
        asked = m.OnEvent(low.names.event(f"stop:{name}"))
        arrows.append(m.Arrow(low.arrow_name(f"{name}: stopped by a pathway"), STOPPED, asked))
    return arrows
