"""How the same is said elsewhere: what people write from habit, and how this language says it.

A finding says where reading stopped. For what clinicians write every day (`1 in 57,000`, `5%/year`,
`30 years (SD 12)`, `outpatient`, `24.05.2010`) it can say what to write instead.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection

from simulator.scenario.syntax import Expr, Number, Quantity

_NUMBER = r"\d[\d_]*(?:[.,]\d+)*"
_TIMES = {
    "minutes": "min mins minute minutes",
    "hours": "h hr hrs hour hours",
    "days": "d day days",
    "weeks": "w wk wks week weeks",
    "months": "mo mos mth mths month months",
    "years": "a y yr yrs year years yo",
}
_TIME_WORDS = {word: unit for unit, words in _TIMES.items() for word in words.split()}
_SINGULAR = [unit.removesuffix("s") for unit in _TIMES]
_TIME = rf"(?:{'|'.join(sorted(_TIME_WORDS, key=len, reverse=True))})\b"
_PERSON_TIME = r"(?:person|patient|pt|life|subject)[- ]?(?:years?|yrs?|y)\b|annum\b|p\.?\s?a\.?(?!\w)"
_UNIT = rf"(?:{_TIME}|%|[a-zA-Z]+/[a-zA-Z]+|mg|kg|g|cm|m|L|U)"
_LONGEST = 200  #: a longer text is no slip of a word


def _number(text: str) -> str:
    """As the language writes it: ``57,000`` → ``57_000``, ``0,9`` → ``0.9``."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        return text.replace(",", "_")
    return text.replace(",", ".")


def _unit(text: str | None) -> str:
    """A unit with the blank before it; times in full."""
    if not text:
        return ""
    known = len(text) > 2 and text.removesuffix("s") in _SINGULAR
    return text if text == "%" else f" {text if known else _TIME_WORDS.get(text, text)}"


def _per(text: str) -> str:
    """The time of a rate: ``yr`` → ``year``."""
    return _TIME_WORDS.get(text, "years").removesuffix("s")


def _spread(found: re.Match[str]) -> str:
    centre, unit, spread = _number(found["a"]), _unit(found["u"]), _number(found["b"])
    unit = unit or _unit(found["v"])
    return f'"normal({centre}{unit}, {spread}{unit})"'


def _range(found: re.Match[str]) -> str:
    low, high = _number(found["a"]), _number(found["b"])
    first, second = _unit(found["u"]), _unit(found["v"])
    return f"{low}{first if first != second else ''}..{high}{second or first}"


def _about(found: re.Match[str]) -> str:
    at = f"{_number(found['a'])}{_unit(found['u'])}"
    if found["what"].lower() == "median":
        return f'"lognormal(median={at}, sigma=0.5)"'
    return f'"gamma(mean={at}, shape=2)"'


def _every(found: re.Match[str]) -> str:
    times = {"once": "1", "twice": "2", None: "1"}.get(found["n"], found["n"])
    count = "2" if found["other"] else found["a"]
    return f"{times}{f'/{count}' if count not in (None, '1') else ''} per {_per(found['u'])}"


def _once(found: re.Match[str]) -> str:
    words = {"once": "1", "twice": "2", "bid": "2", "tid": "3", "qid": "4", "od": "1", "qd": "1"}
    unit = (found["u"] or "day").lower()
    unit = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}.get(unit, unit)
    return f"{words[found['n'].lower()]} per {unit}"


