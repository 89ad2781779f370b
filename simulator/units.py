"""Time units of the language and units of measurement (UCUM).

Time units are words (``year`` … ``minute``); a year is 365.2425 days and a month a twelfth of
it, as docs/engine.md says. Everything else is a UCUM code, case sensitive
(Unified Code for Units of Measure 2.1, https://ucum.org/ucum); the atoms below are the ones a
clinical record uses, with their definitions from that specification.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

YEAR_DAYS = 365.2425
DAY_US = 86_400_000_000

#: microseconds of each time unit, by singular name
MICROSECONDS: dict[str, int] = {
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": DAY_US,
    "week": 7 * DAY_US,
    "month": round(YEAR_DAYS * DAY_US / 12),
    "year": round(YEAR_DAYS * DAY_US),
}

#: years in one of each time unit
YEARS: dict[str, float] = {
    "minute": 1 / (YEAR_DAYS * 1440),
    "hour": 1 / (YEAR_DAYS * 24),
    "day": 1 / YEAR_DAYS,
    "week": 7 / YEAR_DAYS,
    "month": 1 / 12,
    "year": 1.0,
}


def time_unit(word: str) -> str | None:
    """The singular time unit a word means (``years`` → ``year``), or None if it means none."""
    if word in MICROSECONDS:
        return word
    if word.endswith("s") and word[:-1] in MICROSECONDS:
        return word[:-1]
    return None


def duration_us(value: float, unit: str) -> int:
    """`value` time units in whole microseconds. Raises: KeyError if `unit` is not a time unit."""
    return round(value * MICROSECONDS[unit])


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in base units: x of it is x · `factor` + `offset` base units.

    `dimension` maps base units to exponents; the mole and arbitrary units (``[IU]``) are bases
    of their own, so that mmol/L is never taken for 1/L.
    """

    factor: float
    dimension: tuple[tuple[str, int], ...]
    offset: float = 0.0


_PREFIXES: dict[str, float] = {
    "Y": 1e24, "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2,
    "da": 1e1, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15,
    "a": 1e-18, "z": 1e-21, "y": 1e-24,
}  # fmt: skip

_BASES = ("m", "g", "s", "rad", "K", "C", "cd", "mol", "[IU]", "[iU]", "[arb'U]", "[CFU]")

#: atoms that take a metric prefix: factor and definition in terms of other atoms
_METRIC: dict[str, tuple[float, str]] = {
    "L": (1e-3, "m3"), "l": (1e-3, "m3"), "t": (1e6, "g"), "Hz": (1.0, "/s"),
    "N": (1e3, "m.g/s2"), "Pa": (1e3, "g/m/s2"), "J": (1e3, "m2.g/s2"), "W": (1e3, "m2.g/s3"),
    "A": (1.0, "C/s"), "V": (1e3, "m2.g/s2/C"), "F": (1e-3, "C2.s2/m2/g"),
    "Ohm": (1e3, "m2.g/s/C2"), "S": (1e-3, "C2.s/m2/g"), "bar": (1e8, "g/m/s2"),
    "Bq": (1.0, "/s"), "Gy": (1.0, "m2/s2"), "Sv": (1.0, "m2/s2"), "sr": (1.0, "rad2"),
    "lm": (1.0, "cd.rad2"), "lx": (1.0, "cd.rad2/m2"), "eV": (1.60217733e-16, "m2.g/s2"),
    "cal": (4184.0, "m2.g/s2"), "m[Hg]": (133_322_000.0, "g/m/s2"),
    "m[H2O]": (9_806_650.0, "g/m/s2"), "eq": (1.0, "mol"), "osm": (1.0, "mol"),
    "kat": (1.0, "mol/s"), "U": (1e-6 / 60, "mol/s"), "Cel": (1.0, "K"),
}  # fmt: skip

_PLAIN: dict[str, tuple[float, str]] = {
    "%": (0.01, "1"), "[ppth]": (1e-3, "1"), "[ppm]": (1e-6, "1"), "[ppb]": (1e-9, "1"),
    "min": (60.0, "s"), "h": (3600.0, "s"), "d": (86400.0, "s"), "wk": (604800.0, "s"),
    "mo": (2629800.0, "s"), "a": (31557600.0, "s"), "deg": (0.017453292519943295, "rad"),
    "[in_i]": (0.0254, "m"), "[ft_i]": (0.3048, "m"), "[mi_i]": (1609.344, "m"),
    "[lb_av]": (453.59237, "g"), "[oz_av]": (28.349523125, "g"), "[degF]": (5 / 9, "K"),
    "[foz_us]": (2.95735295625e-5, "m3"), "[Cal]": (4_184_000.0, "m2.g/s2"),
    "[drp]": (5e-8, "m3"), "[HPF]": (1.0, "1"), "[LPF]": (100.0, "1"), "[pH]": (1.0, "1"),
    "[diop]": (1.0, "/m"), "[pack]": (1.0, "1"),
}  # fmt: skip

