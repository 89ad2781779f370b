"""How published statistics are worded elsewhere, and how this language words them."""

from __future__ import annotations

import re

_SHARE = r"^(?:share|percent|percentage|proportion|fraction)"
_AGES = r"(\d+) *(?:years?|yrs?|y)? *(?:-|–|to|and) *(\d+) *(?:years?|yrs?|y\b|years old)?"

#: what is written → what to write; all that are found, one after the other
_WORDS: tuple[tuple[str, str], ...] = (
    (r"^(?:average|avg\.?)\b", "mean"),
    (r"^(?:number|count|frequency) of (\S+) per (?:person-)?year$", r"rate of \1"),
    (r"^(?:mortality|death rate|mortality rate)(?: of \S+)?\b", "rate of death"),
    (r"^(?:the )?(\d+)[- ]year survival (?:after|from|since|of) (\S+)", r"survival \1 years after \2"),
    (r"^survival (?:at )?(\d+) years? (?:after|from|since|of) (\S+)", r"survival \1 years after \2"),
    (r"^(?:overall )?survival at (\d+) years\b", r"survival \1 years after"),
    (r"^median survival (?:of|in|from|since) (\S+)", r"median survival after \1"),
    (_SHARE + r" of (?:patients|people|\S+) (on \S+)", r"prevalence of \1"),
    (_SHARE + r" of (?!\S+ followed)", "prevalence of "),
    (r"^(?:age|median age) (?:at|of|when) ", "median age at "),
    (r"^mean age (?:of|when) ", "mean age at "),
    (r"^(median|mean) (?:delay|duration|interval) (from|between|to)\b", r"\1 time \2"),
    (r"^(?:time|delay) from\b", "median time from"),
    (r"^(median|mean) time between (\S+) and (\S+)", r"\1 time from \2 to \3"),
    (
        r"^(median|mean) (?!(?:of|age|time|survival|period|change)\b)([a-z]\w*)(?= at | in | among | \d|$)",
        r"\1 of \2",
    ),
    (r"^(median|mean) change (?:in|from baseline in|of) (\S+) (?:at )?(?=\d)", r"\1 change of \2 "),
    (
        r"^(median|mean) change (?:in|of) (\S+) (?:from|between) (\S+) (?:to|and) (\d+ \w+) (?:after|later)$",
        r"\1 change of \2 \4 after \3",
    ),
    (r"^((?:median|mean) (?:change )?of \S+) at (\d+ \w+) after ", r"\1 \2 after "),
    (r"\b(at|to|from|after) ([a-z]\w*) (diagnosed|diagnosis)\b", r"\1 \2.diagnosed"),
    (r"\b(at|to|from|after) diagnosis of ([a-z]\w*)", r"\1 \2.diagnosed"),
    (r"\b(at|to|from|after) onset of ([a-z]\w*)", r"\1 \2.onset"),
    (r"\b(at|to|from|after) (?:start of|starting) ([a-z]\w*)", r"\1 \2.started"),
    (r"^rate of ([a-z]\w*) visits?\b", r"rate of \1.visit"),
    (r"\b(?:at|in|aged|between) (?:ages? )?" + _AGES, r"at \1..\2 years"),
    (r"\b(?:in|among) (?:women|females?|girls)\b", "in females"),
    (r"\b(?:in|among) (?:men|males?|boys)\b", "in males"),
    (r"\bin (\d{4}) *(?:-|–|to) *(\d{4})\b", r"in \1..\2"),
)
_COMPILED = tuple((re.compile(pattern), better) for pattern, better in _WORDS)


def statistic(text: str) -> str:
    """A remedy for a statement that says no statistic: how what it seems to ask for is worded; or "".

    >>> statistic("5-year survival after cf.diagnosed")
    'Write `survival 5 years after cf.diagnosed`.'
    """
    better = text.strip()
    if len(better) > 200:
        return ""
    for pattern, words in _COMPILED:
        better = pattern.sub(words, better)
    return f"Write `{better}`." if better != text.strip() else ""
