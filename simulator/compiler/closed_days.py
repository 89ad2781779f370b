"""Days on which nobody is seen: public holidays, and days on which one place is closed.

An author writes rules, so that what a scenario means does not depend on a list that others keep::

    12-25                          every year
    08-01..08-14                   every year, both days included; 12-24..01-01 passes New Year
    2020-03-16..2020-05-31         once
    fourth thursday of november    first, second, third, fourth, fifth or last
    easter, 1 day after easter, 2 days before easter

and behind them, in this order: `or nearest weekday` (on a Saturday the Friday, on a Sunday the Monday
counts as well) or `or next weekday` (the next one that is not a holiday by then), `from 2021`,
`until 2006`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.names import nearest
from simulator.compiler.terms import Where
from simulator.scenario.bands import MONTHS
from simulator.scenario.block import Block
from simulator.units import DAY_US

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NEVER = "never"
EXPECTED = "e.g. `12-25`, `08-01..08-14`, `2020-03-16`, `fourth thursday of november`, `1 day after easter`"
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "last")
_TAIL = re.compile(
    r"(?P<day>.+?)(?: or (?P<moved>nearest|next) weekday)?"
    r"(?: from (?P<first>\d{4}))?(?: until (?P<last>\d{4}))?"
)
_YEARLY = re.compile(r"(\d\d)-(\d\d)(?:\s*\.\.\s*(\d\d)-(\d\d))?")
_ONCE = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s*\.\.\s*(\d{4}-\d\d-\d\d))?")
_NTH = re.compile(rf"({'|'.join(_ORDINALS)}) (\w+) of (\w+)")
_EASTER = re.compile(r"(?:(\d{1,3}) days? (before|after) )?easter")
_LITTLE = (
    "easter",
    "nearest",
    "next",
    "weekday",
    "from",
    "until",
    "before",
    "after",
    "day",
    "days",
    "of",
    "or",
)
_LEAP_YEAR = 2000
_OLDEST = 120  # years before the period from which on people may live
_CELLS = 40  # of a table by date; more of them are halved first

Days = Callable[[int], Iterable[dt.date]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Days of every year from `first` to `last`; `moved`: what counts as well if they are on a weekend."""

    days: Days
    moved: str | None
    first: int
    last: int


def holidays(low: Lowering) -> list[Rule]:
    """The rules of the population's holidays."""
    people = low.scenario.population
    if people is None:
        return []
    if people.holidays and low.scenario.care and not any(care.hours for care in low.scenario.care.values()):
        low.resolver.report(
            "W315", "holidays change nothing here: no care has `hours`", None, Where.key(people, "holidays"),
            remedy="give the `hours` of those who close on them, or leave them out",
        )  # fmt: skip
    return _rules(low, people, "holidays", people.holidays)


def condition(low: Lowering, name: str, holidays: Iterable[Rule]) -> m.Term | None:
    """Whether a care is closed today; None if it never is, but for its hours."""
    care, people = low.scenario.care[name], low.scenario.population
    if care.closed == [NEVER]:
        return None
    rules = [*holidays, *_rules(low, care, "closed", care.closed)]
    if not rules or people is None:
        return None
    begin = people.from_.year - (_OLDEST if people.history == "from birth" else 1)
    edges = [
        low.resolver.midnight(day)
        for first, end in _spans(_closed(rules, max(begin, 1600), min(people.to.year, 2399)))
        for day in (first, end)
    ]
    return _during(edges) if edges else None


def _during(edges: list[int]) -> m.Term:
    """True from the first instant to the second, from the third to the fourth, and so on."""
    if len(edges) > _CELLS:
        middle = len(edges) // 4 * 2
        halves = _during(edges[middle:]), _during(edges[:middle])
        return m.Apply("if", (m.TimeAtLeast(edges[middle]), *halves))
    knots = (edges[0] - DAY_US, *edges)
    axis = m.Axis("date", len(knots), knots)
    return m.Lookup((axis,), tuple(float(i % 2) for i in range(len(knots))))


# --- days of a year ---------------------------------------------------------------------------


def _closed(rules: Iterable[Rule], begin: int, end: int) -> list[dt.date]:
    """All closed days of some years, in order."""
    found: set[dt.date] = set()
    for year in range(begin, end + 1):
        own: set[dt.date] = set()
        moved: list[tuple[dt.date, str]] = []
        for rule in rules:
            if rule.first <= year <= rule.last:
                days = list(rule.days(year))
                own.update(days)
                moved += [(day, rule.moved) for day in days if rule.moved and day.weekday() > 4]
        for day, how in sorted(moved):
            own.add(_moved(day, how, own))
        found |= own
    return sorted(found)


