"""Where a machine came from: the author's words and places behind its terms and transitions.

A side table, filled while a scenario is lowered if somebody asks (`lower(…, origins=Origins())`).
The Machine itself knows nothing of it, so neither the kernel nor a content digest can depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from simulator.compiler import algebra
from simulator.compiler import machine as m
from simulator.errors import NOWHERE, Span
from simulator.scenario.expression_text import format_expression
from simulator.scenario.model import Block, Gompertz, Hazard, Multiplier, RateValue, Scenario, Table, Value


@dataclass(frozen=True, slots=True)
class Origin:
    """What was written, and where. `text` may be empty, `path` is the YAML path."""

    text: str
    span: Span = NOWHERE
    path: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor on a hazard.

    Attributes:
        term: what the hazard is multiplied with; 1 while `condition` does not hold.
        by: how much, as written.
        condition: when; None if always.
        while_: the condition as written.
        origin: where.
        treatment: the treatment whose effect it is, or empty.
    """

    term: m.Term
    by: str
    condition: m.Term | None
    while_: str
    origin: Origin
    treatment: str = ""


@dataclass(frozen=True, slots=True)
class HazardOrigin:
    """A hazard as it was written, before its factors were gathered into one multiplier.

    The hazard is `base` (in `stratum`) × `factor` × every one of `factors`; 0 while `gate` is false.
    """

    base: m.Base
    stratum: m.Term | None
    factor: m.Term
    origin: Origin
    factors: tuple[Factor, ...] = ()
    gate: m.Term = algebra.TRUE


@dataclass(slots=True)
class Origins:
    """The side table.

    Attributes:
        texts: by term, what it was written as (the first place wins).
        terms: by term, every place where it was written as a whole condition or probability.
        arrows: by name of arrow, what says when it fires.
        hazards: by name of arrow, its hazard in parts.
        processes: by name of process, the block it was made from.
        sources: by YAML path of a block, its `source:`.
    """

    texts: dict[m.Term, str] = field(default_factory=dict)
    arrows: dict[str, Origin] = field(default_factory=dict)
    hazards: dict[str, HazardOrigin] = field(default_factory=dict)
    terms: dict[m.Term, list[Origin]] = field(default_factory=dict)
    processes: dict[str, Origin] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    # by identity while lowering goes on: every object is kept, so that no identity is used twice
    _placed: dict[int, tuple[object, Origin]] = field(default_factory=dict)
    _hazards: dict[int, tuple[object, HazardOrigin]] = field(default_factory=dict)
    _effects: dict[int, tuple[object, Factor]] = field(default_factory=dict)

    # --- noted while lowering -----------------------------------------------------------

    def wrote(self, term: m.Term, text: str) -> None:
        """A term means what `text` says, wherever it is met. Bare constants mean too many things."""
        if not isinstance(term, m.Const):
            self.texts.setdefault(term, text)

    def place(self, thing: object, text: str, span: Span, path: str) -> None:
        """This very object (a term, distribution or trigger) was written there; the last word counts."""
        if thing is not algebra.TRUE and thing is not algebra.FALSE:
            origin = Origin(text, span, path)
            self._placed[id(thing)] = (thing, origin)
            if isinstance(thing, m.Term) and not isinstance(thing, m.Const):
                self.terms.setdefault(thing, []).append(origin)

    def effect(self, term: m.Term, factor: Factor) -> None:
        """This very term is the effect of a treatment."""
        self._effects[id(term)] = (term, factor)

    def hazard(
        self,
        trigger: m.ByRate,
        base: tuple[m.Base, m.Term | None, m.Term],
        rate: RateValue,
        place: tuple[Span, str],
        factors: Iterable[tuple[Multiplier, m.Term]],
        effects: Iterable[m.Term],
        gate: m.Term,
    ) -> None:
        """The parts of a hazard that has just become one trigger."""
        span, path = place
        parts = [_multiplier(block, term) for block, term in factors]
        for term in effects:
            known = self._effects.get(id(term))
            parts.append(known[1] if known else Factor(term, "", None, "", Origin("")))
        origin = Origin(rate_text(rate), span, path)
        self._placed[id(trigger)] = (trigger, origin)
        self._hazards[id(trigger)] = (trigger, HazardOrigin(*base, origin, tuple(parts), gate))

    # --- settled at the end ---------------------------------------------------------------

    def settle(self, scenario: Scenario, processes: Sequence[m.Process]) -> None:
        """Say of every arrow and process where it was written, before events get their final numbers."""
        blocks = dict(_blocks(scenario))
        self.sources = {
            path: source for path, block in blocks.items() if isinstance(source := _source(block), str)
        }
        named = {block.path.partition(".")[2]: block for block in _named(scenario)}
        if scenario.mortality is not None:
            named["mortality"] = scenario.mortality
        for process in processes:
            block = _owner(process.name, named)
            if block is not None:
                self.processes[process.name] = Origin("", block.span, block.path)
            for state in process.states:
                for arrow in state.arrows:
                    self._settle_arrow(process, arrow)

    def _settle_arrow(self, process: m.Process, arrow: m.Arrow) -> None:
        hazard = self._hazards.get(id(arrow.trigger))
        if hazard is not None:
            self.hazards[arrow.name] = hazard[1]
        for thing in _things(arrow.trigger):
            known = self._placed.get(id(thing))
            if known is not None:
                self.arrows[arrow.name] = known[1]
                return
        if process.name in self.processes:
            self.arrows[arrow.name] = self.processes[process.name]

    def source(self, path: str) -> str:
        """The `source:` nearest to a YAML path: that of the smallest block around it which has one."""
        around = [p for p in self.sources if path == p or path.startswith((f"{p}.", f"{p}["))]
        return self.sources[max(around, key=len)] if around else ""


