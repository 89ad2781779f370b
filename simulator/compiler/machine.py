"""The lowered scenario: one mechanism, processes.

`lower.py` turns a Scenario into a Machine; `flatten.py` turns a Machine into the arrays of
a Program for the kernel; `engine/reference.py` runs a Machine directly, in plain Python.
Everything a process may do is in this file; `docs/engine.md` says what it means.

Instants and durations are int microseconds; instants count from 1970-01-01T00:00Z.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.compiler.time_zones import month_starts

# --- terms: resolved expressions --------------------------------------------------------
# A term evaluates to a float: booleans are 0.0 / 1.0, categories are their index, unknown
# is NaN. A comparison with NaN is false. Terms that change by themselves as time passes
# (marked *clock*) also tell the next instant at which they may change.


@dataclass(frozen=True, slots=True)
class Const:
    value: float


@dataclass(frozen=True, slots=True)
class Var:
    """A patient variable: attribute, treatment's adherence, last measured value, …"""

    index: int


@dataclass(frozen=True, slots=True)
class InState:
    """1.0 if process `process` is in a state whose bit is set in `mask`."""

    process: int
    mask: int


@dataclass(frozen=True, slots=True)
class Age:
    """Exact age in years, continuous; only in terms that are evaluated once."""


@dataclass(frozen=True, slots=True)
class AgeAtLeast:
    """*clock*: 1.0 once the patient is `years` old (fractions: docs/engine.md, age)."""

    years: float


@dataclass(frozen=True, slots=True)
class TimeAtLeast:
    """*clock*: 1.0 from `instant` on."""

    instant: int


@dataclass(frozen=True, slots=True)
class SinceAtLeast:
    """*clock*: 1.0 once `duration` has passed since stamp `stamp`; 0.0 if never stamped."""

    stamp: int
    duration: int


@dataclass(frozen=True, slots=True)
class SinceLess:
    """*clock*: 1.0 while less than `duration` has passed since the stamp; 0.0 if never stamped."""

    stamp: int
    duration: int


@dataclass(frozen=True, slots=True)
class Stamped:
    """1.0 if the stamp was ever set."""

    stamp: int


@dataclass(frozen=True, slots=True)
class CountAtLeast:
    """*clock*: 1.0 if the `n` latest entries of ring `ring` all lie in (now − within, now].

    `within` None: over the whole life.
    """

    ring: int
    n: int
    within: int | None


@dataclass(frozen=True, slots=True)
class Level:
    """True value of measurement `measurement` now; only in terms that are evaluated once."""

    measurement: int


@dataclass(frozen=True, slots=True)
class LevelAtLeast:
    """*clock*: 1.0 while the true value of the measurement is >= the threshold."""

    measurement: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Signal:
    """What the patient's community passes on in this step."""

    index: int


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator on terms.

    add sub mul div pow neg · lt le gt ge eq ne · and or not · min max exp log sqrt ·
    round (to a multiple of the second) · if (condition, then, otherwise). `and`/`or` evaluate both sides.
    """

    op: str
    args: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a lookup.

    Kinds: ``age`` (knots in years), ``month`` (12 local months), ``year`` (knots: local years) and ``date``
    (knots are instants), all *clock*; ``var`` (categorical variable `index`). `knots[i]` is the lower edge of
    cell i for age, year and date; below the first edge the first cell applies.
    """

    kind: str
    size: int
    knots: tuple[float, ...] = ()
    index: int = -1


@dataclass(frozen=True, slots=True)
class Lookup:
    """A step function; `values` in row-major order over the axes."""

    axes: tuple[Axis, ...]
    values: tuple[float, ...]


Term = (
    Const | Var | InState | Age | AgeAtLeast | TimeAtLeast | SinceAtLeast | SinceLess | Stamped
    | CountAtLeast | Level | LevelAtLeast | Signal | Apply | Lookup
)  # fmt: skip