#: what is written, and what to write; the first that is found counts
_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(rf"(?P<a>{_NUMBER}) per (?P<b>{_NUMBER}) *(?:{_PERSON_TIME})", re.I),
        lambda f: f"{_number(f['a'])} / {_number(f['b'])} per year",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER}) per (?P<b>\d{{1,2}}) (?P<u>{_TIME})"),
        lambda f: f"{_number(f['a'])}/{f['b']} per {_per(f['u'])}",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER}) per (?P<b>\d[\d,_]{{2,}}) *(?:per|/) *(?P<u>{_TIME})", re.I),
        lambda f: f"{_number(f['a'])} / {_number(f['b'])} per {_per(f['u'])}",
    ),
    (
        re.compile(
            rf"(?P<a>{_NUMBER}(?= in | out of | of )|1(?=:))(?: in | out of | of |:) *"
            rf"(?P<b>{_NUMBER})(?: +(?:live )?births?)?"
        ),
        lambda f: f"{_number(f['a'])}/{_number(f['b'])}",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER}) per (?P<b>\d[\d,_]{{2,}})(?: +(?:live )?(?:births?|people|persons))?"),
        lambda f: f"{_number(f['a'])}/{_number(f['b'])}",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER} ?%?) *(?:/|per|(?= p)) *(?:{_PERSON_TIME})", re.I),
        lambda f: f"{_number(f['a'].strip())} per year",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER} ?%?) *(?:/ *| an? | per )(?P<u>{_TIME})"),
        lambda f: f"{_number(f['a'].strip())} per {_per(f['u'])}",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER} ?%?) (?:annually|yearly|each year)"),
        lambda f: f"{_number(f['a'])} per year",
    ),
    (
        re.compile(
            rf"(?:mean *(?:of)? *)?(?P<a>{_NUMBER}) *(?P<u>{_UNIT})?(?: *, *| *\( *| +)(?:SD|s\.d\.|sd) *=? *"
            rf"(?P<b>{_NUMBER}) *(?P<v>{_UNIT})? *\)?"
        ),
        _spread,
    ),
    (
        re.compile(
            rf"(?P<a>{_NUMBER}) *(?P<u>{_UNIT})? *(?: to |-|–|—| until ) *(?P<b>{_NUMBER}) *(?P<v>{_UNIT})?"
        ),
        _range,
    ),
    (
        re.compile(
            rf"(?P<a>{_NUMBER}) *(?P<u>{_UNIT})? *(?:\+ ?/ ?-|\+/−) *(?P<b>{_NUMBER}) *(?P<v>{_UNIT})?"
        ),
        lambda f: (
            f"{_number(f['a'])}{_unit(f['u']) if f['u'] != f['v'] else ''} ± "
            f"{_number(f['b'])}{_unit(f['v'] or f['u'])}"
        ),
    ),
    (
        re.compile(
            rf"(?P<what>mean|average|median|about|approx\.?|~) *(?:of)? *(?P<a>{_NUMBER}) *(?P<u>{_UNIT})?",
            re.I,
        ),
        _about,
    ),
    (
        re.compile(rf"(?P<f>normal|uniform)\((?P<a>{_NUMBER}), *(?P<b>{_NUMBER})\) *(?P<u>{_UNIT})"),
        lambda f: f'"{f["f"]}({_number(f["a"])}{_unit(f["u"])}, {_number(f["b"])}{_unit(f["u"])})"',
    ),
    (
        re.compile(rf"(?:(?P<n>once|twice|\d+) )?every (?P<other>other )?(?P<a>\d+)? *(?P<u>{_TIME})"),
        _every,
    ),
    (
        re.compile(
            r"\b(?P<n>once|twice|bid|tid|qid|od|qd)\b"
            r"(?: a| per)? ?(?P<u>day|daily|week|weekly|month|monthly)?",
            re.I,
        ),
        _once,
    ),
    (re.compile(r"\b(?P<d>[a-z]\w*) is diagnosed\b"), lambda f: f"{f['d']} diagnosed"),
    (re.compile(r"\b(?P<d>[a-z]\w*) is (?:not|no) (?P<s>\w+)"), lambda f: f"{f['d']} != {f['s']}"),
    (re.compile(r"\b(?P<d>[a-z]\w*) is (?P<s>\w+)"), lambda f: f"{f['d']} == {f['s']}"),
    (
        re.compile(r"\b(?P<d>(?:last )?[a-z]\w*) (?:is )?between (?P<a>\S+(?: \S+)?) and (?P<b>.+)"),
        lambda f: f"{f['d']} >= {f['a']} and {f['d']} < {f['b']}",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER}) *(?P<u>{_TIME}) (?:after|since) (?P<e>[a-z]\w*\.\w+)"),
        lambda f: f"time since {f['e']} >= {_number(f['a'])}{_unit(f['u'])}",
    ),
    (re.compile(r"\b(?:AND|OR|NOT|IN)\b"), lambda f: f[0].lower()),
    (
        re.compile(rf"(?P<a>{_NUMBER}) *(?P<u>{_TIME})"),
        lambda f: f"{_number(f['a'])}{_unit(f['u'])}",
    ),
    (
        re.compile(rf"(?P<a>{_NUMBER}) ?(?:x|×(?! *[\w(])|-?fold)(?!\w)(?! *[\d(])"),
        lambda f: _number(f["a"]),
    ),
)


