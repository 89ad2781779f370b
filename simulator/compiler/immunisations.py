"""Immunisations → the process of who gets which dose when, and what doses protect from.

Immunisation I with a `schedule` of n doses begins with the choice of those who accept it (`uptake`);
then state k means "k doses given". The next dose is due within each window of the schedule from the
k-th on, and while it can be caught up with; never before the one before it is `interval` old. It is
given at a visit of `at`, or without that in an encounter of its own (``vaccination``, where the time within
the window is drawn evenly).

With `every` there is one dose after another; with `months` one in each season.

A dose records the code (status completed) and says `I.given`. Protection with a hazard ratio h acts from
its number of doses on; it ends after `lasts`, or is halved for every half-life `wanes` passed since
the latest dose: in steps of half a half-life, the middle of each, over five half-lives.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.compiler import algebra, follow_up
from simulator.compiler import machine as m
from simulator.compiler.comparisons import MOST_COUNTED
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, distribution, fixed, uniform
from simulator.compiler.kinds import years_of
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.compiler.treatment_effects import hazard_name
from simulator.scenario import syntax as s
from simulator.scenario.bands import MONTHS
from simulator.scenario.model_medicines import Immunisation, Protection
from simulator.units import MICROSECONDS

ENCOUNTER = "vaccination"
_MOST_DOSES = 12
_DAY = MICROSECONDS["day"]
_MONTH = MICROSECONDS["month"]
_YEAR = MICROSECONDS["year"]
_INTERVAL = 28 * _DAY  # the least time between two doses of most vaccines (CDC schedule notes, recalled)
_RETRY = 6 * _MONTH
_WANING_STEPS = 10


@dataclass(frozen=True, slots=True)
class Window:
    """When a dose is due: ages in microseconds, `end` exclusive."""

    begin: int
    end: int


def declare(low: Lowering, name: str, block: Immunisation) -> None:
    """Give the immunisation's process and event their names."""
    low.names.add(name, "immunisation", low.names.process(name))
    low.names.event(f"{name}.given")


def own_visits(low: Lowering) -> bool:
    """Whether some vaccine is given at visits of its own."""
    return any(not block.at for block in low.scenario.immunisations.values())


# --- protection ------------------------------------------------------------------------------


def effects(low: Lowering, name: str, block: Immunisation) -> None:
    """Note what doses protect from, before hazards are lowered."""
    by_hazard: dict[str, list[tuple[Protection, m.Term]]] = {}
    for each in block.effects:
        hazard = hazard_name(low, each.hazard, Where.key(each, "hazard"))
        factor = _factor(low, name, each)
        if block.schedule and each.doses > len(block.schedule):
            low.resolver.report(
                "W317", f"nobody is given {each.doses} doses of {name}", None, Where.key(each, "doses"),
                expected=f"at most {len(block.schedule)}, as in its schedule",
            )  # fmt: skip
        if hazard is not None and factor is not None:
            by_hazard.setdefault(hazard, []).append((each, factor))
    for hazard, protections in by_hazard.items():
        term: m.Term = algebra.TRUE
        for each, factor in sorted(protections, key=lambda p: p[0].doses):
            reached = m.CountAtLeast(low.names.ring(f"{name}.given", each.doses), each.doses, None)
            term = algebra.choose(reached, factor, term)
        low.effects.add(hazard, term)


