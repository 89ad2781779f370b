"""Drawn blocks of people, diseases and measurements, over what a `World` has."""

from __future__ import annotations

from typing import Any

from tests.fuzz.mutants import Pairs
from tests.fuzz.world import Bouts, Ill, World, pairs


def population(w: World) -> Pairs:
    years = 1 + w.number(4)
    step = w.opt(0.7, lambda: w.pick(("1 week", "10 days", "1 month", "3 months", "36 hours", "1 year")))
    months = step in ("1 month", "3 months", "1 year")
    people = pairs(
        size=str(4 + w.number(8)),
        from_="2000-01-01" if months or w.maybe(0.6) else "2000-02-17",
        to=f"{2000 + (1 if w.coupled else years)}-{w.pick(('01-01', '07-01', '03-31'))}",
        step=step if w.coupled else w.opt(0.1, lambda: "1 month"),
        time_zone=w.opt(0.3, lambda: w.pick(("America/New_York", "Europe/Berlin", "Australia/Lord_Howe"))),
        holidays=w.opt(0.2, lambda: ["12-25", "easter", "fourth thursday of november"]),
        history=w.opt(0.35, lambda: "from birth"),
        source=w.source(),
    )
    if w.maybe(0.3):
        bands = pairs(**{"0..17 years": "2"})
        table = Pairs([*bands, ["18..64 years", pairs(male="3", female="1")], ["65..80 years", "1"]])
        people.append(["age_sex", pairs(by=["age", "sex"], table=table)])
    else:
        ages = ("0..70 years", "20 years", "uniform(30 years, 80 years)", "uniform(-0.4 years, 3 years)")
        people.append(["age", w.pick(ages)])
        if w.maybe(0.3):
            people.append(["sex", pairs(male="40%", female="60%")])
    return people


def communities(w: World) -> Pairs:
    count = w.pick((1, 2, 3, 4))
    graph = w.pick(("complete", "cycle", "path", "star", "watts_strogatz", "barabasi_albert"))
    neighbours = 1 if graph == "barabasi_albert" else 2
    if graph in ("watts_strogatz", "barabasi_albert"):
        count = max(count, neighbours + 1)
    contacts = pairs(
        graph=graph,
        neighbours=str(neighbours) if graph in ("watts_strogatz", "barabasi_albert") else None,
        rewire=w.opt(0.5, lambda: w.pick(("0", "0.3", "1"))) if graph == "watts_strogatz" else None,
        within=w.opt(0.5, lambda: w.pick(("80%", "0", "100%", "1/3"))),
    )
    return pairs(count=str(count), contacts=w.opt(0.9, lambda: contacts))


def attribute(w: World, name: str) -> Pairs:
    if name in w.numeric:
        mean = w.near(name).split()[0]
        unit = w.numeric[name]
        return pairs(
            title=w.title(),
            value=w.pick(
                (f"normal({mean}, 2)", f"uniform(1, {mean})", f"normal({mean} + if(sex == male, 2, 0), 1)")
            ),
            between=w.opt(0.5, lambda: "1..150"),
            unit=unit if unit != "1" else None,
            codes=w.codes("loinc"),
            source=w.source(),
        )
    categories = w.categories[name]
    shares = {2: ("30%", "70%"), 3: ("50%", "20%", "30%")}[len(categories)]
    draw: Any = Pairs(map(list, zip(categories, shares, strict=True)))
    if w.maybe(0.3):
        draw = pairs(by=["sex", name], table=pairs(male=draw, female=draw))
    changes = None
    if name in w.changing:
        first, last = categories[0], categories[-1]
        trigger = pairs(rate="0.5 per year", multiplied=w.opt(0.4, lambda: [pairs(by="2", while_=w.truth())]))
        changes = [Pairs([[f"{first} -> {last}", trigger]])]
        if w.maybe(0.6):
            changes.append(Pairs([[f"{last} -> {first}", pairs(after=w.duration())]]))
    on = w.event() if not changes and w.maybe(0.2) else None
    return pairs(
        title=w.title(), draw=draw, on=on, changes=changes, codes=w.codes("loinc"), source=w.source()
    )


def progression(w: World) -> Pairs:
    return pairs(
        title=w.title(),
        parameters=pairs(pace="0.5 per year", deadly="0.02 per year"),
        states=["early", "end"],
        course=[Pairs([["early -> end", pairs(rate="pace", multiplied=w.opt(0.5, _later))]])],
        death=w.opt(0.5, lambda: pairs(end=pairs(rate="deadly"))),
        source=w.source(),
    )


def _later() -> list[Pairs]:
    return [pairs(by="2", while_="time since disease.onset > 6 months")]