#: findings that say reading stopped at a word; others know better what is wrong
REWRITABLE = frozenset({"E301", "E302", "E303", "E304", "E308", "E311", "E312", "E314"})


def rewritten(text: str, start: int = 0, end: int | None = None) -> str:
    """A remedy for an expression that cannot be read: how what it seems to say is written; "" if unknown.

    Reading stopped at the characters `start` to `end`; only words that touch them are rewritten.

    >>> rewritten("1 in 57,000")
    'Write `1/57_000`.'
    >>> rewritten("30 years (SD 12)")
    'Write `"normal(30 years, 12 years)"`.'
    """
    if len(text) > _LONGEST:
        return ""
    end = len(text) if end is None else end
    for pattern, write in _PHRASES:
        for found in pattern.finditer(text):
            if found.end() < start or found.start() > end:
                continue
            better = write(found)
            if better == found[0].strip():
                continue
            what = "" if found[0].strip() == text.strip() else f" in place of `{found[0].strip()}`"
            return f"Write `{better}`{what}."
    return ""


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def date(text: str) -> str | None:
    """The date that was probably meant, as the language writes it; None if that cannot be told.

    >>> date("24.05.2010"), date("May 2006"), date("2006")
    ('2010-05-24', '2006-05-01', '2006-01-01')
    """
    year, month, day = 0, 1, 1
    words = re.findall(r"\d+|[A-Za-z]{3,}", text)
    numbers = [int(word) for word in words if word.isdigit()]
    named = [_MONTHS.index(w[:3].lower()) + 1 for w in words if w[:3].lower() in _MONTHS]
    if not re.fullmatch(r"[\w./, -]+", text) or len(numbers) + len(named) != len(words):
        return None
    years = [number for number in numbers if 1800 <= number <= 2200]
    if len(years) != 1 or len(named) > 1:
        return None
    year = years[0]
    rest = [number for number in numbers if number != year]
    if named:
        month, day = named[0], rest[0] if rest else 1
    elif len(rest) == 2 and numbers[0] == year:
        month, day = rest
    elif len(rest) == 2:
        if max(rest) <= 12 and "." not in text and rest[0] != rest[1]:
            return None  # 04/05/2010: the fourth of May in one country, the fifth of April in another
        day, month = rest if rest[1] <= 12 else reversed(rest)
    elif rest:
        month = rest[0]
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None  # there is no such day


def wrapped(text: str, keys: Collection[str]) -> str:
    """A remedy for a bare value where a block with `keys` belongs; "" if it fits none of them.

    >>> wrapped("10% per year", ["rate", "after"])
    'Write `{rate: 10% per year}`.'
    """
    plain = re.sub(r"^after ", "", text.strip())
    if len(plain) > 60 or "," in plain:
        return ""
    share = re.fullmatch(r"[\d._]+ *%|[\d._]+/[\d_]+", plain)
    timed = re.match(rf"[\d._]+ *(?:[.±+-]+ *[\d._]+ *)?{_TIME}", plain)
    taken = re.fullmatch(r"([\d._]+ *[a-zA-Z/]+) +(every .+|once .+|twice .+|\d+ per \w+)", plain)
    if taken and "amount" in keys:
        times = next((w(f) for p, w in _PHRASES if (f := p.fullmatch(taken[2]))), taken[2])
        return f"Write `{{amount: {taken[1]}, times: {times}}}`."
    for key, fits in (
        ("rate", re.search(rf"(?: per |/ *){_TIME}", plain)),
        ("at", plain == "birth"),
        ("probability", share),
        ("after", timed),
        ("when", re.search(r"diagnosed|[<>=]", plain)),
        ("mean", re.match(r"[\d._]+", plain)),
        ("amount", re.match(r"[\d._]+ *[a-zA-Z]", plain)),
    ):
        if fits and key in keys:
            return f"Write `{{{key}: {plain}}}`."
    return ""


