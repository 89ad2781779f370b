"""Drawn blocks of treatments, care and courses of care, over what a `World` has."""

from __future__ import annotations

from typing import Any

from tests.fuzz.mutants import Pairs
from tests.fuzz.world import Drug, Seen, World, pairs

HOURS = (["weekdays 8:00..17:00"], ["weekdays 7:30..12:00", "saturday 14:00..16:00"], ["monday 9:00..10:00"])


def hazards(w: World) -> list[str]:
    """What a treatment may have an effect on."""
    return w.hazards + [f"{n}.{w.categories[n][0]} -> {w.categories[n][-1]}" for n in w.changing]


def effect(w: World, drug: Drug | None) -> Pairs:
    lasts = w.opt(0.8, lambda: w.pick(("3 weeks", "4 months"))) if drug and not drug.taken else None
    dose = w.opt(0.5, lambda: "10 mg") if drug and drug.dose and drug.taken else None
    if hazards(w) and w.maybe(0.5):
        return pairs(hazard=w.pick(hazards(w)), by=w.pick(("0.5", "2", "0")), per=dose, lasts=lasts)
    name = w.pick(list(w.measures))
    if w.maybe(0.6):
        return pairs(measurement=name, shift=w.pick(("-0.5", "1")), per=dose, lasts=lasts, source=w.source())
    return pairs(measurement=name, drift="+0.4 per year", per=dose, lasts=lasts)


def treatment(w: World, drug: Drug) -> Pairs:
    others = [other.name for other in w.drugs if other is not drug]

    def start() -> Pairs:
        at = w.opt(0.2, lambda: w.some(w.clinics))
        delay = w.opt(0.4, lambda: w.duration()) if not at else None
        return pairs(when=w.chart(), at=at, uptake=w.opt(0.4, w.share), delay=delay)

    supply = w.opt(0.4, lambda: w.pick(("30 days", "12 weeks")))
    return pairs(
        title=w.title(),
        codes=w.codes("rxnorm"),
        available=w.opt(0.2, lambda: "2000-06-01"),
        start=start() if drug.taken else None,
        stop=w.opt(0.7, lambda: [w.trigger(chart=True) for _ in range(1 + w.number(2))]),
        again=w.opt(0.5, lambda: w.duration()) if drug.taken else None,
        adherence=w.opt(0.4, lambda: w.pick(("beta(8, 2)", "70%", w.table(("50%", "90%"), axes=1)))),
        dose=dose(w, drug) if drug.dose and drug.taken else None,
        effects=[effect(w, drug) for _ in range(w.number(3))] or None,
        interacts=[
            pairs(with_=w.pick(others), effects=[effect(w, None)], source=w.source())
            for _ in range(len(others) and w.number(2))
        ]
        or None,
        contraindicated=w.opt(0.25, w.chart),
        paused=w.opt(0.3, w.chart) if drug.taken else None,
        never_with=w.some(others) if others and w.maybe(0.25) else None,
        supply=supply,
        refills=w.opt(0.6, lambda: str(w.number(4))) if supply else None,
        source=w.source(),
    )


def dose(w: World, drug: Drug) -> Pairs:
    steps = w.maybe(0.5)

    def change() -> Pairs:
        how = w.pick((pairs(by="10%"), pairs(by="2 mg"), pairs(to="20 mg"), pairs()))
        at = w.opt(0.4, lambda: w.some(w.clinics))
        return Pairs(
            [
                *pairs(when=w.chart(), at=at),
                *pairs(after=w.pick(("3 months", "2 weeks")) if not at or w.maybe(0.3) else None),
                *(Pairs() if steps else how or pairs(by="5 mg")),
            ]
        )

    taper = pairs(
        every=w.pick(("1 week", "10 days")),
        by=None if steps else w.pick(("25%", "5 mg")),
        hold=w.opt(0.4, w.chart),
    )
    amounts = ["20 mg", "10 mg * 2"] + [f"round(0.3 mg/kg * {n}, 5 mg)" for n in w.numeric if n == "weight"]
    up, down = w.opt(0.6, change), w.opt(0.5, change)
    return pairs(
        amount=None if steps else w.pick(amounts),
        steps=["5 mg", "10 mg", "20 mg"] if steps else None,
        start=w.opt(0.5, lambda: "10 mg") if steps else None,
        times=w.opt(0.4, lambda: w.pick(("2 per day", "1/2 per week"))),
        route=w.opt(0.3, lambda: "oral"),
        up=up,
        down=down,
        least=w.opt(0.4, lambda: "4 mg") if down else None,
        most=w.opt(0.4, lambda: "40 mg") if up else None,
        taper=w.opt(0.5, lambda: taper),
    )