def _factor(low: Lowering, name: str, block: Protection) -> m.Term | None:
    """The hazard ratio, once there are enough doses."""
    resolver = low.resolver
    where = Where.key(block, "by")
    by = resolver.number(block.by, where)
    value = None if by is None else algebra.constant(by)
    if value is not None and value < 0.0:
        resolver.report("E606", "a hazard ratio cannot be negative", block.by, where)
        return None
    if block.doses < 1:
        resolver.report("E606", "protection begins with the first dose", None, Where.key(block, "doses"))
        return None
    if block.doses > MOST_COUNTED:
        resolver.report(
            "E716", f"{block.doses:,} doses are too many to be counted", None, Where.key(block, "doses"),
            expected=f"at most {MOST_COUNTED:,}",
        )  # fmt: skip
        return None
    if by is None:
        return None
    latest = low.names.stamp(f"{name}.given")
    if block.lasts is not None:
        lasts = resolver.constant_duration(block.lasts, Where.key(block, "lasts"))
        return None if lasts is None else algebra.choose(m.SinceLess(latest, lasts), by, algebra.TRUE)
    if block.wanes is None:
        return by
    half_life = resolver.constant_duration(block.wanes, Where.key(block, "wanes"))
    if half_life is None:
        return None
    gain = algebra.apply("sub", algebra.TRUE, by)
    term: m.Term = algebra.TRUE
    for step in range(_WANING_STEPS, 0, -1):
        left = m.Const(0.5 ** ((step - 0.5) / 2))
        factor = algebra.apply("sub", algebra.TRUE, algebra.product([left, gain]))
        term = algebra.choose(m.SinceLess(latest, round(step * half_life / 2)), factor, term)
    return term


# --- who gets a dose, and when ---------------------------------------------------------------


def lower(low: Lowering, name: str, block: Immunisation) -> None:
    """Add the process."""
    low.labels[name] = block.title or name
    resolver = low.resolver
    uptake: m.Term | None = algebra.TRUE
    if block.uptake is not None:
        uptake = resolver.probability(block.uptake, Where.key(block, "uptake", once=True))
    each: m.Term | None = algebra.TRUE
    if block.each is not None:
        each = resolver.probability(block.each, Where.key(block, "each", once=True))
    dues = _seasonal(low, name, block) if block.every is not None else _scheduled(low, name, block)
    allowed = _allowed(low, name, block)
    if uptake is None or each is None or dues is None or allowed is None:
        return
    builder = _Builder(low, name, block, each, allowed)
    recurs = block.every is not None
    first = 0 if block.uptake is None else 1  # even if it is 100%, so that arms differ in nothing else
    for number, (due, window) in enumerate(dues):
        builder.dose(due, window, first + number, first + (0 if recurs else number + 1))
    states = builder.states(first + len(dues) + (0 if recurs else 1), first)
    if first:
        accepts = m.Arrow(f"{name}: accepted", 1, m.ByChance(uptake))
        refusal = m.ByChance(algebra.apply("sub", algebra.TRUE, uptake))
        states[0] = m.State("deciding", (accepts, m.Arrow(f"{name}: refused", len(states), refusal)))
        states.append(m.State("refused"))
    low.add_process(m.Process(name, tuple(states)))


def _allowed(low: Lowering, name: str, block: Immunisation) -> m.Term | None:
    resolver = low.resolver
    terms: list[m.Term | None] = [follow_up.attending(low)]
    once = bool(block.at)
    if block.available is not None:
        terms.append(m.TimeAtLeast(resolver.midnight(block.available)))
    if block.contraindicated is not None:
        where = Where.key(
            block, "contraindicated", once=once, chart=f"`contraindicated` of immunisation {name}"
        )
        forbidden = resolver.condition(block.contraindicated, where)
        terms.append(None if forbidden is None else algebra.negation(forbidden))
    if block.for_ is not None:
        where = Where.key(block, "for", once=once, chart=f"`for` of immunisation {name}")
        terms.append(resolver.condition(block.for_, where))
    known = [t for t in terms if t is not None]
    return algebra.all_of(*known) if len(known) == len(terms) else None


