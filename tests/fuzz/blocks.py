"""Scenarios drawn from the model itself: every key of the language, with values of the right kind.

What is drawn is mostly well-formed, so that it reaches the compiler, and is often nonsense there. Names are
few, so that what one block refers to is often there.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from simulator.scenario import model, rules_courses, rules_medicines
from simulator.scenario.keys import Key, Kind, keys_of
from simulator.scenario.model_courses import Repeat
from tests.fuzz.mutants import ODD, Pairs

NAMES: dict[str, tuple[str, ...]] = {
    "parameters": ("speed", "uptake"),
    "attributes": ("smoker", "bmi"),
    "progressions": ("decline",),
    "diseases": ("d0", "d1"),
    "measurements": ("marker", "level"),
    "treatments": ("drug", "jab"),
    "care": ("clinic", "ward"),
    "allergies": ("hives",),
    "immunisations": ("vaccine",),
    "panels": ("panel",),
    "order_sets": ("bundle",),
    "procedures": ("scope",),
    "pathways": ("plan", "detour"),
    "care_plans": ("goals",),
    "arms": ("other",),
    "exchange": ("pressure",),
    "events": ("flare",),
    "symptoms": ("cough",),
    "phenotypes": ("sign",),
    "complications": ("clot",),
    "reactions": ("rash",),
    "finds": ("polyp",),
    "orders": ("xray",),
}
STATES = ("mild", "severe")
CONDITIONS = (
    "d0",
    "d0 in [mild]",
    "d0 == severe",
    "d1 diagnosed",
    "on drug",
    "ever on drug",
    "on plan",
    "on goals",
    "ever scope",
    "ever d0.flare",
    "last marker >= 5 mmol/L",
    "previous marker < 4 mmol/L",
    "last scope == polyp",
    "dose of drug > 1 mg",
    "doses of vaccine >= 1",
    "age >= 40 years",
    "age < 2 years",
    "sex == female",
    "smoker == never",
    "bmi > 25 kg/m2",
    "date >= 2005-06-01",
    "month in [june, july]",
    "year >= 2003",
    "time since d0.onset > 6 months",
    "count of d0.flare in last 12 months >= 2",
    "count of clinic.visit >= 1",
    "marker > 5 mmol/L",
    "pressure > 10%",
    "d0.cough",
    "d0.cough in [severe]",
    "d0.flare",
    "ward in [icu]",
    "hives",
    "hives diagnosed",
    "lost_to_follow_up",
    "not d0 and (d1 or on jab)",
    "age >= speed",
    "2 > 1",
    "1 > 2",
)
EVENTS = (
    "d0.onset",
    "d0.mild",
    "d0.severe",
    "d0.resolved",
    "d0.diagnosed",
    "d0.flare",
    "d0.flare.ended",
    "d0.flare.clot",
    "d0.cough",
    "d0.cough.ended",
    "d0.cough.recorded",
    "d1.onset",
    "drug.started",
    "drug.stopped",
    "jab.given",
    "drug.dose_changed",
    "clinic.visit",
    "ward.admitted",
    "ward.discharged",
    "ward.home",
    "plan.started",
    "plan.completed",
    "plan.cycle",
    "scope.done",
    "scope.polyp",
    "vaccine.given",
    "hives.rash",
    "marker.measured",
    "smoker.changed",
    "follow_up.lost",
    "clinic.referred",
    "goals.reached",
)
NUMBERS = (
    "0",
    "1",
    "0.5",
    "3",
    "50%",
    "100%",
    "0%",
    "1/3",
    "5 mmol/L",
    "10 mg",
    "-1",
    "speed",
    "uptake",
    "2 * uptake",
    "normal(5, 1)",
    "0..10",
    "bmi",
    "if(sex == male, 2, 1)",
    "exp(0.1 * (bmi - 25))",
)
DURATIONS = (
    "3 days",
    "0 days",
    "2 weeks",
    "0..6 months",
    "1 year",
    "3 months ± 2 weeks",
    "weibull(median=2 years, shape=1.5)",
    "lognormal(median=4 days, sigma=0.6)",
    "gamma(mean=18 months, shape=0.7)",
    "exponential(1 month)",
    "80 years",
    "1e-6 days",
    "20 minutes",
)
RATES = (
    "0.1 per year",
    "2 per month",
    "0 per year",
    "speed",
    "5 / 1000 per year",
    "50 per day",
    "bmi / 25 per year",
)
TEXTS: dict[str, tuple[str, ...]] = {
    "visit": NAMES["care"],
    "treatment": NAMES["treatments"],
    "measure": ("marker", "level", "panel"),
    "do": ("scope",),
    "start": NAMES["treatments"],
    "stop": NAMES["treatments"],
    "follow": NAMES["pathways"],
    "progression": ("decline",),
    "order_set": ("bundle",),
    "to": ("clinic", "severe", "drug"),
    "care": NAMES["care"],
    "at": NAMES["care"],
    "measures": ("marker", "level"),
    "between": ("marker", "level"),
    "with": ("jab", "drug"),
    "never_with": ("jab",),
    "months": ("june", "july"),
    "hours": ("weekdays 8:00..17:00", "saturday 9:00..12:00"),
    "states": STATES,
    "units": ("bed", "icu"),
    "keeps": ("emergency", "inpatient"),
    "hazard": ("d0.onset", "d0.flare", "mortality"),
    "measurement": NAMES["measurements"],
    "remove": ("care.clinic", "diseases.d0.course[0]"),
    "hpo": ("HP:0001738",),
    "closed": ("08-01..08-14", "last monday of may", "2003-05-05"),
    "holidays": ("12-25 or nearest weekday", "1 day after easter from 2002", "12-30..01-02"),
    "time_zone": ("America/New_York", "UTC"),
    "use": (),
    "id": ("drawn",),
}
STATISTICS = (
    "prevalence of d0 at 20..59 years",
    "incidence of d0.onset",
    "median of marker among on drug",
    "mean change of marker 1 year ± 2 months after drug.started in males",
    "survival 5 years after d0.onset",
    "rate of d0.flare in 2003..2005",
    "median time from d0.onset to d0.diagnosed",
    "share of d0.onset followed by d0.diagnosed within 1 year",
    "prevalence of d0 on 2005-01-01 in females",
)

_TRIGGERS = ("rate", "after", "when", "on")
_ONE_OF: dict[type[model.Block], list[tuple[str, ...]]] = {
    model.Trigger: [_TRIGGERS],
    model.Onset: [(*_TRIGGERS, "at")],
    model.Population: [("age", "age_sex")],
    model.Attribute: [("draw", "value")],
    model.Effect: [("hazard", "measurement"), ("by", "shift", "drift")],
    model.Care: [("every", "rate", "on", "at")],
    model.DiagnosisRoute: [("at", "on"), ("if", "false_positive")],
}
for _more in (rules_courses.ONE_OF, rules_medicines.ONE_OF, rules_medicines.AT_MOST_ONE):
    for _block, _group in _more.items():
        _ONE_OF.setdefault(_block, []).append(_group)
_ONLY_WITH: dict[str, tuple[str, ...]] = {
    "multiplied": ("rate",),
    "delay": ("when",),
    "while": ("rate",),
    "refuted": ("false_positive",),
}


def drawn(rng: Random, *, odd: float = 0.0) -> Pairs:
    """A scenario; `odd` is the chance that a value is of no kind at all."""
    return _Drawer(rng, odd).scenario()


class _Drawer:
    def __init__(self, rng: Random, odd: float) -> None:
        self.rng = rng
        self.odd = odd
        self.depth = 0

    def pick(self, things: Sequence[Any]) -> Any:
        return things[self.rng.randrange(len(things))]

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def scenario(self) -> Pairs:
        keys = keys_of(model.Scenario)
        found = Pairs([["id", "drawn"]])
        people = Pairs([["size", "20"], ["from", "2000-01-01"], ["to", "2008-01-01"], ["age", "0..70 years"]])
        if self.maybe(0.3):
            people.append(["history", "from birth"])
        found.append(["population", people])
        for name, key in keys.items():
            skipped = name in ("id", "format", "use", "population", "remove")
            if skipped or not self.maybe(
                0.75 if name in ("diseases", "care", "measurements", "treatments") else 0.3
            ):
                continue
            found.append([name, self.value(key, key.kind)])
        return found

    def block(self, block: type[model.Block]) -> Pairs:
        keys = keys_of(block)
        self.depth += 1
        chance = 0.35 if self.depth < 4 else 0.12
        chosen = {name for name, key in keys.items() if key.required or self.maybe(chance)}
        for group in _ONE_OF.get(block, []):
            if not self.maybe(0.03):
                only = self.pick([name for name in group if name in keys] or list(group))
                chosen = (chosen - set(group)) | {only}
        only_with = {**rules_courses.ONLY_WITH, **rules_medicines.ONLY_WITH}.get(block, {})
        for name, companions in {**_ONLY_WITH, **only_with}.items():
            alone = name in chosen and not chosen & set(companions)
            if alone and any(each in keys for each in companions) and not self.maybe(0.03):
                chosen.discard(name)
        if block is model.DiagnosisRoute and "on" in chosen:
            chosen.add("visit")
        found = Pairs([name, self.value(key, key.kind)] for name, key in keys.items() if name in chosen)
        self.depth -= 1
        return found

    def value(self, key: Key, kind: Kind) -> Any:
        if self.odd and self.maybe(self.odd):
            return self.pick(ODD)
        if kind.name == "block":
            assert kind.block is not None
            return "3" if kind.block is Repeat and self.maybe(0.5) else self.block(kind.block)
        if kind.name == "list":
            assert kind.item is not None
            count = self.rng.randrange(0 if self.maybe(0.1) else 1, 3 if self.depth < 4 else 2)
            return [self.value(key, kind.item) for _ in range(count)]
        if kind.name == "mapping":
            return self.mapping(key, kind)
        return self.scalar(key, kind.name)

    def mapping(self, key: Key, kind: Kind) -> Pairs:
        assert kind.item is not None
        if key.form == "codes":
            return Pairs([["icd10cm", "E84.9"]])
        if key.form == "codes of states":
            return Pairs([["mild", Pairs([["icd10cm", "E84.9"]])]])
        if key.form == "statements":
            return Pairs([[self.pick(STATISTICS), self.pick(("at least 10%", "0..5", "1%..99%"))]])
        names = STATES if key.form in ("states", "categories") else NAMES.get(key.name, ("speed",))
        names = ("male", "female") if key.name == "sex" else names
        if key.name in ("seeks_care", "death", "begins", "discharge"):
            names = {"begins": ("bed", "icu"), "discharge": ("home",), "seeks_care": ("any", "mild")}.get(
                key.name, STATES
            )
        chosen = [name for name in names if self.maybe(0.8)] or [names[0]]
        return Pairs([name, self.value(key, kind.item)] for name in chosen)

    def scalar(self, key: Key, kind: str) -> Any:
        match kind:
            case "text":
                return self.text(key)
            case "integer":
                return self.pick(("1", "2", "0", "20", "1000000"))
            case "number":
                return self.pick(("0.1", "1", "0"))
            case "date":
                return self.pick(("2003-05-01", "1990-01-01", "2030-12-31"))
            case "quantity":
                return self.pick(("3 days", "2 months", "40 years", "5 mg"))
            case "statement":
                return self.pick(STATISTICS)
            case "bounds":
                return self.pick(("10%..90%", "at most 1 year", "at least 5"))
            case "amount":
                return self.pick(("21%", "4.9 per 1000 per year", "6 months", "7.2 mmol/L"))
            case "changes":
                return Pairs([["care", Pairs([["clinic", Pairs([["every", "1 year"]])]])]])
            case "arrow":
                ends = (
                    ("bed", "icu", "discharged")
                    if key.name == "course" and self.maybe(0.2)
                    else (*STATES, "absent")
                )
                return Pairs([[f"{self.pick(ends)} -> {self.pick(ends)}", self.block(model.Trigger)]])
            case "rate":
                return self.rate()
            case "draw":
                return (
                    Pairs([["never", "60%"], ["mild", "40%"]])
                    if self.maybe(0.3)
                    else Pairs([["mild", "60%"], ["severe", "40%"]])
                )
            case "table":
                return self.table(("1", "2", "0"))
            case "value":
                return self.table(("1", "0.5", "2")) if self.maybe(0.15) else self.expression(key)
        return self.expression(key)

    def text(self, key: Key) -> str:
        if key.choices:
            return self.pick(key.choices)
        if key.form == "unit":
            return self.pick(("mmol/L", "mg", "1", "%", "kg/m2"))
        if key.form in ("states", "categories"):
            return self.pick(STATES)
        return self.pick(TEXTS.get(key.name) or ("some words", "clinic", "d0", "mild"))

    def expression(self, key: Key) -> Any:
        if self.maybe(0.04):
            return self.pick((*CONDITIONS, *EVENTS, *NUMBERS, *DURATIONS, *RATES))
        if key.name in (
            "if",
            "while",
            "when",
            "for",
            "never",
            "until",
            "wait_until",
            "share",
            "contraindicated",
            "paused",
        ):
            return self.pick(NUMBERS if key.name == "share" and self.maybe(0.5) else CONDITIONS)
        if key.name in ("on", "wait_for"):
            return self.pick(EVENTS)
        if key.name in (
            "after",
            "delay",
            "lasts",
            "every",
            "duration",
            "wait",
            "age",
            "refractory",
            "onset",
            "supply",
            "interval",
            "catch_up",
            "schedule",
            "postpone",
            "from",
            "wanes",
            "refuted",
            "returns",
        ):
            if key.name in ("after", "onset") and self.maybe(0.1):
                return self.curve()
            return self.pick(DURATIONS)
        if key.name in ("plausible", "between"):
            return self.pick(("1..20", "0..100", "5..1"))
        if key.name in ("rate",):
            return self.pick(RATES)
        if key.name in ("by", "shift", "drift") and self.maybe(0.3):
            return self.pick(("+0.5 per year", "-1", "2", "0", "10%"))
        return self.pick(NUMBERS)

    def rate(self) -> Any:
        if self.maybe(0.7):
            return self.pick(RATES)
        if self.maybe(0.3):
            numbers = Pairs([["rate", self.pick(RATES)], ["at", "50 years"], ["growth", "0.04 per year"]])
            return Pairs([["gompertz", numbers]])
        return Pairs([["per", "year"], *self.table(("0.1", "0", "3"))])

    def table(self, values: Sequence[str]) -> Pairs:
        axes: dict[str, tuple[str, ...]] = {
            "age": ("0..39 years", "40.. years"),
            "sex": ("male", "female"),
            "smoker": STATES,
            "year": ("2000..2003", "2004.."),
            "d0": ("absent", *STATES),
            "d0.cough": ("absent", *STATES),
            "time since d0.onset": ("never", "0..1 years", "2.. years"),
            "time since clinic.visit": ("never", "0.. days"),
        }
        axis = self.pick(list(axes))
        rows = [name for name in axes[axis] if not self.maybe(0.04)]
        return Pairs([["by", axis], ["table", Pairs([row, self.pick(values)] for row in rows)]])

    def curve(self) -> Pairs:
        curves = (
            Pairs([["empirical", Pairs([["1 month", "10%"], ["2 years", "100%"]])]]),
            Pairs([["kaplan_meier", Pairs([["1 year", "95%"], ["5 years", "80%"]])]]),
            Pairs(
                [
                    [
                        "mixture",
                        [
                            Pairs([["share", "30%"], ["after", "1 day"]]),
                            Pairs([["share", "70%"], ["after", "exponential(1 month)"]]),
                        ],
                    ]
                ]
            ),
        )
        return self.pick(curves)