def allergy(w: World, reactions: tuple[str, ...]) -> Pairs:
    def reaction() -> Pairs:
        return pairs(
            title=w.title(),
            codes=w.codes("icd10cm"),
            probability="30%",
            after=w.opt(0.6, lambda: w.pick(("2 hours", "1..3 days"))),
            visit=w.opt(0.7, lambda: w.pick(w.clinics)),
            recognised=w.opt(0.4, w.share),
            death=w.opt(0.2, w.small),
        )

    born = w.maybe(0.6)
    return pairs(
        title=w.title(),
        codes=w.codes("icd10cm"),
        to=w.some([drug.name for drug in w.drugs]),
        prevalence=w.share() if born else None,
        onset=None if born else w.trigger(),
        known=[pairs(at=w.some(w.clinics), if_=w.opt(0.4, w.chart), probability=w.opt(0.5, w.share))],
        reactions=Pairs([name, reaction()] for name in reactions) or None,
        source=w.source(),
    )


def immunisation(w: World) -> Pairs:
    planned = w.maybe(0.5)
    each = w.opt(0.5, w.share)
    at = w.opt(0.5, lambda: w.some(w.clinics))

    def protection(doses: int) -> Pairs:
        how = w.pick((pairs(), pairs(lasts="8 months"), pairs(wanes="1 year")))
        by = w.pick(("0.3", "0"))
        more = pairs(hazard=w.pick(hazards(w)), by=by, doses=w.opt(0.5, lambda: str(doses)))
        return Pairs([*more, *how, *pairs(source=w.source())])

    first = pairs(title=w.title(), codes=w.codes("cvx"))
    if planned:
        ages = w.pick(
            (["0..6 months", "12..15 months"], ["1 year", "20 years"], ["18..70 years", "75..80 years"])
        )
        when = pairs(
            schedule=ages, catch_up=w.opt(0.4, lambda: "90 years"), interval=w.opt(0.4, lambda: "3 months")
        )
    else:
        when = pairs(
            every=w.pick(("1 year", "6 months")),
            months=w.opt(0.5, lambda: ["september", "march"]),
            from_=w.opt(0.4, lambda: "6 months"),
            until=w.opt(0.4, lambda: "60 years"),
        )
    return Pairs(
        [
            *first,
            *when,
            *pairs(
                for_=w.opt(0.4, w.chart),
                at=at,
                uptake=w.opt(0.4, w.share),
                each=each,
                retry=w.opt(0.6, lambda: "2 months") if each and not at else None,
                available=w.opt(0.2, lambda: "2000-06-01"),
                contraindicated=w.opt(0.3, w.chart),
                effects=[protection(1 + i) for i in range(w.number(3)) if hazards(w)] or None,
                source=w.source(),
            ),
        ]
    )


def measures(w: World) -> list[Any]:
    names = [*w.measures, *w.panels]
    found: list[Any] = []
    for name in w.some(names):
        found.append(
            name
            if w.maybe(0.5)
            else pairs(measure=name, if_=w.opt(0.5, w.chart), probability=w.opt(0.5, w.share))
        )
    return found