def value_text(value: Value) -> str:
    """An expression as written, or over what a table is."""
    if isinstance(value, Table):
        return f"table by {' and '.join(value.axes)}"
    return format_expression(value)


def rate_text(rate: RateValue) -> str:
    """A hazard as written, in few words."""
    if isinstance(rate, Gompertz):
        words = [format_expression(e) for e in (rate.rate, rate.at, rate.growth)]
        return f"{words[0]} at {words[1]}, growing by {words[2]}"
    if isinstance(rate, Hazard):
        return value_text(rate.table)
    return format_expression(rate)


def _multiplier(block: Multiplier, term: m.Term) -> Factor:
    while_ = "" if block.while_ is None else format_expression(block.while_)
    condition = term.args[0] if while_ and isinstance(term, m.Apply) and term.op == "if" else None
    if while_ and condition is None:
        condition = term  # by 1 otherwise 0, or folded: the term itself says whether it holds
    span = block.spans.get("while", block.spans.get("by", block.span))
    return Factor(term, value_text(block.by), condition, while_, Origin("", span, block.path))


def _things(trigger: m.Trigger) -> Iterator[object]:
    """What of a trigger may have been written somewhere, the most telling first."""
    yield trigger
    match trigger:
        case m.AfterDuration(duration):
            yield duration
        case m.WhenTrue(condition, _):
            yield from algebra.walk(condition)
        case m.OnEvent(_, condition, probability):
            yield from algebra.walk(probability)
            yield from algebra.walk(condition)
        case m.ByChance(weight):
            yield from algebra.walk(weight)


def _blocks(block: Block) -> Iterator[tuple[str, Block]]:
    """Every block of a scenario with its path."""
    for name in block.__dataclass_fields__:
        value = getattr(block, name)
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        for each in inside:
            if isinstance(each, Block):
                yield each.path, each
                yield from _blocks(each)


def _source(block: Block) -> object:
    return getattr(block, "source", None)


def _named(scenario: Scenario) -> Iterator[Block]:
    """The blocks that have a name of their own: diseases, treatments, care, …"""
    for name in scenario.__dataclass_fields__:
        value = getattr(scenario, name)
        if isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, Block))


def _owner(process: str, named: dict[str, Block]) -> Block | None:
    """The block a process was made from: the one with the longest name that its name begins with."""
    parts = process.split(".")
    for length in range(len(parts), 0, -1):
        block = named.get(".".join(parts[:length]))
        if block is not None:
            return block
    return None
