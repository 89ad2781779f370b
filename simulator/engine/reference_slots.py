"""Arming and refreshing the arrows of a state: when will they fire by themselves?"""

from __future__ import annotations

from simulator.compiler import machine as m
from simulator.engine import ages
from simulator.engine.ages import NEVER, YEAR
from simulator.engine.reference_draws import Streams
from simulator.engine.reference_hazards import cumulative, due_after, spent
from simulator.engine.reference_state import PatientState, Slot
from simulator.engine.reference_terms import evaluate, holds


def arm(arrow: m.Arrow, patient: PatientState, streams: Streams) -> Slot:
    """The slot of an arrow whose state has just been entered."""
    slot, now, stream = Slot(), patient.now, f"arrow:{arrow.name}"
    match arrow.trigger:
        case m.ByRate() as trigger:
            slot.remaining = streams.exponential(stream)
            slot.multiplier, slot.stratum, slot.wake = evaluate_rate(trigger, patient)
            aim(slot, trigger.base, patient)
        case m.AfterDuration(duration):
            slot.due = min(now + streams.draw_duration(duration, stream, patient), NEVER)
        case m.WhenTrue() as trigger:
            refresh_condition(slot, trigger, stream, patient, streams)
        case m.AtAge(years):
            instant = ages.instant_of_age(years, patient.birth)
            slot.due = instant if instant >= now else NEVER
    return slot


def refresh(slot: Slot, arrow: m.Arrow, patient: PatientState, streams: Streams) -> None:
    """Look again at what the arrow depends on. Changes nothing where that has not changed."""
    match arrow.trigger:
        case m.ByRate() as trigger:
            refresh_rate(slot, trigger, patient)
        case m.WhenTrue() as trigger:
            refresh_condition(slot, trigger, f"arrow:{arrow.name}", patient, streams)


def refresh_condition(
    slot: Slot, trigger: m.WhenTrue, stream: str, patient: PatientState, streams: Streams
) -> None:
    """Due once the condition has held for the delay; what is due stays due while it holds."""
    value, slot.wake = evaluate(trigger.condition, patient)
    if not holds(value):
        slot.due = NEVER
    elif slot.due == NEVER:
        delay = 0 if trigger.delay is None else streams.draw_duration(trigger.delay, stream, patient)
        slot.due = min(patient.now + delay, NEVER)


def refresh_rate(slot: Slot, trigger: m.ByRate, patient: PatientState) -> None:
    """Run the exponential clock down by the hazard spent so far, then aim it anew."""
    multiplier, stratum, slot.wake = evaluate_rate(trigger, patient)
    if multiplier == slot.multiplier and stratum == slot.stratum:
        return
    hazard = cumulative(trigger.base, slot.stratum, patient)
    used = slot.multiplier * spent(trigger.base, slot.hazard, hazard)
    slot.remaining = max(0.0, slot.remaining - used)
    slot.multiplier, slot.stratum = multiplier, stratum
    aim(slot, trigger.base, patient)


def evaluate_rate(trigger: m.ByRate, patient: PatientState) -> tuple[float, int, int]:
    """Multiplier (an unknown or negative one is 0), stratum and wake-up."""
    stratum, wake_stratum = (0.0, NEVER) if trigger.stratum is None else evaluate(trigger.stratum, patient)
    multiplier, wake = (1.0, NEVER) if trigger.multiplier is None else evaluate(trigger.multiplier, patient)
    return (multiplier if multiplier > 0.0 else 0.0), int(stratum), min(wake, wake_stratum)


def aim(slot: Slot, base: m.Base, patient: PatientState) -> None:
    """Work out when what remains of the clock will be spent."""
    slot.hazard = cumulative(base, slot.stratum, patient)
    slot.due = NEVER
    if slot.multiplier > 0.0:
        slot.due = due_after(base, slot.stratum, slot.remaining / slot.multiplier, patient)


def refresh_level(index: int, patient: PatientState, *, hovers: bool = False) -> None:
    """Where the slope has changed, keep the drift so far and start from here; one that hovers has none."""
    level, term = patient.levels[index], patient.machine.levels[index].slope
    slope, level.wake = evaluate(term, patient)
    if slope != slope or hovers:
        slope = 0.0  # an unknown drift is none
    if slope != level.slope:
        level.accumulated += level.slope * ((patient.now - level.since) / YEAR)
        level.since, level.slope = patient.now, slope
        _, level.wake = evaluate(
            term, patient
        )  # with another slope, what asks for the level wakes at another time
