"""UCUM codes, their dimensions and conversions; time words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import units


@pytest.mark.parametrize(
    "code",
    ["%", "1", "mg/dL", "mm[Hg]", "10*9/L", "mL/min/{1.73_m2}", "kg/m2", "{score}", "/min", "m[IU]/L",
     "mg/(24.h)", "%{hemoglobin}", "[degF]", "ug/L", "meq/L", "cm[H2O]", "[pH]", "10^3/uL", "U/L"],
)  # fmt: skip
def test_known_codes(code: str) -> None:
    assert units.ucum(code) is not None


@pytest.mark.parametrize(
    "code", ["", "mmHg", "mg//dL", "mg/", "foo", "°C", "mcg", "(mg", "mg)", "years", "0"]
)
def test_unknown_codes(code: str) -> None:
    assert units.ucum(code) is None


@pytest.mark.parametrize(
    ("value", "have", "want", "expected"),
    [
        (100.0, "mg/dL", "g/L", 1.0),
        (98.6, "[degF]", "Cel", 37.0),
        (0.0, "Cel", "K", 273.15),
        (1.0, "10*9/L", "10*3/uL", 1.0),
        (48.0, "mmol/mol", "%", 4.8),
        (120.0, "mm[Hg]", "kPa", 15.99864),
        (1.0, "d", "h", 24.0),
    ],
)
def test_conversion(value: float, have: str, want: str, expected: float) -> None:
    assert units.convert(value, have, want) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("have", "want"), [("mmol/L", "mg/dL"), ("mmol/L", "/L"), ("[IU]/L", "U/L"), ("kg", "m"), ("kg", "stone")]
)
def test_things_of_another_kind_are_not_converted(have: str, want: str) -> None:
    assert units.convert(1.0, have, want) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [("mmHg", "mm[Hg]"), ("yaers", "years"), ("mg/dl.", "mg/dL"), ("mcg", "ug"), ("mins", "minutes")],
)
def test_nearest_unit(written: str, meant: str) -> None:
    assert units.nearest_unit(written) == meant


def test_time_words() -> None:
    assert units.time_unit("years") == units.time_unit("year") == "year"
    assert units.time_unit("yearss") is None
    assert units.duration_us(2, "week") == 14 * 86_400_000_000
    assert units.MICROSECONDS["year"] == 31_556_952_000_000
    assert units.MICROSECONDS["month"] * 12 == units.MICROSECONDS["year"]
    with pytest.raises(KeyError, match="fortnight"):
        units.duration_us(1, "fortnight")


@given(st.text(alphabet="mgLdk/.()*^10[]{}IU%-+ ", max_size=12))
def test_any_text_is_a_unit_or_not(text: str) -> None:
    unit = units.ucum(text)
    if unit is not None:
        assert units.convert(3.0, text, text) == 3.0
