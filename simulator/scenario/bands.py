"""Keys of a table's axes: bands of ages, of times since an event and of years; months, sexes, categories."""

from __future__ import annotations

import re

from simulator.errors import Span
from simulator.scenario.lexer import CATEGORY
from simulator.scenario.values import Context, listed, nearest
from simulator.scenario.yaml_nodes import shorten
from simulator.units import YEARS, time_unit

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
SEXES = ("male", "female")
KNOWN: dict[str, tuple[str, ...]] = {"month": MONTHS, "sex": SEXES}
NEVER = "never"
"""On an axis `time since EVENT`: there was no such event."""
SINCE = re.compile(r"time\s+since\s+([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)")

Band = tuple[float, float | None]
CellKey = str | Band

_BAND = re.compile(r"([0-9]{1,6})(?:\s*(\.\.)\s*([0-9]{1,6})?)?(?:\s*([A-Za-z]+))?")
_SNAP = 1.5 / 365.2425  # years: 364 days ends where 1 year begins


def is_since(axis: str) -> bool:
    """Whether an axis is the time since an event."""
    return SINCE.fullmatch(axis) is not None


def is_banded(axis: str) -> bool:
    """Whether the keys of an axis are bands of numbers."""
    return axis in ("age", "year") or is_since(axis)


def read_key(context: Context, axis: str, text: str, span: Span, path: str) -> CellKey | None:
    """The key of a cell on `axis`; None, and a finding, if `text` is none."""
    if is_since(axis) and text == NEVER:
        return NEVER
    if axis == "age" or is_since(axis):
        return _age_band(context, axis, text, span, path)
    if axis == "year":
        return _year_band(context, text, span, path)
    known = KNOWN.get(axis)
    if known is not None and text not in known:
        context.findings.add(
            "E408", f"`{shorten(text)}` is not a {axis}", span, path=path, expected=listed(known),
            nearest=nearest(text.lower(), known, 0.5),
        )  # fmt: skip
        return None
    if known is None and not CATEGORY.fullmatch(text):
        context.findings.add(
            "E408", f"`{shorten(text)}` cannot be a category of `{axis}`", span, path=path,
            expected="the name of a category",
        )  # fmt: skip
        return None
    return text


def _age_band(context: Context, axis: str, text: str, span: Span, path: str) -> Band | None:
    what, example = "an age band", "ages at last birthday, e.g. `0..11 months`, `40..59 years`, `80.. years`"
    if axis != "age":
        what, example = "a band of time", "whole units passed, e.g. `0..5 months`, `1..4 years`, `5.. years`"
    match = _BAND.fullmatch(text.strip())
    unit = time_unit(match[4]) if match and match[4] else None
    if match is None or (match[4] and unit is None):
        context.findings.add(
            "E403", f"`{shorten(text)}` is not {what}", span, path=path, expected=example
        )  # fmt: skip
        return None
    if unit is None:
        context.findings.add(
            "E404",
            f"{'the age band' if axis == 'age' else 'the band'} `{text}` has no unit",
            span,
            path=path,
            remedy=f"Write `{text} years`.",
        )
        return None
    low, high = int(match[1]), _upper(match)
    if high is not None and high <= low:
        _backwards(context, text, span, path)
        return None
    scale = YEARS[unit]
    if unit == "month":  # exact where twelve months meet a year
        return low / 12, None if high is None else high / 12
    return low * scale, None if high is None else high * scale


def _year_band(context: Context, text: str, span: Span, path: str) -> Band | None:
    match = _BAND.fullmatch(text.strip())
    if match is None or match[4] or len(match[1]) != 4:
        context.findings.add(
            "E403", f"`{shorten(text)}` is not a year or band of years", span, path=path,
            expected="calendar years, e.g. `2019`, `2010..2019`, `2020..`",
        )  # fmt: skip
        return None
    low, high = int(match[1]), _upper(match)
    if high is not None and high <= low:
        _backwards(context, text, span, path)
        return None
    return float(low), None if high is None else float(high)


def _upper(match: re.Match[str]) -> int | None:
    """The exclusive upper end: one above the last one named."""
    if match[3] is not None:
        return int(match[3]) + 1
    return None if match[2] else int(match[1]) + 1


def _backwards(context: Context, text: str, span: Span, path: str) -> None:
    context.findings.add(
        "E403", f"the band `{text}` ends before it begins", span, path=path, remedy="Swap its two numbers."
    )


def show(axis: str, key: CellKey) -> str:
    """A key as it is shown in findings."""
    if isinstance(key, str):
        return f"`{key}`"
    low, high = key
    unit = " years" if axis != "year" else ""
    last = "" if high is None else f"{high:g}" if axis != "year" else f"{high - 1:g}"
    return f"{low:g} to {last}{unit}" if last else f"{low:g}{unit} and above"


def check_bands(
    context: Context, axis: str, bands: list[tuple[Band, Span]], span: Span, path: str, whole: bool
) -> dict[Band, Band] | None:
    """Verifies that bands meet without gap or overlap; maps each to itself with snapped ends.

    `whole`: ages must begin at 0 and be open-ended. None, and findings, if they do not fit.
    """
    ordered = sorted(bands, key=lambda item: item[0][0])
    ends: dict[Band, Band] = {}
    times = "ages" if axis == "age" else "times"
    if not ordered:
        context.findings.add(
            "E407", "nothing is said of the time after the event", span, path=path,
            remedy="Add bands, e.g. `0.. years`, beside `never`.",
        )  # fmt: skip
        return None
    fine = True
    if whole and axis != "year" and ordered[0][0][0] > 0:
        context.findings.add(
            "E407", f"{times} below {ordered[0][0][0]:g} years have no value", ordered[0][1], path=path,
            remedy="Let the first band begin at 0.",
        )  # fmt: skip
        fine = False
    for (band, band_span), following in zip(ordered, [*ordered[1:], None], strict=True):
        low, high = band
        ends[band] = band
        if following is None:
            if whole and axis != "year" and high is not None:
                context.findings.add(
                    "E407", f"{times} from {high:g} years have no value", band_span, path=path,
                    remedy="Leave the last band open: `80.. years`.",
                )  # fmt: skip
                fine = False
            continue
        (start, _), next_span = following
        if high is not None and axis != "year" and 0 < abs(start - high) < _SNAP:
            high = start
            ends[band] = (low, high)
        if high is None or start < high:
            context.findings.add(
                "E405", f"this band overlaps the one on line {band_span.line}", next_span, path=path,
                expected="each value in one band only; a band includes both of its ends",
            )  # fmt: skip
            fine = False
        elif start > high:
            unit = " years" if axis != "year" else ""
            context.findings.add(
                "E406", f"nothing is said from {high:g} to {start:g}{unit}", next_span, path=path,
                remedy="Let the band begin where the one before it ends.",
            )  # fmt: skip
            fine = False
    return ends if fine else None