_ARBITRARY = ("[pH]", "[HPF]", "[LPF]")  # numbers of their own kind, comparable only to themselves
_OFFSETS = {"Cel": 273.15, "[degF]": 459.67 * 5 / 9}

_ATOM = re.compile(r"(?:[A-Za-zµμ°%']|\[[^\]\s]*\])+")
_TOKEN = re.compile(
    r"(?P<power>10[*^][+-]?[0-9]+)|(?P<atom>(?:[A-Za-z%']|\[[^\]\s]*\])+)(?P<exponent>[+-]?[0-9]+)?"
    r"|(?P<number>[0-9]+)|(?P<note>\{[^{}\s]*\})|(?P<op>[/.()])"
)

#: what people write instead of the UCUM code
_MISSPELT = {
    "mmHg": "mm[Hg]", "mmhg": "mm[Hg]", "cmH2O": "cm[H2O]", "°C": "Cel", "C": "Cel", "°F": "[degF]",
    "bpm": "/min", "IU": "[IU]", "mIU/L": "m[IU]/L", "IU/L": "[IU]/L", "µg": "ug", "mcg": "ug",
    "µg/L": "ug/L", "µmol/L": "umol/L", "μmol/L": "umol/L", "μg/L": "ug/L", "hr": "h", "hrs": "h",
    "sec": "s", "yr": "year", "yrs": "years", "percent": "%", "lbs": "[lb_av]", "lb": "[lb_av]",
    "inches": "[in_i]", "feet": "[ft_i]", "degC": "Cel", "mEq/L": "meq/L", "kcal/day": "kcal/d",
    "cells/uL": "{cells}/uL", "10^9/l": "10*9/L", "x10^9/L": "10*9/L", "seconds": "s", "second": "s",
    "mL/min/1.73m2": "mL/min/{1.73_m2}", "mL/min/1.73_m2": "mL/min/{1.73_m2}", "mins": "minutes",
    "y": "years", "meters": "m", "metres": "m", "metre": "m", "meter": "m", "percent predicted": "%",
    "% predicted": "%", "% of predicted": "%", "%pred": "%", "beats/min": "/min", "breaths/min": "/min",
    "L/minute": "L/min", "ratio": "1", "fraction": "1", "G/L": "10*9/L", "Gpt/L": "10*9/L", "T/L": "10*12/L",
}  # fmt: skip

#: what is counted, not measured: UCUM writes it in braces
_COUNTED = (
    "point", "score", "titer", "titre", "cell", "tablet", "copy", "copies", "episode", "attack", "step",
    "unit", "grade", "dose", "pack", "drink", "stair",
)  # fmt: skip


@lru_cache(maxsize=4096)
def ucum(text: str) -> Unit | None:
    """The unit a UCUM code stands for, or None if it is not one we know.

    >>> ucum("mmol/L").dimension
    (('m', -3), ('mol', 1))
    """
    if not text or len(text) > 80:
        return None
    if text in _OFFSETS:
        atom = _atom(text)
        return Unit(atom.factor, atom.dimension, _OFFSETS[text]) if atom else None
    tokens = _tokens(text)
    if tokens is None:
        return None
    unit, rest = _product(tokens, 0)
    return unit if unit is not None and rest == len(tokens) else None


def is_note(text: str) -> bool:
    """Whether a unit is UCUM's curly brackets alone, words on a number without unit: ``{score}``."""
    return re.fullmatch(r"\{[^{}\s]*\}", text) is not None


def per_unit_of(unit: str, other: str) -> str | None:
    """What is left of a unit per `other` times `other`: ``mg/m2`` and ``m2`` give ``mg``."""
    return unit.removesuffix(f"/{other}") if unit.endswith(f"/{other}") else None


