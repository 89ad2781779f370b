"""Small machines built in Python, so that these tests depend on nothing but the engine."""

from __future__ import annotations

import datetime as dt

from simulator.compiler.machine import (
    Action,
    AgeSex,
    Apply,
    Arrow,
    Base,
    ByRate,
    CodeSpec,
    Const,
    Distribution,
    EncounterSpec,
    LevelSpec,
    Machine,
    PopulationSpec,
    Process,
    SignalSpec,
    State,
    Term,
    VarSpec,
)

YEAR = 31_556_952_000_000  # microseconds of 365.2425 days
DAY = 86_400_000_000
VALUE, LEVEL = 2, 3  # codes
EPOCH = dt.datetime(1970, 1, 1)


def instant(year: int, month: int = 1, day: int = 1) -> int:
    """Microseconds since 1970 of midnight UTC."""
    return (dt.datetime(year, month, day) - EPOCH) // dt.timedelta(microseconds=1)


def law(kind: str, *params: float) -> Distribution:
    """A distribution with constant parameters."""
    return Distribution(kind, tuple(Const(float(p)) for p in params))


def duration(kind: str, *params: float, scaled: int = 1) -> Distribution:
    """A distribution of durations whose first `scaled` parameters are given in years."""
    return law(kind, *(p * YEAR if i < scaled else p for i, p in enumerate(params)))


def rate(
    per_year: float | Term,
    name: str,
    target: int,
    actions: tuple[Action, ...] = (),
    base: Base | None = None,
    stratum: Term | None = None,
) -> Arrow:
    """An arrow that fires at a rate: a constant or a term on base hazard 1, or on `base`."""
    multiplier = Const(per_year) if isinstance(per_year, float) else per_year
    return Arrow(name, target, ByRate(base or Base("constant"), stratum, multiplier), actions)


def by(*terms: Term | float) -> Apply:
    """A product."""
    first, *rest = (Const(t) if isinstance(t, float) else t for t in terms)
    out: Term = first
    for term in rest:
        out = Apply("mul", (out, term))
    assert isinstance(out, Apply)
    return out


def when(condition: Term, then: float, otherwise: float) -> Apply:
    """One of two numbers."""
    return Apply("if", (condition, Const(then), Const(otherwise)))


def process(name: str, *states: State) -> Process:
    """A process whose transitions are seen in the truth table."""
    return Process(name, states, latent=True)


def machine(
    *processes: Process,
    size: int = 100_000,
    years: float = 10.0,
    age: Distribution | None = None,
    age_sex: AgeSex | None = None,
    female: float = 0.5,
    history: bool = False,
    start: int = instant(2000),
    step: int = 0,
    variables: tuple[VarSpec, ...] = (),
    levels: tuple[LevelSpec, ...] = (),
    signals: tuple[SignalSpec, ...] = (),
    events: tuple[str, ...] = (),
    stamps: tuple[str, ...] = (),
    rings: tuple[tuple[str, int], ...] = (),
    communities: int = 1,
    mixing: tuple[tuple[float, ...], ...] = ((1.0,),),
) -> Machine:
    """A machine followed for `years` from `start`.

    Code `VALUE` is free for use, code `LEVEL` + i is level i's; encounter 0 is a visit.

    Variable 0 is sex, `variables` follow from 1; everybody is 40 unless `age` or `age_sex` says.
    """
    codes = (
        CodeSpec("MEDS_BIRTH", "birth"),
        CodeSpec("MEDS_DEATH", "death"),
        CodeSpec("TEST//value", "any value"),
        *(CodeSpec(f"TEST//{level.name}", level.name, kind="measurement") for level in levels),
        CodeSpec("TEST//visit", "visit", kind="encounter"),
    )
    return Machine(
        id="test",
        population=PopulationSpec(
            size=size,
            start=start,
            end=start + round(years * YEAR),
            step=step,
            history=history,
            age_sex=age_sex,
            age=age if age is not None or age_sex is not None else law("fixed", 40.0),
            female=female,
            communities=communities,
            mixing=mixing,
        ),
        processes=processes,
        vars=(VarSpec("sex", categories=("male", "female")), *variables),
        levels=levels,
        codes=codes,
        encounters=(EncounterSpec("visit", "ambulatory", 0, law("fixed", 20 * 60e6), len(codes) - 1),),
        signals=signals,
        events=events,
        stamps=stamps,
        rings=rings,
    )