def orders(w: World) -> Pairs:
    def order() -> Pairs:
        found = pairs(
            title=w.title(), codes=w.codes("loinc"), if_=w.opt(0.3, w.chart), probability=w.opt(0.3, w.share)
        )
        if w.categories and w.maybe(0.3):
            found.append(["shows", w.pick(list(w.categories))])
        elif w.maybe(0.5):
            shares: Any = pairs(positive="30%", negative="70%")
            if w.maybe(0.3):
                shares = pairs(by=["sex", "result"], table=pairs(male=shares, female=shares))
            found.append(["result", shares])
        return found

    return Pairs([name, order()] for name in w.some(("x_ray", "culture"), 2))


def does(w: World) -> list[Any]:
    found: list[Any] = []
    for name in w.some(list(w.procedures)):
        found.append(
            name if w.maybe(0.4) else pairs(do=name, if_=w.opt(0.4, w.chart), probability=w.opt(0.5, w.share))
        )
    return found


def refer(w: World) -> Pairs:
    return pairs(
        to=w.pick(w.clinics),
        wait=w.opt(0.8, w.duration),
        if_=w.opt(0.5, w.chart),
        probability=w.opt(0.5, w.share),
        attends=w.opt(0.5, w.share),
    )


def panel(w: World) -> Pairs:
    names = list(w.measures)
    correlated = [pairs(between=names[:2], by=w.pick(("0.6", "-0.5", "1")))]
    return pairs(
        title=w.title(),
        codes=w.codes("loinc"),
        measures=names,
        correlated=w.opt(0.7, lambda: correlated),
        source=w.source(),
    )


def order_set(w: World) -> Pairs:
    return pairs(title=w.title(), measures=measures(w), orders=w.opt(0.6, lambda: orders(w)))


def procedure(w: World, name: str) -> Pairs:
    def finding() -> Pairs:
        return pairs(
            title=w.title(),
            codes=w.codes("icd10cm"),
            if_=w.opt(0.5, w.truth),
            probability=w.share(),
        )

    def mishap() -> Pairs:
        return pairs(
            title=w.title(),
            codes=w.codes("icd10cm"),
            probability=w.share(),
            after=w.opt(0.6, lambda: w.duration(short=True)),
            fatal=w.opt(0.3, w.small),
            source=w.source(),
        )

    return pairs(
        title=w.title(),
        codes=w.codes("icd10pcs"),
        duration=w.opt(0.6, lambda: w.pick(("30 minutes", "1..3 hours"))),
        finds=Pairs([each, finding()] for each in w.procedures[name]) or None,
        complications=Pairs([each, mishap()] for each in w.mishaps[name]) or None,
        source=w.source(),
    )


def care(w: World, seen: Seen) -> Pairs:
    how = w.pick(("every", "every", "rate", "on", "on", "at", "none"))
    when = {
        "every": lambda: pairs(every=w.pick(("3 months ± 2 weeks", "1 year", "40 days", "5..8 months"))),
        "rate": lambda: pairs(rate=w.rate(), multiplied=w.opt(0.4, w.multiplied)),
        "on": lambda: pairs(on=w.some(w.events()), if_=w.opt(0.3, w.chart), after=w.opt(0.7, w.duration)),
        "at": lambda: pairs(at=["3 days", "18 years", "40 years", "41 years"]),
        "none": pairs,
    }[how]()
    hours = w.opt(0.3, lambda: w.pick(HOURS)) if seen.kind in ("ambulatory", "virtual", "home") else None
    return Pairs(
        [
            *pairs(title="Ward" if seen.name == "ward" else w.title(), class_=seen.kind),
            *pairs(for_=w.opt(0.3, w.chart) if how in ("every", "rate", "at") else None),
            *when,
            *pairs(
                probability=w.opt(0.3, w.share) if how in ("every", "on", "at") else None,
                duration=w.opt(0.4, lambda: w.pick(("40 minutes", "2 hours", "1..3 hours")))
                if not seen.units
                else None,
                reason=w.codes("icd10cm"),
                measures=w.opt(0.7, lambda: measures(w)),
                orders=w.opt(0.4, lambda: orders(w)),
                order_sets=[
                    w.pick(
                        (
                            "bundle",
                            pairs(
                                order_set="bundle", if_=w.opt(0.5, w.chart), probability=w.opt(0.5, w.share)
                            ),
                        )
                    )
                ]
                if w.bundles and w.maybe(0.5)
                else None,
                hours=hours,
                closed=w.opt(0.3, lambda: w.pick((["08-01..08-14"], ["never"]))) if hours else None,
                does=does(w) if w.procedures and w.maybe(0.5) else None,
                refers=w.opt(0.4, lambda: [refer(w) for _ in range(1 + w.number(2))]),
                stay=stay(w, seen) if seen.units else None,
                source=w.source(),
            ),
        ]
    )