# --- distributions ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Distribution:
    """A number drawn from named stream(s). Parameters are terms, evaluated at the draw.

    kind, params (durations in microseconds, everything else in its own unit):
    fixed (value) · uniform (low, high) · normal (mean, sd) · exponential (mean) ·
    weibull (scale, shape) · gamma (scale, shape) · lognormal (median, sigma) ·
    beta (a, b) · empirical (values…, then as many cumulative probabilities) ·
    opening (index of a schedule): from now to an appointment within its opening hours
    """

    kind: str
    params: tuple[Term, ...]


# --- hazards ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Base:
    """A family of base hazards, one per stratum, in events per year on one axis.

    axis ``constant``: rate 1 per year · ``age``: step function of exact age (`knots` in years,
    `rates[stratum][i]` from knots[i] to knots[i+1], the last one open-ended) · ``calendar``:
    step function of the local month of the year (12 rates) · ``gompertz``: rate at age a is
    rates[0][0] · exp(rates[0][2] · (a − rates[0][1])).
    """

    axis: str
    knots: tuple[float, ...] = ()
    rates: tuple[tuple[float, ...], ...] = ()


# --- triggers ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ByRate:
    base: Base
    stratum: Term | None  # index into base.rates; None: 0
    multiplier: Term | None  # None: 1


@dataclass(frozen=True, slots=True)
class AfterDuration:
    duration: Distribution


@dataclass(frozen=True, slots=True)
class WhenTrue:
    condition: Term
    delay: Distribution | None = None


@dataclass(frozen=True, slots=True)
class AtAge:
    """Fires when the patient reaches this exact age; never if that is past on entry."""

    years: float


@dataclass(frozen=True, slots=True)
class OnEvent:
    event: int
    condition: Term | None = None
    probability: Term | None = None


@dataclass(frozen=True, slots=True)
class ByChance:
    """Only in a state all of whose transitions are ByChance: one is taken at once, by weight."""

    weight: Term


Trigger = ByRate | AfterDuration | WhenTrue | AtAge | OnEvent | ByChance


# --- actions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """Open (or join) an encounter of kind `encounter`; see docs/engine.md, encounters."""

    encounter: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close the open encounter now, if there is one."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Record a row of `code`; outside an encounter one of kind `encounter` is opened first.

    `duration` (a term, microseconds) gives the row's end.
    """

    code: int
    value: Term | None = None
    duration: Term | None = None
    encounter: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """Draw, round and bound a value of the measurement, record it, remember it as the last.

    `offset` is added to the value before rounding, `noise` multiplies the measurement's noise
    (None: 0 and 1): results of a panel share part of their noise.
    """

    measurement: int
    encounter: int = 0
    offset: Term | None = None
    noise: Term | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """Set variable `var` to a draw from the named stream."""

    var: int
    distribution: Distribution
    stream: str


@dataclass(frozen=True, slots=True)
class Set:
    var: int
    value: Term


@dataclass(frozen=True, slots=True)
class Stamp:
    """Remember now as the latest time of stamp `stamp`."""

    stamp: int


@dataclass(frozen=True, slots=True)
class Push:
    """Add now to ring `ring`."""

    ring: int


@dataclass(frozen=True, slots=True)
class Raise:
    """Tell the other processes, once this firing is complete."""

    event: int


@dataclass(frozen=True, slots=True)
class Die:
    """End of life: the cause is the transition that fired."""


@dataclass(frozen=True, slots=True)
class If:
    """Do `actions` if the condition holds and (if given) with this probability."""

    condition: Term | None
    probability: Term | None
    stream: str
    actions: tuple[Action, ...]


Action = Visit | Close | Emit | Measure | Draw | Set | Stamp | Push | Raise | Die | If


# --- the machine ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrow:
    """A transition. `name` is unique in the machine and names its random stream."""

    name: str
    target: int
    trigger: Trigger
    actions: tuple[Action, ...] = ()
    silent: bool = False  # leaves no row in the truth table


@dataclass(frozen=True, slots=True)
class State:
    name: str
    arrows: tuple[Arrow, ...] = ()
    on_entry: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """A state machine; every patient owns one. `latent`: its transitions go to the truth table.

    It begins in `states[0]`; if that state's arrows are ByChance, it moves on at once.
    """

    name: str
    states: tuple[State, ...]
    latent: bool = False


@dataclass(frozen=True, slots=True)
class VarSpec:
    """A variable: `initial` (a distribution) is drawn at birth in order of declaration.

    categorical: `categories` named, value is the index, drawn by `weights` (terms) from the
    stream. `recorded`: written as a static row of the record.
    """

    name: str
    categories: tuple[str, ...] = ()
    weights: tuple[Term, ...] = ()
    initial: Distribution | None = None  # None: NaN
    low: float = float("-inf")
    high: float = float("inf")
    recorded: bool = False
    code: int = -1


@dataclass(frozen=True, slots=True)
class LevelSpec:
    """A measurement's true value: mean + deviation + drift integrated + shift."""

    name: str
    code: int
    mean: Term  # evaluated when read (may contain Age)
    deviation_sd: float
    noise_sd: float
    slope: Term  # per year, piecewise constant
    shift: Term  # piecewise constant
    low: float
    high: float
    precision: int
    last_var: int  # variable that holds the last recorded value
    smooth: bool  # mean has no Age: thresholds can be solved for