def nearest_unit(text: str) -> str | None:
    """The unit that was probably meant by one that does not exist."""
    if text in _MISSPELT:
        return _MISSPELT[text]
    latin = text.replace("µ", "u").replace("μ", "u")  # the micro sign and the Greek letter
    if latin != text and ucum(latin) is not None:
        return latin
    counted, slash, rest = latin.partition("/")
    if counted.lower().removesuffix("s") in _COUNTED or counted.lower() in _COUNTED:
        braced = f"{{{counted}}}{slash}{rest}"
        return braced if ucum(braced) is not None else None
    words = [*MICROSECONDS, *(f"{word}s" for word in MICROSECONDS)]
    close = difflib.get_close_matches(text, words, 1, 0.7)
    if close:
        return close[0]
    known = [
        "mg/dL", "g/dL", "mmol/L", "umol/L", "mmol/mol", "ug/L", "ng/mL", "pg/mL", "U/L", "m[IU]/L",
        "mm[Hg]", "kg/m2", "10*9/L", "10*12/L", "10*3/uL", "mL/min/{1.73_m2}", "/min", "meq/L", "mg",
        "kg", "cm", "Cel", "mg/g", "mg/mmol", "fL", "pg", "L/min", "mL/kg", "mm/h",
    ]  # fmt: skip
    by_fold = {unit.lower(): unit for unit in known}
    close = difflib.get_close_matches(latin.lower(), by_fold, 1, 0.75)
    if not close or latin[1:].lower() == close[0]:
        return None  # one letter more in front is a prefix: to leave it out would change the size
    return by_fold[close[0]]


def convert(value: float, have: str, want: str) -> float | None:
    """`value` in unit `have` expressed in unit `want`; None if they measure different things.

    >>> convert(100.0, "mg/dL", "g/L")
    1.0
    """
    a, b = ucum(have), ucum(want)
    if a is None or b is None or a.dimension != b.dimension:
        return None
    if have == want:
        return value
    if a.offset == b.offset:
        return value * (a.factor / b.factor)
    return (value * a.factor + a.offset - b.offset) / b.factor


_Token = tuple[str, str, int]  # kind, text, exponent


def _tokens(text: str) -> list[_Token] | None:
    found: list[_Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        kind = "atom" if match["atom"] else str(match.lastgroup)
        exponent = int(match["exponent"]) if match["exponent"] else 1
        if abs(exponent) > 24:
            return None
        found.append((kind, match["atom"] or match[0], exponent))
        place = match.end()
    return found


def _product(tokens: list[_Token], place: int) -> tuple[Unit | None, int]:
    """A product or quotient of factors from `place` on, and where it ends."""
    factor, dimension = 1.0, dict[str, int]()
    sign, fresh = 1, True
    if place < len(tokens) and tokens[place][1] == "/":
        sign, place = -1, place + 1
    while place < len(tokens):
        kind, text, exponent = tokens[place]
        if kind == "op" and text == ")":
            break
        if kind == "op" and text in "/." and not fresh:
            sign, fresh = (-1 if text == "/" else 1), True
            place += 1
            continue
        if not fresh and kind != "note":
            return None, place
        unit, place = _factor(tokens, place)
        if unit is None:
            return None, place
        factor *= unit.factor ** (sign * exponent)
        for base, power in unit.dimension:
            dimension[base] = dimension.get(base, 0) + sign * exponent * power
        fresh = False
    if fresh:
        return None, place
    return Unit(factor, tuple(sorted((b, p) for b, p in dimension.items() if p))), place


def _factor(tokens: list[_Token], place: int) -> tuple[Unit | None, int]:
    """One factor (without its exponent) and where it ends."""
    kind, text, _ = tokens[place]
    if kind == "note":
        return Unit(1.0, ()), place + 1
    if kind == "number":
        return (Unit(float(text), ()) if int(text) else None), place + 1
    if kind == "power":
        exponent = int(text[3:])
        return (Unit(10.0**exponent, ()) if abs(exponent) < 100 else None), place + 1
    if kind == "atom":
        return _atom(text), place + 1
    if text == "(":
        unit, end = _product(tokens, place + 1)
        if unit is None or end >= len(tokens) or tokens[end][1] != ")":
            return None, end
        return unit, end + 1
    return None, place


@lru_cache(maxsize=1024)
def _atom(text: str) -> Unit | None:
    for prefix in ("", text[:1], text[:2]):
        scale = _PREFIXES.get(prefix, 0.0) if prefix else 1.0
        name = text[len(prefix) :]
        if not scale or not name:
            continue
        if name in _BASES:
            return Unit(scale, ((name if name != "[iU]" else "[IU]", 1),))
        if name in _ARBITRARY and not prefix:
            return Unit(1.0, ((name, 1),))
        definition = _METRIC.get(name) or (None if prefix else _PLAIN.get(name))
        if definition is None:
            continue
        base = ucum(definition[1])
        if base is not None:
            return Unit(scale * definition[0] * base.factor, base.dimension)
    return None
