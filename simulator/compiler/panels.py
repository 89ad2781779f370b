"""Panels and single measurements → what is done to take them.

A panel is an order of its own (status completed) followed by its results. `correlated` results share part
of their noise: with the Cholesky factor L of the correlations and independent standard normals z,
result i is off by SD_i · Σ_j L_ij z_j. Those z_j on which other results depend are drawn as variables
and come in by the offset; the rest is the measurement's own noise, scaled by L_ii.

A result may be `missing`: then nothing is recorded, and the last value stays what it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.names import listing
from simulator.compiler.terms import Where
from simulator.scenario.model_medicines import Panel

_NORMAL = m.Distribution("normal", (algebra.FALSE, algebra.TRUE))


#: results of a panel whose noise is correlated: the work grows with their cube
MOST_CORRELATED = 100


def declare(low: Lowering, index: int, name: str, panel: Panel) -> None:
    """Make the panel's name known, and what its results share variables."""
    low.names.add(name, "panel", index)
    if panel.correlated:
        for i in range(len(panel.measures)):
            low.names.var(f"{name}: shared noise {i + 1}")


def check(low: Lowering, name: str, panel: Panel) -> None:
    """What a panel must be, whether or not it is ordered."""
    low.labels[name] = panel.title or name
    resolver = low.resolver
    for i, each in enumerate(panel.measures):
        where = Where.key(panel, f"measures[{i}]")
        resolver.is_a(each, "measurement", None, where)
        if each in panel.measures[:i]:
            resolver.report("E727", f"{each} is twice in the panel {name}", None, where)
    _factor(low, name, panel)


def results(low: Lowering, owner: str, name: str, encounter: int, where: Where) -> list[m.Action]:
    """What is done to take a measurement or a panel; `owner` is the care, in streams."""
    panel = low.scenario.panels.get(name)
    if panel is None:
        if not low.resolver.is_a(name, "measurement", None, where):
            return []
        return measured(low, owner, name, encounter)
    code = low.code(name, panel.codes, panel.title, "order", status="completed")
    actions: list[m.Action] = [m.Emit(code, encounter=encounter)]
    known = [each for each in panel.measures if each in low.names.last]
    factor = _factor(low, name, panel)
    if factor is None or len(known) < len(panel.measures):
        return [*actions, *(a for each in known for a in measured(low, owner, each, encounter))]
    shared = [any(row[j] for row in factor[j + 1 :]) for j in range(len(factor))]
    first = low.names.vars.index(f"{name}: shared noise 1")
    for j, is_shared in enumerate(shared):
        if is_shared:
            actions.append(m.Draw(first + j, _NORMAL, f"{name}: shared noise {j + 1}"))
    for i, each in enumerate(panel.measures):
        spread = _noise(low, each)
        parts = [
            algebra.product([m.Const(spread * factor[i][j]), m.Var(first + j)])
            for j in range(i + 1)
            if shared[j] and factor[i][j]
        ]
        own = algebra.FALSE if shared[i] else m.Const(factor[i][i])
        actions += measured(low, owner, each, encounter, algebra.total(parts) if parts else None, own)
    return actions


def measured(
    low: Lowering,
    owner: str,
    name: str,
    encounter: int,
    offset: m.Term | None = None,
    noise: m.Term | None = None,
) -> list[m.Action]:
    """One measurement, its memory of the value before, and word of it; nothing if the result is lost."""
    low.measured.add(name)
    names = low.names
    noise = None if noise == algebra.TRUE else noise
    actions: list[m.Action] = []
    if name in names.previous:
        actions.append(m.Set(names.previous[name], m.Var(names.last[name])))
    actions.append(m.Measure(names.symbols[name].index, encounter, offset, noise))
    actions.append(m.Raise(names.event(f"{name}.measured")))
    block = low.scenario.measurements[name]
    if block.missing is None:
        return actions
    missing = low.resolver.probability(block.missing, Where.key(block, "missing", once=True))
    if missing is None or missing == algebra.FALSE:
        return actions
    arrives = algebra.apply("sub", algebra.TRUE, missing)
    return [m.If(None, arrives, f"{owner}: {name} reaches the chart", tuple(actions))]


def _noise(low: Lowering, name: str) -> float:
    """The SD of one measurement; what is wrong with it is said where it is lowered."""
    block = low.scenario.measurements[name]
    if block.value.noise is None:
        return 0.0
    where = Where.key(block.value, "noise")
    return low.resolver.constant(block.value.noise, where, block.unit) or 0.0


def _factor(low: Lowering, name: str, panel: Panel) -> list[list[float]] | None:
    """Cholesky factor of the correlations, in the order of the panel; None if there are none."""
    if not panel.correlated:
        return None
    size = len(panel.measures)
    if size > MOST_CORRELATED:
        low.resolver.report(
            "E727", f"the results of {name} are correlated, and there are {size:,} of them", None,
            Where.key(panel, "correlated"), expected=f"at most {MOST_CORRELATED}",
        )  # fmt: skip
        return None
    matrix = [[float(i == j) for j in range(size)] for i in range(size)]
    for each in panel.correlated:
        pair = _pair(low, name, panel, each.between, Where.key(each, "between"))
        where = Where.key(each, "by")
        by = low.resolver.constant(each.by, where)
        if by is not None and not -1.0 <= by <= 1.0:
            low.resolver.report(
                "E727", f"{by:g} is not a correlation", each.by, where, expected="from -1 to 1"
            )
            return None
        if pair is None or by is None:
            return None
        i, j = pair
        matrix[i][j] = matrix[j][i] = by
    factor = cholesky(matrix)
    if factor is None:
        low.resolver.report(
            "E727", f"the correlations of {name} contradict one another", None,
            Where.key(panel, "correlated"),
            remedy="two results that both go with a third go with one another: the matrix must be positive "
            "semidefinite",
        )  # fmt: skip
    return factor


def _pair(
    low: Lowering, name: str, panel: Panel, between: Sequence[str], where: Where
) -> tuple[int, int] | None:
    if len(between) == 2 and len(set(between)) == 2 and all(each in panel.measures for each in between):
        return panel.measures.index(between[0]), panel.measures.index(between[1])
    low.resolver.report(
        "E727", f"these are not two measurements of {name}", None, where,
        expected=f"two of {listing(panel.measures)}",
    )  # fmt: skip
    return None


def cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Lower L with L·Lᵀ = matrix (Cholesky–Banachiewicz); None if it is not positive semidefinite.

    >>> cholesky([[1.0, 0.6], [0.6, 1.0]])
    [[1.0, 0.0], [0.6, 0.8]]
    """
    size = len(matrix)
    factor = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            if i == j:
                if rest < -1e-9:
                    return None
                factor[i][i] = math.sqrt(max(rest, 0.0))
            elif factor[j][j] > 1e-6:
                factor[i][j] = rest / factor[j][j]
            elif abs(rest) > 1e-6:
                return None
    return factor