def _scheduled(low: Lowering, name: str, block: Immunisation) -> list[tuple[m.Term, int]] | None:
    """When each dose is due, and how long its own window is."""
    windows = _windows(low, name, block)
    interval: int | None = _INTERVAL
    if block.interval is not None:
        interval = low.resolver.constant_duration(block.interval, Where.key(block, "interval"))
    catch_up: int | None = 0
    if block.catch_up is not None:
        catch_up = low.resolver.constant_duration(block.catch_up, Where.key(block, "catch_up"))
    if windows is None or interval is None or catch_up is None:
        return None
    if block.catch_up is not None and catch_up <= windows[0].end:
        low.resolver.report(
            "E726", f"by then no dose of {name} is missed", block.catch_up, Where.key(block, "catch_up"),
            expected=f"an age above {years_of(windows[0].end):g} years, when the first dose is missed",
        )  # fmt: skip
    latest = low.names.stamp(f"{name}.given")
    dues = []
    for number, window in enumerate(windows):
        open_ = [_between(each.begin, each.end) for each in windows[number:]]
        if catch_up > window.begin:
            open_.append(_between(window.begin, catch_up))
        due = algebra.any_of(*open_)
        if number:
            due = algebra.all_of(due, m.SinceAtLeast(latest, interval))
        dues.append((due, window.end - window.begin))
    return dues


def _between(begin: int, end: int) -> m.Term:
    reached = algebra.TRUE if begin <= 0 else m.AgeAtLeast(years_of(begin))
    return algebra.all_of(reached, algebra.negation(m.AgeAtLeast(years_of(end))))


def _windows(low: Lowering, name: str, block: Immunisation) -> list[Window] | None:
    """The windows in order; one age alone lasts until the next dose, the last one for a year."""
    resolver = low.resolver
    if not block.schedule:
        resolver.report(
            "E726", f"nothing says when {name} is given", None, Where(block.path, block.span),
            expected="`schedule`, e.g. `[12..15 months, 4..6 years]`, or `every`",
        )  # fmt: skip
        return None
    if len(block.schedule) > _MOST_DOSES:
        resolver.report(
            "E726", f"{len(block.schedule)} doses are too many for a schedule", None,
            Where.key(block, "schedule"), expected=f"{_MOST_DOSES} at most, or `every`",
        )  # fmt: skip
        return None
    edges: list[tuple[int, int | None]] = []
    for i, expr in enumerate(block.schedule):
        where = Where.key(block, f"schedule[{i}]" if f"schedule[{i}]" in block.spans else "schedule")
        low_expr, high_expr = (expr.low, expr.high) if isinstance(expr, s.Range) else (expr, None)
        if isinstance(low_expr, s.Number) and isinstance(high_expr, s.Quantity):
            low_expr = s.Quantity(low_expr.value, high_expr.unit, span=low_expr.span)
        begin = resolver.constant_duration(low_expr, where)
        end = None if high_expr is None else resolver.constant_duration(high_expr, where)
        if begin is None or (high_expr is not None and end is None):
            return None
        if (edges and begin <= edges[-1][0]) or (end is not None and end <= begin):
            resolver.report(
                "E726",
                f"the ages of {name} do not ascend",
                expr,
                where,
                remedy="write them from young to old",
            )
            return None
        edges.append((begin, end))
    follows = [begin for begin, _ in edges[1:]] + [edges[-1][0] + _YEAR]
    return [Window(b, n if e is None else e) for (b, e), n in zip(edges, follows, strict=True)]


def _seasonal(low: Lowering, name: str, block: Immunisation) -> list[tuple[m.Term, int]] | None:
    resolver = low.resolver
    assert block.every is not None
    every = resolver.constant_duration(block.every, Where.key(block, "every"))
    if every is None:
        return None
    if every < _DAY:
        resolver.report("E606", "doses must lie a day apart at least", block.every, Where.key(block, "every"))
        return None
    terms: list[m.Term] = []
    window = 30 * _DAY
    if block.months:
        chosen = _months(low, block)
        if chosen is None:
            return None
        terms.append(m.Lookup((m.Axis("month", 12),), tuple(float(i in chosen) for i in range(12))))
        window = len(chosen) * 30 * _DAY - _DAY
        every = max(every - len(chosen) * _MONTH, _DAY)  # once in each season, early or late
    for key, expr in (("from", block.from_), ("until", block.until)):
        if expr is None:
            continue
        age = resolver.constant_duration(expr, Where.key(block, key))
        if age is None:
            return None
        reached = m.AgeAtLeast(years_of(age))
        terms.append(reached if key == "from" else algebra.negation(reached))
    terms.append(algebra.negation(m.SinceLess(low.names.stamp(f"{name}.given"), every)))
    return [(algebra.all_of(*terms), window)]


