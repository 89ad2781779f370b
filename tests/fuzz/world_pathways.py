"""Drawn pathways, over what a `World` has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fuzz.mutants import Pairs
from tests.fuzz.world import World, pairs
from tests.fuzz.world_care import does, measures, orders, refer


def pathway(w: World, name: str) -> Pairs:
    begun = w.pick(("when", "when", "on"))
    if begun == "when":
        start = pairs(when=w.chart(), delay=w.opt(0.5, w.duration), uptake=w.opt(0.5, w.share))
    else:
        start = pairs(
            on=w.some(w.events(), 2),
            if_=w.opt(0.4, w.chart),
            after=w.opt(0.5, w.duration),
            uptake=w.opt(0.5, w.share),
        )
    again, rounds = w.opt(0.4, lambda: w.pick(("3 months", "1..2 years"))), w.opt(0.4, lambda: repeat(w))
    events = [*w.named_steps[name], *w.may_follow[name]]
    found = steps(w, 3)
    given = [drug.name for drug in w.drugs if not drug.taken]
    if given and name == w.pathways[0]:
        found.append(pairs(give=given))
    if rounds:
        found.append(pairs(wait="4 days"))
    if w.named_steps[name]:
        found.append(Pairs([*_plain(w), ["name", "cycle"]]))
    if w.may_follow[name]:
        found.append(
            pairs(may_follow=pairs(fever=w.share()), after=w.opt(0.7, lambda: w.duration(short=True)))
        )
    if not events and w.maybe(0.2) and name == "plan" and "detour" in w.pathways:
        found.append(pairs(follow="detour"))
    return pairs(
        title=w.title(),
        start=start,
        again=again,
        repeat=rounds,
        steps=found,
        stop=w.opt(0.4, lambda: [_end(w)]),
        when_lost=w.opt(0.4, lambda: w.pick(("stops", "goes_on", "begins_again"))) if w.follow_up else None,
        source=w.source(),
    )


def _end(w: World) -> Pairs:
    return w.pick(
        (pairs(when=w.chart()), pairs(on=w.event(), if_=w.opt(0.3, w.chart)), pairs(rate="0.5 per year"))
    )


def repeat(w: World) -> Any:
    times = w.pick(("3", "2 times", "4"))
    if w.maybe(0.2):
        return times
    return w.pick(
        (
            pairs(times=times, every=w.pick(("3 weeks", "1 month ± 3 days"))),
            pairs(every="2 months"),
            pairs(until=w.chart(), times=times),
            pairs(until=w.chart(), every="10 days"),
        )
    )


def _plain(w: World) -> Pairs:
    """A step that goes well with a name."""
    return w.pick((pairs(visit=w.pick(w.clinics)), pairs(note="a word"), pairs(wait=w.duration(short=True))))


def steps(w: World, most: int = 2) -> list[Any]:
    w.depth += 1
    found: list[Any] = [pairs(visit=w.pick(w.clinics))] if w.depth == 1 else []
    found += [step(w) for _ in range(1 + w.number(most))]
    w.depth -= 1
    return found


def step(w: World) -> Any:
    simple: list[Callable[[], Any]] = [
        lambda: pairs(
            visit=w.pick(w.clinics),
            measures=w.opt(0.5, lambda: measures(w)),
            orders=w.opt(0.3, lambda: orders(w)),
        ),
        lambda: pairs(refer=refer(w)),
        lambda: pairs(wait=w.duration()),
        lambda: _until(w, pairs(wait_until=w.chart())),
        lambda: _until(w, pairs(wait_for=w.event())),
        lambda: pairs(record=pairs(icd10cm="R65.21"), title=w.opt(0.5, lambda: "shock")),
        lambda: pairs(note="a word"),
    ]
    if w.drugs:
        name = w.pick(w.drugs).name
        simple += [
            lambda: pairs(give=_given(w)),
            lambda: pairs(start=name, ends=_ends(w)),
            lambda: pairs(stop=name),
        ]
        if len(w.drugs) > 1:
            simple += [
                lambda: pairs(give_one_of=_shares(w)),
                lambda: pairs(start_one_of=_shares(w), ends=_ends(w)),
                lambda: pairs(switch_to=_shares(w), ends=_ends(w)),
            ]
    if w.procedures:
        simple.append(lambda: pairs(do=does(w)))
    if w.depth < 3:
        simple += [
            lambda: pairs(if_=w.chart(), then=steps(w), else_=w.opt(0.5, lambda: steps(w))),
            lambda: pairs(choose=_ways(w)),
            lambda: pairs(repeat=repeat(w), steps=[pairs(wait="5 days"), *steps(w, 1)]),
            lambda: pairs(
                postpone="1 week",
                at_most=w.pick(("twice", "2 times")),
                otherwise=w.opt(0.4, lambda: steps(w, 1)),
            ),
        ]
    elif w.maybe(0.3):
        return w.pick(("end", pairs(end="stopped")))
    return w.pick(simple)()


def _ends(w: World) -> str | None:
    return w.opt(0.4, lambda: w.pick(("by_itself", "if_stopped", "with_pathway")))


def _shares(w: World) -> Pairs:
    """Two treatments, and who gets which."""
    return Pairs(map(list, zip([drug.name for drug in w.drugs], ("60%", "40%"), strict=False)))


def _until(w: World, what: Pairs) -> Pairs:
    limit = w.maybe(0.7)
    return Pairs(
        [
            *what,
            *pairs(at_most=w.duration() if limit else None),
            *pairs(otherwise=w.opt(0.4, lambda: steps(w, 1)) if limit else None),
        ]
    )


def _given(w: World) -> list[Any]:
    found: list[Any] = []
    for drug in w.some(w.drugs, 2):
        amount = w.opt(0.5, lambda: w.pick(("600 mg", "5 mg"))) if drug.dose else None
        found.append(
            drug.name if w.maybe(0.3) else pairs(treatment=drug.name, dose=amount, if_=w.opt(0.4, w.chart))
        )
    return found


def _ways(w: World) -> list[Pairs]:
    if w.maybe(0.5):
        last = pairs(share="40%", then=steps(w, 1)) if w.maybe(0.5) else pairs(else_=steps(w, 1))
        return [pairs(share="60%", then=steps(w, 1)), last]
    return [
        pairs(if_=w.chart(), then=steps(w, 1)),
        pairs(if_=w.chart(), then=steps(w, 1)),
        pairs(else_=steps(w, 1)),
    ]
