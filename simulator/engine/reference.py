"""The engine in slow, obvious Python: what `kernel.py` must equal, event for event.

Runs the objects of a `Machine` directly, one patient at a time. It shares with the kernel
only the calendar (`ages.py`) and the definitions of log, exp and the normal quantile.
docs/engine.md is the text that both implement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from simulator.compiler.machine import Machine
from simulator.engine import ages
from simulator.engine.ages import NULL, YEAR
from simulator.engine.reference_chart import Chart, EncounterRow, EventRow, PatientHistory, TruthRow
from simulator.engine.reference_draws import Streams
from simulator.engine.reference_life import Life
from simulator.engine.reference_state import PatientState
from simulator.engine.reference_terms import is_true
from simulator.errors import EngineError, UsageError

__all__ = [
    "EncounterRow",
    "EventRow",
    "PatientHistory",
    "TruthRow",
    "run_patient",
    "run_population",
    "run_signals",
    "window_edges",
]

MAX_ATTEMPTS = 100_000

#: signals[window][community][signal]
Signals = Sequence[Sequence[Sequence[float]]]


def run_patient(machine: Machine, seed: int, patient: int, signals: Signals | None = None) -> PatientHistory:
    """One patient from entry to the end of the period.

    Args:
        machine: what may happen.
        seed: 0..2^64 - 1.
        patient: number from 0, also beyond `machine.population.size` where nothing is coupled.
        signals: for a machine with signals, what communities pass on:
            signals[window][community][signal], as `run_signals` returns it.

    Raises:
        UsageError: the machine has signals and none were given.
        EngineError: no life reached the start of the period, or one got stuck at an instant.
    """
    life = alive_at_start(machine, seed, patient)
    if machine.signals:
        if signals is None:
            raise UsageError(
                f"{machine.id}: patients are coupled by signals, and none were given",
                remedy="Run the whole population, or pass the signals of such a run.",
            )
        edges = window_edges(machine)
        for w, (low, high) in enumerate(pairwise(edges)):
            live_through(life, signals[w], low, high)
    else:
        life.run_until(machine.population.end)
    return finish(life)


def run_population(machine: Machine, seed: int, patients: Iterable[int]) -> list[PatientHistory]:
    """Several patients side by side, window by window where they are coupled.

    With signals the patients given are the whole population as far as signals are concerned.
    """
    if not machine.signals:
        return [run_patient(machine, seed, patient) for patient in patients]
    lives = [alive_at_start(machine, seed, patient) for patient in patients]
    run_windows(machine, lives)
    return [finish(life) for life in lives]


def run_signals(machine: Machine, seed: int, patients: Iterable[int]) -> list[list[list[float]]]:
    """What communities pass on while these patients live: signals[window][community][signal]."""
    return run_windows(machine, [alive_at_start(machine, seed, patient) for patient in patients])


# --- windows ----------------------------------------------------------------------------


def run_windows(machine: Machine, lives: list[Life]) -> list[list[list[float]]]:
    """Run everybody through all windows; returns the signals of each."""
    edges = window_edges(machine)
    passed_on = []
    for low, high in pairwise(edges):
        signals = signals_at(machine, lives, low)
        for life in lives:
            live_through(life, signals, low, high)
        passed_on.append(signals)
    return passed_on


def live_through(life: Life, signals: Sequence[Sequence[float]], low: int, high: int) -> None:
    """One life through one window; who is born in it meets the signals from the next one on."""
    history = life.chart.history
    if history.entry <= low:
        life.set_signals(list(signals[history.community]), low)
    life.run_until(high)


def window_edges(machine: Machine) -> list[int]:
    """Start of the period, every window's start after it, and the end of the period.

    A window is `step` long, or a calendar month where `step` is 0; the last may be shorter.
    """
    population = machine.population
    edges = [population.start]
    while edges[-1] < population.end:
        if population.step > 0:
            following = edges[-1] + population.step
        else:
            following = ages.calendar_month(edges[-1], population.months)[1]
        edges.append(min(following, population.end))
    return edges


def signals_at(machine: Machine, lives: Iterable[Life], now: int) -> list[list[float]]:
    """Share of living people in each signal's condition, by community, mixed over contacts."""
    communities = machine.population.communities
    living = [0] * communities
    counts = [[0] * len(machine.signals) for _ in range(communities)]
    for life in lives:
        if not life.alive or life.chart.history.entry > now:
            continue
        community = life.chart.history.community
        living[community] += 1
        life.patient.now = now
        for k, signal in enumerate(machine.signals):
            counts[community][k] += is_true(signal.condition, life.patient)
    shares = [[count / n if n > 0 else 0.0 for count in row] for row, n in zip(counts, living, strict=True)]
    return [
        [mixed(weights, [row[k] for row in shares]) for k in range(len(machine.signals))]
        for weights in machine.population.mixing
    ]


def mixed(weights: Sequence[float], shares: Sequence[float]) -> float:
    """Weighted sum, from the first community to the last."""
    total = 0.0
    for weight, share in zip(weights, shares, strict=True):
        total += weight * share
    return total


# --- a life -----------------------------------------------------------------------------


def alive_at_start(machine: Machine, seed: int, patient: int) -> Life:
    """The first attempt at this patient's life in which `start` is reached alive."""
    start = machine.population.start
    for attempt in range(MAX_ATTEMPTS):
        life = new_life(machine, seed, patient, attempt)
        life.begin()
        life.run_until(start)
        death = life.chart.history.death
        if death is None or death >= start:
            return life
    raise EngineError(
        f"patient {patient}: {MAX_ATTEMPTS} lives ended before the period began",
        remedy="Nobody of that age can live to see the start: look at mortality and the age structure.",
    )


def new_life(machine: Machine, seed: int, patient: int, attempt: int) -> Life:
    """A life about to begin. Birth and sex are the same in every attempt."""
    birth, sex = draw_birth(machine, Streams(seed, patient, 0))
    population = machine.population
    record_from = max(population.start, birth)
    entry = birth if population.history else record_from
    history = PatientHistory(
        patient=patient,
        birth=birth,
        sex=sex,
        community=patient * population.communities // population.size,
        record_from=record_from,
        entry=entry,
        exit=population.end,
    )
    state = PatientState(machine, patient, birth, sex, entry)
    return Life(machine, state, Streams(seed, patient, attempt), Chart(machine, history))


def draw_birth(machine: Machine, streams: Streams) -> tuple[int, int]:
    """Instant of birth and sex (0 male, 1 female)."""
    population, stream = machine.population, "population"
    start = population.start
    if population.age_sex is not None:
        cells = population.age_sex.cells
        sex, low, high, _ = cells[streams.choose([weight for *_, weight in cells], stream)]
        earliest, latest = ages.birthday(start, -int(high)), ages.birthday(start, -int(low))
        return earliest + math.floor(streams.uniform(stream) * (latest - earliest)), sex
    if population.age is None:
        raise EngineError(
            f"{machine.id}: the population has neither an age nor an age and sex structure",
            remedy="Give `population.age` or `population.age_sex`.",
        )
    sex = int(streams.uniform(stream) < population.female)
    newborn = PatientState(machine, streams.patient, start, sex, start)
    age = streams.draw(population.age, stream, newborn)
    return start - math.floor(age * YEAR + 0.5), sex


def finish(life: Life) -> PatientHistory:
    """Close the books at the end of the period."""
    life.chart.close_encounter(NULL)
    return life.chart.history