def stay(w: World, seen: Seen) -> Pairs:
    first, last = seen.units[0], seen.units[-1]
    course = [
        Pairs(
            [
                [
                    f"{first} -> discharged",
                    pairs(after=w.pick(("3..9 days", "lognormal(median=4 days, sigma=0.5)"))),
                ]
            ]
        )
    ]
    if first != last:
        course.append(Pairs([[f"{first} -> {last}", w.trigger(short=True)]]))
        course.append(Pairs([[f"{last} -> {first}", pairs(rate="0.3 per day")]]))
    if len(seen.discharge) > 1:
        course.append(Pairs([[f"{last} -> elsewhere", pairs(rate="0.1 per day")]]))

    def daily() -> Pairs:
        return pairs(
            in_=w.opt(0.5, lambda: w.some(seen.units)),
            every=w.opt(0.6, lambda: w.pick(("6 hours", "2 days", "12 hours"))),
            measures=measures(w),
            orders=w.opt(0.3, lambda: orders(w)),
            does=does(w) if w.procedures and w.maybe(0.3) else None,
        )

    shares = ("70%", "30%") if len(seen.discharge) > 1 else ("100%",)
    both = pairs(bed="60%", icu="40%") if first != last else pairs(bed="100%")
    return pairs(
        units=list(seen.units),
        begins=w.opt(0.6, lambda: both),
        course=course,
        death=w.opt(0.3, lambda: Pairs([[last, pairs(rate="0.01 per day")]])),
        discharge=Pairs(map(list, zip(seen.discharge, shares, strict=False))) or None,
        rounds=w.opt(0.6, lambda: [daily() for _ in range(1 + w.number(2))]),
    )


def care_plan(w: World, goals: tuple[str, ...]) -> Pairs:
    at = w.opt(0.6, lambda: w.some(w.clinics))
    return pairs(
        title=w.title(),
        codes=w.codes("icd10cm"),
        for_=w.chart(),
        at=at,
        probability=w.opt(0.5, w.share) if at else None,
        activities=w.opt(0.5, lambda: ["Walk", "Sleep"]),
        goals=Pairs([name, w.chart()] for name in goals) or None,
        until=w.opt(
            0.6, lambda: w.pick((pairs(after=w.duration()), pairs(when=w.chart()), pairs(on=w.event())))
        ),
        source=w.source(),
    )


def follow_up(w: World) -> Pairs:
    return pairs(
        lost=pairs(rate="0.3 per year", multiplied=w.opt(0.5, w.multiplied)),
        returns=w.opt(0.7, w.trigger),
        keeps=w.opt(0.6, lambda: ["emergency", "inpatient"]),
        source=w.source(),
    )


def constraint(w: World) -> Pairs | None:
    taken = [drug.name for drug in w.drugs if drug.taken]
    if not taken:
        return None
    name = w.pick(taken)
    rest = [f"age < {w.pick((2, 18, 50))} years", "sex == male", *(f"{d} diagnosed" for d in w.diagnosed)]
    rest += [f"on {other}" for other in taken if other != name]
    return pairs(
        never=f"on {name} and {w.pick(rest)}", because=w.opt(0.5, lambda: "it harms"), source=w.source()
    )
