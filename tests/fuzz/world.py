"""What is there in a drawn scenario, and the words that may be said of it.

Where `blocks.py` draws any key with any value, a `World` first decides which diseases, medicines and care
there are; what is then written refers only to these, in the units they have. Most of it is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from tests.fuzz.mutants import Pairs

T = TypeVar("T")


def pairs(**keys: Any) -> Pairs:
    """A mapping of the keys that are not None; a trailing underscore is dropped, another one is not."""
    return Pairs([key.removesuffix("_"), value] for key, value in keys.items() if value is not None)


@dataclass
class Bouts:
    """An event or symptom of a disease."""

    name: str
    lasts: bool
    severities: tuple[str, ...] = ()
    complications: tuple[str, ...] = ()
    recorded: bool = False


@dataclass
class Ill:
    """A disease."""

    name: str
    states: tuple[str, ...]
    events: list[Bouts] = field(default_factory=list)
    symptoms: list[Bouts] = field(default_factory=list)
    phenotypes: tuple[str, ...] = ()
    diagnosed: bool = True
    staged: bool = False
    ends: bool = False  # goes back to absent
    mistaken: bool = False
    follows: bool = False  # the progression


@dataclass
class Drug:
    """A treatment."""

    name: str
    taken: bool  # has a start of its own
    dose: str | None  # the unit of its doses


@dataclass
class Seen:
    """Care."""

    name: str
    kind: str
    units: tuple[str, ...] = ()  # of a stay
    discharge: tuple[str, ...] = ()


class World:
    """The things that a drawn scenario has; `coupled` if people pass something on to one another."""

    def __init__(self, rng: Random, *, coupled: bool = False) -> None:
        self.rng = rng
        self.coupled = coupled
        self.depth = 0
        self.categories: dict[str, tuple[str, ...]] = {
            "smoker": ("never", "former", "current"),
            "insurance": ("private", "uninsured"),
            "gene": ("F508del/other", "WT"),
        }
        self.numeric = {"bmi": "kg/m2", "weight": "kg", "score": "1"}
        self.measures = {"marker": "mmol/L", "share": "%", "level": "mg/dL"}
        self.keep(self.categories, 0.7)
        self.keep(self.numeric, 0.6)
        self.keep(self.measures, 0.8, least=1)
        self.moving = [name for name in self.measures if self.maybe(0.2)]  # with age
        self.changing = [name for name in self.categories if self.maybe(0.4)]
        self.progressions = ["decline"] if self.maybe(0.5) else []
        self.mortality = self.maybe(0.5)
        self.hazards = [
            "mortality"
        ] * self.mortality  # what a treatment may change: what has a rate, as it is drawn
        self.diseases = [self._ill(name) for name in ("flu", "copd", "gout")[: 1 + self.number(3)]]
        self.parameters = self.keep({"speed": "0.4 per year", "uptake": "80%", "factor": "1.5"}, 0.5)
        self.drugs = [
            Drug(name, self.maybe(0.8), self.pick((None, "mg", "mg")))
            for name in ("drug", "pill", "jab")[: self.number(4)]
        ]
        self.care = [
            Seen("clinic", self.pick(("ambulatory", "virtual", "home"))),
            Seen("ward", "inpatient"),
            *(Seen("emergency", "emergency") for _ in range(self.number(2))),
            *(Seen("hospice", "inpatient") for _ in range(self.number(2))),
        ]
        for care in self.care:
            if care.kind == "inpatient" and self.maybe(0.7):
                care.units = ("bed", "icu")[: 1 + self.number(2)]
                care.discharge = ("home", "elsewhere")[: self.number(3)]
        self.procedures = {"scope": ("cancer", "polyp"), "repair": ()}
        self.keep(self.procedures, 0.6)
        self.mishaps = {name: ("clot",)[: self.number(2)] for name in self.procedures}
        self.allergies = {name: ("rash", "shock")[: self.number(3)] for name in ("hives",) if self.maybe(0.5)}
        if not self.drugs:
            self.allergies = {}
        self.vaccines = [name for name in ("mmr", "flu_shot") if self.maybe(0.5)]
        self.panels = ["panel"] if self.maybe(0.5) and len(self.measures) > 1 else []
        self.bundles = ["bundle"] if self.maybe(0.5) else []
        self.pathways = ["plan", "detour"][: self.number(3)]
        for drug in () if self.pathways else self.drugs:
            drug.taken = True  # nobody else gives it
        self.named_steps = {name: ["cycle"][: self.number(2)] for name in self.pathways}
        self.may_follow = {name: ["fever"][: self.number(2)] for name in self.pathways}
        self.care_plans = {"goals": ("reached",)[: self.number(2)]} if self.maybe(0.5) else {}
        self.follow_up = self.maybe(0.4)
        self.exchanges = ["pressure", "fear"][: 1 + self.number(2)] if coupled else []

    def _ill(self, name: str) -> Ill:
        ill = Ill(name, ("mild", "severe", "late")[: 1 + self.number(3)])
        for event in ("flare", "bleed")[: self.number(3)]:
            severities = ("small", "big") if self.maybe(0.5) else ()
            more = ("sepsis",)[: self.number(2)]
            ill.events.append(Bouts(event, self.maybe(0.5), severities, more))
        for symptom in ("cough", "pain")[: self.number(3)]:
            severities = ("slight", "bad") if self.maybe(0.6) else ()
            ill.symptoms.append(Bouts(symptom, True, severities, recorded=self.maybe(0.5)))
        ill.phenotypes = ("clubbing",)[: self.number(2)]
        ill.diagnosed = self.maybe(0.85)
        ill.staged = ill.diagnosed and self.maybe(0.4)
        ill.ends = self.maybe(0.6)
        if self.progressions and self.maybe(0.3):
            ill.follows, ill.states = True, ("early", "end", *ill.states)
        ill.mistaken = ill.diagnosed and self.maybe(0.4)
        return ill

    # --- chance ---------------------------------------------------------------------------

    def number(self, below: int) -> int:
        return self.rng.randrange(below)

    def pick(self, things: Sequence[T]) -> T:
        return things[self.rng.randrange(len(things))]

    def some(self, things: Sequence[T], most: int = 3) -> list[T]:
        """One or more of them, each once, in their order."""
        count = 1 + self.number(min(most, len(things)))
        chosen = set(self.rng.sample(range(len(things)), count))
        return [thing for index, thing in enumerate(things) if index in chosen]

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def opt(self, chance: float, draw: Callable[[], T]) -> T | None:
        """What `draw` gives, by chance; None otherwise."""
        return draw() if self.rng.random() < chance else None

    def keep(self, things: dict[str, T], chance: float, least: int = 0) -> dict[str, T]:
        """Take away some of the things, by chance."""
        for name in list(things):
            if len(things) > least and not self.maybe(chance):
                del things[name]
        return things

    # --- names ----------------------------------------------------------------------------

    @property
    def diagnosed(self) -> list[str]:
        return [ill.name for ill in self.diseases if ill.diagnosed] + list(self.allergies)

    @property
    def clinics(self) -> list[str]:
        return [care.name for care in self.care]

    @property
    def wards(self) -> list[Seen]:
        return [care for care in self.care if care.units]

    def events(self) -> list[str]:
        """Every event that can be listened to."""
        found: list[str] = []
        for ill in self.diseases:
            found += [f"{ill.name}.onset", *(f"{ill.name}.{state}" for state in ill.states)]
            found += [f"{ill.name}.resolved"] * ill.ends + [f"{ill.name}.diagnosed"] * ill.diagnosed
            found += [f"{ill.name}.staged"] * ill.staged
            for bouts in (*ill.events, *ill.symptoms):
                name = f"{ill.name}.{bouts.name}"
                found += [name, *(f"{name}.{word}" for word in (*bouts.severities, *bouts.complications))]
                found += [f"{name}.ended"] * bouts.lasts + [f"{name}.recorded"] * bouts.recorded
        for drug in self.drugs:
            found += (
                [f"{drug.name}.started", f"{drug.name}.stopped"] if drug.taken else [f"{drug.name}.given"]
            )
        for care in self.care:
            found.append(f"{care.name}.visit")
            if care.units:
                found += [f"{care.name}.admitted", f"{care.name}.discharged"]
                found += [f"{care.name}.{word}" for word in (*care.units, *care.discharge)]
        for name, things in (*self.procedures.items(), *self.mishaps.items()):
            found += [f"{name}.done", *(f"{name}.{thing}" for thing in things)]
        for name, reactions in self.allergies.items():
            found += [f"{name}.diagnosed", *(f"{name}.{reaction}" for reaction in reactions)]
        found += [f"{name}.given" for name in self.vaccines]
        for name in self.pathways:
            found += [f"{name}.started", f"{name}.completed"]
            found += [f"{name}.{word}" for word in (*self.named_steps[name], *self.may_follow[name])]
        for name, goals in self.care_plans.items():
            found += [f"{name}.started", *(f"{name}.{goal}" for goal in goals)]
        found += [f"{name}.measured" for name in self.measures]
        for name in self.changing:
            found += [f"{name}.changed", f"{name}.{self.categories[name][-1]}"]
        return found + ["follow_up.lost", "follow_up.returned"] * self.follow_up

    def event(self) -> str:
        return self.pick(self.events())

    # --- conditions -----------------------------------------------------------------------

    def chart(self) -> str:
        """A condition that is read off the chart."""
        if self.maybe(0.15):
            return self.pick((f"not {self._chart()}", f"{self._chart()} and {self._chart()}", self._either()))
        return self._chart()

    def _either(self) -> str:
        return f"({self._chart()} or {self._chart()})"

    def _chart(self) -> str:
        found = [
            f"age >= {self.pick((1, 18, 40, 65))} years",
            f"sex == {self.pick(('male', 'female'))}",
            "date >= 2001-05-01",
            "month in [june, july, december]",
            f"year >= {self.pick((2000, 2001, 2003))}",
            f"time since {self.event()} > {self.pick(('6 weeks', '3 months', '10 days'))}",
            f"count of {self.event()} in last {self.pick(('12 months', '90 days'))} >= {1 + self.number(3)}",
            f"count of {self.event()} >= {1 + self.number(3)}",
            f"ever {self.event()}",
        ]
        found += [f"{name} diagnosed" for name in self.diagnosed] * 3
        found += [
            f"{name} == {self.pick(cats)}" for name, cats in self.categories.items() if "/" not in cats[0]
        ]
        found += [f"{name} in [{', '.join(self.some(cats))}]" for name, cats in self.categories.items()]
        found += [f"{name} > {self.near(name)}" for name in self.numeric]
        for name, unit in self.measures.items():
            found += [f"last {name} > {self.near(name)}", f"previous {name} < {self.near(name)}"]
            if unit != "%":
                found.append(f"last {name} - previous {name} > 0.5 {unit}")
        for drug in self.drugs:
            if drug.taken:
                found += [f"on {drug.name}", f"ever on {drug.name}"]
            if drug.dose and drug.taken:
                found.append(f"dose of {drug.name} >= {self.pick((5, 10, 20))} {drug.dose}")
        found += [f"ever {name}" for name in self.procedures]
        found += [
            f"last {name} == {self.pick((*finds, 'nothing'))}"
            for name, finds in self.procedures.items()
            if finds
        ]
        found += [f"doses of {name} >= 1" for name in self.vaccines]
        found += [f"ever on {name}" for name in self.pathways] + [f"on {name}" for name in self.care_plans]
        found += [f"{i.name}.stage in [{i.states[-1]}]" for i in self.diseases if i.staged]
        found += ["lost_to_follow_up"] * self.follow_up
        return self.pick(found)

    def truth(self) -> str:
        """A condition that is true of somebody."""
        if self.maybe(0.5):
            return self.chart()
        found: list[str] = []
        for ill in self.diseases:
            found += [ill.name, f"{ill.name} in [{', '.join(self.some(ill.states))}]"]
            found += [f"{ill.name} == {self.pick(ill.states)}", f"not {ill.name}"]
            for bouts in (*ill.events, *ill.symptoms):
                if bouts.lasts:
                    found.append(f"{ill.name}.{bouts.name}")
                    found += [
                        f"{ill.name}.{bouts.name} in [{bouts.severities[0]}]" for _ in bouts.severities[:1]
                    ]
            found += [f"{ill.name}.{name}" for name in ill.phenotypes]
        found += [f"{name} > {self.near(name)}" for name in self.measures if name not in self.moving]
        found += [f"{care.name} in [{care.units[-1]}]" for care in self.wards]
        found += list(self.allergies)
        found += [f"{name} > {self.pick(('1%', '10%', '0.3', '0'))}" for name in self.exchanges] * 4
        return self.pick(found)

    def near(self, name: str) -> str:
        """A value that a measurement or numeric attribute may well have."""
        unit = self.measures.get(name) or self.numeric[name]
        number = {"mmol/L": ("4", "5.5", "7"), "%": ("4", "6", "50"), "mg/dL": ("80", "100", "130")}
        number |= {"kg/m2": ("22", "27.5"), "kg": ("60", "80"), "1": ("3", "5")}
        value = self.pick(number[unit])
        return value if unit == "1" else f"{value} {unit}"

    # --- numbers --------------------------------------------------------------------------

    def duration(self, *, short: bool = False) -> str:
        """How long something takes; `short`: days rather than years."""
        found = ["3 days", "36 hours", "1..4 days", "lognormal(median=4 days, sigma=0.6)", "2 weeks ± 3 days"]
        if not short:
            found += ["0..6 months", "1 year", "weibull(median=1 year, shape=1.5)", "exponential(3 months)"]
            found += ["gamma(mean=8 months, shape=0.7)", "5 weeks", "uniform(1 month, 2 years)", "2 years"]
        return self.pick(found)

    def span(self) -> Any:
        """A duration, or a curve of them."""
        if self.maybe(0.75):
            return self.duration()
        return self.pick(
            (
                pairs(empirical=Pairs([["1 month", "10%"], ["2 years", "100%"]])),
                pairs(kaplan_meier=Pairs([["6 months", "70%"], ["2 years", "30%"]])),
                pairs(
                    mixture=[
                        pairs(share="30%", after="2 days"),
                        pairs(share="70%", after="exponential(1 month)"),
                    ]
                ),
            )
        )

    def share(self) -> Any:
        """A chance: a share, an expression, or a table."""
        if self.maybe(0.2):
            return self.table(("30%", "60%", "95%"))
        words = ["20%", "50%", "80%", "100%", "1/3", "if(sex == male, 40%, 70%)", "min(1, age / 100 years)"]
        return self.pick([*words, *(["uptake"] if "uptake" in self.parameters else [])])

    def small(self) -> str:
        """A chance that something bad comes of it."""
        return self.pick(("5%", "10%", "1/20", "30%"))

    def factor(self) -> Any:
        if self.maybe(0.3):
            return self.table(("0.5", "1", "2"))
        words = ["2", "0.5", "0", "if(sex == male, 2, 1)", "1.3 ** 2"]
        words += [f"max(0.1, {name} / {self.near(name)})" for name in self.numeric]
        words += ["factor"] * ("factor" in self.parameters)
        words += [f"{name} * 20 + 0.05" for name in self.exchanges] * 3
        return self.pick(words)

    def rate(self) -> Any:
        """A hazard, mostly some tenths a year."""
        words = [
            "0.5 per year",
            "0.1 per month",
            "1.2 per year",
            "30 / 100 per year",
            "1 / 90 days",
            "0.002 per day",
        ]
        words += ["speed"] * ("speed" in self.parameters)
        words += [f"{name} * 0.5 per week + 0.1 per year" for name in self.exchanges] * 4
        if self.maybe(0.75):
            return self.pick(words)
        if self.maybe(0.3):
            return pairs(gompertz=pairs(rate="0.3 per year", at="50 years", growth="0.04 per year"))
        per = self.pick((pairs(per="year"), pairs(per="month"), pairs(probability_per="year")))
        return Pairs([*per, *self.table(("0.1", "0", "0.4"))])

    def table(self, values: Sequence[str], *, axes: int = 2) -> Pairs:
        """Values by one axis, or by two."""
        known: dict[str, tuple[str, ...]] = {
            "age": ("0..39 years", "40.. years"),
            "sex": ("male", "female"),
            "year": ("2000..2001", "2002.."),
            "month": (
                *("january", "february", "march", "april", "may", "june"),
                *("july", "august", "september", "october", "november", "december"),
            ),
            f"time since {self.event()}": ("never", "0..5 months", "6.. months"),
            **self.categories,
        }
        known |= {ill.name: ("absent", *ill.states) for ill in self.diseases}
        chosen = self.rng.sample(list(known), 1 + (axes > 1 and self.maybe(0.3)))

        def level(depth: int) -> Any:
            if depth == len(chosen):
                return self.pick(values)
            return Pairs([row, level(depth + 1)] for row in known[chosen[depth]])

        return pairs(by=chosen if len(chosen) > 1 else chosen[0], table=level(0))

    def multiplied(self) -> list[Pairs]:
        return [pairs(by=self.factor(), while_=self.opt(0.6, self.truth)) for _ in range(1 + self.number(2))]

    def trigger(self, *, chart: bool = False, short: bool = False) -> Pairs:
        """What makes something happen."""
        condition = self.chart if chart else self.truth
        match self.pick(("rate", "rate", "after", "when", "on")):
            case "rate":
                return pairs(
                    rate=self.rate() if not short else "0.2 per day",
                    multiplied=self.opt(0.4, self.multiplied),
                    while_=self.opt(0.2, condition),
                    source=self.source(),
                )
            case "after":
                after = self.duration(short=True) if short else self.span()
                return pairs(after=after, probability=self.opt(0.2, self.share))
            case "when":
                delay = self.opt(0.6, lambda: self.duration(short=True))
                return pairs(when=condition(), delay=delay, probability=self.opt(0.15, self.share))
        return pairs(
            on=self.event(),
            if_=self.opt(0.3, condition),
            after=self.opt(0.2, lambda: self.duration(short=True)),
            probability=self.opt(0.4, self.share),
        )

    # --- small things ---------------------------------------------------------------------

    def title(self) -> str | None:
        return self.opt(0.15, lambda: "some words")

    def source(self) -> str | None:
        return self.opt(0.1, lambda: "made up")

    def codes(self, *systems: str) -> Pairs | None:
        """Codes, one of each of the systems."""
        known = {
            "icd10cm": ("E84.9", "J44.9", "I10", "A41.9"),
            "loinc": ("4548-4", "2160-0", "8480-6"),
            "rxnorm": ("6809", "723", "8640"),
            "hpo": ("HP:0002094", "HP:0012735"),
            "cvx": ("03", "150", "33"),
            "icd10pcs": ("0DJD8ZZ", "0BJ08ZZ"),
        }
        return self.opt(0.6, lambda: Pairs([s, self.pick(known[s])] for s in systems))