#: what a key is called elsewhere → what it may be called here; the first that the block has counts
_KEYS: dict[str, str] = {
    **dict.fromkeys(
        ("approved", "approval", "licensed", "launched", "marketed", "available_from"), "available"
    ),
    **dict.fromkeys(("indication", "indicated", "criteria", "eligibility", "eligible"), "start when if"),
    **dict.fromkeys(("incidence", "risk", "hazard"), "rate onset"),
    **dict.fromkeys(("frequency", "interval", "schedule"), "every rate times"),
    **dict.fromkeys(("percent", "percentage", "proportion", "share", "chance", "risk"), "probability uptake"),
    **dict.fromkeys(("mortality", "fatality", "lethality", "case_fatality", "deaths"), "death fatal"),
    **dict.fromkeys(("stages", "phases", "grades", "severities"), "states severity"),
    **dict.fromkeys(("transitions", "progression", "natural_history", "arrows"), "course"),
    **dict.fromkeys(("flares", "attacks", "crises", "exacerbations", "episodes"), "events"),
    **dict.fromkeys(("detection", "recognition", "diagnostics"), "diagnosis"),
    **dict.fromkeys(("sd", "std", "stdev", "variability", "spread"), "between_patients noise"),
    **dict.fromkeys(("average", "baseline", "normal_value"), "mean value"),
    **dict.fromkeys(("mean", "normal"), "value"),
    **dict.fromkeys(("trend", "slope", "decline", "change"), "drift"),
    **dict.fromkeys(("effect_size", "hr", "hazard_ratio", "rr", "factor", "ratio"), "by"),
    **dict.fromkeys(("range", "limits", "bounds", "normal_range", "reference_range"), "plausible between"),
    **dict.fromkeys(("decimals", "digits", "rounding"), "precision"),
    **dict.fromkeys(("units", "uom"), "unit"),
    **dict.fromkeys(("name", "label", "display"), "title"),
    **dict.fromkeys(("reference", "references", "citation", "ref", "doi", "pmid", "literature"), "source"),
    **dict.fromkeys(("code", "icd", "icd10", "icd10cm", "icd9", "loinc", "rxnorm", "atc", "orpha"), "codes"),
    **dict.fromkeys(("medications", "medication", "drugs", "drug", "therapies", "therapy"), "treatments"),
    **dict.fromkeys(
        ("labs", "lab", "laboratory", "tests", "biomarkers", "observations"), "measurements measures"
    ),
    **dict.fromkeys(("visits", "encounters", "clinics", "services"), "care"),
    **dict.fromkeys(("conditions", "disorders", "comorbidities"), "diseases"),
    **dict.fromkeys(("vaccines", "vaccinations"), "immunisations"),
    **dict.fromkeys(("cohort", "patients", "people", "demographics"), "population size"),
    **dict.fromkeys(("imports", "include", "includes", "import", "extends"), "use"),
    **dict.fromkeys(("scenarios", "interventions"), "arms"),
    **dict.fromkeys(("n", "number", "count"), "size"),
    **dict.fromkeys(("gender", "sexes"), "sex"),
    **dict.fromkeys(("ages", "age_distribution"), "age after"),
    **dict.fromkeys(("start_date", "begin", "start"), "from"),
    **dict.fromkeys(("end_date", "end", "until"), "to stop"),
    **dict.fromkeys(("kind", "type", "setting"), "class"),
    **dict.fromkeys(("los", "length_of_stay", "length"), "duration stay lasts"),
    **dict.fromkeys(("dosage", "dosing", "strength"), "dose amount"),
    **dict.fromkeys(("discontinuation", "dropout", "withdrawal"), "stop"),
    **dict.fromkeys(("compliance", "persistence"), "adherence"),
    **dict.fromkeys(("contraindications", "exclusion", "exclusions"), "contraindicated"),
    **dict.fromkeys(("age", "time", "delay", "wait"), "after delay"),
    **dict.fromkeys(("if", "condition", "during"), "while when if"),
    **dict.fromkeys(("when", "only_if"), "if while when"),
    **dict.fromkeys(("while",), "if when"),
    **dict.fromkeys(("where", "clinic", "place"), "at visit"),
    **dict.fromkeys(("trigger", "triggered_by"), "on"),
    **dict.fromkeys(("takes", "acceptance", "coverage"), "uptake"),
}