def _months(low: Lowering, block: Immunisation) -> set[int] | None:
    found = set()
    for i, month in enumerate(block.months):
        if month not in MONTHS:
            low.resolver.report(
                "E504", f"`{month}` is not a month", None, Where.key(block, f"months[{i}]"),
                expected=listing(MONTHS, 12), nearest=nearest(month, MONTHS),
            )  # fmt: skip
            return None
        found.add(MONTHS.index(month))
    return found


class _Builder:
    """The states of one immunisation: for each dose the wait for it, and offers that came to nothing."""

    def __init__(self, low: Lowering, name: str, block: Immunisation, each: m.Term, allowed: m.Term) -> None:
        self.low, self.name, self.block = low, name, block
        self.each, self.allowed = each, allowed
        self.waits: dict[int, tuple[m.Arrow, ...]] = {}
        self.offers: list[tuple[int, int]] = []  # waiting state, state once given
        self.code = low.code(name, block.codes, block.title, "immunisation", status="completed")
        retry = None
        if block.retry is not None:
            retry = distribution(low.resolver, block.retry, Where.key(block, "retry"), DURATION)
        self.retry = retry or fixed(_RETRY)

    def given(self, encounter: str) -> tuple[m.Action, ...]:
        index = self.low.encounter_index[encounter]
        return m.Emit(self.code, encounter=index), m.Raise(self.low.names.event(f"{self.name}.given"))

    def dose(self, due: m.Term, window: int, here: int, after: int) -> None:
        """One dose: due in state `here`, given on the way to state `after`."""
        low, block = self.low, self.block
        condition = algebra.all_of(due, self.allowed)
        label = f"{self.name}: dose {here + (block.uptake is None)}"
        if not block.at:
            delay = uniform(0, window - _DAY) if window > _DAY else None
            if block.each is None:
                arrow = m.Arrow(label, after, m.WhenTrue(condition, delay), self.given(ENCOUNTER))
            else:
                arrow = m.Arrow(f"{label} offered", -1, m.WhenTrue(condition, delay))
                self.offers.append((here, after))
            self.waits[here] = (arrow,)
            return
        arrows = []
        for i, care in enumerate(block.at):
            if low.resolver.is_a(care, "care", None, Where.key(block, f"at[{i}]")):
                chance = None if self.each == algebra.TRUE else self.each
                heard = m.OnEvent(low.names.event(f"{care}.visit"), condition, chance)
                arrows.append(m.Arrow(f"{label} at {care}", after, heard, self.given(care)))
        self.waits[here] = tuple(arrows)

    def states(self, count: int, first: int) -> list[m.State]:
        """All states: `count` of doses, then two for each dose that may be offered in vain."""
        result = [m.State(f"{max(i - first, 0)} doses", self.waits.get(i, ())) for i in range(count)]
        for here, after in self.offers:
            offered, missed = len(result), len(result) + 1
            waits = m.Arrow(result[here].arrows[0].name, offered, result[here].arrows[0].trigger)
            result[here] = m.State(result[here].name, (waits,))
            label = waits.name.removesuffix(" offered")
            rest = algebra.apply("sub", algebra.TRUE, self.each)
            result.append(
                m.State(
                    f"{result[here].name}, offered",
                    (
                        m.Arrow(f"{label} given", after, m.ByChance(self.each), self.given(ENCOUNTER)),
                        m.Arrow(f"{label} not given", missed, m.ByChance(rest)),
                    ),
                )
            )
            again = m.Arrow(f"{label} offered again", here, m.AfterDuration(self.retry))
            result.append(m.State(f"{result[here].name}, missed", (again,)))
        return result