def disease(w: World, ill: Ill) -> Pairs:
    found = pairs(title=w.title(), codes=w.codes("icd10cm"), source=w.source(), onset=onset(w, ill))
    arrows = [f"{a} -> {b}" for a in ill.states for b in ill.states if a != b and (a, b) != ("early", "end")]
    arrows = w.rng.sample(arrows, min(len(arrows), w.number(3)))
    arrows += [f"{w.pick(ill.states)} -> absent"] if ill.ends else []
    course = [Pairs([[arrow, w.trigger()]]) for arrow in arrows]
    triggers = [(f"{ill.name}.{arrow}", each[0][1]) for arrow, each in zip(arrows, course, strict=True)]
    triggers.append((f"{ill.name}.onset", found[-1][1]))
    w.hazards += [name for name, trigger in triggers if any(key == "rate" for key, _ in trigger)]
    w.hazards += [f"{ill.name}.{event.name}" for event in ill.events]
    written = ill.states[2:] if ill.follows else ill.states
    if ill.follows:
        with_ = w.opt(0.6, lambda: pairs(pace=w.pick(("0.1 per year", "2 per year"))))
        found.append(["follows", pairs(progression="decline", with_=with_) if with_ else "decline"])
        w.hazards.append(f"{ill.name}.early -> end")
    found.append(["states", list(written)])
    death = w.opt(
        0.4,
        lambda: Pairs([[w.pick(written), pairs(rate="0.03 per year", multiplied=w.opt(0.4, w.multiplied))]]),
    )
    if death:
        w.hazards.append(f"{ill.name}.death")
    more = pairs(
        course=course or None,
        state_codes=w.opt(0.3, lambda: Pairs([[written[-1], pairs(icd10cm="J44.1")]])),
        death=death,
        events=Pairs([e.name, _event(w, ill, e)] for e in ill.events) or None,
        symptoms=Pairs([s.name, _symptom(w, ill, s)] for s in ill.symptoms) or None,
        phenotypes=Pairs([p, _phenotype(w)] for p in ill.phenotypes) or None,
        diagnosis=[_route(w, ill) for _ in range(1 + w.number(2))] if ill.diagnosed else None,
    )
    if ill.staged:
        more.append(["stage", _stage(w, ill)])
    return Pairs([*found, *more])


def _stage(w: World, ill: Ill) -> Pairs:
    several = len(ill.states) > 1
    return pairs(
        title=w.title(),
        codes=w.codes("loinc"),
        at=w.opt(0.7, lambda: w.some(w.clinics)),
        on=w.opt(0.3, lambda: w.some(w.events(), 2)),
        understaged=w.opt(0.3, w.small) if several else None,
        overstaged=w.opt(0.3, w.small) if several else None,
    )


def onset(w: World, ill: Ill) -> Pairs:
    if w.maybe(0.2):
        return pairs(at="birth", probability=w.share(), to=w.pick(ill.states))
    return Pairs([*w.trigger(), *pairs(to=w.opt(0.3, lambda: w.pick(ill.states)))])


def _severity(w: World, ill: Ill, names: tuple[str, ...]) -> Any:
    if not names:
        return None
    shares: Pairs = Pairs([[names[0], "70%"], [names[1], "30%"]])
    if w.maybe(0.7):
        return shares
    other = Pairs([[names[0], "20%"], [names[1], "80%"]])
    axis, rows = w.pick((("sex", ("male", "female")), ("age", ("0..39 years", "40.. years"))))
    return pairs(by=[axis, "severity"], table=Pairs([[rows[0], shares], [rows[1], other]]))


def _event(w: World, ill: Ill, event: Bouts) -> Pairs:
    def complication() -> Pairs:
        return pairs(
            title=w.title(),
            codes=w.codes("icd10cm"),
            probability=w.share(),
            after=w.opt(0.6, lambda: w.duration(short=True)),
            if_=w.opt(0.3, w.truth),
            source=w.source(),
        )

    return pairs(
        title=w.title(),
        codes=w.codes("icd10cm"),
        while_=w.opt(0.25, w.truth),
        rate=w.rate(),
        multiplied=w.opt(0.4, w.multiplied),
        lasts=w.duration(short=True) if event.lasts else None,
        severity=_severity(w, ill, event.severities),
        at_most=w.opt(0.3, lambda: str(1 + w.number(3))),
        refractory=w.opt(0.3, lambda: w.duration(short=True)),
        complications=Pairs([name, complication()] for name in event.complications) or None,
        fatal=w.opt(0.2, w.small),
        source=w.source(),
    )


def _symptom(w: World, ill: Ill, symptom: Bouts) -> Pairs:
    comes = w.maybe(0.6)
    if comes:
        w.hazards.append(f"{ill.name}.{symptom.name}")
    first, last = (symptom.severities[0], symptom.severities[-1]) if symptom.severities else ("", "")
    course = [Pairs([[f"{first} -> {last}", w.trigger(short=True)]])] if first and w.maybe(0.5) else None
    who = (*symptom.severities, "any") if symptom.severities else ("any",)

    def seeks() -> Any:
        return (
            w.pick(w.clinics)
            if w.maybe(0.3)
            else pairs(
                visit=w.pick(w.clinics),
                probability=w.opt(0.5, w.share),
                after=w.opt(0.6, lambda: w.duration(short=True)),
                source=w.source(),
            )
        )

    return pairs(
        title=w.title(),
        codes=w.codes("hpo"),
        while_=w.opt(0.2, w.truth),
        frequency=w.opt(0.4, w.share),
        onset=w.opt(0.4, w.duration),
        rate=w.rate() if comes else None,
        multiplied=w.opt(0.4, w.multiplied) if comes else None,
        lasts=w.duration(short=True) if comes or w.maybe(0.4) else None,
        severity=_severity(w, ill, symptom.severities),
        course=course,
        seeks_care=w.opt(0.6, lambda: Pairs([name, seeks()] for name in w.some(who))),
        recorded_at=[_recorded(w, care) for care in w.some(w.clinics, 2)] if symptom.recorded else None,
        source=w.source(),
    )