#: what a choice is called elsewhere
_CHOICES: dict[str, str] = {
    **dict.fromkeys(("outpatient", "clinic", "office", "gp", "practice", "day_case"), "ambulatory"),
    **dict.fromkeys(
        ("hospital", "admission", "ward", "stay", "hospitalization", "hospitalisation"), "inpatient"
    ),
    **dict.fromkeys(("er", "ed", "a&e", "casualty", "urgent"), "emergency"),
    **dict.fromkeys(
        ("telehealth", "telemedicine", "phone", "telephone", "video", "remote", "online"), "virtual"
    ),
    **dict.fromkeys(("domiciliary", "homecare", "house_call"), "home"),
    **dict.fromkeys(("m", "man", "men", "boys", "males", "xy"), "male"),
    **dict.fromkeys(("f", "w", "woman", "women", "girls", "females", "xx"), "female"),
}

#: what belongs under the `value` of a measurement
_OF_VALUE = ("mean", "sd", "std", "noise", "between_patients", "drift", "shift", "normal", "average")

#: what no key stands for
_NO_KEY: dict[str, str] = {
    "prevalence": "How many have it comes of `onset` and of how long they live with it: at birth, write "
    "`onset: {at: birth, probability: …}`. Hold it against a published prevalence under `targets:`.",
    "country": "Write `time_zone:`, and take people and mortality over from a library by `use:`.",
    "survival": "Survival comes of `death`. Hold it against a published one under `targets:`.",
}


def key(word: str, keys: Collection[str]) -> str | None:
    """The one of `keys` that is called `word` elsewhere, or None.

    >>> key("approved", ["start", "available"])
    'available'
    """
    meant = _KEYS.get(word.lower().replace("-", "_").replace(" ", "_"), "").split()
    return next((each for each in meant if each in keys), None)


def choice(word: str, choices: Collection[str]) -> str | None:
    """The one of `choices` that is called `word` elsewhere, or None."""
    meant = _CHOICES.get(word.lower().strip().replace("-", "_").replace(" ", "_"))
    return meant if meant in choices else None


def no_key(word: str, keys: Collection[str] = ()) -> str:
    """Why there is no such key, and what there is instead; "" if nothing is known of the word."""
    if word in _OF_VALUE and "value" in keys and "plausible" in keys:
        return "Write it under `value:`, e.g. `value: {mean: 150, between_patients: 30, noise: 10}`."
    return _NO_KEY.get(word.lower(), "")


def arrow(text: str) -> str | None:
    """The arrow that was probably meant: ``mild → severe`` is ``mild -> severe``; None if none was."""
    found = re.fullmatch(r"\s*(\w+)\s*(?:→|-+>|=+>|–>|—>|>|\bto\b)\s*(\w+)\s*", text)
    return f"{found[1]} -> {found[2]}" if found else None


def split_number(before: str, name: str) -> str:
    """A remedy for a number that a comma inside ``{…}`` has cut in two; "" if it was none.

    >>> split_number("0", "9"), split_number("1 in 57", "000 per year")
    ('A decimal has a point: `0.9`.', 'Write `1/57_000 per year`; thousands are parted by `_`.')
    """
    head, tail = re.search(r"\d+$", before), re.match(r"\d+", name)
    if head is None or tail is None:
        return ""
    if len(tail[0]) % 3 == 0 and head[0] != "0":
        whole = f"{before}_{name}"
        found = re.fullmatch(r"(\d+) *(?:in|out of|of|:) *(\d[\d_]*)(.*)", whole)
        whole = f"{found[1]}/{found[2]}{found[3]}" if found else whole
        return f"Write `{whole}`; thousands are parted by `_`."
    return f"A decimal has a point: `{head[0]}.{tail[0]}`."


def range_of(low: Expr, high: Expr) -> str:
    """A remedy for ``20-40 years``, which subtracts; "" if these are no two numbers."""
    if not isinstance(low, Number) or not isinstance(high, Number | Quantity) or low.value >= high.value:
        return ""
    unit = f" {high.unit}s" if isinstance(high, Quantity) and high.unit in _SINGULAR else ""
    if isinstance(high, Quantity) and not unit:
        unit = f" {high.unit}"
    return f"Write `{low.value:g}..{high.value:g}{unit}` for a range."