@dataclass(frozen=True, slots=True)
class CodeSpec:
    """A code that may be recorded: `code` as in the log, e.g. ``ICD10CM//E84.9``."""

    code: str
    title: str
    unit: str | None = None
    text: str | None = None
    status: str | None = None
    kind: str = (
        "event"  # diagnosis, treatment, measurement, order, procedure, care plan, encounter, event, static
    )
    lasting: bool = False  # belongs to the problem list: kept even before `from`
    codes: tuple[tuple[str, str], ...] = ()
    once: bool = False  # in an encounter only its first row is kept: a diagnosis


@dataclass(frozen=True, slots=True)
class EncounterSpec:
    """A kind of encounter. A higher `priority` closes a lower one that is open."""

    name: str
    class_: str
    priority: int  # 0 virtual · 1 ambulatory, home · 2 emergency · 3 inpatient
    duration: Distribution
    code: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """Share of living members of a community in this condition, mixed over contacts."""

    name: str
    condition: Term


@dataclass(frozen=True, slots=True)
class AgeSex:
    """Who is there at `start`: cells (sex 0 male / 1 female, low, high exclusive, weight)."""

    cells: tuple[tuple[int, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class PopulationSpec:
    """Who is there, when and where (`zone`: a time zone; None: UTC)."""

    size: int
    start: int
    end: int
    step: int  # microseconds; 0: calendar month
    history: bool
    age_sex: AgeSex | None
    age: Distribution | None  # years
    female: float
    communities: int = 1
    mixing: tuple[tuple[float, ...], ...] = ((1.0,),)  # row-stochastic
    zone: str | None = None

    @property
    def months(self) -> tuple[int, ...]:
        """When the months begin where they live, as `time_zones.month_starts`; none: those of UTC."""
        return month_starts(self.zone)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Opening hours: `days[w]` = (opens, closes) in minutes after local midnight, Monday first; None: closed.

    `offsets` are the time zone's (instant, offset) in microseconds, ascending: local time is UTC plus
    the offset of the last instant <= t, before the first one that of the first.
    """

    name: str
    days: tuple[tuple[int, int] | None, ...]
    offsets: tuple[tuple[int, int], ...] = ((0, 0),)


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything the engine needs, in its simplest form. Variable 0 is sex."""

    id: str
    population: PopulationSpec
    processes: tuple[Process, ...]
    vars: tuple[VarSpec, ...]
    levels: tuple[LevelSpec, ...]
    codes: tuple[CodeSpec, ...]
    encounters: tuple[EncounterSpec, ...]
    signals: tuple[SignalSpec, ...]
    events: tuple[str, ...]  # names of events that can be raised
    stamps: tuple[str, ...]
    rings: tuple[tuple[str, int], ...]  # name, capacity
    schedules: tuple[Schedule, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
