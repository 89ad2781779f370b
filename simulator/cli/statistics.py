"""What can be counted in a dataset, read batch by batch so that size does not matter."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from simulator.store import Dataset

YEAR = 365.2425 * 86_400e6  #: microseconds
BANDS: tuple[tuple[int, int, str], ...] = (
    (0, 18, "0-17"),
    (18, 40, "18-39"),
    (40, 60, "40-59"),
    (60, 80, "60-79"),
    (80, 200, "80+"),
)
OLDEST = 110
GLANCE = 10_000  #: people looked at where a quick answer is wanted
#: fewest person-years at an age from which its hazard of dying is estimated by itself
ENOUGH_PERSON_YEARS = 50.0
#: fewest deaths from which the hazard of all later ages is estimated
ENOUGH_DEATHS = 20

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Statistics:
    """Counts of a dataset.

    Attributes:
        patients, deaths: numbers of people.
        person_years: time under observation, in years of 365.2425 days.
        rows: rows per table.
        bytes: size of all files.
        kinds: events by kind (diagnosis, measurement, …).
        codes: events by code.
        titles, code_kinds: of each code.
        encounters: visits by class.
        causes: deaths by cause.
        diagnosed: by diagnosis code, people who ever had it recorded.
        prevalence: by diagnosis code, share of those alive at the end who ever had it, per age band.
        alive: people alive at the end, per age band.
        life_expectancy: at birth, by sex, in years; only if every age from birth on was observed.
    """

    patients: int
    deaths: int
    person_years: float
    rows: dict[str, int]
    bytes: int
    kinds: dict[str, int]
    codes: dict[str, int]
    titles: dict[str, str]
    code_kinds: dict[str, str]
    encounters: dict[str, int]
    causes: dict[str, int]
    diagnosed: dict[str, int] = field(default_factory=dict)
    prevalence: dict[str, list[float]] = field(default_factory=dict)
    alive: list[int] = field(default_factory=list)
    life_expectancy: dict[str, float] = field(default_factory=dict)


def gather(dataset: Dataset) -> Statistics:
    """Reads the dataset once and counts."""
    vocabulary = dataset.vocabulary
    kind_of = {c.code: c.kind for c in vocabulary.codes}
    diagnoses = sorted(code for code, kind in kind_of.items() if kind == "diagnosis")
    codes, who_has = _count_events(dataset, diagnoses)
    kinds: Counter[str] = Counter()
    for code, n in codes.items():
        kinds[kind_of.get(code, "event")] += n
    people = dataset.subjects(["birth", "sex", "death", "death_cause", "entry", "exit"])
    entry, exit_, birth = (_instants(people[c]) for c in ("entry", "exit", "birth"))
    dead = pc.is_valid(people["death"]).to_numpy(zero_copy_only=False)
    statistics = Statistics(
        patients=len(dataset),
        deaths=int(dead.sum()),
        person_years=float((exit_ - entry).sum() / YEAR),
        rows={name: n for name, n in dataset.counts.items() if name != "splits"},
        bytes=size_on_disk(dataset),
        kinds=dict(kinds.most_common()),
        codes=dict(codes.most_common()),
        titles={c.code: c.title for c in vocabulary.codes},
        code_kinds=kind_of,
        encounters=_value_counts(dataset.encounters(["class"])["class"]),
        causes=_value_counts(people["death_cause"]),
    )
    age = (exit_ - birth) / YEAR
    statistics.diagnosed = {c: len(ids) for c, ids in who_has.items() if len(ids)}
    statistics.alive, statistics.prevalence = _prevalence(age, dead, who_has)
    male = pc.equal(people["sex"], "male").to_numpy(zero_copy_only=False)
    for sex, chosen in (("male", male), ("female", ~male)):
        expectancy = life_expectancy(((entry - birth) / YEAR)[chosen], age[chosen], dead[chosen])
        if expectancy is not None:
            statistics.life_expectancy[sex] = expectancy
    return statistics


@dataclass(frozen=True, slots=True)
class Glance:
    """A quick look at the first people of a dataset.

    Attributes:
        people: how many were looked at.
        diagnosed: people with each diagnosis, by title, the most frequent first.
        telling: subject_id of the one with the most surprising diagnoses (rare ones, and many); 1 if
            nobody has any.
    """

    people: int
    diagnosed: list[tuple[str, int]]
    telling: int


def glance(dataset: Dataset) -> Glance:
    """Who was diagnosed with what, among at most `GLANCE` people: fast however large the dataset is."""
    titles = {c.code: c.title or c.code for c in dataset.vocabulary.codes if c.kind == "diagnosis"}
    people = min(len(dataset), GLANCE)
    wanted = pc.field("code").isin(pa.array(list(titles), pa.string())) & (pc.field("subject_id") <= people)
    pairs = dataset.scan("events").to_table(columns=["subject_id", "code"], filter=wanted)
    distinct = pairs.group_by(["subject_id", "code"]).aggregate([])
    counted = Counter(titles[code] for code in distinct["code"].to_pylist())
    surprise: dict[int, float] = {}
    for subject, code in zip(distinct["subject_id"].to_pylist(), distinct["code"].to_pylist(), strict=True):
        surprise[subject] = surprise.get(subject, 0.0) + math.log(people / counted[titles[code]])
    # rounded: the order in which a group is summed must not decide
    telling = min(surprise, key=lambda subject: (-round(surprise[subject], 9), subject), default=1)
    return Glance(people, counted.most_common(), telling)


def size_on_disk(dataset: Dataset) -> int:
    """Bytes of all files of a dataset."""
    return sum(f.stat().st_size for f in dataset.path.rglob("*") if f.is_file())


def _count_events(dataset: Dataset, diagnoses: list[str]) -> tuple[Counter[str], dict[str, Ints]]:
    """Events by code; and by diagnosis, the subjects who have it recorded."""
    codes: Counter[str] = Counter()
    wanted = pa.array(diagnoses, pa.string())
    found: dict[str, list[Ints]] = {code: [] for code in diagnoses}
    for batch in dataset.scan("events").to_batches(columns=["subject_id", "code"]):
        for row in pc.value_counts(batch["code"]).to_pylist():
            codes[row["values"]] += row["counts"]
        mask = pc.is_in(batch["code"], value_set=wanted)
        hits = batch.filter(mask)
        subject = hits["subject_id"].to_numpy()
        index = pc.index_in(hits["code"], value_set=wanted).to_numpy()
        for number in np.unique(index):
            found[diagnoses[int(number)]].append(np.unique(subject[index == number]))
    none = np.empty(0, dtype=np.int64)
    return codes, {code: np.unique(np.concatenate([none, *parts])) for code, parts in found.items()}


def _prevalence(
    age: Floats, dead: npt.NDArray[np.bool_], who_has: dict[str, Ints]
) -> tuple[list[int], dict[str, list[float]]]:
    """People alive at the end per band; share of them with each diagnosis (subject i+1 is row i)."""
    band = np.searchsorted([low for low, _, _ in BANDS], age, side="right") - 1
    band[dead] = -1
    alive = [int((band == i).sum()) for i in range(len(BANDS))]
    shares = {}
    for code, subjects in who_has.items():
        having = np.bincount(band[subjects - 1] + 1, minlength=len(BANDS) + 1)[1:]
        shares[code] = [n / total if total else 0.0 for n, total in zip(having.tolist(), alive, strict=True)]
    return alive, shares


def life_expectancy(entered: Floats, left: Floats, died: npt.NDArray[np.bool_]) -> float | None:
    """Period life expectancy at birth, from the hazard of dying at each year of age.

    Where people become too few, the hazard of all later ages is pooled and taken as constant.

    Args:
        entered, left: float64[n], exact ages in years at which each person's observation begins and ends.
        died: bool[n], whether it ended by death.

    Returns: years; None if ages from birth to 85 were not all observed.
    """
    deaths = np.bincount(np.minimum(left[died], OLDEST).astype(np.int64), minlength=OLDEST + 1)
    until = np.append(np.arange(1.0, OLDEST + 1), np.inf)  # the last age is open-ended
    exposure = np.array(
        [
            np.clip(np.minimum(left, until[a]) - np.maximum(entered, a), 0, None).sum()
            for a in range(OLDEST + 1)
        ]
    )
    few = np.flatnonzero(exposure < ENOUGH_PERSON_YEARS)
    rest = np.flatnonzero(np.cumsum(deaths[::-1])[::-1] >= ENOUGH_DEATHS)
    last = min(int(few[0]) if len(few) else OLDEST, int(rest[-1]) if len(rest) else 0)
    if last < 85:
        return None
    hazard = deaths[:last] / exposure[:last]
    pooled = deaths[last:].sum() / exposure[last:].sum()
    survival = np.exp(-np.concatenate([[0.0], np.cumsum(hazard)]))
    # years lived within each year of age under a constant hazard; 1 where the hazard is 0
    lived = np.where(hazard > 0, -np.expm1(-hazard) / np.where(hazard > 0, hazard, 1.0), 1.0)
    tail = survival[-1] / pooled if pooled > 0 else 0.0
    return float((survival[:-1] * lived).sum() + tail)


def _value_counts(column: pa.ChunkedArray) -> dict[str, int]:
    counts = Counter[str]()
    for row in pc.value_counts(column.drop_null()).to_pylist():
        counts[row["values"]] += row["counts"]
    return dict(counts.most_common())


def _instants(column: pa.ChunkedArray) -> Ints:
    array: Ints = column.cast(pa.int64()).to_numpy()
    return array


def plain(statistics: Statistics, top: int) -> dict[str, Any]:
    """The same as JSON values; codes beyond the `top` most frequent are left out."""
    return {
        "patients": statistics.patients,
        "deaths": statistics.deaths,
        "person_years": round(statistics.person_years, 3),
        "rows": statistics.rows,
        "bytes": statistics.bytes,
        "events_by_kind": statistics.kinds,
        "top_codes": [
            {
                "code": c,
                "title": statistics.titles.get(c, ""),
                "kind": statistics.code_kinds.get(c, ""),
                "count": n,
            }
            for c, n in list(statistics.codes.items())[:top]
        ],
        "encounters_by_class": statistics.encounters,
        "deaths_by_cause": statistics.causes,
        "diagnosed": statistics.diagnosed,
        "alive_by_age": dict(zip((label for _, _, label in BANDS), statistics.alive, strict=True)),
        "prevalence_by_age": {
            code: dict(zip((label for _, _, label in BANDS), shares, strict=True))
            for code, shares in statistics.prevalence.items()
            if statistics.diagnosed.get(code)
        },
        "life_expectancy_at_birth": statistics.life_expectancy,
    }