def _moved(day: dt.date, how: str, taken: set[dt.date]) -> dt.date:
    """The weekday that counts beside a day on a weekend."""
    if how == "nearest":
        return day + dt.timedelta(days=-1 if day.weekday() == 5 else 1)
    while day.weekday() > 4 or day in taken:
        day += dt.timedelta(days=1)
    return day


def _spans(days: list[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
    """Days in a row, as the first of them and the day after the last."""
    begin = end = days[0] if days else dt.date.min
    for day in days:
        if day != end:
            yield begin, end
            begin = day
        end = day + dt.timedelta(days=1)
    if days:
        yield begin, end


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    century, rest = divmod(year, 100)
    leap, shift = divmod(century, 4)
    moon = (19 * (year % 19) + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * shift + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (year % 19 + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)


# --- reading ----------------------------------------------------------------------------------


def _rules(low: Lowering, block: Block, key: str, texts: list[str]) -> list[Rule]:
    """The rules of a list of days; findings for those that cannot be read."""
    found: dict[str, Rule] = {}  # by what they say: a day that is named twice is closed once
    for i, text in enumerate(texts):
        path = f"{key}[{i}]" if f"{key}[{i}]" in block.spans else key
        said = " ".join(text.lower().split())
        rule = found.get(said) or _rule(said)
        if rule is None or isinstance(rule, str):
            words = re.findall(r"[a-z]+", text.lower())
            known = (*WEEKDAYS, *MONTHS, *_ORDINALS, *_LITTLE)
            odd = None if rule else next((w for w in words if w not in known and nearest(w, known)), None)
            low.resolver.report(
                "E724", rule or f"`{text}` is no day of the year", None, Where.key(block, path),
                expected=EXPECTED, nearest=None if odd is None else nearest(odd, known),
            )  # fmt: skip
        else:
            found[said] = rule
    return list(found.values())


def _rule(text: str) -> Rule | str | None:
    """A rule; what is wrong with it; or None if it is none."""
    tail = _TAIL.fullmatch(text)
    if tail is None:
        return None
    first, last = int(tail["first"] or 0), int(tail["last"] or 9999)
    if last < first:
        return f"`{text}` ends before it begins"
    try:
        days = _days(tail["day"])
    except ValueError:
        return f"there is no such day as `{tail['day']}`"
    return days if days is None or isinstance(days, str) else Rule(days, tail["moved"], first, last)


def _days(text: str) -> Days | str | None:
    if found := _YEARLY.fullmatch(text):
        return _yearly(*(None if number is None else int(number) for number in found.groups()))
    if found := _ONCE.fullmatch(text):
        begin = dt.date.fromisoformat(found[1])
        end = dt.date.fromisoformat(found[2] or found[1])
        if end < begin:
            return f"`{text}` ends before it begins"
        days = [begin + dt.timedelta(days=i) for i in range((end - begin).days + 1)]
        return lambda year: (day for day in days if day.year == year)
    if found := _NTH.fullmatch(text):
        if found[2] not in WEEKDAYS or found[3] not in MONTHS:
            return None
        which, weekday, month = _ORDINALS.index(found[1]), WEEKDAYS.index(found[2]), MONTHS.index(found[3])
        return lambda year: _nth(year, month + 1, weekday, which)
    if found := _EASTER.fullmatch(text):
        away = dt.timedelta(days=int(found[1] or 0) * (-1 if found[2] == "before" else 1))
        return lambda year: (d for y in (year - 1, year, year + 1) if (d := easter(y) + away).year == year)
    return None


def _yearly(month: int | None, day: int | None, to_month: int | None, to_day: int | None) -> Days:
    """Every year from one day to another (None: that day alone); 29 February in leap years only."""
    begin = dt.date(_LEAP_YEAR, month or 0, day or 0)
    end = begin if to_month is None else dt.date(_LEAP_YEAR, to_month, to_day or 0)
    one = dt.timedelta(days=1)
    year_of_days = [dt.date(_LEAP_YEAR, 1, 1) + i * one for i in range(366)]
    within = [d for d in year_of_days if (begin <= d <= end if begin <= end else d >= begin or d <= end)]

    def days(year: int) -> Iterator[dt.date]:
        leap = (dt.date(year, 3, 1) - one).day == 29
        return (d.replace(year=year) for d in within if leap or (d.month, d.day) != (2, 29))

    return days


def _nth(year: int, month: int, weekday: int, which: int) -> list[dt.date]:
    """The first … fifth (which 0 … 4) or last (5) of a weekday in a month."""
    first = dt.date(year, month, 1)
    day = first + dt.timedelta(days=(weekday - first.weekday()) % 7)
    all_of_it = [d for i in range(5) if (d := day + dt.timedelta(weeks=i)).month == month]
    return all_of_it[-1:] if which == 5 else all_of_it[which : which + 1]
