"""What an explanation consists of: plain typed records, in words where a reader wants words.

Instants are datetimes of the time zone of the patients, without it; `number` counts the happenings of a life
from 1, its beginning.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule was written: file and line, its YAML path, its text, and its `source:`."""

    file: str
    line: int
    path: str
    text: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a condition at a moment.

    Attributes:
        text: as the author wrote it.
        holds: whether it held.
        value: what it was about, then: ``age 43.2 years``, ``last hba1c 7.9 %``.
        depth: 0 for parts that must all hold, 1 for alternatives within one, and so on.
        since: number of the happening that made it so, if one did.
        turned: whether it was this part that changed, and so made the whole true.
    """

    text: str
    holds: bool
    value: str
    depth: int = 0
    since: int | None = None
    turned: bool = False


@dataclass(frozen=True, slots=True)
class FactorNow:
    """A factor on a hazard at a moment: `by` what, `while_` what, whether it applied and how much it was."""

    by: str
    while_: str
    applies: bool
    factor: float
    value: str
    treatment: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class HazardNow:
    """A hazard at the moment it struck.

    Attributes:
        base: the base hazard as written, `base_value` what it was about, `base_per_year` what it was then.
        factors: what it was multiplied with.
        per_year: the product, in events per year.
        drawn: the exponential draw (mean 1) that the accumulated hazard had to reach.
        since: instant from which the clock ran.
        share: of people with just this course of hazard, those whom it would have struck by then.
        course: how the hazard came to be: (instant, per year from then on, happening that changed it).
    """

    base: str
    base_value: str
    base_per_year: float
    factors: tuple[FactorNow, ...]
    per_year: float
    drawn: float
    since: dt.datetime
    share: float
    course: tuple[tuple[dt.datetime, float, int | None], ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """A waiting time: how it is distributed, what was drawn, from when.

    `longer_than` is the share of such waits that are shorter; None where there is no formula for it.
    """

    distribution: str
    drawn_days: float
    since: dt.datetime
    longer_than: float | None


@dataclass(frozen=True, slots=True)
class Chance:
    """A chance: its probability and the draw (0 to 1), which had to be below it."""

    probability: float
    draw: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an arrow was taken.

    Attributes:
        kind: birth, hazard, duration, condition, age, event or chance.
        short: in a few words.
        sentences: in full.
        heard: name of the event it listened to.
        The rest is there where it applies.
    """

    kind: str
    short: str
    sentences: tuple[str, ...]
    heard: str = ""
    hazard: HazardNow | None = None
    wait: Wait | None = None
    chance: Chance | None = None
    parts: tuple[Part, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One arrow taken in a life, and what it left behind.

    Attributes:
        number: from 1, the beginning of the life.
        time, age: when.
        title: what happened, in words.
        process, arrow: names in the machine; `arrow` is the `cause` of the rows it wrote.
        before, after: states.
        true: whether it is a truth of the patient (in the table `truth`).
        recorded: what was recorded, in words; `results` of measurements apart.
        because: why, in a few words.
        led_by: number of the happening that led to it.
        usual: whether it is of the everyday of this life.
    """

    number: int
    time: dt.datetime
    age: str
    title: str
    process: str
    arrow: str
    before: str
    after: str
    true: bool
    recorded: tuple[str, ...]
    results: tuple[str, ...]
    because: str
    led_by: int | None
    usual: bool

    @property
    def visible(self) -> bool:
        """Whether it left anything in the dataset."""
        return self.true or bool(self.recorded or self.results) or self.number == 1


@dataclass(frozen=True, slots=True)
class Link:
    """A step of the chain of causes, the later one first; `skipped` rounds of the same lie before it.

    `also` are happenings that had to have happened, too.
    """

    happening: Happening
    skipped: int
    also: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one happening: why, and the chain of causes back to birth."""

    happening: Happening
    reason: Reason
    chain: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Whose life it is."""

    patient: int
    sex: str
    birth: dt.datetime
    death: dt.datetime | None
    until: dt.datetime
    scenario: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A patient's happenings with a reason each; the story of one of them, if one was asked for."""

    person: Person
    happenings: tuple[Happening, ...]
    story: Story | None = None


@dataclass(frozen=True, slots=True)
class RuleHeld:
    """One rule for starting a treatment: when it held (spans of instants, in order), part by part."""

    label: str
    text: str
    held: tuple[tuple[dt.datetime, dt.datetime], ...]
    value: str
    depth: int
    place: Place | None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a treatment was not given, or when it was.

    Attributes:
        verdict: in sentences.
        rules: what must hold before it may start, and when each did.
        together: when all of it held.
        happenings: what became of the treatment.
    """

    person: Person
    treatment: str
    title: str
    verdict: tuple[str, ...]
    rules: tuple[RuleHeld, ...]
    together: tuple[tuple[dt.datetime, dt.datetime], ...]
    happenings: tuple[Happening, ...]
