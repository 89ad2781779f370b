"""Why an arrow was taken: its kind of trigger, with all that went into it at that moment."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace

from simulator.authoring.explain_story import Chance, FactorNow, HazardNow, Place, Reason, Wait
from simulator.authoring.explain_terms import Reader, span_words
from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.origins import Factor, HazardOrigin, Origin
from simulator.engine import ages
from simulator.engine.reference_hazards import position, steps
from simulator.engine.reference_state import PatientState
from simulator.engine.reference_terms import value_of
from simulator.engine.reference_trace import (
    BIRTH,
    Change,
    Firing,
    Waiting,
    came_true,
    possible_since,
    snapshot,
)

_COURSE = 12  #: changes of a hazard that are shown, the latest


def arrow_of(machine: m.Machine, firing: Firing) -> m.Arrow:
    """The arrow that a firing took."""
    return machine.processes[firing.process].states[firing.before].arrows[firing.k]


def reason(reader: Reader, firing: Firing) -> Reason:
    """Why this arrow was taken."""
    if firing.number == BIRTH:
        return _beginning(reader)
    arrow = arrow_of(reader.machine, firing)
    match arrow.trigger:
        case m.ByRate() as trigger:
            return _hazard(reader, firing, arrow, trigger)
        case m.AfterDuration() as trigger:
            return _duration(reader, firing, arrow, trigger)
        case m.WhenTrue() as trigger:
            return _condition(reader, firing, arrow, trigger)
        case m.AtAge(years):
            words = span_words(years * ages.YEAR)
            sentence = f"It is due at the age of {words}, and that age was reached."
            return Reason(
                "age", f"due at the age of {words}", (sentence,), place=_place(reader, firing, arrow)
            )
        case m.OnEvent() as trigger:
            return _event(reader, firing, arrow, trigger)
        case m.ByChance() as trigger:
            return _chance(reader, firing, arrow, trigger)


def _beginning(reader: Reader) -> Reason:
    sentences = ["The life begins. Birth and sex are drawn from the population."]
    if reader.trace.attempts > 1:
        before = reader.trace.attempts - 1
        lives = "One life was" if before == 1 else f"{before} lives were"
        sentences.append(
            f"{lives} drawn before this one and ended before the period began: "
            "whoever is in the population has lived to see it."
        )
    return Reason("birth", "the life begins", tuple(sentences))


def leading(reader: Reader, firing: Firing) -> int:
    """The number of the firing that led to this one.

    Where time alone made a condition true, it is the latest of those that made its other parts hold.
    """
    if firing.number == BIRTH:
        return BIRTH
    arrow = arrow_of(reader.machine, firing)
    if isinstance(arrow.trigger, m.WhenTrue) and firing.waiting is not None:
        change = came_true(firing.waiting)
        if change.because.kind != "firing":
            needed = reader.needed(arrow.trigger.condition, firing.state)
            return max([firing.waiting.armed, *(number - 1 for number in needed)])
    if isinstance(arrow.trigger, m.ByRate) and firing.by == BIRTH:
        gate = _written(reader, arrow, arrow.trigger).gate
        return max([BIRTH, *(number - 1 for number in reader.needed(gate, firing.state))])
    return firing.by


def also_needed(reader: Reader, firing: Firing) -> list[int]:
    """Numbers (from 1) of other happenings without which it would not have come to this."""
    if firing.number == BIRTH:
        return []
    trigger = arrow_of(reader.machine, firing).trigger
    terms: list[m.Term | None] = []
    if isinstance(trigger, m.OnEvent | m.WhenTrue):
        terms = [trigger.condition]
    elif isinstance(trigger, m.ByRate):
        hazard = _written(reader, arrow_of(reader.machine, firing), trigger)
        terms = [hazard.gate, *(_raising(f, firing.state) for f in hazard.factors)]
    found = [number for term in terms for number in reader.needed(term, firing.state)]
    return [n for n in dict.fromkeys(found) if n not in (firing.number + 1, leading(reader, firing) + 1)]


def _raising(factor: Factor, state: PatientState) -> m.Term | None:
    """The condition that made a factor raise the hazard, or kept it from forbidding the event."""
    if factor.condition is None:
        return None
    if value_of(factor.condition, state) == 1.0:
        return factor.condition if value_of(factor.term, state) > 1.0 else None
    forbids = (
        isinstance(factor.term, m.Apply) and factor.term.op == "if" and factor.term.args[1] == algebra.FALSE
    )
    return algebra.negation(factor.condition) if forbids or factor.term == factor.condition else None


def _place(reader: Reader, firing: Firing, arrow: m.Arrow) -> Place | None:
    known = reader.origins.arrows.get(arrow.name)
    process = reader.machine.processes[firing.process].name
    return reader.place(known or reader.origins.processes.get(process))


# --- hazards ------------------------------------------------------------------------------


def base_rate(base: m.Base, stratum: int, state: PatientState) -> float:
    """The base hazard at a moment, in events per year."""
    if base.axis == "constant":
        return 1.0
    x = position(base, state)
    if base.axis == "gompertz":
        rate, at, growth = base.rates[0]
        return rate * math.exp(growth * (x - at))
    knots, rates, _ = steps(base, stratum, state)
    return rates[max(sum(knot <= x for knot in knots) - 1, 0)]


def _written(reader: Reader, arrow: m.Arrow, trigger: m.ByRate) -> HazardOrigin:
    """The hazard as written; in parts of our own where nobody wrote it."""
    known = reader.origins.hazards.get(arrow.name)
    if known is not None:
        return known
    factors = () if trigger.multiplier is None else _split(trigger.multiplier)
    own = tuple(Factor(f, reader.text(f), None, "", Origin("")) for f in factors)
    return HazardOrigin(trigger.base, trigger.stratum, algebra.TRUE, Origin("the base hazard"), own)


def _split(term: m.Term) -> tuple[m.Term, ...]:
    if isinstance(term, m.Apply) and term.op == "mul":
        return tuple(factor for arg in term.args for factor in _split(arg))
    return (term,)


def _factor(reader: Reader, factor: Factor, state: PatientState) -> FactorNow:
    value = value_of(factor.term, state)
    applies = True
    if factor.condition is not None:
        applies = value_of(factor.condition, state) == 1.0
        if factor.condition == factor.term:  # 0 unless something: it applies while the term is not 1
            applies = value != 1.0
    about = reader.value(factor.condition or factor.term, state)
    if factor.condition is not None and applies and not isinstance(factor.term, m.InState):
        inner = factor.term.args[1] if isinstance(factor.term, m.Apply) and factor.term.op == "if" else None
        more = reader.value(inner, state) if inner is not None else ""
        about = ", ".join(dict.fromkeys([*filter(None, [about, more])]))
    return FactorNow(
        factor.by or reader.text(factor.term), factor.while_, applies, value, about, factor.treatment,
        reader.place(factor.origin),
    )  # fmt: skip


def _hazard(reader: Reader, firing: Firing, arrow: m.Arrow, trigger: m.ByRate) -> Reason:
    state = firing.state
    written = _written(reader, arrow, trigger)
    stratum = 0 if written.stratum is None else int(value_of(written.stratum, state))
    base = base_rate(written.base, stratum, state) * value_of(written.factor, state)
    factors = tuple(_factor(reader, each, state) for each in written.factors)
    multiplier = 1.0 if trigger.multiplier is None else value_of(trigger.multiplier, state)
    own = 0 if trigger.stratum is None else int(value_of(trigger.stratum, state))
    per_year = base_rate(trigger.base, own, state) * multiplier
    drawn = firing.draw if firing.draw is not None else math.nan
    waiting = firing.waiting or Waiting(BIRTH)
    start = possible_since(waiting) if waiting.changes else None
    since = reader.when(start.time if start else firing.time)
    share = -math.expm1(-drawn)
    now = HazardNow(
        base=written.origin.text,
        base_value=_base_about(reader, written, state),
        base_per_year=base,
        factors=factors,
        per_year=per_year,
        drawn=drawn,
        since=since,
        share=share,
        course=_course(reader, trigger, waiting.changes, start),
    )
    waited = span_words(firing.time - (start.time if start else firing.time))
    sentences = [
        f"It struck by chance. The hazard then was {rate_words(per_year)}.",
        f"Its clock ran for {waited}, from {since:%Y-%m-%d} on. It had been drawn to strike once the hazard "
        f"had added up to {drawn:.3g} (1 on average): of people with just these hazards, "
        f"{share_words(share)} would have been struck by then.",
    ]
    return Reason(
        "hazard", f"by chance, at {per_year:.3g} per year", tuple(sentences), hazard=now,
        parts=tuple(reader.parts(written.gate, state)) if written.gate != algebra.TRUE else (),
        place=_place(reader, firing, arrow),
    )  # fmt: skip


def _base_about(reader: Reader, written: HazardOrigin, state: PatientState) -> str:
    """What a base hazard depends on, with its value at a moment."""
    about = [reader.age(state)] if written.base.axis in ("age", "gompertz") else []
    if written.base.axis == "calendar":
        about.append(f"{reader.when(state.now):%B}".lower())
    about += [reader.value(term, state) for term in (written.stratum, written.factor) if term is not None]
    return ", ".join(filter(None, about))


def _course(
    reader: Reader, trigger: m.ByRate, changes: list[Change], start: Change | None
) -> tuple[tuple[dt.datetime, float, int | None], ...]:
    found: list[tuple[dt.datetime, float, int | None]] = []
    for change in changes:
        if start is not None and change.time < start.time:
            continue
        stratum = 0 if trigger.stratum is None else int(value_of(trigger.stratum, change.state))
        rate = base_rate(trigger.base, stratum, change.state) * change.multiplier
        by = change.because.by + 1 if change.because.kind == "firing" else None
        found.append((reader.when(change.time), rate, by))
    return tuple(found[-_COURSE:])


def rate_words(per_year: float) -> str:
    """A hazard for people: per year, and as the share struck within a year or the wait between two."""
    text = f"{per_year:.3g} per year"
    if per_year <= 0.0:
        return text
    if per_year > 1.5:
        return f"{text}, that is one in {span_words(ages.YEAR / per_year)} on average"
    return f"{text}, that is {share_words(-math.expm1(-per_year))} within a year"


def share_words(share: float) -> str:
    """A share: ``34 %``, ``0.42 %``, ``1 in 25,000``."""
    if share >= 0.995:
        return "more than 99 %" if share < 1.0 else "100 %"
    if share >= 0.0995:
        return f"{share * 100:.0f} %"
    if share >= 0.001:
        return f"{share * 100:.2g} %"
    return f"1 in {1 / share:,.0f}" if share > 0.0 else "none"


# --- waiting times ------------------------------------------------------------------------


def _duration(reader: Reader, firing: Firing, arrow: m.Arrow, trigger: m.AfterDuration) -> Reason:
    waiting = firing.waiting or Waiting(BIRTH)
    start = waiting.changes[0].time if waiting.changes else firing.time
    at_start = waiting.changes[0].state if waiting.changes else firing.state
    wait = wait_of(reader, arrow, trigger.duration, firing.time - start, start, at_start)
    length = span_words(firing.time - start)
    sentences = [f"It was due {length} after {reader.when(start):%Y-%m-%d}{luck_words(wait)}."]
    return Reason(
        "duration", f"{length} after #{waiting.armed + 1}", tuple(sentences), wait=wait,
        place=_place(reader, firing, arrow),
    )  # fmt: skip


def wait_of(
    reader: Reader, arrow: m.Arrow, drawn: m.Distribution, length: float, start: int, state: PatientState
) -> Wait:
    """A drawn waiting time."""
    known = reader.origins.arrows.get(arrow.name)
    own = isinstance(arrow.trigger, m.AfterDuration) and known is not None and known.text
    text = known.text if own and known is not None else reader.distribution(drawn, state)
    return Wait(text, length / ages.DAY, reader.when(start), _shorter(drawn, length, state))


def luck_words(wait: Wait) -> str:
    """What a wait was drawn from, and how long it was among its like."""
    if wait.longer_than is None:
        return f", as `{wait.distribution}` says"
    longer = share_words(wait.longer_than)
    return f", drawn from `{wait.distribution}` ({longer} of such waits are shorter)"


def _shorter(drawn: m.Distribution, x: float, state: PatientState) -> float | None:
    """The share of waits shorter than `x`, where there is a formula for it."""
    values = [value_of(p, state) for p in drawn.params]
    formulas: dict[str, Callable[[], float]] = {
        "uniform": lambda: (x - values[0]) / (values[1] - values[0]) if values[1] > values[0] else 0.5,
        "normal": lambda: 0.5 * math.erfc((values[0] - x) / (values[1] * math.sqrt(2.0))),
        "exponential": lambda: -math.expm1(-x / values[0]),
        "weibull": lambda: -math.expm1(-((x / values[0]) ** values[1])),
        "lognormal": lambda: 0.5 * math.erfc(-math.log(x / values[0]) / (values[1] * math.sqrt(2.0))),
    }
    if drawn.kind not in formulas or x <= 0.0:
        return None
    try:
        return min(max(formulas[drawn.kind](), 0.0), 1.0)
    except (ArithmeticError, ValueError):
        return None


# --- conditions, events, chances ----------------------------------------------------------


def _condition(reader: Reader, firing: Firing, arrow: m.Arrow, trigger: m.WhenTrue) -> Reason:
    waiting = firing.waiting or Waiting(BIRTH)
    change = came_true(waiting) if waiting.changes else None
    then = change.state if change is not None else firing.state
    parts = tuple(reader.parts(trigger.condition, then, _just_before(reader, change)))
    turned = [part for part in parts if part.turned and not part.depth] or [p for p in parts if p.turned]
    text, many = reader.text(trigger.condition), sum(not part.depth for part in parts) > 1
    rule = "all of the conditions below hold" if many else f"`{text}`"
    since = reader.when(change.time if change else firing.time)
    sentences = [f"It happens when {rule}. That came to be on {since:%Y-%m-%d}."]
    if turned:
        what = " and ".join(f"`{part.text}` ({part.value})" for part in turned)
        sentences = [
            f"It happens when {rule}. On {since:%Y-%m-%d} the last thing missing came to hold: {what}."
        ]
    wait, short = None, f"once {_brief(turned[0].text if len(turned) == 1 else text)}"
    if many and not turned:
        short = f"its conditions held already when it could be (#{waiting.armed + 1})"
    if trigger.delay is not None and change is not None and firing.draw is not None:
        wait = wait_of(reader, arrow, trigger.delay, firing.draw, change.time, then)
        sentences.append(f"It had to hold for {span_words(firing.draw)}{luck_words(wait)}.")
        short += f", for {span_words(firing.draw)}"
    return Reason(
        "condition", short, tuple(sentences), wait=wait, parts=parts,
        place=_place(reader, firing, arrow),
    )  # fmt: skip


def _just_before(reader: Reader, change: Change | None) -> PatientState | None:
    """The patient just before a condition came to hold."""
    if change is None or change.because.kind == "signals":
        return None
    if change.because.kind == "firing":
        return reader.trace.firings[change.because.by].state
    before = snapshot(change.state)
    before.now -= 1
    return before


def _event(reader: Reader, firing: Firing, arrow: m.Arrow, trigger: m.OnEvent) -> Reason:
    if reader.machine.events[trigger.event].endswith(":due"):  # a wait of its own says why, better
        return replace(reason(reader, reader.trace.firings[firing.by]), place=_place(reader, firing, arrow))
    heard = event_words(reader.machine.events[trigger.event])
    sentences = [f"It follows on {heard} (#{firing.by + 1})."]
    short = f"on {heard} (#{firing.by + 1})"
    parts = tuple(reader.parts(trigger.condition, firing.state)) if trigger.condition is not None else ()
    chance = None
    if trigger.probability is not None and firing.draw is not None:
        p = value_of(trigger.probability, firing.state)
        about = reader.value(trigger.probability, firing.state)
        chance = Chance(p, firing.draw, about)
        of = f" (for {about})" if about else ""
        sentences.append(
            f"Its chance each time is {share_words(p)}{of}; the draw, {firing.draw:.3f}, fell below."
        )
        short += f", chance {share_words(p)}"
    return Reason(
        "event", short, tuple(sentences), heard=reader.machine.events[trigger.event],
        chance=chance, parts=parts, place=_place(reader, firing, arrow),
    )  # fmt: skip


def event_words(event: str) -> str:
    """An event for people: internal ones in words."""
    if event.startswith("visit:"):
        return f"a request for {event.removeprefix('visit:')}"
    disease, _, route = event.removesuffix(":done").partition(".route")
    if event.endswith(":done") and route:
        return f"diagnosis route {route} of {disease}"
    return event


def _chance(reader: Reader, firing: Firing, arrow: m.Arrow, trigger: m.ByChance) -> Reason:
    state = reader.machine.processes[firing.process].states[firing.before]
    weights = [
        max(value_of(a.trigger.weight, firing.state), 0.0)
        for a in state.arrows
        if isinstance(a.trigger, m.ByChance)
    ]
    total = sum(weights) or math.nan
    p = weights[firing.k] / total
    draw = firing.draw if firing.draw is not None else math.nan
    low, high = sum(weights[: firing.k]) / total, sum(weights[: firing.k + 1]) / total
    about = reader.value(trigger.weight, firing.state)
    of = f" (for {about})" if about else ""
    sentence = f"It was decided by chance, {share_words(p)}{of}: the draw, {draw:.3f}, fell "
    sentence += f"between {low:.3g} and {high:.3g}."
    if p >= 1.0:
        sentence = "It was bound to happen: its chance is 100 %."
        if not isinstance(trigger.weight, m.Const):
            parts = [each for each in reader.parts(trigger.weight, firing.state) if not each.depth]
            held = " and ".join(f"`{each.text}` ({each.value})" for each in parts)
            sentence = f"It was decided so because of {held}."
    chance, place = Chance(p, draw, about), _place(reader, firing, arrow)
    first = reader.trace.firings[firing.by]
    if first.number == BIRTH or first.time != firing.time:
        return Reason("chance", f"by chance, {share_words(p)}", (sentence,), chance=chance, place=place)
    # it was decided at once, when something else had happened: that is the better half of the reason
    why = reason(reader, first)
    short = why.short if p >= 1.0 else f"{why.short}; chance {share_words(p)}"
    return replace(
        why, kind="chance", short=short,
        sentences=(*why.sentences, sentence.replace("It was decided", "Then it was decided")),
        chance=chance, place=why.place or place,
    )  # fmt: skip


def _brief(text: str, most: int = 70) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