def _recorded(w: World, care: str) -> Any:
    return care if w.maybe(0.4) else pairs(care=care, probability=w.share())


def _phenotype(w: World) -> Pairs:
    return pairs(
        title=w.title(),
        hpo=w.opt(0.6, lambda: "HP:0001217"),
        codes=w.codes("icd10cm"),
        frequency=w.opt(0.6, w.share),
        onset=w.opt(0.5, w.duration),
        recorded_at=w.opt(0.7, lambda: [_recorded(w, w.pick(w.clinics))]),
        source=w.source(),
    )


def _route(w: World, ill: Ill) -> Pairs:
    at = w.some(w.clinics) if w.maybe(0.6) else None
    rule = w.opt(0.4, w.chart)
    false = w.small() if at and not rule and w.maybe(0.4) else None
    return pairs(
        at=at,
        on=None if at else w.event(),
        after=w.opt(0.7, w.duration) if not at else None,
        visit=None if at else w.pick(w.clinics),
        if_=rule,
        probability=w.opt(0.4, w.share),
        false_positive=false,
        refuted=w.opt(0.5, lambda: w.duration() if w.maybe(0.4) else w.trigger(chart=True))
        if rule or false
        else None,
        mistaken_for=[_mistake(w)] if ill.mistaken else None,
        source=w.source(),
    )


def _mistake(w: World) -> Pairs:
    return pairs(
        title=w.pick(("asthma", "stress")),
        codes=w.opt(0.8, lambda: pairs(icd10cm=w.pick(("J45.909", "F43.9")))),
        probability="40%",
        lasts=w.opt(0.5, w.duration),
        source=w.source(),
    )


def measurement(w: World, name: str) -> Pairs:
    unit = w.measures[name]
    mean = w.near(name).split()[0]

    def change(rate: bool) -> Pairs:
        by: Any = w.pick(("0.5 per year", "-0.3 per year")) if rate else w.pick(("1", "-0.7", f"2 {unit}"))
        return pairs(by=by, while_=w.opt(0.7, other))

    def other() -> str:
        """A condition that does not ask for the value itself: E729 in a shift, and a drift would hover."""
        said = w.truth()
        return w.chart() if said.startswith(f"{name} >") else said

    value = pairs(
        mean=f"{mean} + 0.02 * age / 1 year" if name in w.moving else w.pick((mean, _by_sex(mean))),
        between_patients=w.opt(0.6, lambda: "0.4"),
        noise=w.opt(0.8, lambda: "0.3"),
        drift=w.opt(0.4, lambda: [change(True) for _ in range(1 + w.number(2))]),
        shift=w.opt(0.5, lambda: [change(False) for _ in range(1 + w.number(2))]),
    )
    return pairs(
        title=w.title(),
        codes=w.codes("loinc"),
        unit=unit,
        plausible="0.5..200",
        precision=w.opt(0.5, lambda: w.pick(("0", "2", "5"))),
        value=value,
        missing=w.opt(0.3, lambda: w.pick(("10%", "0.5"))),
        source=w.source(),
    )


def _by_sex(mean: str) -> Pairs:
    return pairs(by="sex", table=pairs(male=mean, female="6"))


def mortality(w: World) -> Pairs:
    rate = w.pick(
        (
            "0.02 per year",
            pairs(gompertz=pairs(rate="0.01 per year", at="50 years", growth="0.09 per year")),
            Pairs([["probability_per", "year"], *w.table(("0.01", "0.2"))]),
        )
    )
    return pairs(rate=rate, multiplied=w.opt(0.4, w.multiplied), source=w.source())


def targets(w: World) -> Pairs:
    ill = w.pick(w.diseases).name
    said = w.pick((f"prevalence of {ill} at 20..59 years", f"incidence of {ill}.onset"))
    value = "20%" if said.startswith("prev") else "30 per 1000 per year"
    how = w.pick(
        (pairs(tolerance="50%"), pairs(accept="0%..90%" if value == "20%" else "1..900 per 1000 per year"))
    )
    return pairs(first=Pairs([["statistic", said], ["value", value], *how, ["source", "made up"]]))


def expectations(w: World) -> Pairs:
    ill = w.pick(w.diseases).name
    bounds: Any = w.pick(("at least 1%", pairs(within="0%..99%", source="made up")))
    return Pairs([[f"prevalence of {ill} at 20..59 years", bounds]])
