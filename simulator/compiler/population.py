"""Population → who is there at `from`; communities → who meets whom."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.attributes import SEXES
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import Drawn, distribution, in_years
from simulator.compiler.names import listing, nearest
from simulator.compiler.terms import Where
from simulator.compiler.time_zones import midnight
from simulator.scenario.model import Communities, Population, Table
from simulator.units import MICROSECONDS

#: end of an open-ended oldest band of the population
OLDEST = 100.0
#: share of contacts within the own community, where the author gives none
WITHIN = 0.8
#: who meets whom is drawn once, from this seed, and is then the same in every run
GRAPH_SEED = 20_000_101
_MOST_COMMUNITIES = 1_000
#: by key of contacts, the graphs that have it
_GRAPH_KEYS = {"neighbours": ("watts_strogatz", "barabasi_albert"), "rewire": ("watts_strogatz",)}
_MOST_PATIENTS = 1 << 40

#: stands in for the population of a file that has none and is only checked
PLACEHOLDER = m.PopulationSpec(
    1, midnight(dt.date(2000, 1, 1)), midnight(dt.date(2030, 1, 1)), 0, False, None,
    m.Distribution("fixed", (m.Const(40.0),)), 0.5,
)  # fmt: skip


def lower(low: Lowering, population: Population, communities: Communities | None) -> m.PopulationSpec | None:
    """The population; None, with findings, if it cannot be."""
    start, end = (low.resolver.midnight(day) for day in (population.from_, population.to))
    _check(low, population)
    age_sex: m.AgeSex | None = None
    age: m.Distribution | None = None
    if population.age_sex is not None:
        age_sex = _age_sex(low, population.age_sex, Where.key(population, "age_sex"))
    if population.age is not None:
        age = _age(low, population)
    female = _female(low, population)
    step = _step(low, population)
    count, mixing = (1, ((1.0,),)) if communities is None else _mixing(low, communities, population.size)
    if low.findings.errors or female is None or step is None:
        return None
    history = population.history == "from birth"
    zone = low.resolver.zone
    return m.PopulationSpec(
        population.size, start, end, step, history, age_sex, age, female, count, mixing, zone
    )


def _check(low: Lowering, population: Population) -> None:
    report = low.resolver.report
    if population.to <= population.from_:
        message = f"the period ends on {population.to}, not after {population.from_} when it begins"
        report("E710", message, population, Where.key(population, "to"))
    if not 1 <= population.size < _MOST_PATIENTS:
        message = f"{population.size} is not a number of patients"
        report("E711", message, population, Where.key(population, "size"))


def _age(low: Lowering, population: Population) -> m.Distribution | None:
    assert population.age is not None
    where = Where.key(population, "age")
    drawn = distribution(low.resolver, population.age, where, Drawn("duration", signed=True))
    if drawn is None:
        return None
    if any(algebra.constant(p) is None for p in drawn.params):
        low.resolver.report("E607", "ages are drawn before anything else is known", population.age, where)
        return None
    ages = in_years(drawn)
    _check_born_in_time(low, population, ages, where)
    return ages


def _check_born_in_time(low: Lowering, population: Population, ages: m.Distribution, where: Where) -> None:
    """Nobody is born after the period has ended (a normal tail beyond five SD is taken for nobody)."""
    values = [algebra.constant(p) or 0.0 for p in ages.params]
    youngest = values[0] - 5.0 * values[1] if ages.kind == "normal" else values[0]
    if ages.kind not in ("fixed", "uniform", "normal", "empirical") or youngest >= 0.0:
        return
    period = (population.to - population.from_).days * MICROSECONDS["day"] / MICROSECONDS["year"]
    if -youngest >= period:
        low.resolver.report(
            "E712",
            f"at age {youngest:.3g} years on {population.from_}, somebody is born after {population.to}",
            population.age, where, expected=f"an age above {-period:.3g} years (negative: born later)",
        )  # fmt: skip


def _age_sex(low: Lowering, table: Table, where: Where) -> m.AgeSex | None:
    report = low.resolver.report
    if sorted(table.axes) != ["age", "sex"]:
        report("E609", "people are counted by age and sex", table, where, expected="`by: [age, sex]`")
        return None
    age_at = table.axes.index("age")
    cells: list[tuple[int, float, float, float]] = []
    covered: list[tuple[int, float, float]] = []
    for keys, expr in table.rows:
        band, word = keys[age_at], keys[1 - age_at]
        weight = low.resolver.constant(expr, where)
        if isinstance(band, str) or word not in SEXES:
            report("E609", "this table needs age bands, and the sexes male and female", table, where)
            return None
        if weight is None or weight < 0.0:
            if weight is not None:
                report("E606", "a number of people cannot be negative", expr, where)
            return None
        low_age, high_age = band[0], max(OLDEST, band[0] + 5.0) if band[1] is None else band[1]
        if low_age != int(low_age) or high_age != int(high_age) or high_age <= low_age:
            report("E609", f"{low_age:g}..{high_age:g} is not a band of whole years of age", table, where)
            return None
        sex = SEXES.index(str(word))
        if any(s == sex and a < high_age and low_age < b for s, a, b in covered):
            report("E609", f"two bands overlap at age {low_age:g}, {word}", table, where)
            return None
        covered.append((sex, low_age, high_age))
        cells.append((sex, low_age, high_age, weight))
    if not math.fsum(c[3] for c in cells) > 0.0:
        report("E609", "this table counts nobody", table, where)
        return None
    return m.AgeSex(tuple(cells))


def _female(low: Lowering, population: Population) -> float | None:
    if population.sex is None:
        return 0.5
    where = Where.key(population, "sex")
    shares: dict[str, float] = {}
    for word, expr in population.sex.items():
        if word not in SEXES:
            low.resolver.report(
                "E504", f"sex has no category `{word}`", expr, where,
                expected=listing(SEXES), nearest=nearest(word, SEXES),
            )  # fmt: skip
            return None
        share = low.resolver.constant_probability(expr, where)
        if share is None:
            return None
        shares[word] = share
    if len(shares) < len(SEXES) or abs(math.fsum(shares.values()) - 1.0) > 1e-6:
        low.resolver.report(
            "E604", f"the shares of the sexes add up to {math.fsum(shares.values()):g}", population, where,
            expected="shares of male and female that add up to 1",
        )  # fmt: skip
        return None
    return shares["female"]


def _step(low: Lowering, population: Population) -> int | None:
    """Length of a window in microseconds; 0 is a calendar month, the default."""
    if population.step is None:
        return 0
    where = Where.key(population, "step")
    us = low.resolver.constant_duration(population.step, where)
    if us == MICROSECONDS["month"]:
        return 0
    if us is not None and us < MICROSECONDS["hour"]:
        low.resolver.report("E606", "a step is at least an hour long", population.step, where)
        return None
    return us


# --- communities -----------------------------------------------------------------------------


def _mixing(low: Lowering, block: Communities, size: int) -> tuple[int, tuple[tuple[float, ...], ...]]:
    """Number of communities, and for each the shares of its contacts with every one (rows sum to 1)."""
    alone = 1, ((1.0,),)
    contacts = block.contacts
    where, count = Where.key(block, "count"), block.count
    if not 1 <= count <= min(size, _MOST_COMMUNITIES):
        low.resolver.report(
            "E718", f"{count} is not a number of communities", block, where,
            expected=f"1 to {min(size, _MOST_COMMUNITIES)}",
        )  # fmt: skip
        return alone
    within = WITHIN
    if contacts.within is not None:
        share = low.resolver.constant_probability(contacts.within, Where.key(contacts, "within"))
        if share is None:
            return alone
        within = share
    if count == 1:
        return alone
    neighbours = _neighbours(low, block)
    if neighbours is None:
        return alone
    rows = []
    for i, near in enumerate(neighbours):
        row = [0.0] * count
        row[i] = within if near else 1.0
        for j in near:
            row[j] = (1.0 - within) / len(near)
        rows.append(tuple(row))
    return count, tuple(rows)


def _neighbours(low: Lowering, block: Communities) -> list[list[int]] | None:
    """Neighbours of each community in the contact graph, in ascending order."""
    contacts, n = block.contacts, block.count
    for key, graphs in _GRAPH_KEYS.items():
        if key in contacts.spans and contacts.graph not in graphs:
            low.resolver.report(
                "E718", f"a {contacts.graph} graph has no `{key}`", contacts, Where.key(contacts, key),
                expected=f"`{key}` belongs to `graph: {'` or `'.join(graphs)}`",
            )  # fmt: skip
    if contacts.graph in ("watts_strogatz", "barabasi_albert"):
        least = 2 if contacts.graph == "watts_strogatz" else 1
        if not least <= contacts.neighbours < n or not 0.0 <= contacts.rewire <= 1.0:
            low.resolver.report(
                "E718", f"{contacts.graph} cannot join {n} communities like this", contacts,
                Where.key(contacts, "neighbours"),
                expected=f"`neighbours` from {least} to {n - 1}, `rewire` from 0 to 1",
            )  # fmt: skip
            return None
    if contacts.graph == "complete":
        return [[j for j in range(n) if j != i] for i in range(n)]
    import networkx as nx  # heavy: only for scenarios with communities

    make: dict[str, Any] = {
        "cycle": lambda: nx.cycle_graph(n),
        "path": lambda: nx.path_graph(n),
        "star": lambda: nx.star_graph(n - 1),
        "watts_strogatz": lambda: nx.watts_strogatz_graph(
            n, contacts.neighbours, contacts.rewire, seed=GRAPH_SEED
        ),
        "barabasi_albert": lambda: nx.barabasi_albert_graph(n, contacts.neighbours, seed=GRAPH_SEED),
    }
    graph = make[contacts.graph]()
    return [sorted(j for j in graph.neighbors(i) if j != i) for i in range(n)]
